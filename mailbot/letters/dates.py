"""Dates and hours in words, French and English, from tables of our own: no locale speaks in a letter."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


def in_words(day: date, language: str) -> str:
    """« mardi 19 mai 2026 », « vendredi 1er mai 2026 », or "Tuesday 19 May 2026"."""
    number = "1er" if language == "fr" and day.day == 1 else str(day.day)
    return f"{DAYS[language][day.weekday()]} {number} {MONTHS[language][day.month - 1]} {day.year}"


def moment_in_words(moment: datetime, timezone: str, language: str) -> tuple[str, str]:
    """The local day and hour of an aware moment: (« lundi 11 mai 2026 », « 10 h 42 »). Raises ValueError when naive."""
    if moment.tzinfo is None:
        raise ValueError("moment sans fuseau horaire")
    local = moment.astimezone(ZoneInfo(timezone))
    hour = f"{local.hour} h {local.minute:02d}" if language == "fr" else f"{local.hour}:{local.minute:02d}"
    return in_words(local.date(), language), hour
