"""Personal codes: one per person and file (or waiting mail), in button links only (spec §6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, select

from mailbot.store import direct
from mailbot.store.tables import Code, Complaint

AFTER_CLOSING = timedelta(days=30)
THE_FILE = Complaint.number == bindparam("about")
PEOPLE = select(Complaint.assignee, Complaint.staff_named, Complaint.complainant_addr).where(THE_FILE)
CLOSED = select(Complaint.closed_at).where(THE_FILE)
LIVING = select(Code.id, Code.code, Code.dead_at).where(
    Code.about == bindparam("about"), Code.person == bindparam("person")
)


def barred(tx: Session, about: str, addresses: tuple[str, ...]) -> bool:
    """Whoever is named in a complaint or wrote it gets no code of it, unless nobody else was left to handle it (spec §3)."""
    row = direct.ask(tx, PEOPLE, about=about).first()
    own = {a.lower() for a in addresses}
    return row is not None and row.assignee not in own and bool(own & {*row.staff_named.split(), row.complainant_addr})


def code_for(tx: Session, about: str, person: str, now: datetime, draw: Callable[[], str]) -> str:
    """That person's living code, drawn when there is none; it dies thirty days after closing."""
    closed = direct.ask(tx, CLOSED, about=about).scalar()
    dead_at = closed + AFTER_CLOSING if closed else None
    known = direct.ask(tx, LIVING, about=about, person=person).first()
    if known is None:
        code = draw()
        direct.add(tx, Code, about=about, person=person, code=code, since=now, dead_at=dead_at)
        return code
    if known.dead_at != dead_at:
        tx.get_one(Code, known.id).dead_at = dead_at
        tx.flush()
    return str(known.code)
