"""What the desk may know of a mail, whatever bytes a stranger sent."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import quopri
import struct
import unicodedata
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot import message
from mailbot.message import clean, codec, headers, limits

FROM = b"From: Carl Petit <carl@x.example>\r\n"


def mail(*lines: str, charset: str = "utf-8") -> bytes:
    return "\r\n".join(lines).encode(charset)


def with_header(line: str | bytes) -> message.Message:
    raw = line if isinstance(line, bytes) else line.encode()
    return message.read(raw + b"\r\n\r\nBonjour\r\n")


def part(head: str, body: str = "") -> str:
    return f"--b\r\n{head}\r\n\r\n{body}\r\n"


def multipart(*parts: str, kind: str = "mixed", top: str = "From: carl@x.example\r\nSubject: s") -> bytes:
    return (f'{top}\r\nContent-Type: multipart/{kind}; boundary="b"\r\n\r\n' + "".join(parts) + "--b--\r\n").encode()


# -- sender ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "addr"),
    [
        ("From: carl@x.example", "", "carl@x.example"),
        ("From: <carl@x.example>", "", "carl@x.example"),
        ("From: Dupont, Jean <jean@b.example>", "Dupont, Jean", "jean@b.example"),
        ('From: "Dupont, Jean" <jean@b.example>', "Dupont, Jean", "jean@b.example"),
        ("From: jean@b.example (Jean Dupont)", "Jean Dupont", "jean@b.example"),
        ("From: Jean.Le.GRAND@B.Example", "", "Jean.Le.GRAND@b.example"),
        ("From: =?utf-8?q?Zo=C3=A9?= <z@x.example>", "Zoé", "z@x.example"),
        ('From: "=?utf-8?q?Zo=C3=A9?=" <z@x.example>', "Zoé", "z@x.example"),
        ("From: =?utf-8?q?Dupont=2C_eve=40evil=2Eexample?= <z@x.example>", "Dupont, eve@evil.example", "z@x.example"),
        ("From: Équipe <e@x.example>", "Équipe", "e@x.example"),
        ("From: Groupe: a@x.example, b@x.example;", "", "a@x.example"),
        ("From: é@bücher.example", "", "é@bücher.example"),
        ('From: "jean.dupont"@x.example', "", '"jean.dupont"@x.example'),
        ("From: Carl [carl@x.example]", "Carl", "carl@x.example"),
        ("From: Carl\r\n Petit\r\n\t<carl@x.example>", "Carl Petit", "carl@x.example"),
        ('From: "Carl \\"le\\" Petit" <carl@x.example>', 'Carl "le" Petit', "carl@x.example"),
        ("From: boss@corp.example <eve@evil.example>", "boss@corp.example", "eve@evil.example"),
        ("From: a@[192.0.2.1]", "", "a@[192.0.2.1]"),
    ],
)
def test_the_author_is_read_as_people_write_it(line: str, name: str, addr: str) -> None:
    assert with_header(line).from_ == message.Address(name=name, addr=addr)


@pytest.mark.parametrize(
    "line",
    [
        "From: ",
        "From: nobody",
        "From: <>",
        "From: a@[1.2.3",
        'From: "',
        "From: a b@",
        "From: @x.example",
        "From: a@b..example",
        "From: undisclosed-recipients:;",
        f"From: {'a' * 250}@x.example",
        "From: <a\x01b@x.example>",
        "From: <a b@x.example>",
        "From: =?utf-8?q?boss?=@evil.example",
        "X: y",
    ],
)
def test_an_address_that_is_none_is_dropped(line: str) -> None:
    assert with_header(line).from_ is None


def test_a_raw_eight_bit_name_is_read_as_utf8_then_as_windows_1252() -> None:
    assert with_header("From: Zoé <z@x.example>".encode()).from_ == message.Address(name="Zoé", addr="z@x.example")
    latin = with_header("From: Zoé <z@x.example>".encode("latin-1")).from_
    assert latin == message.Address(name="Zoé", addr="z@x.example")


@pytest.mark.parametrize(
    "line",
    [
        "From: carl@x.example",
        "From: <carl@x.example>",
        "From: Carl Petit <carl@x.example>",
        'From: "Petit, Carl" <carl@x.example>',
        "From: =?utf-8?q?Zo=C3=A9?= <carl@x.example>",
        "From: Zoé É. <carl@x.example>",
        "From: carl@x.example <carl@x.example>",
        'From: "Carl@X.example" <carl@x.example>',
        "From: Carl\r\n Petit <carl@x.example>",
        "From: carl+tag@x.example",
    ],
)
def test_one_plain_address_is_strict(line: str) -> None:
    assert with_header(line).strict_from


@pytest.mark.parametrize(
    "line",
    [
        "X: y",
        "From: boss@corp.example <eve@evil.example>",
        'From: "boss@corp.example" <eve@evil.example>',
        "From: =?utf-8?q?boss=40corp.example?= <eve@evil.example>",
        "From: boss＠corp.example <eve@evil.example>",
        "From: <boss@corp.example>@evil.example",
        "From: <boss@corp.example> <eve@evil.example>",
        "From: boss@corp.example, eve@evil.example",
        "From: Boss: eve@evil.example;",
        "From: Dupont, Jean <jean@b.example>",
        "From: eve@evil.example (boss@corp.example)",
        "From: (boss@corp.example) <eve@evil.example>",
        "From: Boss <eve@evil.example> x",
        "From: bo\u200bss <eve@evil.example>",
        "From: \u202eboss <eve@evil.example>",
        "From: =?utf-8?q?a=00?= <eve@evil.example>",
        "From: eve@localhost",
        "From: eve@evil..example",
        "From: .eve@evil.example",
        "From: é@evil.example",
        "From: a@x.example\r\nFrom: a@x.example",
        'From: "a\\"b" <eve@evil.example>',
        "From: =?utf-8?q?boss?=@evil.example",
    ],
)
def test_a_from_that_two_programs_could_read_differently_is_not_strict(line: str) -> None:
    assert not with_header(line).strict_from


def test_a_from_in_another_charset_than_utf8_is_not_strict() -> None:
    assert not with_header(b"From: Zo\xe9 <z@x.example>").strict_from


def test_the_other_people_of_the_header_are_read() -> None:
    read = message.read(
        mail(
            "Return-Path: <bounce@x.example>",
            "Delivered-To: plaintes@ief.example",
            "X-Original-To: contact@ief.example",
            "From: Équipe via Groupe <groupe@ief.example>",
            "X-Original-From: Zoé <zoe@x.example>",
            "Sender: s@x.example",
            "Reply-To: r@x.example, q@x.example",
            "To: plaintes@ief.example",
            "To: b@x.example",
            "Cc: c@x.example",
            "",
            "x",
        )
    )
    assert read.return_path == "bounce@x.example"
    assert read.delivered_to == ("plaintes@ief.example", "contact@ief.example")
    assert read.original_from == message.Address(name="Zoé", addr="zoe@x.example")
    assert read.sender == message.Address(name="", addr="s@x.example")
    assert [a.addr for a in read.reply_to] == ["r@x.example", "q@x.example"]
    assert [a.addr for a in read.to] == ["plaintes@ief.example", "b@x.example"]
    assert [a.addr for a in read.cc] == ["c@x.example"]


@pytest.mark.parametrize(
    ("line", "path"),
    [("X: y", None), ("Return-Path: <>", ""), ("Return-Path: < >", ""), ("Return-Path: a@x.example", "a@x.example")],
)
def test_the_null_return_path_is_told_from_a_missing_one(line: str, path: str | None) -> None:
    assert with_header(line).return_path == path


# -- subject, ids, date ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Subject: Réclamation", "Réclamation"),
        ("Subject: =?iso-8859-1?q?R=E9clamation?=", "Réclamation"),
        ("Subject: =?UTF-8?B?UsOpY2xhbWF0aW9u?=", "Réclamation"),
        ("Subject: =?utf-8?q?R=C3?= =?utf-8?q?=A9clamation?=", "Réclamation"),
        ("Subject: =?utf-8?B?ww==?==?utf-8?B?qQ==?=", "é"),
        ("Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?= c =?utf-8?q?d?=", "ab c d"),
        ("Subject: =?utf-8?q?O=C3=B9 est-il ??=", "Où est-il ?"),
        ("Subject: =?utf-8*fr?q?=C3=A9t=C3=A9?=", "été"),
        ("Subject: =?inconnu?q?=C3=A9?=", "é"),
        ("Subject: une ligne\r\n  puis\tl'autre", "une ligne puis l'autre"),
        ("Subject: \u202eAbc\u2066d\u200be\ufeff", "Abcde"),
        ("Subject: =?utf-8?q?a=0D=0ABcc:_v=40x.example?=", "a Bcc: v@x.example"),
        ("Subject: a\x00b\x07c\x85d", "abc d"),
        ("Subject: =?utf-7?q?+2AA-?=", "\ufffd"),
        ("Subject: 12 =?windows-1252?q?=80?= dus", "12 € dus"),
        ("Subject: =?iso-8859-1?q?12_=80_l=92heure?=", "12 € l’heure"),
    ],
)
def test_the_subject_is_one_decoded_clean_line(line: str, subject: str) -> None:
    assert with_header(line).subject == subject


def test_a_subject_in_raw_latin1_keeps_its_accents() -> None:
    assert with_header("Subject: Réclamation n° 12".encode("latin-1")).subject == "Réclamation n° 12"


def test_no_encoded_word_survives_in_any_text() -> None:
    trick = "=?utf-8?q?=3D=3FUTF-8=3FQ=3F=3D0ABcc=3A=5Fv=40x.example=3F=3D?="
    read = message.read(mail(f"From: {trick} <a@x.example>", f"Subject: {trick}", "", trick))
    assert read.subject == "= ?UTF-8?Q?=0ABcc:_v@x.example?="
    assert not [text for text in texts_of(read) if "=?" in text]


def test_a_subject_is_cut_at_998_characters() -> None:
    assert len(with_header("Subject: " + "é" * 5_000).subject) == 998


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("<a.b-1@x.example>", "<a.b-1@x.example>"),
        ("<", ""),
        ("<[abc]@x>", "<[abc]@x>"),
        ("<a b@x>", ""),
        ("a@b", ""),
        ("<a@b> <c@d>", ""),
        ("<=?utf-8?q?x?=@y>", ""),
        (f"<{'a' * 300}@x>", ""),
        ("<a@é>", ""),
    ],
)
def test_only_a_strict_message_id_is_kept(value: str, kept: str) -> None:
    assert with_header(f"Message-ID: {value}").message_id == kept


def test_references_keep_the_well_formed_ids_in_order() -> None:
    read = with_header("In-Reply-To: <c@x>\r\nReferences: <a@x>\r\n junk <b@x> <=?q?@x> <a@x>")
    assert read.in_reply_to == ("<c@x>",)
    assert read.references == ("<a@x>", "<b@x>")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 3 Nov 2026 10:12:00 +0100", datetime(2026, 11, 3, 9, 12, tzinfo=UTC)),
        ("Tue, 3 Nov 2026 10:12:00 -0000", datetime(2026, 11, 3, 10, 12, tzinfo=UTC)),
        ("3 Nov 2026 10:12", datetime(2026, 11, 3, 10, 12, tzinfo=UTC)),
        ("Tue, 3 Nov 99999 10:12:00 +0100", None),
        ("Tue, 3 Nov 2026 10:12:00 +9999", None),
        ("Mon, 1 Jan 1900 00:00:00 +0000", None),
        ("Tue, 31 Feb 2026 10:12:00 +0100", None),
        ("demain", None),
        ("", None),
        ("(" * 500, None),
    ],
)
def test_the_date_is_aware_or_none(value: str, expected: datetime | None) -> None:
    assert with_header(f"Date: {value}").date == expected


def test_the_fingerprint_survives_another_relay_and_sees_another_body() -> None:
    head = "Message-ID: <a@x>\r\nFrom: carl@x.example\r\nDate: Tue, 3 Nov 2026 10:12:00 +0100\r\n"
    first = message.read(f"{head}\r\nBonjour\r\n".encode())
    again = message.read(f"Received: from y\r\nReturn-Path: <z@x.example>\r\n{head}\r\nBonjour\n\n".encode())
    other = message.read(f"{head}\r\nBonsoir\r\n".encode())
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.sha256 != again.sha256


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("utf-8", "Réclamation cassée".encode("latin-1")),
        ("utf-8", "Réclamation cassée".encode()),
        ("iso-8859-1", "Réclamation cassée".encode("latin-1")),
        ("idna", "Réclamation cassée".encode()),
        ("rot13", "Réclamation cassée".encode()),
        ("unicode_escape", "Réclamation cassée".encode()),
        ("punycode", "Réclamation cassée".encode()),
        ("zlib", "Réclamation cassée".encode()),
        ('"a\0b"', "Réclamation cassée".encode()),
        ("os.path", "Réclamation cassée".encode("cp1252")),
        ("us-ascii", "Réclamation cassée".encode("cp1252")),
        ("macintosh", "Réclamation cassée".encode("mac-roman")),
        ("utf-16le", "Réclamation cassée".encode("utf-16-le")),
    ],
)
def test_the_charset_is_the_declared_one_else_utf8_else_windows(charset: str, body: bytes) -> None:
    raw = FROM + b"Content-Type: text/plain; charset=" + charset.encode() + b"\r\n\r\n" + body
    assert message.read(raw).text == "Réclamation cassée"


def test_one_bad_byte_does_not_garble_every_accent() -> None:
    read = message.read(FROM + b"\r\n" + "é à ç ".encode() + b"\xff fin")
    assert read.text == "é à ç \ufffd fin"


def test_plain_text_is_preferred_and_the_html_kept() -> None:
    raw = multipart(
        part("Content-Type: text/plain", "Le plat"),
        part("Content-Type: text/html", "<p>La page</p>"),
        kind="alternative",
    )
    read = message.read(raw)
    assert (read.text, read.html, read.attachments) == ("Le plat", "<p>La page</p>", ())


@pytest.mark.parametrize("plain", ["", " \r\n\u00a0", "This mail needs an HTML reader."])
def test_a_trivial_plain_text_gives_way_to_the_html(plain: str) -> None:
    raw = multipart(
        part("Content-Type: text/plain; charset=utf-8", plain),
        part("Content-Type: text/html", "<p>La page</p>"),
        kind="alternative",
    )
    assert message.read(raw).text == "La page"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>fin de <b>m</b>ot</p>", "fin de mot"),
        ("<p>cass&eacute;e &agrave; 12&nbsp;&euro;</p>", "cassée à 12 €"),
        ("<div style='display:none'>caché</div><p>vu</p>", "vu"),
        ("<div style='Max-Height: 0px; overflow:hidden'>caché</div><p>vu</p>", "vu"),
        ("<div hidden>caché</div><p>vu</p>", "vu"),
        ("<script>alert(1)</script><style>p{}</style><title>t</title><p>vu</p>", "vu"),
        ("<div>" * 600 + "profond" + "</div>" * 600, "profond"),
        ("<?xml version='1.0' encoding='latin-1'?><p>vu</p>", "vu"),
        ("<ul><li>un</li><li>deux</li></ul>", "  * un\n  * deux"),
        ("sans balise", "sans balise"),
        ("<div style='display:none'>tout caché</div>", "tout caché"),
    ],
)
def test_html_is_laid_out_as_text(page: str, text: str) -> None:
    raw = FROM + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    assert message.read(raw).text.strip() == text.strip()


def test_the_charset_of_a_page_may_stand_in_the_page() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15"><p>12 €</p>'
    raw = FROM + b"Content-Type: text/html\r\n\r\n" + page.encode("iso-8859-15")
    assert message.read(raw).text == "12 €"


def test_flowed_paragraphs_are_put_together_again() -> None:
    body = "Une phrase \r\ncoupée.\r\n  décalé\r\n> cité \r\n> encore\r\n-- \r\nCarl"
    raw = FROM + b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n" + body.encode()
    assert message.read(raw).text == "Une phrase coupée.\n décalé\n> cité encore\n-- \nCarl"


def test_several_texts_of_a_mixed_mail_are_joined() -> None:
    raw = multipart(part("Content-Type: text/plain", "un"), part("Content-Type: text/plain", "deux"))
    assert message.read(raw).text == "un\n\ndeux"


def test_html_stands_for_the_whole_body_when_plain_parts_surround_it() -> None:
    raw = multipart(part("Content-Type: text/html", "<p>un</p>"), part("Content-Type: text/plain", "a < b"))
    read = message.read(raw)
    assert read.text == "un\n\na < b"
    assert read.html == "<p>un</p>\n<div>a &lt; b</div>"


def test_a_text_attached_is_an_attachment_and_not_glued_in() -> None:
    raw = multipart(
        part("Content-Type: text/plain", "le texte"),
        part("Content-Type: text/plain\r\nContent-Disposition: attachment", "la pièce"),
        part('Content-Type: text/plain; name="notes.txt"\r\nContent-Disposition: inline', "les notes"),
    )
    read = message.read(raw)
    assert read.text == "le texte"
    assert [(a.path, a.name, a.evidence) for a in read.attachments] == [("2", "", True), ("3", "notes.txt", True)]


def test_a_text_beyond_the_limit_is_cut_and_said() -> None:
    read = message.read(FROM + b"\r\n" + "é".encode() * 600_000)
    assert set(read.text) == {"é"}
    assert len(read.text.encode()) <= limits.TEXT
    assert "partie 1 : texte coupé à 512 ko" in read.problems


def test_controls_and_overrides_leave_the_body_newlines_and_tabs_stay() -> None:
    raw = FROM + "Content-Type: text/plain; charset=utf-8\r\n\r\na\tb\rc\x00\x1b[31md\u202ee\u2028f".encode()
    assert message.read(raw).text == "a\tb\nc[31mde\nf"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"x", "x"),
        (b"\r\n", ""),
        (b"From: a@x.example", ""),
        (b"\r\nBonjour", "Bonjour"),
        (b"From a@x.example Tue Nov  3\r\nSubject: s\r\n\r\nBonjour", "Bonjour"),
        (b"\xef\xbb\xbfSubject: s\r\n\r\nBonjour", "Bonjour"),
        (b"Subject: s\nbroken line\nX: y\n\nBonjour", "Bonjour"),
        (b"Content-Type: multipart/mixed\r\n\r\nBonjour", "Bonjour"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nBonjour", "Bonjour"),
        (b"Content-Type: text\r\n\r\nBonjour", "Bonjour"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nBonjour", "Bonjour"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b  \r\n\r\nBonjour\r\n--b--", "Bonjour"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nBonjour\r\n--b--", "Bonjour"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--bb\r\nx\r\n--b\r\n\r\nBonjour\r\n--b--", "Bonjour"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nQm9uam91cg", "Bonjour"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\nBon=\r\njour", "Bonjour"),
        (b"Content-Transfer-Encoding: x-foo\r\n\r\nBonjour", "Bonjour"),
    ],
)
def test_broken_structure_still_gives_its_text(raw: bytes, text: str) -> None:
    assert message.read(raw).text == text


# -- attachments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('Content-Disposition: attachment; filename="devis.pdf"', "devis.pdf"),
        ("Content-Disposition: attachment; filename=ma facture.pdf", "ma facture.pdf"),
        ("Content-Type: application/pdf; name=devis.pdf", "devis.pdf"),
        ("Content-Disposition: attachment; filename*=utf-8''r%C3%A9ponse.pdf", "réponse.pdf"),
        ("Content-Disposition: attachment; filename*=iso-8859-1'fr'r%E9ponse.pdf", "réponse.pdf"),
        (
            "Content-Disposition: attachment; filename*1*=%A9ponse; filename*0*=utf-8''r%C3; filename*2=.pdf",
            "réponse.pdf",
        ),
        ('Content-Disposition: attachment; filename*0="un "; filename*1="deux.pdf"', "un deux.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?q?r=C3=A9ponse.pdf?="', "réponse.pdf"),
        ('Content-Disposition: attachment; filename="réponse.pdf"', "réponse.pdf"),
        ('Content-Disposition: attachment; filename="../../etc/passwd"', ".._.._etc_passwd"),
        ('Content-Disposition: attachment; filename="C:\\dir\\a.doc"', "C:_dir_a.doc"),
        (
            "Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fpass%0D%0Awd%00.pdf",
            ".._.._etc_pass wd.pdf",
        ),
        ('Content-Disposition: attachment; filename="\u200b.htaccess"', ".htaccess"),
        ('Content-Disposition: attachment; filename="fdp\u202eexe.pdf"', "fdpexe.pdf"),
        (f'Content-Disposition: attachment; filename="{"a" * 4000}.pdf"', "a" * 196 + ".pdf"),
        ('Content-Disposition: attachment; filename="un; deux.pdf"', "un; deux.pdf"),
        ("Content-Disposition: attachment", ""),
    ],
)
def test_the_name_of_a_file_is_decoded_and_harmless(field: str, name: str) -> None:
    raw = multipart(part("Content-Type: text/plain", "texte"), part(field + "\r\nX: y", "contenu"))
    assert [a.name for a in message.read(raw).attachments] == [name]


def test_a_name_in_raw_latin1_keeps_its_accents() -> None:
    raw = multipart(part('Content-Disposition: attachment; filename="r\ufffdponse.pdf"', "x"))
    read = message.read(raw.replace("\ufffd".encode(), b"\xe9"))
    assert [a.name for a in read.attachments] == ["réponse.pdf"]


def uuencoded(data: bytes) -> bytes:
    rows = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    return b"begin 644 a.bin\n" + b"".join(rows) + b"`\nend\n"


FILE_DATA = bytes(range(256)) * 80
LINES = base64.encodebytes(FILE_DATA).replace(b"\n", b"\r\n")
FILE_HEAD = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: %s\r\n\r\n"
BOUND = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"


@pytest.mark.parametrize(
    ("written", "encoding", "lies"),
    [
        (LINES + b"--b--\r\n", b"base64", True),
        (LINES + b"\r\n--b--\r\n", b"base64", True),  # an empty line more
        (LINES, b"BASE64", True),  # no end, as the largest mails are cut
        (LINES.rstrip(), b"base64", False),  # nothing ends its last line
        (LINES.replace(b"\r\n", b"\n") + b"--b--\n", b"base64", False),
        (base64.b64encode(FILE_DATA) + b"\r\n--b--\r\n", b"base64", False),
        (LINES[:76] + b" " + LINES[76:] + b"--b--\r\n", b"base64", False),
        (LINES.lower() + b"--b--\r\n", b"base64", True),
        (LINES[: 78 * 100] + b"--b--\r\n", b"base64", False),  # so short that it may as well be written twice
        (FILE_DATA + b"\r\n--b--\r\n", b"8bit", False),
    ],
)
def test_a_file_in_base64_of_76_columns_lies_in_the_mail_as_a_letter_would_write_it(
    written: bytes, encoding: bytes, *, lies: bool
) -> None:
    raw = BOUND + FILE_HEAD % encoding + written
    cut = message.cut_out_all(raw, [a.path for a in message.read(raw).attachments])
    places = message.lying(raw, cut)
    assert bool(places) is lies
    for path, (begin, end) in places.items():
        assert raw[begin:end] == codec.in_base64(cut[path])


def test_a_file_of_a_mail_within_a_mail_is_written_anew() -> None:
    inner = BOUND.replace(b"=b", b"=c").replace(b"--b", b"--c") + FILE_HEAD % b"base64" + LINES + b"--c--\r\n"
    raw = BOUND + b"Content-Type: message/rfc822\r\n\r\n" + inner + b"--b--\r\n"
    cut = message.cut_out_all(raw, ["1", "1/rfc822:1"])
    assert FILE_DATA in cut.values()
    assert message.lying(raw, cut) == {}


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", "binary", "x-uuencode"])
@given(data=st.binary(max_size=400))
def test_r1_3_an_attachment_is_cut_out_byte_for_byte(encoding: str, data: bytes) -> None:
    if encoding in ("8bit", "binary"):
        data = data.replace(b"--b", b"")
    if encoding == "quoted-printable":  # what stands for a line end may be rewritten on the way; bytes may not
        data = data.replace(b"\r", b"").replace(b"\n", b"")
    written = {
        "base64": base64.encodebytes,
        "quoted-printable": lambda d: quopri.encodestring(d, quotetabs=True),
        "x-uuencode": uuencoded,
    }.get(encoding, bytes)(data)
    head = f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: {encoding}\r\n"
    raw = head.encode() + b"Content-Disposition: attachment\r\n\r\n" + written + b"\r\n--b--\r\n"
    [attachment] = message.read(raw).attachments
    cut = message.cut_out(raw, attachment.path)
    if encoding == "quoted-printable":
        cut = cut.rstrip(b"\r\n")
    assert cut == data
    if encoding != "quoted-printable":
        assert (attachment.size, attachment.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_a_sealed_mail_says_that_it_cannot_be_read() -> None:
    raw = FROM + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nx"
    read = message.read(raw)
    assert [a.name for a in read.attachments] == ["smime.p7m"]
    assert read.problems == ("message chiffré ou scellé (S/MIME, PGP) : son texte ne peut pas être lu",)


def test_a_large_file_crosses_the_pieces_unharmed() -> None:
    data = bytes(range(256)) * 12_000
    for encoding, body in (("base64", base64.encodebytes(data)), ("quoted-printable", quopri.encodestring(data, True))):
        raw = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body
        cut = message.cut_out(raw, "1")
        assert cut[: len(data)] == data


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"QUJD\r\n*** junk ***\r\nREVG", b"ABC" + base64.b64decode("junk") + b"DEF"),
        (b"QQ==\r\nQkM=\r\nREVG\r\n", b"ABCDEF"),
        (b"QUI=\r\n_____\r\nListe de diffusion\r\n", b"AB"),
        (b"QUJDR", b"ABC"),
        (b"====", b""),
        (b"Q U J D", b"ABC"),
    ],
)
def test_damaged_base64_gives_what_can_be_saved(body: bytes, data: bytes) -> None:
    raw = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: BASE64 (x)\r\n\r\n" + body
    assert message.cut_out(raw, "1") == data


def test_a_file_uuencoded_in_the_text_is_taken_out_of_it() -> None:
    raw = FROM + b"\r\nVoici.\r\n\r\n" + uuencoded(b"octets \x00\xff" * 30) + b"\r\nbegin 644 rien\r\nMerci"
    read = message.read(raw)
    assert [(a.path, a.name, a.size) for a in read.attachments] == [("1/uu:0", "a.bin", 270)]
    assert read.text == "Voici.\n\n\nbegin 644 rien\nMerci"
    assert message.cut_out(raw, "1/uu:0") == b"octets \x00\xff" * 30


def test_an_unknown_path_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        message.cut_out(FROM + b"\r\nx", "1")


def image(name: str, size: int, disposition: str = "inline", cid: str = "") -> str:
    head = f'Content-Type: image/png; name="{name}"\r\nContent-Disposition: {disposition}\r\n'
    return part(head + (f"Content-ID: <{cid}>\r\n" if cid else "") + "X: y", "x" * size)


@pytest.mark.parametrize(
    ("file", "evidence"),
    [
        (image("image001.png", 4_000), False),
        (image("Outlook-abc_d.png", 4_000), False),
        (image("logo-ief.png", 4_000), False),
        (image("facebook.png", 4_000, cid="shown"), False),
        (image("capture.png", 80_000, cid="shown"), True),
        (image("IMG_1234.png", 200_000), True),
        (image("image001.png", 200_000), True),
        (image("image001.png", 4_000, "attachment"), True),
        (image("photo.png", 4_000), True),
        (part('Content-Type: application/pkcs7-signature; name="smime.p7s"', "x"), False),
        (part('Content-Type: application/pkcs7-mime; name="smime.p7m"', "x"), True),
        (part("Content-Type: text/calendar; method=REQUEST", "x"), True),
        (part("Content-Type: application/pgp-encrypted", "x"), True),
    ],
)
def test_r1_3_decoration_is_kept_but_is_no_evidence(file: str, evidence: bool) -> None:
    raw = multipart(part("Content-Type: text/html", "<img src='CID:shown'>"), file, kind="related")
    assert [a.evidence for a in message.read(raw).attachments] == [evidence]


def forwarded_mail() -> str:
    return (
        "Message-ID: <orig@x>\r\nFrom: Carl Petit <carl@x.example>\r\nSubject: Ma plainte\r\n"
        "Date: Tue, 3 Nov 2026 10:12:00 +0100\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        "--c\r\n\r\nJe me plains.\r\n--c\r\nContent-Disposition: attachment; filename=preuve.pdf\r\n\r\nPDF\r\n--c--\r\n"
    )


def test_a_nested_mail_is_kept_whole_and_its_files_listed() -> None:
    raw = multipart(part("", "Voir ci-joint."), part("Content-Type: message/rfc822", forwarded_mail()))
    read = message.read(raw)
    assert read.text == "Voir ci-joint."
    assert [(a.path, a.name) for a in read.attachments] == [("2", ""), ("2/rfc822:2", "preuve.pdf")]
    assert message.cut_out(raw, "2") == forwarded_mail().encode()
    assert message.cut_out(raw, "2/rfc822:2") == b"PDF"


def test_a_nested_mail_in_base64_is_opened_too() -> None:
    body = base64.encodebytes(forwarded_mail().encode()).decode()
    raw = multipart(part("", "x"), part("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", body))
    assert message.cut_out(raw, "2/rfc822:2") == b"PDF"
    assert message.cut_out(raw, "2") == forwarded_mail().encode()


# -- winmail.dat -------------------------------------------------------------------------------------------------------


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def prop(kind: int, key: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, key, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def winmail(*pieces: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x89006, b"\0\0\1\0") + b"".join(pieces)


def tnef_file(title: bytes, data: bytes, *more: bytes) -> bytes:
    props = struct.pack("<I", len(more)) + b"".join(more)
    return (
        attribute(2, 0x69002, b"\0" * 14)
        + attribute(2, 0x18010, title)
        + attribute(2, 0x6800F, data)
        + attribute(2, 0x69005, props)
    )


def in_mail(data: bytes, text: str = "") -> bytes:
    head = "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64"
    return multipart(part("Content-Type: text/plain", text), part(head, base64.encodebytes(data).decode()))


def test_winmail_is_opened_and_kept() -> None:
    long_name = "facture été.pdf".encode("utf-16-le") + b"\0\0"
    data = winmail(
        attribute(1, 0x69007, struct.pack("<II", 1252, 0)),
        tnef_file(b"cass\xe9e.doc\0", b"DOC\0\0"),
        tnef_file(b"FACTUR~1.PDF\0", b"PDF", prop(0x1F, 0x3707, long_name), prop(0x1E, 0x370E, b"application/pdf\0")),
    )
    raw = in_mail(data, "Bonjour")
    read = message.read(raw)
    assert [(a.path, a.name, a.content_type, a.evidence) for a in read.attachments] == [
        ("2", "winmail.dat", "application/ms-tnef", False),
        ("2/winmail:0", "cassée.doc", "application/octet-stream", True),
        ("2/winmail:1", "facture été.pdf", "application/pdf", True),
    ]
    assert message.cut_out(raw, "2/winmail:0") == b"DOC\0\0"
    assert message.cut_out(raw, "2") == data


def test_the_text_of_a_winmail_serves_when_there_is_no_other() -> None:
    data = winmail(attribute(1, 0x69003, struct.pack("<I", 1) + prop(0x1E, 0x1000, b"Bonjour de l\x92Outlook\0")))
    assert message.read(in_mail(data)).text == "Bonjour de l’Outlook"
    assert message.read(in_mail(data, "Le vrai texte")).text == "Le vrai texte"


def test_a_mail_inside_a_winmail_is_opened() -> None:
    inner = winmail(tnef_file(b"a.txt\0", b"dedans"))
    embedded = inner
    raw = in_mail(winmail(tnef_file(b"mail\0", embedded)))
    assert message.cut_out(raw, "2/winmail:0/winmail:0") == b"dedans"


@pytest.mark.parametrize(
    "props",
    [
        struct.pack("<IHHI", 1, 0x1003, 0x1000, 0xFFFFFFFF),  # 4,000 million values
        struct.pack("<IHHII", 0xFFFFFFFF, 0x1E, 0x1000, 1, 0xFFFFFFF0),
        struct.pack("<IHH", 1, 0x7777, 0x1000),
        b"\1",
        b"",
    ],
)
def test_a_winmail_that_lies_about_its_counts_is_read_as_far_as_it_goes(props: bytes) -> None:
    raw = in_mail(winmail(attribute(1, 0x69003, props), tnef_file(b"a.txt\0", b"dedans")), "Bonjour")
    assert message.cut_out(raw, "2/winmail:0") == b"dedans"


@pytest.mark.parametrize(
    "data", [b"", b"garbage", b"\x78\x9f\x3e\x22", b"\x78\x9f\x3e\x22\1\0\2\x0f\x80\6\0\xff\xff\xff\x7f"]
)
def test_a_winmail_that_is_none_stays_closed_evidence(data: bytes) -> None:
    assert [a.evidence for a in message.read(in_mail(data, "Bonjour")).attachments] == [True]


@given(cut=st.integers(0, 220), junk=st.binary(max_size=60))
def test_no_winmail_breaks_the_reading(cut: int, junk: bytes) -> None:
    data = winmail(tnef_file(b"a.txt\0", b"dedans", prop(0x1E, 0x3707, b"nom\0")))[:cut] + junk
    assert message.read(in_mail(data, "Bonjour")).text == "Bonjour"


# -- machines, lists, spam ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied"),
        ("Auto-Submitted: auto-generated (vacation); owner=x", "Auto-Submitted: auto-generated (vacation); owner=x"),
        ("X-Autoreply: yes", "X-Autoreply: yes"),
        ("X-Autorespond: vacances", "X-Autorespond: vacances"),
        ("X-Auto-Response-ID: 4", "X-Auto-Response-Id: 4"),
        ("Precedence: auto_reply", "Precedence: auto_reply"),
        ("Return-Path: <>", "Return-Path: <>"),
        ("Content-Type: multipart/report; boundary=b", "Content-Type: multipart/report"),
        ("Content-Type: message/disposition-notification", "Content-Type: message/disposition-notification"),
        ("Content-Type: text/calendar; method=REPLY", "Content-Type: text/calendar; method=REPLY"),
        ("Subject: Réponse automatique : Ma plainte", "Objet : Réponse automatique : Ma plainte"),
        ("Subject: Automatic reply: x", "Objet : Automatic reply: x"),
        ("Subject: [EXTERNE] Absence du bureau", "Objet : [EXTERNE] Absence du bureau"),
        ("Subject: Out of office: back Monday", "Objet : Out of office: back Monday"),
        ("Subject: Abwesenheitsnotiz", "Objet : Abwesenheitsnotiz"),
        ("From: MAILER-DAEMON@x.example", "From: MAILER-DAEMON@x.example"),
        ("X-Mailbot-Id: 3", "X-Mailbot"),
        ("Received: x\r\n" * 100 + "Received: x", "boucle : plus de 100 relais"),
    ],
)
def test_the_signs_of_a_machine(line: str, reason: str) -> None:
    assert with_header(line).automatic == (reason,)
    assert message.read_headers(line.encode() + b"\r\n\r\nx").automatic == (reason,)


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person); x=y",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: no",
        "Return-Path: <carl@x.example>",
        "From: no-reply@x.example",
        "From: postmaster@x.example",
        "Subject: Autoreply problem",
        "Subject: Absence du bureau des formations depuis lundi",
        "Subject: Re: Automatic reply: x",
        "Subject: Absence de réponse",
        "Received: x\r\n" * 99 + "Received: x",
        "Content-Type: text/calendar; method=REQUEST",
    ],
)
def test_what_a_person_sends_is_not_automatic(line: str) -> None:
    assert with_header(line).automatic == ()


def test_a_loop_is_told_as_a_problem() -> None:
    read = with_header("Received: x\r\n" * 100 + "Received: x")
    assert read.received_count == 101
    assert any(problem.startswith("boucle") for problem in read.problems)


@pytest.mark.parametrize(
    ("line", "reasons", "found"),
    [
        ("List-Id: Team <team.ief.example>", ("List-Id: Team <team.ief.example>",), ("team.ief.example",)),
        (
            "List-Post: <mailto:Team@ief.example?x=y>",
            ("List-Post: <mailto:Team@ief.example?x=y>",),
            ("team@ief.example",),
        ),
        ("List-Unsubscribe: <https://x.example>", ("List-Unsubscribe: <https://x.example>",), ()),
        ("Precedence: bulk", ("Precedence: bulk",), ()),
        ("Precedence: junk", ("Precedence: junk",), ()),
        ("Precedence: list", ("Precedence: list",), ()),
        ("Feedback-ID: 1:2:3", ("Feedback-Id: 1:2:3",), ()),
        ("Precedence: first-class", (), ()),
    ],
)
def test_the_signs_of_a_list(line: str, reasons: tuple[str, ...], found: tuple[str, ...]) -> None:
    read = with_header(line)
    assert (read.listed, read.list_addresses) == (reasons, found)


@pytest.mark.parametrize(
    ("line", "spam"),
    [
        ("X-Spam-Flag: YES", True),
        ("X-Spam-Flag: NO", False),
        ("X-Spam-Status: Yes, score=9.1", True),
        ("X-Spam-Status: No, score=-1", False),
        ("X-Spam: yes", True),
        ("X-MS-Exchange-Organization-SCL: 5", True),
        ("X-MS-Exchange-Organization-SCL: -1", False),
        ("X-MS-Exchange-Organization-SCL: 1", False),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:SPM;H:x", True),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SFV:NSPM;SCL:1", False),
        ("X-Rspamd-Action: add header", True),
        ("X-Rspamd-Action: no action", False),
        ("X-VR-SPAMSTATE: OK", False),
    ],
)
def test_the_spam_headers_that_say_yes(line: str, spam: bool) -> None:
    assert bool(with_header(line).spam) is spam


def test_authentication_results_come_topmost_first_and_unfolded() -> None:
    read = with_header(
        "Authentication-Results: mx.a.example;\r\n dmarc=pass\r\nAuthentication-Results: mx.b.example; x=y"
    )
    assert read.authentication == ("mx.a.example; dmarc=pass", "mx.b.example; x=y")


# -- reports -----------------------------------------------------------------------------------------------------------


def delivery_report(action: str, status: str, *, returned: str = "message/rfc822") -> bytes:
    return multipart(
        part("Content-Type: text/plain", "Désolé <eve@evil.example>"),
        part(
            "Content-Type: message/delivery-status",
            "Reporting-MTA: dns; mx.x.example\r\nOriginal-Envelope-Id: env-7\r\n\r\n"
            f"Final-Recipient: rfc822; carl@x.example\r\nAction: {action}\r\nStatus: {status}\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1\r\n unknown user\r\n\r\n"
            "Original-Recipient: rfc822;zoe@x.example\r\nFinal-Recipient: rfc822; z@y.example\r\nAction: relayed\r\n"
            "Status: 2.0.0\r\n",
        ),
        part(f"Content-Type: {returned}", "Message-ID: <ack-1@ief.example>\r\nSubject: AR\r\n\r\nx"),
        kind="report; report-type=delivery-status",
        top="From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nSubject: Undelivered",
    )


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize(("action", "status"), [("failed", "5.1.1"), ("Delayed", "4.4.1"), ("delivered", "2.0.0")])
def test_a_delivery_report_is_read_recipient_by_recipient(action: str, status: str, returned: str) -> None:
    read = message.read(delivery_report(action, status, returned=returned))
    assert read.reports == (
        message.DeliveryReport(
            recipient="carl@x.example",
            action=action.lower(),
            status=status,
            diagnostic="550 5.1.1 unknown user",
            original_id="<ack-1@ief.example>",
            envelope_id="env-7",
        ),
        message.DeliveryReport(
            recipient="zoe@x.example",
            action="relayed",
            status="2.0.0",
            diagnostic="",
            original_id="<ack-1@ief.example>",
            envelope_id="env-7",
        ),
    )
    assert not any(a.evidence for a in read.attachments if a.content_type == "message/delivery-status")
    assert read.forwarded is None


def test_a_read_receipt_is_a_report() -> None:
    raw = multipart(
        part("Content-Type: text/plain", "Lu."),
        part(
            "Content-Type: message/disposition-notification",
            "Final-Recipient: rfc822;carl@x.example\r\nOriginal-Message-ID: <ack-1@ief.example>\r\n"
            "Disposition: manual-action/MDN-sent-manually; displayed/x\r\n",
        ),
        kind="report; report-type=disposition-notification",
    )
    [report] = message.read(raw).reports
    assert (report.recipient, report.action, report.original_id) == (
        "carl@x.example",
        "displayed",
        "<ack-1@ief.example>",
    )


BOUNCES = {
    "qmail": (
        "From: MAILER-DAEMON@x.example\r\nSubject: failure notice",
        "Hi. This is the qmail-send program at x.example.\nI'm afraid I wasn't able to deliver your message.\n\n"
        "<carl@x.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        "--- Below this line is a copy of the message.\n\nMessage-ID: <ack-1@ief.example>\nTo: zoe@x.example\n",
        ("carl@x.example", "failed", "5.1.1"),
    ),
    "exim": (
        "From: Mail Delivery System <Mailer-Daemon@x.example>\r\nSubject: Mail delivery failed: returning message",
        "This message was created automatically by mail delivery software.\n\nThe following address(es) failed:\n\n"
        "  carl@x.example\n    550 no such user\n\n------ This is a copy of the message ------\n\n"
        "Message-Id: <ack-1@ief.example>\n",
        ("carl@x.example", "failed", "5.0.0"),
    ),
    "postfix": (
        "From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail Returned to Sender",
        "This is the mail system at host x.example.\n\n<carl@x.example>: host mx said: 550 5.7.1 refused\n\n"
        "Message-ID: <ack-1@ief.example>\n",
        ("carl@x.example", "failed", "5.7.1"),
    ),
    "exchange": (
        "From: postmaster@x.example\r\nSubject: Non remis : AR",
        "Votre message n'a pas pu être remis à carl@x.example.\n\nStatus code: 550 5.1.10\n\n"
        "Message-ID: <ack-1@ief.example>\n",
        ("carl@x.example", "failed", "5.1.10"),
    ),
    "delayed": (
        "From: MAILER-DAEMON@x.example\r\nSubject: Warning: message 1abc delayed 24 hours",
        "This message was created automatically by mail delivery software.\n\n  carl@x.example\n    4.4.1 timeout\n\n"
        "Message-ID: <ack-1@ief.example>\n",
        ("carl@x.example", "delayed", "4.4.1"),
    ),
}


@pytest.mark.parametrize("server", BOUNCES)
def test_a_bounce_in_plain_text_is_still_a_report(server: str) -> None:
    head, body, expected = BOUNCES[server]
    [report] = message.read(f"{head}\r\n\r\n{body}".encode()).reports
    assert (report.recipient, report.action, report.status) == expected
    assert report.original_id == "<ack-1@ief.example>"


def test_a_person_who_writes_of_a_failed_delivery_reports_nothing() -> None:
    assert (
        message.read(
            mail("From: carl@x.example", "Subject: Non remis : mon colis", "", "550 5.1.1 a@x.example")
        ).reports
        == ()
    )


# -- forwards ----------------------------------------------------------------------------------------------------------

FORWARDS = {
    "gmail": (
        "Fwd: Ma plainte",
        "Pour info\n\n---------- Forwarded message ---------\nDe : Carl Petit <carl@x.example>\n"
        "Date: mar. 3 nov. 2026 à 10:12\nSubject: Ma plainte\nTo: <contact@ief.example>\n\nJe me plains.\n",
    ),
    "thunderbird": (
        "Fwd: Ma plainte",
        "-------- Message transféré --------\nSujet : Ma plainte\nDate : mar. 3 nov. 2026 à 10:12\n"
        "De : Carl Petit <carl@x.example>\nPour : contact@ief.example\n\n\nJe me plains.\n",
    ),
    "outlook": (
        "TR: Ma plainte",
        "Bien reçu ceci.\n\nDe : Carl Petit <carl@x.example>\nEnvoyé : mar. 3 nov. 2026 à 10:12\n"
        "À : contact@ief.example\nObjet : Ma plainte\n\nJe me plains.\n",
    ),
    "outlook mailto": (
        "TR : Ma plainte",
        "-----Message d'origine-----\nDe : Carl Petit [mailto:carl@x.example]\nEnvoyé : mar. 3 nov. 2026 à 10:12\n"
        "À : contact@ief.example\nObjet : Ma plainte\n\nJe me plains.\n",
    ),
    "outlook bold": (
        "I: Ma plainte",
        "*De :* Carl Petit <carl@x.example>\n*Envoyé :* mar. 3 nov. 2026 à 10:12\n*À :* contact@ief.example\n"
        "*Objet :* Ma plainte\n\nJe me plains.\n",
    ),
    "apple": (
        "Fwd: Ma plainte",
        "Début du message réexpédié :\n\n> De: Carl Petit <carl@x.example>\n> Objet: Ma plainte\n"
        "> Date: mar. 3 nov. 2026 à 10:12\n> À: contact@ief.example\n> \n> Je me plains.\n",
    ),
    "apple en": (
        "Ma plainte",
        "Begin forwarded message:\n\nFrom: Carl Petit <carl@x.example>\nSubject: Ma plainte\n"
        "Date: mar. 3 nov. 2026 à 10:12\nTo: contact@ief.example\n\nJe me plains.\n",
    ),
}


@pytest.mark.parametrize("client", FORWARDS)
def test_an_inline_forward_gives_its_author_and_text(client: str) -> None:
    subject, body = FORWARDS[client]
    raw = mail("From: bo@ief.example", f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", "", body)
    assert message.read(raw).forwarded == message.Forwarded(
        sender=message.Address(name="Carl Petit", addr="carl@x.example"),
        subject="Ma plainte",
        date_text="mar. 3 nov. 2026 à 10:12",
        text="Je me plains.",
        how="inline",
    )


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Ma plainte", "De : mon côté, rien reçu.\nObjet : c'est faux !\nDate : hier\n"),
        ("Re: Ma plainte", "Oui.\n\nDe : Bo <bo@ief.example>\nEnvoyé : mardi\nÀ : Carl\nObjet : Ma plainte\n\nx"),
        ("Re: Ma plainte", "Oui.\n\n-----Message d'origine-----\nDe : Bo <bo@ief.example>\nObjet : x\n\nx"),
        ("TR: rien", "Bonjour, voici ce que j'en pense."),
        ("Ma plainte", "long " * 400 + "\n---------- Forwarded message ---------\nDe : Bo <bo@ief.example>\n\nx"),
    ],
)
def test_a_reply_or_a_sentence_is_no_forward(subject: str, body: str) -> None:
    raw = mail("From: carl@x.example", f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", "", body)
    assert message.read(raw).forwarded is None


def test_a_mail_attached_to_a_cover_note_is_a_forward() -> None:
    raw = multipart(part("", "Voir ci-joint."), part("Content-Type: message/rfc822", forwarded_mail()))
    assert message.read(raw).forwarded == message.Forwarded(
        sender=message.Address(name="Carl Petit", addr="carl@x.example"),
        subject="Ma plainte",
        date_text="Tue, 3 Nov 2026 10:12:00 +0100",
        text="Je me plains.",
        how="rfc822",
        message_id="<orig@x>",
    )


def test_a_mail_attached_to_a_long_letter_is_a_forward_only_with_the_prefix() -> None:
    long = part("", "Une longue lettre. " * 30)
    attached = part("Content-Type: message/rfc822", forwarded_mail())
    assert message.read(multipart(long, attached)).forwarded is None
    forward = message.read(multipart(long, attached, top="From: bo@ief.example\r\nSubject: TR: x")).forwarded
    assert forward is not None
    assert forward.how == "rfc822"


# -- limits ------------------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    opened = [f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth)]
    return FROM + "".join(opened).encode() + b"\r\nfond"


HOSTILE = {
    "multipart depth 1000": nested(1_000),
    "rfc822 depth 1000": FROM + b"Content-Type: message/rfc822\r\n\r\n" * 1_000,
    "10,000 parts": FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000,
    "500,000 empty parts": FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 500_000,
    "boundary prefixes": FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bb\r\n--b" * 100_000,
    "a long boundary": FROM + b"Content-Type: multipart/mixed; boundary=" + b"b" * 2_000 + b"\r\n\r\nx",
    "100,000 headers": FROM + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\nx",
    "500-deep comments": b"From: " + b"(" * 500 + b"x" + b")" * 500 + b" <carl@x.example>\r\n\r\nx",
    "20,000 encoded words": b"Subject: " + b"=?utf-8?q?a?=\r\n " * 20_000 + b"\r\n\r\nx",
    "20,000 open words": b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\r\n\r\nx",
    "20,000 addresses": b"To: " + b"carl@x.example, " * 20_000 + b"\r\n\r\nx",
    "60,000 angles": b"From: " + b"<" * 60_000 + b"\r\n\r\nx",
    "60,000 colons": b"From: " + b":" * 60_000 + b"\r\n\r\nx",
    "10,000 parameters": b"Content-Type: text/plain" + b"; a*1=b" * 10_000 + b"\r\n\r\nx",
    "comments in a page": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "open tags": b"Content-Type: text/html\r\n\r\n" + b"<a " * 50_000,
    "line breaks": b"Content-Type: text/html\r\n\r\n" + b"<br>" * 50_000 + b"x",
    "nested bold": b"Content-Type: text/html\r\n\r\n" + b"<b>" * 20_000 + b"x",
    "padding": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=\n" * 500_000,
    "uu beginnings": b"\r\n" + b"begin 644 a\n" * 50_000,
    "zalgo": b"Subject: " + ("a" + "\u0301\u0327" * 10_000).encode() + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bomb_is_read_within_the_limits_or_unreadable(name: str) -> None:
    raw = HOSTILE[name]
    with contextlib.suppress(message.Unreadable):
        assert_bounded_and_clean(message.read(raw))
    assert_bounded_and_clean(message.read_headers(raw))


@pytest.mark.parametrize("name", ["10,000 parts", "500,000 empty parts"])
def test_more_than_1000_parts_are_unreadable(name: str) -> None:
    with pytest.raises(message.Unreadable, match="1000 parties"):
        message.read(HOSTILE[name])


def test_containers_too_deep_stay_closed_and_are_kept() -> None:
    raw = HOSTILE["multipart depth 1000"]
    read = message.read(raw)
    [closed] = read.attachments
    assert closed.problem == "trop de niveaux imbriqués : gardé fermé"
    assert closed.content_type == "application/octet-stream"
    assert message.cut_out(raw, closed.path) in raw


def test_the_work_on_a_header_is_bounded_by_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    plain = codec.characters
    monkeypatch.setattr(codec, "characters", lambda data, *a, **k: decoded.append("") or plain(data, *a, **k))
    headers.words("=?utf-8?q?a?= =?utf-7?q?b?= " * 20_000)
    assert len(decoded) <= limits.ENCODED_WORDS
    assert len(with_header("To: " + "carl@x.example, " * 20_000).to) <= limits.ADDRESSES


def test_decoding_reads_each_byte_of_a_file_once_in_pieces() -> None:
    raw = base64.encodebytes(b"\0" * 9_000_000)
    pieces = list(codec.decoded(raw, 0, len(raw), "base64"))
    assert sum(map(len, pieces)) == 9_000_000
    assert max(map(len, pieces)) <= 1 << 20


def test_a_truncated_mail_says_that_its_files_are_not_whole() -> None:
    raw = multipart(part("", "texte"), part("Content-Disposition: attachment; filename=a.pdf", "x"))
    read = message.read(raw, truncated=True)
    assert read.truncated
    assert [a.problem for a in read.attachments] == ["message trop grand : pièce non reçue en entier"]


def test_the_salvage_reads_headers_alone() -> None:
    raw = b"From: Carl <carl@x.example>\r\nSubject: Ma plainte\r\nAuto-Submitted: auto-replied\r\n" + nested(50)
    read = message.read_headers(raw)
    assert read.from_ == message.Address(name="Carl", addr="carl@x.example")
    assert (read.subject, read.text, read.attachments) == ("Ma plainte", "", ())
    assert read.automatic == ("Auto-Submitted: auto-replied",)
    assert read.problems[0] == "message illisible : seuls les en-têtes sont lus"
    assert (read.sha256, read.fingerprint) == (message.read(raw).sha256, message.read(raw).fingerprint)


# -- any bytes ---------------------------------------------------------------------------------------------------------


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in texts_of(item)]
    if is_dataclass(value):
        return [text for each in fields(value) for text in texts_of(getattr(value, each.name))]
    return []


OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def assert_bounded_and_clean(read: message.Message) -> None:
    for text in texts_of(read):
        text.encode("utf-8")
        assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t"]
        assert not set(text) & set(OVERRIDES)
        assert "=?" not in text
    for line in (read.subject, *(a.name for a in read.attachments), *read.problems, *read.authentication):
        assert "\n" not in line
    assert len(read.subject) <= limits.SUBJECT
    assert len(read.text) <= limits.TEXT
    assert len(read.html) <= limits.HTML


TOKENS = st.sampled_from(
    [
        *(b"From: ", b"Subject: ", b"To: ", b"Date: ", b"Content-Type: ", b"Message-ID: ", b"Return-Path: "),
        *(b"Content-Disposition: attachment; filename", b"Content-Transfer-Encoding: ", b"List-Id: ", b"Reply-To: "),
        *(
            b"multipart/mixed; boundary=b",
            b"multipart/report; boundary=b",
            b"message/rfc822",
            b"text/html",
            b"text/plain",
        ),
        *(b"message/delivery-status", b"application/ms-tnef", b"base64", b"quoted-printable", b"x-uuencode"),
        *(b"\r\n", b"\n", b"\r\n\r\n", b"\r", b" ", b"\t", b"--b", b"--b--", b"--", b";", b",", b":", b"<", b">", b"@"),
        *(b"=?utf-8?q?", b"=?utf-7?b?", b"?=", b"=", b"?", b'"', b"(", b")", b"\\", b"*0*=", b"*=", b"charset=utf-7"),
        *(b"carl@x.example", b"begin 644 a\r\n", b"end", b"<p>", b"<br", b"De : ", b"TR: ", b"Envoy\xc3\xa9 : "),
        *(b"\0", b"\xff", b"\xe9", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xc2\x85", b"%00", b"99999", b"+9999"),
        *(b"Forwarded message", b"----------", b"failure notice", b"MAILER-DAEMON@x.example", b"Action: failed"),
    ]
)


@settings(max_examples=400)
@given(raw=st.one_of(st.binary(max_size=300), st.lists(TOKENS, max_size=60).map(b"".join)))
def test_any_bytes_give_a_clean_message_that_survives_json(raw: bytes) -> None:
    read = message.read(raw)
    assert_bounded_and_clean(read)
    assert message.from_json(message.to_json(read)) == read
    assert not [problem for problem in read.problems if "illisible (" in problem]
    for attachment in read.attachments:
        cut = message.cut_out(raw, attachment.path)
        assert (len(cut), hashlib.sha256(cut).hexdigest()) == (attachment.size, attachment.sha256)
    salvage = message.read_headers(raw)
    assert_bounded_and_clean(salvage)
    assert (salvage.from_, salvage.subject, salvage.fingerprint) == (read.from_, read.subject, read.fingerprint)


@given(text=st.text(max_size=200))
def test_a_cleaned_line_stays_as_it_is_when_cleaned_again(text: str) -> None:
    assert clean.line(clean.line(text)) == clean.line(text)


@given(text=st.text(max_size=80), charset=st.sampled_from(["utf-8", "utf-7", "utf-16", "shift_jis", "iso-8859-1"]))
def test_an_encoded_word_gives_back_its_text(text: str, charset: str) -> None:
    data = text.encode(charset, "ignore")
    word = f"=?{charset}?b?{base64.b64encode(data).decode()}?="
    assert headers.words(word) == codec.characters(data, charset)
