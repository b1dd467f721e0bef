"""What was signed: the content of an opaque S/MIME signature (RFC 5652), and a text without its PGP armour (RFC 9580 §7).

No signature is checked: a signed mail is read like any other, its author is proven by our provider or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbot.message import limits

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _OCTETS, _OCTETS_IN_PIECES, _EXPLICIT = 0x30, 0x04, 0x24, 0xA0
_PGP_BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
_PGP_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_PGP_END = "-----END PGP SIGNATURE-----"
_PGP_SEALED = re.compile(r"\s{0,50}-----BEGIN PGP MESSAGE-----")


@dataclass(slots=True)
class _Element:
    """One BER element: its tag, and where its content lies; `end` is `stop` for an indefinite length."""

    tag: int
    start: int
    end: int
    indefinite: bool


def signed_content(data: bytes) -> bytes | None:
    """The mail part inside an opaque signature; None when there is none, or it cannot be read. Linear, no recursion."""
    try:
        outer = _expect(data, 0, len(data), _SEQUENCE)
        if not data.startswith(_SIGNED_DATA, outer.start):
            return None
        place = data.find(_DATA, outer.start, outer.start + limits.SIGNED_HEAD)
        wrapped = _expect(data, place + len(_DATA), len(data), _EXPLICIT) if place >= 0 else None
        return _octets(data, wrapped) if wrapped else None
    except (ValueError, IndexError):
        return None


def _element(data: bytes, at: int, stop: int) -> _Element:
    tag, length = data[at], data[at + 1]
    start = at + 2
    if length == 0x80:
        return _Element(tag, start, stop, True)
    if length & 0x80:
        many = length & 0x7F
        if many > 4:
            raise ValueError("length of a length")
        length = int.from_bytes(data[start : start + many], "big")
        start += many
    if start + length > stop:
        raise ValueError("longer than what holds it")
    return _Element(tag, start, start + length, False)


def _expect(data: bytes, at: int, stop: int, tag: int) -> _Element:
    found = _element(data, at, stop)
    if found.tag != tag:
        raise ValueError("another element")
    return found


def _octets(data: bytes, wrapped: _Element) -> bytes:
    """The bytes of an OCTET STRING, whole or in pieces (Outlook and Java write pieces)."""
    string = _element(data, wrapped.start, wrapped.end)
    if string.tag == _OCTETS:
        return data[string.start : string.end]
    if string.tag != _OCTETS_IN_PIECES:
        raise ValueError("no octets")
    pieces: list[bytes] = []
    at = string.start
    while at + 2 <= string.end and data[at] == _OCTETS:
        piece = _element(data, at, string.end)
        pieces.append(data[piece.start : piece.end])
        at = piece.end
    return b"".join(pieces)


def without_pgp(text: str) -> str:
    """The text that an inline PGP signature covers, what stands around it kept; anything else unchanged."""
    before, begin, rest = text.partition(_PGP_BEGIN)
    if not begin:
        return text
    signed, signature, after = rest.partition(_PGP_SIGNATURE)
    head, _, body = signed.lstrip("\n").partition("\n\n")
    if not signature or not all(": " in row for row in head.split("\n") if row):
        return text
    rows = (row.removeprefix("- ") for row in body.split("\n"))
    return "\n".join([before.rstrip("\n"), *rows, after.partition(_PGP_END)[2].strip("\n")]).strip("\n")


def is_sealed(text: str) -> bool:
    """Whether the whole text is an encrypted PGP message."""
    return bool(_PGP_SEALED.match(text))
