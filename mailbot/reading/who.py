"""Who seems to be writing: type of complainant, on whose behalf, telephone, staff members named."""

from __future__ import annotations

import re

from mailbot.reading.form import first_field
from mailbot.reading.plain import Wording, bare, fold, wording
from mailbot.reading.tables import (
    ANONYMOUS_PHRASES,
    CLOSINGS,
    COMPANY_PHRASES,
    DECLARED_TYPES,
    FUNDER_DOMAINS,
    FUNDER_NAMES,
    FUNDER_PHRASES,
    ON_BEHALF,
    SUBCONTRACTOR_PHRASES,
    TRAINEE_POSSESSIVES,
    TRAINEE_SUBTYPES,
    TYPE_KEYS,
    Words,
)

_PHONE_START = re.compile(r"(?:\+|00)33|0", re.ASCII)
_PHONE_FILL = " .-/()\u00a0\u202f"
_CIVILITIES = frozenset(
    "m mr mme mlle madame monsieur mademoiselle ms mrs miss formateur formatrice intervenant intervenante trainer "
    "conseiller conseillere assistante assistant referent referente directeur directrice".split()
)
_GREETINGS = frozenset("bonjour bonsoir cher chere hello hi dear merci salut".split())


def complainant_type(
    said: Wording, fields: tuple[tuple[str, str], ...], sender: tuple[str, str], words: Words
) -> tuple[str, str]:
    """(stagiaire | financeur | autre, sub-type) of the author of `said`; `sender` is (display name, address)."""
    declared = wording(first_field(fields, TYPE_KEYS))
    for word, kind in DECLARED_TYPES.items():
        if declared.has(word):
            return kind
    name, addr = sender
    funder = _funder_domain(addr, words.funders) or _funder_name(wording(name))
    if funder:
        return "financeur", "" if funder == "financeur" else funder
    if said.has(*SUBCONTRACTOR_PHRASES):
        return "autre", "sous-traitant"
    if said.has(*ANONYMOUS_PHRASES):
        return "autre", "anonyme"
    return _by_phrases(said, wording(name))


def find_on_behalf(said: Wording) -> str:
    """The words that show that someone writes for another person, as written; "" when none do."""
    return min(((said.index(p), said.find(p)) for p in ON_BEHALF if said.has(p)), default=(0, ""))[1]


def find_phone(text: str, own: tuple[str, ...]) -> str:
    """The first French telephone number, as written, that is not one of the organisation's own."""
    ours = {_nine_digits(number) for number in own}
    for match in _PHONE_START.finditer(text):
        number = _number_at(text, match.start())
        if number and _nine_digits(number) not in ours:
            return number
    return ""


def find_staff(said: Wording, staff: tuple[tuple[str, str], ...], author: tuple[str, str]) -> tuple[str, ...]:
    """Addresses of the staff members named: full name, surname after a title or role, or a capitalised first name.

    The author is never among them, nor a first name that greets or that is the author's own.
    """
    own_names = set(wording(author[0]).folded)
    named = (addr for name, addr in staff if addr.lower() != author[1].lower() and _is_named(said, name, own_names))
    return tuple(dict.fromkeys(named))


def unsigned(text: str) -> str:
    """The text without the one word that signs it, below a closing: it names its writer, nobody else."""
    body, _, last = text.rstrip().rpartition("\n")
    closing = body.rstrip().rpartition("\n")[2].strip()
    closes = closing.endswith(",") and bare(closing.split()[0]) in CLOSINGS
    return body if closes and len(last.split()) == 1 else text


def _funder_domain(addr: str, more: tuple[str, ...]) -> str:
    domain = addr.rpartition("@")[2].lower()
    if any(domain == own.lower() or domain.endswith("." + own.lower()) for own in more):
        return "financeur"
    for label in domain.split(".")[:-1]:
        for part in (label.replace("-", ""), *label.split("-")):
            if part.startswith("opco"):
                return "OPCO"
            if part in FUNDER_DOMAINS:
                return FUNDER_DOMAINS[part]
    return ""


def _funder_name(name: Wording) -> str:
    return next((kind for phrase, kind in FUNDER_NAMES.items() if name.has(phrase)), "")


def _by_phrases(said: Wording, name: Wording) -> tuple[str, str]:
    behalf = min(((said.index(p), kind) for p, kind in ON_BEHALF.items() if said.has(p)), default=(0, ""))[1]
    if behalf:
        return "autre", behalf
    funder = next((kind for phrase, kind in FUNDER_PHRASES.items() if said.has(phrase)), None)
    if funder is not None and not said.has(*TRAINEE_POSSESSIVES):
        return "financeur", funder
    if said.has(*COMPANY_PHRASES) or name.has(*COMPANY_PHRASES):
        return "autre", "entreprise"
    return "stagiaire", next((kind for phrase, kind in TRAINEE_SUBTYPES.items() if said.has(phrase)), "")


def _number_at(text: str, start: int) -> str:
    """The telephone number that begins at `start`, as written; "" when there is none."""
    before = text[start - 1 : start] if start else ""
    if before.isdigit() or before == "+":
        return ""
    digits, end = "", start
    for place in range(start, min(start + 24, len(text))):
        if text[place] in "0123456789":
            digits, end = digits + text[place], place + 1
            if len(_nine_digits(digits)) == 9 and len(digits) >= 10:
                break
        elif text[place] not in _PHONE_FILL and not (place == start and text[place] == "+"):
            break
    whole = len(digits) >= 10 and len(_nine_digits(digits)) == 9 and not text[end : end + 1].isdigit()
    return text[start:end] if whole else ""


def _nine_digits(number: str) -> str:
    """The nine digits that identify a French number, "" when they are not all there."""
    digits = "".join(c for c in number if c in "0123456789")
    for prefix in ("00330", "0033", "330", "33", "0"):
        rest = digits.removeprefix(prefix)
        if rest != digits and len(rest) == 9 and rest[0] != "0":
            return rest
    return ""


def _is_named(said: Wording, name: str, own_names: set[str]) -> bool:
    parts = wording(name).folded
    if len(parts) < 2:
        return bool(parts) and _first_name_said(said, parts[0], "", own_names)
    first, last = parts[0], parts[-1]
    if said.has(name, f"{last} {first}") or any(said.has(f"{civility} {last}") for civility in _CIVILITIES):
        return True
    return len(first) > 1 and _first_name_said(said, first, last, own_names)


def _first_name_said(said: Wording, first: str, last: str, own_names: set[str]) -> bool:
    if first in own_names or not said.has(first):
        return False
    folded = said.folded
    for place, word in enumerate(folded):
        if word != first or not said.words[place][0].isupper():
            continue
        before = folded[place - 1] if place else ""
        after = said.words[place + 1] if place + 1 < len(folded) else ""
        someone_else = bool(last) and after[:1].isupper() and fold(after) != last
        if before not in _GREETINGS and not someone_else:
            return True
    return False
