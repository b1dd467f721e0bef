"""Letters through the door: claim → (render again) → DATA begun → DATA → settle, and what the end means for the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from mailbot import failpoints, rules
from mailbot.corridor.bench import Bench
from mailbot.outbox import Answer, Road, RoadClosed
from mailbot.store import apply, cases, desks, instance, lead, ledger, post
from mailbot.store.ledger import Session
from mailbot.store.tables import Letter
from mailbot.workdays import local_date

log = structlog.get_logger()


class Post:
    """Sends what is owed over one road."""

    def __init__(self, bench: Bench, road: Road) -> None:
        self.bench = bench
        self.config = bench.config
        self.road = road
        self.accepted = 0  # letters that the server took since this desk is at work

    async def once(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Sends up to twenty letters whose time has come, as long as `go_on()`, asked before each; returns how many were tried.

        Raises RoadClosed. What was not tried is owed as before.
        """
        now = self.bench.clock()
        claimed = await self.bench.db(lambda tx: self._claim(tx, now))
        if not claimed:
            return 0
        failpoints.hit("S02")
        for place, letter in enumerate(claimed):
            if not go_on():
                await self._give_back(claimed[place:])
                return place
            try:
                await self._send(letter)
            except RoadClosed:
                await self._give_back(claimed[place:])
                raise
            except Exception:
                self.road.close()
                await self._give_back(claimed[place + 1 :])
                raise
        return len(claimed)

    def _claim(self, tx: Session, now: datetime) -> list[post.Claimed]:
        return post.claim(tx, now, mute=bool(instance.mute(tx, self.config.instance_id)), me=self.bench.me)

    async def _give_back(self, letters: list[post.Claimed]) -> None:
        now = self.bench.clock()

        def write(tx: Session) -> None:
            for letter in letters:
                if post.held(tx, letter):
                    post.give_back(tx, letter.id, now)

        await self.bench.db(write)

    async def _send(self, letter: post.Claimed) -> None:
        if not await self.bench.ask(lambda tx: self._may_leave(tx, letter)):
            await self._end(letter, Answer(outcome="refused", words="essai : cette adresse ne reçoit rien"))
            return
        await self.road.open()
        failpoints.hit("S03")
        answer = await self.road.announce(letter)
        if answer is None:
            failpoints.hit("S05")
            raw = await self.bench.db(lambda tx: self._begin(tx, letter))
            if raw is None:
                self.road.close()
                return
            answer = await self.road.hand_over(replace(letter, raw=raw))
            failpoints.hit("S08")
        await self._end(letter, answer)

    def _begin(self, tx: Session, letter: post.Claimed) -> bytes | None:
        """« DATA begun », with the text that leaves: rendered again if midnight passed since, the line was slow perhaps.

        None: the lease ended meanwhile, and the letter is somebody else's or will be tried again.
        """
        now = self.bench.clock()
        if not post.held(tx, letter):
            return None
        row = tx.get_one(Letter, letter.id)
        if post.stale(row, local_date(now, self.config.workdays)):
            self.bench.reprint(tx, letter.id)
        post.data_begun(tx, letter.id, now)
        row.lease_until = now + post.LEASE
        return row.raw

    def _may_leave(self, tx: Session, letter: post.Claimed) -> bool:
        """The second fence of essai: at the last step too, nothing leaves to an outsider."""
        return ledger.mode(tx, self.config.mode) != "essai" or self.config.person(letter.envelope_to) is not None

    async def _end(self, letter: post.Claimed, answer: Answer) -> None:
        now = self.bench.clock()

        def write(tx: Session) -> None:
            if not post.still_counts(tx, letter, answer.outcome):
                return
            became = post.settle(tx, letter.id, answer.outcome, answer.words, now, queue_id=answer.queue_id)
            if became == "sent":
                ledger.remember(tx, "accepted_at", now.isoformat())
            if became != "later":
                self.settled(tx, letter.id, became, now)
            failpoints.hit("S09")

        await self.bench.db(write)
        failpoints.hit("S10")
        self.accepted += answer.outcome == "sent"
        log.info("letter", name=letter.name, outcome=answer.outcome, answer=answer.words[:200])

    def settled(self, tx: Session, letter_id: int, outcome: str, at: datetime) -> None:
        row = tx.get_one(Letter, letter_id)
        files, kind = desks.cases_of_letter(tx, row), desks.kind_of(tx, row)
        effects = rules.on_settled(
            kind=kind,
            name=row.name,
            to_addr=row.to_addr,
            outcome=outcome,
            answer=row.answer,
            at=at,
            facts=row.facts,
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
            self.settled(tx, letter_id, "uncertain", at)
