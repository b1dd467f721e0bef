"""What happens around the desk: delivery, somebody else's telephone on the same mailbox, and looking at every mailbox afterwards."""

from __future__ import annotations

import imaplib
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from html import unescape

from audit import Accepted
from servers.mail import MailServer

from scenes.post import Ack, Mail

FOLDERS = ("INBOX", "Junk", "Sent", "Trash", "Trait&AOk-s")
NUMBER = re.compile(r"\b[A-Z]{2,8}-20[0-9]{2}-[0-9]{4}\b")


def deliver(server: MailServer, desk: str, mails: Iterable[Mail]) -> None:
    """Each mail in turn: as a server hands it over, or appended where it lies in another folder or came long ago."""
    for mail in mails:
        if mail.folder == "INBOX" and not mail.age:
            server.deliver(mail.raw, desk, sender=mail.envelope)
        else:
            server.put(mail.raw, desk, mail.folder, datetime.now(UTC) - mail.age)


class Telephone:
    """Another client on the desk's mailbox: from `with` to its end it marks every second mail of INBOX as read."""

    def __init__(self, server: MailServer, desk: str) -> None:
        self.server, self.desk = server, desk
        self.marked: set[int] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._mark, daemon=True)

    def __enter__(self) -> Telephone:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)

    def _mark(self) -> None:
        with self.server.imap(self.desk) as client:
            last = False
            while not last:
                last = self._end.wait(0.02)
                client.select("INBOX")
                new = [u for u in _uids(client, "UNSEEN") if u % 2 == 0]
                for uid in new:
                    client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")
                self.marked |= set(new)


def _uids(client: imaplib.IMAP4, *criteria: str) -> list[int]:
    _, data = client.uid("SEARCH", *criteria)
    return [int(u) for u in (data[0] or b"").split()]


def remove(server: MailServer, desk: str, trace: str) -> tuple[str, int]:
    """Somebody deletes a mail for good, wherever it lies. Returns (folder, UID)."""
    with server.imap(desk) as client:
        for folder in FOLDERS:
            client.select(f'"{folder}"')
            for uid in _uids(client, "HEADER", "Received", trace):
                client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Deleted)")
                client.uid("EXPUNGE", str(uid))
                return folder, uid
    raise LookupError(trace)


def look(server: MailServer, user: str) -> tuple[dict[str, dict[int, bytes]], set[bytes]]:
    """(folder → UID → bytes, the bytes of the mails that are marked as read)."""
    held: dict[str, dict[int, bytes]] = {}
    read: set[bytes] = set()
    with server.imap(user) as client:
        for folder in FOLDERS:
            kind, count = client.select(f'"{folder}"', readonly=True)
            if kind != "OK" or count == [b"0"]:
                held[folder] = {}
                continue
            _, data = client.uid("FETCH", "1:*", "(UID FLAGS BODY.PEEK[])")
            items = [item for item in data if isinstance(item, tuple)]
            held[folder] = {int(re.findall(rb"UID ([0-9]+)", head)[0]): raw for head, raw in items}
            read |= {raw for head, raw in items if b"\\Seen" in head}
    return held, read


def mailboxes(server: MailServer) -> set[str]:
    """Every address at which anything was ever delivered or anybody logged in."""
    return {path.name for path in (server.dovecot.root / "mail").iterdir() if path.is_dir()}


def received(server: MailServer, addresses: Iterable[str]) -> list[Accepted]:
    """All the mail in these mailboxes."""
    return [Accepted(to=address, raw=raw) for address in sorted(addresses) for raw in server.mails(address)]


# -- reading letters -------------------------------------------------------------------------------------------------------


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def file_bytes(part: Message) -> bytes:
    """The bytes of an attachment; of a nested mail, as it is written."""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else part.as_bytes()


def words(raw: bytes) -> str:
    """What the plain text part says."""
    part = parsed(raw).get_body(("plain",))
    return str(part.get_content()) if part else ""


def html_words(raw: bytes) -> str:
    part = parsed(raw).get_body(("html",))
    return unescape(re.sub(r"<[^>]{0,2000}>", " ", str(part.get_content()))) if part else ""


def ack_of(accepted: Accepted) -> Ack:
    """The AR, with the one number that its subject names."""
    subject = str(parsed(accepted.raw)["Subject"])
    found = NUMBER.findall(subject)
    assert len(found) == 1, subject
    return Ack(number=found[0], message_id=accepted.message_id, subject=subject, raw=accepted.raw)


def acks_of(complaints: Mapping[str, Mail], letters: Iterable[Accepted]) -> dict[str, Ack]:
    """The AR of each complaint: the only letter that its complainant has at this point."""
    by_reader: dict[str, list[Accepted]] = {}
    for letter in letters:
        by_reader.setdefault(letter.to, []).append(letter)
    found = {key: by_reader.get(mail.outside[0], []) for key, mail in complaints.items()}
    assert {key: len(own) for key, own in found.items() if len(own) != 1} == {}, "letters a complainant got"
    return {key: ack_of(own[0]) for key, own in found.items()}
