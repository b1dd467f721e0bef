"""A hundred times the text takes about a hundred times the work, whatever a stranger repeats: measured in CPU time, with a wide margin.

A parser whose time grows with the square of its input would need ten thousand times the work.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from mailbot import identity, message, reading, tags
from mailbot.reading.cut import cut

SMALL, LARGE = 1_000, 100_000
MOST = 5 * LARGE // SMALL  # times the work of the small one; what a mail costs however short it is counts against us
FLOOR = 0.001  # seconds: below, a clock tells little
TRIES = 3

HEAD = b"From: carl@x.example\r\nSubject: s\r\n"
MULTIPART = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
REPORT = (
    b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
)
STATUS = REPORT + b"--b\r\nContent-Type: message/delivery-status\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"

MAILS = {
    "header fields": (HEAD, b"X: y\r\n"),
    "one long field": (HEAD + b"X: ", b"y "),
    "folds": (HEAD + b"Subject: a", b"\r\n b"),
    "encoded words": (HEAD + b"Subject: ", b"=?utf-8?q?a?= "),
    "half encoded words": (HEAD + b"Subject: ", b"=?utf-8?q?"),
    "recipients": (HEAD + b"To: ", b"a@x.example, "),
    "comments in an address": (HEAD + b"To: ", b"("),
    "quotes in an address": (HEAD + b"To: ", b'"a" <'),
    "references": (HEAD + b"References: ", b"<a@x.example> "),
    "parameters": (HEAD + b"Content-Type: text/plain", b"; a*0*=b"),
    "parts": (MULTIPART, b"--b\r\n\r\nx\r\n"),
    "almost boundaries": (MULTIPART, b"--b--b"),
    "nested parts": (MULTIPART, b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
    "nested mails": (MULTIPART, b"--b\r\nContent-Type: message/rfc822\r\n\r\n"),
    "blank lines": (HEAD + b"\r\n", b"\r\n"),
    "spaces": (HEAD + b"\r\n", b" "),
    "quoted-printable": (HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n", b"=3D=\r\n"),
    "base64": (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n", b"YQ=="),
    "uuencode": (HEAD + b"\r\n", b"begin 644 a\r\n"),
    "format=flowed": (HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n", b"a \r\n"),
    "forward marks": (HEAD + b"\r\n", b"---------- Forwarded message ---------\r\nFrom: a\r\n"),
    "open tags": (HTML, b"<b>"),
    "nested divs": (HTML, b"<div>"),
    "nested quotations": (HTML, b"<blockquote type=cite>"),
    "quotations in a row": (HTML, b"<blockquote type=cite>a</blockquote>b"),
    "table rows": (HTML, b"<table><tr><td>a</table>"),
    "half tags": (HTML, b"<a "),
    "comments in a page": (HTML, b"<!--"),
    "styles": (HTML, b"<style>"),
    "entities": (HTML, b"&amp;"),
}
REPORTS = {
    "recipients": (STATUS, b"Action: failed\r\nFinal-Recipient: rfc822; a@x.example\r\n\r\n"),
    "one long diagnostic": (STATUS + b"Diagnostic-Code: smtp; ", b"550 "),
    "fields of one recipient": (STATUS, b"Action: failed\r\n"),
    "addresses in plain words": (REPORT, b"<a@x.example>: host\r\n"),
    "codes in plain words": (REPORT, b"550 5.1.1 "),
    "message ids in plain words": (REPORT, b"Message-ID: <"),
    "delivered to": (REPORT, b"delivered to "),
}
LINES = {
    "blank lines": "\n",
    "lines of spaces": " \n",
    "quoted lines": "> a\n",
    "deep quotes": ">",
    "De :": "De : x\n",
    "header blocks": "De : x\nEnvoyé : y\nObjet : z\n",
    "Le … Le …": "Le ",
    "attributions": "Le 3 mai 2026 à 10:12, x@y.example a écrit :\n",
    "half attributions": "Le 3 mai 2026 à 10:12, x\n",
    "answers between quotes": "> a\nb\n",
    "rules": "-----\n",
    "signature marks": "-- \n",
    "device lines": "Envoyé de mon iPhone\n",
    "a écrit :": "a écrit : ",
    "hash signs": "#",
    "one long word": "a",
    "our own line": "Répondre au-dessus de cette ligne\n",
}
SUBJECTS = {
    "tags": "#note ",
    "hash signs": "#",
    "brackets": "[",
    "closed brackets": "[]",
    "references": "[REC-2026-0042-K7QX3M] ",
    "half references": "REC-2026-",
    "dates": "15/12/2026 ",
    "combining marks": "e\u0301",
    "spaces": " ",
}
RESULTS = {
    "results": "; dmarc=pass header.from=x.example",
    "comments": "(a)",
    "open comments": "(",
    "quotes": '"',
    "semicolons": ";",
    "equal signs": " =",
    "properties": " a.b=c",
}


def steps(act: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    with contextlib.suppress(message.Unreadable):  # a bomb is turned away, and that too must take no more than its time
        act()
    return max(time.process_time() - start, FLOOR)


def assert_linear(read: Callable[[int], Callable[[], object]]) -> None:
    """A busy machine may spoil a measure: one good one is enough, and a bad parser has none."""
    assert any(steps(read(LARGE)) / steps(read(SMALL)) <= MOST for _ in range(TRIES))


def grown(start: bytes, unit: bytes, size: int) -> bytes:
    return start + unit * (size // len(unit))


@pytest.mark.parametrize("name", list(MAILS))
def test_a_mail(name: str) -> None:
    def at(size: int) -> Callable[[], object]:
        raw = grown(*MAILS[name], size)
        return lambda: reading.read(message.read(raw), reading.EMPTY_WORDS)

    assert_linear(at)


@pytest.mark.parametrize("name", list(REPORTS))
def test_a_delivery_report(name: str) -> None:
    def at(size: int) -> Callable[[], object]:
        raw = grown(*REPORTS[name], size)
        return lambda: message.read(raw).reports

    assert_linear(at)


@pytest.mark.parametrize("name", list(LINES))
def test_the_quote_cutter(name: str) -> None:
    def at(size: int) -> Callable[[], object]:
        text = LINES[name] * (size // len(LINES[name]))
        return lambda: cut(text)

    assert_linear(at)


@pytest.mark.parametrize("name", list(SUBJECTS))
def test_the_tag_grammar(name: str) -> None:
    def at(size: int) -> Callable[[], object]:
        text = SUBJECTS[name] * (size // len(SUBJECTS[name]))
        return lambda: tags.read(text, text)

    assert_linear(at)


@pytest.mark.parametrize("name", list(RESULTS))
def test_authentication_results(name: str) -> None:
    def at(size: int) -> Callable[[], object]:
        text = "mx.ief.example" + RESULTS[name] * (size // len(RESULTS[name]))
        return lambda: identity.read_results(text)

    assert_linear(at)


def test_a_parser_that_is_not_linear_would_be_seen() -> None:
    def at(size: int) -> Callable[[], object]:
        return lambda: sum(1 for _ in range(size * size // 200))

    assert steps(at(LARGE)) / steps(at(SMALL)) > MOST
