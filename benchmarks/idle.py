"""A desk with nothing to do: the CPU it uses with IDLE, and what wakes it.

`make bench WHAT=idle` ; `ARGS="--seconds 60 --desks 1 10 --trace"`. The daemon is at work on an empty mailbox of real Dovecot and
settles for a while first; then its CPU and its wake-ups are counted (times that a thread of it went to sleep of itself). `--trace` counts
its system calls in a second span: strace makes them dearer, that span's CPU is not shown. Several desks share one process.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from at_work import AtWork, at_work, conditions, cpu, relay, resident, settings
from servers.dovecot import Dovecot

SETTLE = 20.0  # seconds: the first digest's row, the first look at all folders


def wakes(pid: int) -> int:
    """Times that a thread of the process gave the processor up by itself."""
    lines = [
        line
        for task in Path(f"/proc/{pid}/task").iterdir()
        for line in (task / "status").read_text().splitlines()
        if line.startswith("voluntary_ctxt")
    ]
    return sum(int(line.split()[1]) for line in lines)


def measure(daemon: AtWork, seconds: float) -> None:
    own, *readers = daemon.pids()
    before, woken = [cpu(pid) for pid in (own, *readers)], wakes(own)
    time.sleep(seconds)
    spent = [cpu(pid) - used for pid, used in zip((own, *readers), before, strict=True)]
    print(
        f"  bureau : {spent[0] * 1000:.0f} ms de CPU en {seconds:.0f} s, {spent[0] / seconds * 100:.3f} %, "
        f"{(wakes(own) - woken) / seconds:.1f} réveils/s, {resident(own):.0f} Mio (cible : 0,1 %)\n"
        f"  {len(readers)} lecteur(s) : {sum(spent[1:]) * 1000:.0f} ms, {sum(map(resident, readers)):.0f} Mio",
        flush=True,
    )


def trace(daemon: AtWork, seconds: float) -> None:
    done = subprocess.run(
        ["timeout", "-s", "INT", str(int(seconds)), "strace", "-f", "-c", "-p", str(daemon.pid)],
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    print("\n".join(line for line in done.stderr.splitlines() if not line.startswith("strace:"))[:3000])


def desks(folder: Path, count: int, imap: int, smtp: int) -> Path:
    """What `mailbot run --config` is given: one file, or a folder of desks."""
    if count == 1:
        return settings(folder, imap, smtp)
    for n in range(count):
        own = folder / "bureaux" / f"bureau{n}"
        own.mkdir(parents=True)
        settings(own, imap, smtp, f"reclamations{n}@ief.example")
    return folder / "bureaux"


def main(counts: list[int], seconds: float, *, traced: bool) -> None:
    dovecot = Dovecot()
    dovecot.start()
    try:
        for count in counts:
            print(f"{count} bureau(x) au repos, {conditions()}", flush=True)
            with (
                tempfile.TemporaryDirectory() as folder,
                relay() as sending,
                at_work(desks(Path(folder), count, dovecot.imap_port, sending.port)) as daemon,
            ):
                time.sleep(SETTLE)
                measure(daemon, seconds)
                if traced:
                    trace(daemon, seconds)
    finally:
        dovecot.stop()
        dovecot.remove()


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--desks", type=int, nargs="+", default=[1])
    choice.add_argument("--seconds", type=float, default=60.0)
    choice.add_argument("--trace", action="store_true")
    given = choice.parse_args()
    main(given.desks, given.seconds, traced=given.trace)
