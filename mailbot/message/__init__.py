"""Hostile bytes → Message: who, text, parts, how automatic, how authenticated. All limits live here."""

from mailbot.message.jsonform import from_json, to_json
from mailbot.message.limits import Unreadable
from mailbot.message.reader import cut_out, cut_out_all, read, read_headers
from mailbot.message.records import Address, Attachment, DeliveryReport, Forwarded, Message

__all__ = [
    "Address",
    "Attachment",
    "DeliveryReport",
    "Forwarded",
    "Message",
    "Unreadable",
    "cut_out",
    "cut_out_all",
    "from_json",
    "read",
    "read_headers",
    "to_json",
]
