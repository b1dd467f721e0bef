"""Everything that came with a mail and is not its text: named, measured, and cut out again byte for byte."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mailbot.message import clean, codec, kinds, limits, ours, tnef
from mailbot.message import text as texts
from mailbot.message.mime import Part
from mailbot.message.records import Attachment

_CID = re.compile(rb"cid:([^\s\"'<>)]{1,200})", re.IGNORECASE)
_LOGO_NAME = re.compile(
    r"(?:image[0-9]{1,4}|outlook-[a-z0-9_-]{1,60}|logo[a-z0-9_-]{0,60}|~wrd[0-9]{1,6})\.(?:png|gif|jpe?g)"
)
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+_-]{1,80}")
_SIGNATURES = (
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
    "application/pgp-keys",
)
_REPORTS = ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers")
_FORKS = ("application/applefile",)  # what a Macintosh says of a file that comes beside it
_TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")


@dataclass(frozen=True)
class File:
    """One attachment, not yet read: `chunks()` gives its bytes."""

    path: str
    name: str
    content_type: str
    evidence: bool
    chunks: Callable[[], Iterator[bytes]]
    problem: str = ""


@dataclass(frozen=True)
class _Level:
    """What is known of the mail that a part belongs to."""

    body: frozenset[str]
    shown: frozenset[str]  # content ids that its HTML shows


def listing(root: Part, used: frozenset[str] | None = None) -> Iterator[File]:
    """Every file of the mail, in order: the parts that are not its text, then what is inside them. `used`: the leaves that
    are its text, for whoever has read it already."""
    used = texts.body(root).used if used is None else used
    level = _Level(used, _shown(root, used))
    for leaf in root.leaves():
        if leaf.path in used:
            yield from _uu_listing(leaf)
        else:
            yield from _leaf_listing(leaf, level)


def _shown(root: Part, used: frozenset[str]) -> frozenset[str]:
    pages = (leaf for leaf in root.leaves() if leaf.path in used and leaf.content_type == "text/html")
    found = (_CID.findall(page.beginning(limits.HTML)[0]) for page in pages)
    return frozenset(cid.decode("utf-8", "replace").lower() for ids in found for cid in ids)


def _leaf_listing(leaf: Part, level: _Level) -> Iterator[File]:
    name = clean.file_name(leaf.file_name)
    opened = winmail(leaf) if _is_winmail(leaf, name) else None
    evidence = not opened and not _is_decoration(leaf, name, level)
    yield File(leaf.path, name, leaf.content_type, evidence, leaf.chunks, leaf.problem)
    if opened:
        yield from _tnef_files(opened, leaf.path, depth=0)
    if leaf.is_mail():
        for child in leaf.children:
            yield from listing(child)


def _is_decoration(leaf: Part, name: str, level: _Level) -> bool:
    if leaf.content_type in _SIGNATURES or leaf.content_type in _REPORTS + _FORKS or name.lower() == "smime.p7s":
        return True
    if not leaf.content_type.startswith("image/") or leaf.disposition.startswith("attachment"):
        return False
    cid = leaf.fields.text("content-id").strip("<> ").lower()
    if cid and cid in level.shown:
        return _smaller(leaf, limits.DECORATION)
    return bool(_LOGO_NAME.fullmatch(name.lower())) and _smaller(leaf, limits.SMALL_IMAGE)


def _smaller(leaf: Part, most: int) -> bool:
    return not leaf.beginning(most)[1]


def _is_winmail(leaf: Part, name: str) -> bool:
    return leaf.content_type in _TNEF_TYPES or name.lower() == "winmail.dat"


def winmail(leaf: Part) -> tnef.Winmail | None:
    """The content of a winmail.dat part; None when it is none, larger than TNEF_BYTES, or broken with no file in it."""
    data, cut = leaf.beginning(limits.TNEF_BYTES)
    mail = None if cut else tnef.read(data)
    return mail if mail and (mail.files or (mail.complete and mail.spent)) else None


def winmail_body(root: Part) -> tuple[str, str]:
    """(text, html) of the first winmail.dat that has one; for a mail without any other text."""
    for leaf in root.leaves():
        mail = winmail(leaf) if _is_winmail(leaf, clean.file_name(leaf.file_name)) else None
        if mail and (mail.text.strip() or mail.html.strip()):
            return mail.text, mail.html
    return "", ""


def _tnef_files(mail: tnef.Winmail, path: str, depth: int) -> Iterator[File]:
    for number, file in enumerate(mail.files):
        place = f"{path}/winmail:{number}"
        problem = "" if mail.complete or file is not mail.files[-1] else "winmail.dat abîmé : peut-être incomplet"
        kind = file.content_type if _TYPE.fullmatch(file.content_type) else ""
        yield File(
            place, clean.file_name(file.name), kind or "application/octet-stream", True, _whole(file.data), problem
        )
        inner = tnef.read(file.data) if depth < limits.NESTED_MESSAGES else None
        if inner:
            yield from _tnef_files(inner, place, depth + 1)


def _whole(data: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter((data,))


def _uu_listing(leaf: Part) -> Iterator[File]:
    if leaf.content_type != "text/plain" or b"begin " not in leaf.beginning(limits.TEXT)[0]:
        return
    for number, file in enumerate(codec.uu_files(b"".join(leaf.chunks()))):
        name = clean.file_name(codec.characters(file.name, leaf.params.get("charset", "")))
        yield File(f"{leaf.path}/uu:{number}", name, "application/octet-stream", True, _whole(file.data))


def measured(file: File) -> Attachment:
    """The record of a file: its bytes are counted and hashed piece by piece, never held whole."""
    digest, size, beginning = hashlib.sha256(), 0, bytearray()
    for chunk in file.chunks():
        digest.update(chunk)
        size += len(chunk)
        beginning += chunk[: limits.LETTER_OF_OURS - len(beginning)]
    return Attachment(
        path=file.path,
        name=file.name,
        content_type=file.content_type,
        size=size,
        sha256=digest.hexdigest(),
        evidence=file.evidence,
        problem=file.problem,
        danger=kinds.danger(file.name, bytes(beginning)),
        ours=ours.held_in(bytes(beginning)),
    )
