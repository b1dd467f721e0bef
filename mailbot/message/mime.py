"""The MIME tree of a mail, walked over the bytes themselves: slices, no copies, no recursion beyond the limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailbot.message import armour, codec, headers, limits
from mailbot.message.headers import Fields
from mailbot.message.limits import Unreadable

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}", re.ASCII)
_DELIMITER_TAIL = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_SIGNED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_MAILS = ("message/rfc822", "message/global", "message/news")


@dataclass(slots=True)
class Part:
    """One node of the tree: its fields, and where its body lies in `source`."""

    path: str  # as IMAP counts: "1", "1.2"; behind "/rfc822:" in a nested mail, "/signed:" in an opaque signature
    fields: Fields
    content_type: str
    params: dict[str, str]
    disposition: str  # "attachment" | "inline" | "" | …
    file_name: str  # as sent, decoded, not cleaned
    encoding: str
    source: bytes
    start: int
    end: int
    children: list[Part] = field(default_factory=list)  # of a multipart; of a nested mail its root
    problem: str = ""

    def is_mail(self) -> bool:
        """Whether this is a nested mail; its tree, when it could be opened, is the only child."""
        return self.content_type in _MAILS

    def is_multipart(self) -> bool:
        return bool(self.children) and not self.is_mail()

    def chunks(self) -> Iterator[bytes]:
        """The body after transfer decoding, in pieces."""
        return codec.decoded(self.source, self.start, self.end, self.encoding)

    def beginning(self, most: int) -> tuple[bytes, bool]:
        """At most `most` decoded bytes, and whether something was left."""
        kept: list[bytes] = []
        size = 0
        for chunk in self.chunks():
            kept.append(chunk)
            size += len(chunk)
            if size > most:
                return b"".join(kept)[:most], True
        return b"".join(kept), False

    def leaves(self) -> Iterator[Part]:
        """The parts that hold content, in order; a nested mail is one leaf, its inside is not walked."""
        if not self.is_multipart():
            yield self
            return
        for child in self.children:
            yield from child.leaves()


@dataclass(slots=True)
class _Walk:
    """What is left to spend, and what had to be given up."""

    problems: list[str]
    parts: int = 0

    def count(self) -> None:
        self.parts += 1
        if self.parts > limits.PARTS:
            raise Unreadable(f"plus de {limits.PARTS} parties MIME dans un seul message")


def tree(raw: bytes, problems: list[str]) -> Part:
    """The tree of a mail. Raises Unreadable above PARTS; everything else is repaired and told in `problems`."""
    return _part(_Walk(problems), raw, 0, len(raw), ("", ""), (0, 0), "text/plain")


def _part(
    walk: _Walk, source: bytes, start: int, end: int, place: tuple[str, str], depth: tuple[int, int], default: str
) -> Part:
    walk.count()
    fields, body = headers.read_block(source, start, end)
    walk.problems.extend(fields.problems[:5])
    part = _described(fields, place, default)
    part.source, part.start, part.end = source, body, end
    if part.content_type.startswith("multipart/"):
        _open_multipart(walk, part, place, depth)
    elif part.is_mail():
        _open_mail(walk, part, depth)
    elif part.content_type in _SIGNED:
        _open_signed(walk, part, place, depth)
    if not codec.known_encoding(part.encoding):
        walk.problems.append(f"partie {part.path} : codage de transfert inconnu, octets gardés tels quels")
    return part


def _described(fields: Fields, place: tuple[str, str], default: str) -> Part:
    head, params = headers.parameters(fields.first("content-type") or b"")
    disposition, details = headers.parameters(fields.first("content-disposition") or b"")
    name = details.get("filename") or params.get("name") or ""
    found = _TYPE.match(head)
    unknown = "application/octet-stream" if name or disposition.startswith("attachment") else default
    return Part(
        path=place[0] + (place[1] or "1"),
        fields=fields,
        content_type=_by_name(found.group() if found else unknown, name),
        params=params,
        disposition=disposition,
        file_name=name,
        encoding=codec.encoding_name(headers.words(fields.first("content-transfer-encoding") or b"")),
        source=b"",
        start=0,
        end=0,
    )


def _by_name(content_type: str, name: str) -> str:
    """Webmails and gateways label mails and signatures as mere bytes; their names still say what they are."""
    if content_type != "application/octet-stream":
        return content_type
    return {"eml": "message/rfc822", "p7m": _SIGNED[0]}.get(name.strip().lower().rpartition(".")[2], content_type)


def _open_multipart(walk: _Walk, part: Part, place: tuple[str, str], depth: tuple[int, int]) -> None:
    if depth[0] >= limits.DEPTH:
        part.problem = "trop de niveaux imbriqués : gardé fermé"
        walk.problems.append(f"partie {part.path} : {part.problem}")
        part.content_type = "application/octet-stream"
        return
    boundary = part.params.get("boundary", "").rstrip().encode("utf-8", "replace")
    slices, closed = sections(part.source, boundary, part.start, part.end) if boundary else ([], False)
    if not slices:
        walk.problems.append(f"partie {part.path} : multipart sans séparateur, lue comme du texte")
        part.content_type = "text/plain"
        return
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for number, (start, end) in enumerate(slices, 1):
        local = f"{place[1]}.{number}" if place[1] else str(number)
        deeper = (depth[0] + 1, depth[1])
        part.children.append(_part(walk, part.source, start, end, (place[0], local), deeper, default))
    part.encoding = ""
    if not closed:
        walk.problems.append(f"partie {part.path} : séparateur de fin manquant")
        leaf = _last_leaf(part)
        leaf.problem = leaf.problem or "fin manquante : peut-être incomplet"


def _last_leaf(part: Part) -> Part:
    while part.children and not part.is_mail():
        part = part.children[-1]
    return part


def sections(source: bytes, boundary: bytes, start: int, end: int) -> tuple[list[tuple[int, int]], bool]:
    """The slices between the delimiter lines of a multipart (RFC 2046 §5.1.1), and whether it was closed.

    Only whole lines count: a longer boundary that begins alike is another one. Raises Unreadable above PARTS."""
    slices: list[tuple[int, int]] = []
    opened = -1
    for line, after, closing in _delimiters(source, b"--" + boundary, start, end):
        if opened >= 0:
            slices.append((opened, max(opened, _before_newline(source, line, start))))
        opened = after
        if closing:
            return slices, True
        if len(slices) > limits.PARTS:
            raise Unreadable(f"plus de {limits.PARTS} parties MIME dans un seul message")
    if opened >= 0:
        slices.append((opened, end))
    return slices, False


def _delimiters(source: bytes, delimiter: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    at = start if source.startswith(delimiter, start, end) else _next_line(source, delimiter, start, end)
    while at >= 0:
        tail = _DELIMITER_TAIL.match(source, at + len(delimiter), end)
        if tail:
            yield at, tail.end(), tail.group(1) is not None
        at = _next_line(source, delimiter, tail.end() - 1 if tail else at, end)


def _next_line(source: bytes, delimiter: bytes, at: int, end: int) -> int:
    found = source.find(b"\n" + delimiter, at, end)
    return found + 1 if found >= 0 else -1


def _before_newline(source: bytes, line: int, start: int) -> int:
    stop = line - 1
    return stop - 1 if stop > start and source[stop - 1] == 13 else stop


def _open_mail(walk: _Walk, part: Part, depth: tuple[int, int]) -> None:
    if depth[1] >= limits.NESTED_MESSAGES or depth[0] >= limits.DEPTH:
        part.problem = "trop de messages imbriqués : gardé fermé"
        walk.problems.append(f"partie {part.path} : {part.problem}")
        return
    source, start, end = part.source, part.start, part.end
    if part.encoding not in ("", "7bit", "8bit", "binary"):
        source = b"".join(part.chunks())
        start, end = 0, len(source)
    deeper = (depth[0] + 1, depth[1] + 1)
    part.children.append(_part(walk, source, start, end, (f"{part.path}/rfc822:", ""), deeper, "text/plain"))


def _open_signed(walk: _Walk, part: Part, place: tuple[str, str], depth: tuple[int, int]) -> None:
    """What an opaque signature covers stands in its place; the signature itself stays in the raw mail."""
    data, cut = part.beginning(limits.SIGNED_BYTES)
    content = None if cut or depth[0] >= limits.DEPTH else armour.signed_content(data)
    if content is None:
        return
    deeper = (depth[0] + 1, depth[1])
    part.children.append(_part(walk, content, 0, len(content), (f"{part.path}/signed:", ""), deeper, "text/plain"))
    part.encoding = ""
