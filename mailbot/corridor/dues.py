"""Due rows through the corridor: what is looked at once its time has come (design invariant 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from mailbot import effects as fx
from mailbot import failpoints, rules, workdays
from mailbot.corridor import meetings
from mailbot.corridor.bench import Bench
from mailbot.corridor.mails import Mails
from mailbot.desk import Case
from mailbot.reports import digest
from mailbot.store import apply, cases, desks, direct, ledger, quality, questions
from mailbot.store.ledger import Session
from mailbot.store.tables import Complaint, Due, Inbound

log = structlog.get_logger()
TOGETHER = 16  # files to be looked at share a commit where so many wait, after a flood or a night
Writes = Callable[[Callable[[Session], None]], Awaitable[None]]


class Dues:
    """Everything the clock starts."""

    def __init__(self, bench: Bench, mails: Mails) -> None:
        self.bench = bench
        self.mails = mails
        self.config = bench.config

    async def tick(self) -> int:
        """Looks at every due row whose time has come; late, doubled or missed ticks change nothing."""
        now = self.bench.clock()
        rows = await self.bench.ask(lambda tx: questions.due_rows(tx, now))
        for row in rows:
            await self._due_safely(row)
        files = await self.bench.ask(lambda tx: questions.looks_due(tx, now))
        for at in range(0, len(files), TOGETHER):
            some = files[at : at + TOGETHER]
            if len(some) == TOGETHER:
                await asyncio.gather(*(self._look_safely(file, self.bench.together) for file in some))
                continue
            for file in some:
                await self._look_safely(file, self.bench.db)
        return len(rows)

    async def _due_safely(self, row: Due) -> None:
        failpoints.hit("D01")
        try:
            await self._due(row)
        except ledger.Unavailable:
            raise
        except Exception:
            log.exception("due row failed", due=row.key)
        failpoints.hit("D03")

    async def _look_safely(self, complaint_id: int, write: Writes) -> None:
        failpoints.hit("D01")
        try:
            await self._write(lambda tx: self._look(tx, complaint_id), write)
        except ledger.Unavailable:
            raise
        except Exception:
            log.exception("look failed", complaint=complaint_id)
        failpoints.hit("D03")

    async def _write(self, act: Callable[[Session], object], write: Writes | None = None) -> None:
        """The one transaction of a row, or its part of one."""

        def whole(tx: Session) -> None:
            act(tx)
            failpoints.hit("D02")

        await (write or self.bench.db)(whole)

    def _look(self, tx: Session, complaint_id: int) -> None:
        """What the clock owes on one file, and when to look again."""
        now = self.bench.clock()
        row = cases.row_of(tx, complaint_id)
        if row.look_at is None or row.look_at > now:
            return
        done = rules.done_of(questions.step_keys(tx, row))
        away = questions.absences(tx, workdays.local_date(now, self.config.workdays))
        effects = rules.on_look(desks.as_case(row), now, self.config, done, away)
        if effects:
            apply.apply(tx, effects, self.bench.act(tx, f"tick:look:{row.number}:{now.isoformat(timespec='minutes')}"))
            row, done = cases.row_of(tx, complaint_id), rules.done_of(questions.step_keys(tx, row))
        direct.change(tx, Complaint, complaint_id, look_at=rules.look_again(desks.as_case(row), now, self.config, done))

    async def _due(self, row: Due) -> None:
        if row.kind == "undecided" and row.inbound_id:
            await self._undecided(row)
        elif row.kind == "ack-late":
            await self._write(lambda tx: self._apply_due(tx, row, rules.on_ack_overdue(_case(tx, row.complaint_id))))
        elif row.kind == "group":
            await self._write(lambda tx: self._apply_due(tx, row, self._grouped(tx, row)))
        elif row.kind == "pending":
            await self._write(lambda tx: self._apply_due(tx, row, self._expired(tx, row)))
        elif row.kind == "reopen" and row.inbound_id:
            await self._reopen(row)
        elif row.kind == "meeting":
            await self._write(lambda tx: self._meeting(tx, row))
        elif row.kind == "bulletin":
            await self._write(lambda tx: self._bulletin(tx, row))
        elif row.kind == "action":
            await self._write(lambda tx: self._action(tx, row))
        elif row.kind == "digest":
            await self._write(lambda tx: self._digest(tx, row))

    async def _undecided(self, row: Due) -> None:
        assert row.inbound_id is not None
        read = await self.mails.read(row.inbound_id, last=True)
        assert read is not None

        def think(tx: Session, inbound: Inbound) -> Sequence[fx.Effect]:
            if not inbound.waiting:
                return [fx.Settle(key=row.key)]
            return rules.on_undecided(read.message, read.reading, self.mails.desk(tx, inbound, read), self.config)

        await self._write(lambda tx: self.mails.write(tx, read, f"tick:{row.key}", think))

    def _expired(self, tx: Session, row: Due) -> Sequence[fx.Effect]:
        waiting = questions.pending_of(tx, row.inbound_id or 0)
        return [fx.Settle(key=row.key), *(rules.commands.expired(waiting) if waiting else [])]

    async def _reopen(self, row: Due) -> None:
        """Nobody decided about the reopening in a working day: it reopens itself (spec §5)."""
        await self._write(lambda tx: self._apply_due(tx, row, self._reopened(tx, row)))

    def _reopened(self, tx: Session, row: Due) -> Sequence[fx.Effect]:
        case = _case(tx, row.complaint_id)
        settle = fx.Settle(key=row.key)
        if case.reopen_asked_at is None:
            return [settle]
        return [settle, *rules.reopened(case, self.bench.clock(), self.config, who="mailbot")]

    def _apply_due(self, tx: Session, row: Due, effects: Sequence[fx.Effect]) -> None:
        if questions.claim_due(tx, row.key):
            apply.apply(tx, effects, self.bench.act(tx, f"tick:{row.key}"))

    def _grouped(self, tx: Session, row: Due) -> Sequence[fx.Effect]:
        items = questions.group_items(tx, row.facts["to"])
        settled = [fx.Settle(key=row.key), *(fx.Settle(key=i.key) for i in items)]
        return [rules.group([i.facts for i in items], self.bench.clock(), self.config), *settled] if items else settled

    def _action(self, tx: Session, row: Due) -> None:
        if self._waits(tx, row):
            return
        now, c = self.bench.clock(), self.config
        over = row.facts["series"] == "essai" and ledger.mode(tx, c.mode) != "essai"
        action = None if over else quality.action_of(tx, row.facts["series"], row.facts["rank"])
        away = questions.absences(tx, workdays.local_date(now, c.workdays))
        effects = rules.actions.on_look(action, row.key, now, c, away) if action else [fx.Settle(key=row.key)]
        self._apply_due(tx, row, effects)

    def _digest(self, tx: Session, row: Due) -> None:
        """A digest that slept past the sending hours waits for the next opening."""
        if not questions.claim_due(tx, row.key) or self._waits(tx, row):
            return
        now, c = self.bench.clock(), self.config
        facts = digest.facts(tx, now, ledger.mode(tx, c.mode), c)
        effects: list[fx.Effect] = [*digest.letters(facts, c), fx.Settle(key=row.key), digest.next_due(now, c)]
        apply.apply(tx, effects, self.bench.act(tx, f"tick:{row.key}"))
        ledger.remember(tx, "digest_until", now.isoformat())

    def _meeting(self, tx: Session, row: Due) -> None:
        if questions.claim_due(tx, row.key) and not self._waits(tx, row):
            meetings.due(tx, row, self.bench)

    def _bulletin(self, tx: Session, row: Due) -> None:
        if not self._waits(tx, row):
            self._apply_due(tx, row, meetings.missing_bulletin(tx, row, self.bench))

    def _waits(self, tx: Session, row: Due) -> bool:
        """Whether it is put off to the next sending hours; what a mail asked for leaves at once (spec §7)."""
        now, c = self.bench.clock(), self.config
        opening = workdays.next_opening(now, c.calendar.send_from, c.calendar.send_until, c.workdays)
        if opening > now and "asked_by" not in row.facts:
            tx.get_one(Due, row.key).at = opening
            return True
        return False

    def first_digest(self, tx: Session) -> None:
        """A register that has no digest to come gets one."""
        meetings.first(tx, self.bench)
        if not questions.digest_to_come(tx):
            row = digest.first_due(self.bench.clock(), self.config)
            apply.apply(tx, [row], self.bench.act(tx, "command:run"))


def _case(tx: Session, complaint_id: int | None) -> Case:
    case = desks.case_of(tx, complaint_id)
    assert case is not None
    return case
