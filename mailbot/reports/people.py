"""What `mailbot staff list` tells: each person, their part, and whether they exercised."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mailbot import workdays
from mailbot.complaint import OPEN
from mailbot.config import Config
from mailbot.store import ledger, questions
from mailbot.store.ledger import Session

HEADINGS = {
    "name": "nom",
    "address": "adresse",
    "roles": "rôles",
    "substitute": "remplaçant",
    "state": "état",
    "open": "dossiers",
    "practice": "exercice",
}


def rows(tx: Session, config: Config, now: datetime) -> list[dict[str, Any]]:
    """In the order of the configuration; people who left are named too, for the old files."""
    series = "essai" if ledger.mode(tx, config.mode) == "essai" else "real"
    open_ = [f.assignee for f in questions.files(tx, limit=100_000) if f.series == series and f.stage in OPEN]
    away = questions.absences(tx, workdays.local_date(now, config.workdays))
    told = []
    for person in config.staff:
        first = person.addresses[0].lower()
        number, tried = questions.practice_of(tx, first)
        told.append(
            {
                "name": person.name,
                "address": first,
                "roles": ", ".join(person.roles),
                "substitute": person.substitute,
                "state": "partie" if not person.active else "absente" if first in away else "active",
                "open": open_.count(first),
                "practice": f"{number} ({tried} essai{'s' if tried > 1 else ''})" if number else "pas encore",
            }
        )
    return told
