"""Copies of an SQLite register, made while it is at work, and what is made of them again.

SQLite's online backup, run inside one read transaction: the snapshot can be counted and compared, and in WAL mode the writers
go on meanwhile. Nothing has its final name before it was checked and is on the disk.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbot.store import instance, journal
from mailbot.store.ledger import Ledger, Session, Trouble, recall

STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"mailbot-(\d{8}T\d{6}Z)\.(?:db|toml)")
SIDES = ("-wal", "-shm", "-journal")
PAGES = 2000  # copied between two questions whether to go on
TOO_OLD = timedelta(hours=36)  # a day, and half of one for a machine that slept
STALE = timedelta(days=1)  # a temporary file this old is nobody's any more


class Failed(RuntimeError):
    """No copy was made, or it is not whole; the message, in French, says why. Nothing was left behind."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A register as it was copied. `rows`: how many each table holds; `faults`: what its journal does not verify."""

    file: Path
    rows: dict[str, int]
    size: int
    head: str
    faults: tuple[str, ...]


Step = Callable[[int, int], object]  # pages copied, pages in all


def _unseen(done: int, pages: int) -> None:
    """Nobody looks on."""


def write(
    register: Path, folder: Path, now: datetime, go_on: Callable[[], bool] = lambda: True, step: Step = _unseen
) -> Copy:
    """One checked copy in `folder`. Whoever opens it with a daemon has a mute desk, however it came there."""
    with guarding(f"aucune copie n’a été faite dans {folder}"):
        _open_folder(folder)
        _sweep(folder, now)
        with _draft(folder) as draft:
            rows = _copy(register, draft, go_on, step)
            head, faults = _within(draft, lambda tx: _mark(tx, f"ce registre est une copie du {_day(now)}"))
            return _finish(draft, folder / f"mailbot-{now.astimezone(UTC):{STAMP}}.db", rows, head, faults)


def write_beside(copy: Path, text: str) -> Path:
    """The configuration's text beside the copy of the register, with the same name and rights."""
    target = copy.with_suffix(".toml")
    with guarding("la configuration n’a pas été copiée"), _draft(copy.parent) as draft:
        draft.write_text(text, encoding="utf-8")
        _to_disk(draft)
        os.replace(draft, target)
        _to_disk(target.parent)
    return target


def restore(
    file: Path,
    target: Path,
    now: datetime,
    *,
    new_id: str,
    who: str,
    salt: str,
    anyway: bool,
    step: Step = _unseen,
) -> Copy:
    """Makes `target`, which must not exist, of a copy: checked, brought to this program's schema, with a new id, mute.

    `anyway`: also if its journal does not verify. Raises Failed, engine.NewerSchema.
    """
    taken = [p for p in (target, *(Path(f"{target}{side}") for side in SIDES)) if p.exists()]
    if taken:
        raise Failed(f"il y a déjà un registre ({taken[0]}) : rien n’est écrasé. Donnez un data_dir vide")

    def resettle(tx: Session) -> None:
        instance.become_copy(tx, f"ce registre a été restauré le {_day(now)}", new_id)
        journal.write(
            tx,
            at=now,
            complaint_id=None,
            number="",
            event="restored",
            actor=who,
            cause="command:restore",
            text=f"restauré depuis {file.name}",
            salt=salt,
        )

    with guarding(f"rien n’a été restauré depuis {file}"):
        _open_folder(target.parent)
        with _draft(target.parent) as draft:
            rows = _copy(file, draft, step=step)
            head, faults = _within(draft, resettle, upgrade=True)
            if faults and not anyway:
                raise Failed(
                    f"le journal de cette copie ne se vérifie pas ({faults[0]}) ; --anyway la restaure telle quelle"
                )
            return _finish(draft, target, rows, head, faults)


def rotate(folder: Path, keep: int, now: datetime) -> list[Path]:
    """Takes away the copies older than `keep` days; never the last one."""
    found = {p: m[1] for p in folder.iterdir() if (m := NAME.fullmatch(p.name))}
    last = max(found.values(), default="")
    limit = f"{now.astimezone(UTC) - timedelta(days=keep):{STAMP}}"
    old = sorted(p for p, stamp in found.items() if stamp < limit and stamp != last)
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _copy(source: Path, draft: Path, go_on: Callable[[], bool] = lambda: True, step: Step = _unseen) -> dict[str, int]:
    """The snapshot, page for page; checked and counted against the one it was taken from."""

    def copied(_: int, left: int, pages: int) -> None:
        if not go_on():
            raise Failed("la copie a été interrompue : le bureau s’arrête")
        step(pages - left, pages)

    if not source.is_file():
        raise Failed(f"ce fichier n’existe pas : {source}")
    here = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30, isolation_level=None)
    there = sqlite3.connect(draft, isolation_level=None)
    with closing(here), closing(there):
        here.execute("BEGIN")
        wanted = _counts(here)
        if "journal" not in wanted:
            raise Failed(f"{source} n’est pas un registre de mailbot")
        here.backup(there, pages=PAGES, progress=copied)
        there.set_progress_handler(lambda: not go_on(), 100_000)
        damage = [str(row[0]) for row in there.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        damage += [f"référence perdue dans {row[0]}" for row in there.execute("PRAGMA foreign_key_check")][:5]
        if damage:
            raise Failed(f"le registre copié est abîmé : {damage[0]}")
        if _counts(there) != wanted:
            raise Failed("la copie n’a pas autant de lignes que le registre")
        return wanted


def _counts(db: sqlite3.Connection) -> dict[str, int]:
    tables = [
        r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    ]
    return {t: db.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in sorted(tables)}  # noqa: S608


def _within(draft: Path, act: Callable[[Session], None], *, upgrade: bool = False) -> tuple[str, tuple[str, ...]]:
    """What its journal is worth, before `act` writes into it."""
    register = Ledger(f"sqlite:///{draft}")
    try:
        if upgrade:
            register.upgrade()
        head, faults = register.ask(lambda tx: (journal.last_head(tx), tuple(journal.broken(tx))))
        register.run(act)
        return head, faults
    finally:
        register.close()


def _mark(tx: Session, why: str) -> None:
    """The copy keeps its id: it is the same desk's record. Only that it may not speak is new."""
    instance.become_copy(tx, why, recall(tx, instance.ID))


def _finish(draft: Path, target: Path, rows: dict[str, int], head: str, faults: tuple[str, ...]) -> Copy:
    """One file without company, on the disk, under its name; a name that is taken is never overwritten."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    _to_disk(draft)
    try:
        os.link(draft, target)
    except FileExistsError:
        raise Failed(f"{target} existe déjà : rien n’est écrasé") from None
    _to_disk(target.parent)
    return Copy(file=target, rows=rows, size=target.stat().st_size, head=head, faults=faults)


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A temporary file that only we may read; gone at the end, unless it got its name."""
    handle, name = tempfile.mkstemp(prefix=".mailbot-", suffix=".tmp", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for path in (name, *(f"{name}{side}" for side in SIDES)):
            Path(path).unlink(missing_ok=True)


@contextlib.contextmanager
def guarding(what: str) -> Iterator[None]:
    """Whatever the disk or the database says no with becomes Failed."""
    try:
        yield
    except OSError as error:
        raise Failed(f"{what} : {error.strerror or error}") from error
    except (sqlite3.Error, Trouble) as error:
        raise Failed(f"{what} : {getattr(error, 'orig', None) or error}") from error


def _open_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _sweep(folder: Path, now: datetime) -> None:
    """What a killed backup left."""
    for path in folder.glob(".mailbot-*.tmp*"):
        if path.stat().st_mtime < (now - STALE).timestamp():
            path.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d/%m/%Y à %H:%M} (UTC)"
