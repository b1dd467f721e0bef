"""Mails that wait in a row: the first in hand, those that follow read meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from mailbot.corridor.bench import Files, Given
from mailbot.message import Message
from mailbot.reading import Reading

AHEAD = (
    4  # mails at most read while others are decided: one with large files takes the reader longer than a decision takes
)
AHEAD_BYTES = 4 * 2**20  # of such mails in all, which lie in memory with the one in hand


@dataclass(frozen=True, kw_only=True)
class Read:
    """A mail as the guard read it, with the files that may travel on."""

    inbound_id: int
    message: Message
    reading: Reading
    files: Files
    unreadable: str = ""


Reader = Callable[[int], Coroutine[Any, Any, Read | None]]


async def _known(read: Read) -> Read:
    return read


class Row:
    """Mails that wait, each with its size where it may be read ahead; which of them are being read ahead, and whether the attempt of
    the first of them is counted."""

    def __init__(self, mails: list[tuple[int, int | None]]) -> None:
        self.mails = mails
        self.counted = 0
        self.given: Given | None = None  # what the first of them holds
        self._reading: dict[int, asyncio.Task[Read | None]] = {}
        self._shared: tuple[int, int | None] | None = None
        self._one = asyncio.Lock()  # a mail and its files are read before the next is begun: the reader holds one

    def go_on(self, read: Reader, may_share: Callable[[Read], bool]) -> Read | None:
        """Begins to read those that come next, as many as there is room for. One that is read by now leaves the row, when it may share
        the commit of the mail in hand."""
        self._begin(read)
        reading = self._reading.get(self.mails[0][0]) if self.mails else None
        if reading is None or not reading.done() or reading.cancelled() or reading.exception():
            return None
        found = reading.result()
        if found is None or not may_share(found):
            return None
        self._shared = self.mails.pop(0)
        del self._reading[found.inbound_id]
        self._begin(read)
        return found

    def put_back(self, read: Read) -> None:
        """What left the row last is its first again."""
        assert self._shared is not None
        self.mails.insert(0, self._shared)
        self._reading[read.inbound_id] = asyncio.create_task(_known(read))

    def _begin(self, read: Reader) -> None:
        room = AHEAD_BYTES
        for inbound_id, size in self.mails[:AHEAD]:
            if size is None or size > room:
                return
            room -= size
            if inbound_id not in self._reading:
                self._reading[inbound_id] = asyncio.create_task(self._read(inbound_id, read))

    async def _read(self, inbound_id: int, read: Reader) -> Read | None:
        async with self._one:
            return await read(inbound_id)

    @property
    def ahead(self) -> int | None:
        """The mail that comes next, if its reading was begun."""
        return self.mails[0][0] if self.mails and self.mails[0][0] in self._reading else None

    def take(self, inbound_id: int) -> asyncio.Task[Read | None] | None:
        """The reading of this mail, if it was begun."""
        return self._reading.pop(inbound_id, None)

    async def drop(self) -> None:
        """Whoever stops does not wait for what was read ahead."""
        for reading in self._reading.values():
            reading.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)
