"""Everything that a mail says, every part and attachment decoded, nested messages opened; and which secrets are in it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from urllib.parse import unquote

from staff.leaks.record import normalised
from staff.notices import KINDS, Secrets


def kinds_in(raw: bytes, secrets: Secrets) -> tuple[str, ...]:
    """The kinds of secrets that a mail holds anywhere, in the order of KINDS; capitals make no difference."""
    said = everything(raw).casefold()
    return tuple(kind for kind in KINDS if secrets.word(kind).casefold() in said)


def everything(raw: bytes) -> str:
    """Headers, texts and files of a mail as one text, percent and HTML writing undone beside what was written."""
    said = normalised("\n".join(_said(message_from_bytes(raw, policy=policy.default))))
    return "\n".join((said, unquote(said), unescape(said)))


def _said(mail: EmailMessage) -> Iterator[str]:
    for part in mail.walk():
        yield from (f"{name}: {value}" for name, value in part.items())
        if part.get_content_type() == "message/rfc822":
            yield from _hidden(part)
        elif not part.is_multipart():
            yield from _content(part)


def _content(part: EmailMessage) -> Iterator[str]:
    octets = bytes(part.get_payload(decode=True) or b"")  # type: ignore[arg-type]
    yield octets.decode(part.get_content_charset("utf-8"), "replace")
    if (part.get_filename() or "").endswith(".eml"):
        yield everything(octets)


def _hidden(part: EmailMessage) -> Iterator[str]:
    """A nested message that was put in base64: the parser takes it for the text of a message without headers."""
    (inner,) = part.iter_parts()
    try:
        yield everything(b64decode("".join(str(inner.get_payload()).split()), validate=True))
    except (binascii.Error, ValueError):
        return
