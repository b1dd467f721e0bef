"""The register: one transaction = one decision. Opens it, hands out transactions, remembers facts about itself."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlmodel import Session, col, select

from mailbot.store import direct
from mailbot.store import engine as engines
from mailbot.store.tables import Meta

T = TypeVar("T")
Trouble = SQLAlchemyError  # whatever the database says no with
FACT = select(Meta.value).where(Meta.key == bindparam("key"))
CORRECT = update(Meta).where(col(Meta.key) == bindparam("fact"))
Unavailable = OperationalError  # locked, full, unreachable: no fault of what was being written

__all__ = ["Ledger", "Session", "Trouble", "Unavailable", "mode", "recall", "remember", "start_known", "started_at"]


class Ledger:
    """The register at `url`; create, then `upgrade()` before use. `lasting` False: of a rehearsal, which may be lost in a
    power cut."""

    def __init__(self, url: str, *, lasting: bool = True) -> None:
        self.url = url
        self.engine = engines.open_engine(url, lasting=lasting)
        self.sqlite = self.engine.dialect.name == "sqlite"
        # Our threads wait here: SQLite would have them sleep up to 100 ms, and in PostgreSQL's queue each of a stopped daemon
        # would come to its turn, and keep it until the server ends that session too.
        self._turn = threading.Lock()
        self._own: list[Connection] = []  # SQLite's, of whoever has the turn: kept, not fetched and put back each time
        self.check: Callable[[Session], None] | None = None

    def fenced(self, check: Callable[[Session], None]) -> Ledger:
        """The same register for whoever may lose the right to write: `check` runs first in each transaction, and raises."""
        other = copy.copy(self)
        other.check = check
        return other

    @property
    def lock_file(self) -> Path | None:
        """Beside an SQLite register: one daemon at a time; None for PostgreSQL, which several share."""
        return self.path.with_suffix(".lock") if self.path else None

    def upgrade(self) -> None:
        """Creates or migrates the schema. Raises engine.NewerSchema."""
        engines.upgrade(self.engine)

    def create(self) -> None:
        """The schema in an empty register, the same bytes each time; `upgrade` would leave them in any order."""
        engines.create(self.engine)

    def settle(self) -> None:
        """Closes an SQLite register for good: one file, whose bytes depend on its rows alone."""
        assert self.path is not None
        fresh = self.path.with_suffix(".fresh")
        engines.copy_whole(self.engine, fresh)
        self.close()
        fresh.replace(self.path)

    def downgrade(self, revision: str) -> None:
        """Brings the schema back to an older one. Raises engine.NewerSchema, LookupError."""
        engines.downgrade(self.engine, revision)

    def schema(self) -> str:
        """The revision of the schema, "" for an empty register."""
        return engines.schema(self.engine)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        path = make_url(self.url).database if self.sqlite else None
        return Path(path) if path else None

    def close(self) -> None:
        while self._own:
            self._own.pop().close()
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """All or nothing; decisions of one register come one after the other on either engine (design invariant 3)."""
        with self._turn, _cut_off(), Session(self._line(), expire_on_commit=False) as tx:
            if not self.sqlite:
                engines.decide(tx.connection())
            else:
                tx.connection()  # BEGIN IMMEDIATE now, before anything is read
            if self.check:
                self.check(tx)
            yield tx
            tx.commit()

    def _line(self) -> Connection | Engine:
        if self.sqlite and not self._own:
            self._own.append(self.engine.connect())
        return self._own[0] if self.sqlite else self.engine

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A snapshot to read from; takes no write lock."""
        with self.engine.connect().execution_options(mailbot_reading=True) as connection, Session(connection) as tx:
            yield tx

    def run(self, act: Callable[[Session], T]) -> T:
        with self.transaction() as tx:
            return act(tx)

    def ask(self, question: Callable[[Session], T]) -> T:
        with self.reading() as tx:
            return question(tx)


def secret_in(url: str) -> bool:
    """Whether an address of a register tells a password."""
    known = make_url(url)
    return bool(known.password) or any("password" in name for name in known.query)


@contextmanager
def _cut_off() -> Iterator[None]:
    """A transaction whose session the server ended is out of reach, however the driver calls it. Raises Unavailable."""
    try:
        yield
    except OperationalError:
        raise
    except DBAPIError as error:
        if not error.connection_invalidated or error.orig is None:
            raise
        raise Unavailable(error.statement, error.params, error.orig) from error


def remember(tx: Session, key: str, value: str) -> None:
    _facts(tx)[key] = value
    if not direct.ask(tx, CORRECT, fact=key, value=value).written:
        direct.add(tx, Meta, key=key, value=value)


def recall(tx: Session, key: str) -> str:
    """Asked of the register once a transaction: a decision wants to know its mode six times."""
    facts = _facts(tx)
    if key not in facts:
        facts[key] = direct.ask(tx, FACT, key=key).scalar() or ""
    return facts[key]


def _facts(tx: Session) -> dict[str, str]:
    known: dict[str, str] = tx.info.setdefault("facts", {})
    return known


def start_known(tx: Session, configured: datetime | None) -> datetime | None:
    """The start on record, else the one that the first login will record; None: that login itself."""
    return _start(recall(tx, "start"), configured)


def _start(known: str, configured: datetime | None) -> datetime | None:
    return datetime.fromisoformat(known) if known else configured


def started_at(tx: Session, configured: datetime | None, now: datetime) -> datetime:
    """The moment from which mails are ours: `mailbox.since`, else the first successful login, fixed once (spec §2)."""
    known = recall(tx, "start")
    start = (_start(known, configured) or now).astimezone(UTC)
    if not known:
        remember(tx, "start", start.isoformat())
    return start


def mode(tx: Session, configured: str) -> str:
    """`essai` until `mailbot start` was recorded in the register, which then wins over the key (spec §2)."""
    return "live" if recall(tx, "live_since") else configured
