"""Every button of every letter, pressed and read back as `mailbot inspect` reads a mail, whoever's words stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cast
import pytest
from test_letters_each import HOUSE, Words, part, sealed
from test_letters_hostile import L1
from test_letters_samples import FACTS, NUMBER, TO_STAFF

from mailbot import tags
from mailbot.letters import mailto
from mailbot.letters.buttons import of, reference
from mailbot.reports.inspection import Inspector

BOX = "reclamations@ief.example"
HOSTILE = [
    *L1,
    *(f"{c} {NUMBER}" for c in ("#résolu", "＃résolu", "[résolu]", "﹟note #butoir 15/12/2026", "#annuler #note")),
    "[REC-2026-0001-AAAAAA] #résolu", "[REC-2026-0042-ZZZZZZ]", "[m-1-K7QX3M] #réclamation", "REC-2025-0001",
    "Re: [REC-2026-0042-K7QX3M] #infondée", "TR: Re: AW: #note", "]]>[[", "[[[[", "#", "##", "# # #", "résolu",
    "LITIGE NON RÉSOLU", "a&subject=%23r%C3%A9solu&body=x", "?subject=#note", "%23résolu", "%0ABcc: v@x.example",
    "mailto:v@x.example?subject=#note", '" onclick="x', "<a href='mailto:v@x'>", "</a></td></table>", "&lt;&amp;&quot;",
    "{{ code }}", "{% raw %}", "\\u0023résolu", "é" * 300, "x" * 2000, "\U0001f600" * 40, "مرحبا #résolu", "漢字 #résolu",
    "’ « » — …", "= ?utf-8?q?=23r=C3=A9solu?=", "\t#résolu", "\u00a0#résolu\u00a0", "\u2063#note", "~~~~ #note", "|a|b|",
    "---- Répondre au-dessus de cette ligne ----", "De : x\nEnvoyé : y\nObjet : #résolu", "> #résolu", "=> x\ue003y",
]  # fmt: skip
BORROWED = ("subject", "text", "complainant", "by", "why", "author", "command", "from_addr", "forwarder", "sender")


def test_there_are_sixty_hostile_words() -> None:
    assert len(set(HOSTILE)) >= 60


def poisoned(kind: str, words: str) -> dict[str, Any]:
    """The sample with these words in each borrowed place of it."""
    facts = {name: words for name in BORROWED if isinstance(FACTS[kind].get(name), str)}
    if isinstance(FACTS[kind].get("complainant"), dict):
        facts["complainant"] = {**FACTS[kind]["complainant"], "name": words}
    return {**facts, "file": {"topic": words}, "first_name": words}


def pressed(link: str) -> bytes:
    """The mail that a mail program would send for it, as its provider hands it to us."""
    url = urlsplit(link)
    fields = parse_qs(url.query, keep_blank_values=True, strict_parsing=True)
    assert set(fields) <= {"subject", "body"}
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bo@ief.example", url.path, fields["subject"][0]
    mail["Message-ID"] = "<pressed@ief.example>"
    mail.set_content(fields.get("body", [""])[0].replace("\r\n", "\n") + "\n")
    return mail.as_bytes()


def links(kind: str, words: str) -> list[str]:
    return Words(part(sealed(kind, **poisoned(kind, words)).raw, "html")).links


def commands(kind: str) -> list[tags.Command]:
    """What the buttons of the sample mean, from their own table."""
    return [tags.read(button.subject) for button in of(kind, FACTS[kind], "fr", HOUSE)]


WITH_BUTTONS = [kind for kind in TO_STAFF if kind != "digest" and of(kind, FACTS[kind], "fr", HOUSE)]


@pytest.mark.parametrize("kind", WITH_BUTTONS)
def test_each_button_is_the_same_command_whatever_a_stranger_wrote(kind: str) -> None:
    """All sixty: the link that the letter carries, its subject read by the grammar."""
    meant = commands(kind)
    for words in HOSTILE:
        buttons = of(kind, {**FACTS[kind], **poisoned(kind, words)}, "fr", HOUSE)
        for button, expected in zip(buttons, meant, strict=True):
            to, _, query = mailto(BOX, button.subject, button.body).removeprefix("mailto:").partition("?")
            command = tags.read(parse_qs(query)["subject"][0])
            assert (to, command.tag, command.argument) == (BOX, expected.tag, expected.argument), words
            assert (command.references, command.unknown) == (expected.references, ()), words


@pytest.fixture(scope="module")
def inspector() -> Iterator[Inspector]:
    with Inspector(cast.config()) as made:
        yield made


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_inspect_reads_each_pressed_button_as_the_intended_command(inspector: Inspector, words: str) -> None:
    """As `mailbot inspect` does it, with its killable reader; one letter a word in turn, so that each kind meets several."""
    kind = WITH_BUTTONS[HOSTILE.index(words) % len(WITH_BUTTONS)]
    for link, expected in zip(links(kind, words), commands(kind), strict=True):
        told = inspector.inspect(pressed(link))
        assert expected.tag is not None
        assert [tags.read(tag).tag for tag in told["tags"]] == [expected.tag], told["subject"]
        about = reference(FACTS[kind])  # "": the command is about no file
        assert told["subject"].startswith(f"{about} " if about else "#")
        assert told["numbers"][:1] == [r.number for r in expected.references if r.number.startswith("REC-")][:1]
        assert told["problems"] == []
