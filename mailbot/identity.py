"""Who wrote it and how sure: strict From, Authentication-Results of our own provider.

Only the topmost Authentication-Results counts, and only when it carries the authserv-id of our provider (RFC 8601 §5 and
§7.1, spec §6): anything below it may have been written by the sender.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.config import Config, Person
from mailbot.message import Address, Message

LIMIT_HEADER = 8000


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How sure we are that the From address is the author's. `status`: pass | fail | unknown."""

    status: str
    evidence: str  # for the journal

    @property
    def passed(self) -> bool:
        return self.status == "pass"


@dataclass(frozen=True, kw_only=True)
class Author:
    """The author of a mail as the desk sees him: on the staff list or not, proven or not."""

    addr: str  # lower case; "" when no address can be read
    name: str
    person: Person | None
    own_domain: bool
    proof: Proof

    @property
    def proven_staff(self) -> bool:
        return self.person is not None and self.proof.passed


def domain_of(addr: str) -> str:
    return addr.rpartition("@")[2].lower()


def author(message: Message, config: Config) -> Author:
    """The author, after undoing what our own groups rewrote (spec §2)."""
    written = _unrewritten(message, config)
    addr = written.addr.lower() if written else ""
    proof = prove(message, config.mailbox.authserv_id)
    if message.from_ and addr != message.from_.addr.lower():
        proof = Proof(status="unknown", evidence=f"From réécrit par notre groupe ({message.from_.addr})")
    person = config.person(addr) if addr else None
    if person and not (person.active and message.strict_from):
        person = None  # who may be meant by an ambiguous From is nobody on the list (spec §6)
    if not _consistent(message, addr):
        proof = Proof(
            status="fail" if proof.status == "fail" else "unknown", evidence="From ambigu ou Reply-To différent"
        )
    return Author(
        addr=addr,
        name=written.name if written else "",
        person=person,
        own_domain=domain_of(addr) in config.own_domains if addr else False,
        proof=proof,
    )


def _unrewritten(message: Message, config: Config) -> Address | None:
    """The original author when the From is one of our own addresses, else the From."""
    if message.from_ and message.from_.addr.lower() in config.own_addresses:
        return message.original_from or (message.reply_to[0] if message.reply_to else message.from_)
    return message.from_


def _consistent(message: Message, addr: str) -> bool:
    """Exactly one strictly written From, and Reply-To, where there is one, says the same (spec §6)."""
    return message.strict_from and all(a.addr.lower() == addr for a in message.reply_to)


def prove(message: Message, authserv_id: str) -> Proof:
    """Whether our provider vouches for the From domain: dmarc=pass for it, or an aligned dkim=pass."""
    if not authserv_id:
        return Proof(status="unknown", evidence="mailbox.authserv_id n’est pas réglé")
    if not message.authentication:
        return Proof(status="unknown", evidence="pas d’en-tête Authentication-Results")
    if message.from_ is None or not message.strict_from:
        return Proof(status="unknown", evidence="From ambigu")
    server, results = read_results(message.authentication[0])
    if server != authserv_id.lower():
        return Proof(status="unknown", evidence=f"Authentication-Results d’un autre serveur : {server or '(aucun)'}")
    return _weigh(results, domain_of(message.from_.addr))


def _weigh(results: tuple[tuple[str, str, dict[str, str]], ...], domain: str) -> Proof:
    for method, result, properties in results:
        if method == "dmarc" and properties.get("header.from", domain).lower() == domain:
            if result == "pass":
                return Proof(status="pass", evidence=f"dmarc=pass header.from={domain}")
            if result == "fail":
                return Proof(status="fail", evidence=f"dmarc=fail header.from={domain}")
    for method, result, properties in results:
        signer = (properties.get("header.d") or domain_of(properties.get("header.i", ""))).lower()
        if method == "dkim" and result == "pass" and _aligned(signer, domain):
            return Proof(status="pass", evidence=f"dkim=pass header.d={signer}")
    return Proof(status="unknown", evidence="ni dmarc=pass ni dkim=pass aligné")


def _aligned(signer: str, domain: str) -> bool:
    """Relaxed alignment (RFC 7489 §3.1.1) without a public suffix list: one is the other, or a parent with a dot in it."""
    if not signer:
        return False
    return signer == domain or (domain.endswith("." + signer) and "." in signer) or signer.endswith("." + domain)


def read_results(value: str) -> tuple[str, tuple[tuple[str, str, dict[str, str]], ...]]:
    """(authserv-id, ((method, result, {ptype.property: value}), …)) of one Authentication-Results value (RFC 8601 §2.2).

    Tolerant, linear; comments are dropped first, so that nothing in a comment is ever taken for a result.
    """
    pieces = _without_comments(value[:LIMIT_HEADER]).split(";")
    server = (pieces[0].split() or [""])[0].lower()
    if not server or "=" in server:
        return "", ()
    results = tuple(r for p in pieces[1:] if (r := _result(p)))
    return server, results


def _result(piece: str) -> tuple[str, str, dict[str, str]] | None:
    words = piece.replace(" =", "=").replace("= ", "=").split()
    if not words or "=" not in words[0]:
        return None
    method, _, result = words[0].partition("=")
    properties: dict[str, str] = {}
    for word in words[1:]:
        key, eq, val = word.partition("=")
        if eq:
            properties.setdefault(key.lower(), val.strip('"'))
    return method.partition("/")[0].lower(), result.lower(), properties


def _without_comments(value: str) -> str:
    out: list[str] = []
    depth = 0
    quoted = False
    for char in value:
        if char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and depth and not quoted:
            depth -= 1
            continue
        if not depth:
            out.append(char)
    return "".join(out)
