"""Our own count of working days, and our own reading of the dates that a letter prints in words."""

from __future__ import annotations

import re
from datetime import date, timedelta

_MONTHS = {
    name: month
    for names in (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "january february march april may june july august september october november december",
    )
    for month, name in enumerate(names.split(), start=1)
}
_WEEKDAYS = {
    name: day
    for names in (
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "monday tuesday wednesday thursday friday saturday sunday",
    )
    for day, name in enumerate(names.split())
}
_WORDS = re.compile(rf"({'|'.join(_WEEKDAYS)})\s+(\d{{1,2}})(?:er)?\s+({'|'.join(_MONTHS)})\s+(\d{{4}})", re.IGNORECASE)


def easter(year: int) -> date:
    """Easter Sunday by Gauss's rule as completed by Butcher."""
    century, rest = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def french_holidays(year: int) -> set[date]:
    """The eleven of Code du travail L3133-1."""
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    return {date(year, m, d) for m, d in fixed} | {easter(year) + timedelta(days=n) for n in (1, 39, 50)}


def is_working_day(day: date) -> bool:
    """Monday to Friday and no holiday."""
    return day.weekday() < 5 and day not in french_holidays(day.year)


def sixth_working_day(start: date, count: int = 6) -> date:
    """The sixth Monday-to-Friday after `start` that is no holiday."""
    day = start
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def printed_dates(text: str) -> list[date]:
    """Every « mardi 1er décembre 2026 » of a text. Raises ValueError when a weekday is not that of its date."""
    found = []
    for weekday, day, month, year in _WORDS.findall(" ".join(text.split())):
        on = date(int(year), _MONTHS[month.lower()], int(day))
        if on.weekday() != _WEEKDAYS[weekday.lower()]:
            raise ValueError(f"{weekday} {day} {month} {year}")
        found.append(on)
    return found
