"""What is asked for of one mail: a part, all of it in ranges, its beginning; and which mails hold a word. One selected folder."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailbot.mailbox.answers import excerpt, section
from mailbot.mailbox.line import Line
from mailbot.mailbox.trouble import Down

CHUNK = 4 * 2**20  # bytes: larger mails are fetched in ranges of this size
BEGINNING = 512 * 2**10  # bytes of header, and of first part, kept of a mail above the limit


@dataclass(frozen=True)
class Fetched:
    """A mail as it lies in the mailbox; `truncated`: header and beginning of the first part only."""

    raw: bytes
    truncated: bool


def rows(line: Line, folder: str, uids: str, what: str, uid: int | None = None) -> list[Any]:
    """What the server says of these mails, unread (RFC 3501 §6.4.5). Raises Down, with `uid` where one mail is at fault."""
    kind, data = line.client.uid("FETCH", uids, what)
    if kind != "OK":
        asked = f"le message {uid}" if uid else "la liste des messages"
        raise Down(f"Le serveur refuse de donner {asked} du dossier « {folder} »", folder=folder, uid=uid)
    return list(data)


def part(line: Line, folder: str, uid: int, what: str) -> bytes | None:
    """One section of a mail, which stays unread; None when the mail is gone."""
    return section(rows(line, folder, str(uid), f"(UID BODY.PEEK{what})", uid), uid)


def search(line: Line, folder: str, word: str) -> set[int]:
    """The UIDs of the mails that hold it. A word goes as a literal: no quoting of it can be misread."""
    client: Any = line.client
    client.literal = word.encode()
    kind, data = client.uid("SEARCH", "CHARSET", "UTF-8", "TEXT")
    if kind != "OK":
        raise Down(f"Le serveur refuse de chercher dans le dossier « {folder} »", folder=folder)
    return {int(w) for found in data if found for w in found.split() if w.isdigit()}


def joined(line: Line, folder: str, uid: int, size: int) -> bytes | None:
    """All of a mail, asked for in ranges; None when it is gone."""
    whole = io.BytesIO()  # its getvalue() does not copy
    return whole.getvalue() if in_ranges(line, folder, uid, size, whole.write) else None


def in_ranges(line: Line, folder: str, uid: int, size: int, into: Callable[[bytes], object]) -> int:
    """A mail, range by range; how many bytes were given to `into`; 0: it is gone."""
    done = 0
    while True:
        piece = part(line, folder, uid, f"[]<{done}.{CHUNK}>")
        if piece is None:
            return 0
        if piece:
            into(piece)
        done += len(piece)
        # a short piece is the end, unless the server gives less than asked
        if not piece or (len(piece) < CHUNK and done >= size):
            return done


def beginning(line: Line, folder: str, uid: int) -> Fetched | None:
    """The header of a mail, and the beginning of its first part."""
    header = part(line, folder, uid, f"[HEADER]<0.{BEGINNING}>")
    part_header = part(line, folder, uid, f"[1.MIME]<0.{BEGINNING}>")
    first = part(line, folder, uid, f"[1]<0.{BEGINNING}>")
    if header is None:
        return None
    return Fetched(excerpt(header, part_header or b"", first or b""), truncated=True)
