"""What is asked of a drawn letter; each answer is a list of faults, empty when all is well."""

from __future__ import annotations

from collections.abc import Iterator

import html5lib
from html5lib.html5parser import ParseError
from test_letters_each import part
from test_letters_samples import TO_COMPLAINANTS

from rendering import browser, facts, pictures
from rendering.browser import Window
from rendering.fates import Fate
from rendering.stripped import PASSES

PAGE = 40_000  # bytes of an HTML part
ACKNOWLEDGEMENT = 15_000  # bytes of an AR, whole
MAIL = 102_000  # beyond, Gmail cuts


def on_paper(fate: Fate) -> list[str]:
    """What needs no browser: sizes, valid HTML, nothing remote."""
    sealed = fate.sealed()
    html = part(sealed.raw, "html")
    faults = [f"HTML of {len(html.encode())} bytes"] if len(html.encode()) > PAGE else []
    if fate.kind == "ack" and not fate.house.logo and len(sealed.raw) > ACKNOWLEDGEMENT:
        faults.append(f"AR of {len(sealed.raw)} bytes")
    if len(sealed.raw) > MAIL:
        faults.append(f"mail of {len(sealed.raw)} bytes")
    try:
        html5lib.HTMLParser(strict=True).parse(html)
    except ParseError as error:
        faults.append(f"invalid HTML: {error}")
    return faults + [f"remote: {found}" for found in browser.remote(html)]


def drawn(fate: Fate, window: Window, *, widths: tuple[int, ...] = browser.WIDTHS) -> Iterator[tuple[str, list[str]]]:
    """(what was looked at, faults) of the letter at each width, by day and in the dark."""
    sealed = fate.sealed()
    window.show(part(sealed.raw, "html"), widths[0])
    facts_ = facts.missing(part(sealed.raw, "plain"), window.words())
    yield f"{fate.name} says the same in both parts", facts_
    for width in widths:
        for dark in (False, True):
            window.turn(width, dark=dark)
            faults = window.overflow() + window.low_buttons()
            if width == widths[0]:
                faults += window.violations()
            yield f"{fate.name} {width} {'dark' if dark else 'light'}", faults


def stripped(fate: Fate, window: Window) -> Iterator[tuple[str, list[str]]]:
    """The same after what mail programs take away; the words must all be there still."""
    html = part(fate.sealed().raw, "html")
    window.show(html, 360)
    whole = window.words().split()
    for name, strip in PASSES.items():
        window.show(strip(html), 360)
        lost = [] if window.words().split() == whole else ["words were lost"]
        spoken = window.violations() if fate.plain else []
        yield f"{fate.name} {name}", lost + window.overflow() + spoken


def shots(fate: Fate, window: Window) -> Iterator[tuple[str, bytes]]:
    """(name, picture) on a telephone by day, and at 600 pixels in the dark for the letters that outsiders read."""
    themes = ((360, False), (600, True)) if fate.kind in TO_COMPLAINANTS else ((360, False),)
    for width, dark in themes:
        window.show(part(fate.sealed().raw, "html"), width, dark=dark)
        yield f"{fate.name}-{width}{'-dark' if dark else ''}", window.picture()


def against_approved(name: str, shot: bytes) -> list[str]:
    said = pictures.differs(name, shot)
    return [said] if said else []
