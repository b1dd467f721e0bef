"""What the clock owes on a file: chases to staff, news to the complainant, the survey (spec §7). Dates, never hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mailbot import workdays
from mailbot.desk import Case

USUAL = time(10)  # « no hour given » (spec §7)
DUE_MORNING = time(9)
DUE_AFTERNOON = time(14)
HOUR = timedelta(hours=1)

ASSIGNEE, QUALITY, DIRECTION, COMPLAINANT = ROLES = ("assignee", "quality", "direction", "complainant")
OPEN = frozenset({"received", "acknowledged", "assessed", "treatment", "waiting", "committed", "closing"})
ARRIVED = frozenset(
    {"accepted", "uncertain"}
)  # of an AR that came back staff was told to call: more mail would not help
NOT_YET = frozenset({"owed", "refused"})  # no AR in this cycle: an `ack_at` is that of an earlier one

SILENT = 3  # working days without a letter before news are owed
SILENT_P1 = 1
REMIND_AFTER = 3
SURVEY_AFTER = 3
COMPLETE_EVERY = 3

# Weak to strong: of one day's steps for one file the last of these gives the letter its name.
STRENGTH = (
    "commit-3", "commit-1", "missing-assessment", "unassessed-1", "j1", "daily", "unassessed-2", "j3", "unassessed-3",
    "answer-or-commit", "j5", "due-morning", "commit-0", "due-afternoon", "overdue",
)  # fmt: skip

Row = tuple[int, str, tuple[str, ...], str]  # J+n, name, roles, what is awaited

UNASSESSED: tuple[Row, ...] = (
    (1, "unassessed-1", (ASSIGNEE,), "assess"),
    (2, "unassessed-2", (QUALITY,), "assess"),
    (3, "unassessed-3", (DIRECTION,), "assess"),
)
_J4: Row = (4, "answer-or-commit", (ASSIGNEE,), "answer-or-commit")
_J5: Row = (5, "j5", (ASSIGNEE, QUALITY), "answer-or-commit")
ANSWER: dict[str, tuple[Row, ...]] = {
    "P1": (
        (4, "answer-or-commit", (ASSIGNEE, DIRECTION), "answer-or-commit"),
        (5, "j5", (ASSIGNEE, DIRECTION), "answer-or-commit"),
    ),
    "P2": (
        (1, "j1", (ASSIGNEE,), "treat"),
        (3, "j3", (ASSIGNEE, QUALITY), "treat"),
        _J4,
        (5, "j5", (ASSIGNEE, DIRECTION), "answer-or-commit"),
    ),
    "P3": ((3, "j3", (ASSIGNEE,), "treat"), _J4, _J5),
    "P4": (_J4, _J5),  # its own J+4 and the question of J+4 are one letter
    "": (_J4, _J5),  # a file that nobody assessed must be answered all the same
}


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Sending hours, local, on working days: from `send_from` to just before `send_until` (spec §7)."""

    send_from: time
    send_until: time


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing the clock owes on a file.

    `name` is unique within file and cycle; a step that may come again carries, after a colon, the ISO date it is about:
    the day itself (daily, overdue, progress, missing-assessment), the date promised (due-…, commit-…, late) or the day
    the question was asked (waiting-reminder). `at` is the UTC instant at which it is owed.
    """

    kind: str  # chase | progress | late | waiting-reminder | survey
    name: str
    at: datetime
    roles: tuple[str, ...]  # assignee | quality | direction | complainant
    asks: str  # assess | treat | answer-or-commit | answer-today | answer-overdue | keep-commitment | complete | ""


@dataclass(frozen=True)
class _Wall:
    """The wall calendar and the sending hours: what turns J+n into an instant at which a letter may leave."""

    calendar: workdays.Calendar
    hours: Hours

    def day(self, moment: datetime) -> date:
        return workdays.local_date(moment, self.calendar)

    def after(self, moment: datetime | date, n: int) -> date:
        """The n-th working day after a day, or after the local date of an instant."""
        day = self.day(moment) if isinstance(moment, datetime) else moment
        return workdays.add(day, n, self.calendar)

    def at(self, day: date, hour: time = USUAL) -> datetime:
        """That hour of that day; before the opening it waits for it, past the end it comes an hour before the end."""
        opening, end = (datetime.combine(day, t) for t in (self.hours.send_from, self.hours.send_until))
        wanted = datetime.combine(day, hour)
        kept = max(opening, end - HOUR if wanted >= end else wanted)
        return workdays.at(day, kept.time(), self.calendar)

    def works(self, day: date) -> bool:
        return workdays.is_open(day, self.calendar)

    def sends(self, moment: datetime) -> bool:
        return workdays.in_hours(moment, self.hours.send_from, self.hours.send_until, self.calendar)

    def chase(self, row: Row, day: date, hour: time = USUAL, *, about: date | None = None) -> Step:
        _, name, roles, asks = row
        dated = f"{name}:{about.isoformat()}" if about else name
        return Step(kind="chase", name=dated, at=self.at(day, hour), roles=roles, asks=asks)

    def letter(self, kind: str, day: date, *, about: date | None = None) -> Step:
        dated = f"{kind}:{about.isoformat()}" if about else kind
        return Step(kind=kind, name=dated, at=self.at(day), roles=(COMPLAINANT,), asks="")


def steps(case: Case, calendar: workdays.Calendar, hours: Hours) -> tuple[Step, ...]:
    """Every step of this cycle that has one fixed instant as the file stands now, written or not, in order.

    Left out: what comes back each day or every few days (P1 and overdue chases, a missing assessment). The sentence of
    lateness stands at its earliest instant, the working day after the date promised.
    """
    wall = _Wall(calendar, hours)
    found = [*_fixed_chases(case, wall), *(_fixed_letters(case, wall) if _may_be_written_to(case) else ())]
    return tuple(sorted(found, key=lambda s: (s.at, _strength(s))))


def owed(
    case: Case, now: datetime, calendar: workdays.Calendar, hours: Hours, done: frozenset[str]
) -> tuple[Step, ...]:
    """What must leave at `now`: at most one chase (roles merged) and one letter to the complainant; () outside hours.

    `done`: names of the steps already written in this cycle. A chase missed is written once, late: under the name of
    the latest and strongest of those missed, together with the day's own when one is still to come.
    Raises ValueError for a naive `now`.
    """
    wall = _Wall(calendar, hours)
    if not wall.sends(now):
        return ()
    found = (_chase_owed(case, now, wall, done), _letter_owed(case, now, wall, done))
    return tuple(step for step in found if step)


def next_look(
    case: Case, now: datetime, calendar: workdays.Calendar, hours: Hours, done: frozenset[str]
) -> datetime | None:
    """The first instant after `now`, within sending hours, at which something will be owed if nothing else happens.

    None when the file needs nothing more. Whatever changes the file or `done` makes it worth asking again.
    """
    wall = _Wall(calendar, hours)
    if case.stage not in OPEN and case.stage != "closed":
        return None
    looks = (look for day in _days_ahead(case, now, wall) for look in _looks(day, wall) if look > now)
    return next((look for look in looks if owed(case, look, calendar, hours, done)), None)


def _days_ahead(case: Case, now: datetime, wall: _Wall) -> Iterator[date]:
    """Working days from today to a few past the last fixed step: by then the repeated ones have shown themselves."""
    today = wall.day(now)
    fixed = [s.at for s in steps(case, wall.calendar, wall.hours)]
    # Assessed by a clock that was ahead, perhaps: P1 is chased from then on.
    assessed = [case.assessed_at] if case.assessed_at else []
    last = max([today, *(wall.day(at) for at in (*fixed, *assessed))])
    end = workdays.add(last, COMPLETE_EVERY + 1, wall.calendar)
    return (day for n in range((end - today).days + 1) if wall.works(day := today + workdays.DAY * n))


def _looks(day: date, wall: _Wall) -> list[datetime]:
    """The instants of a day at which anything can become owed: the opening, for what was missed, and the hours of the table."""
    return sorted({wall.at(day, hour) for hour in (wall.hours.send_from, DUE_MORNING, USUAL, DUE_AFTERNOON)})


# -- staff -----------------------------------------------------------------------------------------


def _chase_owed(case: Case, now: datetime, wall: _Wall, done: frozenset[str]) -> Step | None:
    today = wall.day(now)
    known = [s for s in _chases(case, today, wall) if wall.day(s.at) <= today]
    written = max((_rank(s, wall) for s in known if s.name in done), default=(date.min, 0))
    missing = [s for s in known if _rank(s, wall) > written]
    # Steps of one day are one letter: it leaves at the hour of the first, and what was missed waits for it.
    start = min((s.at for s in missing if wall.day(s.at) == today), default=now)
    ready = [s for s in missing if s.at <= now or (start <= now and not _is(s, "due-afternoon"))]
    if start > now or not ready:
        return None
    roles = {role for s in ready for role in s.roles}
    return replace(max(ready, key=lambda s: _rank(s, wall)), roles=tuple(r for r in ROLES if r in roles))


def _chases(case: Case, today: date, wall: _Wall) -> list[Step]:
    """Chases that still have a point on that day."""
    if case.stage == "closed":
        return list(_missing_assessment(case, today, wall))
    promised = _promised(case)
    fixed = [s for s in _fixed_chases(case, wall) if _has_a_point(s, today, promised, wall)]
    return [*fixed, *_daily(case, today, wall)]


def _has_a_point(step: Step, today: date, promised: date | None, wall: _Wall) -> bool:
    """« N days left » and « today » are true on their day only; past the date promised only lateness is left to chase."""
    if step.asks in ("answer-today", "keep-commitment"):
        return wall.day(step.at) == today
    return step.asks == "assess" or promised is None or today <= promised


def _fixed_chases(case: Case, wall: _Wall) -> list[Step]:
    if case.stage not in OPEN:
        return []
    found = [] if case.assessed_at else [wall.chase(r, wall.after(_start(case, wall), r[0])) for r in UNASSESSED]
    if _answered(case, wall):
        return found
    return [*found, *(_commitment(case, wall) if case.committed_on else _answer(case, wall)), *_due_day(case, wall)]


def _answer(case: Case, wall: _Wall) -> Iterator[Step]:
    """The rows of the priority; what was due before the assessment was said otherwise."""
    rows = ANSWER.get(case.priority, ANSWER["P3"]) if case.assessed_at else ANSWER[""]
    for row in rows:
        step = wall.chase(row, wall.after(_start(case, wall), row[0]))
        early = case.assessed_at is not None and step.at <= case.assessed_at
        idle = case.stage == "waiting" and row[1] != "answer-or-commit"
        if not (early or idle or (case.due_on and wall.day(step.at) >= case.due_on)):
            yield step


def _commitment(case: Case, wall: _Wall) -> Iterator[Step]:
    """Three working days before and the day before; not what was past when a human last wrote, to commit or since."""
    assert case.committed_on is not None
    for n in (3, 1):
        row: Row = (n, f"commit-{n}", (ASSIGNEE,), "keep-commitment")
        step = wall.chase(row, workdays.add(case.committed_on, -n, wall.calendar), about=case.committed_on)
        if not case.human_told_at or step.at > case.human_told_at:
            yield step


def _due_day(case: Case, wall: _Wall) -> Iterator[Step]:
    """09:00, and 14:00 with direction; on a date committed to, the morning's is day 0 of the commitment."""
    day = _promised(case)
    if day is None or not wall.works(day):
        return
    name, asks = ("commit-0", "keep-commitment") if case.committed_on else ("due-morning", "answer-today")
    yield wall.chase((0, name, (ASSIGNEE,), asks), day, DUE_MORNING, about=day)
    yield wall.chase((0, "due-afternoon", (ASSIGNEE, DIRECTION), "answer-today"), day, DUE_AFTERNOON, about=day)


def _daily(case: Case, today: date, wall: _Wall) -> Iterator[Step]:
    """Overdue, or P1 from J+1: each day has its own, so yesterday's is never made up for."""
    if case.stage not in OPEN or _answered(case, wall) or not wall.works(today):
        return
    if _overdue(case, today):
        yield wall.chase((0, "overdue", (ASSIGNEE, DIRECTION), "answer-overdue"), today, about=today)
    elif case.assessed_at and case.priority == "P1" and case.stage != "waiting" and not case.committed_on:
        step = wall.chase((0, "daily", (ASSIGNEE, DIRECTION), "treat"), today, about=today)
        if today >= wall.after(_start(case, wall), 1) and step.at > case.assessed_at:
            yield step


def _missing_assessment(case: Case, today: date, wall: _Wall) -> Iterator[Step]:
    """Assessment or cause: the latest of the working day after closing, then every third one, until both are there."""
    if (case.assessed_at and not case.lacks_cause) or not case.closed_at or case.closed_elsewhere:
        return
    gone = workdays.count(wall.day(case.closed_at), today, wall.calendar)
    if gone:
        day = wall.after(case.closed_at, gone - (gone - 1) % COMPLETE_EVERY)
        yield wall.chase((1, "missing-assessment", (ASSIGNEE,), "complete"), day, about=day)


# -- the complainant -------------------------------------------------------------------------------


def _letter_owed(case: Case, now: datetime, wall: _Wall, done: frozenset[str]) -> Step | None:
    today = wall.day(now)
    wrote_today = case.human_told_at is not None and wall.day(case.human_told_at) == today
    if wrote_today or not _may_be_written_to(case):
        return None
    step = _letter(case, today, wall, done)
    return step if step and step.at <= now and step.name not in done else None


def _letter(case: Case, today: date, wall: _Wall, done: frozenset[str]) -> Step | None:
    """The one letter that this file may owe its complainant, at whatever instant."""
    if case.stage == "closed":
        return _survey(case, wall)
    if case.stage not in OPEN or _answered(case, wall):
        return None
    if _overdue(case, today):
        return _late(case, wall, done)
    if case.stage == "waiting":
        return _reminder(case, wall)
    # « due today: – »: either the answer leaves today, or tomorrow's sentence says that it did not.
    return None if today == _promised(case) else _progress(case, wall)


def _fixed_letters(case: Case, wall: _Wall) -> Iterator[Step]:
    promised = _promised(case)
    news = _survey(case, wall) if case.stage == "closed" else None
    if case.stage in OPEN and not _answered(case, wall):
        news = _reminder(case, wall) if case.stage == "waiting" else _progress(case, wall)
        if promised:
            yield wall.letter("late", workdays.next_open(promised, wall.calendar), about=promised)
    if news and (news.kind != "progress" or promised is None or wall.day(news.at) < promised):
        yield news


def _may_be_written_to(case: Case) -> bool:
    """Whether the clock may start a letter: an address, an AR that arrived, no `#silence`, no closing under way."""
    reached = case.ack_state in ARRIVED and case.complainant_addr and not case.no_ack
    return bool(reached and not case.silenced and case.stage != "closing")


def _progress(case: Case, wall: _Wall) -> Step | None:
    told = [moment for moment in (case.told_at, case.ack_at) if moment]
    if not told:
        return None
    grave = case.priority == "P1" if case.assessed_at else case.urgent
    day = wall.after(max(told), SILENT_P1 if grave and not case.committed_on else SILENT)
    return wall.letter("progress", day, about=day)


def _reminder(case: Case, wall: _Wall) -> Step | None:
    """One for each question: counted from it, or from what the complainant was told since."""
    if not case.waiting_since:
        return None
    asked = max(case.waiting_since, case.told_at or case.waiting_since)
    day = wall.after(asked, REMIND_AFTER)
    return wall.letter("waiting-reminder", day, about=wall.day(case.waiting_since))


def _late(case: Case, wall: _Wall, done: frozenset[str]) -> Step | None:
    """The sentence of lateness: the working day after the date promised, and after staff was asked for the answer."""
    promised = _promised(case)
    assert promised is not None
    asked = _asked_on(promised, done)
    return wall.letter("late", workdays.next_open(asked, wall.calendar), about=promised) if asked else None


def _asked_on(promised: date, done: frozenset[str]) -> date | None:
    """The day staff was first asked for what was promised that day, None when it never was."""
    if any(f"{name}:{promised.isoformat()}" in done for name in ("due-morning", "commit-0", "due-afternoon")):
        return promised
    days = (date.fromisoformat(name.removeprefix("overdue:")) for name in done if name.startswith("overdue:"))
    return min((day for day in days if day > promised), default=None)


def _survey(case: Case, wall: _Wall) -> Step | None:
    """Not for a sensitive file, nor while its complainant asks to have it opened again."""
    if case.sensitive or not case.closed_at:
        return None
    if case.reopen_asked_at and case.reopen_asked_at >= case.closed_at:
        return None
    return wall.letter("survey", wall.after(case.closed_at, SURVEY_AFTER))


# -- what a file says ------------------------------------------------------------------------------


def _start(case: Case, wall: _Wall) -> date:
    """J: the cycle's AR, or reception when none was ever accepted; a reopened file has only its new due date to tell."""
    if case.ack_at and case.ack_state not in NOT_YET:
        return wall.day(case.ack_at)
    if case.cycle > 1 and case.due_on:
        return wall.after(case.due_on, -wall.calendar.days)
    return wall.day(case.received_at)


def _promised(case: Case) -> date | None:
    """The date tracked: the commitment once there is one, else the due date."""
    return case.committed_on or case.due_on


def _overdue(case: Case, today: date) -> bool:
    promised = _promised(case)
    return promised is not None and today > promised


def _answered(case: Case, wall: _Wall) -> bool:
    """An argued reply was accepted in this cycle."""
    return case.answered_at is not None and wall.day(case.answered_at) >= _start(case, wall)


def _is(step: Step, name: str) -> bool:
    return step.name.partition(":")[0] == name


def _strength(step: Step) -> int:
    name = step.name.partition(":")[0]
    return STRENGTH.index(name) if name in STRENGTH else -1


def _rank(step: Step, wall: _Wall) -> tuple[date, int]:
    return wall.day(step.at), _strength(step)
