"""Places and dates: a calendar in which a due date can always be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from mailbot import workdays
from mailbot.config.checks.registry import reads
from mailbot.config.mistakes import Finding
from mailbot.config.records import Config

LONGEST_CLOSURE = 183  # days in a row; longer is a slip of the year, and no due date could be told


@reads()
def _places(c: Config) -> Iterator[Finding]:
    try:
        ZoneInfo(c.calendar.timezone)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; "Europe" is a folder
        zone = c.calendar.timezone
        yield Finding(("calendar", "timezone"), f"fuseau inconnu : « {zone} »", "Écrivez par exemple Europe/Paris")
    try:
        workdays.resolve_territory(c.calendar.territory)
    except ValueError:
        names = ", ".join(workdays.TERRITORIES)
        yield Finding(
            ("calendar", "territory"), f"territoire inconnu : « {c.calendar.territory} »", f"Choisissez parmi {names}"
        )


@reads()
def _week(c: Config) -> Iterator[Finding]:
    days = c.calendar.working_days
    if not days:
        yield Finding(("calendar", "working_days"), "aucun jour n’est travaillé", 'Écrivez par exemple ["mon", "tue"]')
    if len(set(days)) < len(days):
        yield Finding(("calendar", "working_days"), "un jour est écrit deux fois", "Écrivez chaque jour une fois")
    for day in sorted(set(c.calendar.worked_holidays) & set(c.calendar.extra_holidays)):
        yield Finding(
            ("calendar", "worked_holidays"),
            f"le {day:%d/%m/%Y} est aussi dans extra_holidays",
            "Gardez-le d’un seul côté",
        )


@reads("calendar.closures.first", "calendar.closures.last")
def _closures(c: Config) -> Iterator[Finding]:
    right: list[tuple[date, date, int]] = []
    for n, closure in enumerate(c.calendar.closures):
        if closure.first > closure.last:
            yield Finding(
                ("calendar", "closures", n), "cette fermeture finit avant de commencer", "Échangez first et last"
            )
        else:
            right.append((closure.first, closure.last, n))
    start = end = date.min
    for first, last, n in sorted(right):
        start, end = (start, max(end, last)) if first - timedelta(days=1) <= end else (first, last)
        if (end - start).days >= LONGEST_CLOSURE:
            days = (end - start).days + 1
            yield Finding(
                ("calendar", "closures", n),
                f"{days} jours de fermeture d’affilée",
                "Vérifiez l’année de first et de last",
            )


@reads("calendar.send_from", "calendar.send_until", "calendar.digest_at")
def _hours(c: Config) -> Iterator[Finding]:
    hours = {"send_from": c.calendar.send_from, "send_until": c.calendar.send_until, "digest_at": c.calendar.digest_at}
    zoned = [key for key, value in hours.items() if value.tzinfo]
    for key in zoned:
        yield Finding(("calendar", key), "cette heure porte un fuseau", "Écrivez l’heure locale : 08:00:00")
    if not zoned:
        yield from _order(**hours)


def _order(send_from: time, send_until: time, digest_at: time) -> Iterator[Finding]:
    if send_from >= send_until:
        yield Finding(
            ("calendar", "send_until"), "les envois finiraient avant de commencer", "send_from doit précéder send_until"
        )
    elif not send_from <= digest_at < send_until:
        yield Finding(
            ("calendar", "digest_at"),
            "le récapitulatif partirait hors des heures d’envoi",
            "Choisissez entre send_from et send_until",
        )
