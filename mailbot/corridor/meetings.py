"""Quality meetings through the corridor: the pack drawn from the register, kept, and mailed; a missing bulletin (spec §8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from mailbot import effects as fx
from mailbot import rules, workdays
from mailbot.config import Config, Person
from mailbot.corridor.bench import Bench, Files
from mailbot.reports import pack
from mailbot.reports.asked import Asked
from mailbot.reports.counted import Period
from mailbot.store import apply, meetings
from mailbot.store.ledger import Session
from mailbot.store.minutes import Meeting
from mailbot.store.tables import Due

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 20  # lines of a list in the mail; all stand in the pack


def first(tx: Session, bench: Bench) -> None:
    """A register without a pack to come gets one, where packs come by themselves."""
    if bench.config.meeting.every_months and not meetings.scheduled(tx):
        row = next_due(workdays.local_date(bench.clock(), bench.config.workdays), bench.config)
        apply.apply(tx, [row], bench.act(tx, "command:run"))


def next_due(today: date, config: Config) -> fx.Due:
    """The pack of the period that runs: it leaves on the first working day after its end."""
    period = period_of(today, config.meeting.every_months)
    after = period.last + timedelta(days=1)
    day = after if workdays.is_open(after, config.workdays) else workdays.next_open(after, config.workdays)
    at = workdays.at(day, config.calendar.digest_at, config.workdays)
    facts = {"first": period.first.isoformat(), "last": period.last.isoformat()}
    return fx.Due(key=f"meeting:{period.last}", kind="meeting", at=at, facts=facts)


def period_of(day: date, months: int) -> Period:
    """The months that hold this day; periods begin with January."""
    begun = (day.month - 1) // months * months
    start = date(day.year, begun + 1, 1)
    after = date(day.year + (begun + months) // 12, (begun + months) % 12 + 1, 1)
    return Period(first=start, last=after - timedelta(days=1))


def due(tx: Session, row: Due, bench: Bench) -> None:
    """A pack that is due, on schedule or asked for."""
    now, config = bench.clock(), bench.config
    today = workdays.local_date(now, config.workdays)
    effects: list[fx.Effect] = [fx.Settle(key=row.key)]
    files: Files = {}
    asked = "asked_by" in row.facts
    if not asked and config.meeting.every_months:
        effects.append(next_due(today, config))
    if asked or config.meeting.every_months:
        period = _since(tx, today) if asked else _period(row.facts)
        told, letters, files = _made(tx, period, bench)
        effects += [told, *letters]
    apply.apply(tx, effects, bench.act(tx, f"tick:{row.key}", files=files))


def _period(facts: dict[str, Any]) -> Period:
    return Period(first=date.fromisoformat(facts["first"]), last=date.fromisoformat(facts["last"]))


def _since(tx: Session, today: date) -> Period:
    """From the day after the last pack to today; asked for twice a day, the same again."""
    last = meetings.newest(tx)
    if last is None:
        return Period(first=date(today.year, 1, 1), last=today)
    return Period(first=last.last + timedelta(days=1) if last.last < today else last.first, last=today)


def _made(tx: Session, period: Period, bench: Bench) -> tuple[fx.Note, Sequence[fx.Letter], Files]:
    from mailbot.reports import gathered, pdf, sheet  # what draws is loaded where something is drawn

    now, config = bench.clock(), bench.config
    drawn = pack.of(
        gathered.register(tx, config),
        period,
        organisation=config.organisation.name,
        made_at=now,
        before=_before(tx, config),
    )
    pages, cells = pdf.make("pack", pack.page(drawn), on=now), sheet.make(drawn)
    row = Meeting(first=period.first, last=period.last, made_at=now, pdf=pages, sheet=cells, draft=drawn.draft)
    meeting_id = meetings.add(tx, row)
    name = f"reunion-qualite-{period.last}"
    files: Files = {
        (0, "pdf"): (f"{name}.pdf", "application/pdf", pages),
        (0, "xlsx"): (f"{name}.xlsx", SHEET, cells),
    }
    letters = [_letter(meeting_id, p, drawn, tuple(files)) for p in rules.commands.meeting.of_the_meeting(config)]
    readers = ", ".join(letter.to for letter in letters)
    text = f"dossier {meeting_id}, du {period.first} au {period.last}, envoyé à {readers}"
    return fx.Note(number=None, event="meeting-pack", actor="mailbot", text=text), letters, files


def _before(tx: Session, config: Config) -> pack.Before | None:
    held = meetings.held(tx)
    if not held or held[-1].held_on is None:
        return None
    sent = held[-1].bulletin_at
    day = workdays.local_date(sent, config.workdays) if sent else None
    return pack.Before(held_on=held[-1].held_on, decisions=held[-1].decisions, bulletin_on=day)


def _letter(meeting_id: int, to: Person, drawn: pack.Pack, files: tuple[tuple[int, str], ...]) -> fx.Letter:
    addr, told = to.addresses[0].lower(), {f.rank: f.text for f in drawn.found}
    asked = Asked(register=drawn.register, period=drawn.period)
    causes, actions = pack.uncaused(asked), pack.pending(drawn.register.actions)
    facts = {
        "first_name": to.first_name,
        "first": drawn.period.first.isoformat(),
        "last": drawn.period.last.isoformat(),
        "received": told[1],
        "in_time": told[7],
        "as_promised": told[8],
        "uncaused": len(causes),
        "uncaused_list": [f"{f.number} : {pack.what(f)} ; requise parce que {f.analysis_why}" for f in causes[:SHOWN]],
        "actions": len(actions),
        "action_list": [pack.in_a_line(a, drawn.period.last) for a in actions[:SHOWN]],
        "may_send": True,
    }
    key = f"{meetings.PACK}:{meeting_id}:{addr}"
    return fx.Letter(kind=meetings.PACK, keys=(key,), to=addr, language="fr", facts=facts, attach=files)


def missing_bulletin(tx: Session, row: Due, bench: Bench) -> Sequence[fx.Effect]:
    """What is owed when the bulletin of a meeting was to have left."""
    meeting = meetings.as_meeting(tx.get_one(Meeting, int(row.facts["meeting"])), bench.config.calendar.timezone)
    today = workdays.local_date(bench.clock(), bench.config.workdays)
    return rules.commands.meeting.on_missing_bulletin(meeting, int(row.facts["round"]), today, bench.config)
