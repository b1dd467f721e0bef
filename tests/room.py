"""The corridor without servers: a register, a reader and a clock of the test's own."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeVar

import cast
import registers
from sqlmodel import SQLModel, col, select

from mailbot.config import Config, Mailbox, Smtp
from mailbot.corridor.bench import Bench
from mailbot.corridor.dues import Dues
from mailbot.corridor.mails import Mails
from mailbot.corridor.post import Post
from mailbot.guard import Guard
from mailbot.log import log_to
from mailbot.outbox import Road
from mailbot.rehearse import clock
from mailbot.store import ledger, questions
from mailbot.store.keep import Spot, keep, wrapped
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Alarm, Complaint, Due, Inbound, Letter

Row = TypeVar("Row", bound=SQLModel)
SERIAL = count(1)
LOG = io.StringIO()  # what a daemon would say
MONTH = timedelta(days=30)
BEFORE = cast.NOON - MONTH


class Clock(clock.Clock):
    """Noon of the cast, unless a test wants another instant."""

    def __init__(self, now: datetime = cast.NOON, step: timedelta = timedelta(0)) -> None:
        super().__init__(now, step)


class Room:
    """A desk at work on a register of its own; its letters go to `port`, where the test listens."""

    def __init__(self, config: Config, register: Ledger, guard: Guard, clock: Clock) -> None:
        self.config, self.register, self.clock, self.guard = config, register, clock, guard
        self.bench = Bench(config, register, guard, clock)
        self.mails = Mails(self.bench)
        self.dues = Dues(self.bench, self.mails)
        self.road = Road(config.smtp, user="", sender=cast.BOX, command_seconds=0.3, after_dot_seconds=0.3)
        self.post = Post(self.bench, self.road)
        register.run(lambda tx: ledger.started_at(tx, min(BEFORE, clock.now - MONTH), clock()))

    def keep(self, raw: bytes, *, at: datetime | None = None, kind: str = "inbox", truncated: bool = False) -> int:
        """Takes a mail in, as the watch does; its number in the register."""
        spot = Spot(account=cast.BOX, folder=kind, uidvalidity=1, uid=next(SERIAL))
        now = self.clock()
        kept = self.register.run(
            lambda tx: keep(tx, spot, wrapped(raw, truncated=truncated), kind=kind, received_at=at or now, now=now)
        )
        return kept.inbound_id

    async def take(self, raw: bytes, **how: Any) -> Inbound:
        """Keeps a mail and has it decided."""
        inbound_id = self.keep(raw, **how)
        await self.mails.decide_waiting()
        return self.inbound(inbound_id)

    async def tick(self, **span: float) -> None:
        """Lets time pass and looks at the due rows."""
        self.clock.advance(**span)
        await self.dues.tick()

    async def send(self) -> None:
        while await self.post.once():
            pass
        await self.road.quit()

    # -- what the register says --------------------------------------------------------------------------------------

    def rows(self, table: type[Row], *where: Any) -> list[Row]:
        """In the order in which they were made: PostgreSQL puts a row that changed behind the others."""
        key = table.__table__.primary_key.columns  # type: ignore[attr-defined]
        return self.register.ask(lambda tx: list(tx.exec(select(table).where(*where).order_by(*key))))

    def inbound(self, inbound_id: int) -> Inbound:
        [row] = self.rows(Inbound, Inbound.id == inbound_id)
        return row

    def files(self) -> list[Complaint]:
        return self.register.ask(lambda tx: list(tx.exec(select(Complaint).order_by(col(Complaint.id)))))

    def file(self, number: str = "REC-2026-0001") -> Complaint:
        [row] = self.rows(Complaint, Complaint.number == number)
        return row

    def letters(self, kind: str) -> list[Letter]:
        return self.register.ask(
            lambda tx: list(tx.exec(select(Letter).where(Letter.kind == kind).order_by(col(Letter.id))))
        )

    def letter(self, kind: str) -> Letter:
        [row] = self.letters(kind)
        return row

    def due(self, kind: str) -> list[Due]:
        return self.rows(Due, Due.kind == kind, col(Due.done_at).is_(None))

    def alarms(self) -> dict[str, str]:
        return {a.key: a.text for a in self.rows(Alarm)}

    def story(self, number: str = "REC-2026-0001") -> dict[str, Any]:
        return self.register.ask(lambda tx: questions.why(tx, questions.find_complaint(tx, number)))


class Webhook:
    """A small web server that alarms are told to: use as `with Webhook() as hook` and give out `hook.url`.

    `answer`: the raw reply. `told`: the bodies that came in, read as JSON.
    """

    def __init__(self, answer: bytes = b"HTTP/1.0 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.told: list[dict[str, str]] = []
        self.asked: list[str] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/alarme"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(10)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._door.accept()
                with line, line.makefile("rb") as said:
                    self.asked.append(said.readline().decode())
                    size = 0
                    while header := said.readline().strip().lower():
                        if header.startswith(b"content-length:"):
                            size = int(header.partition(b":")[2])
                    if size:
                        self.told.append(json.loads(said.read(size)))
                    line.sendall(self.answer)


@contextmanager
def room(folder: Path, guard: Guard, *, port: int = 9, now: datetime = cast.NOON, **settings: Any) -> Iterator[Room]:
    """A room whose register lies in `folder`."""
    log_to(LOG)
    config = configured(folder, port=port, **settings)
    registers.furnish(folder)
    register = Ledger(config.database_url, lasting=False)  # no power cut is played here: an fsync a commit adds up
    made = Room(config, register, guard, Clock(now))
    try:
        yield made
    finally:
        made.road.close()
        made.bench.close()
        register.close()


def configured(folder: Path, *, port: int = 9, **settings: Any) -> Config:
    """The cast's organisation, its register in `folder`, its letters sent to `port`."""
    fixed = {
        "data_dir": folder,
        "mailbox": Mailbox(address=cast.BOX, host="127.0.0.1", security="none", authserv_id=cast.PROVIDER),
        "smtp": Smtp(host="127.0.0.1", port=port, security="none", user="-"),
    }
    return cast.config(**(fixed | settings))


def mail(
    subject: str = "Formation annulée",
    text: str = "Bonjour,\nla formation a été annulée. Je souhaite être remboursé.\nCarl\n",
    *,
    sender: str = cast.CARL,
    name: str = "Carl Petit",
    to: str = cast.BOX,
    proven: bool = True,
    at: datetime = cast.NOON,
    headers: tuple[tuple[str, str], ...] = (),
    files: tuple[tuple[str, str, bytes], ...] = (),
) -> bytes:
    """A mail as the provider hands it over, its Authentication-Results on top."""
    message = EmailMessage()
    if proven:
        domain = sender.rpartition("@")[2]
        message["Authentication-Results"] = f"{cast.PROVIDER}; dmarc=pass header.from={domain}"
    message["From"] = f"{name} <{sender}>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(at.astimezone(UTC))
    message["Message-ID"] = f"<{next(SERIAL)}.{at:%H%M}@{sender.rpartition('@')[2]}>"
    for key, value in headers:
        message[key] = value
    message.set_content(text)
    for file_name, kind, data in files:
        maintype, _, subtype = kind.partition("/")
        message.add_attachment(data, maintype=maintype, subtype=subtype, filename=file_name)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
