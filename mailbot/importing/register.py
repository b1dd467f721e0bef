"""A register taken in: first the plan of what each line would become, then one transaction a line, so that it may be cut anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from mailbot import failpoints, workdays
from mailbot.config import Config
from mailbot.corridor.bench import Bench
from mailbot.desk import Number
from mailbot.importing import lines
from mailbot.importing.lines import Told
from mailbot.importing.mapping import Mapping, Mistake, missing
from mailbot.importing.sheets import Table
from mailbot.reading import Reading
from mailbot.rules import imported
from mailbot.rules.imported import Line
from mailbot.store import apply, brought, desks
from mailbot.store.ledger import Session

SERIES = "real"  # a register that was really kept is no exercise, whatever the mode


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A line that becomes a file. `number`: the one it would take now; `due_on`: the date it would have."""

    row: int
    line: Line
    reading: Reading
    raw: bytes
    number: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that an import would do. With a mistake it does nothing."""

    source: str
    said: str  # how the file was read
    files: tuple[Planned, ...] = ()
    known: tuple[tuple[int, str], ...] = ()  # (line, number it has here): already taken in
    changed: tuple[tuple[int, str], ...] = ()  # the same, and the line is no longer what it was
    mistakes: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()


def rows(table: Table, mapping: Mapping, config: Config, today: date, source: str) -> Iterator[tuple[Told, bytes]]:
    """Each row as a line, with the bytes that are kept of it."""
    seen: Counter[bytes] = Counter()
    for row in table.rows:
        first = lines.as_mail(row, 0)
        again = seen[first]
        seen[first] += 1
        yield lines.told(row, mapping, config, today, source), lines.as_mail(row, again) if again else first


async def plan(
    table: Table, mapping: Mapping, bench: Bench, source: str, step: Callable[[], None] = lambda: None
) -> Plan:
    """Reads everything, writes nothing. `step` is called once a row."""
    config = bench.config
    wrong = missing(mapping, table.heads)
    if wrong:
        return Plan(source=source, said=table.said, mistakes=tuple(wrong))
    today = workdays.local_date(bench.clock(), config.workdays)
    found = list(rows(table, mapping, config, today, source))
    faults = [*(m for told, _ in found for m in told.mistakes), *_twice(told for told, _ in found)]
    notes = [n for told, _ in found for n in told.notes]
    new: list[tuple[Told, Line, bytes]] = []
    known: list[tuple[int, str]] = []
    changed: list[tuple[int, str]] = []
    for told, raw in found:
        if told.line is None:
            continue
        number, same = await bench.ask(partial(_known, line=told.line, raw=raw))
        if number:
            (known if same else changed).append((told.row, number))
        else:
            new.append((told, told.line, raw))
    files = await _files(new, bench, step)
    return Plan(
        source=source,
        said=table.said,
        files=tuple(files),
        known=tuple(known),
        changed=tuple(changed),
        mistakes=tuple(grouped(faults)),
        notes=tuple(grouped(notes)),
    )


async def _files(new: list[tuple[Told, Line, bytes]], bench: Bench, step: Callable[[], None]) -> list[Planned]:
    """In the order of reception, as numbers are."""
    zone = ZoneInfo(bench.config.calendar.timezone)
    ahead: Counter[int] = Counter()
    files: list[Planned] = []
    for told, line, raw in sorted(new, key=lambda n: (n[1].received_at, n[0].row)):
        _, reading = await bench.guard.read(lines.as_written(line, told.text))
        year = line.received_at.astimezone(zone).year
        number = await bench.ask(partial(_next, line=line, bench=bench))
        text = f"{bench.config.intake.prefix}-{year}-{number.rank + ahead[year]:04d}"
        ahead[year] += 1
        due_on, _ = imported.due(line, bench.config)
        files.append(Planned(row=told.row, line=line, reading=reading, raw=raw, number=text, due_on=due_on))
        step()
    return files


def _next(tx: Session, line: Line, bench: Bench) -> Number:
    return desks.next_number(tx, SERIES, line.received_at, setting(bench))


def setting(bench: Bench, start: datetime | None = None) -> desks.Setting:
    """What the desk for an import depends on; unlike `bench.setting` it fixes no start, and its series is the real one."""
    now, config = bench.clock(), bench.config
    return desks.Setting(
        now=now, mode="live", start=start or now, timezone=config.calendar.timezone, prefix=config.intake.prefix
    )


def _twice(found: Iterable[Told]) -> Iterator[Mistake]:
    """Their own number on two lines: one of both is wrong."""
    first: dict[str, int] = {}
    for told in found:
        number = told.line.number if told.line else ""
        if number and number in first:
            what = f"le numéro « {number} » est déjà à la ligne {first[number]}"
            yield Mistake(where="numéro", what=what, mend="gardez l’une des deux lignes, ou corrigez", rows=(told.row,))
        elif number:
            first[number] = told.row


def grouped(found: Iterable[Mistake]) -> list[Mistake]:
    """The same mistake on many lines is told once, with its lines."""
    held: dict[tuple[str, str, str], list[int]] = {}
    for m in found:
        held.setdefault((m.where, m.what, m.mend), []).extend(m.rows)
    return [
        Mistake(where=where, what=what, mend=mend, rows=tuple(sorted(rows)))
        for (where, what, mend), rows in held.items()
    ]


def _known(tx: Session, line: Line, raw: bytes) -> tuple[str, bool]:
    """(the number that this line has here, "" for none; whether it is still the same)."""
    mail = brought.known(tx, raw)
    if mail is not None:
        return brought.number_of(tx, mail) or "effacée", True
    return brought.taken_from(tx, line.number), False


async def take_in(made: Plan, bench: Bench, who: str, step: Callable[[], None] = lambda: None) -> list[str]:
    """Writes what was planned; the numbers given. `step` is called once a line. What another run wrote meanwhile is left."""
    given: list[str] = []
    for each in () if made.mistakes else made.files:
        number = await bench.db(partial(_write, bench=bench, each=each, source=made.source, who=who))
        given += [number] if number else []
        step()
    return given


def _write(tx: Session, bench: Bench, each: Planned, source: str, who: str) -> str:
    """One line, whole or not at all: its bytes, its file, its line in the journal."""
    if _known(tx, each.line, each.raw)[0]:
        return ""
    now, line = bench.clock(), each.line
    inbound_id = brought.bring(tx, source, each.row, each.raw, received_at=line.received_at, now=now)
    number = _next(tx, line, bench)
    effects = imported.open_line(line, each.reading, number, bench.config, who=who)
    apply.apply(tx, effects, bench.act(tx, f"command:import {source}", inbound_id=inbound_id))
    brought.note_line(tx, inbound_id, addr=line.addr, name=line.name, subject=line.subject)
    failpoints.hit("K11")
    return number.text
