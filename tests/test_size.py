"""However many files the register holds, what the desk asks of it finds its rows by an index: SQLite's own plan says so."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
from room import Room, mail, room
from sqlalchemy import event
from sqlmodel import col, select

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.reports import digest, tables
from mailbot.store import instance, keep, post, pulse, questions, thread, whole
from mailbot.store.ledger import Session
from mailbot.store.tables import Stretch

GROWING = {
    *(
        "raw",
        "inbound",
        "place",
        "complaint",
        "attachment",
        "letter",
        "octets",
        "stretch",
        "letterkey",
        "due",
        "journal",
        "journaltext",
    ),
    *("alarm", "code", "pending"),
}
pytestmark = pytest.mark.sqlite("its own plan of each question")
SCAN = re.compile(r"^SCAN (\w+)")
BY_SERIES = re.compile(r"^SEARCH (\w+) .*\(series=\?\)$")  # the real series is nearly all there is
SORT = "USE TEMP B-TREE FOR ORDER BY"
Question = Callable[[Session], Any]
FILES = select(Stretch).order_by(col(Stretch.letter_id)).limit(5)


@contextmanager
def asked(desk: Room) -> Iterator[set[str]]:
    """The SELECTs, UPDATEs and DELETEs that SQLite was given within, with their values, whoever gave them."""
    seen: set[str] = set()

    def note(statement: str) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            seen.add(statement)

    def trace(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(note)

    engine = desk.register.engine
    desk.register.close()  # each connection from now on is a new one, and traced
    event.listen(engine, "connect", trace)
    try:
        yield seen
    finally:
        event.remove(engine, "connect", trace)
        desk.register.close()


def walked(desk: Room, statements: set[str]) -> list[str]:
    """The steps of SQLite's plans that read a growing table from end to end, each with its question.

    The newest so many rows, by their id (« ORDER BY … LIMIT » without a sort), are no walk: it ends by itself.
    """
    path = desk.register.path
    assert path is not None
    found = []
    with sqlite3.connect(path) as line:
        for statement in sorted(statements):
            steps = [row[3] for row in line.execute(f"EXPLAIN QUERY PLAN {statement}")]
            ends = "ORDER BY" in statement and "LIMIT" in statement and SORT not in steps
            for step in steps:
                table = SCAN.match(step) or ("'real'" in statement and BY_SERIES.match(step))
                if table and table[1] in GROWING and not ends:
                    found.append(f"{step} : {' '.join(statement.split())}")
    return found


QUESTIONS: dict[str, Question] = {
    "due rows": lambda tx: questions.due_rows(tx, cast.NOON),
    "files the clock looks at": lambda tx: questions.looks_due(tx, cast.NOON),
    "group": lambda tx: questions.group_items(tx, cast.BOX),
    "essai due": questions.essai_due,
    "essai files": questions.essai_files,
    "open files": lambda tx: questions.open_files(tx, "real"),
    "ended files": lambda tx: questions.ended_files(tx, "real", cast.NOON),
    "waiting mails": questions.waiting_mails,
    "deadlines": lambda tx: questions.deadlines(tx, [1, 2]),
    "reconcile": lambda tx: questions.reconcile(tx, cast.NOON),
    "oldest unexplained": questions.oldest_unexplained,
    "open alarms": questions.open_alarms,
    "letters that borrow of a mail": lambda tx: whole.give_back(tx, 1),
    "open alarms since": lambda tx: questions.open_alarms(tx, cast.NOON),
    "untold alarms": questions.untold_alarms,
    "stuck letter": lambda tx: questions.stuck_letter(tx, cast.NOON, timedelta(hours=1)),
    "without AR": lambda tx: questions.without_ack(tx, "real"),
    "concerns a file": lambda tx: questions.concerns_a_file(tx, ("<a@b>",), ("carl@courriel.example",)),
    "digest to come": questions.digest_to_come,
    "before start": lambda tx: questions.before_start(tx, cast.NOON),
    "pending": lambda tx: questions.pending_of(tx, 1),
    "mails of a file": lambda tx: questions.mails_of(tx, "REC-2026-0001"),
    "trainee": lambda tx: questions.trainee(tx, "EXERCICE-2026-0001"),
    "practice": lambda tx: questions.practice_of(tx, "bo@ief.example"),
    "pulse": lambda tx: pulse.read(tx, cast.NOON),
    "list": tables.files,
    "list --waiting": tables.waiting,
    "held while mute": instance.held,
    "claim": lambda tx: post.claim(tx, cast.NOON),
    "claim while mute": lambda tx: post.claim(tx, cast.NOON, mute=True),
    "ended leases": lambda tx: post.reclaim(tx, cast.NOON),
    "mails to decide": keep.waiting,
    "places of a folder": lambda tx: keep.known_uids(tx, cast.BOX, "INBOX", 1, 5),
    "places gone": lambda tx: keep.mark_gone(tx, cast.BOX, "INBOX", 1, set(), cast.NOON),
    "to file away": lambda tx: keep.to_file_away(tx, cast.BOX, "INBOX", 1),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_each_named_question_has_its_index(question: Question, tmp_path: Path) -> None:
    with room(tmp_path, Guard()) as desk, asked(desk) as statements:
        desk.register.run(question)
    assert statements
    assert walked(desk, statements) == []


def test_the_next_acknowledgement_is_found_past_any_number_of_letters_that_wait(tmp_path: Path) -> None:
    """By the state of a letter it would be looked for among all that are owed."""
    with room(tmp_path, Guard()) as desk, asked(desk) as statements:
        desk.register.run(lambda tx: post.claim(tx, cast.NOON))
        path = desk.register.path
    assert path is not None
    with sqlite3.connect(path) as line:
        steps = [row[3] for s in statements if "'ack'" in s for row in line.execute(f"EXPLAIN QUERY PLAN {s}")]
    assert [step.partition(" (")[0] for step in steps] == ["SEARCH letter USING INDEX ix_letter_acks"]


@pytest.mark.asyncio
async def test_a_day_of_the_desk_walks_no_table(tmp_path: Path) -> None:
    async with Guard(words(cast.config()).to_json()) as guard:
        with room(tmp_path, guard) as desk:
            with asked(desk) as statements:
                await desk.take(mail(files=(("preuve.pdf", "application/pdf", bytes(40_000)),)))
                await desk.take(mail(subject="Re: REC-2026-0001"))
                desk.register.run(lambda tx: [whole.letter(tx, row.letter_id or 0) for row in tx.exec(FILES).all()])
                await desk.tick(days=9)
                desk.register.ask(lambda tx: digest.facts(tx, desk.clock(), "live", desk.config))
                desk.story()
            assert len(statements) > 20
            assert any("stretch" in s and "SELECT octets.raw" in s for s in statements)
            assert walked(desk, statements) == []


@pytest.mark.asyncio
async def test_what_is_asked_of_a_file_is_found_by_the_file_not_by_who_reads(tmp_path: Path) -> None:
    """A colleague has letters about every file: found by the reader, they would all be read for each new one."""
    async with Guard(words(cast.config()).to_json()) as guard:
        with room(tmp_path, guard) as desk:
            await desk.take(mail())
            with asked(desk) as statements:
                desk.register.ask(lambda tx: thread.of(tx, "REC-2026-0001", (cast.BO,)))
            path = desk.register.path
            assert path is not None
            with sqlite3.connect(path) as line:
                steps = [row[3] for s in sorted(statements) for row in line.execute(f"EXPLAIN QUERY PLAN {s}")]
    assert len(steps) == 3
    assert all("(complaint_id=?)" in step or "(number=?)" in step for step in steps)


def test_a_walk_is_seen(tmp_path: Path) -> None:
    with room(tmp_path, Guard()) as desk:
        assert len(walked(desk, {"SELECT id FROM complaint WHERE series = 'real' AND phone = ''"})) == 1
        assert len(walked(desk, {"SELECT id FROM complaint WHERE phone = ''"})) == 1
        assert walked(desk, {"SELECT id FROM complaint ORDER BY id DESC LIMIT 5"}) == []
        assert len(walked(desk, {"SELECT id FROM complaint ORDER BY phone LIMIT 5"})) == 1
