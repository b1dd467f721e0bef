"""The acknowledgement, its receipt and its group: what they say, and what a stranger can never make them say (spec §4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from test_letters_each import ENTROPY, HOUSE, NOW, letter, part, plain, read, sealed
from test_letters_texts import own

from mailbot.letters import borrowed, seal


def test_the_ar_says_number_dates_files_wish_and_how_to_reach_a_human() -> None:
    text = plain(sealed("ack").raw)
    for said in (
        "Bonjour Carl Dufour,",
        "du lundi 11 mai 2026 à 10 h 42",
        "numéro REC-2026-0042",
        "convocation.pdf",
        "photo de la salle.jpg",
        "archive[.]zip : fichier illisible",
        "« Je voudrais une nouvelle date de session »",
        "au plus tard le mardi 19 mai 2026 (6 jours ouvrés)",
        "du jeudi 14 mai 2026 au vendredi 15 mai 2026 (pont de l’Ascension)",
        "reclamations@ief.example",
        "01 99 00 12 34",
        "12 rue de l’Essai, 75000 Paris",
        "dpo@ief.example",
        "cinq ans après la clôture",
        "part automatiquement",
    ):
        assert said in text
    assert "Merci d’avance" not in text  # one sentence quoted, not two


def test_the_english_ar_says_the_same() -> None:
    text = plain(sealed("ack", "en").raw)
    for said in (
        "Dear Carl Dufour,",
        "Monday 11 May 2026, 10:42 (Paris time)",
        "by Tuesday 19 May 2026",
        "6 working days",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("wish", "state", "said"),
    [
        ("", "non exprimée", "Avez-vous une solution en tête ?"),
        ("Un remède", "à confirmer", "« Un remède ». Est-ce bien la solution"),
        ("Un remède", "exprimée", "« Un remède ». Si nous avons mal compris"),
    ],
)
def test_the_ar_quotes_the_wish_or_asks_for_it(wish: str, state: str, said: str) -> None:
    assert said in plain(sealed("ack", wish=wish, wish_state=state).raw)


def test_the_ar_prints_the_day_it_is_rendered_for() -> None:
    raw = seal(replace(letter("ack"), printed_on=date(2026, 5, 12)), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert "Accusé de réception : mardi 12 mai 2026" in plain(raw)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_ar_of_an_unproven_sender_repeats_nothing_of_his(language: str) -> None:
    word = "zyxwabracadabra"
    facts = {
        "authenticated": False,
        "name": f"{word} Dufour",
        "files": [f"{word}.pdf", f"{word}.doc", "z.txt"],
        "rejected": [{"name": f"{word}.zip", "problem": f"{word} illisible"}],
        "wish": f"Je veux {word}",
    }
    raw = sealed("ack", language, **facts).raw
    assert word not in part(raw, "plain") + part(raw, "html") + str(read(raw)["Subject"])
    assert ("3 fichiers reçus" if language == "fr" else "3 files received") in plain(raw)
    assert "19 mai 2026" in plain(raw) or "19 May 2026" in plain(raw)


def test_a_text_of_ones_own_cannot_make_the_unproven_ar_talk(tmp_path: Path) -> None:
    own(tmp_path, "fr/ack.txt", "Objet : {{ name }}\n\n{{ name }}{{ wish }}{{ files|join }}{{ rejected[0].name }}.\n")
    raw = sealed("ack", house=replace(HOUSE, texts_folder=tmp_path), authenticated=False).raw
    assert plain(raw).startswith("Institut Exemple Formation . Réf.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("voyez exemple.fr", "voyez exemple[.]fr"),
        ("http://exemple.fr/a?b", "exemple[.]fr/a?b"),
        ("HTTPS://www.exemple.fr", "www[.]exemple[.]fr"),
        ("hthttp://tp://exemple.fr", "exemple[.]fr"),
        ("bob@exemple.fr", "bob[@]exemple[.]fr"),
        ("exemple。fr", "exemple[.]fr"),
        ("exemple\u200b.\u200dfr", "exemple[.]fr"),
        ("javascript:alert", "alert"),
        ("12.5 % de 1 490 €", "12.5 % de 1 490 €"),
    ],
)
def test_what_looks_like_an_address_is_defanged(text: str, shown: str) -> None:
    assert borrowed.harmless(text, 60).replace("tp ", "") == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("devis.pdf", "devis.pdf"),
        ("photo.de.vacances.JPG", "photo[.]de[.]vacances.JPG"),
        ("facture.zip", "facture[.]zip"),
        ("site.example", "site[.]example"),
        ("sans extension", "sans extension"),
        ("x" * 90 + ".pdf", "x" * 45 + "….pdf"),
    ],
)
def test_file_names_keep_only_the_dot_of_an_ordinary_ending(name: str, shown: str) -> None:
    assert borrowed.file_name(name, 50) == shown


def test_one_sentence_is_one_sentence() -> None:
    assert (
        borrowed.first_sentence("Je veux que M. Dupont rappelle ! Vite. Merci.") == "Je veux que M. Dupont rappelle !"
    )
    assert borrowed.first_sentence("Une autre date.") == "Une autre date"


def test_names_are_cut_at_sixty_characters() -> None:
    assert f"Bonjour {'n' * 59}…," in plain(sealed("ack", name="n" * 500).raw)


@pytest.mark.parametrize("filling", ["m", "é", "\U0001f600", "mot "])
@pytest.mark.parametrize("facts", [{}, {"authenticated": False}])
def test_the_ar_stays_small_whatever_was_sent(facts: dict[str, Any], filling: str) -> None:
    long = filling * 2000
    greedy = {
        "name": long,
        "files": [long] * 400,
        "rejected": [{"name": long, "problem": long}] * 400,
        "wish": long,
        "closures": [{"first": "2026-05-14", "last": "2026-05-15", "label": long}] * 30,
    }
    raw = sealed("ack", **greedy, **facts).raw
    assert len(part(raw, "plain")) < 4096
    assert len(raw) < (20_000 if filling == "\U0001f600" else 15_000)


def test_a_grouped_ar_names_each_number_and_date() -> None:
    text = plain(sealed("ack-group").raw)
    assert "REC-2026-0042 : reçu le lundi 11 mai 2026 à 10 h 42" in text
    assert "réponse au plus tard le mardi 19 mai 2026" in text
    assert "REC-2026-0031 : reçu le lundi 11 mai 2026 à 10 h 44 ; ajouté à ce dossier" in text
