"""Causes, actions and the relation, as an auditor asks for them: each test bears the requirement of domain.md §1 that it keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from staff.talk import ARGUED, FIRST, SECOND, Talk, talk, words

from mailbot.config import Person, Quality, Training
from mailbot.corridor.bench import words as reading_words
from mailbot.desk import Alike, Past
from mailbot.guard import Guard
from mailbot.reports import tables
from mailbot.rules import actions, causes, relation
from mailbot.store.tables import Action, ActionFile, Cause, Journal, JournalText

pytestmark = pytest.mark.asyncio(loop_scope="module")
TRAININGS = (Training(name="Habilitation électrique", words=("habilitation",)),)
MAIL = "Bonjour,\nla convocation à la formation habilitation est arrivée la veille. Je souhaite une autre date.\nCarl\n"
GRAVE = "Gravité : 3\nComplexité : 1\nRépercussions : 2\nAction immédiate : non\nCatégorie : ORG\n"
LIGHT = "Gravité : 1\nComplexité : 1\nRépercussions : 1\nAction immédiate : non\nCatégorie : ORG\n"
WHYS = (
    "Famille : méthode\nConstat : convocation reçue la veille\nPourquoi 1 : envoyée tard\nPourquoi 2 : pas de rappel\n"
    "Cause racine : aucune liste de contrôle avant la session\nPreuve : journal d’envoi du 20/11\n"
)
PLAN = "Quoi : liste de contrôle dix jours avant\nQui : Ann\nQuand : 15/12/2026\n"
CHANGED = "Bonjour,\nLa convocation part maintenant dix jours avant chaque session, et une personne le vérifie.\n"


def config(**changes: Any) -> Any:
    return cast.config(trainings=TRAININGS, **changes)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(reading_words(config()).to_json()) as reader:
        yield reader


@pytest_asyncio.fixture(loop_scope="module")
async def people(tmp_path: Path, guard: Guard) -> AsyncIterator[Talk]:
    async with talk(tmp_path, guard, trainings=TRAININGS) as at_work:
        yield at_work


def at(day: int, hour: int, month: int) -> datetime:
    """That hour in Paris, in winter."""
    return datetime(2026, month, day, hour - 1, 0, tzinfo=UTC)


async def opened(people: Talk, text: str = MAIL, **how: Any) -> None:
    await people.carl(text, **how)
    await people.desk.send()


async def closed(people: Talk, number: str = FIRST, *, assessed: str = GRAVE) -> None:
    await people.staff("évaluer", assessed, number=number)
    await people.staff("résolu", ARGUED, number=number)
    await people.post(minutes=10)
    assert people.stage(number) == "closed"


def said(people: Talk) -> str:
    """The last letter to Bo, as read."""
    return words([t for t in people.sink.taken if t.to[0] == cast.BO][-1])


async def answer(people: Talk, tag: str, body: str = "", **how: Any) -> str:
    await people.staff(tag, body, **how)
    await people.desk.send()
    return said(people)


def action(people: Talk, rank: int = 1) -> Action:
    [row] = people.desk.rows(Action, Action.rank == rank)
    return row


def journal(people: Talk, event: str) -> list[str]:
    rows = people.desk.rows(Journal, Journal.event == event)
    return [t.text for r in rows for t in people.desk.rows(JournalText, JournalText.journal_id == r.id)]


# -- R2.14: analysis required, by a written rule that is shown -------------------------------------------------------------


def alike(number: str, day: str, category: str = "ORG") -> Alike:
    return Alike(number=number, received_on=date.fromisoformat(day), category=category, session="")


TWO = (alike("REC-2026-0001", "2026-10-01"), alike("REC-2026-0002", "2026-11-20"))


@pytest.mark.parametrize(
    ("why", "changes", "expected"),
    [
        ("nothing calls for it", {}, ""),
        ("P1", {"priority": "P1"}, "priorité P1"),
        ("P2", {"priority": "P2"}, "priorité P2"),
        ("gravité 3", {"gravity": 3}, "gravité 3"),
        ("both are said", {"priority": "P1", "gravity": 4}, "priorité P1, gravité 4"),
        (
            "the third of a category and training",
            {"alike": TWO},
            "3 réclamations de même catégorie (ORG) et de même formation en 90 jours, avec REC-2026-0001, REC-2026-0002",
        ),
        ("one is ninety days old", {"alike": (alike("REC-2026-0001", "2026-08-25"), TWO[1])}, ""),
        ("another category", {"alike": (alike("REC-2026-0001", "2026-10-01", "FOR"), TWO[1])}, ""),
        ("no category said", {"alike": TWO, "category": ""}, ""),
        ("the settings want five", {"alike": TWO, "rule": Quality(analysis_repeats=5)}, ""),
        ("the settings want none", {"priority": "P1", "gravity": 4, "rule": Quality(analysis_priorities=(), analysis_gravity=5)}, ""),
    ],
)  # fmt: skip
async def test_r2_14_an_analysis_is_required_by_priority_gravity_or_repetition(
    why: str, changes: dict[str, Any], expected: str
) -> None:
    usual = {"priority": "P3", "gravity": 1, "category": "ORG", "training": "Habilitation électrique", "alike": ()}
    known = {"received_on": date(2026, 11, 23), "rule": Quality()}
    assert causes.required(**(usual | known | changes)) == expected, why


async def test_r2_14_the_reason_is_said_to_who_assesses_kept_and_said_to_the_assignee(people: Talk) -> None:
    await opened(people)
    told = await answer(people, "évaluer", GRAVE)
    assert "analyse des causes requise parce que : priorité P2, gravité 3" in told
    assert "Analyser les causes" in told  # the button
    assert people.desk.file().analysis_why == "priorité P2, gravité 3"
    await people.staff("évaluer", GRAVE, who=cast.ANN, name="Ann Leroy")
    await people.desk.send()
    assert "Requise parce que : priorité P2, gravité 3" in said(people)  # Ann assessed, Bo handles it


async def test_r2_14_three_of_one_category_and_training_ask_for_an_analysis_of_the_third(people: Talk) -> None:
    for n, who in enumerate((cast.CARL, "lea@courriel.example", "max@courriel.example"), 1):
        await opened(people, sender=who, subject=f"Convocation {n}")
        await answer(people, "évaluer", LIGHT, number=f"REC-2026-000{n}")
    assert [bool(people.desk.file(f"REC-2026-000{n}").analysis_why) for n in (1, 2, 3)] == [False, False, True]


# -- R2.8: causes --------------------------------------------------------------------------------------------------------


async def test_r2_8_a_cause_is_kept_with_family_whys_root_and_proof(people: Talk) -> None:
    await opened(people)
    assert "famille : Méthode" in await answer(people, "cause", WHYS)
    [row] = people.desk.rows(Cause)
    assert (row.family, row.root) == ("Méthode", "aucune liste de contrôle avant la session")
    assert row.whys == ["envoyée tard", "pas de rappel"]
    assert (row.finding, row.proof, row.author) == ("convocation reçue la veille", "journal d’envoi du 20/11", cast.BO)
    assert people.desk.file().analysed_at == row.at
    assert journal(people, "command-cause")


@pytest.mark.parametrize(
    ("argument", "text", "family", "root"),
    [
        ("méthode", "pas de liste", "Méthode", "pas de liste"),
        ("", "Famille : Main d'oeuvre\nCause racine : pas de remplaçant", "Main-d’œuvre", "pas de remplaçant"),
        ("", "Famille : MILIEU\nPourquoi 1 : grève\nPourquoi 2 : site fermé", "Milieu", "site fermé"),  # the last why
        (
            "",
            "Famille : Moyens\nCause racine : budget\nrevu en mars",
            "Moyens",
            "budget revu en mars",
        ),  # a wrapped line
        ("", "Famille :\nCause racine : x", "", "x"),
        ("", "Famille : magie\nCause racine :", "", ""),
        ("", "", "", ""),
    ],
)
async def test_r2_8_a_filled_form_and_its_short_spelling_are_read(
    argument: str, text: str, family: str, root: str
) -> None:
    found = causes.analysis(argument, text)
    assert (found.family, found.root) == (family, root)
    assert len(found.missing) == (not family) + (not root)


async def test_r2_8_what_an_analysis_lacks_is_said_and_the_form_comes_back(people: Talk) -> None:
    await opened(people)
    told = await answer(people, "cause", "Famille :\nCause racine :\n")
    assert "il manque : la famille de cause" in told
    assert "et la cause racine" in told
    assert "Analyser les causes" in told
    assert people.desk.rows(Cause) == []


async def test_r2_8_a_missing_cause_is_chased_after_closing_until_given(people: Talk) -> None:
    await opened(people)
    await closed(people)
    await people.until(at(24, 10, 11))
    [chase] = people.desk.letters("chase")
    assert (chase.to_addr, chase.facts["missing"]) == (cast.BO, ["l’analyse des causes"])
    assert "requise parce que : priorité P2, gravité 3" in said(people)
    await people.staff("cause", WHYS)
    await people.until(at(27, 10, 11))
    assert len(people.desk.letters("chase")) == 1


# -- R2.9: corrective actions --------------------------------------------------------------------------------------------


async def test_r2_9_an_action_is_numbered_handed_to_its_owner_and_due(people: Talk) -> None:
    await opened(people)
    assert "action corrective A-1" in await answer(people, "action", PLAN)
    row = action(people)
    assert (row.what, row.owner, row.due_on) == ("liste de contrôle dix jours avant", cast.ANN, date(2026, 12, 15))
    assert (row.state, row.decided_by) == ("open", cast.BO)
    [letter] = people.desk.letters("action")
    assert (letter.to_addr, letter.facts["asks"]) == (cast.ANN, "new")
    await answer(people, "action", PLAN)
    assert action(people, 2).state == "open"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "il manque : quoi, qui (et quand)"),
        ("Quoi : x\nQui :\nQuand : 15/12", "il manque : qui (et quand)"),
        ("Quoi : x\nQui : Zoé\nQuand : 15/12", "« Zoé » ne désigne pas une seule personne"),
        ("Quoi : x\nQui : Ann\nQuand : bientôt", "« Quand » attend une date à venir"),
        ("Quoi : x\nQui : Ann\nQuand : 15/12/2020", "« Quand » attend une date à venir"),
        ("Quoi : x\nQui : Ann\nQuand : 15/12/2029", "est trop loin"),
    ],
)
async def test_r2_9_an_action_that_says_too_little_is_refused_with_how_to_mend(
    people: Talk, body: str, why: str
) -> None:
    await opened(people)
    told = await answer(people, "action", body)
    assert why in told
    assert "Décider une action" in told
    assert people.desk.rows(Action) == []


async def test_r2_9_the_owner_is_chased_before_on_and_past_the_date_then_quality_too(people: Talk) -> None:
    await opened(people)
    await people.staff("action", PLAN.replace("Ann", "Bo"))
    seen: dict[str, list[str]] = {}
    day = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
    while day < datetime(2026, 12, 23, 9, 1, tzinfo=UTC):
        people.desk.clock.now = day
        await people.desk.tick()
        day += timedelta(days=1)
    for letter in people.desk.letters("action"):
        seen.setdefault(f"{letter.created_at:%d/%m} {letter.facts['asks']}", []).append(letter.to_addr)
    late = [cast.BO, cast.ANN]
    assert seen == {"10/12 do": [cast.BO], "15/12 do": [cast.BO], "18/12 late": late, "23/12 late": late}
    assert journal(people, "action-late") == ["A-1 : Bo Martin, Ann Leroy"] * 2


async def test_r2_9_done_with_a_proof_then_checked_with_the_recurrences_counted(people: Talk) -> None:
    await opened(people)
    await closed(people)
    await people.staff("action", PLAN)
    told = await answer(people, "fait A-1")
    assert "à quoi l’on voit que c’est fait" in told
    await people.staff("fait A-1", "La liste est affichée à l’accueil.\n", who=cast.ANN, name="Ann Leroy")
    row = action(people)
    assert (row.state, row.done_by, row.evidence) == ("done", cast.ANN, "La liste est affichée à l’accueil.")
    assert row.check_on == date(2027, 2, 21)  # ninety days
    await people.until(row.done_at + timedelta(days=20))
    await opened(people, sender="lea@courriel.example", subject="Convocation")
    await people.staff("évaluer", LIGHT, number=SECOND)
    await people.until(datetime(2027, 2, 22, 9, 0, tzinfo=UTC))  # the 21st is a Sunday
    [asked] = [x for x in people.desk.letters("action") if x.facts["asks"] == "check"]
    assert (asked.to_addr, asked.facts["recurring"]) == (cast.ANN, [SECOND])
    told = await answer(people, "inefficace A-1", "Une convocation est encore partie tard.\n")
    assert f"réclamations semblables depuis : 1 ({SECOND})" in told
    assert (action(people).state, action(people).recurrences) == ("ineffective", 1)


async def test_r2_9_an_action_that_did_not_work_asks_for_another_until_there_is_one(people: Talk) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    await people.staff("fait A-1", "C’est affiché.\n")
    told = await answer(people, "inefficace A-1", "Personne ne la lit.\n")
    assert "Décider une autre action" in told
    await people.until(at(26, 10, 11))
    assert [x.to_addr for x in people.desk.letters("action") if x.facts["asks"] == "replace"] == [cast.ANN]
    await people.staff("action", f"{PLAN}Remplace : A-1\n")
    assert action(people, 2).replaces == 1
    await people.until(at(1, 10, 12))
    assert len([x for x in people.desk.letters("action") if x.facts["asks"] == "replace"]) == 1


@pytest.mark.parametrize(
    ("replaces", "why"),
    [
        ("A-9", "« Remplace : A-9 » ne désigne aucune action"),
        ("la première", "« Remplace : la première » ne désigne aucune action"),
        ("A-1", "A-1 n’est pas jugée inefficace (#inefficace)"),
    ],
)
async def test_r2_9_only_an_action_judged_ineffective_is_replaced(people: Talk, replaces: str, why: str) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    assert why in await answer(people, "action", f"{PLAN}Remplace : {replaces}\n")
    assert len(people.desk.rows(Action)) == 1


async def test_r2_9_from_complaint_to_cause_to_action_to_proof_and_back(people: Talk) -> None:
    await opened(people)
    await opened(people, sender="lea@courriel.example", subject="Convocation")
    await people.staff("cause", WHYS)
    await people.staff("action", PLAN)
    assert f"concerne aussi {FIRST}" in await answer(people, "action A-1", number=SECOND)
    files = {people.desk.file(n).id for n in (FIRST, SECOND)}
    assert {row.complaint_id for row in people.desk.rows(ActionFile)} == files
    assert [c.complaint_id for c in people.desk.rows(Cause)] == [people.desk.file(FIRST).id]
    assert "A-1 concerne déjà ce dossier" in await answer(people, "action A-1", number=SECOND)
    shown = people.desk.register.ask(lambda tx: tables.one(tx, FIRST))
    assert shown is not None
    [found], [act] = shown["causes"], shown["actions"]
    assert (found["family"], found["whys"], act["name"], act["state"], act["due_on"]) == (
        "Méthode", people.desk.rows(Cause)[0].whys, "A-1", "open", action(people, 1).due_on.isoformat(),
    )  # fmt: skip
    assert any(line.startswith("  - name : A-1") for line in tables.told(shown))


async def test_show_tells_what_was_granted(people: Talk) -> None:
    await opened(people)
    line = "---- Répondre au-dessus de cette ligne ----"
    await people.staff("résolu", f"{ARGUED}\n{line}\nSolution accordée : partielle, un avoir\nGeste (€) : 12\n")
    shown = people.desk.register.ask(lambda tx: tables.one(tx, FIRST)) or {}
    assert (shown["outcome"], shown["remedy"], shown["remedy_what"], shown["remedy_cents"]) == (
        "fondée", "partielle", "un avoir", 1200,
    )  # fmt: skip


async def test_r2_9_an_action_has_its_own_clock_and_no_file_can_stop_it(people: Talk) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    [due] = people.desk.due("action")
    assert (due.complaint_id, due.at) == (None, at(10, 10, 12))  # three working days before the 15th


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("fait", "il manque le numéro de l’action"),
        ("fait A-9", "« A-9 » ne désigne aucune action"),
        ("efficace A-1", "A-1 n’est pas encore faite (#fait)"),
        ("action A-9", "« A-9 » ne désigne aucune action"),
    ],
)
async def test_r2_9_a_command_about_no_action_of_this_file_is_refused(people: Talk, tag: str, why: str) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    assert why in await answer(people, tag, "Voilà.\n")


async def test_r2_9_an_action_of_another_file_is_not_told_of_here(people: Talk) -> None:
    await opened(people)
    await opened(people, sender="lea@courriel.example", subject="Convocation")
    await people.staff("action", PLAN)
    assert f"A-1 ne concerne pas ce dossier, mais {FIRST}" in await answer(people, "fait A-1", "x", number=SECOND)
    assert action(people).state == "open"


async def test_r2_9_whoever_carries_the_action_may_say_it_is_done_and_nothing_more(
    tmp_path: Path, guard: Guard
) -> None:
    zoe = Person(name="Zoé Roux", addresses=("zoe@ief.example",))
    everybody = (*cast.config().staff, zoe)
    async with talk(tmp_path, guard, trainings=TRAININGS, staff=everybody) as people:
        await opened(people)
        await people.staff("action", PLAN.replace("Ann", "Zoé"))
        hers = {"who": "zoe@ief.example", "name": "Zoé Roux"}
        await people.staff("fait A-1", "C’est affiché.\n", **hers, number="")  # A-1 says which file
        assert (action(people).state, action(people).done_by) == ("done", "zoe@ief.example")
        await people.staff("efficace A-1", "", **hers)
        assert action(people).state == "done"


async def test_r2_9_whoever_a_complaint_names_carries_none_of_its_actions(people: Talk) -> None:
    await opened(people, "Bonjour,\nAnn Leroy ne répond jamais au téléphone.\nCarl\n")
    assert "Ann Leroy est nommé(e) dans cette réclamation" in await answer(people, "action", PLAN)


async def test_r2_9_the_digest_names_what_is_late_to_judge_and_to_replace(people: Talk) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    await people.desk.tick()
    people.desk.register.run(lambda tx: people.desk.dues.first_digest(tx))
    await people.until(at(16, 8, 12))
    digest = people.desk.letters("digest")[-1]
    assert [(a["action"], a["asks"], a["what"]) for a in digest.facts["actions"]] == [("A-1", "late", "")]  # no words


# -- R3.6: what has changed thanks to you --------------------------------------------------------------------------------


async def judged(people: Talk, text: str) -> str:
    await opened(people)
    await closed(people)
    await people.staff("action", PLAN)
    await people.staff("fait A-1", "C’est affiché.\n")
    return await answer(people, "efficace A-1", text)


async def test_r3_6_a_verified_action_tells_the_complainant_what_changed_in_a_colleagues_words(people: Talk) -> None:
    assert f"part à {cast.CARL} ({FIRST})" in await judged(people, CHANGED)
    letter = people.desk.letter("thanks")
    assert (letter.to_addr, letter.state) == (cast.CARL, "owed")  # its ten minutes
    await people.post(minutes=10)
    told = words([t for t in people.sink.taken if t.to[0] == cast.CARL][-1])
    assert "Ce qui a changé grâce à vous" in told
    assert "La convocation part maintenant dix jours avant" in told
    assert "A-1" not in told
    assert (action(people).state, action(people).told) == ("effective", FIRST)


async def test_r3_6_without_a_sentence_nobody_is_written_to(people: Talk) -> None:
    assert "rien ne part chez les réclamants" in await judged(people, "")
    assert people.desk.letters("thanks") == []
    assert action(people).state == "effective"


async def test_r3_6_the_letter_can_be_taken_back_and_switched_off(tmp_path: Path, guard: Guard, people: Talk) -> None:
    await judged(people, CHANGED)
    await people.staff("annuler")
    assert people.desk.letter("thanks").state == "cancelled"
    (tmp_path / "off").mkdir()
    off = {"quality": Quality(thanks=False), "trainings": TRAININGS}
    async with talk(tmp_path / "off", guard, **off) as others:
        assert "quality.thanks" in await judged(others, CHANGED)
        assert others.desk.letters("thanks") == []


async def test_r3_6_open_sensitive_and_silenced_files_hear_nothing(people: Talk) -> None:
    await opened(people)
    await people.staff("action", PLAN)
    await people.staff("fait A-1", "C’est affiché.\n")
    told = await answer(people, "efficace A-1", CHANGED)
    assert f"{FIRST} : rien ne part, le dossier est à l’étape « AR envoyé »" in told
    assert people.desk.letters("thanks") == []


# -- R3.1, R2.4, R2.5: the relation ----------------------------------------------------------------------------------------


async def test_r3_1_a_second_message_reaches_the_assignee_at_once_with_what_makes_it_louder(people: Talk) -> None:
    await opened(people)
    text = "Toujours rien ! Mon avocat saisira la DREETS, et la presse le saura.\nCarl\n"
    await people.carl(text, answers="ack")
    notice = people.desk.letter("followup-notice")
    assert notice.to_addr == cast.BO
    assert notice.facts["grows"] == [
        "il le dit lui-même : « Toujours rien »",
        "avocat ou autorité : « avocat », « DREETS »",
        "presse ou avis public : « la presse »",
    ]
    assert [kind for _, kind, _ in people.desk.file().amplified] == ["relance", "juridique", "presse"]
    assert len(journal(people, "amplified")) == 1
    await people.staff("évaluer", LIGHT)
    assert "suite juridique annoncée" in people.desk.file().priority_why
    people.desk.register.run(lambda tx: people.desk.dues.first_digest(tx))
    await people.until(at(24, 8, 11))
    louder = people.desk.letter("digest").facts["louder"]
    assert louder == [{"number": FIRST, "what": "relance du réclamant, avocat ou autorité annoncés, presse annoncée"}]


async def test_r3_1_bare_thanks_and_a_withdrawal_are_no_amplification(people: Talk) -> None:
    await opened(people)
    await people.carl("Merci !\n", answers="ack")
    await people.carl("Bonjour,\nje retire ma réclamation.\nCarl\n", answers="ack")
    assert people.desk.file().amplified == []


async def test_r3_1_an_answer_to_our_question_and_a_mail_after_the_end_are_no_amplification(people: Talk) -> None:
    await opened(people)
    await people.staff("précisions", "Quel jour était-ce ?\n")
    await people.post(minutes=10)
    await people.carl("C’était mardi.\nCarl\n", answers="ack")
    assert people.desk.file().amplified == []
    assert people.desk.letter("followup-notice").facts["grows"] == []


async def test_r2_4_the_first_file_stands_in_the_assignment_of_the_second_by_person_and_session(people: Talk) -> None:
    text = "Bonjour,\nla session du 12 mai 2027 de la formation habilitation a été annulée.\n"
    await opened(people, text)
    await opened(people, text, sender="lea@ailleurs.example", subject="Annulation")
    await opened(people, text, subject="Encore")
    history = [x.facts["history"] for x in people.desk.letters("assignment")]
    assert [[(p["number"], p["link"]) for p in h] for h in history] == [
        [],
        [(FIRST, "même session")],
        [(FIRST, "même personne"), (SECOND, "même session")],
    ]
    assert people.desk.file().session == "2027-05-12"
    assert f"même session que {FIRST}" in await answer(people, "évaluer", LIGHT, number=SECOND)
    assert people.desk.file(SECOND).priority == "P3"  # P4, raised by one


async def test_r2_5_exceptional_or_lasting_is_asked_with_what_speaks_for_it_and_reported(people: Talk) -> None:
    await opened(people)
    await opened(people, "Bonjour,\nc’est la troisième fois, toujours pas de réponse.\n", subject="Encore")
    second = people.desk.letters("assignment")[-1]
    assert second.facts["lasting"] == [
        f"1 dossier avant celui-ci ({FIRST})",
        "ses mots : « troisième », « toujours pas »",
    ]
    assert "Caractère exceptionnel ou insatisfaction durable ?" in said(people)
    assert "caractère non dit" in await answer(people, "évaluer", LIGHT, number=SECOND)
    told = await answer(people, "évaluer", f"{LIGHT}Caractère : insatisfaction durable\n", number=SECOND)
    assert "caractère : durable" in told
    assert people.desk.file(SECOND).character == "durable"


async def test_r2_5_files_about_one_training_say_nothing_of_this_complainant() -> None:
    beside = Past(number="X", received_on=date(2026, 1, 1), subject="", stage="closed", link="même formation")
    assert relation.lasting((beside,), ()) == []


# -- R1.4, R2.6: what was granted, and what comes next ---------------------------------------------------------------------

BELOW = (
    "\n\n---- Répondre au-dessus de cette ligne ----\nUn plan possible :\n1. ce que la personne demandait\n\n"
    "Solution accordée : partielle, une place en mars\nGeste (€) : 1 120,50\nSuite de la relation : Ann rappelle Carl\n"
)


async def test_r1_4_the_remedy_granted_is_kept_against_the_one_wished_and_never_leaves(people: Talk) -> None:
    await opened(people)
    told = await answer(people, "résolu", ARGUED + BELOW)
    assert "solution accordée : partielle, une place en mars (souhaitée : « Je souhaite une autre date" in told
    row = people.desk.file()
    assert (row.remedy, row.remedy_what, row.remedy_cents) == ("partielle", "une place en mars", 112050)
    await people.post(minutes=10)
    reply = words([t for t in people.sink.taken if t.to[0] == cast.CARL][-1])
    assert "Une consigne écrite est désormais remise" in reply
    assert "Solution accordée" not in reply
    assert "120,50" not in reply


async def test_r1_4_a_reply_taken_back_takes_back_what_it_granted(people: Talk) -> None:
    await opened(people)
    await people.staff("résolu", ARGUED + BELOW)
    await people.staff("annuler")
    row = people.desk.file()
    assert (row.remedy, row.remedy_cents, row.next_step) == ("", 0, "")


async def test_r1_4_what_was_granted_is_asked_for_when_it_is_not_said_and_a_note_completes_it(people: Talk) -> None:
    await opened(people)
    assert "solution accordée non dite" in await answer(people, "résolu", ARGUED)
    await people.post(minutes=10)
    assert "solution accordée : aucune" in await answer(people, "note", "Solution accordée : aucune\n")
    assert people.desk.file().remedy == "aucune"


async def test_r2_6_what_comes_next_is_in_the_outline_of_a_reply_and_kept(people: Talk) -> None:
    await opened(people)
    assert "la suite, pour elle et avec elle" in await answer(people, "résolu", "Oui.\n")
    await answer(people, "résolu", ARGUED + BELOW)
    assert people.desk.file().next_step == "Ann rappelle Carl"


@pytest.mark.parametrize(
    ("line", "remedy", "cents"),
    [
        ("Solution accordée : totale", "totale", 0),
        ("Solution accordée : Total", "totale", 0),
        ("> Solution accordée : autre, un avoir\n> Geste commercial : 80 €", "autre", 8000),
        ("Solution accordée :\nGeste (€) :\n", "", 0),
        ("Solution accordée : peut-être", "", 0),
        ("rien de tel", "", 0),
    ],
)
async def test_r1_4_the_lines_of_what_was_granted_are_read(line: str, remedy: str, cents: int) -> None:
    found = relation.granted(line)
    assert (found.remedy, found.cents) == (remedy, cents)


# -- spellings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "rank"),
    [("A-7", 7), ("a7", 7), ("A 12", 12), ("A–3", 3), ("(A-7)", 7), ("", 0), ("15/12/2026", 0), ("BA-7", 0), ("A-", 0)],
)
async def test_an_action_is_named_in_the_ways_people_write_it(argument: str, rank: int) -> None:
    assert actions.rank_in(argument) == rank


@pytest.mark.parametrize(
    ("written", "code"),
    [("ORG", "ORG"), ("org – convocation", "ORG"), ("Formateur", "FOR"), ("logistique", "ORG"), ("Autre", "AUT"), ("café", "café")],
)  # fmt: skip
async def test_a_category_is_known_by_code_and_by_label(written: str, code: str) -> None:
    assert causes.category(written) == code
