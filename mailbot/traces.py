"""The words by which a person is found: in a text, in any column, in the bytes of a mail however it was encoded.

Only what names this one person and nobody else: whoever collects the words leaves out names that somebody else bears too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

SHORTEST_NAME = 5  # letters: « Li Wu » is a name, « Ann » alone is half the staff
_BETWEEN = r"[\s.\-/()]*"  # what people write between the digits of a telephone number
_ABROAD = r"(?:(?:\+|00)33[\s.\-]*(?:\(0\)[\s.\-]*)?|0)?"
_FOLDED = re.compile(rb"=?\r?\n[ \t]?")


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
        found = [(rf"(?<![\w.+\-]){re.escape(a)}(?![\w\-])", self._instead) for a in self.addresses]
        found += [(rf"(?<!\w){_spaced(n)}(?!\w)", self._name) for name in self.names for n in turned(name)]
        found += [(rf"(?<!\d){_ABROAD}{_BETWEEN.join(d)}(?!\d)", "") for d in self.phones]
        return tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in found)

    def within(self, data: bytes) -> bool:
        """Whether the bytes hold one of the words: as they are, in quoted-printable, base64, percents or encoded words."""
        return bool(self._bytes.search(data) or self._bytes.search(_FOLDED.sub(b"", data)))

    @cached_property
    def _bytes(self) -> re.Pattern[bytes]:
        words = [*self.addresses, *(n for name in self.names for n in turned(name))]
        forms = {form for word in words for form in encoded(word)}
        numbers = [(_BETWEEN.join(d)).encode() for d in self.phones]
        longest_first = sorted(forms, key=len, reverse=True)
        return re.compile(b"|".join([*map(re.escape, longest_first), *numbers]) or rb"(?!)")


def usable(name: str) -> bool:
    """Whether a name points at somebody: at least two words."""
    return len(name) >= SHORTEST_NAME and " " in name


def turned(name: str) -> tuple[str, ...]:
    """« Carl Petit », « Petit Carl », « Petit, Carl »."""
    first, _, last = name.partition(" ")
    return name, f"{last} {first}", f"{last}, {first}"


def encoded(word: str) -> Iterator[bytes]:
    """The word as it may stand in a mail or a file."""
    for written in dict.fromkeys((word, word.lower(), word.upper(), word.title(), word.capitalize())):
        for charset in ("utf-8", "cp1252"):
            octets = written.encode(charset, "replace")
            yield octets
            yield _quoted(octets)
            yield _quoted(octets).replace(b" ", b"_")
            yield _quoted(octets).replace(b"@", b"=40").replace(b" ", b"_")
            yield from in_base64(octets)
        yield quote(written, safe="").encode()
        yield quote(written, safe="@").encode()
        yield quote(written, safe="@").replace("%20", "+").encode()


def in_base64(octets: bytes) -> Iterator[bytes]:
    """What of the base64 is the word's alone, for each of the three ways it may be aligned."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + octets).rstrip(b"=")
        whole = (before + len(octets)) // 3 * 4  # the last group may depend on what follows
        first = 0 if before == 0 else 4
        if whole - first >= 8:
            yield text[first:whole]


def _quoted(octets: bytes) -> bytes:
    return b"".join(bytes((o,)) if 32 <= o < 127 and o != 0x3D else b"=%02X" % o for o in octets)


def _spaced(name: str) -> str:
    return r"\s+".join(re.escape(part) for part in name.split())


def _plain(name: str) -> str:
    return " ".join(name.split())


def _digits(phone: str) -> str:
    """The part of a number that is the same however it is dialled: the last nine digits in France."""
    return re.sub(r"\D", "", phone)[-9:]
