"""What `mailbot import` brought: lines of another register and old mails, known again by their bytes or their number there."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlmodel import Session, col, select

from mailbot.store.tables import Complaint, Inbound, Place, Raw

IMPORTED = "import"  # the account of such mails: no mailbox holds them, `start --since` does not read them again
SUBJECT = 500


def bring(tx: Session, source: str, rank: int, raw: bytes, *, received_at: datetime, now: datetime) -> int:
    """Stores bytes that are not here yet; the id of their mail.

    The caller decides about it in the same transaction, so that nobody takes it for a mail that just came.
    """
    digest = hashlib.sha256(raw).hexdigest()
    stored = Raw(sha256=digest, size=len(raw), data=raw)
    tx.add(stored)
    tx.flush()
    assert stored.id is not None
    mail = Inbound(raw_id=stored.id, account=IMPORTED, folder="other", received_at=received_at, kept_at=now)
    tx.add(mail)
    tx.flush()
    content = int(digest[:7], 16)
    place = Place(account=IMPORTED, folder=source[:200], uidvalidity=content, uid=rank, inbound_id=mail.id, seen_at=now)
    place.gone_at = now  # it lies in no mailbox
    tx.add(place)
    tx.flush()
    assert mail.id is not None
    return mail.id


def known(tx: Session, raw: bytes) -> int | None:
    """The mail that holds, or held before its erasure, these bytes."""
    mine = Raw.sha256 == hashlib.sha256(raw).hexdigest()
    return tx.exec(select(Inbound.id).join(Raw, col(Raw.id) == col(Inbound.raw_id)).where(mine)).first()


def number_of(tx: Session, inbound_id: int) -> str:
    """The file of a mail, "" when it has none."""
    row = tx.get_one(Inbound, inbound_id)
    return tx.get_one(Complaint, row.complaint_id).number if row.complaint_id else ""


def taken_from(tx: Session, old_number: str) -> str:
    """The file that was taken over under that number of the other register, "" when none was."""
    if not old_number:
        return ""
    here = (Complaint.old_number == old_number, Complaint.origin != "")
    return tx.exec(select(Complaint.number).where(*here).order_by(col(Complaint.id))).first() or ""


def note_line(tx: Session, inbound_id: int, *, addr: str, name: str, subject: str) -> None:
    """Whose line of a register it is: by these words a person is found again."""
    row = tx.get_one(Inbound, inbound_id)
    row.from_addr, row.from_name, row.subject = addr, name, subject[:SUBJECT]


def closed_elsewhere(row: Complaint) -> bool:
    """Taken over when it was already closed: what was done there is not on record."""
    return bool(row.origin and row.closed_at and row.closed_at <= row.opened_at)
