"""Writes the mails of the scenes, each with the verdict that the rules give it: written here, never read back from the program."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from scenes import texts

OURS = "mx.ief.example"  # the name under which our own provider stamps results (authserv-id)
PARIS = ZoneInfo("Europe/Paris")
Attached = tuple[str, str, bytes]  # name, type, bytes


@dataclass(frozen=True, kw_only=True)
class File:
    """A file put into a mail, and what its bytes hash to."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One delivery. `trace` stands in its own first Received line and in no other delivery's; `verdict` is what the rules
    of spec §2 give it; `outside` names who outside must get exactly one letter because of it, `inside` which letter a
    member of staff must get."""

    key: str
    trace: str
    letter: bytes  # as its author wrote it
    raw: bytes  # as it reaches the mailbox
    verdict: str
    author: str
    message_id: str
    envelope: str = ""  # "" is the null return path
    files: tuple[File, ...] = ()
    about: str = ""  # key of the complaint it belongs to
    outside: tuple[str, ...] = ()
    inside: tuple[tuple[str, str], ...] = ()  # (kind of letter, address)
    folder: str = "INBOX"
    age: timedelta = timedelta(0)  # how long before now it reached the mailbox
    proven: bool = False  # our provider vouches for its author
    private: tuple[str, ...] = ()  # words that an AR to an unproven author may not repeat (spec §4)
    nested: bool = False  # carries another mail, which travels whole beside the files taken out of it (spec §3)


@dataclass(frozen=True, kw_only=True)
class Ack:
    """An acknowledgement as it stands in its reader's own mailbox."""

    number: str
    message_id: str
    subject: str
    raw: bytes


@dataclass
class Post:
    """Pen and paper of one scene. `salt` keeps the addresses and identifiers of different scenes apart."""

    salt: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    written: int = 0

    @property
    def house(self) -> str:
        return f"ief-{self.salt}.example"

    @property
    def desk(self) -> str:
        return self.at("reclamations")

    def at(self, local: str) -> str:
        """An address of the organisation."""
        return f"{local}@{self.house}"

    def person(self, rank: int) -> tuple[str, str]:
        """(name, address) of the nth outsider; no two share an address."""
        first, last = texts.PEOPLE[rank % len(texts.PEOPLE)]
        turn = "" if rank < len(texts.PEOPLE) else str(rank // len(texts.PEOPLE) + 1)
        return f"{first} {last}", f"{texts.plain(f'{first}.{last}')}{turn}@{self.salt}.{texts.DOMAINS[rank % 8]}"

    def assignee(self, *words: str) -> str:
        """Who handles a file by the rule of the scenes' configuration: « soudage » goes to Ann, all else to Bo."""
        return self.at("ann") if any("soudage" in w.lower() for w in words) else self.at("bo")

    def identifier(self, domain: str) -> str:
        return f"<{hashlib.sha256(self._token().encode()).hexdigest()[:20]}@{domain}>"

    def _token(self) -> str:
        self.written += 1
        return f"{self.salt}x{self.written:04d}"

    def write(
        self,
        *,
        name: str,
        author: str,
        subject: str,
        text: str = "",
        html: str = "",
        charset: str = "utf-8",
        to: str = "",
        cc: str = "",
        files: Iterable[Attached] = (),
        extra: Iterable[tuple[str, str]] = (),
        message_id: str = "",
        logo: bool = False,
        nested: EmailMessage | None = None,
    ) -> EmailMessage:
        """A mail as an ordinary client writes it, without any line of a relay."""
        mail = EmailMessage(policy=policy.SMTP)
        local, _, domain = author.partition("@")
        mail["From"] = Address(name, local, domain)
        mail["To"] = to or self.desk
        if cc:
            mail["Cc"] = cc
        mail["Subject"] = subject
        mail["Date"] = format_datetime((self.now - timedelta(seconds=40)).astimezone(PARIS))
        mail["Message-ID"] = message_id or self.identifier(domain)
        for header, value in extra:
            mail[header] = value
        _fill(mail, text, html, charset)
        if logo:
            mail.add_related(
                texts.LOGO, "image", "png", cid="<image001.png@01DA0000>", filename="image001.png", disposition="inline"
            )
        for file_name, kind, data in files:
            main, _, sub = kind.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=file_name)
        if nested is not None:
            mail.add_attachment(nested)
        return mail

    def send(
        self,
        letter: EmailMessage | bytes,
        *,
        key: str,
        verdict: str,
        author: str,
        message_id: str = "",
        proof: str = "pass",
        null: bool = False,
        files: Iterable[Attached] = (),
        above: str = "",
        about: str = "",
        outside: tuple[str, ...] = (),
        inside: tuple[tuple[str, str], ...] = (),
        folder: str = "INBOX",
        age: timedelta = timedelta(0),
        private: tuple[str, ...] = (),
    ) -> Mail:
        """The delivery of a letter. `proof`: what our provider says of its author (pass, fail, or "" for nothing);
        `null`: with the null return path; `above`: header lines that a filter on the way added."""
        raw = letter if isinstance(letter, bytes) else letter.as_bytes()
        identifier = message_id or ("" if isinstance(letter, bytes) else str(letter["Message-ID"]))
        trace, carried = self._carried(raw, _stamp(proof, author) + above, "relais.courriel.example", age)
        return Mail(
            key=key,
            trace=trace,
            letter=raw,
            raw=carried,
            verdict=verdict,
            author=author,
            message_id=identifier,
            envelope="" if null else author,
            files=tuple(File(name=n, sha256=hashlib.sha256(d).hexdigest()) for n, _, d in files),
            about=about,
            outside=outside,
            inside=inside,
            folder=folder,
            age=age,
            proven=proof == "pass",
            private=private,
        )

    def again(self, mail: Mail, key: str) -> Mail:
        """The same mail delivered a second time, by another relay."""
        trace, raw = self._carried(mail.letter, "", "secours.relais.example", timedelta(0))
        return replace(
            mail, key=key, trace=trace, raw=raw, verdict="duplicate", about="", outside=(), inside=(), files=(),
            folder="INBOX", envelope=f"retour-{trace}@relais.example",
        )  # fmt: skip

    def _carried(self, letter: bytes, stamp: str, host: str, age: timedelta) -> tuple[str, bytes]:
        """(trace, bytes): the relay's Received line and, above it, what our provider stamped."""
        trace = self._token()
        when = format_datetime((self.now - age).astimezone(PARIS))
        received = (
            f"Received: from {host} ({host} [192.0.2.{self.written % 250 + 1}])\r\n"
            f"\tby {OURS} (Postfix) with ESMTPS id {trace}\r\n\tfor <{self.desk}>; {when}\r\n"
        )
        return trace, (stamp + received).encode("ascii") + letter


def _stamp(proof: str, author: str) -> str:
    """The topmost Authentication-Results (RFC 8601) that our provider writes."""
    domain = author.partition("@")[2]
    if not proof:
        return ""
    dkim = f" dkim={proof} header.d={domain};" if proof == "pass" else ""
    words = f"spf={proof} smtp.mailfrom={domain};{dkim} dmarc={proof} header.from={domain}"
    return f"Authentication-Results: {OURS};\r\n\t{words}\r\n"


def _fill(mail: EmailMessage, text: str, html: str, charset: str) -> None:
    cte = "8bit" if charset == "utf-8" else "quoted-printable"
    if text:
        mail.set_content(text, charset=charset, cte=cte)
    if text and html:
        mail.add_alternative(html, subtype="html", charset=charset)
    elif html:
        mail.set_content(html, subtype="html", charset=charset, cte="quoted-printable")
