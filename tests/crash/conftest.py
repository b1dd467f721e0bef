"""The table of kills, shown at the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from audit import Accepted


@dataclass(frozen=True)
class Line:
    """One kill: where, at which passage or moment, whether it hit, how often each letter was accepted, what the audit says."""

    point: str
    when: str
    where: str
    killed: bool
    letters: str  # « 5 × 1, 1 × 2 »: five letters were accepted once, one twice
    identical: str  # whether the copies of one letter are the same bytes
    problems: list[str]


def line(point: str, when: str, where: str, killed: bool, accepted: Sequence[Accepted], problems: list[str]) -> Line:
    copies = Counter(a.message_id for a in accepted)
    letters = ", ".join(f"{n} × {times}" for times, n in sorted(Counter(copies.values()).items()))
    same = len({(a.message_id, a.raw) for a in accepted}) == len(copies)
    identical = "–" if len(copies) == len(accepted) else "yes" if same else "NO"
    return Line(point, when, where, killed, letters, identical, problems)


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
    over = [value for r in reports for name, value in r.user_properties if name == "over"]
    if over:
        terminalreporter.section("take-overs")
        terminalreporter.write("".join(f"{line}\n" for line in sorted(over)))
    told = [Line(**value) for r in reports for name, value in r.user_properties if name == "kill"]
    if not told:
        return
    terminalreporter.section("kills")
    terminalreporter.line(
        f"{'point':<10}{'passage':<22}{'killed at':<34}{'dead':<6}{'letters':<14}{'identical':<11}audit"
    )
    for x in sorted(told, key=lambda line: (line.point, line.when)):
        found = "A1–A8 clean" if not x.problems else f"{len(x.problems)} problems: {x.problems[0][:100]}"
        dead = "yes" if x.killed else "NO"
        terminalreporter.line(f"{x.point:<10}{x.when:<22}{x.where:<34}{dead:<6}{x.letters:<14}{x.identical:<11}{found}")
