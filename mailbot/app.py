"""The daemon: wiring, loops, signals. The only place, with jobs and cli, that knows everything."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import secrets
import signal
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from mailbot import failpoints, frugal, letters, oauth
from mailbot.backups import Backups
from mailbot.config import Config
from mailbot.corridor.bench import Bench, house, words
from mailbot.corridor.dues import Dues
from mailbot.corridor.mails import Mails
from mailbot.corridor.post import MOST_ROADS, Post
from mailbot.guard import Guard
from mailbot.health import Health
from mailbot.mailbox import Down, Mailbox
from mailbot.monitor import Heartbeat, listening
from mailbot.outbox import Road, RoadClosed
from mailbot.privacy.again import Again
from mailbot.status import Status, status_of
from mailbot.store import instance
from mailbot.store.lead import TRY_EVERY, Lead, Lost
from mailbot.store.ledger import Ledger
from mailbot.systemd import notify
from mailbot.watch import Watch

POST_EVERY = 5.0  # seconds: the outbox looks again even if nobody woke it (promise P3)
DECIDE_EVERY = 15.0  # seconds: whoever keeps a mail says so; a daemon that shares the register does not
TICK_SECONDS = 15.0  # between two looks at what time brings
RETRY = (5, 15, 30, 60, 120, 300)  # seconds between attempts at a server that is down
RETRY_OURS = (60, 300, 900)  # when our account or settings are at fault: hammering would lock the account
STALE = 1200.0  # seconds without a sign of life from a loop, after which the watchdog is no longer fed: more than 600 after a dot
LONGEST_WAIT = 240.0  # seconds between two signs of life of the watch, however seldom it polls or tries again
log = structlog.get_logger()


class Leaking(RuntimeError):
    """A stranger's text would write headers of our letters on this machine: nothing may leave from here."""


class Daemon:
    """One desk at work. `await once()` does all that waits; `await run()` goes on until `stop()`."""

    def __init__(
        self,
        config: Config,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        retry: Sequence[float] = RETRY,
        tick_seconds: float = TICK_SECONDS,
        http: Any = None,
    ) -> None:
        """`clock` gives UTC instants; `retry`: seconds between attempts at a server that is down; `http`: the session
        (requests) that tokens are asked by, by default one of its own."""
        self.config = config
        self.clock = clock
        self.retry = retry
        self.tick_seconds = tick_seconds
        self.ledger = Ledger(config.database_url)
        self.guard = Guard(words(config).to_json())
        self.bench = Bench(config, self.ledger, self.guard, clock)
        self.mails = Mails(self.bench)
        self.dues = Dues(self.bench, self.mails)
        tokens = oauth.of(config, clock, http)
        token = tokens.access if tokens else None
        limit = config.intake.max_mb * 2**20
        self.mailbox = Mailbox(config.mailbox, token=token, limit=limit)
        self.erasures = Again(self.bench, lambda: Mailbox(config.mailbox, token=token, limit=limit))
        self.lead = Lead(self.ledger, config.mailbox.address, clock)
        self.bench.me = self.lead.me
        self.watch = Watch(config, self.ledger.fenced(self.lead.check), self.mailbox, clock)
        sending = token if config.smtp_by_token else None
        self.road = Road(config.smtp, user=config.smtp_user, sender=config.mailbox.address, token=sending)
        self.post = Post(self.bench, self.road, most=MOST_ROADS)
        self.post.on_accepted = self._mail_leaves
        self.tokens = tokens
        self.health = Health(self.bench)
        self.heartbeat = Heartbeat(config.health.heartbeat_url)
        self.backups = Backups(self.bench)
        self.kept = asyncio.Event()
        self.owed = asyncio.Event()
        self.stopping = asyncio.Event()
        self.tell: Callable[[str], None] = notify
        self.idle_stop = threading.Event()
        self.beats: dict[str, float] = {}
        self.road_waits_until = clock()
        self.failures = 0
        self._imap = ThreadPoolExecutor(max_workers=1, thread_name_prefix="imap")

    # -- opening and closing -----------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Daemon]:
        """Locks and upgrades the register, starts the guard, takes back what a dead daemon had in hand. Raises Busy."""
        self.lead.open()
        self.ledger.upgrade()
        loop = asyncio.get_running_loop()
        self.watch.on_kept = partial(loop.call_soon_threadsafe, self.kept.set)
        await self.bench.db(lambda tx: self.post.take_back(tx, all_leases=self.ledger.sqlite))
        await self.bench.db(lambda tx: instance.settle(tx, self.config.instance_id, lambda: secrets.token_hex(16)))
        await self.bench.db(self.dues.first_digest)
        await self.health.tell_mute()
        async with self.guard:
            try:
                yield self
            finally:
                await self._shut()

    async def _shut(self) -> None:
        await self.backups.finish(now=True)
        await self.erasures.finish()
        await self.heartbeat.finish()
        self.road.close()
        self.mailbox.interrupt()
        await asyncio.get_running_loop().run_in_executor(self._imap, self.mailbox.close)
        self._imap.shutdown(wait=True)
        self.bench.close()
        self.ledger.close()
        self.lead.close()

    # -- once, and for ever -------------------------------------------------------------------------------------------

    async def once(self) -> None:
        """All that waits. Raises Down or RoadClosed, the rest done."""
        try:
            await self._side_by_side()
        finally:
            await self.dues.tick()
            await self.health.tell()
            await self._send_until()
            await self.road.quit()

    async def _side_by_side(self) -> None:
        """Takes in, decides and sends at the same time, as `run` does, until nothing is left."""
        taking = asyncio.create_task(self._take_in())
        taking.add_done_callback(lambda _: self.kept.set())
        decided = asyncio.Event()
        sending = asyncio.create_task(self._send_until(decided))
        try:
            while not taking.done():
                self.kept.clear()
                await self._decide()
                await self.kept.wait()
            await self._decide()
        finally:
            decided.set()
            self.owed.set()
            ended = await asyncio.gather(taking, sending, return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _take_in(self) -> None:
        if await self._in_imap(self.lead.take):
            await self._in_imap(self._connect)
            await self._in_imap(self.watch.pass_once)
            await self._fetched()

    async def _send_until(self, decided: asyncio.Event | None = None) -> None:
        """Sends what is owed, and goes on until no decision can owe more."""
        over = False
        while not over:
            over = decided is None or decided.is_set()
            self.owed.clear()
            while await self.post.once():
                pass
            if not over:
                await self.owed.wait()

    async def run(self) -> None:
        """The daemon's life. Every loop beats; the watchdog is fed only while all of them do."""
        from mailbot.jobs import ticking

        loops = [self._watch_loop, self._decide_loop, self._post_loop]
        async with ticking(self), listening(self.config.health.metrics_port, self.status):
            tasks = [asyncio.create_task(loop()) for loop in loops]
            self.tell("READY=1")
            await self.stopping.wait()
            self.tell("STOPPING=1")
            self.idle_stop.set()
            self.mailbox.interrupt()
            await self._finish(tasks)

    async def _finish(self, tasks: list[asyncio.Task[None]]) -> None:
        """Ten seconds for the decision and the letter in hand."""
        _, late = await asyncio.wait(tasks, timeout=10)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self.stopping.set()

    def beat(self, loop: str) -> None:
        self.beats[loop] = asyncio.get_running_loop().time()

    def _goes_on(self, loop: str) -> Callable[[], bool]:
        """Asked before each mail or letter of a long row: a sign of life, and False once the daemon stops."""

        def go_on() -> bool:
            self.beat(loop)
            return not self.stopping.is_set()

        return go_on

    def alive(self) -> bool:
        """Whether each loop gave a sign of life lately."""
        now = asyncio.get_running_loop().time()
        return len(self.beats) >= 3 and all(now - at < STALE for at in self.beats.values())

    async def _pause(self, loop: str, seconds: float) -> None:
        """Waits, alive, until the time is over or the daemon stops."""
        while seconds > 0 and not self.stopping.is_set():
            self.beat(loop)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), min(seconds, LONGEST_WAIT))
            seconds -= LONGEST_WAIT

    # -- IMAP -----------------------------------------------------------------------------------------------------------

    async def _in_imap(self, act: Callable[..., Any], *args: Any, **named: Any) -> Any:
        context = contextvars.copy_context()  # which desk it is, for the log
        return await asyncio.get_running_loop().run_in_executor(self._imap, lambda: context.run(act, *args, **named))

    def _connect(self) -> None:
        self.mailbox.connect()
        self.watch.connected()

    async def _watch_loop(self) -> None:
        failures = 0
        while not self.stopping.is_set():
            try:
                self.beat("watch")
                if not await self._in_imap(self.lead.take):
                    await self._follow()
                    continue
                await self._in_imap(self._connect)
                await self.health.came_up("imap")
                failures = 0
                await self._watch_connected()
            except Lost as error:
                log.warning("another daemon reads the mailbox", why=str(error))
                await self._in_imap(self.mailbox.close)
            except Down as error:
                if self.stopping.is_set():
                    return
                await self._in_imap(self.mailbox.close)
                await self._in_imap(self.lead.let_go)
                text = f"la boîte ne peut pas être relevée : {error}"
                await self.health.went_down("imap", text, error.advice, ours=error.permanent)
                waits = RETRY_OURS if error.permanent else self.retry
                await self._pause("watch", waits[min(failures, len(waits) - 1)])
                failures += 1
            except Exception as error:
                await self.health.fault("relève", error)
                await self._in_imap(self.mailbox.close)
                await self._pause("watch", RETRY[1])

    async def _follow(self) -> None:
        """Another daemon reads the mailbox: this one does the rest, ready to take over."""
        self.health.not_ours("imap")
        await self._in_imap(self.mailbox.close)
        await self._pause("watch", TRY_EVERY)

    async def _watch_connected(self) -> None:
        """IDLE is only a hint: a full look at all folders follows every `poll_seconds` regardless."""
        loop = asyncio.get_running_loop()
        every = self.config.mailbox.poll_seconds
        looked = loop.time() - every
        while not self.stopping.is_set() and self.lead.holds():
            full = loop.time() - looked >= every
            if full:
                looked = loop.time()
            with self.bench.mail_in_hand():
                await self._in_imap(self.watch.pass_once, only_inbox=not full)
            await self._fetched()
            self.beat("watch")
            left = max(1.0, every - (loop.time() - looked))
            await self._in_imap(self.mailbox.wait, min(left, LONGEST_WAIT), self.idle_stop)

    async def _fetched(self) -> None:
        """After each good pass; whoever waits for a heartbeat hears of it."""
        await self.health.fetched(self.tokens.ends_at if self.tokens else None)
        self.heartbeat.beat()

    async def status(self) -> Status:
        now = self.clock()
        return await self.bench.ask(lambda tx: status_of(tx, self.config, now))

    # -- decisions --------------------------------------------------------------------------------------------------------

    async def _decide(self, go_on: Callable[[], bool] = lambda: True) -> None:
        if await self.mails.decide_waiting(go_on, self.owed.set):
            failpoints.hit("K13")
            self.owed.set()

    async def _decide_loop(self) -> None:
        self.mails.just_started()
        while not self.stopping.is_set():
            self.beat("decide")
            self.kept.clear()
            try:
                with self.bench.mail_in_hand():
                    await self._decide(self._goes_on("decide"))
            except Exception as error:
                await self.health.fault("décisions", error)
            await _wait(self.kept, self.stopping, DECIDE_EVERY)

    # -- SMTP -------------------------------------------------------------------------------------------------------------

    async def _post_loop(self) -> None:
        while not self.stopping.is_set():
            self.beat("post")
            self.owed.clear()
            try:
                await self._send_all()
                await self.road.quit()
            except RoadClosed as error:
                await self._road_closed(error)
            except Exception as error:
                await self.health.fault("envoi", error)
                self.road.close()
            await _wait(self.owed, self.stopping, POST_EVERY)

    async def _send_all(self) -> None:
        if self.clock() < self.road_waits_until:
            return
        while await self.post.once(self._goes_on("post")):
            pass

    async def _mail_leaves(self) -> None:
        """Only an accepted letter proves it: a server may answer, and put off every letter."""
        self.failures = 0
        await self.health.came_up("smtp")

    async def _road_closed(self, error: RoadClosed) -> None:
        text = f"aucun courrier ne peut partir : {error}"
        await self.health.went_down("smtp", text, error.advice, ours=error.ours)
        waits = RETRY_OURS if error.ours else self.retry
        self.road_waits_until = self.clock() + timedelta(seconds=waits[min(self.failures, len(waits) - 1)])
        self.failures += 1

    # -- time --------------------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """What APScheduler calls: due rows, ended leases, health, alarms."""
        await self.dues.tick()
        await self.backups.tick()
        if self.lead.holds():
            await self.erasures.tick()
        await self.bench.db(lambda tx: self.post.take_back(tx, all_leases=False))
        await self.health.look()
        await self.health.tell()
        self.owed.set()
        if self.alive():
            self.tell("WATCHDOG=1")


async def _wait(event: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Until either event, or the time is over."""
    waits = [asyncio.create_task(event.wait()), asyncio.create_task(other.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()


def refuse_leaks(config: Config) -> None:
    """Raises Leaking."""
    leak = letters.leak(house(config))
    if leak:
        raise Leaking(leak)


async def serve(config: Config, *, once: bool, **how: Any) -> None:
    """`mailbot run`; `how`: see Daemon. Raises Leaking, Busy, Down, RoadClosed (with `once`), engine.NewerSchema."""
    daemon = Daemon(config, **how)
    async with daemon.guard.beforehand():
        refuse_leaks(config)
        async with daemon.open():
            loop = asyncio.get_running_loop()
            for sig in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(sig, daemon.stop)
            frugal.settle()
            await (daemon.once() if once else daemon.run())
