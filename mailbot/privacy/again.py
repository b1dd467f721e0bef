"""The daemon's part in an erasure: what a killed or unlucky command left to do is taken up again, beside the other work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from mailbot.corridor.bench import Bench
from mailbot.mailbox import Mailbox
from mailbot.privacy import erasing
from mailbot.store import erase

PATIENCE = timedelta(minutes=10)  # whoever typed the command may still be at it
log = structlog.get_logger()


class Again:
    """`tick()` returns at once. `connection`: makes a mailbox of its own, not connected."""

    def __init__(self, bench: Bench, connection: Callable[[], Mailbox]) -> None:
        self.bench = bench
        self.connection = connection
        self.tried_at: datetime | None = None
        self._work: asyncio.Task[None] | None = None
        self._mailbox: Mailbox | None = None

    async def tick(self) -> None:
        """Begins where something is left to do, at most once in ten minutes."""
        now = self.bench.clock()
        if (self._work and not self._work.done()) or (self.tried_at and now - self.tried_at < PATIENCE):
            return
        waiting = await self.bench.ask(erase.unfinished)
        if waiting and now - waiting[0].at >= PATIENCE:
            self.tried_at = now
            self._work = asyncio.create_task(self._finish())

    async def finish(self) -> None:
        """Ends the work in hand: what it leaves is taken up at the next start."""
        if self._mailbox:
            self._mailbox.interrupt()
        await self.wait()

    async def wait(self) -> None:
        """Until the work in hand has come to its end."""
        if self._work:
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def _finish(self) -> None:
        bench, self._mailbox = self.bench, self.connection()
        try:
            told = await asyncio.to_thread(
                erasing.follow, bench.ledger, bench.config, self._mailbox, bench.clock, erasing.Done()
            )
            log.info("erasure", whole=told.whole, why=told.mailbox_trouble or told.database_trouble)
        except Exception:
            log.exception("erasure failed")
