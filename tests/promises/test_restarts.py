"""Dovecot and Postfix killed, ended, frozen and started again in the middle of work: every complaint ends with one file and one AR
(reliability T13, T15).

Every day the heart of each; the rest with the long tier.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import product

import pytest
import pytest_asyncio
from servers.mail import MailServer
from servers.proxy import IMAP, SMTP, Step

from mailbot.log import log_to
from promises.working import SILENCE, Work, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
FETCH = IMAP["FETCH mid-literal"]
MOMENTS = {
    "LOGIN": IMAP["LOGIN"],
    "SELECT": IMAP["SELECT"],
    "list": Step(r"^\w+ UID FETCH [0-9]+:\*"),
    "FETCH asked for": replace(FETCH, through=0),
    "FETCH begun": replace(FETCH, through=300),
    "FETCH half": FETCH,
    "MOVE": IMAP["MOVE"],
    "SEARCH": IMAP["SEARCH"],
    "IDLE": IMAP["IDLE"],
    "DONE": IMAP["DONE"],
}
SENDING = {
    **{step: SMTP[step] for step in ("greeting", "AUTH", "MAIL", "RCPT", "DATA", "text", "dot", "QUIT")},
    "before the dot": replace(SMTP["dot"], early=True),
}
DAILY = {("MOVE", "killed"), ("dot", "killed")}


def cases(moments: dict[str, Step], ways: tuple[str, ...]) -> list[object]:
    return [pytest.param(*c, marks=() if c in DAILY else pytest.mark.long) for c in product(moments, ways)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Work]:
    """One desk for all restarts; its letters go to the real Postfix, and from there to mailboxes."""
    made = Work(mail_server, tmp_path_factory.mktemp("restarts"), "restarts", smtp_port=mail_server.smtp_port)
    async with made.at_work():
        made.daemon.road.command_seconds = made.daemon.road.after_dot_seconds = 20.0
        yield made


@pytest.fixture
def work(standing: Work) -> Work:
    log_to(standing.log)
    return standing


def restart(end: Callable[[], None], start: Callable[[], None]) -> Callable[[], None]:
    def act() -> None:
        end()
        start()

    return act


def way(work: Work, how: str) -> Callable[[], None]:
    dovecot = work.server.dovecot
    return {
        "killed": restart(dovecot.kill, dovecot.start),
        "ended": restart(dovecot.stop, dovecot.start),
        "shown out": lambda: dovecot.kick(work.post.desk),
    }[how]


async def at(work: Work, moment: str, act: Callable[[], object]) -> None:
    """A complaint comes, and this happens to the mailbox's server at that moment of its being taken in."""
    if moment == "SEARCH":
        work.search_again()
    work.imap.shut()
    await work.complain()
    work.imap.spoil(MOMENTS[moment], act)
    if moment == "IDLE":  # nothing need be said for it to happen
        await until(work.imap.reached.is_set)
        work.imap.mend()
        await asyncio.to_thread(act)
    else:
        await until(work.imap.struck.is_set)


async def at_the_end(work: Work) -> list[str]:
    """What is wrong once one mail more was taken, and all is sent and delivered."""
    await work.complain()
    await work.settled()
    await asyncio.to_thread(work.server.await_delivery)
    return work.problems()


@pytest.mark.parametrize(("moment", "how"), cases(MOMENTS, ("killed", "ended", "shown out")))
async def test_t13_a_mailbox_whose_server_is_started_again_is_taken_in_once(work: Work, moment: str, how: str) -> None:
    await at(work, moment, way(work, how))
    assert await at_the_end(work) == []


@pytest.mark.parametrize(("moment", "how"), cases(MOMENTS, ("frozen",)))
async def test_t15_a_server_that_freezes_is_noticed_and_read_once_it_thaws(work: Work, moment: str, how: str) -> None:
    dovecot = work.server.dovecot
    try:
        await at(work, moment, lambda: dovecot.signal(signal.SIGSTOP))
        await until(lambda: "imap" in work.daemon.health.down_since)
    finally:
        dovecot.signal(signal.SIGCONT)
    assert await at_the_end(work) == []


@pytest.mark.parametrize(("moment", "how"), cases(SENDING, ("killed", "ended")))
async def test_t21_a_letter_under_way_when_its_server_is_started_again_arrives(
    work: Work, moment: str, how: str
) -> None:
    postfix = work.server.postfix
    work.smtp.spoil(SENDING[moment], restart(postfix.kill if how == "killed" else postfix.stop, postfix.start))
    work.doubles += moment == "dot"  # Postfix has it in its queue, and its answer was lost
    await work.complain()
    await until(work.smtp.struck.is_set)
    assert await at_the_end(work) == []


@pytest.mark.parametrize(("moment", "how"), cases(SENDING, ("frozen",)))
async def test_t21_a_sending_server_that_freezes_is_noticed_and_gets_the_letter_once_it_thaws(
    work: Work, moment: str, how: str
) -> None:
    postfix, road = work.server.postfix, work.daemon.road
    road.command_seconds = road.after_dot_seconds = SILENCE
    work.smtp.spoil(SENDING[moment], lambda: postfix.signal("STOP"))
    work.doubles += moment == "dot"
    try:
        await work.complain()
        await until(work.smtp.struck.is_set)
        await until(lambda: road.client is None)
    finally:
        postfix.signal("CONT")
        road.command_seconds = road.after_dot_seconds = 20.0
    assert await at_the_end(work) == []
