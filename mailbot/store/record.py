"""All that the register holds of one file, for its fiche and for an auditor; the bytes of mails are asked for one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from mailbot.store import journal, quality, questions
from mailbot.store.meetings import Meeting
from mailbot.store.tables import (
    Action,
    Attachment,
    Cause,
    Code,
    Complaint,
    Inbound,
    Journal,
    JournalText,
    Letter,
    Raw,
)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail of the file. `erased`: only its hash is left."""

    row: Inbound
    sha256: str
    size: int
    erased: bool
    files: tuple[Attachment, ...]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A letter about the file, without its bytes."""

    id: int
    name: str
    kind: str
    to: str
    envelope_to: str
    subject: str
    state: str
    created_at: datetime
    data_begun_at: datetime | None
    settled_at: datetime | None
    bounced_at: datetime | None
    answer: str
    queue_id: str
    message_id: str
    attempts: int
    due_on: date | None
    facts: dict[str, Any]
    erased: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the journal; `text` None: erased."""

    id: int
    at: datetime
    number: str
    event: str
    actor: str
    cause: str
    text: str | None
    digest: str
    who: str
    head: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """One file, whole."""

    file: Complaint
    mails: tuple[Mail, ...]
    letters: tuple[Sent, ...]
    lines: tuple[Line, ...]
    causes: tuple[Cause, ...]
    actions: tuple[Action, ...]
    before: tuple[str, ...]  # numbers of the same person's earlier files


def of(tx: Session, number: str) -> Held | None:
    """The file of that number, None when there is none."""
    row = questions.find_complaint(tx, number)
    if row is None or row.id is None:
        return None
    return Held(
        file=row,
        mails=tuple(_mail(tx, mail) for mail in questions.inbounds_of(tx, row.id)),
        letters=_letters(tx, row.id),
        lines=tuple(lines(tx, Journal.complaint_id == row.id)),
        causes=tuple(quality.causes_of(tx, row.id)),
        actions=tuple(quality.actions_of(tx, row.id)),
        before=_before(tx, row),
    )


def _mail(tx: Session, row: Inbound) -> Mail:
    sha256, size, erased = tx.exec(select(Raw.sha256, Raw.size, Raw.erased_at).where(Raw.id == row.raw_id)).one()
    files = tuple(questions.attachments_of(tx, [row.id or 0]))
    return Mail(row=row, sha256=sha256, size=size, erased=erased is not None, files=files)


_COLUMNS = (
    "id", "name", "kind", "to_addr", "envelope_to", "subject", "state", "created_at", "data_begun_at", "settled_at", "bounced_at",
    "answer", "queue_id", "message_id", "attempts", "due_on", "facts", "erased",
)  # fmt: skip


def _letters(tx: Session, complaint_id: int) -> tuple[Sent, ...]:
    wanted = select(*(getattr(Letter, name) for name in _COLUMNS)).where(Letter.complaint_id == complaint_id)  # type: ignore[call-overload]
    rows = tx.exec(wanted.order_by(col(Letter.id))).all()
    return tuple(Sent(**{"to" if n == "to_addr" else n: v for n, v in zip(_COLUMNS, r, strict=True)}) for r in rows)


def lines(tx: Session, *where: Any) -> Iterable[Line]:
    """Lines of the journal, in order."""
    kept = select(Journal, JournalText.text).join(
        JournalText, col(JournalText.journal_id) == col(Journal.id), isouter=True
    )
    for line, text in tx.exec(kept.where(*where).order_by(col(Journal.id))):
        yield Line(
            id=line.id or 0, at=line.at, number=line.number, event=line.event, actor=line.actor, cause=line.cause, text=text,
            digest=line.digest, who=line.who, head=line.head,
        )  # fmt: skip


def _before(tx: Session, row: Complaint) -> tuple[str, ...]:
    if not row.complainant_addr:
        return ()
    earlier = select(Complaint.number).where(
        Complaint.complainant_addr == row.complainant_addr, Complaint.series == row.series, col(Complaint.id) < row.id
    )
    return tuple(tx.exec(earlier.order_by(col(Complaint.id))))


# -- several of them -----------------------------------------------------------------------------------------------------


def numbers(tx: Session, first: datetime, after: datetime) -> list[str]:
    """The files of the real series received or closed between two instants, in the order of their numbers."""
    received = (col(Complaint.received_at) >= first) & (col(Complaint.received_at) < after)
    closed = (col(Complaint.closed_at) >= first) & (col(Complaint.closed_at) < after)
    found = select(Complaint.number).where(Complaint.series == "real", received | closed)
    return list(tx.exec(found.order_by(col(Complaint.year), col(Complaint.rank))))


def meetings(tx: Session, first: date, last: date) -> list[Meeting]:
    """The quality meetings whose period touches these days."""
    found = select(Meeting).where(Meeting.first <= last, Meeting.last >= first)
    return list(tx.exec(found.order_by(col(Meeting.id))))


def meeting_after(tx: Session, ended: datetime) -> Meeting | None:
    """The first meeting held whose period ends on the day of `ended` or later."""
    found = select(Meeting).where(Meeting.last >= ended.date(), col(Meeting.held_on).is_not(None))
    return tx.exec(found.order_by(col(Meeting.held_on)).limit(1)).first()


def desk_lines(tx: Session, first: datetime, after: datetime) -> Iterable[Line]:
    """The journal's lines about no file, between two instants."""
    return lines(tx, col(Journal.complaint_id).is_(None), col(Journal.at) >= first, col(Journal.at) < after)


def received(tx: Session, first: datetime, after: datetime) -> list[tuple[Inbound, str, str]]:
    """Every mail received between two instants, with its file's number and its hash."""
    wanted = (
        select(Inbound, Complaint.number, Raw.sha256)
        .join(Raw, col(Raw.id) == col(Inbound.raw_id))
        .join(Complaint, col(Complaint.id) == col(Inbound.complaint_id), isouter=True)
        .where(Inbound.received_at >= first, Inbound.received_at < after)
    )
    rows = tx.exec(wanted.order_by(col(Inbound.received_at), col(Inbound.id)))
    return [(mail, number or "", sha256) for mail, number, sha256 in rows]


def note_evidence(tx: Session, number: str, text: str, *, at: datetime, who: str, salt: str) -> None:
    """A line of the journal: somebody was handed the file."""
    row = questions.find_complaint(tx, number)
    if row is not None:
        journal.write(
            tx, at=at, complaint_id=row.id, number=row.number, event="evidence", actor=who, cause="command:evidence", text=text,
            salt=salt,
        )  # fmt: skip


def drop_codes(tx: Session, numbers: Iterable[str]) -> int:
    """Personal codes of these files, and of their mails, become nobody's: what carries them is handed to somebody else (spec §6)."""
    found = tx.exec(select(Complaint.id, Complaint.number).where(col(Complaint.number).in_(list(numbers)))).all()
    mails = tx.exec(select(Inbound.id).where(col(Inbound.complaint_id).in_([i for i, _ in found])))
    about = [*(number for _, number in found), *(f"m-{i}" for i in mails)]
    codes = tx.exec(select(Code).where(col(Code.about).in_(about))).all()
    for code in codes:
        tx.delete(code)
    tx.flush()
    return len(codes)
