"""Finished headers and parts → the bytes of a letter. All of it was made and cut by us, so that nothing is left to fold.

The standard library's writer goes over every line of every file in Python; here binascii does, in C.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import base64mime, quoprimime
from email.charset import Charset

from mailbot.message.codec import NL, in_base64
from mailbot.message.records import Lying

FIELD = re.compile(r"[ -~]*(?:\r\n [ -~]+)*", re.ASCII)  # one header value, folded by us
ASCII = bytes(range(128))
CHROME = len("=?utf-8?q??=")


class Injected(ValueError):
    """The letter would not be the one that was meant: a header, a recipient or a line too many. It must not leave."""


@dataclass(frozen=True)
class Part:
    """A body with what its head says; `body`, in pieces that are put together once, ends with a line end."""

    headers: Mapping[str, str]
    body: tuple[bytes | Lying, ...]

    def pieces(self) -> tuple[bytes | Lying, ...]:
        return (head(self.headers), NL, *self.body)

    def written(self) -> bytes:
        return b"".join(piece.written if isinstance(piece, Lying) else piece for piece in self.pieces())

    def lying(self) -> tuple[tuple[int, Lying], ...]:
        """What of it lies in mails too, each with where it begins here."""
        found, at = [], 0
        for piece in self.pieces():
            if isinstance(piece, Lying):
                found.append((at, piece))
            at += len(piece)
        return tuple(found)


class Utf8(Charset):
    """The charset of our encoded words. The library measures a line anew for each letter that it puts there, here each
    letter is measured once; the words are the same (RFC 2047 §2: whole letters, at most 75 columns)."""

    def __init__(self) -> None:
        super().__init__("utf-8")

    def header_encode_lines(self, string: str, maxlengths: Iterator[int]) -> list[str | None]:
        octets = string.encode()
        shorter = base64mime.header_length(octets) < quoprimime.header_length(octets)
        module = base64mime if shorter else quoprimime
        words: list[str | None] = []
        word, used, room = "", 0, next(maxlengths) - CHROME
        for letter in string:
            size = len(letter.encode()) if shorter else quoprimime.header_length(letter.encode())
            if ((used + size + 2) // 3 * 4 if shorter else used + size) > room:
                words.append(module.header_encode(word.encode(), "utf-8") if word or words else None)
                word, used, room = "", 0, next(maxlengths) - CHROME
            word, used = word + letter, used + size
        return [*words, module.header_encode(word.encode(), "utf-8")]


UTF8 = Utf8()


def head(headers: Mapping[str, str]) -> bytes:
    """The lines of a header block, as they were given. Raises Injected for a value that would begin another line."""
    for name, value in headers.items():
        if not FIELD.fullmatch(value):
            raise Injected(f"en-tête {name} inacceptable : {value!r}")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")


def gathered(subtype: str, boundary: str, parts: list[Part]) -> Part:
    """Several parts as one. `boundary` occurs in none of them."""
    between = f"--{boundary}\r\n".encode("ascii")
    inside = [piece for part in parts for piece in (between, *part.pieces(), NL)]
    kind = f'multipart/{subtype}; boundary="{boundary}"'
    return Part({"Content-Type": kind}, (*inside, f"--{boundary}--\r\n".encode("ascii")))


def words(text: str, subtype: str) -> Part:
    """A text in UTF-8."""
    octets = text.encode("utf-8")
    # Each line end as CRLF, also a lone CR, which binascii would let through.
    lines = NL.join([*octets.splitlines(), b""])
    # Beyond a sixth of non-ASCII octets, base64 is the shorter of the two.
    dense = len(octets.translate(None, ASCII)) > len(octets) / 6
    encoding, body = ("base64", in_base64(lines)) if dense else ("quoted-printable", b2a_qp(lines))
    kind = f'text/{subtype}; charset="utf-8"'
    return Part({"Content-Type": kind, "Content-Transfer-Encoding": encoding}, (body,))


def octets(kind: str, data: bytes | Lying, more: Mapping[str, str]) -> Part:
    """A file, byte-identical."""
    body = data if isinstance(data, Lying) else in_base64(data)
    return Part({"Content-Type": kind, "Content-Transfer-Encoding": "base64", **more}, (body,))
