"""What a command needs from other mails: the one it confirms, splits or decides about, the pieces or the fiche it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mailbot import effects as fx
from mailbot import rules
from mailbot.corridor.bench import Files
from mailbot.desk import Desk
from mailbot.identity import author
from mailbot.rules.commands import command_of
from mailbot.rules.commands.handling import FICHE
from mailbot.store import apply, questions
from mailbot.store.ledger import Session
from mailbot.store.tables import Inbound

if TYPE_CHECKING:
    from mailbot.corridor.ahead import Read
    from mailbot.corridor.mails import Mails

PIECES_LIMIT = 20 * 2**20  # bytes of files that one letter carries


@dataclass(frozen=True, kw_only=True)
class Behind:
    """Another mail, read before the decision began; `kind`: confirmed | split | chosen."""

    kind: str = ""
    read: Read | None = None
    choice: str = ""
    files: Files = field(default_factory=dict)


async def behind(mails: Mails, read: Read) -> Behind:
    """Reads what the command in hand points at; nothing for any other mail."""
    if author(read.message, mails.config).person is None:
        return Behind()
    command = command_of(read.message, read.reading, mails.config)
    name = command.tag.name if command.tag else ""
    reference = command.references[0] if command.references else None
    words = command.argument.split()
    if name == "confirmer" and words and words[0].isdigit() and len(words[0]) < 10:
        return Behind(kind="confirmed", read=await _known(mails, int(words[0])))
    if name in ("réclamation", "note") and reference and reference.inbound_id:
        choice = "complaint" if name == "réclamation" else "note"
        return Behind(kind="chosen", read=await _known(mails, reference.inbound_id), choice=choice)
    number = reference.number if reference else ""
    if name == "scinder" and number:
        ids = await mails.bench.ask(lambda tx: questions.mails_of(tx, number))
        return Behind(kind="split", read=await _known(mails, ids[0]) if ids else None)
    if name == "pièces" and number:
        return Behind(files=await _pieces(mails, number))
    if name == "fiche" and number:
        return Behind(files=await _fiche(mails, number))
    return Behind()


async def _fiche(mails: Mails, number: str) -> Files:
    from mailbot.corridor import fiches  # what draws is loaded where something is drawn

    drawn = await fiches.drawn(mails.bench, number)
    return {FICHE: (fiches.file_name(number), fiches.PDF, drawn)} if drawn else {}


async def _known(mails: Mails, inbound_id: int) -> Read | None:
    if await mails.bench.ask(lambda tx: tx.get(Inbound, inbound_id)) is None:
        return None
    return await mails.read(inbound_id, last=True)


async def _pieces(mails: Mails, number: str) -> Files:
    """The evidence of every mail of a file, as far as a letter can carry it."""
    files: Files = {}
    room = PIECES_LIMIT
    for inbound_id in await mails.bench.ask(lambda tx: questions.mails_of(tx, number)):
        other = await _known(mails, inbound_id)
        kept = [a for a in other.message.attachments if a.evidence and not a.problem] if other else []
        chosen = {a.path: a for a in kept if a.size <= room}
        if chosen:
            cut = await mails.cut(inbound_id, list(chosen))
            room -= sum(a.size for a in chosen.values())
            files |= {(inbound_id, p): (chosen[p].name or "fichier", chosen[p].content_type, d) for p, d in cut.items()}
    return files


def follow(
    mails: Mails, tx: Session, found: Behind, effects: Sequence[fx.Effect], cause: str, command_desk: Desk
) -> None:
    """The second half of such a command, in the same transaction as the first."""
    other = found.read
    if other is None:
        return
    if found.kind == "confirmed" and any(isinstance(e, fx.EndPending) and e.how == "confirmed" for e in effects):
        _carry_out(mails, tx, other, cause, command_desk)
    elif found.kind == "split" and any(isinstance(e, fx.Note) and e.event == "command-scinder" for e in effects):
        _split(mails, tx, other, cause, command_desk)


def _carry_out(mails: Mails, tx: Session, other: Read, cause: str, command_desk: Desk) -> None:
    assert command_desk.pending is not None
    who = command_desk.pending.person
    inbound = tx.get_one(Inbound, other.inbound_id)
    desk = mails.desk(tx, inbound, other, staff=who)
    writer = replace(author(other.message, mails.config), person=mails.config.person(who))
    effects = rules.commands.on_confirmed(other.message, other.reading, desk, writer, mails.config)
    apply.apply(tx, effects, mails.bench.act(tx, cause, inbound_id=other.inbound_id, files=other.files))


def _split(mails: Mails, tx: Session, other: Read, cause: str, command_desk: Desk) -> None:
    inbound = tx.get_one(Inbound, other.inbound_id)
    desk = mails.desk(tx, inbound, other)
    effects = rules.split_file(other.message, other.reading, desk, mails.config, number=command_desk.named[0].number)
    apply.apply(tx, effects, mails.bench.act(tx, cause, inbound_id=other.inbound_id, files=other.files))
