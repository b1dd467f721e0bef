"""One mail through the corridor: guard → desk → rules → letters → register, in one transaction.

The shell around the pure rooms: it brings the mail and its reading, and decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from mailbot import effects as fx
from mailbot import failpoints, rules
from mailbot.config import Person
from mailbot.corridor import ahead, behind, large
from mailbot.corridor.ahead import Read, Row
from mailbot.corridor.bench import Bench, Files, Given
from mailbot.corridor.query import query_of
from mailbot.desk import Desk
from mailbot.guard import NotStarted, Unreadable
from mailbot.identity import author
from mailbot.message import Lying, Message
from mailbot.store import apply, desks, erase, keep, questions
from mailbot.store.ledger import Session, Unavailable
from mailbot.store.tables import Complaint, Inbound, Raw

GRACE = 10.0  # seconds that a life must last before it reads again what was in hand at two deaths
ATTEMPTS = 3  # readings of one mail before it is set aside (design invariant 7)
BEGINNING = 512 * 2**10  # bytes given to the salvage: what was too large for the reader's memory would kill it again
LONG_ROW = 8  # mails that wait, from which on our threads stay on one core
LETTERS_WAIT = 32  # mails decided in a row before the outbox is woken for their letters
log = structlog.get_logger()


class AlreadyEnded(Exception):
    """An essai file that was taken over or left before."""


class Mails:
    """Decides mails: those that wait, those a human decides about, those of an essai."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.config = bench.config
        self._careful_until = 0.0

    def just_started(self) -> None:
        """Said by a daemon, which may be dying again and again for a reason that is no mail's: what was in hand at two deaths
        keeps its last attempt until this life has lasted a while."""
        self._careful_until = time.monotonic() + GRACE

    def _waiting(self, tx: Session) -> list[int]:
        careful = time.monotonic() < self._careful_until
        below = {"below": ATTEMPTS - 1} if careful else {}
        return keep.waiting(tx, me=self.bench.me, **below)

    def _take_up(self, tx: Session) -> Row:
        """The mails that wait, the first of them in hand: its attempt counted, its bytes at hand, in one commit."""
        ids = self._waiting(tx)
        light = keep.light(tx, ids, ahead.AHEAD_BYTES) if len(ids) > 1 else {}
        row = Row([(inbound_id, light.get(inbound_id)) for inbound_id in ids])
        if ids:
            row.counted = keep.count_attempt(tx, ids[0], self.bench.me)
            row.given = keep.to_read(tx, ids[0])
        return row

    async def decide_waiting(
        self, go_on: Callable[[], bool] = lambda: True, letters_wait: Callable[[], object] = lambda: None
    ) -> int:
        """Decides every mail that waits, as long as `go_on()`, asked before each; one bad mail never stops the rest. Of a long row
        the letters leave meanwhile: `letters_wait()` is said after every LETTERS_WAIT mails.

        Returns how many were decided. Raises guard.NotStarted when no mail can be read at all on this machine.
        """
        decided = told = 0
        while await self.bench.ask(self._waiting) and (row := await self.bench.db(self._take_up)).mails:
            core = await self.bench.one_core() if len(row.mails) >= LONG_ROW else None
            try:
                while row.mails:
                    if not go_on():
                        await self._forgive(row.mails[0][0] if row.counted else 0)
                        return decided
                    if core:
                        core.turn()
                    self.bench.decision_follows = len(row.mails) > 1
                    decided += await self._decide_safely(row)
                    if decided - told >= LETTERS_WAIT:
                        letters_wait()
                        told = decided
            finally:
                if core:
                    core.let_go()
                self.bench.decision_follows = False
                await row.drop()
        return decided

    async def _decide_safely(self, row: Row) -> int:
        """The first mail of the row; meanwhile those that follow are read, when none was ever in hand before."""
        inbound_id, light = row.mails.pop(0)
        attempt = row.counted or await self.bench.db(lambda tx: keep.count_attempt(tx, inbound_id, self.bench.me))
        given, row.counted, row.given = row.given, 0, None
        if not attempt:
            return 0
        failpoints.hit("K07")
        try:
            read = await (
                row.take(inbound_id)
                or self.read(inbound_id, last=attempt >= ATTEMPTS, deadly=attempt > ATTEMPTS, given=given)
            )
            if read is None:
                return 0
            shared = row.go_on(partial(self.read, last=False), self._asks_nothing) if light is not None else None
            if shared and await self._decide_both(read, shared, row):
                return 2
            row.counted = await self._decide(read, following=row.ahead)
        except (NotStarted, Unavailable, OSError):  # the machine or the register is at fault, not the mail
            await self._forgive(inbound_id)
            raise
        except Exception as error:  # the line moves on: whatever broke is counted, and the third time set aside
            log.exception("decision failed", inbound=inbound_id, attempt=attempt)
            if attempt >= ATTEMPTS:
                await self._set_aside(inbound_id, error)
            return 0
        return 1

    def _asks_nothing(self, read: Read) -> bool:
        """Whether the register need not be asked before the decision: only what a colleague commands points at other mails."""
        return author(read.message, self.config).person is None

    async def _decide_both(self, read: Read, shared: Read, row: Row) -> bool:
        """Two decisions in one commit; False when one of them fails, and each is to be taken by itself."""
        try:
            row.counted = await self._decide(read, shared, following=row.ahead)
        except (Unavailable, OSError):
            raise
        except Exception as error:
            log.warning("decided apart", inbound=read.inbound_id, other=shared.inbound_id, why=type(error).__name__)
            row.put_back(shared)
            return False
        return True

    async def _forgive(self, inbound_id: int) -> None:
        if inbound_id:
            await self.bench.db(lambda tx: keep.forgive_attempt(tx, inbound_id))

    async def read(
        self, inbound_id: int, *, last: bool, deadly: bool = False, given: Given | None = None
    ) -> Read | None:
        """The mail read in the guard; at the last attempt with what its headers say; None: to be tried again.

        `deadly`: this whole process died each time it was read, so that only its headers are looked at. `given`: its bytes, and
        whether they were cut, when they are at hand.
        """
        if given is None:
            given = await self.bench.ask(lambda tx: keep.to_read(tx, inbound_id))
        raw, truncated = large.of(self.bench, given[0]), given[1]
        try:
            if deadly:
                raise Unreadable("le bureau s’est arrêté chaque fois qu’il l’a lu")
            message, said = await self.bench.guard.read(raw, truncated=truncated)
            return Read(
                inbound_id=inbound_id, message=message, reading=said, files=await self._files(inbound_id, raw, message)
            )
        except Unreadable as error:
            log.warning("unreadable", inbound=inbound_id, why=str(error))
            if not last:
                return None
            message, said = await self.bench.guard.read_headers(await large.beginning(raw, BEGINNING))
            return Read(inbound_id=inbound_id, message=message, reading=said, files={}, unreadable=str(error))

    async def _files(self, inbound_id: int, raw: bytes | large.Large, message: Message) -> Files:
        if message.automatic or message.listed or message.reports:
            return {}
        wanted = [path for _, path in rules.files_to_send(message, inbound_id)]
        if author(message, self.config).person:  # a colleague's files leave with the answer, or stay, as the fence says
            wanted = [a.path for a in message.attachments if a.evidence and not a.problem]
        if not wanted:
            return {}
        cut = await self.bench.guard.pieces(raw, wanted, inbound_id)
        named = {a.path: a for a in message.attachments}
        return {(inbound_id, p): (named[p].name or "fichier", named[p].content_type, cut[p]) for p in cut}

    async def _decide(self, read: Read, *shared: Read, following: int | None = None) -> int:
        """With the decisions that share its commit, and the attempt at the mail that follows, when it is being read already: counted
        in the same commit, and returned."""
        found = await behind.behind(self, read)
        read = replace(read, files={**read.files, **found.files})

        def decide(tx: Session) -> int:
            self._decided(tx, read, found)
            for other in shared:
                if keep.count_attempt(tx, other.inbound_id, self.bench.me):
                    self._decided(tx, other, behind.Behind())
            return keep.count_attempt(tx, following, self.bench.me) if following else 0

        return await self.bench.ahead(decide)

    def _decided(self, tx: Session, read: Read, found: behind.Behind) -> None:
        cause = f"mail:{read.inbound_id}"
        desks_seen: list[Desk] = []

        def think(tx: Session, inbound: Inbound) -> Sequence[fx.Effect]:
            if inbound.state != "kept":  # a person, or another daemon of this register, was faster
                return []
            desks_seen.append(self.desk(tx, inbound, read))
            return self._think(tx, read, found, desks_seen[0])

        effects = self.write(tx, read, cause, think)
        if desks_seen:
            behind.follow(self, tx, found, effects, cause, desks_seen[0])

    def _think(self, tx: Session, read: Read, found: behind.Behind, desk: Desk) -> Sequence[fx.Effect]:
        effects = rules.on_message(read.message, read.reading, desk, self.config)
        other = found.read
        if found.kind != "chosen" or other is None or not rules.commands.chose(effects):
            return effects
        waiting = tx.get_one(Inbound, other.inbound_id)
        who = read.message.from_.addr if read.message.from_ else "?"
        choice = rules.on_choice(
            found.choice, other.message, other.reading, self.desk(tx, waiting, other), self.config, who=who
        )
        apply.apply(
            tx,
            choice,
            self.bench.act(tx, f"mail:{read.inbound_id}", inbound_id=other.inbound_id, files=other.files),
        )
        return effects

    async def cut(self, inbound_id: int, paths: list[str]) -> dict[str, bytes | Lying]:
        """Some attachments of a mail, or where they lie in it."""
        raw, _ = await self.bench.ask(lambda tx: keep.to_read(tx, inbound_id))
        return await self.bench.guard.pieces(large.of(self.bench, raw), paths, inbound_id)

    def write(
        self, tx: Session, read: Read, cause: str, think: Callable[[Session, Any], Sequence[fx.Effect]]
    ) -> Sequence[fx.Effect]:
        """One decision: derived columns, desk, rules, effects; nothing or all."""
        inbound = keep.row_of(tx, read.inbound_id)
        writer = author(read.message, self.config)
        apply.note_reading(
            tx,
            read.inbound_id,
            read.message,
            from_addr=writer.addr,
            from_name=writer.name,
            proof=f"{writer.proof.status} {writer.proof.evidence}",
        )
        effects = think(tx, inbound)
        failpoints.hit("K09")
        apply.apply(tx, effects, self.bench.act(tx, cause, inbound_id=read.inbound_id, files=read.files))
        erase.came_back(tx, read.inbound_id, read.message.fingerprint, self.bench.clock())
        failpoints.hit("K11")
        return effects

    def desk(self, tx: Session, inbound: Inbound, read: Read, *, staff: str = "") -> Desk:
        """`staff`: the colleague in whose name it is read, whoever wrote it."""
        query = query_of(read.message, read.reading, self.config, staff=staff)
        return desks.desk_for(tx, inbound, query, self.bench.setting(tx), unreadable=read.unreadable)

    async def _set_aside(self, inbound_id: int, error: Exception) -> None:
        """A fault of ours, three times: quarantined and told, so that the line moves and a human looks."""
        why = f"erreur interne en décidant : {type(error).__name__}"

        def write(tx: Session) -> None:
            if tx.get_one(Inbound, inbound_id).state != "kept":
                return
            act = self.bench.act(tx, f"mail:{inbound_id}", inbound_id=inbound_id)
            effects: list[fx.Effect] = [
                fx.Judge(verdict="quarantined", reason=why, decided=False),
                fx.Note(number=None, event="quarantined", actor="mailbot", text=why),
                fx.Alarm(key=f"set-aside:{inbound_id}", text=f"le message {inbound_id} n’a pas pu être traité ({why})"),
            ]
            apply.apply(tx, effects, act)

        await self.bench.db(write)

    async def choose(self, inbound_id: int, choice: str, who: str) -> None:
        """`mailbot decide`. Raises rules.Refused, or LookupError for an unknown mail."""
        row = await self.bench.ask(lambda tx: tx.get(Inbound, inbound_id))
        if row is None:
            raise LookupError(inbound_id)
        if await self.bench.ask(lambda tx: tx.get_one(Raw, row.raw_id).erased_at):
            raise rules.Refused(
                "ce message a été effacé avec la personne qui l’avait écrit : il n’y a plus rien à décider"
            )
        read = await self.read(inbound_id, last=True)
        assert read is not None

        def think(tx: Session, inbound: Inbound) -> Sequence[fx.Effect]:
            return rules.on_choice(
                choice, read.message, read.reading, self.desk(tx, inbound, read), self.config, who=who
            )

        await self.bench.db(lambda tx: self.write(tx, read, f"command:decide {inbound_id} {choice}", think))

    async def take_over(self, number: str, who: str) -> str:
        """Carries one essai file into the real series; returns its new number. Raises AlreadyEnded."""
        mails = await self.bench.ask(
            lambda tx: [i.id for i in questions.inbounds_of(tx, _essai(tx, number).id or 0) if i.id]
        )
        read = await self.read(mails[0], last=True)
        assert read is not None
        taken: list[str] = []

        def think(tx: Session, inbound: Inbound) -> Sequence[fx.Effect]:
            essai = desks.as_case(_essai(tx, number))
            desk = replace(self.desk(tx, inbound, read), cited=(), threaded=None, same_thread=None)
            taken.append(desk.next_number.text)
            ids = tuple(mails)
            return rules.take_over(read.message, read.reading, desk, self.config, essai=essai, inbound_ids=ids, who=who)

        await self.bench.db(lambda tx: self.write(tx, read, "command:start", think))
        return taken[0]

    async def practise(self, person: Person, who: str) -> str:
        """Opens an exercise for a colleague and owes them its welcome; its number."""
        opened: list[str] = []

        def write(tx: Session) -> None:
            setting = self.bench.setting(tx)
            number = desks.next_number(tx, rules.practice.SERIES, setting.now, setting)
            opened.append(number.text)
            effects = rules.practice.begin(person, number, setting.now, self.config, who)
            apply.apply(tx, effects, self.bench.act(tx, "command:staff welcome"))

        await self.bench.db(write)
        return opened[0]

    async def leave(self, number: str, who: str) -> None:
        """Ends one essai file as the exercise it was. Raises AlreadyEnded."""

        def write(tx: Session) -> None:
            essai = desks.as_case(_essai(tx, number))
            apply.apply(tx, rules.leave(essai, who), self.bench.act(tx, "command:start"))

        await self.bench.db(write)


def _essai(tx: Session, number: str) -> Complaint:
    row = next((file for file in questions.essai_files(tx) if file.number == number), None)
    if row is None:
        raise AlreadyEnded(number)
    return row
