"""The letters owed: claim, DATA begun, settle. States: ARCHITECTURE.md, third table (design invariant 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from mailbot import failpoints
from mailbot.store.instance import ALARM
from mailbot.store.tables import Letter

LEASE = timedelta(minutes=20)  # longer than the 10 minutes we wait after the dot (RFC 5321 §4.5.3.2.6)
GIVE_UP = timedelta(days=5)  # RFC 5321 §4.5.4.1
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60))
REPEAT_AFTER = timedelta(minutes=15)  # an uncertain letter is repeated once, not at once: the server may just be slow


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A letter in hand, ours until the lease ends."""

    id: int
    name: str
    kind: str
    envelope_to: str
    raw: bytes
    message_id: str
    attempt: int
    by: str = ""  # the daemon whose lease it is, where several share the register


def claim(tx: Session, now: datetime, limit: int = 20, *, mute: bool = False, me: str = "") -> list[Claimed]:
    """Takes letters whose time has come, oldest first. The only way out: of a mute desk only its own alarm is taken."""
    wanted = select(Letter).where(Letter.state == "owed", Letter.next_try_at <= now)
    if mute:
        wanted = wanted.where(col(Letter.name).startswith(ALARM))
    rows = tx.exec(
        wanted.order_by(col(Letter.next_try_at), col(Letter.id)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        failpoints.hit("S01")
        row.state, row.lease_until, row.attempts, row.claimed_by = "claimed", now + LEASE, row.attempts + 1, me
    return [_claimed(row) for row in rows]


def _claimed(row: Letter) -> Claimed:
    assert row.id is not None
    return Claimed(
        id=row.id,
        name=row.name,
        kind=row.kind,
        envelope_to=row.envelope_to,
        raw=row.raw,
        message_id=row.message_id,
        attempt=row.attempts,
        by=row.claimed_by,
    )


def held(tx: Session, letter: Claimed) -> bool:
    """Whether the claim still stands: not when its lease ended, or its daemon was taken for dead, and somebody else went on."""
    row = tx.get_one(Letter, letter.id)
    return (row.state, row.attempts, row.claimed_by) == ("claimed", letter.attempt, letter.by)


def still_counts(tx: Session, letter: Claimed, outcome: str) -> bool:
    """Whether an answer that came late may be written down; that a server took the letter is true whoever holds it by now."""
    return held(tx, letter) or (outcome == "sent" and tx.get_one(Letter, letter.id).state in ("owed", "claimed"))


def stale(row: Letter, today: date) -> bool:
    """Printed on another local date, and no attempt reached DATA: to be rendered again (design invariant 4)."""
    return row.printed_on is not None and row.data_begun_at is None and row.printed_on != today


def data_begun(tx: Session, letter_id: int, now: datetime) -> None:
    """From here on the letter's text and date are frozen, and a lost answer makes it uncertain."""
    row = tx.get_one(Letter, letter_id)
    row.data_begun_at = row.data_begun_at or now
    row.data_attempt = row.attempts


def give_back(tx: Session, letter_id: int, now: datetime) -> None:
    """Nothing was tried: owed again, the attempt not counted."""
    row = tx.get_one(Letter, letter_id)
    row.state, row.lease_until, row.attempts = "owed", None, max(0, row.attempts - 1)


def settle(tx: Session, letter_id: int, outcome: str, answer: str, now: datetime, *, queue_id: str = "") -> str:
    """Ends an attempt: `outcome` is sent | later | refused | uncertain. Returns what became of the letter:
    sent | refused | given_up | uncertain (counts as accepted) | later."""
    row = tx.get_one(Letter, letter_id)
    row.answer, row.lease_until = answer[:1000], None
    if outcome == "later":
        return _later(row, now)
    if outcome == "uncertain":
        return _uncertain(row, now, REPEAT_AFTER)
    row.state, row.queue_id, row.settled_at = outcome, queue_id, now
    return outcome


def _later(row: Letter, now: datetime) -> str:
    if now - row.created_at > GIVE_UP:
        row.state, row.settled_at = "given_up", now
        return "given_up"
    row.state, row.next_try_at = "owed", now + BACKOFF[min(row.attempts, len(BACKOFF)) - 1]
    return "later"


def _uncertain(row: Letter, now: datetime, wait: timedelta) -> str:
    """At most one automatic repeat, identical, same Message-ID."""
    if row.repeats:
        row.state, row.settled_at = "uncertain", now
    else:
        row.state, row.repeats, row.next_try_at = "owed", 1, now + wait
    return "uncertain"


def reclaim(tx: Session, now: datetime, *, all_leases: bool = False) -> list[tuple[int, datetime]]:
    """Leases that ended without an answer: owed again, or uncertain when DATA had begun. `all_leases`: at the start of the
    only daemon of a register, every lease is a dead one. Returns (letter id, instant of DATA) of the uncertain ones."""
    ended = select(Letter).where(Letter.state == "claimed")
    if not all_leases:
        ended = ended.where(col(Letter.lease_until) < now)
    uncertain: list[tuple[int, datetime]] = []
    for row in tx.exec(ended.with_for_update(skip_locked=True)).all():
        row.lease_until = None
        if row.data_attempt == row.attempts and row.data_begun_at:
            assert row.id is not None
            row.answer = "interrompu après le début de DATA"
            _uncertain(row, now, timedelta(0))
            uncertain.append((row.id, row.data_begun_at))
        else:
            row.state, row.attempts, row.next_try_at = "owed", max(0, row.attempts - 1), now
    return uncertain


def record_own(tx: Session, letter: Claimed, now: datetime) -> None:
    """Remembers a mail that does not go through the outbox, so that it is known as ours when it comes in (spec §2)."""
    tx.add(
        Letter(
            name=letter.name,
            kind=letter.kind,
            to_addr=letter.envelope_to,
            envelope_to=letter.envelope_to,
            message_id=letter.message_id,
            marker=letter.name,
            raw=letter.raw,
            state="sent",
            created_at=now,
            next_try_at=now,
            settled_at=now,
            attempts=1,
            cause="command:check",
        )
    )
    tx.flush()
