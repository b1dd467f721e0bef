"""The named questions that people and ticks ask the register; each reads, none writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, or_, select

from mailbot.complaint import OPEN
from mailbot.desk import Waiting
from mailbot.store import direct
from mailbot.store.brought import IMPORTED
from mailbot.store.cases import PREFIXES
from mailbot.store.ledger import recall
from mailbot.store.staff import as_waiting
from mailbot.store.tables import (
    Absence,
    Alarm,
    Attachment,
    Complaint,
    Due,
    Inbound,
    Journal,
    JournalText,
    Letter,
    LetterKey,
    Pending,
    Place,
    Raw,
)

EXERCISES = select(Complaint.assignee).where(Complaint.number == bindparam("number"), Complaint.series == "practice")
UNEXPLAINED = select(func.min(Inbound.kept_at)).where(Inbound.state == "kept")
UNTOLD = select(Alarm).where(
    or_(
        col(Alarm.told_at).is_(None),
        col(Alarm.recovered_at).is_not(None) & col(Alarm.recovery_told_at).is_(None),
    )
)
DUE = (
    select(Due.key)
    .where(col(Due.done_at).is_(None), Due.at <= bindparam("now"), Due.kind != "item")
    .order_by(col(Due.at))
    .limit(bindparam("most"))
)
LOOKS = (
    select(Complaint.id)
    .where(col(Complaint.look_at) <= bindparam("now"))
    .order_by(col(Complaint.look_at))
    .limit(bindparam("most"))
)
STUCK = (
    select(Letter.created_at, Letter.answer)
    .where(Letter.state == "owed", Letter.attempts > 0)
    .where(Letter.created_at <= bindparam("tried"), Letter.created_at > bindparam("after"))
    .order_by(col(Letter.created_at))
    .limit(1)
)
ANY_UNTOLD = UNTOLD.with_only_columns(col(Alarm.key)).limit(1)


def due_rows(tx: Session, now: datetime, limit: int = 200) -> list[Due]:
    """Open due rows whose time has come, oldest first; items of a group are taken with their group."""
    return [tx.get_one(Due, key) for key in direct.ask(tx, DUE, now=now, most=limit).scalars()]


def claim_due(tx: Session, key: str) -> bool:
    """Whether this transaction is the one that does what is due: nobody did, and no other daemon has it in hand."""
    open_row = select(Due).where(Due.key == key, col(Due.done_at).is_(None))
    return tx.exec(open_row.with_for_update(skip_locked=True)).first() is not None


def group_items(tx: Session, to: str) -> list[Due]:
    """What waits to leave as one letter to this address."""
    mine = col(Due.key).startswith(f"item:{to}:", autoescape=True)
    return list(tx.exec(select(Due).where(mine, col(Due.done_at).is_(None)).order_by(col(Due.at), col(Due.key))))


def essai_due(tx: Session) -> list[Due]:
    """Open due rows that speak of essai files, and the gatherings that hold nothing else."""
    essai = select(Complaint.id).where(Complaint.series == "essai")
    rows = list(tx.exec(select(Due).where(col(Due.complaint_id).in_(essai), col(Due.done_at).is_(None))))
    keys = {row.key for row in rows}
    groups = tx.exec(select(Due).where(Due.kind == "group", col(Due.done_at).is_(None)))
    return rows + [g for g in groups if {i.key for i in group_items(tx, g.facts["to"])} <= keys]


def find_complaint(tx: Session, number: str) -> Complaint | None:
    return tx.exec(select(Complaint).where(Complaint.number == number.strip().upper())).first()


def open_files(tx: Session, series: str) -> list[Complaint]:
    """Files still to be answered, the earliest due date first."""
    return list(
        tx.exec(
            select(Complaint)
            .where(Complaint.series == series, col(Complaint.stage).in_((*OPEN, "closing")))
            .order_by(col(Complaint.due_on), col(Complaint.id))
        )
    )


def ended_files(tx: Session, series: str, since: datetime) -> list[Complaint]:
    """Files that were closed since a moment, the oldest first."""
    found = select(Complaint).where(Complaint.series == series, col(Complaint.closed_at) > since)
    return list(tx.exec(found.order_by(col(Complaint.closed_at), col(Complaint.id))))


def files(tx: Session, *, limit: int = 1000) -> list[Complaint]:
    """The files that count, newest first: exercises do not."""
    return list(
        tx.exec(select(Complaint).where(Complaint.series != "practice").order_by(col(Complaint.id).desc()).limit(limit))
    )


def waiting_mails(tx: Session) -> list[Inbound]:
    """Mails about which a human has to say."""
    return list(tx.exec(select(Inbound).where(col(Inbound.waiting).is_(True)).order_by(col(Inbound.received_at))))


def deadlines(tx: Session, inbound_ids: Iterable[int]) -> dict[int, datetime]:
    """Until when the desk waits for a human, by mail."""
    rows = tx.exec(
        select(Due.inbound_id, Due.at).where(
            Due.kind == "undecided", col(Due.inbound_id).in_(list(inbound_ids)), col(Due.done_at).is_(None)
        )
    )
    return {i: at for i, at in rows if i is not None}


def inbounds_of(tx: Session, complaint_id: int) -> list[Inbound]:
    return list(
        tx.exec(
            select(Inbound)
            .where(Inbound.complaint_id == complaint_id)
            .order_by(col(Inbound.received_at), col(Inbound.id))
        )
    )


def attachments_of(tx: Session, inbound_ids: Iterable[int]) -> list[Attachment]:
    return list(
        tx.exec(
            select(Attachment).where(col(Attachment.inbound_id).in_(list(inbound_ids))).order_by(col(Attachment.id))
        )
    )


def letters_of(tx: Session, complaint_id: int) -> list[Letter]:
    return list(tx.exec(select(Letter).where(Letter.complaint_id == complaint_id).order_by(col(Letter.id))))


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """The mailbox against the register since a moment (spec §2)."""

    received: int
    explained: int
    by_verdict: dict[str, int]
    vanished: list[str]
    before_start: int


def reconcile(tx: Session, since: datetime) -> Reconciled:
    """Counts mails kept and places seen since `since`."""
    here = (Inbound.kept_at > since, Inbound.account != IMPORTED)
    rows = tx.exec(select(Inbound.verdict, func.count()).where(*here).group_by(Inbound.verdict)).all()
    by_verdict = {verdict: n for verdict, n in rows if verdict}
    gone = tx.exec(
        select(Place)
        .where(col(Place.state).in_(("vanished", "refused")), Place.seen_at > since)
        .order_by(col(Place.id))
    ).all()
    return Reconciled(
        received=sum(n for _, n in rows) + len(gone),
        explained=sum(by_verdict.values()) + len(gone),
        by_verdict=by_verdict,
        vanished=[
            f"{p.folder}, n° {p.uid}" + (" (refusé par le serveur)" if p.state == "refused" else "") for p in gone
        ],
        before_start=by_verdict.get("before-start", 0),
    )


def oldest_unexplained(tx: Session) -> datetime | None:
    """When the oldest mail that has no verdict yet was kept."""
    oldest: datetime | None = direct.ask(tx, UNEXPLAINED).scalar()
    return oldest


def open_alarms(tx: Session, since: datetime | None = None) -> list[Alarm]:
    """Troubles that last, and events not yet told; with `since`, also the events raised from then on."""
    wanted: Any = col(Alarm.recovered_at).is_(None)
    if since is not None:
        wanted = or_(wanted, Alarm.raised_at > since)
    return _as_raised(tx.exec(select(Alarm).where(wanted)))


def _as_raised(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Few rows are sorted here: asked to sort, SQLite walks every alarm that ever was in their order."""
    return sorted(alarms, key=lambda a: a.raised_at)


def any_untold(tx: Session) -> bool:
    """Whether `untold_alarms` may find something: asked at each tick, where it hardly ever does."""
    return direct.ask(tx, ANY_UNTOLD).first() is not None


def untold_alarms(tx: Session) -> tuple[list[Alarm], list[Alarm]]:
    """(alarms nobody was told of, recoveries nobody was told of although the alarm was told)."""
    rows = _as_raised(tx.exec(UNTOLD))
    new = [a for a in rows if a.told_at is None and a.recovered_at is None]
    over = [a for a in rows if a.told_at is not None and a.recovered_at is not None]
    return new, over


def stuck_letter(tx: Session, now: datetime, patience: timedelta) -> tuple[datetime, str] | None:
    """(since when it is owed, the server's last words) of the oldest letter that tells of a server which takes nothing: tried
    in vain for `patience`, and nothing accepted in that time. One much older than the last accepted letter tells of its
    recipient only."""
    accepted = datetime.fromisoformat(recall(tx, "accepted_at") or "2000-01-01T00:00:00+00:00")
    if accepted > now - patience:
        return None
    stuck: tuple[datetime, str] | None = direct.ask(tx, STUCK, tried=now - patience, after=accepted - patience).first()
    return stuck


def without_ack(tx: Session, series: str) -> list[Complaint]:
    """Files whose AR was never accepted: refused, bounced, impossible (the listed exceptions)."""
    return list(
        tx.exec(
            select(Complaint)
            .where(
                Complaint.series == series,
                col(Complaint.ack_state).in_(("refused", "bounced", "none")),
                col(Complaint.stage).in_((*OPEN, "closing")),
            )
            .order_by(col(Complaint.id))
        )
    )


def why(tx: Session, row: Complaint) -> dict[str, Any]:
    """The story of a file: every step with its cause, and every letter (design invariant 10)."""
    lines = tx.exec(select(Journal).where(Journal.complaint_id == row.id).order_by(col(Journal.id))).all()
    assert row.id is not None
    return {
        "number": row.number,
        "steps": [_step(tx, line) for line in lines],
        "letters": [_letter(tx, letter) for letter in letters_of(tx, row.id)],
    }


def _step(tx: Session, line: Journal) -> dict[str, Any]:
    text = tx.get(JournalText, line.id)
    return {
        "at": line.at.isoformat(),
        "event": line.event,
        "actor": line.actor,
        "text": text.text if text else "effacé",
        "cause": cause(tx, line.cause),
    }


def _letter(tx: Session, letter: Letter) -> dict[str, Any]:
    return {
        "name": letter.name,
        "kind": letter.kind,
        "to": letter.to_addr,
        "state": letter.state,
        "message_id": letter.message_id,
        "sent_at": letter.settled_at.isoformat() if letter.settled_at else None,
        "answer": letter.answer,
        "queue_id": letter.queue_id,
        "cause": cause(tx, letter.cause),
    }


def cause(tx: Session, words: str) -> dict[str, Any]:
    """A stored cause (« mail:17 », « tick:… », « command:… », « delivery:… ») told whole."""
    kind, _, what = words.partition(":")
    if kind == "mail":
        return _mail_cause(tx, int(what))
    if kind == "delivery":
        letter = tx.get_one(Letter, int(what))
        told = {"kind": "delivery", "letter": letter.name, "to": letter.envelope_to, "message_id": letter.message_id}
        return {**told, "answer": letter.answer, "caused_by": cause(tx, letter.cause)}
    return {"kind": "tick", "due": what} if kind == "tick" else {"kind": "command", "words": what}


def _mail_cause(tx: Session, inbound_id: int) -> dict[str, Any]:
    inbound = tx.get_one(Inbound, inbound_id)
    digest = tx.exec(select(Raw.sha256).where(Raw.id == inbound.raw_id)).one()
    return {
        "kind": "mail",
        "inbound_id": inbound_id,
        "message_id": inbound.message_id,
        "sha256": digest,
        "from": inbound.from_addr,
        "subject": inbound.subject,
    }


def concerns_a_file(tx: Session, ids: tuple[str, ...], recipients: tuple[str, ...]) -> bool:
    """Whether a mail of the sent folder answers a mail of a file, or goes to a complainant."""
    if (
        ids
        and tx.exec(
            select(Inbound.id).where(col(Inbound.message_id).in_(ids), col(Inbound.complaint_id).is_not(None)).limit(1)
        ).first()
    ):
        return True
    if ids and tx.exec(select(Letter.id).where(col(Letter.message_id).in_(ids)).limit(1)).first():
        return True
    found = select(Complaint.id).where(col(Complaint.complainant_addr).in_(recipients or ("-",))).limit(1)
    return tx.exec(found).first() is not None


def digest_to_come(tx: Session) -> bool:
    return tx.exec(select(Due.key).where(Due.kind == "digest", col(Due.done_at).is_(None)).limit(1)).first() is not None


def essai_files(tx: Session) -> list[Complaint]:
    """Essai files not yet taken over nor left, oldest first."""
    return list(
        tx.exec(
            select(Complaint)
            .where(Complaint.series == "essai", Complaint.stage != "taken-over")
            .order_by(col(Complaint.received_at), col(Complaint.id))
        )
    )


def before_start(tx: Session, since: datetime) -> list[Inbound]:
    """Mails older than the desk, received at `since` or later; of what `mailbot import` brought, what lies in the mailbox too."""
    in_mailbox = select(Place.id).where(Place.inbound_id == Inbound.id, Place.account != IMPORTED).exists()
    old = (Inbound.verdict == "before-start", Inbound.received_at >= since)
    return list(tx.exec(select(Inbound).where(*old, or_(col(Inbound.account) != IMPORTED, in_mailbox))))


CLOCKED = ("chase", "progress", "late", "waiting-reminder", "survey")
STEPS = (
    select(LetterKey.key)
    .join(Letter, col(Letter.id) == col(LetterKey.letter_id))
    .where(Letter.complaint_id == bindparam("file"), col(Letter.kind).in_(direct.each(CLOCKED)))
)
AWAY = (
    select(Absence.person, Absence.substitute)
    .where(Absence.first <= bindparam("today"), Absence.last >= bindparam("today"))
    .order_by(col(Absence.id))
)


def looks_due(tx: Session, now: datetime, limit: int = 500) -> list[int]:
    """Files on which the clock may owe something now."""
    return direct.ask(tx, LOOKS, now=now, most=limit).scalars()


def step_keys(tx: Session, row: Complaint | Any) -> list[str]:
    """Keys of the letters that the clock already caused in this cycle of a file."""
    return [k for k in direct.ask(tx, STEPS, file=row.id).scalars() if k.split(":")[2:3] == [str(row.cycle)]]


def absences(tx: Session, today: date) -> dict[str, str]:
    """Who is away today → who stands in."""
    return {a.person: a.substitute for a in direct.ask(tx, AWAY, today=today) if a.substitute}


def pending_of(tx: Session, inbound_id: int) -> Waiting | None:
    """The command without proof that came with this mail, while it waits."""
    row = tx.exec(select(Pending).where(Pending.inbound_id == inbound_id, col(Pending.ended_at).is_(None))).first()
    return as_waiting(row) if row else None


def mails_of(tx: Session, number: str) -> list[int]:
    """Inbound ids of a file's mails, oldest first."""
    row = find_complaint(tx, number)
    return [i.id for i in inbounds_of(tx, row.id) if i.id] if row and row.id else []


def trainee(tx: Session, number: str | None) -> str:
    """Who exercises on this file: its letters to the complainant come to them. "" for a file that counts."""
    written, exercise = (number or "").strip().upper(), PREFIXES["practice"]
    return (direct.ask(tx, EXERCISES, number=written).scalar() or "") if written.startswith(exercise) else ""


def practice_of(tx: Session, person: str) -> tuple[str, int]:
    """(number of the newest exercise begun for a person, commands that they tried on exercises); ("", 0) without one."""
    begun = select(Complaint).join(Letter, col(Letter.complaint_id) == col(Complaint.id))
    begun = begun.where(Complaint.series == "practice", Letter.kind == "welcome", Letter.to_addr == person)
    row = tx.exec(begun.order_by(col(Complaint.id).desc()).limit(1)).first()
    tried = select(func.count()).select_from(Journal).join(Complaint, col(Complaint.id) == col(Journal.complaint_id))
    tried = tried.where(
        Complaint.series == "practice", Journal.actor == person, col(Journal.event).startswith("command-")
    )
    return (row.number if row else "", tx.exec(tried).one())
