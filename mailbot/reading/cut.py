"""Where the author's own words end and quoted mail begins. Nothing is thrown away: what is cut is kept as quoted text.

Line by line, never a pattern over several lines: the time is linear in what a stranger sends (libraries.md §8).
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.reading.form import find_marker
from mailbot.reading.plain import fold

MOST_CHARACTERS, MOST_LINES = 64 * 1024, 2000
LONGEST_PROBE = 400  # characters of a line, or of a wrapped attribution, that are looked at

OUR_LINES = ("repondre au-dessus de cette ligne", "reply above this line")

_SEPARATORS = frozenset(
    {
        "message d'origine", "message original", "mail original", "original message", "message transfere",
        "forwarded message", "message initial", "e-mail d'origine", "message de transfert", "message reexpedie",
        "mail transfere", "ursprungliche nachricht", "weitergeleitete nachricht", "courriel original",
    }
)  # fmt: skip
_FORWARD_STARTS = ("debut du message reexpedie", "debut du message transfere", "begin forwarded message")
# How the line above a quotation begins and ends: French, English, German, Spanish, Italian, Dutch.
_OPENINGS = ("le ", "on ", "am ", "el ", "il ", "op ")
_WROTE = (" a ecrit :", " a ecrit:", " wrote:", " wrote :", " schrieb:", " escribio:", " ha scritto:", " schreef:")
_WROTE_BEFORE_NAME = (" schrieb ", " schreef ")
_LONGEST_ATTRIBUTION = 4  # lines, as mail programs wrap it
_HEADERS = {
    "de": "from", "from": "from", "von": "from", "expediteur": "from",
    "envoye": "date", "sent": "date", "date": "date", "gesendet": "date", "datum": "date", "envoye le": "date",
    "a": "to", "to": "to", "an": "to", "destinataire": "to", "pour": "to",
    "cc": "cc", "copie a": "cc", "copie": "cc", "kopie": "cc",
    "objet": "subject", "subject": "subject", "betreff": "subject", "sujet": "subject",
    "repondre a": "reply", "reply-to": "reply", "importance": "importance", "pieces jointes": "files",
}  # fmt: skip
_DEVICE_LINES = (
    "envoye de mon ", "envoye de ma ", "envoye depuis mon ", "envoye depuis ma ", "envoye depuis l'", "envoye depuis outlook",
    "envoye depuis yahoo", "envoye depuis proton", "envoye de outlook", "envoye de yahoo", "envoye d'outlook", "envoye a partir de ",
    "envoye a partir d'",
    "envoye avec proton", "envoye avec l'application", "envoye avec outlook", "envoye via ",
    "sent from my ", "sent from outlook", "sent from mail", "sent from yahoo", "sent from proton",
    "sent with ", "sent via ", "get outlook for ", "telecharger outlook ", "telechargez outlook ", "obtenir outlook ",
    "obtenez outlook ", "provenance : courrier", "provenance : mail", "von meinem iphone",
)  # fmt: skip
_LONGEST_DEVICE_LINE = 70
_LONGEST_HEADER_BLOCK = 12  # lines
_LONGEST_CARD, _LONGEST_CARD_LINE = 8, 80  # lines, characters
_POSTSCRIPTS = ("ps ", "ps:", "p.s", "p-s", "nb ", "nb:", "n.b")
# The author says that the answers stand inside the quotation: then only a human can tell them apart.
_ANSWERS_BELOW = (
    "ci-dessous",
    "ci-apres",
    "dans le texte",
    "dans votre message",
    "en rouge",
    "en bleu",
    "below",
    "inline",
    "in red",
)


@dataclass(frozen=True)
class Cut:
    """A text in two: `new` is never empty when the text has a visible character; `sure` is False when it is a guess."""

    new: str
    quoted: str
    sure: bool
    bare: bool = False  # nothing of the author's own: quoted mail and what the mail program adds, all of it in `new`
    card: str = ""  # the end of `new` that stood below a line « -- »: a signature card, not prose
    wider: str = ""  # the text up to the last heading, where words stand between two headings and nobody knows whose


@dataclass(frozen=True)
class _Line:
    """One line: as written, whether it stands behind « > », and what it says, folded, for comparing."""

    text: str
    quoted: bool
    core: str


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
    lines, rest = _looked_at(whole)
    found = _quotation(lines)
    mine = [_is_mine(lines, place, found) for place in range(len(lines))]
    new = "\n".join(line.text for line, kept in zip(lines, mine, strict=True) if kept)
    quoted = "\n".join(line.text for line, kept in zip(lines, mine, strict=True) if not kept)
    if rest and found:
        quoted += rest
    elif rest:
        new += rest
    if not new.strip():
        return Cut(whole.strip(), "", sure=not whole.strip(), bare=True)
    answered = found and any(mine[n] and lines[n].core for n in range(found.after, len(lines)))
    sure = not (rest or answered or _doubtful(lines, found, new))
    return Cut(new.strip(), quoted.strip(), sure, card=_card(lines, mine, found), wider=_wider(lines, found))


def _card(lines: list[_Line], mine: list[bool], found: _Quotation | None) -> str:
    """What stands below the last « -- » (RFC 3676 §4.3) of the author's words: a few short lines, no postscript."""
    end = found.first if found else len(lines)
    mark = next((place for place in range(end - 1, -1, -1) if lines[place].core == "--"), end)
    below = [line for line, kept in zip(lines[mark + 1 : end], mine[mark + 1 : end], strict=True) if kept]
    filled = [line.core for line in below if line.core]
    if not filled or len(filled) > _LONGEST_CARD or max(map(len, filled)) > _LONGEST_CARD_LINE:
        return ""
    return "" if filled[0].startswith(_POSTSCRIPTS) else "\n".join(line.text for line in below).strip()


def _wider(lines: list[_Line], found: _Quotation | None) -> str:
    """Everything above the last heading that stands over our own line (over the end, without one), when words stand
    between it and the first: the author may have pasted the first one himself. "" when there are no such words."""
    if found is None or found.prefixed:
        return ""
    end = next((n for n in range(found.first, len(lines)) if _our_line_at(lines, n)), len(lines))
    last, place = found, found.after
    words = False
    while place < end:
        length = 0 if lines[place].quoted else _attribution(lines, place) or _heading(lines, place)
        if length and words:
            last = _Quotation(_back_over_rules(lines, place), place + length, False)
        words = words or not (length or lines[place].quoted or _is_rule(lines[place].core))
        place += max(length, 1)
    if last is found and not (words and end < len(lines)):
        return ""
    stop = end if last is found else last.first
    return "\n".join(line.text for line in lines[:stop]).strip()


def _our_line_at(lines: list[_Line], place: int) -> bool:
    """Our line at `place`, or broken over two lines there."""
    return _is_our_line(lines[place].core) or (
        place + 1 < len(lines) and _is_our_line(f"{lines[place].core} {lines[place + 1].core}")
    )


def _looked_at(text: str) -> tuple[list[_Line], str]:
    """The lines within the limits, and whatever lies beyond."""
    pieces = text[:MOST_CHARACTERS].split("\n", MOST_LINES)
    rest = "".join(f"\n{piece}" for piece in pieces[MOST_LINES:]) + text[MOST_CHARACTERS:]
    return [_line(piece) for piece in pieces[:MOST_LINES]], rest


def _line(text: str) -> _Line:
    probe = text[:LONGEST_PROBE].replace("\u00a0", " ").replace("\u202f", " ").strip()
    core = " ".join(fold(probe.lstrip("> ")).replace("*", "").split())
    return _Line(text, probe.startswith(">"), core)


def _is_mine(lines: list[_Line], place: int, found: _Quotation | None) -> bool:
    line = lines[place]
    if line.core == "--" or _is_device_line(lines, place):
        return False
    if found is None:
        return True  # « > » without a word on who is quoted may be a list of points: kept, and said to be unsure
    if place < found.first:
        return not line.quoted
    return place >= found.after and found.prefixed and not line.quoted


def _is_device_line(lines: list[_Line], place: int) -> bool:
    """« Envoyé de mon iPhone », but not prose that a mail program wrapped just there."""
    line = lines[place]
    set_apart = place == 0 or not lines[place - 1].core or line.text.lstrip("> ")[:1].isupper()
    return set_apart and len(line.core) <= _LONGEST_DEVICE_LINE and line.core.startswith(_DEVICE_LINES)


def _doubtful(lines: list[_Line], found: _Quotation | None, new: str) -> bool:
    """True when quoted words may be left in `new`, or answers may be lost with the quotation."""
    ours = find_marker(new) or any(
        _is_our_line(_line(piece).core) for piece in new.split("\n", MOST_LINES)[:MOST_LINES]
    )
    if found is None:
        return bool(ours) or any(line.quoted for line in lines)
    head = fold(new[:MOST_CHARACTERS])
    return bool(ours) or any(phrase in head for phrase in _ANSWERS_BELOW)


def _quotation(lines: list[_Line]) -> _Quotation | None:
    """The first heading of quoted mail, with the rules and blank lines above it."""
    for place, line in enumerate(lines):
        attribution = _attribution(lines, place)
        length = attribution or _heading(lines, place)
        if length:
            after = place + length
            follower = next((later for later in lines[after : after + 3] if later.core or later.quoted), None)
            prefixed = line.quoted or bool(attribution and follower and follower.quoted)
            return _Quotation(_back_over_rules(lines, place), after, prefixed)
    return None


def _attribution(lines: list[_Line], place: int) -> int:
    """How many lines « Le … a écrit : » takes at `place`, 0 when it is not there."""
    joined = ""
    opened = lines[place].core.startswith(_OPENINGS)
    for length in range(1, _LONGEST_ATTRIBUTION + 1 if opened else 2):
        if place + length > len(lines) or not lines[place + length - 1].core:
            return 0
        joined = f"{joined} {lines[place + length - 1].core}".lstrip()
        if len(joined) > LONGEST_PROBE:
            return 0
        if _says_who_wrote(joined):
            follower = lines[place + length : place + length + 1]
            return length if _is_stamped(joined, opened, bool(follower) and follower[0].quoted) else 0
    return 0


def _says_who_wrote(core: str) -> bool:
    return core.endswith(_WROTE) or (core.endswith(":") and any(verb in core for verb in _WROTE_BEFORE_NAME))


def _is_stamped(core: str, opened: bool, quote_follows: bool) -> bool:
    """An address, or date and hour: « le formateur m'a écrit : » in prose has neither."""
    digits = sum(c.isdigit() for c in core)
    if "@" in core:
        return opened or digits > 0
    year = any(
        len(word) == 4 and word.isdecimal()
        for word in core.replace("/", " ").replace(",", " ").replace(".", " ").split()
    )
    hour = any(c in ":h" and core[n - 1 : n].isdigit() and core[n + 1 : n + 2].isdigit() for n, c in enumerate(core))
    return opened and ((year and hour) or (digits > 0 and quote_follows))


def _heading(lines: list[_Line], place: int) -> int:
    """How many lines a separator, our own line or a block of headers takes at `place`, 0 when there is none."""
    core = lines[place].core
    if _is_our_line(core) or core.startswith(_FORWARD_STARTS):
        return 1
    if core.startswith("--") and core.strip("-_ ") in _SEPARATORS:
        return 1 + _header_block(lines, place + 1)
    return _header_block(lines, place)


def _header_block(lines: list[_Line], place: int) -> int:
    kinds: set[str] = set()
    last = place
    address = False
    for position in range(place, min(place + _LONGEST_HEADER_BLOCK, len(lines))):
        kind = _HEADERS.get(lines[position].core.partition(":")[0].strip(), "") if ":" in lines[position].core else ""
        if not kind and (position == place or not lines[position].core or position > last + 1):
            break
        address = address or "@" in lines[position].core
        if kind:
            kinds.add(kind)
            last = position
    proven = "from" in kinds and len(kinds) >= 3 and (address or {"date", "subject"} <= kinds)
    return last - place + 1 if proven else 0


def _is_our_line(core: str) -> bool:
    decorated = core.strip("#-=_ |.:<>/–—")
    return decorated in OUR_LINES or all(line in decorated for line in OUR_LINES)


def _back_over_rules(lines: list[_Line], place: int) -> int:
    """The first line of the blank lines, rules and « Message du 03/11/26 10:12 » just above `place`."""
    while place and _is_rule(lines[place - 1].core):
        place -= 1
    return place


def _is_rule(core: str) -> bool:
    return not core.strip("_-=") or (core.startswith("message du ") and core[11:13].isdigit())
