"""Some letters drawn by a real browser; `make letters` draws them all, at each width, and compares their pictures."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from rendering import browser, checks, facts, pictures
from rendering.browser import Window
from rendering.fates import Fate, every, few
from rendering.stripped import PASSES

MISSING = "il manque chromium : sudo apt-get install -y chromium fonts-liberation libatomic1"


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    if not browser.chromium():
        pytest.fail(MISSING) if os.environ.get("CI", "").lower() == "true" else pytest.skip(MISSING)
    with browser.window() as opened:
        yield opened


@pytest.mark.parametrize("fate", few(), ids=lambda fate: fate.name)
def test_a_letter_is_drawn_whole_heard_well_and_says_the_same_in_both_parts(window: Window, fate: Fate) -> None:
    assert [(what, faults) for what, faults in checks.drawn(fate, window, widths=(360,)) if faults] == []


@pytest.mark.parametrize("fate", few()[:1], ids=lambda fate: fate.name)
def test_a_letter_outlives_what_mail_programs_take_away(window: Window, fate: Fate) -> None:
    assert [(what, faults) for what, faults in checks.stripped(fate, window) if faults] == []


@pytest.mark.parametrize("fate", [f for f in every() if f.plain], ids=lambda fate: fate.name)
def test_a_letter_is_valid_small_and_loads_nothing(fate: Fate) -> None:
    assert checks.on_paper(fate) == []


def test_a_fault_is_seen(window: Window) -> None:
    """The checks themselves: each finds what it looks for."""
    window.show(
        '<html><body><p style="width:900px">x</p><a href="#" style="color:#ccc">pale words</a></body></html>', 360
    )
    assert "scrolls" in window.overflow()
    assert window.low_buttons() == ["pale words"]
    found = {violation.partition(":")[0] for violation in window.violations()}
    assert {"color-contrast", "html-has-lang", "document-title"} <= found
    assert facts.missing("le 19 mai 2026", "le 20 mai 2026, REC-2026-0042") == [
        "text lacks number REC-2026-0042",
        "text lacks date 20 mai 2026",
        "HTML lacks date 19 mai 2026",
    ]
    assert browser.remote('<img src="http://x.example/p.gif"><td background="b.png">') != []


def test_stripping_takes_the_sheet_and_what_word_does_not_know() -> None:
    html = '<style>p{}</style><!--[if mso]>x<![endif]--><p class="a" style="color:red;display:block">y</p>'
    assert PASSES["webmail"](html) == '<p style="color:red;display:block">y</p>'
    assert PASSES["word"](html) == '<p style="color:red">y</p>'
    assert PASSES["bare"](html) == "<p>y</p>"


def test_an_approved_picture_is_small_and_of_a_letter_that_exists() -> None:
    """Whether each letter looks like its picture is said by `make letters`."""
    drawn = {fate.name for fate in every() if fate.plain}
    kept = list(pictures.APPROVED.glob("*.png"))
    assert len(kept) >= 60
    assert [file.name for file in kept if re.sub("-(?:360|600-dark)$", "", file.stem) not in drawn] == []
    assert sum(file.stat().st_size for file in kept) < 500_000
