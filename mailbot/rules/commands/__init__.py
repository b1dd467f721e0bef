"""A colleague's command: proven, allowed, understood, done, and confirmed once (spec §6).

`on_command` asks in this order, and the first no ends it: is there one tag? who is it? may they? does the stage allow it?
is the text fit to leave? Then one function a family of tags returns the effects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailbot import complaint, tags
from mailbot.config import Config
from mailbot.desk import Desk
from mailbot.effects import Attach, Effect, Judge, Note
from mailbot.identity import Author, Proof
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules.commands import answering, assessing, entering, handling, meeting, nature, proving, quality, telling
from mailbot.rules.commands.order import Order
from mailbot.tags import Command

__all__ = [
    "Order",
    "chose",
    "command_of",
    "expired",
    "is_command",
    "meeting",
    "on_borrowed_code",
    "on_command",
    "on_confirmed",
]

expired = proving.expired
WAY_BACK = {complaint.REFUSALS[why]: "rouvrir" for why in ("!closed", "!too-late")}  # refusal → the tag it offers


def command_of(message: Message, reading: Reading, config: Config) -> Command:
    """What the subject, or the first line of the new text, asks."""
    first = next((line for line in reading.new_text.splitlines() if line.strip()), "")
    more = {"résolu": config.answers.resolution_words} if config.answers.resolution_words else None
    return tags.read(message.subject, first, prefix=config.intake.prefix, more=more)


def is_command(command: Command, desk: Desk) -> bool:
    """Tags that stood in the subject of the mail replied to are not an order (sticky-tag guard)."""
    return bool(_fresh(command, desk).tags or _fresh(command, desk).unknown)


def _fresh(command: Command, desk: Desk) -> Command:
    if not desk.replies or command.in_body or desk.answered_subject is None:
        return command
    old = tags.read(desk.answered_subject)
    return replace(
        command,
        tags=tuple(t for t in command.tags if t not in old.tags),
        unknown=tuple(u for u in command.unknown if u not in old.unknown),
    )


def on_command(
    command: Command,
    message: Message,
    reading: Reading,
    desk: Desk,
    author: Author,
    config: Config,
    *,
    confirmed: bool = False,
) -> list[Effect]:
    """The decision about a colleague's mail that holds a tag."""
    order = Order(
        command=_fresh(command, desk),
        message=message,
        reading=reading,
        desk=desk,
        author=author,
        config=config,
        confirmed=confirmed,
    )
    return [*proving.strayed(order), *(proving.unproven(order) or _obeyed(order))]


def _obeyed(order: Order) -> list[Effect]:
    why = _unclear(order)
    if why:
        return telling.refuse(order, why, nearest=WAY_BACK.get(why, ""))
    return _judged(order, _carry_out(order))


def on_borrowed_code(message: Message, reading: Reading, desk: Desk, author: Author, config: Config) -> list[Effect]:
    """A living code from an address that is not on the list: whoever it belongs to is asked (spec §6)."""
    owner = config.person(desk.code_owner)
    assert owner is not None
    lent = replace(author, person=owner, proof=Proof(status="fail", evidence=f"code vu depuis {author.addr}"))
    return on_command(_said(message, reading, config), message, reading, desk, lent, config)


def on_confirmed(message: Message, reading: Reading, desk: Desk, author: Author, config: Config) -> list[Effect]:
    """The command about which its author was asked, `author.person` who confirmed it."""
    command = _said(message, reading, config)
    return on_command(command, message, reading, desk, author, config, confirmed=True)


def _said(message: Message, reading: Reading, config: Config) -> Command:
    """The command; without a tag it is a note (spec §6)."""
    command = command_of(message, reading, config)
    return command if command.words else replace(command, tags=(tags.BY_NAME["note"],))


def chose(effects: Sequence[Effect]) -> bool:
    """Whether the command about a waiting mail was accepted."""
    return any(isinstance(e, Note) and e.event in ("command-réclamation", "command-note") for e in effects)


def _unclear(order: Order) -> str:
    """Why nothing is done, in French; "" when the order is clear and allowed."""
    command, desk = order.command, order.desk
    if desk.replies and desk.answered_subject is None and not command.in_body and not desk.code_owner:
        return "votre message répond à un courrier que nous ne connaissons pas : l’étiquette était peut-être déjà dans son objet"
    if len(command.tags) > 1:
        return "il y a deux étiquettes : une seule à la fois"
    if command.tag is None:
        return f"l’étiquette {command.unknown[0]} n’est pas connue" if command.unknown else "aucune étiquette"
    if command.references and command.references[0].inbound_id and not (desk.waiting_mail or desk.pending):
        return "ce message n’attend plus de décision"
    if command.tag.on_file and order.case is None and not desk.waiting_mail and command.tag.name != "confirmer":
        return "il manque la référence du dossier dans l’objet, par exemple [REC-2026-0042]"
    return _not_allowed(order)


def _not_allowed(order: Order) -> str:
    case, tag = order.case, order.tag
    if case is None:
        return ""
    if not order.may:
        return "ce dossier n’est pas le vôtre : prenez-le d’abord (#prendre), ou demandez au responsable qualité"
    _, why = complaint.after(case.stage, tag.name)
    if tag.name == "annuler" and order.desk.window is not None:
        return ""
    return "" if tag.name in ("confirmer", "liste", "aide", "absent", "saisie", "réunion", "bulletin") else why


def _judged(order: Order, effects: list[Effect]) -> list[Effect]:
    """The verdict, the mail joined to its file, the journal with the evidence; unless a family judged by itself."""
    if any(isinstance(e, Judge) for e in effects):
        return effects
    number = order.case.number if order.case else None
    head: list[Effect] = [Attach(number=number)] if number else []
    text = f"#{order.tag.name} {order.command.argument}".strip() + f" ; {proving.evidence(order)}"
    return [
        *head,
        Judge(verdict="staff-command", reason=f"#{order.tag.name} de {order.person.name}", number=number),
        Note(number=number, event=f"command-{order.tag.name}", actor=order.author.addr, text=text),
        *effects,
    ]


def _carry_out(order: Order) -> list[Effect]:
    if order.case is None and order.desk.waiting_mail and order.tag.name in ("réclamation", "note"):
        words = (
            "c’est une réclamation : un dossier est ouvert" if order.tag.name == "réclamation" else "classé comme note"
        )
        return [telling.confirm(order, f"message {order.desk.waiting_mail}", [words])]
    families = (answering, assessing, handling, nature, quality, meeting, proving, entering)
    for family in (module.FAMILY for module in families):
        if order.tag.name in family:
            return family[order.tag.name](order)
    return telling.refuse(order, f"#{order.tag.name} ne peut pas encore être traité")
