"""What holds of each parser for any bytes at all. A target raises, or takes more than its share of steps, when it does not."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from mailbot import identity, message, reading, tags
from mailbot.message import limits
from mailbot.reading.cut import cut


def parser(data: bytes) -> None:
    """The whole reading of a mail: bounded, clean, the same after JSON, and no tool of ours gave up."""
    read = message.read(data)
    assert message.from_json(message.to_json(read)) == read
    assert not [problem for problem in read.problems if "illisible (" in problem]
    assert len(read.text) <= limits.TEXT
    assert len(read.subject) <= limits.SUBJECT
    for said in (read.subject, read.text, *(a.name for a in read.attachments)):
        said.encode()  # no lone surrogate
        assert "\0" not in said
    reading.read(read, reading.EMPTY_WORDS)


def subject(data: bytes) -> None:
    """The tag grammar: a command, whatever the subject and the first line say; no tag without a mark, « # » or « [ »."""
    line, _, body = data.decode("utf-8", "replace").partition("\n")
    command = tags.read(line, body)
    marks = unicodedata.normalize("NFKC", line + body)
    assert len(command.tags) + len(command.unknown) <= marks.count("#") + marks.count("[")


def results(data: bytes) -> None:
    """Authentication-Results: only what stands outside comments is a result; a server that is none has none."""
    value = data.decode("utf-8", "replace").replace('"', "")  # within quotes a bracket begins no comment
    server, found = identity.read_results(value)
    assert " " not in server
    assert server or not found
    assert all("(" not in method and "(" not in result for method, result, _ in found)


def report(data: bytes) -> None:
    """A delivery report around the bytes: at most a hundred recipients, each a clean line."""
    head = b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\nContent-Type: multipart/report; "
    head += b"report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nCould not deliver\r\n--b\r\n"
    raw = head + b"Content-Type: message/delivery-status\r\n\r\n" + data + b"\r\n--b--\r\n"
    for found in message.read(raw).reports + message.read(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + data).reports:
        assert len(found.diagnostic) <= limits.DIAGNOSTIC
        assert "\n" not in found.recipient + found.status + found.diagnostic


def quotation(data: bytes) -> None:
    """The quote cutter: every line is the author's or quoted, none is lost, and something is left of a text with words."""
    text = data.decode("utf-8", "replace").replace("\0", "")
    found = cut(text)
    assert bool(found.new.strip()) == bool(text.strip())
    kept = sorted(word for part in (found.new, found.quoted) for word in part.split())
    assert kept == sorted(text.split())


def page(data: bytes) -> None:
    """An HTML mail, cut along its structure."""
    raw = b"From: carl@x.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + data
    read = message.read(raw)
    found = reading.read(read, reading.EMPTY_WORDS)
    assert bool(found.new_text.strip()) == bool(read.text.strip())


TARGETS: dict[str, Callable[[bytes], None]] = {
    "parser": parser,
    "subject": subject,
    "results": results,
    "report": report,
    "quotation": quotation,
    "page": page,
}
