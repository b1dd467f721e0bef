"""A large mail on its way from the register to the reader: slab by slab, as the guard asks for them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from mailbot.corridor.bench import Bench
from mailbot.store import slabs


class Large:
    """`guard.Large`."""

    def __init__(self, bench: Bench, where: slabs.Large) -> None:
        self.bench = bench
        self.where = where

    def __len__(self) -> int:
        return len(self.where)

    async def pieces(self) -> AsyncIterator[bytes]:
        for begin, size in self.where.slabs:
            yield await self.cut(begin, begin + size)

    async def cut(self, begin: int, end: int) -> bytes:
        """Raises slabs.Torn."""
        return b"".join(await self.bench.ask(lambda tx: slabs.stretch(tx, self.where.raw_id, begin, end - begin)))


def of(bench: Bench, raw: bytes | slabs.Large) -> bytes | Large:
    """As the guard takes it."""
    return raw if isinstance(raw, bytes) else Large(bench, raw)


async def beginning(raw: bytes | Large, size: int) -> bytes:
    """At most so many bytes of it."""
    return raw[:size] if isinstance(raw, bytes) else await raw.cut(0, min(size, len(raw)))
