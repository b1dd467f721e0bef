"""The solution that the complainant asks for, in the complainant's own words (spec §3, domain.md R1.4)."""

from __future__ import annotations

from mailbot.reading.form import cleaned_subject, first_field
from mailbot.reading.plain import bare, sentences, wording
from mailbot.reading.tables import (
    IMPLIED_WISHES,
    NOT_REQUESTS,
    NOT_WISHES,
    SUBJECT_WISHES,
    THREATS,
    WISH_ENDINGS,
    WISH_KEYS,
    WISHES,
)

STATED, TO_CONFIRM, NOT_STATED = "exprimée", "à confirmer", "non exprimée"
LONGEST = 300  # characters

_NOTHING = frozenset({"", "aucune", "aucun", "neant", "rien", "non", "none", "n/a"})


def _by_first_word(phrases: tuple[str, ...]) -> dict[str, list[tuple[str, ...]]]:
    table: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(phrase.split())
        table.setdefault(words[0], []).append(words)
    return table


_STATED = _by_first_word(WISHES)
_IMPLIED = _by_first_word(IMPLIED_WISHES)
_ENDINGS = _by_first_word(WISH_ENDINGS)


def find_wish(text: str, subject: str, fields: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The wish, verbatim (at most one sentence, 300 characters), and its state; ("", "non exprimée") when there is none.

    A form field wins, then what is said outright, then what is asked politely, then a subject that is a wish by itself.
    """
    filled = first_field(fields, WISH_KEYS)
    if bare(filled) not in _NOTHING:
        return _shorten(sentences(filled)[0]), STATED
    spoken = sentences(text)
    for table, refused, state in ((_STATED, NOT_WISHES, STATED), (_IMPLIED, NOT_REQUESTS, TO_CONFIRM)):
        found = next(filter(None, (_in_sentence(sentence, table, refused) for sentence in spoken)), None)
        if found:
            return _shorten(found), state
    return _in_subject(subject)


def _in_sentence(
    sentence: list[str], table: dict[str, list[tuple[str, ...]]], refused: frozenset[str]
) -> list[str] | None:
    words = [bare(word) for word in sentence]
    for place, word in enumerate(words):
        if table is _STATED and any(_matches(words, place, ending) for ending in _ENDINGS.get(word, ())):
            return sentence
        for trigger in table.get(word, ()):
            if _matches(words, place, trigger) and not _is_courtesy(
                words[place + len(trigger) - 1 : place + len(trigger) + 3], refused
            ):
                return sentence[place : _end(words, place)]
    return None


def _matches(words: list[str], place: int, trigger: tuple[str, ...]) -> bool:
    return all(
        word == wanted or (wanted == "de" and word.startswith("d'"))
        for word, wanted in zip(words[place : place + len(trigger)], trigger, strict=False)
    ) and place + len(trigger) <= len(words)


def _is_courtesy(words: list[str], refused: frozenset[str]) -> bool:
    """`words` begins with the last word of the trigger, which an elision may have glued to the next (« d'avance »)."""
    following = [words[0].partition("'")[2], *(word.rpartition("'")[2] for word in words[1:])]
    return any(word in refused for word in following)


def _end(words: list[str], start: int) -> int:
    for place in range(start + 1, len(words)):
        if any(_matches(words, place, threat) for threat in THREATS):
            return place
    return len(words)


def _in_subject(subject: str) -> tuple[str, str]:
    cleaned = cleaned_subject(subject)
    if cleaned == subject.strip() and wording(cleaned).has(*SUBJECT_WISHES):
        return _shorten(cleaned.split()), TO_CONFIRM
    return "", NOT_STATED


def _shorten(words: list[str]) -> str:
    kept = " ".join(words).strip(" .,;:!")
    if len(kept) <= LONGEST:
        return kept
    return (
        kept[: LONGEST - 1].rpartition(" ")[0][: LONGEST - 1].rstrip() + "…"
        if " " in kept[:LONGEST]
        else kept[:LONGEST]
    )
