"""Quality meetings: which one a mail means, and the words that no bulletin may hold (spec §8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from mailbot import desk
from mailbot.store.minutes import Meeting
from mailbot.store.tables import Complaint, Due, Letter

PACK = "meeting-pack"  # the kind of the letter that carries one


def held(tx: Session) -> list[Meeting]:
    """The meetings whose decisions were recorded, by date."""
    return list(tx.exec(select(Meeting).where(col(Meeting.held_on).is_not(None)).order_by(col(Meeting.held_on))))


def made(tx: Session) -> list[Meeting]:
    """Every pack that was drawn, held or not, in that order."""
    return list(tx.exec(select(Meeting).order_by(col(Meeting.id))))


def printing(tx: Session, named: Callable[[str], bool]) -> list[int]:
    """Packs in which decisions stand that hold certain words: each pack prints those of the meeting held before it."""
    kept = held(tx)
    found = []
    for row in made(tx):
        before = [m for m in kept if m.id != row.id and m.recorded_at and m.recorded_at <= row.made_at]
        if before and row.id and named(before[-1].decisions):
            found.append(row.id)
    return found


def newest(tx: Session) -> Meeting | None:
    return tx.exec(select(Meeting).order_by(col(Meeting.id).desc()).limit(1)).first()


def add(tx: Session, row: Meeting) -> int:
    tx.add(row)
    tx.flush()
    assert row.id is not None
    return row.id


def scheduled(tx: Session) -> bool:
    """Whether a pack is to come by itself."""
    waiting = select(Due.key).where(Due.kind == "meeting", col(Due.done_at).is_(None)).limit(1)
    return tx.exec(waiting).first() is not None


def as_meeting(row: Meeting, timezone: str) -> desk.Meeting:
    """`timezone`: IANA name of the desk's zone: a bulletin leaves on a local day."""
    assert row.id is not None
    return desk.Meeting(
        id=row.id,
        first=row.first,
        last=row.last,
        draft=row.draft,
        held_on=row.held_on,
        bulletin_on=row.bulletin_at.astimezone(ZoneInfo(timezone)).date() if row.bulletin_at else None,
    )


def meant(tx: Session, thread: tuple[str, ...], timezone: str, *, wanted: bool, leaving: bool) -> dict[str, Any]:
    """The fields of Desk about meetings: `wanted` by a command, or because the mail answers a pack."""
    answered = _answered(tx, thread)
    row = answered or (newest(tx) if wanted else None)
    return {
        "meeting": as_meeting(row, timezone) if row else None,
        "answers_pack": answered is not None,
        "nobody": nobody(tx) if leaving else (),
    }


def _answered(tx: Session, thread: tuple[str, ...]) -> Meeting | None:
    """A letter that carried a pack is named `meeting-pack:<id>:<reader>`."""
    if not thread:
        return None
    found = select(Letter.name).where(col(Letter.message_id).in_(thread), Letter.kind == PACK)
    name = tx.exec(found.order_by(col(Letter.id).desc()).limit(1)).first()
    return tx.get(Meeting, int(name.split(":")[1])) if name else None


def nobody(tx: Session) -> tuple[str, ...]:
    """Names, addresses, telephone numbers and file numbers of every complainant on record."""
    rows = tx.exec(select(Complaint.complainant_name, Complaint.complainant_addr, Complaint.phone, Complaint.number))
    return tuple(dict.fromkeys(value for row in rows for value in row if value))
