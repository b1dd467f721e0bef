"""What is written to be read by a machine: `clé : valeur` lines, file numbers, tags, our own marker."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailbot.reading.plain import fold
from mailbot.reading.tables import KNOWN_KEYS, LONG_KEYS

MOST_FIELDS = 60
LONGEST_KEY, LONGEST_VALUE = 40, 20_000  # characters
MOST_TAGS = 20
PRACTICE = "ESSAI"

_MARKER = re.compile(r"mb-[a-z2-7]{26}", re.ASCII)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u00ad", "-"))
_PREFIXES = ("re", "tr", "fw", "fwd", "wg", "aw", "rv", "réf")


def read_fields(text: str) -> tuple[tuple[str, str], ...]:
    """The `clé : valeur` lines, keys folded; a long field (message, description…) runs until the next known key."""
    found: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        key, value = _split(line)
        running = found[-1][0] if found else ""
        if key and (running not in LONG_KEYS or key in KNOWN_KEYS):
            if len(found) == MOST_FIELDS:
                break
            found.append((key, [value]))
        elif found and (running in LONG_KEYS or (line.strip() and not "".join(found[-1][1]))):
            found[-1][1].append(line.strip())
    return tuple((key, "\n".join(lines).strip()[:LONGEST_VALUE]) for key, lines in found)


def first_field(fields: tuple[tuple[str, str], ...], keys: Iterable[str]) -> str:
    """The value of the first field whose key is one of `keys`, in the order of `keys`; "" when there is none."""
    filled = dict(reversed(fields))
    return next((filled[key] for key in keys if filled.get(key)), "")


def find_marker(text: str) -> str:
    """The marker line of one of our letters: `mb-` and 128 bits in base32; "" when there is none."""
    for match in _MARKER.finditer(text):
        if _alone(text, match.start(), match.end()):
            return match.group()
    return ""


def find_references(subject: str, text: str, prefix: str) -> tuple[str, ...]:
    """File numbers, subject first, each once, upper case. A personal code after the number is not part of it (spec §6)."""
    pattern = re.compile(rf"(?:{re.escape(prefix)}|{PRACTICE})-[0-9]{{4}}-[0-9]{{4,6}}", re.ASCII | re.IGNORECASE)
    found: list[str] = []
    for source in map(plain_dashes, (subject, text)):
        for match in pattern.finditer(source):
            end = match.end() + _code_length(source[match.end() : match.end() + 8])
            if _alone(source, match.start(), end):
                found.append(match.group().upper())
    return tuple(dict.fromkeys(found))[:MOST_FIELDS]


def plain_dashes(text: str) -> str:
    """The same with the hyphens and dashes of phones and word processors written as plain ones; no letter moves."""
    return text.translate(_DASHES)


def find_tags(subject: str) -> tuple[str, ...]:
    """« #mot » tokens of the subject, as written."""
    spaced = subject
    for bracket in "[](),;":
        spaced = spaced.replace(bracket, " ")
    tokens = (word for word in spaced.split() if word.startswith("#") and word[1:2].isalpha())
    return tuple(token.rstrip(".!?:…") for token in tokens)[:MOST_TAGS]


def cleaned_subject(subject: str) -> str:
    """The subject without the Re:, TR:, Fwd:, WG: in front."""
    kept = subject.strip()
    while (parts := kept.partition(":"))[1] and fold(parts[0]).strip() in _PREFIXES:
        kept = parts[2].strip()
    return kept


def _split(line: str) -> tuple[str, str]:
    """("", "") when the line is not of the form `clé : valeur`."""
    head, colon, value = line.strip().lstrip("*-• ").partition(":")
    key = head.strip(" *\u00a0")
    plausible = 0 < len(key) <= LONGEST_KEY and key[0].isalpha() and len(key.split()) <= 4
    if not colon or not plausible or value.startswith("//") or any(c in key for c in '.,;!?<>@«»"'):
        return "", ""
    return " ".join(fold(key).split()), value.strip(" *\u00a0")


def _code_length(tail: str) -> int:
    """Length of the personal code `-K7QX3M` that a button puts behind a number, 0 when there is none."""
    code = tail[1:7]
    is_code = tail.startswith("-") and len(code) == 6 and code.isascii() and code.isalnum() and not tail[7:8].isalnum()
    return 7 if is_code else 0


def _alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    glued = after == "-" and text[end + 1 : end + 2].isalnum()
    return not (before.isalnum() or before in ("-", "_") or after.isalnum() or after == "_" or glued)
