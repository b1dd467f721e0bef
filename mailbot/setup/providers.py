"""Where the common providers keep their servers; known by address or by the domain's MX. A wrong one fails when tried.

Each entry says where it was read, in November 2026. `ISPDB` is the table that Thunderbird keeps with the providers.
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
    user: str = ""  # "" = the address; the marks of autoconfig stand for its parts
    oauth: Literal["", "microsoft", "google"] = ""
    by_password: bool = True  # whether a password opens it as well
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Provider:
    found: Found
    domains: tuple[str, ...]
    mx: tuple[str, ...]  # endings of the names of its MX
    called: tuple[str, ...]  # beginnings of what people call it, in lower case
    source: str


def _tls(host: str, port: int) -> Server:
    return Server(host=host, port=port, security="tls")


PROVIDERS = (
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
        source="ISPDB office365.com, MX too; how to sign in: learn.microsoft.com",
    ),
    Provider(
        found=Found(name="Google", imap=_tls("imap.gmail.com", 993), smtp=_tls("smtp.gmail.com", 465), oauth="google"),
        domains=("gmail.com", "googlemail.com"),
        mx=(".google.com", ".googlemail.com"),
        called=("google", "gmail", "workspace"),
        source="developers.google.com/gmail/imap; MX: ISPDB googlemail.com",
    ),
    Provider(
        found=Found(name="OVHcloud", imap=_tls("ssl0.ovh.net", 993), smtp=_tls("ssl0.ovh.net", 465)),
        domains=(),
        mx=("mx0.mail.ovh.net", "mx1.mail.ovh.net", "mx2.mail.ovh.net", "mx3.mail.ovh.net", "mx4.mail.ovh.net"),
        called=("ovh",),
        source="OVHcloud, guide « Premiers pas avec l’offre MX Plan »; MX: its guide to DNS records",
    ),
    Provider(
        found=Found(name="Infomaniak", imap=_tls("mail.infomaniak.com", 993), smtp=_tls("mail.infomaniak.com", 465)),
        domains=("ik.me", "etik.com", "ikmail.com"),
        mx=(".infomaniak.ch", ".infomaniak.com"),
        called=("infomaniak",),
        source="infomaniak.com/en/support, « protocols and ports »; MX not read there",
    ),
    Provider(
        found=Found(name="Gandi", imap=_tls("mail.gandi.net", 993), smtp=_tls("mail.gandi.net", 465)),
        domains=(),
        mx=(".mail.gandi.net",),
        called=("gandi",),
        source="docs.gandi.net, « standard email settings »; MX: wiki.gandi.net; ports not read there",
    ),
    Provider(
        found=Found(name="IONOS", imap=_tls("imap.ionos.fr", 993), smtp=_tls("smtp.ionos.fr", 465)),
        domains=(),
        mx=(".ionos.fr", ".ionos.com", ".1and1.fr"),
        called=("ionos", "1and1", "1&1"),
        source="ionos.fr/assistance for reception; sending and MX: ISPDB ionos.fr",
    ),
    Provider(
        found=Found(name="Orange", imap=_tls("imap.orange.fr", 993), smtp=_tls("smtp.orange.fr", 465)),
        domains=("orange.fr", "wanadoo.fr"),
        mx=(),
        called=("orange", "wanadoo"),
        source="ISPDB orange.fr, from assistance.orange.fr",
    ),
    Provider(
        found=Found(
            name="Free",
            imap=_tls("imap.free.fr", 993),
            smtp=_tls("smtp.free.fr", 465),
            user="%EMAILLOCALPART%",
            hint="Chez Free, l’envoi authentifié s’active d’abord dans l’espace abonné.",
        ),
        domains=("free.fr",),
        mx=(),
        called=("free",),
        source="ISPDB free.fr, from assistance.free.fr (article 609)",
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
