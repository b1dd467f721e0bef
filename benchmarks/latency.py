"""From a mail's arrival in real Dovecot to its AR accepted, beside the IDLE floor of the same run; also while 1,000 letters leave.

`make bench WHAT=latency` ; `ARGS="--mails 50 --letters 1000"`. The floor is a bare imaplib client that sits in IDLE on the same mailbox and
notes when it hears of each mail: Dovecot itself waits half a second. The same mails, to the daemon at rest, and to the daemon that has
that many letters to send (decided beforehand, due once it is at work), for as long as they leave. Shown, not asserted: the machine decides.
"""

from __future__ import annotations

import argparse
import imaplib
import math
import random
import smtplib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from at_work import BOX, HOLD, LET_GO, MAIL, Relay, at_work, change, conditions, owe, relay, settings
from servers import HOST
from servers.dovecot import Dovecot

SPACING = (0.7, 1.1)  # seconds between two arrivals: the next one finds the daemon idle again, out of step with Dovecot
SETTLE = 5.0
PATIENCE = 60.0  # seconds for the last AR
TARGETS = "cibles : 60 ms à la médiane, 150 ms au 95e centile"


class Ear:
    """Who listens on the mailbox and does nothing else; `heard`: when the mailbox was told to hold that many mails."""

    def __init__(self, port: int) -> None:
        self.box = imaplib.IMAP4(HOST, port)
        self.box.login(BOX, "secret")
        self.box.select("INBOX", readonly=True)
        self.heard: dict[int, float] = {}
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def _listen(self) -> None:
        self.box.send(b"I1 IDLE\r\n")
        while line := self.box.readline():
            words = line.split()
            if words[2:3] == [b"EXISTS"]:
                self.heard.setdefault(int(words[1]), time.time())


@contextmanager
def listening(port: int) -> Iterator[Ear]:
    ear = Ear(port)
    ear.thread.start()
    try:
        yield ear
    finally:
        ear.box.sock.shutdown(socket.SHUT_RDWR)  # what reads there ends at once
        ear.thread.join()
        ear.box.shutdown()


def p95(waits: Sequence[float]) -> float:
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1]


def arrive(dovecot: Dovecot, n: int) -> float:
    """Delivers the n-th mail; when it was there."""
    addr = f"carl{n}@courriel.example"
    with smtplib.LMTP(HOST, dovecot.lmtp_port) as line:
        line.sendmail(addr, [BOX], MAIL.format(addr, n).encode())
    return time.time()


def mails(dovecot: Dovecot, sending: Relay, first: int, count: int, owed: int) -> dict[int, float]:
    """Lets mails arrive: `count` of them, or with letters owed for as long as those leave; when each arrived, by its number."""
    found = {}
    while len(found) < count and not (owed and old(sending) >= owed):
        number = first + len(found)
        found[number] = arrive(dovecot, number)
        time.sleep(random.uniform(*SPACING))  # noqa: S311
    return found


def new(to: str) -> bool:
    return to.startswith("carl")


def old(sending: Relay) -> int:
    return sum(not new(to) for _, to in sending.accepted)


def tell(title: str, arrived: dict[int, float], sending: Relay, ear: Ear, before: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        acks: dict[str, float] = {}
        for at, to in list(sending.accepted):
            acks.setdefault(to, at)
        if all(f"carl{n}@courriel.example" in acks for n in arrived):
            break
        time.sleep(0.1)
    floor = [ear.heard[before + i + 1] - at for i, at in enumerate(arrived.values()) if before + i + 1 in ear.heard]
    ours = [acks[f"carl{n}@courriel.example"] - at for n, at in arrived.items()]
    print(
        f"{title}, {len(arrived)} messages : AR {median(ours) * 1000:.0f} ms (95e centile {p95(ours) * 1000:.0f}), "
        f"plancher IDLE {median(floor) * 1000:.0f} ms ({p95(floor) * 1000:.0f}) ; écart {(median(ours) - median(floor)) * 1000:.0f} ms "
        f"à la médiane, {(p95(ours) - p95(floor)) * 1000:.0f} au 95e centile",
        flush=True,
    )


def warm(dovecot: Dovecot, sending: Relay, first: int) -> int:
    """A daemon at work for a while has its templates and statements at hand: one mail before; the number of the next."""
    time.sleep(SETTLE)
    arrive(dovecot, first)
    sending.await_accepted(2, PATIENCE)
    return first + 1


def run(title: str, dovecot: Dovecot, first: int, count: int, letters: int) -> int:
    """One daemon with a register of its own; how many mails arrived meanwhile."""
    with tempfile.TemporaryDirectory() as folder, relay() as sending:
        config = settings(Path(folder), dovecot.imap_port, sending.port)
        owed = owe(config, math.ceil(letters / 2)) if letters else 0
        if owed:
            change(config, HOLD)
        with listening(dovecot.imap_port) as ear, at_work(config):
            if owed:
                first = warm(dovecot, sending, first)
                begun = len(sending.accepted)
                change(config, LET_GO)
                sending.await_accepted(begun + 1, PATIENCE)
                title = f"pendant que {owed} lettres partent"
            else:
                time.sleep(SETTLE)
            before = first - 1
            arrived = mails(dovecot, sending, first, count, owed + 1 if owed else 0)  # and the notice of the first
            tell(title, arrived, sending, ear, before)
            if owed:
                times = [at for at, to in sending.accepted[begun:] if not new(to)]
                print(f"  ces lettres : {(len(times) - 1) / (times[-1] - times[0]):.0f}/s", flush=True)
    return len(arrived)


def main(count: int, letters: int) -> None:
    print(f"{conditions()} ; {TARGETS}", flush=True)
    dovecot = Dovecot()
    dovecot.start()
    try:
        run("au repos", dovecot, 1, count, 0)
    finally:
        dovecot.stop()
        dovecot.remove()
    if letters:
        dovecot = Dovecot()
        dovecot.start()
        try:
            run("", dovecot, 1, 10 * count, letters)
        finally:
            dovecot.stop()
            dovecot.remove()


if __name__ == "__main__":
    choice = argparse.ArgumentParser(description=__doc__)
    choice.add_argument("--mails", type=int, default=50)
    choice.add_argument("--letters", type=int, default=1000)
    given = choice.parse_args()
    main(given.mails, given.letters)
