"""A raw search for a person in files: every byte is looked at, in every coating a mail or a database may give to a word."""

from __future__ import annotations

import base64
import json
import quopri
import re
from collections.abc import Iterable
from email.header import Header
from pathlib import Path
from urllib.parse import quote

NAME, ADDRESS, PHONE = "Éloïse Brûlé", "eloise.brule@courriel-prive.example", "06 39 98 47 11"
PLAIN = re.compile(rb"=?\r?\n[ \t]?")  # soft breaks, folds and the lines of base64


def coated(word: str) -> set[bytes]:
    """The word as it may lie on a disk."""
    found: set[bytes] = set()
    for text in (word, word.lower(), word.upper()):
        found |= {json.dumps(text)[1:-1].encode(), quote(text).encode(), quote(text, safe="").encode()}
        for charset in ("utf-8", "latin-1", "utf-16-le"):
            octets = text.encode(charset)
            found |= {octets, quopri.encodestring(octets).strip()}
            found.add(
                Header(octets, charset if charset != "utf-16-le" else "utf-8", header_name="X").encode().encode()
            ) if (charset == "utf-8") else None
            for before in range(3):
                whole = base64.b64encode(b"x" * before + octets)
                found.add(whole[4 if before else 0 : (before + len(octets)) // 3 * 4])
    return {f for f in found if len(f) >= 8}


NEEDLES = coated(NAME) | coated("Brûlé Éloïse") | coated(ADDRESS) | coated(PHONE)
SOUGHT = re.compile(b"|".join(re.escape(n) for n in sorted(NEEDLES, key=len, reverse=True)))


def found_in(data: bytes) -> list[bytes]:
    return [m[0] for d in (data, PLAIN.sub(b"", data)) for m in SOUGHT.finditer(d)]


def files_that_hold(folders: Iterable[Path]) -> dict[str, bytes]:
    """Every file below, the database's own beside it, that holds one of the words: name → the first one found."""
    found = {}
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            hits = found_in(path.read_bytes()) or found_in(str(path).encode())
            if hits:
                found[str(path.relative_to(folder))] = hits[0]
    return found


def files_with(parts: Iterable[bytes], folders: Iterable[Path]) -> list[str]:
    """Every file below that holds one of these bytes."""
    sought = re.compile(b"|".join(map(re.escape, parts)))
    return [path.name for f in folders for path in f.rglob("*") if path.is_file() and sought.search(path.read_bytes())]
