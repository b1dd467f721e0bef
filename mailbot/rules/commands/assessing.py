"""#évaluer: scores, immediate action, character and category are read; priority and the need of an analysis follow (spec §5, §8)."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Any

from mailbot import complaint, workdays
from mailbot.effects import Change, Effect, Letter
from mailbot.reading import fold
from mailbot.rules import actions, causes, relation
from mailbot.rules.commands import telling
from mailbot.rules.commands.order import Order

SCORES = {
    "gravite": "gravity",
    "g": "gravity",
    "complexite": "complexity",
    "c": "complexity",
    "repercussions": "repercussions",
}
SCORES |= {"repercussion": "repercussions", "r": "repercussions"}
LABELS = {"gravity": "gravité", "complexity": "complexité", "repercussions": "répercussions"}
ASKED = ("quoi", "qui", "quand")  # of an immediate action
LABELLED = {*SCORES, *ASKED, "caractere", "categorie"}
SHORT = re.compile(r"(?<![^\W\d_])([GCR])[ \u00a0]?[:=]?[ \u00a0]?([1-4])(?!\d)", re.I)  # G3 C2 R2, G:3, G3C2R2
SPACE = "[ \u00a0\u202f]{0,3}"
IMMEDIATE = re.compile(rf"\bimm[eé]diate?s?{SPACE}[:=]?{SPACE}(oui|non)\b", re.I)
PRIORITY = {  # gravité × répercussions (domain §5.2)
    1: ("P4", "P4", "P3", "P2"),
    2: ("P4", "P3", "P2", "P1"),
    3: ("P3", "P2", "P1", "P1"),
    4: ("P1", "P1", "P1", "P1"),
}
LEVELS = ("P1", "P2", "P3", "P4")


def assessment(text: str) -> dict[str, Any]:
    """Scores 1–4, immediate action, character and category from form lines or « G3 C2 R2 immédiat:non »."""
    found: dict[str, Any] = {}
    for line in text.splitlines()[:60]:
        key, colon, value = line.partition(":")
        name = SCORES.get(fold(key).strip())
        digit = value.strip()[:1]
        if colon and name and digit in "1234" and digit:
            found[name] = int(digit)
        elif colon:
            found |= _other_line(fold(key).strip(), value.strip())
    found = _short(text[:4000]) | found
    what = {k: v for line in text.splitlines()[:60] for k, v in [_keyed(line)] if k in ASKED and v}
    if what and found.get("immediate") == "oui" and not found.get("immediate_what"):
        found["immediate_what"] = " ; ".join(what[k] for k in ASKED if k in what)[:500]
    return found


def _short(text: str) -> dict[str, Any]:
    """« G3 C2 R2 immédiat:oui, Bo appelle lundi »: what follows the decision is who, what and when."""
    decided = IMMEDIATE.search(text)
    before, after = (text[: decided.start()], text[decided.end() :]) if decided else (text, "")
    found: dict[str, Any] = {}
    for score in [*SHORT.finditer(before), *_leading(after)]:
        found.setdefault(SCORES[score[1].lower()], int(score[2]))
    if decided:
        found |= {"immediate": decided[1].lower(), "immediate_what": _what(after)}
    return found


def _what(text: str) -> str:
    """Who, what and when: after the scores that may stand first, to the next blank line or labelled one."""
    scores = _leading(text)
    first, *more = text[scores[-1].end() if scores else 0 :].splitlines() or [""]
    lines = [first, *takewhile(lambda line: line.strip() and _keyed(line)[0] not in LABELLED, more)]
    return " ".join(" ".join(lines).split()).strip(" ,:;.–-")[:500]


def _leading(text: str) -> list[re.Match[str]]:
    """The scores at the very beginning of a text; those further on may be the name of a room."""
    found: list[re.Match[str]] = []
    for score in SHORT.finditer(text):
        if text[found[-1].end() if found else 0 : score.start()].strip(" ,;/\u00a0"):
            break
        found.append(score)
    return found


def _keyed(line: str) -> tuple[str, str]:
    key, _, value = line.partition(":")
    return fold(key).strip(), value.strip()


def _other_line(key: str, value: str) -> dict[str, Any]:
    words = fold(value)
    if key.startswith(("action immediate", "immediat")):
        decided = "oui" if words.startswith("oui") else "non" if words.startswith("non") else ""
        return {"immediate": decided, "immediate_what": _what(value[3:])} if decided else {}
    if key.startswith("caractere") and words:
        return {"character": "durable" if "durable" in words else "exceptionnel" if "exceptionnel" in words else ""}
    if key.startswith("categorie") and value:
        return {"category": causes.category(value)}
    return {}


def priority(gravity: int, repercussions: int, raised: list[str]) -> tuple[str, str]:
    """(P1–P4, why in French). Reasons raise it by one level, never lower it (domain §5.2)."""
    base = PRIORITY[gravity][repercussions - 1]
    why = f"gravité {gravity}, répercussions {repercussions}"
    if not raised or base == "P1":
        return base, why
    return LEVELS[LEVELS.index(base) - 1], f"{why} ; relevée : {', '.join(raised)}"


def _assess(order: Order) -> list[Effect]:
    case = order.file
    found = assessment(f"{order.command.argument}\n\n{order.reading.new_text}")
    missing = [LABELS[n] for n in LABELS if n not in found]
    if "immediate" not in found:
        missing.append("action immédiate (oui ou non)")
    elif found["immediate"] == "oui" and not found.get("immediate_what"):
        missing.append("l’action immédiate : quoi, qui, pour quand")
    if missing:
        return telling.refuse(order, f"il manque : {', '.join(missing)}. Rien n’est enregistré")
    level, why = priority(found["gravity"], found["repercussions"], _raised(order))
    stage, _ = complaint.after(case.stage, "évaluer")
    fields = {**found, "priority": level, "priority_why": why, "stage": stage}
    fields |= {"assessed_at": order.desk.now, "assessed_by": order.me}
    analysis = _analysis(order, {**found, "priority": level})
    fields["analysis_why"] = analysis
    done = [f"priorité {level} ({why})", f"action immédiate : {found['immediate']}", _character(found)]
    done += [f"analyse des causes requise parce que : {analysis}"] if analysis else []
    return [
        Change(number=case.number, fields=fields),
        *_asked_to_analyse(order, analysis),
        telling.confirm(
            order, f"évaluation du dossier {case.number}", done, offers=("cause", "action") if analysis else ()
        ),
    ]


def _character(found: dict[str, Any]) -> str:
    said = found.get("character")
    return f"caractère : {said}" if said else "caractère non dit : exceptionnel, ou insatisfaction durable ?"


def _analysis(order: Order, found: dict[str, Any]) -> str:
    case = order.file
    return causes.required(
        priority=found["priority"],
        gravity=found["gravity"],
        category=found.get("category") or case.category,
        training=case.training,
        received_on=workdays.local_date(case.received_at, order.config.workdays),
        alike=order.desk.alike,
        rule=order.config.quality,
    )


def _asked_to_analyse(order: Order, why: str) -> list[Effect]:
    """Said to the assignee, who may not be the one who assessed."""
    case, person = order.file, order.config.person(order.file.assignee)
    if not why or case.analysed_at or person is None or case.assignee == order.me:
        return []
    facts = actions.told_of(case, person, "analyse", "", "", None) | {"why": why}
    key = f"analysis:{case.number}:{order.desk.incoming.id}"
    return [Letter(kind="action", keys=(key,), to=case.assignee, language="fr", facts=facts, number=case.number)]


def _raised(order: Order) -> list[str]:
    case = order.file
    reasons = []
    if case.deadline is not None and case.due_on is not None and case.deadline <= case.due_on:
        reasons.append("le réclamant a une échéance dans le délai")
    received_on = workdays.local_date(case.received_at, order.config.workdays)
    beside = relation.same_session(order.desk.alike, case.session, received_on)
    if beside:
        reasons.append(f"même session que {', '.join(beside)}")
    families = {family for family, _ in case.alerts} | {kind for _, kind, _ in case.amplified}
    for family, words in (
        ("mineur", "mineur"),
        ("handicap", "handicap"),
        ("juridique", "suite juridique annoncée"),
        ("presse", "presse"),
    ):
        if family in families:
            reasons.append(words)
    return reasons


FAMILY = {"évaluer": _assess}
