"""Every figure of the quality meeting with its formula, in one place (domain §6, numbered as there).

Pure: a Register of frozen values and a period in, Figures out. Conventions of domain §6: volumes by date of reception, delays
by date of closing; R = files of nature « réclamation », exercises and essai files never; jo(a, b) = working days from a
(excluded) to b (included), d0 = the AR's day; below five cases a count, no percentage. What the register does not hold is said
to be « non mesuré », never guessed. Files closed « sans suite » have no reply: they count among the closed nowhere below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from mailbot.reports.asked import NOT_MEASURED, Asked, Figure, Made, as_promised, in_time, of, unmeasured
from mailbot.reports.counted import Filed, Period, Register, middle, number, pareto, share, span
from mailbot.rules.causes import CATEGORIES

HOUR = timedelta(hours=1)
HALF_YEAR, YEAR = timedelta(days=183), timedelta(days=365)
AGES = (("0 à 3", 0, 3), ("4 à 6", 4, 6), ("7 à 15", 7, 15), ("plus de 15", 16, 10**6))


_FIGURES: list[tuple[int, str, str, str, Callable[[Asked], Made]]] = []


def _figure(
    rank: int, name: str, formula: str, target: str = ""
) -> Callable[[Callable[[Asked], Made]], Callable[[Asked], Made]]:
    def keep(make: Callable[[Asked], Made]) -> Callable[[Asked], Made]:
        _FIGURES.append((rank, name, formula, target, make))
        return make

    return keep


def figures(register: Register, period: Period) -> tuple[Figure, ...]:
    """Every figure of domain §6 for a period, in its order."""
    asked = Asked(register=register, period=period)
    return tuple(
        Figure(rank=rank, name=name, formula=formula, target=target, **make(asked))  # type: ignore[arg-type]
        for rank, name, formula, target, make in _FIGURES
    )


@_figure(1, "Réclamations reçues", "nombre de R reçues dans la période ; autres natures à part")
def _volume(a: Asked) -> Made:
    apart = [f for f in a.register.files if not f.counts and a.period.holds(f.received_on)]
    months = _months(a.period, [f.received_on for f in a.received])
    said = f" ; à part : {', '.join(f'{n} {what}' for what, n, _ in pareto(f.nature for f in apart))}" if apart else ""
    return {"text": f"{len(a.received)}{said}", "rows": months}


def _months(period: Period, days: list[date]) -> tuple[tuple[str, int], ...]:
    rows, at = [], period.first.replace(day=1)
    while at <= period.last:
        rows.append((f"{at:%m/%Y}", sum((d.year, d.month) == (at.year, at.month) for d in days)))
        at = (at + timedelta(days=32)).replace(day=1)
    return tuple(rows)


@_figure(
    2,
    "Réclamations pour 100 stagiaires",
    "100 × R reçues / stagiaires accueillis (année rapportée à la période)",
    "tendance",
)
def _rate(a: Asked) -> Made:
    if not a.register.trainees:
        return {"text": f"{NOT_MEASURED} (meeting.trainees)"}
    welcomed = a.register.trainees * a.period.days / 365
    return {"text": f"{number(100 * len(a.received) / welcomed)} (pour {round(welcomed)} stagiaires)"}


def _ack_delays(a: Asked) -> list[timedelta]:
    return sorted(f.ack_at - f.received_at for f in a.received if f.ack_at)


@_figure(3, "Délai d’accusé de réception", "médiane, P95 et maximum de (AR accepté − réception)", "médiane < 2 min")
def _ack_delay(a: Asked) -> Made:
    delays, apart = _ack_delays(a), unmeasured(a.received, a.heard)
    if not delays:
        return {"text": f"aucun cas{apart}"}
    p95 = delays[min(len(delays) - 1, -(-95 * len(delays) // 100) - 1)]
    seconds = timedelta(seconds=median(d.total_seconds() for d in delays))
    return {
        "text": f"médiane {span(seconds)}, P95 {span(p95)}, maximum {span(delays[-1])} (n = {len(delays)}){apart}",
        "met": seconds < timedelta(minutes=2),
    }


@_figure(
    4, "Accusés en moins d’une heure", "R dont l’AR est accepté en moins de 60 min / R sans exception motivée", "≥ 99 %"
)
def _ack_in_an_hour(a: Asked) -> Made:
    asked = [f for f in a.received if not f.ack_excused]
    found = share((f.ack_at and f.ack_at - f.received_at < HOUR for f in asked), asked)
    return of(found, at_least=99, left_out=unmeasured(a.received, a.heard))


@_figure(5, "Accusés de réception", "AR acceptés / (R − exceptions motivées) ; non remis nommés", "100 %")
def _acknowledged(a: Asked) -> Made:
    asked = [f for f in a.received if not f.ack_excused]
    lost = [f.number for f in a.received if f.ack_lost]
    more = f" ; non remis : {', '.join(lost)}" if lost else ""
    found = share((f.ack_at and not f.ack_lost for f in asked), asked)
    return of(found, at_least=100, more=more, left_out=unmeasured(a.received, a.heard))


@_figure(6, "Délai d’évaluation", "médiane de jo(d0, évaluation) ; part en 1 jo au plus", "≥ 90 %")
def _assessment(a: Asked) -> Made:
    took = [a.jo(f.ack_on or f.received_on, f.assessed_on) for f in a.received if f.assessed_on]
    return of(share((t <= 1 for t in took), took), at_least=90, more=f" en 1 jo au plus ; {middle(took, 'jo')}")


@_figure(
    7, "Réponse dans les 6 jours ouvrés", "closes dont la réponse ≤ échéance / (closes + ouvertes échues)", "≥ 90 %"
)
def _six_days(a: Asked) -> Made:
    found = share((in_time(f) for f in a.told), [*a.told, *a.overdue])
    return of(found, at_least=90, left_out=unmeasured(a.closed, a.told))


@_figure(
    8,
    "Réponse dans l’engagement",
    "réponse ≤ échéance, ou ≤ butoir annoncé avant l’échéance / (closes + ouvertes hors de tout engagement)",
    "≥ 98 %",
)
def _engagement(a: Asked) -> Made:
    found = share((as_promised(f) for f in a.told), [*a.told, *a.broken])
    return of(found, at_least=98, left_out=unmeasured(a.closed, a.told))


@_figure(
    9,
    "Dates butoirs",
    "closes avec butoir / closes ; réponse ≤ dernier butoir annoncé à temps / avec butoir ; ≥ 2 butoirs",
    "tenus 100 %",
)
def _promises(a: Asked) -> Made:
    with_one = [f for f in a.followed if f.promises]
    kept = share((as_promised(f) for f in with_one), with_one)
    several = sum(len(f.promises) > 1 for f in with_one)
    used = share(with_one, a.followed)
    return of(kept, at_least=100, more=f" tenus ; recours : {used} ; plusieurs butoirs : {several}")


@_figure(10, "Délai de réponse", "médiane de jo(d0, réponse) ; jours de calendrier depuis la réception", "≤ 4 jo")
def _reply_delay(a: Asked) -> Made:
    answered = [f for f in a.closed if f.answered_on]
    took = [a.jo(f.ack_on or f.received_on, f.answered_on) for f in answered if f.answered_on]
    days = [(f.answered_on - f.received_on).days for f in answered if f.answered_on]
    rows = tuple((f"{n}", took.count(n)) for n in range(max(took) + 1)) if took else ()
    met = median(took) <= 4 if took else None
    more = f" ; en jours de calendrier : {middle(days, 'j')}" if days else ""
    return {"text": f"{middle(took, 'jo')}{more}", "met": met, "rows": rows}


@_figure(11, "Âge des dossiers ouverts", "jo(d0, fin de période) par tranches ; le plus ancien", "aucun > 15 jo")
def _ages(a: Asked) -> Made:
    ages = sorted(((a.jo(f.ack_on or f.received_on, a.period.last), f.number) for f in a.open), reverse=True)
    rows = tuple((f"{name} jo", sum(low <= age <= high for age, _ in ages)) for name, low, high in AGES)
    oldest = f" ; le plus ancien : {ages[0][1]} ({ages[0][0]} jo)" if ages else ""
    return {"text": f"{len(ages)}{oldest}", "rows": rows, "met": not rows[-1][1]}


@_figure(
    12, "Silence maximal", "plus long écart en jo entre deux lettres au réclamant, par dossier ; part ≤ 3", "100 %"
)
def _silence(a: Asked) -> Made:
    gaps = [g for f in [*a.closed, *a.open] if not f.imported and (g := _gap(a, f)) is not None]
    return of(share((g <= 3 for g in gaps), gaps), at_least=100, more=f" à 3 jo au plus ; {middle(gaps, 'jo')}")


def _gap(a: Asked, f: Filed) -> int | None:
    """Of an open file the silence goes on to the end of the period; after the reply nothing is owed."""
    end = f.answered_on or f.closed_on or a.period.last
    days = [d for d in sorted(f.told_on) if d <= end]
    return max((a.jo(x, y) for x, y in pairwise([*days, end])), default=None) if days else None


@_figure(
    13,
    "Étapes respectées",
    "closes avec évaluation, action immédiate décidée, catégorie, solution souhaitée et réponse",
    "100 %",
)
def _steps(a: Asked) -> Made:
    whole = [_complete(f) for f in a.followed]
    return of(share(whole, whole), at_least=100, left_out=unmeasured(a.closed, a.followed))


def _complete(f: Filed) -> bool:
    wish = f.wish_state in ("exprimée", "non exprimée")
    return bool(f.assessed_on and f.immediate and f.category and wish and f.answered_on)


@_figure(14, "Actions immédiates", "décidées oui ou non / R évaluées ; faites à temps", "100 %")
def _immediate(a: Asked) -> Made:
    assessed = [f for f in a.received if f.assessed_on]
    yes = sum(f.immediate == "oui" for f in assessed)
    more = f" décidées, dont {yes} oui ; faites à temps : {NOT_MEASURED}"
    return of(share((f.immediate for f in assessed), assessed), at_least=100, more=more)


@_figure(15, "Réclamations fondées", "(fondées + partielles) / (fondées + partielles + non fondées)")
def _founded(a: Asked) -> Made:
    judged = [f for f in a.closed if f.outcome]
    return of(share((f.outcome in ("fondée", "partielle") for f in judged), judged))


@_figure(16, "Solution accordée", "totale, partielle, autre, aucune, sur les solutions exprimées ; gestes en euros")
def _remedy(a: Asked) -> Made:
    asked = [f for f in a.closed if f.wish_state == "exprimée"]
    rows = tuple((what, n) for what, n, _ in pareto(f.remedy or "non dite" for f in asked))
    euros = sum(f.remedy_cents for f in a.closed) / 100
    said = ", ".join(f"{what} : {n}" for what, n in rows) or "aucun cas"
    return {"text": f"{said} (n = {len(asked)}) ; gestes : {number(euros)} €", "rows": rows}


@_figure(17, "Motifs (Pareto)", "R reçues par catégorie, cumul ; causes 5M des dossiers analysés", "la liste des 80 %")
def _categories(a: Asked) -> Made:
    rows = pareto(f.category or "sans catégorie" for f in a.received)
    total = len(a.received)
    most = [name for name, n, so_far in rows if (so_far - n) < 0.8 * total]
    text = f"{' ; '.join(most)} : 80 % des motifs" if total >= 5 else ", ".join(f"{name} : {n}" for name, n, _ in rows)
    return {"text": text or "aucun cas", "rows": tuple((name, n) for name, n, _ in rows)}


@_figure(18, "Récurrence par réclamant", "réclamants avec ≥ 2 R en 12 mois ; part des R qu’ils font")
def _same_person(a: Asked) -> Made:
    year = _since(a, YEAR)
    again = {who for who, n, _ in pareto(f.who for f in year if f.who) if n > 1}
    found = share((f.who in again for f in year), year)
    return {"text": f"{len(again)} ; leurs réclamations : {found}", "share": found}


def _since(a: Asked, back: timedelta) -> list[Filed]:
    last = a.period.last
    return [f for f in a.register.files if f.counts and last - back < f.received_on <= last]


@_figure(19, "Récurrence par formation et session", "R par formation ; sessions avec ≥ 2 R", "0 session")
def _same_training(a: Asked) -> Made:
    rows = tuple((name, n) for name, n, _ in pareto(f.training for f in a.received if f.training))
    sessions = [s for s, n, _ in pareto(f.session for f in a.received if f.session) if n > 1]
    said = ", ".join(f"{name} : {n}" for name, n in rows) or "aucune formation connue"
    return {"text": f"{said} ; sessions avec 2 R ou plus : {len(sessions)}", "rows": rows, "met": not sessions}


@_figure(20, "Récurrence par formateur", "comme 19, diffusion restreinte, n ≥ 3, jamais au bulletin")
def _same_trainer(a: Asked) -> Made:
    return {"text": f"{NOT_MEASURED} (le registre ne classe personne)"}


@_figure(21, "Caractère", "insatisfactions durables / R au caractère connu", "en baisse")
def _lasting(a: Asked) -> Made:
    known = [f for f in a.received if f.character]
    return of(share((f.character == "durable" for f in known), known), more=" durables")


@_figure(22, "Même cause malgré une action", "R après l’action faite, mêmes catégorie et formation, en 6 mois", "0")
def _despite(a: Asked) -> Made:
    again = {
        f.number
        for f in a.received
        for x in a.register.actions
        if _despite_action(f, x.done_on, x.category, x.training)
    }
    return {"text": f"{len(again)}" + (f" : {', '.join(sorted(again))}" if again else ""), "met": not again}


def _despite_action(f: Filed, done: date | None, category: str, training: str) -> bool:
    soon = done is not None and done < f.received_on <= done + HALF_YEAR
    return soon and bool(category) and f.category == category and (not training or f.training == training)


@_figure(
    23,
    "Actions correctives",
    "ouvertes, en retard, faites, vérifiées ; efficaces / (efficaces + inefficaces) ; délai médian",
    "≥ 80 %",
)
def _actions(a: Asked) -> Made:
    last = a.period.last
    known = [x for x in a.register.actions if x.decided_on <= last]
    still = [x for x in known if x.done_on is None or x.done_on > last]
    late = [x for x in still if x.due_on < last]
    judged = [x for x in known if a.period.holds(x.checked_on) and x.state in ("effective", "ineffective")]
    took = [(x.done_on - x.decided_on).days for x in known if x.done_on and a.period.holds(x.done_on)]
    found = share((x.state == "effective" for x in judged), judged)
    rows = (
        ("ouvertes", len(still)),
        ("dont en retard", len(late)),
        ("faites dans la période", len(took)),
        ("vérifiées", len(judged)),
    )
    said = ", ".join(f"{what} : {n}" for what, n in rows)
    return {
        **of(found, at_least=80),
        "text": f"{said} ; efficaces : {found} ; délai : {middle(took, 'j')}",
        "rows": rows,
    }


@_figure(24, "Causes analysées", "analyses faites / analyses requises, dossiers clos", "100 % avant la réunion")
def _analysed(a: Asked) -> Made:
    required = [f for f in a.closed if f.analysis_why]
    return of(share((f.analysed for f in required), required), at_least=100)


@_figure(
    25,
    "Satisfaction après traitement",
    "réponses / enquêtes envoyées ; moyenne, part ≥ 4 : prise en compte, action, suite",
    "≥ 80 %",
)
def _satisfaction(a: Asked) -> Made:
    asked = [f for f in a.closed if f.surveyed or f.marks]
    said = [f for f in asked if f.marks]
    happy = share((sum(f.marks) / len(f.marks) >= 4 for f in said), said)
    rows = tuple((what, sum(len(f.marks) > n and f.marks[n] >= 4 for f in said)) for n, what in enumerate(QUESTIONS))
    means = ", ".join(
        f"{what} {_mean([f.marks[n] for f in said if len(f.marks) > n])}" for n, what in enumerate(QUESTIONS)
    )
    more = f" à 4 ou plus en moyenne ; réponses : {share(said, asked)}" + (f" ; moyennes : {means}" if said else "")
    return {**of(happy, at_least=80, more=more), "rows": rows}


QUESTIONS = ("prise en compte", "action", "suite de la relation")


def _mean(marks: list[int]) -> str:
    return number(sum(marks) / len(marks)) if marks else "–"


@_figure(26, "Réouvertures", "rouvertes / closes", "< 5 %")
def _reopened(a: Asked) -> Made:
    return of(share((f.reopened for f in a.followed), a.followed), at_most=5)


@_figure(27, "Suites externes", "médiations, signalements, contentieux ouverts", "0")
def _outside(a: Asked) -> Made:
    return {"text": f"{NOT_MEASURED} (à dire en réunion)"}


@_figure(28, "Communication interne", "bulletins envoyés / réunions tenues ; jo entre les deux", "100 %, ≤ 5 jo")
def _told_inside(a: Asked) -> Made:
    held = [m for m in a.register.meetings if a.period.holds(m.held_on)]
    took = [a.jo(m.held_on, m.bulletin_on) for m in held if m.bulletin_on]
    return of(share((m.bulletin_on for m in held), held), at_least=100, more=f" ; délai : {middle(took, 'jo')}")


@_figure(29, "Charge", "dossiers ouverts par responsable ; rappels envoyés")
def _load(a: Asked) -> Made:
    rows = tuple((who, n) for who, n, _ in pareto(f.assignee for f in a.open))
    chases = sum(f.chased for f in [*a.closed, *a.open])
    held = f"{len(a.open)} ouvert{_s(a.open)}, {len(rows)} responsable{_s(rows)}"
    return {"text": f"{held} ; rappels : {chases}", "rows": rows}


def _s(several: Sequence[object]) -> str:
    return "s" if len(several) > 1 else ""


@_figure(
    30,
    "Qualité du robot",
    "messages illisibles ; faux indésirables ; AR tardifs ; part de la catégorie « Autre »",
    "« Autre » < 10 %",
)
def _robot(a: Asked) -> Made:
    late = sum(d >= HOUR for d in _ack_delays(a))
    known = [f for f in a.received if f.category]
    other = share((f.category == CATEGORIES["AUT"] for f in known), known)
    unreadable, released = (sum(map(a.period.holds, days)) for days in (a.register.unreadable, a.register.released))
    said = f"illisibles : {unreadable} ; indésirables à tort : {released} ; AR tardifs : {late}"
    return {**of(other, at_most=10), "text": f"{said} ; « Autre » : {other} ; disponibilité : {NOT_MEASURED}"}
