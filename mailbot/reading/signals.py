"""Hints for whoever assesses: alert words, the complainant's deadline, language, training, bare thanks (domain.md §5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from mailbot.reading.form import cleaned_subject, first_field
from mailbot.reading.plain import Wording, wording
from mailbot.reading.tables import (
    ALERTS,
    DEADLINE_KEYS,
    DEADLINE_PHRASES,
    DEADLINE_WORDS,
    ENGLISH,
    FRENCH,
    LASTING,
    LASTING_UNITS,
    MONTHS,
    REPEATED_UNITS,
    THANKS,
    THANKS_COMPANY,
    TRAINING_KEYS,
    WEEKDAYS,
    Words,
)

MOST_PER_FAMILY = 4
LAST_YEAR_MEANT = timedelta(days=60)  # « avant le 10 janvier » written in December is next year's
LONGEST_THANKS = 60  # words

_AMOUNT = re.compile(r"[0-9][0-9 .,\u00a0\u202f]{0,14}(?:€|[Ee][Uu][Rr](?:[Oo][Ss]?)?(?![A-Za-z]))", re.ASCII)
_TRAININGS = (
    re.compile(r'[Ff]ormation[^\n"«“.]{0,20}["«“] ?([^\n"»”]{2,80}?) ?["»”]'),
    re.compile(r"\b((?:[Tt]itre pro(?:fessionnel)?|CAP|BTS|BP) [^\n(),.;:!?]{3,60})", re.ASCII),
    re.compile(r"[Ff]ormation (?:en |de |d'|d’|au |aux )?([A-ZÉÈÀ][^\n(),.;:!?–]{2,60})"),
    re.compile(r"\b(?!(?:the|this|that|your|our|my) )([A-Za-z]{3,20} (?:course|workshop|training))\b", re.ASCII),
    re.compile(r"\b(VAE)\b", re.ASCII),
)
_TAILS = (
    " ont ",
    " a ",
    " n'",
    " ne ",
    " est ",
    " sont ",
    " qui ",
    " que ",
    " avec ",
    " du ",
    " chez ",
    " le ",
    " pour ",
)


def find_alerts(text: str, said: Wording, extra: dict[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """(family, words as written), a few of each family, in the order of the table."""
    families = {**ALERTS, **{family: (*ALERTS.get(family, ()), *more) for family, more in extra.items()}}
    found: list[tuple[str, str]] = []
    for family, phrases in families.items():
        hits = [hit for hit in (said.find(phrase) for phrase in phrases) if hit]
        hits += _NUMBERED.get(family, _none)(said)
        found += [(family, hit) for hit in dict.fromkeys(hits)][:MOST_PER_FAMILY]
    amounts = dict.fromkeys(" ".join(match.group().split()) for match in _AMOUNT.finditer(text))
    return (*found, *[("montant", amount) for amount in amounts][:MOST_PER_FAMILY])


def find_deadline(said: Wording, fields: tuple[tuple[str, str], ...], today: date | None) -> tuple[date | None, str]:
    """The form's field, else the first full date that « avant le… » announces, and the words; without a full date, only the words.

    A date without year takes the year of `today` (the mail's own date), or the next one when long past; None without it.
    """
    filled = first_field(fields, DEADLINE_KEYS)
    if filled:
        return _date_at(wording(filled).folded[:6], today)[0], " ".join(filled.split())
    words = ""
    for place, phrase in _announced(said):
        when, length = _date_at(said.folded[place : place + 6], today)
        shown = said.shown(place - len(phrase), place + length)
        if when:
            return when, shown
        words = words or (shown if length else "")
    return None, words or next((hit for hit in map(said.find, DEADLINE_PHRASES) if hit), "") or next(_soon(said), "")


def language(text: Wording, subject: Wording) -> str:
    """ "fr" or "en" by counting words that only one language has; the subject breaks a tie, then French."""
    for source in (text, subject):
        words = source.folded
        french, english = sum(w in FRENCH for w in words), sum(w in ENGLISH for w in words)
        if french != english:
            return "en" if english > french else "fr"
    return "fr"


def find_training(text: str, subject: str, said: Wording, fields: tuple[tuple[str, str], ...], words: Words) -> str:
    """A training of the configuration, else the form's field, else the words that follow « formation »; "" when none."""
    for name, aliases in words.trainings:
        if said.has(name, *aliases):
            return name
    filled = first_field(fields, TRAINING_KEYS)
    if filled:
        return filled.split("\n")[0].partition("(")[0].strip()[:120]
    for pattern in _TRAININGS:
        match = pattern.search(text) or pattern.search(cleaned_subject(subject))
        if match:
            return _until_verb(match.group(1))
    return ""


def find_session(said: Wording, fields: tuple[tuple[str, str], ...], today: date | None) -> str:
    """« la session du 12 mai 2026 » → « 2026-05-12 »; else the form's field as written; "" when none is named."""
    filled = first_field(fields, ("session", "date de session", "dates de session"))
    source = wording(f"session du {filled}").folded if filled else said.folded
    for place in range(len(source) - 2):
        if source[place] in ("session", "stage") and source[place + 1] in ("du", "des", "le", "of", "on"):
            when, _ = _date_at(source[place + 2 : place + 8], today)
            if when:
                return when.isoformat()
    return " ".join(filled.split())[:80]


def thanks_only(text: Wording, name: str) -> bool:
    """Bare thanks: nothing but the phrases of a visible list and the author's name, with thanks among them (spec §5)."""
    words, signature = text.folded, set(wording(name).folded)
    if not 0 < len(words) <= LONGEST_THANKS:
        return False
    place, thanked = 0, False
    while place < len(words):
        length, thanks = _longest(words, place)
        if not length and words[place] in signature:
            length = 1
        if not length:
            return False
        place, thanked = place + length, thanked or thanks
    return thanked


def _longest(words: tuple[str, ...], place: int) -> tuple[int, bool]:
    for length in range(min(_LONGEST_PHRASE, len(words) - place), 0, -1):
        phrase = words[place : place + length]
        if phrase in _PHRASES:
            return length, _PHRASES[phrase]
    return 0, False


def _folded(phrase: str) -> tuple[str, ...]:
    return wording(phrase).folded


_PHRASES = {_folded(p): False for p in THANKS_COMPANY} | {_folded(p): True for p in THANKS}
_LONGEST_PHRASE = max(map(len, _PHRASES))


_LASTING = frozenset({"depuis", "pendant", "for", "de", "fait"})


def _none(_said: Wording) -> Iterator[str]:
    return iter(())


def _repeated(said: Wording) -> Iterator[str]:
    """« 3 fois », « depuis 12 jours », « ca fait 12 jours »."""
    folded = said.folded
    for place in range(1, len(folded)):
        number, unit = folded[place - 1], folded[place]
        if not number.isdecimal() or len(number) > 3 or number in ("0", "1"):
            continue
        lasting = place > 1 and folded[place - 2] in LASTING and unit in LASTING_UNITS
        if unit in REPEATED_UNITS or lasting:
            yield said.shown(place - 1, place + 1)


def _minors(said: Wording) -> Iterator[str]:
    """An age of 14 to 17 that is not a duration (« depuis 15 ans », « il y a 15 ans », « 15 ans d'expérience »)."""
    folded = ("", "", *said.folded, "")
    for place in range(2, len(folded) - 2):
        if folded[place] not in ("14", "15", "16", "17") or folded[place + 1] not in ("ans", "years"):
            continue
        lasting = folded[place - 1] in _LASTING or folded[place - 2 : place] == ("y", "a")
        if not lasting and folded[place + 2] not in ("d", "de", "of", "apres"):
            yield said.shown(place - 2, place)


def _soon(said: Wording) -> Iterator[str]:
    """« sous 48h », « sous 15 jours », « dès jeudi »."""
    within = _within(said)
    if within:
        yield within
    folded = said.folded
    yield from (
        said.shown(n, n + 2) for n in range(len(folded) - 1) if folded[n] == "des" and folded[n + 1] in WEEKDAYS
    )


_NUMBERED = {"repetition": _repeated, "mineur": _minors, "echeance": _soon}


def _within(said: Wording) -> str:
    folded = said.folded
    for place in range(len(folded) - 1):
        number = folded[place + 1]
        if folded[place] in ("sous", "within") and number[:1].isdecimal():
            return said.shown(place, place + (2 if not number.isdecimal() else 3))
    return ""


_ANNOUNCING: dict[str, list[tuple[str, ...]]] = {}  # by their first word
for _phrase in map(_folded, DEADLINE_WORDS):
    _ANNOUNCING.setdefault(_phrase[0], []).append(_phrase)


def _announced(said: Wording) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Places just behind a phrase that announces a date."""
    folded = said.folded
    for place, word in enumerate(folded):
        for phrase in _ANNOUNCING.get(word, ()):
            if folded[place : place + len(phrase)] == phrase:
                yield place + len(phrase), phrase
                break


def _date_at(words: tuple[str, ...], today: date | None) -> tuple[date | None, int]:
    """A date in words or figures at the start of `words`, and how many words it takes (also when it is not full)."""
    skip = 1 if words and words[0] in WEEKDAYS else 0
    parts = words[skip : skip + 3]
    if not parts or not parts[0].rstrip("erndths").isdecimal():
        return None, skip
    if len(parts) == 3 and len(parts[0]) == 4 and parts[0].isdecimal():
        return _day(parts[2], parts[1], parts[0], today), skip + 3
    if len(parts) < 2 or not (parts[1] in MONTHS or (parts[1].isdecimal() and len(parts[1]) <= 2)):
        return None, skip + 1
    year = parts[2] if len(parts) == 3 and len(parts[2]) == 4 and parts[2].isdecimal() else ""
    return _day(parts[0].rstrip("erndths"), parts[1], year, today), skip + (3 if year else 2)


def _day(day: str, month: str, year: str, today: date | None) -> date | None:
    if not (day.isascii() and month.isascii() and year.isascii()):
        return None
    number = MONTHS.get(month) or (int(month) if month.isdecimal() and len(month) <= 2 else 0)
    try:
        if year:
            return date(int(year), number, int(day[:2]) if len(day) <= 2 else 0)
        if today is None:
            return None
        near = date(today.year, number, int(day) if len(day) <= 2 else 0)
        return near if near >= today - LAST_YEAR_MEANT else near.replace(year=near.year + 1)
    except ValueError:
        return None


def _until_verb(words: str) -> str:
    shown = f"{words.strip()} "
    end = min((place for tail in _TAILS if (place := shown.find(tail)) > 0), default=len(shown))
    return shown[:end].strip()
