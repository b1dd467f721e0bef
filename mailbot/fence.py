"""The leak fence: only new text leaves; when unsure, ask (spec §6).

What a colleague types above a notice may go to the complainant; the notice itself, its codes, links, hints and history never.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

from mailbot import tags
from mailbot.message import Attachment, Message
from mailbot.reading import Reading

LIMIT = 60_000  # characters of an answer
LINE = re.compile(
    r"[-–—]{0,12}[ \u00a0]?\b(?:r.{0,2}pondre|reply)\W{1,5}(?:au\W{1,3}dessus|above)"
    r"\W{1,5}(?:de\W{1,5}cette|this)\W{1,5}(?:ligne|line)\b[ \u00a0]?[-–—]{0,12}",
    re.IGNORECASE,
)
MARKER = re.compile(r"(?:\br.f\. ?)?\bmb-[a-z2-7]{8,40}\b", re.IGNORECASE)
CODE = re.compile(r"\[?(?:[A-Z]{2,10}-\d{4}-\d{4,6}|m-\d{1,9})-[A-HJ-NP-Z2-9]{6}\b\]?", re.IGNORECASE | re.ASCII)
LINK = re.compile(r"<?mailto:[^\s<>\"]{1,4000}>?", re.IGNORECASE)
HEADER = re.compile(
    r"[ \t>|*]{0,8}(?:de|from|von|envoyé|sent|gesendet|objet|subject|betreff|à|a|to|an|cc|date)[ \t\u00a0]{0,2}\*{0,2}:",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[ \t]{0,8}[>|]")
# « <https://…> », « [image: logo] »
ASIDE = re.compile(r"<[a-z]{3,8}:[^<>\s]{1,2000}>|\[[^\[\]]{0,300}\]", re.IGNORECASE)
WORD = re.compile(r"[^\W_]+")
NEVER_LEAVES = ("message/rfc822", "text/calendar", "application/ms-tnef", "application/pgp-signature")


@dataclass(frozen=True, kw_only=True)
class Fenced:
    """An answer as it would leave. `why`: what makes us ask first, in French; "" when it may leave unasked."""

    text: str
    why: str
    files: tuple[Attachment, ...]
    kept_files: tuple[str, ...]  # names of files that stay inside

    @property
    def sure(self) -> bool:
        return not self.why


def fence(
    message: Message, reading: Reading, mailbox: str, *, codes: Iterable[str] = (), shown: Iterable[str] = ()
) -> Fenced:
    """What of a colleague's mail may leave, and whether it may leave unasked.

    `codes`: the personal codes of the file. `shown`: texts that this author was shown, where the mail is one that a button
    began: beginning with one of them, it is approved as a whole, unless something of ours is in it.
    """
    whole = _without_command_line(message.text)
    beyond = _beyond(whole, shown)
    own = whole if beyond is not None else _own(reading)
    why = _ours(own, mailbox, codes)
    if not why:
        why = _doubt(own, whole, message, reading, mailbox) if beyond is None else _odd(beyond)
    evidence = [a for a in message.attachments if a.evidence]
    files = tuple(a for a in evidence if not a.problem and _may_leave(a))
    kept = tuple(a.name or a.content_type for a in evidence if a not in files)
    return Fenced(text=_clean(own, mailbox, codes), why=why, files=files, kept_files=kept)


def _may_leave(file: Attachment) -> bool:
    """Neither a mail, nor a file out of one, nor a copy of a letter of ours."""
    inside = "rfc822:" in file.path
    mail = file.content_type in NEVER_LEAVES or file.name.lower().endswith((".eml", ".msg", ".ics"))
    return not (inside or mail or file.ours)


def _own(reading: Reading) -> str:
    text = reading.wider_text or reading.new_text
    if reading.card and text.endswith(reading.card):
        text = text[: -len(reading.card)].rstrip().removesuffix("--").rstrip()
    return _without_command_line(text)


def _without_command_line(text: str) -> str:
    """A first line that is only a command is not part of the answer."""
    first, newline, rest = text.lstrip("\n").partition("\n")
    if not tags.read("", first).in_body or (newline and len(first) >= 200):
        return text
    return rest


def _beyond(text: str, shown: Iterable[str]) -> str | None:
    """What follows the text that the author was shown; None when the mail does not begin with it, word by word."""
    found = list(WORD.finditer(text[:LIMIT]))
    typed = [_folded(match[0]) for match in found]
    for approved in shown:
        wanted = _words(approved)
        if wanted and typed[: len(wanted)] == wanted:
            return text[found[len(wanted) - 1].end() :]
    return None


def _words(text: str) -> list[str]:
    return [_folded(word) for word in WORD.findall(text[:LIMIT])]


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _ours(text: str, mailbox: str, codes: Iterable[str]) -> str:
    """Why the text may not leave even if its author wishes: something of ours is in it, or it would be cut short."""
    if len(text) > LIMIT:
        return f"le texte dépasse {LIMIT} caractères"
    if LINE.search(text):
        return "le texte contient encore notre ligne « Répondre au-dessus de cette ligne »"
    if _our_links(text, mailbox):
        return "le texte contient un de nos liens"
    if CODE.search(text) or MARKER.search(text) or _alone(codes, text):
        return "le texte contient un code ou une référence interne"
    return ""


def _doubt(text: str, whole: str, message: Message, reading: Reading, mailbox: str) -> str:
    if not (message.in_reply_to or message.references) and _header_block(whole):
        return "le texte contient un bloc De / Envoyé / Objet"  # in a mail that answers none, its author pasted it
    if not reading.cut_sure:
        return "nous ne sommes pas sûrs de l’endroit où votre texte s’arrête"
    if reading.wider_text:
        return "le texte contient un bloc De / Envoyé / Objet"
    if _our_links(reading.page_text, mailbox):
        return "le texte contient un de nos liens, derrière des mots"
    if message.html.strip() and not _same_words(reading.new_text, reading.page_text):
        return "votre message est écrit en deux formes, texte et HTML, qui ne disent pas la même chose"
    return _odd(text)


def _odd(text: str) -> str:
    if _header_block(text):
        return "le texte contient un bloc De / Envoyé / Objet"
    if any(QUOTED.match(line) for line in text.splitlines()[:2000]):
        return "le texte contient des lignes citées"
    return ""


def _same_words(plain: str, page: str) -> bool:
    """The same words in the same order, but for the links and pictures that a mail program spells out in one of them."""
    return _words(ASIDE.sub(" ", plain)) == _words(ASIDE.sub(" ", page))


def _our_links(text: str, mailbox: str) -> list[str]:
    """The links that begin a mail to us with a subject, as buttons do; our bare address is none."""
    wanted = f"mailto:{mailbox.lower()}?"
    return [link for link in LINK.findall(text[:LIMIT]) if wanted in unquote(link).lower()]


def _alone(codes: Iterable[str], text: str) -> list[str]:
    """The words of the text that are somebody's code."""
    known = {code.upper() for code in codes if code}
    return [word for word in WORD.findall(text[:LIMIT]) if word.upper() in known]


def _header_block(text: str) -> bool:
    """Two header-looking lines one after the other."""
    looks = [bool(HEADER.match(line)) for line in text.splitlines()[:2000]]
    return any(a and b for a, b in pairwise(looks))


def _clean(text: str, mailbox: str, codes: Iterable[str]) -> str:
    """The text with codes, our links and our line already taken out: what the author is shown."""
    known = {code.upper() for code in codes if code}
    whole = LINK.sub(lambda link: "" if _our_links(link[0], mailbox) else link[0], text[:LIMIT])
    for pattern in (LINE, CODE, MARKER):
        whole = pattern.sub("", whole)
    whole = WORD.sub(lambda word: "" if word[0].upper() in known else word[0], whole)
    return re.sub(r"\n{3,}", "\n\n", whole).strip()
