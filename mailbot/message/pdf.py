"""The words and links of a PDF, as far as plain means reach: streams inflated, strings joined, glyphs mapped to letters.

Enough to notice a notice that was printed into a file; not a reader of PDF. Every step is bounded, and nothing raises.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

from mailbot.message import limits

_STREAM = re.compile(rb"\bstream\r?\n")
_STRING = re.compile(rb"\(((?:\\.|[^\\()])*)\)|<([0-9A-Fa-f\s]*)>", re.DOTALL)  # ISO 32000-1 §7.3.4
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}
_BLOCK = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_CODE_LENGTH = re.compile(rb"begincodespacerange\s*<([0-9A-Fa-f]+)>")
_TOKEN = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])")
Glyphs = dict[int, str]


def is_one(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]


def texts(data: bytes) -> Iterator[str]:
    """Each stream as it is, then its strings joined: as bytes, and read by each font's table in turn."""
    streams = list(_streams(data))
    fonts = [font for font in map(_font, streams) if font[1]][: limits.PDF_FONTS]
    left = limits.PDF_GLYPHS
    for stream in streams:
        yield stream.decode("latin-1")
        if b"Tj" not in stream and b"TJ" not in stream:
            continue
        shown = b"".join(_strings(stream))
        yield shown.decode("latin-1")
        for length, glyphs in fonts:
            left -= len(shown) // length
            if left < 0:
                return
            yield _mapped(shown, length, glyphs)


def _streams(data: bytes) -> Iterator[bytes]:
    """What stands between `stream` and `endstream`, inflated where it can be."""
    room = limits.PDF_INFLATED
    for count, found in enumerate(_STREAM.finditer(data)):
        if count >= limits.PDF_STREAMS or room <= 0:
            return
        end = data.find(b"endstream", found.end())
        if end < 0:  # the beginning of a large file: what follows was not kept
            end = len(data)
        raw = data[found.end() : end]
        try:
            out = zlib.decompressobj().decompress(raw, room)
        except zlib.error:
            out = raw[:room]  # not deflated, or encrypted: as it is
        room -= len(out)
        yield out
        if end == len(data):
            return


def _strings(stream: bytes) -> Iterator[bytes]:
    """The strings of a page in their order: what a kerned line is cut into comes together again."""
    for found in _STRING.finditer(stream):
        if found[1] is not None:
            yield _ESCAPE.sub(_unescaped, found[1])
        else:
            yield _hex(found[2])


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1][:1] in b"01234567":
        return bytes((int(found[1], 8) & 255,))
    return _CONTROL.get(found[1], found[1])


def _hex(digits: bytes) -> bytes:
    plain = b"".join(digits.split())
    return bytes.fromhex((plain + b"0" * (len(plain) % 2)).decode("ascii"))


def _font(stream: bytes) -> tuple[int, Glyphs]:
    """(bytes of a code, code → letters) of a ToUnicode table (§9.10.3); an empty one for any other stream."""
    if b"beginbf" not in stream:
        return 1, {}
    length = _CODE_LENGTH.search(stream)
    glyphs: Glyphs = {}
    for kind, block in _BLOCK.findall(stream):
        entries = _pairs(block) if kind == b"char" else _ranges(block)
        for code, letters in entries:
            if len(glyphs) >= limits.PDF_TABLE:
                break
            glyphs.setdefault(code, letters)
    return max(1, len(length[1]) // 2) if length else 2, glyphs


def _letters(digits: bytes) -> str:
    return _hex(digits).decode("utf-16-be", "replace")


def _number(digits: bytes) -> int:
    return int.from_bytes(_hex(digits)[:4], "big")


def _pairs(block: bytes) -> Iterator[tuple[int, str]]:
    found = [token[1] for token in _TOKEN.finditer(block) if token[1] is not None]
    for code, letters in zip(found[::2], found[1::2], strict=False):
        yield _number(code), _letters(letters)


def _ranges(block: bytes) -> Iterator[tuple[int, str]]:
    """`<first> <last> <letter of the first>`, or `<first> <last> [<letter> <letter> …]`."""
    waiting: list[bytes] = []
    listed = False
    for token in _TOKEN.finditer(block):
        if token[1] is None:
            listed = bool(token[2])
            waiting = waiting if listed else []
            continue
        if listed and len(waiting) >= 2:
            yield _number(waiting[0]) + len(waiting) - 2, _letters(token[1])
            waiting.append(token[1])
            continue
        waiting.append(token[1])
        if len(waiting) == 3:
            yield from _counted(*waiting)
            waiting = []


def _counted(first: bytes, last: bytes, letter: bytes) -> Iterable[tuple[int, str]]:
    start, base = _number(first), _letters(letter)
    if not base:
        return
    for n in range(min(_number(last) - start + 1, limits.PDF_TABLE)):
        point = ord(base[-1]) + n
        yield start + n, base[:-1] + (chr(point) if point < 0x110000 else "")


def _mapped(shown: bytes, length: int, glyphs: Glyphs) -> str:
    codes = (int.from_bytes(shown[at : at + length], "big") for at in range(0, len(shown), length))
    return "".join(glyphs.get(code, "") for code in codes)
