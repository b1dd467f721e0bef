"""Sixteen ways to write a From × seven Authentication-Results × four runs: who may command, who is asked, and what nobody gets.

Each mail goes through a real Dovecot in one batch, and is judged as our own mailbox hand fetched it from there.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from servers.mail import MailServer
from sqlmodel import Session, select

from mailbot.config import Mailbox as Settings
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.mailbox import Mailbox
from mailbot.store.tables import Code, Complaint, Inbound, Letter, Pending
from staff.spoofs import (
    ALLOWED,
    BO,
    BODY,
    CONTROLS,
    LOOP,
    RESULTS,
    RUNS,
    SENDERS,
    SUBJECTS,
    Results,
    Sender,
)
from staff.spoofs import mail as written

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBER = "REC-2026-0001"
MORNING = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
OWN_BOOKKEEPING = {"look_at", "asked_other_address"}  # when the clock looks next; whom staff was asked about
DOVECOTS_NUL = b"\x80"  # IMAP knows no NUL in a literal (RFC 3501 §4.3): Dovecot puts this byte in its place
SECRETS = ("Petit", "carl@", "remboursé")  # words of the file that no stranger may read


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A register in which Carl's file is Bo's, with the notice and the code that Bo got, and a notice that Ann got."""

    register: Path
    code: str
    notices: dict[str, str]  # address → Message-ID


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prepared(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    with room(folder, guard, now=MORNING) as desk:
        await desk.take(mail(at=MORNING))
        await desk.take(mail(f"[{NUMBER}] #note", "Lu, merci.", sender=cast.ANN, name="Ann Leroy", at=MORNING))
        [code] = [row.code for row in desk.rows(Code, Code.about == NUMBER, Code.person == BO)]
        notices = {letter.to_addr: letter.message_id for letter in desk.rows(Letter) if letter.to_addr != cast.CARL}
        assert desk.file(NUMBER).assignee == BO
        assert set(notices) == {BO, cast.ANN}
    return Prepared(register=folder, code=code, notices=notices)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fetched(prepared: Prepared, mail_server: MailServer) -> dict[str, bytes]:
    """Every mail of the table and of the controls as it came out of Dovecot: Message-ID → bytes."""
    cells = [(s, results, run) for s in SENDERS for results in RESULTS for run in RUNS]
    cells += [(s, results, run) for s, results, run, _ in CONTROLS]
    mails = {message_id(*cell): (cell[0].envelope, spoof(prepared, *cell)) for cell in cells}
    box = f"spoofs@{mail_server.domain()}"
    await asyncio.to_thread(_deliver, mail_server, box, list(mails.values()))
    out = await asyncio.to_thread(_fetch_all, mail_server, box)
    by_id = dict(zip(mails, out, strict=True))
    assert len(by_id) == len(SENDERS) * len(RESULTS) * len(RUNS) + len(CONTROLS)
    return by_id


def _deliver(server: MailServer, box: str, mails: list[tuple[str, bytes]]) -> None:
    with smtplib.LMTP(server.host, server.lmtp_port, timeout=20) as line:
        for envelope, raw in mails:
            assert line.sendmail(envelope, [box], raw) == {}


def _fetch_all(server: MailServer, box: str) -> list[bytes]:
    settings = Settings(host=server.host, port=server.imap_port, security="none", address=box, password=server.password)
    ours = Mailbox(settings, timeout=20.0)
    ours.connect()
    try:
        ours.select("INBOX")
        found = [ours.fetch("INBOX", mail.uid, mail.size) for mail in ours.listing("INBOX")]
    finally:
        ours.close()
    return [one.raw for one in found if one and not one.truncated]


def message_id(sender: Sender, results: Results, run: str) -> str:
    return f"<{sender.kind}.{results.kind}.{run}@evil.example>"


def spoof(prepared: Prepared, sender: Sender, results: Results, run: str) -> bytes:
    return written(
        sender,
        results,
        subject=SUBJECTS[run].format(number=NUMBER, code=prepared.code),
        message_id=message_id(sender, results, run),
        in_reply_to=prepared.notices[BO] if "notice" in run else "",
        date=format_datetime(cast.NOON),
    )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one mail changed in the register."""

    desk: Room
    inbound: Inbound
    before: dict[str, Any]  # the file's columns
    after: dict[str, Any]
    letters: tuple[Letter, ...]  # written because of it
    pendings: tuple[Pending, ...]

    def is_obeyed(self) -> None:
        assert self.inbound.verdict == "staff-command"
        assert (self.after["stage"], self.after["outcome"]) == ("closing", "fondée")
        assert sorted((letter.kind, letter.to_addr) for letter in self.letters) == [
            ("confirm", BO),
            ("reply", cast.CARL),
        ]
        assert self.pendings == ()

    def changes_nothing(self) -> None:
        assert self.after == self.before
        assert [letter.kind for letter in self.letters if letter.to_addr == cast.CARL] == []
        assert self.inbound.verdict != "staff-command"

    def is_asked_at_home(self) -> None:
        """The whole command and text to Bo's registered address, with a button; to nobody else anything at all."""
        self.changes_nothing()
        [letter] = self.letters
        assert (letter.kind, letter.to_addr, letter.envelope_to) == ("identity", BO, BO)
        said = text_of(letter.raw)
        assert "#resolu" in said or "#résolu" in said
        assert " ".join(BODY.split()) in said
        assert "Oui, c’est moi" in said
        [pending] = self.pendings
        assert (pending.inbound_id, pending.person, pending.number) == (self.inbound.id, BO, NUMBER)

    def is_a_strangers(self) -> None:
        """Never a command: no loop, no confirmation, and nothing of the file to whoever is not on the list."""
        self.changes_nothing()
        assert self.pendings == ()
        assert {letter.kind for letter in self.letters}.isdisjoint({"identity", "confirm", "refusal", "fence", "reply"})
        staff = {BO, cast.ANN, cast.DAN, cast.DIR}
        outside = [text_of(letter.raw) for letter in self.letters if letter.to_addr not in staff]
        assert [word for said in outside for word in SECRETS if word in said] == []


def text_of(raw: bytes) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return " ".join(word for word in body.get_content().split() if word != ">")


def columns(file: Complaint) -> dict[str, Any]:
    return file.model_dump(exclude=OWN_BOOKKEEPING)


class Played:
    """Takes mails into a desk whose register is, each time, a copy of the prepared one."""

    def __init__(self, prepared: Prepared, desk: Room) -> None:
        self.prepared, self.desk = prepared, desk

    async def take(
        self,
        raw: bytes,
        *,
        given: Callable[[Session], None] = lambda _: None,
        then: Callable[[Outcome], Awaitable[None]] | None = None,
    ) -> Outcome:
        desk = self.desk
        desk.register.close()  # the register is replaced under it; what it knows of its statements is kept, which is the slow part
        registers.copy(self.prepared.register, desk.config.data_dir)
        desk.clock.now = cast.NOON
        desk.register.run(given)
        before, known = columns(desk.file(NUMBER)), {letter.id for letter in desk.rows(Letter)}
        outcome = Outcome(
            desk=desk,
            inbound=await desk.take(raw),
            before=before,
            after=columns(desk.file(NUMBER)),
            letters=tuple(letter for letter in desk.rows(Letter) if letter.id not in known),
            pendings=tuple(desk.rows(Pending)),
        )
        if then:
            await then(outcome)
        return outcome


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(prepared: Prepared, guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    with room(tmp_path_factory.mktemp("played"), guard, now=cast.NOON) as desk:
        yield Played(prepared, desk)


# -- through the server ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", SENDERS, ids=[sender.kind for sender in SENDERS])
async def test_the_server_hands_out_what_was_written(
    sender: Sender, prepared: Prepared, fetched: dict[str, bytes]
) -> None:
    """Below its own trace fields; else a cell would be judged by something else than what it says."""
    for results in RESULTS:
        raw = fetched[message_id(sender, results, "code")]
        assert raw.startswith(b"Return-Path: <" + sender.envelope.encode())
        assert raw.endswith(spoof(prepared, sender, results, "code").replace(b"\0", DOVECOTS_NUL))


def unaltered(played: Played, sender: Sender, run: str) -> list[tuple[Results, bytes]]:
    """The same mails as another server may hand them out, where Dovecot changes a byte."""
    written = [(results, spoof(played.prepared, sender, results, run)) for results in RESULTS]
    return [(results, raw) for results, raw in written if b"\0" in raw]


# -- the table -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("sender", SENDERS, ids=[sender.kind for sender in SENDERS])
async def test_only_the_cells_of_the_table_command_and_only_those_of_the_loop_are_asked_about(
    sender: Sender, run: str, played: Played, fetched: dict[str, bytes]
) -> None:
    for results, raw in [(r, fetched[message_id(sender, r, run)]) for r in RESULTS] + unaltered(played, sender, run):
        outcome = await played.take(raw)
        cell = (sender.kind, results.kind)
        try:
            if cell in ALLOWED[run]:
                outcome.is_obeyed()
            elif cell in LOOP[run]:
                outcome.is_asked_at_home()
            else:
                outcome.is_a_strangers()
        except (AssertionError, ValueError) as wrong:
            wrong.add_note(f"{cell}: {outcome.inbound.verdict}, {outcome.inbound.reason}")
            raise


@pytest.mark.parametrize(
    ("sender", "results", "run", "wanted"), CONTROLS, ids=[f"{s.kind}-{r.kind}-{run}" for s, r, run, _ in CONTROLS]
)
async def test_the_controls_end_as_they_say(
    sender: Sender, results: Results, run: str, wanted: str, played: Played, fetched: dict[str, bytes]
) -> None:
    outcome = await played.take(fetched[message_id(sender, results, run)])
    outcome.is_obeyed() if wanted == "obeyed" else outcome.is_asked_at_home()


# -- beside the table ----------------------------------------------------------------------------------------------

HONEST, NONE, FAIL = CONTROLS[0][0], RESULTS[0], next(r for r in RESULTS if r.kind == "fail")
MALLORY = next(s for s in SENDERS if s.kind == "display-name")


def answering(prepared: Prepared, message_id: str) -> bytes:
    return written(
        HONEST,
        NONE,
        subject=SUBJECTS["notice"].format(number=NUMBER),
        message_id="<other@ief.example>",
        in_reply_to=message_id,
        date=format_datetime(cast.NOON),
    )


async def test_a_notice_that_went_to_somebody_else_proves_nothing(played: Played) -> None:
    outcome = await played.take(answering(played.prepared, played.prepared.notices[cast.ANN]))
    outcome.is_asked_at_home()


async def test_a_notice_that_went_to_another_address_of_the_same_person_proves_nothing(played: Played) -> None:
    message_id = played.prepared.notices[BO]

    def to_the_other_address(tx: Session) -> None:
        letter = tx.exec(select(Letter).where(Letter.message_id == message_id)).one()
        letter.to_addr = "bo.perso@courriel.example"

    outcome = await played.take(answering(played.prepared, message_id), given=to_the_other_address)
    outcome.is_asked_at_home()


async def test_a_code_seen_from_somebody_else_is_replaced(played: Played) -> None:
    async def again(outcome: Outcome) -> None:
        outcome.is_asked_at_home()
        [code] = [row.code for row in outcome.desk.rows(Code, Code.about == NUMBER, Code.person == BO)]
        assert code != played.prepared.code
        await outcome.desk.take(spoof(played.prepared, HONEST, NONE, "code"))
        assert outcome.desk.file(NUMBER).stage == outcome.before["stage"]

    await played.take(spoof(played.prepared, MALLORY, NONE, "code"), then=again)


@pytest.mark.parametrize("sender", [HONEST, MALLORY], ids=["unproven", "borrowed-code"])
async def test_what_the_registered_address_confirms_is_done_then(sender: Sender, played: Played) -> None:
    async def confirm(outcome: Outcome) -> None:
        [asked] = outcome.letters
        [code] = [row.code for row in outcome.desk.rows(Code, Code.about == NUMBER, Code.person == BO)]
        later = outcome.desk.clock.advance(hours=2)
        tap = mail(f"[{NUMBER}-{code}] #confirmer {asked.facts['pending_id']}", "", sender=BO, name="Bo", proven=False)
        await outcome.desk.take(tap, at=later)
        file, reply = outcome.desk.file(NUMBER), outcome.desk.letter("reply")
        assert (file.stage, file.outcome) == ("closing", "fondée")
        assert (reply.to_addr, reply.next_try_at) == (cast.CARL, later + timedelta(minutes=10))
        assert " ".join(BODY.split()) in text_of(reply.raw)

    run = "bare" if sender is HONEST else "code"
    await played.take(spoof(played.prepared, sender, NONE, run), then=confirm)


async def test_who_says_fail_cannot_confirm_either(played: Played) -> None:
    async def confirm(outcome: Outcome) -> None:
        [asked] = outcome.letters
        subject = f"[{NUMBER}-{played.prepared.code}] #confirmer {asked.facts['pending_id']}"
        tap = written(HONEST, FAIL, subject=subject, message_id="<tap@evil.example>", date=format_datetime(cast.NOON))
        await outcome.desk.take(tap)
        assert columns(outcome.desk.file(NUMBER)) == outcome.before

    await played.take(spoof(played.prepared, HONEST, NONE, "bare"), then=confirm)


async def test_after_five_wrong_codes_only_the_loop_is_left(played: Played) -> None:
    async def guess(outcome: Outcome) -> None:
        for n in range(5):
            subject = f"[{NUMBER}-AAAAA{n + 2}] #resolu"
            raw = written(
                HONEST, NONE, subject=subject, message_id=f"<g{n}@evil.example>", date=format_datetime(cast.NOON)
            )
            await outcome.desk.take(raw)
        assert outcome.desk.file(NUMBER).wrong_codes == 5
        await outcome.desk.take(spoof(played.prepared, HONEST, NONE, "code"))
        assert outcome.desk.file(NUMBER).stage == outcome.before["stage"]

    await played.take(spoof(played.prepared, MALLORY, NONE, "bare"), then=guess)
