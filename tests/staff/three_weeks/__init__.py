"""Three weeks of one desk, Monday 23 March to Friday 10 April 2026: what happens, and by hand every letter that must leave.

Europe/Paris. In these weeks: two week-ends, the night of 29 March (02:00 becomes 03:00), a closure (Friday 3 April, configured),
Easter Monday (6 April) and a machine that stood still from Wednesday 25 March 23:00 to Friday 27 March 11:20.
Working days: 23 24 25 26 27 · 30 31 1 2 · 7 8 9 10. Labels come from spec §3–§7; a « ? » marks what the spec leaves open and
was decided here: a harness may report these apart.

An instant is the earliest one; a tick may be a minute late. Staff mails come with a pass of the provider (spec §6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from staff.three_weeks.happens import FOLLOW_UPS, HAPPENS, MAILS, OUT_OF_OFFICE, TEXTS
from staff.three_weeks.letters import COUNT, LEFT_OUT, MISSED, MUST_LEAVE, MUST_NOT

__all__ = [
    "CLOSURES",
    "COMMITTED",
    "COUNT",
    "DIGEST_AT",
    "DOWN",
    "DUE",
    "END",
    "EVENTS",
    "FILES",
    "FIRST",
    "FOLLOW_UPS",
    "FORBIDDEN",
    "HOLIDAYS",
    "LAST",
    "LEFT_OUT",
    "LETTERS",
    "MAILS",
    "OUT_OF_OFFICE",
    "PARIS",
    "PLANNED",
    "PRIORITY",
    "REOPENED",
    "SENDING_HOURS",
    "STAFF",
    "START",
    "SUBSTITUTE",
    "TEXTS",
    "UNDO_MINUTES",
    "UP",
    "WITHOUT_ADDRESS",
    "YEAR",
    "Event",
    "Expected",
    "instant",
]

PARIS = ZoneInfo("Europe/Paris")
YEAR = 2026
SENDING_HOURS = ("08:00", "18:30")
DIGEST_AT = "08:00"
UNDO_MINUTES = 10
CLOSURES = ((date(2026, 4, 3), date(2026, 4, 3), "fermeture de printemps"),)
HOLIDAYS = (date(2026, 4, 6),)
FIRST, LAST = date(2026, 3, 23), date(2026, 4, 10)
START, END = "03-23 07:00", "04-10 18:30"  # the program is started before the first digest
DOWN, UP = "03-25 23:00", "03-27 11:20"

STAFF = {
    "bo": "bo@ief.example",  # assignment.default
    "zoe": "zoe@ief.example",  # assignment rule: the word « facture »; substitute: Ann
    "ann": "ann@ief.example",  # quality manager
    "dir": "dir@ief.example",  # direction
    "dan": "dan@ief.example",  # admin; the digest goes to admins
}
SUBSTITUTE = {"zoe": "ann"}

# Files in the order of their numbers (REC-2026-0001 …): who wrote, and what the file is here for. The complainant's
# address is <name>@courriel.example; vidal has none. `courriel.example` must count as a public provider
# (intake.public_domains): these people are strangers to each other.
FILES = {
    "awa": "P1, closed at J+4, survey",
    "basile": "P2, closed at J+5",
    "chloe": "P3, closed at J+5 with #partielle",
    "driss": "P4, closed with #infondée at 08:20 of its due day, before the first chase of that day",
    "elsa": "P3, overdue",
    "farid": "P3, committed to Wednesday 8 April",
    "gaelle": "P3, waiting for the complainant, who answers",
    "hugo": "P3, silenced, overdue one day",
    "vidal": "P3, entered by #saisie, without address",
    "nora": "P4, closed, reopened because nobody decided",
    "omar": "P3, answered by #résolu at 21:40 of its due day",
    "ines": "P3, a human writes on the morning a progress mail was due",
    "jules": "arrived in the evening; assessed late, P4",
    "quentin": "assessed by a mail that came while the machine stood still; P4",
    "marc": "arrived in the night of the clock change, 03:10; P4, closed at J+1",
    "paul": "P3, assignee absent: out-of-office, then the substitute",
    "lina": "arrived on Easter Monday at 22:15 with a P1 hint (danger); never assessed",
    "karim": "never assessed",
}
WITHOUT_ADDRESS = ("vidal",)
# The due date that the AR prints (vidal: provisional, from reception); nora's second cycle and farid's commitment below.
DUE = {
    "awa": "03-31", "basile": "03-31", "chloe": "03-31", "driss": "03-31", "elsa": "03-31", "farid": "03-31",
    "gaelle": "03-31", "hugo": "03-31", "vidal": "03-31", "nora": "03-31", "omar": "03-31", "ines": "04-02",
    "jules": "04-02", "quentin": "04-02", "marc": "04-08", "paul": "04-09", "lina": "04-14", "karim": "04-15",
}  # fmt: skip
REOPENED = {"nora": ("03-30", "04-09")}  # day of the new AR, due date of the second cycle
COMMITTED = {"farid": "04-08"}
PRIORITY = {
    "awa": "P1", "basile": "P2", "chloe": "P3", "driss": "P4", "elsa": "P3", "farid": "P3", "gaelle": "P3", "hugo": "P3",
    "vidal": "P3", "nora": "P4", "omar": "P3", "ines": "P3", "jules": "P4", "quentin": "P4", "marc": "P4", "paul": "P3",
}  # fmt: skip

# -- as records -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens. `act`: mail, follow-up, out-of-office, stop, go, or a tag without its `#`."""

    at: datetime
    who: str
    file: str
    act: str
    words: str  # what follows the tag: date or form

    @property
    def is_command(self) -> bool:
        return self.act not in ("mail", "follow-up", "out-of-office", "stop", "go")

    @property
    def subject(self) -> str:
        """Of a command; `{number}` is the file's. A date belongs to the subject, the form of an assessment to the body."""
        number = "" if self.act == "saisie" else "[{number}] "
        return f"{number}#{self.act} {self.words if self.act in ('butoir', 'répondu') else ''}".rstrip()

    @property
    def body(self) -> str:
        return TEXTS.get(self.act) or self.words + "\n"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One letter. `to`: a key of STAFF, or the file's name when the complainant gets it; `file` "" for the digest."""

    at: datetime
    kind: str
    to: str
    file: str
    why: str
    decided: bool = False  # the spec leaves it open


def instant(words: str) -> datetime:
    """`03-29 03:10` as local time of Paris."""
    return datetime.strptime(f"{YEAR}-{words}", "%Y-%m-%d %H:%M").replace(tzinfo=PARIS)


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.strip()]


def _event(at: str, who: str, file: str, what: str) -> Event:
    act, _, words = what.partition(" ")
    return Event(at=instant(at), who=who, file=file, act=act.removeprefix("#"), words=words)


def _letters(text: str) -> list[Expected]:
    return [
        Expected(
            at=instant(at), kind=kind, to=file if to == "@" else to, file="" if file == "-" else file,
            why=why.removeprefix("? "), decided=why.startswith("?"),
        )
        for at, kind, to, files, why in _rows(text)
        for file in files.split()
    ]  # fmt: skip


EVENTS = tuple(_event(*row) for row in _rows(HAPPENS))
LETTERS = tuple(_letters(MUST_LEAVE))
PLANNED = tuple(_letters(MISSED))  # `why` begins with late, joined or never
FORBIDDEN = tuple(
    (date.fromisoformat(f"{YEAR}-{day}"), *rest) for day, *rest in _rows(MUST_NOT)
)  # (day, kind, to, file, why)
