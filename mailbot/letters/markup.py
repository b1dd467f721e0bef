"""The light markup of the letters → blocks → the plain text part; page.py draws the same blocks as HTML.

A line is a line: `# ` the title, `## ` a heading, `- ` a list item, `- [x] ` a step done, `- [>] ` the present one,
`- [ ] ` one to come, `> ` a quotation, `| a | b |` a row, `|= what | 3 | 12 |` a bar of 3 in 12, `===` the separator,
`=> ` a button (written by the filter `taps` only), the rest a paragraph; an empty line ends a block. What comes from a
variable stands between two private-use marks, so that nothing in it is ever at the start of a line: it cannot act as markup.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from mailbot.letters import borrowed

OPEN, CLOSE, PIPE, LINK = "\ue000", "\ue001", "\ue002", "\ue003"
SPAN = re.compile(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}")
WIDTH = 76
BROKEN = re.compile(r"[\t\n\v\f\r]")  # white space that textwrap makes spaces of
UNEVEN = re.compile(r"^\Z|^\s|\s\Z|[\t-\r]| (?=\s)")  # where textwrap does more than break between two words
REPEATED = 512  # lines and blocks that letter after letter says again: they are laid out once
ENDS = re.compile(r"\n{3,}")
STARTS = (("# ", "title"), ("## ", "heading"), ("- ", "item"), ("> ", "quote"))
SIGNIFICANT = frozenset(
    ["", "=", "|", *(start[0] for start, _ in STARTS)]
)  # how every line begins that is more than words
STEPS = ("- [x] ", "- [>] ", "- [ ] ")
DONE, NOW, NEXT = "✓", "→", "○"
SIGNS = {"x": DONE, ">": NOW, " ": NEXT}
SEPARATOR = {"fr": "Répondre au-dessus de cette ligne", "en": "Reply above this line"}
TYPED = {  # to whom and what to write, for whoever reads without buttons
    "fr": ("Sans bouton, écrivez à {} :", "Objet à écrire\u00a0:", "Texte à compléter\u00a0:", "\u00a0:"),
    "en": ("Without the button, write to {}:", "Subject to type:", "Text to complete:", ":"),
}


class Marked(str):
    """Markup written by us around borrowed lines; `finalize` lets it through as it is."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Neighbouring lines of one kind: house | title | heading | item | step | quote | row | bar | rule | button |
    paragraph | small. A step begins with its sign, a button holds its link behind a mark."""

    kind: str
    lines: tuple[str, ...]


def inert(value: object) -> str:
    """The value of a variable: one line, between marks; a `Marked` or a piece of safe HTML as it is."""
    if type(value) is not str and isinstance(value, str) and (isinstance(value, Marked) or hasattr(value, "__html__")):
        return value
    text = "" if value is None else str(value)
    return _repeated_value(text) if len(text) < WIDTH else _value(text)  # what is longer is hardly said twice


def _value(text: str) -> str:
    return _between_marks(borrowed.one_line(text))


_repeated_value = lru_cache(maxsize=REPEATED)(_value)


def quote(text: str, limit: int) -> Marked:
    """Somebody's own words as a quotation of at most `limit` characters, their line breaks kept."""
    words = borrowed.cut(borrowed.clean(text).strip(), limit)
    return Marked("\n".join(f"> {_between_marks(line)}" for line in _lines(words)))


def own_words(text: str) -> Marked:
    """The organisation's own answer, its paragraphs and line breaks kept, inert as markup; a personal code never
    leaves in it (spec §6)."""
    lines = _lines(borrowed.uncoded(borrowed.clean(text)).strip())
    return Marked("\n".join(_between_marks(line) if line.strip() else "" for line in lines))


def button(label: str, link: str, *, spelled: bool, main: bool = True) -> Marked:
    """A button line; `spelled`: the plain text part prints the body of the mail that it opens; `main`: drawn full."""
    return Marked(f"=> {inert(label)}{LINK}{link}{LINK}{'spelled' if spelled else ''}{LINK}{'main' if main else ''}")


def _lines(text: str) -> list[str]:
    return [line.replace("\t", " ").rstrip() for line in ENDS.sub("\n\n", text).split("\n")]


def _between_marks(line: str) -> str:
    return OPEN + line.replace("|", PIPE) + CLOSE


def bare(text: str) -> str:
    """Without our marks."""
    return text.replace(OPEN, "").replace(CLOSE, "").replace(PIPE, "|")


def parse(source: str) -> list[Block]:
    """The blocks of a rendered template, marks still in."""
    blocks: list[Block] = []
    lines: list[str] = []
    before = ""
    for line in source.split("\n"):
        line = line.strip()
        kind = _kind(line) if line else ""
        if kind != before and lines:
            blocks.append(Block(kind=before, lines=tuple(lines)))
            lines = []
        if kind:
            lines.append(line if kind == "paragraph" else _content(kind, line))
        before = kind
    if lines:
        blocks.append(Block(kind=before, lines=tuple(lines)))
    return blocks


def _kind(line: str) -> str:
    if line[:1] not in SIGNIFICANT:
        return "paragraph"
    if line == "===":
        return "rule"
    if line.startswith("=> ") and LINK in line:
        return "button"
    if line.startswith("|") and line.endswith("|") and len(line) > 1:
        return "bar" if line.startswith("|=") else "row"
    if line.startswith(STEPS):
        return "step"
    for start, kind in STARTS:
        if line.startswith(start):
            return kind
    return "paragraph"


def _content(kind: str, line: str) -> str:
    if kind in ("row", "bar"):
        return line[1:-1].removeprefix("=")
    if kind == "step":
        return SIGNS[line[3]] + line[6:]
    length = {"heading": 3, "button": 3, "title": 2, "item": 2, "quote": 2}.get(kind, 0)
    return line[length:]


def cells(row: str) -> list[str]:
    """The cells of a row or a bar, without marks."""
    return [bare(cell).strip() for cell in row.split("|")]


def to_text(blocks: list[Block], language: str) -> str:
    """The plain text part, wrapped at 76 columns, `\\n` between lines."""
    return "\n\n".join(_text_block(block, language) for block in blocks) + "\n"


def _text_block(block: Block, language: str) -> str:
    if block.kind == "button":
        to = block.lines[0].split(LINK)[1].partition("?")[0].removeprefix("mailto:")
        return "\n\n".join([TYPED[language][0].format(to), *(_typed(line, language) for line in block.lines)])
    lay = _text_line if block.kind == "quote" else _repeated_line  # nobody quotes the same twice
    return "\n".join(lay(block.kind, line, language) for line in block.lines)


def _typed(line: str, language: str) -> str:
    """What to type instead of touching the button: subject, and body when it is a form; as the link has them, cut or not."""
    label, link, spelled, _ = line.split(LINK)
    words, _, form = link.partition("?subject=")[2].partition(
        "&body="
    )  # written by buttons.mailto: no other & stands in it
    _, subject, body, colon = TYPED[language]
    lines = [f"{bare(label)}{colon}", f"  {subject} {unquote(words)}"]
    if spelled:
        lines += [f"  {body}", *(f"    {row}".rstrip() for row in unquote(form).split("\r\n"))]
    return "\n".join(lines)


def _text_line(kind: str, line: str, language: str) -> str:
    if kind == "rule":
        return f"---- {SEPARATOR[language]} ----"
    if kind == "quote":
        return _wrap(bare(line), "> ", "> ")
    if kind == "item":
        return _wrap(bare(line), "- ", "  ")
    if kind == "step":
        return _wrap(bare(line[1:]), f"{line[0]} ", "  ")
    if kind == "heading":
        return _wrap(bare(line).upper(), "", "")
    if kind in ("row", "bar"):
        told = cells(line)[: 2 if kind == "bar" else None]
        colon = "\u00a0: " if language == "fr" else ": "
        return _wrap(colon.join(told) if len(told) == 2 else " – ".join(filter(None, told)), "", "  ")
    return _wrap(bare(line), "", "")


@lru_cache(maxsize=REPEATED)
def _repeated_line(kind: str, line: str, language: str) -> str:
    return _text_line(kind, line, language)


def _broken(line: str, first: str, following: str) -> Iterator[str]:
    """Words between single spaces, as many to a line as fit; a longer one stands by itself."""
    indent = first
    while line:
        room = WIDTH - len(indent)
        end = len(line)
        if end > room:
            end = line.rfind(" ", 0, room + 1)
            end = line.find(" ") if end < 0 else end
            end = len(line) if end < 0 else end
        yield indent + line[:end]
        line, indent = line[end + 1 :], following


def _wrap(line: str, first: str, following: str) -> str:
    if line and len(first) + len(line) <= WIDTH and line == line.strip() and not BROKEN.search(line):
        return first + line  # most lines: what textwrap would give, without its splitting and joining
    if not UNEVEN.search(line):
        return "\n".join(_broken(line, first, following))
    wrapped = textwrap.fill(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped or first.rstrip()
