"""What the desk knows about a colleague who writes: files named, codes, what the mail answers, what can be taken back (spec §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, func, select

from mailbot.complaint import OPEN
from mailbot.desk import Case, Waiting, Window
from mailbot.effects import HUMAN, TO_COMPLAINANTS
from mailbot.store import meetings, quality
from mailbot.store.cases import as_case
from mailbot.store.tables import Attachment, Code, Complaint, Inbound, Letter, Pending

if TYPE_CHECKING:
    from mailbot.store.desks import Query, Setting


def for_staff(tx: Session, query: Query, setting: Setting, threaded: Letter | None) -> dict[str, Any]:
    """The fields of Desk that only a colleague's mail needs."""
    named = tuple(c for n in query.named if (c := _case(tx, n)))
    meant = named[0] if named else _threaded_case(tx, threaded)
    series = meant.series if meant else "essai" if setting.mode == "essai" else "real"
    action = quality.action_of(tx, series, query.action) if query.action else None
    if action and meant is None:  # « #fait A-7 » says enough
        named = action.files[:1]
        meant = named[0]
    answered = _answered_subject(tx, query)
    return {
        "named": named,
        "code_owner": code_owner(tx, query, setting),
        "code_given": bool(query.code),
        "answered_subject": answered,
        "replies": bool(query.thread),
        "notice_to_author": _notice(tx, query),
        "wrong_codes": _wrong_codes(tx, meant),
        "codes": _codes(tx, meant),
        "shown": _shown(tx, meant, query.staff),
        "window": window(tx, meant),
        "pending": _pending(tx, query.pending),
        "pendings": _pendings(tx, query.staff),
        "mine": _mine(tx, query.staff),
        "target": _case(tx, query.target) if query.target else None,
        "file_mails": _mails(tx, meant),
        "evidence": _evidence(tx, meant),
        "waiting_mail": _waiting_mail(tx, query.waiting_mail),
        **meetings.meant(tx, query.thread, setting.timezone, wanted=query.meeting, leaving=query.bulletin),
        "action": action,
        "next_action": quality.next_rank(tx, series),
        "alike": quality.alike(tx, meant.number, setting.timezone) if meant else (),
    }


def _row(tx: Session, number: str) -> Complaint | None:
    return tx.exec(select(Complaint).where(Complaint.number == number)).first()


def _case(tx: Session, number: str) -> Case | None:
    row = _row(tx, number)
    return as_case(row) if row else None


def _threaded_case(tx: Session, letter: Letter | None) -> Case | None:
    row = tx.get(Complaint, letter.complaint_id) if letter and letter.complaint_id else None
    return as_case(row) if row else None


def code_owner(tx: Session, query: Query, setting: Setting) -> str:
    if not query.code:
        return ""
    row = tx.exec(select(Code).where(Code.about == query.code_about, Code.code == query.code)).first()
    if row is None or (row.dead_at is not None and row.dead_at <= setting.now):
        return ""
    return row.person


def _answered_subject(tx: Session, query: Query) -> str | None:
    """The subject of the newest mail in the thread that we know, ours or received; None when we know none."""
    for message_id in query.thread:
        ours = tx.exec(select(Letter.subject).where(Letter.message_id == message_id)).first()
        theirs = tx.exec(select(Inbound.subject).where(Inbound.message_id == message_id)).first()
        if ours is not None or theirs is not None:
            return ours if ours is not None else theirs
    return None


def _notice(tx: Session, query: Query) -> bool:
    """Whether the mail answers a notice that was sent to that very address."""
    if not query.thread:
        return False
    found = select(Letter.id).where(
        col(Letter.message_id).in_(query.thread),
        Letter.to_addr == query.author,
        col(Letter.kind).not_in(TO_COMPLAINANTS),
    )
    return tx.exec(found.limit(1)).first() is not None


def _wrong_codes(tx: Session, case: Case | None) -> int:
    row = _row(tx, case.number) if case else None
    return row.wrong_codes if row else 0


def _codes(tx: Session, case: Case | None) -> tuple[str, ...]:
    return tuple(tx.exec(select(Code.code).where(Code.about == case.number))) if case else ()


def _shown(tx: Session, case: Case | None, person: str) -> tuple[str, ...]:
    row = _row(tx, case.number) if case else None
    if row is None:
        return ()
    found = select(Letter.facts).where(Letter.complaint_id == row.id, Letter.kind == "fence", Letter.to_addr == person)
    return tuple(str(facts.get("text", "")) for facts in tx.exec(found.order_by(col(Letter.id).desc()).limit(20)))


def window(tx: Session, case: Case | None) -> Window | None:
    """The newest human letter of a file that has not begun to leave."""
    row = _row(tx, case.number) if case else None
    if row is None:
        return None
    letter = tx.exec(
        select(Letter)
        .where(
            Letter.complaint_id == row.id,
            Letter.state == "owed",
            col(Letter.kind).in_(HUMAN),
            col(Letter.data_begun_at).is_(None),
        )
        .order_by(col(Letter.id).desc())
    ).first()
    if letter is None:
        return None
    text = str(letter.facts.get("text", ""))
    return Window(key=letter.name, kind=letter.kind, leaves_at=letter.next_try_at, undo=letter.undo, text=text)


def _pending(tx: Session, inbound_id: int) -> Waiting | None:
    if not inbound_id:
        return None
    row = tx.exec(select(Pending).where(Pending.inbound_id == inbound_id, col(Pending.ended_at).is_(None))).first()
    return as_waiting(row) if row else None


def as_waiting(row: Pending) -> Waiting:
    assert row.id is not None
    return Waiting(id=row.id, inbound_id=row.inbound_id, person=row.person, number=row.number, until=row.until)


def _pendings(tx: Session, person: str) -> int:
    found = select(func.count()).select_from(Pending).where(Pending.person == person, col(Pending.ended_at).is_(None))
    return tx.exec(found).one()


def _mine(tx: Session, person: str) -> tuple[Case, ...]:
    rows = tx.exec(
        select(Complaint)
        .where(
            Complaint.assignee == person, Complaint.series != "practice", col(Complaint.stage).in_((*OPEN, "closing"))
        )
        .order_by(col(Complaint.due_on), col(Complaint.id))
        .limit(200)
    )
    return tuple(as_case(r) for r in rows)


def _mails(tx: Session, case: Case | None) -> tuple[int, ...]:
    row = _row(tx, case.number) if case else None
    if row is None:
        return ()
    rows = tx.exec(select(Inbound.id).where(Inbound.complaint_id == row.id).order_by(col(Inbound.id)))
    return tuple(i for i in rows if i is not None)


def _evidence(tx: Session, case: Case | None) -> tuple[tuple[int, str, str, int], ...]:
    mails = _mails(tx, case)
    rows = tx.exec(
        select(Attachment)
        .where(col(Attachment.inbound_id).in_(mails), col(Attachment.evidence).is_(True), Attachment.problem == "")
        .order_by(col(Attachment.id))
    )
    return tuple((a.inbound_id, a.path, a.name, a.size) for a in rows)


def _waiting_mail(tx: Session, inbound_id: int) -> int:
    row = tx.get(Inbound, inbound_id) if inbound_id else None
    return inbound_id if row is not None and row.waiting else 0
