"""A page of ours and its data → a PDF/A file, by typst: what comes from mails is data there, never markup."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import typst

PAGES = Path(__file__).parent / "pages"
STANDARD: Literal["a-2a"] = "a-2a"  # archivable and tagged
UNKNOWN = "□"
# What the fonts inside typst can draw for certain. PDF/A refuses a file with a glyph that is missing.
_DRAWN = (range(0x20, 0x7F), range(0xA0, 0x180), range(0x2010, 0x2028), (0x202F, 0x2030, 0x2039, 0x203A, 0x20AC))
_SIGNS = frozenset("\n□→≤≥✓×−")


def make(page: str, data: Mapping[str, Any], *, on: datetime) -> bytes:
    """The PDF of `pages/<page>.typ`; same data and instant, same bytes. Raises typst.TypstError for a page that is wrong."""
    made = typst.compile(
        PAGES / f"{page}.typ",
        root=PAGES,
        format="pdf",
        sys_inputs={"data": json.dumps(drawable(data), ensure_ascii=False)},
        ignore_system_fonts=True,
        pdf_standards=STANDARD,
        timestamp=on.replace(microsecond=0),  # typst takes none
    )
    assert isinstance(made, bytes)
    return made


def drawable(value: Any) -> Any:
    """The same with every character that the fonts may lack replaced."""
    if isinstance(value, str):
        return "".join(map(_shown, unicodedata.normalize("NFC", value)))
    if isinstance(value, Mapping):
        return {key: drawable(inner) for key, inner in value.items()}
    return [drawable(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _shown(char: str) -> str:
    if char in _SIGNS or any(ord(char) in part for part in _DRAWN):
        return char
    plain = unicodedata.normalize("NFKD", char)[:1]  # « ﬁ » → « f », a rare letter without its accent
    return plain if plain != char and any(ord(plain) in part for part in _DRAWN if plain) else UNKNOWN
