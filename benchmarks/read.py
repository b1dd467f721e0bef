"""What reading a mail costs the guarded child: `message.read` and `reading.read`, in this process, mail by mail.

`.venv/bin/python benchmarks/read.py` ; `--mails 200`; `--profile cumulative|tottime` for cProfile's list. Two heaps: mails of
`backlog.mixed`, as a backlog holds them, and the test mails (`tests/mail`), which are odder. What was read is told as a
fingerprint: a change that should cost less and alter nothing is seen to alter nothing.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from backlog import mixed  # noqa: E402
from decide import settings  # noqa: E402

from mailbot import message, reading  # noqa: E402
from mailbot.corridor.bench import words  # noqa: E402

ROUNDS = 3  # of which the cheapest is told
SHOWN = 60  # lines of the profile


def one(raw: bytes, known: reading.Words) -> bytes:
    """What the child does for a mail, its answer as it writes it."""
    try:
        read = message.read(raw)
    except message.Unreadable as error:
        return str(error).encode()
    said = reading.read(read, known)
    return json.dumps({"message": message.to_json(read), "reading": reading.to_json(said)}).encode()


def measure(name: str, raws: list[bytes], known: reading.Words, profile: cProfile.Profile | None) -> None:
    """The first round warms up and gives the fingerprint."""
    found = hashlib.sha256(b"".join(one(raw, known) for raw in raws)).hexdigest()[:16]
    spent = []
    for _ in range(ROUNDS):
        if profile:
            profile.enable()
        before = time.thread_time()
        for raw in raws:
            one(raw, known)
        spent.append(time.thread_time() - before)
        if profile:
            profile.disable()
    size = sum(map(len, raws)) / len(raws) / 1024
    print(
        f"{name} : {len(raws)} messages de {size:.0f} Kio en moyenne, charge {os.getloadavg()[0]:.1f} : "
        f"{min(spent) / len(raws) * 1000:.2f} ms de CPU par message ; empreinte {found}"
    )


def main(count: int, order: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        known = words(settings(Path(folder)))
    odd = [file.read_bytes() for file in sorted((ROOT / "tests" / "mail").rglob("*.eml"))]
    for name, raws in (("arriéré", list(mixed(count))), ("messages d’essai", odd)):
        profile = cProfile.Profile() if order else None
        measure(name, raws, known, profile)
        if profile:
            pstats.Stats(profile).sort_stats(order).print_stats(SHOWN)


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, default=100)
    choice.add_argument("--profile", default="", metavar="ORDER", choices=("cumulative", "tottime", "calls"))
    given = choice.parse_args()
    main(given.mails, given.profile)
