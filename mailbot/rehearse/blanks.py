"""What a mail of a rehearsal can't know when it is written: numbers and Message-IDs, left blank as {{REC:…}} and {{LETTER:…}}.

`{{REC:awa}}` is the number of the file that the mail « awa » opened: its file name without date, its subject, or its
Message-ID. `{{LETTER}}` is the Message-ID of the last letter to the mail's writer, `{{LETTER:survey}}` of the last one of that
kind, `{{LETTER:assignment|awa}}` about that file (of one that went to somebody else where the writer got none: a bounce).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import parseaddr

from mailbot.store import rehearsal
from mailbot.store.ledger import Session
from mailbot.store.tables import Complaint

_BLANK = re.compile(rb"\{\{(REC|LETTER)(?::([^{}\r\n]{0,200}))?\}\}")


class Blank(ValueError):
    """A blank that can't be filled: what stood there, and why in French."""


def fill(tx: Session, raw: bytes, taken: Mapping[str, int]) -> bytes:
    """The mail with its blanks filled in. `taken`: key of a mail → its number in the register. Raises Blank."""
    if b"{{" not in raw:
        return raw
    writer = parseaddr(str(BytesHeaderParser(policy=compat32).parsebytes(raw).get("From", "")))[1].lower()

    def filled(blank: re.Match[bytes]) -> bytes:
        what = (blank[2] or b"").decode("utf-8", "replace").strip()
        if blank[1] == b"REC":
            return _file(tx, what, taken).number.encode()
        return _letter(tx, what, writer, taken).encode()

    return _BLANK.sub(filled, raw)


def _file(tx: Session, what: str, taken: Mapping[str, int]) -> Complaint:
    row = rehearsal.file_of(tx, taken[what]) if what in taken else None
    row = row or (rehearsal.file_named(tx, what) if what else None)
    if row is None:
        keys = ", ".join(sorted(taken)[:20]) or "aucun"
        raise Blank(f"{{{{REC:{what}}}}} : aucun dossier de ce nom à cet instant. Messages déjà reçus : {keys}")
    return row


def _letter(tx: Session, what: str, writer: str, taken: Mapping[str, int]) -> str:
    kind, _, file = (part.strip() for part in what.partition("|"))
    found = rehearsal.last_letter(tx, kind=kind, file=_file(tx, file, taken) if file else None, to=writer)
    if not found:
        blank = f"{{{{LETTER:{what}}}}}" if what else "{{LETTER}}"
        raise Blank(f"{blank} : {writer or 'l’auteur'} n’a reçu aucune lettre de ce genre à cet instant")
    return found
