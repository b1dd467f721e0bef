"""Files that come out of others: an essai taken over into the real series, or left (spec §2); a split (spec §3)."""

from __future__ import annotations

from mailbot.config import Config
from mailbot.desk import Case, Desk
from mailbot.effects import Attach, Change, Effect, Judge, Note
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


def split_file(message: Message, reading: Reading, desk: Desk, config: Config, *, number: str) -> list[Effect]:
    """`#scinder`: one file more from the same first mail, linked, with its own AR (spec §3); the mail stays with the first file."""
    opened = intake.open_file(
        message, reading, desk, author(message, config), config, verdict="complaint", reason=f"scindé de {number}"
    )
    kept = [e for e in opened if not isinstance(e, Judge | Attach)]
    # Its AR is not late because of the first file's: what it owes begins with the split.
    fields = {"linked_to": number, "cycle_started_at": desk.now}
    return [*kept, Change(number=desk.next_number.text, fields=fields)]
