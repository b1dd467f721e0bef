"""The daily copy of the register, made by the daemon at its hour, and when an admin must hear that there is none."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mailbot import workdays
from mailbot.config import Config, secret_keys
from mailbot.corridor.bench import Bench
from mailbot.store import backup
from mailbot.store.ledger import Session, recall, remember

AGAIN_AFTER = timedelta(hours=1)  # after a copy that failed
log = structlog.get_logger()


class Backups:
    """Makes the copy beside the other work: `tick()` returns at once."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._stopping = threading.Event()
        self._work: asyncio.Task[None] | None = None

    async def tick(self) -> None:
        """Begins today's copy if its hour has come and none is being made."""
        if self._work and not self._work.done():
            return
        if await self.bench.ask(lambda tx: due(tx, self.bench.config, self.bench.clock())):
            self._work = asyncio.create_task(self._make())

    async def finish(self, *, now: bool = False) -> None:
        """Waits for the copy in hand; with `now` it is given up."""
        if now:
            self._stopping.set()
        if self._work:
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def _make(self) -> None:
        config, at = self.bench.config, self.bench.clock()
        try:
            made = await asyncio.to_thread(make, config, None, at, lambda: not self._stopping.is_set())
            trouble = made.faults[0] if made.faults else ""
            await self.bench.db(lambda tx: note(tx, at, made.file, trouble))
            log.info("backup", file=str(made.file), bytes=made.size)
        except backup.Failed as error:
            if not self._stopping.is_set():
                log.error("backup", why=str(error))
                words = str(error)
                await self.bench.db(lambda tx: note(tx, at, None, words))
        except Exception:
            log.exception("backup failed")
            await self.bench.db(lambda tx: note(tx, at, None, "erreur interne, voir le journal du service"))


def make(
    config: Config,
    folder: Path | None,
    now: datetime,
    go_on: Callable[[], bool] = lambda: True,
    step: backup.Step = lambda *_: None,
) -> backup.Copy:
    """A copy of the register, its configuration beside it without secrets, and the old ones taken away. Raises backup.Failed.

    A copy whose journal does not verify is kept, and no older one is taken away for it. `folder`: by default the settings'.
    """
    where = folder or config.backup.folder
    register = register_file(config)
    if where is None or register is None:
        raise backup.Failed("aucun dossier n’est donné")
    made = backup.write(register, where, now, go_on, step)
    text = configuration(config)
    if text:
        backup.write_beside(made.file, text)
    if not made.faults:
        with backup.guarding(f"les anciennes copies de {where} ne s’effacent pas"):
            backup.rotate(where, config.backup.keep, now)
    return made


def configuration(config: Config) -> str:
    """The configuration's text without its secrets, "" when there is none that can be copied."""
    try:
        return secret_keys.without(config.file.read_text(encoding="utf-8-sig")) if config.file else ""
    except OSError:
        return ""


def register_file(config: Config) -> Path | None:
    """The SQLite file; None for PostgreSQL, which has its own tool."""
    url = config.database_url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def note(tx: Session, at: datetime, file: Path | None, trouble: str) -> None:
    """Remembers the last try and, when there is a file, the last copy."""
    remember(tx, "backup_tried_at", at.isoformat())
    remember(tx, "backup_trouble", trouble)
    if file is not None:
        remember(tx, "backup_at", at.isoformat())
        remember(tx, "backup_file", str(file))


def due(tx: Session, config: Config, now: datetime) -> bool:
    """Whether the hour came since the last copy; at once where there never was one, an hour after one that failed."""
    if config.backup.folder is None or register_file(config) is None:
        return False
    last, tried = _moment(tx, "backup_at"), _moment(tx, "backup_tried_at")
    if tried and recall(tx, "backup_trouble"):
        return now - tried >= AGAIN_AFTER
    today = workdays.local_date(now, config.workdays)
    at = workdays.at(today, config.backup.at, config.workdays)
    if at > now:
        at = workdays.at(today - timedelta(days=1), config.backup.at, config.workdays)
    return last is None or last < at


def trouble(tx: Session, config: Config, now: datetime) -> str:
    """What an admin must hear of the copies, in French; "" when they are well, or not asked for."""
    if config.backup.folder is None:
        return ""
    if words := recall(tx, "backup_trouble"):
        return f"la sauvegarde du registre a échoué : {words}"
    last = _moment(tx, "backup_at")
    if last and now - last > backup.TOO_OLD:
        return f"la dernière sauvegarde du registre date du {last:%d/%m/%Y à %H:%M} (UTC)"
    if last and not Path(recall(tx, "backup_file")).exists():
        return f"la dernière sauvegarde du registre n’est plus là : {recall(tx, 'backup_file')}"
    return ""


def last_made(tx: Session) -> datetime | None:
    return _moment(tx, "backup_at")


def _moment(tx: Session, key: str) -> datetime | None:
    known = recall(tx, key)
    return datetime.fromisoformat(known) if known else None
