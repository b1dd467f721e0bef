"""What holds for every kind of letter, and how the other tests of letters render and read one."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from test_letters_samples import CODE, FACTS, RENDERED, TO_COMPLAINANTS, TO_STAFF

from mailbot.effects import Letter
from mailbot.letters import House, Sealed, seal
from mailbot.letters.withheld import LEFT_OUT

NOW = datetime(2026, 5, 11, 8, 43, tzinfo=UTC)
ENTROPY = bytes(range(32))
HOUSE = House(
    organisation="Institut Exemple Formation",
    service="Service réclamations",
    signature="Le pôle qualité",
    phone="01 99 00 12 34",
    postal_address="12 rue de l’Essai\n75000 Paris",
    mailbox_address="reclamations@ief.example",
    from_name="Institut Exemple Formation – réclamations",
    privacy_contact="dpo@ief.example",
    privacy_url="https://ief.example/donnees",
    retention="cinq ans après la clôture",
    retention_en="five years after closing",
    timezone="Europe/Paris",
    texts_folder=None,
    days=6,
)
NAMES = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "x-mailbot",
    "content-language",
    "mime-version",
    "content-type",
]
FILES = (
    ("convocation é.pdf", "application/pdf", b"%PDF\r\n\x00\xff" * 9),
    ("mail.eml", "message/rfc822", b"From: x\n\n"),
)


def letter(kind: str, language: str = "fr", **facts: Any) -> Letter:
    return Letter(
        kind=kind,
        keys=(f"{kind}:1",),
        to="carl@boite.example",
        language=language,
        facts={**FACTS[kind], **facts},
        in_reply_to="<a1@boite.example>",
        references=("<a0@boite.example>", "<a1@boite.example>"),
    )


def sealed(kind: str, language: str = "fr", *, house: House = HOUSE, **facts: Any) -> Sealed:
    return seal(letter(kind, language, **facts), house, now=NOW, entropy=ENTROPY)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(raw: bytes, kind: str) -> str:
    body = read(raw).get_body((kind,))
    assert body is not None
    return body.get_content().replace("\r\n", "\n")


def plain(raw: bytes) -> str:
    """The plain text part on one line, spaces of every width alike."""
    return " ".join(part(raw, "plain").split())


class Words(HTMLParser):
    """The readable words of an HTML part, and its tags and attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.links: list[str] = []
        self.feed(source.partition("<body")[2].partition(">")[2])

    def handle_data(self, data: str) -> None:
        self.words += re.findall(r"[\w@/]+", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_each_letter_is_written_in_each_of_its_languages(kind: str, language: str) -> None:
    message = read(sealed(kind, language).raw)
    assert message["Content-Language"] == language
    assert f'<html lang="{language}">' in part(sealed(kind, language).raw, "html")
    assert message["X-Mailbot"] == kind
    assert "{" not in part(sealed(kind, language).raw, "plain")


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_the_text_says_all_that_the_html_says(kind: str, language: str) -> None:
    raw = sealed(kind, language).raw
    text = re.findall(r"[\w@/]+", part(raw, "plain").lower())  # headings are in capitals there
    assert [word for word in Words(part(raw, "html")).words if word.lower() not in text] == []


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_no_letter_loads_or_runs_anything_and_its_only_links_are_mails_to_us(kind: str, language: str) -> None:
    page = Words(part(sealed(kind, language).raw, "html"))
    lists, tables = {"ul", "ol", "li"}, {"table", "tr", "th", "td"}
    assert set(page.tags) <= {"div", "h1", "h2", "p", "br", "span", "blockquote", "a"} | lists | tables
    spoken = {"role", "scope", "aria-hidden", "aria-current"}
    assert set(page.attributes) <= {"class", "style", "href", "bgcolor", "width", "cellpadding", "cellspacing"} | spoken
    assert "url(" not in part(sealed(kind, language).raw, "html")
    assert "@import" not in part(sealed(kind, language).raw, "html")
    assert all(link.startswith("mailto:reclamations@ief.example?subject=") for link in page.links)


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_no_subject_carries_a_tag_or_a_code(kind: str, language: str) -> None:
    subject = sealed(kind, language, code=CODE).subject
    assert "#" not in subject
    assert CODE not in subject


@pytest.mark.parametrize("kind", TO_COMPLAINANTS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_complainant_ever_gets_a_code(kind: str, language: str) -> None:
    secret = f"voyez [{FACTS[kind]['number']}-{CODE}] et m-17-{CODE}"
    words = {name: secret for name in ("text", "reason") if name in FACTS[kind]}
    stray = {"label": "x", "subject": f"[m-1-{CODE}] #note", "body": CODE}
    raw = sealed(kind, language, code=CODE, buttons=[stray], **words).raw
    assert CODE not in part(raw, "plain") + part(raw, "html")


@pytest.mark.parametrize("kind", [k for k in TO_STAFF if FACTS[k].get("number")])
def test_every_notice_about_a_file_begins_with_the_line_to_answer_above(kind: str) -> None:
    raw = sealed(kind).raw
    assert part(raw, "plain").startswith("---- Répondre au-dessus de cette ligne ----")
    assert Words(part(raw, "html")).words[:2] == ["Répondre", "au"]


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_an_ordinary_letter_is_small(kind: str, language: str) -> None:
    raw = sealed(kind, language).raw
    assert len(part(raw, "plain").encode()) < 4096
    assert len(raw) < (15_000 if kind in TO_COMPLAINANTS else 25_000)


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_a_letter_is_written_without_what_a_caller_may_leave_out(kind: str, language: str) -> None:
    facts = {name: value for name, value in FACTS[kind].items() if name not in {"code", *LEFT_OUT.get(kind, {})}}
    full = part(sealed(kind, language).raw, "plain")
    bare = part(seal(replace(letter(kind, language), facts=facts), HOUSE, now=NOW, entropy=ENTROPY).raw, "plain")
    assert bare.splitlines()[-1] == full.splitlines()[-1]
    assert len(bare) <= len(full) + 200  # a default sentence may stand where a fact stood


@pytest.mark.parametrize("kind", [k for k in FACTS if k not in TO_COMPLAINANTS])
def test_staff_letters_are_french_whatever_the_language_asked(kind: str) -> None:
    assert read(sealed(kind, "en").raw)["Content-Language"] == "fr"


@pytest.mark.parametrize("kind", [k for k in FACTS if FACTS[k].get("number")])
def test_the_subject_of_a_file_starts_with_its_number(kind: str) -> None:
    assert sealed(kind).subject.startswith(f"[{FACTS[kind]['number']}] ")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="lettre inconnue : poem"):
        seal(replace(letter("ack"), kind="poem"), HOUSE, now=NOW, entropy=ENTROPY)
