"""The scene that is killed: four mails, seven letters, one mailbox and one sink of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import registers
from audit import Evidence, carries
from scenes import first, stage, texts
from scenes.post import Mail, Post
from servers.mail import MailServer

from crash.desk import Desk
from crash.sink import Sink
from mailbot import workdays

CALENDAR = workdays.Calendar()


def four_mails(post: Post) -> list[Mail]:
    """Two complaints with files, a report about somebody else's letter, and more from the first complainant."""
    carl, ines = first.complaints(post, 1), first.complaints(post, 1, start=3)
    return [*carl, *ines, *first.strangers_reports(post, 1), _more(post, carl[0])]


def _more(post: Post, mail: Mail) -> Mail:
    thread = (("In-Reply-To", mail.message_id), ("References", mail.message_id))
    files = [("suite.pdf", "application/pdf", texts.paper(f"{post.salt}-suite"))]
    text = texts.FOLLOW_UPS[3].format(n="Carl")
    letter = post.write(name="Carl", author=mail.author, subject="Le document", text=text, files=files, extra=thread)
    return post.send(
        letter, key="u00", verdict="follow-up", author=mail.author, files=files, about=mail.key, outside=(mail.author,),
        inside=(("followup-notice", mail.inside[0][1]),),
    )  # fmt: skip


class Rig:
    """A desk whose mail comes from Dovecot and goes to a sink of its own."""

    def __init__(self, server: MailServer, folder: Path, salt: str, file_into: str = "") -> None:
        self.server, self.post, self.sink = server, Post(salt=salt), Sink()
        self.sink.start()
        self.desk = Desk(
            folder / salt,
            house=self.post.house,
            address=self.post.desk,
            imap_port=server.imap_port,
            smtp_port=self.sink.port,
            since=self.post.now - timedelta(hours=2),
            file_into=file_into,
        )
        self.sent: list[Mail] = []
        self.folders: dict[str, dict[int, bytes]] = {}

    def deliver(self, mails: list[Mail]) -> None:
        stage.deliver(self.server, self.post.desk, mails)
        self.sent += mails

    def next_day(self) -> None:
        """The clock leaps to ten past ten of the next working day: a chase a file, and the digest."""
        day = workdays.add(workdays.local_date(self.desk.clock(), CALENDAR), 1, CALENDAR)
        self.desk.clock.leap_to(workdays.at(day, time(10, 10), CALENDAR))

    def to_idle(self, *, leaping: bool = False) -> int:
        """Started again, left to finish, and stopped; the exit status. One more newsletter proves that it takes mail again."""
        self.desk.start(leaping=leaping)
        self.deliver(first.newsletters(self.post, range(1)))
        self.desk.await_idle(m.trace for m in self.sent)
        return self.desk.stop()

    def end_leases(self) -> None:
        """Of several daemons nobody knows that the one that had begun DATA is dead: as if the twenty minutes were over."""
        if registers.POSTGRESQL and self.desk.furnished():
            past = datetime.now(UTC) - timedelta(minutes=1)
            registers.change(
                self.desk.data_dir, "UPDATE letter SET lease_until = :past WHERE state = 'claimed'", past=past
            )

    def evidence(self, extra_copies: int = 0) -> Evidence:
        self.folders = stage.look(self.server, self.post.desk)[0]
        return Evidence(
            data_dir=self.desk.data_dir,
            url=self.desk.url,
            sent=self.sent,
            folders=self.folders,
            accepted=self.sink.accepted,
            log=self.desk.log,
            house=self.post.house,
            extra_copies=extra_copies,
        )

    def known_mails(self) -> dict[str, str]:
        """sha256 → Message-ID of what was put in, as Dovecot holds it."""
        held = [raw for messages in self.folders.values() for raw in messages.values()]
        return {hashlib.sha256(r).hexdigest(): m.message_id for r in held for m in self.sent if carries(r, m.trace)}


@contextmanager
def rig(server: MailServer, folder: Path, salt: str, file_into: str = "") -> Iterator[Rig]:
    made = Rig(server, folder, salt, file_into)
    try:
        with made.desk:
            yield made
    finally:
        made.sink.stop()
