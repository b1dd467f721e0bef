"""`mailbot check --audit` and the independent audit of the tests: both clean on a whole register, both see each promise broken."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import audit as independent
import cast
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from sink import Sink
from sqlalchemy import text
from test_cli import configure
from test_store import letter, open_file, owe, put
from typer.testing import CliRunner

from mailbot import audit, rules
from mailbot.cli import app
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import facts, keep
from mailbot.store.keep import Spot
from mailbot.store.ledger import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


# -- the judging, a row a fault ---------------------------------------------------------------------------------------

MAIL = facts.Mail(
    id=1, kept_at=cast.NOON, state="decided", verdict="complaint", waiting=False, decided_at=cast.NOON,
    number="REC-2026-0001", places=1,
)  # fmt: skip
PLACE = facts.Place(folder="INBOX", uid=7, state="known", inbound_id=1, gone=False, moved_to="")
FILE = facts.File(
    number="REC-2026-0001", series="real", year=2026, rank=1, stage="acknowledged", cycle=1, due_on=cast.NOON.date(),
    ack_state="accepted", no_ack="",
)  # fmt: skip
GAP = replace(FILE, rank=3, number="REC-2026-0003", ack_state="none")
LETTER = facts.Letter(
    id=3, name="ack:REC-2026-0001:1", number="REC-2026-0001", series="real", state="sent",
    keys=("ack:REC-2026-0001:1",), to=cast.CARL, envelope=cast.CARL, message_id="<3@ief.example>",
    written_id="<3@ief.example>", written_to=cast.CARL, next_try_at=cast.NOON, lease_until=None, repeats=0,
    settled_at=cast.NOON, cause="mail:1",
)  # fmt: skip
WHOLE = audit.Facts(
    now=cast.NOON + timedelta(days=1), mails=[MAIL], places=[PLACE], files=[FILE], counters={("real", 2026): 1},
    letters=[LETTER],
)  # fmt: skip


def mails(**change: Any) -> audit.Facts:
    return replace(WHOLE, mails=[replace(MAIL, **change)])


def places(**change: Any) -> audit.Facts:
    return replace(WHOLE, places=[replace(PLACE, **change)])


def files(**change: Any) -> audit.Facts:
    return replace(WHOLE, files=[replace(FILE, **change)])


def letters(**change: Any) -> audit.Facts:
    return replace(WHOLE, letters=[replace(LETTER, **change)])


BROKEN = {
    "bytes without a mail": ("A1", replace(WHOLE, without_mail=[9])),
    "a mail that nobody judges": ("A1", mails(state="kept", verdict="", decided_at=None)),
    "a verdict that does not exist": ("A1", mails(verdict="perdu")),
    "decided, and no verdict": ("A1", mails(verdict="")),
    "decided, and no moment": ("A1", mails(decided_at=None)),
    "a gap": ("A2", replace(WHOLE, files=[FILE, GAP], counters={("real", 2026): 3})),
    "the last file lost": ("A2", replace(WHOLE, counters={("real", 2026): 2})),
    "a counter that is behind": ("A2", replace(WHOLE, counters={})),
    "another number": ("A2", files(number="REC-2026-0002", ack_state="none")),
    "no due date": ("A2", files(due_on=None)),
    "a complaint without a file": ("A2", mails(number="")),
    "a letter that does not leave": ("A3", letters(state="owed", settled_at=None)),
    "a letter in a dead hand": ("A3", letters(state="claimed", lease_until=cast.NOON, settled_at=None)),
    "a claim without end": ("A3", letters(state="claimed", lease_until=None, settled_at=None)),
    "a state that does not exist": ("A3", letters(state="perdue")),
    "sent at no time": ("A3", letters(settled_at=None)),
    "repeated twice": ("A3", letters(repeats=2)),
    "without a key": ("A3", letters(keys=())),
    "an accepted AR that never left": ("A3", letters(state="refused")),
    "another Message-ID": ("A4", letters(written_id="<4@ief.example>")),
    "another reader": ("A4", letters(written_to=cast.MALLORY)),
    "an exercise that left the house": ("A4", letters(series="essai")),
    "a cause that is not there": ("A4", letters(cause="mail:8")),
    "a cause of no kind": ("A4", letters(cause="humeur:1")),
    "no cause": ("A4", letters(cause="")),
    "digits of another script": ("A4", letters(cause="mail:١")),
    "a mail without a place": ("A5", mails(places=0)),
    "a place without its mail": ("A5", places(inbound_id=None)),
    "moved and not arrived": ("A5", places(gone=True, moved_to="Traités")),
    "moved and still there": ("A5", replace(WHOLE, places=[replace(PLACE, moved_to="Traités"), replace(PLACE, folder="Traités")])),
    "other bytes": ("A6", replace(WHOLE, files_of_bytes=["message 1 : ses octets ne correspondent pas"])),
    "a forgotten file": ("A6", replace(WHOLE, stray=["x.tmp"])),
    "a damaged page": ("A7", replace(WHOLE, damage=["page 3"])),
    "a lost reference": ("A7", replace(WHOLE, loose=["letter.complaint_id : 1"])),
    "a broken chain": ("A7", replace(WHOLE, record=["journal, ligne 3"])),
    "set aside by a fault of ours": ("A8", replace(mails(waiting=True), told=[("set-aside:1", "erreur interne")])),
    "a loop that failed": ("A8", replace(WHOLE, told=[("fault:tick", "erreur interne")])),
    "a due row that nobody looked at": ("A8", replace(WHOLE, late=[facts.Late(key="digest:x", at=cast.NOON, number="")])),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
async def test_each_fault_is_told_with_its_point_and_what_to_do(name: str) -> None:
    point, broken = BROKEN[name]
    found = audit.judge(broken)
    assert {f.point for f in found} == {point}
    assert all(f.what and f.mend for f in found)


SOUND = {
    "a whole register": WHOLE,
    "an empty one": audit.Facts(now=cast.NOON),
    "a mail that just came": replace(mails(state="kept", verdict="", decided_at=None), now=cast.NOON + HOUR / 2),
    "a mute desk that keeps its letters": replace(
        letters(state="owed", settled_at=None), mute=True, files=[replace(FILE, ack_state="owed")]
    ),
    "an essai whose letters come back": replace(letters(series="essai"), people=frozenset({cast.CARL})),
    "an exercise, acknowledged by nobody": replace(files(series="practice"), counters={("practice", 2026): 1}, letters=[]),
    "an uncertain AR that waits for its repeat": replace(
        letters(state="owed", repeats=1, settled_at=None), now=cast.NOON, files=[replace(FILE, ack_state="uncertain")]
    ),
    "an AR of an earlier cycle": files(cycle=2),
    "a place that vanished unread": replace(WHOLE, places=[PLACE, replace(PLACE, state="vanished", inbound_id=None)]),
    "filed away": replace(WHOLE, places=[replace(PLACE, gone=True, moved_to="Traités"), replace(PLACE, folder="Traités")]),
    "a mail that a human decided after our fault": replace(WHOLE, told=[("set-aside:1", "erreur interne")]),
    "the mail that check sent": letters(keys=(), cause="command:check"),
}  # fmt: skip
SOUND["the mail that check sent"] = replace(SOUND["the mail that check sent"], files=[replace(FILE, ack_state="none")])


@pytest.mark.parametrize("name", SOUND)
async def test_what_is_in_order_is_no_fault(name: str) -> None:
    assert audit.judge(SOUND[name]) == []


async def test_the_file_is_named_where_there_is_one() -> None:
    [fault] = audit.judge(letters(repeats=2))
    assert (fault.number, "répétée 2 fois" in fault.what) == ("REC-2026-0001", True)


# -- both audits --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    name: str
    sha256: str


@dataclass(frozen=True)
class Sent:
    """What the independent audit is told of a mail that was put in."""

    key: str
    trace: str
    raw: bytes
    verdict: str
    outside: tuple[str, ...] = ()
    inside: tuple[tuple[str, str], ...] = ()
    files: tuple[Any, ...] = ()
    message_id: str = ""


@dataclass
class House:
    """A desk that took two mails in and sent what it owed, with all that can be seen of it from outside."""

    desk: Room
    sink: Sink
    sent: list[Sent]
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    log: str = ""

    def independent(self) -> set[str]:
        found = independent.audit(
            independent.Evidence(
                data_dir=self.desk.config.data_dir,
                url=registers.setting(self.desk.config.data_dir),
                sent=self.sent,
                folders=self.folders,
                accepted=[independent.Accepted(to=t.to[0], raw=t.raw) for t in self.sink.taken],
                log=self.log,
                house="ief.example",
            )
        )
        return {line.split()[0] for line in found}

    async def ours(self) -> set[str]:
        found = await audit.examine(self.desk.config, self.desk.register, self.desk.guard, self.desk.clock())
        return {fault.point for fault in found.faults}

    def sql(self, *statements: str) -> None:
        for statement in statements:
            registers.change(self.desk.config.data_dir, statement)


def put_in(desk: Room, uid: int, raw: bytes) -> None:
    spot = Spot(account=cast.BOX, folder="INBOX", uidvalidity=1, uid=uid)
    now = desk.clock()
    desk.register.run(lambda tx: keep.keep(tx, spot, raw, kind="inbox", received_at=now, now=now))


def two_mails() -> list[Sent]:
    def raw(trace: str, **how: Any) -> bytes:
        return mail(headers=(("Received", f"from a.example by {cast.PROVIDER} with ESMTPS id {trace}"),), **how)

    paper = b"%PDF-1.4 facture"
    complaint = raw("AAAA1", files=(("facture.pdf", "application/pdf", paper),))
    pdf = File("facture.pdf", hashlib.sha256(paper).hexdigest())
    automatic = raw("BBBB2", subject="Absence", sender="autre@courriel.example").replace(
        b"Subject:", b"Auto-Submitted: auto-replied\r\nSubject:"
    )
    return [
        Sent("c1", "AAAA1", complaint, "complaint", (cast.CARL,), (("assignment", cast.BO),), (pdf,)),
        Sent("a1", "BBBB2", automatic, "auto-reply"),
    ]


@pytest_asyncio.fixture(loop_scope="module")
async def house(guard: Guard, tmp_path: Path) -> AsyncIterator[House]:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            made = House(desk, sink, two_mails())
            for uid, each in enumerate(made.sent, 1):
                put_in(desk, uid, each.raw)
                made.folders["INBOX"][uid] = each.raw
            await desk.mails.decide_waiting()
            await desk.send()
            yield made


async def test_both_find_a_register_at_rest_clean(house: House) -> None:
    assert (house.independent(), await house.ours()) == (set(), set())


def lose_a_verdict(house: House) -> None:
    house.sql("UPDATE inbound SET verdict = '' WHERE id = 2")


def jump_a_number(house: House) -> None:
    house.sql("UPDATE complaint SET rank = 2, number = 'REC-2026-0002'", "UPDATE counter SET n = 2")


def owe_what_left(house: House) -> None:
    house.sql("UPDATE letter SET state = 'owed', settled_at = NULL WHERE kind = 'ack'")
    house.desk.clock.advance(hours=2)


def rename_a_letter(house: House) -> None:
    house.sql("UPDATE letter SET message_id = '<autre@ief.example>' WHERE kind = 'assignment'")


def lose_a_place(house: House) -> None:
    house.sql("UPDATE place SET gone_at = seen_at, moved_to = 'Traités' WHERE uid = 1")
    del house.folders["INBOX"][1]  # it was moved, and lies nowhere


def spoil_a_file(house: House) -> None:
    house.sql("UPDATE attachment SET sha256 = substr(sha256, 2) || '0'")


BREAKS: dict[str, Callable[[House], None]] = {
    "A1": lose_a_verdict,
    "A2": jump_a_number,
    "A3": owe_what_left,
    "A4": rename_a_letter,
    "A5": lose_a_place,
    "A6": spoil_a_file,
}


@pytest.mark.parametrize("point", BREAKS)
async def test_both_see_the_promise_that_was_broken(house: House, point: str) -> None:
    BREAKS[point](house)
    assert point in house.independent()
    assert point in await house.ours()


@pytest.mark.sqlite(
    "a reference that leads nowhere, which a database does not let in; both engines: the questions below"
)
async def test_both_see_a_reference_that_leads_nowhere(house: House) -> None:
    house.sql("UPDATE letterkey SET letter_id = 999")
    assert "A7" in house.independent()
    assert "A7" in await house.ours()


async def test_both_see_a_fault_of_the_program_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rules, "on_message", broken)
    put_in(house.desk, 3, mail(subject="Troisième"))
    await house.desk.mails.decide_waiting()
    house.log = "decision failed\nTraceback (most recent call last):\n"  # what the daemon wrote
    assert "A8" in house.independent()
    assert "A8" in await house.ours()


@pytest.mark.sqlite("the pages of the file are overwritten")
async def test_a_file_that_is_no_database_any_more_is_a_fault_and_not_a_crash(house: House) -> None:
    path = house.desk.config.data_dir / "mailbot.db"
    house.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\x00\xff" * (path.stat().st_size // 3))
    house.desk.register.close()
    assert "A7" in await house.ours()


# -- the other engine, and the command ---------------------------------------------------------------------------------


def lose_a_reference(register: Ledger, key: str) -> None:
    """As only somebody without the engine's guard can."""
    statement = f"UPDATE letterkey SET letter_id = 99 WHERE key = '{key}'"
    if register.path:
        with closing(sqlite3.connect(register.path)) as db, db:
            db.execute(statement)
        return
    with register.engine.begin() as connection:
        connection.execute(text("ALTER TABLE letterkey DROP CONSTRAINT fk_letterkey_letter_id_letter"))
        connection.execute(text(statement))


async def test_the_questions_are_the_same_on_both_engines(register: Ledger, guard: Guard, tmp_path: Path) -> None:
    config = cast.config(data_dir=tmp_path)
    empty = await audit.examine(config, register, guard, cast.NOON)
    assert (list(empty.faults), set(empty.seen.values())) == ([], {0})
    put(register, 5)
    number = open_file(register, 1)
    owe(register, letter(), letter(key="assign:1", number=number))
    lose_a_reference(register, "assign:1")
    late = await audit.examine(config, register, guard, cast.NOON + timedelta(days=1))
    assert {f.point for f in late.faults} == {"A1", "A2", "A3", "A4", "A7", "A8"}
    assert late.seen == {"mails": 1, "places": 1, "files": 1, "letters": 2, "journal": 0}


def check(tmp_path: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--audit", *words, "--config", str(tmp_path / "mailbot.toml")])
    return result.exit_code, result.stdout


async def test_the_command_says_each_point_and_ends_with_0_or_1(tmp_path: Path) -> None:
    file = configure(tmp_path)
    file.rename(tmp_path / "mailbot.toml")
    code, said = await asyncio.to_thread(check, tmp_path)
    assert (code, [line[:4] for line in said.splitlines()[:-1]]) == (0, [f"✓ A{n}" for n in range(1, 9)])
    book = Ledger(registers.url(tmp_path))
    open_file(book, 1)
    book.close()
    assert (await asyncio.to_thread(check, tmp_path, "--quiet"))[1].startswith("✗ A2")
    code, said = await asyncio.to_thread(check, tmp_path, "--json")
    told = json.loads(said)
    assert (code, told["whole"], told["seen"]["files"]) == (1, False, 1)
    assert ("A2", "REC-2026-0001") in [(f["point"], f["number"]) for f in told["faults"]]
    assert all(set(f) == {"point", "number", "what", "mend"} for f in told["faults"])
