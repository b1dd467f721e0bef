"""The bytes of large mails, in slabs: from the mailbox to the register and to the reader none of them is in memory whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Self

from sqlalchemy import bindparam, delete
from sqlmodel import Session, col, select

from mailbot.store import direct, packed
from mailbot.store.tables import Raw, Slab

_MAIL = select(Raw.data, Raw.size, Raw.erased_at).where(Raw.id == bindparam("raw"))  # type: ignore[call-overload]
_SLABS = (
    select(Slab.data)
    .where(Slab.raw_id == bindparam("raw"), col(Slab.begin) < bindparam("end"))
    .where(col(Slab.begin) >= bindparam("begin"))
    .order_by(col(Slab.begin))
)
_BEGINS = select(Slab.begin, Slab.size).where(Slab.raw_id == bindparam("raw")).order_by(col(Slab.begin))


class Torn(Exception):
    """A mail is no longer what was received, or a letter no longer what was written."""


class Spool:
    """A mail on its way into the register: its slabs, packed, in a file without a name, which nobody finds after a crash."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115  (closed with the spool)
        self._hash = hashlib.sha256()
        self._slabs: list[tuple[int, int, int]] = []  # begin, size, and size of the frame
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, piece: bytes) -> None:
        """The bytes that follow; what is given at once is one slab."""
        frame = packed.packed(piece)
        self._hash.update(piece)
        self._file.write(frame)
        self._slabs.append((self.size, len(piece), len(frame)))
        self.size += len(piece)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def store(self, tx: Session, raw_id: int) -> None:
        """As the slabs of this mail."""
        self._file.seek(0)
        for begin, size, length in self._slabs:
            frame = packed.Frame(self._file.read(length))
            direct.add(tx, Slab, raw_id=raw_id, begin=begin, size=size, data=frame)


@dataclass(frozen=True)
class Large:
    """A mail that lies in slabs; `slabs`: (begin, size) of each."""

    raw_id: int
    slabs: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return sum(size for _, size in self.slabs)


def apart(row: Any) -> bool:
    """Whether a mail lies in slabs: of bytes that were received, and not erased, its row has none. `row`: data, size, erased_at."""
    return bool(row.size and not row.data and not row.erased_at)


def mail(tx: Session, raw_id: int) -> bytes:
    """The bytes of any mail, as they lie: whoever must know whether they are those that came compares their hash."""
    row = direct.ask(tx, _MAIL, raw=raw_id).one()
    return b"".join(_slabs(tx, raw_id, 0, row.size)) if apart(row) else bytes(row.data)


def stretch(tx: Session, raw_id: int, begin: int, size: int) -> list[memoryview]:
    """So many bytes from there on, in pieces. Raises Torn."""
    row = direct.ask(tx, _MAIL, raw=raw_id).one()
    if len(row.data) == row.size:
        return [memoryview(row.data)[begin : begin + size]]
    end = begin + size
    held = [(at, n) for at, n in large(tx, raw_id).slabs if at < end and at + n > begin]
    pieces = [slab(tx, raw_id, at) for at, _ in held]
    if [len(p) for p in pieces] != [n for _, n in held] or not held:
        raise Torn(f"les octets n° {raw_id} ne sont plus ceux qui ont été reçus")
    return [memoryview(p)[max(0, begin - at) : end - at] for p, (at, _) in zip(pieces, held, strict=True)]


def large(tx: Session, raw_id: int) -> Large:
    """Where the slabs of this mail begin."""
    return Large(raw_id, tuple((row.begin, row.size) for row in direct.ask(tx, _BEGINS, raw=raw_id)))


def slab(tx: Session, raw_id: int, begin: int) -> bytes:
    """The slab that begins there; nothing for none."""
    return next(_slabs(tx, raw_id, begin, begin + 1), b"")


def forget(tx: Session, raw_id: int) -> None:
    """The slabs of an erased mail go."""
    tx.connection().execute(delete(Slab).where(col(Slab.raw_id) == raw_id))


def _slabs(tx: Session, raw_id: int, begin: int, end: int) -> Iterator[bytes]:
    yield from direct.ask(tx, _SLABS, raw=raw_id, begin=begin, end=end).scalars()
