"""The start-up canary: letters sealed around hostile texts and read back by the standard library, before any real one (reliability T75).

The library that writes our letters has let a stranger's text write headers before (CVE-2024-6923, CVE-2026-0672, CVE-2026-1299): a
desk that would repeat it on this machine must not open.
"""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.policy import Policy
from typing import Any

from mailbot.effects import Letter
from mailbot.letters.dress import Unwritable
from mailbot.letters.house import House
from mailbot.letters.seal import Injected, seal

BAIT = "v@mallory.example"
DOUBLE = (
    "=?utf-8?q?=3D=3FUTF-8=3FQ=3F=3D0ABcc=3A=5Fv=40mallory.example=3F=3D?="  # an encoded word in an encoded word (L1)
)
HOSTILE = (
    f"a\r\nBcc: {BAIT}\r\nReply-To: {BAIT}",
    f"a\nTo: {BAIT}\n\nbody",
    *(f"a{mark}Bcc: {BAIT}" for mark in "\r\v\f\x1c\x85\u2028"),
    "=?utf-8?q?=0ABcc:_v=40mallory.example?=",
    DOUBLE,
    "é=?utf-8?b?DQpCY2M6IHZAbWFsbG9yeS5leGFtcGxl?=",
    f'Eve" <{BAIT}>, "',
    f'x"; name="y"\r\nX-Evil: 1\r\nBcc: {BAIT}',
)
OURS = Counter(
    (
        *("from", "to", "subject", "date", "message-id", "references", "auto-submitted", "x-auto-response-suppress"),
        *("x-mailbot", "content-language", "mime-version", "content-type"),
    )
)
OF_A_PART = {"content-type", "content-transfer-encoding", "content-disposition"}
TO, ID = "carl@canari.example", "<ok@canari.example>"
NOON = datetime(2026, 1, 5, 11, 0, tzinfo=UTC)
ENTROPY = bytes(range(32))


def leak(house: House) -> str:
    """What of a stranger's text would leave as more than text, in French; "" when nothing does."""
    for text in HOSTILE:
        # Each text in a subject, an id and a file's name; the plainest and the twice encoded in every other place too.
        for letter in letters_around(text) if text in (HOSTILE[0], DOUBLE) else (_returned(text),):
            found = _leaks(letter, house, text)
            if found:
                return f"lettre « {letter.kind} », texte {text!r} : {found}"
    return ""


def letters_around(text: str) -> Iterator[Letter]:
    """One letter of each way in which strangers' words enter ours: subject, names, files, wish, number, quotation, reason."""
    moment, day = NOON.isoformat(), NOON.date().isoformat()
    file = {"name": text, "size": 3, "attached": False, "reason": text}
    past = {"number": text, "received_on": day, "subject": text, "stage": text, "link": text}
    person = {"name": text, "addr": text, "type": "stagiaire", "subtype": text, "authenticated": True}
    acknowledged = {
        "number": "REC-2026-0001",
        "received_at": moment,
        "authenticated": True,
        "name": text,
        "files": [text],
        "rejected": [{"name": text, "problem": text}],
        "wish": text,
        "wish_state": "exprimée",
        "due_on": day,
        "days": 6,
        "closures": [{"first": day, "last": day, "label": text}],
        "late": True,
        "oversize": False,
    }
    assigned = {
        "number": text,
        "code": "",
        "first_name": text,
        "complainant": person,
        "subject": text,
        "text": text,
        "received_at": moment,
        "due_on": day,
        "provisional": True,
        "files": [file],
        "history": [past],
        "hints": [text],
        "wish": text,
        "wish_state": "exprimée",
        "training": text,
        "deadline_text": text,
        "phone": text,
        "on_behalf": text,
        "conflict": False,
        "sensitive": False,
        "unverified_reference": text,
        "cc": [text],
        "no_ack": text,
        "essai": False,
        "mute": "",
    }
    answered = {
        "number": "REC-2026-0001",
        "name": text,
        "text": text,
        "outcome": "fondée",
        "received_at": moment,
        "signer": text,
        "consumer": "non",
        "mediator": {"name": text, "address": text, "site": text},
        "mediation_until": None,
        "reopen_days": 30,
        "files": [text],
    }
    forwarded = {
        "inbound_id": 1,
        "code": "",
        "forwarder": text,
        "sender": text,
        "subject": text,
        "text": text,
        "until": moment,
    }
    yield _letter("ack", acknowledged, text)
    yield _letter("assignment", assigned, text)
    yield _letter("reply", answered, text)
    yield _letter("forward-question", forwarded, text)
    yield _returned(text)


def _returned(text: str) -> Letter:
    return _letter("bounced-letter", {"number": text, "to_addr": text, "subject": text, "why": text}, text)


def _letter(kind: str, facts: dict[str, Any], text: str) -> Letter:
    return Letter(
        kind=kind, keys=(f"canary:{kind}",), to=TO, language="fr", facts=facts, in_reply_to=text, references=(text, ID)
    )


def _leaks(letter: Letter, house: House, text: str) -> str:
    try:
        raw = seal(letter, house, now=NOON, entropy=ENTROPY, files=((text, text, b"x"),)).raw
    except Injected as error:
        return str(error)
    except Unwritable:  # a text of the house that cannot be written leaks nothing; who writes the letter will say so
        return ""
    policies: tuple[Policy[Any], ...] = (email.policy.default, email.policy.compat32)
    return next((found for policy in policies if (found := _read_back(raw, policy, house))), "")


def _read_back(raw: bytes, policy: Policy[Any], house: House) -> str:
    message: Message = email.message_from_bytes(raw, policy=policy)
    names = Counter(name.lower() for name in message)
    if names != OURS:
        return f"en-têtes {sorted(((names - OURS) + (OURS - names)).elements())}"
    if str(message["To"]) != TO or house.mailbox_address not in str(message["From"]):
        return f"de {message['From']!s} à {message['To']!s}"
    headed = " ".join(str(message[name]) for name in ("From", "To"))
    if BAIT in headed:
        return "une adresse de plus"
    parts = list(message.walk())
    strange = [name for part in parts[1:] for name in part if name.lower() not in OF_A_PART]
    strange += [type(defect).__name__ for part in parts for defect in part.defects]
    return f"en-têtes de partie {strange}" if strange else ""
