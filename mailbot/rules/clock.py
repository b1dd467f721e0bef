"""What the clock's steps become: one letter a person, file and day, naming who else got it and what is awaited (spec §7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from mailbot import complaint, workdays
from mailbot.cadence import Hours, Step, next_look, owed
from mailbot.config import Config, Person
from mailbot.desk import Case
from mailbot.effects import Change, Effect, Letter, Note
from mailbot.rules import practice

SENTENCES = {
    "received": "registered",
    "acknowledged": "registered",
    "assessed": "assessed",
    "treatment": "treatment",
    "waiting": "waiting",
    "committed": "committed",
}


def hours(config: Config) -> Hours:
    return Hours(send_from=config.calendar.send_from, send_until=config.calendar.send_until)


def look_again(case: Case, now: datetime, config: Config, done: frozenset[str]) -> datetime | None:
    """When the clock may owe something next on this file; None: never, as on an exercise."""
    if case.series == practice.SERIES:
        return None
    return next_look(case, now, config.workdays, hours(config), done)


def on_look(case: Case, now: datetime, config: Config, done: frozenset[str], away: dict[str, str]) -> list[Effect]:
    """The letters owed now. `done`: names of the steps already written in this cycle; `away`: absent address → substitute."""
    if case.series == practice.SERIES:
        return []
    steps = owed(case, now, config.workdays, hours(config), done)
    return [e for step in steps for e in _step(step, case, now, config, away)]


def _step(step: Step, case: Case, now: datetime, config: Config, away: dict[str, str]) -> list[Effect]:
    if step.roles == ("complainant",):
        return _to_complainant(step, case, now, config)
    people = _people(step, case, config, away)
    return [_chase(step, case, p, people, now, config) for p in people]


def _people(step: Step, case: Case, config: Config, away: dict[str, str]) -> list[Person]:
    """Who is meant, each once; the substitute of who is away; never a colleague named in the complaint or who wrote it."""
    wanted: list[Person | None] = []
    for role in step.roles:
        if role == "assignee":
            wanted.append(config.person(away.get(case.assignee, case.assignee)))
        else:
            wanted += config.people_with(role)  # type: ignore[arg-type]
    unique = {p.addresses[0].lower(): p for p in wanted if p is not None}
    return [p for a, p in unique.items() if not _named(p, case) or a == case.assignee]


def _named(person: Person, case: Case) -> bool:
    """Named in the complaint, or its author."""
    return bool({a.lower() for a in person.addresses} & {*case.staff_named, case.complainant_addr})


def _chase(step: Step, case: Case, person: Person, people: list[Person], now: datetime, config: Config) -> Letter:
    to = person.addresses[0].lower()
    today = workdays.local_date(now, config.workdays)
    due_on = case.committed_on or case.due_on
    shown = not case.sensitive or to == case.assignee
    facts = {
        "number": case.number,
        "first_name": person.first_name,
        "asks": step.asks,
        "due_on": due_on.isoformat() if due_on else None,
        "days_left": _days_left(today, due_on, config),
        "committed_on": case.committed_on.isoformat() if case.committed_on else None,
        "others": [p.name for p in people if p is not person],
        "complainant": _complainant(case) if shown else "",
        "subject": case.subject if shown else "",
        "shown": shown,
        "priority": case.priority,
        "stage": complaint.STAGE_NAMES.get(case.stage, case.stage),
        "missing": _missing(case),
        "lacks": [*([] if case.assessed_at else ["assess"]), *(["cause"] if case.lacks_cause else [])],
        "analysis_why": case.analysis_why if case.lacks_cause else "",
    }
    key = f"chase:{case.number}:{case.cycle}:{step.name}:{today.isoformat()}:{to}"
    return Letter(kind="chase", keys=(key,), to=to, language="fr", facts=facts, number=case.number)


def _complainant(case: Case) -> str:
    return f"{case.complainant_name} ({case.complainant_addr})" if case.complainant_name else case.complainant_addr


def _days_left(today: date, due_on: date | None, config: Config) -> int:
    """Working days from today to the date, negative once it is past."""
    if due_on is None:
        return 0
    if due_on >= today:
        return workdays.count(today, due_on, config.workdays)
    return -workdays.count(due_on, today, config.workdays)


def _missing(case: Case) -> list[str]:
    found = [] if case.assessed_at else ["l’évaluation (gravité, complexité, répercussions, action immédiate)"]
    return [*found, *(["l’analyse des causes"] if case.lacks_cause else [])]


def _to_complainant(step: Step, case: Case, now: datetime, config: Config) -> list[Effect]:
    facts = _facts(step, case, now)
    letter = Letter(
        kind=step.kind,
        keys=(f"{step.kind}:{case.number}:{case.cycle}:{step.name}",),
        to=case.complainant_addr,
        language=case.language,
        facts=facts,
        number=case.number,
    )
    effects: list[Effect] = [letter]
    if step.kind == "late" and case.committed_on:
        effects.append(Change(number=case.number, fields={"commitment_missed": True}))
    return [*effects, Note(number=case.number, event=f"clock-{step.kind}", actor="mailbot", text=step.name)]


def _facts(step: Step, case: Case, now: datetime) -> dict[str, Any]:
    due_on = case.committed_on or case.due_on
    return {
        "number": case.number,
        "name": case.complainant_name if case.authenticated else "",
        "authenticated": case.authenticated,
        "stage_sentence": SENTENCES.get(case.stage, "treatment"),
        "since": case.received_at.isoformat(),
        "question_at": case.waiting_since.isoformat() if case.waiting_since else None,
        "due_on": due_on.isoformat() if due_on else None,
        "committed_on": case.committed_on.isoformat() if case.committed_on else None,
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
        "at": now.isoformat(),
    }


def done_of(keys: Iterable[str]) -> frozenset[str]:
    """Step names from the keys of letters: `chase:<file>:<cycle>:<step>:<date>:<person>`, `<kind>:<file>:<cycle>:<step>`."""
    parts = [key.split(":") for key in keys]
    return frozenset(":".join(p[3:-2] if p[0] == "chase" else p[3:]) for p in parts if len(p) >= 4)
