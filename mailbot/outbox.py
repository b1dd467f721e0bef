"""SMTP: claim, send, settle. One recipient a letter; a connection is never reused after an error (design invariant 5)."""

from __future__ import annotations

import contextlib
import re
import ssl
from dataclasses import dataclass

import aiosmtplib

from mailbot.config import Smtp
from mailbot.store.post import Claimed

COMMAND_SECONDS = 300.0  # RFC 5321 §4.5.3.2
AFTER_DOT_SECONDS = 600.0  # RFC 5321 §4.5.3.2.6
_QUEUED = re.compile(r"queued as ([A-Za-z0-9.-]{4,40})", re.ASCII)


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
    """A connection to the sending server; `user` "" = it asks for none.

    `await open()`, then `announce` and `hand_over` each letter, `close()` or `await quit()` at the end.
    """

    def __init__(
        self,
        settings: Smtp,
        *,
        user: str,
        sender: str,
        command_seconds: float = COMMAND_SECONDS,
        after_dot_seconds: float = AFTER_DOT_SECONDS,
    ) -> None:
        self.settings = settings
        self.user = user
        self.sender = sender
        self.command_seconds = command_seconds
        self.after_dot_seconds = after_dot_seconds
        self.client: aiosmtplib.SMTP | None = None

    async def open(self) -> None:
        """Connects, encrypts, logs in. Raises RoadClosed; never a password in clear over a network (config forbids it)."""
        if self.client and self.client.is_connected:
            return
        s = self.settings
        self.client = aiosmtplib.SMTP(
            hostname=s.host,
            port=s.port,
            use_tls=s.security == "tls",
            start_tls=s.security == "starttls",
            tls_context=ssl.create_default_context(cafile=str(s.ca_file) if s.ca_file else None),
            timeout=min(self.command_seconds, 60.0),
            username=self.user or None,
            password=s.password.get_secret_value() if self.user else None,
        )
        try:
            await self.client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            self.close()
            raise _road_closed(error) from None

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
        try:
            await self.client.rcpt(letter.envelope_to, timeout=self.command_seconds)
        except aiosmtplib.SMTPRecipientRefused as error:
            return await self._answered(error.code, error.message)
        except (aiosmtplib.SMTPNotSupported, ValueError, UnicodeError) as error:
            self.close()
            return Answer(outcome="refused", words=f"adresse que le serveur ne sait pas joindre : {error}")
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._broken(error)
        return None

    async def hand_over(self, letter: Claimed) -> Answer:
        """DATA; call only after « DATA begun » was committed. No answer after the dot: uncertain."""
        assert self.client is not None
        try:
            response = await self.client.data(letter.raw, timeout=self.after_dot_seconds)
        except aiosmtplib.SMTPDataError as error:
            if 400 <= error.code < 600:
                return await self._answered(error.code, error.message)
            return self._uncertain(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return self._uncertain(error)
        return Answer(outcome="sent", words=f"{response.code} {response.message}"[:1000])

    def _sender_refused(self, error: aiosmtplib.SMTPSenderRefused) -> Answer:
        self.close()
        words = f"{error.code} {error.message}"[:1000]
        if error.code == 552:
            return Answer(outcome="refused", words=words)
        if 500 <= error.code < 600:
            advice = "vérifiez que le compte SMTP a le droit d’écrire au nom de mailbox.address"
            raise RoadClosed(f"le serveur refuse notre expéditeur : {words}", advice, ours=True)
        return Answer(outcome="later", words=words)

    async def _answered(self, code: int, message: str) -> Answer:
        words = f"{code} {message}"[:1000]
        if code < 400:  # not an SMTP refusal at all: the server talks nonsense
            self.close()
            return Answer(outcome="later", words=words)
        self.close()  # a connection is never reused after an error
        return Answer(outcome="refused" if code >= 500 else "later", words=words)

    def _broken(self, error: Exception) -> Answer:
        self.close()
        return Answer(outcome="later", words=f"connexion perdue avant l’envoi : {_plain(error)}")

    def _uncertain(self, error: Exception) -> Answer:
        self.close()
        return Answer(outcome="uncertain", words=f"pas de réponse claire après l’envoi : {_plain(error)}")


def _plain(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()[:300]


def _road_closed(error: Exception) -> RoadClosed:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        if 400 <= error.code < 500:
            return RoadClosed(f"connexion SMTP remise à plus tard : {error.code} {error.message}"[:300], "", ours=False)
        advice = "vérifiez smtp.user et le mot de passe (secret smtp.password)"
        return RoadClosed(f"identifiants SMTP refusés : {error.code} {error.message}"[:300], advice, ours=True)
    if isinstance(error, ssl.SSLCertVerificationError) or "certificate" in str(error).lower():
        advice = "le certificat du serveur SMTP est périmé ou inconnu : corrigez-le, ou indiquez smtp.ca_file"
        return RoadClosed(f"certificat SMTP refusé : {_plain(error)}", advice, ours=True)
    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500:
        return RoadClosed(
            f"le serveur SMTP nous refuse : {error.code} {error.message}"[:300], "vérifiez smtp.*", ours=True
        )
    advice = "vérifiez smtp.host, smtp.port et smtp.security, et que le serveur répond"
    return RoadClosed(f"serveur SMTP injoignable : {_plain(error)}", advice, ours=False)
