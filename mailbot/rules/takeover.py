"""The end of an essai: each of its files is taken over into the real series, or left, and the choice is recorded (spec §2)."""

from __future__ import annotations

from mailbot.config import Config
from mailbot.desk import Case, Desk
from mailbot.effects import Attach, Change, Effect, Note
from mailbot.identity import author
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.rules import intake


def take_over(
    message: Message,
    reading: Reading,
    desk: Desk,
    config: Config,
    *,
    essai: Case,
    inbound_ids: tuple[int, ...],
    who: str,
) -> list[Effect]:
    """Opens the real file of an essai file: numbered and acknowledged now, its clock from that AR; its mails follow it."""
    number = desk.next_number.text
    opened = intake.open_file(
        message,
        reading,
        desk,
        author(message, config),
        config,
        verdict="complaint",
        reason=f"repris de {essai.number} par {who}",
    )
    moved = [Attach(number=number, inbound_id=i) for i in inbound_ids if i != desk.incoming.id]
    return [*opened, *moved, *_ended(essai, f"repris sous le numéro {number}", who)]


def leave(essai: Case, who: str) -> list[Effect]:
    """The essai file stays what it was: an exercise."""
    return _ended(essai, "laissé : essai seulement", who)


def _ended(essai: Case, text: str, who: str) -> list[Effect]:
    return [
        Change(number=essai.number, fields={"stage": "taken-over", "nature": "essai"}),
        Note(number=essai.number, event="essai-ended", actor=who, text=text),
    ]
