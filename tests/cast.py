"""The cast: Carl (stagiaire), Opale (OPCO), Bo (assignee), Ann (quality manager), Dan (admin), Mallory; and their mails as records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mailbot.config import Config, Mailbox, Organisation, Person, Smtp
from mailbot.desk import Case, Desk, Incoming, Number
from mailbot.message import Address, Message
from mailbot.reading import Reading

CARL, OPALE, MALLORY = "carl@courriel.example", "gestion@opco-opale.example", "mallory@evil.example"
BO, ANN, DAN, DIR = "bo@ief.example", "ann@ief.example", "dan@ief.example", "dir@ief.example"
BOX = "reclamations@ief.example"
PROVIDER = "mx.ief.example"
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday, 12:00 in Paris


def config(**changes: Any) -> Config:
    """The organisation of the scenes."""
    fields: dict[str, Any] = {
        "organisation": Organisation(name="Institut Exemple Formation", domains=("ief.example",)),
        "mailbox": Mailbox(address=BOX, host="127.0.0.1", authserv_id=PROVIDER),
        "smtp": Smtp(host="127.0.0.1"),
        "staff": (
            Person(name="Bo Martin", addresses=(BO, "bo.perso@courriel.example")),
            Person(name="Ann Leroy", addresses=(ANN,), roles=("quality",)),
            Person(name="Dan Petit", addresses=(DAN,), roles=("admin",)),
            Person(name="Line Direction", addresses=(DIR,), roles=("direction",)),
        ),
        "assignment": {"default": BO},
    }
    return Config(**(fields | changes))


def message(**changes: Any) -> Message:
    """A plain mail of Carl's."""
    fields: dict[str, Any] = {
        "size": 1000,
        "sha256": "0" * 64,
        "fingerprint": "1" * 64,
        "message_id": "<m1@courriel.example>",
        "in_reply_to": (),
        "references": (),
        "from_": Address(name="Carl Petit", addr=CARL),
        "strict_from": True,
        "sender": None,
        "reply_to": (),
        "original_from": None,
        "to": (Address(name="", addr=BOX),),
        "cc": (),
        "return_path": CARL,
        "delivered_to": (),
        "subject": "Formation annulée",
        "date": NOON,
        "text": "Bonjour, la formation a été annulée. Je souhaite être remboursé.",
        "html": "",
        "attachments": (),
        "automatic": (),
        "listed": (),
        "list_addresses": (),
        "spam": (),
        "authentication": (),
        "reports": (),
        "forwarded": None,
        "received_count": 2,
        "truncated": False,
        "problems": (),
    }
    return Message(**(fields | changes))


def passed(domain: str) -> tuple[str, ...]:
    """What our provider writes about a sender it vouches for."""
    return (f"{PROVIDER}; spf=pass smtp.mailfrom={domain}; dmarc=pass header.from={domain}",)


def said(**changes: Any) -> Reading:
    """What Carl's mail says."""
    fields: dict[str, Any] = {
        "new_text": "Bonjour, la formation a été annulée. Je souhaite être remboursé.",
        "quoted_text": "",
        "cut_sure": True,
        "marker": "",
        "references": (),
        "tags": (),
        "language": "fr",
        "wish": "Je souhaite être remboursé.",
        "wish_state": "exprimée",
        "complainant_type": "stagiaire",
        "subtype": "",
        "training": "",
        "fields": (),
        "alerts": (),
        "sensitive": False,
        "urgent": False,
        "deadline": None,
        "deadline_text": "",
        "phone": "06 39 98 11 22",
        "on_behalf": "",
        "staff_named": (),
        "thanks_only": False,
    }
    return Reading(**(fields | changes))


def desk(**changes: Any) -> Desk:
    """A desk that knows nothing yet; the mail came a minute ago."""
    fields: dict[str, Any] = {
        "now": NOON,
        "mode": "live",
        "start": NOON - timedelta(days=30),
        "incoming": Incoming(id=7, folder="inbox", received_at=NOON - timedelta(minutes=1)),
        "next_number": Number(series="real", year=2026, rank=1, text="REC-2026-0001"),
    }
    return Desk(**(fields | changes))


def case(**changes: Any) -> Case:
    """Carl's open file."""
    fields: dict[str, Any] = {
        "number": "REC-2026-0042",
        "series": "real",
        "stage": "acknowledged",
        "cycle": 1,
        "nature": "réclamation",
        "received_at": NOON - timedelta(days=1),
        "complainant_addr": CARL,
        "complainant_name": "Carl Petit",
        "language": "fr",
        "subject": "Formation annulée",
        "assignee": BO,
        "due_on": (NOON + timedelta(days=7)).date(),
        "provisional": False,
        "sensitive": False,
        "authenticated": True,
        "ack_state": "accepted",
        "phone": "06 39 98 11 22",
    }
    return Case(**(fields | changes))
