"""The look of the letters: one colour that is read by day and by night, one picture that is never needed."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_config import PASSWORD, SMALL, mistakes, read
from test_letters_each import HOUSE, NAMES, Words, part, plain, sealed
from test_letters_each import read as parsed

from mailbot.colours import ACCENT, NIGHT, READABLE, WHITE, bright, contrast
from mailbot.config.checks.look import MOST_BYTES, pixels
from mailbot.corridor.bench import house
from mailbot.letters import Logo, look


def png(width: int, height: int, *, extra: int = 0) -> bytes:
    """A white picture of that size, with a comment of `extra` bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + b"\xff" * ((width + 7) // 8)) * height)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"tEXt", b"x\0" + b"y" * extra), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(width: int, height: int) -> bytes:
    """The segments of a JPEG that tell its size."""
    comment = b"\xff\xfe\x00\x05abc"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + comment + frame + b"\xff\xda\x00\x02\x00\xff\xd9"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)


@given(st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"))
def test_any_colour_has_a_light_one_that_is_read_in_the_dark(colour: str) -> None:
    assert contrast(bright(colour), NIGHT) >= READABLE


def test_the_colour_we_choose_is_read_on_white_and_white_on_it() -> None:
    assert contrast(ACCENT, WHITE) >= 7


def test_the_house_colour_is_in_every_button_and_nothing_of_ours_is_left(tmp_path: Path) -> None:
    page = part(sealed("confirm", house=replace(HOUSE, accent="#7a1f5c")).raw, "html")
    assert "background-color:#7a1f5c" in page
    assert ACCENT not in page


def test_the_sheet_is_inlined_and_only_the_dark_rules_stay_in_the_head() -> None:
    worn = look.of(ACCENT)
    assert (
        worn.inline["press"].startswith("background-color:#1f4e8c")
        or "background-color:#1f4e8c" in worn.inline["press"]
    )
    assert "mso-padding-alt:10px 16px" in worn.inline["press"]
    head = worn.head('<p class="house">')
    assert head.startswith("@media (prefers-color-scheme:dark){.page,.sheet{")
    assert ".house{" in head
    assert ".bar" not in head


# --- the logo ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("octets", "subtype"), [(png(120, 40), "png"), (jpeg(120, 40), "jpeg")])
def test_the_logo_travels_inside_the_letters_to_complainants(tmp_path: Path, octets: bytes, subtype: str) -> None:
    (tmp_path / "logo.img").write_bytes(octets)
    config = read(tmp_path, SMALL + '[texts]\nlogo = "logo.img"\n', PASSWORD)
    dressed = replace(HOUSE, logo=house(config).logo)
    message = parsed(sealed("ack", house=dressed).raw)
    assert sorted(name.lower() for name in message) == sorted(NAMES)
    (picture,) = [p for p in message.walk() if p.get_content_maintype() == "image"]
    assert (picture.get_content(), picture.get_content_subtype()) == (octets, subtype)
    assert picture["Content-ID"] == "<logo>"
    assert picture["Content-Disposition"] == "inline"
    page = part(sealed("ack", house=dressed).raw, "html")
    assert 'src="cid:logo" alt=""' in page  # the name stands beside it: no picture is needed
    assert Words(page).words[:3] == ["Institut", "Exemple", "Formation"]


def test_letters_to_staff_carry_no_logo() -> None:
    dressed = replace(HOUSE, logo=Logo(octets=png(9, 9), subtype="png"))
    message = parsed(sealed("assignment", house=dressed).raw)
    assert all(p.get_content_maintype() != "image" for p in message.walk())
    assert "<img" not in part(sealed("assignment", house=dressed).raw, "html")


def test_a_letter_with_a_logo_says_no_less_in_its_text() -> None:
    assert plain(sealed("ack", house=replace(HOUSE, logo=Logo(octets=png(9, 9), subtype="png"))).raw) == plain(
        sealed("ack").raw
    )


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"GIF89a\x01\x00\x01\x00", "ni une image PNG ni une image JPEG"),
        (png(9, 9)[:-4], "ni une image PNG ni une image JPEG"),
        (jpeg(9, 9)[:-1], "ni une image PNG ni une image JPEG"),
        (b"\xff\xd8\xff\xfe\x00\x02\xff\xd9", "ni une image PNG ni une image JPEG"),
        (png(1001, 9), "1001 × 9 pixels"),
        (png(0, 9), "0 × 9 pixels"),
        (png(9, 9, extra=MOST_BYTES), "dépasse 40 ko"),
    ],
)
def test_a_logo_that_mail_programs_would_not_show_is_a_mistake(tmp_path: Path, octets: bytes, said: str) -> None:
    (tmp_path / "logo.img").write_bytes(octets)
    found = mistakes(tmp_path, SMALL + '[texts]\nlogo = "logo.img"\n')
    assert said in found["texts.logo"]
    assert found["texts.logo"].startswith(f"{len((SMALL + '[texts]').splitlines()) + 1}:")


def test_a_logo_that_went_missing_stops_no_letter(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png(9, 9))
    config = read(tmp_path, SMALL + '[texts]\nlogo = "logo.png"\n')
    (tmp_path / "logo.png").unlink()
    assert house(config).logo is None


@given(st.binary(max_size=60))
def test_any_bytes_are_measured_without_an_error(octets: bytes) -> None:
    assert pixels(octets) is None or octets[:2] in (b"\x89P", b"\xff\xd8")
    assert pixels(b"\xff\xd8\xff" + octets + b"\xff\xd9") is None or len(octets) > 4
