"""Mails that nobody sends: those of tests/mail broken at random, and others put together from bad pieces. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import any_mail

NAMES = (b"Subject", b"From", b"To", b"Date", b"Message-ID", b"Content-Type", b"Content-Transfer-Encoding", b"References",
         b"Content-Disposition", b"Authentication-Results", b"Received", b"Return-Path", b"X-Spam-Status", b"Reply-To")  # fmt: skip
VALUES = (
    b"", b"<", b"<>", b'"', b"=?utf-8?q?=C3?=", b"=?utf-8?b?////?=" * 50, b"a" * 70_000, b"(" * 3_000, b"\xff\xfe\xc3",
    b"multipart/mixed; boundary=b", b'multipart/mixed; boundary=""', b"message/rfc822", b"text/html; charset=utf-7",
    b"application/ms-tnef", b"application/pkcs7-mime", b'text/plain; charset="\0"', b"text/plain; charset=unicode_escape",
    b"base64", b"quoted-printable", b"x-uuencode", b"x@y, " * 2_000, b"<a@b> " * 500, b"Mon, 99 Foo 99999 99:99:99 +9999",
    b"attachment; filename*0*=utf-8''%; filename*1=x; filename*999*=%ff", b"x; dmarc=pass header.from=courriel.example",
    b"\x1b]8;;http://x\x07", b"REC-2026-0042 #r\xc3\xa9solu", b"R\xc3\xa9ponse automatique :",
)  # fmt: skip
LINES = (
    b"--b", b"--b--", b"--=_b1", b"begin 644 x", b"end", b"> " * 400, b"De : x <x@y.example>", b"-----Message d'origine-----",
    b"From: x", b"<div><blockquote>" * 50, b"<!--", b"</", b"<a href=mailto:x?subject=y>", b"=" * 500, b"Le lun. a \xc3\xa9crit :",
    b"BEGIN:VCALENDAR", b"-----BEGIN PGP SIGNED MESSAGE-----", b"-----BEGIN PGP SIGNATURE-----", b"", b"\t", b"PK\x03\x04" * 40,
    b"\x78\x9f\x3e\x22", b"\x30\x80" * 100, b"Le le Le " * 300, b"a : b", "é".encode() * 900,
)  # fmt: skip


def mails(count: int, seed: int) -> Iterator[bytes]:
    """`count` mails, the same for the same seed; three in ten are put together from nothing."""
    dice = random.Random(seed)
    corpus = [any_mail.raw_of(name) for name in any_mail.NAMES]
    for _ in range(count):
        raw = _composed(dice) if dice.random() < 0.3 else dice.choice(corpus)
        for _ in range(dice.randint(1, 4)):
            raw = dice.choice(WOUNDS)(raw, dice, corpus)
        yield raw


def _composed(dice: random.Random) -> bytes:
    head = b"".join(dice.choice(NAMES) + b": " + dice.choice(VALUES) + b"\r\n" for _ in range(dice.randint(0, 12)))
    return head + b"\r\n" + b"\r\n".join(dice.choice(LINES) for _ in range(dice.randint(0, 60)))


def _place(raw: bytes, dice: random.Random) -> int:
    return dice.randint(0, len(raw))


def _bytes_changed(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    wounded = bytearray(raw)
    for _ in range(min(len(raw), dice.randint(1, 30))):
        wounded[dice.randrange(len(wounded))] = dice.randrange(256)
    return bytes(wounded)


def _cut(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    return raw[: _place(raw, dice)] if dice.random() < 0.7 else raw[_place(raw, dice) :]


def _hole(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    at = _place(raw, dice)
    return raw[:at] + raw[at + dice.randint(1, 200) :]


def _spliced(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    other = dice.choice(corpus)
    return raw[: _place(raw, dice)] + other[_place(other, dice) :]


def _repeated(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    start = _place(raw, dice)
    piece = raw[start : start + dice.randint(1, 80)]
    return raw[:start] + piece * dice.choice((2, 20, 500, 3_000)) + raw[start:]


def _field_added(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    return dice.choice(NAMES) + b": " + dice.choice(VALUES) + b"\r\n" + raw


def _line_added(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    rows = raw.split(b"\n")
    rows.insert(dice.randint(0, len(rows)), dice.choice(LINES) + b"\r")
    return b"\n".join(rows)


def _lines_shuffled(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    rows = raw.split(b"\n")
    one, other = dice.randrange(len(rows)), dice.randrange(len(rows))
    rows[one], rows[other] = rows[other], rows[one]
    return b"\n".join(rows)


def _line_ends(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    return raw.replace(b"\r\n", dice.choice((b"\n", b"\r", b"\r\r\n", b"\r\n\r\n", b"\n\r")))


def _nested(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    for _ in range(dice.choice((1, 3, 30))):
        raw = b"From: x@y.example\r\nContent-Type: message/rfc822\r\n\r\n" + raw
    return raw


def _bundled(raw: bytes, dice: random.Random, corpus: list[bytes]) -> bytes:
    parts = b"".join(b"--b\r\n" + piece + b"\r\n" for piece in (raw, *dice.sample(corpus, dice.choice((1, 5)))))
    return (
        b"Content-Type: multipart/"
        + dice.choice((b"mixed", b"alternative", b"report"))
        + b"; boundary=b\r\n\r\n"
        + parts
    )


WOUNDS: tuple[Callable[[bytes, random.Random, list[bytes]], bytes], ...] = (
    _bytes_changed, _cut, _hole, _spliced, _repeated, _field_added, _line_added, _lines_shuffled, _line_ends, _nested, _bundled,
)  # fmt: skip
