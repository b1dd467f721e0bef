"""Where the mails for `inspect` and `import` come from: one file, a mailbox file, a folder of either. Read one at a time."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

ENDINGS = (".eml", ".mbox", ".mbx")
MAILDIR = ("cur", "new")
_DATED = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T _-]?(\d\d)[h:.-]?(\d\d))?[ _-]*(.*)", re.ASCII)
_NOON = ("12", "00")


@dataclass(frozen=True)
class Source:
    """One mail, not yet read."""

    name: str
    read: Callable[[], bytes]


def standard_input() -> list[Source]:
    return [Source("-", sys.stdin.buffer.read)]


def found(path: Path) -> list[Source]:
    """The mails at `path`, in order. Of a folder: *.eml, *.mbox, and what a Maildir keeps in cur and new. Raises OSError."""
    if not path.is_dir():
        return list(_in_file(path, str(path)))
    files = sorted(each for each in path.rglob("*") if each.is_file() and _is_mail(each))
    return [source for file in files for source in _in_file(file, str(file.relative_to(path)))]


def _is_mail(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS or file.parent.name in MAILDIR


def _in_file(file: Path, name: str) -> Iterator[Source]:
    starts = _envelope_lines(file)
    if len(starts) < 2:  # a mail saved with its envelope line is one mail
        yield Source(name, file.read_bytes)
        return
    for number, (start, end) in enumerate(pairwise([*starts, file.stat().st_size]), 1):
        yield Source(f"{name}#{number}", partial(_slice, file, start, end))


def _envelope_lines(file: Path) -> list[int]:
    """Where the mails of an mbox begin: lines « From … » behind an empty one; [] for a file that does not begin so."""
    starts: list[int] = []
    at, blank = 0, True
    with file.open("rb") as opened:
        if opened.read(5) != b"From ":
            return []
        opened.seek(0)
        for row in opened:
            if blank and row.startswith(b"From "):
                starts.append(at)
            at, blank = at + len(row), not row.strip()
    return starts


def _slice(file: Path, start: int, end: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(start)
        return opened.read(end - start)


def named(stem: str, zone: ZoneInfo) -> tuple[datetime | None, str] | None:
    """What a name like « 2026-03-23 0905 awa » says: that local time, noon without an hour, and the rest; None when it says no
    day, a None instant when that day is none."""
    found = _DATED.match(stem)
    if not found:
        return None
    year, month, day, hour, minute, rest = found.groups()
    hour, minute = (hour, minute) if hour else _NOON
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=zone), rest or stem
    except ValueError:
        return None, rest
