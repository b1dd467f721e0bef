"""A letter's bytes: its own, and the files that lie in the mails they came with, which are not written a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, select

from mailbot.message import Lying
from mailbot.store import direct, packed, slabs
from mailbot.store.tables import Inbound, Octets, Raw, Stretch

_LETTER = (
    select(  # type: ignore[call-overload]
        Octets.raw, Stretch.at, Stretch.raw_id, Stretch.begin, Stretch.size
    )
    .join(Stretch, col(Stretch.letter_id) == col(Octets.letter_id), isouter=True)
    .where(col(Octets.letter_id) == bindparam("letter"))
    .order_by(col(Stretch.rank))
)
_STANDS = (
    select(Raw.id)
    .join(Inbound, col(Inbound.raw_id) == col(Raw.id))
    .where(Inbound.id == bindparam("mail"), col(Raw.erased_at).is_(None))
)


def put(tx: Session, letter_id: int, raw: bytes, lying: Iterable[tuple[int, Lying]]) -> None:
    """Stores a letter. `lying`: what of it lies in mails, each with where it begins in the letter; of a mail that was erased
    meanwhile nothing is borrowed."""
    own: list[bytes] = []
    rows: list[dict[str, Any]] = []
    done = at = 0
    for begin, file in lying:
        stands = direct.ask(tx, _STANDS, mail=file.inbound_id).scalar()
        if stands is None:
            continue
        own.append(raw[done:begin])
        at += begin - done
        done = begin + len(file)
        place = {"at": at, "raw_id": stands, "begin": file.begin, "size": len(file)}
        rows.append({"letter_id": letter_id, "rank": len(rows), **place})
    direct.add(tx, Octets, letter_id=letter_id, raw=b"".join([*own, raw[done:]]) if rows else raw)
    direct.add_all(tx, Stretch, rows)


def letter(tx: Session, letter_id: int) -> bytes:
    """As it leaves or left; empty once erased. Raises slabs.Torn, and NoResultFound where there is no such letter."""
    raw = _together(tx, letter_id, _stretch)
    if raw.startswith(packed.MAGIC):  # a broken frame, as it lies
        raise slabs.Torn(f"les octets de la lettre n° {letter_id} ne sont plus ceux qui ont été écrits")
    return raw


def remains(tx: Session, letter_id: int) -> bytes:
    """What there is of it, to be shown, searched or erased: without a file whose mail was damaged."""
    return _together(tx, letter_id, _stretch_if_any)


def _together(tx: Session, letter_id: int, stretch: Callable[[Session, Any], list[memoryview]]) -> bytes:
    rows = direct.ask(tx, _LETTER, letter=letter_id).rows
    if not rows:
        raise NoResultFound
    own: bytes = rows[0].raw
    pieces: list[bytes | memoryview] = []
    done = 0
    for row in rows:
        if row.raw_id is not None:
            pieces += [own[done : row.at], *stretch(tx, row)]
            done = row.at
    return b"".join([*pieces, own[done:]]) if pieces else own


def _stretch(tx: Session, row: Any) -> list[memoryview]:
    return slabs.stretch(tx, row.raw_id, row.begin, row.size)


def _stretch_if_any(tx: Session, row: Any) -> list[memoryview]:
    try:
        return _stretch(tx, row)
    except slabs.Torn:
        return []


def give_back(tx: Session, raw_id: int) -> None:
    """Before a mail's bytes go: the letters that borrow of them get what is theirs."""
    rows = tx.exec(select(Stretch.letter_id).where(Stretch.raw_id == raw_id).distinct()).all()
    for letter_id in rows:
        assert letter_id is not None
        keep(tx, letter_id, remains(tx, letter_id))


def keep(tx: Session, letter_id: int, raw: bytes) -> None:
    """These are its bytes from now on, borrowed of none."""
    for stretch in tx.exec(select(Stretch).where(Stretch.letter_id == letter_id)):
        tx.delete(stretch)
    tx.get_one(Octets, letter_id).raw = raw
    tx.flush()
