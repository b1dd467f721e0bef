"""The quality meeting: figures, pack, decisions, bulletin (spec §8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import mail, room

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.reports import gathered
from mailbot.reports.counted import Period
from mailbot.reports.figures import figures

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


async def test_exercises_and_essai_files_are_no_figures(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail("Formation annulée", "Bonjour, je souhaite être remboursé. Carl"))
        await desk.mails.practise(desk.config.staff[0], "test")
        period = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))
        gone = desk.register.ask(lambda tx: gathered.register(tx, period, desk.config))
        assert [f.number for f in gone.files] == ["REC-2026-0001"]
        assert figures(gone, period)[0].text == "1"
