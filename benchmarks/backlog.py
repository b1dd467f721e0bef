"""A backlog: the least honest work, and mailbot, on the same mails, the same Dovecot and the same sink; in turn, several rounds.

`make bench` ; `ARGS="--mails 500 --rounds 3"`. The floor keeps what must not be saved: fetch whole, parse (standard
library), raw bytes and a row in SQLite with an fsync each, one small mail over SMTP; one mail after the other, and
overlapped (fetch, keep and send in a thread each). Shown, not asserted: the machine decides; only the ratios of one
round, taken minutes apart on one machine, can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import email
import hashlib
import imaplib
import os
import queue
import random
import smtplib
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from at_work import FLOOD_OFF, SETTINGS  # noqa: E402
from servers import HOST  # noqa: E402
from servers.dovecot import Dovecot  # noqa: E402
from sink import Sink  # noqa: E402

BOX = "reclamations@ief.example"
LONGEST = 900.0  # seconds that one run may take


@dataclass(frozen=True)
class Run:
    """One run; `cpu`: of the program and its children, without the servers; `peak_mb`: of the largest of these processes."""

    seconds: float
    cpu: float
    peak_mb: float


def mixed(count: int) -> Iterator[bytes]:
    """Mails as they come, the same ones each time: short ones, pages, and one in five with a file (up to 2 MB)."""
    chance = random.Random(9)  # noqa: S311
    for n in range(count):
        head = (
            f"From: Carl <carl{n}@courriel.example>\r\nTo: {BOX}\r\nSubject: Formation annulée {n}\r\n"
            f"Message-ID: <{n}@courriel.example>\r\nMIME-Version: 1.0\r\n"
        )
        words = "La formation a été annulée, je souhaite être remboursé. " * chance.randint(1, 30)
        text = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        page = f"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{words}</p></body></html>\r\n"
        if n % 5 == 0:
            data = base64.encodebytes(chance.randbytes(chance.choice((50_000, 500_000, 2_000_000)))).decode()
            data = data.replace("\n", "\r\n")
            file = (
                'Content-Type: application/pdf; name="preuve.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + data
            )
            body = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + text + "--b\r\n" + file + "--b--\r\n"
        elif n % 2:
            body = (
                'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\n'
                + text
                + "--b\r\n"
                + page
                + "--b--\r\n"
            )
        else:
            body = text
        yield (head + body).encode()


# -- the floor, run in a process of its own so that its CPU and memory are its own --------------------------------------


def _register(path: str) -> sqlite3.Connection:
    line = sqlite3.connect(path, check_same_thread=False)
    line.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE raw (sha TEXT PRIMARY KEY, data BLOB);"
        "CREATE TABLE mail (id INTEGER PRIMARY KEY, sha TEXT, sender TEXT, subject TEXT, parts INTEGER)"
    )
    return line


def _keep(line: sqlite3.Connection, raw: bytes) -> str:
    read = email.message_from_bytes(raw, policy=policy.default)
    parts = [p.get_payload(decode=True) for p in read.walk() if not p.is_multipart()]
    sha, sender = hashlib.sha256(raw).hexdigest(), str(read["from"])
    with line:
        line.execute("INSERT INTO raw VALUES (?, ?)", (sha, raw))
        row = (sha, sender, str(read["subject"]), len(parts))
        line.execute("INSERT INTO mail (sha, sender, subject, parts) VALUES (?, ?, ?, ?)", row)
    return str(read["from"].addresses[0].addr_spec)


def _answer(out: smtplib.SMTP, to: str) -> None:
    out.sendmail(BOX, [to], f"From: {BOX}\r\nTo: {to}\r\nSubject: AR\r\n\r\nBien recu.\r\n".encode())


def floor(imap_port: int, smtp_port: int, folder: str, *, overlapped: bool) -> None:
    box = imaplib.IMAP4(HOST, imap_port)
    box.login(BOX, "secret")
    box.select("INBOX", readonly=True)
    uids = box.uid("SEARCH", "ALL")[1][0].split()
    raws = (box.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in uids)
    line, out = _register(f"{folder}/floor.db"), smtplib.SMTP(HOST, smtp_port)
    if not overlapped:
        for raw in raws:
            _answer(out, _keep(line, raw))
        return
    fetched: queue.Queue[bytes | None] = queue.Queue(8)
    kept: queue.Queue[str | None] = queue.Queue(8)

    def keep_all() -> None:
        while (raw := fetched.get()) is not None:
            kept.put(_keep(line, raw))
        kept.put(None)

    def answer_all() -> None:
        while (to := kept.get()) is not None:
            _answer(out, to)

    threads = [threading.Thread(target=work) for work in (keep_all, answer_all)]
    for thread in threads:
        thread.start()
    for raw in raws:
        fetched.put(raw)
    fetched.put(None)
    for thread in threads:
        thread.join()


# -- the measuring ---------------------------------------------------------------------------------------------------------


def timed(command: list[str]) -> Run:
    """Runs a program to its end in a measuring process, which tells what it and its children used."""
    probe = (
        "import resource,subprocess,sys,time; t=time.monotonic(); c=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN); print(time.monotonic()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024); sys.exit(c)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, timeout=LONGEST, check=True,
    )  # fmt: skip
    seconds, cpu, peak = map(float, done.stdout.split())
    return Run(seconds=seconds, cpu=cpu, peak_mb=peak)


def mailbot(imap_port: int, smtp_port: int, folder: Path, count: int) -> Run:
    """`mailbot run --once`: takes the whole backlog in, decides, sends; every file must have its AR accepted."""
    config = folder / "mailbot.toml"
    config.write_text(SETTINGS.format(folder=folder, imap=imap_port, smtp=smtp_port) + FLOOD_OFF)
    config.chmod(0o600)
    run = timed([sys.executable, "-m", "mailbot", "run", "--once", "--config", str(config)])
    with sqlite3.connect(folder / "data" / "mailbot.db") as line:
        [sent] = line.execute("SELECT count(*) FROM letter WHERE kind = 'ack' AND state = 'sent'").fetchone()
        [size] = line.execute("SELECT sum(length(data)) FROM raw").fetchone()
    assert sent == count, f"{sent} AR pour {count} messages"
    total = sum(f.stat().st_size for f in (folder / "data").glob("mailbot.db*"))
    print(f"    registre : {total / count / 1024:.0f} Kio par message, dont {size / count / 1024:.0f} de courriel brut")
    return run


@contextmanager
def sink() -> Iterator[int]:
    """The SMTP server of the tests, in a thread of its own."""
    ready, port, over = threading.Event(), [0], threading.Event()

    async def serve() -> None:
        async with Sink() as taking:
            port[0] = taking.port
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.2)
                taking.taken.clear()
                taking.lines.clear()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        ready.wait(10)
        yield port[0]
    finally:
        over.set()
        thread.join()


def fill(dovecot: Dovecot, count: int) -> None:
    with smtplib.LMTP(HOST, dovecot.lmtp_port) as line:
        for n, raw in enumerate(mixed(count)):
            line.sendmail(f"carl{n}@courriel.example", [BOX], raw)


def once(imap_port: int, smtp_port: int, count: int) -> dict[str, Run]:
    own = [sys.executable, __file__, "--floor", str(imap_port), str(smtp_port)]
    kinds: dict[str, Callable[[str], Run]] = {
        "plancher, l’un après l’autre": lambda folder: timed([*own, folder, "serial"]),
        "plancher, en parallèle": lambda folder: timed([*own, folder, "overlapped"]),
        "mailbot": lambda folder: mailbot(imap_port, smtp_port, Path(folder), count),
    }
    found = {}
    for name, run in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = one = run(folder)
        rate, each = count / one.seconds, one.cpu / count * 1000
        print(f"  {name} : {rate:.1f}/s, {each:.1f} ms de CPU par message, pointe {one.peak_mb:.0f} Mio", flush=True)
    return found


def main(count: int, rounds: int) -> None:
    print(f"{count} messages, {rounds} tours, {os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}", flush=True)
    dovecot, ratios = Dovecot(), []
    dovecot.start()
    try:
        fill(dovecot, count)
        with sink() as smtp_port:
            for n in range(rounds):
                print(f"tour {n + 1}, charge {os.getloadavg()[0]:.1f}", flush=True)
                found = once(dovecot.imap_port, smtp_port, count)
                serial, least, ours = found.values()
                rates = (least.seconds / ours.seconds, serial.seconds / ours.seconds)
                ratios.append((*rates, ours.cpu / least.cpu, ours.cpu / serial.cpu))
    finally:
        dovecot.stop()
        dovecot.remove()
    over, after, cpu, alone = (median(column) for column in zip(*ratios, strict=True))
    print(f"débit : {over:.2f} du plancher en parallèle, {after:.2f} du plancher en série")
    print(f"CPU : {cpu:.2f} fois le plancher en parallèle, {alone:.2f} fois le plancher en série")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        floor(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], overlapped=sys.argv[5] == "overlapped")
    else:
        choice = argparse.ArgumentParser(description=__doc__)
        choice.add_argument("--mails", type=int, default=500)
        choice.add_argument("--rounds", type=int, default=3)
        given = choice.parse_args()
        main(given.mails, given.rounds)
