"""Opens the register: SQLite by default, PostgreSQL by one URL; brings its schema up to date.

SQLite: WAL, synchronous=FULL (an fsync at each commit: what we said is ours survives a power cut), every transaction
BEGIN IMMEDIATE, because a deferred one loses updates silently (reliability L16, L17).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    NullPool,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

MIGRATIONS = "mailbot.store:migrations"
NEWEST = max(
    file.name.partition("_")[0] for file in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
)
# As Alembic has it: asked and written without it, since to load it costs a tenth of a second of each start.
VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
LOG_PAGES = 4000  # 16 MB in the log beside the file before they are carried over: of the 4 by default, a mail with files is half
DECISION_LOCK = 727272  # PostgreSQL advisory lock: decisions of one register come one after the other
IDLE = (
    10  # seconds: a daemon that stops within a transaction, which nobody else can pass, loses it; less than lead.SILENT
)
# A server that is no longer there is noticed, rather than waited for.
_CUT_OFF = {"connect_timeout": 10, "keepalives_idle": 5, "keepalives_interval": 3, "keepalives_count": 3}
_CUT_OFF |= {"tcp_user_timeout": 15_000}


class NewerSchema(RuntimeError):
    """The register was written by a newer mailbot than this one."""


def open_engine(url: str, *, lasting: bool = True) -> Engine:
    """An engine for `url`; creates the folder of an SQLite file. Raises sqlalchemy errors when it can't be reached.

    `lasting` False: SQLite without an fsync at each commit.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, "FULL" if lasting else "OFF")
    return create_engine(url, pool_pre_ping=True, pool_size=4, connect_args=_CUT_OFF)


def lone_session(url: str, silent: int) -> Connection:
    """A PostgreSQL session of its own that the server ends, with its locks, after `silent` seconds without a word."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_CUT_OFF)
    connection = engine.connect()
    connection.execute(text(f"SET idle_session_timeout = '{silent}s'"))
    return connection


def decide(connection: Connection) -> None:
    """The first statement of a transaction on PostgreSQL: its turn, which it does not keep when it falls silent."""
    idle = f"set_config('idle_in_transaction_session_timeout', '{IDLE}s', true)"
    connection.execute(text(f"SELECT {idle}, pg_advisory_xact_lock({DECISION_LOCK})"))


def _sqlite(url: str, synchronous: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # what complainants wrote is nobody else’s
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        if path and path != ":memory:" and not Path(path).stat().st_size:
            Path(path).chmod(0o600)  # new: the logs beside it are made with the same rights
        lasts = ("journal_mode=WAL", f"synchronous={synchronous}", f"wal_autocheckpoint={LOG_PAGES}")
        for pragma in (*lasts, "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        drive(connection, "BEGIN" if options.get("mailbot_reading") else "BEGIN IMMEDIATE")

    return engine


def drive(connection: Connection, words: str, values: Sequence[Any] = (), *, many: bool = False) -> sqlite3.Cursor:
    """A statement handed to SQLite's driver past SQLAlchemy's execution; with `many`, for each of several sets of values. Raises
    what SQLAlchemy would, without the values in its words."""
    driver: Any = connection.connection.driver_connection
    try:
        done: sqlite3.Cursor = driver.executemany(words, values) if many else driver.execute(words, values)
    except sqlite3.Error as error:
        dialect = connection.dialect
        raise DBAPIError.instance(words, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect) from error
    return done


def upgrade(engine: Engine) -> None:
    """Brings the schema to this program's version, whole or not at all. Raises NewerSchema."""
    if schema(engine) != NEWEST:
        _migrate(engine)


def create(engine: Engine) -> None:
    """The tables of a register that has none, as the code describes them, marked as up to date; killed at any statement, it
    has none. In one order, whereas migrations of SQLite leave constraints and indexes in one that changes from run to run."""
    with engine.begin() as connection:
        _create(connection)


def _create(connection: Connection) -> None:
    from sqlmodel import SQLModel

    from mailbot.store import tables  # noqa: F401  (fills the metadata)

    known = [*SQLModel.metadata.sorted_tables, VERSION]
    for table in known:
        connection.execute(CreateTable(table))
    for index in sorted((i for t in known for i in t.indexes), key=lambda i: str(i.name)):
        # Said once, for SQLite: PostgreSQL named in the tables would load its dialect at each start of any desk.
        index.dialect_options[connection.dialect.name]["where"] = index.dialect_options["sqlite"]["where"]
        connection.execute(CreateIndex(index))
    connection.execute(insert(VERSION).values(version_num=NEWEST))


def copy_whole(engine: Engine, to: Path) -> None:
    """An SQLite register written anew, row after row: what is free in its pages depends on how it was used."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(to),))
    finally:
        connection.close()


def downgrade(engine: Engine, revision: str) -> None:
    """Brings the schema back to an older one, for an older program; what only the newer one knew is lost. Raises
    NewerSchema, and LookupError for a revision that this program does not know or that is not behind it."""
    _migrate(engine, revision)


def schema(engine: Engine) -> str:
    """The register's revision, "" when it holds nothing yet."""
    with engine.connect().execution_options(mailbot_reading=True) as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table(VERSION.name):
        return ""
    return str(connection.execute(select(VERSION.c.version_num)).scalar() or "")


def known_schemas() -> tuple[str, ...]:
    """Every revision that this program knows, oldest first."""
    from alembic.script import ScriptDirectory

    return tuple(reversed([s.revision for s in ScriptDirectory.from_config(_alembic()).walk_revisions()]))


def _alembic() -> Any:
    from alembic.config import Config as Alembic

    alembic = Alembic()
    alembic.set_main_option("script_location", MIGRATIONS)
    return alembic


def _migrate(engine: Engine, back_to: str | None = None) -> None:
    """In one transaction: killed at any statement, the register is the old one."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            decide(connection)
        current = _revision(connection)
        if not current and back_to is None:
            _create(connection)
        elif current != NEWEST or back_to is not None:
            _step(connection, current, back_to)


def _step(connection: Connection, current: str, back_to: str | None) -> None:
    from alembic import command  # heavy: only when migrating

    alembic, known = _alembic(), known_schemas()
    if current and current not in known:
        raise NewerSchema(
            f"le registre vient d’une version plus récente de mailbot (schéma {current}, celle-ci connaît {known[-1]}) : "
            "installez cette version, ou une plus récente"
        )
    alembic.attributes["connection"] = connection
    if back_to is None:
        command.upgrade(alembic, "head")
    elif back_to in known and current and known.index(back_to) <= known.index(current):
        command.downgrade(alembic, back_to)
    else:
        raise LookupError(f"schéma inconnu, ou pas antérieur à celui du registre : {back_to}")
