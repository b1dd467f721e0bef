"""A header block → fields; encoded words (RFC 2047) and parameters (RFC 2231) decoded, whatever state they are in."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from mailbot.message import clean, codec, limits

_BLANK = re.compile(rb"\r?\n\r?\n")
_NEWLINE = re.compile(rb"\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([A-Za-z0-9_.:+-]{1,60})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?", re.ASCII)


@dataclass(slots=True)
class Fields:
    """The fields of one header block, in order: (lower-case name, unfolded value)."""

    items: list[tuple[str, bytes]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[bytes]:
        """Every value of a field, topmost first."""
        return [value for key, value in self.items if key == name]

    def first(self, name: str) -> bytes | None:
        """The topmost value of a field, None when it is absent."""
        return next((value for key, value in self.items if key == name), None)

    def text(self, name: str, most: int = limits.SUBJECT) -> str:
        """The topmost value, decoded and cleaned to one line; "" when absent."""
        return clean.line(words(self.first(name) or b""), most)


def read_block(source: bytes, start: int, end: int) -> tuple[Fields, int]:
    """The fields that begin at `start`, and where the body begins (RFC 5322 §2.1, tolerant)."""
    start = _skip_envelope(source, start, end)
    blank = _NEWLINE.match(source, start, end)
    if blank:
        return Fields(), blank.end()
    if not _FIELD.match(source, start, min(end, start + 1_000)):
        return Fields(), start
    gap = _BLANK.search(source, start, end)
    stop, body = (gap.start(), gap.end()) if gap else (end, end)
    fields = _fields(source[start : min(stop, start + limits.HEADER_BLOCK)])
    if stop - start > limits.HEADER_BLOCK:
        fields.problems.append("en-têtes trop longs : seuls les 100 premiers ko sont lus")
    return fields, body


def _skip_envelope(source: bytes, start: int, end: int) -> int:
    if start == 0 and source.startswith(b"\xef\xbb\xbf"):
        start = 3
    if source.startswith((b"From ", b">From "), start, end):
        newline = source.find(b"\n", start, min(end, start + 1_000))
        return newline + 1 if newline >= 0 else start
    return start


def _fields(block: bytes) -> Fields:
    fields = Fields()
    pieces: list[bytes] = []
    name = ""
    for row in block.split(b"\n"):
        if row[:1] in (b" ", b"\t"):
            pieces.append(row.rstrip(b"\r"))
            continue
        _close(fields, name, pieces)
        name, pieces = "", []
        found = _FIELD.match(row)
        if found:
            name, pieces = found.group(1).decode("ascii").lower(), [row[found.end() :].rstrip(b"\r")]
        elif row.strip():
            fields.problems.append("ligne d'en-tête illisible")
        if len(fields.items) >= limits.HEADER_COUNT:
            fields.problems.append("trop de champs d'en-tête : la suite est laissée")
            return fields
    _close(fields, name, pieces)
    return fields


def _close(fields: Fields, name: str, pieces: list[bytes]) -> None:
    if not name:
        return
    value = b"".join(pieces).strip()
    if len(value) > limits.HEADER_FIELD:
        fields.problems.append("champ d'en-tête trop long : coupé à 64 ko")
    fields.items.append((name, value[: limits.HEADER_FIELD]))


def words(value: bytes | str) -> str:
    """Unstructured text with its encoded words decoded, not yet cleaned. Words that split a letter are joined."""
    text = value if isinstance(value, str) else codec.characters(value)
    out: list[str] = []
    run: list[tuple[str, bytes]] = []
    at = 0
    for _ in range(limits.ENCODED_WORDS):
        found = _word(text, at)
        if found is None:
            break
        start, end, charset, data = found
        between = text[at:start]
        if run and between.strip(" \t\r\n"):
            out.append(_flush(run))
        if not run or between.strip(" \t\r\n"):
            out.append(between)
        _extend(run, charset, data)
        at = end
    out.append(_flush(run))
    return "".join(out) + text[at:]


def _word(text: str, at: int) -> tuple[int, int, str, bytes] | None:
    found = _WORD.search(text, at)
    if found is None:
        return None
    end = text.find("?=", found.end())
    if end < 0:
        return None
    content = text[found.end() : end].encode("utf-8", "replace")
    data = codec.base64_word(content) if found.group(2) in "bB" else binascii.a2b_qp(content, header=True)
    return found.start(), end + 2, found.group(1).lower(), data


def _extend(run: list[tuple[str, bytes]], charset: str, data: bytes) -> None:
    if run and run[-1][0] == charset:
        run[-1] = (charset, run[-1][1] + data)
    else:
        run.append((charset, data))


def _flush(run: list[tuple[str, bytes]]) -> str:
    text = "".join(codec.characters(data, charset) for charset, data in run)
    run.clear()
    return text


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """A structured value such as `text/plain; charset=utf-8` → its head in lower case, and its parameters, names
    in lower case, values decoded (RFC 2231 continuations and charsets, encoded words, raw 8-bit) but not cleaned."""
    pieces = _split(codec.characters(value))
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for piece in pieces[1 : limits.PARAMETERS + 1]:
        name, equals, text = piece.partition("=")
        if equals:
            _keep(plain, extended, name.strip().lower(), _unquoted(text.strip()))
    decoded = {name: words(text) for name, text in plain.items()}
    decoded |= {name: _joined(parts) for name, parts in extended.items()}
    return pieces[0].strip().lower(), decoded


def _split(text: str) -> list[str]:
    pieces: list[str] = []
    start, quoted, escaped = 0, False, False
    for at, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    inner = text[1 : text.rfind('"')] if text.rfind('"') > 0 else text[1:]
    return inner.replace('\\"', '"').replace("\\\\", "\\")


def _keep(plain: dict[str, str], extended: dict[str, dict[int, tuple[str, bool]]], name: str, text: str) -> None:
    base, star, order = name.partition("*")
    if not star:
        plain.setdefault(base, text)
        return
    coded = order == "" or order.endswith("*")
    number = order.rstrip("*") or "0"
    if number.isascii() and number.isdigit() and len(number) <= 3:
        extended.setdefault(base, {}).setdefault(int(number), (text, coded))


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    ordered = [parts[number] for number in sorted(parts)]
    charset = ""
    if ordered[0][1] and ordered[0][0].count("'") >= 2:
        charset, _, rest = ordered[0][0].split("'", 2)
        ordered[0] = (rest, True)
    if not any(coded for _, coded in ordered):
        return words("".join(text for text, _ in ordered))
    raw = [text.encode("utf-8", "replace") for text, _ in ordered]
    data = b"".join(unquote_to_bytes(b) if coded else b for b, (_, coded) in zip(raw, ordered, strict=True))
    return codec.characters(data, charset)
