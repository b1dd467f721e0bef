"""The arithmetic behind docs/scale.md: benchmarks/simulate.py, and that the page prints what it prints."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent


def load(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


simulate = load("simulate", ROOT / "benchmarks" / "simulate.py")
A = simulate.Assumed(files=250, mails_a_file=4, letters_a_file=6, other_mails=1_500, one_in=4, file_kib=1024, years=2)
M = simulate.Measured(
    mail_kib=8,
    mail_cpu=0.1,
    idle_cpu=0.01,
    first_mib=100,
    next_mib=20,
    reader_mib=30,
    letters_a_second=10,
    connections=5,
)


def test_one_desk_by_hand():
    """(250 × 4 + 1500) / 250 = 10 mails a day; the busiest of hours that weigh 11 in all weighs 2."""
    n = simulate.need(1, A, M)
    assert n.mails_a_day == 10
    assert n.letters_a_day == 6
    assert n.busiest_hour == pytest.approx(20 / 11)
    assert n.register_gib == pytest.approx((2_500 * 8 + 1_000 / 4 * 1024) * 2 / 2**20)
    assert n.cores == pytest.approx(20 / 11 * 0.1 / 3600 + 0.01)
    assert n.memory_gib == pytest.approx(130 / 1024)
    assert (n.machines, n.imap, n.postgres) == (1, 1, 1)
    assert n.relay_busy == pytest.approx(6 * 2 / 11 / 3600 / 10)


def test_each_process_is_paid_for_once():
    assert simulate.processes(100) == 1
    assert simulate.processes(101) == 2
    assert simulate.need(100, A, M).memory_gib * 1024 == pytest.approx(100 + 99 * 20 + 100 * 30)


def test_machines_are_those_of_what_runs_out_first():
    assert simulate.need(2_000, A, M, cores_a_machine=64).machines == 3  # 102 GiB, 48 of each 64 given out
    assert simulate.need(2_000, A, M, cores_a_machine=4).machines == 7  # 20.1 cores, three of each four


@given(st.integers(1, 50_000))
def test_ten_times_the_desks_need_ten_times_mails_and_bytes(desks):
    one, ten = simulate.need(desks, A, M), simulate.need(10 * desks, A, M)
    for name in ("mails_a_day", "letters_a_day", "register_gib", "relay_busy", "imap"):
        assert getattr(ten, name) == pytest.approx(10 * getattr(one, name))


def test_mails_that_come_together_wait_for_one_another():
    assert simulate.waits([0, 0, 0], 2, 1) == [2, 4, 6]
    assert simulate.waits([0, 0, 0], 2, 2) == [2, 2, 4]
    assert simulate.waits([0, 10], 2, 1) == [2, 2]
    assert simulate.worst([1, 2, 3, 4], 0.5) == 2


def test_a_day_brings_as_many_mails_as_it_should_most_in_the_morning():
    day = simulate.arrivals(20_000, random.Random(1))
    assert day == sorted(day)
    assert abs(len(day) - 20_000) < 600  # four standard deviations
    assert min(day) >= 8 * 3600
    assert max(day) < 18 * 3600
    assert sum(9 * 3600 <= at < 11 * 3600 for at in day) / len(day) == pytest.approx(4 / 11, abs=0.02)


def test_the_page_prints_the_table():
    page = (ROOT / "docs" / "scale.md").read_text()
    assert simulate.table([1, 100, 10_000], simulate.Assumed(), simulate.Measured()) in page


def test_every_benchmark_finds_what_it_needs() -> None:
    """They share parts, and nobody else imports them."""
    names = [path.stem for path in (ROOT / "benchmarks").glob("*.py") if path.stem != "replies"]  # which runs at once
    code = f"import sys; sys.path.insert(0, 'benchmarks'); [__import__(name) for name in {names}]"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert len(names) > 10
    assert (done.returncode, done.stderr) == (0, "")
