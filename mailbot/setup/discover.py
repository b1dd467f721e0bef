"""The servers of a mailbox, found from its address: table of providers, autoconfig, then SRV records (RFC 6186)."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPException
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from mailbot.identity import domain_of
from mailbot.names import RESERVED, Asker, Unanswered
from mailbot.setup.providers import Found, Security, Server, by_domain, by_mx, by_server

SECONDS = 5.0
LONGEST = 2**18  # bytes of an answer
LOOPBACK = ("127.0.0.1", "localhost")
_SOCKETS: dict[str, Security] = {"ssl": "tls", "starttls": "starttls", "plain": "none"}
Fetch = Callable[[str], bytes]


def find(address: str, ask: Asker, fetch: Fetch, *, autoconfig: str = "") -> Found | None:
    """None: nobody knows. `autoconfig`: one more place to ask, before any other."""
    domain = domain_of(address)
    if autoconfig and (found := read(fetch(autoconfig), address)):
        return found
    if known := by_domain(domain) or by_mx(_exchangers(domain, ask)):
        return of(known, address)
    found = _told(domain, address, fetch) or _srv(domain, ask)
    known = by_server(found.imap) if found else None
    return of(known, address) if known else found


def of(provider: Found, address: str) -> Found:
    """What the table says, for this address."""
    return replace(provider, user=_filled(provider.user, address))


def _exchangers(domain: str, ask: Asker) -> tuple[str, ...]:
    rows = [row.split() for row in _ask(ask, domain, "MX")]
    return tuple(row[1] for row in sorted((r for r in rows if len(r) == 2 and r[0].isdigit()), key=lambda r: int(r[0])))


def _ask(ask: Asker, name: str, kind: str) -> tuple[str, ...]:
    with contextlib.suppress(Unanswered):
        return ask(name, kind)
    return ()


def _told(domain: str, address: str, fetch: Fetch) -> Found | None:
    """Thunderbird's two addresses; over https only, for what they say decides where the password goes."""
    if f".{domain}".endswith(RESERVED):
        return None
    for url in (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(address)}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    ):
        if found := read(fetch(url), address):
            return found
    return None


def read(body: bytes, address: str) -> Found | None:
    """An autoconfig file; None when it is none, or offers no safe way in."""
    if b"<!" in body:  # declares entities: no honest one does
        return None
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314  (no entities: see above)
    except ElementTree.ParseError:
        return None
    imap, smtp = _server(tree, "incomingServer", "imap"), _server(tree, "outgoingServer", "smtp")
    if imap is None or smtp is None:
        return None
    user = next((_filled(e.text or "", address) for e in tree.iter("username")), "")
    return Found(name=domain_of(address), imap=imap, smtp=smtp, user="" if user == address else user)


def _server(tree: ElementTree.Element, tag: str, kind: str) -> Server | None:
    for each in tree.iter(tag):
        said = {child.tag: (child.text or "").strip() for child in each}
        host, port = said.get("hostname", ""), said.get("port", "")
        security = _SOCKETS.get(said.get("socketType", "").lower())
        safe = security and (security != "none" or host in LOOPBACK)
        if each.get("type") == kind and host and port.isdigit() and 0 < int(port) < 65536 and security and safe:
            return Server(host=host, port=int(port), security=security)
    return None


def _filled(said: str, address: str) -> str:
    local, _, domain = address.partition("@")
    said = said.replace("%EMAILADDRESS%", address).replace("%EMAILLOCALPART%", local)
    return said.replace("%EMAILDOMAIN%", domain).strip()


def _srv(domain: str, ask: Asker) -> Found | None:
    imap = _service(domain, ask, (("_imaps", "tls"), ("_imap", "starttls")))
    smtp = _service(domain, ask, (("_submissions", "tls"), ("_submission", "starttls")))
    return Found(name=domain, imap=imap, smtp=smtp) if imap and smtp else None


def _service(domain: str, ask: Asker, services: tuple[tuple[str, Security], ...]) -> Server | None:
    for service, security in services:
        rows = [row.split() for row in _ask(ask, f"{service}._tcp.{domain}", "SRV")]
        good = [r for r in rows if len(r) == 4 and all(n.isdigit() for n in r[:3]) and r[3] != "."]
        for _, _, port, host in sorted(good, key=lambda r: (int(r[0]), -int(r[1]))):
            return Server(host=host.rstrip("."), port=int(port), security=security)
    return None


class _NoDetour(urllib.request.HTTPRedirectHandler):
    """A redirect could lead from https to a place that anybody can fake."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoDetour)


def fetch(url: str) -> bytes:
    """The body; b"" whenever there is none to be had."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        return b""
    try:
        with _OPENER.open(url, timeout=SECONDS) as answer:
            return bytes(answer.read(LONGEST))
    except (OSError, ValueError, HTTPException):
        return b""
