"""Nobody is named in a bulletin: which words of a text name a complainant or a colleague (spec §8)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailbot.reading import fold

ADDRESS = re.compile(r"[^\s<>()\[\]«»,;:’]{1,64}@[^\s<>()\[\]«»,;:]{1,190}")
SHORTEST = 3  # letters of a name that stands alone
_TITLES = frozenset("m mr mme mlle madame monsieur mademoiselle ms mrs miss dr me".split())
_JOINING = frozenset("de du des la le les van von der den el al da di dos".split())


def named(text: str, nobody: Iterable[str], *, house: Iterable[str] = ()) -> tuple[str, ...]:
    """The words that name somebody, as the text writes them, each once.

    `nobody`: names, addresses, telephone and file numbers of people. An address of whoever it be counts. Of a name each part
    counts where the text writes it with a capital, but for words of the `house` (its own name, trainings, services), and for
    words that the text also writes small: « Rose » is somebody, « une rose » beside her makes it a word.
    """
    found = [m[0].rstrip(".") for m in ADDRESS.finditer(text)]
    digits, numbers = re.sub(r"[\s.\-()\u00a0\u202f]", "", text), re.compile(r"[+\d]\d{5,}")
    allowed = {fold(w) for line in house for w in _words(line)}
    written = _words(text)
    small = {w for w in written if w[:1].islower()}
    names: set[str] = set()
    for value in nobody:
        if "@" in value:
            found += [value] if fold(value) in fold(text) else []
        elif any(c.isdigit() for c in value):
            plain = re.sub(r"[\s.\-()\u00a0\u202f]", "", value)
            tail = plain[-9:] if numbers.fullmatch(plain) else plain  # +33 6… and 06… are one number
            found += [value] if tail and tail.casefold() in digits.casefold() else []
        else:
            names |= {fold(w) for w in _words(value)} - _TITLES - _JOINING
    for word in written:
        key = fold(word)
        if (
            len(key) >= SHORTEST
            and key in names - allowed
            and word[:1].isupper()
            and key not in {fold(s) for s in small}
        ):
            found.append(word)
    return tuple(dict.fromkeys(found))


def _words(text: str) -> list[str]:
    """Words and the parts of « Le Goff-Martin »; what stands before an apostrophe is none."""
    return [w for w in re.findall(r"[^\W\d_]+", text) if w]
