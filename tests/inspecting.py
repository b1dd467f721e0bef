"""`mailbot inspect --json` as a person runs it, over a folder of mails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mailbot.verdict import VERDICTS

# What a bomb's sender brings about, and no fault of the reader: it is said, and the mail is kept (spec §2).
REFUSED = "plus de 1000 parties MIME"
LOOP = "boucle : plus de"  # a rule speaks, not a limit: a mail of a hundred relays is set aside for a human


def inspected(folder: Path, mails: Iterable[bytes]) -> list[dict[str, Any]]:
    for number, raw in enumerate(mails):
        (folder / f"{number:05d}.eml").write_bytes(raw)
    done = subprocess.run(
        [sys.executable, "-m", "mailbot", "inspect", "--json", str(folder)], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]


def troubles(told: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(file, reason) of each mail that broke something, or that the guard had to stop."""
    return [
        (each["file"], each["reason"])
        for each in told
        if each["verdict"] not in VERDICTS
        or any(problem.endswith("Error)") or "Error)" in problem for problem in each["problems"])
        or (each["verdict"] == "quarantined" and not any(known in each["reason"] for known in (REFUSED, LOOP)))
    ]
