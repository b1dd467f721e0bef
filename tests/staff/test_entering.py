"""`#saisie`: what a colleague enters for somebody who telephoned, wrote a letter or came, and what everybody gets (spec §3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import cast
import pytest

from mailbot.guard import Guard
from staff.talk import FIRST, Talk, parsed, talk, words

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAID = "Le planning remis le premier jour\nétait celui d’un autre groupe."
VIDAL = f"Nom : Mme Vidal\nReçue le : 20/11/2026\nCanal : téléphone\nMessage : {SAID}\n"
LETTER = "Nom : Mme Vidal\nCourriel : vidal@courriel.example\nCanal : lettre\nMessage : La salle était fermée.\n"


async def entered(desk: Talk, body: str, **how: str) -> dict[str, list[str]]:
    await desk.staff("saisie", body, number="", **how)
    await desk.post()
    return desk.mailboxes()


async def test_r1_7_without_an_address_the_acknowledgement_comes_back_as_a_page_to_print(
    tmp_path: Path, guard: Guard
) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.staff("saisie", VIDAL, number="")
        await desk.post()
        [letter] = [taken for taken in desk.news() if parsed(taken.raw)["X-Mailbot"] == "to-print"]
        assert letter.to == (cast.BO,)
        [page] = list(parsed(letter.raw).iter_attachments())
        assert (page.get_filename(), page.get_content_type()) == (f"accuse-{FIRST}.html", "text/html")
        told = " ".join(page.get_payload(decode=True).decode().split())
        for words_of_it in (
            FIRST,
            "Mme Vidal",
            "vendredi 20 novembre 2026",
            "téléphone",
            "celui d’un autre groupe",
            "lundi 30 novembre 2026",
        ):
            assert words_of_it in told
        assert "mb-" not in told
        assert "REC-2026-0001-" not in told  # no code of anybody


async def test_r1_7_the_file_runs_from_its_own_reception_and_stays_provisional(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        boxes = await entered(desk, VIDAL)
        row = desk.desk.file()
        assert boxes == {cast.BO: ["assignment", "chase", "confirm", "to-print"]}  # J+1 of the 20th is today
        assert (row.received_at, row.due_on, row.provisional) == (
            datetime(2026, 11, 20, 11, 0, tzinfo=UTC),  # noon in Paris: only the day is known
            date(2026, 11, 30),
            True,
        )  # fmt: skip
        assert (row.complainant_name, row.complainant_addr, row.ack_state, row.stage) == (
            "Mme Vidal",
            "",
            "none",
            "received",
        )
        assert row.subject == "Le planning remis le premier jour était celui d’un autre groupe."
        assert desk.desk.inbound(1).complaint_id == row.id
        assert desk.desk.alarms() == {}


async def test_r1_7_with_an_address_the_acknowledgement_leaves_by_mail_and_starts_the_clock(
    tmp_path: Path, guard: Guard
) -> None:
    async with talk(tmp_path, guard) as desk:
        boxes = await entered(desk, LETTER)
        row = desk.desk.file()
        assert boxes == {cast.BO: ["assignment", "confirm"], "vidal@courriel.example": ["ack"]}
        assert (row.ack_state, row.stage, row.due_on, row.provisional) == (
            "accepted",
            "acknowledged",
            date(2026, 12, 1),
            False,
        )


async def test_the_confirmation_names_number_assignee_and_date(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.staff("saisie", VIDAL, number="", who=cast.ANN, name="Ann Leroy")
        await desk.post()
        [told] = [words(t) for t in desk.news() if parsed(t.raw)["X-Mailbot"] == "confirm"]
        assert FIRST in told
        assert cast.BO in told
        assert "lundi 30 novembre 2026" in told


async def test_earlier_files_are_those_of_the_person_entered(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.carl()
        await entered(desk, LETTER.replace("vidal@courriel.example", cast.CARL))
        assert [p["link"] for p in desk.desk.letters("assignment")[1].facts["history"]] == ["même personne"]
        assert desk.desk.letters("assignment")[0].facts["history"] == []


async def test_who_enters_is_not_taken_for_somebody_named_in_it(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, VIDAL + "\n--\nBo Martin\n")
        assert desk.desk.file().assignee == cast.BO


async def test_a_colleague_named_in_it_is_passed_over(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(
            desk,
            LETTER.replace("La salle était fermée.", "Bo Martin m’a parlé durement."),
            who=cast.ANN,
            name="Ann Leroy",
        )
        assert desk.desk.file().assignee == cast.ANN


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "il manque : « Nom : », « Canal : », « Message : »"),
        (VIDAL.replace("Nom : Mme Vidal\n", ""), "il manque : « Nom : »"),
        (VIDAL.replace("Canal : téléphone\n", ""), "il manque : « Canal : »"),
        (VIDAL.partition("Message")[0], "il manque : « Message : »"),
        (VIDAL.replace("20/11/2026", "31/02/2026"), "« Reçue le : 31/02/2026 » n’est pas une date passée"),
        (VIDAL.replace("20/11/2026", "24/11/2026"), "« Reçue le : 24/11/2026 » n’est pas une date passée"),
        (LETTER.replace("vidal@courriel.example", "vidal chez moi"), "« vidal chez moi » n’est pas une adresse où écrire"),
    ],
)  # fmt: skip
async def test_what_can_not_be_entered_opens_nothing_and_says_how_to_mend(
    tmp_path: Path, guard: Guard, body: str, why: str
) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.staff("saisie", body, number="")
        await desk.post()
        [told] = [words(t) for t in desk.news()]
        assert why in told.replace("\u00a0", " ")
        assert "Rien n’est enregistré. Écrivez par exemple : Nom : Mme Vidal" in told.replace("\u00a0", " ")
        assert desk.desk.files() == []


async def test_a_stranger_enters_nothing(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.written("#saisie", VIDAL, cast.MALLORY, "Mallory")
        assert desk.desk.file().complainant_addr == cast.MALLORY  # a complaint of his own, whatever its tag


async def test_the_card_brings_the_form_ready_to_be_filled_in(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.staff("aide", number="")
        await desk.post()
        [card] = [words(t) for t in desk.news()]
        assert "#saisie" in card
        assert "subject=%23saisie" in str(parsed(desk.sink.taken[0].raw).get_body(("html",)).get_content())  # type: ignore[union-attr]


# -- the printed acknowledgement handed over (`#remis`) --------------------------------------------------------------------


async def test_r1_7_the_date_of_a_printed_ar_binds_once_it_was_handed_over(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, VIDAL)
        await desk.staff("remis", "")
        row = desk.desk.file()
        assert (row.stage, row.ack_state, row.due_on, row.provisional) == (
            "acknowledged",
            "handed",
            date(2026, 11, 30),
            False,
        )
        assert row.ack_at == desk.desk.clock()


async def test_r1_7_the_day_it_was_posted_can_be_told_later_and_counts_from_then(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, VIDAL.replace("20/11/2026", "18/11/2026"))
        await desk.staff("remis 20/11/2026", "Posté en recommandé.")
        assert desk.desk.file().ack_at == datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
        await desk.post()
        [told] = [words(t) for t in desk.news() if parsed(t.raw)["X-Mailbot"] == "confirm"][-1:]
        assert "compte comme remis le 20/11/2026" in told
        assert "engage" in told


@pytest.mark.parametrize("day", ["19/11/2026", "24/11/2026", "31/02/2026"])
async def test_a_page_can_not_have_been_handed_over_before_reception_nor_tomorrow(
    tmp_path: Path, guard: Guard, day: str
) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, VIDAL)
        await desk.staff(f"remis {day}", "")
        await desk.post()
        assert desk.desk.file().ack_state == "none"
        assert f"« {day} » n’est pas un jour entre la réception" in words(desk.news()[-1]).replace("\u00a0", " ")


async def test_where_a_mail_carried_the_ar_there_is_nothing_to_hand_over(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, LETTER)
        at = desk.desk.file().ack_at
        await desk.staff("remis", "")
        await desk.post()
        assert (desk.desk.file().ack_state, desk.desk.file().ack_at) == ("accepted", at)
        assert "déjà parvenu au réclamant" in words(desk.news()[-1])


async def test_a_second_hand_over_changes_nothing(tmp_path: Path, guard: Guard) -> None:
    async with talk(tmp_path, guard) as desk:
        await entered(desk, VIDAL)
        await desk.staff("remis 20/11/2026", "")
        at = desk.desk.file().ack_at
        await desk.staff("remis", "")
        assert desk.desk.file().ack_at == at
