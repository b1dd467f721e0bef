"""What one mail did: the register photographed before it, in its undo window and after, and every letter that left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from room import Room
from sqlmodel import SQLModel

from mailbot.config import Answers
from mailbot.guard import Guard
from mailbot.store.tables import Absence, Complaint, Inbound, Journal, Letter
from staff.harness import NOW, PARIS, Registers, Sent, again, at_work, level, living_code, posted, sent
from staff.replies import CAST, NUMBER, Case

CLOCKED = ("chase", "progress", "late", "waiting-reminder", "survey", "digest")  # what the clock starts later
HUMAN = ("reply", "news", "question", "commitment", "nature")  # what carries a colleague's own words
AFTER = timedelta(minutes=Answers().undo_minutes + 5)
KEYS = {addr: who for who, (_, addr) in CAST.items()}

Rows = dict[Any, tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Photo:
    """The whole register: table → key → row."""

    tables: dict[str, Rows]
    columns: dict[str, tuple[str, ...]]

    def new(self, table: str, before: Photo) -> list[dict[str, Any]]:
        return [self._named(table, row) for key, row in self.tables[table].items() if key not in before.tables[table]]

    def changed(self, table: str, before: Photo) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """(before, after) of the rows that are not what they were; a row that is gone is {} after."""
        pairs = ((row, self.tables[table].get(key, ())) for key, row in before.tables[table].items())
        return [(self._named(table, old), self._named(table, now)) for old, now in pairs if old != now]

    def _named(self, table: str, row: tuple[Any, ...]) -> dict[str, Any]:
        return dict(zip(self.columns[table], row, strict=False))


def photo(desk: Room) -> Photo:
    tables, columns = {}, {}
    with desk.register.engine.connect() as line:
        for table in SQLModel.metadata.sorted_tables:
            n, keys = table.name, [c.name for c in table.primary_key]
            found = [row._asdict() for row in line.execute(table.select())]
            columns[n] = tuple(c.name for c in table.columns)
            tables[n] = {tuple(row[k] for k in keys): tuple(row.values()) for row in found}
    tables["meta"] = {k: row for k, row in tables["meta"].items() if k != ("accepted_at",)}  # when a letter last left
    return Photo(tables=tables, columns=columns)


def file_view(row: Complaint) -> dict[str, object]:
    """A file in the words of the records."""
    due_on = row.committed_on or row.due_on
    return {
        "stage": row.stage,
        "outcome": row.outcome if row.stage == "closed" else "",
        "assignee": KEYS[row.assignee],
        "due_on": due_on.isoformat() if due_on else None,
        "priority": row.priority,
        "gravity": row.gravity,
        "complexity": row.complexity,
        "repercussions": row.repercussions,
        "immediate": {"oui": True, "non": False}.get(row.immediate),
        "nature": row.nature.replace(" ", "-"),
        "linked_to": row.linked_to,
        "silenced": row.silenced,
        "cycle": row.cycle,
    }


@dataclass
class Effect:
    """All that one mail did: what left at once, what left after the window, and the register at the three moments."""

    photos: list[Photo]
    views: list[dict[str, dict[str, object]]]  # per moment: number → file
    now: list[Sent]
    later: list[Sent]
    inbound: Inbound
    pending: str = ""  # what became of the letter that waited before
    waited: str = ""  # its Message-ID
    typed: dict[str, str] = field(default_factory=dict)  # Message-ID → the words of a colleague that a letter holds
    told: dict[str, object] = field(default_factory=dict)  # fields that stand outside the file's own row

    @property
    def letters(self) -> list[tuple[str, str, str, Sent]]:
        """(kind, to, when, letter) without the one that waited before and what the clock started."""
        both = [("now", x) for x in self.now] + [("after-window", x) for x in self.later]
        kept = [(when, x) for when, x in both if x.message_id != self.waited]
        return [(x.kind, KEYS.get(x.to, x.to), when, x) for when, x in kept if x.kind not in CLOCKED or when == "now"]


async def effect_of(case: Case, registers: Registers, guard: Guard, folder: Path) -> Effect:
    async with at_work(case, registers, guard, folder) as (desk, sink):
        mail = posted(case, desk)
        if "seen" in case.given:
            desk.clock.now = NOW - timedelta(minutes=1)
            await desk.take(mail.raw)
            await desk.send()
            desk.clock.now = NOW
        waiting = [x for x in desk.rows(Letter, Letter.state == "owed") if x.kind in HUMAN]
        code = living_code(desk, case.code_of)
        known = len(sink.taken)
        photos, views = [photo(desk)], [_views(desk)]
        inbound = await desk.take(again(mail.raw) if "seen" in case.given else mail.raw)
        await desk.send()
        photos.append(photo(desk))
        views.append(_views(desk))
        first = len(sink.taken)
        desk.clock.now = NOW + AFTER
        await desk.dues.tick()
        await desk.send()
        photos.append(photo(desk))
        views.append(_views(desk))
        letters = [sent(taken.raw, to) for taken in sink.taken for to in taken.to]
        found = Effect(photos=photos, views=views, now=letters[known:first], later=letters[first:], inbound=inbound)
        if waiting:
            found.waited = waiting[-1].message_id
            left = any(x.message_id == found.waited for x in letters[known:])
            found.pending = "leaves" if left else "stopped"
        found.typed = {
            x.message_id: level(str(x.facts.get("text", x.facts.get("reason", "")))) for x in desk.rows(Letter)
        }
        found.told = _told(desk, case, inbound, code)
        assert (desk.rows(Letter, Letter.state == "owed") or []) == []
        return found


def _views(desk: Room) -> dict[str, dict[str, object]]:
    return {row.number: file_view(row) for row in desk.files()}


def _told(desk: Room, case: Case, inbound: Inbound, code: str) -> dict[str, object]:
    """What the records say of things that stand elsewhere in the register than in the file's row."""
    away = desk.rows(Absence)
    refusals = [x for x in desk.letters("refusal") if x.cause == f"mail:{inbound.id}"]
    answered = desk.file(NUMBER).answered_at
    taken = desk.rows(Journal, Journal.event == "command-prendre", Journal.number == NUMBER)
    return {
        "absent_from": away[-1].first.isoformat() if away else None,
        "absent_to": away[-1].last.isoformat() if away else None,
        "substitute": KEYS[away[-1].substitute] if away else None,
        "answered_on": _local(answered).isoformat() if answered else None,
        "new_files": 0,
        "code_replaced": living_code(desk, case.code_of) != code,
        "nearest": refusals[-1].facts["nearest"] if refusals else "",
        "taken": bool(taken),
    }


def _local(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()
