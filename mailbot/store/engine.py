"""Opens the register: SQLite by default, PostgreSQL by one URL; brings its schema up to date.

SQLite: WAL, synchronous=FULL (an fsync at each commit: what we said is ours survives a power cut), every transaction
BEGIN IMMEDIATE, because a deferred one loses updates silently (reliability L16, L17).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url

MIGRATIONS = "mailbot.store:migrations"
DECISION_LOCK = 727272  # PostgreSQL advisory lock: decisions of one register come one after the other


class NewerSchema(RuntimeError):
    """The register was written by a newer mailbot than this one."""


def open_engine(url: str) -> Engine:
    """An engine for `url`; creates the folder of an SQLite file. Raises sqlalchemy errors when it can't be reached."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    return create_engine(url, pool_pre_ping=True, pool_size=4)


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql("BEGIN" if options.get("mailbot_reading") else "BEGIN IMMEDIATE")

    return engine


def upgrade(engine: Engine) -> None:
    """Brings the schema to this program's version. Raises NewerSchema."""
    from alembic import command  # heavy: only when migrating
    from alembic.config import Config as Alembic
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    alembic = Alembic()
    alembic.set_main_option("script_location", MIGRATIONS)
    known = {s.revision for s in ScriptDirectory.from_config(alembic).walk_revisions()}
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({DECISION_LOCK})"))
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise NewerSchema(
                "le registre vient d’une version plus récente de mailbot : installez cette version, ou une plus récente"
            )
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")
