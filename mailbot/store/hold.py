"""Legal hold: a file of which nothing may be erased, why, and who said so; and the note that somebody's data were handed out."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from mailbot.store import journal
from mailbot.store.tables import Complaint

LONGEST = 200  # characters of a reason


class Impossible(RuntimeError):
    """Nothing was changed; the message, in French, says why."""


def put(tx: Session, number: str, reason: str, *, at: datetime, who: str, salt: str) -> None:
    row = _file(tx, number)
    if row.erased_at is not None:
        raise Impossible("ce dossier est déjà pseudonymisé")
    row.hold = " ".join(reason.split())[:LONGEST]
    _note(tx, row, "held-back", f"conservation : {row.hold}", at=at, who=who, salt=salt)


def lift(tx: Session, number: str, *, at: datetime, who: str, salt: str) -> None:
    row = _file(tx, number)
    if not row.hold:
        raise Impossible("ce dossier n’est pas conservé")
    why, row.hold = row.hold, ""
    _note(tx, row, "hold-lifted", f"conservation levée ({why})", at=at, who=who, salt=salt)


def note_export(tx: Session, address: str, *, at: datetime, who: str, salt: str) -> None:
    """One line a file; without a file one line that names nobody."""
    files = tx.exec(select(Complaint).where(Complaint.complainant_addr == address)).all()
    text = "données de la personne exportées"
    for n, row in enumerate(files):
        _note(tx, row, "exported", text, at=at, who=who, salt=f"{salt}{n}", cause="command:person export")
    if not files:
        journal.write(
            tx, at=at, complaint_id=None, number="", event="exported", actor=who, cause="command:person export",
            text=text, salt=salt,
        )  # fmt: skip


def _file(tx: Session, number: str) -> Complaint:
    row = tx.exec(select(Complaint).where(Complaint.number == number.strip().upper())).first()
    if row is None:
        raise Impossible("ce dossier n’existe pas (« mailbot list » les montre tous)")
    return row


def _note(
    tx: Session,
    row: Complaint,
    event: str,
    text: str,
    *,
    at: datetime,
    who: str,
    salt: str,
    cause: str = "command:hold",
) -> None:
    journal.write(
        tx, at=at, complaint_id=row.id, number=row.number, event=event, actor=who, cause=cause, text=text, salt=salt
    )  # fmt: skip
