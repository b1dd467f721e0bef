"""What mail programs do to a letter before they show it."""

from __future__ import annotations

import re
from collections.abc import Callable

STYLE_SHEETS = re.compile(r"<style\b.*?</style>", re.DOTALL)
COMMENTS = re.compile(r"<!--.*?-->", re.DOTALL)
NAMED = re.compile(r' (?:class|id)="[^"]*"')
STYLES = re.compile(r' style="([^"]*)"')
# Declarations that Word, which draws for Outlook on Windows, does not know.
UNKNOWN_TO_WORD = ("max-width", "display", "border-radius", "word-break", "height", "width", "list-style")


def webmail(html: str) -> str:
    """Gmail for an address that is not Google's: no style sheet, no class, no comment."""
    return NAMED.sub("", COMMENTS.sub("", STYLE_SHEETS.sub("", html)))


def word(html: str) -> str:
    """Outlook on Windows: no style sheet, and fewer declarations."""

    def known(style: re.Match[str]) -> str:
        kept = [d for d in style[1].split(";") if d.partition(":")[0].strip() not in UNKNOWN_TO_WORD]
        return f' style="{";".join(kept)}"'

    return STYLES.sub(known, webmail(html))


def bare(html: str) -> str:
    """A reader that keeps the tags only."""
    return STYLES.sub("", webmail(html))


PASSES: dict[str, Callable[[str], str]] = {"webmail": webmail, "word": word, "bare": bare}
