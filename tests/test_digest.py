"""The one mail a day: names only where they may be, counts that add up, the head of the chain, and when the next one comes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import BEFORE, Room, mail, room

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.reports import digest
from mailbot.store import apply, journal
from mailbot.store.keep import Spot, note_place

pytestmark = pytest.mark.asyncio(loop_scope="module")
EIGHT = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)  # 08:00 in Paris, Tuesday


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def write(desk: Room, at: datetime = EIGHT) -> tuple[dict[str, Any], str]:
    """The digest written at that moment: its facts, and its words."""
    desk.register.run(desk.dues.first_digest)
    desk.clock.now = at
    await desk.dues.tick()
    letter = desk.letters("digest")[-1]
    body = message_from_bytes(letter.raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return letter.facts, " ".join(body.get_content().split())


async def a_day(desk: Room) -> None:
    """A complaint, a sensitive one, a question of a colleague, an absence, a mail from before the start."""
    await desk.take(mail())
    await desk.take(
        mail("Harcèlement", "Je subis un harcèlement moral.\nZoé\n", sender="zoe@courriel.example", name="Zoé Roux")
    )
    await desk.take(mail("Salle 4", "Le vidéoprojecteur est en panne.\n", sender=cast.BO, name="Bo Martin"))
    away = (("Auto-Submitted", "auto-replied"),)
    await desk.take(mail("Absence", "Je suis absente.\n", sender=cast.OPALE, headers=away))
    await desk.take(mail("Vieux", sender="vieux@courriel.example"), at=BEFORE - timedelta(days=1))


async def test_by_default_it_names_nobody(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await a_day(desk)
        _, said = await write(desk)
        assert "REC-2026-0001" in said
        for name in ("Carl", "Zoé", "courriel.example", "Formation annulée", "Salle 4", cast.BO):
            assert name not in said


async def test_where_names_are_allowed_a_sensitive_file_still_has_none(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, digest={"names": True}) as desk:
        await a_day(desk)
        _, said = await write(desk)
        assert "Carl Petit" in said
        assert "Formation annulée" in said
        assert "Salle 4" in said
        assert "REC-2026-0002" in said
        for name in ("Zoé", "zoe@", "Harcèlement", "harcèlement moral"):
            assert name not in said


async def test_every_mail_is_counted_once_and_explained(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await a_day(desk)
        gone = Spot(account=cast.BOX, folder="INBOX", uidvalidity=1, uid=9999)
        desk.register.run(lambda tx: note_place(tx, gone, desk.clock(), state="vanished"))
        facts, said = await write(desk)
        counts = facts["counts"]
        assert counts["by_verdict"] == {
            "réponse automatique": 1,
            "avant l’ouverture": 1,
            "réclamation": 2,
            "mis en attente": 1,
        }
        assert counts["received"] == counts["explained"] == sum(counts["by_verdict"].values()) + 1 == 6
        assert (counts["before_start"], counts["vanished"]) == (1, ["INBOX, n° 9999"])
        assert "6 messages reçus, 6 expliqués" in said
        assert "Écart :" not in said
        assert "INBOX, n° 9999" in said


async def test_a_mail_without_verdict_is_an_open_difference(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        desk.keep(mail("pas encore décidé"))
        _, said = await write(desk)
        assert "2 messages reçus, 1 expliqué" in said
        assert "Écart : 1" in said


async def test_counts_run_from_one_digest_to_the_next(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await a_day(desk)
        await write(desk)
        desk.clock.advance(hours=1)
        await desk.take(mail("Autre chose", "Bonjour, une autre plainte.\n"))
        facts, said = await write(desk, EIGHT + timedelta(days=1))
        assert facts["counts"]["by_verdict"] == {"réclamation": 1}
        assert {row["number"] for row in facts["new"]} == {"REC-2026-0003", "REC-2026-0004"}, "one that nobody decided"
        assert len(facts["open"]) == 4
        assert "1 message reçu, 1 expliqué" in said


async def test_late_and_due_today_come_by_their_date(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        desk.clock.advance(days=1)
        await desk.take(mail(sender=cast.OPALE, name="Opale"))
        facts, said = await write(desk, datetime(2026, 12, 2, 7, 0, tzinfo=UTC))
        assert [row["number"] for row in facts["late"]] == ["REC-2026-0001"]
        assert [row["number"] for row in facts["today"]] == ["REC-2026-0002"]
        assert "En retard : 1 À répondre aujourd’hui : 1" in said
        assert "1 en retard, 1 pour aujourd’hui" in desk.letters("digest")[-1].subject


async def test_r2_2_files_due_on_one_day_come_by_their_priority(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        for n, scores in enumerate(("", "G1 C1 R1", "G4 C2 R4", "G3 C2 R2"), start=1):
            await desk.take(mail("Salle fermée", "La salle était fermée.\n", sender=f"p{n}@courriel.example"))
            if scores:
                subject = f"[REC-2026-{n:04d}] #évaluer {scores} immédiat:non"
                await desk.take(mail(subject, sender=cast.BO, name="Bo Martin"))
        facts, said = await write(desk, datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
        assert {row["number"]: row["priority"] for row in facts["today"]} == {
            "REC-2026-0001": "", "REC-2026-0002": "P4", "REC-2026-0003": "P1", "REC-2026-0004": "P2",
        }  # fmt: skip
        told = said[said.index("À répondre aujourd’hui") :]
        assert re.findall(r"REC-2026-\d{4}", told)[:4] == [f"REC-2026-{n:04d}" for n in (3, 4, 2, 1)]


async def test_what_waits_for_a_human_is_listed_with_its_term(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await a_day(desk)
        facts, said = await write(desk)
        [waiting] = facts["to_decide"]
        assert waiting["until"] == "2026-11-24T17:00:00+00:00"
        assert "mailbot decide" in said
        assert f"N° {waiting['inbound_id']}" in said
        assert "18 h" in said


async def test_files_without_ar_and_open_alarms_are_at_the_top(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(sender="no-reply@courriel.example", name="Portail"))
        desk.register.run(lambda tx: apply.raise_alarm(tx, "disk", "il ne reste que 3 Mo", desk.clock()))
        facts, said = await write(desk)
        assert [line.split(" :")[0] for line in facts["no_ack"]] == ["REC-2026-0001"]
        assert said.index("il ne reste que 3 Mo") < said.rindex("REC-2026-0001")
        assert "REC-2026-0001 : l’adresse de l’expéditeur ne reçoit pas" in said


async def test_it_prints_the_head_of_the_chain(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await a_day(desk)
        _, said = await write(desk)
        head = desk.register.ask(journal.last_head)  # a digest adds nothing to the journal
        assert f"Tête du journal : {head}" in said


@pytest.mark.parametrize(
    ("at", "following"),
    [
        (EIGHT, "mercredi 25 novembre 2026 à 8 h 00"),
        (EIGHT + timedelta(days=3), "lundi 30 novembre 2026 à 8 h 00"),
        (datetime(2026, 12, 24, 7, 0, tzinfo=UTC), "lundi 28 décembre 2026 à 8 h 00"),
    ],
)
async def test_it_says_when_the_next_one_comes(guard: Guard, tmp_path: Path, at: datetime, following: str) -> None:
    with room(tmp_path, guard) as desk:
        _, said = await write(desk, at)
        assert following in said
        [row] = desk.due("digest")
        assert row.at.astimezone(UTC).hour == 7


async def test_it_leaves_also_when_there_is_nothing_to_say(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        _, said = await write(desk)
        assert "Rien à faire aujourd’hui" in said
        assert "0 messages reçus, 0 expliqués" in said


async def test_every_admin_gets_one_and_nobody_else(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await write(desk)
        assert [letter.to_addr for letter in desk.letters("digest")] == [cast.DAN]


async def test_essai_counts_its_own_files_and_says_so(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard, mode="essai") as desk:
        await desk.take(mail())
        facts, said = await write(desk)
        assert [row["number"] for row in facts["new"]] == ["ESSAI-2026-0001"]
        assert "Mode essai" in said


async def test_the_first_digest_is_todays_if_eight_is_still_to_come() -> None:
    config = cast.config()
    early = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    assert digest.first_digest(early, config) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert digest.first_digest(early + timedelta(hours=2), config) == EIGHT
    assert digest.next_digest(date(2026, 11, 27), config) == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
