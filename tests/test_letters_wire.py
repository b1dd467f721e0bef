"""The writer of letters beside the standard library: what it writes, the library reads; what it skips, the library would not miss."""

from __future__ import annotations

import base64
import email
import email.policy
import textwrap
from email.header import Header
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_letters_each import ENTROPY, FILES, HOUSE, NOW, letter
from test_letters_samples import RENDERED

from mailbot.letters import Injected, markup, seal, wire
from mailbot.letters.seal import check, skeleton, without_files
from mailbot.message import codec

BOUNDARY = "=_0123456789abcdef01234567"
# Bytes in which a careless writer or reader sees a line, a boundary or a header.
PIECE = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\r\n\r\n",
            b"--",
            b"--b",
            b"--b--",
            b"--c",
            b" ",
            b"x",
            b"X: 1",
            b"To: v@x.example",
            b":",
            b"=",
            b"\t",
        ),
        b'Content-Type: multipart/mixed; boundary="b"\r\n',
        b'Content-Type: multipart/mixed; boundary="c"\r\n\r\n',
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n',
        b"Content-Type: text/plain\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        b"A" * 76 + b"\r\n",
        b"To: v@x.example" + b"A" * 61 + b"\r\n",
        (b"A" * 76 + b"\r\n") * 3,
    ]
)
MAIL = st.lists(PIECE, max_size=40).map(b"".join)  # its line ends all CRLF, as a skeleton asks
RAGGED = st.lists(PIECE | st.sampled_from([b"A" * 75 + b"\n", b"\n", b"\r"]), max_size=40).map(b"".join)


def shape(raw: bytes) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each part with its headers, in the library's eyes."""
    message: Message = email.message_from_bytes(raw, policy=email.policy.compat32)
    return [(part.get_content_type(), part.items()) for part in message.walk()]


@given(MAIL)
def test_a_skeleton_has_the_parts_of_the_whole(raw: bytes) -> None:
    whole = b'Content-Type: multipart/mixed; boundary="b"\r\n' + raw
    assert shape(skeleton(whole)) == shape(whole)


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_the_skeleton_of_each_letter_has_its_parts(kind: str, language: str) -> None:
    raw = seal(letter(kind, language), HOUSE, now=NOW, entropy=ENTROPY, files=FILES).raw
    assert shape(skeleton(raw)) == shape(raw)


@given(RAGGED)
def test_a_letter_without_the_lines_of_its_files_has_the_parts_of_the_whole(raw: bytes) -> None:
    whole = b'Content-Type: multipart/mixed; boundary="b"\r\n' + raw
    assert shape(without_files(whole)) == shape(whole)


@given(RAGGED.filter(lambda raw: not {*b"\r\n"}.isdisjoint(raw.replace(b"\r\n", b""))))
def test_a_letter_with_another_line_end_is_refused_before_its_skeleton_is_taken(raw: bytes) -> None:
    with pytest.raises(Injected, match="fins de ligne"):
        check(b"To: v@x.example\r\n" + raw, names=["To"], to="v@x.example", from_="v@x.example")


WRONG = [(at, octet) for at in (0, 1, 37, 75, 78 * 5000) for octet in (b"\n", b"\r", b"\xc3", b"-", b"\r\n")]


@pytest.mark.parametrize(("at", "wrong"), [*WRONG, (76, b"\n"), (77, b"\r"), (76, b"A"), (77, b"A")])
def test_one_wrong_octet_in_a_file_is_seen(at: int, wrong: bytes) -> None:
    heavy = (("preuve.pdf", "application/pdf", bytes(1_000_000)),)
    raw = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=heavy).raw
    start = raw.index(b"AAAA" * 19) + at
    names = [name for name, _ in shape(raw)[0][1]]
    good = {"names": names, "to": letter("assignment").to, "from_": HOUSE.mailbox_address}
    check(raw, **good)
    bad = raw[:start] + wrong + raw[start + 1 :]
    if wrong in (b"-", b"\r\n"):  # neither a line end nor a boundary: a file that cannot be read, no header
        assert shape(without_files(bad)) == shape(raw)
        return
    with pytest.raises(Injected):
        check(bad, **good)


def test_what_is_parsed_of_a_letter_does_not_grow_with_its_files() -> None:
    heavy = (("preuve.pdf", "application/pdf", bytes(1_000_000)),)
    raw = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=heavy).raw
    assert len(raw) > 1_000_000
    assert len(skeleton(raw)) < 6000
    assert len(without_files(raw)) < 40_000


def test_no_letter_holds_a_mail_in_which_headers_could_hide() -> None:
    hidden = (
        b"From: a@x.example\r\nTo: b@x.example\r\nContent-Type: message/rfc822\r\n\r\nBcc: v@x.example\r\n\r\nx\r\n"
    )
    with pytest.raises(Injected):
        check(hidden, names=["From", "To", "Content-Type"], to="b@x.example", from_="a@x.example")


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" .\r\n=-é\t"), max_size=300))
def test_words_are_read_back_as_they_were(text: str) -> None:
    raw = wire.words(text, "plain").written()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    [part] = email.message_from_bytes(raw).walk()
    assert part["Content-Type"] == 'text/plain; charset="utf-8"'
    read = part.get_payload(decode=True)
    assert isinstance(read, bytes)
    assert read.splitlines() == text.encode().splitlines()
    assert read.endswith(b"\r\n") or not text


@given(st.binary(max_size=400))
def test_a_file_is_read_back_byte_for_byte_and_written_as_the_library_would(data: bytes) -> None:
    part = wire.octets("application/pdf", data, {"Content-Disposition": "inline"})
    theirs = email.message.MIMEPart(policy=email.policy.default.clone(linesep="\r\n", cte_type="7bit"))
    theirs.set_content(data, maintype="application", subtype="pdf", cte="base64")
    theirs["Content-Disposition"] = "inline"
    assert part.written() == theirs.as_bytes()
    assert email.message_from_bytes(part.written()).get_payload(decode=True) == data


@given(st.text("ab é€😀_=?[]", max_size=200) | st.text(max_size=80), st.sampled_from(["", "[REC-2026-0042]", "x" * 70]))
def test_a_subject_is_encoded_as_the_library_would(text: str, plain: str) -> None:
    written = []
    for charset in ("utf-8", wire.UTF8):
        header = Header(plain, "us-ascii", header_name="Subject", maxlinelen=75)
        header.append(text, charset)
        written.append(header.encode(linesep="\r\n"))
    assert written[0] == written[1]


@pytest.mark.parametrize(
    "size", [codec.PAGE.size * 3 // 4 + more for more in (-58, -57, -1, 0, 1, 56, 57, 58)] + [200_000]
)
def test_a_large_file_is_written_in_the_same_lines_as_a_small_one(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    written = codec.in_base64(data)
    assert written == base64.encodebytes(data).replace(b"\n", b"\r\n")


@pytest.mark.parametrize(
    ("lengths", "fits"),
    [
        ((998,), True),
        ((999,), False),
        ((1, 999), False),
        ((999, 1), False),
        ((998, 0, 998, 1), True),
        ((5, 999, 5), False),
    ],
)
def test_no_line_of_a_letter_is_longer_than_servers_take(lengths: tuple[int, ...], fits: bool) -> None:
    for end in (b"", b"\r\n"):
        raw = b"To: b@x.example\r\n\r\n" + b"\r\n".join(b"x" * length for length in lengths) + end
        if fits:
            with pytest.raises(Injected, match="en-têtes"):  # refused later on, and for something else
                check(raw, names=["From"], to="b@x.example", from_="a@x.example")
        else:
            with pytest.raises(Injected, match="longueurs"):
                check(raw, names=["From"], to="b@x.example", from_="a@x.example")


@given(st.lists(st.text("ab-=\r\n.é", max_size=60), min_size=1, max_size=4))
def test_gathered_parts_are_as_many_and_in_their_order(texts: list[str]) -> None:
    inner = wire.gathered("alternative", f"{BOUNDARY}_a", [wire.words(t, "plain") for t in texts])
    whole = wire.gathered("mixed", BOUNDARY, [inner, wire.octets("image/png", b"x", {})])
    read = email.message_from_bytes(whole.written())
    assert [p.get_content_type() for p in read.walk()] == [
        *("multipart/mixed", "multipart/alternative"),
        *["text/plain"] * len(texts),
        "image/png",
    ]
    assert not any(p.defects for p in read.walk())


@pytest.mark.parametrize("value", ["a\r\nBcc: v@x.example", "a\n b", "é", "a\r\n", "a\r\n\r\n b", "\x00"])
def test_a_value_that_would_begin_another_line_is_not_written(value: str) -> None:
    with pytest.raises(Injected):
        wire.head({"Subject": value})


WORD = st.text("ab\u00a0-é\u2003", max_size=90)
PROSE = st.lists(WORD | st.sampled_from(["mot", "un", "", "x" * 75, "x" * 76, "x" * 77]), max_size=30).map(" ".join)


@given(st.text("ab\u00a0 \t\n\v\r-é\u2003", max_size=100) | PROSE, st.sampled_from(["", "- ", "> "]))
def test_a_line_is_wrapped_as_textwrap_would(line: str, first: str) -> None:
    ours = markup._wrap(line, first, "  ")
    kept = {"break_long_words": False, "break_on_hyphens": False}
    theirs = textwrap.fill(line, markup.WIDTH, initial_indent=first, subsequent_indent="  ", **kept)
    assert ours == (theirs or first.rstrip())
