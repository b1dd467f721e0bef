"""The program as a process: configured, started, killed, asked; and its register, read from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import registers
from audit import rows

from mailbot.demo.clock import Clock

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds; only ever reached by a program that is stuck

_CONFIG = """\
mode = "{mode}"
data_dir = "{data_dir}"

[organisation]
name = "Institut Exemple Formation"
phone = "06 39 98 00 10"
domains = ["{house}"]

[mailbox]
address = "{address}"
addresses = ["contact@{house}"]
host = "127.0.0.1"
port = {imap_port}
security = "none"
password = "secret"
junk = "Junk"
sent = "Sent"
file_into = "{file_into}"
authserv_id = "mx.ief.example"
since = {since}
poll_seconds = 5

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
password = "secret"

[[staff]]
name = "Bo Lefort"
addresses = ["bo@{house}"]

[[staff]]
name = "Ann Delmas"
addresses = ["ann@{house}"]
roles = ["quality"]

[[staff]]
name = "Dora Kerlan"
addresses = ["dora@{house}"]
roles = ["direction"]

[[staff]]
name = "Dan Ostrowski"
addresses = ["dan@{house}"]
roles = ["admin"]

[calendar]
send_from = 00:00:00
send_until = 23:59:59
digest_at = 00:01:00

[assignment]
default = "bo@{house}"

[[assignment.rules]]
to = "ann@{house}"
words = ["soudage"]

[intake]
forms = ["site@{house}"]

[intake.flood]
per_sender = 0
unproven = 0

[database]
url = "{url}"
"""

# One process asks for many stories: starting Python costs more than the question.
_ASK = """\
import contextlib, io, json, sys
from mailbot.cli import main
for config, number in json.load(sys.stdin):
    said, sys.argv = io.StringIO(), ["mailbot", "why", number, "--json", "--config", config]
    with contextlib.redirect_stdout(said):
        try:
            main()
        except SystemExit as end:
            if end.code:
                raise
    print(json.dumps(json.loads(said.getvalue())))
"""


class Desk:
    """One desk with its own folder. `house` is the organisation's domain."""

    def __init__(
        self,
        folder: Path,
        *,
        house: str,
        address: str,
        imap_port: int,
        smtp_port: int,
        since: datetime,
        file_into: str = "",
        mode: str = "live",
        url: str = "",
    ) -> None:
        """`url`: of a register in PostgreSQL, which several desks may share; "": one of its own."""
        self.folder, self.data_dir = folder, folder / "data"
        self.data_dir.mkdir(parents=True)
        self.url = url or registers.setting(self.data_dir)  # "": an SQLite file
        self.config = folder / "config.toml"
        self.log_path = folder / "log"
        self.clock = Clock(folder / "clock")  # this machine's, until it leaps
        self._process: subprocess.Popen[bytes] | None = None
        self.leaping = False
        self.config.write_text(
            _CONFIG.format(
                mode=mode,
                data_dir=self.data_dir,
                house=house,
                address=address,
                imap_port=imap_port,
                smtp_port=smtp_port,
                file_into=file_into,
                since=since.isoformat(),
                url=self.url,
            )
        )
        self.config.chmod(0o600)

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        if self.running():
            self.kill()

    @property
    def register(self) -> Path | str:
        return self.url or self.data_dir / "mailbot.db"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # -- the process -------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, failpoint: str = "", *words: str, under: Sequence[str] = (), leaping: bool = False) -> None:
        """Starts the daemon, killed by itself at `failpoint` (« K04:2 »); `under`: a program that runs it, and its words.

        `leaping`: on `self.clock` instead of this machine's.
        """
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAILBOT_")}
        if failpoint:
            environment["MAILBOT_FAILPOINT"] = failpoint
        self.leaping = leaping
        command = [*under, sys.executable, "-m", "mailbot", "run", *words, "--config", str(self.config)]
        if leaping:
            command = [sys.executable, "-m", "mailbot.demo.daemon", str(self.config), str(self.clock.file)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def wait(self) -> int:
        """The exit status; negative for the signal that ended it. Raises TimeoutExpired."""
        assert self._process is not None
        try:
            return self._process.wait(PATIENCE)
        finally:
            self.kill()

    def end(self) -> int | None:
        """The exit status of a daemon that is about to kill itself; None, and stopped, if it did not."""
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> int:
        """SIGKILL, if it still runs; the exit status."""
        assert self._process is not None
        self._process.kill()
        return self._process.wait(10)

    def stop(self) -> int:
        """SIGTERM: a clean stop; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def once(self, failpoint: str = "") -> int:
        """`run --once`; the exit status."""
        self.start(failpoint, "--once")
        return self.wait()

    def children_of(self, pid: int) -> int:
        """How many readers of a dead daemon are left; an end that is on its way is waited for."""
        deadline = time.monotonic() + 10
        while (left := _readers(pid)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mailbot", *words, "--config", str(self.config)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    # -- the register ------------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return rows(self.register, query, *values)

    def furnished(self) -> bool:
        """Whether the register has its tables."""
        if self.url:
            return bool(self.rows("SELECT 1 FROM pg_tables WHERE tablename = 'journaltext'"))
        here = Path(self.register)
        return here.exists() and bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'journaltext'"))

    def await_idle(self, traces: Iterable[str] = ()) -> None:
        """Returns when the daemon has nothing left to do about the mails with these traces. Raises AssertionError."""
        wanted = [trace.encode() for trace in traces]
        deadline = time.monotonic() + PATIENCE
        while not self.idle(wanted):
            assert self.running(), f"the daemon ended: {self.log[-3000:]}"
            assert time.monotonic() < deadline, f"not idle: {self._waiting()}\n{self.log[-3000:]}"
            time.sleep(0.1)

    def await_idle_or_end(self, traces: Iterable[str]) -> int | None:
        """The exit status of a daemon that ended, None for one that is idle. Raises AssertionError."""
        assert self._process is not None
        try:
            self.await_idle(traces)
        except AssertionError:
            if self.running():
                raise
        return self._process.poll()

    def idle(self, wanted: Iterable[bytes]) -> bool:
        if not self.furnished():
            return False
        kept = [row["data"][:2000] for row in self.rows("SELECT data FROM raw")]
        return all(any(trace in data for data in kept) for trace in wanted) and not self._waiting()

    def _waiting(self) -> list[dict[str, Any]]:
        now = f"{self.clock():%Y-%m-%d %H:%M:%S.%f}" if not self.url else self.clock()
        mails = self.rows("SELECT id, state, attempts FROM inbound WHERE state = 'kept'")
        letters = self.rows(
            "SELECT name, state, answer FROM letter WHERE state = 'claimed' OR state = 'owed' AND next_try_at <= ?", now
        )
        return [*mails, *letters, *(self._due(now) if self.leaping else ())]

    def _due(self, now: object) -> list[dict[str, Any]]:
        """What the next tick does; a desk on today's clock is not waited for: nothing is due before tomorrow."""
        due = self.rows("SELECT key FROM due WHERE done_at IS NULL AND at <= ?", now)
        return [*due, *self.rows("SELECT number FROM complaint WHERE look_at <= ?", now)]

    def hasten(self, kind: str) -> None:
        """As if the hour of what is due had come: its rows are set one minute back. Only while nothing runs."""
        assert not self.running()
        at = datetime.now(UTC) - timedelta(minutes=1)
        earlier = "UPDATE due SET at = :at WHERE kind = :kind AND done_at IS NULL"
        registers.change(self.data_dir, earlier, at=at if self.url else f"{at:%Y-%m-%d %H:%M:%S.%f}", kind=kind)

    def numbers(self, series: str = "real") -> list[str]:
        found = self.rows('SELECT number FROM complaint WHERE series = ? ORDER BY "rank"', series)
        return [row["number"] for row in found]


def _readers(parent: int) -> int:
    """Processes that read mails for this pid, which they were started with."""
    found = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            words = file.read_bytes().split(b"\0")
            found += b"mailbot.guarded" in words and str(parent).encode() in words
    return found


def stories(asked: Iterable[tuple[Path, str]]) -> list[dict[str, Any]]:
    """What `why NUMBER --json` tells for each (configuration, number)."""
    questions = json.dumps([(str(config), number) for config, number in asked])
    run = [sys.executable, "-c", _ASK]
    done = subprocess.run(run, cwd=ROOT, input=questions, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
