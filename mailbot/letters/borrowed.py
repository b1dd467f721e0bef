"""What strangers wrote, made harmless before a letter of ours repeats it (design invariant 8, reliability L1)."""

from __future__ import annotations

import re
import unicodedata

BREAKS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, bidi orders, surrogates, private use (our own marks live there), noncharacters.
UNFIT = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\uffff\U000e0000-\U0010ffff]"
)
MARKER = re.compile(r"mb-(?=[a-z2-7]{26})", re.ASCII | re.IGNORECASE)
SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|mailto:|javascript:|tel:|data:)", re.ASCII | re.IGNORECASE)
DOT = re.compile(r"[.．。｡](?=[^\W\d_])")
JOINERS = re.compile("[\u00ad\u200b-\u200d]")  # invisible: they would hide a domain from the rule above
AT = re.compile(r"[@＠﹫]")
SENTENCE_END = re.compile(r"(?<!\bM)(?<!\bMM)(?<!\bMr)(?<!\bMme)(?<!\bDr)[.!?…](?=\s)")
CODED = re.compile(r"\b((?:[A-Z]{2,8}-[0-9]{4}|m)-[0-9]{1,9})-[A-Z0-9]{4,12}\b", re.ASCII | re.IGNORECASE)
REFERENCE = re.compile(r"\b([A-Z]{2,8})-([0-9]{4})-([0-9]{1,9})", re.ASCII | re.IGNORECASE)
# Endings of ordinary documents, none of which is a top-level domain: their dot cannot make a link.
ENDINGS = frozenset(
    (
        *("pdf", "doc", "docx", "odt", "rtf", "txt", "xls", "xlsx", "ods", "csv", "ppt", "pptx", "odp", "eml"),
        *("jpg", "jpeg", "png", "gif", "heic", "webp", "tif", "tiff", "bmp", "mp3", "m4a", "wav", "mp4"),
    )
)
HAILS = ("bonjour", "bonsoir", "hello", "dear ", "good morning", "good afternoon")
TITLES = (
    "madame",
    "monsieur",
    "mesdames",
    "messieurs",
    "chère ",
    "cher ",
    "chers ",
    "hi ",
)  # greet before a comma only
SUBJECT_LIMIT = 120  # characters of a borrowed text in a subject
SIMILAR = {"#": "\u266f", "[": "(", "]": ")"}  # ♯ reads like # and no grammar takes it


def clean(text: str) -> str:
    """Text with \\n as its only line break and nothing that a terminal, a mail client or our own marks could obey."""
    if text.isascii() and text.isprintable():  # one look in C: neither breaks nor controls
        return MARKER.sub("mb ", text) if "-" in text else text
    return MARKER.sub("mb ", UNFIT.sub("", BREAKS.sub("\n", text)))


def one_line(text: str) -> str:
    """The same on one line, white space collapsed."""
    return " ".join(clean(text).split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one « … » when something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def harmless(text: str, limit: int) -> str:
    """One line of at most `limit` characters in which no address, link or domain is left to click (spec §4)."""
    line = cut(JOINERS.sub("", one_line(text)), limit)
    return AT.sub("[@]", DOT.sub("[.]", SCHEME.sub("", line).replace("://", " ")))


def first_sentence(text: str) -> str:
    """The first sentence of a text, without its full stop: an automatic letter repeats no more than one (spec §4)."""
    line = one_line(text)
    end = SENTENCE_END.search(line)
    return (line[: end.end()] if end else line).rstrip(". ")


def greets(text: str) -> bool:
    """Whether a text begins with its own greeting, so that the letter adds none."""
    first = clean(text).strip().partition("\n")[0].strip().lower()
    return first.startswith(HAILS) or (first.startswith(TITLES) and first.endswith((",", "!")))


def file_name(name: str, limit: int) -> str:
    """A file name to show: harmless, with the plain dot of an ordinary ending."""
    line = one_line(name)
    stem, dot, ending = line.rpartition(".")
    if not dot or ending.lower() not in ENDINGS:
        return harmless(line, limit)
    return f"{harmless(stem, limit - len(ending) - 1)}.{ending}"


def uncoded(text: str) -> str:
    """Without the personal codes behind references: `REC-2026-0042-K7QX3M` loses its end (spec §6)."""
    return CODED.sub(r"\1", text)


def for_subject(text: str, own: frozenset[str]) -> str:
    """Borrowed text for a subject: no tag, no code, no number of another file than `own` (spec §6)."""
    line = cut(one_line(unicodedata.normalize("NFKC", one_line(text)[: 4 * SUBJECT_LIMIT])), SUBJECT_LIMIT)
    if line in own:
        return line
    line = uncoded(line)
    line = REFERENCE.sub(lambda m: m[0] if m[0] in own else "\u2011".join(m.groups()), line)
    return "".join(SIMILAR.get(c, c) for c in line)
