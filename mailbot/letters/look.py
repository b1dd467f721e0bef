"""The one look of every letter: its stylesheet, inlined once for the colour of the house."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import css_inline

from mailbot.colours import bright

SHEET = Path(__file__).parent / "templates" / "letter.css"
_CLASS = re.compile(r"\.([a-z]+)\b")
_USED = re.compile(r' class="([a-z]+)"')  # in a letter, borrowed quotes are escaped
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_INLINED = re.compile(r'<p class="([a-z]+)" style="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Look:
    """`inline`: what stands in the style attribute of each class; `dark`: the rules that only a head can hold."""

    accent: str
    inline: dict[str, str]
    query: str
    dark: tuple[tuple[str, str], ...]  # (selectors, declarations)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes that an element has to name."""
        return frozenset(name for selectors, _ in self.dark for name in _CLASS.findall(selectors))

    def head(self, body: str) -> str:
        """The rules of the head that this body needs, no more: an acknowledgement stays small."""
        used = {*_USED.findall(body), "page", "sheet"}
        needed = [(",".join(s for s in selectors.split(",") if s[1:] in used), said) for selectors, said in self.dark]
        return f"{self.query}{{{''.join(f'{s}{{{said}}}' for s, said in needed if s)}}}"


@lru_cache(maxsize=8)
def of(accent: str) -> Look:
    """The look with that colour. No borrowed word ever passes here: only the classes of the sheet are inlined."""
    sheet = SHEET.read_text(encoding="utf-8").replace("ACCENT", accent).replace("BRIGHT", bright(accent))
    rules, _, media = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL).partition("@media")
    names = dict.fromkeys(_CLASS.findall(re.sub(r"\{[^}]*\}", " ", rules)))
    page = "".join(f'<p class="{name}">x</p>' for name in names)
    inlined = css_inline.inline(f"<html><head><style>{rules}</style></head><body>{page}</body></html>")
    inline = {name: _short(style) for name, style in _INLINED.findall(inlined)}
    query, _, dark = _short(media.strip().removesuffix("}")).partition("{")
    return Look(accent=accent, inline=inline, query=f"@media {query}", dark=tuple(_RULE.findall(dark)))


def _short(style: str) -> str:
    """Without the spaces that nobody reads: a letter repeats these words at every line."""
    return re.sub(r"\s*([:;,{}!])\s*", r"\1", style).strip().strip(";")
