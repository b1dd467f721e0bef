"""Old mails taken in: each kept as it is and judged once, as history or as a file of its own, and answered to nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import PurePath
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from mailbot import effects as fx
from mailbot import failpoints
from mailbot.corridor.ahead import Read
from mailbot.corridor.bench import Bench
from mailbot.corridor.mails import BEGINNING, Mails
from mailbot.corridor.query import query_of
from mailbot.guard import Unreadable
from mailbot.identity import author
from mailbot.importing.register import setting
from mailbot.message import Message
from mailbot.reading import Reading
from mailbot.reports.sources import Source, named
from mailbot.rules import imported
from mailbot.store import apply, brought, desks
from mailbot.store.ledger import Ledger, Session
from mailbot.store.tables import Inbound

LARGEST = 150 * 2**20  # bytes of one mail (spec §3)
HEAD = 65_536  # bytes in which the first Received stands
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
EVER = datetime.min.replace(tzinfo=UTC)
_RECEIVED = re.compile(rb"(?:^|\n)Received:((?:[^\n]|\n[ \t]){0,4000})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Old:
    """A mail that is not here yet, not in memory. `dated`: whether anything says when it came."""

    source: Source
    rank: int
    at: datetime
    dated: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    mails: tuple[Old, ...] = ()
    known: int = 0  # already here, byte for byte
    faults: tuple[tuple[str, str], ...] = ()  # (name, why it can't be taken)


@dataclass(frozen=True, kw_only=True)
class Taken:
    name: str
    verdict: str
    reason: str
    number: str


def bare(raw: bytes) -> bytes:
    """Without the envelope line of a mailbox file."""
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def arrived(raw: bytes, name: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When it came: as its name says, else as the last relay wrote, else as its writer did; None when none of them can be true."""
    stem = PurePath(name.partition("#")[0]).stem
    said = named(stem, zone) if "#" not in name else None
    head = raw[:HEAD].partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:HEAD] else b"\n\n")[0]
    relay = _RECEIVED.search(head)
    date = re.search(rb"(?:^|\n)Date:([^\n]{0,200})", head, re.IGNORECASE)
    moments = (
        said[0] if said else None,
        _read(relay[1].rpartition(b";")[2] if relay else b"", zone),
        _read(date[1] if date else b"", zone),
    )
    return next((m.astimezone(UTC) for m in moments if m and OLDEST <= m <= now), None)


def _read(words: bytes, zone: ZoneInfo) -> datetime | None:
    try:
        found = parsedate_to_datetime(words[:200].decode("ascii", "replace").strip())
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


async def plan(sources: Sequence[Source], bench: Bench, step: Callable[[], None] = lambda: None) -> Plan:
    """What is new, in the order of arrival; writes nothing. `step` is called once a mail."""
    zone, now = ZoneInfo(bench.config.calendar.timezone), bench.clock()
    new: list[Old] = []
    faults: list[tuple[str, str]] = []
    known = 0
    for rank, source in enumerate(sources, 1):
        step()
        try:
            raw = bare(source.read())
        except OSError as error:
            faults.append((source.name, str(error.strerror)))
            continue
        if not raw.strip() or len(raw) > LARGEST:
            faults.append((source.name, "vide" if not raw.strip() else f"plus de {LARGEST // 2**20} Mo"))
        elif await bench.ask(partial(brought.known, raw=raw)) is not None:
            known += 1
        else:
            at = arrived(raw, source.name, zone, now)
            new.append(Old(source=source, rank=rank, at=at or now, dated=at is not None))
    return Plan(mails=tuple(sorted(new, key=lambda m: (m.at, m.rank))), known=known, faults=tuple(faults))


async def take_in(
    old: Sequence[Old], mails: Mails, label: str, *, as_complaints: bool, step: Callable[[], None] = lambda: None
) -> list[Taken]:
    """One transaction a mail: its bytes and its verdict. `label`: the file or folder as it was typed."""
    taken: list[Taken] = []
    for each in old:
        raw = bare(each.source.read())
        message, reading, unreadable = await _read_in_guard(mails.bench, raw)
        write = partial(
            _write,
            mails=mails,
            each=each,
            raw=raw,
            read=(message, reading, unreadable),
            label=label,
            as_complaints=as_complaints,
        )
        done = await mails.bench.db(write)
        taken += [done] if done else []
        step()
    return taken


async def _read_in_guard(bench: Bench, raw: bytes) -> tuple[Message | None, Reading | None, str]:
    """(the mail, what it says, why it could not be read whole): strangers' bytes are read in the guard only."""
    try:
        return *(await bench.guard.read(raw)), ""
    except Unreadable as error:
        why = str(error)
    try:
        return *(await bench.guard.read_headers(raw[:BEGINNING])), why
    except Unreadable:
        return None, None, why


def _write(
    tx: Session,
    mails: Mails,
    each: Old,
    raw: bytes,
    read: tuple[Message | None, Reading | None, str],
    label: str,
    as_complaints: bool,
) -> Taken | None:
    if brought.known(tx, raw) is not None:
        return None
    bench, name = mails.bench, each.source.name
    source = (PurePath(name).name if label in PurePath(name).name else f"{label}/{name}")[:200]
    cause = f"command:import {label}"
    inbound_id = brought.bring(tx, source, each.rank, raw, received_at=each.at, now=bench.clock())
    message, reading, unreadable = read
    if message is None or reading is None:
        effects = imported.quarantined(f"repris de {source}, illisible : {unreadable}", "inconnu")
        apply.apply(tx, effects, bench.act(tx, cause, inbound_id=inbound_id))
    else:

        def think(tx: Session, inbound: Inbound) -> Sequence[fx.Effect]:
            desk = desks.desk_for(
                tx, inbound, query_of(message, reading, bench.config), setting(bench, EVER), unreadable=unreadable
            )
            calm = replace(desk, from_sender=0, unproven=0, letters_to_sender=0, letters_in_a_day=0, group_key="")
            writer = author(message, bench.config)
            return imported.on_old_mail(
                message, reading, calm, writer, bench.config, source=source, as_complaint=as_complaints
            )

        whole = Read(inbound_id=inbound_id, message=message, reading=reading, files={}, unreadable=unreadable)
        mails.write(tx, whole, cause, think)
    failpoints.hit("K11")
    row = tx.get_one(Inbound, inbound_id)
    return Taken(name=name, verdict=row.verdict, reason=row.reason, number=brought.number_of(tx, inbound_id))


async def rehearse(
    old: Sequence[Old], mails: Mails, label: str, *, as_complaints: bool, step: Callable[[], None] = lambda: None
) -> list[Taken]:
    """The same on an empty register that is thrown away: verdicts as they would be, but for threads that the real one knows."""
    with TemporaryDirectory(prefix="mailbot-") as folder:
        empty = Ledger(f"sqlite:///{folder}/essai.db", lasting=False)
        empty.create()
        bench = Bench(mails.config, empty, mails.bench.guard, mails.bench.clock)
        try:
            return await take_in(old, Mails(bench), label, as_complaints=as_complaints, step=step)
        finally:
            bench.close()
            empty.close()
