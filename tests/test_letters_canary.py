"""The start-up canary: it sings while our letters hold, and a desk whose letters leak does not open (reliability T75)."""

from __future__ import annotations

import email.errors
import email.header
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest
from room import configured
from test_letters_each import HOUSE
from typer.testing import CliRunner

from mailbot import app, cli
from mailbot.doctor import files
from mailbot.letters import borrowed, canary, leak, wire

seal = importlib.import_module("mailbot.letters.seal")  # the package shows its function under that name
BROKEN = ["subjects", "ids", "file names", "decoding", "recipients"]


@pytest.fixture
def hole(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wall of the letter room gone, and the seal's own look at the result with it."""
    monkeypatch.setattr(seal, "check", lambda *_, **__: None)
    monkeypatch.setattr(wire, "FIELD", re.compile(r"(?s).*"))
    if request.param == "subjects":
        monkeypatch.setattr(borrowed, "for_subject", lambda text, own: text)
        monkeypatch.setattr("mailbot.letters.dress._subject", lambda line, name, own: "x\r\nBcc: v@mallory.example")
    elif request.param == "ids":
        monkeypatch.setattr(seal, "_ids", lambda ids: [i for i in ids if i])
    elif request.param == "file names":
        monkeypatch.setattr(borrowed, "one_line", lambda text: text)
    elif request.param == "decoding":
        # What the library did, which reads an encoded word in what is already decoded (cpython 121650).
        monkeypatch.setattr("mailbot.letters.dress._subject", lambda line, name, own: canary.DOUBLE)
        monkeypatch.setattr(wire, "head", _through(_decoded))
    else:
        monkeypatch.setattr(wire, "head", _through(_with_a_copy))


def _through(spoilt: Callable[[str, str], str]) -> Callable[[Mapping[str, str]], bytes]:
    """A writer of headers that spoils their values."""
    lines = "{}: {}\r\n".format
    return lambda headers: "".join(lines(n, spoilt(n, v)) for n, v in headers.items()).encode(
        "ascii", "backslashreplace"
    )


def _decoded(name: str, value: str) -> str:
    for _ in range(2 if name == "Subject" else 0):
        value = str(email.header.make_header(email.header.decode_header(value)))
    return value


def _with_a_copy(name: str, value: str) -> str:
    return f"{value}, v@mallory.example" if name == "To" else value


def test_nothing_leaks_from_the_letters_of_this_house() -> None:
    assert leak(HOUSE) == ""


def test_every_letter_of_the_canary_can_be_written_so_that_none_is_passed_over() -> None:
    for text in canary.HOSTILE:
        for letter in canary.letters_around(text):
            assert seal.seal(letter, HOUSE, now=canary.NOON, entropy=canary.ENTROPY).raw


def test_a_broken_text_of_the_house_is_no_leak(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "ack.txt").write_text("Objet : {{ nobody }}\n", encoding="utf-8")
    assert leak(replace(HOUSE, texts_folder=tmp_path)) == ""


class Older:
    """The parser of Debian 12's Python (3.11.2): the head of a multipart, read by itself, is one without parts."""

    def parsebytes(self, text: bytes, headersonly: bool = False) -> Message:
        read = email.message_from_bytes(text)
        if headersonly and read.get_content_maintype() == "multipart":
            read.defects = [email.errors.MultipartInvariantViolationDefect()]
        return read


def test_a_python_that_misses_the_parts_of_a_head_lets_every_letter_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "PARSER", Older())
    assert leak(HOUSE) == ""


@pytest.mark.parametrize("hole", BROKEN, indirect=True)
@pytest.mark.usefixtures("hole")
def test_each_hole_in_the_walls_is_seen() -> None:
    assert "mallory" in leak(HOUSE) or "en-tête" in leak(HOUSE)


def test_a_library_that_refuses_to_write_a_header_is_heard_as_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python since CVE-2024-6923, and Debian's with its patch: the header does not leave, and the wall before it has a hole."""

    def refuse(*_: object) -> None:
        raise email.errors.MessageError("folded header contains newline: b'Subject: x\\r\\nBcc: v@mallory.example'")

    monkeypatch.setattr(seal, "_assembled", refuse)
    assert "en-tête" in leak(HOUSE)


def test_the_seal_alone_would_stop_the_letter_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.letters.dress._subject", lambda line, name, own: "x\r\nBcc: v@mallory.example")
    assert "Subject" in leak(HOUSE)


@pytest.mark.parametrize("hole", ["recipients"], indirect=True)
@pytest.mark.usefixtures("hole")
def test_a_desk_that_leaks_does_not_open_and_check_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(tmp_path)
    monkeypatch.setattr("mailbot.cli.desk.load", lambda path: config)
    opened: list[str] = []
    monkeypatch.setattr(app.Daemon, "open", lambda self: opened.append("open"))
    done = CliRunner().invoke(cli.app, ["run", "--once"])
    assert done.exit_code == 1
    assert "refuse de démarrer" in done.stderr
    assert opened == []
    assert files.canary(HOUSE).state == "red"
