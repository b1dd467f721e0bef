"""Two mailbots write to each other for a day: they settle after a letter or two, or, where a relay takes our headers off, after twenty
and one alarm (reliability T53). Each of the two guards is enough alone."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room
from sink import Sink

from mailbot.config import Mailbox, Organisation, Person
from mailbot.corridor.bench import words
from mailbot.guard import Guard

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE, THERE = "reclamations@nord.example", "plaintes@sud.example"
MACHINE = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Mailbot", "Precedence")  # what tells a machine (RFC 3834)
THREAD = ("In-Reply-To", "References")
EVERY = timedelta(minutes=20)
A_DAY = timedelta(hours=24)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


class Side:
    """One mailbot, its sending server, and how many of its letters were carried over."""

    def __init__(self, desk: Room, sink: Sink, address: str) -> None:
        self.desk, self.sink, self.address = desk, sink, address
        self.carried = 0

    def written(self, to: str) -> list[bytes]:
        return [taken.raw for taken in self.sink.taken if taken.to == (to,)]


@contextmanager
def mailbot(folder: Path, guard: Guard, sink: Sink, address: str, **settings: Any) -> Iterator[Side]:
    folder.mkdir()
    domain = address.rpartition("@")[2]
    box = Mailbox(address=address, host="127.0.0.1", security="none", authserv_id=cast.PROVIDER)
    staff = (
        Person(name="Bo Martin", addresses=(f"bo@{domain}",), roles=("quality",)),
        Person(name="Dan Petit", addresses=(f"dan@{domain}",), roles=("admin",)),
    )
    house = Organisation(name=f"Institut {domain}", domains=(domain,))
    fixed = {"mailbox": box, "staff": staff, "organisation": house, "assignment": {"default": f"bo@{domain}"}}
    with room(folder, guard, port=sink.port, **fixed, **settings) as desk:
        yield Side(desk, sink, address)


def relayed(raw: bytes, sender: str, off: tuple[str, ...]) -> bytes:
    """The letter as the other side's provider hands it over, without the headers that a relay on the way took off."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    for name in off:
        del message[name]
    domain = sender.rpartition("@")[2]
    stamp = f"Authentication-Results: {cast.PROVIDER}; dmarc=pass header.from={domain}\r\nReturn-Path: <{sender}>\r\n"
    return stamp.encode() + message.as_bytes()


async def exchange(here: Side, there: Side, off: tuple[str, ...], span: timedelta = A_DAY) -> None:
    """From the mail that starts it on, every letter for the other side is carried over within twenty minutes."""
    await here.desk.take(mail(sender=THERE, name="Institut du Sud", to=HERE))
    end = here.desk.clock.now + span
    while here.desk.clock.now < end:
        for side, other in ((here, there), (there, here)):
            await side.desk.tick(seconds=EVERY.total_seconds())
            await side.desk.send()
            letters = side.written(other.address)
            for raw in letters[side.carried :]:
                await other.desk.take(relayed(raw, side.address, off))
            side.carried = len(letters)


WITH, WITHOUT = (), MACHINE
OPEN_IN, OPEN_OUT = {"per_sender": 0, "unproven": 0}, {"per_sender": 0, "unproven": 0, "letters": 0}


@pytest.mark.parametrize(
    ("off", "flood", "most", "alarms"),
    [
        pytest.param(WITH, {}, 2, 0, id="both guards"),
        pytest.param(WITH, OPEN_OUT, 2, 0, id="only the headers are looked at"),
        pytest.param(WITHOUT, {}, 21, 1, id="headers taken off by a relay"),
        pytest.param(WITHOUT, OPEN_IN, 21, 1, id="only our own letters are counted"),
        pytest.param((*WITHOUT, *THREAD), {}, 21, 1, id="threads cut too, each mail a new file"),
    ],
)
async def test_two_mailbots_settle(
    guard: Guard, tmp_path: Path, off: tuple[str, ...], flood: dict[str, int], most: int, alarms: int
) -> None:
    settings = {"intake": {"flood": flood}}
    async with Sink() as north, Sink() as south:
        with (
            mailbot(tmp_path / "n", guard, north, HERE, **settings) as here,
            mailbot(tmp_path / "s", guard, south, THERE, **settings) as there,
        ):
            await exchange(here, there, off)
            exchanged = len(here.written(THERE)) + len(there.written(HERE))
            assert 1 <= exchanged <= most
            assert len(here.desk.alarms() | there.desk.alarms()) == alarms


async def test_without_either_guard_they_would_never_settle(guard: Guard, tmp_path: Path) -> None:
    """The loop is real: what ends it above is the guards."""
    settings = {"intake": {"flood": OPEN_OUT}}
    async with Sink() as north, Sink() as south:
        with (
            mailbot(tmp_path / "n", guard, north, HERE, **settings) as here,
            mailbot(tmp_path / "s", guard, south, THERE, **settings) as there,
        ):
            await exchange(here, there, WITHOUT, timedelta(hours=6))
            assert len(here.written(THERE)) + len(there.written(HERE)) > 21
