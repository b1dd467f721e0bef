"""Killed at each named point, at its first, second and third passage, then started again: nothing is lost, nothing is said twice.

Every day one passage of most; all 75 with the long tier. `make kill-matrix` runs them alone and prints the table.
"""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import registers
from audit import Accepted, audit, rows, unexplained
from servers.mail import MailServer

from crash.conftest import Tell, asked_for, line
from crash.desk import stories
from crash.points import BEFORE, DUE, FILED, GATHERED, OUTSIDE, TWICE, WHERE, Seen, look
from crash.scene import Rig, four_mails, rig

DAILY = ("K02", "K04", "K07", "K10", "K11", "K13", "S02", "S05", "S07", "S08", "S09", "D02")
# Of several daemons nobody knows that the one that had begun DATA is dead: the lease runs out, which no kill here waits for.
POINTS = [point for point in WHERE if not (registers.POSTGRESQL and point in TWICE)]
CASES = [
    pytest.param(point, n, marks=() if point in DAILY and n == 1 else pytest.mark.long)
    for point in POINTS
    for n in (1, 2, 3)
]


@dataclass
class Run:
    """What one kill left behind."""

    status: int | None  # exit status of the process that was to be killed; None: it went on to the end
    seen: Seen
    end: int  # exit status of the last, clean run
    problems: list[str]
    accepted: list[Accepted]
    chases: Counter[str]  # number of a file → chases written
    files: list[str]
    config: Path
    mails: dict[str, str]

    @property
    def copies(self) -> Counter[str]:
        return Counter(a.message_id for a in self.accepted)

    @property
    def other_bytes(self) -> int:
        """Copies that are not, byte for byte, the letter of that Message-ID."""
        return len({(a.message_id, a.raw) for a in self.accepted}) - len(self.copies)


Runs = dict[tuple[str, int], Future[Run]]


@pytest.fixture(scope="module")
def runs(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Runs:
    """The kills asked for, three at a time; one that can't be played fails its own tests, not the others'."""
    folder = tmp_path_factory.mktemp("matrix")
    cases = sorted({(asked["point"], asked["passage"]) for asked in asked_for(request) if "point" in asked})
    with ThreadPoolExecutor(3) as pool:
        return {case: pool.submit(_play, mail_server, folder, *case) for case in cases}


def _ended(runs: Runs) -> dict[tuple[str, int], Run]:
    return {case: run.result() for case, run in runs.items()}


def _play(server: MailServer, folder: Path, point: str, passage: int) -> Run:
    with rig(server, folder, f"{point.lower()}n{passage}", "Traités" if point in FILED else "") as r:
        kill = _held if point in OUTSIDE else _on_the_next_day if point in DUE else _own_hand
        status = kill(r, point, passage)
        seen = look(r.desk, r.desk.pid, len(r.sink.accepted))
        end = r.to_idle(leaping=point in DUE)
        evidence = r.evidence(extra_copies=1 if point in TWICE else 0)
        chased = "SELECT number FROM letter JOIN complaint c ON c.id = complaint_id WHERE letter.kind = 'chase'"
        return Run(
            status=status, seen=seen, end=end, problems=audit(evidence), accepted=r.sink.accepted,
            chases=Counter(row["number"] for row in rows(evidence.register, chased)), files=r.desk.numbers(),
            config=r.desk.config, mails=r.known_mails(),
        )  # fmt: skip


def _own_hand(r: Rig, point: str, passage: int) -> int | None:
    """All four wait when it starts, or come one by one where a passage is one for all that came together."""
    carl, ines, stranger, more = four_mails(r.post)
    first, *others = [[carl], [ines], [more], [stranger]] if point in GATHERED else [[carl, ines, stranger, more]]
    r.deliver(first)
    r.desk.start(f"{point}:{passage + BEFORE.get(point, 0)}")
    status = r.desk.await_idle_or_end(m.trace for m in r.sent)
    for mails in others:
        r.deliver(mails)
        status = r.desk.await_idle_or_end(m.trace for m in r.sent) if status is None else status
    if status is None:
        r.desk.stop()
    return status


def _held(r: Rig, point: str, passage: int) -> int | None:
    r.deliver(four_mails(r.post))
    r.sink.hold(OUTSIDE[point], passage)
    r.desk.start()
    held = r.sink.held.wait(60)
    status = r.desk.kill()
    return status if held else None


def _on_the_next_day(r: Rig, point: str, passage: int) -> int | None:
    """A second life begins when three rows are due: the digest, and a look at each file."""
    r.deliver(four_mails(r.post))
    r.desk.start()
    r.desk.await_idle(m.trace for m in r.sent)
    r.desk.kill()
    r.next_day()
    r.desk.start(f"{point}:{passage}", leaping=True)
    return r.desk.end()


@pytest.mark.parametrize(("point", "passage"), CASES)
def test_killed_there_and_started_again_the_audit_is_clean(runs: Runs, tell: Tell, point: str, passage: int) -> None:
    run = runs[point, passage].result()
    where, _ = WHERE[point]
    killed = run.status == -signal.SIGKILL
    tell(line(point, str(passage), where, killed, run.accepted, run.problems))
    assert run.status == -signal.SIGKILL
    assert run.end == 0
    assert run.problems == []


@pytest.mark.parametrize(("point", "passage"), CASES)
def test_the_kill_hit_where_the_point_says(runs: Runs, point: str, passage: int) -> None:
    _, rule = WHERE[point]
    seen = runs[point, passage].result().seen
    assert rule(seen, passage), seen


def test_one_extra_copy_at_most_identical_and_only_where_no_answer_was_heard(runs: Runs) -> None:
    ended = _ended(runs)
    extra = {case: sum(n - 1 for n in run.copies.values()) for case, run in ended.items()}
    assert {case: n for case, n in extra.items() if n > (1 if case[0] in TWICE else 0)} == {}
    assert [case for case, run in ended.items() if run.other_bytes] == []


def test_a_tick_that_was_killed_chases_each_file_once(runs: Runs) -> None:
    for (point, _), run in _ended(runs).items():
        assert run.chases == (Counter(run.files) if point in DUE else Counter())


def test_every_step_names_the_mail_that_caused_it(runs: Runs) -> None:
    """A tick is a cause too, of the next day's chases alone."""
    asked = [(run, number) for run in _ended(runs).values() for number in run.files]
    told = stories((run.config, number) for run, number in asked)
    assert len(told) == 2 * len(runs)
    assert [
        problem
        for (run, number), story in zip(asked, told, strict=True)
        for problem in unexplained(story, run.mails, run.copies, ticks=[f"look:{number}:"] if run.chases else ())
    ] == []
