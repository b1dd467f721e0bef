"""Killed twice at moments drawn by lot, then left to finish: the audit is clean each time. Six lots, thirty with the long tier."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from audit import Accepted, audit, unexplained
from scenes import first
from scenes.post import Mail, Post
from servers.mail import MailServer

from crash.conftest import Tell, asked_for, line
from crash.desk import stories
from crash.scene import Rig, four_mails, rig

DAILY, ALL = 3, 30
SEEDS = [pytest.param(n, marks=() if n < DAILY else pytest.mark.long) for n in range(ALL)]


@dataclass
class Run:
    """What two kills left behind."""

    moments: tuple[float, ...]
    statuses: list[int]
    begun: list[int]  # mails in the register and letters accepted at each kill
    finished: list[bool]
    end: int
    problems: list[str]
    accepted: list[Accepted]
    files: list[str]
    config: Path
    mails: dict[str, str]


def _mails(post: Post) -> list[Mail]:
    return [*four_mails(post), *first.complaints(post, 2, start=6)]


@pytest.fixture(scope="module")
def runs(
    mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[int, Run]:
    """Those asked for, three at a time. How long undisturbed work lasts is measured first: the moments are drawn within it."""
    seeds = sorted(asked["seed"] for asked in asked_for(request)) or range(DAILY)
    folder = tmp_path_factory.mktemp("random")
    with ThreadPoolExecutor(3) as pool:
        works = max(pool.map(lambda n: _undisturbed(mail_server, folder, n), range(3)))
        played = pool.map(lambda seed: _play(mail_server, folder, seed, works), seeds)
        return dict(zip(seeds, played, strict=True))


def _undisturbed(server: MailServer, folder: Path, n: int) -> float:
    """Seconds from the first sign of work to idle."""
    with rig(server, folder, f"whole{n}") as r:
        r.deliver(_mails(r.post))
        r.desk.start()
        _await_work(r, 0)
        begun = time.monotonic()
        r.desk.await_idle(m.trace for m in r.sent)
        lasted = time.monotonic() - begun
        assert r.desk.stop() == 0
        return lasted


def _await_work(r: Rig, before: int) -> None:
    """Until the daemon has taken in one more mail than before: how long it starts up depends on the machine, not on us."""
    for _ in range(3000):
        if _kept(r) > before or not r.desk.running():
            return
        time.sleep(0.01)


def _play(server: MailServer, folder: Path, seed: int, works: float) -> Run:
    """One kill in five falls somewhere in the start-up, the others while there is work."""
    lot = random.Random(seed)
    moments = tuple(-lot.uniform(0.1, 1.0) if lot.random() < 0.2 else lot.uniform(0.0, 0.8) * works for _ in "12")
    with rig(server, folder, f"seed{seed:02d}", "Traités" if seed % 2 else "") as r:
        mails = _mails(r.post)
        statuses, begun, finished = [], [], []
        for moment, part in zip(moments, (mails[:4], mails[4:]), strict=True):
            r.deliver(part)
            statuses.append(_killed_after(r, moment))
            begun.append(_kept(r) + len(r.sink.accepted))
            finished.append(len({a.message_id for a in r.sink.accepted}) >= sum(_owed(m) for m in r.sent))
        r.end_leases()
        end = r.to_idle()
        evidence = r.evidence(extra_copies=2)
        return Run(
            moments=moments, statuses=statuses, begun=begun, finished=finished, end=end, problems=audit(evidence),
            accepted=r.sink.accepted, files=r.desk.numbers(), config=r.desk.config,
            mails=r.known_mails(),
        )  # fmt: skip


def _owed(mail: Mail) -> int:
    return len(mail.outside) + len(mail.inside)


def _killed_after(r: Rig, moment: float) -> int:
    """The moment of the kill is the input of this test: seconds after the first sign of work, negative after the start."""
    before = _kept(r)
    r.desk.start()
    if moment >= 0:
        _await_work(r, before)
    time.sleep(abs(moment))
    return r.desk.kill()


def _kept(r: Rig) -> int:
    if not r.desk.furnished():
        return 0
    return len(r.desk.rows("SELECT id FROM inbound"))


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_twice_at_random_and_left_to_finish_the_audit_is_clean(
    runs: dict[int, Run], tell: Tell, seed: int
) -> None:
    run = runs[seed]
    when = " ".join(f"{m:.2f}s" for m in run.moments)
    killed = run.statuses == [-signal.SIGKILL] * 2
    tell(line(f"#{seed}", when, "seconds of work, drawn", killed, run.accepted, run.problems))
    assert killed
    assert run.end == 0
    assert run.problems == []


def test_a_good_part_of_the_kills_hit_while_work_was_half_done(runs: dict[int, Run]) -> None:
    half = [b > 0 and not f for run in runs.values() for b, f in zip(run.begun, run.finished, strict=True)]
    assert sum(half) >= len(half) // 4


def test_every_step_names_the_mail_that_caused_it(runs: dict[int, Run]) -> None:
    asked = [(run, number) for run in runs.values() for number in run.files]
    told = stories((run.config, number) for run, number in asked)
    assert len(told) == 4 * len(runs)
    assert [
        p
        for (run, _), t in zip(asked, told, strict=True)
        for p in unexplained(t, run.mails, {a.message_id for a in run.accepted})
    ] == []
