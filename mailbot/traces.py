"""The words by which a person is found: in a text, in any column, in the bytes of a mail however it was encoded.

Only what names this one person and nobody else: whoever collects the words leaves out names that somebody else bears too.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

SHORTEST_NAME = 5  # letters: « Li Wu » is a name, « Ann » alone is half the staff
_BETWEEN = r"[\s.\-/()]*"  # what people write between the digits of a telephone number
_ABROAD = r"(?:(?:\+|00)33[\s.\-]*(?:\(0\)[\s.\-]*)?|0)?"
_FOLDED = re.compile(rb"=?\r?\n[ \t]?")
_BETWEEN_WORDS = re.compile(rb"\?=\s{1,4}=\?[\w\-]{2,40}\?[qQ]\?")
_SEPARATORS = b" .-/()\t\r\n\xa0\xc2"
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}")


class Traces:
    """Finds and replaces an address, names and telephone numbers. `instead`: what stands in their place."""

    def __init__(
        self,
        *,
        addresses: Sequence[str],
        names: Sequence[str] = (),
        phones: Sequence[str] = (),
        instead: str,
        name: str,
    ) -> None:
        """`instead` for an address, `name` for a name; a telephone number leaves nothing."""
        self.addresses = tuple(a.lower() for a in addresses if "@" in a)
        self.names = tuple(dict.fromkeys(n for n in map(_plain, names) if usable(n)))
        self.phones = tuple(dict.fromkeys(d for d in map(_digits, phones) if len(d) >= 8))
        self._instead, self._name = instead, name

    def scrub(self, value: Any) -> Any:
        """The value without any of the words: texts, and texts within lists and records, keys too."""
        if isinstance(value, str):
            return self._scrubbed(value)
        if isinstance(value, Mapping):
            return {self.scrub(k): self.scrub(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrub(v) for v in value]
        return value

    def _scrubbed(self, text: str) -> str:
        for pattern, instead in self._patterns:
            text = pattern.sub(instead, text)
        return text

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        found = [(rf"(?<![\w.+\-]){re.escape(a)}(?!\.?[\w\-])", self._instead) for a in self.addresses]
        found += [(rf"(?<!\w){_spaced(n)}(?!\w)", self._name) for name in self.names for n in turned(name)]
        found += [(rf"(?<!\d){_ABROAD}{_BETWEEN.join(d)}(?!\d)", "") for d in self.phones]
        return tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in found)

    def within(self, data: bytes) -> bool:
        """Whether the bytes hold one of the words: as they are, in quoted-printable, base64, percents or encoded words."""
        for octets in readings(data):
            if self._likely(octets) and any(p.search(text) for text in _texts(octets) for p, _ in self._patterns):
                return True
        return False

    def _likely(self, octets: bytes) -> bool:
        """A quick look first: a pattern over every byte of every attachment would take minutes."""
        small = octets.lower()
        return any(n in small for n in self._needles) or (
            bool(self.phones) and any(d.encode() in octets.translate(None, _SEPARATORS) for d in self.phones)
        )

    @cached_property
    def _needles(self) -> tuple[bytes, ...]:
        """Addresses, and of each name its longest part; of other alphabets' letters both cases, `bytes.lower` leaves them."""
        parts = [max(name.split(), key=len) for name in self.names]
        cases = {case for part in parts for case in (part, part.lower(), part.upper(), part.title())}
        written = {case.encode(charset, "replace").lower() for case in cases for charset in ("utf-8", "latin-1")}
        return (*(a.encode() for a in self.addresses), *sorted(written))


def usable(name: str) -> bool:
    """Whether a name points at somebody: at least two words."""
    return len(name) >= SHORTEST_NAME and " " in name


def turned(name: str) -> tuple[str, ...]:
    """« Carl Petit », « Petit Carl », « Petit, Carl »."""
    first, _, last = name.partition(" ")
    return name, f"{last} {first}", f"{last}, {first}"


def readings(data: bytes) -> Iterator[bytes]:
    """The bytes, and every text that they may stand for in a mail."""
    whole = _FOLDED.sub(b"", data)
    quoted = quopri.decodestring(_BETWEEN_WORDS.sub(b"", data))
    yield from (data, _FOLDED.sub(b" ", data), whole, quoted, quoted.replace(b"_", b" "))
    yield from (unquote_to_bytes(whole), unquote_to_bytes(whole.replace(b"+", b" ")))
    for run in _BASE64.finditer(whole):
        for first in range(4):  # what stands before it may have run into it
            part = run[0][first:]
            yield binascii.a2b_base64(part[: len(part) // 4 * 4] + _rest(part))


def _rest(part: bytes) -> bytes:
    """The last group, filled up as it must have been."""
    last = part[len(part) // 4 * 4 :]
    return last + b"=" * (4 - len(last)) if len(last) > 1 else b""


def _texts(octets: bytes) -> tuple[str, ...]:
    """In each of the alphabets that French mail is written in; the second never fails."""
    return octets.decode("utf-8", "replace"), octets.decode("latin-1")


def _spaced(name: str) -> str:
    return r"\s+".join(re.escape(part) for part in name.split())


def _plain(name: str) -> str:
    return " ".join(name.split())


def _digits(phone: str) -> str:
    """The part of a number that is the same however it is dialled: the last nine digits in France."""
    return re.sub(r"\D", "", phone)[-9:]
