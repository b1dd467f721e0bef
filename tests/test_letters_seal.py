"""What leaves: our headers and only ours, one recipient, bytes that any server takes (design invariant 4)."""

from __future__ import annotations

import email
import re
from dataclasses import replace

import pytest
from test_letters_each import ENTROPY, FILES, HOUSE, NAMES, NOW, letter, part, plain, read, sealed
from test_letters_samples import ACK, FACTS, HUMAN, RENDERED

from mailbot.letters import Injected, seal, sendable
from mailbot.letters.seal import check


def test_the_headers_are_ours_and_only_ours() -> None:
    message = read(sealed("ack").raw)
    assert [name.lower() for name in message] == NAMES
    assert message["From"] == "Institut Exemple Formation – réclamations <reclamations@ief.example>"
    assert message["To"] == "carl@boite.example"
    assert message["Date"] == "Mon, 11 May 2026 10:43:00 +0200"
    assert message["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize("kind", list(FACTS))
def test_only_answers_to_a_mail_are_auto_replied_and_a_colleagues_words_are_no_machines(kind: str) -> None:
    expected = "auto-replied" if kind in ACK else "no" if kind in HUMAN else "auto-generated"
    assert read(sealed(kind).raw)["Auto-Submitted"] == expected


def test_identity_comes_from_the_entropy_and_is_printed_in_both_parts() -> None:
    letter_ = sealed("ack")
    assert re.fullmatch(r"<[a-z2-7]{26}@ief\.example>", letter_.message_id)
    assert re.fullmatch(r"mb-[a-z2-7]{26}", letter_.marker)
    assert letter_.marker[3:] not in letter_.message_id
    assert read(letter_.raw)["Message-ID"] == letter_.message_id
    assert part(letter_.raw, "plain").rstrip().endswith(f"Réf. {letter_.marker}")
    assert letter_.marker in part(letter_.raw, "html")


def test_the_same_letter_sealed_twice_is_the_same_bytes() -> None:
    assert sealed("digest").raw == sealed("digest").raw


def test_short_entropy_and_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="hasard"):
        seal(letter("ack"), HOUSE, now=NOW, entropy=b"short")
    with pytest.raises(ValueError, match="fuseau"):
        seal(letter("ack"), HOUSE, now=NOW.replace(tzinfo=None), entropy=ENTROPY)


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_raw_bytes_are_seven_bit_crlf_and_short_lined(kind: str, language: str) -> None:
    raw = sealed(kind, language, **({"text": "é" * 5000 + "x" * 5000} if "text" in FACTS[kind] else {})).raw
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_files_travel_byte_identical_and_never_as_mail_in_mail() -> None:
    raw = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=FILES).raw
    attached = list(read(raw).iter_attachments())
    assert [a.get_content_type() for a in attached] == ["application/pdf", "application/octet-stream"]
    assert [a.get_filename() for a in attached] == ["convocation é.pdf", "mail.eml"]
    assert [a.get_payload(decode=True) for a in attached] == [file[2] for file in FILES]
    assert "REC-2026-0042" in part(raw, "plain")


OUTLOOK = "<PAXPR08MB7654ABCDEF0123456789ABCDEF0123456789@PAXPR08MB7654.eurprd08.prod.outlook.com>"


def test_long_message_ids_stay_whole() -> None:
    long = replace(letter("ack"), in_reply_to=OUTLOOK, references=("<a+b=c@mail.example>", OUTLOOK))
    message = email.message_from_bytes(seal(long, HOUSE, now=NOW, entropy=ENTROPY).raw)
    assert message["In-Reply-To"] == OUTLOOK
    assert message["References"].split() == ["<a+b=c@mail.example>", OUTLOOK]


@pytest.mark.parametrize(
    "bad",
    [
        "a@b",
        "<a b@c>",
        "<a@b>\r\nBcc: v@x.example",
        "<é@b>",
        "<=?utf-8?q?=0ABcc:x?=@b>",
        f"<{'a' * 250}@b>",
        "<a@b><c@d>",
        "",
    ],
)
def test_malformed_message_ids_are_left_out(bad: str) -> None:
    message = read(
        seal(replace(letter("ack"), in_reply_to=bad, references=(bad, "<ok@b>")), HOUSE, now=NOW, entropy=ENTROPY).raw
    )
    assert message["In-Reply-To"] is None
    assert message["References"] == "<ok@b>"


def test_references_keep_the_root_of_a_long_thread_and_its_end() -> None:
    ids = tuple(f"<{n}@b.example>" for n in range(50))
    raw = seal(replace(letter("ack"), references=ids), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert email.message_from_bytes(raw)["References"].split() == [ids[0], *ids[-19:]]


def test_an_id_is_named_once() -> None:
    raw = seal(replace(letter("ack"), references=("<1@b.example>",) * 3), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert email.message_from_bytes(raw)["References"] == "<1@b.example>"


@pytest.mark.parametrize(
    "addr",
    [
        "Eve <eve@x.example>",
        "a@x.example, b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example\n",
        "<a@x.example>",
        "jérôme@x.example",
        '"a b"@x.example',
        "a@",
        "@x",
        "",
        f"{'a' * 65}@x.example",
        f"a@{'x' * 252}.example",
    ],
)
def test_an_address_that_is_not_one_plain_address_gets_no_letter(addr: str) -> None:
    assert not sendable(addr)
    with pytest.raises(Injected):
        seal(replace(letter("ack"), to=addr), HOUSE, now=NOW, entropy=ENTROPY)


@pytest.mark.parametrize(
    "addr", ["a@x.example", "a..b.@x.example", "o'neil+tag=1@x-y.example", f"{'a' * 64}@{'x' * 180}.e"]
)
def test_plain_addresses_reach_the_to_header_as_they_are(addr: str) -> None:
    raw = seal(replace(letter("ack"), to=addr), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert email.message_from_bytes(raw)["To"] == addr


def test_a_rehearsal_goes_to_the_admin_and_says_so() -> None:
    real = seal(letter("ack"), HOUSE, now=NOW, entropy=ENTROPY)
    essai = seal(letter("ack"), HOUSE, now=NOW, entropy=ENTROPY, redirect_to="dan@ief.example")
    assert essai.to == "dan@ief.example"
    assert read(essai.raw)["To"] == "dan@ief.example"
    assert essai.subject == f"[ESSAI, aurait été envoyé à carl@boite.example] {real.subject}"
    assert plain(essai.raw).startswith("MODE ESSAI : cette lettre aurait été envoyée à carl@boite.example.")
    assert plain(essai.raw).endswith(plain(real.raw))


HEAD = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: s\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Bcc: v@x.example\r\n\r\nx\r\n",
        HEAD + b"To: v@x.example\r\n\r\nx\r\n",
        HEAD.replace(b"To: b@", b"To: v@") + b"\r\nx\r\n",
        HEAD.replace(b"From: a@", b"From: v@") + b"\r\nx\r\n",
        HEAD.replace(b"a@x.example", b"a@x.example, v@x.example") + b"\r\nx\r\n",
        HEAD.replace(b"Subject: s", b"Subject: s\n\nx"),
        HEAD + b"\r\n" + b"x" * 999,
        HEAD + b"\r\n\xe9\r\n",
        HEAD.replace(b"Subject: s\r\n", b"") + b"\r\nx\r\n",
        HEAD + b"no header at all\r\n\r\nx\r\n",
    ],
)
def test_the_seal_breaks_on_anything_that_is_not_ours(raw: bytes) -> None:
    names = ["From", "To", "Subject"]
    check(HEAD + b"\r\nx\r\n", names=names, to="b@x.example", from_="a@x.example")
    with pytest.raises(Injected):
        check(raw, names=names, to="b@x.example", from_="a@x.example")


def test_the_seal_looks_inside_the_parts_too() -> None:
    good = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=FILES).raw
    names = email.message_from_bytes(good).keys()
    check(good, names=names, to="carl@boite.example", from_="reclamations@ief.example")
    bad = good.replace(b"Content-Disposition: ", b"X-Evil: 1\r\nContent-Disposition: ")
    with pytest.raises(Injected):
        check(bad, names=names, to="carl@boite.example", from_="reclamations@ief.example")
