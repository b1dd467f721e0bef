"""One local page, every mailbox side by side: static, nothing remote, nothing executed, all of a mail escaped."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib.resources import files
from string import Template
from zoneinfo import ZoneInfo

from mailbot import message
from mailbot.message import Address, Attachment, Message

LIMIT_TEXT = 20_000  # characters of one mail shown; the .eml has the rest
LIMIT_HTML = 200_000
LIMIT_PICTURE = 300_000  # bytes
PICTURES = ("image/png", "image/jpeg", "image/gif")  # never SVG: it is a document, not a picture
PARIS = ZoneInfo("Europe/Paris")
# A policy does not forbid to open a connection ahead (<link rel=preconnect>): such elements are renamed as well.
_REACHING = re.compile(r"<(?=/?(?:link|meta|base|script|iframe|object|embed)\b)", re.ASCII | re.IGNORECASE)
FRAME_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta http-equiv="x-dns-prefetch-control" content="off"><meta name="referrer" content="no-referrer">'
    "<style>body{font:15px sans-serif;margin:8px}</style>"
)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A mailbox as it stands: whose it is, and its mails in the order of arrival, each with the link to its .eml."""

    addr: str
    name: str
    part: str
    kind: str  # desk | staff | outside
    mails: tuple[tuple[str, bytes], ...]  # (relative path of the .eml, raw bytes)


def render(
    boxes: Sequence[Box],
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    intro: str,
    legend: str,
    told: Iterable[tuple[str, Sequence[str]]] = (),
) -> str:
    """The whole page. `head` and `rows` are the summary table, `told` the story; every argument is plain text, escaped here."""
    template = Template((files("mailbot.demo") / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        intro=escape(intro),
        table=_table(head, list(rows)),
        told=_told(list(told)),
        legend=escape(legend),
        boxes="\n".join(map(_box, boxes)),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>{body}</table>"


def _told(chapters: Sequence[tuple[str, Sequence[str]]]) -> str:
    if not chapters:
        return ""
    lines = "".join(
        f"<dt>{escape(title)}</dt>{''.join(f'<dd>{escape(f)}</dd>' for f in facts)}" for title, facts in chapters
    )
    return f'<details class="told" open><summary>L’histoire, pas à pas</summary><dl>{lines}</dl></details>'


def _box(box: Box) -> str:
    title = f"<h2>{escape(box.name)}</h2><p>{escape(box.addr)} – {escape(box.part)}</p>"
    mails = "".join(_mail(path, raw, opened=at == 0) for at, (path, raw) in enumerate(box.mails))
    return f'<section class="{escape(box.kind)}">{title}{mails or NOTHING}</section>'


NOTHING = '<p class="none">Aucun courrier.</p>'


@lru_cache(maxsize=2000)  # a mail never changes, and the page is written again at each delivery
def _mail(path: str, raw: bytes, *, opened: bool) -> str:
    read = _read(raw)
    link = f'<p class="eml"><a href="{escape(path)}">Le courrier tel qu’il est arrivé (.eml)</a></p>'
    return (
        f'<details class="mail"{" open" if opened else ""}>{_summary(read)}{_fields(read)}'
        f"<pre>{escape(_cut(read.text))}</pre>{_attachments(read, raw)}{_html(read.html)}{link}</details>"
    )


def _read(raw: bytes) -> Message:
    try:
        return message.read(raw)
    except message.Unreadable:
        return message.read_headers(raw)


def _summary(read: Message) -> str:
    when = read.date.astimezone(PARIS).strftime("%d/%m à %H:%M") if read.date else ""
    many = len(read.attachments)
    count = f' <span class="count">({many} fichier{"s" if many > 1 else ""})</span>' if many else ""
    who = _shown(read.from_, short=True) or "expéditeur illisible"
    return (
        f'<summary><span class="when">{when}</span><span class="who">{escape(who)}</span>{count}'
        f'<span class="subject">{escape(read.subject or "(sans objet)")}</span></summary>'
    )


def _shown(address: Address | None, *, short: bool = False) -> str:
    if address is None:
        return ""
    if short:
        return address.name or address.addr
    return f"{address.name} <{address.addr}>" if address.name else address.addr


def _fields(read: Message) -> str:
    moment = read.date.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M:%S (Paris)") if read.date else "illisible"
    pairs = [("De", _shown(read.from_)), ("À", ", ".join(map(_shown, read.to)))]
    pairs += [("Copie", ", ".join(map(_shown, read.cc)))] if read.cc else []
    pairs += [("Date", moment)]
    pairs += [("Automatique", read.automatic[0])] if read.automatic else []
    pairs += [("Identité", read.authentication[0])] if read.authentication else []
    return f"<dl>{''.join(f'<dt>{escape(k)}</dt><dd>{escape(_cut(v, 2000))}</dd>' for k, v in pairs)}</dl>"


def _cut(text: str, most: int = LIMIT_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]}\n\n[… la suite est dans le fichier .eml]"


def _attachments(read: Message, raw: bytes) -> str:
    if not read.attachments:
        return ""
    return f'<ul class="files">{"".join(_attachment(each, raw) for each in read.attachments)}</ul>'


def _attachment(attachment: Attachment, raw: bytes) -> str:
    name = attachment.name or "fichier sans nom"
    size = f"{max(1, round(attachment.size / 1000))} Ko"
    return (
        f"<li><b>{escape(name)}</b> – {escape(attachment.content_type)}, {size}"
        f"<code>SHA-256 {escape(attachment.sha256)}</code>{_picture(attachment, raw)}</li>"
    )


def _picture(attachment: Attachment, raw: bytes) -> str:
    if attachment.content_type not in PICTURES or attachment.size > LIMIT_PICTURE or attachment.problem:
        return ""
    data = base64.b64encode(message.cut_out(raw, attachment.path)).decode("ascii")
    return f'<img alt="" src="data:{attachment.content_type};base64,{data}">'


def _html(html: str) -> str:
    """The HTML of a mail, in a frame that runs, loads and leads to nothing; closed until somebody opens it."""
    if not html.strip():
        return ""
    held = escape(FRAME_POLICY + _REACHING.sub("<x-", html[:LIMIT_HTML]))
    frame = f'<iframe sandbox="" referrerpolicy="no-referrer" loading="lazy" title="HTML" srcdoc="{held}"></iframe>'
    return f'<details class="html"><summary>La version HTML, mise en quarantaine</summary>{frame}</details>'
