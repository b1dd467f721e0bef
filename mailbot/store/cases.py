"""Rows of the complaint table as the rules' frozen Case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, or_, select

from mailbot.complaint import OPEN
from mailbot.desk import Case
from mailbot.store import direct
from mailbot.store.brought import closed_elsewhere
from mailbot.store.tables import Complaint

MOST_LINKED = 50  # files about one matter
WHOLE = columns(*Complaint.__table__.columns)  # type: ignore[attr-defined]
BY_ID = WHOLE.where(col(Complaint.id) == bindparam("id"))
BY_NUMBER = WHOLE.where(col(Complaint.number) == bindparam("number"))
CHAIN = 5  # a kept file may be found to be a duplicate itself, later

# How the numbers of a series begin that is not the register's own.
PREFIXES = {"essai": "ESSAI", "practice": "EXERCICE"}


def case_of(tx: Session, complaint_id: int | None) -> Case | None:
    row = row_of(tx, complaint_id) if complaint_id else None
    return as_case(row) if row else None


def row_of(tx: Session, complaint_id: int) -> Any:
    """The row of a file, to read from; None for none."""
    return direct.ask(tx, BY_ID, id=complaint_id).first()


def numbered(tx: Session, numbers: Iterable[str]) -> tuple[Case, ...]:
    """Files by their numbers, oldest first; those that are none are left out."""
    rows = (direct.ask(tx, BY_NUMBER, number=number).first() for number in dict.fromkeys(numbers))
    return tuple(as_case(row) for row in sorted(filter(None, rows), key=lambda row: int(row.id)))


def kept_of(tx: Session, case: Case) -> Case:
    """The file that is kept for a duplicate: letters and replies to the old number go there (spec §5)."""
    for _ in range(CHAIN):
        if case.stage != "duplicate" or not case.linked_to:
            break
        row = tx.exec(select(Complaint).where(Complaint.number == case.linked_to)).first()
        if row is None:
            break
        case = as_case(row)
    return case


def linked_to(tx: Session, case: Case) -> tuple[Case, ...]:
    """Open files of other complainants about the same matter (#lier), whichever was linked to which, step by step."""
    known = {case.number: tx.exec(select(Complaint).where(Complaint.number == case.number)).one()}
    edge = list(known.values())
    while edge and len(known) < MOST_LINKED:
        row = edge.pop()
        beside = or_(Complaint.linked_to == row.number, Complaint.number == (row.linked_to or "-"))
        found = tx.exec(
            select(Complaint).where(beside, Complaint.series == row.series, Complaint.stage != "duplicate")
        ).all()
        # Of one complainant it is a mail that was split, or an old file taken up again: another matter.
        new = [r for r in found if r.number not in known and r.complainant_addr != row.complainant_addr]
        known |= {r.number: r for r in new}
        edge += new
    others = sorted((r for n, r in known.items() if n != case.number), key=lambda r: r.id or 0)
    return tuple(as_case(r) for r in others if r.stage in OPEN)


def as_case(row: Complaint | Any) -> Case:
    """`row`: by the ORM, or as it was asked for directly."""
    return Case(
        number=row.number,
        series=row.series,
        stage=row.stage,
        cycle=row.cycle,
        nature=row.nature,
        received_at=row.received_at,
        complainant_addr=row.complainant_addr,
        complainant_name=row.complainant_name,
        language=row.language,
        subject=row.subject,
        assignee=row.assignee,
        due_on=row.due_on,
        provisional=row.provisional,
        sensitive=row.sensitive,
        authenticated=row.authenticated,
        ack_state=row.ack_state,
        phone=row.phone,
        asked_other_address=row.asked_other_address,
        no_ack=row.no_ack,
        urgent=row.urgent,
        conflict=row.conflict,
        staff_named=tuple(row.staff_named.split()),
        ack_at=row.ack_at,
        gravity=row.gravity,
        complexity=row.complexity,
        repercussions=row.repercussions,
        priority=row.priority,
        assessed_at=row.assessed_at,
        committed_on=row.committed_on,
        commitment_missed=row.commitment_missed,
        waiting_since=row.waiting_since,
        silenced=row.silenced,
        told_at=row.told_at,
        human_told_at=row.human_told_at,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        linked_to=row.linked_to,
        deadline=row.deadline,
        alerts=tuple((a[0], a[1]) for a in row.alerts),
        reply_key=row.reply_key,
        cycle_started_at=row.cycle_started_at,
        reopen_asked_at=row.reopen_asked_at,
        training=row.training,
        session=row.session,
        category=row.category,
        wish=row.wish,
        remedy=row.remedy,
        remedy_what=row.remedy_what,
        remedy_cents=row.remedy_cents,
        next_step=row.next_step,
        amplified=tuple((a[0], a[1], a[2]) for a in row.amplified),
        analysis_why=row.analysis_why,
        analysed_at=row.analysed_at,
        closed_elsewhere=closed_elsewhere(row),
    )
