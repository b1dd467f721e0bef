"""Bytes kept smaller than they are: mails and letters lie in the register as zstd frames (RFC 8878), and are read as they were.

A letter of ours is one part in six after it, a mail of words one in two; files that are compressed already stay what they are.
"""

from __future__ import annotations

from typing import Any

import zstandard
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

MAGIC = b"\x28\xb5\x2f\xfd"
LEVEL = 3  # beyond it the time grows and the size hardly falls


class Frame(bytes):
    """What is packed already, for a column of such bytes."""


def packed(data: bytes) -> Frame:
    """As it is stored, with a checksum. Nothing stays nothing: what was erased can be asked for."""
    return Frame(zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(data) if data else b"")


def unpacked(stored: bytes) -> bytes:
    """As it was; rows older than schema 0010 lie there as they were received. A broken frame comes as it lies: its hash, kept
    beside it, tells that it is not what was written."""
    try:
        return zstandard.decompress(stored) if stored.startswith(MAGIC) else stored
    except zstandard.ZstdError:
        return stored


class Packed(TypeDecorator[bytes]):
    """The column of such bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return value if value is None or isinstance(value, Frame) else packed(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else unpacked(bytes(value))
