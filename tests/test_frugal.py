"""What a process at work settles once: what was loaded is looked through for garbage no more, and threads take turns sooner."""

from __future__ import annotations

import gc
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailbot import frugal

SAY = (
    "import gc, sys; from mailbot import frugal; frugal.settle();"
    "print(gc.get_freeze_count() > 0, gc.get_threshold()[0], sys.getswitchinterval())"
)


def test_a_process_settles_it_and_goes_on() -> None:
    command = [sys.executable, "-c", SAY]
    done = subprocess.run(
        command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", str(frugal.YOUNG), str(frugal.SHARES)]
    assert done.stderr == ""


def test_no_garbage_is_looked_for_while_modules_are_loaded_and_again_afterwards() -> None:
    with frugal.loading():
        looking = gc.isenabled()
    assert (looking, gc.isenabled()) == (False, True)


def test_a_library_can_be_loaded_without_another_that_it_finds_again_later() -> None:
    import json

    with frugal.without("json"), pytest.raises(ImportError):
        import json as _  # noqa: F401
    with frugal.without("no_such_library"):
        pass
    assert sys.modules["json"] is json
    assert "no_such_library" not in sys.modules


def test_a_desk_at_work_does_not_load_what_draws_tracebacks() -> None:
    say = "from mailbot import log, app; import sys; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", say],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "False\n"


@pytest.mark.skipif(len(frugal.CORES) < 2, reason="une machine d’un seul cœur")
def test_threads_stay_on_one_core_and_are_let_go_every_so_often_and_in_the_end() -> None:
    free, told = threading.Event(), queue.SimpleQueue[int]()

    def work() -> None:
        told.put(threading.get_native_id())
        free.wait(30)

    other = threading.Thread(target=work)
    other.start()
    try:
        threads = [threading.get_native_id(), told.get(timeout=30)]
        core, cores = frugal.OneCore(threads), []
        for _ in range(frugal.TURNS + 1):
            core.turn()
            mine, its = (os.sched_getaffinity(thread) for thread in threads)
            assert mine == its
            cores.append(mine)
        assert [len(here) for here in cores] == [*[1] * (frugal.TURNS - 1), len(frugal.CORES), 1]
        core.let_go()
        assert [os.sched_getaffinity(thread) for thread in threads] == [frugal.CORES] * 2
    finally:
        free.set()
        other.join()


def test_a_system_that_does_not_let_us_choose_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "sched_setaffinity")

    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    before = os.sched_getaffinity(0)
    core = frugal.OneCore([0])
    core.turn()
    core.let_go()
    monkeypatch.delattr(os, "sched_setaffinity")
    core = frugal.OneCore([0])
    core.turn()
    monkeypatch.setattr(frugal, "CORES", frozenset({0}))
    monkeypatch.setattr(frugal, "stay", forbidden)
    frugal.OneCore([0]).turn()  # a machine of one core is not even asked
    assert os.sched_getaffinity(0) == before
