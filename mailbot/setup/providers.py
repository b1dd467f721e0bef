"""Where the common providers keep their servers; known by address or by the domain's MX.

Read in November 2026: Infomaniak and IONOS (reception) on their own help; Microsoft and OVHcloud in others' guides. The rest,
and every ending of an MX, is common knowledge not yet compared with the provider's page. A wrong one fails when tried.
"""

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
    """The servers of one mailbox. `oauth`: the provider that gives tokens for it; `hint`: said with the question."""

    name: str
    imap: Server
    smtp: Server
    user: str = ""  # "" = the address
    oauth: Literal["", "microsoft", "google"] = ""
    by_password: bool = True  # whether a password opens it as well
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Provider:
    found: Found
    domains: tuple[str, ...]
    mx: tuple[str, ...]  # endings of the names of its MX
    called: tuple[str, ...]  # beginnings of what people call it, in lower case


def _tls(host: str, port: int) -> Server:
    return Server(host=host, port=port, security="tls")


PROVIDERS = (
    # to compare with learn.microsoft.com; two guides read agree
    Provider(
        found=Found(
            name="Microsoft 365",
            imap=_tls("outlook.office365.com", 993),
            smtp=Server(host="smtp.office365.com", port=587, security="starttls"),
            oauth="microsoft",
            by_password=False,
        ),
        domains=(),
        mx=(".mail.protection.outlook.com", ".mx.microsoft"),
        called=("microsoft", "office", "outlook", "exchange online"),
    ),
    # to compare with support.google.com/mail
    Provider(
        found=Found(name="Google", imap=_tls("imap.gmail.com", 993), smtp=_tls("smtp.gmail.com", 465), oauth="google"),
        domains=("gmail.com", "googlemail.com"),
        mx=(".google.com", ".googlemail.com"),
        called=("google", "gmail", "workspace"),
    ),
    # MX Plan; to compare with help.ovhcloud.com; one guide read agrees
    Provider(
        found=Found(name="OVHcloud", imap=_tls("ssl0.ovh.net", 993), smtp=_tls("ssl0.ovh.net", 465)),
        domains=(),
        mx=("mx0.mail.ovh.net", "mx1.mail.ovh.net", "mx2.mail.ovh.net", "mx3.mail.ovh.net", "mx4.mail.ovh.net"),
        called=("ovh",),
    ),
    # read on infomaniak.com/en/support, « protocols and ports »
    Provider(
        found=Found(name="Infomaniak", imap=_tls("mail.infomaniak.com", 993), smtp=_tls("mail.infomaniak.com", 465)),
        domains=("ik.me", "etik.com", "ikmail.com"),
        mx=(".infomaniak.ch", ".infomaniak.com"),
        called=("infomaniak",),
    ),
    # the server is on docs.gandi.net/gandimail; its ports are to compare
    Provider(
        found=Found(name="Gandi", imap=_tls("mail.gandi.net", 993), smtp=_tls("mail.gandi.net", 465)),
        domains=(),
        mx=(".mail.gandi.net",),
        called=("gandi",),
    ),
    # reception read on ionos.fr/assistance, « serveur entrant »; sending and ports to compare
    Provider(
        found=Found(name="IONOS", imap=_tls("imap.ionos.fr", 993), smtp=_tls("smtp.ionos.fr", 465)),
        domains=(),
        mx=(".ionos.fr", ".ionos.com", ".1and1.fr"),
        called=("ionos", "1and1", "1&1"),
    ),
    # to compare with assistance.orange.fr
    Provider(
        found=Found(name="Orange", imap=_tls("imap.orange.fr", 993), smtp=_tls("smtp.orange.fr", 465)),
        domains=("orange.fr", "wanadoo.fr"),
        mx=(),
        called=("orange", "wanadoo"),
    ),
    # to compare with assistance.free.fr
    Provider(
        found=Found(
            name="Free",
            imap=_tls("imap.free.fr", 993),
            smtp=_tls("smtp.free.fr", 465),
            hint="Chez Free, l’envoi authentifié s’active d’abord dans l’espace abonné.",
        ),
        domains=("free.fr",),
        mx=(),
        called=("free",),
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


def by_name(said: str) -> Found | None:
    """What a person calls it: « Office 365 », « ovh »."""
    word = said.strip().lower()
    return next((p.found for p in PROVIDERS if word.startswith(p.called)), None)


def by_server(server: Server) -> Found | None:
    """Servers that somebody else named, and that are those of a provider who gives tokens."""
    return next((p.found for p in PROVIDERS if p.found.oauth and p.found.imap.host == server.host.lower()), None)
