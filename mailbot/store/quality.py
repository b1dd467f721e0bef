"""Causes and corrective actions in the register: what the rules are told of them, and the rows that their effects become (spec §8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from mailbot import desk as known
from mailbot import effects as fx
from mailbot.store.cases import as_case
from mailbot.store.tables import Action, ActionFile, Cause, Complaint

A_YEAR = timedelta(days=366)
UNFINISHED = ("open", "done", "ineffective")  # somebody still has something to do


# -- rows ----------------------------------------------------------------------------------------------------------------


def analyse(tx: Session, effect: fx.Analyse, row: Complaint, now: datetime) -> None:
    assert row.id is not None
    tx.add(
        Cause(
            complaint_id=row.id,
            at=now,
            author=effect.author,
            family=effect.family,
            finding=effect.finding,
            whys=list(effect.whys),
            root=effect.root,
            proof=effect.proof,
        )
    )
    row.analysed_at, row.look_at = now, now


def plan(tx: Session, effect: fx.Plan, row: Complaint, now: datetime) -> None:
    action = Action(series=effect.series, rank=effect.rank, decided_at=now, **effect.fields)
    tx.add(action)
    tx.flush()
    _answers(tx, action, row)


def change(tx: Session, effect: fx.ChangeAction, row: Complaint | None) -> None:
    action = tx.exec(select(Action).where(Action.series == effect.series, Action.rank == effect.rank)).one()
    for name, value in effect.fields.items():
        setattr(action, name, value)
    if effect.told and effect.told not in action.told.split():
        action.told = f"{action.told} {effect.told}".strip()
    if row is not None:
        _answers(tx, action, row)


def _answers(tx: Session, action: Action, row: Complaint) -> None:
    if tx.get(ActionFile, (action.id, row.id)) is None:
        assert action.id is not None
        assert row.id is not None
        tx.add(ActionFile(action_id=action.id, complaint_id=row.id))
        tx.flush()


# -- questions -----------------------------------------------------------------------------------------------------------


def action_of(tx: Session, series: str, rank: int) -> known.Action | None:
    row = tx.exec(select(Action).where(Action.series == series, Action.rank == rank)).first()
    return _as_action(tx, row) if row else None


def unfinished(tx: Session, series: str) -> list[known.Action]:
    """Actions about which somebody still has something to do, the earliest due date first."""
    found = select(Action).where(Action.series == series, col(Action.state).in_(UNFINISHED))
    actions = [_as_action(tx, row) for row in tx.exec(found.order_by(col(Action.due_on), col(Action.rank)))]
    return [a for a in actions if a.state != "ineffective" or not a.followed]


def next_rank(tx: Session, series: str) -> int:
    """Actions are never deleted: the next one has no gap before it."""
    return (tx.exec(select(func.max(Action.rank)).where(Action.series == series)).one() or 0) + 1


def files_of(tx: Session, action: Action) -> list[Complaint]:
    """The complaints that an action answers, in the order of their numbers."""
    beside = col(ActionFile.complaint_id) == col(Complaint.id)
    found = select(Complaint).join(ActionFile, beside).where(ActionFile.action_id == action.id)
    return list(tx.exec(found.order_by(col(Complaint.id))))


def actions_of(tx: Session, complaint_id: int) -> list[Action]:
    """The actions that answer a complaint, the oldest first."""
    beside = col(ActionFile.action_id) == col(Action.id)
    found = select(Action).join(ActionFile, beside).where(ActionFile.complaint_id == complaint_id)
    return list(tx.exec(found.order_by(col(Action.rank))))


def causes_of(tx: Session, complaint_id: int) -> list[Cause]:
    """Its analyses, the oldest first: the last one counts."""
    return list(tx.exec(select(Cause).where(Cause.complaint_id == complaint_id).order_by(col(Cause.id))))


def recurring(tx: Session, action: Action) -> tuple[str, ...] | None:
    """Complaints of the same category and training received since the action was done; None: its files do not say both."""
    files = files_of(tx, action)
    kinds = {(row.category, row.training) for row in files if row.category and row.training}
    if not kinds or action.done_at is None:
        return None
    later = select(Complaint).where(
        Complaint.series == action.series, Complaint.nature == "réclamation", Complaint.received_at > action.done_at
    )
    rows = tx.exec(later.order_by(col(Complaint.id)))
    return tuple(r.number for r in rows if (r.category, r.training) in kinds and r not in files)


def alike(tx: Session, number: str, timezone: str) -> tuple[known.Alike, ...]:
    """Other complaints about the same training, received within the year before this one."""
    row = tx.exec(select(Complaint).where(Complaint.number == number)).one()
    if not row.training:
        return ()
    found = select(Complaint).where(
        Complaint.series == row.series,
        Complaint.nature == "réclamation",
        Complaint.training == row.training,
        Complaint.received_at > row.received_at - A_YEAR,
        Complaint.received_at <= row.received_at,
        Complaint.id != row.id,
    )
    zone = ZoneInfo(timezone)
    return tuple(
        known.Alike(
            number=other.number,
            received_on=other.received_at.astimezone(zone).date(),
            category=other.category,
            session=other.session,
        )
        for other in tx.exec(found.order_by(col(Complaint.id)).limit(200))
    )


def _as_action(tx: Session, row: Action) -> known.Action:
    followed = select(Action.id).where(Action.series == row.series, Action.replaces == row.rank).limit(1)
    return known.Action(
        series=row.series,
        rank=row.rank,
        state=row.state,
        what=row.what,
        owner=row.owner,
        due_on=row.due_on,
        files=tuple(as_case(f) for f in files_of(tx, row)),
        done_at=row.done_at,
        check_on=row.check_on,
        followed=tx.exec(followed).first() is not None,
        recurring=recurring(tx, row),
    )
