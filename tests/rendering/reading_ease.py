"""How easily a letter is read: the length of its sentences, and the score of Flesch.

French: Kandel and Moles (1958), 207 − 1.015 × words per sentence − 73.6 × syllables per word.
English: Flesch (1948), 206.835 − 1.015 × words per sentence − 84.6 × syllables per word.
A line of its own (a title, a step, an item) counts as a sentence; addresses, numbers, references and the names of the
house are no words. Legal blocks (personal data, recourse) say what the law wants said, in its words: they are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from test_letters_each import HOUSE, part

from rendering.fates import Fate

LONGEST, EASY = 30, 50.0
WEIGHTS = {"fr": (207.0, 1.015, 73.6), "en": (206.835, 1.015, 84.6)}
LEGAL = (
    "Vos données servent", "Pour y accéder", "Si cette réponse ne vous convient pas", "Vous pouvez aussi, gratuitement",
    "Vous gardez dans tous les cas", "Si vous avez souscrit", "Vous pouvez également demander", "Your data are used",
    "To access, correct", "If this answer does not suit", "You may also refer", "Your right to go", "If you enrolled",
    "You may also ask to speak",
)  # fmt: skip
NO_WORDS = re.compile(r"\S*[@\d/]\S*|\S*\w\.\w+\S*|\[\S*\]")
WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
END = re.compile(r"[.!?…](?=\s|$)|\n")
SIGNED = (HOUSE.organisation, HOUSE.service, HOUSE.signature, "Bo Martin")
VOWELS = {"fr": "aeiouyàâäéèêëîïôöùûüœæ", "en": "aeiouy"}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One letter: its score, its longest sentence, and what is wrong with them."""

    name: str
    score: float
    words: int
    longest: str

    @property
    def faults(self) -> list[str]:
        faults = [f"score of {self.score:.0f}"] if self.score < EASY else []
        return faults + ([f"{self.words} words: {self.longest}"] if self.words > LONGEST else [])

    def __str__(self) -> str:
        return f"{self.name}: Flesch {self.score:.0f}, longest sentence {self.words} words"


def measured(fate: Fate) -> Measured:
    return of_text(fate.name, unwrapped(part(fate.sealed().raw, "plain")), fate.language)


def of_text(name: str, text: str, language: str) -> Measured:
    told = [s for s in sentences(text) if s]
    words = [word for sentence in told for word in sentence]
    start, by_length, by_syllables = WEIGHTS[language]
    spoken = sum(syllables(word, language) for word in words)
    score = start - by_length * len(words) / len(told) - by_syllables * spoken / len(words)
    full = [s for s in full_sentences(text) if s]
    longest = max(full, key=len)
    return Measured(name=name, score=score, words=len(longest), longest=" ".join(longest))


def unwrapped(text: str) -> str:
    """A line for each line of the template, without the reference at the end and without legal blocks."""
    blocks = [re.sub(r"\n(?![-✓→○>]|\s*$)", " ", _kept(block)) for block in text.split("\n\n")]
    return "\n".join(b for b in blocks if b and not b.startswith(("Réf.", "Ref.", "Sans bouton", "Without the button")))


def _kept(block: str) -> str:
    """The block without its legal sentences, which begin a line and run to the next legal one or to the end."""
    starts = [block.find(words) for words in LEGAL if words in block]
    return block[: min(starts)].strip() if starts else block


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence, whole: neither « : » nor « ; » ends one."""
    return [WORD.findall(NO_WORDS.sub(" ", piece)) for piece in END.split(text) if piece.strip() not in SIGNED]


def full_sentences(text: str) -> list[list[str]]:
    """The words of each whole sentence, numbers and addresses too."""
    return [re.findall(r"[\w@./’'-]*\w[\w@./’'-]*", piece) for piece in END.split(text)]


def syllables(word: str, language: str) -> int:
    """Groups of vowels; a final mute e is none. In doubt one more: the score is rather too low than too high."""
    low = word.lower().replace("’", "'")
    if "'" in low or "-" in low:
        return sum(syllables(piece, language) for piece in re.split(r"['-]", low) if len(piece) > 1) or 1
    if language == "fr":
        low = re.sub(r"(?<=[^aeiouyéèêà])es?$" if len(low) > 3 else r"(?<=[bcdfglmnprstvz])e$", "", low) or low
        low = re.sub(r"(?<=[qg])u(?=[eiéèêa])", "", low)
        low = re.sub(r"(?<=[aeou])y(?=[aeiouéè])", "i-", low)
        low = re.sub(r"(?<=[aeou])ill", "j", low)
        low = re.sub(r"(?<=[aeou])(?=[éè])|(?<=é)(?=[aeo])", "-", low)
    elif not re.search(r"[^aeiouy]le$|[td]ed$|[sxzcg]es$|[cs]hes$", low):
        low = re.sub(r"(?<=[^aeiouy])(?:e|ed|es)$", "", low) or low
    return max(1, len(re.findall(f"[{VOWELS[language]}]+", low)))
