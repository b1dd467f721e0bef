"""One line of the check: what was looked at, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mailbot.reports.tables import clean

STATES = {"green": ("✓", "\x1b[32m"), "orange": ("!", "\x1b[33m"), "red": ("✗", "\x1b[31m")}
UNVERIFIED = "non vérifié"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the check."""

    what: str
    state: str  # green | orange | red
    text: str
    mend: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def green(what: str, text: str) -> Finding:
    return Finding(what=what, state="green", text=text)


def orange(what: str, text: str, mend: str) -> Finding:
    return Finding(what=what, state="orange", text=text, mend=mend)


def red(what: str, text: str, mend: str) -> Finding:
    return Finding(what=what, state="red", text=text, mend=mend)


def unverified(what: str, why: str, mend: str) -> Finding:
    return orange(what, f"{UNVERIFIED} : {why}", mend)


def lines(findings: Sequence[Finding], *, colour: bool, quiet: bool = False) -> list[str]:
    """The findings for a terminal; colours only on one; `quiet` leaves out what is green."""
    out = []
    for f in findings:
        if quiet and f.state == "green":
            continue
        sign, paint = STATES[f.state]
        mark = f"{paint}{sign}\x1b[0m" if colour else sign
        out.append(f"{mark} {f.what} : {clean(f.text)}" + (f" → {clean(f.mend)}" if f.mend else ""))
    return out


def summary(findings: Sequence[Finding]) -> str:
    """« 20 vertes, 2 orange, 1 rouge »."""
    count = {state: sum(f.state == state for f in findings) for state in STATES}
    return (
        f"{count['green']} verte{_s(count['green'])}, {count['orange']} orange, {count['red']} rouge{_s(count['red'])}"
    )


def _s(n: int) -> str:
    return "s" if n > 1 else ""
