"""What the register holds for the figures of the quality meeting: rows of files that count, read in few questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from mailbot.store.tables import Action, Cause, Complaint, Inbound, Letter

COUNTED = "real"  # exercises and essai files are no figures (spec §2)
REACHED = ("sent", "uncertain")  # an uncertain letter counts as accepted (spec §4)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A letter about a file, without its bytes."""

    kind: str
    at: datetime
    facts: dict[str, Any]


def counted_files(tx: Session) -> list[Complaint]:
    """Every numbered file of the real series, oldest first."""
    return list(tx.exec(select(Complaint).where(Complaint.series == COUNTED).order_by(col(Complaint.id))))


def told(tx: Session) -> dict[int, list[Told]]:
    """The letters that were accepted, by file, in the order of the clock."""
    rows = tx.exec(
        select(Letter.complaint_id, Letter.kind, Letter.settled_at, Letter.facts)
        .join(Complaint, col(Complaint.id) == col(Letter.complaint_id))
        .where(Complaint.series == COUNTED, col(Letter.state).in_(REACHED), col(Letter.settled_at).is_not(None))
        .order_by(col(Letter.settled_at), col(Letter.id))
    )
    found: dict[int, list[Told]] = defaultdict(list)
    for complaint_id, kind, at, facts in rows:
        if complaint_id is not None and at is not None:
            found[complaint_id].append(Told(kind=kind, at=at, facts=dict(facts)))
    return found


def families(tx: Session) -> dict[int, str]:
    """The 5M family of each analysed file; the latest analysis counts."""
    rows: Sequence[Cause] = tx.exec(select(Cause).order_by(col(Cause.at), col(Cause.id))).all()
    return {row.complaint_id: row.family for row in rows}


def counted_actions(tx: Session) -> list[Action]:
    return list(tx.exec(select(Action).where(Action.series == COUNTED).order_by(col(Action.rank))))


def set_aside(tx: Session) -> tuple[list[datetime], list[datetime]]:
    """When mails were received that could not be read, and those released from the junk as complaints."""
    unreadable = select(Inbound.received_at).where(Inbound.verdict == "quarantined")
    released = (
        select(Inbound.received_at)
        .join(Complaint, col(Complaint.id) == col(Inbound.complaint_id))
        .where(Inbound.folder == "junk", Inbound.verdict == "complaint", Complaint.series == COUNTED)
    )
    return list(tx.exec(unreadable)), list(tx.exec(released))
