"""The fiche of one complaint: the register's fields, in the order of a paper form, as the values that `pages/fiche.typ` prints.

`page` is pure; what mails say is handed in (`texts`), because only the guard reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailbot import complaint, workdays
from mailbot.config import Config
from mailbot.reports import gathered, said
from mailbot.reports.asked import as_promised, in_time
from mailbot.reports.digest import VERDICTS
from mailbot.reports.pack import STATES
from mailbot.reports.said import Speaker
from mailbot.store.measures import REACHED, Told
from mailbot.store.record import Held, Line, Mail, Sent
from mailbot.store.tables import Action, Cause

LONGEST = 12_000  # characters of one text; the mails themselves go on
MORE = "… (la suite est dans le message conservé)"
ERASED = "effacé"
CHANNEL = re.compile(r"saisie de .{1,200} \((.{1,60})\)")
ENTERED = "saisie de "
NONE = "–"


@dataclass(frozen=True, kw_only=True)
class Row:
    label: str
    value: str
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a fiche needs beside the register's rows."""

    held: Held
    config: Config
    made_at: datetime
    texts: Mapping[int, str] = field(default_factory=dict)  # inbound id → what that mail says, quotations cut
    held_on: str = ""  # the quality meeting that looked at it, in words
    told_on: str = ""  # the bulletin that told everybody


def page(told: Filled) -> dict[str, Any]:
    """The values of the page; every one a string, a number or a list of them."""
    row, say = told.held.file, Speaker(config=told.config)
    values = {
        "number": row.number,
        "title": f"Fiche de réclamation {row.number}",
        "organisation": told.config.organisation.name,
        "made_at": say.moment(told.made_at),
        "sensitive": row.sensitive,
        "erased": say.day(row.erased_at),
        "marks": [
            ["Reçue le", say.moment(row.received_at)],
            ["Accusé de réception", say.moment(row.ack_at) or _no_ack(row.no_ack)],
            ["Engagement" if row.committed_on else "Échéance", say.day(row.committed_on or row.due_on) or NONE],
            ["Étape", complaint.STAGE_NAMES.get(row.stage, row.stage)],
        ],
        "sections": [{"title": title, "cells": _cells(rows)} for title, rows in _sections(told, say) if rows],
        "files": [_file(a, m, say) for m in told.held.mails for a in m.files if a.evidence],
        "mails": [_mail(m, say) for m in told.held.mails],
        "letters": [_letter(x, say) for x in told.held.letters],
        "steps": [_step(line, say) for line in told.held.lines],
    }
    return {key: said.uncoded(value) for key, value in values.items()}


def _no_ack(why: str) -> str:
    return "impossible" if why else "pas encore"


def _cells(rows: Iterable[Row]) -> list[list[Any]]:
    """[label, value, columns that the value spans]: short ones stand two in a line, a wide one alone."""
    cells: list[list[Any]] = []
    half = False
    for row in rows:
        if row.wide and half:
            cells.append(["", "", 1])
            half = False
        cells.append([row.label, row.value or NONE, 3 if row.wide else 1])
        half = not row.wide and not half
    return [*cells, ["", "", 1]] if half else cells


def _sections(told: Filled, say: Speaker) -> Iterable[tuple[str, list[Row]]]:
    yield "A. Identification", _identity(told, say)
    yield "B. Réclamant", _complainant(told)
    yield "C. Formation concernée", _training(told, say)
    yield "D. Réclamation", _matter(told, say)
    yield "E. Accusé de réception", _ack(told, say)
    yield "F. Évaluation", _assessment(told, say)
    yield "G. Traitement", _treatment(told, say)
    yield "H. Réponse", _answer(told, say)
    yield "I. Clôture", _closing(told, say)
    yield "J. Qualité", _quality(told, say)


def _identity(told: Filled, say: Speaker) -> list[Row]:
    row, first = told.held.file, told.held.mails[0] if told.held.mails else None
    written = first.row.date_header if first and first.row.date_header else row.received_at
    by = say.name(first.row.from_addr) if first and entered(first) else "la boîte (mailbot)"
    return [
        Row(label="Numéro", value=row.number),
        Row(label="Nature", value=row.nature),
        Row(label="Canal", value=_channel(told)),
        Row(label="Reçue par", value="reçue avant mailbot" if row.origin else by),
        Row(label="Écrite le", value=say.day(written)),
        Row(label="Langue", value=said.LANGUAGES.get(row.language, row.language)),
        *([Row(label="Reprise du", value=" ; n° ".join(filter(None, (row.origin, row.old_number))))] if row.origin else []),
    ]  # fmt: skip


def entered(first: Mail) -> bool:
    """Whether the file was opened by `#saisie`."""
    return first.row.reason.startswith(ENTERED)


def _channel(told: Filled) -> str:
    if not told.held.mails:
        return ""
    first = told.held.mails[0].row
    if first.reason.startswith("repris du registre "):
        return "non dit : dossier repris d’un registre"
    if entered := CHANNEL.match(first.reason):
        return entered[1]
    if first.from_addr in {a.lower() for a in told.config.intake.forms}:
        return "formulaire du site"
    return "courriel transmis par un collègue" if told.config.person(first.from_addr) else "courriel"


def _complainant(told: Filled) -> list[Row]:
    row = told.held.file
    kind = f"{row.complainant_type} ({row.subtype})" if row.subtype else row.complainant_type
    return [
        Row(label="Nom", value=row.complainant_name),
        Row(label="Qualité", value=kind),
        Row(label="Courriel", value=row.complainant_addr),
        Row(label="Téléphone", value=row.phone),
        Row(label="Organisme", value=row.complainant_domain),
        Row(label="Pour le compte de", value=row.on_behalf),
        Row(label="Adresse attestée", value="oui" if row.authenticated else "non"),
        Row(label="Antécédents", value=", ".join(told.held.before) or "aucun dossier avant celui-ci"),
    ]


def _training(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    return [Row(label="Intitulé", value=row.training), Row(label="Session", value=_session(row.session))]


def _session(words: str) -> str:
    return "/".join(reversed(words.split("-"))) if re.fullmatch(r"\d{4}-\d\d-\d\d", words, re.ASCII) else words


def _matter(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    first = told.held.mails[0] if told.held.mails else None
    text = (ERASED if first.erased else cut(told.texts.get(first.row.id or 0, ""))) if first else ""
    wish = f"{row.wish} ({row.wish_state})" if row.wish else row.wish_state
    return [
        Row(label="Objet", value=row.subject, wide=True),
        Row(label="Description", value=text, wide=True),
        Row(label="Solution souhaitée", value=wish, wide=True),
        Row(label="Catégorie", value=said.category(row.category)),
        Row(label="Échéance du réclamant", value=say.day(row.deadline)),
        Row(label="Mots d’alerte", value=", ".join(f"{family} (« {word} »)" for family, word in row.alerts), wide=True),
    ]


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + MORE


def _ack(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    sent = [x for x in told.held.letters if x.kind in ("ack", "ack-group", "reopened") and x.settled_at]
    late = " (tardif : plus d’une heure)" if row.ack_late else ""
    rows = [
        Row(label="Remise", value=said.ACKS.get(row.ack_state, row.ack_state) + late),
        Row(
            label="Délai depuis la réception",
            value=_span(row.received_at, row.ack_at) if row.cycle == 1 and not row.origin else "",
        ),
        Row(label="Échéance imprimée", value=say.day(row.due_on) + (" (provisoire)" if row.provisional else "")),
        Row(label="Cycle", value=str(row.cycle)),
        Row(label="Calcul", value=row.calendar, wide=True),
    ]
    rows += [Row(label="Pourquoi pas d’accusé", value=row.no_ack, wide=True)] if row.no_ack else []
    proof = [f"{say.moment(x.settled_at)}, {x.message_id}, {_proof(x)}" for x in sent]
    return [*rows, Row(label="Preuve", value="\n".join(proof), wide=True)]


def _span(start: datetime, end: datetime | None) -> str:
    if end is None:
        return ""
    seconds = max(0, round((end - start).total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02}"


def _assessment(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    if not row.assessed_at:
        return [Row(label="Évaluation", value="pas encore évaluée", wide=True)]
    immediate = row.immediate + (f" : {row.immediate_what}" if row.immediate_what else "")
    return [
        Row(label="Gravité", value=f"{row.gravity} sur 4"),
        Row(label="Complexité", value=f"{row.complexity} sur 4"),
        Row(label="Répercussions", value=f"{row.repercussions} sur 4"),
        Row(label="Priorité", value=row.priority),
        Row(label="Motif de la priorité", value=row.priority_why, wide=True),
        Row(label="Action immédiate", value=immediate, wide=True),
        Row(label="Caractère", value=row.character),
        Row(label="Évaluée le, par", value=f"{say.moment(row.assessed_at)}, {say.name(row.assessed_by)}"),
    ]


def _treatment(told: Filled, say: Speaker) -> list[Row]:
    held, row = told.held, told.held.file
    news = [say.day(x.settled_at) for x in held.letters if x.kind in ("progress", "news") and _reached(x)]
    asked = [say.day(x.settled_at) for x in held.letters if x.kind == "question" and _reached(x)]
    louder = [f"{say.day(datetime.fromisoformat(at))}, {what} : {words}" for at, what, words in row.amplified]
    rows = [
        Row(label="Responsable", value=say.name(row.assignee) + (" (juge et partie)" if row.conflict else "")),
        Row(label="Étape", value=complaint.STAGE_NAMES.get(row.stage, row.stage)),
        Row(label="Précisions demandées", value=", ".join(asked)),
        Row(label="Nouvelles données", value=", ".join(news)),
    ]
    promised = [_promise(x, say) for x in held.letters if x.kind == "commitment" and _reached(x)]
    rows += [Row(label="Dates promises", value="\n".join(promised), wide=True)] if promised else []
    return [*rows, Row(label="Signes d’amplification", value="\n".join(louder), wide=True)] if louder else rows


def _promise(letter: Sent, say: Speaker) -> str:
    facts = letter.facts
    day = "/".join(reversed(str(facts.get("committed_on", "")).split("-")))
    reason = f" : {facts['reason']}" if facts.get("reason") else ""
    return f"{day or ERASED}, dite le {say.day(letter.settled_at)} par {facts.get('signer') or ERASED}{reason}"


def _answer(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    if not row.answered_at:
        return [Row(label="Réponse", value="pas encore répondu", wide=True)]
    filed = gathered.filed(row, _told(told.held), {}, told.config)
    calendar = told.config.workdays
    start = filed.ack_on or filed.received_on
    assert filed.answered_on is not None
    open_days = said.working_days(workdays.count(start, filed.answered_on, calendar))
    took = f"{open_days}, {(filed.answered_on - start).days} en tout"
    granted = ", ".join(part for part in (row.remedy, row.remedy_what, _money(row.remedy_cents)) if part)
    rows = [
        Row(label="Fondement", value=row.outcome),
        Row(label="Répondu le", value=say.moment(row.answered_at)),
        Row(label="Délai de réponse", value=took),
        Row(label="Dans le délai", value="oui" if in_time(filed) else "non"),
        *([Row(label="Dans l’engagement", value="oui" if as_promised(filed) else "non")] if filed.promises else []),
        Row(label="Solution accordée", value=granted),
        Row(label="Réponse et arguments", value="\n\n".join(_replies(told)), wide=True),
    ]
    closing = [x for x in told.held.letters if x.kind == "reply" and _reached(x)]
    way = [str(named["name"]) for x in closing if (named := x.facts.get("mediator"))]
    return [
        *rows,
        *([Row(label="Médiateur indiqué", value=way[-1], wide=True)] if way else []),
        Row(label="Suite de la relation", value=row.next_step, wide=True),
        Row(
            label="Preuve d’envoi",
            value="\n".join(f"{say.moment(x.settled_at)}, {x.message_id}, {_proof(x)}" for x in closing),
            wide=True,
        ),
    ]


def _replies(told: Filled) -> list[str]:
    """The texts that answered: letters that left, else what a colleague recorded with `#répondu`."""
    sent = [x for x in told.held.letters if x.kind in ("reply", "nature") and _reached(x)]
    texts = [ERASED if x.erased else cut(str(x.facts.get("text", ""))) for x in sent]
    recorded = [line.cause.removeprefix("mail:") for line in told.held.lines if line.event == "command-répondu"]
    noted = [told.texts.get(int(i), "") for i in recorded if i.isdigit()]
    return [text for text in (*texts, *map(cut, noted)) if text]


def _told(held: Held) -> list[Told]:
    kept = [x for x in held.letters if _reached(x) and x.settled_at]
    return [Told(kind=x.kind, at=x.settled_at, facts=x.facts) for x in kept if x.settled_at]


def _reached(letter: Sent) -> bool:
    return letter.state in REACHED


def _money(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02} €" if cents else ""


def _closing(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    ended = row.stage in complaint.ENDED
    how = complaint.STAGE_NAMES[row.stage] if ended else "pas encore close"
    names = ("prise en compte", "action", "suite")
    marks = ", ".join(f"{name} {mark}" for name, mark in zip(names, row.marks.split(), strict=False))
    rows = [
        Row(label="Clôture", value=f"{how} {say.day(row.closed_at)}".strip()),
        Row(label="Satisfaction (sur 5)", value=marks),
        Row(label="Réouvertures", value=str(row.cycle - 1) if row.cycle > 1 else "aucune"),
        Row(label="Conservation", value=f"litige : {row.hold}" if row.hold else _kept(told, say)),
    ]
    linked = [
        w for w in (row.linked_to, row.unverified_reference and f"{row.unverified_reference} (cité, non vérifié)") if w
    ]
    return [*rows, Row(label="Dossiers liés", value=", ".join(linked), wide=True)] if linked else rows


def _kept(told: Filled, say: Speaker) -> str:
    row, years = told.held.file, told.config.privacy.years
    if row.erased_at:
        return f"pseudonymisée le {say.day(row.erased_at)}"
    if not row.closed_at or not years:
        return told.config.organisation.retention
    closed = say.local(row.closed_at)
    day = closed.replace(year=closed.year + years, day=min(closed.day, 28) if closed.month == 2 else closed.day)
    return f"jusqu’au {day:%d/%m/%Y}"


def _quality(told: Filled, say: Speaker) -> list[Row]:
    row = told.held.file
    required = f"oui, parce que {row.analysis_why}" if row.analysis_why else "non"
    rows = [Row(label="Analyse des causes requise", value=required, wide=True)]
    rows += [Row(label="Cause", value=_cause(c, say), wide=True) for c in told.held.causes[-1:]]
    rows += [Row(label=f"Action A-{a.rank}", value=_action(a, say), wide=True) for a in told.held.actions]
    return [
        *rows,
        Row(label="Examinée en réunion", value=told.held_on),
        Row(label="Diffusée au bulletin", value=told.told_on),
    ]


def _cause(cause: Cause, say: Speaker) -> str:
    whys = "\n".join(f"Pourquoi {n} : {why}" for n, why in enumerate(cause.whys, 1))
    told = [
        f"{cause.family} : {cause.root}",
        f"Constat : {cause.finding}" if cause.finding else "",
        whys,
        f"Preuve : {cause.proof}" if cause.proof else "",
        f"{say.name(cause.author)}, le {say.day(cause.at)}",
    ]
    return "\n".join(line for line in told if line)


def _action(action: Action, say: Speaker) -> str:
    told = [
        f"{action.what}, {say.name(action.owner)}, pour le {say.day(action.due_on)} : {STATES[action.state]}",
        f"Faite le {say.day(action.done_at)}. {action.evidence}" if action.done_at else "",
        f"Effet vérifié le {say.day(action.checked_at)}. {action.judgement}" if action.checked_at else "",
    ]
    return "\n".join(line.strip() for line in told if line)


def _file(attachment: Any, mail: Mail, say: Speaker) -> list[str]:
    name = ERASED if mail.erased else attachment.name or "fichier sans nom"
    problem = f"non prise : {attachment.problem}" if attachment.problem else said.size(attachment.size)
    return [name, say.day(mail.row.received_at), attachment.content_type, problem, attachment.sha256]


def _mail(mail: Mail, say: Speaker) -> list[str]:
    row = mail.row
    kind = VERDICTS.get(row.verdict, row.verdict)
    return [say.moment(row.received_at), say.name(row.from_addr), kind, ERASED if mail.erased else row.subject]


def _letter(letter: Sent, say: Speaker) -> list[str]:
    proof = _proof(letter) if letter.settled_at else said.STATES.get(letter.state, letter.state)
    return [say.moment(letter.settled_at or letter.created_at), said.letter(letter.kind), say.name(letter.to), proof]


def _proof(letter: Sent) -> str:
    """The server's words, its queue id, and whether it came back."""
    back = "revenue le " + f"{letter.bounced_at:%d/%m/%Y}" if letter.bounced_at else ""
    queue = f"file {letter.queue_id}" if letter.queue_id else ""
    state = said.STATES.get(letter.state, letter.state)
    return " ; ".join(part for part in (state, letter.answer, queue, back) if part)


def _step(line: Line, say: Speaker) -> list[str]:
    text = ERASED if line.text is None else say.dated(line.text)
    return [say.moment(line.at), say.name(line.actor), said.step(line.event), text]
