"""What a letter about a file continues: the mails of its reader and our letters to that reader, one thread for each person.

Nobody's thread holds an id of somebody else's: In-Reply-To of a notice is evidence of who answers it (spec §6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from mailbot.store import direct
from mailbot.store.tables import Complaint, Inbound, Letter

NEVER_LEFT = ("cancelled", "refused", "given_up")
FILE = select(
    col(Complaint.id),
    col(Complaint.received_at),
    col(Complaint.cycle_started_at),
    col(Complaint.ack_at),
    col(Complaint.ack_state),
    col(Complaint.sensitive),
    col(Complaint.subject),
).where(col(Complaint.number) == bindparam("number"))
# Of the file, never of the reader: a colleague has letters about all files, and SQLite would begin with those.
THEIRS = select(col(Inbound.received_at), col(Inbound.message_id), col(Inbound.from_addr)).where(
    col(Inbound.complaint_id) == bindparam("file")
)
OURS = select(col(Letter.created_at), col(Letter.message_id), col(Letter.to_addr)).where(
    col(Letter.complaint_id) == bindparam("file"),
    col(Letter.state).not_in(direct.each(NEVER_LEFT)),
    col(Letter.name) != bindparam("without"),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """`ids`: Message-IDs, oldest first; the rest is what each letter may say of the file."""

    ids: tuple[str, ...] = ()
    received_at: datetime | None = None
    acknowledged_at: datetime | None = None
    topic: str = ""


def of(tx: Session, number: str, reader: Collection[str], *, without: str = "") -> Told:
    """The thread of that file with the person of these addresses; `without`: the letter that is being written anew."""
    row, theirs = _known(tx, number)
    if row is None:
        return Told()
    addresses = {address.lower() for address in reader}
    found = [*theirs, *direct.ask(tx, OURS, file=row.id, without=without)]
    both = sorted((at, message_id) for at, message_id, reads in found if reads in addresses)
    return Told(
        ids=tuple(message_id for _, message_id in both if message_id),
        received_at=row.cycle_started_at or row.received_at,
        acknowledged_at=row.ack_at if row.ack_state in ("accepted", "uncertain", "handed") else None,
        topic="" if row.sensitive else row.subject,
    )


def _known(tx: Session, number: str) -> tuple[Any, Sequence[Any]]:
    """The file and its mails; asked once for the letters of one decision."""
    known: dict[str, tuple[Any, Sequence[Any]]] = tx.info.setdefault("threads", {})
    if number not in known:
        row = direct.ask(tx, FILE, number=number).first()
        if row is None:
            return None, ()
        known[number] = row, direct.ask(tx, THEIRS, file=row.id).rows
    return known[number]


def forget(tx: Session) -> None:
    """Said by whoever changes a file or which mails are its own."""
    tx.info.pop("threads", None)
