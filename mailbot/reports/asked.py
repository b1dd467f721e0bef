"""What the formulas share: the files that a period asks about, and the answer of each with its target judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailbot import workdays
from mailbot.reports.counted import Filed, Period, Register, Share


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One KPI. `share` holds the numbers behind a proportion; `rows` what a chart or table shows."""

    rank: int
    name: str
    formula: str
    text: str
    target: str = ""
    share: Share | None = None
    met: bool | None = None  # None: no target, or too few cases to judge by
    rows: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a formula works on."""

    register: Register
    period: Period

    @property
    def received(self) -> list[Filed]:
        return [f for f in self.register.files if f.counts and self.period.holds(f.received_on)]

    @property
    def heard(self) -> list[Filed]:
        """Those that this desk received itself: of another register's AR no hour is known."""
        return [f for f in self.received if not f.imported]

    @property
    def closed(self) -> list[Filed]:
        return [f for f in self.register.files if f.counts and f.stage == "closed" and self.period.holds(f.closed_on)]

    @property
    def told(self) -> list[Filed]:
        """The closed ones whose reply can be dated: of a file that was closed in another register it may not be known."""
        return [f for f in self.closed if f.answered_on or not f.closed_elsewhere]

    @property
    def followed(self) -> list[Filed]:
        """The closed ones whose steps are on record: not those that were closed in another register."""
        return [f for f in self.closed if not f.closed_elsewhere]

    @property
    def open(self) -> list[Filed]:
        """Received by the end of the period and not ended by then."""
        last = self.period.last
        known = (f for f in self.register.files if f.counts and f.received_on <= last)
        return [f for f in known if f.closed_on is None or f.closed_on > last]

    @property
    def overdue(self) -> list[Filed]:
        return [f for f in self.open if f.due_on and f.due_on < self.period.last]

    @property
    def broken(self) -> list[Filed]:
        """Open past everything that was promised."""
        return [f for f in self.overdue if (kept_until(f) or f.due_on or date.max) < self.period.last]

    def jo(self, a: date, b: date) -> int:
        return workdays.count(a, b, self.register.calendar)


def kept_until(f: Filed) -> date | None:
    """The last date promised before the one it replaces had passed."""
    until = f.due_on
    for promise in f.promises:
        if until is None or promise.told_on > until:
            break
        until = promise.on
    return until


def in_time(f: Filed) -> bool:
    return bool(f.answered_on and f.due_on and f.answered_on <= f.due_on)


def as_promised(f: Filed) -> bool:
    until = kept_until(f)
    return bool(f.answered_on and until and f.answered_on <= until)


Made = dict[str, object]
NOT_MEASURED = "non mesuré"


def unmeasured(whole: list[Filed], measured: list[Filed]) -> str:
    """« ; 12 repris d’un registre : non mesuré », for those that a figure leaves out."""
    left = len(whole) - len(measured)
    return f" ; {left} repris d’un registre : {NOT_MEASURED}" if left else ""


def of(
    found: Share, at_least: int | None = None, at_most: int | None = None, more: str = "", left_out: str = ""
) -> Made:
    """A proportion; its target is judged where there are cases enough, or where all of them, or none, is what is asked."""
    met: bool | None = None
    if found.whole and at_least is not None and (found.percent is not None or at_least == 100):
        met = 100 * found.part >= at_least * found.whole
    if found.percent is not None and at_most is not None:
        met = 100 * found.part < at_most * found.whole
    return {"text": f"{found}{more if found.whole else ''}{left_out}", "share": found, "met": met}
