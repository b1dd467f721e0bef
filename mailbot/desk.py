"""What the desk knows when it judges a mail or a due row: frozen records that the store fills, pure to read.

A decision is a function of (message, reading, desk, config): nothing else is looked up while thinking (design invariant 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """The mail in hand, as the register holds it."""

    id: int
    folder: str  # inbox | junk | sent | other
    received_at: datetime  # INTERNALDATE, UTC
    truncated: bool = False
    unreadable: str = ""  # why it could not be read whole, in French; "" when it could
    verdict: str = ""  # the verdict it already has, "" when new
    number: str = ""  # the file it already belongs to


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file as the rules need it."""

    number: str
    series: str
    stage: str
    cycle: int
    nature: str
    received_at: datetime
    complainant_addr: str
    complainant_name: str
    language: str
    subject: str
    assignee: str
    due_on: date | None
    provisional: bool
    sensitive: bool
    authenticated: bool
    ack_state: str
    phone: str = ""
    asked_other_address: str = ""
    no_ack: str = ""
    urgent: bool = False  # a P1 hint in the mail: danger, violence, harassment, discrimination
    conflict: bool = False
    ack_at: datetime | None = None
    gravity: int = 0  # 1 to 4, 0 before the assessment
    complexity: int = 0
    repercussions: int = 0
    priority: str = ""  # P1 to P4, "" before the assessment
    assessed_at: datetime | None = None
    committed_on: date | None = None
    commitment_missed: bool = False
    waiting_since: datetime | None = None
    silenced: bool = False
    told_at: datetime | None = None  # last letter to the complainant that was accepted, whoever caused it
    human_told_at: datetime | None = None  # last one that a human wrote
    answered_at: datetime | None = None  # the argued reply was accepted
    closed_at: datetime | None = None
    outcome: str = ""  # fondée | partielle | non fondée, "" when answered elsewhere
    linked_to: str = ""
    deadline: date | None = None
    alerts: tuple[tuple[str, str], ...] = ()
    reply_key: str = ""
    cycle_started_at: datetime | None = None
    reopen_asked_at: datetime | None = None
    party: tuple[
        str, ...
    ] = ()  # who was copied on its mails or wrote in it: their replies join, they are never written to
    training: str = ""
    session: str = ""
    category: str = ""
    wish: str = ""
    amplified: tuple[tuple[str, str, str], ...] = ()  # (ISO instant, sign, words): the matter grows
    remedy: str = ""  # granted against `wish`: totale | partielle | autre | aucune
    remedy_what: str = ""
    remedy_cents: int = 0
    next_step: str = ""
    analysis_why: str = ""  # why its causes must be analysed, "" when they need not
    analysed_at: datetime | None = None
    staff_named: tuple[str, ...] = ()  # colleagues named in it: never told of it
    closed_elsewhere: bool = False  # taken from another register when it was already closed

    @property
    def lacks_cause(self) -> bool:
        """Its causes must be analysed, and nobody has."""
        return bool(self.analysis_why) and self.analysed_at is None


@dataclass(frozen=True, kw_only=True)
class Action:
    """A corrective action as the rules need it."""

    series: str
    rank: int
    state: str  # open | done | effective | ineffective
    what: str
    owner: str
    due_on: date
    files: tuple[Case, ...]  # the complaints it answers, the first one first
    done_at: datetime | None = None
    check_on: date | None = None
    followed: bool = False  # another action replaces it
    recurring: tuple[str, ...] | None = None  # complaints like those since it was done; None: they cannot be counted

    @property
    def name(self) -> str:
        return f"A-{self.rank}"


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Another complaint about the same training."""

    number: str
    received_on: date
    category: str
    session: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """An earlier file that seems related, and why."""

    number: str
    received_on: date
    subject: str
    stage: str
    link: str  # « même personne » | « même entreprise » | « même session » | « même formation »
    sensitive: bool = False
    staff_named: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A letter of ours that a delivery report speaks of."""

    letter_id: int
    kind: str
    name: str
    to_addr: str
    case: Case | None
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """A human letter of a file that has not begun to leave."""

    key: str
    kind: str
    leaves_at: datetime
    undo: dict[str, object]
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A command without proof that waits for its author's word."""

    id: int
    inbound_id: int
    person: str
    number: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A quality meeting: the one whose pack is answered, else the newest."""

    id: int
    first: date
    last: date
    draft: str  # of its bulletin
    held_on: date | None = None
    bulletin_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Number:
    """The next free number of a series."""

    series: str
    year: int
    rank: int
    text: str  # « REC-2026-0042 »


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything the register can say about the mail in hand, frozen at the start of the decision."""

    now: datetime  # UTC
    mode: str  # essai | live
    start: datetime  # mails received before are none of ours (spec §2, first contact)
    incoming: Incoming
    next_number: Number
    own: bool = False  # its Message-ID is that of a letter we wrote
    duplicate_of: int | None = None
    threaded: Case | None = None  # joined by In-Reply-To, References or marker of a letter we sent
    threaded_to: str = ""  # to whom that letter went
    threaded_kind: str = ""
    same_thread: Case | None = None  # joined by a mail that is already in the file
    cited: tuple[Case, ...] = ()  # files whose number stands in the subject
    addressed: tuple[Case, ...] = ()  # files whose complainant is among To and Cc
    earlier_complainant: bool = False
    history: tuple[Past, ...] = ()
    from_sender: int = 0  # mails of this sender in the hour before this one, by INTERNALDATE
    unproven: int = 0  # mails of senders whom the provider did not pass, same hour, up to the limit
    letters_to_sender: int = 0  # AR and receipts written to this address in the last hour
    letters_in_a_day: int = 0  # the same, in the last 24 hours
    group_key: str = ""  # the open due row that gathers letters to this address, "" when none
    reported: tuple[Reported, ...] = ()
    named: tuple[Case, ...] = ()  # files whose number stands in the subject or the command line, whoever writes
    code_owner: str = ""  # whose code stands in the subject, "" when nobody's
    code_given: bool = False
    answered_subject: str | None = None  # subject of the mail this one replies to; None when we don't know that mail
    replies: bool = False  # the mail says that it answers another
    notice_to_author: bool = False  # it answers a notice that went to that very address
    wrong_codes: int = 0  # on the file named
    codes: tuple[str, ...] = ()  # everybody's codes of that file, dead ones too: none may leave in a text
    shown: tuple[str, ...] = ()  # texts on that file that the author was shown before they leave, newest first
    window: Window | None = None  # the human letter of the file that can still be taken back
    pending: Waiting | None = None  # the one that `#confirmer 17` names
    pendings: int = 0  # how many wait for this person
    mine: tuple[Case, ...] = ()  # the author's open files
    target: Case | None = None  # the file that the argument names (#doublon, #lier)
    file_mails: tuple[int, ...] = ()  # inbound ids of the file named, oldest first
    evidence: tuple[tuple[int, str, str, int], ...] = ()  # (inbound id, path, name, bytes) of the file's pieces
    meeting: Meeting | None = None  # that a command about one means
    answers_pack: bool = False  # it answers the mail that carried a meeting's pack
    nobody: tuple[
        str, ...
    ] = ()  # names, addresses and numbers that no bulletin may hold; only for one that is to leave
    waiting_mail: int = 0  # the mail that [m-17-…] names, when it still waits
    action: Action | None = None  # the corrective action that the argument names
    next_action: int = 1
    alike: tuple[Alike, ...] = ()  # of the file named: others of the same training within a year
