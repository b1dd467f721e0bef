"""The light markup of the letters → blocks → a plain text part and an HTML part that say the same.

A line is a line: `## ` a heading, `- ` a list item, `> ` a quotation, `| a | b |` a row, `===` the separator, `=> ` a
button (written by the filter `taps` only), the rest a paragraph; an empty line ends a block. What comes from a variable
stands between two private-use marks, so that nothing in it is ever at the start of a line: it cannot act as markup.
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import parse_qs, urlsplit

from mailbot.letters import borrowed

OPEN, CLOSE, PIPE, LINK = "\ue000", "\ue001", "\ue002", "\ue003"
SPAN = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
WIDTH = 76
ENDS = re.compile(r"\n{3,}")
SEPARATOR = {"fr": "Répondre au-dessus de cette ligne", "en": "Reply above this line"}
TYPED = {  # to whom and what to write, for whoever reads without buttons
    "fr": ("Sans bouton, écrivez à {} :", "Objet à écrire\u00a0:", "Texte à compléter\u00a0:", "\u00a0:"),
    "en": ("Without the button, write to {}:", "Subject to type:", "Text to complete:", ":"),
}

MUTED = "border-left:3px solid #8a8f98;margin:12px 0;padding:2px 0 2px 12px"
STYLES = {
    "heading": "font-size:17px;margin:22px 0 6px",
    "paragraph": "margin:10px 0",
    "list": "margin:8px 0;padding-left:22px",
    "table": "border-collapse:collapse;margin:10px 0",
    "cell": "padding:4px 14px 4px 0;vertical-align:top",
    "rule": "border-bottom:1px dashed #8a8f98;font-size:13px;margin:0 0 16px;padding-bottom:6px;text-align:center",
    "small": "font-size:12px;margin:22px 0 0",
    "button": "border-collapse:separate;margin:10px 0;max-width:420px;width:100%",
    # Outlook ignores the padding of a link and takes this one for the cell.
    "press": "background-color:#1f4e8c;border-radius:6px;mso-padding-alt:14px 18px;text-align:center",
    "link": "color:#ffffff;display:block;font-weight:bold;padding:14px 18px;text-decoration:none",
}


class Marked(str):
    """Markup written by us around borrowed lines; `finalize` lets it through as it is."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Neighbouring lines of one kind: heading | item | quote | row | rule | button | paragraph | small."""

    kind: str
    lines: tuple[str, ...]


def inert(value: object) -> str:
    """The value of a variable: one line, between marks; a `Marked` or a piece of safe HTML as it is."""
    if isinstance(value, str) and (isinstance(value, Marked) or hasattr(value, "__html__")):
        return value
    line = "" if value is None else borrowed.one_line(str(value))
    return _between_marks(line)


def quote(text: str, limit: int) -> Marked:
    """Somebody's own words as a quotation of at most `limit` characters, their line breaks kept."""
    words = borrowed.cut(borrowed.clean(text).strip(), limit)
    return Marked("\n".join(f"> {_between_marks(line)}" for line in _lines(words)))


def own_words(text: str) -> Marked:
    """The organisation's own answer, its paragraphs and line breaks kept, inert as markup; a personal code never
    leaves in it (spec §6)."""
    lines = _lines(borrowed.uncoded(borrowed.clean(text)).strip())
    return Marked("\n".join(_between_marks(line) if line.strip() else "" for line in lines))


def button(label: str, link: str, *, spelled: bool) -> Marked:
    """A button line; `spelled`: the plain text part prints the body of the mail that it opens."""
    return Marked(f"=> {inert(label)}{LINK}{link}{LINK if spelled else ''}")


def _lines(text: str) -> list[str]:
    return [line.replace("\t", " ").rstrip() for line in ENDS.sub("\n\n", text).split("\n")]


def _between_marks(line: str) -> str:
    return OPEN + line.replace("|", PIPE) + CLOSE


def bare(text: str) -> str:
    """Without our marks."""
    return text.replace(OPEN, "").replace(CLOSE, "").replace(PIPE, "|")


def parse(source: str) -> list[Block]:
    """The blocks of a rendered template, marks still in."""
    blocks = []
    for kind, lines in groupby(source.split("\n"), key=_kind):
        if kind:
            blocks.append(Block(kind=kind, lines=tuple(_content(kind, line.strip()) for line in lines)))
    return blocks


def _kind(line: str) -> str:
    line = line.strip()
    if line == "===":
        return "rule"
    if line.startswith("=> ") and LINK in line:
        return "button"
    if line.startswith("|") and line.endswith("|") and len(line) > 1:
        return "row"
    for start, kind in (("## ", "heading"), ("- ", "item"), ("> ", "quote")):
        if line.startswith(start):
            return kind
    return "paragraph" if line else ""


def _content(kind: str, line: str) -> str:
    if kind == "row":
        return line[1:-1]
    return {"heading": line[3:], "button": line[3:], "item": line[2:], "quote": line[2:]}.get(kind, line)


def _cells(row: str) -> list[str]:
    return [bare(cell).strip() for cell in row.split("|")]


def to_text(blocks: list[Block], language: str) -> str:
    """The plain text part, wrapped at 76 columns, `\\n` between lines."""
    return "\n\n".join(_text_block(block, language) for block in blocks) + "\n"


def _text_block(block: Block, language: str) -> str:
    if block.kind == "button":
        to = urlsplit(block.lines[0].split(LINK)[1]).path
        return "\n\n".join([TYPED[language][0].format(to), *(_typed(line, language) for line in block.lines)])
    return "\n".join(_text_line(block.kind, line, language) for line in block.lines)


def _typed(line: str, language: str) -> str:
    """What to type instead of touching the button: subject, and body when it is a form."""
    label, link, *spelled = line.split(LINK)
    fields = parse_qs(urlsplit(link).query)
    _, subject, body, colon = TYPED[language]
    lines = [f"{bare(label)}{colon}", f"  {subject} {fields['subject'][0]}"]
    if spelled:
        lines += [f"  {body}", *(f"    {words}".rstrip() for words in fields.get("body", [""])[0].split("\r\n"))]
    return "\n".join(lines)


def _text_line(kind: str, line: str, language: str) -> str:
    if kind == "rule":
        return f"---- {SEPARATOR[language]} ----"
    if kind == "quote":
        return _wrap(bare(line), "> ", "> ")
    if kind == "item":
        return _wrap(bare(line), "- ", "  ")
    if kind == "row":
        cells = _cells(line)
        colon = "\u00a0: " if language == "fr" else ": "
        return _wrap(colon.join(cells) if len(cells) == 2 else " – ".join(filter(None, cells)), "", "  ")
    return _wrap(bare(line), "", "")


def _wrap(line: str, first: str, following: str) -> str:
    wrapped = textwrap.fill(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped or first.rstrip()


def to_html(blocks: list[Block], language: str) -> str:
    """The body of the HTML part: everything escaped, styles inline, no image, no link but mailto: buttons."""
    return "\n".join(_html_block(block, language) for block in blocks)


def _html_block(block: Block, language: str) -> str:
    if block.kind == "rule":
        return _tag("div", "rule", SEPARATOR[language])
    if block.kind == "row":
        return _tag("table", "table", "".join(_html_row(line) for line in block.lines), ' role="presentation"')
    if block.kind == "button":
        return "\n".join(_html_button(line) for line in block.lines)
    lines = [html.escape(bare(line)) for line in block.lines]
    if block.kind == "item":
        return _tag("ul", "list", "".join(f"<li>{line}</li>" for line in lines))
    if block.kind == "quote":
        return f'<blockquote style="{MUTED}">{"<br>".join(lines)}</blockquote>'
    if block.kind == "heading":
        return "".join(_tag("h2", "heading", line) for line in lines)
    return _tag("p", block.kind, "<br>".join(lines))


def _html_row(row: str) -> str:
    return "<tr>" + "".join(_tag("td", "cell", html.escape(cell)) for cell in _cells(row)) + "</tr>"


def _html_button(line: str) -> str:
    label, link, *_ = line.split(LINK)
    inner = _tag("a", "link", html.escape(bare(label)), f' href="{html.escape(link)}"')
    cell = _tag("td", "press", inner, ' bgcolor="#1f4e8c"')
    table = ' role="presentation" width="100%" cellpadding="0" cellspacing="0"'
    return _tag("table", "button", f"<tr>{cell}</tr>", table)


def _tag(name: str, style: str, inner: str, more: str = "") -> str:
    return f'<{name}{more} style="{STYLES[style]}">{inner}</{name}>'
