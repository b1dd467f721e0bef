"""A desk at work in this process or its own, a proxy before its mailbox and another before its outbox; both audits of its work."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import registers
from audit import Accepted, Evidence
from audit import audit as independent
from crash.desk import Desk
from crash.sink import Sink
from scenes import first, stage
from scenes.post import Mail, Post
from servers.mail import MailServer
from servers.proxy import IMAP, SMTP, Proxy
from sqlmodel import select

from mailbot import audit, config, proof
from mailbot.app import Daemon
from mailbot.log import log_to
from mailbot.store import ledger
from mailbot.store.tables import Letter

DEADLINE = 90.0  # seconds; only ever reached by a test that fails
Answer = TypeVar("Answer")
_QUEUED = re.compile(rb"\(Postfix\) with \w+ id (\w+)")
SILENCE = 1.0  # seconds that a server may stay silent


async def until(true: Callable[[], object], look_every: float = 0.01) -> None:
    """Returns as soon as it is true. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(look_every)


class Work:
    """`imap` and `smtp` are the proxies; `sent` the mails that were put in; `doubles` how many letters may have left twice."""

    def __init__(self, server: MailServer, folder: Path, salt: str, smtp_port: int = 0) -> None:
        """`smtp_port`: the real server behind the outbox; without one, a sink of its own counts what it takes."""
        self.server, self.post, self.sink = server, Post(salt=salt), Sink()
        self.sink.start()
        self.real = bool(smtp_port)
        self.imap, self.smtp = Proxy(server.imap_port, IMAP), Proxy(smtp_port or self.sink.port, SMTP)
        self.desk = Desk(
            folder / salt, house=self.post.house, address=self.post.desk, imap_port=self.imap.port,
            smtp_port=self.smtp.port, since=self.post.now - timedelta(hours=2), file_into="Traités",
        )  # fmt: skip
        loaded = config.load(self.desk.config, environ={})
        often = loaded.mailbox.model_copy(update={"poll_seconds": 1})  # less than a setting may say
        self.config = loaded.model_copy(update={"mailbox": often})
        self.daemon: Daemon
        self.wake: Callable[[], None] = lambda: None
        self.log = io.StringIO()
        self.sent: list[Mail] = []
        self.doubles = 0

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[Work]:
        with self.imap, self.smtp, contextlib.closing(self):
            log_to(self.log)
            self.daemon = Daemon(self.config, retry=(0.05,))
            self.daemon.mailbox.timeout, self.wake = SILENCE, self.daemon.owed.set
            self.daemon.road.command_seconds = self.daemon.road.after_dot_seconds = SILENCE
            async with self.daemon.open():
                life = asyncio.create_task(self.daemon.run())
                try:
                    yield self
                finally:
                    self.daemon.stop()
                    await life

    @contextlib.contextmanager
    def alone(self) -> Iterator[Desk]:
        """The desk as a process of its own, which the test starts and ends."""
        with self.imap, self.smtp, contextlib.closing(self), self.desk:
            yield self.desk

    def close(self) -> None:
        self.sink.stop()

    # -- what comes in ---------------------------------------------------------------------------------------------

    async def complain(self) -> Mail:
        """One more complaint, of somebody who wrote nothing before, lies in the mailbox."""
        [mail] = first.complaints(self.post, 1, start=len(self.sent))
        await asyncio.to_thread(stage.deliver, self.server, self.post.desk, [mail])
        self.sent.append(mail)
        return mail

    async def write_elsewhere(self) -> None:
        """Somebody of the house wrote to a stranger: a mail among those sent, which is none of the desk's business."""
        raw = self.post.write(
            name="Bo", author=self.post.desk, subject="Devis", to=f"x{self.post.written}@courriel.example"
        )
        await asyncio.to_thread(self.server.put, raw.as_bytes(), self.post.desk, "Sent", datetime.now(UTC))

    def search_again(self) -> None:
        """The daily search in the other folders is due at the next login."""
        self.daemon.ledger.run(lambda tx: ledger.remember(tx, "searched_at", ""))

    # -- what comes of it --------------------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Returns when every mail is decided and every letter has left, put-off ones as if their hour had come."""
        traces = [mail.trace.encode() for mail in self.sent]
        await until(lambda: not self._hurry() and self.desk.idle(traces), look_every=0.05)

    def _hurry(self) -> int:
        """How many letters were put off until later, and now are not."""
        now = datetime.now(UTC) if registers.POSTGRESQL else f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
        late = "UPDATE letter SET next_try_at = :now WHERE state = 'owed' AND next_try_at > :now"
        hurried = registers.change(self.desk.data_dir, late, now=now)
        self.wake()  # also where the whole road was closed
        return hurried

    def problems(self) -> list[str]:
        """What the independent audit and `check --audit` find; empty when every promise is kept."""
        ours = self._ask(lambda tx: audit.judge(audit.gather(tx, self.config, datetime.now(UTC), proof.Proof())))
        evidence = Evidence(
            data_dir=self.desk.data_dir, url=self.desk.url, sent=self.sent, folders=stage.look(self.server, self.post.desk)[0],
            accepted=self.accepted(), log=self.log.getvalue() + self.desk.log, house=self.post.house, extra_copies=self.doubles,
        )  # fmt: skip
        return [*independent(evidence), *map(str, ours)]

    def _ask(self, question: Callable[[ledger.Session], Answer]) -> Answer:
        with contextlib.closing(ledger.Ledger(self.config.database_url)) as book:
            return book.ask(question)

    def accepted(self) -> Sequence[Accepted]:
        """What the sink took, or what lies in the mailboxes of whoever the real server brought it to."""
        if not self.real:
            return self.sink.accepted
        readers = {row.envelope_to for row in self._ask(lambda tx: list(tx.exec(select(Letter))))}
        copies = stage.received(self.server, readers & stage.mailboxes(self.server))
        # killed, Postfix itself may bring twice what it took once: its queue id says so
        return list({(copy.to, _QUEUED.findall(copy.raw)[0]): copy for copy in copies}.values())
