"""Where the common providers keep their servers, as each one's public help says; known by address or by the domain's MX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, kw_only=True)
class Server:
    host: str
    port: int
    security: Security


@dataclass(frozen=True, kw_only=True)
class Found:
    """The servers of one mailbox. `oauth`: the provider whose token replaces the password; `hint`: said with the question."""

    name: str
    imap: Server
    smtp: Server
    user: str = ""  # "" = the address
    oauth: Literal["", "microsoft"] = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Provider:
    found: Found
    domains: tuple[str, ...]
    mx: tuple[str, ...]  # endings of the names of its MX


def _tls(host: str, port: int) -> Server:
    return Server(host=host, port=port, security="tls")


_APP = (
    "Google et Microsoft demandent souvent un « mot de passe d’application », créé dans la page de sécurité du compte."
)
PROVIDERS = (
    # learn.microsoft.com, « POP, IMAP, and SMTP settings for Outlook » and « Authenticate … using OAuth »
    Provider(
        found=Found(
            name="Microsoft 365",
            imap=_tls("outlook.office365.com", 993),
            smtp=Server(host="smtp.office365.com", port=587, security="starttls"),
            oauth="microsoft",
        ),
        domains=(),
        mx=(".mail.protection.outlook.com", ".mx.microsoft"),
    ),
    # support.google.com/mail/answer/7126229 (servers), /accounts/answer/185833 (application passwords)
    Provider(
        found=Found(name="Google", imap=_tls("imap.gmail.com", 993), smtp=_tls("smtp.gmail.com", 465), hint=_APP),
        domains=("gmail.com", "googlemail.com"),
        mx=(".google.com", ".googlemail.com"),
    ),
    # help.ovhcloud.com, « Configurer une adresse e-mail sur un logiciel » (MX Plan): ssl0.ovh.net, 993 and 465
    Provider(
        found=Found(name="OVHcloud", imap=_tls("ssl0.ovh.net", 993), smtp=_tls("ssl0.ovh.net", 465)),
        domains=(),
        mx=("mx0.mail.ovh.net", "mx1.mail.ovh.net", "mx2.mail.ovh.net", "mx3.mail.ovh.net", "mx4.mail.ovh.net"),
    ),
    # infomaniak.com/fr/support, « ports et protocoles »: mail.infomaniak.com, 993 and 465
    Provider(
        found=Found(name="Infomaniak", imap=_tls("mail.infomaniak.com", 993), smtp=_tls("mail.infomaniak.com", 465)),
        domains=("ik.me", "etik.com", "ikmail.com"),
        mx=(".infomaniak.ch", ".infomaniak.com"),
    ),
    # docs.gandi.net/fr/gandimail, « paramètres standards »: mail.gandi.net, 993 and 465
    Provider(
        found=Found(name="Gandi", imap=_tls("mail.gandi.net", 993), smtp=_tls("mail.gandi.net", 465)),
        domains=(),
        mx=(".mail.gandi.net",),
    ),
    # ionos.fr/assistance, « serveur entrant » and « serveur sortant »: imap.ionos.fr, smtp.ionos.fr
    Provider(
        found=Found(name="IONOS", imap=_tls("imap.ionos.fr", 993), smtp=_tls("smtp.ionos.fr", 465)),
        domains=(),
        mx=(".ionos.fr", ".ionos.com", ".1and1.fr"),
    ),
    # assistance.orange.fr, « les serveurs de messagerie »: imap.orange.fr, smtp.orange.fr
    Provider(
        found=Found(name="Orange", imap=_tls("imap.orange.fr", 993), smtp=_tls("smtp.orange.fr", 465)),
        domains=("orange.fr", "wanadoo.fr"),
        mx=(),
    ),
    # assistance.free.fr, « configurer votre logiciel de messagerie »: imap.free.fr, smtp.free.fr
    Provider(
        found=Found(
            name="Free",
            imap=_tls("imap.free.fr", 993),
            smtp=_tls("smtp.free.fr", 465),
            hint="Chez Free, l’envoi authentifié s’active d’abord dans l’espace abonné.",
        ),
        domains=("free.fr",),
        mx=(),
    ),
)


def by_domain(domain: str) -> Found | None:
    return next((p.found for p in PROVIDERS if domain.lower() in p.domains), None)


def by_mx(exchangers: tuple[str, ...]) -> Found | None:
    """`exchangers`: names of the MX, most wanted first."""
    for name in exchangers:
        dotted = f".{name.lower().rstrip('.')}"
        for provider in PROVIDERS:
            if any(dotted.endswith(end if end.startswith(".") else f".{end}") for end in provider.mx):
                return provider.found
    return None
