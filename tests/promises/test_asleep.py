"""Nights with an hour too many or too few, days asleep, ends and pauses at any moment: nothing is said twice, nothing is forgotten
(reliability T41, T72, T73)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cast
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from servers.mail import MailServer
from servers.proxy import IMAP, SMTP, Proxy

from mailbot.config import Calendar
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import ledger
from promises.working import Work, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


# -- the digest on nights with an hour too many or too few ----------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")
EVERY_DAY = Calendar(
    working_days=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), send_from=time(0), send_until=time(23, 59),
    digest_at=time(2, 30),
)  # fmt: skip
NIGHTS = {"spring": date(2026, 3, 29), "autumn": date(2026, 10, 25)}  # 02:30 is not there, and is there twice


async def digests(desk: Room, first: datetime, last: datetime, step: timedelta) -> list[str]:
    """The dates of the digests that leave between the two moments, looked for at that pace."""
    desk.clock.now = first
    desk.register.run(desk.dues.first_digest)
    await desk.take(mail(at=first))
    while desk.clock.now < last:
        desk.clock.now += step
        await desk.dues.tick()
    return [letter.name.rpartition(":")[2] for letter in desk.letters("digest") if letter.to_addr == cast.DAN]


def days(first: date, count: int) -> list[str]:
    return [f"{first + timedelta(days=n)}" for n in range(count)]


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("minutes", [10, 60])
async def test_t41_each_local_date_has_one_digest_whatever_the_night_does_to_its_hour(
    guard: Guard, tmp_path: Path, night: str, minutes: int
) -> None:
    day = NIGHTS[night]
    noon = datetime.combine(day - timedelta(days=1), time(12), PARIS).astimezone(UTC)
    with room(tmp_path, guard, now=noon, calendar=EVERY_DAY) as desk:
        told = await digests(desk, noon, noon + timedelta(days=2), timedelta(minutes=minutes))
        assert told == days(day, 2)


@pytest.mark.parametrize("night", NIGHTS)
async def test_t41_three_days_asleep_over_such_a_night_are_one_digest_and_not_three(
    guard: Guard, tmp_path: Path, night: str
) -> None:
    day = NIGHTS[night]
    asleep = datetime.combine(day - timedelta(days=1), time(1), PARIS).astimezone(UTC)
    with room(tmp_path, guard, now=asleep, calendar=EVERY_DAY) as desk:
        told = await digests(desk, asleep, asleep + timedelta(days=3, hours=2), timedelta(days=3, hours=2))
        assert len(told) == 1
        again = await digests(desk, desk.clock.now, desk.clock.now + timedelta(hours=26), timedelta(minutes=30))
        assert again == [*told, f"{date.fromisoformat(told[0]) + timedelta(days=1)}"]


# -- the process ended, or stopped, in the middle of work -------------------------------------------------------------------

LINES = {"imap": IMAP, "smtp": SMTP}
BUSY = ("MOVE", "MAIL", "RCPT", "DATA", "text", "dot")  # passed by each of three mails at least
ENDS = [(line, step, 1, times) for line, steps in LINES.items() for step in steps for times in (1, 2)]
ENDS += [("imap", "FETCH third literal", 1, 1)]
ENDS += [(line, step, n, 1) for line, steps in LINES.items() for step in steps if step in BUSY for n in (2, 3)]


async def prepare(server: MailServer, folder: Path, salt: str) -> Work:
    work = Work(server, folder, salt)
    await work.write_elsewhere()
    for _ in range(3):
        await work.complain()
    return work


async def finish(work: Work) -> list[str]:
    """One more complaint proves that it lives: whoever is ended while it starts is ended by the signal itself."""
    await work.complain()
    await work.settled()
    await until(lambda: work.desk.rows("SELECT id FROM place WHERE folder = 'Sent'"))  # looked at after the inbox
    assert await asyncio.to_thread(work.desk.stop) == 0
    return work.problems()


@pytest.mark.long
@pytest.mark.parametrize(("line", "step", "passage", "times"), ENDS)
async def test_t72_ended_politely_at_any_moment_it_ends_well_and_goes_on_where_it_was(
    mail_server: MailServer, tmp_path: Path, line: str, step: str, passage: int, times: int
) -> None:
    work = await prepare(mail_server, tmp_path, f"end{ENDS.index((line, step, passage, times))}")
    proxy: Proxy = getattr(work, line)
    two = sum(len(mail.raw) for mail in work.sent[:2])
    third = replace(IMAP["FETCH mid-literal"], through=two + 200)  # the three are fetched as one set
    at = third if step == "FETCH third literal" else LINES[line][step]
    left, ended = [passage], threading.Event()

    def end() -> bool:
        left[0] -= 1
        if left[0]:
            proxy.spoil(at, end)
            return True
        for _ in range(times):
            work.desk.signal(signal.SIGTERM)
        ended.set()
        return True

    with work.alone() as desk:
        proxy.spoil(at, end)
        desk.start()
        await until(ended.is_set)
        assert await asyncio.to_thread(desk.wait) == 0
        proxy.mend()
        desk.start()
        assert await finish(work) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "step"),
    [("imap", "IDLE"), ("imap", "FETCH mid-literal"), ("imap", "MOVE"), ("smtp", "RCPT"), ("smtp", "dot")],
)
async def test_t73_stopped_in_the_middle_and_woken_much_later_it_goes_on(
    mail_server: MailServer, tmp_path: Path, line: str, step: str
) -> None:
    """While it sleeps its lines die, its leases end, and mail comes."""
    work = await prepare(mail_server, tmp_path, f"nap{line}{step[:2].lower()}")
    proxy: Proxy = getattr(work, line)
    with work.alone() as desk:
        proxy.spoil(step, lambda: desk.signal(signal.SIGSTOP))
        desk.start()
        if step == "IDLE":
            await until(work.imap.reached.is_set)
            await work.complain()
        await until(proxy.struck.is_set)
        proxy.mend()
        work.imap.cut()
        work.smtp.cut()
        ago = datetime.now(UTC) - timedelta(minutes=1)
        past = ago if registers.POSTGRESQL else f"{ago:%Y-%m-%d %H:%M:%S.%f}"
        # stopped within a transaction it holds the register: then no lease can end either
        with contextlib.suppress(ledger.Unavailable):
            registers.change(desk.data_dir, "UPDATE letter SET lease_until = :past WHERE state = 'claimed'", past=past)
        await work.complain()
        work.doubles = step == "dot"
        desk.signal(signal.SIGCONT)
        assert await finish(work) == []
