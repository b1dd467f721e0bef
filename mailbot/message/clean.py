"""Borrowed text made harmless: valid UTF-8, no controls, no bidi tricks, nothing that decodes a second time."""

from __future__ import annotations

import unicodedata

from mailbot.message import limits

_SURROGATES = range(0xD800, 0xE000)
_BREAKS = (0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029)
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_NEVER = (*_BIDI, 0x206A, 0x206B, 0x206C, 0x206D, 0x206E, 0x206F, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF)
_TAGS = range(0xE0000, 0xE0080)
_JUNK = (0xAD, 0x180E, 0x200B, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF)
_JOINERS = (0x61C, 0x200C, 0x200D, 0x200E, 0x200F)  # meaningful inside a text, only a disguise inside a name
_MARKS = 4  # combining marks on one letter; more is a flood

_BODY: dict[int, str] = dict.fromkeys((*_CONTROLS, *_NEVER, *_TAGS, *_JUNK), "")
_BODY |= dict.fromkeys(_BREAKS, "\n") | dict.fromkeys(_SURROGATES, "\ufffd") | {0x09: "\t", 0x0A: "\n"}
_LINE: dict[int, str] = _BODY | dict.fromkeys(_JOINERS, "") | dict.fromkeys((*_BREAKS, 0x09, 0x0A), " ")


def broken(text: str) -> str:
    """The text with each `=?` broken, so that no encoded word survives into a header of ours (reliability L1)."""
    return text.replace("=?", "= ?")


def line(text: str, most: int = limits.SUBJECT) -> str:
    """One line of at most `most` characters, white space folded, without anything invisible."""
    cut = text[: most * 4].translate(_LINE)
    return broken(_calm(" ".join(cut.split())))[:most].rstrip()


def _calm(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MARKS:
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def body(text: str, most: int = limits.TEXT) -> str:
    """Several lines of at most `most` characters in all; newline and tab are the only controls."""
    return broken(text.replace("\r\n", "\n").translate(_BODY))[:most]


def file_name(text: str) -> str:
    """A file's name for display: no path, at most 200 characters, the extension kept (reliability L10)."""
    # An endless name loses its middle: the extension says what the file is.
    text = text if len(text) <= 4_000 else text[:3_000] + text[-1_000:]
    name = line(text, 4_000).replace("/", "_").replace("\\", "_")
    if len(name) <= limits.FILE_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 20:
        return name[: limits.FILE_NAME].rstrip()
    return stem[: limits.FILE_NAME - len(extension) - 1].rstrip() + "." + extension
