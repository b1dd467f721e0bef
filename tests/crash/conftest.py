"""The table of kills, shown at the end of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Line:
    """One kill: where, at which passage or moment, whether it was proven to hit, what was accepted, what the audit says."""

    point: str
    when: str
    killed: bool
    letters: int
    extra: int
    problems: list[str]


Tell = Callable[[Line], None]
_LINES = pytest.StashKey[list[Line]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LINES] = []


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Adds a line to the table."""
    return request.config.stash.setdefault(_LINES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(_LINES, [])
    if not lines:
        return
    terminalreporter.section("kills")
    terminalreporter.line(f"{'point':<8}{'passage':<22}{'killed':<8}{'letters':>8}{'extra':>7}  audit")
    for x in lines:
        found = "clean" if not x.problems else f"{len(x.problems)} problems: {x.problems[0][:100]}"
        killed = "yes" if x.killed else "NO"
        terminalreporter.line(f"{x.point:<8}{x.when:<22}{killed:<8}{x.letters:>8}{x.extra:>7}  {found}")
