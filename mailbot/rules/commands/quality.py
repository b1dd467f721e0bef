"""Commands about quality: #cause, #action, #fait, #efficace, #inefficace (spec §6, §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from mailbot import complaint, tags, workdays
from mailbot.config import Person
from mailbot.desk import Action, Case
from mailbot.effects import Analyse, ChangeAction, Effect, Letter, Plan
from mailbot.letters import sendable
from mailbot.rules import actions, causes, practice
from mailbot.rules.commands import answering, telling
from mailbot.rules.commands.handling import find
from mailbot.rules.commands.order import Order

ACTION_LABELS = ("quoi", "qui", "quand", "remplace")
MOST_DAYS = 366
LONGEST = 2_000  # characters of a proof or a judgement


def _cause(order: Order) -> list[Effect]:
    found = causes.analysis(order.command.argument, order.answer.text)
    if found.missing:
        return telling.refuse(
            order, f"il manque : {', et '.join(found.missing)}. Rien n’est enregistré", nearest="cause"
        )
    done = [f"famille : {found.family}", f"cause racine : {found.root}"]
    done += [f"{len(found.whys)} pourquoi"] if found.whys else []
    done += [] if found.proof else ["preuve non dite : une analyse de plus (#cause) la complète"]
    record = Analyse(
        number=order.file.number,
        author=order.me,
        family=found.family,
        root=found.root,
        finding=found.finding,
        whys=found.whys,
        proof=found.proof,
    )
    return [
        record,
        telling.confirm(order, f"analyse des causes du dossier {order.file.number}", done, offers=("action",)),
    ]


# -- an action is decided ------------------------------------------------------------------------------------------------


def _action(order: Order) -> list[Effect]:
    if actions.rank_in(order.command.argument):
        return _also(order)
    said = causes.labelled(order.answer.text, ACTION_LABELS)
    people = find(said.get("qui", ""), tuple(p for p in order.config.staff if p.active))
    today = workdays.local_date(order.desk.now, order.config.workdays)
    day = tags.read_date(said.get("quand", ""), today)
    replaced = said.get("remplace", "")
    why = _unclear(order, said.get("quoi", ""), said.get("qui", ""), people, day, today)
    why = why or _not_replaceable(replaced, order.desk.action)
    if why or day is None:
        return telling.refuse(order, f"{why}. Rien n’est enregistré", nearest="action")
    return _planned(order, said["quoi"], people[0], day, actions.rank_in(replaced))


def _not_replaceable(said: str, action: Action | None) -> str:
    """Why the action of « Remplace : A-7 » can't be replaced; the desk brings the one that the line names."""
    if not said:
        return ""
    if action is None or action.rank != actions.rank_in(said):
        return f"« Remplace : {said[:20]} » ne désigne aucune action"
    return "" if action.state == "ineffective" else f"{action.name} n’est pas jugée inefficace (#inefficace)"


def _unclear(order: Order, what: str, who: str, people: list[Person], day: date | None, today: date) -> str:
    missing = [] if what else ["quoi"]
    missing += [] if who else ["qui"]
    if missing:
        return f"il manque : {', '.join(missing)} (et quand)"
    if len(people) != 1:
        known = ", ".join(p.name for p in people or order.config.staff if p.active)
        return f"« {who[:40]} » ne désigne pas une seule personne : {known}"
    if {a.lower() for a in people[0].addresses} & {*order.file.staff_named, order.file.complainant_addr}:
        return f"{people[0].name} est nommé(e) dans cette réclamation : confiez l’action à quelqu’un d’autre"
    if day is None or day < today:
        return "« Quand » attend une date à venir, comme 15/12/2026"
    if (day - today).days > MOST_DAYS:
        return f"le {day:%d/%m/%Y} est trop loin : dans l’année, ou une première étape"
    return ""


def _planned(order: Order, what: str, to: Person, day: date, replaces: int) -> list[Effect]:
    case, rank, owner = order.file, order.desk.next_action, to.addresses[0].lower()
    fields: dict[str, Any] = {"what": what, "owner": owner, "due_on": day, "decided_by": order.me}
    fields |= {"category": case.category, "training": case.training, "replaces": replaces}
    today = workdays.local_date(order.desk.now, order.config.workdays)
    done = [f"action A-{rank} : {what}", f"pour {to.name}, avant le {day:%d/%m/%Y}"]
    done += [f"remplace A-{replaces}"] if replaces else []
    if case.analysis_why and case.analysed_at is None:
        done.append("l’analyse des causes manque encore (#cause)")
    effects: list[Effect] = [
        Plan(number=case.number, series=case.series, rank=rank, fields=fields),
        actions.planned(series=case.series, rank=rank, due_on=day, today=today, config=order.config),
    ]
    if owner != order.me and case.series != practice.SERIES:
        facts = actions.told_of(case, to, "new", f"A-{rank}", what, day) | {"owner": to.name}
        key = f"action:{case.series}:{rank}:new:{owner}"
        effects.append(Letter(kind="action", keys=(key,), to=owner, language="fr", facts=facts, number=case.number))
        done.append(f"{to.name} est prévenu(e)")
    confirmation = telling.confirm(order, f"action corrective A-{rank} sur le dossier {case.number}", done)
    return [*effects, confirmation]


def _also(order: Order) -> list[Effect]:
    """#action A-7 on another file: the same action answers it too."""
    action, case = order.desk.action, order.file
    if action is None:
        return _unknown(order)
    if case.number in {f.number for f in action.files}:
        return telling.refuse(order, f"{action.name} concerne déjà ce dossier")
    others = ", ".join(f.number for f in action.files)
    done = [f"{action.name} : {action.what}", f"concerne aussi {others}"]
    return [
        ChangeAction(series=action.series, rank=action.rank, number=case.number),
        telling.confirm(order, f"rattacher {case.number} à l’action {action.name}", done),
    ]


def _unknown(order: Order) -> list[Effect]:
    said = order.command.argument[:20]
    why = f"« {said} » ne désigne aucune action" if said else "il manque le numéro de l’action"
    return telling.refuse(order, f"{why} : écrivez par exemple #{order.tag.name} A-7")


# -- done, and did it work -----------------------------------------------------------------------------------------------


def _named(order: Order, states: tuple[str, ...]) -> tuple[Action | None, list[Effect]]:
    """The action meant, or why it is not one that this command speaks of."""
    action = order.desk.action
    if action is None:
        return None, _unknown(order)
    if order.file.number not in {f.number for f in action.files}:
        about = ", ".join(f.number for f in action.files)
        return None, telling.refuse(order, f"{action.name} ne concerne pas ce dossier, mais {about}")
    if action.state not in states:
        words = {"open": "n’est pas encore faite (#fait)", "done": "est déjà faite : son effet reste à juger"}
        words |= {"effective": "est déjà jugée efficace", "ineffective": "est déjà jugée inefficace"}
        return None, telling.refuse(order, f"{action.name} {words[action.state]}")
    return action, []


def _done(order: Order) -> list[Effect]:
    action, refused = _named(order, ("open",))
    if action is None:
        return refused
    files = [a.name or "fichier" for a in order.message.attachments if a.evidence]
    proof = " ".join([order.answer.text.strip(), *(f"[{name}]" for name in files)]).strip()
    if not proof:
        return telling.refuse(order, "dites en une phrase à quoi l’on voit que c’est fait, ou joignez-en la preuve")
    today = workdays.local_date(order.desk.now, order.config.workdays)
    check = actions.check_on(today, order.config)
    fields = {"state": "done", "done_at": order.desk.now, "done_by": order.me, "check_on": check}
    fields |= {"evidence": proof[:LONGEST]}
    done = [f"{action.name} est faite : {action.what}", f"la preuve est au dossier : {proof[:200]}"]
    done.append(f"son effet sera regardé le {check:%d/%m/%Y}, avec les réclamations semblables reçues d’ici là")
    return [
        ChangeAction(series=action.series, rank=action.rank, fields=fields),
        actions.due(action, check, order.config),
        telling.confirm(order, f"action {action.name} faite", done),
    ]


def _effective(order: Order) -> list[Effect]:
    action, refused = _named(order, ("done",))
    if action is None:
        return refused
    text = order.answer.text.strip()
    if text and not order.answer.sure:
        return answering.ask(order, order.answer)
    said = [f"{action.name} est jugée efficace", _counted(action)]
    thanks, left_out = _thanks(order, action, text)
    effects: list[Effect] = [_judgement(order, action, "effective", text), *thanks]
    if not text:
        said.append("rien ne part chez les réclamants : sans texte, personne n’apprend ce qui a changé")
    elif not order.config.quality.thanks:
        said.append("rien ne part chez les réclamants : quality.thanks l’a voulu")
    said += [f"« ce qui a changé grâce à vous » part à {letter.to} ({letter.number})" for letter in thanks]
    said += left_out
    sends = thanks[0] if thanks else None
    confirmation = telling.confirm(
        order,
        f"action {action.name} efficace",
        said,
        leaves_text=text if sends else "",
        to=", ".join(letter.to for letter in thanks),
        leaves_at=sends.not_before if sends else None,
    )
    return [*effects, confirmation]


def _ineffective(order: Order) -> list[Effect]:
    """The action is over; another one is asked for, now and until there is one."""
    action, refused = _named(order, ("done",))
    if action is None:
        return refused
    text = order.answer.text.strip()
    if not text:
        return telling.refuse(order, "dites en une phrase ce qui n’a pas suffi")
    today = workdays.local_date(order.desk.now, order.config.workdays)
    again = workdays.add(today, actions.AGAIN, order.config.workdays)
    said = [f"{action.name} est jugée inefficace", _counted(action)]
    said.append(f"une autre action est attendue : #action, avec une ligne « Remplace : {action.name} »")
    return [
        _judgement(order, action, "ineffective", text),
        actions.due(action, again, order.config),
        telling.confirm(order, f"action {action.name} inefficace", said, replace_action=action.name),
    ]


def _judgement(order: Order, action: Action, state: str, text: str) -> ChangeAction:
    counted = None if action.recurring is None else len(action.recurring)
    fields = {"state": state, "checked_at": order.desk.now, "checked_by": order.me, "recurrences": counted}
    return ChangeAction(series=action.series, rank=action.rank, fields=fields | {"judgement": text[:LONGEST]})


def _counted(action: Action) -> str:
    if action.recurring is None:
        return "réclamations semblables depuis : ne peuvent être comptées, catégorie ou formation manque au dossier"
    if not action.recurring:
        return "aucune réclamation de même catégorie et de même formation depuis qu’elle est faite"
    return f"réclamations semblables depuis : {len(action.recurring)} ({', '.join(action.recurring)})"


def _thanks(order: Order, action: Action, text: str) -> tuple[list[Letter], list[str]]:
    """(« ce qui a changé grâce à vous », why some complainants get none)."""
    if not text or not order.config.quality.thanks:
        return [], []
    told = {case.number: _not_told(case) for case in action.files}
    letters = [_thanked(order, action, case, text) for case in action.files if not told[case.number]]
    return letters, [f"{number} : rien ne part, {why}" for number, why in told.items() if why]


def _not_told(case: Case) -> str:
    if case.stage != "closed":
        return f"le dossier est à l’étape « {complaint.STAGE_NAMES.get(case.stage, case.stage)} »"
    if case.sensitive:
        return "le dossier est sensible"
    if case.silenced:
        return "le silence est demandé"
    if case.no_ack or not sendable(case.complainant_addr):
        return "ce réclamant n’a pas d’adresse où écrire"
    return "le réclamant lit l’anglais (#réponse)" if case.language != "fr" else ""


def _thanked(order: Order, action: Action, case: Case, text: str) -> Letter:
    facts = {
        "number": case.number,
        "name": case.complainant_name if case.authenticated else "",
        "authenticated": case.authenticated,
        "received_at": case.received_at.isoformat(),
        "text": text,
        "signer": order.person.name,
        "action": {"series": action.series, "rank": action.rank},
    }
    about = replace(order, desk=replace(order.desk, named=(case,)))
    leaves: datetime = answering.leaves_at(about)
    key = f"thanks:{case.number}:{action.name}"
    return Letter(
        kind="thanks",
        keys=(key,),
        to=case.complainant_addr,
        language=case.language,
        facts=facts,
        number=case.number,
        not_before=leaves,
    )


FAMILY = {"cause": _cause, "action": _action, "fait": _done, "efficace": _effective, "inefficace": _ineffective}
