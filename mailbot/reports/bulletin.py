"""The bulletin after a quality meeting: a draft from the figures, and the rule that nobody is named in it (domain §7.8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mailbot.letters.dates import in_words
from mailbot.reports.asked import Figure
from mailbot.reports.counted import Acted, Period, Register, pareto

SHOWN = 5  # lines of a list


def draft(register: Register, period: Period, found: tuple[Figure, ...]) -> str:
    """What the quality manager corrects before it leaves: figures, what was understood, what changed."""
    told = {f.rank: f for f in found}
    received = [f for f in register.files if f.counts and period.holds(f.received_on)]
    by_kind = {kind: sum(f.kind == kind for f in received) for kind in ("stagiaire", "financeur", "autre")}
    kinds = ", ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in by_kind.items() if n)
    lines = [
        f"Nous avons relu les réclamations reçues du {in_words(period.first, 'fr')} au {in_words(period.last, 'fr')}.",
        "Chacune est une occasion de mieux faire.",
        "",
        "En chiffres",
        f"- {_plural(len(received), 'réclamation')}{f' ({kinds})' if kinds else ''}",
        f"- réponse en {register.calendar.days} jours ouvrés : {told[7].text}",
        f"- réponse à la date annoncée : {told[8].text}",
        "",
        "Ce qu’on nous a dit",
        *_list(f"- {name} : {n}" for name, n in told[17].rows),
        "",
        "Ce que nous avons compris",
        *_list(f"- {family} : {n}" for family, n in _causes(register, period)),
        "",
        "Ce qui a changé",
        *_list(_changed(a) for a in register.actions if a.state == "effective" and period.holds(a.checked_on)),
        "",
        "Ce que nous changeons",
        *_list(f"- {a.what} (pour le {_day(a.due_on)})" for a in register.actions if a.state == "open"),
        "",
        "Une insatisfaction entendue dans un couloir ? Transmettez-la : elle sera enregistrée comme les autres.",
    ]
    return "\n".join(lines)


def _list(lines: Iterable[str]) -> list[str]:
    found = list(lines)
    more = [f"- et {len(found) - SHOWN} de plus"] if len(found) > SHOWN else []
    return [*found[:SHOWN], *more] or ["- rien cette fois"]


def _causes(register: Register, period: Period) -> list[tuple[str, int]]:
    closed = (f for f in register.files if f.counts and period.holds(f.closed_on))
    return [(family, n) for family, n, _ in pareto(c for f in closed for c in f.causes)]


def _changed(action: Acted) -> str:
    return f"- {action.what} : l’effet est vérifié"


def _day(day: date) -> str:
    return in_words(day, "fr")


def _plural(n: int, word: str) -> str:
    return f"{n or 'aucune'} {word}{'s' if n > 1 else ''}"
