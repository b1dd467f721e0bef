"""Where the author's own words end and quoted mail begins. Nothing is thrown away: what is cut is kept as quoted text.

`cut` reads plain text; `cut_page` a page laid out with its structure marked (message/outline.py); `agreed` weighs both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from mailbot.message.outline import COLOUR, MARKS, QUOTE, SIGNATURE
from mailbot.reading import lines as of
from mailbot.reading.form import find_marker
from mailbot.reading.lines import Line
from mailbot.reading.phrases import ANSWERS_BELOW, IN_COLOUR, POSTSCRIPTS
from mailbot.reading.plain import fold

MOST_CHARACTERS, MOST_LINES = 64 * 1024, 2000
_TARGET = re.compile(r"[ \t]?<mailto:[^<>\s]{1,4000}>")
_LONGEST_CARD, _LONGEST_CARD_LINE = 8, 80  # lines, characters


@dataclass(frozen=True)
class Cut:
    """A text in two: `new` is never empty when the text has a visible character; `sure` is False when it is a guess."""

    new: str
    quoted: str
    sure: bool
    bare: bool = False  # nothing of the author's own: quoted mail and what the mail program adds, all of it in `new`
    card: str = ""  # the end of `new` that stood below a line « -- »: a signature card, not prose
    wider: str = ""  # the text up to the last heading, where words stand between two headings and nobody knows whose
    structured: bool = False  # a page that marks its quotations or signature


@dataclass(frozen=True)
class _Quotation:
    """Where quoted mail begins, where its heading ends, and whether each of its lines stands behind « > »."""

    first: int
    after: int
    prefixed: bool


def cut(text: str) -> Cut:
    """Separates what the author wrote now from quoted mail, device lines and signature marks.

    Answers between quoted lines are kept. Only the first 64 kB and 2,000 lines are looked at; the rest follows whatever
    stands at their end.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces, rest = _looked_at(whole)
    return _parted([of.read(piece) for piece in pieces], whole, rest, structured=False)


def cut_page(page: str) -> Cut:
    """The same for a page whose quotations, signature and coloured words are marked: the structure goes before the words."""
    whole = page.replace("\r\n", "\n").replace("\r", "\n")
    if not any(kind[0] in whole for kind in (QUOTE, SIGNATURE, COLOUR)):
        return cut(_unmarked(whole))
    pieces, rest = _looked_at(whole)
    structured = QUOTE[0] in whole or SIGNATURE[0] in whole
    return _parted(_marked(pieces), _unmarked(whole), _unmarked(rest), structured=structured)


def agreed(plain: Cut, page: Cut) -> Cut:
    """One cut of a mail that says the same twice. A page that marks its quotations knows best; sure only if it does no
    more than take away from what the plain text shows, or both say the same."""
    new = _TARGET.sub("", page.new)
    mine, shown = plain.new.split(), new.split()
    if not page.structured or page.bare or not shown or mine == shown:
        return plain
    takes_away = _is_part(shown, mine)
    return replace(page, new=new, sure=page.sure and plain.sure and takes_away, wider="" if takes_away else plain.wider)


def _is_part(words: list[str], of_these: list[str]) -> bool:
    """Whether the words stand in that order among the others."""
    ahead = iter(of_these)
    return all(word in ahead for word in words)


def _unmarked(text: str) -> str:
    return text.translate(MARKS)


def _looked_at(text: str) -> tuple[list[str], str]:
    """The lines within the limits, and whatever lies beyond."""
    pieces = text[:MOST_CHARACTERS].split("\n", MOST_LINES)
    rest = "".join(f"\n{piece}" for piece in pieces[MOST_LINES:]) + text[MOST_CHARACTERS:]
    return pieces[:MOST_LINES], rest


def _marked(pieces: list[str]) -> list[Line]:
    """The lines of a page without its marks, each knowing in what it stands."""
    inside = dict.fromkeys((QUOTE, SIGNATURE, COLOUR), 0)
    found: list[Line] = []
    for piece in pieces:
        within = {kind for kind, depth in inside.items() if depth or kind[0] in piece}
        for opening, closing in inside:
            depth = inside[opening, closing] + piece.count(opening) - piece.count(closing)
            inside[opening, closing] = max(0, depth)
        text = _unmarked(piece)
        if text.strip() or text == piece:
            quoted = QUOTE in within
            kept = False if SIGNATURE in within and not quoted else None
            found.append(replace(of.read(text), quoted=quoted, kept=kept, coloured=COLOUR in within))
    return found


def _parted(lines: list[Line], whole: str, rest: str, *, structured: bool) -> Cut:
    found = _quotation(lines, structured=structured)
    mine = [_is_mine(lines, place, found, structured=structured) for place in range(len(lines))]
    in_colour = found is not None and _announced(lines, found)
    if in_colour:
        mine = [kept or (line.coloured and bool(line.core)) for line, kept in zip(lines, mine, strict=True)]
    new = "\n".join(line.text for line, kept in zip(lines, mine, strict=True) if kept)
    quoted = "\n".join(line.text for line, kept in zip(lines, mine, strict=True) if not kept)
    if rest and found:
        quoted += rest
    elif rest:
        new += rest
    if not new.strip():
        return Cut(whole.strip(), "", sure=not whole.strip(), bare=True, structured=structured)
    sure = not (rest or _answered(lines, mine, found) or _doubtful(lines, found, new, structured=structured))
    card = _card(lines, mine, found)
    return Cut(
        new.strip(), quoted.strip(), sure, card=card, wider=_wider(lines, found), structured=structured or in_colour
    )


def _announced(lines: list[Line], found: _Quotation) -> bool:
    """« Mes réponses sont en rouge », and something below the heading is coloured. Never in a notice of ours, whose own
    words are coloured: who answers inside it is asked."""
    said = any(_says(line.core, IN_COLOUR) for line in lines[: found.first])
    below = lines[found.after :]
    return said and any(line.coloured for line in below) and not any(of.is_our_line(line.core) for line in below)


def _says(core: str, phrases: tuple[str, ...]) -> bool:
    """Whether one of the phrases stands in it as whole words."""
    padded = f" {''.join(c if c.isalnum() or c == '-' else ' ' for c in core)} "
    return any(f" {phrase} " in padded for phrase in phrases)


def _answered(lines: list[Line], mine: list[bool], found: _Quotation | None) -> bool:
    """Words of the author between or below quoted ones."""
    return bool(found and any(mine[n] and lines[n].core for n in range(found.after, len(lines))))


def _is_mine(lines: list[Line], place: int, found: _Quotation | None, *, structured: bool) -> bool:
    line = lines[place]
    if line.kept is not None:
        return line.kept
    if line.core == "--" or of.is_added(lines, place):
        return False
    if structured and line.quoted:
        return False
    if found is None or place < found.first:
        return True  # « > » without a word on who is quoted may be a list of points: kept, and said to be unsure
    return place >= found.after and found.prefixed and not line.quoted


def _card(lines: list[Line], mine: list[bool], found: _Quotation | None) -> str:
    """What stands below the last « -- » (RFC 3676 §4.3) of the author's words: a few short lines, no postscript."""
    start, end = (found.after, len(lines)) if found and _answered(lines, mine, found) else (0, len(lines))
    end = end if start or found is None else found.first
    mark = next((place for place in range(end - 1, start - 1, -1) if lines[place].core == "--"), end)
    below = [line for line, kept in zip(lines[mark + 1 : end], mine[mark + 1 : end], strict=True) if kept]
    filled = [line.core for line in below if line.core]
    if not filled or len(filled) > _LONGEST_CARD or max(map(len, filled)) > _LONGEST_CARD_LINE:
        return ""
    return "" if filled[0].startswith(POSTSCRIPTS) else "\n".join(line.text for line in below).strip()


def _wider(lines: list[Line], found: _Quotation | None) -> str:
    """Everything above the last heading that stands over our own line (over the end, without one), when words stand
    between it and the first: the author may have pasted the first one himself. "" when there are no such words."""
    if found is None or found.prefixed:
        return ""
    end = next((n for n in range(found.first, len(lines)) if of.our_line_at(lines, n)), len(lines))
    last, place = found, found.after
    words = False
    while place < end:
        length = 0 if lines[place].quoted else of.attribution(lines, place) or of.heading(lines, place)
        if length and words:
            last = _Quotation(of.back_over_rules(lines, place), place + length, False)
        words = words or not (length or lines[place].quoted or of.is_rule(lines[place].core))
        place += max(length, 1)
    if last is found and not (words and end < len(lines)):
        return ""
    stop = end if last is found else last.first
    return "\n".join(line.text for line in lines[:stop]).strip()


def _doubtful(lines: list[Line], found: _Quotation | None, new: str, *, structured: bool) -> bool:
    """True when quoted words may be left in `new`, or answers may be lost with the quotation."""
    ours = find_marker(new) or any(
        of.is_our_line(of.read(piece).core) for piece in new.split("\n", MOST_LINES)[:MOST_LINES]
    )
    if found is None and not structured:
        return bool(ours) or any(line.quoted for line in lines)
    typed = found is not None and not structured and any(line.quoted for line in lines[: found.first])
    head = fold(new[:MOST_CHARACTERS])
    return bool(ours) or typed or _says(head, ANSWERS_BELOW + IN_COLOUR)


def _quotation(lines: list[Line], *, structured: bool) -> _Quotation | None:
    """The first heading of quoted mail, with the rules and blank lines above it."""
    for place, line in enumerate(lines):
        if line.kept is not None:
            continue
        attribution = of.attribution(lines, place)
        length = attribution or of.heading(lines, place)
        if length:
            after = place + length
            follower = next((later for later in lines[after : after + 3] if later.core or later.quoted), None)
            marked = bool(follower and follower.quoted) and bool(attribution or structured or _forwards(line))
            first = of.back_over_rules(lines, place)
            if line.quoted and not structured:
                first = _start_of_quoted(lines, first)
            return _Quotation(first, after, line.quoted or marked)
    return None


def _forwards(line: Line) -> bool:
    return line.core.startswith(of.FORWARD_STARTS)


def _start_of_quoted(lines: list[Line], place: int) -> int:
    """A heading behind « > »: the quoted lines just above it are of the same quotation."""
    while place and lines[place - 1].quoted:
        place -= 1
    return place
