"""The short forms of an assessment: in the subject, in the body, with who, what and when after the decision (spec §6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.guard import Guard
from mailbot.rules.commands.assessing import assessment
from staff.talk import talk

pytestmark = pytest.mark.asyncio(loop_scope="module")
NO, YES = ("non", ""), ("oui", "")
BO_CALLS = ("oui", "Bo appelle Carl lundi")
FORM = "Gravité : 3\nComplexité : 2\nRépercussions : 2\n"


def scores(found: dict[str, Any]) -> str:
    letters = (("gravity", "G"), ("complexity", "C"), ("repercussions", "R"))
    return " ".join(f"{letter}{found[name]}" for name, letter in letters if name in found)


@pytest.mark.parametrize(
    ("text", "scored", "decided"),
    [
        ("G3 C2 R2 immédiat:non", "G3 C2 R2", NO),
        ("G3 C2 R2 immédiat:oui", "G3 C2 R2", YES),
        ("G3 C2 R2 immédiat : oui", "G3 C2 R2", YES),
        ("G3 C2 R2 immédiat\u00a0: oui", "G3 C2 R2", YES),  # the no-break space that a French keyboard puts
        ("g3 c2 r2 IMMEDIAT=NON", "G3 C2 R2", NO),
        ("G3C2R2 immédiat non", "G3 C2 R2", NO),
        ("G:3, C:2, R:2, immédiate:non", "G3 C2 R2", NO),
        ("immédiat:non G3 C2 R2", "G3 C2 R2", NO),
        ("G3 C2 R2 immédiat:oui, Bo appelle Carl lundi", "G3 C2 R2", BO_CALLS),
        ("G3 C2 R2 immédiat:oui : Bo appelle Carl lundi.", "G3 C2 R2", BO_CALLS),
        ("G3 C2 R2 immédiat:oui – Bo appelle\nCarl lundi\n\nBo Martin", "G3 C2 R2", BO_CALLS),
        ("immédiat:oui G3 C2 R2 Bo appelle Carl lundi", "G3 C2 R2", BO_CALLS),
        (
            "G3 C2 R2 immédiat:oui\nQuoi : appeler Carl\nQui : Bo\nQuand : lundi",
            "G3 C2 R2",
            ("oui", "appeler Carl ; Bo ; lundi"),
        ),
        ("G3 C2 R2 immédiat:non, déjà réglé au téléphone", "G3 C2 R2", ("non", "déjà réglé au téléphone")),
        ("G3 R2 immédiat:oui, Bo ferme la salle C2", "G3 R2", ("oui", "Bo ferme la salle C2")),  # a room is no score
        ("G3 C2 R2", "G3 C2 R2", None),
        ("G5 C0 R22 immédiat:non", "", NO),
        ("G3 C2 R2 immédiatement", "G3 C2 R2", None),
        (f"{FORM}Action immédiate : oui, Bo appelle Carl lundi\nCaractère :", "G3 C2 R2", BO_CALLS),
        (f"{FORM}Action immédiate : non", "G3 C2 R2", NO),
        (f"{FORM}Action immédiate :\nCaractère :", "G3 C2 R2", None),
    ],
)
async def test_the_short_form_is_read(text: str, scored: str, decided: tuple[str, str] | None) -> None:
    found = assessment(text)
    assert scores(found) == scored
    assert (found.get("immediate"), found.get("immediate_what")) == (decided or (None, None))


@given(st.text(max_size=300))
async def test_no_text_breaks_the_reading(text: str) -> None:
    found = assessment(f"G3 C2 R2 immédiat:oui {text}")
    assert scores(found).startswith("G3 C2 R2") or "gravit" in text.lower()
    assert found["immediate"] in ("oui", "non")


@pytest.mark.parametrize(
    ("subject", "body", "decided"),
    [
        ("évaluer G3 C2 R2 immédiat:non", "", NO),
        ("évaluer G3 C2 R2 immédiat:non", "Bo Martin\nService qualité\n", NO),
        ("évaluer", "G3 C2 R2 immédiat:non\n", NO),
        ("évaluer G3 C2 R2 immédiat:oui, Bo appelle Carl lundi", "", BO_CALLS),
        ("évaluer", "G3 C2 R2 immédiat:oui, Bo appelle Carl lundi\n\nBo Martin\n", BO_CALLS),
        ("évaluer G3 C2 R2", "immédiat:oui, Bo appelle Carl lundi\n", BO_CALLS),
        ("évaluer G3 C2 R2 immédiat:oui", "Quoi : appeler\nQui : Bo\nQuand : lundi\n", ("oui", "appeler ; Bo ; lundi")),
    ],
)
async def test_r2_1_subject_and_body_assess_alike(
    subject: str, body: str, decided: tuple[str, str], guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl()
        await people.staff(subject, body)
        await people.post()
        row = people.desk.file()
        assert (row.gravity, row.complexity, row.repercussions, row.priority) == (3, 2, 2, "P2")
        assert (row.immediate, row.immediate_what) == decided
        assert people.mailboxes() == {cast.BO: ["assignment", "confirm"], cast.CARL: ["ack"]}


@pytest.mark.parametrize(
    ("scores", "asked"),
    [("G3 C2 R2 immédiat:oui", "quoi, qui, pour quand"), ("G3 C2 R2", "action immédiate (oui ou non)")],
    ids=["yes", "undecided"],
)
async def test_r2_3_an_immediate_action_is_decided_and_a_yes_says_who_what_and_when(
    scores: str, asked: str, guard: Guard, tmp_path: Path
) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl()
        await people.staff(f"évaluer {scores}")
        await people.post()
        assert people.mailboxes() == {cast.BO: ["assignment", "refusal"], cast.CARL: ["ack"]}
        assert asked in str(people.last("refusal", cast.BO).facts["why"])
        assert people.desk.file().gravity == 0
