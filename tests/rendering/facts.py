"""The facts that a letter states: numbers, dates, addresses, telephones, files, names; whether both of its parts state them."""

from __future__ import annotations

import re

MONTHS = (
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|"
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
PATTERNS = {
    "number": r"\b[A-Z]{2,8}-\d{4}-\d{4}\b",
    "date": rf"\b\d{{1,2}}(?:er)? (?:{MONTHS}) \d{{4}}\b|\b\d\d/\d\d/\d{{4}}\b",
    "hour": r"\b\d{1,2} h \d\d\b|\b\d{1,2}:\d\d\b",
    "address": r"[\w.+-]+@[\w.-]+\w",
    "telephone": r"\b0\d(?: \d\d){4}\b",
    "file": r"\b[\w-]+(?:\[\.\]|\.)(?:pdf|jpg|png|zip|exe)\b",
    "name": r"\b(?:Carl Dufour|Bo Martin|Ann Duval|Opale Conseil|Institut Exemple Formation)\b",
    "priority": r"\bP[1-4]\b",
}


def stated(text: str) -> dict[str, set[str]]:
    """The facts of a text, by sort."""
    line = " ".join(re.sub(r"^> ?", "", text, flags=re.MULTILINE).split())
    return {sort: set(re.findall(pattern, line)) for sort, pattern in PATTERNS.items()}


def missing(text: str, html_words: str) -> list[str]:
    """Facts of one part that the other lacks. The text also spells the buttons, which say nothing new but subjects."""
    said, shown = stated(text), stated(html_words)
    lacks = [f"text lacks {sort} {fact}" for sort in PATTERNS for fact in sorted(shown[sort] - said[sort])]
    spoken = stated(re.sub(r"Objet à écrire.*|Subject to type.*|Sans bouton, écrivez.*|Without the button.*", "", text))
    return lacks + [f"HTML lacks {sort} {fact}" for sort in PATTERNS for fact in sorted(spoken[sort] - shown[sort])]
