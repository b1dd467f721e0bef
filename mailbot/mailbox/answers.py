"""Reads the answers of an IMAP server (RFC 3501 §7): listings, sections of a mail, folder names. Pure; tolerant of noise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from imap_tools import FolderInfo

from mailbot.config import Mailbox as Settings

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b", re.IGNORECASE)
_DATE = re.compile(
    rb'\bINTERNALDATE "([ \d]\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_QUOTED_BODY = re.compile(rb'\bBODY\[[^\]]{0,200}\](?:<\d{1,10}>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_MULTIPART = re.compile(rb"^content-type:\s{0,9}(multipart/[^\r\n]{0,4000})", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb'\bboundary\s{0,9}=\s{0,9}(?:"([^"\r\n]{1,200})"|([^\s";]{1,200}))', re.IGNORECASE)

_JUNK = {"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk", "bulk mail", "indesirables"}
_JUNK |= {"courrier indesirable", "courriers indesirables", "messages indesirables", "pourriel", "pourriels"}
_SENT = {"sent", "sent items", "sent messages", "sent mail", "envoyes", "elements envoyes", "messages envoyes"}
_SENT |= {"objets envoyes", "courrier envoye", "courriers envoyes"}
_DRAFTS = {"draft", "drafts", "brouillon", "brouillons"}
_PARENTS = {"", "inbox", "[gmail]", "[google mail]"}
_VIEWS = {"\\all", "\\flagged", "\\important"}  # RFC 6154: mails that stand in another folder as well


@dataclass(frozen=True)
class Listed:
    """A mail as the folder lists it."""

    uid: int
    size: int  # bytes, as the server says
    received_at: datetime  # INTERNALDATE, aware


@dataclass(frozen=True)
class Folders:
    """The folders of a mailbox, by their readable names. `others`: where a human may have moved a mail."""

    inbox: str
    junk: str | None
    sent: str | None
    others: tuple[str, ...]


def answers(data: Iterable[object]) -> Iterator[tuple[bytes, list[bytes]]]:
    """What imaplib returns for FETCH, one item per response of the server: its text, and its literals apart.

    imaplib gives one tuple per literal and then the rest of the line, so the UID may stand before or after the mail.
    """
    text, literals = b"", []
    for item in data:
        if isinstance(item, tuple):
            text += item[0]
            literals.append(item[1])
        elif isinstance(item, bytes):
            yield text + item, literals
            text, literals = b"", []


def listed(data: Iterable[object], now: datetime) -> dict[int, Listed]:
    """The mails of a FETCH (UID INTERNALDATE RFC822.SIZE); what somebody else's flag changes add to it is passed over."""
    found = {}
    for text, _ in answers(data):
        uid, size = _UID.search(text), _SIZE.search(text)
        if uid and size and b"INTERNALDATE" in text.upper():
            found[int(uid[1])] = Listed(int(uid[1]), int(size[1]), _internaldate(text) or now)
    return found


def _internaldate(text: bytes) -> datetime | None:
    """RFC 3501 date-time; None when it is not one."""
    read = _DATE.search(text)
    if read is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (part.decode() for part in read.groups())
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        place = [name.lower() for name in MONTHS].index(month.lower()) + 1
        return datetime(int(year), place, int(day), int(hour), int(minute), int(second), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def section(data: Iterable[object], uid: int) -> bytes | None:
    """The bytes of the one BODY[…] asked for of that mail: b"" when the server has nothing there, None without the mail."""
    return sections(data).get(uid)


def sections(data: Iterable[object]) -> dict[int, bytes]:
    """The same of several mails, by UID; of two answers about one mail the first counts."""
    found: dict[int, bytes] = {}
    for text, literals in answers(data):
        named = _UID.search(text)
        if named and int(named[1]) not in found and b"BODY[" in text.upper():
            found[int(named[1])] = literals[0] if literals else _quoted_body(text)
    return found


def _quoted_body(text: bytes) -> bytes:
    quoted = _QUOTED_BODY.search(text)
    return re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else b""


def excerpt(header: bytes, part_header: bytes, part: bytes) -> bytes:
    """A readable mail made of the beginning of one that is too large: its header and its first part."""
    if not header.endswith(b"\r\n\r\n"):
        header = header.rstrip(b"\r\n") + b"\r\n\r\n"
    boundary = _boundary(header)
    if boundary is None:
        return header + part
    if not part_header.endswith(b"\r\n\r\n"):
        part_header = part_header.rstrip(b"\r\n") + b"\r\n\r\n" if part_header.strip() else b"\r\n"
    return b"".join((header, b"--", boundary, b"\r\n", part_header, part, b"\r\n--", boundary, b"--\r\n"))


def _boundary(header: bytes) -> bytes | None:
    declared = _MULTIPART.search(re.sub(rb"\r?\n[ \t]", b" ", header))
    read = _BOUNDARY.search(declared[1]) if declared else None
    return (read[1] or read[2]) if read else None


def sort_folders(found: Sequence[FolderInfo], settings: Settings) -> Folders:
    """Which folder is which: what the settings say, else the special-use flags (RFC 6154), else the usual names."""
    usable = [
        f for f in found if not _flags(f) & {"\\noselect", "\\nonexistent"} and not _same(f.name, settings.folder)
    ]
    junk = settings.junk or _find(usable, "\\junk", _JUNK)
    sent = settings.sent or _find(usable, "\\sent", _SENT)
    drafts = _find(usable, "\\drafts", _DRAFTS)
    apart = {junk, sent, drafts}
    others = tuple(f.name for f in usable if f.name not in apart and not _flags(f) & _VIEWS)
    return Folders(inbox=settings.folder, junk=junk, sent=sent, others=others)


def _find(folders: Sequence[FolderInfo], flag: str, names: set[str]) -> str | None:
    flagged = [f.name for f in folders if flag in _flags(f)]
    named = [f.name for f in folders if _plain(f) in names]
    return next(iter(flagged + named), None)


def _flags(folder: FolderInfo) -> set[str]:
    return {flag.lower() for flag in folder.flags}


def _same(name: str, other: str) -> bool:
    return name == other or name.upper() == other.upper() == "INBOX"


def _plain(folder: FolderInfo) -> str:
    """The last part of the name without accents or capitals; "" for a folder deep inside others (an archive, say)."""
    parent, _, leaf = folder.name.rpartition(folder.delim) if len(folder.delim) == 1 else ("", "", folder.name)
    if parent.lower() not in _PARENTS:
        return ""
    letters = unicodedata.normalize("NFKD", leaf.replace("’", "'"))
    return "".join(c for c in letters if not unicodedata.combining(c)).casefold().strip()
