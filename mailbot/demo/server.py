"""A small mail provider inside this process, on loopback: IMAP by pymap, SMTP by aiosmtpd, mailboxes in memory."""

from __future__ import annotations

import asyncio
import logging
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP, AuthResult
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata

FOLDERS = ("Junk", "Sent")  # beside INBOX
GONE = ("inconnu", "parti")  # local parts refused at RCPT: somebody who never was, somebody who left
LARGEST = 200 * 2**20  # bytes of one mail
Delivered = Callable[[str, bytes, str], None]

log = logging.getLogger(__name__)


class Sandbox:
    """Mailboxes with a password each; the ports are known after `start`. All addresses are compared in lower case.

    SMTP delivers by RCPT TO, byte by byte as received. An address nobody knows gets a mailbox on the fly, so that nothing
    is lost; nobody can log in to it until `add` gives it a password. `inconnu@…` and `parti@…` are refused with 550.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        imap_port: int = 0,
        smtp_port: int = 0,
        host: str = "127.0.0.1",
        on_delivery: Delivered | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`users`: address → password. Port 0: a free one. `on_delivery(address, mail, folder)` after each delivery.

        `clock` stamps what arrives."""
        self.users = {addr.lower(): password for addr, password in users.items()}
        self.host, self.imap_port, self.smtp_port = host, imap_port, smtp_port
        self.on_delivery = on_delivery
        self.clock = clock
        self._lines: set[asyncio.Task[None]] = set()
        self._speakers: set[SMTP] = set()

    async def start(self, stack: AsyncExitStack) -> None:
        """Opens both ports; the stack's end closes them and every connection. Raises OSError if a port is taken."""
        facts = dict.fromkeys(("debug", "cert", "key", "passlib_cfg", "tls", "proxy_protocol", "inherited_sockets"))
        demo = {"demo_data": False, "demo_user": "-", "demo_password": "-"}
        self._config = Config.from_args(Namespace(host=self.host, port=0, **demo, **facts), invalid_user_sleep=0.0)
        self._login = Login(self._config)
        for addr, password in self.users.items():
            await self.add(addr, password)
        imap = await asyncio.start_server(self._take_imap, self.host, self.imap_port)
        stack.push_async_callback(self._hang_up, imap)
        smtp = await asyncio.get_running_loop().create_server(self._take_smtp, self.host, self.smtp_port)
        stack.push_async_callback(self._hang_up, smtp)
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in (imap, smtp))

    async def _hang_up(self, server: asyncio.Server) -> None:
        server.close()
        for speaker in list(self._speakers):
            if speaker.transport is not None:
                speaker.transport.close()
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await server.wait_closed()

    # -- mailboxes --------------------------------------------------------------------------------------------------

    async def add(self, addr: str, password: str) -> None:
        """Opens a mailbox, or gives one that is there a password."""
        addr = addr.lower()
        self.users[addr] = password
        sealed = await Passwords(self._config).hash_password(password)
        self._login.users_dict[addr] = UserMetadata(self._config, addr, password=sealed)
        await self._folders(addr)

    async def _folders(self, addr: str) -> MailboxSet:
        known = self._config.set_cache.get(addr)
        if known is not None:
            return known[0]
        folders = MailboxSet()
        self._config.set_cache[addr] = (folders, FilterSet())
        for name in FOLDERS:
            await folders.add_mailbox(name)
        return folders

    async def deliver(self, addr: str, raw: bytes, folder: str = "INBOX", received_at: datetime | None = None) -> None:
        """Puts a mail into a folder, which is made if need be, and wakes whoever waits for it by IDLE."""
        addr = addr.lower()
        box = await self._folder(addr, folder)
        await box.append(AppendMessage(raw, received_at or self.clock(), frozenset()), recent=True)
        if self.on_delivery is not None:
            self.on_delivery(addr, raw, folder)

    async def mails(self, addr: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails now in a folder, oldest first."""
        box = await self._folder(addr.lower(), folder)
        return [bytes(message._content or b"") async for message in box.messages()]

    async def _folder(self, addr: str, folder: str) -> MailboxData:
        folders = await self._folders(addr)
        try:
            return await folders.get_mailbox(folder)
        except KeyError:
            await folders.add_mailbox(folder)
            return await folders.get_mailbox(folder)

    # -- IMAP -------------------------------------------------------------------------------------------------------

    def _take_imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._speak_imap(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _speak_imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = SocketInfo.get(writer, None, unique_id=uuid4().bytes)
        try:
            await IMAPServer(self._login, self._config)(reader, writer, where)
        except (OSError, EOFError):
            log.debug("an IMAP client hung up")
        finally:
            writer.close()

    # -- SMTP (the names and arguments are aiosmtpd's) --------------------------------------------------------------

    def _take_smtp(self) -> SMTP:
        speaker = _Smtp(
            self,
            hostname="localhost",
            enable_SMTPUTF8=True,
            authenticator=self._check_password,
            auth_require_tls=False,
            data_size_limit=LARGEST,
        )
        speaker.gone = self._speakers.discard
        self._speakers.add(speaker)
        return speaker

    def _check_password(self, *facts: Any) -> AuthResult:
        data = facts[-1]  # aiosmtpd's LoginPassword
        known = self.users.get(data.login.decode("utf-8", "replace").lower())
        good = known is not None and known.encode() == data.password
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: ARG002
        if address.partition("@")[0].lower() in GONE:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002
        for address in envelope.rcpt_tos:
            await self.deliver(address, envelope.original_content)
        return "250 2.0.0 OK: delivered"

    async def handle_exception(self, error: Exception) -> str:
        """aiosmtpd would answer 500, and our own mistake would become a refusal for good (reliability L21)."""
        log.exception("the SMTP server stumbled", exc_info=error)
        return "451 4.3.0 Server error, try again later"


class _Smtp(SMTP):
    """aiosmtpd's server: lines as long as mail clients write them, and a word when the connection is over."""

    line_length_limit = 2**16
    gone: Callable[[SMTP], None]

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.gone(self)
