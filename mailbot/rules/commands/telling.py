"""What the author of a command is told: one confirmation for each, or why nothing was done (spec §6)."""

from __future__ import annotations

from datetime import datetime

from mailbot import complaint, tags
from mailbot.effects import Attach, Effect, Judge, Letter, Note
from mailbot.rules.commands.order import Order


def confirm(
    order: Order,
    understood: str,
    done: list[str],
    *,
    leaves_text: str = "",
    files: list[str] | None = None,
    to: str = "",
    leaves_at: datetime | None = None,
    due_on: str | None = None,
    replace_action: str = "",
    offers: tuple[str, ...] = (),
) -> Letter:
    """The one short mail: what was understood and done, all that left or will leave and to whom, the new date; `offers`: the
    buttons of what usually comes next."""
    case = order.case
    facts = {
        "number": case.number if case else None,
        "first_name": order.person.first_name,
        "understood": understood,
        "done": [*done, *_kept(order)] if leaves_text else done,
        "leaves_text": leaves_text,
        "files": files or [],
        "to": to,
        "leaves_at": leaves_at.isoformat() if leaves_at else None,
        "undo_until": leaves_at.isoformat() if leaves_at else None,
        "replace_action": replace_action,
        "offers": list(offers),
        "due_on": due_on or (case.due_on.isoformat() if case and case.due_on else None),
    }
    return to_author(order, "confirm", facts)


def _kept(order: Order) -> list[str]:
    """Files that look like mail of ours, or could not be taken: they stay, and their sender is told."""
    return [f"n’est pas parti avec le texte : {name}" for name in order.answer.kept_files]


def to_author(order: Order, kind: str, facts: dict, **more) -> Letter:  # type: ignore[no-untyped-def,type-arg]
    """A letter back to the person, at the registered address; answering their mail."""
    case = order.case
    return Letter(
        kind=kind,
        keys=(f"confirm:{order.desk.incoming.id}",),
        to=order.me,
        language="fr",
        facts=facts,
        number=case.number if case else None,
        in_reply_to=order.message.message_id,
        references=order.thread,
        **more,
    )


def refuse(order: Order, why: str, *, outline: bool = False, nearest: str = "") -> list[Effect]:
    """Nothing is done; the nearest tag is proposed (`nearest`, else what a mistyped one meant), the buttons repeated."""
    number = order.case.number if order.case else None
    head: list[Effect] = [Attach(number=number)] if number else []
    return [
        *head,
        Judge(verdict="staff-command", reason=f"commande non exécutée : {why}", number=number),
        Note(number=number, event="command-refused", actor=order.author.addr, text=why),
        refusal(order, why, outline=outline, nearest=nearest),
    ]


def refusal(order: Order, why: str, *, outline: bool = False, nearest: str = "") -> Letter:
    """The letter of it."""
    case = order.case
    near = tags.BY_NAME.get(nearest) or (tags.nearest(order.command.unknown[0]) if order.command.unknown else None)
    facts = {
        "number": case.number if case else None,
        "first_name": order.person.first_name,
        "why": why,
        "nearest": near.name if near else "",
        "outline": outline,
        "text": order.answer.text,
    }
    return to_author(order, "refusal", facts)


def stage_words(stage: str) -> str:
    return complaint.STAGE_NAMES.get(stage, stage)
