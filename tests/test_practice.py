"""The exercise of a new colleague: every button obeyed, nothing leaves the house, nothing counts, nobody is chased (spec §2)."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room
from sink import Sink

from mailbot.complaint import STAGE_NAMES
from mailbot.guard import Guard
from mailbot.letters.buttons import STANDING, TAPS
from mailbot.reports import digest, people, tables
from mailbot.rules import practice
from mailbot.store import questions
from mailbot.store.tables import Letter

NUMBER = "EXERCICE-2026-0001"
ANSWER = "Nous avons relu votre dossier avec la formatrice et le service des inscriptions. " * 4
TEXTS = {
    "#affecter Prénom": "#affecter Ann",
    "#butoir JJ/MM/AAAA": "#butoir 02/12/2026",
    "#répondu": "#répondu 23/11/2026",
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard() as opened:
        yield opened


def buttons(letter: Letter) -> dict[str, tuple[str, str]]:
    """Label → (subject, body) of each button in the HTML of a letter."""
    message = email.message_from_bytes(letter.raw, policy=email.policy.default)
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    found = {}
    for link, label in re.findall(r'<a [^>]*href="(mailto:[^"]+)"[^>]*>(.*?)</a>', html, re.DOTALL):
        asked = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        body = unquote(asked.get("body", [""])[0])
        found[re.sub(r"<[^>]+>", "", label).strip()] = (asked["subject"][0], body)
    return found


async def welcomed(desk: Room) -> Letter:
    bo = desk.config.person(cast.BO)
    assert bo is not None
    await desk.mails.practise(bo, "commande de dan")
    return desk.letters("welcome")[-1]


async def press(desk: Room, subject: str, body: str) -> None:
    for blank, filled in TEXTS.items():
        subject = subject.replace(blank, filled)
    text = body if body and not body.lstrip().startswith("----") else f"{ANSWER}\n{body}"
    await desk.take(mail(subject, text, sender=cast.BO, name="Bo Martin"))


async def test_the_welcome_carries_a_button_for_everything_a_real_file_offers(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        letter = await welcomed(desk)
        assert (letter.to_addr, letter.envelope_to) == (cast.BO, cast.BO)
        labels = set(buttons(letter))
        assert {TAPS[name].label for name in {*STANDING["assignment"], *STANDING["welcome"]}} <= labels
        assert all(f"[{NUMBER}-" in subject for subject, _ in buttons(letter).values())


@pytest.mark.parametrize("name", STANDING["welcome"])
async def test_each_button_is_obeyed_and_no_letter_leaves_the_house(tmp_path: Path, guard: Guard, name: str) -> None:
    with room(tmp_path, guard) as desk:
        subject, body = buttons(await welcomed(desk))[TAPS[name].label]
        if name == "assess":
            body = "Gravité : 2\nComplexité : 2\nRépercussions : 1\nAction immédiate : non"
        await press(desk, subject, body)
        assert desk.letters("refusal") == [], [x.facts["why"] for x in desk.letters("refusal")]
        assert desk.letters("confirm") or desk.letters("card")
        inside = {a for p in desk.config.staff for a in p.addresses}
        assert {x.envelope_to for x in desk.rows(Letter)} <= inside
        assert not [x for x in desk.rows(Letter) if x.to_addr == practice.ADDRESS and x.envelope_to == practice.ADDRESS]


async def test_what_would_go_to_the_complainant_comes_back_marked(tmp_path: Path, guard: Guard) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            subject, body = buttons(await welcomed(desk))[TAPS["close"].label]
            await press(desk, subject, body)
            desk.clock.advance(minutes=11)
            await desk.send()
            assert STAGE_NAMES[desk.file(NUMBER).stage] == STAGE_NAMES["closed"]
            reply = desk.letter("reply")
            assert (reply.to_addr, reply.envelope_to) == (practice.ADDRESS, cast.BO)
            assert reply.subject.startswith("[ESSAI")
            assert {to for taken in sink.taken for to in taken.to} == {cast.BO}


async def test_a_practice_file_is_neither_numbered_nor_counted_nor_chased(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await welcomed(desk)
        await desk.take(mail())
        assert [f.number for f in desk.files()] == [NUMBER, "REC-2026-0001"]
        listed = desk.register.ask(tables.files)
        assert [row["number"] for row in listed] == ["REC-2026-0001"]
        told = desk.register.ask(lambda tx: digest.facts(tx, desk.clock(), "live", desk.config))
        assert [row["number"] for row in told["open"]] == ["REC-2026-0001"]
        await desk.tick(days=1)
        await desk.tick(hours=1)
        assert [x for x in desk.letters("chase") if x.facts["number"] == NUMBER] == []
        assert desk.letters("chase"), "the real one is chased"
        assert desk.register.ask(lambda tx: questions.find_complaint(tx, NUMBER)).look_at is None  # type: ignore[union-attr]


async def test_the_list_tells_who_exercised(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        letter = await welcomed(desk)
        await press(desk, *buttons(letter)[TAPS["take"].label])
        rows = desk.register.ask(lambda tx: people.rows(tx, desk.config, desk.clock() + timedelta(minutes=1)))
        told = {row["address"]: row["practice"] for row in rows}
        assert told[cast.BO] == f"{NUMBER} (1 essai)"
        assert told[cast.ANN] == "pas encore"
        assert (
            tables.fit([{"name": "Eva", "open": 0, "away": None}], dict.fromkeys(("name", "open", "away"), "x"), 80)[1]
            == "Eva  0  —"
        )
        assert all(len(line) <= 80 for line in tables.fit(rows, people.HEADINGS, 80))
        assert "Bo Martin" in tables.fit(rows, people.HEADINGS, 200)[1]
