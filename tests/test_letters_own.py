"""Texts of one's own: each fault names its file and line; and the pages that show every letter before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_letters_each import HOUSE

from mailbot.effects import ANSWERS, CLOCKED, TO_COMPLAINANTS
from mailbot.letters import House, gallery, own, promises
from mailbot.letters.dress import KINDS, TEMPLATES

GOOD = "Objet : [{{ number }}] Bien reçu\n\nBonjour,\n{% if due_on %}Réponse le {{ due_on|day }}.{% endif %}\n"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return replace(HOUSE, texts_folder=tmp_path)


def write(house: House, text: str, name: str = "fr/receipt.txt") -> None:
    assert house.texts_folder is not None
    (house.texts_folder / name).parent.mkdir(parents=True, exist_ok=True)
    (house.texts_folder / name).write_text(text, encoding="utf-8")


FAULTS = [
    ("unknown", "fr/receipt.txt", GOOD + "{{ prenom }}\n", 5, "« prenom » est inconnu"),
    (
        "unknown where no sample goes",
        "fr/receipt.txt",
        GOOD + "{% if not number %}{{ prenom }}{% endif %}\n",
        5,
        "prenom",
    ),
    (
        "unknown in a condition",
        "fr/receipt.txt",
        GOOD + "{% if urgent %}vite{% endif %}\n",
        5,
        "« urgent » est inconnu",
    ),
    ("missing date", "fr/receipt.txt", "Objet : [{{ number }}] Reçu\n\nBonjour\n", 1, "il manque « due_on »"),
    ("missing number", "fr/receipt.txt", "Objet : Reçu\n\n{{ due_on }}\n", 1, "il manque « number »"),
    ("missing answer", "fr/reply.txt", "Objet : [{{ number }}] Réponse\n\nBonjour\n", 1, "il manque « text »"),
    ("not a template", "fr/receipt.txt", "Objet : x\n\n{% if x %}\n", 3, "faute d’écriture"),
    ("replaces nothing", "fr/recu.txt", "Objet : x\n", 1, "ne remplace aucun texte"),
    ("no subject", "fr/receipt.txt", GOOD.replace("Objet : ", ""), 1, "« Objet : … » attendu"),
    ("unknown filter", "fr/receipt.txt", GOOD + "{{ number|majuscules }}\n", 5, "majuscules"),
    ("promise", "fr/receipt.txt", GOOD + "Vous aurez un remboursement.\n", 5, "« remboursement »"),
    (
        "promise over two lines",
        "fr/receipt.txt",
        GOOD + "Réponse dans les plus\nbrefs délais.\n",
        5,
        "plus brefs délais",
    ),
    (
        "regret",
        "fr/progress.txt",
        "Objet : [{{ number }}]\n\nNous sommes désolés. {{ due_on }}{{ committed_on }}\n",
        3,
        "désolé",
    ),
    ("English promise", "en/receipt.txt", GOOD + "We reply as soon as possible.\n", 5, "as soon as possible"),
]


@pytest.mark.parametrize(("name", "text", "line", "what"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_fault_names_the_file_and_the_line(house: House, name: str, text: str, line: int, what: str) -> None:
    write(house, text, name)
    found = own.faults(house)
    assert [(f.file, f.line) for f in found if what in f.what] == [(name, line)], found
    assert str(found[0]).startswith(f"{name}, ligne ")


@pytest.mark.parametrize("name", sorted(p.relative_to(TEMPLATES).as_posix() for p in TEMPLATES.rglob("*.txt")))
def test_our_own_texts_have_no_fault_when_they_are_taken_as_a_model(house: House, name: str) -> None:
    write(house, (TEMPLATES / name).read_text(encoding="utf-8"), name)
    assert own.faults(house) == []


def test_a_good_text_of_ones_own_and_a_part_that_it_takes_in_have_no_fault(house: House) -> None:
    write(house, GOOD + '{% include "fr/_chez-nous.txt" %}\n')
    write(house, "À bientôt.\n", "fr/_chez-nous.txt")
    assert own.faults(house) == []


def test_a_part_of_ones_own_that_nothing_takes_in_is_a_fault(house: House) -> None:
    write(house, "À bientôt.\n", "fr/_chez-nous.txt")
    assert [f.what for f in own.faults(house)] == ["ne remplace aucun texte : vérifiez son nom"]


def test_no_automatic_letter_of_ours_holds_a_forbidden_phrase() -> None:
    wrong = {
        f"{language}/{kind}": found
        for language in ("fr", "en")
        for kind in (*ANSWERS, *CLOCKED)
        if (found := list(promises.broken((TEMPLATES / language / f"{kind}.txt").read_text(encoding="utf-8"), regrets=kind == "late")))
    }  # fmt: skip
    assert wrong == {}


@given(st.lists(st.sampled_from(["Bonjour.", "", "{{ number }}", "{% if x %}", "{# deux\nlignes #}"]), max_size=8))
def test_the_line_of_a_promise_is_the_line_of_the_file(before: list[str]) -> None:
    text = "\n".join([*before, "Voici un remboursement."])
    assert list(promises.broken(text)) == [(text.count("\n") + 1, "remboursement")]


# -- the pages -------------------------------------------------------------------------------------


class Pages(HTMLParser):
    """The links and frames of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.frames: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        if tag == "iframe":
            self.frames.append(dict(attrs))


def test_every_letter_has_its_page_with_text_and_html_side_by_side() -> None:
    pages = gallery.pages(HOUSE)
    wanted = {f"fr-{kind}.html" for kind in KINDS} | {f"en-{kind}.html" for kind in TO_COMPLAINANTS}
    assert set(pages) == wanted | {"index.html"}
    assert set(Pages(pages["index.html"]).links) == wanted
    ack = pages["fr-ack.html"]
    assert "<pre>" in ack
    [frame] = Pages(ack).frames
    assert "REC-2026-0042" in (frame["srcdoc"] or "")
    assert frame["sandbox"] is None, "present, and it allows nothing"


def test_a_text_that_cannot_be_written_is_a_page_that_says_why(house: House) -> None:
    write(house, "Objet : x\n\n{{ prenom }}\n")
    pages = gallery.pages(house)
    assert "fr/receipt.txt, ligne 3" in pages["fr-receipt.html"]
    assert "fr/receipt.txt, ligne 3" in pages["index.html"]
    assert "REC-2026-0042" in pages["fr-ack.html"], "the others are not hidden by it"
