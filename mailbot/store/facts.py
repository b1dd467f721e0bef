"""What the audit looks at, as plain frozen records: mails, places, files, letters, due rows; and whether the database is whole."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.utils import parseaddr

from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, func, select

from mailbot.store import tables as t

HEADERS = 20_000  # bytes of a letter in which its headers end; they are ours, and short


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail kept. `places`: where it was seen, gone or not."""

    id: int
    kept_at: datetime
    state: str
    verdict: str
    waiting: bool
    decided_at: datetime | None
    number: str
    places: int


@dataclass(frozen=True, kw_only=True)
class Place:
    folder: str
    uid: int
    state: str
    inbound_id: int | None
    gone: bool
    moved_to: str


@dataclass(frozen=True, kw_only=True)
class File:
    number: str
    series: str
    year: int
    rank: int
    stage: str
    cycle: int
    due_on: date | None
    ack_state: str
    no_ack: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter; `written_id`, `written_to`: what stands in its own headers."""

    id: int
    name: str
    number: str
    series: str
    state: str
    keys: tuple[str, ...]
    to: str
    envelope: str
    message_id: str
    written_id: str
    written_to: str
    next_try_at: datetime
    lease_until: datetime | None
    repeats: int
    settled_at: datetime | None
    cause: str


@dataclass(frozen=True, kw_only=True)
class Late:
    """Something whose time came, and that is not done. `key`: of the due row, or of the file to look at."""

    key: str
    at: datetime
    number: str


def mails(tx: Session) -> list[Mail]:
    seen = Tally(tx.exec(select(t.Place.inbound_id).where(col(t.Place.inbound_id).is_not(None))))
    numbers = _numbers(tx)
    return [
        Mail(
            id=m.id or 0, kept_at=m.kept_at, state=m.state, verdict=m.verdict, waiting=m.waiting,
            decided_at=m.decided_at, number=numbers.get(m.complaint_id, ""), places=seen[m.id],
        )
        for m in tx.exec(select(t.Inbound).order_by(col(t.Inbound.id)))
    ]  # fmt: skip


def without_mail(tx: Session) -> list[int]:
    """Bytes that no mail leads to."""
    found = select(t.Raw.id).outerjoin(t.Inbound, col(t.Inbound.raw_id) == col(t.Raw.id))
    return [i for i in tx.exec(found.where(col(t.Inbound.id).is_(None))) if i is not None]


def places(tx: Session) -> list[Place]:
    return [
        Place(
            folder=p.folder, uid=p.uid, state=p.state, inbound_id=p.inbound_id, gone=p.gone_at is not None,
            moved_to=p.moved_to,
        )
        for p in tx.exec(select(t.Place).order_by(col(t.Place.id)))
    ]  # fmt: skip


def files(tx: Session) -> list[File]:
    return [
        File(
            number=c.number, series=c.series, year=c.year, rank=c.rank, stage=c.stage, cycle=c.cycle, due_on=c.due_on,
            ack_state=c.ack_state, no_ack=c.no_ack,
        )
        for c in tx.exec(select(t.Complaint).order_by(col(t.Complaint.id)))
    ]  # fmt: skip


def counters(tx: Session) -> dict[tuple[str, int], int]:
    """(series, year) → the last number handed out."""
    return {(c.series, c.year): c.n for c in tx.exec(select(t.Counter))}


def letters(tx: Session) -> Iterator[Letter]:
    keys: dict[int, list[str]] = {}
    for key, letter_id in tx.exec(select(t.LetterKey.key, t.LetterKey.letter_id)):
        keys.setdefault(letter_id, []).append(key)
    files_of = {c[0]: (c[1], c[2]) for c in tx.exec(select(t.Complaint.id, t.Complaint.number, t.Complaint.series))}
    for row in tx.exec(select(t.Letter).order_by(col(t.Letter.id)).execution_options(yield_per=200)):
        assert row.id is not None
        number, series = files_of.get(row.complaint_id, ("", ""))
        headers = message_from_bytes(row.raw[:HEADERS], policy=policy.compat32)
        yield Letter(
            id=row.id, name=row.name, number=number, series=series, state=row.state, keys=tuple(keys.get(row.id, ())),
            to=row.to_addr, envelope=row.envelope_to, message_id=row.message_id,
            written_id=row.message_id if row.erased else str(headers["Message-ID"] or "").strip(),
            written_to=row.to_addr if row.erased else parseaddr(str(headers["To"] or ""))[1],
            next_try_at=row.next_try_at, lease_until=row.lease_until, repeats=row.repeats, settled_at=row.settled_at,
            cause=row.cause,
        )  # fmt: skip
        tx.expunge(row.octets)
        tx.expunge(row)


def late(tx: Session, before: datetime) -> list[Late]:
    """What the clock should have looked at before that moment, oldest first; items leave with their group."""
    numbers = _numbers(tx)
    waiting = select(t.Due).where(col(t.Due.done_at).is_(None), t.Due.at < before, t.Due.kind != "item")
    rows = [Late(key=d.key, at=d.at, number=numbers.get(d.complaint_id, "")) for d in tx.exec(waiting)]
    looked = tx.exec(select(t.Complaint.number, t.Complaint.look_at).where(col(t.Complaint.look_at) < before))
    rows += [Late(key=f"look:{number}", at=at, number=number) for number, at in looked if at is not None]
    return sorted(rows, key=lambda r: (r.at, r.key))


def faults_told(tx: Session) -> list[tuple[str, str]]:
    """(key, text) of the alarms that tell of a fault of this program itself."""
    ours = col(t.Alarm.key).startswith("set-aside:") | col(t.Alarm.key).startswith("fault:")
    return [(a.key, a.text) for a in tx.exec(select(t.Alarm).where(ours).order_by(col(t.Alarm.raised_at)))]


def damage(tx: Session) -> list[str]:
    """What the database itself says; PostgreSQL has no such question, there every row of every table is read."""
    if tx.get_bind().dialect.name == "sqlite":
        return [str(r[0]) for r in tx.connection().execute(text("PRAGMA integrity_check(20)")) if r[0] != "ok"]
    for table in SQLModel.metadata.sorted_tables:
        tx.connection().execute(select(func.count()).select_from(table))
    return []


def loose(tx: Session) -> list[str]:
    """References that lead nowhere, « letter.complaint_id : 3 »: of every foreign key of every table."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda k: k.parent.name):
            goal = key.column.table.alias()
            lost = select(func.count()).select_from(table.outerjoin(goal, key.parent == goal.c[key.column.name]))
            n = tx.connection().execute(lost.where(key.parent.is_not(None), goal.c[key.column.name].is_(None))).scalar()
            found += [f"{table.name}.{key.parent.name} : {n}"] if n else []
    return found


def _numbers(tx: Session) -> dict[int | None, str]:
    return {row[0]: row[1] for row in tx.exec(select(t.Complaint.id, t.Complaint.number))}
