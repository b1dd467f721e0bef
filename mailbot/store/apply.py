"""Writes a decision: effects → rows, all in the transaction in which they were decided (design invariant 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from mailbot import effects as fx
from mailbot import failpoints
from mailbot.complaint import may_follow
from mailbot.message import Lying, Message
from mailbot.store import direct, journal, quality, thread, whole
from mailbot.store.minutes import Meeting
from mailbot.store.tables import (
    Absence,
    Alarm,
    Attachment,
    Code,
    Complaint,
    Counter,
    Due,
    Inbound,
    Letter,
    LetterKey,
    Pending,
)


@dataclass(frozen=True, kw_only=True)
class Dressed:
    """A letter sealed by the desk's letters room, with the address that SMTP gets."""

    raw: bytes
    message_id: str
    marker: str
    subject: str
    envelope_to: str
    lying: tuple[tuple[int, Lying], ...] = ()  # what of it lies in mails too, each with where it begins here


@dataclass(frozen=True, kw_only=True)
class Act:
    """One decision about to be written: when, because of what, and how letters are sealed and salts drawn."""

    now: datetime
    cause: str  # "mail:17" | "tick:<due key>" | "command:<words>" | "delivery:<letter>"
    dress: Callable[[fx.Letter], Dressed]
    salt: Callable[[], str]
    inbound_id: int | None = None  # the mail in hand


STAGE = select(Complaint.stage).where(Complaint.id == bindparam("file"))
FILE = select(Complaint.id).where(Complaint.number == bindparam("number"))
LAST = select(Counter.n).where(Counter.series == bindparam("series_"), Counter.year == bindparam("year_"))
COUNTED = update(Counter).where(
    col(Counter.series) == bindparam("series_"),
    col(Counter.year) == bindparam("year_"),
    col(Counter.n) == bindparam("last"),
)
OWED = select(Due.key).where(Due.key == bindparam("key"))
DONE = update(Due).where(col(Due.key) == bindparam("owed"), col(Due.done_at).is_(None))
SETTLED = select(LetterKey.key).where(LetterKey.key == bindparam("key"))
OF_A_FILE = ("path", "name", "content_type", "size", "sha256", "evidence", "problem")
FILES = select(Attachment.id).where(Attachment.inbound_id == bindparam("mail")).limit(1)


class Impossible(RuntimeError):
    """An effect that contradicts the register: a fault of the rules, nothing is written."""


def apply(tx: Session, effects: Iterable[fx.Effect], act: Act) -> None:
    """Writes all effects or, when one is impossible, none: the caller's transaction is rolled back."""
    for effect in effects:
        _WRITERS[type(effect)](tx, effect, act)
        failpoints.hit("K10")
    tx.flush()


def _complaint(tx: Session, number: str) -> Complaint:
    row = tx.exec(select(Complaint).where(Complaint.number == number)).first()
    if row is None:
        raise Impossible(f"dossier inconnu : {number}")
    return row


def _file(tx: Session, number: str | None) -> int | None:
    """The row id of a file; None for none. It never changes: asked once a decision."""
    if not number:
        return None
    known: dict[str, int] = tx.info.setdefault("files", {})
    if number not in known:
        found = direct.ask(tx, FILE, number=number).scalar()
        if found is None:
            raise Impossible(f"dossier inconnu : {number}")
        known[number] = found
    return known[number]


def _judge(tx: Session, effect: fx.Judge, act: Act) -> None:
    file = {"complaint_id": _file(tx, effect.number)} if effect.number else {}
    direct.change(
        tx,
        Inbound,
        act.inbound_id,
        verdict=effect.verdict,
        reason=effect.reason,
        waiting=not effect.decided,
        state="quarantined" if effect.verdict == "quarantined" else "decided",
        decided_at=act.now,
        **file,
    )
    thread.forget(tx)


def _open(tx: Session, effect: fx.Open, act: Act) -> None:
    _count(tx, effect)
    direct.add(
        tx,
        Complaint,
        number=effect.number,
        series=effect.series,
        year=effect.year,
        rank=effect.rank,
        opened_at=act.now,
        look_at=act.now,
        **effect.fields,
    )


def _count(tx: Session, effect: fx.Open) -> None:
    """No gaps: the counter moves with the file that it numbers."""
    whose = {"series_": effect.series, "year_": effect.year}
    if direct.ask(tx, COUNTED, **whose, last=effect.rank - 1, n=effect.rank).written:
        return
    if effect.rank != 1 or direct.ask(tx, LAST, **whose).rows:
        raise Impossible(f"le numéro {effect.number} n’est pas le suivant de la série")
    direct.add(tx, Counter, series=effect.series, year=effect.year, n=effect.rank)


def _attach(tx: Session, effect: fx.Attach, act: Act) -> None:
    file = _file(tx, effect.number)
    direct.change(tx, Inbound, effect.inbound_id or act.inbound_id, complaint_id=file)
    thread.forget(tx)


def _change(tx: Session, effect: fx.Change, act: Act) -> None:
    file = _file(tx, effect.number)
    stands = direct.ask(tx, STAGE, file=file).scalar_one()
    stage = effect.fields.get("stage", stands)
    if stage != stands and not may_follow(stands, stage):
        raise Impossible(f"{effect.number} : de « {stands} » on ne passe pas à « {stage} »")
    # Whatever changed, the clock looks again.
    direct.change(tx, Complaint, file, **(dict(effect.fields) | {"look_at": act.now}))
    thread.forget(tx)


def _note(tx: Session, effect: fx.Note, act: Act) -> None:
    journal.write(
        tx,
        at=act.now,
        complaint_id=_file(tx, effect.number),
        number=effect.number or "",
        event=effect.event,
        actor=effect.actor,
        cause=act.cause,
        text=effect.text,
        salt=act.salt(),
    )


def _due(tx: Session, effect: fx.Due, act: Act) -> None:
    if direct.ask(tx, OWED, key=effect.key).first() is None:
        direct.add(
            tx,
            Due,
            key=effect.key,
            kind=effect.kind,
            at=effect.at,
            complaint_id=_file(tx, effect.number),
            inbound_id=effect.inbound_id,
            facts=effect.facts,
            cause=act.cause,
        )


def _settle(tx: Session, effect: fx.Settle, act: Act) -> None:
    if direct.ask(tx, DONE, owed=effect.key, done_at=act.now).written:
        direct.hold(tx, Due, effect.key, done_at=act.now)


def _meet(tx: Session, effect: fx.Meet, act: Act) -> None:
    row = tx.get_one(Meeting, effect.meeting_id)
    for name, value in effect.fields.items():
        setattr(row, name, value)


def _letter(tx: Session, effect: fx.Letter, act: Act) -> None:
    if any(direct.ask(tx, SETTLED, key=key).first() for key in effect.keys):
        return  # decided twice, written once
    dressed = act.dress(effect)
    letter_id: int = direct.add(
        tx,
        Letter,
        name=effect.keys[0],
        kind=effect.kind,
        complaint_id=_file(tx, effect.number),
        to_addr=effect.to,
        envelope_to=dressed.envelope_to,
        language=effect.language,
        facts=effect.facts,
        attach=[list(a) for a in effect.attach],
        in_reply_to=effect.in_reply_to,
        refs=list(effect.references),
        due_on=effect.due_on,
        printed_on=effect.printed_on,
        subject=dressed.subject,
        message_id=dressed.message_id,
        marker=dressed.marker,
        created_at=act.now,
        next_try_at=max(act.now, effect.not_before or act.now),
        undo=effect.undo,
        cause=act.cause,
    )
    whole.put(tx, letter_id, dressed.raw, dressed.lying)
    direct.add_all(tx, LetterKey, [{"key": key, "letter_id": letter_id} for key in effect.keys])


def _alarm(tx: Session, effect: fx.Alarm, act: Act) -> None:
    raise_alarm(tx, effect.key, effect.text, act.now, number=effect.number or "", cause=act.cause)


LASTING = (
    "imap",
    "smtp",
    "disk",
    "unexplained",
    "backup",
    "erasure",
    "fetch",
    "late",
)  # troubles with an end; all others are events: told, and over
ONCE_IN = timedelta(days=1)  # the same event is not told twice in a day


def _lasts(key: str) -> bool:
    return key in LASTING


def raise_alarm(tx: Session, key: str, text: str, now: datetime, *, number: str = "", cause: str = "") -> bool:
    """Opens an alarm unless it is already open; True when it is new."""
    row = tx.get(Alarm, key)
    if row is not None and (row.recovered_at is None or (not _lasts(key) and now - row.raised_at < ONCE_IN)):
        return False
    if row is not None:
        tx.delete(row)
        tx.flush()
    tx.add(Alarm(key=key, text=text, number=number, cause=cause, raised_at=now))
    tx.flush()
    return True


def recover(tx: Session, key: str, text: str, now: datetime) -> None:
    """Ends an open alarm; who was told of it is told that it is over."""
    row = tx.get(Alarm, key)
    if row is not None and row.recovered_at is None:
        row.recovered_at, row.recovered_text = now, text


def _cancel(tx: Session, effect: fx.Cancel, act: Act) -> None:
    row = tx.exec(select(Letter).where(Letter.name == effect.key)).first()
    if row is None or row.state != "owed" or row.data_begun_at is not None:
        raise Impossible(f"la lettre {effect.key} ne peut plus être annulée")
    row.state, row.settled_at, row.answer = "cancelled", act.now, "annulée"


def _pend(tx: Session, effect: fx.Pend, act: Act) -> None:
    assert act.inbound_id is not None
    tx.add(Pending(inbound_id=act.inbound_id, person=effect.person, number=effect.number, until=effect.until))
    _due(tx, fx.Due(key=f"pending:{act.inbound_id}", kind="pending", at=effect.until, inbound_id=act.inbound_id), act)


def _end_pending(tx: Session, effect: fx.EndPending, act: Act) -> None:
    row = tx.get_one(Pending, effect.pending_id)
    row.ended_at, row.ended_how = act.now, effect.how
    _settle(tx, fx.Settle(key=f"pending:{row.inbound_id}"), act)


def _away(tx: Session, effect: fx.Away, act: Act) -> None:
    said = select(Absence.id).where(
        Absence.person == effect.person, Absence.first <= effect.last, Absence.last >= effect.first
    )
    if effect.guessed and tx.exec(said.limit(1)).first() is not None:
        return
    tx.add(Absence(person=effect.person, first=effect.first, last=effect.last, substitute=effect.substitute))
    tx.flush()


def _wrong_code(tx: Session, effect: fx.WrongCode, act: Act) -> None:
    row = _complaint(tx, effect.number)
    if not effect.replace_of:
        row.wrong_codes += 1
    else:  # seen from somebody else: it is nobody's any more
        seen = tx.exec(select(Code).where(Code.about == effect.number, Code.person == effect.replace_of)).first()
        if seen is not None:
            tx.delete(seen)
            tx.flush()


def _bounced(tx: Session, effect: fx.Bounced, act: Act) -> None:
    row = tx.get_one(Letter, effect.letter_id)
    row.bounced_at, row.answer = act.now, f"{row.answer} | {effect.text}"[:1000]


def _analyse(tx: Session, effect: fx.Analyse, act: Act) -> None:
    quality.analyse(tx, effect, _complaint(tx, effect.number), act.now)


def _plan(tx: Session, effect: fx.Plan, act: Act) -> None:
    quality.plan(tx, effect, _complaint(tx, effect.number), act.now)


def _change_action(tx: Session, effect: fx.ChangeAction, _act: Act) -> None:
    quality.change(tx, effect, _complaint(tx, effect.number) if effect.number else None)


_WRITERS: dict[type, Callable[..., None]] = {
    fx.Judge: _judge,
    fx.Open: _open,
    fx.Attach: _attach,
    fx.Change: _change,
    fx.Note: _note,
    fx.Due: _due,
    fx.Settle: _settle,
    fx.Letter: _letter,
    fx.Alarm: _alarm,
    fx.Cancel: _cancel,
    fx.Pend: _pend,
    fx.EndPending: _end_pending,
    fx.Away: _away,
    fx.WrongCode: _wrong_code,
    fx.Meet: _meet,
    fx.Bounced: _bounced,
    fx.Analyse: _analyse,
    fx.Plan: _plan,
    fx.ChangeAction: _change_action,
}


def note_reading(tx: Session, inbound_id: int, message: Message, *, from_addr: str, from_name: str, proof: str) -> None:
    """Derived columns of a mail, written by the decision that read it; `mailbot reread` may write them again."""
    direct.change(
        tx,
        Inbound,
        inbound_id,
        message_id=message.message_id,
        fingerprint=message.fingerprint,
        from_addr=from_addr,
        from_name=from_name[:200],
        subject=message.subject[:500],
        date_header=message.date,
        proof=proof,
    )
    thread.forget(tx)
    if message.attachments and direct.ask(tx, FILES, mail=inbound_id).first() is None:
        rows = [{name: getattr(file, name) for name in OF_A_FILE} for file in message.attachments]
        direct.add_all(tx, Attachment, [{"inbound_id": inbound_id, **row} for row in rows])


def told(tx: Session, new: Iterable[Alarm], over: Iterable[Alarm], now: datetime, *, by: str) -> None:
    """Remembers which alarms and recoveries were told, and by which road."""
    for alarm in new:
        row = tx.get(Alarm, alarm.key)
        if row is not None:
            row.told_at, row.told_by = now, by
            if not _lasts(row.key):
                row.recovered_at = row.recovery_told_at = now
    for alarm in over:
        row = tx.get(Alarm, alarm.key)
        if row is not None:
            row.recovery_told_at = now
