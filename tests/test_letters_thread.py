"""A file is one thread in the usual mail programs: one subject and whole References, for each reader alone (issue: letters)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store.tables import Inbound, Letter

pytestmark = pytest.mark.asyncio(loop_scope="module")
REPLY = "Nous avons relu votre dossier.\n" + "Voici nos raisons, une à une, et ce que nous décidons. " * 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def weeks(desk: Room) -> None:
    """Everybody writes: a complaint, a question and its answer, chases, news, the reply, thanks that reopen."""
    await desk.take(mail())
    await command(desk, "#prendre")
    await command(desk, "#précisions", "Quelle session aviez-vous choisie ?")
    await desk.take(mail("Re: ma session", "Celle du 3 novembre.\nCarl\n", headers=answering(desk, cast.CARL)))
    await command(desk, "#note", "Vu avec la formatrice.", new=True)
    for _ in range(5):
        await desk.tick(days=1)
    await command(desk, "#évaluer", "G2 C2 R2 immédiat:non")
    await command(desk, "#résolu", REPLY)
    desk.clock.advance(hours=1)


async def command(desk: Room, tag: str, text: str = "", *, new: bool = False) -> None:
    """Bo's mail: an answer to the newest notice, or a new mail as a button opens it."""
    desk.clock.advance(minutes=20)
    headers = () if new else answering(desk, cast.BO)
    await desk.take(mail(f"[REC-2026-0001] {tag}", text + "\n", sender=cast.BO, name="Bo Martin", headers=headers))


def answering(desk: Room, reader: str) -> tuple[tuple[str, str], ...]:
    """The headers that a mail program writes: the id of the newest letter, and all the ids that stood in it."""
    newest = about_the_file(desk, reader)[-1]
    theirs = (header(newest, "References"), newest.message_id)
    return ("In-Reply-To", newest.message_id), ("References", " ".join(theirs).strip())


def about_the_file(desk: Room, reader: str) -> list[Letter]:
    return sorted(desk.rows(Letter, Letter.complaint_id == 1, Letter.to_addr == reader), key=lambda row: row.id or 0)


def header(letter: Letter, name: str) -> str:
    return " ".join(str(message_from_bytes(letter.raw, policy=policy.default).get(name, "")).split())


def of_subject(subject: str) -> str:
    """What mail programs compare: without « Re: »."""
    return re.sub(r"^(?:re|tr|fwd?)\s*:\s*", "", subject, flags=re.IGNORECASE)


@pytest.mark.parametrize("reader", [cast.CARL, cast.BO])
async def test_a_file_is_one_thread_for_each_reader(guard: Guard, tmp_path: Path, reader: str) -> None:
    with room(tmp_path, guard) as desk:
        await weeks(desk)
        letters = about_the_file(desk, reader)
        assert len({letter.kind for letter in letters}) >= 4, [letter.kind for letter in letters]
        assert len({of_subject(header(letter, "Subject")) for letter in letters}) == 1
        before = {m.message_id for m in desk.rows(Inbound, Inbound.from_addr == reader)}
        _first, *others = letters
        for letter in others:
            cited = header(letter, "References").split()
            assert cited[-1] == header(letter, "In-Reply-To")
            earlier = [row.message_id for row in letters if (row.id or 0) < (letter.id or 0)]
            assert set(earlier) <= set(cited), letter.kind
            assert set(cited) <= set(earlier) | before


async def test_nobody_gets_the_id_of_a_letter_that_went_to_somebody_else(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await weeks(desk)
        for letter in desk.rows(Letter):
            others = {row.message_id for row in desk.rows(Letter) if row.to_addr != letter.to_addr}
            assert others.isdisjoint(header(letter, "References").split()), letter.kind


async def test_staff_subjects_name_the_matter_and_complainants_the_service(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        assert {letter.subject for letter in about_the_file(desk, cast.BO)} == {
            "[REC-2026-0001] Réclamation : Formation annulée"
        }
        assert {letter.subject for letter in about_the_file(desk, cast.CARL)} == {
            "[REC-2026-0001] Votre message – Service réclamations"
        }


async def test_a_sensitive_matter_stays_out_of_the_subject(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail("Harcèlement", "Je subis un harcèlement moral.\nCarl\n"))
        assert {letter.subject.replace("\u00a0", " ") for letter in about_the_file(desk, cast.BO)} == {
            "[REC-2026-0001] Réclamation"
        }


async def test_letters_to_complainants_tell_when_the_mail_came_and_was_acknowledged(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        await weeks(desk)
        [question] = desk.letters("question")
        body = message_from_bytes(question.raw, policy=policy.default).get_body(("plain",))
        assert body is not None
        assert "✓ Reçu : lundi 23 novembre 2026" in body.get_content().replace("\u00a0", " ")
