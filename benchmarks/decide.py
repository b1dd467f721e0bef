"""What one decision costs: mails kept beforehand, decided in this process, the register's thread measured.

`.venv/bin/python benchmarks/decide.py` ; `--mails 200`, `--profile cumulative|tottime` for cProfile's list of that thread,
`--url` for another register than a fresh SQLite file. Clock and chance are fixed, so that the same code gives the same
register, told as a fingerprint: a change that should cost less and alter nothing is seen to alter nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import hashlib
import os
import pstats
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from at_work import BOX, FLOOD_OFF, SETTINGS  # noqa: E402
from backlog import mixed  # noqa: E402
from sqlmodel import SQLModel, select  # noqa: E402

from mailbot.config import Config, load  # noqa: E402
from mailbot.corridor.bench import Bench, words  # noqa: E402
from mailbot.corridor.mails import Mails  # noqa: E402
from mailbot.guard import Guard  # noqa: E402
from mailbot.log import log_to  # noqa: E402
from mailbot.store import keep  # noqa: E402
from mailbot.store.ledger import Ledger  # noqa: E402

NOW = datetime(2026, 5, 11, 10, tzinfo=UTC)
SHOWN = 60  # lines of the profile


def settings(folder: Path) -> Config:
    file = folder / "mailbot.toml"
    file.write_text(SETTINGS.format(folder=folder, imap=9, smtp=9) + FLOOD_OFF)
    file.chmod(0o600)
    return load(file, environ={})


def take_in(register: Ledger, first: int, count: int) -> None:
    for n, raw in list(enumerate(mixed(first + count)))[first:]:
        spot = keep.Spot(account=BOX, folder="INBOX", uidvalidity=1, uid=n + 1)
        at = NOW + timedelta(seconds=n)
        register.run(
            lambda tx, spot=spot, raw=raw, at=at: keep.keep(tx, spot, raw, kind="inbox", received_at=at, now=at)
        )


def fingerprint(register: Ledger) -> str:
    """Of every row of every table."""
    found = hashlib.sha256()
    with register.engine.connect().execution_options(mailbot_reading=True) as line:
        for table in SQLModel.metadata.sorted_tables:
            for row in line.execute(select(table).order_by(*table.primary_key)):
                found.update(f"{table.name} {row!r}".encode())
    return found.hexdigest()[:16]


async def measure(config: Config, register: Ledger, count: int, profile: cProfile.Profile | None) -> None:
    """The first mails warm templates and statements up, and are not counted."""
    warm = max(10, count // 10)
    async with Guard(words(config).to_json()) as guard:
        bench = Bench(config, register, guard, lambda: NOW + timedelta(hours=1), random.Random(9).randbytes)  # noqa: S311
        mails = Mails(bench)
        take_in(register, 0, warm)
        await mails.decide_waiting()
        take_in(register, warm, count)
        if profile:
            await bench.db(lambda _: profile.enable())
        before, whole = await bench.db(lambda _: time.thread_time()), time.process_time()
        decided = await mails.decide_waiting()
        spent, whole = await bench.db(lambda _: time.thread_time()) - before, time.process_time() - whole
        if profile:
            await bench.db(lambda _: profile.disable())
        bench.close()
    assert decided == count, f"{decided} décidés sur {count}"
    print(
        f"{count} messages, charge {os.getloadavg()[0]:.1f} : {spent / count * 1000:.1f} ms de CPU par message dans le fil du "
        f"registre, {whole / count * 1000:.1f} dans le processus ; empreinte {fingerprint(register)}"
    )


def main(count: int, url: str, order: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = settings(Path(folder))
        log_to(open(os.devnull, "w"))  # noqa: SIM115
        register = Ledger(url or config.database_url)
        register.upgrade()
        profile = cProfile.Profile() if order else None
        try:
            asyncio.run(measure(config, register, count, profile))
        finally:
            register.close()
        if profile:
            pstats.Stats(profile).sort_stats(order).print_stats(SHOWN)


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, default=100)
    choice.add_argument("--url", default="")
    choice.add_argument("--profile", default="", metavar="ORDER", choices=("cumulative", "tottime", "calls"))
    given = choice.parse_args()
    main(given.mails, given.url, given.profile)
