"""What a letter about a file continues: the mails of its reader and our letters to that reader, one thread for each person.

Nobody's thread holds an id of somebody else's: In-Reply-To of a notice is evidence of who answers it (spec §6).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from mailbot.store.tables import Complaint, Inbound, Letter

NEVER_LEFT = ("cancelled", "refused", "given_up")


@dataclass(frozen=True, kw_only=True)
class Told:
    """`ids`: Message-IDs, oldest first; the rest is what each letter may say of the file."""

    ids: tuple[str, ...] = ()
    received_at: datetime | None = None
    acknowledged_at: datetime | None = None
    topic: str = ""


def of(tx: Session, number: str, reader: Collection[str], *, without: str = "") -> Told:
    """The thread of that file with the person of these addresses; `without`: the letter that is being written anew."""
    row = tx.exec(select(Complaint).where(Complaint.number == number)).first()
    if row is None:
        return Told()
    addresses = [address.lower() for address in reader]
    theirs = select(Inbound.received_at, Inbound.message_id).where(
        Inbound.complaint_id == row.id, col(Inbound.from_addr).in_(addresses)
    )
    ours = select(Letter.created_at, Letter.message_id).where(
        Letter.complaint_id == row.id,
        col(Letter.to_addr).in_(addresses),
        col(Letter.state).not_in(NEVER_LEFT),
        Letter.name != without,
    )
    both = sorted([*tx.exec(theirs), *tx.exec(ours)])
    return Told(
        ids=tuple(message_id for _, message_id in both if message_id),
        received_at=row.cycle_started_at or row.received_at,
        acknowledged_at=row.ack_at if row.ack_state in ("accepted", "uncertain", "handed") else None,
        topic="" if row.sensitive else row.subject,
    )
