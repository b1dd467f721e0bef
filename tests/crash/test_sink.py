"""The sink takes what it is given byte for byte, and holds the line where it is told to."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator

import pytest

from crash.sink import DOT, HALF, Sink

RAW = b"Message-ID: <a@b.example>\r\nSubject: x\r\n\r\n.\r\n..deux\r\n.trois\r\n" + b"n" * 900 + b"\r\n"


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    made.start()
    yield made
    made.stop()


def test_bytes_come_through_with_their_dots(sink: Sink) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port) as line:
        line.sendmail("a@b.example", ["c@d.example"], RAW)
    assert [(a.to, a.raw, a.message_id) for a in sink.accepted] == [("c@d.example", RAW, "<a@b.example>")]


@pytest.mark.parametrize(("at", "taken"), [(HALF, 1), (DOT, 2)])
def test_the_second_mail_is_held_and_only_counted_after_its_dot(sink: Sink, at: str, taken: int) -> None:
    sink.hold(at, 2)
    line = smtplib.SMTP("127.0.0.1", sink.port)
    line.sendmail("a@b.example", ["c@d.example"], RAW)
    writer = threading.Thread(target=_send_without_hope, args=(line,))
    writer.start()
    held = sink.held.wait(10)
    assert line.sock is not None
    line.sock.shutdown(2)
    writer.join(10)
    line.close()
    assert held
    assert len(sink.accepted) == taken


def _send_without_hope(line: smtplib.SMTP) -> None:
    try:
        line.sendmail("a@b.example", ["c@d.example"], RAW)
    except (smtplib.SMTPException, OSError):
        return
