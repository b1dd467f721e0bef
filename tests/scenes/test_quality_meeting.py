"""The quality meeting: figures, pack, decisions, bulletin (spec §8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.message import pdf as glance
from mailbot.privacy import erasing
from mailbot.reports import gathered
from mailbot.reports.counted import Period
from mailbot.reports.figures import figures
from mailbot.store import meetings
from mailbot.store.minutes import Meeting
from mailbot.store.tables import Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def test_a_bulletin_that_left_around_midnight_left_on_the_local_day() -> None:
    late = datetime(2026, 6, 3, 22, 30, tzinfo=UTC)
    row = Meeting(
        id=1, first=late.date(), last=late.date(), made_at=late, pdf=b"", sheet=b"", bulletin_at=late
    )  # fmt: skip
    assert meetings.as_meeting(row, "Europe/Paris").bulletin_on == date(2026, 6, 4)


async def test_exercises_and_essai_files_are_no_figures(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail("Formation annulée", "Bonjour, je souhaite être remboursé. Carl"))
        await desk.mails.practise(desk.config.staff[0], "test")
        period = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))
        gone = desk.register.ask(lambda tx: gathered.register(tx, desk.config))
        assert [f.number for f in gone.files] == ["REC-2026-0001"]
        assert figures(gone, period)[0].text == "1"


def note(who: str, name: str, subject: str, text: str = "", *, answers: str = "") -> bytes:
    """A colleague's mail, in answer to a letter of ours or not."""
    headers = (("In-Reply-To", answers), ("References", answers)) if answers else ()
    return mail(subject, text, sender=who, name=name, headers=headers)


async def _pack(desk: Room) -> Letter:
    """Ann asks for the pack."""
    await desk.take(note(cast.ANN, "Ann Leroy", "#réunion"))
    await desk.tick()
    return desk.letters("meeting-pack")[-1]


DECIDED = "Relire chaque convocation avant l’envoi.\nQui : Bo\nQuand : 15 décembre"


async def test_r2_7_the_pack_comes_on_a_word_with_pages_and_cells(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        letter = await _pack(desk)
        read = message_from_bytes(letter.raw, policy=policy.default)
        parts = {str(p.get_filename()): p.get_payload(decode=True) for p in read.iter_attachments()}
        assert letter.to_addr == cast.ANN
        assert sorted(parts) == ["reunion-qualite-2026-11-23.pdf", "reunion-qualite-2026-11-23.xlsx"]
        [row] = desk.rows(Meeting)
        assert (row.pdf, row.sheet) == (
            parts["reunion-qualite-2026-11-23.pdf"],
            parts["reunion-qualite-2026-11-23.xlsx"],
        )
        assert row.pdf.startswith(b"%PDF-")
        assert (row.first, row.last) == (date(2026, 1, 1), date(2026, 11, 23))


@pytest.mark.parametrize("words", ["#réunion", "#bulletin"])
async def test_the_meeting_is_the_quality_managers(tmp_path: Path, guard: Guard, words: str) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(note(cast.BO, "Bo Martin", words))
        await desk.tick()
        assert (desk.letters("meeting-pack"), desk.letters("bulletin")) == ([], [])
        assert "Ann Leroy" in desk.letter("refusal").facts["why"]


@pytest.mark.parametrize("subject", ["Re: Réunion qualité", "Re: Réunion qualité #réunion 20/11/2026"])
async def test_an_answer_to_the_pack_records_the_meeting_tag_or_not(tmp_path: Path, guard: Guard, subject: str) -> None:
    with room(tmp_path, guard) as desk:
        pack = await _pack(desk)
        kept = await desk.take(note(cast.ANN, "Ann Leroy", subject, DECIDED, answers=pack.message_id))
        [row] = desk.rows(Meeting)
        day = date(2026, 11, 20) if "20/11" in subject else date(2026, 11, 23)
        assert (kept.verdict, row.held_on, row.decisions, row.recorded_by) == ("staff-command", day, DECIDED, cast.ANN)
        assert desk.letter("meeting-recorded").facts["draft"] == row.draft


async def test_a_form_left_empty_records_nothing(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await _pack(desk)
        await desk.take(note(cast.ANN, "Ann Leroy", "#réunion JJ/MM/AAAA", "Décision :\nQui :\nQuand :\n"))
        assert [m.held_on for m in desk.rows(Meeting)] == [None]
        assert "aucune décision" in desk.letter("refusal").facts["why"]


async def test_r4_2_the_bulletin_goes_once_to_everybody_and_the_register_keeps_it(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        pack = await _pack(desk)
        await desk.take(note(cast.ANN, "Ann Leroy", "Re: pack", DECIDED, answers=pack.message_id))
        await desk.take(note(cast.ANN, "Ann Leroy", "#bulletin"))
        await desk.take(note(cast.ANN, "Ann Leroy", "#bulletin", "Encore une fois."))
        [row] = desk.rows(Meeting)
        assert {x.to_addr for x in desk.letters("bulletin")} == {cast.BO, cast.ANN, cast.DAN, cast.DIR}
        assert len(desk.letters("bulletin")) == 4
        assert (row.bulletin, row.bulletin_to, row.bulletin_by) == (row.draft, 4, cast.ANN)
        assert row.bulletin_at == desk.clock.now


async def test_a_bulletin_that_names_a_complainant_stays_and_its_author_is_asked(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        await _pack(desk)
        await desk.take(note(cast.ANN, "Ann Leroy", "#bulletin", "Madame Petit n’avait pas reçu sa convocation."))
        assert desk.letters("bulletin") == []
        assert "« Petit »" in desk.letter("refusal").facts["why"]
        await desk.take(note(cast.ANN, "Ann Leroy", "#bulletin", "Une stagiaire n’avait pas reçu sa convocation."))
        assert {x.facts["text"] for x in desk.letters("bulletin")} == {"Une stagiaire n’avait pas reçu sa convocation."}


async def test_r4_2_a_missing_bulletin_is_chased_until_it_left(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        pack = await _pack(desk)
        await desk.take(note(cast.ANN, "Ann Leroy", "Re: pack", DECIDED, answers=pack.message_id))
        await desk.tick(days=6, hours=23)  # Monday 30, 11:00: five working days after
        assert [x.to_addr for x in desk.letters("bulletin-chase")] == [cast.ANN]
        await desk.tick(days=7)
        assert [x.to_addr for x in desk.letters("bulletin-chase")] == [cast.ANN, cast.ANN, cast.DIR]
        await desk.take(note(cast.ANN, "Ann Leroy", "#bulletin"))
        await desk.tick(days=8)
        assert len(desk.letters("bulletin-chase")) == 3


async def test_a_pack_that_prints_the_name_of_somebody_erased_goes_with_its_letters(
    tmp_path: Path, guard: Guard
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        pack = await _pack(desk)
        await desk.take(note(cast.ANN, "Ann Leroy", "Re: pack", "Rappeler Carl Petit lundi.", answers=pack.message_id))
        desk.clock.advance(days=1)
        await _pack(desk)
        assert ["Carl Petit" in " ".join(glance.texts(m.pdf)) for m in desk.rows(Meeting)] == [False, True]
        made = desk.register.ask(lambda tx: erasing.plan(tx, cast.CARL, desk.config, draw=lambda: "0"))
        erasing.pseudonymise(desk.register, made, desk.config, desk.clock.now, who="dan", cause="command:test")
        first, second = desk.rows(Meeting)
        assert first.decisions == "Rappeler Réclamant REC-2026-0001 lundi."
        assert (bool(first.pdf), bool(first.sheet), second.pdf, second.sheet) == (True, True, b"", b"")
        assert [bool(letter.raw) for letter in desk.letters("meeting-pack")] == [True, False]


async def test_the_pack_comes_by_itself_on_the_first_working_day_after_the_quarter(
    tmp_path: Path, guard: Guard
) -> None:
    with room(tmp_path, guard) as desk:
        desk.register.run(desk.dues.first_digest)
        [due] = desk.due("meeting")
        assert due.at == datetime(2027, 1, 4, 7, tzinfo=UTC)  # Monday 4 January, 08:00: the 1st is no working day
        desk.clock.now = due.at
        await desk.dues.tick()
        [row] = desk.rows(Meeting)
        assert (row.first, row.last) == (date(2026, 10, 1), date(2026, 12, 31))
        assert [d.at for d in desk.due("meeting")] == [datetime(2027, 4, 1, 6, tzinfo=UTC)]


async def test_where_packs_come_on_a_word_only_none_is_scheduled(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard, meeting={"every_months": 0}) as desk:
        desk.register.run(desk.dues.first_digest)
        assert desk.due("meeting") == []
