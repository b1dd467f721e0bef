"""The mail server of the tests: Dovecot and Postfix together, and what a test wants to put in or take out."""

from __future__ import annotations

import imaplib
import itertools
import smtplib
import ssl
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from servers import HOST, PASSWORD
from servers.dovecot import Dovecot
from servers.postfix import Postfix


class MailServer:
    """Any address is a mailbox with the password "secret". One server serves all tests: each takes addresses of its own.

    Folders of a mailbox: INBOX, Junk, Sent, Trash, Drafts (with their special-use flags) and Traités.
    bad@… is refused with 550 at RCPT, grey@… with 450, gone@… is accepted and bounces; `address+anything@…` is delivered to `address@…`.
    """

    host = HOST
    password = PASSWORD

    def __init__(self, introspection: str = "") -> None:
        """`introspection`: see Dovecot; Postfix asks Dovecot, so it takes tokens too."""
        self.dovecot = Dovecot(introspection)
        self.postfix = Postfix(
            lmtp_port=self.dovecot.lmtp_port, auth_port=self.dovecot.auth_port, certificates=self.dovecot.root
        )
        self.imap_port, self.imaps_port = self.dovecot.imap_port, self.dovecot.imaps_port
        self.smtp_port, self.smtps_port = self.postfix.smtp_port, self.postfix.smtps_port
        self.lmtp_port = self.dovecot.lmtp_port
        self.ca_file: Path = self.dovecot.ca_file
        self._domains = itertools.count(1)

    def start(self) -> None:
        self.dovecot.start()
        self.postfix.start()

    def stop(self) -> None:
        self.postfix.stop()
        self.dovecot.stop()

    def remove(self) -> None:
        """Stops both and removes their folders."""
        try:
            self.postfix.remove()
        finally:
            self.dovecot.remove()

    def domain(self) -> str:
        """A mail domain that no other test uses."""
        return f"d{next(self._domains)}.example"

    def deliver(self, raw: bytes, to: str | Iterable[str], *, sender: str = "") -> None:
        """Hands a mail straight to Dovecot (LMTP): it is in the mailboxes when this returns."""
        with smtplib.LMTP(HOST, self.lmtp_port) as line:
            refused = line.sendmail(sender, [to] if isinstance(to, str) else list(to), raw)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def send(self, raw: bytes, to: str | Iterable[str], *, sender: str = "") -> None:
        """Hands a mail to Postfix (SMTP) as any client would; `await_delivery` waits for the rest of its way."""
        with smtplib.SMTP(HOST, self.smtp_port) as line:
            line.sendmail(sender, [to] if isinstance(to, str) else list(to), raw)

    def queue_empty(self) -> bool:
        """Whether Postfix has handed on everything it accepted."""
        return self.postfix.queue_empty()

    def await_delivery(self) -> None:
        """Returns when Postfix's queue is empty. Raises TimeoutError."""
        self.postfix.await_empty()

    def imap(self, user: str) -> imaplib.IMAP4:
        """A connection of somebody else, for `with`: a colleague's telephone, say. No folder is selected."""
        client = imaplib.IMAP4(HOST, self.imap_port, timeout=20)
        client.login(user, PASSWORD)
        return client

    def put(self, raw: bytes, user: str, folder: str = "INBOX", received_at: datetime | None = None) -> int:
        """Appends a mail with that INTERNALDATE. Returns its UID. `folder` as on the wire: "Trait&AOk-s"."""
        with self.imap(user) as client:
            when = imaplib.Time2Internaldate(received_at) if received_at else None
            kind, data = client.append(f'"{folder}"', "", when or "", raw)
            assert kind == "OK", data
            return int(data[0].split(b"]")[0].split()[-1])

    def mails(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails of a folder, oldest first; nothing is marked as read."""
        with self.imap(address) as client:
            kind, data = client.select(f'"{folder}"', readonly=True)
            assert kind == "OK", data
            if data == [b"0"]:
                return []
            _, data = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")
            return [item[1] for item in data if isinstance(item, tuple)]

    def tls(self) -> ssl.SSLContext:
        """A context that trusts this server and no other."""
        return ssl.create_default_context(cafile=str(self.ca_file))
