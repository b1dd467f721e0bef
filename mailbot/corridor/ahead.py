"""Mails that wait in a row: the first in hand, the second read meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from mailbot.corridor.bench import Files
from mailbot.message import Message
from mailbot.reading import Reading

AHEAD_BYTES = 4 * 2**20  # of a mail that may be read while another is decided: both lie in memory


@dataclass(frozen=True, kw_only=True)
class Read:
    """A mail as the guard read it, with the files that may travel on."""

    inbound_id: int
    message: Message
    reading: Reading
    files: Files
    unreadable: str = ""


class Row:
    """Mails that wait, and whether each may be read ahead; which one is being read ahead, and whether its attempt is counted."""

    def __init__(self, mails: list[tuple[int, bool]]) -> None:
        self.mails = mails
        self.ahead: int | None = None
        self.counted = 0
        self.given: tuple[bytes, bool] | None = None  # what the first of them holds
        self._reading: asyncio.Task[Read | None] | None = None

    def begin(self, inbound_id: int, reading: Coroutine[Any, Any, Read | None]) -> None:
        self.ahead, self._reading = inbound_id, asyncio.create_task(reading)

    def take(self, inbound_id: int) -> asyncio.Task[Read | None] | None:
        """The reading of this mail, if it was begun."""
        reading, ahead = self._reading, self.ahead
        self.ahead = self._reading = None
        return reading if ahead == inbound_id else None

    async def drop(self) -> None:
        """Whoever stops does not wait for what was read ahead."""
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
