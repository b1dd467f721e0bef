"""Éloïse writes, is answered, writes again; others live beside her in the same mailbox and register. A real Dovecot holds the mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import cast
from room import Room, mail, room
from servers import PASSWORD
from servers.mail import MailServer
from sqlalchemy import event
from sqlmodel import select

from mailbot.config import Config, Digest
from mailbot.config import Mailbox as Settings
from mailbot.guard import Guard
from mailbot.mailbox import Mailbox
from mailbot.reports import figures, gathered
from mailbot.reports.counted import Period
from mailbot.store.tables import Complaint
from mailbot.watch import Watch
from person.searching import ADDRESS, NAME, PHONE

BEGUN = cast.NOON - timedelta(days=70)  # a Monday; Dovecot takes no INTERNALDATE of the future
REPLY = "Nous avons relu votre dossier avec la formatrice, et voici ce que nous vous proposons en réponse. " * 4
HOME = "courriel-prive.example"
FIGURES = (
    "number", "series", "year", "rank", "nature", "stage", "cycle", "received_at", "opened_at", "complainant_type", "subtype",
    "language", "training", "wish_state", "sensitive", "urgent", "conflict", "assignee", "due_on", "provisional", "ack_state",
    "ack_at", "ack_late", "gravity", "complexity", "repercussions", "priority", "character", "category", "immediate",
    "assessed_at", "outcome", "answered_at", "closed_at", "committed_on", "commitment_missed", "marks",
)  # fmt: skip


@cache
def coats() -> tuple[bytes, ...]:
    """Four mails of hers, as four mail programs write them; the same bytes each time."""
    text = f"Bonjour,\nla formation a été annulée. Je souhaite être remboursée.\n{NAME}\n{PHONE}\n{ADDRESS}\n"
    made = []
    for n, (charset, cte) in enumerate(
        (("utf-8", "8bit"), ("iso-8859-1", "quoted-printable"), ("utf-8", "base64"), ("iso-8859-1", "base64"))
    ):
        message = EmailMessage()
        message["Authentication-Results"] = f"{cast.PROVIDER}; dmarc=pass header.from={HOME}"
        message["From"] = f"{Header(NAME, charset).encode()} <{ADDRESS}>"
        message["To"] = "plaintes@ief.example"
        message["Subject"] = f"Formation annulée {n} - {NAME}"
        message["Date"] = "Mon, 14 Sep 2026 11:00:00 +0000"
        message["Message-ID"] = f"<{n}.brule@{HOME}>"
        message.set_content("." * n + text, charset=charset, cte=cte)
        message.add_attachment(
            f"Attestation de {NAME}".encode(), maintype="text", subtype="plain", filename=f"{NAME}.txt"
        )
        made.append(message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return tuple(made)


@dataclass
class Scene:
    """A desk over a mailbox of its own."""

    server: MailServer
    desk: Room
    user: str

    @property
    def config(self) -> Config:
        return self.desk.config

    def mailbox(self) -> Mailbox:
        return Mailbox(self.config.mailbox, timeout=10.0)

    @property
    def maildir(self) -> Path:
        return self.server.dovecot.root / "mail" / self.user

    def put(self, raw: bytes, folder: str = "INBOX") -> int:
        return self.server.put(raw, self.user, folder, self.desk.clock())

    async def sync(self) -> int:
        """A daemon that just logged in: every folder, and what a human moved."""
        box = self.mailbox()
        watch = Watch(self.config, self.desk.register, box, self.desk.clock)
        try:
            box.connect()
            watch.connected()
            kept = watch.pass_once()
        finally:
            box.close()
        await self.desk.mails.decide_waiting()
        return kept

    async def arrive(self, *raws: bytes, folder: str = "INBOX") -> None:
        for raw in raws:
            self.put(raw, folder)
        await self.sync()

    async def command(self, number: str, tag: str, body: str = "") -> None:
        await self.arrive(
            mail(f"[{number}] {tag}", body or REPLY, sender=cast.BO, name="Bo Martin", at=self.desk.clock())
        )

    async def close(self, number: str) -> None:
        """Assessed, answered, and the window over."""
        await self.command(number, "#évaluer", "G3 C2 R2 immédiat:non\n")
        await self.command(number, "#résolu", f"Bonjour {NAME},\n{REPLY}")
        await self.desk.tick(minutes=20)
        for letter in self.desk.letters("reply"):
            self.desk.register.run(lambda tx, i=letter.id: _settled(tx, i, self.desk.clock()))  # type: ignore[misc]
        self.desk.register.run(lambda tx: _closed(tx, number, self.desk.clock()))

    def figures(self) -> list[Any]:
        """Every column that is counted, and every figure of the meeting pack."""
        year = Period(first=date(2026, 1, 1), last=date(2026, 12, 31))
        counted = self.desk.register.ask(lambda tx: figures.figures(gathered.register(tx, self.config), year))
        return [*(tuple(getattr(f, name) for name in FIGURES) for f in self.desk.files()), *counted]


def _settled(tx: Any, letter_id: int | None, now: datetime) -> None:
    from mailbot.store.tables import Letter

    letter = tx.get_one(Letter, letter_id)
    letter.state, letter.settled_at, letter.answer = "sent", now, f"250 2.1.5 <{ADDRESS}> ok"


def _closed(tx: Any, number: str, now: datetime) -> None:
    """What the delivery of the reply does; the road itself is not this scene's matter."""
    row = tx.exec(select(Complaint).where(Complaint.number == number)).one()
    row.stage, row.outcome, row.closed_at, row.answered_at, row.reply_key = "closed", "fondée", now, now, ""


@contextmanager
def scene(server: MailServer, folder: Path, guard: Guard, **settings: Any) -> Iterator[Scene]:
    user = f"plaintes@{server.domain()}"
    box = Settings(
        address=user, host="127.0.0.1", port=server.imap_port, security="none", password=PASSWORD,
        authserv_id=cast.PROVIDER,
    )  # fmt: skip
    with room(folder, guard, now=BEGUN, mailbox=box, digest=Digest(names=True), **settings) as desk:
        _careless(desk)
        yield Scene(server=server, desk=desk, user=user)


def _careless(desk: Room) -> None:
    """Debian's SQLite overwrites what it deletes; others do not, and the promise must hold with them too."""
    if not desk.register.sqlite:
        return
    desk.register.close()
    event.listen(desk.register.engine, "connect", lambda db, _: db.execute("PRAGMA secure_delete=OFF"))


async def wrote_and_was_answered(at: Scene) -> None:
    """Two mails of hers, one file each, both closed."""
    await at.sync()
    await at.arrive(*coats()[:2])
    for file in at.desk.files():
        at.desk.register.run(lambda tx, n=file.number: _closed(tx, n, at.desk.clock()))  # type: ignore[misc]


def written(at: Scene, **tables: str) -> Path:
    """The scene's configuration as a file, for the program as a process. `tables`: more of the file, by name."""
    staff = "".join(
        f'[[staff]]\nname = "{p.name}"\naddresses = {list(p.addresses)}\nroles = {list(p.roles)}\n'
        for p in at.config.staff
    )
    text = f"""data_dir = "{at.config.data_dir}"
[organisation]
name = "Institut Exemple Formation"
domains = ["ief.example"]
[mailbox]
address = "{at.user}"
host = "127.0.0.1"
port = {at.server.imap_port}
security = "none"
password = "{PASSWORD}"
authserv_id = "{cast.PROVIDER}"
[smtp]
host = "127.0.0.1"
port = 9
security = "none"
user = "-"
{staff}"""
    path = at.config.data_dir / "mailbot.toml"
    path.write_text(text + "".join(f"[{name}]\n{body}\n" for name, body in tables.items()))
    path.chmod(0o600)
    return path


async def lived(at: Scene) -> None:
    """Two files of hers closed, her mail among others' and among the suspects, a digest that names her."""
    await at.sync()
    first, second, third, suspect = coats()
    await at.arrive(suspect, folder="Junk")  # nobody knows her yet
    await at.arrive(first)
    await at.arrive(
        mail(
            "Retard de convention", "Bonjour,\nnous attendons la convention. Merci.\n", sender=cast.OPALE, name="Opale"
        )
    )
    at.desk.clock.advance(hours=1)
    await at.arrive(second)
    await at.command("REC-2026-0001", "#note", f"{NAME} a rappelé au {PHONE}, joindre {ADDRESS}")
    reply = mail(
        "RE: convention", f"Voir aussi {NAME} <{ADDRESS}>", sender=cast.BO, name="Bo Martin", to=ADDRESS,
        headers=(("Cc", at.user),),
    )  # fmt: skip
    await at.arrive(reply)
    await at.command("REC-2026-0001", "#butoir 21/09/2026", f"Nous attendons une attestation de {NAME}.")
    await at.desk.tick(minutes=20)
    at.desk.register.run(lambda tx: _settled(tx, at.desk.letter("commitment").id, at.desk.clock()))
    await at.arrive(third)
    at.desk.register.run(at.desk.dues.first_digest)
    await at.desk.tick(days=1)
    for file in at.desk.files():
        await at.close(file.number) if file.complainant_addr == ADDRESS else None
    await at.desk.tick(days=1)
