"""Colours: how well one is read on another, and which light one stands for it in the dark (WCAG 2.2)."""

from __future__ import annotations

import re

COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
READABLE = 4.5  # contrast of an ordinary text with what stands behind it (WCAG 2.2, 1.4.3)
WHITE, NIGHT = "#ffffff", "#16191d"  # the page by day, and in the dark
ACCENT = "#1f4e8c"


def contrast(one: str, other: str) -> float:
    """From 1 to 21, of two colours written #rrggbb (WCAG 2.2, « contrast ratio »)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> list[float]:
    return [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]


def bright(colour: str) -> str:
    """The colour with as much white as it needs to be read in the dark."""
    for share in range(0, 101, 5):
        mixed = "#" + "".join(f"{round(255 * (c + (1 - c) * share / 100)):02x}" for c in _channels(colour))
        if contrast(mixed, NIGHT) >= READABLE + 1:
            return mixed
    return WHITE
