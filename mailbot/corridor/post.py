"""Letters through the door: claim → (render again) → DATA begun → DATA → settle, and what the end means for the file."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from mailbot import failpoints, rules
from mailbot.corridor.bench import Bench
from mailbot.outbox import Answer, Road, RoadClosed
from mailbot.store import apply, cases, desks, instance, lead, ledger, post, slabs, whole
from mailbot.store.ledger import Session
from mailbot.workdays import local_date

log = structlog.get_logger()

MOST_ROADS = 8  # connections to the sending server at once
PER_ROAD = 8  # letters that wait before one more is opened
LOOKS_BEHIND = 4  # letters: at every fourth it is counted how many wait
GIVES_WAY = 0.25  # seconds at most that the next letter waits for a mail that is in hand
ASK_AGAIN = timedelta(hours=1)  # after a server refused one more
BARRED = Answer(outcome="refused", words="essai : cette adresse ne reçoit rien")


async def _no_news() -> None:
    """Nobody asked to be told."""


@dataclass(frozen=True, kw_only=True)
class Next:
    """A letter in hand, how many wait behind it, as far as that matters, and whether it may leave at all."""

    letter: post.Claimed
    behind: int
    leaves: bool


class Post:
    """Sends what is owed, over one road, or several while many letters wait."""

    def __init__(self, bench: Bench, road: Road, *, most: int = 1) -> None:
        """`most`: roads at once."""
        self.bench = bench
        self.config = bench.config
        self.road = road
        self.most = most
        self._had: tuple[int, datetime] | None = (
            None  # roads that the server let us have, and until when no more are asked for
        )
        self.accepted = 0  # letters that the server took since this desk is at work
        self.on_accepted: Callable[[], Awaitable[object]] = _no_news

    async def once(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Sends the letters whose time has come, acknowledgements first, as long as `go_on()`, asked before each; returns how
        many were tried.

        Raises RoadClosed. What was not tried is owed as before. A road more that the server refuses is done without.
        """
        now = self.bench.clock()
        if not await self.bench.ask(lambda tx: post.behind(tx, now, 1)):
            return 0  # as nearly always: the register need not be taken to write for that
        shift = _Shift(self, go_on)
        await shift.work()
        return shift.tried

    @property
    def allowed(self) -> int:
        """Roads at once, as far as we know."""
        if self._had and self.bench.clock() < self._had[1]:
            return self._had[0]
        return self.most

    def only(self, roads: int) -> None:
        """The server refused one more than these."""
        self._had = roads, self.bench.clock() + ASK_AGAIN

    def claim(self, tx: Session, now: datetime, *, room: bool = False) -> Next | None:
        """The next letter; with `room` for one road more, how many wait behind it."""
        mute = bool(instance.mute(tx, self.config.instance_id))
        found = post.claim(tx, now, limit=1, mute=mute, me=self.bench.me)
        many = post.behind(tx, now, self.most * PER_ROAD) if found and room and not mute else 0
        return Next(letter=found[0], behind=many, leaves=self._may_leave(tx, found[0])) if found else None

    async def give_back(self, letter: post.Claimed) -> None:
        def write(tx: Session) -> None:
            row = post.standing(tx, letter.id)
            if post.holds(row, letter):
                post.give_back(tx, row)

        await self.bench.db(write)

    async def send(self, letter: post.Claimed, road: Road) -> Answer | None:
        """One attempt, not yet written down. None: the lease ended meanwhile. Raises RoadClosed, nothing tried."""
        await road.open()
        failpoints.hit("S03")
        answer = await road.announce(letter)
        if answer is None:
            failpoints.hit("S05")
            raw = await self.bench.insist(lambda tx: self._begin(tx, letter))
            if not isinstance(raw, bytes):
                road.close()
                return raw
            answer = await road.hand_over(replace(letter, raw=raw))
            failpoints.hit("S08")
        return answer

    def _begin(self, tx: Session, letter: post.Claimed) -> bytes | Answer | None:
        """« DATA begun », with the text that leaves: rendered again if midnight passed since, the line was slow perhaps.

        None: the lease ended meanwhile, and the letter is somebody else's or will be tried again. An answer: it can't leave at all.
        """
        now, row = self.bench.clock(), post.standing(tx, letter.id)
        if not post.holds(row, letter):
            return None
        if post.stale(row, local_date(now, self.config.workdays)):
            self.bench.reprint(tx, letter.id)
            row = post.standing(tx, letter.id)
        try:
            raw = whole.letter(tx, letter.id)
        except slabs.Torn as error:
            return Answer(outcome="refused", words=str(error))
        post.data_begun(tx, row, now)
        return raw

    def _may_leave(self, tx: Session, letter: post.Claimed) -> bool:
        """The second fence of essai: at the last step too, nothing leaves to an outsider."""
        return ledger.mode(tx, self.config.mode) != "essai" or self.config.person(letter.envelope_to) is not None

    async def end(self, letter: post.Claimed, answer: Answer | None) -> None:
        """Writes down how an attempt ended, and nothing else in that commit: whatever fails beside it must not undo it."""
        if answer is None:
            return
        now = self.bench.clock()

        def write(tx: Session) -> None:
            row = post.standing(tx, letter.id)
            if not post.still_counts(row, letter, answer.outcome):
                return
            became = post.settle(tx, row, answer.outcome, answer.words, now, queue_id=answer.queue_id)
            if became == "sent" and not tx.info.get("accepted"):  # once a commit: they are of the same moment
                ledger.remember(tx, "accepted_at", now.isoformat())
                tx.info["accepted"] = True
            if became != "later":
                self.settled(tx, row, became, now, answer=answer.words)
            failpoints.hit("S09")

        await self.bench.insist(write)
        failpoints.hit("S10")
        log.info("letter", name=letter.name, outcome=answer.outcome, answer=answer.words[:200])
        if answer.outcome == "sent":
            self.accepted += 1
            await self.on_accepted()

    def settled(self, tx: Session, row: Any, outcome: str, at: datetime, *, answer: str) -> None:
        """What the end of a letter means for its file. `row`: as it stood before it."""
        letter_id = row.id
        kind = desks.kind_of(tx, letter_id, row.kind)
        if not rules.matters(kind, outcome):
            return
        files = desks.cases_of_letter(tx, letter_id, row.complaint_id)
        effects = rules.on_settled(
            kind=kind,
            name=row.name,
            to_addr=row.to_addr,
            outcome=outcome,
            answer=answer[: post.ANSWER],
            at=at,
            facts=post.facts(tx, letter_id),
            cases=files,
            config=self.config,
            linked=cases.linked_to(tx, files[0]) if kind == "reply" and files else (),
        )
        apply.apply(tx, effects, self.bench.act(tx, f"delivery:{letter_id}"))

    def take_back(self, tx: Session, *, all_leases: bool) -> None:
        """Letters whose lease ended without an answer; at the start of an only daemon, all that a dead one had in hand, and at
        any time what a dead one of several had."""
        lead.free_claims(tx)
        for letter_id, at in post.reclaim(tx, self.bench.clock(), all_leases=all_leases):
            row = post.standing(tx, letter_id)
            self.settled(tx, row, "uncertain", at, answer=row.answer)


class _Shift:
    """The roads that are out at once. Each takes a letter, sends it, and takes the next once it is settled."""

    def __init__(self, office: Post, go_on: Callable[[], bool]) -> None:
        self.post = office
        self.go_on = go_on
        self.tried = 0
        self.looks_at = 1  # letters tried when it is counted next how many wait
        self.opened = 1
        self.roads: set[asyncio.Task[None]] = set()  # those that are out now
        self.closed: BaseException | None = None

    async def work(self) -> None:
        """Raises what stopped the first of them, the letters in hand given back or settled."""
        self._set_out(self._one(self.post.road))
        try:
            while self.roads:
                await asyncio.wait(self.roads)
        except asyncio.CancelledError:
            for road in self.roads:
                road.cancel()
            await asyncio.gather(*self.roads, return_exceptions=True)
            raise
        if self.closed is not None:
            raise self.closed

    def _set_out(self, way: Coroutine[Any, Any, None]) -> None:
        road = asyncio.create_task(way)
        self.roads.add(road)
        road.add_done_callback(self._is_back)

    def _is_back(self, road: asyncio.Task[None]) -> None:
        self.roads.discard(road)
        error = None if road.cancelled() else road.exception()
        if error is not None and (self.closed is None or isinstance(self.closed, RoadClosed)):
            self.closed = error  # a fault of ours is told before a server that is down

    def _goes_on(self) -> bool:
        return self.closed is None and self.go_on()

    def _is_one_too_many(self, road: Road) -> bool:
        return road is not self.post.road and len(self.roads) > self.post.allowed

    async def _one(self, road: Road) -> None:
        """One connection, to the last letter."""
        while this := await self._next(road):
            failpoints.hit("S02")
            if not self._goes_on():
                await self.post.give_back(this.letter)
                return
            if self.tried:
                self._more(this.behind)
            await self._through(this, road)

    async def _next(self, road: Road) -> Next | None:
        if not self._goes_on() or self._is_one_too_many(road):
            return None
        if not self.post.bench.calm.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.post.bench.calm.wait(), GIVES_WAY)
        room, now = len(self.roads) < self.post.allowed and self.tried >= self.looks_at, self.post.bench.clock()
        if room:
            self.looks_at = self.tried + LOOKS_BEHIND
        return await self.post.bench.together(lambda tx: self.post.claim(tx, now, room=room))

    async def _through(self, this: Next, road: Road) -> None:
        try:
            answer = await self.post.send(this.letter, road) if this.leaves else BARRED
        except RoadClosed:
            await self.post.give_back(this.letter)
            raise
        except Exception:
            road.close()
            raise
        self.tried += 1
        await self.post.end(this.letter, answer)
        if answer is not None and answer.outcome == "later" and len(self.roads) > 1:
            self.post.only(len(self.roads) - 1)  # it may mind so many at once, and say so letter by letter

    def _more(self, behind: int) -> None:
        """One more road for each eight letters that wait, once the first has seen one through."""
        while len(self.roads) < min(self.post.allowed, 1 + behind // PER_ROAD):
            self._set_out(self._extra())

    async def _extra(self) -> None:
        """Many servers allow two or three: without it, the letters leave by those that are open."""
        road = self.post.road.another()
        try:
            await road.open()
            self.opened += 1
            await self._one(road)
        except RoadClosed as error:
            self.post.only(self.opened)
            log.info("no more roads", roads=self.post.allowed, why=str(error))
        finally:
            await road.quit()
