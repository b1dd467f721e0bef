"""What an organisation would lay on the table of what was played: register, figures, packs of its meetings, each file's fiche."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from mailbot.corridor import fiches
from mailbot.corridor.bench import Bench
from mailbot.reports import export, gathered
from mailbot.reports.counted import Period
from mailbot.reports.figures import figures
from mailbot.store import meetings
from mailbot.store.ledger import Session

REGISTER, FIGURES, MEETINGS, FICHES = "registre.xlsx", "chiffres.json", "reunions", "fiches"
AT_ONCE = 2  # drawn beside each other


async def write(bench: Bench, out: Path, period: Period, numbers: list[str]) -> None:
    """`registre.xlsx`, `chiffres.json`, `reunions/` and `fiches/`, as they stand at the instant of the bench's clock."""
    register = await bench.ask(lambda tx: export.table(tx, bench.config))
    (out / REGISTER).write_bytes(export.write(register, "xlsx", made_at=bench.clock()))
    told = gathered.as_json(figures(await bench.ask(lambda tx: gathered.register(tx, bench.config)), period), period)
    (out / FIGURES).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / MEETINGS).mkdir()
    for name, content in await bench.ask(_packs):
        (out / MEETINGS / name).write_bytes(content)
    (out / FICHES).mkdir()
    turn = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_fiche(bench, out / FICHES / f"{number}.pdf", number, turn) for number in numbers))


def _packs(tx: Session) -> list[tuple[str, bytes]]:
    rows = meetings.made(tx)
    return [
        (f"{row.id:03}-{row.first}-{row.last}.{ending}", content)
        for row in rows
        for ending, content in (("pdf", row.pdf), ("xlsx", row.sheet))
    ]


async def _fiche(bench: Bench, path: Path, number: str, turn: asyncio.Semaphore) -> None:
    async with turn:
        drawn = await fiches.drawn(bench, number)
        if drawn is not None:
            path.write_bytes(drawn)
