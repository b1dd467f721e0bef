"""One complaint: its stages, who handles it, what is derived from the mail that opened it."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.config import AssignmentRule, Config, Person
from mailbot.reading import Reading, fold

# Stages a file can be in, each with the stages that may follow (spec §5). The staff's side of the table comes with its commands.
STAGES: dict[str, tuple[str, ...]] = {
    "received": ("acknowledged", "taken-over"),
    "acknowledged": ("taken-over",),
    "taken-over": (),  # an essai file that `mailbot start` carried over into the real series, or left
}
STAGE_NAMES = {
    "received": "reçue",
    "acknowledged": "accusée",
    "taken-over": "essai terminé",
}


def may_follow(stage: str, following: str) -> bool:
    """Whether the table allows this step."""
    return following in STAGES.get(stage, ())


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Who handles a file and why. `conflict`: named in it, and nobody else was left (« juge et partie », spec §3)."""

    person: Person
    why: str
    conflict: bool = False


def assign(reading: Reading, complainant_addr: str, subject: str, config: Config) -> Assigned:
    """The assignee by the configuration's rules, then past whoever is named in the complaint or wrote it."""
    first, why = _by_rules(reading, subject, config)
    concerned = {a.lower() for a in reading.staff_named} | {complainant_addr}
    if not _concerned(first, concerned):
        return Assigned(person=first, why=why)
    other = past(tuple(concerned), complainant_addr, config)
    if other:
        return Assigned(person=other, why=f"{first.name} est concerné(e) : confié à {other.name}")
    return Assigned(person=first, why=f"{first.name} est concerné(e), et il ne reste personne d’autre", conflict=True)


def past(concerned: tuple[str, ...], complainant_addr: str, config: Config) -> Person | None:
    """Whom a file goes to past those it names or comes from: the quality manager, else direction (spec §3)."""
    away = {*concerned, complainant_addr}
    leaders = (p for role in ("quality", "direction") for p in config.people_with(role))  # type: ignore[arg-type]
    return next((p for p in leaders if not _concerned(p, away)), None)


def _concerned(person: Person, concerned: set[str]) -> bool:
    return any(a.lower() in concerned for a in person.addresses)


def _by_rules(reading: Reading, subject: str, config: Config) -> tuple[Person, str]:
    text = f" {fold(subject)} {fold(reading.new_text[:20000])} "
    for rule in config.assignment.rules:
        person = config.person(rule.to)
        if person and person.active and _matches(rule, reading, text):
            return person, f"règle d’affectation vers {person.name}"
    chosen = config.person(config.assignment.default) if config.assignment.default else None
    if chosen and chosen.active:
        return chosen, "responsable par défaut"
    leaders = config.people_with("quality") or config.people_with("staff") or config.people_with("direction")
    return (leaders or config.people_with("admin"))[0], "responsable par défaut"


def _matches(rule: AssignmentRule, reading: Reading, text: str) -> bool:
    """Every condition that the rule states holds."""
    if rule.complainant_types and reading.complainant_type not in rule.complainant_types:
        return False
    if rule.trainings and reading.training not in rule.trainings:
        return False
    return not rule.words or any(fold(word) in text for word in rule.words)
