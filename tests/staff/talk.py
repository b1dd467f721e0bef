"""People who speak with the desk by mail alone: what they write, and what lies in every mailbox afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import cast
from room import Room, mail, room
from sink import Sink, Taken

from mailbot.guard import Guard
from mailbot.store.tables import Inbound, Letter

FIRST, SECOND = "REC-2026-0001", "REC-2026-0002"
SCORES = "G2 C2 R2 immédiat:non"
ARGUED = (
    "Bonjour,\n\nNous avons relu la convocation et entendu le formateur ainsi que la personne de l’accueil. Ce que vous décrivez "
    "s’est bien passé ainsi, et nous vous prions de nous en excuser. Une consigne écrite est désormais remise à chaque "
    "intervenant la veille de la session, et la somme versée vous est rendue.\n"
)
THANKS = "Merci !\n"
MORE = "Bonjour,\nvous ne dites rien de la salle, qui était fermée toute la matinée.\nCarl\n"
DSN = """\
From: MAILER-DAEMON@mx.relais.example (Mail Delivery System)
To: {desk}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <{serial}@mx.relais.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_avis"

--=_avis
Content-Type: text/plain

The mail could not be delivered.

--=_avis
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.relais.example

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--=_avis
Content-Type: text/rfc822-headers

Message-ID: {message_id}
To: {to}

--=_avis--
"""


def parsed(raw: bytes) -> EmailMessage:
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def words(taken: Taken) -> str:
    """What the plain text says, its white space drawn together."""
    body = parsed(taken.raw).get_body(("plain",))
    return " ".join(str(body.get_content()).split()) if body else ""


def kind_of(taken: Taken) -> str:
    return str(parsed(taken.raw)["X-Mailbot"])


class Talk:
    """A desk and everybody's mailboxes. Whatever is written is decided at once; letters leave with `post()`."""

    def __init__(self, desk: Room, sink: Sink) -> None:
        self.desk, self.sink = desk, sink
        self._seen = 0

    # -- what people write -------------------------------------------------------------------------------------------

    async def carl(self, text: str = MORE, *, answers: str = "", sender: str = cast.CARL, **how: Any) -> Inbound:
        """A complainant's mail: the first one opens the file, `answers` names the kind of letter that a later one replies to."""
        headers = (("In-Reply-To", self.last(answers, sender).message_id),) if answers else ()
        name = how.pop("name", "Carl Petit")
        raw = mail(
            how.pop("subject", "Formation annulée"), text, sender=sender, name=name, headers=headers, at=self.now
        )
        return await self.desk.take(raw, **how)

    async def staff(self, tag: str, body: str = "", *, who: str = cast.BO, number: str = FIRST, **how: Any) -> Inbound:
        """A command of somebody whom the provider vouches for: `#tag argument` about a file."""
        about = f"[{number}] " if number else ""
        raw = mail(f"{about}#{tag}", body, sender=who, name=how.pop("name", "Bo Martin"), at=self.now, **how)
        return await self.desk.take(raw)

    async def written(
        self,
        subject: str,
        text: str,
        sender: str,
        name: str,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        proven: bool = True,
    ) -> Inbound:
        """Any mail, word for word."""
        raw = mail(subject, text, sender=sender, name=name, headers=headers, at=self.now, proven=proven)
        return await self.desk.take(raw)

    async def bounce(self, letter: Letter) -> Inbound:
        """The relay's report that a letter could not be delivered."""
        text = DSN.format(desk=cast.BOX, serial=letter.id, to=letter.to_addr, message_id=letter.message_id)
        return await self.desk.take(text.replace("\n", "\r\n").encode())

    # -- time and post -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.desk.clock.now

    async def post(self, **span: float) -> None:
        """Time passes, what it owes is decided, and the post leaves."""
        await self.desk.tick(**span)
        await self.desk.send()

    async def until(self, instant: datetime) -> None:
        self.desk.clock.now = instant
        await self.post()

    # -- what lies in the mailboxes ----------------------------------------------------------------------------------

    def mailboxes(self) -> dict[str, list[str]]:
        """Kinds of the letters that came in since the last look, by mailbox."""
        found: dict[str, list[str]] = {}
        for taken in self.news():
            found.setdefault(taken.to[0], []).append(kind_of(taken))
        return {to: sorted(kinds) for to, kinds in sorted(found.items())}

    def news(self) -> list[Taken]:
        new, self._seen = self.sink.taken[self._seen :], len(self.sink.taken)
        return new

    def last(self, kind: str, to: str) -> Letter:
        return [letter for letter in self.desk.letters(kind) if letter.to_addr == to][-1]

    def stage(self, number: str = FIRST) -> str:
        return self.desk.file(number).stage


@asynccontextmanager
async def talk(folder: Path, guard: Guard, **settings: Any) -> AsyncIterator[Talk]:
    """A desk in `folder` and somebody who takes its post."""
    async with Sink() as sink:
        with room(folder, guard, port=sink.port, **settings) as desk:
            yield Talk(desk, sink)
