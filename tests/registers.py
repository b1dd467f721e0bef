"""Where the desks of the tests have their registers: an SQLite file each, as a desk has it that says nothing else; or, with
MAILBOT_TEST_REGISTER=postgresql, a database each in one server that the run starts (`make test-long` runs all of `make test` so).

Tests name a register by the folder of its desk (`data_dir`), and never ask which engine it lies in. What is about the SQLite file
itself is marked `@pytest.mark.sqlite("why")` and left out there; `test_registers.py` has the list.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import sqlalchemy
from servers.postgres import Postgres

from mailbot.config import Config
from mailbot.store.ledger import Ledger

SWITCH = "MAILBOT_TEST_REGISTER"
ENGINE = os.environ.get(SWITCH, "sqlite")
assert ENGINE in ("sqlite", "postgresql"), f"{SWITCH} is sqlite or postgresql, not {ENGINE}"
POSTGRESQL = ENGINE == "postgresql"
FILE = "mailbot.db"


class Databases:
    """One database for each folder, made when its URL is asked for."""

    def __init__(self) -> None:
        self.server: Postgres | None = None
        self._names: dict[Path, str] = {}

    def url(self, folder: Path) -> str:
        assert self.server is not None
        key = folder.resolve()
        if key not in self._names:
            self._names[key] = self.server.new_database()
        return self.server.url(self._names[key])

    def known(self, folder: Path) -> bool:
        return folder.resolve() in self._names

    def put(self, template: str, folder: Path) -> None:
        """A copy of a database, instead of the one that `folder` may have, and by its name: a desk may be at work on it again."""
        assert self.server is not None
        name = self._names.get(folder.resolve(), "")
        self.drop(folder)
        self._names[folder.resolve()] = self.server.new_database(template, name)

    def name(self, folder: Path) -> str:
        return self._names[folder.resolve()]

    def drop(self, folder: Path) -> None:
        name = self._names.pop(folder.resolve(), "")
        if name and self.server:
            self.server.drop_database(name)

    def drop_within(self, folder: Path) -> None:
        """Those of a test that is over."""
        top = folder.resolve()
        for path in [path for path in self._names if path.is_relative_to(top)]:
            self.drop(path)


DATABASES = Databases()


def url(folder: Path) -> str:
    """Of the register of the desk whose folder this is."""
    return DATABASES.url(folder) if POSTGRESQL else f"sqlite:///{folder / FILE}"


def setting(folder: Path) -> str:
    """`database.url` for a desk in a process of its own; "": the file in its folder, which needs no setting."""
    return DATABASES.url(folder) if POSTGRESQL else ""


def toml(folder: Path) -> str:
    """The same as lines of a configuration."""
    return f'\n[database]\nurl = "{setting(folder)}"\n' if POSTGRESQL else ""


def where(folder: Path) -> Path | str:
    """As the independent audit names it."""
    return DATABASES.url(folder) if POSTGRESQL else folder / FILE


def of(config: Config) -> str:
    """`Config.database_url`, where a run is on PostgreSQL."""
    return config.database.url or url(config.data_dir)


def furnish(folder: Path) -> None:
    """An upgraded register, unless there is one; migrating is the slow part of making it."""
    if POSTGRESQL:
        if not DATABASES.known(folder):
            DATABASES.put(DATABASES.name(_upgraded()), folder)
    elif not (folder / FILE).exists():
        shutil.copy(_upgraded() / FILE, folder / FILE)


def copy(source: Path, folder: Path) -> None:
    """The register of the desk in `source`, which nobody has open, instead of the one in `folder`, which may be open no more."""
    if POSTGRESQL:
        DATABASES.put(DATABASES.name(source), folder)
        return
    for stale in folder.glob(f"{FILE}-*"):
        stale.unlink()
    shutil.copy(source / FILE, folder / FILE)


def change(folder: Path, statement: str, **values: Any) -> int:
    """Writes behind the program's back; how many rows it changed. Bytes stand as SQLite has them: X'…', BLOB."""
    if POSTGRESQL:
        statement = statement.replace("X'", r"'\x").replace(" AS BLOB)", " AS BYTEA)")
    engine = sqlalchemy.create_engine(url(folder), poolclass=sqlalchemy.NullPool)
    with engine.begin() as db:
        return db.execute(sqlalchemy.text(statement), values).rowcount


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds, read behind the program's back."""
    engine = sqlalchemy.create_engine(url(folder), poolclass=sqlalchemy.NullPool)
    with engine.connect() as db:
        return [tuple(row) for row in db.execute(sqlalchemy.text(query))]


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but alembic's."""
    engine = sqlalchemy.create_engine(url(folder), poolclass=sqlalchemy.NullPool)
    names = set(sqlalchemy.inspect(engine).get_table_names()) - {"alembic_version"}
    return {name: sorted(rows(folder, f'SELECT * FROM "{name}"'), key=repr) for name in sorted(names)}


@lru_cache(maxsize=1)
def _upgraded() -> Path:
    folder = Path(mkdtemp(prefix="mailbot-room-"))
    with closing(Ledger(url(folder))) as register:
        register.upgrade()
    return folder
