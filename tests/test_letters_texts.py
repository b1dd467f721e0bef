"""Texts of one's own in place of ours, and dates in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from test_letters_each import ENTROPY, HOUSE, NOW, letter, sealed
from test_letters_samples import FACTS

from mailbot.letters import Unwritable, seal
from mailbot.letters.dates import in_words, moment_in_words


def own(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_text_of_ones_own_wins_one_by_one(tmp_path: Path) -> None:
    own(tmp_path, "fr/receipt.txt", "Objet : [{{ number }}] Merci\n\nBien reçu, {{ house.organisation }}.\n")
    house = replace(HOUSE, texts_folder=tmp_path)
    assert sealed("receipt", house=house).subject == "[REC-2026-0042] Merci"
    assert sealed("ack", house=house).subject == sealed("ack").subject


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Objet : x\n\nBonjour\n{{ prenom }}\n", r"receipt\.txt, ligne 4 : 'prenom' is undefined"),
        ("Objet : x\n\n{% if prenom %}a{% endif %}\n", r"receipt\.txt, ligne 3 : 'prenom' is undefined"),
        ("Objet : x\n\n{% if x %}\n", r"receipt\.txt, ligne \d : Unexpected end of template"),
        ("Bonjour\n", r"receipt\.txt, ligne 1 : « Objet : … » attendu"),
        ("Objet : x\n\n{{ number|day }}\n", r"receipt\.txt, ligne 3 : "),
        ('Objet : x\n\n{% include "fr/rien.txt" %}\n', r"receipt\.txt : texte introuvable"),
        ("Objet : x\n\n{{ number.__class__.__mro__ }}\n", r"receipt\.txt, ligne 3 : "),
    ],
)
def test_a_mistake_in_a_text_names_the_file_and_the_line(tmp_path: Path, text: str, message: str) -> None:
    own(tmp_path, "fr/receipt.txt", text)
    with pytest.raises(Unwritable, match=message):
        sealed("receipt", house=replace(HOUSE, texts_folder=tmp_path))


def test_a_missing_fact_names_the_letter_and_the_line() -> None:
    facts = {k: v for k, v in FACTS["ack"].items() if k != "due_on"}
    with pytest.raises(Unwritable, match=r"fr/ack\.txt, ligne \d+ : 'due_on' is undefined"):
        seal(replace(letter("ack"), facts=facts), HOUSE, now=NOW, entropy=ENTROPY)


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 5, 19), "mardi 19 mai 2026", "Tuesday 19 May 2026"),
        (date(2026, 5, 1), "vendredi 1er mai 2026", "Friday 1 May 2026"),
        (date(2027, 2, 28), "dimanche 28 février 2027", "Sunday 28 February 2027"),
    ],
)
def test_days_are_written_in_words(day: date, french: str, english: str) -> None:
    assert in_words(day, "fr") == french
    assert in_words(day, "en") == english


@pytest.mark.parametrize(
    ("timezone", "language", "expected"),
    [
        ("Europe/Paris", "fr", ("lundi 11 mai 2026", "10 h 42")),
        ("Europe/Paris", "en", ("Monday 11 May 2026", "10:42")),
        ("Pacific/Noumea", "fr", ("lundi 11 mai 2026", "19 h 42")),
        ("Pacific/Tahiti", "fr", ("dimanche 10 mai 2026", "22 h 42")),
    ],
)
def test_moments_are_told_on_the_desks_clock(timezone: str, language: str, expected: tuple[str, str]) -> None:
    assert moment_in_words(datetime(2026, 5, 11, 8, 42, tzinfo=UTC), timezone, language) == expected


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau"):
        moment_in_words(datetime(2026, 5, 11, 8, 42), "Europe/Paris", "fr")  # noqa: DTZ001
