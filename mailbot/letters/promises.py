"""What a letter that leaves by itself must never say: a judgement, an excuse that admits fault, a result promised (domain.md R2.12)."""

from __future__ import annotations

import re
from collections.abc import Iterator

PHRASES = (
    "remboursement",
    "erreur de notre part",
    "notre erreur",
    "notre faute",
    "par notre faute",
    "sera résolu",
    "sera réglé",
    "dans les plus brefs délais",
    "dans les meilleurs délais",
    "votre réclamation",
    "réclamation justifiée",
    "réclamation injustifiée",
    "nous nous engageons à résoudre",
    "geste commercial",
    "désolé",
    "excus",
    "regrett",
    "refund",
    "our mistake",
    "our fault",
    "will be resolved",
    "as soon as possible",
    "your complaint",
    "sorry",
    "apolog",
)
REGRETS = frozenset({"désolé", "excus", "regrett", "sorry", "apolog"})
_MARKUP = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def broken(text: str, *, regrets: bool = False) -> Iterator[tuple[int, str]]:
    """(line, phrase) of each one found in a template. `regrets`: the letter may say that we are sorry (a date not kept)."""
    plain = _MARKUP.sub(lambda found: "\n" * found[0].count("\n"), text)
    words = "\n".join(" ".join(line.replace("’", "'").lower().split()) for line in plain.split("\n"))
    for phrase in PHRASES:
        if regrets and phrase in REGRETS:
            continue
        spaced = r"\s+".join(
            map(re.escape, phrase.replace("’", "'").split())
        )  # a phrase may run over the end of a line
        for found in re.finditer(spaced, words):
            yield words.count("\n", 0, found.start()) + 1, phrase
