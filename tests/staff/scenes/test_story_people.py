"""Who a file is about: somebody named in it, something sensitive, somebody away, one person in all roles, a colleague who complains."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cast
import pytest
from sink import Taken

from mailbot.config import Person
from mailbot.guard import Guard
from staff.talk import ARGUED, FIRST, MORE, SCORES, Talk, kind_of, parsed, talk, words

pytestmark = pytest.mark.asyncio(loop_scope="module")
TUESDAY_10 = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 10:00 in Paris, J+1
DAY = timedelta(days=1)
CODE = re.compile(r"REC-2026-0001-[A-HJ-NP-Z2-9]{6}")
LOST = "Bonjour,\nla salle était fermée et personne n’était là.\nCarl\n"
ABOUT_BO = "Bonjour,\nBo Martin n’a répondu à aucune de mes questions.\nCarl\n"


def all_words(taken: Taken) -> str:
    """Everything a letter says: subject, text and, with its links, HTML."""
    page = parsed(taken.raw).get_body(("html",))
    return f"{parsed(taken.raw)['Subject']} {words(taken)} {page.get_content() if page else ''}"


async def chased(people: Talk, days: int) -> dict[str, list[str]]:
    """What the clock brings at 10:00 of J+`days`."""
    await people.until(TUESDAY_10 + (days - 1) * DAY)
    return people.mailboxes()


# == conflict of interest ==================================================================================================


async def test_bo_is_named_and_learns_nothing_of_it(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(ABOUT_BO)
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["assignment"], cast.CARL: ["ack"]}
        for tag, body in (("résolu", ARGUED), ("prendre", ""), ("pièces", ""), ("fiche", ""), ("affecter Bo", "")):
            await people.staff(tag, body)
            await people.post(minutes=10)
            assert people.mailboxes() == {cast.BO: ["refusal"]}, tag
        await people.staff("note", "Je n’étais pas en salle ce jour-là.\n")
        await people.staff("liste", number="")
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm", "list"]}
        told = [all_words(taken) for taken in people.sink.taken if taken.to[0] == cast.BO]
        assert not any("Carl" in text or "questions" in text or CODE.search(text) for text in told)
        assert people.desk.file().assignee == cast.ANN
        assert await chased(people, 1) == {cast.ANN: ["chase"]}
        assert await chased(people, 2) == {cast.ANN: ["chase"]}
        assert await chased(people, 3) == {cast.DIR: ["chase"], cast.CARL: ["progress"]}


async def test_ann_is_named_too_and_direction_handles_it(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(ABOUT_BO + "Ann Leroy non plus.\n")
        await people.post()
        assert people.mailboxes() == {cast.CARL: ["ack"], cast.DIR: ["assignment"]}
        await people.carl("Bonjour,\nAvez-vous lu mon message ?\nCarl\n", answers="ack")
        await people.post()
        assert people.mailboxes() == {cast.CARL: ["receipt"], cast.DIR: ["followup-notice"]}
        assert await chased(people, 1) == {cast.DIR: ["chase"]}
        assert await chased(people, 2) == {}  # the quality manager's step: she is told nothing
        assert await chased(people, 3) == {cast.CARL: ["progress"], cast.DIR: ["chase"]}


async def test_where_nobody_else_is_left_bo_handles_it_as_judge_and_party(guard: Guard, tmp_path: Path) -> None:
    alone = (Person(name="Bo Martin", addresses=(cast.BO,), roles=("staff", "quality", "direction", "admin")),)
    async with talk(tmp_path, guard, staff=alone) as people:
        await people.carl(ABOUT_BO)
        await people.post()
        news = people.news()
        assert sorted((taken.to[0], kind_of(taken)) for taken in news) == [
            (cast.BO, "assignment"),
            (cast.CARL, "ack"),
        ]
        assert "Juge et partie" in next(words(taken) for taken in news if taken.to[0] == cast.BO)
        assert all("Juge" not in words(taken) for taken in news if taken.to[0] == cast.CARL)
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.CARL: ["reply"]}


# == sensitive =============================================================================================================


async def test_a_sensitive_file_is_read_by_its_assignee_alone(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl("Bonjour,\nun intervenant m’a harcelé pendant la pause.\nCarl Petit\n", subject="Zibeline")
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["alarm"], cast.BO: ["assignment"], cast.CARL: ["ack"]}
        assert await chased(people, 1) == {cast.BO: ["chase"], cast.CARL: ["progress"]}
        assert await chased(people, 2) == {cast.ANN: ["chase"], cast.CARL: ["progress"]}
        assert await chased(people, 3) == {cast.CARL: ["progress"], cast.DIR: ["chase"]}
        await people.carl("Bonjour,\nla pause, encore une fois.\nCarl\n", answers="ack")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["followup-notice"], cast.CARL: ["receipt"]}
        await people.staff("évaluer", "G4 C2 R2 immédiat:non")
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm", "confirm"], cast.CARL: ["reply"]}
        await people.carl(MORE + "Et la pause ?\n", answers="reply")
        await people.post()
        assert people.mailboxes() == {
            cast.ANN: ["reopen-proposal"],
            cast.BO: ["reopen-proposal"],
            cast.CARL: ["receipt"],
        }
        others = [taken for taken in people.sink.taken if taken.to[0] in (cast.ANN, cast.DIR, cast.DAN)]
        assert len(others) == 4
        for taken in others:
            said = all_words(taken).lower()
            assert not any(word in said for word in ("carl", "petit", "intervenant", "pause", "zibeline")), kind_of(
                taken
            )


async def test_a_sensitive_file_gets_no_survey(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl("Bonjour,\nun intervenant m’a harcelé pendant la pause.\nCarl\n")
        await people.staff("évaluer", SCORES)
        await people.staff("résolu", ARGUED)
        await people.post()
        await people.post(minutes=10)
        assert people.mailboxes() == {
            cast.ANN: ["alarm"],
            cast.BO: ["assignment", "confirm", "confirm"],
            cast.CARL: ["ack", "reply"],
        }
        for days in range(1, 8):
            assert await chased(people, days) == {}


# == absence ===============================================================================================================


async def test_bo_is_away_and_ann_is_chased_in_his_place(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.staff("évaluer", SCORES.replace("R2", "R3"))  # P2: J+1 treat, J+3, J+4, J+5
        await people.staff("absent 24/11–26/11 Ann", number="")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment", "confirm", "confirm"], cast.CARL: ["ack"]}
        assert await chased(people, 1) == {cast.ANN: ["chase"]}
        assert await chased(people, 2) == {}
        assert await chased(people, 3) == {
            cast.ANN: ["chase"],
            cast.CARL: ["progress"],
        }  # assignee and quality: one letter
        assert people.desk.file().assignee == cast.BO  # the file itself did not move
        assert await chased(people, 4) == {cast.BO: ["chase"]}  # Friday: he is back


async def test_an_out_of_office_of_bos_sends_the_next_chase_to_his_substitute(guard: Guard, tmp_path: Path) -> None:
    bo = Person(name="Bo Martin", addresses=(cast.BO,), substitute="zoe@ief.example")
    zoe = Person(name="Zoé Roux", addresses=("zoe@ief.example",))
    staff = (bo, zoe, *cast.config().staff[1:])
    async with talk(tmp_path, guard, staff=staff) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        answered = people.last("assignment", cast.BO)
        away = (("In-Reply-To", answered.message_id), ("Auto-Submitted", "auto-replied"))
        taken = await people.written("Réponse automatique : congés", "De retour mardi.\n", cast.BO, "Bo Martin", away)
        await people.post()
        assert (taken.verdict, people.mailboxes()) == ("auto-reply", {})
        assert await chased(people, 1) == {"zoe@ief.example": ["chase"]}


async def test_a_forged_out_of_office_moves_no_chase(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        answered = people.last("ack", cast.CARL)  # all that Carl could answer with
        away = (("In-Reply-To", answered.message_id), ("Auto-Submitted", "auto-replied"))
        await people.written(
            "Réponse automatique : congés", "De retour mardi.\n", cast.BO, "Bo Martin", away, proven=False
        )
        await people.post()
        assert people.mailboxes() == {}
        assert await chased(people, 1) == {cast.BO: ["chase"]}


# == one person in all roles ===============================================================================================


async def test_one_person_in_all_roles_gets_one_mail_for_each_step(guard: Guard, tmp_path: Path) -> None:
    alone = (Person(name="Bo Martin", addresses=(cast.BO,), roles=("staff", "quality", "direction", "admin")),)
    async with talk(tmp_path, guard, staff=alone) as people:
        await people.carl("Bonjour,\nun câble dénudé : il y a un danger électrique en salle.\nCarl\n")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}  # the alert is the assignment itself
        form = "Gravité : 4\nComplexité : 2\nRépercussions : 3\nAction immédiate : oui, salle fermée par Bo ce jour\n"
        await people.staff("évaluer", form)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["confirm"]}
        for days in (1, 2, 3):  # P1: daily, assignee and direction
            assert await chased(people, days) == {cast.BO: ["chase"], cast.CARL: ["progress"]}


async def test_two_roles_in_one_person_merge_their_steps(guard: Guard, tmp_path: Path) -> None:
    both = Person(name="Ann Leroy", addresses=(cast.ANN,), roles=("quality", "direction"))
    staff = (cast.config().staff[0], both, cast.config().staff[2])
    async with talk(tmp_path, guard, staff=staff) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        assert await chased(people, 1) == {cast.BO: ["chase"]}
        assert await chased(people, 2) == {cast.ANN: ["chase"]}
        assert await chased(people, 3) == {cast.ANN: ["chase"], cast.CARL: ["progress"]}
        assert await chased(people, 4) == {cast.BO: ["chase"]}
        assert await chased(people, 5) == {}  # Saturday
        assert await chased(people, 7) == {cast.ANN: ["chase"], cast.BO: ["chase"]}


# == a colleague complains =================================================================================================


async def test_bos_own_complaint_is_handled_by_somebody_else(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        mine = "Bonjour,\nj’ai suivi la session d’octobre et la salle était fermée.\nBo\n"
        own = await people.written("Session d’octobre", mine, cast.BO, "Bo Martin")
        await people.post()
        [question] = people.news()
        assert (question.to[0], kind_of(question)) == (cast.BO, "staff-question")
        assert people.desk.files() == []
        code = re.findall(rf"m-{own.id}-([A-HJ-NP-Z2-9]{{6}})", all_words(question))[0]
        tapped = f"[m-{own.id}-{code}] #réclamation"
        await people.written(tapped, "C’est ma propre réclamation.\n", cast.BO, "Bo Martin", proven=False)
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["assignment"], cast.BO: ["ack", "confirm"]}
        row = people.desk.file()
        assert (row.complainant_addr, row.assignee, row.stage) == (cast.BO, cast.ANN, "acknowledged")
        await people.written(f"Re: [{FIRST}] #résolu", "Alors, cette salle ?\n", cast.BO, "Bo Martin")
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["followup-notice"], cast.BO: ["receipt"]}
        assert people.stage() == "acknowledged"  # a complainant's tag is plain text
        await people.written(f"[{FIRST}] #infondée", ARGUED, "bo.perso@courriel.example", "Bo Martin")
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["refusal"]}
        assert await chased(people, 1) == {cast.ANN: ["chase"]}
        await people.staff("résolu", ARGUED, who=cast.ANN)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.ANN: ["confirm"], cast.BO: ["reply"]}
        assert people.stage() == "closed"


async def test_the_quality_managers_own_complaint_is_never_chased_with_her(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        own = await people.written("Ma session", "Bonjour,\nla salle était fermée.\nAnn\n", cast.ANN, "Ann Leroy")
        await people.post()
        [question] = people.news()
        code = re.findall(rf"m-{own.id}-([A-HJ-NP-Z2-9]{{6}})", all_words(question))[0]
        await people.written(f"[m-{own.id}-{code}] #réclamation", "C’est la mienne.\n", cast.ANN, "Ann Leroy")
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["ack", "confirm"], cast.BO: ["assignment"]}
        assert await chased(people, 1) == {cast.BO: ["chase"]}
        assert await chased(people, 2) == {}
        assert await chased(people, 3) == {cast.ANN: ["progress"], cast.DIR: ["chase"]}
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.ANN: ["reply"], cast.BO: ["confirm"]}
        told = [all_words(taken) for taken in people.sink.taken if taken.to[0] == cast.ANN]
        assert not any(CODE.search(text) for text in told)
