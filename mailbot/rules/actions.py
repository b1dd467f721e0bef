"""Corrective actions on their own clock: owners are chased, effects are checked, what did not work asks for another (spec §8).

The time scale is that of quality meetings: three working days before, the day, then every third working day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from mailbot import workdays
from mailbot.config import Config, Person
from mailbot.desk import Action, Case
from mailbot.effects import Due, Effect, Letter, Note, Settle
from mailbot.rules import practice
from mailbot.rules.intake import named

HOUR = time(10)
AHEAD = 3  # working days before the date agreed
AGAIN = 3  # working days from one chase to the next
RANK = re.compile(r"\bA ?[-–]? ?(\d{1,6})\b", re.ASCII | re.IGNORECASE)


def rank_in(argument: str) -> int:
    """The 7 of « A-7 », 0 when none is named; a date after it is none."""
    found = RANK.search(argument[:60])
    return int(found[1]) if found else 0


def due(action: Action, day: date, config: Config) -> Due:
    """Looks at the action at 10:00 of that day, or of the next working day."""
    open_day = day if workdays.is_open(day, config.workdays) else workdays.next_open(day, config.workdays)
    return _look(action.series, action.rank, open_day, config)


def planned(*, series: str, rank: int, due_on: date, today: date, config: Config) -> Due:
    """The first look at a new action."""
    return _look(series, rank, _ahead(due_on, today, config), config)


def _look(series: str, rank: int, day: date, config: Config) -> Due:
    """Of no file: an action goes on when a complaint that it answers is erased."""
    return Due(
        key=f"action:{series}:{rank}:{day.isoformat()}",
        kind="action",
        at=workdays.at(day, HOUR, config.workdays),
        facts={"series": series, "rank": rank},
    )


def _ahead(due_on: date, today: date, config: Config) -> date:
    """Three working days before, or the next working day when that is past."""
    return max(workdays.add(due_on, -AHEAD, config.workdays), workdays.next_open(today, config.workdays))


def on_look(action: Action, key: str, now: datetime, config: Config, away: dict[str, str]) -> list[Effect]:
    """What the clock owes on an action today, and when to look again. `away`: absent address → substitute."""
    today = workdays.local_date(now, config.workdays)
    settle = Settle(key=key)
    if (
        action.series == practice.SERIES
        or action.state == "effective"
        or (action.state == "ineffective" and action.followed)
    ):
        return [settle]
    start = action.check_on if action.state == "done" else action.due_on
    if action.state == "done" and start and today < start:
        return [settle, due(action, start, config)]
    if action.state == "open" and today < workdays.add(action.due_on, -AHEAD, config.workdays):
        return [settle, due(action, _ahead(action.due_on, today, config), config)]
    asks, people = _asked(action, today, config, away)
    case = action.files[0]
    letters = [_letter(action, case, p, people, asks, today, config) for p in people]
    event = Note(number=case.number, event=f"action-{asks}", actor="mailbot", text=f"{action.name} : {told(people)}")
    return [settle, event, *letters, due(action, _next(action, today, config), config)]


def told(people: Iterable[Person]) -> str:
    return ", ".join(p.name for p in people) or "personne"


def _next(action: Action, today: date, config: Config) -> date:
    day = workdays.add(today, AGAIN, config.workdays)
    return min(day, action.due_on) if action.state == "open" and today < action.due_on else day


def _asked(action: Action, today: date, config: Config, away: dict[str, str]) -> tuple[str, list[Person]]:
    """(what is asked, of whom): the owner; past the date the quality manager too, who also judges the effect."""
    if action.state == "done":
        return "check", _judges(action, config)
    if action.state == "ineffective":
        return "replace", _judges(action, config)
    owner = config.person(away.get(action.owner, action.owner))
    late = today > action.due_on
    wanted = [owner, *(config.people_with("quality") if late else ())]
    return ("late" if late else "do"), _reached(wanted, action)


def _judges(action: Action, config: Config) -> list[Person]:
    leaders = config.people_with("quality") or config.people_with("direction")
    return _reached([*leaders], action) or _reached([config.person(action.files[0].assignee)], action)


def _reached(wanted: list[Person | None], action: Action) -> list[Person]:
    """Each once; never whom a complaint names, nor who wrote it."""
    case = action.files[0]
    unique = {p.addresses[0].lower(): p for p in wanted if p is not None}
    apart = (*case.staff_named, case.complainant_addr)
    return [p for addr, p in unique.items() if addr == case.assignee or not named(p, apart)]


def _letter(
    action: Action, case: Case, person: Person, people: list[Person], asks: str, today: date, config: Config
) -> Letter:
    to = person.addresses[0].lower()
    owner = config.person(action.owner)
    others = [p.name for p in people if p is not person]
    facts = told_of(case, person, asks, action.name, action.what, action.due_on) | {
        "owner": owner.name if owner else action.owner,
        "others": others,
        "late": workdays.count(action.due_on, today, config.workdays) if today > action.due_on else 0,
        "done_at": action.done_at.isoformat() if action.done_at else None,
        "numbers": [f.number for f in action.files],
        "recurring": list(action.recurring) if action.recurring is not None else None,
    }
    key = f"action:{action.series}:{action.rank}:{asks}:{today.isoformat()}:{to}"
    return Letter(kind="action", keys=(key,), to=to, language="fr", facts=facts, number=case.number)


def told_of(case: Case, person: Person, asks: str, name: str, what: str, due_on: date | None) -> dict[str, Any]:
    """What every letter about an action, or an analysis still to be made, says; a sensitive file's subject stays out."""
    return {
        "number": case.number,
        "first_name": person.first_name,
        "asks": asks,
        "action": name,
        "what": what,
        "due_on": due_on.isoformat() if due_on else None,
        "owner": "",
        "others": [],
        "late": 0,
        "done_at": None,
        "numbers": [case.number],
        "recurring": None,
        "why": "",
        "sensitive": case.sensitive,
    }


def check_on(done: date, config: Config) -> date:
    """When the effect of an action is looked at."""
    return done + timedelta(days=config.quality.check_days)
