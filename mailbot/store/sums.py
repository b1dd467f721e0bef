"""What `verify` compares: the heads of the journal's chain and those that digests printed, each mail's bytes, each file's hash."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlmodel import Session, col, func, select

from mailbot.store import slabs
from mailbot.store.tables import Attachment, Inbound, Journal, Letter, Raw


def heads(tx: Session) -> list[str]:
    """The head of each line of the journal, in order."""
    return list(tx.exec(select(Journal.head).order_by(col(Journal.id))))


def printed(tx: Session) -> list[tuple[datetime, str]]:
    """(when, which head) of each digest that was written."""
    digests = select(Letter.created_at, Letter.facts).where(Letter.kind == "digest").order_by(col(Letter.id))
    return [(at, str(facts.get("chain_head", ""))) for at, facts in tx.exec(digests)]


def mails(tx: Session) -> int:
    return tx.exec(select(func.count()).select_from(Raw)).one()


def mail_ids(tx: Session) -> list[tuple[int, int]]:
    """(id of the bytes, id of the mail), in order."""
    rows = tx.exec(select(Raw.id, Inbound.id).join(Inbound, col(Inbound.raw_id) == col(Raw.id)).order_by(col(Raw.id)))
    return [(raw, mail) for raw, mail in rows if raw is not None and mail is not None]


def erased(tx: Session) -> set[int]:
    """The mails whose bytes were erased by right: only their hash is left."""
    return {raw for raw in tx.exec(select(Raw.id).where(col(Raw.erased_at).is_not(None), Raw.data == b"")) if raw}


def octets(tx: Session, raw_id: int) -> bytes | None:
    """The mail's bytes; None when they are no longer those that were written."""
    sha256, size = tx.exec(select(Raw.sha256, Raw.size).where(Raw.id == raw_id)).one()
    data = slabs.mail(tx, raw_id)
    return data if len(data) == size and hashlib.sha256(data).hexdigest() == sha256 else None


def files(tx: Session, inbound_id: int) -> list[tuple[str, str, str]]:
    """(path, name, hash) of each attachment that was taken."""
    wanted = select(Attachment.path, Attachment.name, Attachment.sha256)
    return list(tx.exec(wanted.where(Attachment.inbound_id == inbound_id, Attachment.sha256 != "")))
