"""What a rehearsal asks of its register: when something is next owed, what a mail's blanks stand for, every row for its record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from mailbot.store.tables import Complaint, Due, Inbound, Journal, JournalText, Letter


def next_instant(tx: Session, now: datetime) -> datetime | None:
    """The first instant after `now` at which a due row, a look at a file or a letter waits; None when nothing does."""
    asked = (
        select(func.min(Due.at)).where(col(Due.done_at).is_(None), Due.kind != "item", Due.at > now),
        select(func.min(Complaint.look_at)).where(col(Complaint.look_at) > now),
        select(func.min(Letter.next_try_at)).where(Letter.state == "owed", Letter.next_try_at > now),
    )
    found = [at for question in asked if (at := tx.exec(question).one()) is not None]
    return min((at if at.tzinfo else at.replace(tzinfo=UTC) for at in found), default=None)


def file_of(tx: Session, inbound_id: int) -> Complaint | None:
    """The file that a mail opened or joined."""
    inbound = tx.get(Inbound, inbound_id)
    return tx.get(Complaint, inbound.complaint_id) if inbound and inbound.complaint_id else None


def file_named(tx: Session, what: str) -> Complaint | None:
    """The file of the mail with this Message-ID, else the newest with this subject."""
    inbound = tx.exec(select(Inbound.id).where(Inbound.message_id == f"<{what.strip('<>')}>")).first()
    if inbound and (row := file_of(tx, inbound)):
        return row
    rows = tx.exec(select(Complaint).order_by(col(Complaint.id).desc()))
    return next((row for row in rows if row.subject.casefold() == what.casefold()), None)


def last_letter(tx: Session, *, kind: str, file: Complaint | None, to: str) -> str:
    """The Message-ID of the last letter that left: of that kind, about that file, to that reader; "" when there is none.

    Where a file is given and the reader got nothing about it, the last one to anybody.
    """
    wanted = select(Letter).where(Letter.state == "sent").order_by(col(Letter.id).desc())
    if kind:
        wanted = wanted.where(Letter.kind == kind)
    if file:
        wanted = wanted.where(Letter.complaint_id == file.id)
    rows = tx.exec(wanted).all()
    row = next((r for r in rows if r.to_addr == to), next(iter(rows), None) if file else None)
    return row.message_id if row else ""


def register(tx: Session) -> list[dict[str, Any]]:
    """Every file with every column, in the order in which they were opened."""
    left_out = {"id", "look_at"}
    return [_row(row, left_out) for row in tx.exec(select(Complaint).order_by(col(Complaint.id)))]


def numbers(tx: Session) -> list[str]:
    """The number of every file, in the order in which they were opened."""
    return list(tx.exec(select(Complaint.number).order_by(col(Complaint.id))))


def journal(tx: Session) -> list[dict[str, Any]]:
    """Every line of the journal, with its text."""
    texts = {t.journal_id: t.text for t in tx.exec(select(JournalText))}
    rows = tx.exec(select(Journal).order_by(col(Journal.id)))
    return [{**_row(row, {"complaint_id"}), "text": texts.get(row.id or 0, "effacé")} for row in rows]


def verdicts(tx: Session) -> list[dict[str, Any]]:
    """Every mail with its one verdict, in the order in which they came."""
    kept = ("id", "received_at", "from_addr", "subject", "verdict", "reason", "waiting")
    rows = [_row(row, set()) for row in tx.exec(select(Inbound).order_by(col(Inbound.id)))]
    return [{name: row[name] for name in kept} for row in rows]


def _row(row: Complaint | Journal | Inbound, left_out: set[str]) -> dict[str, Any]:
    """In the order of the table: a record's own depends on the process."""
    told = row.model_dump(mode="json")
    return {name: told[name] for name in type(row).model_fields if name not in left_out}
