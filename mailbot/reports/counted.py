"""What figures are made of: one frozen record a file, action or meeting, and numbers that say how small they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from mailbot import workdays
from mailbot.complaint import STAGE_NAMES
from mailbot.rules.causes import CATEGORIES

FEW = 5  # below it a count is shown, no percentage (domain §6)
THIN = "\u202f"  # before « % » and « ; »


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A date promised by a human, and when it was told."""

    told_on: date
    on: date


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One file that counts: neither exercise nor essai. Dates are local."""

    number: str
    nature: str
    stage: str
    received_at: datetime
    received_on: date
    kind: str = ""  # stagiaire | financeur | autre
    who: str = ""  # address or company domain: compared, never shown
    training: str = ""
    session: str = ""
    category: str = ""
    priority: str = ""
    assignee: str = ""
    ack_at: datetime | None = None
    ack_on: date | None = None
    ack_excused: str = ""  # why none can leave: a documented exception
    ack_lost: bool = False  # refused or came back
    due_on: date | None = None
    promises: tuple[Promise, ...] = ()
    answered_on: date | None = None
    closed_on: date | None = None
    assessed_on: date | None = None
    immediate: str = ""  # oui | non | "" (not decided)
    wish_state: str = ""
    remedy: str = ""
    remedy_cents: int = 0
    outcome: str = ""
    character: str = ""
    reopened: int = 0
    marks: tuple[int, ...] = ()
    surveyed: bool = False
    told_on: tuple[date, ...] = ()  # every letter that reached the complainant, AR included
    chased: int = 0
    analysis_why: str = ""  # why a cause analysis is required, "" when it is not
    analysed: bool = False
    causes: tuple[str, ...] = ()  # 5M families
    sensitive: bool = False
    subject: str = ""
    imported: bool = False  # of another register: what was written and done there is not known
    closed_elsewhere: bool = False  # and closed there already

    @property
    def counts(self) -> bool:
        """Of nature réclamation: doublons, hors périmètre and the like are shown apart."""
        return self.nature == "réclamation"

    @property
    def stage_name(self) -> str:
        return STAGE_NAMES.get(self.stage, self.stage)


@dataclass(frozen=True, kw_only=True)
class Acted:
    """One corrective action."""

    name: str  # « A-7 »
    what: str
    owner: str
    due_on: date
    state: str  # open | done | effective | ineffective
    decided_on: date
    done_on: date | None = None
    check_on: date | None = None
    checked_on: date | None = None
    category: str = ""
    training: str = ""


@dataclass(frozen=True, kw_only=True)
class Met:
    """One quality meeting that was held, and its bulletin."""

    held_on: date
    bulletin_on: date | None = None
    bulletin_to: int = 0


@dataclass(frozen=True, kw_only=True)
class Register:
    """Everything the figures look at."""

    files: tuple[Filed, ...]
    calendar: workdays.Calendar
    actions: tuple[Acted, ...] = ()
    meetings: tuple[Met, ...] = ()
    trainees: int = 0  # stagiaires accueillis in a year, entered by the organisation; 0 = unknown
    unreadable: tuple[date, ...] = ()  # when mails came in that could not be read
    released: tuple[date, ...] = ()  # and those first taken for spam that became a complaint


@dataclass(frozen=True, kw_only=True)
class Period:
    """Both ends included."""

    first: date
    last: date

    def holds(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def a_year_before(self) -> Period:
        return Period(first=_year_before(self.first), last=_year_before(self.last))


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a whole: « 2 sur 3 », and a percentage only from five on."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole >= FEW else None

    def __str__(self) -> str:
        if not self.whole:
            return "aucun cas"
        told = f"{self.part} sur {self.whole}"
        return told if self.percent is None else f"{self.percent}{THIN}% ({told})"


def share(part: Iterable[object], whole: Iterable[object]) -> Share:
    """Counts what is true or not empty in `part`."""
    return Share(part=sum(1 for p in part if p), whole=sum(1 for _ in whole))


def middle(values: Iterable[float], unit: str) -> str:
    """The median with n; of one or two values, the values themselves."""
    found = sorted(values)
    if not found:
        return "aucun cas"
    if len(found) <= 2:
        return f"{' et '.join(number(v) for v in found)} {unit} (n = {len(found)})"
    return f"médiane {number(median(found))} {unit}, maximum {number(found[-1])} {unit} (n = {len(found)})"


def number(value: float) -> str:
    """« 2,5 », « 4 »."""
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def span(delay: timedelta) -> str:
    """« 41 s », « 3 min », « 2 h 05 »."""
    seconds = max(0, round(delay.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d}"


def category(said: str) -> str:
    """The label of a code, or the words themselves, begun alike."""
    words = " ".join(said.split())
    return CATEGORIES.get(words.upper(), words[:1].upper() + words[1:])


def pareto(names: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    """(name, count, cumulated count), the most frequent first, equal ones by name."""
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    rows, total = [], 0
    for name, n in sorted(found.items(), key=lambda row: (-row[1], row[0])):
        total += n
        rows.append((name, n, total))
    return tuple(rows)
