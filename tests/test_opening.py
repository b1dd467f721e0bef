"""`mailbot start`: the essai ends, each of its files is taken over or left, and every choice is on record (spec §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import BEFORE, Room, mail, room
from sink import Sink

from mailbot import opening
from mailbot.config import Mailbox
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import journal, ledger, questions
from mailbot.store.tables import Attachment, Complaint, Counter, Inbound, Journal, JournalText

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHO = "commande de dan"
PDF = (("programme.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 2000),)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def rehearse(desk: Room) -> None:
    """Three essai files; the second has a follow-up."""
    await desk.take(mail(files=PDF))
    await desk.take(mail(sender=cast.OPALE, name="Opale"))
    thread = (("In-Reply-To", desk.letters("ack")[1].message_id),)
    await desk.take(mail("Re: Formation annulée", "Du nouveau ?\n", sender=cast.OPALE, name="Opale", headers=thread))
    await desk.take(mail(sender="zoe@courriel.example", name="Zoé"))


async def start(desk: Room, *chosen: str, since: datetime | None = None) -> dict[str, Any]:
    files = await desk.bench.ask(questions.essai_files)
    return await opening.open_desk(desk.mails, files, list(chosen), since=since, who=WHO)


def said(desk: Room, event: str) -> list[tuple[str, str]]:
    lines = desk.rows(Journal, Journal.event == event)
    texts = {t.journal_id: t.text for t in desk.rows(JournalText)}
    return [(line.actor, texts[line.id]) for line in lines if line.id]


async def test_a_file_taken_over_is_numbered_in_the_real_series_and_acknowledged_from_now(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, mode="essai") as desk:
            await rehearse(desk)
            await desk.send()
            before = len(sink.taken)
            desk.clock.advance(days=2)
            told = await start(desk, "ESSAI-2026-0001")
            assert told["taken"] == {"ESSAI-2026-0001": "REC-2026-0001"}
            await desk.send()
            outside = [taken for taken in sink.taken[before:] if taken.to == (cast.CARL,)]
            assert len(outside) == 1
            assert b"ESSAI" not in outside[0].raw
            file = desk.file("REC-2026-0001")
            assert file.received_at == cast.NOON, "reception stays what it was"
            assert (file.ack_state, file.due_on) == ("accepted", date(2026, 12, 3)), "the clock runs from this AR"
            assert file.ack_late


async def test_what_is_left_keeps_its_number_and_is_answered_to_nobody(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, mode="essai") as desk:
            await rehearse(desk)
            told = await start(desk, "ESSAI-2026-0002")
            assert told["left"] == ["ESSAI-2026-0001", "ESSAI-2026-0003"]
            await desk.send()
            assert {to for taken in sink.taken for to in taken.to} == {cast.DAN, cast.BO, cast.OPALE}
            assert [desk.file(n).stage for n in told["left"]] == ["taken-over"] * 2
            assert [c.number for c in desk.files() if c.series == "real"] == ["REC-2026-0001"]
            assert await desk.bench.ask(questions.essai_files) == [], "nothing is asked twice"


async def test_mails_and_attachments_move_to_the_real_file(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        told = await start(desk, "ESSAI-2026-0001", "ESSAI-2026-0002")
        taken = [desk.file(told["taken"][n]).id for n in ("ESSAI-2026-0001", "ESSAI-2026-0002")]
        assert [len(desk.rows(Inbound, Inbound.complaint_id == each)) for each in taken] == [1, 2]
        assert [a.name for a in desk.rows(Attachment)] == ["programme.pdf"]
        assert {i.verdict for i in desk.rows(Inbound)} == {"complaint", "follow-up"}


async def test_each_choice_is_on_record_in_both_files_and_the_chain_holds(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        await start(desk, "ESSAI-2026-0003")
        assert said(desk, "started") == [(WHO, "le bureau est ouvert")]
        assert said(desk, "essai-ended") == [
            (WHO, "laissé : essai seulement"),
            (WHO, "laissé : essai seulement"),
            (WHO, "repris sous le numéro REC-2026-0001"),
        ]
        opened = desk.story("REC-2026-0001")["steps"][0]
        assert (opened["event"], "repris de ESSAI-2026-0003 par commande de dan" in opened["text"]) == ("opened", True)
        assert opened["cause"] == {"kind": "command", "words": "start"}
        assert desk.register.ask(lambda tx: list(journal.broken(tx))) == []


async def test_the_register_decides_from_now_on_whatever_the_key_says(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        await start(desk)
        assert desk.register.ask(lambda tx: ledger.mode(tx, "essai")) == "live"
        await desk.take(mail("Nouveau", "Bonjour, autre chose.\n"))
        assert desk.files()[-1].number == "REC-2026-0001"
        assert {(c.series, c.n) for c in desk.rows(Counter)} == {("essai", 3), ("real", 1)}


async def test_an_answer_to_an_essai_ar_reaches_the_file_that_replaced_it(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        await start(desk, "ESSAI-2026-0001")
        thread = (("In-Reply-To", desk.letters("ack")[-1].message_id),)
        row = await desk.take(mail("Re: votre réponse", "Merci, et la suite ?\n", headers=thread))
        [file] = [c for c in desk.files() if c.id == row.complaint_id]
        assert (row.verdict, file.number) == ("follow-up", "REC-2026-0001")


async def test_started_twice_it_is_open_once(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        await start(desk, "ESSAI-2026-0001")
        again = await start(desk, "ESSAI-2026-0001")
        assert (again["taken"], again["left"]) == ({}, [])
        assert len(said(desk, "started")) == 1
        assert len([c for c in desk.files() if c.series == "real"]) == 1


async def test_what_an_essai_still_gathered_leaves_to_nobody_and_alarms_nobody(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, mode="essai") as desk:
            for n in range(7):
                await desk.take(mail(f"Formation {n}"))
            await desk.take(mail(sender=cast.OPALE, name="Opale"))
            assert (len(desk.letters("ack")), len(desk.due("item")), len(desk.due("group"))) == (6, 2, 1)
            await desk.send()
            await start(desk, "ESSAI-2026-0001")
            await desk.tick(minutes=16)
            await desk.tick(hours=1)
            await desk.send()
            outside = [taken.raw for taken in sink.taken if cast.CARL in taken.to]
            assert len(outside) == 1
            assert b"REC-2026-0001" in outside[0]
            assert b"ESSAI" not in outside[0]
            assert not [text for text in desk.alarms().values() if "ESSAI" in text]


async def test_what_the_open_desk_gathers_is_not_ended_by_a_second_start(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        await start(desk)
        desk.clock.advance(hours=2)
        for n in range(7):
            await desk.take(mail(f"Formation {n}"))
        await start(desk)
        assert (len(desk.due("item")), len(desk.due("group")), len(desk.due("ack-late"))) == (2, 1, 7)


async def test_files_that_another_start_ended_meanwhile_are_skipped_and_said(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await rehearse(desk)
        stale = await desk.bench.ask(questions.essai_files)
        await start(desk, "ESSAI-2026-0001")
        chosen = ["ESSAI-2026-0001", "ESSAI-2026-0002"]
        told = await opening.open_desk(desk.mails, stale, chosen, since=None, who=WHO)
        assert (told["taken"], told["left"]) == ({}, [])
        assert told["skipped"] == [file.number for file in stale]
        assert [c.number for c in desk.files() if c.series == "real"] == ["REC-2026-0001"]
        assert len(said(desk, "essai-ended")) == 3
        assert any("ESSAI-2026-0002" in line and "déjà" in line for line in opening.lines(told))


# -- before the start ----------------------------------------------------------------------------------------------------


async def test_since_takes_over_what_came_before_the_start(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        early = await desk.take(mail("Octobre"), at=BEFORE - timedelta(days=1))
        older = await desk.take(mail("Septembre", sender=cast.OPALE), at=BEFORE - timedelta(days=30))
        assert (early.verdict, older.verdict) == ("before-start", "before-start")
        told = await start(desk, since=BEFORE - timedelta(days=2))
        assert told["read_again"] == 1
        await desk.mails.decide_waiting()
        assert early.id
        assert older.id
        assert desk.inbound(early.id).verdict == "complaint"
        assert desk.inbound(older.id).verdict == "before-start"
        [file] = desk.files()
        assert (file.number, file.received_at) == ("REC-2026-0001", BEFORE - timedelta(days=1))
        assert [actor for actor, _ in said(desk, "start-moved")] == [WHO]


async def test_without_since_nothing_old_is_touched(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await desk.take(mail("Octobre"), at=BEFORE - timedelta(days=1))
        assert (await start(desk))["read_again"] == 0
        assert await desk.mails.decide_waiting() == 0


async def test_a_start_in_the_future_or_after_the_recorded_one_is_refused_in_french(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        for day, why in (("2099-01-01", "à venir"), ("2026-11-24", "à venir"), ("2026-11-01", "déjà ouvert")):
            with pytest.raises(ValueError, match=f"--since {day} .*{why}") as refused:
                await desk.bench.ask(lambda tx, day=day: opening.since(tx, day, desk.mails))
            assert str(refused.value).isprintable()
        moment = await desk.bench.ask(lambda tx: opening.since(tx, "2026-10-24", desk.mails))
        assert moment
        assert moment < BEFORE


async def test_before_the_first_login_mailbox_since_is_the_start(guard: Guard, tmp_path: Path) -> None:
    box = {"address": cast.BOX, "host": "127.0.0.1", "security": "none", "since": cast.NOON - timedelta(days=9)}
    with room(tmp_path, guard, mode="essai", mailbox=Mailbox.model_validate(box)) as desk:
        desk.register.run(lambda tx: ledger.remember(tx, "start", ""))
        with pytest.raises(ValueError, match="14/11/2026"):
            await desk.bench.ask(lambda tx: opening.since(tx, "2026-11-20", desk.mails))
        assert await desk.bench.ask(lambda tx: opening.since(tx, "2026-11-10", desk.mails))


# -- what the command line may say ---------------------------------------------------------------------------------------


def files(*numbers: str) -> list[Complaint]:
    return [
        Complaint(number=n, series="essai", year=2026, rank=1, received_at=cast.NOON, opened_at=cast.NOON)
        for n in numbers
    ]


THREE = ("ESSAI-2026-0001", "ESSAI-2026-0002", "ESSAI-2026-0003")
CHOICES: list[tuple[dict[str, Any], list[str] | None]] = [
    ({"take": "", "all_": False, "none": False}, None),
    ({"take": "", "all_": True, "none": False}, list(THREE)),
    ({"take": "", "all_": False, "none": True}, []),
    ({"take": "essai-2026-0003, ESSAI-2026-0001,", "all_": False, "none": False}, [THREE[0], THREE[2]]),
]


@pytest.mark.parametrize(("asked", "chosen"), CHOICES)
async def test_what_is_taken_is_what_was_asked_in_the_order_of_reception(asked: dict[str, Any], chosen: Any) -> None:
    assert opening.choose(files(*THREE), **asked) == chosen


async def test_without_essai_files_nothing_is_asked() -> None:
    assert opening.choose([], take="", all_=False, none=False) == []


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"take": "ESSAI-2026-0009", "all_": False, "none": False}, "ESSAI-2026-0009"),
        ({"take": "\x1b[2JREC", "all_": False, "none": False}, "inconnu"),
        ({"take": "", "all_": True, "none": True}, "s’excluent"),
        ({"take": THREE[0], "all_": True, "none": False}, "s’excluent"),
    ],
)
async def test_a_contradiction_is_said_in_french_and_harmlessly(asked: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        opening.choose(files(*THREE), **asked)
    assert str(refused.value).isprintable()


async def test_since_is_midnight_of_that_day_in_the_desks_zone(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:

        def since(text: str) -> datetime | None:
            return desk.register.ask(lambda tx: opening.since(tx, text, desk.mails))

        assert since("2026-09-01") == datetime(2026, 8, 31, 22, 0, tzinfo=UTC)
        assert since("") is None
        for wrong in ("01/09/2026", "2026-02-30", "hier", "\x1b]0;"):
            with pytest.raises(ValueError, match="2026-11-23") as refused:
                since(wrong)
            assert str(refused.value).isprintable()
