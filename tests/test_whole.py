"""The files of a letter lie once in the register, with the mail they came with: `store.whole` puts the letter together again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from room import Room, mail, room
from sink import Sink
from sqlmodel import Session

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.message import Lying
from mailbot.privacy import erasing
from mailbot.store import engine, erase, keep, whole
from mailbot.store.ledger import Ledger
from mailbot.store.packed import Frame, packed, unpacked
from mailbot.store.tables import Inbound, Letter, Octets, Raw, Stretch

SERIAL = count(1)
PROOF = b"%PDF-1.4 " + os.urandom(40_000)
FILES = (("preuve.pdf", "application/pdf", PROOF), ("note.txt", "text/plain", b"deux mots"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def files_of(raw: bytes) -> dict[str | None, Any]:
    return {
        p.get_filename(): p.get_content() for p in message_from_bytes(raw, policy=policy.default).iter_attachments()
    }


def letter_of(desk: Room, kind: str) -> bytes:
    return desk.register.ask(lambda tx: whole.letter(tx, desk.letter(kind).id or 0))


def forget(desk: Room) -> None:
    plan = desk.register.ask(lambda tx: erasing.plan(tx, cast.CARL, desk.config, draw=lambda: "0123456789ab"))
    erasing.pseudonymise(desk.register, plan, desk.config, desk.clock(), who="dan", cause="command:test")


def damage(tx: Session, raw_id: int) -> None:
    """A disk that lost one bit in the middle of a frame."""
    row = tx.get_one(Raw, raw_id)
    frame = bytearray(packed(row.data))
    frame[len(frame) // 2] ^= 1
    row.data = Frame(frame)


# == from a mail to a letter ===============================================================================================


@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_leaves_with_the_file_as_it_came_and_the_register_has_it_once(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail(files=FILES))
            own = desk.letter("assignment")
            await desk.send()
            [sent] = [taken.raw for taken in sink.taken if b"X-Mailbot: assignment" in taken.raw]
            assert files_of(sent) == {"preuve.pdf": PROOF, "note.txt": "deux mots"}
            assert sent == letter_of(desk, "assignment")
            assert len(sent) - len(own.raw) == sum(s.size for s in desk.rows(Stretch)) > len(PROOF)


@pytest.mark.asyncio(loop_scope="module")
async def test_of_two_complaints_each_letter_has_the_files_of_its_own(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        other = b"%PDF-1.4 " + os.urandom(30_000)
        await desk.take(mail(files=FILES))
        await desk.take(
            mail("Autre", "La salle était fermée, je me plains.\n", files=(("b.pdf", "application/pdf", other),))
        )
        first, second = (
            desk.register.ask(lambda tx, i=row.id: whole.letter(tx, i)) for row in desk.letters("assignment")
        )
        assert files_of(first)["preuve.pdf"] == PROOF
        assert files_of(second) == {"b.pdf": other}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_whose_mail_was_damaged_does_not_leave_and_the_desk_goes_on(
    guard: Guard, tmp_path: Path
) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail(files=FILES))
            desk.register.run(lambda tx: damage(tx, 1))
            await desk.send()
            torn = desk.letter("assignment")
            assert (torn.state, torn.answer) == ("refused", "les octets n° 1 ne sont plus ceux qui ont été reçus")
            assert desk.letter("ack").state == "sent"
            assert not [taken for taken in sink.taken if b"X-Mailbot: assignment" in taken.raw]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_that_was_damaged_itself_does_not_leave_either(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with room(tmp_path, guard, port=sink.port) as desk:
            await desk.take(mail())
            ack = desk.letter("ack").id or 0
            with desk.register.transaction() as tx:
                row = tx.get_one(Octets, ack)
                frame = bytearray(packed(row.raw))
                frame[len(frame) // 2] ^= 1
                row.raw = Frame(frame)
            await desk.send()
            torn = desk.letter("ack")
            assert torn.state == "refused"
            assert torn.answer == f"les octets de la lettre n° {ack} ne sont plus ceux qui ont été écrits"
            assert [to for taken in sink.taken for to in taken.to if to == cast.CARL] == []


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_left_of_such_a_letter_is_shown_and_can_be_erased(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(files=FILES))
        desk.register.run(lambda tx: damage(tx, 1))
        left = desk.register.ask(lambda tx: whole.remains(tx, desk.letter("assignment").id or 0))
        assert left == desk.letter("assignment").raw
        forget(desk)
        assert letter_of(desk, "assignment") == b""


# == erasure ===============================================================================================================


@pytest.mark.asyncio(loop_scope="module")
async def test_a_person_who_is_erased_leaves_no_byte_in_the_letters_that_carried_her_file(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(files=FILES))
        sha = desk.register.ask(lambda tx: whole.letter(tx, desk.letter("assignment").id or 0))
        forget(desk)
        assert letter_of(desk, "assignment") == b""
        assert desk.letter("assignment").erased == keep.wrapped(sha).digest
        assert desk.rows(Stretch) == []


def test_a_mail_whose_bytes_go_gives_the_letters_back_what_is_theirs(register: Ledger) -> None:
    kept = received(register, b"a" * 100)
    sealed = b"head" + b"a" * 60 + b"tail"
    n = stored(register, sealed, (4, lying(kept, b"a" * 100, 20, 80)))
    with register.transaction() as tx:
        erase.bare(tx, tx.get_one(Inbound, kept), cast.NOON)
    assert register.ask(lambda tx: whole.letter(tx, n)) == sealed
    assert register.ask(lambda tx: tx.get_one(Raw, 1).data) == b""


def test_of_a_mail_that_was_erased_before_the_decision_nothing_is_borrowed(register: Ledger) -> None:
    kept = received(register, b"a" * 100)
    with register.transaction() as tx:
        erase.bare(tx, tx.get_one(Inbound, kept), cast.NOON)
    n = stored(register, b"a" * 50, (0, lying(kept, b"a" * 100, 0, 50)))
    assert register.ask(lambda tx: whole.letter(tx, n)) == b"a" * 50


# == any letter ============================================================================================================


def received(register: Ledger, raw: bytes) -> int:
    at = keep.Spot(account=cast.BOX, folder="INBOX", uidvalidity=1, uid=next(SERIAL))
    return register.run(
        lambda tx: keep.keep(tx, at, raw, kind="inbox", received_at=cast.NOON, now=cast.NOON)
    ).inbound_id


def lying(inbound_id: int, raw: bytes, begin: int, end: int) -> Lying:
    return Lying(inbound_id=inbound_id, begin=begin, written=raw[begin:end])


def stored(register: Ledger, raw: bytes, *files: tuple[int, Lying]) -> int:
    """A letter of these bytes; its number."""
    with register.transaction() as tx:
        n = next(SERIAL)
        names = {"name": f"ack:{n}", "message_id": f"<{n}@x>", "marker": f"m{n}"}
        times = {"created_at": cast.NOON, "next_try_at": cast.NOON + timedelta(days=1)}
        row = Letter(kind="ack", to_addr="a@b.example", envelope_to="a@b.example", **names, **times)
        row.octets = Octets(raw=b"")
        tx.add(row)
        tx.flush()
        assert row.id is not None
        tx.delete(row.octets)
        tx.flush()
        whole.put(tx, row.id, raw, files)
        return row.id


@settings(deadline=None, max_examples=30)
@given(
    mails=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=3, unique=True),
    shape=st.lists(st.one_of(st.binary(max_size=20), st.tuples(*[st.integers(0, 60)] * 3)), max_size=6),
)
def test_what_is_put_together_is_what_was_sealed(tmp_path_factory: Any, mails: list[bytes], shape: list[Any]) -> None:
    register = Ledger(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'mailbot.db'}", lasting=False)
    register.upgrade()
    kept = [received(register, raw) for raw in mails]
    sealed, files = b"", []
    for piece in shape:
        if isinstance(piece, bytes):
            sealed += piece
        else:
            which = piece[0] % len(mails)
            begin, end = sorted(min(n, len(mails[which])) for n in piece[1:])
            files.append((len(sealed), lying(kept[which], mails[which], begin, end)))
            sealed += mails[which][begin:end]
    n = stored(register, sealed, *files)
    assert register.ask(lambda tx: whole.letter(tx, n)) == sealed
    engine.downgrade(register.engine, "0014")
    with register.engine.connect() as line:
        raw = line.exec_driver_sql("SELECT raw FROM octets WHERE letter_id = ?", (n,)).scalar_one()
    assert unpacked(bytes(raw)) == sealed
    register.close()
