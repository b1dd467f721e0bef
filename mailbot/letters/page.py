"""Blocks → the body of the HTML part: everything escaped, styles inline, no link but mailto: buttons."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from mailbot.colours import ACCENT
from mailbot.letters import look, markup
from mailbot.letters.look import Look
from mailbot.letters.markup import Block, bare, cells

TAGS = {"house": "p", "title": "h1", "heading": "h2", "paragraph": "p", "small": "p", "rule": "div"}
STATES = {markup.DONE: "done", markup.NOW: "now", markup.NEXT: "next"}
NUMBER = re.compile(r"\b([A-Z]{2,8}-[0-9]{4}-[0-9]{4,9})\b", re.ASCII)
WIDEST = 100  # per cent of its cell that a full bar takes


def to_html(blocks: list[Block], language: str, dress: Look | None = None) -> str:
    """The blocks in their order, in that look."""
    accent = dress.accent if dress else ACCENT
    return "".join((_block if block.kind == "quote" else _repeated)(block, language, accent) for block in blocks)


@lru_cache(maxsize=markup.REPEATED)
def _repeated(block: Block, language: str, accent: str) -> str:
    return _block(block, language, accent)


def _block(block: Block, language: str, accent: str) -> str:
    dress = look.of(accent)
    if block.kind in DRAWN:
        return DRAWN[block.kind](block, dress)
    if block.kind == "rule":
        return _tag("div", "rule", markup.SEPARATOR[language], dress)
    lines = "<br>".join(_said(bare(line)) for line in block.lines)
    return _tag(TAGS[block.kind], "text" if block.kind == "paragraph" else block.kind, lines, dress)


def _headings(block: Block, dress: Look) -> str:
    return "".join(_tag(TAGS[block.kind], block.kind, _said(bare(line)), dress) for line in block.lines)


def _quote(block: Block, dress: Look) -> str:
    return _tag("blockquote", "quote", "<br>".join(_said(bare(line)) for line in block.lines), dress)


def _items(block: Block, dress: Look) -> str:
    return _tag("ul", "list", "".join(f"<li>{_said(bare(line))}</li>" for line in block.lines), dress)


def _steps(block: Block, dress: Look) -> str:
    """A list that says of each step by its words where it stands; the sign before it is for the eye."""
    steps = []
    for line in block.lines:
        state = STATES[line[0]]
        sign = f'<span aria-hidden="true">{line[0]}\u00a0</span>'
        current = ' aria-current="step"' if state == "now" else ""
        steps.append(_tag("li", state, sign + html.escape(bare(line[1:])), dress, current))
    return _tag("ol", "steps", "".join(steps), dress, ' role="list"')


def _rows(block: Block, dress: Look) -> str:
    return _tag("table", "facts", "".join(_row(line, dress) for line in block.lines), dress)


def _row(line: str, dress: Look) -> str:
    name, *rest = cells(line)
    said = "".join(_tag("td", "said", _said(cell), dress) for cell in rest)
    return "<tr>" + _tag("th", "name", _said(name), dress, ' scope="row"') + said + "</tr>"


def _bars(block: Block, dress: Look) -> str:
    return _tag("table", "bars", "".join(_bar(line, dress) for line in block.lines), dress)


def _bar(line: str, dress: Look) -> str:
    """What, how many, and a stripe as long as the share; without colours or tables the number still says it."""
    what, count, of, *_ = [*cells(line), "0", "0"]
    number, whole = (int(n) if n.isdigit() else 0 for n in (count, of))
    share = min(WIDEST, max(2, round(WIDEST * number / whole))) if number and whole else 0
    cell = _tag("td", "bar", "\u00a0", dress, f' bgcolor="{dress.accent}"')
    sizes = f'role="presentation" width="{share}%" cellpadding="0" cellspacing="0"'
    stripe = f"<table {sizes}><tr>{cell}</tr></table>" if share else "\u00a0"
    return (
        "<tr>"
        + _tag("th", "what", html.escape(what), dress, ' scope="row"')
        + _tag("td", "count", html.escape(count), dress)
        + _tag("td", "track", stripe, dress, ' aria-hidden="true"')
        + "</tr>"
    )


def _buttons(block: Block, dress: Look) -> str:
    return "".join(_button(line, dress) for line in block.lines)


def _button(line: str, dress: Look) -> str:
    """A table of one cell: Outlook draws its colour and its padding, and ignores those of a link."""
    label, link, _, main = line.split(markup.LINK)
    words, cell = ("link", "press") if main else ("quiet", "other")
    inner = _tag("a", words, html.escape(bare(label)), dress, f' href="{html.escape(link)}"')
    row = "<tr>" + _tag("td", cell, inner, dress) + "</tr>"
    return _tag("table", "button", row, dress, ' role="presentation" width="100%" cellpadding="0" cellspacing="0"')


def _said(text: str) -> str:
    return (
        _repeated_words(text) if len(text) <= markup.WIDTH * 2 else _words(text)
    )  # what is longer is hardly said twice


def _words(text: str) -> str:
    """Escaped; a file's number is never broken over two lines."""
    return NUMBER.sub(r'<span style="white-space:nowrap">\1</span>', html.escape(text))


_repeated_words = lru_cache(maxsize=markup.REPEATED)(_words)


def _tag(name: str, style: str, inner: str, dress: Look, more: str = "") -> str:
    named = f' class="{style}"' if style in dress.classes else ""
    worn = f' style="{dress.inline[style]}"' if style in dress.inline else ""
    return f"<{name}{more}{named}{worn}>{inner}</{name}>"


DRAWN = {
    "title": _headings,
    "heading": _headings,
    "quote": _quote,
    "item": _items,
    "step": _steps,
    "row": _rows,
    "bar": _bars,
    "button": _buttons,
}
