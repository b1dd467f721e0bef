"""Hostile bytes → Message: who, text, parts, how automatic, how authenticated. All limits live here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailbot.message.jsonform import from_json, to_json
from mailbot.message.limits import Unreadable
from mailbot.message.records import Address, Attachment, DeliveryReport, Forwarded, Lying, Message

if TYPE_CHECKING:
    from mailbot.message.reader import cut_out, cut_out_all, lying, read, read_headers

__all__ = [
    "Address",
    "Attachment",
    "DeliveryReport",
    "Forwarded",
    "Lying",
    "Message",
    "Unreadable",
    "cut_out",
    "cut_out_all",
    "from_json",
    "lying",
    "read",
    "read_headers",
    "to_json",
]


def __getattr__(name: str) -> Any:
    """The reader and its parsers are loaded by whoever reads: the guarded child, not the desk beside it."""
    if name not in __all__:
        raise AttributeError(name)
    from mailbot.message import reader

    return getattr(reader, name)
