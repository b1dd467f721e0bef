"""Commands about what a file is: duplicate, linked, split, out of scope, withdrawn, no answer, complaint after all, reopened."""

from __future__ import annotations

from typing import Any

from mailbot import complaint
from mailbot.config import Person
from mailbot.effects import Change, Effect, Letter
from mailbot.rules.commands import answering, telling
from mailbot.rules.commands.order import Order
from mailbot.rules.returning import reopened

NATURES = {
    "doublon": "doublon",
    "hors-périmètre": "hors périmètre",
    "difficulté": "difficulté",
    "aléa": "aléa",
    "information": "information",
    "sans-suite": "sans suite",
    "retrait": "retirée",
}


def _reclassify(order: Order) -> list[Effect]:
    """The file keeps its number with its new nature; the complainant gets the body, or a default letter (spec §3, §6)."""
    case, tag = order.file, order.tag.name
    if case.stage == "out-of-scope" and case.nature == NATURES[tag]:
        return telling.refuse(order, complaint.REFUSALS["!already"])
    if tag == "retrait" and case.gravity == 4 and "direction" not in order.person.roles:
        return _ask_direction(order)
    if not order.answer.sure:
        halt = answering.stopped(order)
        if halt is not None:
            return halt
    stage, _ = complaint.after(case.stage, tag)
    fields: dict[str, Any] = {"stage": stage, "closed_at": order.desk.now}
    if tag != "sans-suite":  # still a complaint, whose author no longer answers
        fields["nature"] = NATURES[tag]
    effects: list[Effect] = [Change(number=case.number, fields=fields)]
    return [*effects, *_told(order, NATURES[tag], extra={})]


def _ask_direction(order: Order) -> list[Effect]:
    """At gravité 4 only direction's own command moves the file (spec §5)."""
    case, people = order.file, order.config.people_with("direction")
    told = [p for p in people if not {a.lower() for a in p.addresses} & set(case.staff_named)]
    if not told:
        return telling.refuse(order, "gravité 4 : c’est la direction qui décide d’un retrait, et personne n’a ce rôle")
    done = [f"gravité 4 : {', '.join(p.name for p in told)} décide ; rien n’a changé"]
    return [
        *(_proposal(order, p) for p in told),
        telling.confirm(order, f"{case.number} : retrait proposé à la direction", done),
    ]


def _proposal(order: Order, to: Person) -> Letter:
    case, addr = order.file, to.addresses[0].lower()
    shown = not case.sensitive or addr == case.assignee
    facts = {
        "number": case.number,
        "first_name": to.first_name,
        "why": f"{order.person.name} propose un retrait, et la gravité est de 4",
        "text": order.written.text if shown else "",
        "shown": shown,
    }
    key = f"withdrawal-proposal:{order.desk.incoming.id}:{addr}"
    return Letter(kind="withdrawal-proposal", keys=(key,), to=addr, language="fr", facts=facts, number=case.number)


def _told(order: Order, words: str, *, extra: dict[str, Any], undo: dict[str, Any] | None = None) -> list[Effect]:
    case, text = order.file, order.answer.text
    done = ["le dossier est clos sans suite"]
    if order.tag.name != "sans-suite":
        done = [f"le dossier garde son numéro, avec sa nouvelle nature : {words}"]
    if not case.complainant_addr or case.no_ack:
        return [
            telling.confirm(order, f"{case.number} : {words}", [*done, "rien ne part : ce réclamant n’a pas d’adresse"])
        ]
    facts = {
        "nature": order.tag.name,
        "text": text,
        "kept_number": "",
        "files": answering.names(order.answer.files),
        **extra,
    }
    letter = answering.to_complainant(order, "nature", facts, undo=answering.before(order) | (undo or {}))
    return [
        letter,
        telling.confirm(
            order,
            f"{case.number} : {words}",
            [*done, f"le réclamant en est informé ({'votre texte' if text else 'lettre habituelle'})"],
            leaves_text=text,
            files=answering.names(order.answer.files),
            to=case.complainant_addr,
            leaves_at=letter.not_before,
        ),
    ]


def _duplicate(order: Order) -> list[Effect]:
    """Same complainant only: letters and replies to the old number go to the kept file; the earlier due date stands (spec §5)."""
    case, kept = order.file, order.desk.target
    if kept is None or kept.number == case.number:
        return telling.refuse(order, "de quel dossier est-ce le doublon ? #doublon REC-2026-0001")
    if kept.stage == "duplicate":
        return telling.refuse(order, f"{kept.number} est lui-même un doublon : #doublon {kept.linked_to}")
    if kept.complainant_addr != case.complainant_addr:
        return telling.refuse(order, f"{kept.number} est d’un autre réclamant : employez #lier {kept.number}")
    halt = None if order.answer.sure else answering.stopped(order)
    if halt is not None:
        return halt
    due = min(d for d in (case.due_on, kept.due_on) if d) if case.due_on or kept.due_on else None
    promised = {kept.number: kept.due_on.isoformat() if kept.due_on else None}
    fields = {"stage": "duplicate", "nature": "doublon", "linked_to": kept.number, "closed_at": order.desk.now}
    return [
        Change(number=case.number, fields=fields),
        Change(number=kept.number, fields={"due_on": due}),
        *_told(order, f"doublon de {kept.number}", extra={"kept_number": kept.number}, undo={"kept": promised}),
    ]


def _link(order: Order) -> list[Effect]:
    other = order.desk.target
    if other is None or other.number == order.file.number:
        return telling.refuse(order, "à quel dossier le lier ? #lier REC-2026-0001")
    done = ["chacun garde son accusé, son échéance et sa réponse"]
    return [
        Change(number=order.file.number, fields={"linked_to": other.number}),
        telling.confirm(order, f"{order.file.number} lié à {other.number}", done),
    ]


def _split(order: Order) -> list[Effect]:
    """Several complaints in one mail: the shell opens one file more from the first mail (see corridor)."""
    done = [f"un dossier de plus est ouvert, lié à {order.file.number} ; le réclamant en reçoit l’accusé"]
    return [telling.confirm(order, f"scinder {order.file.number}", done)]


def _complaint_after_all(order: Order) -> list[Effect]:
    case = order.file
    if case.stage in complaint.OPEN:
        done = ["la nature est « réclamation »"]
        return [
            Change(number=case.number, fields={"nature": "réclamation"}),
            telling.confirm(order, f"{case.number} : réclamation", done),
        ]
    return _reopen(order)


def _reopen(order: Order) -> list[Effect]:
    """New AR, new six days, same number, next cycle (spec §5)."""
    return [
        *reopened(order.file, order.desk.now, order.config, who=order.me),
        telling.confirm(order, f"rouvrir {order.file.number}", ["nouvel accusé, nouveau délai"]),
    ]


FAMILY = {
    **dict.fromkeys(("hors-périmètre", "difficulté", "aléa", "information", "retrait", "sans-suite"), _reclassify),
    "doublon": _duplicate,
    "lier": _link,
    "scinder": _split,
    "réclamation": _complaint_after_all,
    "rouvrir": _reopen,
}
