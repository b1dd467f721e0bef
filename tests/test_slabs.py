"""Large mails: piece by piece from the mailbox to the register and to the reader, and the same bytes everywhere."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from room import Room, room
from test_whole import files_of, forget, letter_of

from mailbot import proof
from mailbot.corridor import fiches, large
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.message import Lying
from mailbot.store import engine, keep, slabs, whole
from mailbot.store.keep import Spot, raw_of, to_read
from mailbot.store.ledger import Ledger
from mailbot.store.packed import Frame, packed, unpacked
from mailbot.store.tables import Inbound, Raw, Slab

SERIAL = count(1)
PROOF = b"%PDF-1.4 " + os.urandom(60_000)
PIECE = 10_000  # bytes of a piece, here
LINES = base64.encodebytes(PROOF).replace(b"\n", b"\r\n")
COMPLAINT = (
    f"Authentication-Results: {cast.PROVIDER}; dmarc=pass header.from={cast.CARL.rpartition('@')[2]}\r\n"
    f"From: Carl <{cast.CARL}>\r\nTo: {cast.BOX}\r\nSubject: Formation annulée\r\nMessage-ID: <1@courriel.example>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    "Content-Type: text/plain; charset=utf-8\r\n\r\nLa formation a été annulée, je me plains.\r\n--b\r\n"
    'Content-Type: application/pdf; name="preuve.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
).encode() + b"%s--b--\r\n" % LINES


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def received(register: Ledger, folder: Path, *pieces: bytes) -> int:
    at = Spot(account=cast.BOX, folder="INBOX", uidvalidity=1, uid=next(SERIAL))
    with slabs.Spool(folder) as spool:
        for piece in pieces:
            spool.add(piece)
        mail = keep.spooled(spool)
        kept = register.run(lambda tx: keep.keep(tx, at, mail, kind="inbox", received_at=cast.NOON, now=cast.NOON))
    return kept.inbound_id


def in_pieces(raw: bytes) -> list[bytes]:
    return [raw[at : at + PIECE] for at in range(0, len(raw), PIECE)]


async def taken(desk: Room) -> Inbound:
    inbound_id = received(desk.register, desk.config.data_dir, *in_pieces(COMPLAINT))
    await desk.mails.decide_waiting()
    return desk.inbound(inbound_id)


def lose_a_bit(desk: Room, rank: int) -> None:
    with desk.register.transaction() as tx:
        row = tx.get_one(Slab, (1, rank * PIECE))
        frame = bytearray(packed(row.data))
        frame[len(frame) // 2] ^= 1
        row.data = Frame(frame)


# == the register ==========================================================================================================


@settings(deadline=None, max_examples=30)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=6),
    cut=st.tuples(*[st.integers(0, 200)] * 2),
)
def test_the_bytes_are_those_that_came_whole_or_in_part_and_on_the_way_back(
    tmp_path_factory: Any, pieces: list[bytes], cut: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("slabs")
    register = Ledger(f"sqlite:///{folder / 'mailbot.db'}", lasting=False)
    register.upgrade()
    kept, raw = received(register, folder, *pieces), b"".join(pieces)
    begin, end = sorted(min(n, len(raw)) for n in cut)
    row = register.ask(lambda tx: tx.get_one(Raw, 1))
    assert (row.sha256, row.size, row.data) == (hashlib.sha256(raw).hexdigest(), len(raw), b"")
    assert register.ask(lambda tx: raw_of(tx, kept)) == raw
    if begin < end:
        assert b"".join(register.ask(lambda tx: slabs.stretch(tx, 1, begin, end - begin))) == raw[begin:end]
    engine.downgrade(register.engine, "0014")
    with register.engine.connect() as line:
        assert unpacked(bytes(line.exec_driver_sql("SELECT data FROM raw").scalar_one())) == raw
    register.upgrade()
    assert register.ask(lambda tx: to_read(tx, kept)) == (raw, False)
    register.close()


def test_a_large_mail_lies_in_slabs_on_either_engine_once(register: Ledger, tmp_path: Path) -> None:
    first = received(register, tmp_path, b"abc", b"def")
    assert received(register, tmp_path, b"ab", b"cdef") == first
    where, _ = register.ask(lambda tx: to_read(tx, first))
    assert where == slabs.Large(1, ((0, 3), (3, 3)))
    assert register.ask(lambda tx: raw_of(tx, first)) == b"abcdef"


def test_what_was_spooled_leaves_no_file(tmp_path: Path) -> None:
    with slabs.Spool(tmp_path) as spool:
        spool.add(b"x" * 100)
        assert list(tmp_path.iterdir()) == []


# == the corridor ==========================================================================================================


@pytest.mark.asyncio(loop_scope="module")
async def test_the_reader_reads_and_cuts_a_large_mail_as_any_other(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        kept = received(desk.register, tmp_path, *in_pieces(COMPLAINT))
        where, _ = desk.register.ask(lambda tx: to_read(tx, kept))
        mail = large.of(desk.bench, where)
        assert not isinstance(mail, bytes)
        assert len(mail) == len(COMPLAINT)
        assert await guard.read(mail) == await guard.read(COMPLAINT)
        assert await guard.cut_out(mail, ["2"]) == {"2": PROOF}
        assert await large.beginning(mail, 20) == COMPLAINT[:20]
        lying = (await guard.pieces(mail, ["2"], kept))["2"]
        assert isinstance(lying, Lying)
        assert (lying.begin, bytes(lying.written)) == (COMPLAINT.index(LINES), LINES)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_large_complaint_becomes_a_file_whose_letter_carries_its_file(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        assert (await taken(desk)).verdict == "complaint"
        assert files_of(letter_of(desk, "assignment")) == {"preuve.pdf": PROOF}
        told = await proof.examine(desk.register, guard)
        assert (told.mails, told.attachments, told.faults) == (1, 1, [])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_person_who_is_erased_leaves_no_slab(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        mail = await taken(desk)
        forget(desk)
        assert desk.rows(Slab) == []
        assert desk.register.ask(lambda tx: to_read(tx, mail.id or 0)) == (b"", False)
        assert letter_of(desk, "assignment") == b""


@pytest.mark.asyncio(loop_scope="module")
async def test_a_slab_that_lost_a_bit_is_seen_and_stops_what_needs_it(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await taken(desk)
        lose_a_bit(desk, 3)
        assert (await proof.examine(desk.register, guard)).faults == [
            "message 1 : ses octets ne correspondent pas à leur empreinte"
        ]
        with pytest.raises(slabs.Torn):
            letter_of(desk, "assignment")
        left = desk.register.ask(lambda tx: whole.remains(tx, desk.letter("assignment").id or 0))
        assert left == desk.letter("assignment").raw
        assert await fiches.drawn(desk.bench, "REC-2026-0001"), "the fiche says that this mail cannot be read"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_large_mail_that_was_damaged_before_its_decision_is_set_aside_and_the_others_go_on(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        kept = received(desk.register, tmp_path, *in_pieces(COMPLAINT))
        lose_a_bit(desk, 1)
        other = received(desk.register, tmp_path, COMPLAINT.replace(b"<1@", b"<2@").replace(b"annul", b"report"))
        for _ in range(3):
            await desk.mails.decide_waiting()
        assert desk.inbound(kept).verdict == "quarantined"
        assert desk.inbound(other).verdict == "complaint"
        assert list(desk.alarms()) == [f"set-aside:{kept}"]
        assert "Torn" in desk.alarms()[f"set-aside:{kept}"]
