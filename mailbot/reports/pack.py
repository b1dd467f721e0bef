"""What stands in the pack of a quality meeting: the figures told, drawn and listed, no complainant named (spec §8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mailbot import workdays
from mailbot.letters.dates import in_words
from mailbot.reports import bulletin
from mailbot.reports.asked import Asked, Figure, in_time
from mailbot.reports.counted import Acted, Filed, Period, Register, pareto
from mailbot.reports.figures import figures

STATES = {"open": "ouverte", "done": "à vérifier", "effective": "efficace", "ineffective": "inefficace"}


@dataclass(frozen=True, kw_only=True)
class Before:
    """The meeting before this one."""

    held_on: date
    decisions: str
    bulletin_on: date | None


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Everything that the pages and the sheets are drawn from."""

    organisation: str
    made_on: date
    period: Period
    register: Register
    found: tuple[Figure, ...]
    last_year: tuple[Figure, ...]
    draft: str
    before: Before | None = None


def of(
    register: Register, period: Period, *, organisation: str, made_at: datetime, before: Before | None = None
) -> Pack:
    """The pack of a period."""
    found = figures(register, period)
    return Pack(
        organisation=organisation,
        made_on=workdays.local_date(made_at, register.calendar),
        period=period,
        register=register,
        found=found,
        last_year=figures(register, period.a_year_before()),
        draft=bulletin.draft(register, period, found),
        before=before,
    )


def page(pack: Pack) -> dict[str, Any]:
    """The data of pages/pack.typ."""
    period, asked = pack.period, Asked(register=pack.register, period=pack.period)
    return {
        "organisation": pack.organisation,
        "title": f"Réclamations, du {period.first:%d/%m/%Y} au {period.last:%d/%m/%Y}",
        "made_on": in_words(pack.made_on, "fr"),
        "intro": _intro(asked),
        "before": _before(pack.before),
        "figures": [_told(f, old) for f, old in zip(pack.found, pack.last_year, strict=True)],
        "charts": list(_charts(pack, asked)),
        "grave": [_grave(asked, f) for f in _graves(asked)],
        "uncaused": [_uncaused(f) for f in uncaused(asked)],
        "actions": [_action(a, period.last) for a in pending(pack.register.actions)],
        "draft": pack.draft.splitlines(),
    }


def _intro(asked: Asked) -> str:
    closed, open_ = len(asked.closed), len(asked.open)
    return (
        f"{_n(len(asked.received), 'réclamation reçue', 'réclamations reçues')}, {_n(closed, 'close', 'closes')} dans la "
        f"période, {_n(open_, 'ouverte', 'ouvertes')} à sa fin. Les exercices et les dossiers d’essai n’y sont pas. "
        "Aucun réclamant n’est nommé."
    )


def _n(n: int, one: str, several: str) -> str:
    return f"{n or 'aucune'} {several if n > 1 else one}"


def _before(before: Before | None) -> dict[str, Any] | None:
    if before is None:
        return None
    sent = f"envoyé le {in_words(before.bulletin_on, 'fr')}" if before.bulletin_on else "pas envoyé"
    lines = [line.strip(" -•") for line in before.decisions.splitlines() if line.strip(" -•")]
    return {"held_on": in_words(before.held_on, "fr"), "lines": lines, "bulletin": sent}


def _told(figure: Figure, old: Figure) -> dict[str, Any]:
    return {
        "rank": figure.rank,
        "name": figure.name,
        "text": figure.text,
        "target": figure.target,
        "formula": figure.formula,
        "met": figure.met,
        "before": old.text,
    }


def _charts(pack: Pack, asked: Asked) -> Iterable[dict[str, Any]]:
    told = {f.rank: f for f in pack.found}
    days = asked.register.calendar.days
    yield _chart("Réclamations par mois", told[1].text, told[1].rows)
    kinds = pareto(f.kind or "à préciser" for f in asked.received)
    yield _chart("Qui réclame", "par type de réclamant", [(name, n) for name, n, _ in kinds])
    delays = [(f"{name} jo", n) for name, n in told[10].rows[: 2 * days + 1]]
    more = sum(n for _, n in told[10].rows[2 * days + 1 :])
    delays += [(f"plus de {2 * days} jo", more)] if more else []
    slow = [name for name, _ in delays[days + 1 :]]
    yield _chart(
        f"Délai de réponse, face aux {days} jours ouvrés", told[10].text, delays, pale=slow,
        legend=f"Foncé : dans les {days} jours ouvrés. Clair : au-delà.",
    )  # fmt: skip
    yield _chart(
        "Réponses dans les temps",
        f"{told[7].text} dans le délai ; {told[8].text} dans l’engagement",
        _ends(asked),
        pale=["après le délai", "encore ouvertes, échues"],
    )
    yield _chart("Dates promises", told[9].text, _kept(told[9], asked), pale=["non tenues"])
    yield _chart("Motifs, du plus fréquent au plus rare", told[17].text, told[17].rows)
    causes = pareto(c for f in asked.closed for c in f.causes)
    yield _chart("Causes (5M) des dossiers analysés", told[24].text, [(name, n) for name, n, _ in causes])
    again = [row for row in told[19].rows if row[1] > 1]
    yield _chart("Formations citées deux fois ou plus", f"réclamants revenus : {told[18].text}", again)
    yield _chart(
        "Satisfaction : notes de 4 ou 5",
        told[25].text,
        told[25].rows if told[25].share and told[25].share.whole else (),
    )
    yield _chart("Âge des dossiers ouverts", told[11].text, told[11].rows if asked.open else (), pale=["plus de 15 jo"])
    yield _chart(
        "Actions correctives", told[23].text, told[23].rows if pack.register.actions else (), pale=["dont en retard"]
    )


def _chart(
    title: str, said: str, rows: Iterable[tuple[str, int]], *, pale: Iterable[str] = (), legend: str = ""
) -> dict[str, Any]:
    return {"title": title, "said": said, "rows": [list(r) for r in rows], "pale": list(pale), "legend": legend}


def _ends(asked: Asked) -> list[tuple[str, int]]:
    kept = sum(map(in_time, asked.closed))
    late = len(asked.closed) - kept
    return (
        [("dans le délai", kept), ("après le délai", late), ("encore ouvertes, échues", len(asked.overdue))]
        if asked.closed or asked.overdue
        else []
    )


def _kept(figure: Figure, asked: Asked) -> list[tuple[str, int]]:
    if not figure.share or not figure.share.whole:
        return []
    return [("tenues", figure.share.part), ("non tenues", figure.share.whole - figure.share.part)]


def _graves(asked: Asked) -> list[Filed]:
    known = {f.number: f for f in [*asked.closed, *asked.open]}
    return sorted((f for f in known.values() if f.priority in ("P1", "P2")), key=lambda f: (f.priority, f.number))


def what(f: Filed) -> str:
    """What a file is about, its theme only: of a sensitive one not even the training."""
    parts = [f.category or "sans catégorie", "" if f.sensitive else f.training]
    return ", ".join(p for p in parts if p)


def _grave(asked: Asked, f: Filed) -> dict[str, str]:
    start = f.ack_on or f.received_on
    took = f"{asked.jo(start, f.answered_on)} jo" if f.answered_on else "ouverte"
    return {
        "number": f.number, "priority": f.priority, "kind": f.kind or "–", "what": what(f), "took": took, "outcome": f.outcome or "–",
    }  # fmt: skip


def uncaused(asked: Asked) -> list[Filed]:
    """Closed by the end of the period, an analysis required and still missing: also from earlier periods."""
    last = asked.period.last
    ended = (f for f in asked.register.files if f.counts and f.closed_on and f.closed_on <= last)
    return sorted((f for f in ended if f.analysis_why and not f.analysed), key=lambda f: f.number)


def _uncaused(f: Filed) -> dict[str, str]:
    return {"number": f.number, "closed_on": f"{f.closed_on:%d/%m/%Y}", "what": what(f), "why": f.analysis_why}


def pending(actions: Iterable[Acted]) -> list[Acted]:
    """Open ones and those whose effect is still to be looked at, the most urgent first."""
    return sorted((a for a in actions if a.state in ("open", "done")), key=lambda a: (a.check_on or a.due_on, a.name))


def _action(a: Acted, last: date) -> dict[str, Any]:
    late = (a.state == "open" and a.due_on < last) or (a.check_on is not None and a.check_on < last)
    state = STATES[a.state] + (" (en retard)" if late else "")
    day = a.check_on if a.state == "done" and a.check_on else a.due_on
    return {"name": a.name, "what": a.what, "owner": a.owner, "due_on": f"{day:%d/%m/%Y}", "state": state, "late": late}


def in_a_line(a: Acted, last: date) -> str:
    """An action as a mail lists it."""
    told = _action(a, last)
    return f"{a.name} {a.what}, {a.owner}, pour le {told['due_on']} : {told['state']}"
