"""The demo's own mail provider, seen by our IMAP hand and by a plain SMTP client."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from mailbot.config import Mailbox as Settings
from mailbot.demo.server import Sandbox
from mailbot.mailbox import Down, Folders, Listed, Mailbox

DESK, CARL = "plaintes@ecole.example", "carl@stage.example"
USERS = {DESK: "bureau", CARL: "sesame"}
RAW = (
    b"From: carl@stage.example\r\nSubject: Salle\r\n\r\n.point\r\n\xff\xfe sans charset\r\nlong "
    + b"x" * 3000
    + b"\r\n"
)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with AsyncExitStack() as stack:
        town = Sandbox(USERS)
        await town.start(stack)
        yield town


@pytest.fixture
def box(sandbox: Sandbox) -> Iterator[Mailbox]:
    mailbox = Mailbox(_settings(sandbox), timeout=10.0)
    yield mailbox
    mailbox.close()


def _settings(sandbox: Sandbox, address: str = DESK, password: str = "bureau") -> Settings:
    return Settings(host=sandbox.host, port=sandbox.imap_port, security="none", address=address, password=password)


async def aside(act: Callable[..., Any], *arguments: Any) -> Any:
    """The provider lives in this thread's loop, so its clients speak from another."""
    return await asyncio.wait_for(asyncio.to_thread(act, *arguments), 20)


def send(sandbox: Sandbox, raw: bytes, *to: str, login: tuple[str, str] | None = None) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sandbox.host, sandbox.smtp_port, timeout=10) as line:
        if login:
            line.login(*login)
        return line.sendmail(CARL, to, raw)


async def test_a_mail_sent_by_smtp_is_listed_and_fetched_byte_by_byte(sandbox: Sandbox, box: Mailbox) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    await aside(send, sandbox, RAW, DESK, CARL)
    await aside(box.connect)
    await aside(box.select, "INBOX")
    (mail,) = await aside(box.listing, "INBOX")
    assert mail == Listed(mail.uid, len(RAW), mail.received_at)
    assert mail.received_at >= before
    assert (await aside(box.fetch, "INBOX", mail.uid, mail.size)).raw == RAW
    assert await sandbox.mails(CARL) == [RAW]


async def test_the_wait_is_woken_by_smtp(sandbox: Sandbox, box: Mailbox) -> None:
    await aside(box.connect)
    await aside(box.select, "INBOX")
    assert await aside(box.listing, "INBOX") == []
    waiting = asyncio.create_task(asyncio.to_thread(box.wait, 15.0, threading.Event()))
    await aside(send, sandbox, RAW, DESK)
    assert await waiting is True
    assert len(await aside(box.listing, "INBOX")) == 1


async def test_folders_are_there_and_a_mail_can_be_filed_away(sandbox: Sandbox, box: Mailbox) -> None:
    await sandbox.deliver(DESK, RAW, received_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC))
    await aside(box.connect)
    assert await aside(box.folders) == Folders(inbox="INBOX", junk="Junk", sent="Sent", others=())
    await aside(box.select, "INBOX")
    (mail,) = await aside(box.listing, "INBOX")
    assert mail.received_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    validity, uid = await aside(box.file_away, "INBOX", mail.uid, "Traités")
    assert validity == (await aside(box.select, "Traités"))[0]
    assert [m.uid for m in await aside(box.listing, "Traités")] == [uid]
    assert await sandbox.mails(DESK) == []


async def test_a_large_mail_comes_back_in_ranges(sandbox: Sandbox, box: Mailbox) -> None:
    raw = RAW + b"0123456789abcde\r\n" * 300_000
    await sandbox.deliver(DESK, raw)
    await aside(box.connect)
    await aside(box.select, "INBOX")
    (mail,) = await aside(box.listing, "INBOX")
    assert (await aside(box.fetch, "INBOX", mail.uid, mail.size)).raw == raw


async def test_an_unknown_address_gets_a_mailbox_on_the_fly(sandbox: Sandbox, box: Mailbox) -> None:
    await aside(send, sandbox, RAW, "Visiteur@Ailleurs.example")
    assert await sandbox.mails("visiteur@ailleurs.example") == [RAW]
    await sandbox.add("visiteur@ailleurs.example", "clé")
    visitor = Mailbox(_settings(sandbox, "visiteur@ailleurs.example", "clé"), timeout=10.0)
    await aside(visitor.connect)
    await aside(visitor.select, "INBOX")
    assert len(await aside(visitor.listing, "INBOX")) == 1
    visitor.close()


@pytest.mark.parametrize("address", ["inconnu@ailleurs.example", "Parti@opco.example"])
async def test_who_left_is_refused_and_the_others_are_served(sandbox: Sandbox, address: str) -> None:
    refused = await aside(send, sandbox, RAW, address, DESK)
    assert {name: answer[0] for name, answer in refused.items()} == {address: 550}
    assert await sandbox.mails(DESK) == [RAW]
    assert await sandbox.mails(address) == []


async def test_every_delivery_is_told(sandbox: Sandbox) -> None:
    told: list[tuple[str, bytes, str]] = []
    sandbox.on_delivery = lambda *facts: told.append(facts)
    await aside(send, sandbox, RAW, DESK)
    await sandbox.deliver(CARL, RAW, "Junk")
    assert told == [(DESK, RAW, "INBOX"), (CARL, RAW, "Junk")]


async def test_passwords_are_checked_on_both_sides(sandbox: Sandbox) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await aside(lambda: send(sandbox, RAW, DESK, login=(CARL, "faux")))
    assert await aside(lambda: send(sandbox, RAW, DESK, login=(CARL, "sesame"))) == {}
    with pytest.raises(Down) as refused:
        await aside(Mailbox(_settings(sandbox, password="faux"), timeout=10.0).connect)
    assert refused.value.permanent


async def test_our_own_mistake_is_a_refusal_for_now(sandbox: Sandbox) -> None:
    def stumble(addr: str, raw: bytes, folder: str) -> None:
        raise KeyError(addr)

    sandbox.on_delivery = stumble
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await aside(send, sandbox, RAW, DESK)
    assert refused.value.smtp_code == 451


async def test_the_end_of_the_provider_cuts_who_is_waiting() -> None:
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(USERS)
        await sandbox.start(stack)
        box = Mailbox(_settings(sandbox), timeout=10.0)
        await aside(box.connect)
        await aside(box.select, "INBOX")
        waiting = asyncio.create_task(asyncio.to_thread(box.wait, 15.0, threading.Event()))
        await sandbox.deliver(CARL, RAW)
    with pytest.raises(Down):
        await waiting


async def test_a_port_already_taken_is_an_oserror(sandbox: Sandbox) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(OSError, match="address already in use"):
            await Sandbox(USERS, smtp_port=sandbox.smtp_port).start(stack)
