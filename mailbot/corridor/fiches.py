"""The fiche of a file drawn: the register's rows, what its mails say as the guard reads them, and the page."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

from mailbot.corridor import large
from mailbot.corridor.bench import Bench
from mailbot.guard import Unreadable
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.reports import fiche
from mailbot.reports.said import Speaker
from mailbot.rules.commands.entering import entry
from mailbot.store import keep, record, slabs
from mailbot.store.ledger import Session
from mailbot.store.record import Held, Mail
from mailbot.store.tables import Complaint

PDF = "application/pdf"


def file_name(number: str) -> str:
    return f"fiche-{number.strip().upper()}.pdf"


async def drawn(bench: Bench, number: str) -> bytes | None:
    """The PDF; None for a number that nobody has. Raises typst.TypstError for a page that is wrong."""
    held = await bench.ask(lambda tx: record.of(tx, number))
    return await of(bench, held) if held else None


async def of(bench: Bench, held: Held) -> bytes:
    from mailbot.reports import pdf  # what draws is loaded where something is drawn

    now, say = bench.clock(), Speaker(config=bench.config)
    texts = {mail.row.id or 0: await _text(bench, held, mail) for mail in held.mails if _told(held, mail)}
    looked_at = await bench.ask(lambda tx: _meeting(tx, held.file))
    told = fiche.Filled(
        held=held,
        config=bench.config,
        made_at=now,
        texts=texts,
        held_on=say.day(looked_at[0]),
        told_on=say.day(looked_at[1]),
    )
    values = fiche.page(told)
    return await asyncio.to_thread(pdf.make, "fiche", values, on=now)


def _told(held: Held, mail: Mail) -> bool:
    """The mail that opened the file, and those in which a colleague recorded an answer given elsewhere."""
    answered = {line.cause for line in held.lines if line.event == "command-répondu"}
    return mail is held.mails[0] or f"mail:{mail.row.id}" in answered


async def _text(bench: Bench, held: Held, mail: Mail) -> str:
    if mail.erased or mail.row.id is None:
        return ""
    raw, truncated = await bench.ask(lambda tx: keep.to_read(tx, mail.row.id or 0))
    try:
        message, reading = await bench.guard.read(large.of(bench, raw), truncated=truncated)
    except (Unreadable, slabs.Torn) as error:
        return f"(message illisible : {error})"
    return words(
        message, reading, entered=fiche.entered(mail), inside=bench.config.person(mail.row.from_addr) is not None
    )


def words(message: Message, reading: Reading, *, entered: bool, inside: bool) -> str:
    """What the complainant said: of a `#saisie` its field, of a colleague's forward the mail in it, else the new text."""
    if entered:
        return entry(reading).text or reading.new_text
    if inside and message.forwarded:
        return message.forwarded.text
    return reading.new_text


def _meeting(tx: Session, row: Complaint) -> tuple[date | None, datetime | None]:
    """(when the quality meeting that looked at it was held, when its bulletin left): the first one held after it ended."""
    if row.closed_at is None:
        return None, None
    meeting = record.meeting_after(tx, row.closed_at)
    return (meeting.held_on, meeting.bulletin_at) if meeting else (None, None)
