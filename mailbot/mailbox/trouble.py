"""Down: why the mailbox cannot be read, in French, and what to do about it. Never a password."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl

from imap_tools import UnexpectedCommandStatusError

from mailbot.config import Mailbox as Settings

_FOR_NOW = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA|CORRUPTION)\b")  # RFC 5530
_RETRY = "Rien à faire si cela passe : un nouvel essai a lieu de lui-même."
_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_…, verify(1)
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
_OTHER_NAME = (62, 64)


class Down(Exception):
    """The connection is over. str() says why, `advice` what a human can do, both in French, without any password.

    `permanent`: trying again soon is useless, somebody must change something first. `folder`, and `uid` if one mail
    alone was refused, name what the server did not want to give; "" and None when the whole mailbox is concerned.
    """

    def __init__(
        self, reason: str, advice: str = _RETRY, *, permanent: bool = False, folder: str = "", uid: int | None = None
    ) -> None:
        super().__init__(reason)
        self.advice = advice
        self.permanent = permanent
        self.folder = folder
        self.uid = uid


def explain(error: Exception, settings: Settings) -> Down:
    """What imaplib, imap_tools, ssl or the socket raised, as a Down."""
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, settings)
    if isinstance(error, imaplib.IMAP4.readonly):
        advice = "Donnez à ce compte le droit d’écrire dans la boîte, ou videz mailbox.file_into."
        return Down("La boîte est en lecture seule : rien ne peut y être rangé", advice, permanent=True)
    if isinstance(error, imaplib.IMAP4.abort):
        return Down(f"La connexion au serveur IMAP {where} a été coupée{_quoted(error, settings)}")
    if isinstance(error, OSError):
        return _network(error, where)
    return Down(f"Le serveur IMAP {where} a donné une réponse inattendue{_quoted(error, settings)}")


def refused_login(error: Exception, settings: Settings, *, by_token: bool = False) -> Down:
    """The server said no to the name or the password (or token): for good, unless its answer says that it is only busy."""
    user, words = settings.user or settings.address, _quoted(error, settings)
    if _FOR_NOW.search(words):
        return Down(f"Le serveur IMAP {settings.host} ne peut pas ouvrir la boîte de {user} pour le moment{words}")
    if by_token:
        advice = (
            "Vérifiez que ce compte est celui de la boîte, que l’IMAP y est permis, et les droits de l’application ; "
            "au besoin relancez « mailbot login »."
        )
        return Down(f"Le serveur IMAP {settings.host} refuse le jeton de {user}{words}", advice, permanent=True)
    advice = (
        "Vérifiez mailbox.user et mailbox.password ; chez certains hébergeurs il faut un « mot de passe d’application », "
        "ou autoriser l’accès IMAP pour ce compte."
    )
    reason = f"Le serveur IMAP {settings.host} refuse le nom d’utilisateur ou le mot de passe de {user}{words}"
    return Down(reason, advice, permanent=True)


def _network(error: OSError, where: str) -> Down:
    host = where.rpartition(":")[0]
    if isinstance(error, socket.gaierror):
        advice = "Vérifiez mailbox.host, et que cette machine a accès au réseau et au DNS."
        return Down(f"Le nom du serveur IMAP « {host} » est introuvable", advice)
    if isinstance(error, ConnectionRefusedError):
        advice = "Vérifiez mailbox.host et mailbox.port (993 avec tls, 143 avec starttls)."
        return Down(f"Le serveur IMAP {where} refuse la connexion", advice)
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        advice = "Vérifiez le réseau et mailbox.port ; un nouvel essai a lieu de lui-même."
        return Down(f"Le serveur IMAP {where} ne répond pas", advice)
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"):
        advice = 'Choisissez mailbox.security = "starttls" (port 143 en général), ou le port 993 pour "tls".'
        return Down(f"Le serveur IMAP {where} ne parle pas TLS sur ce port", advice, permanent=True)
    return Down(f"La connexion au serveur IMAP {where} a échoué ({error.strerror or type(error).__name__})")


def _certificate(error: ssl.SSLCertVerificationError, settings: Settings) -> Down:
    host, code = settings.host, error.verify_code
    reason, advice = f"Le certificat du serveur IMAP {host} n’est pas valable ({error.verify_message})", _RETRY
    if code == _EXPIRED:
        reason = f"Le certificat du serveur IMAP {host} est expiré"
        advice = "Demandez à l’hébergeur de le renouveler, et vérifiez la date de cette machine."
    elif code == _NOT_YET:
        reason = f"Le certificat du serveur IMAP {host} n’est pas encore valable"
        advice = "Vérifiez la date et l’heure de cette machine."
    elif code in _UNKNOWN_AUTHORITY:
        reason = f"Le certificat du serveur IMAP {host} est signé par une autorité inconnue (ou par lui-même)"
        advice = "Si ce serveur est bien le vôtre, donnez le certificat de son autorité dans mailbox.ca_file."
    elif code in _OTHER_NAME:
        reason = f"Le certificat présenté n’est pas celui du serveur IMAP {host}"
        advice = "Écrivez dans mailbox.host le nom exact du serveur, tel qu’il figure dans son certificat."
    return Down(reason, advice, permanent=True)


def _quoted(error: Exception, settings: Settings) -> str:
    """The server's own words, one short line; left out entirely if they hold the password."""
    answer = error.command_result[1] if isinstance(error, UnexpectedCommandStatusError) else error.args[:1]
    words = " ".join(_text(word) for word in answer)
    clean = " ".join("".join(c if c.isprintable() else " " for c in words[:1000]).split())[:200]
    password = settings.password.get_secret_value()
    if not clean or (password and password in words):
        return ""
    return f" (réponse : {clean})"


def _text(word: object) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
