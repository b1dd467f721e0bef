"""What becomes of a file: reopened, left closed, found to be a duplicate, linked, split, withdrawn."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import cast
import pytest
from room import mail

from mailbot.demo import phone
from mailbot.guard import Guard
from mailbot.store.tables import Inbound
from staff.talk import ARGUED, FIRST, MORE, SCORES, SECOND, THANKS, Talk, kind_of, talk, words

pytestmark = pytest.mark.asyncio(loop_scope="module")
TUESDAY_18 = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 18:00 in Paris, the day after NOON
LOST = "Bonjour,\nla salle était fermée et personne n’était là.\nCarl\n"


async def closed(people: Talk) -> None:
    """Carl wrote, Bo assessed and answered, the reply has left; everybody has read their mail."""
    await people.carl(LOST)
    await people.post()
    assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
    await people.staff("évaluer", SCORES)
    await people.staff("résolu", ARGUED)
    await people.post()
    assert people.mailboxes() == {cast.BO: ["confirm", "confirm"]}
    await people.post(minutes=10)
    assert people.mailboxes() == {cast.CARL: ["reply"]}
    assert people.stage() == "closed"


async def test_carl_is_not_content_nobody_decides_and_the_next_evening_his_file_is_open_again(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await closed(people)
        await people.carl(THANKS, answers="reply")
        await people.post(minutes=5)
        assert people.mailboxes() == {cast.BO: ["followup-notice"], cast.CARL: ["receipt"]}
        await people.carl(MORE, answers="reply")
        await people.post()
        assert people.mailboxes() == {
            cast.ANN: ["reopen-proposal"],
            cast.BO: ["reopen-proposal"],
            cast.CARL: ["receipt"],
        }
        await people.until(TUESDAY_18.replace(minute=59, hour=16))
        assert people.mailboxes() == {}
        await people.until(TUESDAY_18)
        news = people.news()
        assert {taken.to[0]: kind_of(taken) for taken in news} == {cast.CARL: "reopened", cast.BO: "handed-over"}
        told = next(words(taken) for taken in news if taken.to[0] == cast.CARL)
        assert "mercredi 2 décembre" in told  # six working days from Tuesday 24 November
        assert "lundi 23 novembre" in told  # the day he wrote
        assert "#affecter" in next(words(taken) for taken in news if taken.to[0] == cast.BO)
        row = people.desk.file()
        assert (row.number, row.cycle, row.stage, row.due_on) == (FIRST, 2, "acknowledged", date(2026, 12, 2))
        assert people.desk.alarms() == {}


async def test_ann_leaves_it_closed_and_nothing_happens_by_itself(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await closed(people)
        await people.carl(MORE, answers="reply")
        await people.post()
        assert people.mailboxes() == {
            cast.ANN: ["reopen-proposal"],
            cast.BO: ["reopen-proposal"],
            cast.CARL: ["receipt"],
        }
        await people.staff("note", "Laisser clos.\n", who=cast.ANN)
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["confirm"]}
        await people.until(TUESDAY_18)
        assert people.mailboxes() == {}
        assert people.stage() == "closed"
        await people.carl(MORE + "Encore une fois.\n", answers="reply")  # asked again: decided again
        await people.post()
        assert people.mailboxes() == {
            cast.ANN: ["reopen-proposal"],
            cast.BO: ["reopen-proposal"],
            cast.CARL: ["receipt"],
        }
        await people.until(TUESDAY_18.replace(day=25))
        assert people.mailboxes() == {cast.BO: ["handed-over"], cast.CARL: ["reopened"]}


async def test_ann_reopens_it_at_once(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await closed(people)
        await people.carl(MORE, answers="reply")
        await people.post()
        assert people.mailboxes() == {
            cast.ANN: ["reopen-proposal"],
            cast.BO: ["reopen-proposal"],
            cast.CARL: ["receipt"],
        }
        await people.staff("rouvrir", who=cast.ANN)
        await people.post()
        assert people.mailboxes() == {cast.ANN: ["confirm"], cast.BO: ["handed-over"], cast.CARL: ["reopened"]}
        await people.until(TUESDAY_18)
        assert people.mailboxes() == {cast.BO: ["chase"]}  # J+1 of the new cycle: not assessed again
        assert people.desk.file().cycle == 2


async def test_a_reply_that_carl_crosses_is_held_back_and_bo_may_send_it_all_the_same(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.staff("résolu", ARGUED)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment", "confirm"], cast.CARL: ["ack"]}
        await people.carl(MORE, answers="ack")
        await people.post()
        news = people.news()
        assert sorted((taken.to[0], kind_of(taken)) for taken in news) == [
            (cast.BO, "fence"),
            (cast.BO, "followup-notice"),
            (cast.CARL, "receipt"),
        ]
        assert "Une consigne écrite" in next(words(taken) for taken in news if kind_of(taken) == "fence")
        assert people.stage() == "treatment"
        await people.post(minutes=10)
        assert people.mailboxes() == {}  # it does not leave by itself
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.CARL: ["reply"]}
        assert people.stage() == "closed"


async def test_the_second_mail_was_the_same_complaint_and_what_answers_it_goes_to_the_kept_file(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        people.desk.clock.now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
        await people.carl("Bonjour,\nje vous récris : la salle était fermée.\nCarl\n")
        await people.desk.send()
        assert people.mailboxes() == {cast.BO: ["assignment", "assignment"], cast.CARL: ["ack", "ack"]}
        first, second = people.desk.file(FIRST), people.desk.file(SECOND)
        await people.staff(f"doublon {FIRST}", number=SECOND)
        await people.desk.send()
        assert people.mailboxes() == {cast.BO: ["confirm"]}
        people.desk.clock.advance(minutes=10)
        await people.desk.send()
        [letter] = people.news()
        assert (letter.to[0], kind_of(letter)) == (cast.CARL, "nature")
        assert FIRST in words(letter)
        assert people.stage(SECOND) == "duplicate"
        assert people.desk.file(FIRST).due_on == min(first.due_on or date.max, second.due_on or date.max)
        old = people.last("ack", cast.CARL)
        assert SECOND in old.subject
        answer = await people.carl("Bonjour,\nvoici la suite de mon second message.\nCarl\n", answers="ack")
        await people.desk.send()
        news = people.news()
        assert sorted((taken.to[0], kind_of(taken)) for taken in news) == [
            (cast.BO, "followup-notice"),
            (cast.CARL, "receipt"),
        ]
        assert all(FIRST in words(taken) and SECOND not in words(taken) for taken in news)
        assert answer.complaint_id == people.desk.file(FIRST).id
        assert (answer.verdict, len(people.desk.files())) == ("follow-up", 2)


async def test_a_duplicate_undone_in_its_ten_minutes_tells_carl_nothing(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        for text in (LOST, "Bonjour,\nle formateur était absent.\nCarl\n"):
            await people.carl(text)
        await people.staff(f"doublon {FIRST}", number=SECOND)
        await people.staff("annuler", number=SECOND)
        await people.post(minutes=10)
        assert people.mailboxes() == {
            cast.BO: ["assignment", "assignment", "confirm", "confirm"],
            cast.CARL: ["ack", "ack"],
        }
        assert people.stage(SECOND) == "acknowledged"
        assert people.desk.file(SECOND).nature == "réclamation"


async def test_a_kept_file_gets_its_own_due_date_back_when_the_duplicate_is_undone(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.desk.send()
        people.desk.clock.now = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
        await people.carl("Bonjour,\nje vous récris : la salle était fermée.\nCarl\n")
        await people.desk.send()
        early, late = people.desk.file(FIRST).due_on, people.desk.file(SECOND).due_on
        assert (early, late) == (date(2026, 12, 1), date(2026, 12, 2))
        await people.staff(f"doublon {SECOND}", number=FIRST)
        assert people.desk.file(SECOND).due_on == early
        await people.staff("annuler", number=FIRST)
        assert people.desk.file(SECOND).due_on == late


async def test_two_complainants_about_one_thing_are_linked_and_each_is_answered_alone(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.carl(
            "Bonjour,\nla salle était fermée pour nos stagiaires.\nOpale\n", sender=cast.OPALE, name="Opale"
        )
        await people.post()
        assert people.mailboxes() == {
            cast.BO: ["assignment", "assignment"],
            cast.CARL: ["ack"],
            cast.OPALE: ["ack"],
        }
        await people.staff(f"doublon {FIRST}", number=SECOND)  # another complainant: no duplicate
        await people.staff(f"lier {FIRST}", number=SECOND)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["confirm", "refusal"]}
        assert people.desk.file(SECOND).linked_to == FIRST
        await people.staff("résolu", ARGUED, number=SECOND)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["confirm"]}
        await people.post(minutes=10)  # once the reply has left, the same text is offered for the other file
        news = people.news()
        assert [(taken.to[0], kind_of(taken)) for taken in news] == [(cast.OPALE, "reply"), (cast.BO, "same-reply")]
        assert FIRST not in words(news[0])
        assert (people.stage(FIRST), people.stage(SECOND)) == ("acknowledged", "closed")
        offer = news[1]
        draft = phone.button(offer.raw, "#résolu")
        assert draft.subject.startswith(f"[{FIRST}-")
        assert " ".join(ARGUED.split()) == " ".join(draft.body.split())
        assert cast.OPALE not in words(offer)
        await people.written(draft.subject, draft.body, cast.BO, "Bo Martin")
        await people.post(minutes=10)
        news = people.news()
        assert sorted((taken.to[0], kind_of(taken)) for taken in news) == [(cast.BO, "confirm"), (cast.CARL, "reply")]
        reply = next(words(taken) for taken in news if taken.to[0] == cast.CARL)
        assert " ".join(ARGUED.split()) in reply
        assert SECOND not in reply
        assert (people.stage(FIRST), people.stage(SECOND)) == ("closed", "closed")


async def linked_pair(
    people: Talk, second: str = "Bonjour,\nla salle était fermée pour nos stagiaires.\nOpale\n"
) -> None:
    """Carl's file is Bo's, Opale's, linked to it, was given to Ann; everybody has read their mail."""
    await people.carl(LOST)
    await people.carl(second, sender=cast.OPALE, name="Opale")
    await people.staff(f"lier {FIRST}", number=SECOND)
    await people.staff("affecter Ann", number=SECOND)
    await people.post()
    assert people.mailboxes() == {
        cast.ANN: ["handed-over"],
        cast.BO: ["assignment", "assignment", "confirm", "confirm"],
        cast.CARL: ["ack"],
        cast.OPALE: ["ack"],
    }


async def test_the_same_text_is_offered_to_whoever_handles_the_linked_file(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await linked_pair(people)
        await people.staff("partielle", ARGUED * 8)
        await people.post(minutes=10)
        *others, offer = people.news()
        assert [(taken.to[0], kind_of(taken)) for taken in others] == [(cast.BO, "confirm"), (cast.CARL, "reply")]
        assert (offer.to[0], kind_of(offer)) == (cast.ANN, "same-reply")
        assert phone.button(offer.raw, "#partielle").body == ""  # too long for a link: the letter carries it
        assert " ".join((ARGUED * 8).split()) in words(offer).replace("> ", "")
        assert "trop long pour le bouton" in words(offer)
        assert people.stage(SECOND) == "acknowledged"


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ("retrait", "Elle me l’a dit au téléphone.\n"),  # the other file is over
        ("évaluer", SCORES),
    ],
)
async def test_nothing_is_offered_for_a_linked_file_that_is_over(
    end: str, text: str, guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await linked_pair(people)
        await people.staff(end, text, who=cast.ANN, number=SECOND)
        await people.post(minutes=10)
        told = {cast.OPALE: ["nature"]} if end == "retrait" else {}
        assert people.mailboxes() == {cast.ANN: ["confirm"]} | told
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        offered = {} if end == "retrait" else {cast.ANN: ["same-reply"]}
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.CARL: ["reply"]} | offered


async def test_the_reply_of_a_sensitive_file_is_shown_to_nobody_else(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await linked_pair(people)
        await people.carl("Bonjour,\nc’est du harcèlement.\nCarl\n", answers="ack")
        assert people.desk.file(FIRST).sensitive
        await people.post()
        assert people.mailboxes() == {cast.BO: ["followup-notice"], cast.CARL: ["receipt"]}
        await people.staff("résolu", ARGUED)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.CARL: ["reply"]}


async def test_one_mail_held_two_complaints_and_carl_gets_an_ar_for_each(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl("Bonjour,\nla salle était fermée ; et ma facture est fausse.\nCarl\n")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        await people.staff("scinder")
        await people.post()
        news = people.news()
        assert sorted((taken.to[0], kind_of(taken)) for taken in news) == [
            (cast.BO, "assignment"),
            (cast.BO, "confirm"),
            (cast.CARL, "ack"),
        ]
        assert SECOND in next(words(taken) for taken in news if taken.to[0] == cast.CARL)
        second = people.desk.file(SECOND)
        assert (second.linked_to, second.complainant_addr, second.stage) == (FIRST, cast.CARL, "acknowledged")


async def test_carl_withdraws_bo_confirms_and_a_letter_says_so(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        await people.carl("Bonjour,\ntout est arrangé, je retire ma réclamation.\nCarl\n", answers="ack")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["withdrawal-proposal"], cast.CARL: ["receipt"]}
        assert people.stage() == "acknowledged"  # only a human withdraws it
        await people.staff("retrait")
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.CARL: ["nature"]}
        assert (people.stage(), people.desk.file().nature) == ("withdrawn", "retirée")


@pytest.mark.parametrize(
    "said", ["je ne retire pas ma réclamation", "je ne souhaite pas retirer ma réclamation", "j’ai retiré ma valise"]
)
async def test_who_does_not_withdraw_is_not_asked_about(said: str, guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        await people.carl(f"Bonjour,\n{said}.\nCarl\n", answers="ack")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["followup-notice"], cast.CARL: ["receipt"]}


async def test_a_grave_matter_is_only_withdrawn_by_direction(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.staff("évaluer", "G4 C2 R2 immédiat:non")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment", "confirm"], cast.CARL: ["ack"]}
        await people.carl("Bonjour,\nje retire ma réclamation.\nCarl\n", answers="ack")
        await people.post()
        assert people.mailboxes() == {
            cast.BO: ["withdrawal-proposal"],
            cast.CARL: ["receipt"],
            cast.DIR: ["withdrawal-proposal"],
        }
        await people.staff("retrait", "Il me l’a dit au téléphone.\n")
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"], cast.DIR: ["withdrawal-proposal"]}
        assert people.stage() == "assessed"
        await people.staff("retrait", who=cast.DIR)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.CARL: ["nature"], cast.DIR: ["confirm"]}
        assert people.stage() == "withdrawn"


async def test_no_letter_to_a_complainant_ever_holds_a_code_or_a_tag(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await closed(people)
        await people.carl(MORE, answers="reply")
        await people.post(days=1, hours=6)
        codes = people.desk.register.ask(_codes)
        letters = [taken for taken in people.sink.taken if taken.to[0] == cast.CARL]
        assert {kind_of(taken) for taken in letters} == {"ack", "reply", "receipt", "reopened"}
        assert len(codes) >= 2
        for taken in letters:
            assert not any(code.encode() in taken.raw for code in codes)
            assert re.search(r"(?<!\w)#\w", words(taken)) is None


def _codes(tx):  # type: ignore[no-untyped-def]
    from sqlmodel import select

    from mailbot.store.tables import Code

    return list(tx.exec(select(Code.code)))


NEWS = "Bonjour,\nnous avons bien avancé et nous vous écrirons demain.\nBo\n"


async def test_news_taken_back_after_the_file_was_closed_otherwise_leave_it_closed(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.staff("évaluer", SCORES)
        await people.staff("réponse", NEWS)
        await people.staff("répondu", "Je l’ai eu au téléphone : tout est réglé.\n")
        assert people.stage() == "closed"
        await people.staff("annuler")
        await people.post(minutes=10)
        assert people.mailboxes() == {
            cast.BO: ["assignment", "confirm", "confirm", "confirm", "confirm"],
            cast.CARL: ["ack"],
        }
        row = people.desk.file()
        assert (row.stage, row.answered_at is not None, row.closed_at is not None) == ("closed", True, True)
        assert "reste clos" in str(people.last("confirm", cast.BO).facts["done"])


async def test_a_date_and_a_question_are_taken_back_one_after_the_other(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.staff("précisions", "Bonjour, à quelle heure étiez-vous là ?\nBo\n")
        await people.staff("butoir 04/12/2026", "Le formateur nous répond le 3 décembre.\n")
        await people.post()
        await people.staff("annuler")
        assert people.stage() == "waiting"
        assert people.desk.file().committed_on is None
        await people.staff("annuler")
        assert people.stage() == "acknowledged"
        await people.post(minutes=10)
        assert people.mailboxes() == {
            cast.BO: ["assignment", "confirm", "confirm", "confirm", "confirm"],
            cast.CARL: ["ack"],
        }


async def test_news_taken_back_leave_an_assessment_as_it_is(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        await people.staff("réponse", NEWS)
        await people.staff("évaluer", SCORES)
        await people.staff("annuler")
        await people.post(minutes=10)
        assert people.stage() == "assessed"
        assert people.mailboxes() == {cast.BO: ["assignment", "confirm", "confirm", "confirm"], cast.CARL: ["ack"]}


async def test_the_question_about_another_address_is_put_once(guard: Guard, tmp_path: Path) -> None:
    other = "carl.bis@ailleurs.example"
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        answered = (("In-Reply-To", people.last("ack", cast.CARL).message_id),)
        for text, asked in (("Une précision.\n", 1), ("Une autre précision.\n", 0)):
            await people.written("Re: votre accusé", text, other, "Carl Petit", answered)
            await people.post(minutes=1)
            [notice] = people.news()
            assert (notice.to[0], kind_of(notice)) == (cast.BO, "followup-notice")
            assert words(notice).count("Est-ce bien la même personne ?") == asked
            assert other in words(notice)


# == the sent folder that everybody shares =================================================================================


async def from_the_box(people: Talk, text: str, subject: str = f"Re: [{FIRST}] Formation annulée") -> Inbound:
    """A colleague writes to Carl with the mailbox's own account: the mail is found in its sent folder."""
    answered = (("In-Reply-To", people.last("ack", cast.CARL).message_id),)
    raw = mail(
        subject, text, sender=cast.BOX, name="Le bureau", to=cast.CARL, at=people.now, headers=answered, proven=False
    )
    return await people.desk.take(raw, kind="sent")


async def test_who_answers_from_the_shared_mailbox_is_recorded_and_carl_gets_nothing_twice(
    guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        await people.post(hours=2)
        taken = await from_the_box(people, ARGUED)
        await people.post()
        [told] = people.news()
        assert (taken.verdict, told.to[0], kind_of(told)) == ("direct-answer", cast.BO, "direct-answer")
        row = people.desk.file()
        assert (row.stage, row.human_told_at, row.told_at) == ("treatment", people.now, people.now)  # as by #réponse
        close = phone.button(told.raw, "#répondu")
        await people.written(close.subject, close.body, cast.BO, "Bo Martin", proven=False)
        await people.post(minutes=10)
        assert people.mailboxes() == {cast.BO: ["confirm"]}
        assert people.stage() == "closed"


async def test_a_copy_of_our_own_letter_in_the_sent_folder_moves_nothing(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        before = people.desk.file().model_dump(exclude={"look_at"})
        for kind, to in (("ack", cast.CARL), ("assignment", cast.BO)):
            copy = await people.desk.take(people.last(kind, to).raw, kind="sent")
            assert copy.verdict == "own"
        await people.post()
        assert people.mailboxes() == {}
        assert people.desk.file().model_dump(exclude={"look_at"}) == before


async def test_a_copy_seen_in_both_folders_is_one_answer(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        raw = mail(
            f"Re: [{FIRST}] Formation annulée", ARGUED, sender=cast.ANN, name="Ann Leroy", to=cast.CARL, at=people.now
        )
        first, second = await people.desk.take(raw), await people.desk.take(raw, kind="sent")
        await people.post()
        assert (first.verdict, people.mailboxes()) == ("direct-answer", {cast.BO: ["direct-answer"]})
        assert second.id == first.id or second.verdict == "duplicate"


async def test_a_forged_answer_of_a_colleague_is_no_news(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl(LOST)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment"], cast.CARL: ["ack"]}
        forged = mail(f"Re: [{FIRST}]", ARGUED, sender=cast.ANN, name="Ann", to=cast.CARL, at=people.now, proven=False)
        await people.desk.take(forged)
        await people.post()
        assert people.mailboxes() == {cast.BO: ["direct-answer"]}
        assert (people.stage(), people.desk.file().human_told_at) == ("acknowledged", None)
