"""The line breaks, stalls, slows or lies at each step of the conversation with the mailbox and with the sending server: the desk
recovers by itself, nothing is lost and nothing is done twice (reliability T12, and the same for SMTP).

Every day each step of IMAP and each verb once, and three of SMTP (tests/test_outbox.py has its replies); all with the long tier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import product

import pytest
import pytest_asyncio
from servers.mail import MailServer
from servers.proxy import BROKEN, IMAP, SMTP, VERBS

from mailbot.log import log_to
from promises.working import SILENCE, Work, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
NEVER = {("text", "garble")}  # a line that changes the words of a letter under way is beyond what SMTP can notice
DAILY = {(step, VERBS[n * 5 % len(VERBS)]) for n, step in enumerate(IMAP)}  # each step once, each verb once
DAILY_SMTP = {("text", "limit_data"), ("dot", "reset_peer"), ("RCPT", "slicer")}


def cases(steps: Iterable[str], daily: set[tuple[str, str]]) -> list[object]:
    wanted = [case for case in product(steps, VERBS) if case not in NEVER]
    return [pytest.param(*case, marks=() if case in daily else pytest.mark.long) for case in wanted]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Work]:
    """One desk for all faults, one after the other: it must outlive them anyhow."""
    async with Work(mail_server, tmp_path_factory.mktemp("faults"), "faults").at_work() as made:
        yield made


@pytest.fixture
def work(standing: Work) -> Work:
    log_to(standing.log)
    return standing


@pytest.mark.parametrize(("step", "verb"), cases(IMAP, DAILY))
async def test_t12_a_fault_of_the_mailbox_at_any_step_is_outlived(work: Work, step: str, verb: str) -> None:
    waiting = step in ("IDLE", "DONE")
    if step == "SEARCH":
        work.search_again()
    if step == "FETCH header":
        await work.write_elsewhere()
    work.imap.shut()
    if not waiting:
        await work.complain()
    work.imap.spoil(step, verb)
    if waiting:
        await until(work.imap.reached.is_set)
        await work.complain()
    await until(work.imap.struck.is_set)
    if verb == "down":
        await until(lambda: "imap" in work.daemon.health.down_since)
    work.imap.mend()
    await work.complain()
    await work.settled()
    assert work.problems() == []


@pytest.mark.parametrize(("step", "verb"), cases(SMTP, DAILY_SMTP))
async def test_t21_a_fault_of_the_sending_server_at_any_step_is_outlived(work: Work, step: str, verb: str) -> None:
    patience = SILENCE if verb == "timeout" else 20.0  # a busy machine is no silent server
    work.daemon.road.command_seconds = work.daemon.road.after_dot_seconds = patience
    work.smtp.spoil(step, verb)
    await work.complain()
    await until(work.smtp.struck.is_set)
    work.smtp.mend()
    if step == "dot" and verb in BROKEN:  # the server has it, and we can't know; the next letter may have been as fast
        work.doubles += work.smtp.strikes
    await work.settled()
    assert work.problems() == []
