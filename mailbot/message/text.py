"""The readable text of a mail: plain text, or HTML laid out as text; never a file glued in, never a network call."""

from __future__ import annotations

import html as entities
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html
from bs4 import BeautifulSoup
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig

from mailbot.message import armour, clean, codec, limits, outline
from mailbot.message.mime import Part

_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset=[\"']?([A-Za-z0-9_:.+-]{1,40})", re.IGNORECASE)
_HIDDEN = ("display:none", "visibility:hidden", "opacity:0;", "max-height:0;", "max-height:0px;")
_TAG = re.compile(r"<[^<>]*>")
_BLANK_LINES = re.compile(r"\n{4,}")
_HEAVY = re.compile(r"<(?:t[dh]|br)[\s/>]", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Body:
    """What was written, in its two forms, and the leaves it was read from."""

    text: str
    html: str
    used: frozenset[str]  # paths of the leaves that are the body, not attachments
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Piece:
    """One stretch of the body; an alternative gives both forms of the same stretch."""

    plain: str | None
    html: str | None


def body(root: Part) -> Body:
    """The body below one root; nested mails and attachments are left out."""
    used: set[str] = set()
    problems: list[str] = []
    pieces = _pieces(root, used, problems)
    text = "\n\n".join(piece for piece in (_as_text(piece, problems) for piece in pieces) if piece)
    page = "\n".join(_as_html(piece) for piece in pieces) if any(piece.html for piece in pieces) else ""
    if len(text) > limits.TEXT:
        problems.append("texte coupé à 512 ko")
    return Body(clean.body(text).strip("\n"), clean.body(page, limits.HTML), frozenset(used), tuple(problems))


def _pieces(part: Part, used: set[str], problems: list[str], *, alternative: bool = False) -> list[_Piece]:
    if not part.is_multipart():
        if not _is_body(part, first=alternative or not used):
            return []
        used.add(part.path)
        return [_leaf(part, problems)]
    alternative = part.content_type == "multipart/alternative"
    found = [piece for child in part.children for piece in _pieces(child, used, problems, alternative=alternative)]
    return [_merged(found)] if alternative and found else found


def _is_body(part: Part, *, first: bool) -> bool:
    # A text with a file name is a file, unless it is the first thing of the mail.
    if part.content_type not in ("text/plain", "text/html") or part.disposition.startswith("attachment"):
        return False
    return first or not part.file_name


def _merged(pieces: list[_Piece]) -> _Piece:
    plain = [piece.plain for piece in pieces if piece.plain is not None]
    page = [piece.html for piece in pieces if piece.html is not None]
    return _Piece("\n\n".join(plain) if plain else None, "\n".join(page) if page else None)


def _leaf(part: Part, problems: list[str]) -> _Piece:
    data, cut = part.beginning(limits.TEXT)
    if part.encoding == "base64" and not codec.looks_base64(
        part.source[part.start : min(part.end, part.start + 4_000)]
    ):
        problems.append(f"partie {part.path} : annoncée en base64, lue telle quelle")
        data, cut = (
            part.source[part.start : min(part.end, part.start + limits.TEXT)],
            part.end - part.start > limits.TEXT,
        )
    if cut:
        problems.append(f"partie {part.path} : texte coupé à 512 ko")
    if part.content_type == "text/html":
        label = part.params.get("charset", "") or _meta_charset(data)
        return _Piece(None, clean.body(codec.characters(data, label, cut=cut), limits.HTML))
    text = codec.characters(_without_uu(data), part.params.get("charset", ""), cut=cut)
    text = armour.without_pgp(text.replace("\r\n", "\n").replace("\r", "\n"))
    if part.params.get("format", "").lower() == "flowed":
        text = flowed(text, delsp=part.params.get("delsp", "").lower() == "yes")
    return _Piece(text, None)


def _meta_charset(data: bytes) -> str:
    found = _META_CHARSET.search(data[:4_000])
    return found.group(1).decode("ascii") if found else ""


def _without_uu(data: bytes) -> bytes:
    if b"begin " not in data:
        return data
    kept, at = [], 0
    for file in codec.uu_files(data):
        kept.append(data[at : file.start])
        at = file.end
    return b"".join([*kept, data[at:]])


def flowed(text: str, *, delsp: bool) -> str:
    """Paragraphs of format=flowed put together again (RFC 3676 §4)."""
    out: list[str] = []
    held: list[str] = []
    depth = 0
    for row in text.split("\n"):
        content = row.lstrip(">")
        quotes = len(row) - len(content)
        content = content[1:] if content.startswith(" ") else content
        if held and (quotes != depth or content == "-- "):
            out.append(_unheld(depth, held))
        depth = quotes
        soft = content.endswith(" ") and content != "-- "
        held.append(content[:-1] if soft and delsp else content)
        if not soft:
            out.append(_unheld(depth, held))
    return "\n".join([*out, _unheld(depth, held)] if held else out)


def _unheld(depth: int, held: list[str]) -> str:
    paragraph = "".join(held)
    held.clear()
    return (">" * depth + " " + paragraph) if depth else paragraph


def _as_text(piece: _Piece, problems: list[str]) -> str:
    plain = (piece.plain or "").strip()
    if piece.html is None or (plain and not _says_see_html(plain)):
        return (piece.plain or "").strip("\n")
    return html_to_text(piece.html, problems) or plain


def _says_see_html(plain: str) -> bool:
    return len(plain) < 200 and "html" in plain.lower()


def _as_html(piece: _Piece) -> str:
    if piece.html is not None:
        return piece.html
    return "<div>" + entities.escape(piece.plain or "").replace("\n", "<br>\n") + "</div>"


def html_to_text(page: str, problems: list[str]) -> str:
    """HTML laid out as text; hidden preheaders are dropped. Tries the better tool first, never fails."""
    page = page[: limits.HTML]
    if not page.strip():
        return ""
    for convert in (_laid_out, _souped, _stripped):
        try:
            text = convert(page)
        except Exception:  # noqa: S112 - a page that one tool cannot read is given to the next, plainer one
            continue
        if text.strip():
            return _BLANK_LINES.sub("\n\n\n", "\n".join(row.rstrip() for row in text.split("\n"))).strip("\n")
    problems.append("HTML sans texte lisible")
    return ""


def with_targets(page: str) -> str:
    """HTML laid out as text, its structure marked (outline.py), where each mailto: link that fills in a mail shows its
    target; "" when it can't be laid out."""
    page = page[: limits.HTML]
    if not page.strip() or sum(1 for _ in _HEAVY.finditer(page)) > limits.HTML_LAYOUT:
        return ""
    try:
        document = _document(page)
        for link in document.iter("a"):
            _show_target(link)
        outline.mark(document)
        return clean.body(str(Inscriptis(document, ParserConfig(css=CSS_PROFILES["strict"])).get_text()))
    except Exception:  # what can't be laid out can't be compared: whoever compares takes "" for a difference
        return ""


def _show_target(link: lxml.html.HtmlElement) -> None:
    target = "".join((link.get("href") or "")[: limits.TARGET].split())
    if target.lower().startswith("mailto:") and "?" in target:
        link.tail = f" <{target}> {link.tail or ''}"


def _document(page: str) -> lxml.html.HtmlElement:
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    document = lxml.html.document_fromstring(page.encode("utf-8"), parser=parser)
    for element in [element for element in document.iter("*") if _is_hidden(element)]:
        element.drop_tree()
    return document


def _is_hidden(element: lxml.html.HtmlElement) -> bool:
    if element.get("hidden") is not None:
        return element.getparent() is not None
    style = element.get("style")
    if not style or element.getparent() is None or element.tag == "body":
        return False
    tight = "".join(style.lower().split()).rstrip(";") + ";"
    return any(mark in tight for mark in _HIDDEN)


def _laid_out(page: str) -> str:
    if sum(1 for _ in _HEAVY.finditer(page)) > limits.HTML_LAYOUT:
        return ""
    return str(Inscriptis(_document(page), ParserConfig(css=CSS_PROFILES["strict"])).get_text())


def _souped(page: str) -> str:
    if page.count("<") > limits.HTML_TAGS:
        return ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of pages that look like a path or like XML
        soup = BeautifulSoup(page, "lxml")
    for element in soup(["script", "style", "head", "title"]):
        element.decompose()
    return "\n".join(_lines(soup.get_text("\n")))


def _stripped(page: str) -> str:
    return "\n".join(_lines(entities.unescape(_TAG.sub("\n", page))))


def _lines(text: str) -> Iterator[str]:
    return (row.strip() for row in text.split("\n") if row.strip())
