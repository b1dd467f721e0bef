"""The written record of every step: append-only lines that chain over salted hashes (spec §9).

A line's head = sha256(previous head, its fields, sha256(salt + text)). Text and salt live apart, so that they can be erased
and the chain still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from mailbot.store.tables import Journal, JournalText

FIRST_HEAD = "0" * 64


def write(
    tx: Session,
    *,
    at: datetime,
    complaint_id: int | None,
    number: str,
    event: str,
    actor: str,
    cause: str,
    text: str,
    salt: str,
) -> int:
    """Appends one line within the decision's transaction; returns its id. `salt`: at least 16 random bytes, hex."""
    digest = _digest(salt, text)
    line = Journal(
        at=at, complaint_id=complaint_id, number=number, event=event, actor=actor, cause=cause, digest=digest, head=""
    )
    line.head = chain(last_head(tx), line)
    tx.add(line)
    tx.flush()
    assert line.id is not None
    tx.add(JournalText(journal_id=line.id, salt=salt, text=text))
    tx.flush()
    return line.id


def last_head(tx: Session) -> str:
    """The head of the chain, printed in each digest so that the admins' mailboxes witness it."""
    return tx.exec(select(Journal.head).order_by(col(Journal.id).desc()).limit(1)).first() or FIRST_HEAD


def chain(previous: str, line: Journal) -> str:
    fields = (previous, _utc(line.at), line.number, line.event, line.actor, line.cause, line.digest)
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()


def broken(tx: Session) -> Iterator[str]:
    """What does not verify, in French; nothing when the record is whole."""
    previous = FIRST_HEAD
    for line in tx.exec(select(Journal).order_by(col(Journal.id))):
        if chain(previous, line) != line.head:
            yield f"ligne {line.id} : la chaîne est rompue"
        text = tx.get(JournalText, line.id)
        if text is not None and _digest(text.salt, text.text) != line.digest:
            yield f"ligne {line.id} : le texte ne correspond pas à son empreinte"
        previous = line.head


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def last_at(tx: Session) -> datetime | None:
    """The moment of the last line."""
    return tx.exec(select(Journal.at).order_by(col(Journal.id).desc()).limit(1)).first()
