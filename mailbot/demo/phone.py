"""A telephone's mail client: taps a button of a letter, or answers it, and leaves its signature, as such clients do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from mailbot import message
from mailbot.demo import story
from mailbot.demo.story import Character, Written

SIGNATURE = {"fr": "Envoyé de mon iPhone", "en": "Sent from my iPhone"}
WROTE = {"fr": "Le {when}, {who} a écrit :", "en": "On {when}, {who} wrote:"}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The mail that a tap opens (RFC 6068)."""

    subject: str
    body: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def drafts(letter: bytes) -> list[Draft]:
    """What each button of a letter opens, in their order."""
    links = _Links()
    links.feed(message.read(letter).html)
    return [_draft(link) for link in links.found if link.startswith("mailto:")]


def _draft(link: str) -> Draft:
    parts = urlsplit(link)
    fields = parse_qs(parts.query)
    subject, body = (fields.get(name, [""])[0] for name in ("subject", "body"))
    return Draft(subject=subject, body=body.replace("\r\n", "\n"))


def button(letter: bytes, words: str) -> Draft:
    """The button whose subject holds these words. Raises LookupError when the letter has none."""
    found = next((draft for draft in drafts(letter) if words in draft.subject.split(" ", 1)[-1]), None)
    if found is None:
        raise LookupError(f"aucun bouton « {words} » dans « {message.read_headers(letter).subject} »")
    return found


def tap(
    by: Character,
    draft: Draft,
    now: datetime,
    *,
    text: str = "",
    filled: Sequence[str] = (),
    typed: tuple[str, str] = ("", ""),
    files: Sequence[tuple[str, str, bytes]] = (),
    language: str = "fr",
) -> Written:
    """The button's mail as it is sent: `text` above what stood there, each of `filled` put after its « label : »,
    `typed` a word of the subject replaced by another."""
    body = draft.body
    for line in filled:
        label = line.partition(" : ")[0]
        body = body.replace(f"{label} :", line, 1)
    subject = draft.subject.replace(*typed) if typed[0] else draft.subject
    mail = story.blank(by, subject, now)
    mail.set_content(f"{text}{body}\n\n{SIGNATURE[language]}\n")
    return story.written(by, mail, *files, language=language)


def answer(by: Character, letter: bytes, text: str, now: datetime, *, language: str = "fr") -> Written:
    """An answer to a letter, which stands quoted below, as a telephone does it."""
    read = message.read(letter)
    who = f"{read.from_.name} <{read.from_.addr}>" if read.from_ else ""
    when = f"{now:%d/%m/%Y %H:%M}"
    quoted = "\n".join(f"> {line}" for line in read.text.splitlines())
    mail = story.blank(by, f"Re: {read.subject}", now)
    mail["In-Reply-To"] = mail["References"] = read.message_id
    head = WROTE[language].format(when=when, who=who)
    mail.set_content(f"{text}\n\n{SIGNATURE[language]}\n\n> {head}\n> \n{quoted}\n")
    return story.written(by, mail, language=language)
