"""Who reads the mailbox, and whose claims are dead.

SQLite: the only daemon, by a locked file. PostgreSQL: whoever holds the mailbox's advisory lock, on a session of its own that the
server ends once it has heard nothing on it, whether the daemon died, was stopped or was cut off. A reader that lost the lock
without knowing writes nothing: each of its transactions checks the epoch that it took (design invariant 11).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import IO, Any

from sqlalchemy import Connection, text
from sqlmodel import Session, col, select

from mailbot.store import engine as engines
from mailbot.store.ledger import Ledger, Trouble
from mailbot.store.tables import Inbound, Letter
from mailbot.store.terms import Term

TRY_EVERY = 3.0  # seconds until a follower tries again
BEAT = 3.0  # seconds between two words of the session
UNSURE = (
    9.0  # seconds without an answer after which a reader takes itself for none; less than SILENT, which frees the lock
)
SILENT = 12  # seconds without a word after which the server ends the session
MAILBOX, PRESENT = 7272, 7273  # kinds of advisory locks: of a mailbox, and of each daemon at work

_BUMP = text(
    "INSERT INTO term (account, epoch, holder, since) VALUES (:account, 1, :holder, :since) ON CONFLICT (account) "
    "DO UPDATE SET epoch = term.epoch + 1, holder = excluded.holder, since = excluded.since RETURNING epoch"
)
_HELD = text(
    "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = :kind "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Busy(RuntimeError):
    """Another daemon holds this register."""


class Lost(Exception):
    """Another daemon reads this mailbox now."""


class Lead:
    """One daemon's claim on its mailbox: `open()`, then `take()` until it is ours; `close()` at the end.

    `me` names the daemon in what it claims; "" for the only daemon of an SQLite register.
    """

    def __init__(
        self,
        ledger: Ledger,
        account: str,
        clock: Callable[[], datetime],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ledger = ledger
        self.account = account.lower()
        self.me = "" if ledger.sqlite else secrets.token_hex(8)
        self.epoch = 0  # of our term; 0: somebody else's
        self._clock = clock
        self._seconds = seconds
        self._heard = seconds()
        self._file: IO[str] | None = None
        self._session: Connection | None = None
        self._turn = threading.Lock()  # one question at a time on the session
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True, name="lead")

    def open(self) -> None:
        """Raises Busy, ledger.Unavailable."""
        if self.ledger.lock_file is not None:
            self._lock_file()
        elif not self.ledger.sqlite:
            with self._turn:
                self._word()
            self._thread.start()

    def close(self) -> None:
        """Whoever waits may read at once."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(1)
        if self._turn.acquire(timeout=1):
            self._give_back()
            self._lose()
            self._turn.release()
        if self._file:
            self._file.close()

    def take(self) -> bool:
        """Whether the mailbox is ours to read, now or already. Never waits for another reader."""
        if self.ledger.sqlite or self.holds():
            return True
        if not self._turn.acquire(timeout=1):  # the session itself gets no answer
            return False
        try:
            self._word()
            return bool(self.epoch) or self._take()
        except Trouble:
            self._lose()
            return False
        finally:
            self._turn.release()

    def let_go(self) -> None:
        """Somebody else may have more luck with this mailbox."""
        if self.epoch and self._turn.acquire(timeout=1):
            try:
                self._ask("SELECT pg_advisory_unlock(:kind, :key)", kind=MAILBOX, key=_key(self.account))
                self.epoch = 0
            except Trouble:
                self._lose()
            finally:
                self._turn.release()

    def holds(self) -> bool:
        """Known without asking: as long as nobody else can have taken over."""
        return self.ledger.sqlite or (self.epoch > 0 and self._seconds() - self._heard < UNSURE)

    def check(self, tx: Session) -> None:
        """First in every transaction of a reader; nobody takes over until it has ended. Raises Lost."""
        if self.ledger.sqlite:
            return
        term = tx.exec(select(Term).where(Term.account == self.account).with_for_update(read=True)).first()
        if not self.epoch or term is None or term.epoch != self.epoch:
            raise Lost(f"la boîte est lue par {term.holder if term else 'personne'}")

    # -- SQLite ----------------------------------------------------------------------------------------------------------

    def _lock_file(self) -> None:
        path = self.ledger.lock_file
        assert path is not None
        self._file = open(path, "w")  # noqa: SIM115  (held as long as the daemon lives)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Busy(f"un autre mailbot tient déjà ce registre ({path.parent})") from None

    # -- PostgreSQL: the session, only touched by whoever has the turn --------------------------------------------------------

    def _give_back(self) -> None:
        """Said, not left to the end of the session: the server notices that in its own time."""
        if self._session is not None and self._seconds() - self._heard < UNSURE:
            with contextlib.suppress(Trouble):
                self._ask("SELECT pg_advisory_unlock_all()")

    def _live(self) -> None:
        while not self._ending.wait(BEAT):
            with self._turn:
                try:
                    self._word()
                except Trouble:
                    self._lose()

    def _word(self) -> None:
        """Keeps the session alive; a lost one is replaced, without the mailbox. Raises Trouble."""
        asked = self._seconds()
        if self._session is None:
            self._session = engines.lone_session(self.ledger.url, SILENT)
            self._ask("SELECT pg_advisory_lock(:kind, :key)", kind=PRESENT, key=_key(self.me))
        self._ask("SELECT 1")
        self._heard = asked

    def _take(self) -> bool:
        if self._ask("SELECT pg_try_advisory_lock(:kind, :key)", kind=MAILBOX, key=_key(self.account)):
            holder = f"{socket.gethostname()}:{os.getpid()}"
            assert self._session is not None
            found = self._session.execute(_BUMP, {"account": self.account, "holder": holder, "since": self._clock()})
            self.epoch = found.scalar_one()
            self._heard = self._seconds()
        return bool(self.epoch)

    def _ask(self, question: str, **values: Any) -> Any:
        assert self._session is not None
        return self._session.execute(text(question), values).scalar()

    def _lose(self) -> None:
        session, self._session, self.epoch = self._session, None, 0
        if session is not None:
            with contextlib.suppress(Trouble):
                session.invalidate()
                session.close()
            session.engine.dispose()


def _key(words: str) -> int:
    return zlib.crc32(words.encode()) & 0x7FFFFFFF


def _held(tx: Session, kind: int) -> set[int]:
    return set(tx.connection().execute(_HELD, {"kind": kind}).scalars())


@contextlib.contextmanager
def alone(ledger: Ledger, clock: Callable[[], datetime]) -> Iterator[None]:
    """For work that no desk may share: none is at work, and on an SQLite register none can begin. Raises Busy."""
    if not ledger.sqlite and (n := ledger.ask(at_work)):
        raise Busy(f"{n} bureau(x) au travail sur ce registre")
    file = Lead(ledger, "", clock)
    try:
        if ledger.sqlite:
            file.open()
        yield
    finally:
        file.close()


def at_work(tx: Session) -> int:
    """How many daemons share this register now; 0 for an SQLite one, where a lock says it."""
    return len(_held(tx, PRESENT)) if _shared(tx) else 0


def _shared(tx: Session) -> bool:
    return tx.get_bind().dialect.name == "postgresql"


def free_claims(tx: Session) -> None:
    """What a daemon that is no longer there had in hand is anybody's: mails being read, letters that no server has. A letter
    whose DATA had begun keeps its lease: its daemon may only be cut off, and still hear the answer."""
    if not _shared(tx):
        return
    letters = select(Letter).where(Letter.state == "claimed", Letter.claimed_by != "")
    mails = select(Inbound).where(Inbound.state == "kept", Inbound.claimed_by != "")
    at_work = _held(tx, PRESENT)
    for letter in tx.exec(letters.with_for_update(of=Letter, skip_locked=True)).all():
        if _key(letter.claimed_by) not in at_work and letter.data_attempt != letter.attempts:
            letter.state, letter.claimed_by, letter.lease_until = "owed", "", None
            letter.attempts = max(0, letter.attempts - 1)
    for mail in tx.exec(mails.order_by(col(Inbound.id)).with_for_update(skip_locked=True)).all():
        if _key(mail.claimed_by) not in at_work:
            mail.claimed_by = ""


def seen(tx: Session, account: str) -> dict[str, Any]:
    """Who reads the mailbox, "" for nobody, since when, and how many daemons are at work; empty for an SQLite register."""
    if not _shared(tx):
        return {}
    term = tx.get(Term, account.lower())
    reads = term is not None and _key(account.lower()) in _held(tx, MAILBOX)
    return {
        "reader": term.holder if term and reads else "",
        "reader_since": term.since if term and reads else None,
        "at_work": len(_held(tx, PRESENT)),
    }
