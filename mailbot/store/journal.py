"""The written record of every step: append-only lines that chain over salted hashes (spec §9).

A line's head = sha256(previous head, its fields, sha256(salt + actor + cause), sha256(salt + text)). Text and salt live apart,
so that they can be erased, an actor who was a complainant replaced, and the chain still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from mailbot.store import direct
from mailbot.store.tables import Journal, JournalText

FIRST_HEAD = "0" * 64
NEWEST = select(Journal.head).order_by(col(Journal.id).desc()).limit(1)


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
    digest, who = _digest(salt, text), _digest(salt, f"{actor}\x1f{cause}")
    previous: str = tx.info.get("head") or last_head(tx)
    tx.info["head"] = head = _link(previous, at, number, event, who, digest)
    line_id: int = direct.add(
        tx,
        Journal,
        at=at,
        complaint_id=complaint_id,
        number=number,
        event=event,
        actor=actor,
        cause=cause,
        digest=digest,
        who=who,
        head=head,
    )
    direct.add(tx, JournalText, journal_id=line_id, salt=salt, text=text)
    return line_id


def last_head(tx: Session) -> str:
    """The head of the chain, printed in each digest so that the admins' mailboxes witness it."""
    return direct.ask(tx, NEWEST).scalar() or FIRST_HEAD


ERASED = "-"  # `who` of a line older than schema 0006 whose actor was replaced: only its link to the next line holds,
OPENED = "actors-erased"  # and a line of this event must name it


def chain(previous: str, line: Journal) -> str:
    """A line older than schema 0006 chains over actor and cause themselves."""
    who = (line.who,) if line.who else (line.actor, line.cause)
    return _link(previous, line.at, line.number, line.event, *who, line.digest)


def _link(previous: str, at: datetime, *said: str) -> str:
    fields = (previous, _utc(at), *said)
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()


def broken(tx: Session) -> Iterator[str]:
    """What does not verify, in French; nothing when the record is whole, erased texts or not."""
    previous, opened = FIRST_HEAD, _opened(tx)
    for line in tx.exec(select(Journal).order_by(col(Journal.id))):
        text = tx.get(JournalText, line.id)
        holds = line.id in opened if line.who == ERASED else chain(previous, line) == line.head
        if not holds or (text is not None and not _by(line, text.salt)):
            yield f"ligne {line.id} : la chaîne est rompue"
        if text is not None and _digest(text.salt, text.text) != line.digest:
            yield f"ligne {line.id} : le texte ne correspond pas à son empreinte"
        previous = line.head


def _by(line: Journal, salt: str) -> bool:
    return line.who in ("", ERASED) or line.who == _digest(salt, f"{line.actor}\x1f{line.cause}")


def _opened(tx: Session) -> set[int]:
    texts = select(JournalText.text).join(Journal, col(Journal.id) == col(JournalText.journal_id))
    found = tx.exec(texts.where(Journal.event == OPENED))
    return {int(word) for text in found for word in text.split() if word.isdigit()}


def erased(tx: Session) -> int:
    """How many lines have no text any more."""
    kept = select(JournalText.journal_id)
    return tx.exec(select(func.count()).select_from(Journal).where(col(Journal.id).not_in(kept))).one()


def _digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\x1f{text}".encode()).hexdigest()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def last_at(tx: Session) -> datetime | None:
    """The moment of the last line."""
    return tx.exec(select(Journal.at).order_by(col(Journal.id).desc()).limit(1)).first()
