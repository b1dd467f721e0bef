"""Where each key of a TOML text stands, so that a mistake can name its line (tomllib does not tell)."""

from __future__ import annotations

import re

Key = tuple[str | int, ...]

_NAME = r'(?:[A-Za-z0-9_-]+|"[^"\\]{0,80}"|\'[^\']{0,80}\')'
_ARRAY = re.compile(rf"\s*\[\[\s*({_NAME}(?:\s*\.\s*{_NAME}){{0,5}})\s*\]\]")
_TABLE = re.compile(rf"\s*\[\s*({_NAME}(?:\s*\.\s*{_NAME}){{0,5}})\s*\]\s*(?:#|$)")
_PAIR = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME}){{0,5}})\s*=")
_PART = re.compile(_NAME)
_LONG_STRING = re.compile(r"\"\"\"|'''")


def find(text: str) -> dict[Key, int]:
    """Key → line, counted from 1; tables of an array are numbered from 0, as pydantic names them.

    A guide, not a parser: what stands inside an inline table or a list is found by the line where that value begins.
    """
    found: dict[Key, int] = {}
    counts: dict[Key, int] = {}
    table: Key = ()
    quoted = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not quoted:
            table = _table(line, table, counts)
            for key in _named(line, table):
                found.setdefault(key, number)
        if len(_LONG_STRING.findall(line)) % 2:
            quoted = not quoted
    return found


def line_of(key: Key, found: dict[Key, int]) -> int | None:
    """The line of a key, else of the nearest table or value that holds it."""
    return next((found[key[:n]] for n in range(len(key), 0, -1) if key[:n] in found), None)


def _named(line: str, table: Key) -> tuple[Key, ...]:
    if pair := _PAIR.match(line):
        return ((*table, *_parts(pair[1])),)
    if line.lstrip().startswith("[") and (_ARRAY.match(line) or _TABLE.match(line)):
        return (table,) if isinstance(table[-1], str) else (table, table[:-1])
    return ()


def _table(line: str, current: Key, counts: dict[Key, int]) -> Key:
    if array := _ARRAY.match(line):
        name = _placed(_parts(array[1]), counts)
        counts[name] = counts.get(name, -1) + 1
        return (*name, counts[name])
    if table := _TABLE.match(line):
        return _placed(_parts(table[1]), counts)
    return current


def _placed(parts: tuple[str, ...], counts: dict[Key, int]) -> Key:
    """`[staff.x]` after `[[staff]]` belongs to the last of them (TOML 1.0, « Array of Tables »)."""
    key: Key = ()
    for at, part in enumerate(parts, start=1):
        key = (*key, part)
        if key in counts and at < len(parts):
            key = (*key, counts[key])
    return key


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
