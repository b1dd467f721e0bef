"""Bytes as they travelled → bytes as they were (base64, quoted-printable, uuencode) → characters (charsets)."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

import pybase64

from mailbot.message import limits

COLUMNS = 76  # of base64 (RFC 2045 §6.8)
PAGE = Struct(f"{COLUMNS}s" * 512)  # so many lines at once
NL = b"\r\n"
_CHUNK = 1 << 20
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_ALPHABET)))
_PIECE = re.compile(rb"^[A-Za-z0-9+/]{2,}={0,2}[ \t]*\r?$", re.MULTILINE)
_PADDED_BREAK = re.compile(rb"=[ \t]{1,200}(\r?\n)")  # a relay left spaces behind a soft line break (RFC 2045 §6.7)
_TOKEN = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.ASCII)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)


def encoding_name(value: str) -> str:
    """The token of a Content-Transfer-Encoding field, lower case; "" when there is none."""
    found = _TOKEN.search(value.lower())
    return found.group() if found else ""


def decoded(source: bytes, start: int, end: int, encoding: str) -> Iterator[bytes]:
    """The bytes of source[start:end] after transfer decoding, in pieces of about 1 MB: a large file is never
    held twice. Unknown encodings pass unchanged (RFC 2045 §6.4). Damage is skipped over, never raised."""
    if encoding == "base64":
        yield from _base64(source, start, end)
    elif encoding == "quoted-printable":
        yield from _quoted_printable(source, start, end)
    elif encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        yield from (file.data for file in uu_files(source[start:end])[:1])
    else:
        yield from (source[at : min(at + _CHUNK, end)] for at in range(start, end, _CHUNK))


def known_encoding(encoding: str) -> bool:
    """Whether `decoded` understands this transfer encoding."""
    plain = ("", "7bit", "8bit", "binary", "base64", "quoted-printable")
    return encoding in plain or encoding in ("x-uuencode", "uuencode", "x-uue", "uue")


def _base64(source: bytes, start: int, end: int) -> Iterator[bytes]:
    pad = source.find(b"=", start, end)
    stop = end if pad < 0 else pad
    rest = b""
    for at in range(start, stop, _CHUNK):
        clean = rest + source[at : min(at + _CHUNK, stop)].replace(b"\r", b"").replace(b"\n", b"")
        try:
            piece = pybase64.b64decode(clean[: len(clean) & ~3], validate=True)
        except binascii.Error:  # not only lines of letters: whatever is none is skipped over
            clean = clean.translate(None, _NOT_BASE64)
            piece = pybase64.b64decode(clean[: len(clean) & ~3], validate=True)
        yield piece
        rest = clean[len(clean) & ~3 :]
    yield base64_word(rest)
    if pad >= 0:
        yield from _base64_after_padding(source, pad, end)


def _base64_after_padding(source: bytes, pad: int, end: int) -> Iterator[bytes]:
    # Some senders pad each line: only whole base64 lines go on, so that a footer added by a list does not.
    line_end = source.find(b"\n", pad, end)
    if line_end < 0:
        return
    for count, piece in enumerate(_PIECE.finditer(source, line_end + 1, end)):
        if count >= limits.BASE64_PIECES:
            return
        clean = piece.group().translate(None, _NOT_BASE64)
        if len(piece.group().rstrip()) % 4 == 0:
            yield _padded(clean)


def looks_base64(beginning: bytes) -> bool:
    """Whether a text labelled base64 may be so: prose has a space or a stop in every ten letters, base64 has none."""
    before = beginning.partition(b"=")[0].lstrip().partition(b"\r\n\r\n")[0]  # a list's footer comes behind
    return len(before.translate(None, _ALPHABET + b"\r\n")) * 10 <= len(before)


def _padded(clean: bytes) -> bytes:
    # One character alone carries six bits: no byte can be made of it.
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def in_base64(data: bytes) -> bytes:
    """The inverse, in lines of COLUMNS, as most programs write it."""
    whole = pybase64.b64encode(data)
    paged = len(whole) // PAGE.size * PAGE.size
    pages = [NL.join(lines) for lines in PAGE.iter_unpack(memoryview(whole)[:paged])]
    rest = (whole[at : at + COLUMNS] for at in range(paged, len(whole), COLUMNS))
    return NL.join([*pages, *rest, b""])


def base64_word(text: bytes) -> bytes:
    """The bytes of one short base64 text, whatever junk stands in it."""
    return _padded(text.translate(None, _NOT_BASE64))


def _quoted_printable(source: bytes, start: int, end: int) -> Iterator[bytes]:
    at = start
    while at < end:
        stop = min(at + _CHUNK, end)
        if stop < end:
            stop = _safe_stop(source, at, stop)
        yield binascii.a2b_qp(_PADDED_BREAK.sub(rb"=\1", source[at:stop]))
        at = stop


def _safe_stop(source: bytes, at: int, stop: int) -> int:
    newline = source.rfind(b"\n", at, stop)
    if newline >= 0:
        return newline + 1
    escape = source.rfind(b"=", stop - 3, stop)
    return escape if escape > at else stop


@dataclass(frozen=True)
class UuFile:
    """A uuencoded file found in a text, and the place it takes there."""

    start: int
    end: int
    name: bytes
    data: bytes


def uu_files(data: bytes) -> list[UuFile]:
    """The files written as `begin 644 name … end` in a text (POSIX uuencode); at most UU_FILES."""
    files: list[UuFile] = []
    at = 0
    while len(files) < limits.UU_FILES:
        begin = _UU_BEGIN.search(data, at)
        if begin is None:
            break
        at = begin.end()
        if _uu_line_fits(data[at : data.find(b"\n", at) if b"\n" in data[at : at + 128] else at + 128]):
            content, at = _uu_body(data, at)
            files.append(UuFile(begin.start(), at, begin.group(1), content))
    return files


def _uu_line_fits(line: bytes) -> bool:
    line = line.rstrip(b"\r\n")
    if line.strip() in (b"`", b"end", b""):
        return bool(line.strip())
    expected = ((line[0] - 32) & 63) + 2
    return 32 <= line[0] <= 96 and abs(len(line) - 1 - expected // 3 * 4) <= 4


def _uu_body(data: bytes, at: int) -> tuple[bytes, int]:
    pieces: list[bytes] = []
    while at < len(data):
        newline = data.find(b"\n", at)
        stop = len(data) if newline < 0 else newline
        line = data[at : min(stop, at + 200)].rstrip(b"\r\n")
        at = min(stop + 1, len(data))
        if line.strip() == b"end":
            break
        if line.strip():
            pieces.append(_uu_line(line))
    return b"".join(pieces), at


def _uu_line(line: bytes) -> bytes:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    try:  # a checksum letter or spaces after the data: some old encoders write one
        return binascii.a2b_uu(line[: 1 + ((((line[0] - 32) & 63) + 2) // 3 * 4)])
    except binascii.Error:
        return b""


_CODEC = re.compile(
    r"utf-(?:8|7|16|32)(?:-[bl]e|-sig)?|ascii|cp[0-9]{3,5}|iso8859-[0-9]{1,2}|mac-[a-z0-9-]{2,12}|koi8-[a-z]"
    r"|big5[a-z_]*|gb[a-z0-9]+|shift_jis[a-z0-9_]*|euc_[a-z0-9_]+|iso2022_[a-z0-9_]+|hz|johab|tis-620|ptcp154|kz1048",
    re.ASCII,
)
_ALIASES = {
    "iso-8859-1": "cp1252",  # as browsers do: what is so labelled holds the curly quotes of Windows
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "gb2312": "gb18030",
    "x-gbk": "gb18030",
    "x-sjis": "shift_jis",
    "x-mac-roman": "mac-roman",
    "x-windows-1252": "cp1252",
}
_WESTERN = ("ascii", "cp1252", "iso8859-1", "iso8859-15")
_LABEL = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}", re.ASCII)


def codec_name(label: str) -> str:
    """The Python name of a declared charset; "" when unknown, or when it is no charset (idna, rot13, zlib…)."""
    label = label.strip().strip("\"'").lower()
    if not _LABEL.fullmatch(label):
        return ""
    try:
        name = codecs.lookup(_ALIASES.get(label, label)).name
    except (LookupError, ValueError, ImportError):
        return ""
    return name if _CODEC.fullmatch(name) else ""


def characters(data: bytes, label: str = "", *, cut: bool = False) -> str:
    """Bytes → text: the declared charset, else UTF-8, else Windows-1252. `cut`: the end may be half a letter.

    UTF-8 with a few bad bytes stays UTF-8: one stray byte must not garble every accent of a mail. What is labelled
    Western but is whole UTF-8 is UTF-8: no Western text with accents reads so by chance."""
    declared = codec_name(label)
    order = ("utf-8", declared) if declared in _WESTERN else (declared, "utf-8")
    for name in dict.fromkeys(order):
        text = _strictly(data, name, cut) if name else None
        if text is not None:
            return text
    patched = data.decode("utf-8", "replace")
    wrong = patched.count("\ufffd")
    if wrong * 2 < sum(1 for char in patched if char > "\x7f"):
        return patched
    return data.decode("cp1252", "replace")


def _strictly(data: bytes, name: str, cut: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(data, not cut)
    except (UnicodeError, LookupError, ValueError):
        return None
