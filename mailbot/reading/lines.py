"""One line of a mail at a time: what it says, whether it stands behind « > », whether it heads a quotation or was added by a machine.

Line by line, never a pattern over several lines: the time is linear in what a stranger sends (libraries.md §8).
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.reading.phrases import (
    ADVERTS,
    AFTER_SENT,
    DAYS,
    DEVICES,
    FORWARD_STARTS,
    HEADERS,
    OPENINGS,
    OUR_LINES,
    RULED,
    RULED_FROM,
    SENT,
    WROTE,
    WROTE_TO,
)
from mailbot.reading.plain import fold

LONGEST_PROBE = 400  # characters of a line, or of a wrapped heading, that are looked at
_LONGEST_ATTRIBUTION = 5  # lines, as mail programs wrap it
_MOST_WORDS, _MOST_MORE = 14, 3  # words of a device line, and of what follows its first point or comma
_LONGEST_SENT, _LONGEST_ADVERT = 100, 200  # characters
_LONGEST_BLOCK = 14  # lines of a header block
_MOST_WRAPPED = 3  # lines of one header
_LONGEST_RULED = 60  # characters between the dashes


@dataclass(frozen=True)
class Line:
    """One line: as written, whether it stands behind « > » (in a page: in a quotation), and what it says, folded, for comparing."""

    text: str
    quoted: bool
    core: str
    kept: bool | None = None  # False: a signature, by the structure of a page
    coloured: bool = False  # in a page: words in a colour of their own


def read(text: str) -> Line:
    """The line of these characters."""
    probe = text[:LONGEST_PROBE].replace("\u00a0", " ").replace("\u202f", " ").strip().lstrip("\ufeff")
    core = " ".join(fold(probe.lstrip("> ")).replace("*", "").split())
    return Line(text, probe.startswith(">"), core)


# -- what a machine added ----------------------------------------------------------------------------------------------


def is_added(lines: list[Line], place: int) -> bool:
    """« Envoyé de mon iPhone », a virus scanner's advert and its bare links; not prose that was wrapped just there."""
    core = _unlinked(lines[place].core)
    if not core:
        return bool(lines[place].core) and (_near(lines, place, -1) or _near(lines, place, 1))
    set_apart = place == 0 or not lines[place - 1].core or lines[place].text.lstrip("> ")[:1].isupper() or (
        core.startswith(SENT) and not lines[place - 1].core.endswith((",", "'"))
    )  # fmt: skip
    return set_apart and _is_advert(core)


def _is_advert(core: str) -> bool:
    if len(core) <= _LONGEST_ADVERT and core.startswith(ADVERTS):
        return True
    named = any(device in f" {core} " for device in DEVICES)
    ended = core.startswith("outlook ") and core.endswith((" downloaden", " herunterladen"))
    sent = core.startswith(SENT) and (not core.startswith("outlook ") or ended)
    return len(core) <= _LONGEST_SENT and named and (sent or ended) and _few_sentences(core)


def _few_sentences(core: str) -> bool:
    """« Envoyé depuis mon mobile. » and no more: prose goes on."""
    for mark in (". ", ", "):
        first, _, more = core.rstrip(". !").partition(mark)
        if "?" in first or (more and len(more.split()) > _MOST_MORE and not more.startswith(AFTER_SENT)):
            return False
    return len(core.split()) <= _MOST_WORDS


def _near(lines: list[Line], place: int, step: int) -> bool:
    """Whether an advert stands next to a line that is only a link."""
    for _ in range(3):
        place += step
        if not 0 <= place < len(lines):
            return False
        core = _unlinked(lines[place].core)
        if core:
            return core.startswith(ADVERTS)
    return False


def _unlinked(core: str) -> str:
    """Without « <https://…> » and « [cid:…] », which a mail program writes beside the words of a link or a picture."""
    kept: list[str] = []
    for piece in core.replace("[", "<").replace("]", ">").split("<"):
        target, closed, rest = piece.partition(">")
        linked = closed and target.startswith(("http", "#", "cid:", "image", "mailto:"))
        kept.append(rest if linked else piece)
    return " ".join(" ".join(kept).split())


# -- headings of quoted mail ----------------------------------------------------------------------------------------------


def attribution(lines: list[Line], place: int) -> int:
    """How many lines « Le … a écrit : » takes at `place`, 0 when it is not there."""
    joined = ""
    opened = _opens(lines[place].core)
    for length in range(1, _LONGEST_ATTRIBUTION + 1 if opened else 2):
        at = place + length - 1
        if at >= len(lines) or not lines[at].core or lines[at].quoted != lines[place].quoted:
            return 0
        joined = f"{joined} {lines[at].core}".lstrip()
        if len(joined) > LONGEST_PROBE:
            return 0
        if joined.endswith((":", "--")):
            follows = next((later.quoted for later in lines[at + 1 : at + 3] if later.core or later.quoted), False)
            said = _says_who_wrote(joined.rstrip(":- "))
            if said or (follows and has_hour(joined) and "@" in joined and not _names_someone_else(joined)):
                cited = not follows and "@" not in joined and _cites(lines, at + 1)
                return length if not cited and _is_stamped(joined, opened, follows) else 0
    return 0


def _cites(lines: list[Line], place: int) -> bool:
    """« Le 3 mai à 10:42, il a écrit : » and then « tout est annulé »: the person's own citation."""
    following = next((line.text.strip() for line in lines[place : place + 3] if line.core), "")
    return following.startswith(("«", '"', "“", "„", "»", "'", "‘", "-", "*", "•"))


def _opens(core: str) -> bool:
    first = core.split(" ", 1)[0].strip(".,")
    opened = core.startswith(OPENINGS) or first in DAYS or first[:1].isdigit() or "<" in core or "@" in core
    return opened or (_has_year(core) and has_hour(core))


def _says_who_wrote(core: str) -> bool:
    """The verb, and nobody whom it was written to; or, without a verb, Gmail's old « 2026-10-12 10:00 GMT X <x@y> »."""
    padded = f" {core} ".replace("(a)", "")
    if _names_someone_else(core):
        return False
    if any(f" {verb} " in padded for verb in WROTE):
        return True
    return core[:4].isdigit() and core[4:5] == "-" and core.endswith(">") and "@" in core


def _names_someone_else(core: str) -> bool:
    return any(f" {verb} " in f" {core} " for verb in WROTE_TO)


def _is_stamped(core: str, opened: bool, quote_follows: bool) -> bool:
    """An address, or date and hour: « le formateur a écrit : » in prose has neither."""
    digits = sum(c.isdigit() for c in core)
    if "@" in core:
        return opened and (digits > 0 or quote_follows or core.startswith(OPENINGS))
    return opened and digits > 0 and (quote_follows or (_has_year(core) and has_hour(core)))


def _has_year(core: str) -> bool:
    plain = core
    for mark in "/,.-()":
        plain = plain.replace(mark, " ")
    words = plain.split()
    dated = any(
        a.isdecimal() and b.isdecimal() and c.isdecimal() for a, b, c in zip(words, words[1:], words[2:], strict=False)
    )
    return dated or any(len(word) == 4 and word.isdecimal() for word in words)  # fmt: skip


def has_hour(core: str) -> bool:
    """« 10:42 », « 10h42 »; « 8.30 uur » is none: a full stop is too common."""
    return any(c in ":h" and core[n - 1 : n].isdigit() and core[n + 1 : n + 2].isdigit() for n, c in enumerate(core))


def heading(lines: list[Line], place: int) -> int:
    """How many lines a separator, our own line or a block of headers takes at `place`, 0 when there is none."""
    core = lines[place].core
    if is_our_line(core):
        return 1
    if core.startswith(FORWARD_STARTS) and len(core) <= _LONGEST_RULED:
        after = _after_blank(lines, place + 1)
        return after - place + header_block(lines, after) if after < len(lines) else 1
    if not core.startswith(("--", "__", "==", "––")):
        return header_block(lines, place)
    after = _after_blank(lines, place + 1)
    block = header_block(lines, after) if after < len(lines) else 0
    known = _is_ruled(core, strictly=not block)
    return (after - place + block if block else 1) if known else 0


def _after_blank(lines: list[Line], place: int) -> int:
    """The first line with words, at most two further."""
    return next((n for n in range(place, min(place + 3, len(lines))) if lines[n].core), place)


def _is_ruled(core: str, *, strictly: bool) -> bool:
    """« -----Message d'origine----- »; `strictly`: no header follows, so the words must leave no doubt."""
    words = core.strip("-_=~– ")
    if not words or len(words) > _LONGEST_RULED or any(c.isdigit() for c in words):
        return False
    message, old = any(word in words for word in RULED), any(word in words for word in RULED_FROM)
    return (message and old) if strictly else (message or old)


def header_block(lines: list[Line], place: int) -> int:
    """How many lines a block « De / Envoyé / À / Objet » takes at `place`; 0 unless an address or an hour proves it."""
    kinds: set[str] = set()
    last = place
    addressed = dated = False
    wrapped = 0
    for position in range(place, min(place + _LONGEST_BLOCK, len(lines))):
        core = lines[position].core
        kind = header_kind(core)
        if not kind:
            wrapped += 1
            if position == place or wrapped > _MOST_WRAPPED or _block_ends(lines, position, kinds):
                break
            continue
        wrapped = 0
        kinds.add(kind)
        last = position
        dated = dated or (kind == "date" and has_hour(core))
        addressed = addressed or (kind in ("from", "to", "cc") and "@" in core)
    proven = (len(kinds) >= 3 and addressed) or (
        dated and {"to", "subject"} <= kinds
    )  # « De : Lyon, Date : 10:30 » is a journey
    proven = proven and "from" in kinds
    return last - place + 1 if proven else 0


def _block_ends(lines: list[Line], position: int, kinds: set[str]) -> bool:
    """A blank line ends the block unless the next one is a header of another kind; a long list of recipients may be wrapped."""
    if lines[position].core:
        return not (lines[position].core.endswith((";", ">", ",")) or "@" in lines[position].core)
    following = lines[position + 1].core if position + 1 < len(lines) else ""
    return header_kind(following) in ("", *kinds)


def header_kind(core: str) -> str:
    """« from », « date », « to », « subject »… of a line that looks like that header."""
    name, colon, _ = core.partition(":")
    return HEADERS.get(name.strip(), "") if colon else ""


def is_our_line(core: str) -> bool:
    """« Répondre au-dessus de cette ligne », decorated or not."""
    decorated = core.strip("#-=_ |.:<>/–—")
    return decorated in OUR_LINES or all(line in decorated for line in OUR_LINES)


def our_line_at(lines: list[Line], place: int) -> bool:
    """Our line at `place`, or broken over two lines there."""
    return is_our_line(lines[place].core) or (
        place + 1 < len(lines) and is_our_line(f"{lines[place].core} {lines[place + 1].core}")
    )


def back_over_rules(lines: list[Line], place: int) -> int:
    """The first line of the blank lines, rules and « Message du 03/11/26 10:12 » just above `place`."""
    while place and is_rule(lines[place - 1].core):
        place -= 1
    return place


def is_rule(core: str) -> bool:
    """A blank line, a line of dashes, or Orange's « Message du … »."""
    return not core.strip("_-=*~–—") or (core.startswith("message du ") and core[11:13].isdigit())
