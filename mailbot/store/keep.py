"""Owning mail: raw bytes and place are committed before anything changes on the server (design invariant 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from mailbot import failpoints
from mailbot.store import direct, packed, slabs
from mailbot.store.tables import Inbound, Place, Raw

AT = select(Place.id, Place.inbound_id).where(
    Place.account == bindparam("account"),
    Place.folder == bindparam("folder"),
    Place.uidvalidity == bindparam("uidvalidity"),
    Place.uid == bindparam("uid"),
)
KNOWN = select(Place.uid).where(
    Place.account == bindparam("account"),
    Place.folder == bindparam("folder"),
    Place.uidvalidity == bindparam("uidvalidity"),
    Place.uid >= bindparam("first"),
)
HELD = update(Place).where(col(Place.id) == bindparam("place"))
STORED = select(Raw.id).where(Raw.sha256 == bindparam("digest"))
WAITING = (
    select(Inbound.id)
    .where(
        Inbound.state == "kept",
        Inbound.attempts < bindparam("below"),
        or_(col(Inbound.claimed_by) == "", col(Inbound.claimed_by) == bindparam("me")),
    )
    .order_by(col(Inbound.received_at), col(Inbound.id))
    .limit(bindparam("most"))
)
RAW_ID = select(Inbound.raw_id).where(Inbound.id == bindparam("mail"))
ROW = columns(*Inbound.__table__.columns).where(col(Inbound.id) == bindparam("mail"))  # type: ignore[attr-defined]
TO_READ = (
    select(Raw.data, Raw.size, Raw.erased_at, Inbound.raw_id, Inbound.truncated)  # type: ignore[call-overload]
    .join(Inbound, col(Inbound.raw_id) == col(Raw.id))
    .where(Inbound.id == bindparam("mail"))
)
ATTEMPTS = select(Inbound.attempts).where(Inbound.id == bindparam("mail"))
TRIED = update(Inbound).where(col(Inbound.id) == bindparam("mail"))


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place on a server: what makes a message ours or not yet ours."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, kw_only=True)
class Kept:
    inbound_id: int
    new: bool  # False: the same bytes were already here; only the place is new


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """A mail ready to be stored."""

    digest: str
    size: int
    frame: packed.Frame
    spool: slabs.Spool | None = None  # of a large one
    truncated: bool = False  # only header and beginning were fetched


def wrapped(raw: bytes, *, truncated: bool = False) -> Wrapped:
    """Hashed and packed, which takes longer than to store it: before the register is taken, others work in it meanwhile."""
    digest = hashlib.sha256(raw).hexdigest()
    return Wrapped(digest=digest, size=len(raw), frame=packed.packed(raw), truncated=truncated)


def spooled(spool: slabs.Spool) -> Wrapped:
    """A large mail, once all of it lies in the spool."""
    return Wrapped(digest=spool.digest, size=spool.size, frame=packed.packed(b""), spool=spool)


def keep(
    tx: Session,
    spot: Spot,
    raw: bytes | Wrapped,
    *,
    kind: str,
    received_at: datetime,
    now: datetime,
) -> Kept:
    """Stores a mail and its place. Harmless when repeated."""
    known = direct.ask(tx, AT, **asdict(spot)).first()
    if known and known.inbound_id is not None:
        return Kept(inbound_id=known.inbound_id, new=False)
    mail = raw if isinstance(raw, Wrapped) else wrapped(raw)
    inbound_id, new = _inbound(tx, mail, account=spot.account, kind=kind, received_at=received_at, now=now)
    if known:
        direct.ask(tx, HELD, place=known.id, inbound_id=inbound_id, state="known")
    else:
        direct.add(tx, Place, **asdict(spot), inbound_id=inbound_id, seen_at=now)
    failpoints.hit("K03")
    return Kept(inbound_id=inbound_id, new=new)


def _inbound(
    tx: Session, mail: Wrapped, *, account: str, kind: str, received_at: datetime, now: datetime
) -> tuple[int, bool]:
    stored = direct.ask(tx, STORED, digest=mail.digest).scalar()
    if stored is not None:
        known = tx.exec(select(Inbound).where(Inbound.raw_id == stored)).one()
        _rescued(known, kind)
        assert known.id is not None
        return known.id, False
    raw_id = direct.add(tx, Raw, sha256=mail.digest, size=mail.size, data=mail.frame)
    if mail.spool:
        mail.spool.store(tx, raw_id)
    got = {"raw_id": raw_id, "account": account, "folder": kind, "received_at": received_at, "kept_at": now}
    inbound_id: int = direct.add(tx, Inbound, **got, truncated=mail.truncated)
    return inbound_id, True


def _rescued(known: Inbound, kind: str) -> None:
    """Somebody moved a mail out of the junk folder, where it waited as suspect: it is judged again (spec §2)."""
    if kind == "inbox" and known.folder == "junk" and known.waiting and known.verdict == "spam-suspect":
        known.folder, known.state, known.verdict, known.reason = "inbox", "kept", "", ""
        known.waiting, known.attempts = False, 0


def _at(tx: Session, spot: Spot) -> Place | None:
    return tx.exec(
        select(Place).where(
            Place.account == spot.account,
            Place.folder == spot.folder,
            Place.uidvalidity == spot.uidvalidity,
            Place.uid == spot.uid,
        )
    ).first()


def _place(spot: Spot, now: datetime, *, inbound_id: int | None = None, state: str = "known") -> Place:
    return Place(
        account=spot.account,
        folder=spot.folder,
        uidvalidity=spot.uidvalidity,
        uid=spot.uid,
        inbound_id=inbound_id,
        state=state,
        seen_at=now,
    )


def note_place(tx: Session, spot: Spot, now: datetime, *, state: str) -> None:
    """Remembers a place without a mail: vanished before its fetch, or none of the desk's business (sent folder)."""
    if _at(tx, spot) is None:
        place = _place(spot, now, state=state)
        place.gone_at = now if state == "vanished" else None
        tx.add(place)


def moved(tx: Session, spot: Spot, into: str, new: tuple[int, int] | None, now: datetime) -> None:
    """We moved the mail ourselves: the old place is left behind, the new one is known."""
    place = _at(tx, spot)
    if place is None:
        return
    place.gone_at, place.moved_to = now, into
    if new:
        there = Spot(account=spot.account, folder=into, uidvalidity=new[0], uid=new[1])
        if _at(tx, there) is None:
            tx.add(_place(there, now, inbound_id=place.inbound_id))


def known_uids(tx: Session, account: str, folder: str, uidvalidity: int, first: int = 1) -> set[int]:
    """Places of a folder that we know, gone or not, from UID `first` on."""
    where = {"account": account, "folder": folder, "uidvalidity": uidvalidity}
    return set(direct.ask(tx, KNOWN, first=first, **where).scalars())


def mark_gone(tx: Session, account: str, folder: str, uidvalidity: int, present: set[int], now: datetime) -> int:
    """Notes which known places are no longer there; what they held stays ours. Returns how many are newly gone."""
    rows = tx.exec(
        select(Place).where(
            Place.account == account,
            Place.folder == folder,
            Place.uidvalidity == uidvalidity,
            col(Place.gone_at).is_(None),
        )
    )
    gone = [p for p in rows if p.uid not in present]
    for place in gone:
        place.gone_at = now
    return len(gone)


def to_file_away(tx: Session, account: str, folder: str, uidvalidity: int) -> list[tuple[int, int]]:
    """(uid, inbound id) of mails kept whole and still in the folder, for `mailbox.file_into` (spec §3: the others stay)."""
    rows = tx.exec(
        select(Place.uid, Place.inbound_id)
        .join(Inbound, col(Inbound.id) == Place.inbound_id)
        .where(
            col(Inbound.truncated).is_(False),
            Place.account == account,
            Place.folder == folder,
            Place.uidvalidity == uidvalidity,
            col(Place.gone_at).is_(None),
            col(Place.inbound_id).is_not(None),
        )
    )
    return [(uid, inbound) for uid, inbound in rows if inbound is not None]


def waiting(tx: Session, limit: int = 100, *, below: int = 2**31 - 1, me: str = "") -> list[int]:
    """Mails kept and not yet decided, oldest first, that were tried less often than `below`; of several daemons at work, `me`
    sees those that no other has in hand."""
    return list(direct.ask(tx, WAITING, below=below, me=me, most=limit).scalars())


def _claim(tx: Session, inbound_id: int, me: str) -> bool:
    free = select(Inbound).where(
        Inbound.id == inbound_id, Inbound.state == "kept", col(Inbound.claimed_by).in_(("", me))
    )
    inbound = tx.exec(free.with_for_update(skip_locked=True)).first()
    if inbound is not None:
        inbound.claimed_by = me
    return inbound is not None


def count_attempt(tx: Session, inbound_id: int, me: str = "") -> int:
    """Counted before reading, so that a mail that kills us is not read for ever (design invariant 7). Of several daemons the
    one called `me` takes it in hand until it is decided or `me` is gone (`lead.free_claims`); 0: another was faster."""
    if me and not _claim(tx, inbound_id, me):
        return 0
    made: int = direct.ask(tx, ATTEMPTS, mail=inbound_id).scalar_one() + 1
    direct.ask(tx, TRIED, mail=inbound_id, attempts=made)
    return made


def forgive_attempt(tx: Session, inbound_id: int) -> None:
    """The attempt failed for a reason that is not the mail's."""
    inbound = tx.get_one(Inbound, inbound_id)
    inbound.attempts = max(0, inbound.attempts - 1)


def light(tx: Session, ids: Sequence[int], most: int) -> dict[int, int]:
    """Those of these mails that were never in hand before and have at most so many bytes, with their size."""
    fresh = select(Inbound.id, Raw.size).join(Raw, col(Raw.id) == col(Inbound.raw_id))
    found = tx.exec(fresh.where(col(Inbound.id).in_(ids), Inbound.attempts == 0, Raw.size <= most))
    return {inbound_id: size for inbound_id, size in found if inbound_id is not None}


def to_read(tx: Session, inbound_id: int) -> tuple[bytes | slabs.Large, bool]:
    """A mail's bytes, or where they lie, and whether they were cut when it was fetched."""
    row = direct.ask(tx, TO_READ, mail=inbound_id).one()
    return slabs.large(tx, row.raw_id) if slabs.apart(row) else row.data, row.truncated


def row_of(tx: Session, inbound_id: int) -> Any:
    """What is written of a mail, to read from."""
    return direct.ask(tx, ROW, mail=inbound_id).one()


def raw_of(tx: Session, inbound_id: int) -> bytes:
    """A mail's bytes, however large."""
    return slabs.mail(tx, direct.ask(tx, RAW_ID, mail=inbound_id).scalar_one())
