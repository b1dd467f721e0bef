"""Texts that must not be empty, nor carry what would break a header, and what an address or a domain looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailbot.config.checks.registry import reads
from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding, plain
from mailbot.config.records import Config

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{1,10}}", re.ASCII)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)


def is_address(text: str) -> bool:
    """An address as this program writes it: ASCII dot-atom and a domain with a dot (RFC 5321 §4.1.2, simplified)."""
    local, at, domain = text.rpartition("@")
    return bool(at) and len(text) <= 254 and len(local) <= 64 and bool(_LOCAL.fullmatch(local)) and is_domain(domain)


def is_domain(text: str) -> bool:
    return len(text) <= 253 and _DOMAIN.fullmatch(text) is not None


@reads()
def _empty(c: Config) -> Iterator[Finding]:
    named: list[tuple[Key, str]] = [
        (("organisation", "name"), c.organisation.name),
        (("mailbox", "address"), c.mailbox.address),
        (("mailbox", "host"), c.mailbox.host),
        (("mailbox", "folder"), c.mailbox.folder),
        (("smtp", "host"), c.smtp.host),
        *((("staff", n, "name"), p.name) for n, p in enumerate(c.staff)),
        *((("staff", n, "addresses"), " ".join(p.addresses)) for n, p in enumerate(c.staff)),
        *((("staff", n, "roles"), " ".join(p.roles)) for n, p in enumerate(c.staff)),
        *((("trainings", n, "name"), t.name) for n, t in enumerate(c.trainings)),
        *((("assignment", "rules", n, "to"), r.to) for n, r in enumerate(c.assignment.rules)),
    ]
    for at, value in named:
        if not value.strip():
            yield Finding(at, "cette clé est vide", "Remplissez-la")


@reads()
def _empty_words(c: Config) -> Iterator[Finding]:
    lists: list[tuple[Key, tuple[str, ...]]] = [
        *((("words", family), words) for family, words in c.words.items()),
        *((("trainings", n, "words"), t.words) for n, t in enumerate(c.trainings)),
        *((("assignment", "rules", n, "words"), r.words) for n, r in enumerate(c.assignment.rules)),
    ]
    for at, words in lists:
        for n, word in enumerate(words):
            if not word.strip(" *"):
                yield Finding((*at, n), "un mot vide conviendrait à tout message", "Retirez-le")


@reads()
def _control_characters(c: Config) -> Iterator[Finding]:
    several_lines = ("organisation.postal_address", "texts.signature")
    for at, value in _strings(c.model_dump(mode="json"), ()):
        kept = value.replace("\n", "") if plain(at) in several_lines else value
        if any(ord(ch) < 32 or 127 <= ord(ch) < 160 for ch in kept):
            yield Finding(at, "un retour à la ligne ou un caractère invisible", "Écrivez ce texte sur une seule ligne")


def _strings(value: object, at: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, (*at, name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _strings(inner, (*at, n))


@reads()
def _addresses(c: Config) -> Iterator[Finding]:
    written: list[tuple[Key, str]] = [
        (("mailbox", "address"), c.mailbox.address),
        *((("mailbox", "addresses", n), a) for n, a in enumerate(c.mailbox.addresses)),
        *((("staff", n, "addresses", m), a) for n, p in enumerate(c.staff) for m, a in enumerate(p.addresses)),
        *((("intake", "forms", n), a) for n, a in enumerate(c.intake.forms)),
        (("alarm", "from_address"), c.alarm.from_address),
    ]
    for at, address in written:
        if address and not is_address(address):
            yield Finding(
                at, f"« {address} » n’est pas une adresse", "Écrivez seulement nom@domaine, sans accent ni espace"
            )


@reads()
def _domains(c: Config) -> Iterator[Finding]:
    lists = {
        ("organisation", "domains"): c.organisation.domains,
        ("intake", "funders"): c.intake.funders,
        ("intake", "public_domains"): c.intake.public_domains,
    }
    for at, domains in lists.items():
        for n, domain in enumerate(domains):
            if not is_domain(domain):
                yield Finding(
                    (*at, n), f"« {domain} » n’est pas un domaine", "Écrivez ce qui suit l’arobase, sans accent (xn--…)"
                )
    public = {d.lower() for d in c.intake.public_domains}
    for at in (("organisation", "domains"), ("intake", "funders")):
        for n, domain in enumerate(lists[at]):
            if domain.lower() in public:
                yield Finding(
                    (*at, n), f"« {domain} » est aussi dans intake.public_domains", "Gardez-le d’un seul côté"
                )
