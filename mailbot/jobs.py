"""The only file that knows APScheduler: which tick, how often. Ticks ask the register what is due; they know nothing themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

if TYPE_CHECKING:
    from mailbot.app import Daemon

LAST_SECONDS = 10.0


@asynccontextmanager
async def ticking(daemon: Daemon) -> AsyncIterator[None]:
    """A tick that is late, doubled or missed changes nothing (design invariant 6); one in hand at the end has ten seconds."""
    in_hand = asyncio.Lock()

    async def tick() -> None:
        async with in_hand:
            try:
                await daemon.tick()
            except Exception as error:
                await daemon.health.fault("horloge", error)

    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick, "interval", seconds=daemon.tick_seconds, coalesce=True, misfire_grace_time=None, max_instances=1
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        await asyncio.sleep(0)  # a tick that was just asked for begins
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(in_hand.acquire(), LAST_SECONDS)
        scheduler.shutdown(wait=False)  # cancels what still runs: APScheduler can't wait for a coroutine
