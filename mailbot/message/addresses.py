"""Addresses as people write them: read tolerantly for display, judged strictly where they would give authority."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from mailbot.message import clean, codec, headers, limits
from mailbot.message.records import Address

_ATOM = "A-Za-z0-9!#$%&'*+/=?^_`{|}~."
_STRICT_ADDR = re.compile(rf"[{_ATOM}-]{{1,64}}@[A-Za-z0-9.-]{{1,253}}", re.ASCII)
_STRICT = re.compile(
    r"""(?P<phrase>"[^"\\<>]{0,500}"|[^"\\<>(),;:\[\]]{0,500}?)[ \t]{0,50}<(?P<addr>[^<>\s]{3,254})>""", re.ASCII
)
_LOCAL = re.compile(r"""[^\s@<>()\[\],;:"\\]{1,128}|"[^\s@<>"\\]{1,126}\"""")
_DOMAIN = re.compile(r"""[^\s@<>()\[\],;:"\\!#$%&*+/=?^`{|}~']{1,253}|\[[0-9A-Za-z:.]{2,60}\]""")
_LOOSE = re.compile(r"""(?<![^\s@<>()\[\],;:"\\])[^\s@<>()\[\],;:"\\]{1,128}@[^\s@<>()\[\],;:"\\]{1,253}""")
_AT_SIGNS = str.maketrans({"\uff20": "@", "\ufe6b": "@"})


@dataclass(slots=True)
class _Mailbox:
    """What stands between two commas."""

    phrase: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    def name(self) -> str:
        return display_name("".join(self.phrase) or " ".join(self.comments))


def display_name(raw: str) -> str:
    """A display name decoded and cleaned, without the quotes around it."""
    return clean.line(headers.words(raw.replace('\\"', '"')), limits.NAME).strip("\"' ")


def addr_spec(raw: str) -> str:
    """An addr-spec with its domain in lower case; "" when it is none, or holds controls, spaces or an encoded word."""
    raw = raw.strip()
    if raw.lower().startswith("mailto:"):
        raw = raw[7:]
    if len(raw) > limits.ADDRESS or any(char < " " or "\x7f" <= char <= "\x9f" for char in raw) or "=?" in raw:
        return ""
    local, _, domain = clean.line(raw).rpartition("@")
    domain = domain.lower().rstrip(".")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or ".." in domain or domain[0] in ".-":
        return ""
    return f"{local}@{domain}"


def read(value: bytes | str) -> tuple[Address, ...]:
    """The addresses of a field, at most 500; `Dupont, Jean <jean@b.example>` is one person (RFC 5322 §3.4)."""
    text = value if isinstance(value, str) else codec.characters(value)
    found: list[Address] = []
    waiting = ""
    for mailbox in _mailboxes(text):
        address = _address(mailbox, waiting)
        if address:
            found.append(address)
        waiting = "" if address or mailbox.angles else (waiting + "".join(mailbox.phrase) + ", ")[-400:]
        if len(found) >= limits.ADDRESSES:
            break
    return tuple(found)


def first(value: bytes | str | None) -> Address | None:
    """The first usable address of a field."""
    return next(iter(read(value)), None) if value else None


def _address(mailbox: _Mailbox, waiting: str) -> Address | None:
    if mailbox.angles:
        mailbox.phrase.insert(0, waiting)
        addr = addr_spec(mailbox.angles[-1])
        return Address(name=mailbox.name(), addr=addr) if addr else None
    text = "".join(mailbox.phrase).strip()
    addr = addr_spec(text)
    if addr:
        return Address(name=display_name(" ".join(mailbox.comments)), addr=addr)
    loose = _LOOSE.search(text)
    addr = addr_spec(loose.group()) if loose else ""
    if not loose or not addr:
        return None
    return Address(name=display_name(text[: loose.start()].strip(" [(<")), addr=addr)


def _mailboxes(text: str) -> list[_Mailbox]:
    """One pass over the text; quotes, comments and angles are followed, never by recursion (reliability L3)."""
    boxes = [_Mailbox()]
    at = 0
    while at < len(text) and len(boxes) <= limits.ADDRESSES * 2:
        char = text[at]
        if char == '"':
            end = _quoted_end(text, at)
            boxes[-1].phrase.append(text[at:end])
        elif char == "(":
            end = _comment_end(text, at)
            boxes[-1].comments.append(text[at + 1 : end - 1])
        elif char == "<" and ">" in text[at : at + 1_000]:
            end = text.index(">", at) + 1
            boxes[-1].angles.append(text[at + 1 : end - 1])
        else:
            end = _plain_end(text, at)
            _plain(boxes, text[at:end])
        at = end
    return boxes


_STOP = re.compile(r'["(<,;:]')


def _plain_end(text: str, at: int) -> int:
    found = _STOP.search(text, at + 1) if text[at] not in ",;:" else None
    if text[at] in ",;:":
        return at + 1
    return found.start() if found else len(text)


def _plain(boxes: list[_Mailbox], piece: str) -> None:
    if piece in (",", ";"):
        boxes.append(_Mailbox())
    elif piece == ":" and "mailto" not in "".join(boxes[-1].phrase[-1:]):
        boxes[-1] = _Mailbox()  # the name of a group
    else:
        boxes[-1].phrase.append(piece)


def _quoted_end(text: str, at: int) -> int:
    end = at + 1
    while end < len(text) and text[end] != '"':
        end += 2 if text[end] == "\\" else 1
    return min(end + 1, len(text))


def _comment_end(text: str, at: int) -> int:
    depth = 0
    for end in range(at, len(text)):
        if text[end] == "(":
            depth += 1
        elif text[end] == ")":
            depth -= 1
            if depth == 0:
                return end + 1
    return len(text)


def is_strict(values: list[bytes]) -> bool:
    """Whether the From fields of a mail name one author without any doubt (reliability L22, RFC 7103 §7.5).

    Exactly one field, one address, no comment, no group, and no second address inside the display name."""
    if len(values) != 1:
        return False
    try:
        text = values[0].decode("utf-8").strip()
    except UnicodeDecodeError:
        return False
    found = _STRICT.fullmatch(text)
    addr = found["addr"] if found else text
    if not _STRICT_ADDR.fullmatch(addr) or not _dots_fit(addr) or "=?" in addr:
        return False
    return not found or _innocent(found["phrase"], addr)


def _dots_fit(addr: str) -> bool:
    local, _, domain = addr.partition("@")
    labels = domain.split(".")
    return all(local.split(".")) and len(labels) > 1 and all(x and x[0] != "-" and x[-1] != "-" for x in labels)


def _innocent(phrase: str, addr: str) -> bool:
    decoded = headers.words(phrase)
    composed = unicodedata.normalize("NFC", " ".join(decoded.split()))
    if clean.line(decoded, limits.HEADER_FIELD) != clean.broken(composed):
        return False  # something invisible was in it
    name = decoded.translate(_AT_SIGNS).strip("\"' ")
    if "@" not in name:
        return not set(name) & set("<>")
    return name.casefold() == addr.casefold()
