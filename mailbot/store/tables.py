"""The register's tables: what is kept of mails, files, letters, due times and the journal.

Raw mails are stored once and never change; everything else is derived from them or records an act (design invariant 2).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, MetaData, UniqueConstraint, false, text
from sqlmodel import Field, Relationship, SQLModel

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

from mailbot.store import erasures, minutes, packed, terms  # noqa: E402, F401  (tables of their own pages, named by the same convention)
from mailbot.store.improvements import Action, ActionFile, Cause  # noqa: E402, F401
from mailbot.store.octets import Octets, Slab, Stretch  # noqa: E402, F401

_UNSIGNED = BigInteger().with_variant(Integer, "sqlite")  # 32 bits without a sign (RFC 9051 §2.3.1.1)
_EMPTY, _ZERO, _FALSE = {"server_default": ""}, {"server_default": "0"}, {"server_default": false()}
_BY_SERIES = (Index("ix_complaint_stage", "stage", "series"), Index("ix_complaint_closed_at", "series", "closed_at"))
OWED_ACK = "state = 'owed' AND kind IN ('ack', 'ack-group')"  # a question must say it word for word to find its index


class Meta(SQLModel, table=True):
    """Facts about the register itself: identity, start, mode."""

    key: str = Field(primary_key=True)
    value: str


class Raw(SQLModel, table=True):
    """The bytes of a mail, once; none where they lie in slabs: `store.slabs` has those of any mail. Erased, hash and size stay: the
    same mail seen again is known, and brings nothing back."""

    id: int | None = Field(default=None, primary_key=True)
    sha256: str = Field(unique=True)
    size: int
    data: bytes = Field(sa_column=Column(packed.Packed, nullable=False))
    erased_at: datetime | None = None


class Inbound(SQLModel, table=True):
    """A mail that reached us. States: kept → decided | quarantined (ARCHITECTURE.md, first state table)."""

    __table_args__ = (
        Index("ix_inbound_state", "state", "received_at"),
        Index("ix_inbound_sender", "from_addr", "received_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    raw_id: int = Field(foreign_key="raw.id", unique=True)
    account: str
    folder: str  # kind of place it was first seen in: inbox | junk | sent | other
    received_at: datetime = Field(index=True)  # INTERNALDATE
    kept_at: datetime = Field(index=True)
    truncated: bool = False
    state: str = "kept"
    claimed_by: str = Field(default="", sa_column_kwargs=_EMPTY)  # the daemon, of several, that reads it
    attempts: int = 0
    verdict: str = ""
    reason: str = ""
    waiting: bool = Field(default=False, index=True)  # a human still has to say
    decided_at: datetime | None = Field(default=None, index=True)
    complaint_id: int | None = Field(default=None, foreign_key="complaint.id", index=True)
    message_id: str = Field(default="", index=True)
    fingerprint: str = Field(default="", index=True)
    from_addr: str = ""
    from_name: str = ""
    subject: str = ""
    date_header: datetime | None = None
    proof: str = ""  # how sure we are of the author, with the evidence


class Place(SQLModel, table=True):
    """Where a mail was seen. A place that is not here is not ours yet, whatever its flags say (spec §2)."""

    __table_args__ = (UniqueConstraint("account", "folder", "uidvalidity", "uid"),)

    id: int | None = Field(default=None, primary_key=True)
    account: str
    folder: str
    uidvalidity: int = Field(sa_type=_UNSIGNED)
    uid: int = Field(sa_type=_UNSIGNED)
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
    # known | vanished (unread, gone) | refused (never given) | passed (sent folder, not our business)
    state: str = Field(default="known", index=True)
    seen_at: datetime
    gone_at: datetime | None = None
    moved_to: str = ""


class Counter(SQLModel, table=True):
    """The last number handed out in a series and year; no gaps, because it moves inside the decision."""

    series: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    n: int


class Complaint(SQLModel, table=True):
    """A numbered file. Stages: ARCHITECTURE.md, second state table."""

    __table_args__ = (UniqueConstraint("series", "year", "rank"), *_BY_SERIES)

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    series: str  # real | essai | practice
    year: int
    rank: int
    nature: str = "réclamation"
    stage: str = "received"
    cycle: int = 1
    received_at: datetime = Field(index=True)
    opened_at: datetime
    complainant_addr: str = Field(default="", index=True)
    complainant_domain: str = Field(default="", index=True)  # "" for public mail providers
    complainant_name: str = ""
    complainant_type: str = ""
    subtype: str = ""
    authenticated: bool = False
    language: str = "fr"
    subject: str = ""
    training: str = Field(default="", index=True)
    wish: str = ""
    wish_state: str = "non exprimée"
    phone: str = ""
    deadline: date | None = None
    alerts: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    copied: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # CC'd, never written to
    sensitive: bool = False
    urgent: bool = False
    on_behalf: str = ""
    conflict: bool = False  # « juge et partie »
    unverified_reference: str = ""
    assignee: str = Field(default="", index=True)
    due_on: date | None = Field(default=None, index=True)
    provisional: bool = True  # the due date is not (yet) the one printed in an accepted AR
    calendar: str = ""  # the calendar used for the due date, in words
    # owed | accepted | uncertain | refused | none | bounced | handed (printed, given or posted) | elsewhere (taken over so)
    ack_state: str = "owed"
    ack_at: datetime | None = None
    ack_late: bool = False
    no_ack: str = ""  # why no AR can or may leave, "" when one does
    linked_to: str = ""
    asked_other_address: str = ""  # addresses about which staff was already asked, space separated
    staff_named: str = ""  # addresses of colleagues named in it, space separated: never told of it
    gravity: int = Field(default=0, sa_column_kwargs=_ZERO)
    complexity: int = Field(default=0, sa_column_kwargs=_ZERO)
    repercussions: int = Field(default=0, sa_column_kwargs=_ZERO)
    priority: str = Field(default="", sa_column_kwargs=_EMPTY)  # P1 to P4
    priority_why: str = Field(default="", sa_column_kwargs=_EMPTY)
    character: str = Field(default="", sa_column_kwargs=_EMPTY)  # exceptionnel | durable
    category: str = Field(default="", sa_column_kwargs=_EMPTY)
    immediate: str = Field(default="", sa_column_kwargs=_EMPTY)  # oui | non: always a decision
    immediate_what: str = Field(default="", sa_column_kwargs=_EMPTY)
    assessed_at: datetime | None = None
    assessed_by: str = Field(default="", sa_column_kwargs=_EMPTY)
    outcome: str = Field(default="", sa_column_kwargs=_EMPTY)  # fondée | partielle | non fondée
    reply_key: str = Field(default="", sa_column_kwargs=_EMPTY)  # the closing letter in its undo window
    draft: str = Field(default="", sa_column_kwargs=_EMPTY)  # an argued reply held back by a mail of the complainant
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    committed_on: date | None = None
    commitment_reason: str = Field(default="", sa_column_kwargs=_EMPTY)
    commitment_missed: bool = Field(default=False, sa_column_kwargs=_FALSE)
    waiting_since: datetime | None = None
    silenced: bool = Field(default=False, sa_column_kwargs=_FALSE)
    told_at: datetime | None = None
    human_told_at: datetime | None = None
    reopen_asked_at: datetime | None = None
    cycle_started_at: datetime | None = None  # the complainant's mail that reopened it: lateness is measured from here
    marks: str = Field(default="", sa_column_kwargs=_EMPTY)  # survey, « 4 5 3 »
    session: str = Field(default="", sa_column_kwargs=_EMPTY)  # « 2026-05-12 », or its reference, as the mail names it
    amplified: list[Any] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )  # signs that the matter grows: [ISO instant, « relance » | « juridique » | « presse » | « session », words]
    # why its causes must be analysed, "" when they need not
    analysis_why: str = Field(default="", sa_column_kwargs=_EMPTY)
    analysed_at: datetime | None = None  # its latest Cause
    # granted against `wish`: totale | partielle | autre | aucune
    remedy: str = Field(default="", sa_column_kwargs=_EMPTY)
    remedy_what: str = Field(default="", sa_column_kwargs=_EMPTY)
    remedy_cents: int = Field(default=0, sa_column_kwargs=_ZERO)  # of a payment or a discount, in euro cents
    next_step: str = Field(default="", sa_column_kwargs=_EMPTY)  # how the relation goes on, as its reply says
    look_at: datetime | None = Field(default=None, index=True)  # when the clock may owe something next
    wrong_codes: int = Field(default=0, sa_column_kwargs=_ZERO)
    hold: str = Field(default="", sa_column_kwargs=_EMPTY)  # legal hold: why nothing of it may be erased
    erased_at: datetime | None = None  # pseudonymised
    origin: str = Field(default="", sa_column_kwargs=_EMPTY)  # « registre 2024.csv, ligne 12 »: taken over from there
    old_number: str = Field(default="", index=True, sa_column_kwargs=_EMPTY)  # its number there


class Attachment(SQLModel, table=True):
    """A file that came with a mail; its bytes are cut out of the raw mail again when needed."""

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound.id", index=True)
    path: str
    name: str
    content_type: str
    size: int
    sha256: str = Field(index=True)
    evidence: bool = True
    problem: str = ""


class Letter(SQLModel, table=True):
    """A letter owed to somebody. States: ARCHITECTURE.md, third state table."""

    __table_args__ = (
        Index("ix_letter_todo", "state", "next_try_at"),
        Index("ix_letter_acks", "next_try_at", sqlite_where=text(OWED_ACK)),  # on PostgreSQL too: engine.create
        Index("ix_letter_recipient", "to_addr", "created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)  # its first key
    kind: str
    complaint_id: int | None = Field(default=None, foreign_key="complaint.id", index=True)
    to_addr: str
    envelope_to: str  # differs from to_addr only in essai, where it is an admin
    language: str = "fr"
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    attach: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    in_reply_to: str = ""
    refs: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    due_on: date | None = None
    printed_on: date | None = None
    undo: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}"))
    subject: str = ""
    message_id: str = Field(unique=True)
    marker: str = Field(unique=True)
    state: str = "owed"  # owed | claimed | sent | refused | uncertain | given_up | cancelled
    created_at: datetime
    next_try_at: datetime
    attempts: int = 0
    repeats: int = 0  # automatic repeats after an uncertain delivery: at most one
    lease_until: datetime | None = Field(default=None, index=True)
    claimed_by: str = Field(default="", sa_column_kwargs=_EMPTY)  # the daemon, of several, whose lease it is
    data_begun_at: datetime | None = None  # first time an attempt reached DATA: from then on text and date are frozen
    data_attempt: int = 0  # the attempt that reached DATA
    settled_at: datetime | None = None
    answer: str = ""  # the server's last words
    queue_id: str = ""
    bounced_at: datetime | None = None
    cause: str = ""  # "mail:17", "tick:<due key>", "command:<words>"
    erased: str = Field(default="", sa_column_kwargs=_EMPTY)  # sha256 of the bytes that were erased
    octets: Octets = Relationship(sa_relationship_kwargs={"lazy": "joined"})

    @property
    def raw(self) -> bytes:
        """As it leaves or left, without the files that lie in mails: `store.whole` has all of it."""
        return self.octets.raw


class LetterKey(SQLModel, table=True):
    """What a letter settles; unique, so that a decision taken twice writes it once (design invariant 4)."""

    key: str = Field(primary_key=True)
    letter_id: int = Field(foreign_key="letter.id", index=True)


class Due(SQLModel, table=True):
    """Something to look at once its time has come (design invariant 6)."""

    __table_args__ = (Index("ix_due_open", "done_at", "at"),)

    key: str = Field(primary_key=True)
    kind: str
    at: datetime
    complaint_id: int | None = Field(default=None, foreign_key="complaint.id", index=True)
    inbound_id: int | None = Field(default=None, foreign_key="inbound.id", index=True)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    cause: str = ""
    done_at: datetime | None = None


class Journal(SQLModel, table=True):
    """One line of the written record; lines chain over salted hashes, so that texts can be erased later (spec §9)."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    complaint_id: int | None = Field(default=None, foreign_key="complaint.id", index=True)
    number: str = ""
    event: str
    actor: str
    cause: str
    digest: str  # sha256(salt + text)
    who: str = Field(default="", sa_column_kwargs=_EMPTY)  # sha256(salt + actor + cause); "": older than schema 0006
    head: str  # sha256(previous head + this line)


class JournalText(SQLModel, table=True):
    """The erasable half of a journal line."""

    journal_id: int = Field(primary_key=True, foreign_key="journal.id")
    salt: str
    text: str


class Alarm(SQLModel, table=True):
    """A trouble an admin must hear of; open until recovered."""

    __table_args__ = (Index("ix_alarm_untold", "recovery_told_at", "recovered_at"),)

    key: str = Field(primary_key=True)
    text: str
    number: str = ""
    cause: str = ""
    raised_at: datetime = Field(index=True)
    told_at: datetime | None = Field(default=None, index=True)
    told_by: str = ""  # mail | second road
    recovered_at: datetime | None = Field(default=None, index=True)
    recovered_text: str = ""
    recovery_told_at: datetime | None = None


class Code(SQLModel, table=True):
    """A person's own code for a file (or a mail that waits); it stands in button links only (spec §6)."""

    __table_args__ = (UniqueConstraint("about", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    about: str = Field(index=True)  # the file's number, or "m-17"
    person: str  # the first address of a staff member
    code: str
    since: datetime
    dead_at: datetime | None = None


class Pending(SQLModel, table=True):
    """A command without proof: the whole of it waits for its registered author's word (spec §6)."""

    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound.id", unique=True)
    person: str = Field(index=True)
    number: str
    until: datetime
    ended_at: datetime | None = None
    ended_how: str = ""  # confirmed | expired | replaced


class Absence(SQLModel, table=True):
    """Somebody is away: the next chase goes to the substitute."""

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(index=True)
    first: date
    last: date
    substitute: str = ""
