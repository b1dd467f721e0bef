"""What complainants read after the acknowledgement: news, questions, dates, the argued reply, what becomes of it (spec §5, §7)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from test_letters_each import HOUSE, Words, part, plain, read, sealed
from test_letters_samples import ACK, ANSWER, CLOCKED, HUMAN, MEDIATOR, TO_COMPLAINANTS

NATURES = ("doublon", "hors-périmètre", "difficulté", "aléa", "information", "retrait", "sans-suite")
FORBIDDEN = (
    "remboursement",
    "erreur de notre part",
    "sera résolu",
    "dans les plus brefs délais",
    "votre réclamation",
    "refund",
    "our mistake",
    "our fault",
    "will be resolved",
    "as soon as possible",
    "your complaint",
)
REGRETS = ("désolé", "excus", "regrett", "sorry", "apolog")  # only for a date that we did not keep


def said_by_itself(kind: str, language: str, **facts: Any) -> str:
    return plain(sealed(kind, language, **facts).raw).lower()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", [*ACK, *CLOCKED])
def test_r2_12_automatic_letters_neither_judge_nor_promise_nor_admit(kind: str, language: str) -> None:
    text = said_by_itself(kind, language)
    regrets = () if kind == "late" else REGRETS
    assert [phrase for phrase in (*FORBIDDEN, *regrets) if phrase in text] == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("nature", NATURES)
def test_the_default_letter_of_each_nature_does_not_either(nature: str, language: str) -> None:
    text = said_by_itself("nature", language, nature=nature)
    assert [phrase for phrase in (*FORBIDDEN, *REGRETS) if phrase in text] == []
    assert "rec-2026-0042" in text


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", [*CLOCKED, "reopened"])
def test_an_unproven_sender_is_not_named(kind: str, language: str) -> None:
    assert "Carl" in plain(sealed(kind, language).raw)
    assert "Carl" not in plain(sealed(kind, language, authenticated=False).raw)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", TO_COMPLAINANTS)
def test_every_letter_tells_how_to_reach_us(kind: str, language: str) -> None:
    text = plain(sealed(kind, language).raw)
    assert "reclamations@ief.example" in text
    assert "01 99 00 12 34" in text
    assert "Institut Exemple Formation" in text


# --- where a file stands ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "french", "english"),
    [
        ("registered", "son examen va commencer", "its review is about to start"),
        ("assigned", "Une personne de notre équipe suit votre dossier", "A person of our team is looking after"),
        ("assessed", "une première lecture", "a first reading"),
        ("treatment", "Nous rassemblons les éléments utiles", "gathering the facts"),
        ("waiting", "une question le mardi 12 mai 2026", "a question on Tuesday 12 May 2026"),
        ("committed", "L’examen de votre dossier se poursuit", "The review of your file continues"),
        ("closing", "Notre réponse est en cours de préparation", "Our answer is being prepared"),
    ],
)
def test_progress_says_the_stage_and_nothing_more(stage: str, french: str, english: str) -> None:
    facts = {"stage_sentence": stage, "question_at": "2026-05-12T09:00:00+00:00"}
    assert french in plain(sealed("progress", **facts).raw)
    assert english in plain(sealed("progress", "en", **facts).raw)


@pytest.mark.parametrize(
    ("facts", "said", "unsaid"),
    [
        ({}, "n’a pas changé : vous aurez notre réponse, ou une date précise, au plus tard le mardi 19 mai", "engagés"),
        ({"committed_on": "2026-05-29"}, "engagés à vous répondre au plus tard le vendredi 29 mai", "19 mai"),
        ({"due_on": None}, "éléments utiles", "date à retenir"),
        ({"due_on": "2026-05-05"}, "éléments utiles", "date à retenir"),  # past: that is another letter's to say
        ({"since": None}, "éléments utiles", "reçu le"),
    ],
)
def test_r2_11_progress_repeats_the_one_date_that_binds(facts: dict[str, Any], said: str, unsaid: str) -> None:
    text = plain(sealed("progress", **facts).raw)
    assert said in text
    assert unsaid not in text


def test_lateness_is_one_plain_sentence_without_a_new_date_or_a_name() -> None:
    text = plain(sealed("late").raw)
    assert "une réponse pour le mardi 19 mai 2026. Cette date est passée sans réponse de notre part" in text
    assert "la direction en est informée" in text
    assert re.findall(r"\d{1,2} \w+ 2026", text) == ["19 mai 2026"]


def test_a_reminder_recalls_the_question_and_does_not_stop_the_clock() -> None:
    text = plain(sealed("waiting-reminder").raw)
    assert "Le mardi 12 mai 2026, nous vous avons posé une question" in text
    assert "nous vous répondrons au plus tard le mardi 19 mai 2026" in text


def test_the_new_ar_of_a_reopened_file_prints_the_new_date() -> None:
    text = plain(sealed("reopened").raw)
    assert "Votre message du lundi 1er juin 2026 à 8 h 05" in text
    assert "un nouveau délai de 6 jours ouvrés : vous aurez notre réponse, avec ses raisons, au plus tard le" in text
    assert "mardi 9 juin 2026" in text
    assert "Nous serons fermés le vendredi 5 juin 2026 (pont)" in text
    assert "Votre message du" not in plain(sealed("reopened", written_at=None).raw)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("fr", ["Prise en compte :", "Action :", "Suite de la relation :"]),
        ("en", ["Taken into account:", "Action:", "What comes next:"]),
    ],
)
def test_the_survey_is_one_mail_with_three_lines_and_no_code(language: str, lines: list[str]) -> None:
    raw = sealed("survey", language, code="K7QX3M").raw
    (link,) = Words(part(raw, "html")).links
    assert "subject=%5BREC-2026-0042%5D%20avis&body=" in link
    shown = [" ".join(line.split()) for line in part(raw, "plain").splitlines()]
    assert shown[shown.index(lines[0]) :][:3] == lines


# --- a colleague's own words ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", HUMAN)
def test_a_colleagues_text_keeps_its_lines_and_is_no_quotation(kind: str, language: str) -> None:
    name = "reason" if kind == "commitment" else "text"
    raw = sealed(kind, language, **{name: ANSWER}).raw
    assert f"\n\n{ANSWER}\n\n" in part(raw, "plain")
    assert "blockquote" not in Words(part(raw, "html")).tags
    assert "est ouverte :<br>- sans frais,<br>" in part(raw, "html")


@pytest.mark.parametrize(
    ("text", "greeted"),
    [
        ("Bonjour Madame Dufour,\nvoici.", True),
        ("bonjour", True),
        ("Chère Madame,\n\nvoici.", True),
        ("Monsieur,\nvoici.", True),
        ("Monsieur Petit vous appellera demain.", False),
        ("Voici.", False),
    ],
)
def test_a_text_that_greets_is_not_greeted_twice(text: str, greeted: bool) -> None:
    for kind in ("question", "news", "reply"):
        assert ("Bonjour Carl Dufour," in plain(sealed(kind, text=text).raw)) is not greeted


def test_who_signs_is_a_person_or_else_the_service() -> None:
    assert "Bo Martin Service réclamations Institut Exemple Formation" in plain(sealed("news").raw)
    assert "Le pôle qualité Service réclamations" in plain(sealed("news", signer="").raw)


def test_the_files_that_leave_with_a_text_are_listed() -> None:
    assert "Joint à ce message : avenant.pdf" in plain(sealed("reply").raw)
    assert "Joint" not in plain(sealed("reply", files=[]).raw)


def test_r3_3_a_commitment_prints_its_date_and_its_reason() -> None:
    text = plain(sealed("commitment").raw)
    assert "Nous vous répondrons le vendredi 29 mai 2026 au plus tard Bonjour Carl Dufour," in text
    assert "le certificateur nous répond le 26 mai" in text
    assert "au plus tard le vendredi 29 mai 2026. Cette date nous engage." in text


FREE = "vous pouvez aussi saisir gratuitement le médiateur"
COURT = "saisir le tribunal compétent"
MANAGEMENT = "demander un échange avec notre direction"


@pytest.mark.parametrize(
    ("consumer", "mediator", "said", "unsaid"),
    [
        (
            "oui",
            MEDIATOR,
            [COURT, "Médiation Exemple, 1 place du Droit, 75000 Paris", "mardi 11 mai 2027"],
            [MANAGEMENT],
        ),
        ("inconnu", MEDIATOR, [FREE, "compte personnel de formation", "mardi 11 mai 2027"], [COURT, MANAGEMENT]),
        ("non", MEDIATOR, [MANAGEMENT], ["médiateur", COURT]),
        ("oui", None, [], ["médiateur", COURT, MANAGEMENT]),
        ("inconnu", None, [], ["médiateur", MANAGEMENT]),
        ("oui", {"name": "", "address": "", "site": ""}, [], ["médiateur"]),
    ],
)
def test_r3_5_the_recourse_fits_the_reader(consumer: str, mediator: Any, said: list[str], unsaid: list[str]) -> None:
    text = plain(sealed("reply", consumer=consumer, mediator=mediator).raw)
    assert "répondez à ce message dans les 30 jours : nous reprendrons le dossier REC-2026-0042 avec vous" in text
    assert [words for words in said if words not in text] == []
    assert [words for words in unsaid if words in text] == []


def test_the_houses_mediator_is_named_when_the_letter_does_not_say() -> None:
    house = replace(HOUSE, mediator_name="Médiation Maison", mediator_address="2 rue X", mediator_site="m.example")
    facts = {**HUMAN["reply"]}
    del facts["mediator"]
    assert "médiateur" not in plain(sealed_with(facts, HOUSE))
    assert "Médiation Maison, 2 rue X, m.example" in plain(sealed_with(facts, house))


def sealed_with(facts: dict[str, Any], house: Any) -> bytes:
    from test_letters_each import ENTROPY, NOW, letter

    from mailbot.letters import seal

    return seal(replace(letter("reply"), facts=facts), house, now=NOW, entropy=ENTROPY).raw


@pytest.mark.parametrize("outcome", ["fondée", "partielle", "non fondée"])
def test_the_subject_of_a_reply_announces_no_outcome(outcome: str) -> None:
    raw = sealed("reply", outcome=outcome).raw
    assert read(raw)["Subject"] == "[REC-2026-0042] Votre message – Service réclamations"
    assert "Institut Exemple Formation Notre réponse Bonjour" in plain(raw)
    assert ("nous relirons le dossier" in plain(raw)) is (outcome == "non fondée")


# --- what a message turns out to be -----------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("nature", NATURES)
def test_a_colleagues_words_replace_the_default_letter(nature: str, language: str) -> None:
    default = plain(sealed("nature", language, nature=nature).raw)
    own = plain(sealed("nature", language, nature=nature, text="Voici pourquoi.").raw)
    assert "Voici pourquoi." in own
    assert default != own
    assert ("REC-2026-0031" in own) is (nature == "doublon")  # where a duplicate goes is said in any case


def test_a_duplicate_names_the_file_that_is_kept_and_its_date() -> None:
    text = plain(sealed("nature").raw)
    assert "rejoint votre dossier REC-2026-0031" in text
    assert "La date à retenir est le mardi 19 mai 2026." in text


def test_a_withdrawal_leaves_the_door_open() -> None:
    assert "répondez à ce message : il serait rouvert" in plain(sealed("nature", nature="retrait").raw)
