"""How a process of ours uses Python and the C library: its loop, its look for garbage, memory, turns and core of threads."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # mallopt(3)
SHARES = 0.001  # seconds that a thread which computes has before the others' turn; Python's own are 0.005
# Bytes. A mail of some megabytes is worked on in memory that the last one left; what was larger is the system's again at once.
LARGE, KEPT = 2**23, 2**24
CORES = frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()  # that this process may run on
TURNS = 16  # pieces of work, the last of which is done wherever the system likes
YOUNG = 20_000  # objects between two looks for garbage: a mail makes thousands, hardly any of them in circles


@contextmanager
def loading() -> Iterator[None]:
    """Around imports: modules are objects by the hundred thousand and hardly any garbage, which Python would look for among them again
    and again, a tenth of the time that they take."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def without(name: str) -> Iterator[None]:
    """A library that is loaded here does not find this one, which it would load as well if it is there, and can do without."""
    known = sys.modules.get(name)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if known:
            sys.modules[name] = known


def play(work: Coroutine[Any, Any, None]) -> None:
    """Runs a desk to its end, on libuv's loop: a mail costs a tenth less CPU (benchmarks/PROFILE.md). Imported here and not before:
    what only shows help needs none of it."""
    import asyncio

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def stay(threads: Iterable[int], cores: Iterable[int]) -> None:
    """Where these threads (native ids; 0 is the caller) run from now on. Nothing where the system has no such order, or forbids it."""
    with suppress(AttributeError, OSError, ValueError):
        for thread in threads:
            os.sched_setaffinity(thread, cores)


class OneCore:
    """Keeps threads (native ids) on one core, the one that its caller has at the moment. They have the interpreter in turns: on two
    cores it is never twice as fast, and what one thread worked on has to be fetched again by the next (benchmarks/PROFILE.md).

    `turn()` before each piece of work; every so many it lets them go, so that the system can part them from whoever else
    stays on that core; `let_go()` at the end.
    """

    def __init__(self, threads: Iterable[int]) -> None:
        self.threads = tuple(threads)
        self._ask = getattr(ctypes.CDLL(None), "sched_getcpu", None) if len(CORES) > 1 else None
        self._turns = 0

    def turn(self) -> None:
        rank, self._turns = self._turns % TURNS, self._turns + 1
        if rank == 0 and self._ask:
            stay(self.threads, {self._ask()} & CORES)
        elif rank == TURNS - 1:
            self.let_go()

    def let_go(self) -> None:
        stay(self.threads, CORES)


def settle() -> None:
    """Call once everything is loaded. Asks nothing that a C library other than glibc would miss. Does not look for garbage: what was
    loaded holds hardly any, and to find that takes 35 ms."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 50)
    sys.setswitchinterval(SHARES)
    allocator = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if allocator:
        for setting, value in ((M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, KEPT), (M_ARENA_MAX, 2)):
            allocator(setting, value)
