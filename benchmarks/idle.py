"""A desk with nothing to do: the CPU it uses with IDLE, and what wakes it.

`make bench WHAT=idle` ; `ARGS="--seconds 60 --trace"`. The daemon is at work on an empty mailbox of real Dovecot and settles for a while
first; then its CPU and its wake-ups (times that a thread of it went to sleep of itself) are counted. `--trace` counts its system calls in
a second span (strace, which makes them dearer: that span's CPU is not shown).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from at_work import AtWork, at_work, conditions, cpu, relay, settings
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
    pids = daemon.pids()
    before = [(cpu(pid), wakes(pid)) for pid in pids]
    time.sleep(seconds)
    for pid, name, (used, woken) in zip(pids, ("bureau", "lecteur", "lecteur", "lecteur"), before, strict=False):
        spent = cpu(pid) - used
        print(
            f"  {name} : {spent * 1000:.1f} ms de CPU en {seconds:.0f} s, {spent / seconds * 100:.3f} %, "
            f"{(wakes(pid) - woken) / seconds:.2f} réveils/s",
            flush=True,
        )


def trace(daemon: AtWork, seconds: float) -> None:
    done = subprocess.run(
        ["timeout", "-s", "INT", str(int(seconds)), "strace", "-f", "-c", "-p", str(daemon.pid)],
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    print("\n".join(line for line in done.stderr.splitlines() if not line.startswith("strace:"))[:3000])


def main(seconds: float, *, traced: bool) -> None:
    print(f"bureau au repos, {conditions()}", flush=True)
    dovecot = Dovecot()
    dovecot.start()
    try:
        with tempfile.TemporaryDirectory() as folder, relay() as sending:
            config = settings(Path(folder), dovecot.imap_port, sending.port)
            with at_work(config) as daemon:
                time.sleep(SETTLE)
                measure(daemon, seconds)
                if traced:
                    trace(daemon, seconds)
    finally:
        dovecot.stop()
        dovecot.remove()


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--seconds", type=float, default=60.0)
    choice.add_argument("--trace", action="store_true")
    given = choice.parse_args()
    main(given.seconds, traced=given.trace)
