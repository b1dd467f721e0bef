"""Mails, due rows and letters walked through the whole corridor, on a real register with a real reader and a scripted SMTP server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room
from sink import CLOSE, RESET, STALL, Sink

from mailbot import frugal, rules
from mailbot.corridor.ahead import Read, Row
from mailbot.corridor.bench import words
from mailbot.corridor.dues import Dues
from mailbot.corridor.mails import LONG_ROW
from mailbot.guard import Guard, NotStarted
from mailbot.outbox import RoadClosed
from mailbot.store import ledger, post
from mailbot.store.keep import count_attempt
from mailbot.store.ledger import Session
from mailbot.store.tables import Complaint, Counter, Due, Inbound, Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")
LATE_EVENING = datetime(2026, 11, 23, 22, 58, tzinfo=UTC)  # 23:58 in Paris
PROVISIONAL = date(2026, 12, 1)  # six working days from Monday 23 November
OUTSIDERS = (cast.CARL, cast.OPALE, cast.MALLORY)
STAFF = (cast.BO, cast.ANN, cast.DAN, cast.DIR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def text_of(raw: bytes) -> str:
    read = message_from_bytes(raw, policy=policy.default)
    body = read.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def outside(sink: Sink) -> list[str]:
    return [to for taken in sink.taken for to in taken.to if to not in STAFF]


def acks(sink: Sink) -> list[bytes]:
    return [taken.raw for taken in sink.taken if b"X-Mailbot: ack" in taken.raw and b"ack-bounced" not in taken.raw]


# == letters: claim, render again, DATA begun, DATA, settle ================================================================


async def test_an_accepted_ar_starts_the_clock_with_the_date_it_printed(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            assert (desk.file().due_on, desk.file().provisional) == (PROVISIONAL, True)
            await desk.send()
            file = desk.file()
            assert (file.stage, file.ack_state, file.provisional) == ("acknowledged", "accepted", False)
            assert file.ack_at == cast.NOON
            letter = desk.letter("ack")
            assert (letter.state, letter.queue_id) == ("sent", "S0000001")
            assert "mardi 1er décembre 2026" in text_of(letter.raw)
            assert sorted(to for taken in sink.taken for to in taken.to) == [cast.BO, cast.CARL]


@pytest.mark.parametrize("slips", ["between decision and claim", "between claim and DATA"])
async def test_an_ar_that_slips_past_midnight_before_data_is_rendered_again(
    guard: Guard, tmp_path: Path, slips: str
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, now=LATE_EVENING) as desk:
            await desk.take(mail())
            old = desk.letter("ack")
            desk.clock.advance(seconds=119)
            if slips == "between claim and DATA":
                desk.clock.step = timedelta(seconds=2)
            else:
                desk.clock.advance(minutes=7)
            await desk.send()
            new = desk.letter("ack")
            assert old.message_id != new.message_id
            assert old.marker != new.marker
            [arrived] = acks(sink)
            assert arrived == new.raw
            assert "mardi 24 novembre 2026, par ce message" in text_of(arrived)
            assert "mercredi 2 décembre 2026" in text_of(arrived)
            assert (desk.file().due_on, desk.file().provisional) == (date(2026, 12, 2), False)


@pytest.mark.parametrize("first", ["451 4.3.0 try again", STALL], ids=["refused for now", "uncertain"])
async def test_an_ar_that_reached_data_is_never_rendered_again(guard: Guard, tmp_path: Path, first: str) -> None:
    async with Sink() as sink:
        sink.on("dot", first, "")
        with room(tmp_path, guard, port=sink.port, now=LATE_EVENING) as desk:
            await desk.take(mail())
            old = desk.letter("ack")
            await desk.send()
            desk.clock.advance(minutes=20)
            await desk.send()
            new = desk.letter("ack")
            assert new.state == "sent"
            assert (new.raw, new.message_id) == (old.raw, old.message_id)
            assert set(acks(sink)) == {old.raw}
            assert (desk.file().due_on, desk.file().provisional) == (PROVISIONAL, False)


async def test_a_slip_of_midnight_before_any_letter_reached_the_server_renders_the_grouped_ar_again(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, now=LATE_EVENING - timedelta(minutes=20)) as desk:
            for n in range(6):
                await desk.take(mail(f"Plainte {n}", f"Bonjour, plainte {n}.\n"))
            await desk.tick(minutes=20)
            assert desk.letter("ack-group").printed_on == date(2026, 11, 23)
            desk.clock.advance(minutes=10)
            await desk.send()
            letter = desk.letter("ack-group")
            assert letter.printed_on == date(2026, 11, 24)
            assert desk.file("REC-2026-0006").due_on == date(2026, 12, 2)


@pytest.mark.parametrize("end", [STALL, CLOSE, RESET, "2xx ?"])
async def test_an_uncertain_letter_counts_as_accepted_and_is_repeated_once_byte_for_byte(
    guard: Guard, tmp_path: Path, end: str
) -> None:
    async with Sink() as sink:
        sink.on("dot", end, "")
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            await desk.send()
            assert desk.file().ack_state == "uncertain"
            assert (desk.file().stage, desk.file().ack_at) == ("acknowledged", cast.NOON)
            desk.clock.advance(minutes=16)
            await desk.send()
            await desk.send()
            first, second = acks(sink)
            assert first == second
            assert desk.letter("ack").state == "sent"
            assert desk.file().ack_at == cast.NOON, "the first attempt is the one that counts"


@pytest.mark.parametrize("after", ["announce", "hand_over"])
async def test_a_register_that_is_out_of_reach_in_the_middle_of_a_letter_is_waited_for(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """The server's answer is known to this process alone: forgotten, the letter would leave twice."""
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            gone: list[int] = []
            step, run = getattr(desk.road, after), desk.register.run

            def out_of_reach(act: Any) -> Any:
                if not gone:
                    return run(act)
                gone.pop()
                raise ledger.Unavailable("", {}, ConnectionError())

            async def cut_off(letter: post.Claimed) -> Any:
                answer = await step(letter)
                gone.extend((1, 2))
                return answer

            monkeypatch.setattr(desk.road, after, cut_off)
            monkeypatch.setattr(desk.register, "run", out_of_reach)
            desk.bench.pauses = (0.0, 0.0)
            await desk.send()
            assert {letter.state for letter in desk.rows(Letter)} == {"sent"}
            assert sorted(to for taken in sink.taken for to in taken.to) == [cast.BO, cast.CARL]
            assert not gone


async def test_an_uncertain_letter_is_never_sent_a_third_time(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        sink.on("dot", CLOSE)
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            for _ in range(12):
                await desk.send()
                desk.clock.advance(hours=12)
            assert len(acks(sink)) == 2
            assert desk.letter("ack").state == "uncertain"
            assert desk.alarms() == {}


@pytest.mark.parametrize(
    ("phase", "words_"), [("RCPT", "550 5.1.1 no such user"), ("dot", "554 5.7.1 spam"), ("MAIL", "552 too big")]
)
async def test_a_refused_ar_keeps_the_provisional_date_and_the_assignee_is_asked_to_call(
    guard: Guard, tmp_path: Path, phase: str, words_: str
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail(text="Bonjour, rappelez-moi au 06 39 98 11 22.\nCarl\n"))
            sink.on(phase, words_, "")
            await desk.send()
            file = desk.file()
            assert desk.letter("ack").state == "refused"
            assert (file.ack_state, file.due_on, file.provisional, file.stage) == (
                "refused",
                PROVISIONAL,
                True,
                "received",
            )
            called = desk.letter("ack-bounced")
            assert (called.to_addr, called.state) == (cast.BO, "sent")
            assert "06 39 98 11 22" in text_of(called.raw)
            assert "ack-bounced:REC-2026-0001" in desk.alarms()
            desk.clock.advance(days=6)
            await desk.send()
            assert acks(sink) == [], "a refusal is final"


async def test_a_letter_refused_for_now_waits_and_holds_nobody_up(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        sink.on("RCPT", "450 4.2.0 greylisted", "")
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            await desk.send()
            waiting = desk.letter("ack")
            assert (waiting.state, waiting.next_try_at) == ("owed", cast.NOON + timedelta(minutes=1))
            assert desk.letter("assignment").state == "sent"
            assert desk.file().ack_state == "owed"
            desk.clock.advance(minutes=2)
            await desk.send()
            assert desk.file().ack_state == "accepted"


async def test_after_five_days_of_later_a_letter_is_given_up_and_alarmed(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            sink.on("RCPT", "451 4.3.0 later")
            for _ in range(12):
                await desk.send()
                desk.clock.advance(hours=12)
            assert desk.letter("ack").state == "given_up"
            assert desk.file().ack_state == "refused"
            assert "cinq jours" in desk.letter("ack-bounced").facts["why"]
            assert acks(sink) == []


def people(count: int) -> list[bytes]:
    return [mail(sender=f"p{n}@courriel.example", name=f"P {n}") for n in range(count)]


@pytest.mark.parametrize("end", ["550 5.7.1 not your address", "530 5.7.0 authenticate first"])
async def test_a_road_that_closes_in_the_middle_loses_nothing_doubles_nothing_and_counts_nothing(
    guard: Guard, tmp_path: Path, end: str
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            for raw in people(4):
                await desk.take(raw)
            sink.on("MAIL", "", "", "", end)
            with pytest.raises(RoadClosed) as closed:
                await desk.post.once()
            assert closed.value.ours
            rest = desk.rows(Letter, Letter.state != "sent")
            assert len(rest) == 5
            assert {(r.state, r.attempts, r.lease_until, r.data_begun_at, r.next_try_at) for r in rest} == {
                ("owed", 0, None, None, cast.NOON)
            }
            assert desk.alarms() == {}
            sink.on("MAIL", "")
            await desk.send()
            recipients = sorted(to for taken in sink.taken for to in taken.to)
            assert recipients == sorted([cast.BO] * 4 + [f"p{n}@courriel.example" for n in range(4)])


async def test_a_server_that_is_down_gives_every_claimed_letter_back(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        port = sink.port
    with room(tmp_path, guard, port=port) as desk:
        for raw in people(2):
            await desk.take(raw)
        with pytest.raises(RoadClosed):
            await desk.post.once()
        assert {(row.state, row.attempts) for row in desk.rows(Letter)} == {("owed", 0)}


async def test_a_lease_that_ended_in_between_sends_nothing_twice(guard: Guard, tmp_path: Path) -> None:
    """Another daemon of the register took the letter while our server dawdled between RCPT and its answer."""
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            now = desk.clock()
            [ack, *rest] = desk.register.run(lambda tx: post.claim(tx, now))
            desk.register.run(lambda tx: [post.give_back(tx, post.standing(tx, c.id)) for c in (ack, *rest)])
            assert await desk.post.send(ack, desk.road) is None
            assert sink.taken == []
            await desk.send()
            assert len(acks(sink)) == 1


async def test_what_a_dead_daemon_had_in_hand_is_taken_back(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        for raw in people(2):
            await desk.take(raw)
        now = desk.clock()
        claimed = desk.register.run(lambda tx: post.claim(tx, now))
        begun = next(c for c in claimed if c.kind == "ack")
        desk.register.run(lambda tx: post.data_begun(tx, post.standing(tx, begun.id), now))
        desk.clock.advance(minutes=5)
        await desk.bench.db(lambda tx: desk.post.take_back(tx, all_leases=True))
        assert {(c.number, c.ack_state) for c in desk.files()} == {
            ("REC-2026-0001", "uncertain"),
            ("REC-2026-0002", "owed"),
        }
        assert desk.file().ack_at == cast.NOON, "the instant of its DATA, not of the restart"
        assert {row.state for row in desk.rows(Letter)} == {"owed"}


async def test_the_words_of_a_server_that_writes_latin_1_can_be_kept(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        sink.on("dot", "250 2.0.0 accept\udce9: queued as 4ABCDEF")
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            await desk.send()
            assert (desk.letter("ack").state, desk.letter("ack").queue_id) == ("sent", "4ABCDEF")


# == essai =================================================================================================================


async def test_in_essai_what_is_meant_for_outsiders_goes_to_the_admin_marked_and_nothing_else_leaves(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port, mode="essai") as desk:
            await desk.take(mail())
            await desk.take(mail(sender=cast.OPALE, name="Opale"))
            thread = (("In-Reply-To", desk.letters("ack")[0].message_id),)
            await desk.take(mail("Re: Formation annulée", "Du nouveau ?\n", headers=thread))
            await desk.send()
            assert outside(sink) == []
            redirected = [taken for taken in sink.taken if taken.to == (cast.DAN,)]
            assert len(redirected) == 3
            for taken in redirected:
                read = message_from_bytes(taken.raw, policy=policy.default)
                assert "essai" in str(read["Subject"]).lower()
                assert read["To"] == cast.DAN
            assert [c.number for c in desk.files()] == ["ESSAI-2026-0001", "ESSAI-2026-0002"]
            assert [(c.series, c.n) for c in desk.rows(Counter)] == [("essai", 2)]


async def test_the_second_fence_of_essai_stops_at_the_door_what_was_written_before(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as live:
            await live.take(mail())
        with room(tmp_path, guard, port=sink.port, mode="essai") as desk:
            await desk.send()
            assert outside(sink) == []
            assert desk.letter("assignment").state == "sent"
            assert (desk.letter("ack").state, desk.letter("ack").data_begun_at) == ("refused", None)
            assert "essai" in desk.letter("ack").answer


# == mails =================================================================================================================


async def test_a_mail_that_kills_its_reader_three_times_still_gets_a_number_and_an_ar(tmp_path: Path) -> None:
    async with Guard(memory_mb=80) as small:
        with room(tmp_path, small) as desk:
            huge = mail("Trop lourd") + b"x" * 40 * 2**20
            killed = desk.keep(huge)
            healthy = desk.keep(mail(sender=cast.OPALE, name="Opale"))
            await desk.mails.decide_waiting()
            row = desk.inbound(killed)
            assert (row.state, row.verdict, row.attempts) == ("quarantined", "quarantined", 3)
            assert "illisible" in row.reason
            [file] = [f for f in desk.files() if f.id == row.complaint_id]
            assert (file.complainant_addr, file.subject) == (cast.CARL, "Trop lourd")
            assert (file.due_on, file.ack_state) == (PROVISIONAL, "owed")
            assert [letter.to_addr for letter in desk.letters("ack")] == [cast.OPALE, cast.CARL]
            assert desk.inbound(healthy).verdict == "complaint"


BOMB = mail("Piège").replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n", 1).replace(
    b"Content-Type: text/plain", b"Content-Type: multipart/mixed; boundary=b; x"
) + b"--b\r\n\r\n" * 2_000  # fmt: skip


async def test_an_unreadable_mail_of_a_machine_opens_no_file_and_waits_for_a_human(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        row = await desk.take(BOMB.replace(b"Subject:", b"Auto-Submitted: auto-generated\r\nSubject:", 1))
        assert (row.verdict, row.waiting, desk.files(), desk.rows(Letter)) == ("quarantined", True, [], [])


async def test_a_mail_during_whose_reading_the_whole_desk_died_is_not_read_a_fourth_time(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        deadly = desk.keep(mail(text="Bonjour.\n"))
        for _ in range(3):
            desk.register.run(lambda tx: count_attempt(tx, deadly))
        await desk.mails.decide_waiting()
        row = desk.inbound(deadly)
        assert (row.verdict, row.state) == ("quarantined", "quarantined")
        assert "arrêté" in row.reason
        assert desk.letter("ack").to_addr == cast.CARL


async def test_a_machine_that_can_start_no_reader_blames_no_mail(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, Guard(memory_mb=2**60)) as broken:
        kept = broken.keep(mail())
        for _ in range(4):
            with pytest.raises(NotStarted):
                await broken.mails.decide_waiting()
        assert (broken.inbound(kept).state, broken.inbound(kept).attempts) == ("kept", 0)
    with room(tmp_path, guard) as mended:
        await mended.mails.decide_waiting()
        assert mended.inbound(kept).verdict == "complaint"


def contradict(desk: Room) -> None:
    """A register restored by hand: a file whose number the counter has yet to hand out."""
    odd = Complaint(
        number="REC-2026-0001", series="real", year=2026, rank=1, received_at=cast.NOON, opened_at=cast.NOON,
        stage="taken-over", assignee=cast.BO,
    )  # fmt: skip
    desk.register.run(lambda tx: tx.add(odd))


async def test_a_mail_whose_decision_fails_three_times_is_set_aside_with_one_alarm_and_the_line_moves(
    guard: Guard, tmp_path: Path
) -> None:
    new_year = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    with room(tmp_path, guard, now=new_year) as desk:
        contradict(desk)
        stuck = desk.keep(mail(), at=new_year)
        desk.clock.advance(hours=2)
        after = desk.keep(mail(sender=cast.OPALE, name="Opale"))
        await desk.mails.decide_waiting()
        row = desk.inbound(stuck)
        assert (row.state, row.verdict, row.attempts, row.waiting) == ("quarantined", "quarantined", 3, True)
        assert list(desk.alarms()) == [f"set-aside:{stuck}"]
        assert desk.inbound(after).verdict == "complaint"
        assert [c.number for c in desk.files()] == ["REC-2026-0001", "REC-2027-0001"]
        assert [letter.to_addr for letter in desk.letters("ack")] == [cast.OPALE], (
            "nothing of the failed decision remains"
        )


async def test_a_mail_that_was_set_aside_can_be_decided_once_the_fault_is_mended(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        contradict(desk)
        stuck = (await desk.take(mail())).id
        assert stuck
        desk.register.run(lambda tx: tx.add(Counter(series="real", year=2026, n=1)))
        await desk.mails.choose(stuck, "complaint", "ann")
        assert desk.inbound(stuck).verdict == "complaint"
        assert desk.letter("ack").name == "ack:REC-2026-0002:1"
        assert [c.number for c in desk.files()] == ["REC-2026-0001", "REC-2026-0002"]


async def held(desk: Room) -> int:
    """A colleague's mail without reference: the desk asks what it is."""
    row = await desk.take(mail("Salle 4", "Le vidéoprojecteur est en panne.\n", sender=cast.BO, name="Bo Martin"))
    assert (row.verdict, row.waiting) == ("held", True)
    assert row.id
    return row.id


@pytest.mark.parametrize(
    ("choice", "verdict", "files"),
    [("complaint", "complaint", 1), ("note", "staff-note", 0), ("ignore", "staff-note", 0)],
)
async def test_a_human_decides_what_waits(guard: Guard, tmp_path: Path, choice: str, verdict: str, files: int) -> None:
    with room(tmp_path, guard) as desk:
        mail_id = await held(desk)
        await desk.mails.choose(mail_id, choice, "ann")
        row = desk.inbound(mail_id)
        assert (row.verdict, row.waiting, row.state) == (verdict, False, "decided")
        assert "ann" in row.reason
        assert len(desk.files()) == files
        await desk.tick(days=3)
        assert len(desk.files()) == files, "the term has nothing left to do"


async def test_a_choice_that_makes_no_sense_changes_nothing(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        done = (await desk.take(mail())).id
        assert done
        for choice in ("complaint", "ignore", "peut-être"):
            with pytest.raises(rules.Refused):
                await desk.mails.choose(done, choice, "ann")
        with pytest.raises(LookupError):
            await desk.mails.choose(4711, "complaint", "ann")
        assert (desk.inbound(done).verdict, len(desk.files()), len(desk.letters("ack"))) == ("complaint", 1, 1)


async def test_a_mail_decided_by_hand_while_the_daemon_read_it_opens_one_file(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        mail_id = desk.keep(mail())
        read = await desk.mails.read(mail_id, last=False)
        assert read is not None
        await desk.mails.choose(mail_id, "complaint", "ann")
        await desk.mails._decide(read)
        assert [c.number for c in desk.files()] == ["REC-2026-0001"]
        assert len(desk.letters("ack")) == 1


async def test_the_letters_of_a_long_row_of_mails_may_leave_while_the_others_are_decided(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.corridor.mails.LETTERS_WAIT", 2)
    with room(tmp_path, guard) as desk:
        for n in range(5):
            desk.keep(mail(f"Salle {n}", sender=f"p{n}@courriel.example"))
        told: list[int] = []
        assert await desk.mails.decide_waiting(letters_wait=lambda: told.append(len(desk.files()))) == 5
        assert told in ([2, 4], [2, 5], [3, 5])  # two of them may share a commit


@pytest.mark.parametrize("broken", [False, True])
async def test_many_files_are_looked_at_in_one_commit_and_one_that_fails_holds_up_no_other(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    monkeypatch.setattr("mailbot.corridor.dues.TOGETHER", 3)
    with room(tmp_path, guard) as desk:
        for n in range(7):
            await desk.take(mail(f"Salle {n}", sender=f"p{n}@courriel.example"))
        look = Dues._look

        def looked(self: Dues, tx: Session, complaint_id: int) -> None:
            if broken and complaint_id == 2:
                raise ZeroDivisionError
            look(self, tx, complaint_id)

        monkeypatch.setattr(Dues, "_look", looked)
        waiting = [f.id for f in desk.files() if f.look_at == cast.NOON]
        await desk.dues.tick()
        assert waiting == [1, 2, 3, 4, 5, 6, 7]
        assert [f.id for f in desk.files() if f.look_at == cast.NOON] == ([2] if broken else [])


async def test_a_mail_delivered_twice_is_one_complaint(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        raw = mail()
        first = await desk.take(raw)
        again = await desk.take(
            b"Received: from relais.example by mx.ief.example; Mon, 23 Nov 2026 12:00:01 +0100\r\n" + raw
        )
        assert (first.verdict, again.verdict) == ("complaint", "duplicate")
        assert str(first.id) in again.reason
        assert (len(desk.files()), len(desk.letters("ack"))) == (1, 1)


async def test_the_same_words_in_a_new_mail_are_a_new_complaint(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        assert (await desk.take(mail())).verdict == "complaint"
        assert len(desk.files()) == 2


async def test_our_own_letter_coming_back_is_never_answered(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        count = len(desk.rows(Letter))
        assert (await desk.take(desk.letter("ack").raw)).verdict == "own"
        assert len(desk.rows(Letter)) == count


async def test_a_truncated_mail_is_answered_saying_so(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(), truncated=True)
        assert "dépasse la taille" in text_of(desk.letter("ack").raw)


async def test_what_is_sensitive_is_told_to_the_assignee_alone(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, digest={"names": True}, referents={"disability": cast.ANN}) as desk:
        said = "Bonjour,\nje suis en situation de handicap et je subis un harcèlement moral du formateur.\nCarl\n"
        await desk.take(mail("Harcèlement", said))
        assert desk.file().sensitive
        desk.register.run(desk.dues.first_digest)
        await desk.tick(days=1)
        telling = {letter.to_addr for letter in desk.rows(Letter) if "harcèlement moral" in text_of(letter.raw).lower()}
        naming = {letter.to_addr for letter in desk.rows(Letter) if "Carl Petit" in text_of(letter.raw)}
        assert cast.DAN in {letter.to_addr for letter in desk.rows(Letter)}, "there was a digest"
        assert cast.ANN in {letter.to_addr for letter in desk.rows(Letter)}, "the referent was told"
        assert telling <= {cast.BO}
        assert naming <= {cast.BO, cast.CARL}


async def test_an_unproven_sender_gets_number_dates_and_counts_only(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        files = (("bulletin-de-paie.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 900),)
        await desk.take(mail(proven=False, files=files))
        said = text_of(desk.letter("ack").raw)
        assert "REC-2026-0001" in said
        assert "1 fichier reçu" in said
        for borrowed in ("Carl", "bulletin", "remboursé"):
            assert borrowed not in said


# == due rows ==============================================================================================================


async def test_what_nobody_decided_is_a_complaint_at_18_h_of_the_next_working_day(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        mail_id = await held(desk)
        await desk.tick(days=1, hours=5, minutes=59)
        assert desk.files() == []
        await desk.tick(minutes=1)
        assert desk.inbound(mail_id).verdict == "complaint"
        assert (desk.file().due_on, desk.letter("ack").to_addr) == (PROVISIONAL, cast.BO)
        assert desk.file().assignee != cast.BO, "a colleague's own complaint is handled by someone else"
        await desk.tick(days=1)
        assert len(desk.files()) == 1


async def test_on_friday_the_term_is_monday(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, now=cast.NOON + timedelta(days=4)) as desk:
        await held(desk)
        [row] = desk.due("undecided")
        assert row.at == datetime(2026, 11, 30, 17, 0, tzinfo=UTC)


async def test_an_undecided_forward_is_a_file_without_ar_told_to_direction(guard: Guard, tmp_path: Path) -> None:
    body = f"Pour suite.\n\n-------- Message transféré --------\nDe : Zoé <{cast.OPALE}>\nObjet : Facture\n\nLa facture est fausse.\n"
    with room(tmp_path, guard) as desk:
        row = await desk.take(mail("TR: Facture", body, sender="accueil@ief.example", name="Accueil"))
        assert (row.verdict, row.waiting) == ("held", True)
        assert [letter.to_addr for letter in desk.letters("forward-question")] == [cast.ANN]
        await desk.tick(days=2)
        file = desk.file()
        assert (file.ack_state, file.complainant_addr, file.due_on) == ("none", cast.OPALE, PROVISIONAL)
        assert desk.letters("ack") == []
        assert [letter.to_addr for letter in desk.letters("undecided")] == [cast.DIR]


async def test_r1_10_an_ar_that_has_not_left_after_one_hour_is_alarmed_once(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        await desk.tick(minutes=59)
        assert desk.alarms() == {}
        await desk.tick(minutes=1)
        assert list(desk.alarms()) == ["ack-late:REC-2026-0001"]
        await desk.tick(hours=1)
        assert desk.due("ack-late") == []
        assert len([s for s in desk.story()["steps"] if s["event"] == "ack-late"]) == 1


async def test_an_ar_that_left_in_time_is_not_alarmed(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            await desk.send()
            await desk.tick(hours=2)
            assert desk.alarms() == {}


async def test_from_the_sixth_ar_in_an_hour_they_wait_a_quarter_and_leave_as_one_letter(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        for n in range(8):
            await desk.take(mail(f"Plainte {n}", f"Bonjour, plainte numéro {n}.\n"))
        assert (len(desk.letters("ack")), len(desk.files())) == (5, 8)
        await desk.tick(minutes=14, seconds=59)
        assert desk.letters("ack-group") == []
        await desk.tick(seconds=1)
        said = text_of(desk.letter("ack-group").raw)
        for number in ("REC-2026-0006", "REC-2026-0007", "REC-2026-0008"):
            assert f"{number} : reçu le lundi 23 novembre 2026" in said
        assert said.count("réponse au plus tard le mardi 1er décembre 2026") == 3
        await desk.tick(minutes=30)
        assert len(desk.letters("ack-group")) == 1
        assert desk.due("item") == []


async def test_a_grouped_ar_acknowledges_each_of_its_files(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            for n in range(7):
                await desk.take(mail(f"Plainte {n}", f"Bonjour, plainte numéro {n}.\n"))
            await desk.tick(minutes=15)
            await desk.send()
            assert {(c.ack_state, c.due_on, c.provisional) for c in desk.files()} == {("accepted", PROVISIONAL, False)}
            assert outside(sink) == [cast.CARL] * 6


EIGHT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 08:00 in Paris, Tuesday


async def digests(desk: Room, *moments: datetime) -> list[str]:
    """The dates of the digests written when the desk looks at its due rows at those moments."""
    desk.register.run(desk.dues.first_digest)
    for moment in moments:
        desk.clock.now = moment
        await desk.dues.tick()
    return [letter.name.rpartition(":")[2] for letter in desk.letters("digest")]


async def test_the_digest_leaves_once_each_working_day_at_eight(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        minutes = [EIGHT + timedelta(minutes=m) for m in (-1, 0, 1, 600)]
        assert await digests(desk, *minutes) == ["2026-11-24"]
        week = [EIGHT + timedelta(days=d, minutes=m) for d in range(1, 8) for m in (0, 5)]
        assert await digests(desk, *week) == [
            *("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"),
            *("2026-11-30", "2026-12-01"),
        ]


@pytest.mark.parametrize(
    "moment", [EIGHT + timedelta(hours=11), EIGHT + timedelta(hours=16), EIGHT + timedelta(days=4)]
)
async def test_outside_sending_hours_the_digest_waits_for_the_next_opening(
    guard: Guard, tmp_path: Path, moment: datetime
) -> None:
    with room(tmp_path, guard) as desk:
        assert await digests(desk, moment) == []
        [row] = desk.due("digest")
        opening = row.at.astimezone(UTC)
        assert (opening.hour, opening.minute) == (7, 0)
        assert opening > moment
        assert len(await digests(desk, opening, opening + timedelta(minutes=1))) == 1


async def test_after_three_days_asleep_there_is_one_digest(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        awake = EIGHT + timedelta(days=3, hours=2)
        assert await digests(desk, awake, awake, awake + timedelta(minutes=5)) == ["2026-11-27"]
        [row] = desk.due("digest")
        assert row.at == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


async def test_a_doubled_tick_changes_nothing(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await held(desk)
        for n in range(6):
            await desk.take(mail(f"Plainte {n}", f"Bonjour, plainte numéro {n}.\n"))
        desk.clock.advance(days=3)
        rows = desk.rows(Due)
        for _ in range(3):
            await desk.dues.tick()
            for row in rows:
                await desk.dues._due(row)
        assert len(desk.files()) == 7
        assert len({letter.name for letter in desk.rows(Letter)}) == len(desk.rows(Letter))
        assert len(desk.letters("ack-group")) == 1


async def test_one_bad_due_row_never_stops_the_rest(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        mail_id = await held(desk)
        orphan = Due(key="ack-late:REC-1999-0001", kind="ack-late", at=cast.NOON)
        desk.register.run(lambda tx: tx.add(orphan))
        await desk.tick(days=2)
        assert desk.inbound(mail_id).verdict == "complaint"
        assert [row.key for row in desk.due("ack-late")][:1] == ["ack-late:REC-1999-0001"]


async def test_the_mode_is_that_of_the_register_once_the_desk_was_opened(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        desk.register.run(lambda tx: ledger.remember(tx, "live_since", cast.NOON.isoformat()))
        await desk.take(mail())
        assert desk.file("REC-2026-0001").series == "real"
        assert desk.letter("ack").envelope_to == cast.CARL


# == one mail is read while another is decided =============================================================================


class Watched(Guard):
    """Notes which mails are being read, and what the register says of their attempts then."""

    def __init__(self, within: Guard) -> None:
        super().__init__()
        self.within, self.desk = within, None
        self.attempts: list[list[int]] = []
        self.second = asyncio.Event()

    async def read(self, raw: bytes, *, truncated: bool = False) -> Any:
        if self.attempts:
            self.second.set()
        self.attempts.append([row.attempts for row in self.desk.rows(Inbound)])
        return await self.within.read(raw, truncated=truncated)


def watching(desk: Room, guard: Guard) -> Watched:
    made = Watched(guard)
    made.desk = desk
    desk.bench.guard = made
    return made


async def test_the_next_mail_is_read_while_one_is_decided_and_counted_with_its_decision(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room(tmp_path, guard) as desk:
        for raw in people(3):
            desk.keep(raw)
        seen = watching(desk, guard)
        decide = desk.mails._decide

        async def once_the_next_is_read(read: Any, **how: Any) -> int:
            if len(seen.attempts) == 1:
                await asyncio.wait_for(seen.second.wait(), 10)
            return await decide(read, **how)

        monkeypatch.setattr(desk.mails, "_decide", once_the_next_is_read)
        assert await desk.mails.decide_waiting() == 3
        assert seen.attempts[:2] == [[1, 0, 0], [1, 0, 0]]
        assert [row.attempts for row in desk.rows(Inbound)] == [1, 1, 1]


def each_read_before(desk: Room, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Which mails share a commit, when whatever is read ahead is read by the time that the one in hand is decided."""
    rows: list[Row] = []
    shares: list[tuple[int, ...]] = []
    made, decide = Row.__init__, desk.mails._decide

    def noted(row: Row, mails: Any) -> None:
        made(row, mails)
        rows.append(row)

    async def later(*reads: Read, **how: Any) -> int:
        shares.append(tuple(read.inbound_id for read in reads))
        await asyncio.gather(*rows[-1]._reading.values())
        return await decide(*reads, **how)

    monkeypatch.setattr(Row, "__init__", noted)
    monkeypatch.setattr(desk.mails, "_decide", later)
    return shares


async def test_two_mails_that_are_read_share_a_commit(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room(tmp_path, guard) as desk:
        a, b, c, d = (desk.keep(raw) for raw in people(4))
        shares = each_read_before(desk, monkeypatch)
        assert await desk.mails.decide_waiting() == 4
        assert shares == [(a,), (b, c), (d,)]
        assert [(row.verdict, row.attempts) for row in desk.rows(Inbound)] == [("complaint", 1)] * 4
        assert [file.rank for file in desk.files()] == [1, 2, 3, 4]


async def test_a_colleagues_mail_is_decided_once_what_came_before_is_written(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may ask for what the mail before it made."""
    with room(tmp_path, guard) as desk:
        a, b = (desk.keep(raw) for raw in people(2))
        asked = desk.keep(mail("#pièces REC-2026-0002", "", sender=cast.BO, name="Bo Martin"))
        d = desk.keep(mail(sender=cast.OPALE, name="Opale"))
        shares = each_read_before(desk, monkeypatch)
        assert await desk.mails.decide_waiting() == 4
        assert shares == [(a,), (b,), (asked, d)]
        assert desk.letter("files").to_addr == cast.BO


@pytest.mark.parametrize("bad", [1, 2])
async def test_of_two_mails_that_share_a_commit_the_one_that_fails_takes_nothing_from_the_other(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: int
) -> None:
    with room(tmp_path, guard) as desk:
        ids = [desk.keep(raw) for raw in people(4)]
        shares = each_read_before(desk, monkeypatch)
        write = desk.mails.write

        def faulty(tx: Any, read: Read, *how: Any) -> Any:
            if read.inbound_id == ids[bad]:
                raise KeyError("faulty")
            return write(tx, read, *how)

        monkeypatch.setattr(desk.mails, "write", faulty)
        for _ in range(3):
            await desk.mails.decide_waiting()
        a, b, c, d = ids
        assert shares[:4] == [(a,), (b, c), (b,), (c, d)]
        found = {row.id: (row.verdict, row.attempts) for row in desk.rows(Inbound)}
        assert found.pop(ids[bad]) == ("quarantined", 3)
        assert set(found.values()) == {("complaint", 1)}


class Death(BaseException):
    """The desk is killed, here and now."""


async def test_a_mail_that_kills_the_desk_in_a_shared_commit_costs_the_one_in_hand_one_attempt_and_no_more(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room(tmp_path, guard) as desk:
        a, b, c, _ = (desk.keep(raw) for raw in people(4))
        shares = each_read_before(desk, monkeypatch)
        write = desk.mails.write

        def deadly(tx: Any, read: Read, *how: Any) -> Any:
            if read.inbound_id == c:
                raise Death
            return write(tx, read, *how)

        monkeypatch.setattr(desk.mails, "write", deadly)
        lives = []
        for _ in range(4):
            with pytest.raises(Death):
                await desk.mails.decide_waiting()
            lives.append([row.attempts for row in desk.rows(Inbound)])
        assert shares == [(a,), (b, c), (b,), (c,), (c,), (c,)]
        assert lives == [[1, 1, 0, 0], [1, 2, 1, 0], [1, 2, 2, 0], [1, 2, 3, 0]]
        assert [row.verdict for row in desk.rows(Inbound)] == ["complaint", "complaint", "", ""]


@pytest.mark.skipif(len(frugal.CORES) < 2, reason="une machine d’un seul cœur")
@pytest.mark.parametrize(("mails", "one"), [(LONG_ROW - 1, False), (LONG_ROW, True)])
async def test_while_a_long_row_is_decided_the_desk_stays_on_one_core(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mails: int, one: bool
) -> None:
    with room(tmp_path, guard) as desk:
        for raw in people(mails):
            desk.keep(raw)
        write, cores = desk.mails.write, []

        def watched(*how: Any) -> Any:
            cores.append((os.sched_getaffinity(0), os.sched_getaffinity(os.getpid())))
            return write(*how)

        monkeypatch.setattr(desk.mails, "write", watched)
        assert await desk.mails.decide_waiting() == mails
        assert {len(mine) == len(its) == 1 for mine, its in cores} == {one}
        assert os.sched_getaffinity(os.getpid()) == frugal.CORES


async def test_a_mail_that_was_in_hand_at_a_death_is_read_alone(guard: Guard, tmp_path: Path) -> None:
    """So that one deadly mail costs no other its attempts."""
    with room(tmp_path, guard) as desk:
        ids = [desk.keep(raw) for raw in people(3)]
        desk.register.run(lambda tx: count_attempt(tx, ids[1]))
        seen = watching(desk, guard)
        await desk.mails.decide_waiting()
        assert seen.attempts == [[1, 1, 0], [1, 2, 0], [1, 2, 1]]


async def test_a_large_mail_is_not_read_ahead(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.corridor.ahead.AHEAD_BYTES", 1000)
    with room(tmp_path, guard) as desk:
        for text in ("court", "long " * 1000, "court"):
            desk.keep(mail(text=text))
        seen = watching(desk, guard)
        await desk.mails.decide_waiting()
        assert seen.attempts == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


async def test_a_desk_that_stops_costs_the_mail_read_ahead_no_attempt(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        for raw in people(3):
            desk.keep(raw)
        assert await desk.mails.decide_waiting(lambda: not desk.files()) == 1
        assert [row.attempts for row in desk.rows(Inbound)] == [1, 0, 0]


async def test_a_decision_that_fails_takes_nothing_from_the_mail_read_meanwhile(guard: Guard, tmp_path: Path) -> None:
    new_year = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
    with room(tmp_path, guard, now=new_year) as desk:
        contradict(desk)
        desk.keep(mail(), at=new_year)
        desk.clock.advance(hours=2)
        after = desk.keep(mail(sender=cast.OPALE, name="Opale"))
        await desk.mails.decide_waiting()
        assert (desk.inbound(after).verdict, desk.inbound(after).attempts) == ("complaint", 1)
