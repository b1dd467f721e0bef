"""Who is who: every role held, one person per address, and no file handed to nobody."""

from __future__ import annotations

from collections.abc import Iterator

from mailbot.config.checks.registry import reads
from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding, shown
from mailbot.config.records import Config

_ROLES = {"staff": "équipe", "quality": "responsable qualité", "direction": "direction", "admin": "administrateur"}


@reads("staff")
def _roles(c: Config) -> Iterator[Finding]:
    for role, french in _ROLES.items():
        if not c.people_with(role):
            yield Finding(
                ("staff",),
                f"personne d’actif n’a le rôle {role} ({french})",
                f'Ajoutez "{role}" aux roles d’une personne ; une même personne peut les avoir tous',
            )


@reads()
def _one_address_one_person(c: Config) -> Iterator[Finding]:
    seen: dict[str, Key] = {}
    for n, person in enumerate(c.staff):
        for m, address in enumerate(person.addresses):
            at: Key = ("staff", n, "addresses", m)
            other = seen.setdefault(address.lower(), at)
            if other != at:
                yield Finding(at, f"« {address} » est déjà en {shown(other)}", "Une adresse désigne une seule personne")
            if address.lower() in c.own_addresses:
                yield Finding(
                    at,
                    "c’est l’adresse des réclamations",
                    "Donnez l’adresse personnelle : mailbot s’écrirait à lui-même",
                )


@reads()
def _forms(c: Config) -> Iterator[Finding]:
    for n, address in enumerate(c.intake.forms):
        if c.person(address):
            yield Finding(
                ("intake", "forms", n),
                "c’est l’adresse d’une personne de [[staff]]",
                "Donnez l’expéditeur du formulaire",
            )


@reads("staff.addresses")
def _references(c: Config) -> Iterator[Finding]:
    named: list[tuple[Key, str]] = [
        (("assignment", "default"), c.assignment.default),
        *((("assignment", "rules", n, "to"), r.to) for n, r in enumerate(c.assignment.rules)),
        (("referents", "disability"), c.referents.disability),
        (("referents", "data_protection"), c.referents.data_protection),
        *((("staff", n, "substitute"), p.substitute) for n, p in enumerate(c.staff)),
    ]
    for at, address in named:
        person = c.person(address)
        if address and person is None:
            yield Finding(
                at, f"« {address} » n’est l’adresse de personne dans [[staff]]", "Corrigez-la, ou ajoutez la personne"
            )
        elif person and not person.active:
            yield Finding(at, f"{person.name} n’est plus active ou actif", "Choisissez quelqu’un d’actif")


@reads("staff.addresses")
def _own_substitute(c: Config) -> Iterator[Finding]:
    for n, person in enumerate(c.staff):
        if person.substitute and c.person(person.substitute) == person:
            yield Finding(
                ("staff", n, "substitute"),
                "cette personne se remplace elle-même",
                "Donnez l’adresse d’une autre personne",
            )


@reads()
def _assignment_rules(c: Config) -> Iterator[Finding]:
    known = {t.name.casefold() for t in c.trainings}
    for n, rule in enumerate(c.assignment.rules):
        at: Key = ("assignment", "rules", n)
        if not (rule.complainant_types or rule.trainings or rule.words):
            yield Finding(
                at,
                "cette règle n’a aucun critère",
                "Ajoutez words, trainings ou complainant_types ; sinon, assignment.default",
            )
        for m, name in enumerate(rule.trainings):
            if name.casefold() not in known:
                yield Finding(
                    (*at, "trainings", m), f"« {name} » n’est pas dans [[trainings]]", "Recopiez le nom exact"
                )


@reads()
def _trainings(c: Config) -> Iterator[Finding]:
    seen: set[str] = set()
    for n, training in enumerate(c.trainings):
        if training.name.casefold() in seen:
            yield Finding(
                ("trainings", n, "name"),
                f"« {training.name} » est écrit deux fois",
                "Réunissez les mots en une seule table",
            )
        seen.add(training.name.casefold())
