"""The post office as a state machine (T70): whatever happens to a desk, in whatever order, the audit is clean and nothing is twice.

Without network: the server of this office is a list, its failures are drawn; a kill drops the objects and opens the register anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import cast
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from room import Clock, Room, mail, room

from mailbot import audit, proof
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.outbox import Answer, RoadClosed
from mailbot.store.post import Claimed
from mailbot.store.tables import Inbound, Letter

WRITERS = (cast.CARL, cast.OPALE, "ines@courriel.example")
# What a server may do with a letter; the last three are ends of the line in which nobody knows whether it was taken.
FATES = ("sent", "sent", "sent", "later", "refused", "close", "lost", "taken and lost", "killed after the dot")


class Killed(BaseException):
    """The process is gone at this very place."""


class Office:
    """The sending server. `down`: nobody answers; `fates`: what becomes of the next letters; `taken`: what it accepted."""

    def __init__(self) -> None:
        self.down = False
        self.fates: list[str] = []
        self.taken: list[Claimed] = []

    async def open(self) -> None:
        if self.down:
            raise RoadClosed("le serveur ne répond pas", ours=False)

    async def announce(self, letter: Claimed) -> Answer | None:
        fate = self.fates[0] if self.fates else "sent"
        if fate in ("later", "refused", "close"):
            self.fates.pop(0)
            if fate == "close":
                raise RoadClosed("la connexion est tombée", ours=False)
            return Answer(outcome=fate, words="450 plus tard" if fate == "later" else "550 non")
        return None

    async def hand_over(self, letter: Claimed) -> Answer:
        fate = self.fates.pop(0) if self.fates else "sent"
        if fate != "lost":
            self.taken.append(letter)
        if fate == "killed after the dot":
            raise Killed
        if fate != "sent":
            return Answer(outcome="uncertain", words="pas de réponse")
        return Answer(outcome="sent", words=f"250 2.0.0 Ok: queued as Q{len(self.taken)}")

    async def quit(self) -> None: ...

    def close(self) -> None: ...


class PostOffice(RuleBasedStateMachine):
    """Deliver, redeliver, command, tick, server down and up, kill and restart, clock jumps. `total`: what all histories did."""

    total: Counter[str] = Counter()

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(mkdtemp(prefix="mailbot-model-"))
        self.office, self.clock = Office(), Clock(cast.NOON)
        self.delivered: list[bytes] = []
        self.guard = Guard(words(cast.config()).to_json())
        self.loop.run_until_complete(self.guard.__aenter__())
        self._open()
        self.deliver(cast.CARL, True, 1)
        self.work([])

    def _open(self) -> None:
        self.door = room(self.folder, self.guard, now=self.clock.now)
        self.desk: Room = self.door.__enter__()
        self.desk.clock.now = self.clock.now
        self.clock = self.desk.clock
        self.desk.post.road = self.office  # type: ignore[assignment]
        self.desk.register.run(lambda tx: self.desk.post.take_back(tx, all_leases=True))

    def teardown(self) -> None:
        if hasattr(self, "door"):
            self.door.__exit__(None, None, None)
            self.loop.run_until_complete(self.guard.__aexit__(None, None, None))
            self.loop.close()
            shutil.rmtree(self.folder)

    # -- what happens ------------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(WRITERS), proven=st.booleans(), n=st.integers(1, 3))
    def deliver(self, who: str, proven: bool, n: int) -> None:
        for k in range(n):
            raw = mail(
                f"Formation {len(self.delivered)}.{k}", sender=who, name="Quelqu’un", proven=proven, at=self.clock.now
            )
            self.delivered.append(raw)
            self.desk.keep(raw)

    @precondition(lambda self: self.delivered)
    @rule(which=st.integers(0, 10**6), relayed=st.booleans())
    def redeliver(self, which: int, relayed: bool) -> None:
        """The same bytes at another place, or the same mail by another relay."""
        raw = self.delivered[which % len(self.delivered)]
        self.desk.keep(b"Received: from relay.example by mx; now\r\n" + raw if relayed else raw)

    @precondition(lambda self: self.desk.files())
    @rule(
        which=st.integers(0, 10**6),
        tag=st.sampled_from(["#prendre", "#note", "#précisions", "#rien", "#résolu"]),
        twice=st.booleans(),
    )
    def command(self, which: int, tag: str, twice: bool) -> None:
        files = self.desk.files()
        number = files[which % len(files)].number
        raw = mail(f"[{number}] {tag}", "Quel jour était-ce ?\n", sender=cast.BO, name="Bo Martin", at=self.clock.now)
        for _ in range(1 + twice):
            self.desk.keep(raw)

    @rule(minutes=st.sampled_from([0, 1, 16, 60, 600]))
    def tick(self, minutes: int) -> None:
        self.loop.run_until_complete(self.desk.tick(minutes=minutes))

    @rule(jump=st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(hours=-1), timedelta(days=-1)]))
    def clock_jumps(self, jump: timedelta) -> None:
        self.clock.now += jump

    @rule(fates=st.lists(st.sampled_from(FATES), max_size=4))
    def work(self, fates: list[str]) -> None:
        self.office.fates = fates
        self._mortally(self._work())

    @rule(down=st.sampled_from([False, False, True]))
    def server_goes_or_comes(self, down: bool) -> None:
        self.office.down = down

    @rule()
    def restart(self) -> None:
        self.door.__exit__(None, None, None)
        self._open()

    async def _work(self) -> None:
        await self.desk.mails.decide_waiting()
        with contextlib.suppress(RoadClosed):
            await self.desk.send()
        self.total["taken"] += len(self.office.taken)

    def _mortally(self, work: object) -> None:
        try:
            self.loop.run_until_complete(work)  # type: ignore[arg-type]
        except Killed:
            self.total["killed"] += 1
            self.restart()

    # -- what stays true -----------------------------------------------------------------------------------------------

    @invariant()
    def the_audit_is_clean(self) -> None:
        if not hasattr(self, "desk"):
            return
        found = self.desk.register.ask(
            lambda tx: audit.judge(audit.gather(tx, self.desk.config, self.clock.now, proof.Proof()))
        )
        in_hand = ("A1", "A3", "A8")  # waiting is no fault while nobody was let work; nothing else may ever be one
        waits = ("attend un verdict", "non partie", "en main", "devait être regardé")
        assert [f for f in found if not (f.point in in_hand and any(w in f.what for w in waits))] == []

    @invariant()
    def nothing_is_twice(self) -> None:
        if not hasattr(self, "desk"):
            return
        copies = Counter(letter.message_id for letter in self.office.taken)
        for row in self.desk.rows(Letter):
            own = [t for t in self.office.taken if t.message_id == row.message_id]
            assert copies[row.message_id] <= 1 + row.repeats <= 2
            assert {t.raw for t in own} <= {row.raw}, "byte for byte"
            assert {t.envelope_to for t in own} <= {row.envelope_to}
        assert set(copies) <= {row.message_id for row in self.desk.rows(Letter)}

    @invariant()
    def each_mail_is_one_row_and_each_complaint_one_file(self) -> None:
        if not hasattr(self, "desk"):
            return
        rows = self.desk.rows(Inbound)
        assert len({row.raw_id for row in rows}) == len(rows)
        complaints = [row for row in rows if row.verdict == "complaint"]
        assert len({row.fingerprint for row in complaints}) == len(complaints)
        assert len(complaints) <= len(self.delivered)


def play(examples: int, steps: int) -> None:
    PostOffice.total.clear()
    run_state_machine_as_test(
        PostOffice,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=examples < 20,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert PostOffice.total["taken"] > examples, "histories in which no letter ever leaves prove nothing"


def test_t70_a_few_histories_of_a_post_office() -> None:
    play(examples=3, steps=20)


@pytest.mark.long
def test_t70_many_histories_of_a_post_office() -> None:
    play(examples=40, steps=30)
