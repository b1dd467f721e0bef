"""The letters owed: claim, DATA begun, settle. States: ARCHITECTURE.md, third table (design invariant 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, literal_column, or_, text, update
from sqlmodel import Session, col, select

from mailbot import failpoints
from mailbot.store import direct
from mailbot.store.instance import ALARM
from mailbot.store.tables import OWED_ACK, Letter, Octets

LEASE = timedelta(minutes=20)  # longer than the 10 minutes we wait after the dot (RFC 5321 §4.5.3.2.6)
ANSWER = 1000  # characters kept of what a server said
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60))
FRESH = timedelta(seconds=5)  # an acknowledgement owed for less leaves before those that are late anyway
REPEAT_AFTER = timedelta(minutes=15)  # an uncertain letter is repeated once, not at once: the server may just be slow

_SHORT = select(  # type: ignore[call-overload]
    Letter.id, Letter.name, Letter.kind, Letter.envelope_to, Letter.message_id, Letter.attempts, Letter.next_try_at
)
_NEXT = (
    _SHORT.where(col(Letter.next_try_at) <= bindparam("now"))
    .order_by(col(Letter.next_try_at), col(Letter.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT_ACK = _NEXT.where(text(OWED_ACK)).execution_options(sqlite_index="ix_letter_acks")
_NEXT_FRESH = _NEXT_ACK.where(col(Letter.next_try_at) > bindparam("fresh"))
_NEXT_ANY = _NEXT.where(Letter.state == "owed")
_NEXT_ALARM = _NEXT_ANY.where(col(Letter.name).startswith(ALARM))
_BEHIND = select(func.count()).select_from(
    select(literal_column("1"))
    .where(Letter.state == "owed", col(Letter.next_try_at) <= bindparam("now"))
    .limit(bindparam("most"))
    .subquery()
)
_ENDED = (
    select(Letter.id)
    .where(
        Letter.state == "claimed", or_(col(Letter.lease_until).is_(None), col(Letter.lease_until) < bindparam("until"))
    )
    .with_for_update(skip_locked=True)
)
_STANDING = select(  # type: ignore[call-overload]
    Letter.id, Letter.name, Letter.kind, Letter.to_addr, Letter.complaint_id, Letter.state, Letter.attempts,
    Letter.claimed_by, Letter.created_at, Letter.repeats, Letter.printed_on, Letter.data_begun_at, Letter.answer,
).where(Letter.id == bindparam("letter"))  # fmt: skip
_FACTS = select(Letter.facts).where(Letter.id == bindparam("letter"))
_WRITE = update(Letter).where(col(Letter.id) == bindparam("letter"))


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A letter in hand, ours until the lease ends. `raw`: only once it may be handed over."""

    id: int
    name: str
    kind: str
    envelope_to: str
    message_id: str
    attempt: int
    raw: bytes = b""
    by: str = ""  # the daemon whose lease it is, where several share the register


def claim(tx: Session, now: datetime, limit: int = 20, *, mute: bool = False, me: str = "") -> list[Claimed]:
    """Takes letters whose time has come: acknowledgements of this moment, then the others, then the oldest letters. The only way
    out: of a mute desk only its own alarm is taken."""
    rows = list(direct.ask(tx, _NEXT_ALARM if mute else _NEXT_ACK, now=now, most=limit))
    if rows and not mute and rows[0].next_try_at <= now - FRESH:
        rows = _with(list(direct.ask(tx, _NEXT_FRESH, now=now, most=limit, fresh=now - FRESH)), rows, limit)
    if len(rows) < limit and not mute:
        rows = _with(rows, direct.ask(tx, _NEXT_ANY, now=now, most=limit), limit)
    for row in rows:
        failpoints.hit("S01")
        taken = {"state": "claimed", "lease_until": now + LEASE, "attempts": row.attempts + 1, "claimed_by": me}
        direct.ask(tx, _WRITE, letter=row.id, **taken)
    return [_claimed(row, me) for row in rows]


def _with(rows: list[Any], others: Iterable[Any], limit: int) -> list[Any]:
    return (rows + [row for row in others if row not in rows])[:limit]


def _claimed(row: Row[Any], me: str) -> Claimed:
    return Claimed(
        id=row.id,
        name=row.name,
        kind=row.kind,
        envelope_to=row.envelope_to,
        message_id=row.message_id,
        attempt=row.attempts + 1,
        by=me,
    )


def behind(tx: Session, now: datetime, most: int) -> int:
    """How many letters wait, counted up to `most`."""
    return int(direct.ask(tx, _BEHIND, now=now, most=most).scalar_one())


def standing(tx: Session, letter_id: int) -> Row[Any]:
    """What is written of a letter, without its words."""
    return direct.ask(tx, _STANDING, letter=letter_id).one()


def facts(tx: Session, letter_id: int) -> dict[str, Any]:
    found: dict[str, Any] = direct.ask(tx, _FACTS, letter=letter_id).scalar_one()
    return found


def holds(row: Row[Any], letter: Claimed) -> bool:
    """Whether the claim still stands: not when its lease ended, or its daemon was taken for dead, and somebody else went on."""
    return (row.state, row.attempts, row.claimed_by) == ("claimed", letter.attempt, letter.by)


def still_counts(row: Row[Any], letter: Claimed, outcome: str) -> bool:
    """Whether an answer that came late may be written down; that a server took the letter is true whoever holds it by now."""
    return holds(row, letter) or (outcome == "sent" and row.state in ("owed", "claimed"))


def stale(row: Row[Any] | Letter, today: date) -> bool:
    """Printed on another local date, and no attempt reached DATA: to be rendered again (design invariant 4)."""
    return row.printed_on is not None and row.data_begun_at is None and row.printed_on != today


def data_begun(tx: Session, row: Row[Any], now: datetime) -> None:
    """From here on the letter's text and date are frozen, a lost answer makes it uncertain, and its lease begins anew."""
    begun = {"data_begun_at": row.data_begun_at or now, "data_attempt": row.attempts, "lease_until": now + LEASE}
    direct.ask(tx, _WRITE, letter=row.id, **begun)


def give_back(tx: Session, row: Row[Any]) -> None:
    """Nothing was tried: owed again, the attempt not counted."""
    direct.ask(tx, _WRITE, letter=row.id, state="owed", lease_until=None, attempts=max(0, row.attempts - 1))


def settle(tx: Session, row: Row[Any], outcome: str, answer: str, now: datetime, *, queue_id: str = "") -> str:
    """Ends an attempt: `outcome` is sent | later | refused | uncertain. Returns what became of the letter:
    sent | refused | given_up | uncertain (counts as accepted) | later."""
    became, fields = _ended(row, outcome, now)
    if outcome in ("sent", "refused"):
        fields["queue_id"] = queue_id
    direct.ask(tx, _WRITE, letter=row.id, answer=answer[:ANSWER], lease_until=None, **fields)
    return became


def _ended(row: Row[Any] | Letter, outcome: str, now: datetime) -> tuple[str, dict[str, Any]]:
    if outcome == "later":
        return _later(row, now)
    if outcome == "uncertain":
        return "uncertain", _uncertain(row, now, REPEAT_AFTER)
    return outcome, {"state": outcome, "settled_at": now}


def _later(row: Row[Any] | Letter, now: datetime) -> tuple[str, dict[str, Any]]:
    if now - row.created_at > GIVE_UP:
        return "given_up", {"state": "given_up", "settled_at": now}
    return "later", {"state": "owed", "next_try_at": now + BACKOFF[min(row.attempts, len(BACKOFF)) - 1]}


def _uncertain(row: Row[Any] | Letter, now: datetime, wait: timedelta) -> dict[str, Any]:
    """At most one automatic repeat, identical, same Message-ID."""
    if row.repeats:
        return {"state": "uncertain", "settled_at": now}
    return {"state": "owed", "repeats": 1, "next_try_at": now + wait}


def reclaim(tx: Session, now: datetime, *, all_leases: bool = False) -> list[tuple[int, datetime]]:
    """Leases that ended without an answer: owed again, or uncertain when DATA had begun. `all_leases`: at the start of the
    only daemon of a register, every lease is a dead one. Returns (letter id, instant of DATA) of the uncertain ones."""
    until = now if not all_leases else datetime.max.replace(tzinfo=UTC)
    uncertain: list[tuple[int, datetime]] = []
    for letter_id in direct.ask(tx, _ENDED, until=until).scalars():
        row = tx.get_one(Letter, letter_id)
        row.lease_until = None
        if row.data_attempt == row.attempts and row.data_begun_at:
            assert row.id is not None
            row.answer = "interrompu après le début de DATA"
            for name, value in _uncertain(row, now, timedelta(0)).items():
                setattr(row, name, value)
            uncertain.append((row.id, row.data_begun_at))
        else:
            row.state, row.attempts, row.next_try_at = "owed", max(0, row.attempts - 1), now
    return uncertain


def record_own(tx: Session, letter: Claimed, now: datetime) -> None:
    """Remembers a mail that does not go through the outbox, so that it is known as ours when it comes in (spec §2)."""
    row = Letter(
        name=letter.name,
        kind=letter.kind,
        to_addr=letter.envelope_to,
        envelope_to=letter.envelope_to,
        message_id=letter.message_id,
        marker=letter.name,
        state="sent",
        created_at=now,
        next_try_at=now,
        settled_at=now,
        attempts=1,
        cause="command:check",
        octets=Octets(raw=letter.raw),
    )
    tx.add(row)
    tx.flush()
