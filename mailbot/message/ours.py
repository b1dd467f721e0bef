"""Whether a file holds a letter of ours to a colleague, whatever its name and type: such a file stays in the house (spec §6)."""

from __future__ import annotations

import html
import re

from mailbot.message import pdf

_LONGEST_TAG = 2000
_SOFT = re.compile(rb"=\r?\n")
# What HTML could read a letter in; html.unescape itself tries every « & » of a file that is no text.
_REFERENCE = re.compile(rb"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,31};?)")
_NOT_A_LETTER = bytes(sorted(set(range(256)) - set(b"abcdefghijklmnopqrstuvwxyz0123456789")))
_LINES = (b"pondreaudessusdecetteligne", b"replyabovethisline")  # « é » is written in too many ways
# The last letters of both: what holds them nowhere, as most files that are no text, need not be cut down to its letters.
_ENDS = re.compile(rb"l[^a-z0-9]*i[^a-z0-9]*(?:g[^a-z0-9]*)?n[^a-z0-9]*e")
# Each case written out: without IGNORECASE the search leaps from hyphen to hyphen.
_CODE = re.compile(rb"-\d{4}-\d{4,6}-[A-HJ-NP-Za-hj-np-z2-9]{6}(?:\]|[%=]5[Dd])")


def held_in(beginning: bytes) -> bool:
    """Our line or a reference with a personal code, in any charset that keeps ASCII (UTF-16 too), in quoted-printable or HTML.

    A PDF is looked into as well; what else is compressed or in base64 (a text of a word processor) is not. Linear.
    """
    if _written(beginning.replace(b"\0", b"")):
        return True
    return pdf.is_one(beginning) and any(
        _written(text.lower().encode("ascii", "ignore")) for text in pdf.texts(beginning)
    )


def _unescaped(found: re.Match[bytes]) -> bytes:
    return html.unescape(found[0].decode("ascii")).lower().encode("ascii", "ignore")


def _untagged(text: bytes) -> bytes:
    """Without what stands between « < » and « > »; a pattern would look at each letter of a file that is no page."""
    before, *pieces = text.split(b"<")
    tails = [piece[end + 1 :] if (end := piece.find(b">", 0, _LONGEST_TAG + 1)) >= 0 else piece for piece in pieces]
    return before + b"".join(tails)


def _written(text: bytes) -> bool:
    if _CODE.search(text):
        return True
    text = _SOFT.sub(b"", text).replace(b"=2D", b"-")
    words = _untagged(_REFERENCE.sub(_unescaped, text)).lower()
    if not _ENDS.search(words):
        return False
    letters = words.translate(None, _NOT_A_LETTER)
    return any(line in letters for line in _LINES)
