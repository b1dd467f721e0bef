"""Hostile bytes → Message: the whole reading, the salvage by headers alone, and the cutting out of one file."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from mailbot.message import (
    addresses,
    armour,
    attachments,
    automatic,
    clean,
    codec,
    forward,
    headers,
    limits,
    mime,
    report,
)
from mailbot.message import text as texts
from mailbot.message.headers import Fields
from mailbot.message.limits import Unreadable
from mailbot.message.mime import Part
from mailbot.message.records import Address, Attachment, Message

T = TypeVar("T")
_CHUNK = 1 << 20
_LEAST = 16 * 2**10  # bytes as they travel: what is shorter may as well be written twice
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")


def read(raw: bytes, *, truncated: bool = False, files: dict[str, bytes] | None = None) -> Message:
    """The whole mail. Any bytes give a Message; what was repaired or given up stands in `problems`, in French.

    `truncated`: only the headers and the first text were fetched. `files`, when given, takes what `cut_out_all` would cut out,
    since it is decoded here anyway. Raises Unreadable for a MIME bomb only."""
    problems: list[str] = []
    root = mime.tree(raw, problems)
    known = _envelope(raw, root.fields, root.start, problems)
    replies: tuple[str, ...] = ()
    known["automatic"] += _try(problems, "invitation", lambda: tuple(automatic.calendar_reply(root)), replies)
    body = _try(problems, "texte", lambda: texts.body(root), texts.Body("", "", frozenset()))
    problems.extend(body.problems)
    text, html = _with_winmail(root, body, problems)
    if armour.is_sealed(text) or (not text.strip() and any(leaf.content_type in _SEALED for leaf in root.leaves())):
        problems.append("message chiffré ou scellé (S/MIME, PGP) : son texte ne peut pas être lu")
    return Message(
        **known,
        text=text,
        html=html,
        page=_try(problems, "HTML", lambda: texts.with_targets(html), ""),
        attachments=_try(
            problems, "pièces jointes", lambda: _attachments(root, body.used, files, truncated=truncated), ()
        ),
        reports=_try(problems, "avis de remise", lambda: report.read(root, text), ()),
        forwarded=_try(problems, "message transféré", lambda: forward.read(root, known["subject"], text), None),
        truncated=truncated,
        problems=_told(problems),
    )


def read_headers(raw: bytes) -> Message:
    """The salvage, for a mail that could not be read whole: its headers only, no text, no attachment."""
    problems = ["message illisible : seuls les en-têtes sont lus"]
    fields, body = _try(problems, "en-têtes", lambda: headers.read_block(raw, 0, len(raw)), (Fields(), len(raw)))
    problems.extend(fields.problems)
    known = _envelope(raw, fields, body, problems)
    nothing: dict[str, Any] = {"text": "", "html": "", "attachments": (), "reports": (), "forwarded": None}
    return Message(**known, **nothing, truncated=False, problems=_told(problems))


def cut_out(raw: bytes, path: str) -> bytes:
    """The bytes of the attachment named by `path`, exactly as its sender had them. KeyError when there is none."""
    return cut_out_all(raw, [path])[path]


def cut_out_all(raw: bytes, paths: Collection[str]) -> dict[str, bytes]:
    """`cut_out` for several attachments in one pass; those that are not there are left out."""
    files = (file for file in attachments.listing(mime.tree(raw, [])) if file.path in paths)
    return {file.path: _whole(file) for file in files}


def lying(raw: bytes, files: Mapping[str, bytes]) -> dict[str, tuple[int, int]]:
    """Which files, cut out of this mail, lie in it as a letter of ours would write them, and where: path → (begin, end)."""
    found = {}
    for leaf in mime.tree(raw, []).leaves():
        data = files.get(leaf.path)
        if data and leaf.encoding == "base64":
            written = codec.in_base64(data)
            if len(written) >= _LEAST and raw.startswith(written, leaf.start):
                found[leaf.path] = (leaf.start, leaf.start + len(written))
    return found


def _whole(file: attachments.File) -> bytes:
    # A BytesIO gives its content away without a second copy, which b"".join would make.
    out = io.BytesIO()
    for chunk in file.chunks():
        out.write(chunk)
    return out.getvalue()


def _try(problems: list[str], what: str, work: Callable[[], T], otherwise: T) -> T:
    # A field or a part that cannot be read counts as absent: it must not take the whole mail with it (L2).
    try:
        return work()
    except (Unreadable, MemoryError):
        raise
    except Exception as error:
        problems.append(f"{what} : illisible ({type(error).__name__})")
        return otherwise


def _told(problems: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean.line(problem, 200) for problem in problems))[: limits.PROBLEMS]


def _envelope(raw: bytes, fields: Fields, body: int, problems: list[str]) -> dict[str, Any]:
    """Every record of Message that the headers alone decide."""
    if len(fields.all("received")) > limits.RECEIVED:
        problems.append("boucle : plus de 100 champs Received")
    known: dict[str, Any] = {
        "size": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "fingerprint": _fingerprint(raw, fields, body),
        "received_count": len(fields.all("received")),
    }
    for name, (work, otherwise) in _RECORDS.items():
        known[name] = _try(problems, name, lambda work=work: work(fields), otherwise)  # type: ignore[misc]
    if known["date"] is None and fields.first("date"):
        problems.append("date illisible")
    return known


def _fingerprint(raw: bytes, fields: Fields, body: int) -> str:
    """Equal when a relay delivered the same mail again: new Received fields and line ends do not count."""
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date"):
        digest.update(b" ".join((fields.first(name) or b"").split()) + b"\0")
    end = max(body, len(raw) - 65_536) if len(raw) > body else body
    tail = raw[end:].rstrip()
    for at in range(body, end, _CHUNK):
        digest.update(raw[at : min(at + _CHUNK, end)].replace(b"\r", b""))
    digest.update(tail.replace(b"\r", b""))
    return digest.hexdigest()


def _message_id(fields: Fields) -> str:
    value = (fields.first("message-id") or b"").decode("ascii", "replace").strip()
    return value if report.is_message_id(value) else ""


def _ids(name: str) -> Callable[[Fields], tuple[str, ...]]:
    def read_ids(fields: Fields) -> tuple[str, ...]:
        found = [each for value in fields.all(name) for each in report.message_ids(value.decode("ascii", "replace"))]
        return tuple(dict.fromkeys(found))[-limits.IDS :]

    return read_ids


def _people(name: str) -> Callable[[Fields], tuple[Address, ...]]:
    def read_people(fields: Fields) -> tuple[Address, ...]:
        found = [person for value in fields.all(name)[:20] for person in addresses.read(value)]
        return tuple(found[: limits.ADDRESSES])

    return read_people


def _person(*names: str) -> Callable[[Fields], Address | None]:
    def read_person(fields: Fields) -> Address | None:
        found = (addresses.first(value) for name in names for value in fields.all(name)[:5])
        return next(filter(None, found), None)

    return read_person


def _delivered_to(fields: Fields) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    found = [person.addr for name in names for value in fields.all(name)[:20] for person in addresses.read(value)]
    return tuple(dict.fromkeys(found))[:20]


def date(fields: Fields) -> datetime | None:
    """What the sender's clock said, aware; None when missing or absurd. Never decides anything."""
    value = (fields.first("date") or b"")[:100].decode("ascii", "replace")
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError, AttributeError):
        return None
    return moment if 1990 <= moment.year <= 2100 else None


def _authentication(fields: Fields) -> tuple[str, ...]:
    values = fields.all("authentication-results")[:50]
    return tuple(clean.line(headers.words(value), limits.EVIDENCE_VALUE) for value in values)


_RECORDS: dict[str, tuple[Callable[[Fields], Any], Any]] = {
    "message_id": (_message_id, ""),
    "in_reply_to": (_ids("in-reply-to"), ()),
    "references": (_ids("references"), ()),
    "from_": (_person("from"), None),
    "strict_from": (lambda fields: addresses.is_strict(fields.all("from")), False),
    "sender": (_person("sender"), None),
    "reply_to": (_people("reply-to"), ()),
    "original_from": (_person("x-original-from", "x-google-original-from"), None),
    "to": (_people("to"), ()),
    "cc": (_people("cc"), ()),
    "return_path": (automatic.return_path, None),
    "delivered_to": (_delivered_to, ()),
    "subject": (lambda fields: fields.text("subject"), ""),
    "date": (date, None),
    "automatic": (lambda fields: tuple(dict.fromkeys(automatic.reasons(fields)))[:20], ()),
    "listed": (lambda fields: tuple(automatic.bulk(fields)), ()),
    "list_addresses": (automatic.list_addresses, ()),
    "spam": (lambda fields: tuple(automatic.spam(fields)), ()),
    "authentication": (_authentication, ()),
}


def _with_winmail(root: Part, body: texts.Body, problems: list[str]) -> tuple[str, str]:
    if body.text.strip():
        return body.text, body.html
    text, html = _try(problems, "winmail.dat", lambda: attachments.winmail_body(root), ("", ""))
    shown = text if text.strip() else texts.html_to_text(clean.body(html, limits.HTML), problems)
    return (clean.body(shown).strip("\n") or body.text), (clean.body(html, limits.HTML) or body.html)


def _attachments(
    root: Part, used: frozenset[str], files: dict[str, bytes] | None, *, truncated: bool
) -> tuple[Attachment, ...]:
    listed = attachments.listing(root, used or None)
    found = [attachments.measured(file if files is None else _kept(file, files)) for file in listed]
    return tuple(found) if not truncated else tuple(map(_perhaps_cut, found))


def _kept(file: attachments.File, files: dict[str, bytes]) -> attachments.File:
    files[file.path] = data = _whole(file)
    return replace(file, chunks=lambda: iter((data,)))


def _perhaps_cut(attachment: Attachment) -> Attachment:
    return replace(attachment, problem="message trop grand : pièce non reçue en entier")
