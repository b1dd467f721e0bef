"""The mails of a rehearsal: *.eml files of a folder, dated by their name or their Date header, as a provider would hand them over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, parseaddr, parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mailbot.reports.sources import named

JUNK = ("junk", "spam", "indésirables", "indesirables")
PROVIDER = "fournisseur.invalid"  # who vouches for the writers where mailbox.authserv_id says nobody


class Undated(ValueError):
    """Mails of which nobody can say when they came: their names."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail, not yet taken in. `key`: its file name without date and ending, how other mails name the file that it opens."""

    name: str
    key: str
    at: datetime
    junk: bool
    raw: bytes


def mails(folder: Path, zone: ZoneInfo, authserv_id: str) -> list[Mail]:
    """Every *.eml below `folder`, in order of time, then of name. Raises Undated, OSError."""
    found, undated = [], []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".eml" and p.is_file()):
        name = str(path.relative_to(folder))
        raw = _crlf(path.read_bytes())
        at, key = _dated(path.stem, raw, zone)
        if at is None:
            undated.append(name)
            continue
        junk = any(part.lower() in JUNK for part in path.relative_to(folder).parts[:-1])
        found.append(Mail(name=name, key=key, at=at, junk=junk, raw=_stamped(_sent(raw, name, at), authserv_id)))
    if undated:
        raise Undated(undated)
    return sorted(found, key=lambda mail: (mail.at, mail.name))


def seed(played: list[Mail]) -> bytes:
    """What chance is drawn from: the same mails give the same codes, ids and salts."""
    whole = hashlib.sha256()
    for mail in played:
        whole.update(f"{mail.name}\0{mail.at.isoformat()}\0".encode() + hashlib.sha256(mail.raw).digest())
    return whole.digest()


def _crlf(raw: bytes) -> bytes:
    """Lines as a server ends them, whatever the editor did."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _dated(stem: str, raw: bytes, zone: ZoneInfo) -> tuple[datetime | None, str]:
    """The name says it first (« 2026-03-23 0905 awa », local time; noon without an hour), else the Date header."""
    said = named(stem, zone)
    if said:
        return said
    header = str(BytesHeaderParser(policy=compat32).parsebytes(raw).get("Date", ""))
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None, stem
    return at if at.tzinfo else at.replace(tzinfo=zone), stem


def _sent(raw: bytes, name: str, at: datetime) -> bytes:
    """With the headers that a mail program adds: without them two mails of the same words would be one mail that came twice."""
    head = BytesHeaderParser(policy=compat32).parsebytes(raw)
    own = hashlib.sha256(f"{name} {at.isoformat()}".encode()).hexdigest()[:32]
    added = {"Date": format_datetime(at), "Message-ID": f"<{own}@repetition.invalid>"}
    return "".join(f"{key}: {value}\r\n" for key, value in added.items() if key not in head).encode() + raw


def _stamped(raw: bytes, authserv_id: str) -> bytes:
    """A mail written for a rehearsal went through no provider: its writer is believed, unless the mail says itself how sure
    a provider was."""
    head = BytesHeaderParser(policy=compat32).parsebytes(raw)
    domain = parseaddr(str(head.get("From", "")))[1].rpartition("@")[2]
    if "Authentication-Results" in head or not domain.isascii() or not domain:
        return raw
    return f"Authentication-Results: {authserv_id}; dmarc=pass header.from={domain}\r\n".encode() + raw
