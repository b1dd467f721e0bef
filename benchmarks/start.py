"""How long a start takes: `mailbot --help`, and the service until READY=1, with the share of its imports.

`make bench WHAT=start` ; `ARGS="--rounds 5"`. Warm: the first of each is not counted. What imports cost is asked of Python itself
(`-X importtime`), each package with what it brings along for itself alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from at_work import ROOT, at_work, conditions, relay, settings
from servers.dovecot import Dovecot

SERVICE = "import mailbot.cli, mailbot.log, mailbot.app, mailbot.jobs"
READER = "import io; from mailbot import guarded; guarded._serve(io.BytesIO(), io.BytesIO())"  # its input ends at once
SHOWN = 8  # packages


def timed(*command: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def typical(rounds: int, *command: str) -> float:
    return median([timed(*command) for _ in range(rounds + 1)][1:])


def packages(code: str) -> Counter[str]:
    """Milliseconds by package, of a start that does nothing but import."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: Counter[str] = Counter()
    for line in done.stderr.splitlines()[1:]:
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            found[name.split(".")[0].strip()] += int(own)
    return Counter({name: micros // 1000 for name, micros in found.items()})


def ready(rounds: int) -> float:
    found = []
    dovecot = Dovecot()
    dovecot.start()
    try:
        with tempfile.TemporaryDirectory() as folder, relay() as sending:
            config = settings(Path(folder), dovecot.imap_port, sending.port)
            for _ in range(rounds + 1):  # the first makes the register
                with at_work(config) as daemon:
                    found.append(daemon.ready_after)
    finally:
        dovecot.stop()
        dovecot.remove()
    return median(found[1:])


def main(rounds: int) -> None:
    print(f"{rounds} fois, {conditions()}", flush=True)
    bare = typical(rounds, "-c", "pass")
    print(f"  python seul : {bare:.2f} s")
    print(f"  mailbot --help : {typical(rounds, '-m', 'mailbot', '--help'):.2f} s (cible 0,3)")
    until, imports = ready(rounds), typical(rounds, "-c", SERVICE) - bare
    reader = typical(rounds, "-c", READER) - bare
    print(f"  service jusqu’à READY=1 : {until:.2f} s, dont {imports:.2f} à importer, et {reader:.2f} pour le lecteur")
    for title, code in (("service", SERVICE), ("lecteur", READER)):
        found = packages(code)
        print(f"  {title} : " + ", ".join(f"{name} {ms} ms" for name, ms in found.most_common(SHOWN)), flush=True)


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--rounds", type=int, default=5)
    main(choice.parse_args().rounds)
