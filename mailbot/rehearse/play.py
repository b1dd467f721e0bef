"""Plays the mails: each at its instant, and between them from one instant at which the register owes something to the next."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mailbot.config import Config, Database
from mailbot.corridor.bench import Bench, words
from mailbot.corridor.dues import Dues
from mailbot.corridor.mails import Mails
from mailbot.corridor.post import Post
from mailbot.guard import Guard
from mailbot.health import Health
from mailbot.rehearse import blanks, printed, record
from mailbot.rehearse.clock import Clock
from mailbot.rehearse.folder import PROVIDER, Mail, seed
from mailbot.rehearse.paper import Paper
from mailbot.reports.counted import Period
from mailbot.store import instance, keep, ledger, rehearsal
from mailbot.store.ledger import Ledger

LETTERS = "lettres"
ROUNDS = 50  # at one instant: a letter that leaves may owe another
TICK = timedelta(seconds=15)  # should an instant not come to rest


class Stopped(RuntimeError):
    """A mail that can't be played; str() names it and says why, in French."""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of it."""

    first: date
    last: date
    mails: int
    left_out: int  # dated after the end
    files: int
    letters: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "from": self.first.isoformat(),
            "until": self.last.isoformat(),
            "mails": self.mails,
            "left_out": self.left_out,
            "files": self.files,
            "letters": self.letters,
            "verdicts": self.verdicts,
        }


def rehearsed(config: Config, out: Path) -> Config:
    """The organisation's settings with a register of its own in `out`; live, so that every letter is seen as it would leave."""
    mailbox = config.mailbox.model_copy(update={"since": None, "authserv_id": config.mailbox.authserv_id or PROVIDER})
    changed = {"data_dir": out, "database": Database(), "mode": "live", "mailbox": mailbox}
    made = config.model_copy(update=changed)
    for cached in ("workdays", "own_addresses", "_by_address"):
        made.__dict__.pop(cached, None)
    return made


async def play(
    config: Config, mails: Sequence[Mail], until: date, out: Path, step: Callable[[int], None] = lambda _days: None
) -> Played:
    """Plays to the end of the day `until` and writes all to `out`, which must exist. `step`: told how many days have passed.

    Raises Stopped.
    """
    config = rehearsed(config, out)
    zone = ZoneInfo(config.calendar.timezone)
    end = datetime.combine(until, time(23, 59, 59), tzinfo=zone).astimezone(UTC)
    played = [mail for mail in mails if mail.at <= end]
    begin = datetime.combine(played[0].at.astimezone(zone).date(), time(0), tzinfo=zone) if played else end
    (out / LETTERS).mkdir()
    register = Ledger(config.database_url, lasting=False)
    register.create()
    async with Guard(words(config).to_json()) as guard:
        chance = random.Random(seed(played)).randbytes  # noqa: S311  (the same each time is the point; nothing leaves)
        stage = Stage(config, register, guard, Clock(begin.astimezone(UTC)), chance, out)
        try:
            await stage.run(played, end, step)
            letters = dict(sorted(stage.paper.kinds.items()))
            first = begin.date()
            told = _written(register, out, first, until, len(played), len(mails) - len(played), letters)
            stage.clock.now = max(stage.clock.now, end)
            await printed.write(stage.bench, out, Period(first=first, last=until), register.ask(rehearsal.numbers))
            register.settle()
            return told
        finally:
            stage.bench.close()
            register.close()


def _written(
    register: Ledger, out: Path, first: date, last: date, mails: int, left_out: int, letters: dict[str, int]
) -> Played:
    files, judged = register.ask(rehearsal.register), register.ask(rehearsal.verdicts)
    record.write(out, "registre", files)
    record.write(out, "journal", register.ask(rehearsal.journal))
    record.write(out, "messages", judged)
    return Played(
        first=first,
        last=last,
        mails=mails,
        left_out=left_out,
        files=len(files),
        letters=letters,
        verdicts=dict(sorted(Counter(row["verdict"] for row in judged).items())),
    )


class Stage:
    """The desk's rooms around one clock, one source of chance and one road of paper."""

    def __init__(
        self,
        config: Config,
        register: Ledger,
        guard: Guard,
        clock: Clock,
        chance: Callable[[int], bytes],
        out: Path,
    ) -> None:
        self.config, self.register, self.clock = config, register, clock
        self.bench = Bench(config, register, guard, clock, chance)
        self.mails = Mails(self.bench)
        self.dues = Dues(self.bench, self.mails)
        self.health = Health(self.bench)
        self.paper = Paper(config, clock, out / LETTERS)
        self.post = Post(self.bench, self.paper)
        self.taken: dict[str, int] = {}
        self._uid = 0

    async def run(self, mails: Sequence[Mail], end: datetime, step: Callable[[int], None]) -> None:
        await self.bench.db(self._opened)
        coming = list(mails)
        day = self.clock.now.date()
        while True:
            now = self.clock.now
            step((now.date() - day).days)
            day = now.date()
            while coming and coming[0].at <= now:
                await self._take(coming.pop(0))
            await self._rest()
            owed = await self.bench.ask(lambda tx: rehearsal.next_instant(tx, self.clock.now))
            then = min([at for at in (owed, coming[0].at.astimezone(UTC) if coming else None) if at], default=None)
            if then is None or then > end:
                step((end.date() - day).days)
                return
            self.clock.now = max(then, now)

    def _opened(self, tx: ledger.Session) -> None:
        ledger.started_at(tx, None, self.clock.now)
        instance.settle(tx, self.config.instance_id, lambda: self.bench.chance(16).hex())
        self.dues.first_digest(tx)

    async def _take(self, mail: Mail) -> None:
        self._uid += 1
        spot = keep.Spot(account=self.config.mailbox.address, folder="INBOX", uidvalidity=1, uid=self._uid)
        kind = "junk" if mail.junk else "inbox"

        def write(tx: ledger.Session) -> int:
            raw = blanks.fill(tx, mail.raw, self.taken)
            now = self.clock.now
            return keep.keep(tx, spot, raw, kind=kind, received_at=mail.at.astimezone(UTC), now=now).inbound_id

        try:
            self.taken[mail.key] = await self.bench.db(write)
        except blanks.Blank as error:
            raise Stopped(f"{mail.name} : {error}.") from None
        await self.mails.decide_waiting()

    async def _rest(self) -> None:
        """Everything that is owed at this instant, and what that causes."""
        for _ in range(ROUNDS):
            await self.mails.decide_waiting()
            await self.dues.tick()
            await self.health.tell()
            left = self.post.accepted
            while await self.post.once():
                pass
            if self.post.accepted == left:
                return
        self.clock.advance(seconds=TICK.total_seconds())
