"""Jours ouvrés: due(ack, calendar), is_open, next_opening, explain. All arithmetic is on dates, never on hours."""

from __future__ import annotations

import sys
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from zoneinfo import ZoneInfo

from holidays.holiday_base import HolidayBase

DAY = timedelta(days=1)
LAST_SECOND = time(23, 59, 59)
REMEMBERED = 4096  # days of a calendar: the clock asks the same ones of file after file
FAR_AWAY = 400  # calendar days without one open day: the settings are wrong, not the patience

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

GOOD_FRIDAY = "Vendredi saint"
# Kept locally, in no law of that territory (Code du travail L3422-2): a working day unless declared otherwise.
_CUSTOMARY = {
    "971": frozenset({"Mi-Carême", GOOD_FRIDAY, "Fête de Victor Schoelcher"}),
    "972": frozenset({"Fête de Victor Schoelcher"}),
    "MF": frozenset({"Fête de Victor Schoelcher"}),
}


@dataclass(frozen=True)
class Territory:
    """A place with its own public holidays; `subdivision` is the code known to the `holidays` library, "" = France."""

    subdivision: str
    label: str
    aliases: tuple[str, ...] = ()


TERRITORIES: dict[str, Territory] = {
    "metropole": Territory("", "France métropolitaine", ("france", "fr")),
    "alsace": Territory("6AE", "Alsace", ("6AE", "67", "68")),  # Code du travail L3134-13
    "moselle": Territory("57", "Moselle", ("57",)),
    "guadeloupe": Territory("971", "Guadeloupe", ("971",)),
    "martinique": Territory("972", "Martinique", ("972",)),
    "guyane": Territory("973", "Guyane", ("973",)),
    "reunion": Territory("974", "La Réunion", ("974", "la reunion")),
    "saint-pierre-et-miquelon": Territory("PM", "Saint-Pierre-et-Miquelon", ("975",)),
    "mayotte": Territory("976", "Mayotte", ("976",)),
    "saint-barthelemy": Territory("BL", "Saint-Barthélemy", ("977",)),
    "saint-martin": Territory("MF", "Saint-Martin", ("978",)),  # 28 May, as celebrated since 2018
    "wallis-et-futuna": Territory("WF", "Wallis-et-Futuna", ("986",)),
    "polynesie": Territory("PF", "Polynésie française", ("987", "polynesie-francaise")),
    "nouvelle-caledonie": Territory("NC", "Nouvelle-Calédonie", ("988",)),
}


@dataclass(frozen=True)
class Closure:
    """Days on which the organisation is closed, both ends included."""

    first: date
    last: date
    label: str = ""


@dataclass(frozen=True)
class Calendar:
    """The settings that make a working day of a day (spec §4). `working_days`: Monday = 0."""

    timezone: str = "Europe/Paris"
    territory: str = "metropole"
    working_days: frozenset[int] = frozenset(range(5))
    good_friday: bool = True
    worked_holidays: frozenset[date] = frozenset()
    extra_holidays: frozenset[date] = frozenset()
    closures: tuple[Closure, ...] = ()
    days: int = 6  # length of the period, in working days


@dataclass(frozen=True)
class Due:
    """A due date and why it is that one.

    `instant` is 23:59:59 local of `on`, in UTC; `counted` ends with `on`; `skipped` are days of the working week that
    did not count, each with the name of the holiday or closure; `closures` those that fall in the period;
    `calendar_days` from the day of the acknowledgement to `on`.
    """

    on: date
    instant: datetime
    counted: tuple[date, ...]
    skipped: tuple[tuple[date, str], ...]
    closures: tuple[Closure, ...]
    calendar_days: int


def resolve_territory(name: str) -> str:
    """The key of TERRITORIES meant by a name or department number, whatever its accents and case.

    Raises ValueError (in French, listing the names) when there is none.
    """
    wanted = _plain(name)
    for key, territory in TERRITORIES.items():
        if wanted == key or wanted in map(_plain, territory.aliases):
            return key
    raise ValueError(
        f"territoire inconnu : « {name} ». Noms possibles : {', '.join(TERRITORIES)} (ou le numéro du département)."
    )


def due(ack: datetime | date, calendar: Calendar, days: int | None = None) -> Due:
    """The `days`-th working day (default: the calendar's) after the local date of `ack`, which itself does not count.

    The day of the act does not count and the last one counts whole (CPC art. 641 and 642, adopted by spec §4).
    Raises ValueError for a naive datetime, for fewer than one day, and when no day opens within 400 days.
    """
    start = local_date(ack, calendar) if isinstance(ack, datetime) else ack
    length = calendar.days if days is None else days
    if length < 1:
        raise ValueError("le délai doit compter au moins un jour ouvré.")
    counted: list[date] = []
    skipped: list[tuple[date, str]] = []
    for day, reason in _week_after(start, calendar):
        if reason:
            skipped.append((day, reason))
        else:
            counted.append(day)
        if len(counted) == length:
            break
    on = counted[-1]
    return Due(
        on=on,
        instant=at(on, LAST_SECOND, calendar),
        counted=tuple(counted),
        skipped=tuple(skipped),
        closures=tuple(c for c in calendar.closures if c.first <= on and c.last > start),
        calendar_days=(on - start).days,
    )


@lru_cache(maxsize=REMEMBERED)
def is_open(day: date, calendar: Calendar) -> bool:
    """True when the organisation works on that day."""
    return day.weekday() in calendar.working_days and not _closed_for(day, calendar)


@lru_cache(maxsize=REMEMBERED)
def add(day: date, n: int, calendar: Calendar) -> date:
    """The `n`-th working day after `day` (before it when `n` is negative; `day` itself when 0)."""
    step = DAY if n >= 0 else -DAY
    for _ in range(abs(n)):
        day = _nearest_open(day, step, calendar)
    return day


def next_open(day: date, calendar: Calendar) -> date:
    """The first working day strictly after `day`."""
    return _nearest_open(day, DAY, calendar)


def count(a: date, b: date, calendar: Calendar) -> int:
    """How many working days lie in (a, b]; 0 when `b` is not after `a`."""
    return sum(is_open(a + DAY * n, calendar) for n in range(1, (b - a).days + 1))


@lru_cache(maxsize=REMEMBERED)
def local_date(moment: datetime, calendar: Calendar) -> date:
    """The date that a wall calendar shows at `moment` in the desk's zone. Raises ValueError for a naive datetime."""
    return _local(moment, calendar).date()


@lru_cache(maxsize=REMEMBERED)
def at(day: date, time: time, calendar: Calendar) -> datetime:
    """A local wall time as UTC; one that a clock change skips moves forward, one that comes twice is the first."""
    # fold=0 reads a skipped time with the offset before the change, which is exactly "moved forward" (PEP 495).
    return datetime.combine(day, time.replace(tzinfo=None, fold=0), ZoneInfo(calendar.timezone)).astimezone(UTC)


def in_hours(moment: datetime, from_time: time, until_time: time, calendar: Calendar) -> bool:
    """True on a working day from `from_time` to just before `until_time`, local (spec §7, sending hours).

    Raises ValueError when `until_time` is not after `from_time`.
    """
    if until_time <= from_time:
        raise ValueError("l'heure de fin d'envoi doit suivre l'heure de début.")
    local = _local(moment, calendar)
    return from_time <= local.time() < until_time and is_open(local.date(), calendar)


def next_opening(moment: datetime, from_time: time, until_time: time, calendar: Calendar) -> datetime:
    """`moment` itself within sending hours, else the next time they begin; UTC."""
    if in_hours(moment, from_time, until_time, calendar):
        return moment.astimezone(UTC)
    local = _local(moment, calendar)
    if local.time() < from_time and is_open(local.date(), calendar):
        return at(local.date(), from_time, calendar)
    return at(next_open(local.date(), calendar), from_time, calendar)


def explain(due: Due) -> str:
    """One French sentence that lets anyone count again: the period, the holidays skipped and the closures."""
    start = due.on - DAY * due.calendar_days
    plural = "s" if len(due.counted) > 1 else ""
    sentence = f"{len(due.counted)} jour{plural} ouvré{plural} après le {_words(start)} : {_words(due.on)}"
    own = [(day, name) for day, name in due.skipped if not any(c.first <= day <= c.last for c in due.closures)]
    if own:
        sentence += " ; fériés ignorés : " + ", ".join(f"{_words(day)} ({name})" for day, name in own)
    if due.closures:
        sentence += " ; fermé " + ", ".join(map(_closure_words, due.closures))
    return sentence + "."


def upcoming_holidays(start: date, months: int, calendar: Calendar) -> tuple[tuple[date, str], ...]:
    """Holidays not worked from `start` for so many months (end excluded), with their French names, in order."""
    end = _months_later(start, months)
    days = (start + DAY * n for n in range((end - start).days))
    return tuple((day, name) for day in days if (name := _holiday(day, calendar)))


def _week_after(start: date, calendar: Calendar) -> Iterator[tuple[date, str]]:
    """Days of the working week after `start`, each with the reason why it does not count ("" when it does)."""
    day, patience = start, FAR_AWAY
    while patience:
        day, patience = day + DAY, patience - 1
        if day.weekday() not in calendar.working_days:
            continue
        reason = _closed_for(day, calendar)
        if not reason:
            patience = FAR_AWAY
        yield day, reason
    raise _never_open(start)


def _nearest_open(day: date, step: timedelta, calendar: Calendar) -> date:
    candidates = (day + step * n for n in range(1, FAR_AWAY + 1))
    found = next((candidate for candidate in candidates if is_open(candidate, calendar)), None)
    if found is None:
        raise _never_open(day)
    return found


def _never_open(day: date) -> ValueError:
    return ValueError(
        f"aucun jour ouvré dans les {FAR_AWAY} jours autour du {_words(day)} : "
        "vérifiez working_days, extra_holidays et closures."
    )


def _closed_for(day: date, calendar: Calendar) -> str:
    """Name of the holiday or closure that closes `day`, "" when none does."""
    closure = next((c for c in calendar.closures if c.first <= day <= c.last), None)
    return _holiday(day, calendar) or (closure.label or "fermeture" if closure else "")


def _holiday(day: date, calendar: Calendar) -> str:
    if day in calendar.extra_holidays:
        return _legal_holidays(day.year, calendar.territory, calendar.good_friday).get(day, "jour non travaillé")
    if day in calendar.worked_holidays:
        return ""
    return _legal_holidays(day.year, calendar.territory, calendar.good_friday).get(day, "")


@lru_cache(maxsize=512)
def _legal_holidays(year: int, territory: str, good_friday: bool) -> dict[date, str]:
    """Public holidays by law of one territory and year; the names do not depend on the machine's language."""
    code = TERRITORIES[resolve_territory(territory)].subdivision
    dropped = _CUSTOMARY.get(code, frozenset())
    if code in ("57", "6AE") and not good_friday:  # L3134-13: only where there is a protestant or a mixed church
        dropped |= {GOOD_FRIDAY}
    found = _france()(subdiv=code or None, years=year, language="fr")
    return {day: name for day, name in found.items() if name not in dropped}


@cache
def _france() -> type[HolidayBase]:
    """The library's France. Its package of countries, run, imports two hundred of them, a third of a second at each start: here
    it only says where its modules lie."""
    name = "holidays.countries"
    spec = find_spec(name)
    assert spec is not None
    whole = sys.modules.get(name)
    sys.modules[name] = whole or module_from_spec(spec)
    try:
        france: type[HolidayBase] = import_module(f"{name}.france").France
    finally:
        if whole is None:
            del sys.modules[name]
    return france


def _local(moment: datetime, calendar: Calendar) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("date et heure sans fuseau horaire : on ne peut pas en tirer une date locale.")
    return moment.astimezone(ZoneInfo(calendar.timezone))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _words(day: date) -> str:
    number = "1er" if day.day == 1 else str(day.day)
    return f"{_WEEKDAYS[day.weekday()]} {number} {_MONTHS[day.month - 1]} {day.year}"


def _closure_words(closure: Closure) -> str:
    label = f" ({closure.label})" if closure.label else ""
    if closure.first == closure.last:
        return f"le {_words(closure.first)}{label}"
    return f"du {_words(closure.first)} au {_words(closure.last)}{label}"


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.strip().lower())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return "-".join(bare.replace("-", " ").split())
