"""Where the demo is played: its output folder (mailboxes as .eml, page, demo.json) and the real daemon as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import mailbot
from mailbot.demo import page

MARKER = "mailbot_demo"  # the key of demo.json that says: this folder is ours to empty
OURS = (
    "mailboxes",
    "register",
    "index.html",
    "mailbot.toml",
    "mailbot.log",
    "clock",
    "demo.json",
)  # the marker goes last
STOP_SECONDS = 10.0


class Occupied(RuntimeError):
    """The output folder can't be used; str() says why, in French."""


class Folder:
    """The output folder of one demo."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.register = self.path / "register" / "mailbot.db"
        self.page = self.path / "index.html"
        self.facts = self.path / "demo.json"
        self.settings = self.path / "mailbot.toml"
        self.log = self.path / "mailbot.log"
        self.clock = self.path / "clock"
        self.mailboxes = self.path / "mailboxes"

    def open(self) -> None:
        """Empties the folder of an earlier demo and makes it ready. Raises Occupied, OSError."""
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            known = read_facts(self.path)
            if known is None:
                raise Occupied(f"{self.path} n’est pas vide et ne vient pas d’une démonstration : rien n’y est touché.")
            if _answers(known):
                raise Occupied(f"Une démonstration tourne déjà dans {self.path} : arrêtez-la (Ctrl-C), ou --out AUTRE.")
            self._empty()
        for folder in (self.path, self.mailboxes, self.register.parent):
            folder.mkdir(parents=True, exist_ok=True)

    def _empty(self) -> None:
        """Only what a demo writes; a stranger's file in it stays."""
        for name in OURS:
            target = self.path / name
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

    def write_facts(self, facts: dict[str, Any]) -> None:
        """demo.json: what `mailbot demo send`, or any outsider, needs to know."""
        _replace(self.facts, json.dumps({MARKER: 1, **facts}, ensure_ascii=False, indent=2).encode())

    def write_settings(self, text: str) -> None:
        """The daemon's configuration; it holds passwords, so nobody else may read it."""
        self.settings.touch(mode=0o600)
        self.settings.write_text(text, encoding="utf-8")

    def keep(self, addr: str, mails: Sequence[bytes]) -> tuple[tuple[str, bytes], ...]:
        """Writes each mail of a mailbox as NNN.eml, once; returns (path relative to the folder, bytes)."""
        box = self.mailboxes / folder_name(addr)
        box.mkdir(exist_ok=True)
        kept = []
        for number, raw in enumerate(mails, start=1):
            file = box / f"{number:03d}.eml"
            if not file.exists():
                _replace(file, raw)
            kept.append((file.relative_to(self.path).as_posix(), raw))
        return tuple(kept)

    def write_page(self, boxes: Sequence[page.Box], rows: Iterable[Sequence[str]], **words: Any) -> None:
        _replace(self.page, page.render(boxes, rows=rows, **words).encode("utf-8", "replace"))


def folder_name(addr: str) -> str:
    """The address as a name of a folder: nothing in it climbs or hides, and no two addresses share one."""
    plain = re.sub(r"[^a-z0-9@._+-]", "_", addr.lower(), flags=re.ASCII).lstrip(".")[:100]
    if plain and plain == addr:
        return plain
    return f"{plain}-{hashlib.sha256(addr.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def read_facts(folder: Path) -> dict[str, Any] | None:
    """What demo.json says; None when there is none of ours."""
    try:
        known = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and MARKER in known else None


def _answers(known: dict[str, Any]) -> bool:
    """Whether the demo that wrote these facts is still up: something greets at its SMTP port."""
    try:
        with socket.create_connection((known["smtp"]["host"], known["smtp"]["port"]), timeout=2) as connection:
            return connection.recv(200).startswith(b"220")
    except (OSError, KeyError, TypeError):
        return False


def _replace(file: Path, data: bytes) -> None:
    """Whole or not at all: somebody may be looking."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(data)
    fresh.replace(file)


class Daemon:
    """The daemon of `mailbot run`, a process of its own, on the demo's clock. `async with`: always stopped, by its pid."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Daemon:
        # A session of its own: Ctrl-C in the terminal is for the demo, which then stops the daemon in good order.
        with self.folder.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "mailbot.demo.daemon", str(self.folder.settings), str(self.folder.clock)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def ended(self) -> int | None:
        """Its exit code once it is over."""
        return self.process.returncode if self.process else None

    def last_words(self) -> list[str]:
        """The end of its log."""
        return self.folder.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]


def _environment() -> dict[str, str]:
    """Ours, without what would change the daemon's settings behind the demo's back."""
    foreign = ("CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MAILBOT_") and k not in foreign}
    here = str(Path(mailbot.__file__).parents[1])  # the very mailbot that plays, whatever folder it is called from
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": here}
