"""Several daemons on one PostgreSQL register: one reads the mailbox, a late one writes nothing, claims of the dead are anybody's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import cast
import pytest
from room import mail
from sqlalchemy import Connection, text
from sqlmodel import select

from mailbot.store import engine, keep, lead, post
from mailbot.store.keep import Spot
from mailbot.store.lead import Busy, Lead, Lost
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Inbound, Letter, Octets


class Seconds:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def register(postgres_url: str) -> Iterator[Ledger]:
    made = Ledger(postgres_url)
    made.upgrade()
    yield made
    made.close()


@pytest.fixture
def two(register: Ledger) -> Iterator[tuple[Lead, Lead]]:
    pair = Lead(register, cast.BOX, lambda: cast.NOON), Lead(register, cast.BOX, lambda: cast.NOON)
    for each in pair:
        each.open()
    yield pair
    for each in pair:
        each.close()


def end_session(register: Ledger, of: Lead) -> None:
    """As the server does once a daemon was silent for too long, and as it happens to one that dies."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE classid = :kind AND objid = :key"
    register.run(lambda tx: tx.connection().execute(text(ended), {"kind": lead.PRESENT, "key": lead._key(of.me)}).all())


def note(register: Ledger, reader: Lead) -> None:
    register.fenced(reader.check).run(lambda tx: keep.note_place(tx, SPOT, cast.NOON, state="passed"))


SPOT = Spot(account=cast.BOX, folder="INBOX", uidvalidity=1, uid=7)


def test_an_sqlite_register_has_one_daemon_who_always_reads(tmp_path: Path) -> None:
    register = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    one, other = Lead(register, cast.BOX, lambda: cast.NOON), Lead(register, cast.BOX, lambda: cast.NOON)
    one.open()
    with pytest.raises(Busy, match="déjà"):
        other.open()
    assert (one.take(), one.holds(), one.me) == (True, True, "")
    one.close()
    other.open()
    other.close()
    register.close()


def test_one_reads_the_other_waits_until_it_ends(two: tuple[Lead, Lead], register: Ledger) -> None:
    one, other = two
    assert (one.take(), other.take(), one.take()) == (True, False, True)
    assert register.ask(lambda tx: lead.seen(tx, cast.BOX))["at_work"] == 2
    one.close()
    assert other.take()
    assert other.epoch == 2


def test_whoever_lets_go_hands_over(two: tuple[Lead, Lead]) -> None:
    one, other = two
    one.take()
    one.let_go()
    assert (other.take(), one.take()) == (True, False)


def test_a_late_reader_writes_nothing(two: tuple[Lead, Lead], register: Ledger) -> None:
    one, other = two
    one.take()
    note(register, one)
    end_session(register, one)
    assert other.take()
    with pytest.raises(Lost):
        note(register, one)
    note(register, other)


def test_a_reader_who_hears_nothing_takes_itself_for_none_before_another_can_take_over(register: Ledger) -> None:
    seconds = Seconds()
    reader = Lead(register, cast.BOX, lambda: cast.NOON, seconds)
    with reader._turn:
        reader._word()
    assert reader.take()
    seconds.now += lead.UNSURE
    assert not reader.holds()
    assert lead.UNSURE < lead.SILENT
    reader.close()


def test_a_daemon_stands_once_in_the_queue_of_decisions(register: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped there twice, it would keep everybody waiting twice as long."""
    asked, another, decide = [], threading.Event(), engine.decide

    def counted(connection: Connection) -> None:
        asked.append(threading.current_thread().name)
        if len(asked) > 1:
            another.set()
        decide(connection)

    monkeypatch.setattr(engine, "decide", counted)
    fenced = register.fenced(lambda tx: None)
    others = [threading.Thread(target=book.run, args=(lambda tx: None,)) for book in (register, fenced)]
    with register.transaction():
        for thread in others:
            thread.start()
        assert not another.wait(0.1)
    for thread in others:
        thread.join(20)
    assert len(asked) == 3


def test_what_a_stopped_daemon_holds_is_free_before_its_mailbox_is() -> None:
    assert engine.IDLE < lead.SILENT


def test_a_mail_in_hand_is_nobody_else_s_until_its_daemon_is_gone(two: tuple[Lead, Lead], register: Ledger) -> None:
    one, other = two
    kept = register.run(
        lambda tx: keep.keep(tx, SPOT, mail(), kind="inbox", received_at=cast.NOON, now=cast.NOON)
    ).inbound_id
    assert register.run(lambda tx: keep.count_attempt(tx, kept, one.me)) == 1
    assert register.run(lambda tx: keep.count_attempt(tx, kept, other.me)) == 0
    register.run(lead.free_claims)
    assert register.ask(lambda tx: keep.waiting(tx, me=other.me)) == []
    one.close()
    register.run(lead.free_claims)
    assert register.ask(lambda tx: keep.waiting(tx, me=other.me)) == [kept]
    assert register.ask(lambda tx: tx.exec(select(Inbound.claimed_by)).all()) == [""]


def owe(register: Ledger) -> None:
    letter = Letter(
        name="ack:1",
        kind="ack",
        to_addr=cast.CARL,
        envelope_to=cast.CARL,
        message_id="<1@x>",
        marker="m",
        octets=Octets(raw=b"x"),
    )
    letter.created_at = letter.next_try_at = cast.NOON
    register.run(lambda tx: tx.add(letter))


@pytest.mark.parametrize("begun", [False, True])
def test_a_letter_in_hand_is_anybody_s_once_its_daemon_is_gone_unless_data_had_begun(
    two: tuple[Lead, Lead], register: Ledger, begun: bool
) -> None:
    one, other = two
    owe(register)
    [hers] = register.run(lambda tx: post.claim(tx, cast.NOON, me=one.me))
    if begun:
        register.run(lambda tx: post.data_begun(tx, post.standing(tx, hers.id), cast.NOON))
    register.run(lead.free_claims)
    assert register.run(lambda tx: post.claim(tx, cast.NOON, me=other.me)) == []
    one.close()
    register.run(lead.free_claims)
    again = register.run(lambda tx: post.claim(tx, cast.NOON, me=other.me))
    assert [c.id for c in again] == ([] if begun else [hers.id])
    assert register.ask(lambda tx: post.holds(post.standing(tx, hers.id), hers)) is begun
    if not begun:
        assert again[0].attempt == hers.attempt, "only the daemon’s name tells the two apart"
        assert not register.ask(lambda tx: post.still_counts(post.standing(tx, hers.id), hers, "later"))
        assert register.ask(lambda tx: post.still_counts(post.standing(tx, hers.id), hers, "sent"))
    else:
        assert register.run(lambda tx: post.reclaim(tx, cast.NOON + post.LEASE + timedelta(seconds=1)))
