"""The register's rows → the frozen values that the figures are made of; names of complainants are left behind here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from mailbot import workdays
from mailbot.config import Config
from mailbot.effects import TO_COMPLAINANTS
from mailbot.reports.counted import Acted, Filed, Met, Period, Promise, Register, category
from mailbot.reports.figures import Figure
from mailbot.store import measures, meetings
from mailbot.store.brought import closed_elsewhere
from mailbot.store.ledger import Session
from mailbot.store.measures import Told
from mailbot.store.minutes import Meeting
from mailbot.store.tables import Action, Complaint


def register(tx: Session, config: Config) -> Register:
    """Everything that counts, exercises and essai files left out."""
    told, families = measures.told(tx), measures.families(tx)
    calendar = config.workdays
    unreadable, released = (
        tuple(workdays.local_date(at, calendar) for at in moments) for moments in measures.set_aside(tx)
    )
    return Register(
        files=tuple(filed(r, told.get(r.id or 0, []), families, config) for r in measures.counted_files(tx)),
        calendar=calendar,
        actions=tuple(_acted(a, config) for a in measures.counted_actions(tx)),
        meetings=tuple(_met(m, config) for m in meetings.held(tx)),
        trainees=config.meeting.trainees,
        unreadable=unreadable,
        released=released,
    )


def filed(row: Complaint, letters: list[Told], families: dict[int, str], config: Config) -> Filed:
    def day(moment: datetime | None) -> date | None:
        return workdays.local_date(moment, config.workdays) if moment else None

    reached = [x for x in letters if x.kind in TO_COMPLAINANTS]
    family = families.get(row.id or 0, "")
    acknowledged = day(row.ack_at)
    imported = bool(row.origin) and row.cycle == 1
    heard = {workdays.local_date(x.at, config.workdays) for x in reached} | ({acknowledged} if acknowledged else set())
    return Filed(
        number=row.number,
        nature=row.nature,
        stage=row.stage,
        received_at=row.received_at,
        received_on=workdays.local_date(row.received_at, config.workdays),
        kind=row.complainant_type,
        who=row.complainant_domain or row.complainant_addr,
        training=row.training,
        session=row.session,
        category=category(row.category),
        priority=row.priority,
        assignee=_name(row.assignee, config),
        # of another register's AR the day is known, never the hour
        ack_at=None if imported else _first_ack(row, reached),
        ack_on=acknowledged,
        ack_excused=row.no_ack or (row.origin if imported else ""),
        ack_lost=row.ack_state in ("refused", "bounced"),
        due_on=row.due_on,
        promises=_promises(row, reached, config),
        answered_on=day(row.answered_at),
        closed_on=day(row.closed_at),
        assessed_on=day(row.assessed_at),
        immediate=row.immediate,
        wish_state=row.wish_state,
        remedy=row.remedy,
        remedy_cents=row.remedy_cents,
        outcome=row.outcome,
        character=row.character,
        reopened=row.cycle - 1,
        marks=tuple(int(m) for m in row.marks.split() if m.isdigit()),
        surveyed=any(x.kind == "survey" for x in reached),
        told_on=tuple(sorted(heard)),
        chased=sum(x.kind == "chase" for x in letters),
        analysis_why=row.analysis_why,
        analysed=row.analysed_at is not None,
        causes=(family,) if family else (),
        sensitive=row.sensitive,
        imported=imported,
        closed_elsewhere=closed_elsewhere(row),
    )


def _first_ack(row: Complaint, reached: list[Told]) -> datetime | None:
    """The AR of the complaint itself: a reopened file's own one answers a later mail and measures no delay from reception."""
    acks = [x.at for x in reached if x.kind in ("ack", "ack-group")]
    return min(acks) if row.cycle > 1 and acks else row.ack_at


def _promises(row: Complaint, reached: list[Told], config: Config) -> tuple[Promise, ...]:
    """The commitments told in this cycle, in their order."""
    start = row.cycle_started_at
    return tuple(
        Promise(told_on=workdays.local_date(x.at, config.workdays), on=date.fromisoformat(str(x.facts["committed_on"])))
        for x in reached
        if x.kind == "commitment" and (start is None or x.at >= start)
    )


def _acted(row: Action, config: Config) -> Acted:
    def day(moment: datetime | None) -> date | None:
        return workdays.local_date(moment, config.workdays) if moment else None

    return Acted(
        name=f"A-{row.rank}",
        what=row.what,
        owner=_name(row.owner, config),
        due_on=row.due_on,
        state=row.state,
        decided_on=workdays.local_date(row.decided_at, config.workdays),
        done_on=day(row.done_at),
        check_on=row.check_on,
        checked_on=day(row.checked_at),
        category=category(row.category),
        training=row.training,
    )


def _name(addr: str, config: Config) -> str:
    person = config.person(addr)
    return person.name if person else addr


def _met(row: Meeting, config: Config) -> Met:
    assert row.held_on is not None
    told = workdays.local_date(row.bulletin_at, config.workdays) if row.bulletin_at else None
    return Met(held_on=row.held_on, bulletin_on=told, bulletin_to=row.bulletin_to)


def as_json(found: tuple[Figure, ...], period: Period) -> dict[str, Any]:
    """For a script: numbers beside the words."""
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "figures": [
            {
                "rank": f.rank,
                "name": f.name,
                "formula": f.formula,
                "text": f.text,
                "target": f.target,
                "part": f.share.part if f.share else None,
                "whole": f.share.whole if f.share else None,
                "met": f.met,
                "rows": [list(row) for row in f.rows],
            }
            for f in found
        ],
    }
