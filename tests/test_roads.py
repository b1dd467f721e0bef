"""Which letter leaves next, and over how many connections at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from room import Room, mail, room
from sink import CLOSE, Sink
from sqlmodel import col, select

from mailbot import rules
from mailbot.corridor import post as posting
from mailbot.corridor.bench import words
from mailbot.corridor.post import MOST_ROADS, PER_ROAD, Post
from mailbot.guard import Guard
from mailbot.letters.dress import TEMPLATES
from mailbot.outbox import Answer, _stuffed
from mailbot.rules.delivery import on_settled
from mailbot.store import ledger
from mailbot.store.ledger import Session
from mailbot.store.post import Claimed
from mailbot.store.tables import Letter, Meta

PEOPLE = MOST_ROADS * PER_ROAD // 2  # each brings two letters: an AR and a notice


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


@contextmanager
def office(folder: Path, guard: Guard, port: int) -> Iterator[Room]:
    """A desk that may open as many roads as `mailbot run` does."""
    with room(folder, guard, port=port) as desk:
        desk.post = Post(desk.bench, desk.road, most=MOST_ROADS)
        yield desk


async def write_to(desk: Room, people: int) -> None:
    for n in range(people):
        await desk.take(mail(sender=f"p{n}@courriel.example", name=f"P {n}"))


def sent_once(desk: Room, sink: Sink) -> bool:
    """Each letter, to its reader, and no other."""
    owed = sorted(letter.envelope_to for letter in desk.rows(Letter))
    return owed == sorted(to for taken in sink.taken for to in taken.to)


@pytest.mark.asyncio(loop_scope="module")
async def test_acknowledgements_leave_before_letters_that_wait_longer(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await write_to(desk, 3)
            await desk.send()
            assert [taken.to for taken in sink.taken] == [
                *((f"p{n}@courriel.example",) for n in range(3)), *[(cast.BO,)] * 3,
            ]  # fmt: skip


@pytest.mark.asyncio(loop_scope="module")
async def test_an_acknowledgement_of_this_moment_leaves_before_those_that_are_late(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await write_to(desk, 3)
            desk.clock.advance(seconds=30)
            await desk.take(mail(sender="late@courriel.example", name="Late"))
            await desk.send()
            acks = [taken.to[0] for taken in sink.taken][:4]
            assert acks == ["late@courriel.example", *(f"p{n}@courriel.example" for n in range(3))]


@pytest.mark.asyncio(loop_scope="module")
async def test_an_acknowledgement_written_while_a_letter_leaves_is_the_next(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is claimed ahead of its turn."""
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await write_to(desk, 2)
            hand_over = desk.post.road.hand_over

            async def while_somebody_writes(letter: Claimed) -> Answer:
                if len(sink.taken) == 1:
                    await desk.take(mail(sender="late@courriel.example", name="Late"))
                return await hand_over(letter)

            monkeypatch.setattr(desk.post.road, "hand_over", while_somebody_writes)
            await desk.send()
            assert [taken.to[0] for taken in sink.taken][2] == "late@courriel.example"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_few_letters_leave_by_one_connection_and_many_by_several(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, 3)
            await desk.send()
            assert sink.connections == 1
            await write_to(desk, PEOPLE + 1)
            await desk.send()
            assert sink.connections == 1 + MOST_ROADS
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_connection_that_has_ended_makes_room_for_another_while_letters_wait(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            hand_over, held, free = desk.post.road.hand_over, asyncio.Event(), asyncio.Event()

            async def slowly(letter: Claimed) -> Answer:
                if sink.taken:
                    held.set()
                    await free.wait()
                return await hand_over(letter)

            monkeypatch.setattr(desk.post.road, "hand_over", slowly)
            ended: asyncio.Queue[None] = asyncio.Queue()
            extra = posting._Shift._extra

            async def to_its_end(shift: Any) -> None:
                await extra(shift)
                ended.put_nowait(None)

            monkeypatch.setattr(posting._Shift, "_extra", to_its_end)
            await write_to(desk, PEOPLE + 1)
            sending = asyncio.create_task(desk.send())
            async with asyncio.timeout(30):
                await held.wait()
                for _ in range(MOST_ROADS - 1):
                    await ended.get()
            assert sink.connections == MOST_ROADS
            await write_to(desk, PEOPLE + 1)
            free.set()
            await sending
            assert sink.connections == 2 * MOST_ROADS - 1
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("refusal", ["421 4.7.0 too many connections", "554 5.7.1 no", CLOSE])
async def test_a_server_that_allows_one_connection_takes_all_letters_by_it_and_is_asked_again_in_an_hour(
    guard: Guard, tmp_path: Path, refusal: str
) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, PEOPLE + 1)
            sink.on("greeting", "", refusal)
            assert await desk.post.once() == len(desk.rows(Letter))
            assert {letter.state for letter in desk.rows(Letter)} == {"sent"}
            assert {taken.connection for taken in sink.taken} == {1}
            assert sent_once(desk, sink)
            assert desk.post.allowed == 1
            desk.clock.advance(minutes=61)
            assert desk.post.allowed == MOST_ROADS


@pytest.mark.asyncio(loop_scope="module")
async def test_a_server_that_puts_letters_off_is_given_fewer_connections_for_an_hour(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, PEOPLE + 1)
            sink.on("MAIL", *[""] * 20, "432 4.3.2 too many at once", "")
            await desk.send()
            assert [letter.state for letter in desk.rows(Letter)].count("owed") == 1
            assert 1 <= desk.post.allowed < MOST_ROADS
            desk.clock.advance(minutes=2)
            await desk.send()
            assert sent_once(desk, sink)
            desk.clock.advance(minutes=61)
            assert desk.post.allowed == MOST_ROADS


@pytest.mark.asyncio(loop_scope="module")
async def test_while_a_mail_is_in_hand_no_other_letter_is_begun(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "GIVES_WAY", 3600.0)
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk, contextlib.ExitStack() as in_hand:
            await write_to(desk, PEOPLE + 1)
            held: list[int] = []

            async def a_mail_comes() -> None:
                if len(sink.taken) == 1:
                    in_hand.enter_context(desk.bench.mail_in_hand())

            async def wait() -> bool:
                held.append(len(sink.taken))
                in_hand.close()
                return True

            desk.post.on_accepted = a_mail_comes
            monkeypatch.setattr(desk.bench.calm, "wait", wait)
            await desk.send()
            assert held[0] <= 2, "none but the one that was claimed already"
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
async def test_letters_wait_for_a_mail_no_longer_than_for_many(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "GIVES_WAY", 3600.0)
    monkeypatch.setattr("mailbot.corridor.bench.MANY_MAILS", 0.0)
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk, desk.bench.mail_in_hand():
            await write_to(desk, 3)
            await desk.send()
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
async def test_letters_give_way_for_so_long_and_no_longer(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "GIVES_WAY", 0.0)
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk, desk.bench.mail_in_hand():
            await write_to(desk, PEOPLE + 1)
            await desk.send()
            assert len({taken.connection for taken in sink.taken}) > 1
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_put_off_on_the_only_connection_changes_nothing(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, 1)
            sink.on("MAIL", "450 4.2.0 later", "")
            await desk.send()
            assert desk.post.allowed == MOST_ROADS


@pytest.mark.asyncio(loop_scope="module")
async def test_connections_that_break_in_the_middle_lose_and_double_nothing(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, PEOPLE + 1)
            sink.on("RCPT", "", "", "", CLOSE, "", CLOSE, CLOSE, "")
            await desk.send()
            desk.clock.advance(minutes=2)
            await desk.send()
            assert {letter.state for letter in desk.rows(Letter)} == {"sent"}
            assert sent_once(desk, sink)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_desk_that_stops_leaves_the_letters_in_hand_and_no_claim(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with office(tmp_path, guard, sink.port) as desk:
            await write_to(desk, PEOPLE + 1)
            await desk.post.once(lambda: len(sink.taken) < 5)
            assert {letter.state for letter in desk.rows(Letter)} == {"sent", "owed"}
            assert len([letter for letter in desk.rows(Letter) if letter.state == "sent"]) == len(sink.taken)


def test_a_letter_whose_end_matters_to_no_file_has_no_effect() -> None:
    """What `matters` leaves out is what `on_settled` would say nothing about."""
    every = sorted({path.stem for path in TEMPLATES.glob("fr/*.txt") if not path.stem.startswith("_")})
    without = [kind for kind in every if not rules.matters(kind, "sent")]
    assert {"assignment", "digest", "alarm"} <= set(without)
    assert {"ack", "ack-group", "reply", "receipt", "thanks", "news"} <= set(every) - set(without)
    case = cast.case()
    for kind in without:
        told = on_settled(
            kind=kind, name="x", to_addr=case.complainant_addr, outcome="sent", answer="250", at=cast.NOON, facts={},
            cases=(case,), config=cast.config(),
        )  # fmt: skip
        assert told == [], kind


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"\r\n", b"\n", b"\r", b"\r\n.\r\n"]), max_size=30))
def test_a_text_s_dots_are_doubled_at_the_head_of_each_line_and_only_its_end_ends_it(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    lines = b"".join(_stuffed(raw)).split(b"\n")
    assert lines[-2:] == [b".\r", b""]
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in lines[:-2])
    back = b"\n".join(line[1:] if line.startswith(b".") else line for line in lines[:-2]) + b"\n"
    assert back in (raw, raw + b"\r\n")


# -- one commit for all that waits --------------------------------------------------------------------------------------------


def told(desk: Room) -> list[str]:
    return sorted(desk.register.ask(lambda tx: list(tx.exec(select(Meta.key).where(col(Meta.key).startswith("t:"))))))


def counted(desk: Room) -> list[int]:
    """An entry for each commit of what goes through the bench."""
    turns: list[int] = []
    run = desk.register.run

    def once(act: Any) -> Any:
        turns.append(1)
        return run(act)

    desk.register.run = once  # type: ignore[method-assign]
    return turns


def noting(name: str) -> Callable[[Session], str]:
    def act(tx: Session) -> str:
        ledger.remember(tx, f"t:{name}", "")
        if name == "faulty":
            raise KeyError(name)
        return name

    return act


async def busy_until(desk: Room, free: threading.Event) -> asyncio.Task[bool]:
    """The register's thread has its hands full."""
    busy = asyncio.create_task(desk.bench.db(lambda _: free.wait(10)))
    await asyncio.sleep(0)
    return busy


@pytest.mark.asyncio(loop_scope="module")
async def test_acts_that_wait_together_are_one_commit_and_one_that_fails_takes_no_other_along(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        turns = counted(desk)
        free = threading.Event()
        busy = await busy_until(desk, free)
        good = [asyncio.create_task(desk.bench.together(noting(name))) for name in ("a", "b", "c")]
        await asyncio.sleep(0)
        free.set()
        assert await asyncio.gather(*good) == ["a", "b", "c"]
        assert (await busy, len(turns), told(desk)) == (True, 2, ["t:a", "t:b", "t:c"])
        free.clear()
        busy = await busy_until(desk, free)
        mixed = [asyncio.create_task(desk.bench.together(noting(name))) for name in ("d", "faulty", "e")]
        await asyncio.sleep(0)
        free.set()
        ends = await asyncio.gather(*mixed, return_exceptions=True)
        assert [repr(end) for end in ends] == ["'d'", "KeyError('faulty')", "'e'"]
        assert told(desk) == ["t:a", "t:b", "t:c", "t:d", "t:e"]
        assert await busy


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("decision", "letters", "ends", "commits"),
    [
        ("decision", ("a", "b"), ["'decision'", "'a'", "'b'"], 1),
        ("faulty", ("a", "b"), ["KeyError('faulty')", "'a'", "'b'"], 2),
        ("decision", ("a", "faulty"), ["'decision'", "'a'", "KeyError('faulty')"], 4),
    ],
)
async def test_a_decision_shares_its_commit_with_what_came_meanwhile_and_neither_fails_for_the_other(
    guard: Guard, tmp_path: Path, decision: str, letters: tuple[str, ...], ends: list[str], commits: int
) -> None:
    with room(tmp_path, guard) as desk:
        turns = counted(desk)
        free = threading.Event()

        def decide(tx: Session) -> str:
            free.wait(10)
            return noting(decision)(tx)

        deciding = asyncio.create_task(desk.bench.ahead(decide))
        await asyncio.sleep(0)
        coming = [asyncio.create_task(desk.bench.together(noting(name))) for name in letters]
        await asyncio.sleep(0)
        free.set()
        ended = await asyncio.gather(deciding, *coming, return_exceptions=True)
        assert ([repr(end) for end in ended], len(turns)) == (ends, commits)
        assert told(desk) == sorted(f"t:{name}" for name in (decision, *letters) if name != "faulty")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_waits_for_the_commit_of_the_decision_that_follows_and_not_for_one_that_does_not_come(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        turns = counted(desk)
        desk.bench.decision_follows = True
        letter = asyncio.create_task(desk.bench.together(noting("letter")))
        await asyncio.sleep(0)
        assert await desk.bench.ahead(noting("decision")) == "decision"
        assert (await letter, len(turns)) == ("letter", 1)
        assert await asyncio.wait_for(desk.bench.together(noting("alone")), 10) == "alone"
        assert told(desk) == ["t:alone", "t:decision", "t:letter"]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_only_read_waits_for_no_decision(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        free = threading.Event()
        busy = await busy_until(desk, free)
        assert await desk.bench.ask(lambda tx: ledger.recall(tx, "t:nothing")) == ""
        assert not busy.done()
        free.set()
        assert await busy
