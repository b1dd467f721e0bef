"""Everything this program can do to the world, as about ten frozen records. Rules return them; the store applies them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

# What complainants may get, by what makes it leave; every other kind of letter is for the house.
ANSWERS = ("ack", "ack-group", "receipt", "reopened")  # leave by themselves because of one mail
CLOCKED = ("progress", "late", "waiting-reminder", "survey")
HUMAN = ("question", "news", "commitment", "reply", "nature", "thanks")  # a colleague's own words, or decision
TO_COMPLAINANTS = (*ANSWERS, *CLOCKED, *HUMAN)


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Gives the mail in hand its one verdict (spec §2). `complaint` is the file it belongs to, None when none."""

    verdict: str
    reason: str
    number: str | None = None
    decided: bool = True  # False: a human still has to say (`mailbot decide`)


@dataclass(frozen=True, kw_only=True)
class Open:
    """Opens a numbered file. `fields` are columns of the complaint table; the number was handed out by the desk."""

    number: str
    series: str  # "real" | "essai" | "practice"
    year: int
    rank: int
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attach:
    """Joins a mail, with its attachments, to a file. `inbound_id` None: the mail in hand."""

    number: str
    inbound_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """Sets columns of a file; the journal line is written by the same decision."""

    number: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A journal line. `number` None: about the desk itself."""

    number: str | None
    event: str
    actor: str  # "mailbot", or the address of a person
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A row that a tick will look at once `at` has come; `key` makes it unique."""

    key: str
    kind: str
    at: datetime
    number: str | None = None
    inbound_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Settle:
    """Ends a due row (done or no longer needed)."""

    key: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A letter owed: what kind, to whom, for which file, with which facts. `keys` make it unique; the first is its name."""

    kind: str
    keys: tuple[str, ...]
    to: str
    language: str
    facts: dict[str, Any]
    number: str | None = None
    due_on: date | None = None  # the date printed, for the letters that print one
    printed_on: date | None = None  # local date of rendering; an AR that slips past midnight is rendered again
    attach: tuple[tuple[int, str], ...] = ()  # (inbound id, attachment path): files that travel with it
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    not_before: datetime | None = None  # the end of its undo window
    undo: dict[str, Any] = field(default_factory=dict)  # columns of the file as they were, should it be cancelled


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something an admin must hear of within the hour; one open alarm per key (spec §10)."""

    key: str
    text: str
    number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Takes back a letter that has not begun to leave; impossible afterwards."""

    key: str


@dataclass(frozen=True, kw_only=True)
class Pend:
    """A command without proof waits for its registered author's word (spec §6)."""

    person: str
    number: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class EndPending:
    """That wait is over: `how` is confirmed | expired."""

    pending_id: int
    how: str


@dataclass(frozen=True, kw_only=True)
class Away:
    """Somebody is absent; the next chases go to the substitute."""

    person: str
    first: date
    last: date
    substitute: str
    guessed: bool = False  # drawn from an automatic answer: it changes nothing that the person said


@dataclass(frozen=True, kw_only=True)
class WrongCode:
    """A code that is nobody's, or somebody else's, was used on a file; a code seen elsewhere is replaced."""

    number: str
    replace_of: str = ""  # whose code was seen from somebody else


@dataclass(frozen=True, kw_only=True)
class Meet:
    """Sets columns of a quality meeting: what was decided, or the bulletin that left."""

    meeting_id: int
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Bounced:
    """A letter of ours came back."""

    letter_id: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Analyse:
    """Records why a complaint could happen."""

    number: str
    author: str
    family: str
    root: str
    finding: str = ""
    whys: tuple[str, ...] = ()
    proof: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Decides a corrective action on a file; the rank was handed out by the desk."""

    number: str
    series: str
    rank: int
    fields: dict[str, Any]  # columns of the action table


@dataclass(frozen=True, kw_only=True)
class ChangeAction:
    """Sets columns of an action; with `number` the action answers that file too; `told`: its complainant heard of it."""

    series: str
    rank: int
    fields: dict[str, Any] = field(default_factory=dict)
    number: str = ""
    told: str = ""


Effect = (
    Judge
    | Open
    | Attach
    | Change
    | Note
    | Due
    | Settle
    | Letter
    | Alarm
    | Cancel
    | Pend
    | EndPending
    | Away
    | WrongCode
    | Meet
    | Bounced
    | Analyse
    | Plan
    | ChangeAction
)
