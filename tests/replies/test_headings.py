"""How each mail program heads what it quotes, in eight languages, text and HTML; and prose that only looks like it (headings.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailbot import message, reading
from mailbot.reading.cut import cut

GIVEN: dict[str, Any] = json.loads((Path(__file__).parent / "headings.json").read_text(encoding="utf-8"))
NEW = "Bonjour,\n\nOui, mardi me convient.\n\nMarie Petit"
OLD = "\nDear Ms Petit,\n\nWe have your file REC-2026-0042.\n\nRegards\n"
MARKED = "".join(f"> {line}\n" for line in OLD.split("\n"))
PAGE_NEW = "<div>Bonjour,</div><div><br></div><div>Oui, mardi me convient.</div><div><br></div><div>Marie Petit</div>"
PAGE_OLD = (
    "<div>Dear Ms Petit,</div><p>We have your file REC-2026-0042.</p><table><tr><td>Regards</td><td>x</td></tr></table>"
)


@pytest.mark.parametrize("gap", ["\n\n", "\n"], ids=["blank line", "no blank line"])
@pytest.mark.parametrize("name", list(GIVEN["unmarked"]))
def test_what_stands_under_a_heading_is_quoted(name: str, gap: str) -> None:
    head = GIVEN["unmarked"][name]
    assert cut(NEW + gap + head + (MARKED if head.startswith(">") else OLD)).new == NEW


@pytest.mark.parametrize("gap", ["\n\n", "\n"], ids=["blank line", "no blank line"])
@pytest.mark.parametrize("name", list(GIVEN["marked"]))
def test_marked_lines_under_a_heading_are_quoted(name: str, gap: str) -> None:
    assert cut(NEW + gap + GIVEN["marked"][name] + MARKED).new == NEW


@pytest.mark.parametrize("name", list(GIVEN["marked"]))
def test_an_answer_below_marked_lines_is_the_persons(name: str) -> None:
    assert cut(GIVEN["marked"][name] + MARKED + "\n" + NEW).new == NEW


@pytest.mark.parametrize("line", GIVEN["added"])
def test_a_line_that_the_mail_program_added_is_nobodys(line: str) -> None:
    assert cut(f"{NEW}\n\n{line}").new == NEW
    assert cut(f"{NEW}\n\n{line}\n\n{GIVEN['marked']['apple fr']}{MARKED}").new == NEW


@pytest.mark.parametrize("text", GIVEN["prose"])
def test_prose_that_looks_like_a_heading_stays_whole(text: str) -> None:
    assert cut(text).new.split() == text.split()
    assert cut(f"Bonjour,\n\n{text}\n\nMarie").new.split() == ["Bonjour,", *text.split(), "Marie"]


@pytest.mark.parametrize("name", list(GIVEN["pages"]))
def test_a_page_tells_by_its_structure_what_it_quotes(name: str) -> None:
    page = GIVEN["pages"][name].replace("{new}", PAGE_NEW).replace("{old}", PAGE_OLD)
    raw = f"From: m@x.example\nContent-Type: text/html; charset=utf-8\n\n<html><body>{page}</body></html>".encode()
    found = reading.read(message.read(raw), reading.EMPTY_WORDS)
    new = found.new_text.removesuffix(found.card).split() if found.card else found.new_text.split()
    assert new == NEW.split()


@pytest.mark.parametrize("mark", ["\U00010100", "&#65792;", "&#x10100;"])
def test_a_mark_of_ours_that_a_stranger_wrote_is_taken_out(mark: str) -> None:
    page = f"<p>Bonjour,</p><p>{mark}</p><p>Oui, mardi me convient.</p><p>Marie Petit</p><blockquote type=cite>x</blockquote>"
    found = reading.read(
        message.read(f"Content-Type: text/html; charset=utf-8\n\n{page}".encode()), reading.EMPTY_WORDS
    )
    assert found.new_text.split() == NEW.split()
