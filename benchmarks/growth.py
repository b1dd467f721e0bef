"""What one tick, one digest, `list` and one decision cost as the register grows: 1,000 to 200,000 files.

`make bench WHAT=growth` ; `ARGS="--sizes 1000 10000"`. A file is played by the desk's own rooms, then copied in the register's own tables
(five mails and five letters a file, the years going back); fifty files are open whatever the size, as in a desk that keeps up. Times are
shown beside those of the smallest register of the same run: the ratio is what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import cast  # noqa: E402
from room import Room, mail, room  # noqa: E402

from mailbot.corridor.bench import words  # noqa: E402
from mailbot.guard import Guard  # noqa: E402
from mailbot.reports import tables  # noqa: E402

SIZES = (1_000, 10_000, 100_000, 200_000)
OPEN = 50  # files that are open at every size
STEP = 1_000  # between the ids of two copies
MAILS = 5  # a file
COPIED = (
    "raw",
    "complaint",
    "inbound",
    "place",
    "attachment",
    "letter",
    "octets",
    "letterkey",
    "journal",
    "journaltext",
)
BATCH = 2_000  # files copied in one transaction
Row = dict[str, Any]


async def first(desk: Room) -> None:
    """One file with its mails and letters, all of them past."""
    for n in range(MAILS):
        await desk.take(
            mail(subject="Re: REC-2026-0001" if n else "Formation annulée", text=f"Rien n’avance, message {n}.")
        )


def template(line: sqlite3.Connection) -> dict[str, list[Row]]:
    line.row_factory = sqlite3.Row
    return {t: [dict(row) for row in line.execute(f"SELECT * FROM {t}")] for t in COPIED}  # noqa: S608


def references(line: sqlite3.Connection) -> dict[str, set[str]]:
    """The columns of each table that hold an id."""
    found = {}
    for t in COPIED:
        own = {row["name"] for row in line.execute(f"PRAGMA table_info({t})") if row["pk"] and "INT" in row["type"]}
        found[t] = own | {row["from"] for row in line.execute(f"PRAGMA foreign_key_list({t})")}
    return found


def copied(row: Row, ids: set[str], n: int) -> Row:
    """The same row as of the n-th file: other ids, other unique words, the year going back by one every tenth of them."""
    new = {k: v + n * STEP if k in ids and v is not None else v for k, v in row.items()}
    year, word = 2025 - n % 10, f"c{n}"
    for name, value in row.items():
        if name in ("sha256", "message_id", "marker", "name", "key") and value:
            new[name] = f"{word}.{value}"
        elif isinstance(value, str) and value.startswith("2026-") and name.endswith(("_at", "_on")):
            new[name] = f"{year}{value[4:]}"
    if "rank" in row and "year" in row:
        new |= {
            "year": year,
            "rank": n,
            "number": f"REC-{year}-{n:06d}",
            "complainant_addr": f"{word}@courriel.example",
        }
        if n > OPEN:
            new |= {
                "stage": "closed",
                "look_at": None,
                "closed_at": new["received_at"],
                "answered_at": new["received_at"],
            }
        else:
            new |= {"stage": "treatment", "look_at": "2026-12-31 10:00:00.000000"}
    if "uidvalidity" in row:
        new["uid"] = row["uid"] + n * STEP
    if "next_try_at" in row:
        new |= {"state": "sent", "number": ""} if "number" in row else {"state": "sent"}
    return new


def grow(line: sqlite3.Connection, rows: dict[str, list[Row]], ids: dict[str, set[str]], start: int, end: int) -> None:
    for low in range(start, end, BATCH):
        with line:
            for t in COPIED:
                made = [copied(row, ids[t], n) for n in range(low, min(low + BATCH, end)) for row in rows[t]]
                names = list(rows[t][0]) if rows[t] else []
                marks = ", ".join("?" * len(names))
                if names:
                    line.executemany(f"INSERT INTO {t} ({', '.join(names)}) VALUES ({marks})", [tuple(m.values()) for m in made])  # noqa: S608  # fmt: skip


async def timed(act: Callable[[], Awaitable[Any]], rounds: int = 5) -> float:
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        await act()
        found.append(time.perf_counter() - began)
    return median(found)


async def measured(desk: Room) -> list[tuple[str, float]]:
    async def list_() -> None:
        desk.register.ask(tables.files)

    async def digest() -> None:
        [row] = desk.due("digest")
        desk.clock.now = row.at
        await desk.dues.tick()

    async def decide() -> None:
        await desk.take(mail(subject="Salle fermée", text=f"La salle était fermée, {time.perf_counter_ns()}."))

    await desk.dues.tick()  # what the copies made due
    found = [("tick où rien n’échoit", await timed(desk.dues.tick, 20)), ("une décision", await timed(decide, 10))]
    return [*found, ("digest", await timed(digest, 3)), ("mailbot list", await timed(list_, 3))]


async def main(sizes: list[int]) -> None:
    print(f"{os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}", flush=True)
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Guard(words(cast.config()).to_json()) as guard:
            with room(Path(folder), guard) as desk:
                await first(desk)
                await desk.dues.bench.db(desk.dues.first_digest)
                line = sqlite3.connect(desk.register.path)
                rows, ids = template(line), references(line)
                done = 1
                for size in sizes:
                    grow(line, rows, ids, done, size)
                    done = size
                    [weight] = line.execute(
                        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
                    ).fetchone()
                    print(f"{size} dossiers, {size * MAILS} messages, {weight / 2**20:.0f} Mio", flush=True)
                    for name, seconds in await measured(desk):
                        least.setdefault(name, seconds)
                        print(
                            f"  {name} : {seconds * 1000:.1f} ms, {seconds / least[name]:.1f} fois le premier",
                            flush=True,
                        )
                line.close()


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    asyncio.run(main(choice.parse_args().sizes))
