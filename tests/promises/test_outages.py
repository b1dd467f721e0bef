"""Servers, disks and clocks that let us down for minutes or days: what waits leaves once, in its order, and nothing is lost."""

from __future__ import annotations

import asyncio
import io
import random
import shutil
import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import Room, configured, mail, room
from servers import free_ports
from sink import Sink
from sqlalchemy import event

from mailbot import audit, jobs, proof
from mailbot.corridor import mails
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.outbox import RoadClosed
from mailbot.store import keep
from mailbot.store.ledger import Ledger, Unavailable
from mailbot.store.tables import Attachment, Inbound, Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def faults(desk: Room) -> list[audit.Fault]:
    return desk.register.ask(lambda tx: audit.judge(audit.gather(tx, desk.config, desk.clock.now, proof.Proof())))


async def days_without_a_server(desk: Room, days: int) -> None:
    """Half a day at a time: due rows are looked at, and each attempt to send ends at a closed door."""
    for _ in range(2 * days):
        await desk.tick(hours=12)
        with pytest.raises(RoadClosed):
            await desk.send()


# -- letters --------------------------------------------------------------------------------------------------------------


async def test_t22_a_greylisting_server_gets_each_letter_once_spaced_by_the_backoff(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            for n in range(4):
                await desk.take(mail(f"n° {n}", sender=f"c{n}@courriel.example"))
            sink.on("RCPT", *["450 4.2.0 greylisted"] * 24, "")
            gaps = []
            for _ in range(4):
                await desk.send()
                waiting = desk.rows(Letter, Letter.state == "owed")
                gaps.append({int((w.next_try_at - desk.clock.now).total_seconds() / 60) for w in waiting})
                desk.clock.advance(minutes=11)
            assert gaps == [{1}, {2}, {5}, set()]
            assert sorted(Counter(t.to[0] for t in sink.taken).values()) == [1] * 4 + [4]
            assert faults(desk) == []


async def test_t25_after_three_days_without_a_server_all_leaves_by_age_and_reminders_are_not_repeated(
    guard: Guard, tmp_path: Path
) -> None:
    [nobody] = free_ports(1)
    with room(tmp_path, guard, port=nobody) as desk:
        for n in range(6):
            await desk.take(mail(f"n° {n}", sender=f"c{n}@courriel.example"))
        await days_without_a_server(desk, 3)
        now = desk.clock.now
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, now=now) as desk:
            await desk.send()
            kept = {row.message_id: row for row in desk.rows(Letter)}
            assert len(sink.taken) == len(kept)
            acks = [t.to[0] for t in sink.taken if t.to[0].startswith("c")]
            assert acks[:6] == [f"c{n}@courriel.example" for n in range(6)], "the oldest first"
            chases = Counter(
                (row.to_addr, row.complaint_id, f"{row.created_at:%F}") for row in kept.values() if row.kind == "chase"
            )
            assert chases
            assert set(chases.values()) == {1}, "one a day, file and person, however long it waited"
            await desk.tick(minutes=1)
            assert faults(desk) == []


async def test_t26_six_days_of_later_are_given_up_at_five_and_the_rows_stay(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        sink.on("RCPT", "451 4.3.0 later")
        with room(tmp_path, guard, port=sink.port) as desk:
            for n in range(2):
                await desk.take(mail(f"n° {n}", sender=f"c{n}@courriel.example"))
            for _ in range(12):
                await desk.send()
                await desk.tick(hours=12)
            acks = desk.letters("ack")
            assert [row.state for row in acks] == ["given_up"] * 2
            assert {row.ack_state for row in desk.files()} == {"refused"}
            assert [f for f in faults(desk) if f.point != "A3"] == []
            assert sink.taken == []


async def test_t26_a_server_that_is_not_there_for_six_days_gives_up_nothing_it_never_saw(
    guard: Guard, tmp_path: Path
) -> None:
    """Nobody said « later »: what was never tried is owed as before, and leaves on the day that the server is back."""
    [nobody] = free_ports(1)
    with room(tmp_path, guard, port=nobody) as desk:
        await desk.take(mail())
        await days_without_a_server(desk, 6)
        assert (desk.letter("ack").state, desk.letter("ack").attempts) == ("owed", 0)


async def test_t29_what_a_server_says_before_tls_is_not_heard_after_it() -> None:
    assert tuple(int(n) for n in version("aiosmtplib").split(".")[:3]) >= (5, 1, 3)
    from test_outbox import road, send

    async with Sink("STARTTLS", "AUTH PLAIN") as sink:
        sink.on("STARTTLS", "220 2.0.0 go ahead\r\n250-sink.example\r\n250 AUTH PLAIN")
        with pytest.raises(RoadClosed):
            await send(road(sink.port, security="starttls"))
        assert not any(line.startswith(("AUTH", "MAIL")) for line in sink.lines), "no password, no letter"


# -- mails ----------------------------------------------------------------------------------------------------------------


async def test_t05_twenty_deaths_before_its_turn_cost_a_mail_no_attempt(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        kept = desk.keep(mail())
    for _ in range(20):
        with room(tmp_path, guard) as desk:
            assert desk.inbound(kept).attempts == 0
    with room(tmp_path, guard) as desk:
        await desk.mails.decide_waiting()
        assert (desk.inbound(kept).verdict, desk.inbound(kept).attempts) == ("complaint", 1)


async def test_t05_what_was_in_hand_at_two_deaths_waits_until_the_desk_has_lived_a_while(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that dies again and again must not make a healthy mail look like the reason."""
    with room(tmp_path, guard) as desk:
        at_hand, other = desk.keep(mail()), desk.keep(mail("n° 2", sender="ines@courriel.example"))
        for _ in range(2):
            desk.register.run(lambda tx: keep.count_attempt(tx, at_hand))
        desk.mails.just_started()
        assert await desk.mails.decide_waiting() == 1
        assert (desk.inbound(at_hand).state, desk.inbound(at_hand).attempts) == ("kept", 2)
        assert desk.inbound(other).verdict == "complaint"
        monkeypatch.setattr(mails, "GRACE", 0.0)
        desk.mails.just_started()
        assert await desk.mails.decide_waiting() == 1
        assert (desk.inbound(at_hand).verdict, desk.inbound(at_hand).attempts) == ("complaint", 3)


async def test_t10_a_command_delivered_twice_is_obeyed_once_and_confirmed_once(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        raw = mail("[REC-2026-0001] #prendre", "\n", sender=cast.BO, name="Bo Martin")
        await desk.take(raw)
        again = await desk.take(b"Received: from relay.example by mx; now\r\n" + raw)
        assert again.verdict == "duplicate"
        assert len(desk.letters("confirm")) == 1


async def test_t57_a_mail_that_goes_round_is_set_aside_without_a_letter(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        round_and_round = tuple(("Received", f"from a{n}.example by b{n}.example; now") for n in range(101))
        row = await desk.take(mail(headers=round_and_round))
        assert (row.verdict, row.state, row.waiting) == ("quarantined", "quarantined", True)
        assert "boucle" in row.reason
        assert (desk.files(), desk.rows(Letter)) == ([], [])
        await desk.tick(days=4)
        assert desk.files() == [], "nor later by itself"
        ours = await desk.take(mail("n° 2"))
        assert ours.verdict == "complaint"


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 30_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("photos.zip", "application/zip"),
        ("lettre.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
async def test_t65_a_bomb_is_stored_as_it_came(guard: Guard, tmp_path: Path, name: str, kind: str) -> None:
    packed = bomb()
    assert len(packed) < 100_000
    with room(tmp_path, guard) as desk:
        row = await desk.take(mail(files=((name, kind, packed),)))
        [file] = desk.rows(Attachment)
        assert (row.verdict, file.sha256, file.size) == ("complaint", sha256(packed).hexdigest(), len(packed))


# -- disk and database ---------------------------------------------------------------------------------------------------


@pytest.mark.sqlite("a file that may not grow")
async def test_t44_a_full_disk_stops_the_intake_and_loses_nothing_when_there_is_room_again(
    guard: Guard, tmp_path: Path
) -> None:
    """Attachments lie in the register too (T47): a mail is taken whole or not at all."""
    paper = (("plan.pdf", "application/pdf", b"%PDF-1.4 " + random.Random(44).randbytes(300_000)),)
    with room(tmp_path, guard) as desk:
        await desk.take(mail("avant"))
        tight = [0]

        @event.listens_for(desk.register.engine, "begin")
        def limit(connection: Any) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count={tight[0] or 10**9}")

        pages = desk.register.ask(lambda tx: tx.connection().exec_driver_sql("PRAGMA page_count").scalar())
        tight[0] = pages
        for _ in range(3):
            with pytest.raises(Unavailable):
                desk.keep(mail("grosse", files=paper))
        assert len(desk.rows(Inbound)) == 1
        tight[0] = 0
        kept = desk.keep(mail("grosse", files=paper))
        for room_left in range(0, 40, 4):  # the decision meets the end of the disk at one statement after the other
            tight[0] = (
                desk.register.ask(lambda tx: tx.connection().exec_driver_sql("PRAGMA page_count").scalar()) + room_left
            )
            try:
                await desk.mails.decide_waiting()
                break
            except Unavailable:
                tight[0] = 0
                assert (desk.inbound(kept).state, desk.inbound(kept).attempts) == ("kept", 0)
        tight[0] = 0
        await desk.mails.decide_waiting()
        assert [c.number for c in desk.files()] == ["REC-2026-0001", "REC-2026-0002"]
        assert faults(desk) == []


@pytest.mark.sqlite("the lock on the file")
async def test_t46_a_register_held_by_somebody_else_is_waited_for(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        kept = desk.keep(mail())
        held, go = threading.Event(), threading.Event()

        def hold() -> None:
            with closing(sqlite3.connect(tmp_path / "mailbot.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                held.set()
                go.wait(20)
                other.execute("ROLLBACK")

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(20)
        work = asyncio.create_task(desk.mails.decide_waiting())
        await asyncio.sleep(0)
        assert desk.inbound(kept).state == "kept", "reading goes on meanwhile"
        go.set()
        await work
        thread.join()
        assert desk.inbound(kept).verdict == "complaint"


@pytest.mark.sqlite("the log beside the file")
async def test_t04_whatever_of_the_log_reached_the_disk_the_register_is_whole(guard: Guard, tmp_path: Path) -> None:
    """Power is cut: of SQLite's log any beginning may be there. What was committed before it is; nothing is half there."""
    made = tmp_path / "made"
    made.mkdir()
    with room(made, guard) as desk:
        desk.register.run(lambda tx: tx.connection().exec_driver_sql("PRAGMA wal_autocheckpoint=0"))
        for n in range(2):
            await desk.take(mail(f"n° {n}", sender=f"c{n}@courriel.example"))
        log = (made / "mailbot.db-wal").read_bytes()
        main = (made / "mailbot.db").read_bytes()
    files = []
    for part in range(12):
        cut = tmp_path / f"cut{part}"
        cut.mkdir()
        (cut / "mailbot.db").write_bytes(main)
        (cut / "mailbot.db-wal").write_bytes(log[: len(log) * part // 11])
        book = Ledger(f"sqlite:///{cut}/mailbot.db")
        found = book.ask(lambda tx: audit.gather(tx, configured(made), cast.NOON, proof.Proof()))
        assert audit.judge(found) == []
        files.append(len(found.files))
        book.close()
        shutil.rmtree(cut)
    assert files == sorted(files)
    assert (files[0], files[-1]) == (0, 2)


# -- time -----------------------------------------------------------------------------------------------------------------


async def test_t42_a_tick_that_the_loop_was_too_busy_for_is_late_and_not_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, Any] = {}

    class Scheduler:
        def __init__(self, **how: Any) -> None: ...

        def add_job(self, tick: Any, kind: str, **how: Any) -> None:
            seen.update(how, kind=kind)

        def start(self) -> None: ...

        def pause(self) -> None: ...

        def shutdown(self, wait: bool) -> None: ...

    monkeypatch.setattr(jobs, "AsyncIOScheduler", Scheduler)
    async with jobs.ticking(SimpleNamespace(tick_seconds=15.0)):  # type: ignore[arg-type]
        assert seen == {
            "kind": "interval",
            "seconds": 15.0,
            "coalesce": True,
            "misfire_grace_time": None,
            "max_instances": 1,
        }


async def test_t72_a_stop_lets_the_tick_in_hand_end(caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), []

    async def tick() -> None:
        begun.set()
        for _ in range(10):
            await asyncio.sleep(0)
        ended.append(True)

    async with jobs.ticking(SimpleNamespace(tick_seconds=0.01, tick=tick)):  # type: ignore[arg-type]
        await begun.wait()
        ended.clear()
    assert ended
    assert "Traceback" not in caplog.text
