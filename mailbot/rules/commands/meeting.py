"""The quality meeting by mail: the pack asked for, decisions recorded, the bulletin sent to everybody (spec §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

from mailbot import tags, workdays
from mailbot.config import Config
from mailbot.desk import Desk, Meeting
from mailbot.effects import Due, Effect, Letter, Meet, Note, Settle
from mailbot.identity import Author
from mailbot.reading import fold
from mailbot.rules.bulletin import named
from mailbot.rules.commands import telling
from mailbot.rules.commands.order import Order, of_the_meeting
from mailbot.tags import Command

FORM = ("decision", "qui", "quand", "pour le")  # labels of the button's form
CHASED_AT = time(10, 0)
ADVICE = "remplacez par ce qui s’est passé, sans dire à qui, et renvoyez"


def meant(command: Command, desk: Desk, author: Author, config: Config) -> Command:
    """What a colleague who leads answers to the mail that carried the pack is the record of that meeting, tag or not."""
    if command.words or not desk.answers_pack or author.person is None or author.person not in of_the_meeting(config):
        return command
    return replace(command, tags=(tags.BY_NAME["réunion"],))


def _not_mine(order: Order) -> list[Effect] | None:
    if order.may:
        return None
    names = " ou ".join(p.name for p in of_the_meeting(order.config))
    return telling.refuse(order, f"la réunion qualité et son bulletin reviennent à {names}")


def _meeting(order: Order) -> list[Effect]:
    refused = _not_mine(order)
    if refused is not None:
        return refused
    text = _decided(order)
    if text:
        return _record(order, text)
    if order.command.argument.strip():
        return telling.refuse(order, "aucune décision n’est écrite : complétez le message, puis renvoyez-le")
    due = Due(
        key=f"meeting:mail:{order.desk.incoming.id}", kind="meeting", at=order.desk.now, facts={"asked_by": order.me}
    )
    done = ["chiffres en PDF et en tableur, décisions à remplir, projet de bulletin"]
    return [due, telling.confirm(order, "le dossier de la réunion part dans la minute", done)]


def _decided(order: Order) -> str:
    """What was written; a form left empty is nothing."""
    lines = order.written.text.splitlines()
    said = [line for line in lines if line.strip() and not _empty_label(line)]
    return order.written.text.strip() if said else ""


def _empty_label(line: str) -> bool:
    label, colon, value = line.partition(":")
    return bool(colon) and not value.strip() and fold(label).strip(" -") in FORM


def _record(order: Order, text: str) -> list[Effect]:
    meeting, config = order.desk.meeting, order.config
    if meeting is None:
        return telling.refuse(
            order, "aucun dossier de réunion n’existe encore : envoyez #réunion seul, il arrive aussitôt"
        )
    today = workdays.local_date(order.desk.now, config.workdays)
    held = tags.read_date(order.command.argument, today, past=True) or today
    if held > today:
        return telling.refuse(
            order, f"le {held:%d/%m/%Y} n’est pas encore passé : écrivez la date où la réunion s’est tenue"
        )
    fields: dict[str, Any] = {
        "held_on": held,
        "decisions": text,
        "recorded_at": order.desk.now,
        "recorded_by": order.me,
    }
    said = f"réunion {meeting.id} tenue le {held}, du {meeting.first} au {meeting.last}"
    note = Note(number=None, event="meeting-recorded", actor=order.author.addr, text=said)
    effects: list[Effect] = [Meet(meeting_id=meeting.id, fields=fields), note]
    if meeting.bulletin_on is None:
        effects.append(chase(meeting.id, held, 1, config))
    return [*effects, telling.to_author(order, "meeting-recorded", _recorded(order, meeting, held, text))]


def chase(meeting_id: int, after: date, round_: int, config: Config) -> Due:
    """When somebody looks whether the bulletin left: some working days after the meeting, then as many again."""
    day = workdays.add(after, config.meeting.bulletin_days, config.workdays)
    at = workdays.at(day, CHASED_AT, config.workdays)
    facts = {"meeting": meeting_id, "round": round_}
    return Due(key=f"bulletin:{meeting_id}:{round_}", kind="bulletin", at=at, facts=facts)


def _recorded(order: Order, meeting: Meeting, held: date, text: str) -> dict[str, Any]:
    return {
        "first_name": order.person.first_name,
        "held_on": held.isoformat(),
        "first": meeting.first.isoformat(),
        "last": meeting.last.isoformat(),
        "text": text,
        "draft": meeting.draft,
        "may_send": meeting.bulletin_on is None,
    }


def _bulletin(order: Order) -> list[Effect]:
    refused = _not_mine(order)
    if refused is not None:
        return refused
    meeting = order.desk.meeting
    if meeting is None:
        return telling.refuse(order, "aucune réunion n’est enregistrée : envoyez d’abord #réunion")
    if meeting.bulletin_on is not None:
        return telling.refuse(order, f"le bulletin de cette réunion est parti le {meeting.bulletin_on:%d/%m/%Y}")
    if order.written.why:
        return telling.refuse(order, f"le texte n’est pas sûr ({order.written.why}) : écrivez-le dans un message neuf")
    text = order.written.text.strip() or meeting.draft
    words = named(text, _nobody(order), house=_house(order.config))
    if words:
        found = ", ".join(f"« {w} »" for w in words[:10])
        return telling.refuse(order, f"ce bulletin nommerait quelqu’un : {found} ; {ADVICE}")
    return _send(order, meeting, text)


def _nobody(order: Order) -> tuple[str, ...]:
    """Complainants, and colleagues too; whoever signs may."""
    colleagues = (n for p in order.config.staff if p is not order.person for n in (p.name, *p.addresses))
    return (*order.desk.nobody, *colleagues)


def _house(config: Config) -> tuple[str, ...]:
    """Words that are the organisation's own, whoever is called so."""
    return (config.organisation.name, config.organisation.service, *(t.name for t in config.trainings))


def _send(order: Order, meeting: Meeting, text: str) -> list[Effect]:
    config, now = order.config, order.desk.now
    calendar = config.calendar
    leaves = workdays.next_opening(now, calendar.send_from, calendar.send_until, config.workdays)
    readers = {p.addresses[0].lower(): p for p in config.staff if p.active}
    letters = [
        Letter(
            kind="bulletin",
            keys=(f"bulletin:{meeting.id}:{addr}",),
            to=addr,
            language="fr",
            facts={"text": text, "first": meeting.first.isoformat(), "last": meeting.last.isoformat()},
            not_before=leaves,
        )
        for addr in readers
    ]
    fields = {"bulletin": text, "bulletin_at": now, "bulletin_by": order.me, "bulletin_to": len(readers)}
    done = [f"le bulletin part à {len(readers)} personnes : {', '.join(p.name for p in readers.values())}"]
    if order.message.attachments:
        done.append("les fichiers joints ne partent pas avec lui")
    told = telling.confirm(
        order,
        "bulletin à toute l’équipe",
        done,
        leaves_text=text,
        to="toute l’équipe",
        leaves_at=leaves if leaves > now else None,
    )
    told = replace(told, facts={**told.facts, "undo_until": None, "due_on": None})
    note = Note(
        number=None,
        event="bulletin-sent",
        actor=order.author.addr,
        text=f"réunion {meeting.id} : {len(readers)} personnes",
    )
    return [Meet(meeting_id=meeting.id, fields=fields), note, *letters, told]


def on_missing_bulletin(meeting: Meeting, round_: int, today: date, config: Config) -> list[Effect]:
    """The bulletin has not left: the quality manager is asked, from the second time on direction too (spec §8)."""
    key = f"bulletin:{meeting.id}:{round_}"
    if meeting.bulletin_on is not None or meeting.held_on is None:
        return [Settle(key=key)]
    people = [*of_the_meeting(config), *(config.people_with("direction") if round_ > 1 else ())]
    readers = {p.addresses[0].lower(): p for p in people}
    letters = [
        Letter(
            kind="bulletin-chase",
            keys=(f"bulletin-chase:{meeting.id}:{round_}:{addr}",),
            to=addr,
            language="fr",
            facts={
                "first_name": person.first_name,
                "held_on": meeting.held_on.isoformat(),
                "draft": meeting.draft,
                "others": [p.name for a, p in readers.items() if a != addr],
                "may_send": person in of_the_meeting(config),
            },
        )
        for addr, person in readers.items()
    ]
    return [Settle(key=key), *letters, chase(meeting.id, today, round_ + 1, config)]


FAMILY = {"réunion": _meeting, "bulletin": _bulletin}
