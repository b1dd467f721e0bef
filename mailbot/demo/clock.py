"""The demo's clock: this machine's, plus the days that the story has leapt over, told to the daemon in one small file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Called, it tells the instant (UTC). The demo sets it forward; the daemon, another process, reads the same file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead()

    def ahead(self) -> timedelta:
        """By how much it is ahead of this machine's clock; nothing until it is set."""
        try:
            return timedelta(seconds=float(self.file.read_text(encoding="ascii")))
        except FileNotFoundError:
            return timedelta()

    def leap_to(self, instant: datetime) -> None:
        """Sets it forward; never back, because mail and register have seen the hours since."""
        ahead = max(self.ahead(), instant - datetime.now(UTC))
        fresh = self.file.with_name(f".{self.file.name}.new")
        fresh.write_text(f"{ahead.total_seconds():.6f}", encoding="ascii")
        fresh.replace(self.file)
