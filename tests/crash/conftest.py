"""The table of kills, shown at the end of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

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


def asked_for(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """The parameters of the tests of this file that will run."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    return [item.callspec.params for item in items if item.module is request.module and hasattr(item, "callspec")]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Adds a line to the table. It travels with the test's report, since tests run in several processes."""
    return lambda line: record_property("kill", asdict(line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for name in ("passed", "failed") for r in terminalreporter.getreports(name)]
    told = [Line(**value) for r in reports for name, value in r.user_properties if name == "kill"]
    if not told:
        return
    terminalreporter.section("kills")
    terminalreporter.line(f"{'point':<8}{'passage':<22}{'killed':<8}{'letters':>8}{'extra':>7}  audit")
    for x in sorted(told, key=lambda line: (line.point, line.when)):
        found = "clean" if not x.problems else f"{len(x.problems)} problems: {x.problems[0][:100]}"
        killed = "yes" if x.killed else "NO"
        terminalreporter.line(f"{x.point:<8}{x.when:<22}{killed:<8}{x.letters:>8}{x.extra:>7}  {found}")
