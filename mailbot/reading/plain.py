"""Words made comparable: folded text, whole-word search that answers as written, sentences."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from mailbot.reading.tables import CLOSINGS

_LIGATURES = {"’": "'", "‘": "'", "ʼ": "'", "œ": "oe", "æ": "ae", "ß": "ss", "ł": "l"}
_EDGES = " .,;:!?\"«»“”()[]{}…*_>–—-'/"
_GLUE = ("'", "’", "-")
_ENDS = (".", "!", "?", "…")
_ABBREVIATIONS = frozenset("mr mm mme mlle dr pr me st ste art ex tel cf no num env min max ref mrs ms e.g i.e".split())
_RUN = re.compile(r"([^\W_]+)")  # of str.isalnum, in any alphabet
_SHORT = 32  # characters of a word that is remembered
_FULL_LINE = 50  # a shorter line was ended by its author, not by the wrapping of the mail program


def fold(text: str) -> str:
    """`text` for comparing words: NFKC, lower case, no accents, straight apostrophes."""
    if text.isascii():
        return text.lower()
    lowered = unicodedata.normalize("NFKD", text).lower()
    bare = unicodedata.normalize("NFKD", lowered)
    for odd in filter(lambda c: not c.isascii(), set(bare)):  # a thousand letters at most are replaced, each in C
        if unicodedata.combining(odd):
            bare = bare.replace(odd, "")
        elif odd in _LIGATURES:
            bare = bare.replace(odd, _LIGATURES[odd])
    return bare


@dataclass(frozen=True)
class Wording:
    """A text as words: as written, folded, and `plain`: the folded ones between single spaces."""

    words: tuple[str, ...]
    folded: tuple[str, ...]
    plain: str
    glue: tuple[str, ...]  # what stood behind each word: an apostrophe or hyphen, else a space

    def and_then(self, other: Wording) -> Wording:
        """The words of this text and, on the next line, those of the other."""
        words, folded = self.words + other.words, self.folded + other.folded
        glue = (*self.glue[:-1], " ", *other.glue) if self.glue else other.glue
        return Wording(words, folded, f" {' '.join(folded)} ", glue)

    def find(self, phrase: str) -> str:
        """The words of the text that match `phrase` as whole words (a final * accepts any ending), or ""."""
        place = self.index(phrase)
        if place < 0:
            return ""
        return self.shown(place, place + _needle(phrase).count(" ", 1) + phrase.endswith("*"))

    def shown(self, first: int, end: int) -> str:
        """The words from `first` to before `end`, as written."""
        pieces = zip(self.words[first:end], self.glue[first:end], strict=True)
        return "".join(word + glue for word, glue in pieces).rstrip(" '’-")

    def index(self, phrase: str) -> int:
        """Rank of the first word that matches `phrase`, -1 when it is not there."""
        needle = _needle(phrase)
        found = self.plain.find(needle) if needle else -1
        return self.plain.count(" ", 0, found + 1) - 1 if found >= 0 else -1

    def has(self, *phrases: str) -> bool:
        """True when one of the phrases is there."""
        needles = map(_needle, phrases)
        return any(needle in self.plain for needle in needles if needle)


def wording(text: str) -> Wording:
    """Cuts a text into its runs of letters and digits."""
    runs = _RUN.split(unicodedata.normalize("NFKC", text))  # what stands between words at even places
    words = tuple(runs[1::2])
    glue = tuple(gap if gap in _GLUE else " " for gap in runs[2::2])
    folded = tuple(word.lower() if word.isascii() else _one_word(word) for word in words)
    return Wording(words, folded, f" {' '.join(folded)} ", glue)


def bare(word: str) -> str:
    """A word folded, without the punctuation around it."""
    return fold(word).strip(_EDGES)


def sentences(text: str) -> list[list[str]]:
    """The sentences of a text, each as its words as written. Lines wrapped by a mail program are joined again."""
    found: list[list[str]] = [[]]
    previous = ""
    for line in text.split("\n"):
        words = line.split()
        if not words or _begins(previous, words[0]):
            found.append([])
        for word in words:
            found[-1].append(word)
            if _ends(word):
                found.append([])
        previous = line.strip()
    return [sentence for sentence in found if sentence]


def _begins(previous: str, first: str) -> bool:
    return len(previous) < _FULL_LINE or first in ("-", "•", "*", "–", "—") or bare(first) in CLOSINGS


def _ends(word: str) -> bool:
    stripped = word.rstrip("\"»”)]'’")
    if not stripped.endswith(_ENDS):
        return False
    core = fold(stripped).strip(_EDGES)
    return not (stripped.endswith(".") and (core in _ABBREVIATIONS or (len(core) == 1 and core.isalpha())))


def _one_word(word: str) -> str:
    """Folded; people use the same accented words again and again, and an endless one is not kept."""
    return _remembered(word) if len(word) <= _SHORT else _letters(word)


def _letters(word: str) -> str:
    return "".join(c for c in fold(word) if c.isalnum()) or "_"


_remembered = lru_cache(maxsize=4096)(_letters)


@lru_cache(maxsize=4096)
def _needle(phrase: str) -> str:
    spaced = "".join(c if c.isalnum() else " " for c in fold(phrase))
    words = " ".join(spaced.split())
    if not words:
        return ""
    return f" {words}" if phrase.endswith("*") else f" {words} "
