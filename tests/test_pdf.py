"""A notice printed into a PDF is noticed, however the printer wrote its letters; nothing in a PDF breaks the look into it."""

from __future__ import annotations

import html
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.demo import enclosures
from mailbot.message import limits, pdf
from mailbot.message.ours import _REFERENCE, _unescaped, held_in

LINE = "Répondre au-dessus de cette ligne"
LINK = b"<< /S /URI /URI (mailto:desk@ief.example?subject=%5BREC-2026-0042-K7QX3M%5D%20%23note) >>"
LETTER = "Bonjour, vos frais vous sont remboursés. Dossier REC-2026-0042, page 1."


def file(*streams: bytes, deflated: bool = True) -> bytes:
    out = b"%PDF-1.4\n"
    for number, stream in enumerate(streams, start=1):
        body = zlib.compress(stream) if deflated else stream
        out += b"%d 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (number, len(body), body)
    return out + b"%%EOF\n"


def shown(*strings: bytes) -> bytes:
    return b"BT /F1 12 Tf " + b" ".join(s + b" Tj" for s in strings) + b" ET"


def glyphs(text: str, width: int) -> dict[str, int]:
    """A subset font: each letter has the code of its place of first appearance, as a printer numbers them."""
    return {letter: n + 3 for n, letter in enumerate(dict.fromkeys(text))} if width else {}


def coded(text: str, width: int) -> bytes:
    table = glyphs(text, width)
    return b"<" + "".join(f"{table[letter]:0{2 * width}x}" for letter in text).encode() + b">"


def to_unicode(text: str, width: int, *, ranges: bool = False) -> bytes:
    table = glyphs(text, width)
    rows = [(f"<{code:0{2 * width}x}>", f"<{letter.encode('utf-16-be').hex()}>") for letter, code in table.items()]
    head = f"1 begincodespacerange <{'00' * width}> <{'ff' * width}> endcodespacerange\n"
    if ranges:
        first, last = rows[0][0], rows[-1][0]
        body = f"1 beginbfrange\n{first} {last} [{' '.join(letter for _, letter in rows)}]\nendbfrange"
    else:
        body = f"{len(rows)} beginbfchar\n" + "\n".join(f"{c} {letter}" for c, letter in rows) + "\nendbfchar"
    return (head + body).encode()


def counted(text: str) -> bytes:
    """Every letter is its own code, told as ranges of one step more each."""
    rows = "\n".join(f"<{ord(c):04x}> <{ord(c):04x}> <{ord(c):04x}>" for c in sorted(set(text)))
    return f"1 begincodespacerange <0000> <ffff> endcodespacerange\n9 beginbfrange\n{rows}\nendbfrange".encode()


HELD = {
    "words as they are": enclosures.pdf("Bonjour Bo", f"---- {LINE} ----"),
    "deflated": file(shown(f"({LINE})".encode("latin-1"))),
    "kerned": file(b"BT [(R\\351po) -20 (ndre au-d) 30 (essus de) -250 (cette) -250 (ligne)] TJ ET"),
    "octal and broken lines": file(b"BT (R\\351pondre au\\055dessus \\\nde cette ligne) Tj ET"),
    "each word by itself": file(shown(*(f"({word})".encode("latin-1") for word in LINE.split()))),
    "hexadecimal": file(shown(b"<" + LINE.encode("latin-1").hex().encode() + b">")),
    "glyphs of two bytes": file(shown(coded(LINE, 2)), to_unicode(LINE, 2)),
    "glyphs of one byte": file(shown(coded(LINE, 1)), to_unicode(LINE, 1)),
    "glyphs told as a range with a list": file(shown(coded(LINE, 2)), to_unicode(LINE, 2, ranges=True)),
    "glyphs told as counted ranges": file(shown(b"<" + LINE.encode("utf-16-be").hex().encode() + b">"), counted(LINE)),
    "the table of another font first": file(shown(coded(LINE, 2)), to_unicode("Autre", 2), to_unicode(LINE, 2)),
    "a link with a code": file(shown(b"(Note)")) + LINK,
    "a link among deflated objects": file(LINK),
    "a code on the page": file(shown(b"([REC-2026-0042-) 5 (K7QX3M] #note)")),
    "cut off in the middle of its stream": file(shown(f"({LINE})".encode("latin-1") * 3))[:-30],
}


@pytest.mark.parametrize("content", HELD.values(), ids=HELD)
def test_a_printed_notice_is_noticed(content: bytes) -> None:
    assert held_in(content)


@pytest.mark.parametrize(
    "content",
    [
        enclosures.pdf(LETTER),
        file(shown(coded(LETTER, 2)), to_unicode(LETTER, 2)),
        file(b"mailto:contact@ief.example?subject=%5BREC-2026-0042%5D"),
        b"%PDF-1.7\nstream\nendstream",
    ],
)
def test_another_pdf_is_not(content: bytes) -> None:
    assert not held_in(content)


NOISE = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"stream\n",
                b"endstream",
                b"(",
                b")",
                b"<",
                b">",
                b"[",
                b"]",
                b"\\",
                b" Tj",
                b"TJ",
                b"beginbfchar",
                b"endbf",
                b"beginbfrange",
                b"begincodespacerange <0000>",
                b"<0041>",
                b"<ffffffff>",
                b"<>",
                b"<d800>",
                b"<0>",
            ]
        ),
    ),
    max_size=40,
).map(b"".join)


@given(NOISE)
def test_no_bytes_break_it(noise: bytes) -> None:
    for content in (noise, b"%PDF-" + noise, file(noise), file(noise, deflated=False)):
        assert all(isinstance(text, str) for text in pdf.texts(content))
        assert held_in(content + b" [REC-2026-0042-K7QX3M]")


def test_a_stream_that_swells_is_cut_at_the_limit() -> None:
    bomb = file(*[b"\0" * 40_000_000] * 3)
    assert len(bomb) < limits.LETTER_OF_OURS
    tracemalloc.start()
    assert sum(map(len, pdf.texts(bomb))) <= limits.PDF_INFLATED
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * limits.PDF_INFLATED


def test_tables_without_end_are_read_up_to_the_limit() -> None:
    wide = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <00000000> <ffffffff> <0041> endbfrange"
    swollen = file(*[wide] * 100, shown(b"(" + b"a" * 900_000 + b")"))
    read = sum(map(len, pdf.texts(swollen)))
    assert read <= 2 * limits.PDF_INFLATED + limits.PDF_GLYPHS


@given(st.lists(st.sampled_from([*"&#;<xX19aé \0", "amp", "eacute;", "notin", "#xe9", "Mu;"])).map("".join) | st.text())
def test_references_are_read_as_html_reads_them(text: str) -> None:
    """As far as our words go: in ASCII, in small letters."""
    raw = text.encode()
    read = bytes(octet for octet in _REFERENCE.sub(_unescaped, raw).lower() if octet < 0x80)
    assert read == html.unescape(raw.decode("latin-1")).lower().encode("ascii", "ignore")
