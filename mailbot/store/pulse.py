"""The signs of life in the register: when the desk last ticked, fetched, sent; what waits, and since when. Read by whoever watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from mailbot.store import direct
from mailbot.store.ledger import recall, remember
from mailbot.store.questions import oldest_unexplained
from mailbot.store.tables import Alarm, Complaint, Due, Letter

TICKED, FETCHED, TOKEN = "ticked_at", "fetched_at", "token_ends_at"
EVERY = timedelta(minutes=1)  # a tick is noted that often: each note is a write to the disk
LATE = select(func.min(Due.at)).where(col(Due.done_at).is_(None), Due.at <= bindparam("now"), Due.kind != "item")
OPEN = select(Alarm.key).where(col(Alarm.recovered_at).is_(None))


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """None: never yet. `owed_since`: since when the oldest letter whose time has come is owed; `late_since`: the same of what
    the clock should have looked at."""

    ticked_at: datetime | None
    fetched_at: datetime | None
    accepted_at: datetime | None
    backup_at: datetime | None
    token_ends_at: datetime | None
    unexplained_since: datetime | None
    owed: int
    owed_since: datetime | None
    late_since: datetime | None
    open_files: int
    alarms: tuple[tuple[str, str], ...]  # (key, text)
    at_work: int = 0  # daemons that share the register; 0: an SQLite register, which one alone may hold
    reader: str = ""  # the one of them that reads the mailbox, « machine:process »
    reader_since: datetime | None = None


def note(tx: Session, what: str, at: datetime) -> None:
    """`what`: TICKED, FETCHED or TOKEN."""
    remember(tx, what, at.isoformat())


def moment(tx: Session, what: str) -> datetime | None:
    known = recall(tx, what)
    return datetime.fromisoformat(known) if known else None


def read(tx: Session, now: datetime) -> Pulse:
    owed = select(func.count(), func.min(Letter.next_try_at)).where(col(Letter.state).in_(("owed", "claimed")))
    total, _ = tx.exec(owed).one()
    _, since = tx.exec(owed.where(Letter.next_try_at <= now)).one()
    alarms = tx.exec(
        select(Alarm.key, Alarm.text).where(col(Alarm.recovered_at).is_(None)).order_by(col(Alarm.raised_at))
    )
    return Pulse(
        ticked_at=moment(tx, TICKED),
        fetched_at=moment(tx, FETCHED),
        accepted_at=moment(tx, "accepted_at"),
        backup_at=moment(tx, "backup_at"),
        token_ends_at=moment(tx, TOKEN),
        unexplained_since=oldest_unexplained(tx),
        owed=total,
        owed_since=since,
        late_since=late_since(tx, now),
        open_files=tx.exec(select(func.count()).where(col(Complaint.look_at).is_not(None))).one(),
        alarms=tuple((key, text) for key, text in alarms),
    )


def late_since(tx: Session, now: datetime) -> datetime | None:
    """The time of the oldest due row that nobody has looked at yet."""
    since: datetime | None = direct.ask(tx, LATE, now=now).scalar()
    return since


def open_keys(tx: Session) -> frozenset[str]:
    """Of the alarms whose trouble lasts, and of events that nobody ends."""
    return frozenset(direct.ask(tx, OPEN).scalars())
