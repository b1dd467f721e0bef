"""What the benchmarks share: a daemon at work until its block ends, a relay that takes all, letters owed beforehand.

Processes are watched through /proc: CPU in nanoseconds of the scheduler (`schedstat`), memory as its peak (`VmHWM`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from servers import HOST  # noqa: E402

from mailbot.config import load  # noqa: E402
from mailbot.corridor.bench import Bench, words  # noqa: E402
from mailbot.corridor.mails import Mails  # noqa: E402
from mailbot.guard import Guard  # noqa: E402
from mailbot.log import log_to  # noqa: E402
from mailbot.store import keep  # noqa: E402
from mailbot.store.ledger import Ledger  # noqa: E402

BOX = "reclamations@ief.example"
FLOOD_OFF = "[intake.flood]\nper_sender = 0\nunproven = 0\nletters = 0\n"
MAIL = (
    "From: Carl <{0}>\r\nTo: reclamations@ief.example\r\nSubject: Formation annulée {1}\r\nMessage-ID: <{1}@courriel.example>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nLa formation a été annulée, je souhaite être remboursé.\r\n"
)
SETTINGS = """mode = "live"
data_dir = "{folder}/data"
[organisation]
name = "Institut Exemple Formation"
[mailbox]
address = "reclamations@ief.example"
host = "127.0.0.1"
port = {imap}
security = "none"
password = "secret"
since = 2020-01-01T00:00:00Z
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
user = "-"
[[staff]]
name = "Bo Martin"
addresses = ["bo@ief.example"]
roles = ["staff", "quality", "direction", "admin"]
"""


def conditions() -> str:
    return f"{os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}"


def settings(folder: Path, imap: int, smtp: int, box: str = BOX) -> Path:
    """A configuration without flood limits, whose start date lies back."""
    file = folder / "mailbot.toml"
    file.write_text(SETTINGS.format(folder=folder, imap=imap, smtp=smtp).replace(BOX, box) + FLOOD_OFF)
    file.chmod(0o600)
    return file


# -- the daemon ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtWork:
    """A daemon that said READY=1 `ready_after` seconds after its start."""

    pid: int
    ready_after: float

    def pids(self) -> list[int]:
        """The daemon first, then the readers that it guards."""
        found = [self.pid]
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
        return found


def cpu(pid: int) -> float:
    """Seconds of CPU of a living process: of all its threads that still live."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def peak(pid: int | str = "self") -> float:
    """The most memory that a process held, in MiB."""
    return _memory(pid, "VmHWM")


def resident(pid: int | str = "self") -> float:
    """What it holds now."""
    return _memory(pid, "VmRSS")


def _memory(pid: int | str, which: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(which))


@contextmanager
def at_work(config: Path) -> Iterator[AtWork]:
    """`mailbot run` with a file, or a folder of several desks, from READY=1 on; ended with SIGTERM, by its own pid."""
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(config.parent / "notify"))
    ear.settimeout(120)
    began = time.monotonic()
    daemon = subprocess.Popen(
        [sys.executable, "-m", "mailbot", "run", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "NOTIFY_SOCKET": str(config.parent / "notify")},
    )
    try:
        while b"READY=1" not in ear.recv(1000):
            pass
        yield AtWork(pid=daemon.pid, ready_after=time.monotonic() - began)
    finally:
        daemon.terminate()
        daemon.wait(30)
        ear.close()
        (config.parent / "notify").unlink()


# -- letters owed ------------------------------------------------------------------------------------------------------------


def owe(config: Path, mails: int) -> int:
    """Decides that many mails in this process and sends nothing; the number of letters that are owed then."""
    return asyncio.run(_owe(config, mails))


async def _owe(config: Path, mails: int) -> int:
    found = load(config, environ={})
    with open(os.devnull, "w") as nowhere:
        log_to(nowhere)
        register = Ledger(found.database_url)
        register.upgrade()
        async with Guard(words(found).to_json()) as guard:
            bench = Bench(found, register, guard, lambda: datetime.now(UTC), random.randbytes)
            for n in range(mails):
                now = datetime.now(UTC)
                spot = keep.Spot(account=BOX, folder="Avant", uidvalidity=1, uid=n + 1)
                raw = MAIL.format(f"avant{n}@courriel.example", f"avant{n}").encode()
                register.run(partial(keep.keep, spot=spot, raw=raw, kind="inbox", received_at=now, now=now))
            await Mails(bench).decide_waiting()
            bench.close()
        with register.engine.connect() as line:
            owed: int = line.exec_driver_sql("SELECT count(*) FROM letter WHERE state = 'owed'").scalar_one()
        register.close()
    return owed


HOLD = "UPDATE letter SET next_try_at = datetime(created_at, '+1 day') WHERE state = 'owed'"
LET_GO = "UPDATE letter SET next_try_at = created_at WHERE state = 'owed'"


def change(config: Path, statement: str) -> None:
    """One statement in a desk's register, a daemon at work on it or not."""
    with contextlib.closing(sqlite3.connect(config.parent / "data" / "mailbot.db", timeout=30)) as line, line:
        line.execute(statement)


# -- the relay ---------------------------------------------------------------------------------------------------------------


@dataclass
class Relay:
    """A sending server that takes everything; `accepted`: when each letter was (time.time()), and to whom it goes."""

    port: int = 0
    accepted: list[tuple[float, str]] = field(default_factory=list)

    def await_accepted(self, count: int, seconds: float) -> None:
        """Returns once `count` letters were accepted. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while len(self.accepted) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.accepted)} lettres acceptées sur {count}")
            time.sleep(0.005)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._say(writer, b"220 relay.example ESMTP")
            to = ""
            while verb := (await reader.readuntil(b"\r\n")).strip():
                word = verb.split()[0].upper()
                if word == b"RCPT":
                    to = verb.partition(b"<")[2].partition(b">")[0].decode()
                if word == b"EHLO":
                    await self._say(writer, b"250-relay.example\r\n250-8BITMIME\r\n250 SIZE 60000000")
                elif word == b"QUIT":
                    await self._say(writer, b"221 bye")
                    break
                elif word == b"DATA":
                    await self._say(writer, b"354 go ahead")
                    await reader.readuntil(b"\r\n.\r\n")
                    await self._say(writer, f"250 Ok: queued as R{len(self.accepted):07d}".encode())
                    self.accepted.append((time.time(), to))
                else:
                    await self._say(writer, b"250 Ok")
        writer.close()

    async def _say(self, writer: asyncio.StreamWriter, words: bytes) -> None:
        writer.write(words + b"\r\n")
        await writer.drain()


@contextmanager
def relay() -> Iterator[Relay]:
    """In a thread of its own."""
    one, ready, end = Relay(), threading.Event(), threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(one.meet, HOST, 0, limit=64 * 2**20)
        one.port = server.sockets[0].getsockname()[1]
        ready.set()
        while not end.is_set():
            await asyncio.sleep(0.1)
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        ready.wait(10)
        yield one
    finally:
        end.set()
        thread.join()
