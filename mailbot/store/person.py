"""Everything the register holds about one person, by address: files, mails, letters, journal lines, and where else they are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from mailbot.complaint import ENDED
from mailbot.store import keep, meetings, slabs, whole
from mailbot.store.tables import Attachment, Complaint, Inbound, Journal, JournalText, Letter, Raw
from mailbot.traces import Traces, usable

LEFT = ("sent", "uncertain")  # letters that their reader has, or may have


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Who, and what is theirs. `mails`: those they wrote and all those of their files; ids, in order."""

    address: str
    files: tuple[Complaint, ...]
    mails: tuple[int, ...]
    letters: tuple[int, ...]
    lines: tuple[int, ...]
    names: tuple[str, ...]
    shared: tuple[str, ...]  # names that somebody else bears too: replaced in their own files only
    phones: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not (self.files or self.mails or self.letters)


@dataclass(frozen=True, kw_only=True)
class Mentions:
    """Where the words stand outside of what is the person's own: ids."""

    mails: tuple[int, ...] = ()  # of other complainants' files, or of none
    letters_outside: tuple[int, ...] = ()  # to other complainants
    letters_inside: tuple[int, ...] = ()  # to the staff: notices, digests, alarms, packs
    packs: tuple[int, ...] = ()  # of quality meetings, drawn with decisions that name them
    numbers: tuple[str, ...] = ()  # of the files that these mails and letters belong to


def holding(tx: Session, address: str, *, staff: Collection[str], files: Iterable[str] | None = None) -> Holding:
    """`staff`: names of the staff, never taken for the person's. `files`: numbers, when not all of theirs are meant."""
    addr = address.lower()
    wanted = select(Complaint).where(Complaint.complainant_addr == addr)
    if files is not None:
        wanted = wanted.where(col(Complaint.number).in_(list(files)))
    theirs = tuple(tx.exec(wanted.order_by(col(Complaint.id))))
    ids = [f.id for f in theirs if f.id]
    mine = col(Inbound.complaint_id).in_(ids)
    mails = select(Inbound.id).where(mine if files is not None else or_(mine, Inbound.from_addr == addr))
    ours = col(Letter.complaint_id).in_(ids)
    letters = select(Letter.id).where(ours if files is not None else or_(ours, Letter.to_addr == addr))
    mail_ids = [i for i in tx.exec(mails.order_by(col(Inbound.id))) if i]
    causes = [f"mail:{i}" for i in mail_ids]
    lines = select(Journal.id).where(or_(col(Journal.complaint_id).in_(ids), col(Journal.cause).in_(causes)))
    names = _names(tx, addr, theirs)
    shared = tuple(n for n in names if n.lower() in {s.lower() for s in staff} or _borne(tx, n, addr))
    return Holding(
        address=addr,
        files=theirs,
        mails=tuple(mail_ids),
        letters=tuple(i for i in tx.exec(letters.order_by(col(Letter.id))) if i),
        lines=tuple(i for i in tx.exec(lines.order_by(col(Journal.id))) if i),
        names=tuple(n for n in names if n not in shared),
        shared=shared,
        phones=tuple(dict.fromkeys(f.phone for f in theirs if f.phone)),
    )


def _names(tx: Session, addr: str, files: Iterable[Complaint]) -> tuple[str, ...]:
    written = tx.exec(select(Inbound.from_name).where(Inbound.from_addr == addr).distinct())
    found = [" ".join(n.split()) for n in (*(f.complainant_name for f in files), *written)]
    return tuple(dict.fromkeys(n for n in found if usable(n)))


def _borne(tx: Session, name: str, addr: str) -> bool:
    """Whether a complainant or author of another address has the very same name."""
    others = select(Complaint.id).where(Complaint.complainant_addr != addr, Complaint.complainant_name == name)
    authors = select(Inbound.id).where(Inbound.from_addr != addr, Inbound.from_name == name)
    return bool(tx.exec(others.limit(1)).first() or tx.exec(authors.limit(1)).first())


def mentions(tx: Session, found: Holding, traces: Traces, *, inside: Collection[str], others: bool = True) -> Mentions:
    """Reads every mail and letter that is not the person's own; without `others` only letters to `inside`, the staff."""
    numbers: dict[int | None, str] = {i: n for i, n in tx.exec(select(Complaint.id, Complaint.number)) if i}
    mine, ours = set(found.mails), set(found.letters)
    mails: list[int] = []
    outside: list[int] = []
    within: list[int] = []
    named: list[str] = []
    packs = meetings.printing(tx, lambda text: traces.scrub(text) != text)
    drawn = {
        f"{meetings.PACK}:{pack}" for pack in packs
    }  # the words of a page are packed: no search of its bytes finds them
    rows = tx.exec(select(Inbound.id, Inbound.complaint_id, Inbound.raw_id)).all() if others else []
    for mail, file, raw_id in rows:
        if mail not in mine and traces.within(slabs.mail(tx, raw_id)):
            mails.append(mail or 0)
            named.append(numbers.get(file, ""))
    letters = tx.exec(select(Letter.id, Letter.complaint_id, Letter.to_addr, Letter.name)).all()
    for letter, file, to, name in letters:
        if letter in ours or (to not in inside and not others):
            continue
        carries = name.rpartition(":")[0] in drawn
        if not carries and not traces.within(whole.remains(tx, letter or 0)):
            continue
        (within if to in inside else outside).append(letter or 0)
        named += [] if to in inside else [numbers.get(file, "")]
    return Mentions(
        mails=tuple(mails),
        letters_outside=tuple(outside),
        letters_inside=tuple(within),
        packs=tuple(packs),
        numbers=tuple(sorted({n for n in named if n})),
    )


def obstacles(files: Iterable[Complaint]) -> list[str]:
    """Why these files may not be erased at all, in French: a legal hold, or still being treated."""
    told = [f"{f.number} est conservé ({f.hold}) : levez d’abord la conservation" for f in files if f.hold]
    return told + [f"{f.number} n’est pas clos" for f in files if not _ended(f)]


def _ended(file: Complaint) -> bool:
    return file.erased_at is not None or file.series != "real" or file.stage in ENDED


def texts(tx: Session, lines: Collection[int]) -> dict[int, str]:
    """The texts of some lines of the journal that still have one."""
    rows = tx.exec(select(JournalText).where(col(JournalText.journal_id).in_(list(lines))))
    return {row.journal_id: row.text for row in rows}


def addresses(tx: Session) -> list[str]:
    """Everybody who ever wrote or complained."""
    wrote = tx.exec(select(Inbound.from_addr).distinct())
    return sorted({a.lower() for a in (*wrote, *tx.exec(select(Complaint.complainant_addr).distinct())) if "@" in a})


# -- for the export ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A mail or letter of theirs, without its bytes. `addr`: its author, or its reader."""

    id: int
    at: datetime
    addr: str
    number: str
    subject: str
    erased: bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """A line of the journal."""

    at: datetime
    number: str
    event: str
    actor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Everything:
    found: Holding
    mails: tuple[Piece, ...]
    letters: tuple[Piece, ...]
    steps: tuple[Step, ...]


def everything(tx: Session, address: str, *, staff: Collection[str]) -> Everything:
    found = holding(tx, address, staff=staff)
    numbers = {f.id: f.number for f in found.files}
    mails = [(tx.get_one(Inbound, i), i) for i in found.mails]
    letters = [(tx.get_one(Letter, i), i) for i in found.letters]
    told, lines = texts(tx, found.lines), tx.exec(select(Journal).where(col(Journal.id).in_(found.lines)))
    return Everything(
        found=found,
        mails=tuple(
            Piece(
                id=i,
                at=m.received_at,
                addr=m.from_addr,
                number=numbers.get(m.complaint_id, ""),
                subject=m.subject,
                erased=tx.exec(select(Raw.erased_at).where(Raw.id == m.raw_id)).one() is not None,
            )
            for m, i in mails
        ),
        letters=tuple(
            Piece(
                id=i,
                at=x.created_at,
                addr=x.to_addr,
                number=numbers.get(x.complaint_id, ""),
                subject=x.subject,
                erased=bool(x.erased),
            )
            for x, i in letters
            if x.state in LEFT
        ),
        steps=tuple(
            Step(at=s.at, number=s.number, event=s.event, actor=s.actor, text=told.get(s.id or 0, "effacé"))
            for s in sorted(lines, key=lambda s: s.id or 0)
        ),
    )


def mail_bytes(tx: Session, inbound_id: int) -> bytes:
    return keep.raw_of(tx, inbound_id)


def files_of(tx: Session, inbound_id: int) -> list[tuple[str, str, str]]:
    """(path, name, hash) of the files that were taken from a mail."""
    rows = select(Attachment.path, Attachment.name, Attachment.sha256)
    return list(tx.exec(rows.where(Attachment.inbound_id == inbound_id, Attachment.sha256 != "")))


# -- by age --------------------------------------------------------------------------------------------------------------


def ended(tx: Session) -> list[Complaint]:
    """Files whose treatment is over and that are not pseudonymised yet, holds included, oldest first."""
    rows = tx.exec(select(Complaint).where(col(Complaint.erased_at).is_(None)).order_by(col(Complaint.id)))
    return [f for f in rows if _ended(f)]


def alone(tx: Session, address: str, numbers: Collection[str]) -> bool:
    """Whether the person has no other file than these: then nothing of them need be known any more."""
    others = select(Complaint.number).where(Complaint.complainant_addr == address, col(Complaint.erased_at).is_(None))
    return set(tx.exec(others)) <= set(numbers)


def stale_mails(tx: Session, before: datetime) -> list[int]:
    """Suspects of old that no file holds and nobody has to decide any more; only their hash and verdict are of use."""
    rows = select(Inbound.id).join(Raw, col(Raw.id) == col(Inbound.raw_id))
    old = rows.where(
        Inbound.verdict == "spam-suspect", Inbound.received_at < before, col(Inbound.complaint_id).is_(None)
    )
    return [i for i in tx.exec(old.where(col(Raw.erased_at).is_(None)).order_by(col(Inbound.id))) if i]
