"""Health: what lasts too long is alarmed, each alarm and each end is told once, by a road that works (spec §10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import Room, Webhook, mail, room
from sink import Sink

from mailbot import backups, health
from mailbot import effects as fx
from mailbot.config import AlarmRoad, Backup
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.health import Health
from mailbot.store import apply, erase
from mailbot.store.erasures import Erasure
from mailbot.store.tables import Alarm, Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")
LATER = f"451 4.7.1 <{cast.CARL}>: try again later"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many megabytes count as enough."""
    return lambda enough: monkeypatch.setattr(health, "FREE_MB", enough)


def alarm(desk: Room, key: str) -> Alarm | None:
    return next(iter(desk.rows(Alarm, Alarm.key == key)), None)


async def put_off(desk: Room, sink: Sink, *, minutes: int = 31) -> None:
    """An AR and an assignment that the server put off, again and again."""
    sink.on("RCPT", LATER)
    await desk.take(mail())
    for _ in range(4):
        await desk.send()
        desk.clock.advance(minutes=minutes / 4)


# -- a server that takes nothing ----------------------------------------------------------------------------------------


async def test_letters_owed_and_none_accepted_for_thirty_minutes_is_smtp_down_told_by_the_second_road(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with Webhook() as hook, room(tmp_path, guard, port=sink.port, alarm=AlarmRoad(webhook=hook.url)) as desk:
            well = Health(desk.bench)
            await put_off(desk, sink, minutes=29)
            await well.look()
            assert well.down_since == {}
            desk.clock.advance(minutes=2)
            await well.look()
            await well.tell()
            assert well.down_since == {"smtp": cast.NOON}
            [told] = hook.told
            assert "aucun courrier n’est accepté depuis 31 minutes" in told["text"]
            assert "451" in told["text"]
            assert cast.CARL not in told["text"]
            assert desk.letters("alarm") == []


async def test_a_desk_that_was_restarted_knows_it_too(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await put_off(desk, sink)
            for _ in range(2):
                well = Health(desk.bench)
                await well.look()
                assert "smtp" in well.down_since


async def test_one_accepted_letter_is_the_end_of_it_and_is_told(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await put_off(desk, sink)
            well = Health(desk.bench)
            await well.look()
            await well.tell()
            sink.on("RCPT", "")
            desk.clock.advance(hours=2)
            await desk.send()
            assert desk.post.accepted == 3
            await well.came_up("smtp")
            await well.look()
            assert well.down_since == {}
            await well.tell()
            assert "le courrier part de nouveau" in desk.letter("recovered").facts["text"]


async def test_a_letter_that_others_overtook_tells_of_its_recipient_and_not_of_the_server(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await put_off(desk, sink, minutes=40)
            sink.on("RCPT", "", LATER)
            await desk.send()
            assert desk.post.accepted == 1
            desk.clock.advance(hours=9)
            await desk.send()
            assert [row.state for row in desk.rows(Letter, Letter.state != "sent")] == ["owed"]
            well = Health(desk.bench)
            await well.look()
            assert well.down_since == {}


async def test_the_thirty_minutes_run_from_the_last_accepted_letter(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await put_off(desk, sink, minutes=20)
            desk.clock.advance(minutes=6)
            sink.on("RCPT", "", LATER)
            await desk.send()
            well = Health(desk.bench)
            for minutes, down in ((5, False), (24, False), (2, True)):
                desk.clock.advance(minutes=minutes)
                await well.look()
                assert ("smtp" in well.down_since) is down


async def test_letters_that_nobody_tried_yet_say_nothing_of_the_server(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        desk.clock.advance(hours=5)
        well = Health(desk.bench)
        await well.look()
        assert well.down_since == {}


# -- what is told --------------------------------------------------------------------------------------------------------


async def test_each_end_says_what_is_over(guard: Guard, tmp_path: Path, disk: Callable[[int], None]) -> None:
    with room(tmp_path, guard, backup=Backup(folder=tmp_path)) as desk:
        well = Health(desk.bench)
        desk.register.run(lambda tx: backups.note(tx, desk.clock(), None, "disque plein"))
        for what in ("imap", "smtp"):
            await well.went_down(what, "en panne", "", ours=True)
        desk.keep(mail())
        begun = Erasure(at=desk.clock(), pseudonym="", salt="", digest="")
        desk.register.run(lambda tx: tx.add(begun))
        overdue(desk)
        desk.clock.advance(hours=2)
        disk(10**9)
        await well.look()
        await well.tell()
        lasting = set(health.OVER) - {"fetch"}  # told by « imap » while the server is down; below
        assert {a.key for a in desk.rows(Alarm) if a.recovered_at is None} == lasting
        disk(0)
        desk.register.run(lambda tx: backups.note(tx, desk.clock(), tmp_path, ""))
        await desk.mails.decide_waiting()
        desk.register.run(lambda tx: erase.done(tx, [1], desk.clock()))
        await desk.dues.tick()
        for what in ("imap", "smtp"):
            await well.came_up(what)
        await well.look()
        await well.tell()
        told = desk.letter("recovered").facts["text"].splitlines()
        assert sorted(told) == sorted(health.OVER[what] for what in lasting)
        assert all(any(word in text for text in told) for word in ("boîte", "courrier", "disque", "message"))


def overdue(desk: Room) -> None:
    row = fx.Due(key="group:x", kind="group", at=desk.clock.now, facts={"to": cast.CARL})
    desk.register.run(lambda tx: apply.apply(tx, [row], desk.bench.act(tx, "command:test")))


async def test_a_mailbox_that_answers_and_is_not_read_to_its_end_is_alarmed_and_its_end_told(
    guard: Guard, tmp_path: Path
) -> None:
    passed = [0.0]
    with room(tmp_path, guard) as desk:
        well = Health(desk.bench, lambda: passed[0])
        for minutes, raised in ((29, False), (2, True)):
            passed[0] += 60 * minutes
            await well.look()
            assert (alarm(desk, "fetch") is not None) is raised
        await well.tell()
        await well.fetched()
        await well.look()
        await well.tell()
        assert "relevée jusqu’au bout" in desk.letter("recovered").facts["text"]


async def test_an_hour_that_jumps_is_no_mailbox_unread(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        well = Health(desk.bench, lambda: 0.0)
        for hours in (9, -48, 900):
            desk.clock.advance(hours=hours)
            await well.look()
        assert alarm(desk, "fetch") is None


async def test_while_its_server_is_down_only_that_is_told(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        passed = [0.0]
        well = Health(desk.bench, lambda: passed[0])
        await well.went_down("imap", "en panne", "", ours=True)
        for _ in range(3):
            passed[0] += 3600
            await well.look()
        assert set(desk.alarms()) == {"imap"}


async def test_a_fault_of_a_loop_is_told_once_a_day_and_never_in_its_way(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        well = Health(desk.bench)
        for _ in range(50):
            await well.fault("envoi", ValueError("carl@courriel.example"))
            await well.tell()
            desk.clock.advance(minutes=10)
        [told] = desk.letters("alarm")
        assert ("ValueError" in told.facts["text"], "carl" in told.facts["text"]) == (True, False)
        desk.register.close()
        desk.bench.close()
        await well.fault("envoi", ValueError())  # no register any more: nothing is raised


async def test_two_alarms_told_in_one_second_are_two_letters(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        well = Health(desk.bench)
        for n in range(2):
            desk.register.run(lambda tx, n=n: apply.raise_alarm(tx, f"flood:{n}", f"afflux {n}", desk.clock()))
            await well.tell()
            desk.clock.now += timedelta(milliseconds=10)
        assert [letter.facts["text"] for letter in desk.letters("alarm")] == ["afflux 0", "afflux 1"]


async def test_a_shortage_is_told_once_while_it_lasts(
    guard: Guard, tmp_path: Path, disk: Callable[[int], None]
) -> None:
    with room(tmp_path, guard) as desk:
        well = Health(desk.bench)
        disk(10**9)
        for _ in range(3):
            await well.look()
            await well.tell()
            desk.clock.advance(minutes=1)
        assert len(desk.letters("alarm")) == 1
        told = alarm(desk, "disk")
        assert told
        assert "disque" in told.text
