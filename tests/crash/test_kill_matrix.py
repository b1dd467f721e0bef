"""Killed at each named point, at its first, second and third passage, then started again: nothing is lost, nothing is said twice.

Every day the first passage of each, and all three where a letter may leave twice; the other passages with the long tier.
"""

from __future__ import annotations

import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from audit import audit, unexplained
from servers.mail import MailServer

from crash.conftest import Line, Tell, asked_for
from crash.desk import stories
from crash.scene import Rig, four_mails, rig
from crash.sink import DOT, HALF

INSIDE = ("K02", "K04", "K05", "K10", "K11", "K13", "S02", "S08")  # the program kills itself there
OUTSIDE = {"S06": HALF, "S07": DOT}  # our own server holds the line, and the test kills
TWICE = ("S07", "S08")  # where one letter may leave twice, identical (RFC 5321 §4.5.3.2.6)
POINTS = sorted([*INSIDE, *OUTSIDE])
CASES = [
    pytest.param(point, n, marks=() if n == 1 or point in TWICE else pytest.mark.long)
    for point in POINTS
    for n in (1, 2, 3)
]
GATHERED = ("K13", "S02")  # the outbox is woken once, and connects once, for all that waits
FILED = ("K04", "K05")  # filing is only there with file_into


@dataclass
class Run:
    """What one kill left behind."""

    status: int | None  # exit status of the process that was to be killed; None: it went on to the end
    held: bool  # S06, S07: the server has the connection in its hand
    unsaid: bool  # S07: when it was killed, the server had a letter that the register did not call sent
    end: int  # exit status of the last, clean run
    problems: list[str]
    copies: Counter[str]
    files: list[str]
    config: Path
    mails: dict[str, str]
    letters: set[str]


Runs = dict[tuple[str, int], Run]


@pytest.fixture(scope="module")
def runs(mail_server: MailServer, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Runs:
    """The kills asked for, three at a time."""
    folder = tmp_path_factory.mktemp("matrix")
    cases = sorted({(asked["point"], asked["passage"]) for asked in asked_for(request) if "point" in asked})
    with ThreadPoolExecutor(3) as pool:
        played = pool.map(lambda case: _play(mail_server, folder, *case), cases)
        return dict(zip(cases, played, strict=True))


def _play(server: MailServer, folder: Path, point: str, passage: int) -> Run:
    with rig(server, folder, f"{point.lower()}n{passage}", "Traités" if point in FILED else "") as r:
        status, held, unsaid = (_held if point in OUTSIDE else _own_hand)(r, point, passage)
        end = r.to_idle()
        evidence = r.evidence(extra_copies=1 if point in TWICE else 0)
        return Run(
            status=status, held=held, unsaid=unsaid, end=end, problems=audit(evidence),
            copies=Counter(a.message_id for a in r.sink.accepted), files=r.desk.numbers(), config=r.desk.config,
            mails=r.known_mails(), letters={a.message_id for a in r.sink.accepted},
        )  # fmt: skip


def _own_hand(r: Rig, point: str, passage: int) -> tuple[int | None, bool, bool]:
    """All four wait when it starts, or come one by one where a passage is one for all that came together."""
    first, *others = [[m] for m in four_mails(r.post)] if point in GATHERED else [four_mails(r.post)]
    r.deliver(first)
    r.desk.start(f"{point}:{passage}")
    status = r.desk.await_idle_or_end(m.trace for m in r.sent)
    for mails in others:
        r.deliver(mails)
        status = r.desk.await_idle_or_end(m.trace for m in r.sent) if status is None else status
    if status is None:
        r.desk.stop()
    return status, False, False


def _held(r: Rig, point: str, passage: int) -> tuple[int | None, bool, bool]:
    r.deliver(four_mails(r.post))
    r.sink.hold(OUTSIDE[point], passage)
    r.desk.start()
    held = r.sink.held.wait(60)
    taken = [a.message_id for a in r.sink.accepted]
    sent = {row["message_id"] for row in r.desk.rows("SELECT message_id FROM letter WHERE state = 'sent'")}
    return r.desk.kill(), held, len(taken) == passage and taken[-1] not in sent


@pytest.mark.parametrize(("point", "passage"), CASES)
def test_killed_there_and_started_again_the_audit_is_clean(runs: Runs, tell: Tell, point: str, passage: int) -> None:
    run = runs[point, passage]
    extra = sum(n - 1 for n in run.copies.values())
    tell(Line(point, str(passage), run.status == -signal.SIGKILL, len(run.copies), extra, run.problems))
    assert run.status == -signal.SIGKILL
    assert run.end == 0
    assert run.problems == []


@pytest.mark.parametrize(("point", "passage"), [c for c in CASES if c.values[0] in OUTSIDE])
def test_the_kill_hit_while_our_server_held_the_line(runs: Runs, point: str, passage: int) -> None:
    assert runs[point, passage].held


@pytest.mark.parametrize("passage", [1, 2, 3])
def test_after_the_dot_the_server_had_a_letter_that_the_register_did_not_call_sent(runs: Runs, passage: int) -> None:
    assert runs["S07", passage].unsaid


def test_one_extra_copy_at_most_and_only_where_no_answer_was_heard(runs: Runs) -> None:
    extra = {case: sum(n - 1 for n in run.copies.values()) for case, run in runs.items()}
    assert {case: n for case, n in extra.items() if n > (1 if case[0] in TWICE else 0)} == {}


def test_every_step_names_the_mail_that_caused_it(runs: Runs) -> None:
    asked = [(run, number) for run in runs.values() for number in run.files]
    told = stories((run.config, number) for run, number in asked)
    assert len(told) == 2 * len(runs)
    assert [p for (run, _), t in zip(asked, told, strict=True) for p in unexplained(t, run.mails, run.letters)] == []
