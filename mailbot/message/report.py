"""Bounces and receipts: what a report says of our letters (RFC 3464, RFC 8098), or the plain text of older servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailbot.message import addresses, clean, headers, limits
from mailbot.message.headers import Fields
from mailbot.message.mime import Part
from mailbot.message.records import DeliveryReport

_ID = re.compile(r"<[^\s<>@\"(),;:\\]{1,200}@[^\s<>@\"(),;:\\]{1,200}>")
_ID_IN_TEXT = re.compile(r"^[ \t>]{0,8}message-id:\s{0,5}(<[^\s<>]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])", re.ASCII)
_CODE = re.compile(r"(?<![0-9.])([45])[0-9]{2}(?:[ -])", re.ASCII)
_BOUNCE_SUBJECT = re.compile(
    r"(?:undeliver(?:able|ed)|mail delivery (?:failed|failure|system)|delivery status notification"
    r"|delivery (?:failure|has failed)|failure notice|returned mail|non remis|non distribu|[ée]chec de (?:la )?remise"
    r"|message non (?:remis|distribu)|mail delivery|delivery delayed|warning: message"
    r"|remise (?:diff[ée]r[ée]e|retard[ée]e)"
    r"|unzustellbar|rebut|courrier non)",
)
_DELAYED = re.compile(r"delay|warning: message|differ|retard|will (?:continue|keep) trying|not yet been delivered")
_FAILED_ADDRESS = re.compile(
    r"^[ \t]{0,8}(?:to: |a: |à : )?<?([^\s<>@:;,()\"]{1,128}@[^\s<>@:;,()\"]{1,253}?)>?:?[ \t]{0,8}(?:\(|$)",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED_ADDRESS = re.compile(
    r"<([^\s<>@:;,()\"]{1,128}@[^\s<>@:;,()\"]{1,253})>|(?:wasn't delivered to|remis à|delivered to|recipient)\s{1,3}"
    r"([^\s<>@:;,()\"]{1,128}@[^\s<>@:;,()\"]{1,253}\b)",
    re.IGNORECASE,
)
_POSTMEN = ("mailer-daemon", "postmaster", "microsoftexchange")


def message_ids(value: str) -> list[str]:
    """The well-formed message ids of a text, in order."""
    return [found.group() for found in _ID.finditer(value) if is_message_id(found.group())]


def is_message_id(value: str) -> bool:
    """Whether `<a@b>` is strictly well-formed: safe to write back into a header of ours (reliability L1)."""
    return bool(_ID.fullmatch(value)) and value.isascii() and len(value) <= limits.MESSAGE_ID and "=?" not in value


def read(root: Part, text: str) -> tuple[DeliveryReport, ...]:
    """What this mail reports; () for a mail that is no report."""
    original = _original_id(root, text)
    found = [report for part in root.leaves() for report in _structured(part, original)]
    if not found and _looks_like_bounce(root.fields, text):
        found = _unstructured(root.fields.text("subject"), text, original)
    return tuple(found[: limits.REPORTS])


def _original_id(root: Part, text: str) -> str:
    """The id of the letter that came back: in the returned mail, its headers, the receipt, or quoted in the text."""
    for part in root.leaves():
        if part.is_mail() and part.children:
            return _first_id(part.children[0].fields.text("message-id"))
        if part.content_type == "text/rfc822-headers":
            return _first_id(_block(part)[0].text("message-id"))
    quoted = _ID_IN_TEXT.search(text)
    if quoted:
        return _first_id(quoted.group(1))
    return _first_id(root.fields.text("in-reply-to") or root.fields.text("references"))


def _first_id(value: str) -> str:
    return next(iter(message_ids(value)), "")


def _block(part: Part) -> list[Fields]:
    """The blocks of fields of a report part, separated by blank lines."""
    data, _ = part.beginning(limits.TEXT)
    blocks: list[Fields] = []
    at = 0
    while at < len(data) and len(blocks) <= limits.REPORTS:
        fields, body = headers.read_block(data, at, len(data))
        if fields.items or not blocks:
            blocks.append(fields)
        at = body if body > at else len(data)
    return blocks or [Fields()]


def _structured(part: Part, original: str) -> Iterator[DeliveryReport]:
    if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
        head, *recipients = _block(part)
        # Some servers write everything in one block.
        for fields in [each for each in (recipients or [head]) if each.first("action")]:
            yield _delivery(fields, head, original)
    elif part.content_type in ("message/disposition-notification", "message/global-disposition-notification"):
        yield _disposition(_block(part)[0], original)


def _delivery(fields: Fields, head: Fields, original: str) -> DeliveryReport:
    recipient = _recipient(fields.first("original-recipient")) or _recipient(fields.first("final-recipient"))
    status = _STATUS.search(fields.text("status", 100))
    return DeliveryReport(
        recipient=recipient,
        action=_token(fields.text("action", 40)),
        status=status.group(1) if status else "",
        diagnostic=_untyped(fields.text("diagnostic-code", limits.HEADER_FIELD)),
        original_id=original,
        envelope_id=head.text("original-envelope-id", 200),
    )


def _disposition(fields: Fields, original: str) -> DeliveryReport:
    kind = fields.text("disposition", 200).rpartition(";")[2]
    return DeliveryReport(
        recipient=_recipient(fields.first("original-recipient")) or _recipient(fields.first("final-recipient")),
        action=_token(kind.partition("/")[0]),
        status="",
        diagnostic=clean.line(fields.text("error") or fields.text("failure"), limits.DIAGNOSTIC),
        original_id=_first_id(fields.text("original-message-id")) or original,
    )


def _token(value: str) -> str:
    return re.split(r"[^a-z-]", value.strip().lower(), maxsplit=1)[0]


def _recipient(value: bytes | None) -> str:
    found = addresses.first((value or b"").rpartition(b";")[2])
    return found.addr if found else ""


def _untyped(value: str) -> str:
    kind, separator, rest = value.partition(";")
    return clean.line(rest if separator and len(kind) < 20 else value, limits.DIAGNOSTIC)


def _looks_like_bounce(fields: Fields, text: str) -> bool:
    author = addresses.first(fields.first("from"))
    local = author.addr.partition("@")[0].lower() if author else ""
    postman = local.startswith(_POSTMEN) or (fields.first("return-path") or b"x").strip() == b"<>"
    subject = bool(_BOUNCE_SUBJECT.match(fields.text("subject").lower()))
    spoken = "This is the qmail-send program" in text or "created automatically by mail delivery software" in text
    return (postman and subject) or (spoken and (postman or subject)) or local == "mailer-daemon"


def _unstructured(subject: str, text: str, original: str) -> list[DeliveryReport]:
    shown = text[:20_000]
    own = _before_copy(shown)
    status = _STATUS.search(own)
    action = "delayed" if _DELAYED.search(subject.lower()) else "failed"
    found = [match.group(1) for match in _FAILED_ADDRESS.finditer(own)]
    found = found or [match.group(1) or match.group(2) for match in _NAMED_ADDRESS.finditer(own)][:1]
    recipients = list(dict.fromkeys(filter(None, map(addresses.addr_spec, found)))) or [""]
    return [
        DeliveryReport(
            recipient=recipient,
            action=action,
            status=status.group(1) if status else _class(own),
            diagnostic=_diagnostic(own, recipient),
            original_id=original,
        )
        for recipient in recipients
    ]


def _before_copy(text: str) -> str:
    # What follows is our own letter come back: its addresses are not those that failed.
    marks = (
        "--- Below this line is a copy",
        "------ This is a copy of",
        "----- Original message",
        "Received: ",
        "Return-path:",
    )
    return text[: min((at for at in map(text.find, marks) if at > 0), default=len(text))]


def _class(text: str) -> str:
    found = _CODE.search(text)
    return f"{found.group(1)}.0.0" if found else ""


def _diagnostic(text: str, recipient: str) -> str:
    at = text.find(recipient) if recipient else 0
    rest = text[at + len(recipient) :].lstrip(">: \t\r\n")
    return clean.line(rest[: limits.DIAGNOSTIC * 2].split("\n\n")[0], limits.DIAGNOSTIC)
