"""One scene as a record: what Bo sends, what may leave of it, and how what left is compared with the label."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from staff.notices import KINDS, MORNING, NUMBER, SENDER, Secrets

GAP = "[…]"
INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u00ad\u2060"))
LETTERS = {
    "résolu": "reply",
    "partielle": "reply",
    "infondée": "reply",
    "réponse": "news",
    "précisions": "question",
    "butoir": "commitment",
    "information": "nature",
    "hors-périmètre": "nature",
    "difficulté": "nature",
    "aléa": "nature",
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the harness hands to a scene.

    `notice_id` is the Message-ID of a letter that the desk sent to `author`; `secrets.code` should be that person's
    code for the file; `until` a working day to come, as `jj/mm/aaaa`; `headers` go on top (Authentication-Results).
    """

    secrets: Secrets
    notice_id: str
    message_id: str
    date: datetime = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    notice_date: datetime = MORNING
    number: str = NUMBER
    until: str = "04/12/2026"
    headers: tuple[tuple[str, str], ...] = ()
    author: str = "bo@ief.example"
    author_name: str = "Bo Martin"
    mailbox: str = SENDER


Write = Callable[[Given], bytes]


@dataclass(frozen=True, kw_only=True)
class Leak:
    """One reply of Bo's whose tag sends text out.

    `sure`: it must leave unasked, once, and be exactly `leaves` (see `same_text`). Otherwise: one letter of kind
    `fence` to Bo, nothing to the complainant; `why` says what makes it doubtful, and `shown_in` holds of the fence.
    `tail` is what Bo's client or card adds under his words: the spec is silent, so it may leave or be cut off.
    `files_leave` travel with the letter, byte for byte (FILES in shapes.py), `files_stay` never do. The picture of a
    signature card (`image001.png`, inline) is in neither: it is no file.
    `kinds`: the secrets that the mail holds, in any part or attachment. `stays`: other words that must not leave.
    """

    id: str
    tag: str  # one of LETTERS
    sure: bool
    leaves: str
    write: Write
    tail: str = ""
    files_leave: tuple[str, ...] = ()
    files_stay: tuple[str, ...] = ()
    kinds: tuple[str, ...] = KINDS
    stays: tuple[str, ...] = ()
    why: str = ""

    @property
    def letter(self) -> str:
        """The kind of letter that carries the text to the complainant."""
        return LETTERS[self.tag]


def normalised(text: str) -> str:
    """NFC, without invisible characters, every run of white space (line breaks, no-break spaces too) one space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(INVISIBLE).split())


def same_text(left: str, scene: Leak) -> bool:
    """Whether `left` is exactly the labelled text, with or without the whole `tail`, but for white space."""
    return normalised(left) in {normalised(scene.leaves), normalised(f"{scene.leaves}\n{scene.tail}")}


def carried_by(letter: str, scene: Leak) -> bool:
    """Whether a letter's text holds the labelled text whole and in one piece, but for white space."""
    return normalised(scene.leaves) in normalised(letter)


def shown_in(letter: str, scene: Leak) -> bool:
    """Whether the author's words stand in a fence letter, in order; at GAP anything may stand, or nothing."""
    rest = normalised(letter)
    for piece in filter(None, map(normalised, scene.leaves.split(GAP))):
        _, found, rest = rest.partition(piece)
        if not found:
            return False
    return True
