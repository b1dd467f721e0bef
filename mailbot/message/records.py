"""The records that every room speaks of: a mail as far as the desk may know it. Frozen, cleaned, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Address:
    """One mailbox of a header; `name` is cleaned for display, `addr` is the addr-spec, domain lower-cased."""

    name: str
    addr: str


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One file that came with the mail, named by its place in the MIME tree so that it can be cut out again."""

    path: str  # MIME path "1.2"; inside a container: "2/winmail:0" or "3/rfc822:1.2"
    name: str  # cleaned for display, never used as a file name; "" when the sender gave none
    content_type: str  # as declared, lower case, no parameters
    size: int  # bytes after transfer decoding
    sha256: str  # of those bytes
    evidence: bool  # False for signature logos and other inline decoration: kept, not listed
    problem: str = ""  # why it could not be taken, in French; "" when it could
    danger: str = ""  # why its type is dangerous, or lies, in French: « programme », « macros »…; "" when neither
    ours: bool = False  # its bytes hold a letter of ours to a colleague: our line, or a personal code (spec §6)


@dataclass(frozen=True, kw_only=True)
class DeliveryReport:
    """What a delivery or disposition report says of one recipient of one of our letters (RFC 3464, RFC 8098)."""

    recipient: str  # addr-spec, "" when the report hides it
    action: str  # failed | delayed | delivered | relayed | expanded | displayed | deleted | …, lower case
    status: str  # "5.1.1", "" when absent
    diagnostic: str  # cleaned, at most 300 characters
    original_id: str  # Message-ID quoted by the report, "" when none
    envelope_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """The mail that a colleague forwarded: who wrote it, as far as the forward shows."""

    sender: Address | None
    subject: str
    date_text: str
    text: str
    how: str  # "rfc822" | "inline"
    message_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """Everything the desk may know of a mail: valid UTF-8, no controls, no bidi overrides, no surrogates; bounded."""

    size: int  # bytes of the raw mail
    sha256: str  # of the raw mail
    fingerprint: str  # sha256 of (Message-ID, From, Date, body): equal when a relay delivered the same mail again
    message_id: str  # "<a@b>" when strictly well-formed, else ""
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: Address | None  # the author as far as it can be read; None when nothing usable
    strict_from: bool  # exactly one From field with exactly one strictly written address (reliability L22)
    sender: Address | None
    reply_to: tuple[Address, ...]
    original_from: Address | None  # X-Original-From / X-Google-Original-From, set by groups that rewrite From
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    return_path: str | None  # None: no header; "": null sender
    delivered_to: tuple[str, ...]
    subject: str  # decoded, one line, at most 998 characters
    date: datetime | None  # aware; None when missing or absurd
    text: str  # the whole readable text: text/plain, or HTML turned into text
    html: str  # the HTML part as text (at most LIMIT_HTML characters), "" when none; for the quote cutter
    attachments: tuple[Attachment, ...]
    automatic: tuple[
        str, ...
    ]  # why this looks machine-made, e.g. "Auto-Submitted: auto-replied"; () for a person's mail
    listed: tuple[str, ...]  # why this looks like a mailing list or bulk mail, e.g. "List-Id: <x.y>"
    list_addresses: tuple[str, ...]  # addresses found in List-Post/List-Id, to compare with our own groups
    spam: tuple[str, ...]  # spam headers that say yes, e.g. "X-Spam-Flag: YES"
    authentication: tuple[str, ...]  # Authentication-Results values, topmost first, unfolded
    reports: tuple[DeliveryReport, ...]
    forwarded: Forwarded | None
    received_count: int
    truncated: bool  # True when only headers and first text were fetched (oversize)
    problems: tuple[str, ...]  # what had to be repaired or given up while reading, in French, for `inspect`
    page: str = (
        ""  # `html` laid out as text, quotations and signature marked, the target of each mailto: link after its words
    )


@dataclass(frozen=True, kw_only=True)
class Lying:
    """A file in base64, in lines of 76 columns each with its end, as it stands in the mail `inbound_id` from `begin` on: a letter of
    ours would write it so."""

    inbound_id: int
    begin: int
    written: bytes | memoryview

    def __len__(self) -> int:
        return len(self.written)
