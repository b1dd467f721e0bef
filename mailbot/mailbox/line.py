"""One IMAP connection, opened our way: certificate always checked, TLS never optional when asked for, IDLE that notices death."""

from __future__ import annotations

import contextlib
import imaplib
import select
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from imap_tools import BaseMailBox, MailboxLoginError
from imap_tools.utils import encode_folder

from mailbot.config import Mailbox as Settings
from mailbot.mailbox.trouble import Down, refused_login

Token = Callable[[str], str]  # a token; given one that was refused, another
SLICE = 5.0  # seconds between two looks at `stop`


class Line(BaseMailBox):
    """imap_tools' connection with its known traps closed. Raises Down, or what imaplib, ssl and the socket raise."""

    client: imaplib.IMAP4

    def __init__(self, settings: Settings, timeout: float) -> None:
        """Opens the connection, without logging in. `timeout`: seconds that the server may stay silent."""
        self._settings = settings
        self._timeout = timeout
        self._idle_refused = False
        super().__init__()

    # -- opening ----------------------------------------------------------------------------------------------------

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        host, port, timeout = self._settings.host, self._settings.port, self._timeout
        if self._settings.security == "none":
            return imaplib.IMAP4(host, port, timeout=timeout)
        context = self._tls()
        if self._settings.security == "tls":
            return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=timeout)
        client = imaplib.IMAP4(host, port, timeout=timeout)
        try:
            self._encrypt(client, context)
        except BaseException:
            with contextlib.suppress(OSError):
                client.shutdown()
            raise
        return client

    def _encrypt(self, client: imaplib.IMAP4, context: ssl.SSLContext) -> None:
        if "STARTTLS" not in client.capabilities:
            reason = f"Le serveur IMAP {self._settings.host}:{self._settings.port} ne propose pas STARTTLS"
            raise Down(reason, 'Choisissez mailbox.security = "tls", avec le port 993 en général.', permanent=True)
        client.starttls(context)

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError:
            reason = f"Le fichier d’autorité {self._settings.ca_file} ne peut pas être lu"
            raise Down(reason, "Corrigez mailbox.ca_file : un certificat au format PEM.", permanent=True) from None

    def log_in(self, token: Token | None = None) -> None:
        """With a token where there is one, else the settings' password, never in clear unless they say so."""
        try:
            self._by_token(token) if token else self._by_password()
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, MailboxLoginError) as error:
            raise refused_login(error, self._settings, by_token=token is not None) from None
        self.client._get_capabilities()  # type: ignore[attr-defined]  # those before login hide MOVE (reliability L12)

    def _by_token(self, token: Token) -> None:
        """XOAUTH2. A token that the server took yesterday may have been withdrawn: once, another is asked for."""
        user, first = self._settings.user or self._settings.address, token("")
        try:
            self._xoauth2(user, first)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            second = token(first)
            if second == first:
                raise
            self._xoauth2(user, second)

    def _xoauth2(self, user: str, token: str) -> None:
        """Not imap_tools' own: to the server's reasons it answers with the token again, where an empty line is due."""
        said = [f"user={user}\1auth=Bearer {token}\1\1".encode()]
        self.client.authenticate("XOAUTH2", lambda _: said.pop() if said else b"")

    def _by_password(self) -> None:
        settings, capabilities = self._settings, self.client.capabilities
        user, password = settings.user or settings.address, settings.password.get_secret_value()
        disabled = "LOGINDISABLED" in capabilities
        if disabled and settings.security == "none":
            reason = f"Le serveur IMAP {settings.host} n’accepte de mot de passe que sur une connexion chiffrée"
            raise Down(reason, 'Choisissez mailbox.security = "tls" ou "starttls".', permanent=True)
        plain = (user + password).isascii() and (user + password).isprintable() and not disabled
        (self.login if plain else self.login_utf8)(user, password, initial_folder=None)

    # -- what the server told us unasked ----------------------------------------------------------------------------

    def told(self, name: str) -> int | None:
        """The last number that came with an untagged response (EXISTS, UIDVALIDITY…); None when there was none."""
        numbers = self.client.untagged_responses.get(name)
        return int(numbers[-1]) if numbers else None  # type: ignore[arg-type]

    def news(self) -> bool:
        """Whether the server announced mail since `hush`."""
        return self.told("EXISTS") is not None or bool(self.told("RECENT"))

    def hush(self) -> None:
        """Forgets what was announced."""
        self.client.untagged_responses.pop("EXISTS", None)
        self.client.untagged_responses.pop("RECENT", None)

    # -- IDLE (RFC 2177) --------------------------------------------------------------------------------------------

    @property
    def idles(self) -> bool:
        return "IDLE" in self.client.capabilities and not self._idle_refused

    def idle_until(self, deadline: float, stop: threading.Event) -> None:
        """Returns at the first news, at `deadline` (monotonic), or when `stop` is set.

        imap_tools' own IDLE turns without end on a dead connection and misses lines (reliability L13).
        """
        client: Any = self.client
        tag = client._command("IDLE")
        while client._get_response() is not None:  # news may come before the "+"
            client._check_bye()
            if client.tagged_commands[tag]:
                del client.tagged_commands[tag]
                self._idle_refused = True
                return
        self._listen(deadline, lambda: stop.is_set() or self.news() or bool(client.tagged_commands[tag]))
        if not client.tagged_commands[tag]:
            client.send(b"DONE\r\n")
        client._get_tagged_response(tag)

    def _listen(self, deadline: float, enough: Callable[[], bool]) -> None:
        client: Any = self.client
        while not enough() and (left := deadline - time.monotonic()) > 0:
            if self._heard(min(left, SLICE)):
                client._get_response()  # a whole line: its rest may take until the time limit
                client._check_bye()

    def _heard(self, seconds: float) -> bool:
        """Whether there is something to read, the end of the connection included."""
        # what is buffered already, or decrypted, never wakes poll()
        if self._peek():
            return True
        ear = select.poll()
        ear.register(self.client.sock, select.POLLIN)
        return bool(ear.poll(seconds * 1000)) and self._peek() is not None

    def _peek(self) -> bytes | None:
        """What can be read without waiting; b"" is nothing or the end, None is half a TLS record."""
        client: Any = self.client
        buffered = client._file if hasattr(client, "_file") else client.file  # renamed in Python 3.13.1
        client.sock.settimeout(0)
        try:
            return bytes(buffered.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            client.sock.settimeout(self._timeout)


def wire(folder: str) -> str:
    """A folder's name as it goes over the line: modified UTF-7 (RFC 3501 §5.1.3), quoted."""
    return encode_folder(folder).decode("ascii")
