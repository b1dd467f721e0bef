"""Nobody is named in a bulletin: what stops one, and what does not (spec §8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.rules.bulletin import named

NOBODY = (
    "Camille Dufour",
    "camille.dufour@boite.example",
    "06 39 98 12 34",
    "REC-2026-0042",
    "Rose Le Goff",
    "Service Formation OPCO",
)
HOUSE = ("Institut Exemple Formation", "Service réclamations", "Excel niveau 1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Deux stagiaires attendaient leur convocation.", ()),
        ("Camille Dufour attendait sa convocation.", ("Camille", "Dufour")),
        ("Mme DUFOUR attendait.", ("DUFOUR",)),
        ("Mme Düfour attendait.", ("Düfour",)),
        ("L’attente de M. Le Goff.", ("Goff",)),
        ("écrire à camille.dufour@boite.example", ("camille.dufour@boite.example",)),
        ("écrire à n’importe.qui@ailleurs.example.", ("importe.qui@ailleurs.example",)),
        ("appeler le 06.39.98.12.34", ("06 39 98 12 34",)),
        ("appeler le +33 6 39 98 12 34", ("06 39 98 12 34",)),
        ("le dossier REC-2026-0042", ("REC-2026-0042",)),
        ("le dossier rec-2026-0042", ("REC-2026-0042",)),
        # words of the house, and words that the text itself uses small
        ("La Formation et son Service ont revu les convocations.", ()),
        ("Rose attendait.", ("Rose",)),
        ("Rose, la fiche rose, est imprimée.", ()),
        ("une fiche rose", ()),
    ],
)
def test_which_words_name_somebody(text: str, words: tuple[str, ...]) -> None:
    assert named(text, NOBODY, house=HOUSE) == words


@given(
    st.sampled_from(NOBODY[:4]),
    st.text(alphabet="abcdefghij éà\n.,;", max_size=40),
    st.text(alphabet="abcdefghij éà\n", max_size=40),
)
def test_no_complainant_hides_between_other_words(who: str, before: str, after: str) -> None:
    assert named(f"{before} {who} {after}", NOBODY, house=HOUSE)
