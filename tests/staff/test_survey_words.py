"""Words without a mark in answer to the survey are a mail like any other: nobody who complains again is filed in silence (spec §3, §5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailbot.guard import Guard
from staff.talk import ARGUED, FIRST, MORE, SCORES, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("days", "text", "stages"),
    [
        (4, MORE, {FIRST: ("closed", True)}),
        (40, MORE, {FIRST: ("closed", False), "REC-2027-0001": ("received", False)}),
        (4, "Prise en compte : 4\nAction : 5\nSuite de la relation : 4\n", {FIRST: ("closed", False)}),
    ],
    ids=["within the window: reopening is proposed", "later: a new file", "marks: an answer"],
)
async def test_an_answer_to_the_survey(
    tmp_path: Path, guard: Guard, days: int, text: str, stages: dict[str, tuple[str, bool]]
) -> None:
    async with talk(tmp_path, guard) as desk:
        await desk.carl()
        await desk.post()
        await desk.staff("évaluer", SCORES)
        await desk.staff("résolu", ARGUED)
        await desk.post(minutes=15)
        await desk.post(days=3)
        await desk.carl(text, answers="survey", at=desk.desk.clock.advance(days=days - 3))
        found = {f.number: (f.stage, f.reopen_asked_at is not None) for f in desk.desk.files()}
        assert found == stages
        assert desk.desk.file().marks == ("4 5 4" if text.startswith("Prise") else "")
