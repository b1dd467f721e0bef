"""The register on SQLite and on PostgreSQL: what is kept, decided, owed; numbers without gaps; the journal's chain."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlmodel import Session, col, select

from mailbot import effects as fx
from mailbot.message import DeliveryReport
from mailbot.store import apply, desks, engine, journal, keep, ledger, post, questions, thread
from mailbot.store.engine import NewerSchema
from mailbot.store.keep import Spot
from mailbot.store.ledger import Ledger
from mailbot.store.packed import MAGIC, packed
from mailbot.store.tables import Alarm, Complaint, Due, Inbound, Journal, JournalText, Letter, Place
from tests import cast

SERIAL = count(1)


def spot(uid: int, folder: str = "INBOX", validity: int = 1) -> Spot:
    return Spot(account=cast.BOX, folder=folder, uidvalidity=validity, uid=uid)


def put(register: Ledger, uid: int, raw: bytes = b"", *, at: Any = cast.NOON) -> int:
    kept = register.run(
        lambda tx: keep.keep(tx, spot(uid), raw or b"mail %d" % uid, kind="inbox", received_at=at, now=cast.NOON)
    )
    return kept.inbound_id


def act(inbound_id: int | None = None, cause: str = "command:test", now: Any = cast.NOON) -> apply.Act:
    def dress(letter: fx.Letter) -> apply.Dressed:
        n = next(SERIAL)
        return apply.Dressed(
            raw=b"sealed", message_id=f"<{n}@ief.example>", marker=f"mb-{n}", subject="s", envelope_to=letter.to
        )

    return apply.Act(now=now, cause=cause, dress=dress, salt=lambda: "00" * 16, inbound_id=inbound_id)


def file_fields(**changes: Any) -> dict[str, Any]:
    return {"received_at": cast.NOON, "complainant_addr": cast.CARL, "assignee": cast.BO} | changes


def open_file(register: Ledger, rank: int, series: str = "real", **changes: Any) -> str:
    number = f"REC-2026-{rank:04d}" if series == "real" else f"ESSAI-2026-{rank:04d}"
    effect = fx.Open(number=number, series=series, year=2026, rank=rank, fields=file_fields(**changes))
    register.run(lambda tx: apply.apply(tx, [effect], act()))
    return number


def letter(key: str = "ack:REC-2026-0001:1", number: str | None = "REC-2026-0001", **changes: Any) -> fx.Letter:
    fields: dict[str, Any] = {
        "kind": "ack",
        "keys": (key,),
        "to": cast.CARL,
        "language": "fr",
        "facts": {},
        "number": number,
    }
    return fx.Letter(**(fields | changes))


def owe(register: Ledger, *letters: fx.Letter, now: Any = cast.NOON) -> None:
    register.run(lambda tx: apply.apply(tx, letters, act(now=now)))


def claim(register: Ledger, now: Any = cast.NOON) -> list[post.Claimed]:
    return register.run(lambda tx: post.claim(tx, now))


def the_letter(register: Ledger) -> Letter:
    return register.ask(lambda tx: tx.exec(select(Letter)).one())


# -- keep ----------------------------------------------------------------------------------------------------------------


def test_whoever_knows_the_tables_knows_all_of_them(tmp_path: Path) -> None:
    """An erasure goes through every table that there is: one that only another room makes known would keep the person."""
    book = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    book.upgrade()
    there = set(inspect(book.engine).get_table_names()) - {"alembic_version"}
    book.close()
    program = "from mailbot.store import tables; print(*tables.SQLModel.metadata.tables)"
    known = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert set(known) == there


def test_a_new_register_is_for_its_owner_alone(tmp_path: Path) -> None:
    book = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    book.upgrade()
    rights = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()}
    book.close()
    assert rights.pop("mailbot.db") == 0o600
    assert set(rights.values()) <= {0o600}


def test_a_server_may_number_its_mails_and_its_folders_up_to_32_bits(register: Ledger) -> None:
    """RFC 9051 §2.3.1.1: both are unsigned."""
    last = spot(2**32 - 1, validity=2**32 - 1)
    kept = register.run(lambda tx: keep.keep(tx, last, b"raw", kind="inbox", received_at=cast.NOON, now=cast.NOON))
    assert kept.new
    assert register.ask(lambda tx: keep.known_uids(tx, last.account, last.folder, 2**32 - 1)) == {2**32 - 1}


def test_a_repeated_fetch_of_the_same_message_is_harmless(register: Ledger) -> None:
    assert put(register, 5) == put(register, 5)
    assert register.ask(lambda tx: len(tx.exec(select(Inbound)).all())) == 1


def test_r1_2_the_same_bytes_at_another_place_are_one_mail_with_two_places(register: Ledger) -> None:
    first = put(register, 5, b"same")
    moved = register.run(
        lambda tx: keep.keep(tx, spot(1, "Traités"), b"same", kind="other", received_at=cast.NOON, now=cast.NOON)
    )
    assert (moved.inbound_id, moved.new) == (first, False)
    assert register.ask(lambda tx: len(tx.exec(select(Place)).all())) == 2


def test_a_new_uidvalidity_makes_every_place_unknown_again(register: Ledger) -> None:
    put(register, 5)
    assert register.ask(lambda tx: keep.known_uids(tx, cast.BOX, "INBOX", 1)) == {5}
    assert register.ask(lambda tx: keep.known_uids(tx, cast.BOX, "INBOX", 2)) == set()


def test_what_vanished_before_its_fetch_is_named_and_what_vanished_after_stays_ours(register: Ledger) -> None:
    put(register, 5)
    register.run(lambda tx: keep.note_place(tx, spot(6), cast.NOON, state="vanished"))
    assert register.run(lambda tx: keep.mark_gone(tx, cast.BOX, "INBOX", 1, set(), cast.NOON)) == 1
    counted = register.ask(lambda tx: questions.reconcile(tx, cast.NOON - timedelta(days=1)))
    assert counted.vanished == ["INBOX, n° 6"]
    assert register.ask(lambda tx: keep.raw_of(tx, 1)) == b"mail 5"


def test_the_start_is_fixed_at_the_first_login_and_never_moves_by_itself(register: Ledger) -> None:
    first = register.run(lambda tx: ledger.started_at(tx, None, cast.NOON))
    later = register.run(lambda tx: ledger.started_at(tx, cast.NOON - timedelta(days=9), cast.NOON + timedelta(days=1)))
    assert first == later == cast.NOON


def test_the_start_recorded_in_the_register_wins_over_the_essai_key(register: Ledger) -> None:
    assert register.ask(lambda tx: ledger.mode(tx, "essai")) == "essai"
    register.run(lambda tx: ledger.remember(tx, "live_since", "x"))
    assert register.ask(lambda tx: ledger.mode(tx, "essai")) == "live"


# -- decisions -----------------------------------------------------------------------------------------------------------


def test_r1_2_numbers_are_consecutive_and_a_wrong_one_writes_nothing(register: Ledger) -> None:
    open_file(register, 1)
    with pytest.raises(apply.Impossible):
        open_file(register, 3)
    open_file(register, 2)
    open_file(register, 1, series="essai")
    numbers = register.ask(lambda tx: [c.number for c in tx.exec(select(Complaint).order_by(col(Complaint.id)))])
    assert numbers == ["REC-2026-0001", "REC-2026-0002", "ESSAI-2026-0001"]


def test_a_decision_that_fails_half_way_leaves_nothing_and_burns_no_number(register: Ledger) -> None:
    effects = [
        fx.Open(number="REC-2026-0001", series="real", year=2026, rank=1, fields=file_fields()),
        fx.Attach(number="REC-2026-0099", inbound_id=1),
    ]
    with pytest.raises(apply.Impossible):
        register.run(lambda tx: apply.apply(tx, effects, act()))
    assert register.ask(lambda tx: tx.exec(select(Complaint)).all()) == []
    open_file(register, 1)


def test_decisions_at_the_same_time_never_share_a_number(register: Ledger) -> None:
    def take() -> None:
        for _ in range(10):
            register.run(next_file)

    def next_file(tx: Session) -> None:
        setting = desks.Setting(now=cast.NOON, mode="live", start=cast.NOON, timezone="Europe/Paris", prefix="REC")
        n = desks.next_number(tx, "real", cast.NOON, setting)
        apply.apply(tx, [fx.Open(number=n.text, series="real", year=n.year, rank=n.rank, fields=file_fields())], act())

    threads = [threading.Thread(target=take) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    ranks = register.ask(lambda tx: sorted(c.rank for c in tx.exec(select(Complaint))))
    assert ranks == list(range(1, 41))


def test_the_year_of_a_number_is_that_of_reception_in_the_desk_s_zone(register: Ledger) -> None:
    setting = desks.Setting(now=cast.NOON, mode="live", start=cast.NOON, timezone="Europe/Paris", prefix="REC")
    eve = cast.NOON.replace(year=2026, month=12, day=31, hour=23, minute=30)
    assert register.ask(lambda tx: desks.next_number(tx, "real", eve, setting)).text == "REC-2027-0001"


def test_a_letter_decided_twice_is_written_once(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    owe(register, letter("ack:REC-2026-0001:1"))
    assert register.ask(lambda tx: len(tx.exec(select(Letter)).all())) == 1


def test_r2_13_a_step_that_the_stage_table_does_not_allow_writes_nothing(register: Ledger) -> None:
    open_file(register, 1)
    register.run(lambda tx: apply.apply(tx, [fx.Change(number="REC-2026-0001", fields={"stage": "taken-over"})], act()))
    back = fx.Change(number="REC-2026-0001", fields={"stage": "acknowledged"})
    with pytest.raises(apply.Impossible):
        register.run(lambda tx: apply.apply(tx, [back], act()))


def test_a_due_row_is_unique_by_its_key_and_ends_once(register: Ledger) -> None:
    row = fx.Due(key="digest:2026-11-24", kind="digest", at=cast.NOON)
    register.run(lambda tx: apply.apply(tx, [row, row], act()))
    assert [d.key for d in register.ask(lambda tx: questions.due_rows(tx, cast.NOON))] == ["digest:2026-11-24"]
    register.run(lambda tx: apply.apply(tx, [fx.Settle(key="digest:2026-11-24")], act()))
    assert register.ask(lambda tx: questions.due_rows(tx, cast.NOON)) == []


def test_an_alarm_is_told_once_and_its_end_too(register: Ledger) -> None:
    for _ in range(2):
        register.run(lambda tx: apply.raise_alarm(tx, "imap", "en panne", cast.NOON))
    new, over = register.ask(questions.untold_alarms)
    assert (len(new), len(over)) == (1, 0)
    register.run(lambda tx: apply.told(tx, new, over, cast.NOON, by="mail"))
    register.run(lambda tx: apply.recover(tx, "imap", "rétabli", cast.NOON))
    new, over = register.ask(questions.untold_alarms)
    assert (len(new), len(over)) == (0, 1)
    register.run(lambda tx: apply.told(tx, new, over, cast.NOON, by="mail"))
    assert register.ask(questions.untold_alarms) == ([], [])
    assert register.run(lambda tx: apply.raise_alarm(tx, "imap", "encore", cast.NOON))
    assert register.ask(lambda tx: tx.get_one(Alarm, "imap").text) == "encore"


def test_an_event_is_over_once_told_and_not_told_twice_in_a_day(register: Ledger) -> None:
    register.run(lambda tx: apply.raise_alarm(tx, "flood:x", "afflux", cast.NOON))
    new, over = register.ask(questions.untold_alarms)
    register.run(lambda tx: apply.told(tx, new, over, cast.NOON, by="mail"))
    assert register.ask(questions.open_alarms) == []
    assert register.ask(questions.untold_alarms) == ([], [])
    assert [a.key for a in register.ask(lambda tx: questions.open_alarms(tx, cast.NOON - timedelta(hours=1)))] == [
        "flood:x"
    ]
    assert not register.run(lambda tx: apply.raise_alarm(tx, "flood:x", "afflux", cast.NOON + timedelta(hours=2)))
    assert register.run(lambda tx: apply.raise_alarm(tx, "flood:x", "afflux", cast.NOON + timedelta(days=2)))


# -- the desk's question -------------------------------------------------------------------------------------------------


def query(**changes: Any) -> desks.Query:
    fields: dict[str, Any] = {
        "message_id": "",
        "fingerprint": "",
        "thread": (),
        "marker": "",
        "cited": (),
        "author": cast.CARL,
        "complainant": cast.CARL,
        "domain": "",
        "training": "",
        "recipients": (),
        "reports": (),
    }
    return desks.Query(**(fields | changes))


def ask_desk(register: Ledger, inbound_id: int, *, unproven: int = 60, **changes: Any) -> Any:
    setting = desks.Setting(
        now=cast.NOON, mode="live", start=cast.NOON, timezone="Europe/Paris", prefix="REC", unproven=unproven
    )
    return register.ask(lambda tx: desks.desk_for(tx, tx.get_one(Inbound, inbound_id), query(**changes), setting))


def test_a_reply_is_joined_by_the_id_or_the_marker_of_a_letter_we_wrote(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    ours = the_letter(register)
    mail = put(register, 5)
    assert ask_desk(register, mail, thread=("<x@y.example>", ours.message_id)).threaded.number == "REC-2026-0001"
    assert ask_desk(register, mail, marker=ours.marker).threaded.number == "REC-2026-0001"
    assert ask_desk(register, mail, thread=("<x@y.example>",)).threaded is None
    assert ask_desk(register, mail, message_id=ours.message_id).own


def test_history_finds_person_company_and_training_each_file_once(register: Ledger) -> None:
    open_file(register, 1)
    open_file(register, 2, complainant_addr="a@mairie.example", complainant_domain="mairie.example")
    open_file(register, 3, complainant_addr="b@x.example", training="Soudage")
    open_file(register, 4, complainant_addr="c@x.example")
    desk = ask_desk(register, put(register, 5), domain="mairie.example", training="Soudage")
    assert {p.number: p.link for p in desk.history} == {
        "REC-2026-0001": "même personne",
        "REC-2026-0002": "même entreprise",
        "REC-2026-0003": "même formation",
    }


def test_floods_are_counted_by_internaldate_over_the_hour_before(register: Ledger) -> None:
    for n, minutes in enumerate((0, 30, 59, 61), start=1):
        mail = put(register, n, at=cast.NOON - timedelta(minutes=minutes))

        def judged(tx: Session, mail: int = mail) -> None:
            row = tx.get_one(Inbound, mail)
            row.verdict, row.state, row.from_addr = "complaint", "decided", cast.CARL

        register.run(judged)
    desk = ask_desk(register, put(register, 9))
    assert (desk.from_sender, desk.unproven) == (3, 3)
    assert ask_desk(register, put(register, 10), unproven=2).unproven == 2  # a flood is one, however high it stands
    assert ask_desk(register, put(register, 11), unproven=0).unproven == 0


def test_letters_to_an_address_are_counted_over_the_last_hour_and_the_last_day(register: Ledger) -> None:
    for n, minutes in enumerate((10, 59, 61, 24 * 60 - 1, 24 * 60 + 1), start=1):
        owe(register, letter(f"ack:{n}", None), now=cast.NOON - timedelta(minutes=minutes))
    desk = ask_desk(register, put(register, 9))
    assert (desk.letters_to_sender, desk.letters_in_a_day) == (2, 4)


def gathered(rank: int, to: str = cast.CARL) -> list[fx.Due]:
    key = f"ack:REC-2026-{rank:04d}:1"
    return [
        fx.Due(key=f"group:{to}:{rank}", kind="group", at=cast.NOON, facts={"to": to}),
        fx.Due(key=f"item:{to}:{key}", kind="item", at=cast.NOON, facts={"key": key}),
    ]


def test_what_is_gathered_for_an_address_is_found_whatever_the_collation_and_only_for_that_address(
    register: Ledger,
) -> None:
    others = ("a_l@courriel.example", "axl@courriel.example", "%@courriel.example", cast.OPALE)
    for rank, to in enumerate((cast.CARL, *others), start=1):
        owe(register, letter(f"receipt:{rank}", None, kind="receipt", to=to))  # grouped is who had some already
        register.run(lambda tx, rank=rank, to=to: apply.apply(tx, gathered(rank, to), act()))
    mail = put(register, 5)
    for rank, to in enumerate((cast.CARL, *others), start=1):
        found = register.ask(lambda tx, to=to: questions.group_items(tx, to))
        assert [row.key for row in found] == [f"item:{to}:ack:REC-2026-{rank:04d}:1"]
        assert ask_desk(register, mail, complainant=to).group_key == f"group:{to}:{rank}"


def test_a_letter_is_told_what_its_own_decision_has_just_changed(register: Ledger) -> None:
    open_file(register, 1, subject="Salle fermée")
    mail = put(register, 5)
    with register.transaction() as tx:
        before = thread.of(tx, "REC-2026-0001", (cast.CARL,))
        assert before.topic == "Salle fermée"
        apply.apply(tx, [fx.Change(number="REC-2026-0001", fields={"sensitive": True})], act())
        assert thread.of(tx, "REC-2026-0001", (cast.CARL,)).topic == ""
        row = tx.get_one(Inbound, mail)
        row.message_id, row.from_addr = "<new@courriel.example>", cast.CARL
        apply.apply(tx, [fx.Attach(number="REC-2026-0001", inbound_id=mail)], act())
        assert thread.of(tx, "REC-2026-0001", (cast.CARL,)).ids == (*before.ids, "<new@courriel.example>")


def report(original_id: str, recipient: str = cast.CARL) -> DeliveryReport:
    return DeliveryReport(recipient=recipient, action="failed", status="5.1.1", diagnostic="", original_id=original_id)


@pytest.mark.parametrize(
    ("age", "recipient", "counts"),
    [
        (timedelta(0), cast.CARL, True),
        (timedelta(days=7, minutes=-1), cast.CARL.upper(), True),
        (timedelta(days=7), cast.CARL, False),
        (timedelta(days=30), cast.CARL, False),
        (timedelta(0), cast.OPALE, False),
        (timedelta(0), f"x{cast.CARL}", False),
    ],
)
def test_a_bounce_counts_for_a_letter_of_the_last_seven_days_to_that_very_recipient(
    register: Ledger, age: timedelta, recipient: str, counts: bool
) -> None:
    open_file(register, 1)
    owe(register, letter(), now=cast.NOON - age)
    ours = the_letter(register)
    desk = ask_desk(register, put(register, 5), reports=(report(ours.message_id, recipient),))
    assert [told.letter_id for told in desk.reported] == ([ours.id] if counts else [])


def test_a_bounce_that_quotes_no_letter_of_ours_counts_for_none(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    for quoted in ("", "<autre@ief.example>"):
        assert ask_desk(register, put(register, 5), reports=(report(quoted),)).reported == ()


# -- letters owed --------------------------------------------------------------------------------------------------------


def test_a_letter_is_claimed_by_one_and_owed_again_when_nothing_began(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    assert len(claim(register)) == 1
    assert claim(register) == []
    assert register.run(lambda tx: post.reclaim(tx, cast.NOON + post.LEASE + timedelta(seconds=1))) == []
    assert [c.attempt for c in claim(register, cast.NOON + timedelta(hours=1))] == [1]


def test_a_lease_that_ends_after_data_began_is_uncertain_and_repeated_once_byte_for_byte(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    (first,) = claim(register)
    raw = the_letter(register).raw
    register.run(lambda tx: post.data_begun(tx, post.standing(tx, first.id), cast.NOON))
    assert register.run(lambda tx: post.reclaim(tx, cast.NOON, all_leases=True)) == [(first.id, cast.NOON)]
    (second,) = claim(register)
    assert (the_letter(register).raw, second.message_id) == (raw, first.message_id)
    register.run(lambda tx: post.data_begun(tx, post.standing(tx, second.id), cast.NOON))
    register.run(lambda tx: post.reclaim(tx, cast.NOON, all_leases=True))
    assert claim(register, cast.NOON + timedelta(days=1)) == []
    assert the_letter(register).state == "uncertain"


def test_the_schedule_of_retries_ends_after_five_days(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    now, waits = cast.NOON, []
    while found := claim(register, now):
        became = register.run(
            lambda tx, found=found, now=now: post.settle(tx, post.standing(tx, found[0].id), "later", "451", now)
        )
        if became == "given_up":
            break
        waits.append(int((the_letter(register).next_try_at - now).total_seconds() // 60))
        now = the_letter(register).next_try_at
    assert waits[:8] == [1, 2, 5, 10, 15, 30, 60, 60]
    assert the_letter(register).state == "given_up"
    assert timedelta(days=5) < now - cast.NOON < timedelta(days=5, hours=2)


def test_an_ar_printed_yesterday_is_stale_only_while_no_attempt_reached_data(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter(printed_on=(cast.NOON - timedelta(days=1)).date()))
    assert post.stale(the_letter(register), cast.NOON.date())
    (first,) = claim(register)
    register.run(lambda tx: post.data_begun(tx, post.standing(tx, first.id), cast.NOON))
    register.run(lambda tx: post.settle(tx, post.standing(tx, first.id), "later", "451", cast.NOON))
    assert not post.stale(the_letter(register), cast.NOON.date())


def test_proof_is_kept_the_server_s_answer_and_its_queue_id(register: Ledger) -> None:
    open_file(register, 1)
    owe(register, letter())
    (one,) = claim(register)
    register.run(
        lambda tx: post.settle(
            tx, post.standing(tx, one.id), "sent", "250 queued as ABC12", cast.NOON, queue_id="ABC12"
        )
    )
    row = the_letter(register)
    assert (row.state, row.answer, row.queue_id, row.settled_at) == ("sent", "250 queued as ABC12", "ABC12", cast.NOON)


# -- the journal ---------------------------------------------------------------------------------------------------------


def three_lines(register: Ledger) -> None:
    notes = [fx.Note(number=None, event=f"e{n}", actor="mailbot", text=f"t{n}") for n in range(3)]
    register.run(lambda tx: apply.apply(tx, notes, act()))


def test_r4_3_the_journal_verifies_and_a_changed_line_or_text_is_found(register: Ledger) -> None:
    three_lines(register)
    assert list(register.ask(lambda tx: list(journal.broken(tx)))) == []

    def change(tx: Session, row: type, key: Any, name: str) -> None:
        setattr(tx.get_one(row, key), name, "autre")

    register.run(lambda tx: change(tx, JournalText, 2, "text"))
    assert len(register.ask(lambda tx: list(journal.broken(tx)))) == 1
    register.run(lambda tx: change(tx, Journal, 1, "actor"))
    assert len(register.ask(lambda tx: list(journal.broken(tx)))) == 2


def test_texts_can_be_erased_and_the_chain_still_verifies(register: Ledger) -> None:
    three_lines(register)
    register.run(lambda tx: tx.delete(tx.get_one(JournalText, 2)))
    assert register.ask(lambda tx: list(journal.broken(tx))) == []


def test_r4_3_every_step_of_a_file_has_its_cause(register: Ledger) -> None:
    mail = put(register, 5)
    effects = [
        fx.Open(number="REC-2026-0001", series="real", year=2026, rank=1, fields=file_fields()),
        fx.Judge(verdict="complaint", reason="r", number="REC-2026-0001"),
        fx.Note(number="REC-2026-0001", event="opened", actor="mailbot", text="r"),
        letter(),
    ]
    register.run(lambda tx: apply.apply(tx, effects, act(mail, f"mail:{mail}")))
    sent = fx.Note(number="REC-2026-0001", event="acknowledged", actor="mailbot")
    register.run(lambda tx: apply.apply(tx, [sent], act(cause=f"delivery:{the_letter(register).id}")))
    told = register.ask(lambda tx: questions.why(tx, tx.exec(select(Complaint)).one()))
    assert [s["cause"]["kind"] for s in told["steps"]] == ["mail", "delivery"]
    assert told["steps"][1]["cause"]["caused_by"]["inbound_id"] == mail


# -- schema --------------------------------------------------------------------------------------------------------------


def stored(register: Ledger, raw: bytes) -> int:
    """A mail kept as it is, also without a byte; its number."""
    return register.run(
        lambda tx: keep.keep(tx, spot(1), raw, kind="inbox", received_at=cast.NOON, now=cast.NOON)
    ).inbound_id


def lying(register: Ledger) -> bytes:
    """What the table holds of the one mail, without the column's reading."""
    with register.engine.connect() as line:
        return bytes(line.execute(text("SELECT data FROM raw")).scalar_one())


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"Subject: R\r\n\r\n" + b"Bonjour. " * 500, MAGIC + b" no frame", packed(b"a frame")]
)
def test_mails_come_back_as_they_were_whatever_they_begin_with(register: Ledger, raw: bytes) -> None:
    inbound_id = stored(register, raw)
    assert register.ask(lambda tx: keep.raw_of(tx, inbound_id)) == raw


def test_what_is_kept_lies_there_packed(register: Ledger) -> None:
    raw = b"Subject: R\r\n\r\n" + b"La formation n'a pas eu lieu. " * 500
    stored(register, raw)
    assert lying(register).startswith(MAGIC)
    assert len(lying(register)) < len(raw) / 10


@pytest.mark.parametrize("raw", [b"Subject: as it came", MAGIC + b" no frame", packed(b"a mail that is a frame")])
def test_mails_of_an_older_schema_stay_what_they_were_up_and_down(register: Ledger, raw: bytes) -> None:
    inbound_id = stored(register, b"x")
    engine.downgrade(register.engine, "0007")
    assert lying(register) == b"x"
    with register.engine.begin() as line:
        line.execute(text("UPDATE raw SET data = :raw"), {"raw": raw})
    register.upgrade()
    assert register.ask(lambda tx: keep.raw_of(tx, inbound_id)) == raw
    engine.downgrade(register.engine, "0007")
    assert lying(register) == raw


def test_an_upgrade_repeated_changes_nothing(register: Ledger) -> None:
    open_file(register, 1)
    register.upgrade()
    assert register.ask(lambda tx: len(tx.exec(select(Complaint)).all())) == 1


def test_a_register_of_a_newer_mailbot_is_refused_untouched(register: Ledger) -> None:
    register.run(lambda tx: tx.connection().execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(NewerSchema):
        register.upgrade()
    assert register.ask(lambda tx: tx.exec(select(Due)).all()) == []


def test_the_migrations_make_the_tables_that_the_code_describes(register: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlmodel import SQLModel

    with register.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
