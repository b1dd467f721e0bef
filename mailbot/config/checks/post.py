"""Servers, folders, passwords and the second road: what would stop the mail, or send it in clear."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from mailbot.config import secret_keys
from mailbot.config.checks.registry import reads
from mailbot.config.checks.words import is_address, is_domain
from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding
from mailbot.config.records import Config, Smtp

_WRONG_PORTS = {
    (993, "starttls"): "tls", (993, "none"): "tls", (143, "tls"): "starttls",
    (465, "starttls"): "tls", (465, "none"): "tls", (587, "tls"): "starttls", (25, "tls"): "starttls",
}  # fmt: skip

SAFE_URL = re.compile(r"https://[^\s/]+|http://(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)", re.ASCII)


@reads()
def _servers(c: Config) -> Iterator[Finding]:
    servers: list[tuple[Key, str, int, str]] = [
        (("mailbox",), c.mailbox.host, c.mailbox.port, c.mailbox.security),
        (("smtp",), c.smtp.host, c.smtp.port, c.smtp.security),
    ]
    if c.alarm.smtp:
        servers.append((("alarm", "smtp"), c.alarm.smtp.host, c.alarm.smtp.port, c.alarm.smtp.security))
        if not c.alarm.smtp.host:
            yield Finding(("alarm", "smtp", "host"), "cette clé est vide", "Remplissez-la")
    for at, host, port, security in servers:
        if host and not (is_domain(host) or is_loopback(host) or _is_ip(host)):
            yield Finding(
                (*at, "host"), f"« {host} » n’est pas un nom de serveur", "Écrivez le nom seul, sans https:// ni port"
            )
        elif security == "none" and not is_loopback(host):
            yield Finding(
                (*at, "security"), "le mot de passe et le courrier passeraient en clair", 'Écrivez "tls" ou "starttls"'
            )
        elif right := _WRONG_PORTS.get((port, security)):
            yield Finding(
                (*at, "security"),
                f"le port {port} ne parle pas « {security} »",
                f'Écrivez security = "{right}", ou changez le port',
            )


def is_loopback(host: str) -> bool:
    """Whether what is said to that host stays on this machine."""
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@reads("mailbox.address", "mailbox.user", "smtp.user", "oauth.provider")
def _passwords(c: Config) -> Iterator[Finding]:
    if not (c.oauth.provider or c.mailbox.password.get_secret_value()):
        yield secret_keys.missing(("mailbox", "password"))
    same_account = c.smtp_user.lower() == c.imap_user.lower()
    if c.smtp_user and not same_account and not c.smtp.password.get_secret_value():
        yield secret_keys.missing(("smtp", "password"))


@reads("oauth.provider", "oauth.flow")
def _oauth(c: Config) -> Iterator[Finding]:
    """What each provider and flow needs."""
    oauth = c.oauth
    if not oauth.provider:
        return
    application, microsoft = oauth.flow == "application", oauth.provider == "microsoft"
    if microsoft and not oauth.tenant:
        yield _empty("tenant", "l’identifiant de votre organisation chez Microsoft, ou son domaine")
    if oauth.tenant and not re.fullmatch(r"[A-Za-z0-9.-]{1,100}", oauth.tenant, re.ASCII):
        yield Finding(("oauth", "tenant"), "ce n’est ni un identifiant ni un domaine", "Recopiez-le sans https:// ni /")
    if not oauth.client_id and (microsoft or not application):
        yield _empty("client_id", "l’identifiant de l’application enregistrée chez le fournisseur")
    if not oauth.client_secret.get_secret_value() and microsoft == application:
        yield secret_keys.missing(("oauth", "client_secret"))
    if not microsoft and application and oauth.service_account is None:
        yield _empty("service_account", "le fichier JSON du compte de service de Google")


def _empty(key: str, what: str) -> Finding:
    return Finding(("oauth", key), "cette clé est vide", f"Donnez {what}")


@reads("mailbox.folder")
def _folders(c: Config) -> Iterator[Finding]:
    box = c.mailbox
    for key, name in (("folder", box.folder), ("junk", box.junk), ("sent", box.sent)):
        if box.file_into and _same_folder(box.file_into, name):
            yield Finding(
                ("mailbox", "file_into"), f"c’est aussi mailbox.{key}", "Choisissez un autre dossier, ou laissez vide"
            )
    for key, name in (("junk", box.junk), ("sent", box.sent)):
        if name and _same_folder(name, box.folder):
            yield Finding(("mailbox", key), "c’est aussi mailbox.folder", "Laissez vide : mailbot cherche ce dossier")
    if box.junk and _same_folder(box.junk, box.sent):
        yield Finding(("mailbox", "sent"), "c’est aussi mailbox.junk", "Laissez vide : mailbot cherche ce dossier")


def _same_folder(one: str, other: str) -> bool:
    """INBOX is the only name without case (RFC 3501 §5.1)."""
    return one == other or one.upper() == other.upper() == "INBOX"


@reads()
def _since(c: Config) -> Iterator[Finding]:
    if c.mailbox.since and c.mailbox.since.utcoffset() is None:
        yield Finding(
            ("mailbox", "since"),
            "cette heure n’a pas de fuseau",
            "Ajoutez-le à la fin : +02:00 (été) ou +01:00 (hiver)",
        )


@reads()
def _heartbeat(c: Config) -> Iterator[Finding]:
    if c.health.heartbeat_url and not SAFE_URL.match(c.health.heartbeat_url):
        yield Finding(
            ("health", "heartbeat_url"), "cette adresse ne commence pas par https://", "Recopiez l’adresse entière"
        )


@reads("smtp", "mailbox.address")
def _second_road(c: Config) -> Iterator[Finding]:
    webhook, second = c.alarm.webhook, c.alarm.smtp
    if webhook and not SAFE_URL.match(webhook):
        yield Finding(("alarm", "webhook"), "cette adresse ne commence pas par https://", "Recopiez l’adresse entière")
    if second is None:
        return
    if not second.user:
        yield Finding(
            ("alarm", "smtp", "user"), "cette clé manque : ce doit être un autre compte", 'Ajoutez user = "…", ou "-"'
        )
    elif second.user != "-" and not second.password.get_secret_value():
        yield secret_keys.missing(("alarm", "smtp", "password"))
    if _account(second, c) == _account(c.smtp, c):
        yield Finding(
            ("alarm", "smtp"), "c’est le compte de [smtp] : en panne en même temps", "Donnez un autre serveur ou compte"
        )
    if second.user and not is_address(c.alarm_from):
        yield Finding(
            ("alarm", "from_address"), "cette adresse manque", 'Ajoutez from_address = "nom@domaine" dans [alarm]'
        )


def _account(smtp: Smtp, c: Config) -> tuple[str, str]:
    return smtp.host.lower(), (smtp.user or c.mailbox.address).lower()
