"""Takes a person out of the register in one transaction: numbers, dates and figures stay, words and bytes go (spec §9).

What is theirs is emptied column by column; everywhere else their name, address and telephone are replaced, in whatever text
column there is. Hashes stay, so that the same mail seen again is known and brings nothing back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Table, bindparam, update
from sqlmodel import AutoString, Session, SQLModel, col, select

from mailbot import failpoints
from mailbot.store import direct, journal, slabs, whole
from mailbot.store.erasures import Erasure
from mailbot.store.minutes import Meeting
from mailbot.store.person import Holding, Mentions
from mailbot.store.tables import (
    Alarm,
    Attachment,
    Complaint,
    Due,
    Inbound,
    Journal,
    JournalText,
    Letter,
    Place,
    Raw,
)
from mailbot.traces import Traces

UNFINISHED = select(Erasure.id).where(col(Erasure.done_at).is_(None)).limit(1)
SAME = (
    select(Inbound.id, Inbound.from_addr)
    .join(Raw, col(Raw.id) == col(Inbound.raw_id))
    .where(
        Inbound.fingerprint == bindparam("fingerprint"),
        Inbound.id != bindparam("this"),
        col(Raw.erased_at).is_not(None),
    )
    .limit(1)
)
DOMAIN = "efface.invalid"  # RFC 2606: no mail ever gets there
GONE = "effacé"
DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+([+-]\d\d:\d\d|Z)?)?$", re.ASCII)
WIPED_FILE: dict[str, Any] = {
    "subject": "",
    "wish": "",
    "phone": "",
    "copied": [],
    "on_behalf": "",
    "unverified_reference": "",
    "asked_other_address": "",
    "priority_why": "",
    "immediate_what": "",
    "draft": "",
    "commitment_reason": "",
    "remedy_what": "",
    "next_step": "",
    "look_at": None,
}
WIPED_LETTER: dict[str, Any] = {"attach": [], "refs": [], "undo": {}, "in_reply_to": "", "subject": GONE}
# Never searched as texts: see below, or hashes.
APART = ("raw", "octets", "journal", "journaltext", "erasure", "alembic_version")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be erased. `whole`: the person, everywhere; else only the files and mails named."""

    found: Holding
    mentions: Mentions
    traces: Traces
    pseudonym: str
    inside: frozenset[str]  # addresses of the staff: theirs stay
    whole: bool = True
    others_too: bool = False  # also mails and letters of other complainants' files that name the person


@dataclass(frozen=True, kw_only=True)
class Act:
    """When, by whom, because of which command, and where salts come from."""

    now: datetime
    who: str
    cause: str
    salt: Callable[[], str]


def write(tx: Session, plan: Plan, act: Act) -> int:
    """Everything or nothing; returns the id of the erasure, which mailbox and database file still have to follow."""
    found, mentions = plan.found, plan.mentions
    mails = {*found.mails, *(mentions.mails if plan.others_too else ())}
    letters = {*found.letters, *mentions.letters_inside, *(mentions.letters_outside if plan.others_too else ())}
    ids = _message_ids(tx, mails)
    for file in found.files:
        _file(tx, file, plan, act.now)
    _mails(tx, mails, plan, act.now)
    _letters(tx, letters, plan, act.now)
    for pack in mentions.packs:
        row = tx.get_one(Meeting, pack)
        row.pdf, row.sheet = b"", b""
    lines = _lines(tx, plan)
    if plan.whole:
        _everywhere(tx, plan.traces)
    failpoints.hit("K20")
    return _record(tx, plan, act, ids=ids, counts=(len(mails), len(letters), lines))


def _file(tx: Session, row: Complaint, plan: Plan, now: datetime) -> None:
    for name, value in WIPED_FILE.items():
        setattr(row, name, value)
    row.alerts = [[family, ""] for family, *_ in row.alerts]
    row.amplified = [[at, kind, ""] for at, kind, *_ in row.amplified]
    row.complainant_addr = plan.pseudonym if row.complainant_addr else ""
    if row.complainant_domain and not _shared(tx, row.complainant_domain, {f.id for f in plan.found.files}):
        row.complainant_domain = plan.pseudonym.replace("@", ".")
    row.complainant_name = f"Réclamant {row.number}"
    row.silenced, row.erased_at = True, now
    tx.add(row)
    for due in tx.exec(select(Due).where(Due.complaint_id == row.id)):
        due.facts, due.done_at = {}, due.done_at or now
    for alarm in tx.exec(select(Alarm).where(Alarm.number == row.number)):
        alarm.text = f"{row.number} : texte {GONE}"
    tx.flush()


def _shared(tx: Session, domain: str, mine: set[int | None]) -> bool:
    """A company from which somebody else complained too is no word of this person, and its repeats are counted by it."""
    same = select(Complaint.id).where(Complaint.complainant_domain == domain, col(Complaint.erased_at).is_(None))
    return any(i not in mine for i in tx.exec(same))


def _message_ids(tx: Session, mails: Collection[int]) -> list[str]:
    """Needed until the mailbox was searched: a human may have moved a copy to a place that we do not know."""
    rows = tx.exec(select(Inbound.message_id).where(col(Inbound.id).in_(mails)).distinct())
    return sorted({i for i in rows if i})


def _mails(tx: Session, mails: Iterable[int], plan: Plan, now: datetime) -> None:
    for mail in sorted(mails):
        row = tx.get_one(Inbound, mail)
        bare(tx, row, now)
        if row.from_addr not in plan.inside:
            row.from_addr = plan.pseudonym if row.from_addr == plan.found.address else ""
        for due in tx.exec(select(Due).where(Due.inbound_id == mail)):
            due.facts, due.done_at = {}, due.done_at or now
    tx.flush()


def bare(tx: Session, row: Inbound, now: datetime) -> None:
    """A mail's bytes and words go; hash, size, dates, verdict and the hashes of its files stay."""
    raw = tx.get_one(Raw, row.raw_id)
    if raw.erased_at is None:
        whole.give_back(tx, row.raw_id)
        slabs.forget(tx, row.raw_id)
        raw.data, raw.erased_at = b"", now
    row.from_name, row.subject, row.message_id, row.waiting = "", "", "", False
    row.reason, row.proof = GONE if row.reason else "", row.proof.split(" ")[0]
    for n, file in enumerate(tx.exec(select(Attachment).where(Attachment.inbound_id == row.id)), start=1):
        file.name, file.problem = f"pièce {n}", ""


def _letters(tx: Session, letters: Iterable[int], plan: Plan, now: datetime) -> None:
    mine = set(plan.found.letters)
    for letter in sorted(letters):
        row = tx.get_one(Letter, letter)
        row.erased = row.erased or hashlib.sha256(whole.remains(tx, letter)).hexdigest()
        whole.keep(tx, letter, b"")
        row.answer = plan.traces.scrub(row.answer)
        if row.state in ("owed", "claimed"):  # nothing is left that could be sent, or repeated
            row.state, row.settled_at = "uncertain" if row.data_begun_at else "cancelled", now
        if letter in mine:
            for name, value in WIPED_LETTER.items():
                setattr(row, name, value)
            row.facts = figures(row.facts)
            row.to_addr, row.envelope_to = (_reader(a, plan) for a in (row.to_addr, row.envelope_to))
    tx.flush()


def figures(facts: dict[str, Any]) -> dict[str, Any]:
    """What of a letter's facts is counted: numbers, yes or no, dates (of a commitment, say); no words."""
    return {k: v for k, v in facts.items() if isinstance(v, int) or (isinstance(v, str) and DATE.match(v))}


def _reader(address: str, plan: Plan) -> str:
    if address in plan.inside:
        return address
    return plan.pseudonym if address == plan.found.address else ""


def _lines(tx: Session, plan: Plan) -> int:
    """Texts and salts of their lines go, and of any other that names them; an actor who was a complainant is replaced."""
    mine = set(plan.found.lines)
    erased = 0
    for line in tx.exec(select(Journal).order_by(col(Journal.id))).all():
        text = tx.get(JournalText, line.id)
        actor = plan.traces.scrub(line.actor)
        if line.id in mine and "@" in actor and actor.lower() not in plan.inside and actor != plan.pseudonym:
            actor = "tiers"
        cause = plan.traces.scrub(line.cause)
        changed = (actor, cause) != (line.actor, line.cause)
        if text is not None and (line.id in mine or changed or plan.traces.scrub(text.text) != text.text):
            tx.delete(text)
            erased += 1
        if changed:
            line.actor, line.cause = actor, cause
            line.who = line.who or journal.ERASED
    tx.flush()
    return erased


def _everywhere(tx: Session, traces: Traces) -> None:
    """Every text and JSON column of every table that there is, keys too."""
    for table in SQLModel.metadata.sorted_tables:
        texts = [c for c in table.columns if isinstance(c.type, AutoString | JSON)]
        if table.name not in APART and texts:
            _scrub(tx, table, texts, traces)
    tx.expire_all()


def _scrub(tx: Session, table: Table, texts: list[Any], traces: Traces) -> None:
    keys = list(table.primary_key.columns)
    for row in tx.connection().execute(select(*keys, *texts)).all():
        key, values = row[: len(keys)], row[len(keys) :]
        new = {c.name: after for c, value in zip(texts, values, strict=True) if (after := traces.scrub(value)) != value}
        if new:
            this = [k == v for k, v in zip(keys, key, strict=True)]
            tx.connection().execute(update(table).where(*this).values(**new))


def _record(tx: Session, plan: Plan, act: Act, *, ids: list[str], counts: tuple[int, int, int]) -> int:
    """The act itself, without a word of whom: the journal line of each file, and the row that says what is still to do."""
    what = f"{counts[0]} messages, {counts[1]} lettres, {counts[2]} lignes du journal"
    opened = tx.exec(select(Journal.id).where(Journal.who == journal.ERASED)).all()
    if opened:
        _note(tx, act, None, journal.OPENED, " ".join(str(i) for i in opened))
    for file in plan.found.files or (None,):
        _note(tx, act, file, "pseudonymised", f"effacés : {what}")
    salt = act.salt()
    row = Erasure(
        at=act.now,
        pseudonym=plan.pseudonym,
        salt=salt,
        digest=known_by(salt, plan.found.address) if plan.whole else "",
        todo={"address": plan.found.address if plan.whole else "", "ids": ids},
    )
    tx.add(row)
    tx.flush()
    assert row.id is not None
    return row.id


def _note(tx: Session, act: Act, file: Complaint | None, event: str, text: str) -> None:
    journal.write(
        tx,
        at=act.now,
        complaint_id=file.id if file else None,
        number=file.number if file else "",
        event=event,
        actor=act.who,
        cause=act.cause,
        text=text,
        salt=act.salt(),
    )


def known_by(salt: str, address: str) -> str:
    """How an older copy of the register recognises whom to erase again."""
    return hashlib.sha256(f"{salt}\x1f{address.lower()}".encode()).hexdigest()


# -- afterwards ----------------------------------------------------------------------------------------------------------


def unfinished(tx: Session) -> list[Erasure]:
    """Erasures that mailbox or database file have not followed yet, oldest first."""
    if direct.ask(tx, UNFINISHED).first() is None:  # at each tick, there is hardly ever one
        return []
    return list(tx.exec(select(Erasure).where(col(Erasure.done_at).is_(None)).order_by(col(Erasure.id))))


def before(tx: Session, address: str) -> Erasure | None:
    """The last erasure of that very person."""
    rows = tx.exec(select(Erasure).where(Erasure.digest != "").order_by(col(Erasure.id).desc()))
    return next((row for row in rows if row.digest == known_by(row.salt, address)), None)


def persons(tx: Session) -> list[Erasure]:
    """Every erasure of a person, oldest first."""
    return list(tx.exec(select(Erasure).where(Erasure.digest != "").order_by(col(Erasure.id))))


def mailbox_done(tx: Session, ids: Iterable[int], now: datetime) -> None:
    """The mailbox was searched: what was kept for that search goes too."""
    for row in tx.exec(select(Erasure).where(col(Erasure.id).in_(list(ids)), col(Erasure.mailbox_at).is_(None))):
        row.todo, row.mailbox_at = {}, now


def done(tx: Session, ids: Iterable[int], now: datetime) -> None:
    for row in tx.exec(select(Erasure).where(col(Erasure.id).in_(list(ids)))):
        row.done_at = now


def places(tx: Session) -> dict[tuple[str, int, int], str]:
    """(folder, UIDVALIDITY, UID) → hash, of every place where a mail that was erased may still lie."""
    rows = tx.exec(
        select(Place, Raw.sha256)
        .join(Inbound, col(Inbound.id) == col(Place.inbound_id))
        .join(Raw, col(Raw.id) == col(Inbound.raw_id))
        .where(col(Raw.erased_at).is_not(None), col(Place.gone_at).is_(None))
    )
    return {(p.folder, p.uidvalidity, p.uid): digest for p, digest in rows}


def hashes(tx: Session) -> set[str]:
    """Of every mail that was erased."""
    return set(tx.exec(select(Raw.sha256).where(col(Raw.erased_at).is_not(None))))


def gone(tx: Session, account: str, folder: str, validity: int, uid: int, now: datetime) -> None:
    """That copy is no longer in the mailbox."""
    here = (Place.account == account, Place.folder == folder, Place.uidvalidity == validity, Place.uid == uid)
    for place in tx.exec(select(Place).where(*here)):
        place.gone_at = place.gone_at or now


def came_back(tx: Session, inbound_id: int, fingerprint: str, now: datetime) -> bool:
    """A mail that was erased came again in other bytes (a relay's new header): erased at once, its copy to be taken away."""
    first = direct.ask(tx, SAME, fingerprint=fingerprint, this=inbound_id).first() if fingerprint else None
    if first is None:
        return False
    row = tx.get_one(Inbound, inbound_id)
    bare(tx, row, now)
    row.from_addr = first.from_addr
    for line in tx.exec(select(Journal).where(Journal.cause == f"mail:{inbound_id}")).all():
        text = tx.get(JournalText, line.id)
        if text is not None:
            tx.delete(text)
            line.actor = "tiers" if "@" in line.actor else line.actor
    last = tx.exec(select(Erasure).order_by(col(Erasure.id).desc()).limit(1)).first()
    if last is not None:
        last.done_at = last.mailbox_at = None
    tx.flush()
    return True
