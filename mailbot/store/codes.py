"""Personal codes: one per person and file (or waiting mail), in button links only (spec §6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import Session, select

from mailbot.store.tables import Code, Complaint

AFTER_CLOSING = timedelta(days=30)


def barred(tx: Session, about: str, addresses: tuple[str, ...]) -> bool:
    """Whoever is named in a complaint or wrote it gets no code of it, unless nobody else was left to handle it (spec §3)."""
    row = tx.exec(select(Complaint).where(Complaint.number == about)).first()
    own = {a.lower() for a in addresses}
    return row is not None and row.assignee not in own and bool(own & {*row.staff_named.split(), row.complainant_addr})


def code_for(tx: Session, about: str, person: str, now: datetime, draw: Callable[[], str]) -> str:
    """That person's living code, drawn when there is none; it dies thirty days after closing."""
    row = tx.exec(select(Code).where(Code.about == about, Code.person == person)).first()
    if row is None:
        row = Code(about=about, person=person, code=draw(), since=now)
        tx.add(row)
    closed = tx.exec(select(Complaint.closed_at).where(Complaint.number == about)).first()
    row.dead_at = closed + AFTER_CLOSING if closed else None
    tx.flush()
    return row.code
