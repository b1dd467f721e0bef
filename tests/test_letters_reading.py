"""Letters to complainants are easy to read: short sentences, short words (issue: thirty words, Flesch fifty)."""

from __future__ import annotations

import pytest
from rendering.fates import Fate, outsiders
from rendering.reading_ease import EASY, measured, of_text, sentences, syllables

FRENCH = (
    ("message", 2), ("réclamation", 4), ("dossier", 2), ("vous", 1), ("reçu", 2), ("réponse", 2), ("examen", 3),
    ("organisme", 3), ("travaille", 2), ("feuille", 1), ("question", 2), ("aujourd’hui", 3), ("moment", 2),
    ("payer", 2), ("créer", 2), ("service", 2), ("lettre", 1), ("le", 1), ("une", 1), ("d’abord", 2),
)  # fmt: skip
ENGLISH = (
    ("complaint", 2), ("answer", 2), ("received", 2), ("file", 1), ("table", 2), ("the", 1), ("registered", 3),
    ("committed", 3), ("review", 2), ("telephone", 3), ("courses", 2), ("needed", 2), ("people", 2), ("date", 1),
)  # fmt: skip


@pytest.mark.parametrize(("word", "count"), FRENCH)
def test_french_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word, "fr") == count


@pytest.mark.parametrize(("word", "count"), ENGLISH)
def test_english_syllables_are_counted(word: str, count: int) -> None:
    assert syllables(word, "en") == count


def test_the_score_is_the_formula() -> None:
    assert of_text("x", "Le chat dort.", "fr").score == pytest.approx(207 - 1.015 * 3 - 73.6)
    assert of_text("x", "The cat sleeps.", "en").score == pytest.approx(206.835 - 1.015 * 3 - 84.6)


def test_a_colon_ends_no_sentence_and_a_reference_is_no_word() -> None:
    assert sentences("Voici : le dossier REC-2026-0042 ; merci. Au revoir.")[:2] == [
        ["Voici", "le", "dossier", "merci"],
        ["Au", "revoir"],
    ]


def test_a_hard_text_is_found_hard() -> None:
    hard = "Nonobstant l’insatisfaction préalablement communiquée, l’organisme procédera ultérieurement à une vérification."
    assert of_text("x", hard, "fr").score < EASY
    assert of_text("x", "mot " * 31 + ".", "fr").faults[-1].startswith("31 words")


@pytest.mark.parametrize(
    "fate", [f for f in outsiders() if f.plain or f.kind in ("nature", "reply")], ids=lambda f: f.name
)
def test_a_letter_to_a_complainant_is_easy_to_read(fate: Fate) -> None:
    assert measured(fate).faults == []
