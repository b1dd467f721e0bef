"""SMTP: claim, send, settle. One recipient a letter; a connection is never reused after an error (design invariant 5)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

import aiosmtplib

from mailbot import failpoints
from mailbot.config import Smtp
from mailbot.oauth.no_token import NoToken
from mailbot.store.post import Claimed

Token = Callable[[str], str]  # a token; given one that was refused, another
COMMAND_SECONDS = 300.0  # RFC 5321 §4.5.3.2
AFTER_DOT_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6
DOT = re.compile(rb"\.(?<=\n\.)")  # from dot to dot: of a line’s beginning there are thousands in a file
_QUEUED = re.compile(r"(?:queued as |\bid=)([A-Za-z0-9.-]{4,40})", re.ASCII | re.IGNORECASE)


class RoadClosed(Exception):
    """Nothing can leave at the moment, whatever the letter: server down, TLS, account. str() says why, in French."""

    def __init__(self, reason: str, advice: str, *, ours: bool) -> None:
        super().__init__(reason)
        self.advice = advice
        self.ours = ours  # our account or settings are at fault: waiting alone will not mend it


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How an attempt ended: sent | later | refused | uncertain, with the server's words."""

    outcome: str
    words: str

    @property
    def queue_id(self) -> str:
        found = _QUEUED.search(self.words[:500])
        return found[1] if found and self.outcome == "sent" else ""


class Road:
    """A connection to the sending server; `user` "" = it asks for none; `token` gives what stands for the password, and
    another in place of one that was refused.

    `await open()`, then `announce` and `hand_over` each letter, `close()` or `await quit()` at the end.
    """

    def __init__(
        self,
        settings: Smtp,
        *,
        user: str,
        sender: str,
        token: Token | None = None,
        command_seconds: float = COMMAND_SECONDS,
        after_dot_seconds: float = AFTER_DOT_SECONDS,
    ) -> None:
        self.settings = settings
        self.user = user
        self.sender = sender
        self.token = token
        self._given = ""  # the token last shown to the server
        self.command_seconds = command_seconds
        self.after_dot_seconds = after_dot_seconds
        self.client: aiosmtplib.SMTP | None = None

    def another(self) -> Road:
        """One more to the same server, not yet open."""
        return Road(
            self.settings,
            user=self.user,
            sender=self.sender,
            token=self.token,
            command_seconds=self.command_seconds,
            after_dot_seconds=self.after_dot_seconds,
        )

    async def open(self) -> None:
        """Connects, encrypts, logs in. Raises RoadClosed; never a password in clear over a network (config forbids it)."""
        if self.client and self.client.is_connected:
            return
        try:
            await self._connect("")
        except NoToken as error:
            self.close()
            raise RoadClosed(str(error), error.advice, ours=error.permanent) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise self._closed(error) from None

    async def _connect(self, refused: str) -> None:
        """A token that the server took yesterday may have been withdrawn: once, another is asked for."""
        if self.token:
            self._given = await asyncio.to_thread(self.token, refused)
        self.client = self._client()
        try:
            await self.client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            if refused or not self.token:
                raise
            self.close()
            await self._connect(self._given)

    async def _token_given(self) -> str:
        return self._given

    def _client(self) -> aiosmtplib.SMTP:
        s = self.settings
        return aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            use_tls=s.security == "tls",
            start_tls=s.security == "starttls",
            tls_context=None if s.security == "none" else self._tls(),
            timeout=min(self.command_seconds, 60.0),
            username=self.user or None,
            password=s.password.get_secret_value() if self.user and not self.token else None,
            oauth_token_generator=self._token_given if self.token else None,
        )

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.settings.ca_file)
        except OSError:
            reason = f"le fichier d’autorité {self.settings.ca_file} ne peut pas être lu"
            raise RoadClosed(reason, "corrigez smtp.ca_file : un certificat au format PEM", ours=True) from None

    def close(self) -> None:
        """Drops the connection at once; never waits."""
        if self.client is not None:
            self.client.close()
            self.client = None

    async def quit(self) -> None:
        """A polite end; errors no longer matter."""
        if self.client is not None:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self.client.quit(timeout=5)
            self.close()

    async def announce(self, letter: Claimed) -> Answer | None:
        """MAIL and RCPT; None when the letter may be handed over. Raises RoadClosed on a refusal that is our fault."""
        assert self.client is not None
        try:
            await self.client.mail(self.sender, timeout=self.command_seconds)
        except aiosmtplib.SMTPSenderRefused as error:
            return self._sender_refused(error)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return self._broken(error)
        failpoints.hit("S04")
        try:
            await self.client.rcpt(letter.envelope_to, timeout=self.command_seconds)
        except aiosmtplib.SMTPRecipientRefused as error:
            return self._answered(error.code, error.message)
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            self.close()
            return Answer(outcome="refused", words=f"adresse que le serveur ne sait pas joindre : {self._told(error)}")
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._broken(error)
        return None

    async def hand_over(self, letter: Claimed) -> Answer:
        """DATA; call only after « DATA begun » was committed. No answer after the dot: uncertain."""
        assert self.client is not None
        try:
            begun = await self.client.execute_command(b"DATA", timeout=self.command_seconds)
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._broken(error)
        if begun.code != aiosmtplib.SMTPStatus.start_input:
            return self._answered(begun.code, begun.message)
        return await self._pour(letter.raw)

    async def _pour(self, raw: bytes) -> Answer:
        """The text and its dot. Not aiosmtplib's data(): it does not tell whether the text was asked for (reliability L14)."""
        line = self.client.protocol if self.client else None
        try:
            if line is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            for piece in _stuffed(raw):
                line.write(piece)
            response = await line.read_response(timeout=self.after_dot_seconds)
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._uncertain(error)
        if 200 <= response.code < 300:
            return Answer(outcome="sent", words=self._said(response.code, response.message))
        if 400 <= response.code < 600:
            return self._answered(response.code, response.message)
        return self._uncertain(aiosmtplib.SMTPDataError(response.code, response.message))

    def _sender_refused(self, error: aiosmtplib.SMTPSenderRefused) -> Answer:
        self.close()
        words = self._said(error.code, error.message)
        if error.code == 552:
            return Answer(outcome="refused", words=words)
        if _for_good(error.code):
            advice = "vérifiez que le compte SMTP a le droit d’écrire au nom de mailbox.address"
            raise RoadClosed(f"le serveur refuse notre expéditeur : {words[:300]}", advice, ours=True) from None
        return Answer(outcome="later", words=words)

    def _answered(self, code: int, message: str) -> Answer:
        """A no, or nonsense, to one letter; a connection is never reused after an error."""
        self.close()
        return Answer(outcome="refused" if _for_good(code) else "later", words=self._said(code, message))

    def _broken(self, error: Exception) -> Answer:
        self.close()
        return Answer(outcome="later", words=f"connexion perdue avant l’envoi : {self._told(error)}")

    def _uncertain(self, error: Exception) -> Answer:
        self.close()
        return Answer(outcome="uncertain", words=f"pas de réponse claire après l’envoi : {self._told(error)}")

    # -- the server's words -----------------------------------------------------------------------------------------

    def _said(self, code: int, message: str) -> str:
        return f"{code} {self._harmless(message)}".strip()[:1000]

    def _told(self, error: Exception) -> str:
        return f"{type(error).__name__} {self._harmless(str(error))}".strip()[:300]

    def _harmless(self, words: str) -> str:
        """One line that the register and a terminal can take; nothing when a server repeats our password."""
        password = self._given or self.settings.password.get_secret_value()
        if password and any(secret in words for secret in _shapes(self.user, password)):
            return "(réponse tue : elle contenait le mot de passe)"
        readable = words[:2000].encode("utf-8", "replace").decode()
        return " ".join("".join(c if c.isprintable() else " " for c in readable).split())

    def _closed(self, error: Exception) -> RoadClosed:
        words = self._told(error)[:300]
        if isinstance(error, ssl.SSLCertVerificationError) or "certificate verify failed" in str(error).lower():
            advice = "le certificat du serveur SMTP est périmé ou inconnu : corrigez-le, ou indiquez smtp.ca_file"
            return RoadClosed(f"certificat SMTP refusé : {words}", advice, ours=True)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return self._turned_away(error)
        if type(error) is aiosmtplib.SMTPException:  # what we demand is not on offer: STARTTLS, a way to log in
            advice = "vérifiez smtp.security, smtp.port et smtp.user (« - » quand le serveur ne demande pas de compte)"
            return RoadClosed(f"le serveur SMTP n’offre pas ce qu’il faut : {words}", advice, ours=True)
        advice = "vérifiez smtp.host, smtp.port et smtp.security, et que le serveur répond"
        return RoadClosed(f"serveur SMTP injoignable : {words}", advice, ours=False)

    def _turned_away(self, error: aiosmtplib.SMTPResponseException) -> RoadClosed:
        words = self._said(error.code, error.message)[:300]
        if not _for_good(error.code):
            return RoadClosed(f"connexion SMTP remise à plus tard : {words}", "", ours=False)
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            advice = "vérifiez smtp.user et le mot de passe (secret smtp.password)"
            if self.token:
                advice = (
                    "vérifiez que l’envoi SMTP est permis à ce compte et à l’application, ou relancez « mailbot login »"
                )
            return RoadClosed(f"identifiants SMTP refusés : {words}", advice, ours=True)
        return RoadClosed(f"le serveur SMTP nous refuse : {words}", "vérifiez smtp.*", ours=True)


def _stuffed(raw: bytes) -> tuple[bytes, bytes]:
    """The text as DATA wants it, and its end (RFC 5321 §4.5.2); the text is copied only where a line begins with a dot."""
    dotted = DOT.sub(b"..", raw)
    return b"." + dotted if raw.startswith(b".") else dotted, b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"


def _for_good(code: int) -> bool:
    return 500 <= code < 600


def _shapes(user: str, password: str) -> tuple[str, ...]:
    """The password as it may come back: in clear, or as AUTH LOGIN and AUTH PLAIN wrote it."""
    plain = f"\0{user}\0{password}".encode()
    return (password, b64encode(password.encode()).decode(), b64encode(plain).decode())
