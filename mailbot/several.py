"""Several desks in one process: each its own configuration, register, reader and loops; the trouble of one is not the others'.

What they share is the event loop and the watchdog, no more. A desk that can't be opened is tried again while the others work.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import structlog

from mailbot import app, frugal
from mailbot.app import Daemon
from mailbot.config import Config

RETRY_OPENING = 300.0  # seconds until a desk that could not be opened is tried again
log = structlog.get_logger()


def clashes(desks: Sequence[tuple[Path, Config]]) -> Iterator[str]:
    """What two desks may not have in common, one line each; nothing when they can live side by side."""
    for (one, a), (other, b) in combinations(desks, 2):
        shared = {
            "le dossier de la configuration, donc secrets.toml": (one.parent.resolve(), other.parent.resolve()),
            "le registre (data_dir ou database.url)": (a.database_url, b.database_url),
            "la boîte (mailbox.host et mailbox.address)": _box(a, b),
            "le port de mesure (health.metrics_port)": (a.health.metrics_port or one, b.health.metrics_port or other),
        }
        for what, (first, second) in shared.items():
            if first == second:
                yield f"{one} et {other} ont en commun {what} : donnez à chaque bureau le sien"


def _box(a: Config, b: Config) -> tuple[tuple[str, str], tuple[str, str]]:
    first, second = ((c.mailbox.host.lower(), c.mailbox.address.lower()) for c in (a, b))
    return first, second


class Row:
    """The desks of one process: `run` keeps them all at work until `stop`, `once` lets each do what waits."""

    def __init__(
        self, configs: Sequence[Config], *, tell: Callable[[str], None] = app.notify, pause: float = RETRY_OPENING
    ) -> None:
        """`tell`: who hears READY, WATCHDOG and STOPPING; `pause`: seconds until a closed desk is tried again."""
        self.configs = configs
        self.tell = tell
        self.pause = pause
        self.open: dict[str, Daemon] = {}
        self.stopping = asyncio.Event()

    def stop(self) -> None:
        self.stopping.set()
        for daemon in self.open.values():
            daemon.stop()

    async def serve(self) -> None:
        """`mailbot run` with several: until SIGTERM or SIGINT. Raises app.Leaking before any desk is opened."""
        for config in self.configs:
            app.refuse_leaks(config)
        for sig in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sig, self.stop)
        frugal.settle()
        await self.run()

    async def once(self) -> list[str]:
        """Each desk in turn does all that waits; what went wrong, a line a desk."""
        troubles = []
        for config in self.configs:
            try:
                await app.serve(config, once=True)
            except Exception as error:
                troubles.append(f"{config.mailbox.address} : {error}")
                log.error("desk failed", desk=config.mailbox.address, why=str(error), kind=type(error).__name__)
        return troubles

    async def run(self, make: Callable[[Config], Daemon] = Daemon) -> None:
        async with asyncio.TaskGroup() as group:
            for config in self.configs:
                group.create_task(self._keep_open(config, make))

    async def _keep_open(self, config: Config, make: Callable[[Config], Daemon]) -> None:
        """One desk, opened again until it may stop: a register that is locked or full keeps none of the others waiting."""
        name = config.mailbox.address
        with structlog.contextvars.bound_contextvars(desk=name):
            while not self.stopping.is_set():
                try:
                    await self._life(name, make(config))
                except Exception as error:  # whatever it is, it is this desk's
                    log.exception("desk closed", why=type(error).__name__)
                finally:
                    self.open.pop(name, None)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), self.pause)

    async def _life(self, name: str, daemon: Daemon) -> None:
        daemon.tell = self._heard
        try:
            async with daemon.open():
                self.open[name] = daemon
                if not self.stopping.is_set():
                    await daemon.run()
        finally:
            daemon.ledger.close()  # also of a desk that did not open: its next try takes another

    def _heard(self, words: str) -> None:
        """The watchdog is fed only while every open desk is alive; all else is the same for one desk as for all."""
        if words != "WATCHDOG=1" or all(daemon.alive() for daemon in self.open.values()):
            self.tell(words)
