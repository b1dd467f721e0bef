"""DNS: the questions asked of it, and « no answer » told apart from « nothing there ». Whoever asks takes `Asker` as an argument."""

from __future__ import annotations

from collections.abc import Callable

import dns.exception
import dns.resolver

SECONDS = 3.0  # for one question, retries included
RESERVED = (
    ".example",
    ".test",
    ".invalid",
    ".localhost",
    ".local",
    ".internal",
)  # RFC 2606, RFC 6762: in no public DNS

Asker = Callable[[str, str], tuple[str, ...]]


class Unanswered(Exception):
    """No name server answered: nothing is known."""


def ask(name: str, kind: str) -> tuple[str, ...]:
    """The records of that kind (`TXT`, `MX`, `SRV`), as text; () when there are none. Raises Unanswered."""
    if f".{name}".endswith(RESERVED):
        raise Unanswered(f"{name} est un nom réservé, sans DNS public")
    try:
        found = dns.resolver.resolve(name, kind, lifetime=SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unanswered(type(error).__name__) from None
    if kind == "TXT":  # one record may be several strings, read as one (RFC 7208 §3.3)
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in found)
    return tuple(record.to_text() for record in found)
