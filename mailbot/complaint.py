"""One complaint: its stages, who handles it, what is derived from the mail that opened it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mailbot.config import AssignmentRule, Config, Person
from mailbot.reading import Reading, fold

OPEN = ("received", "acknowledged", "assessed", "treatment", "waiting", "committed")
ENDED = ("closed", "withdrawn", "duplicate", "out-of-scope", "no-answer")
STAGE_NAMES = {
    "received": "reçue",
    "acknowledged": "AR envoyé",
    "assessed": "évaluée",
    "treatment": "en traitement",
    "waiting": "en attente du réclamant",
    "committed": "engagée sur une date",
    "closing": "réponse en partance",
    "closed": "close",
    "withdrawn": "retirée",
    "duplicate": "doublon",
    "out-of-scope": "hors du champ",
    "no-answer": "sans suite",
    "taken-over": "essai terminé",
}
SAME = "same"
BEFORE = "before"  # the stage that the undone command had left
_ANSWERS = ("résolu", "partielle", "infondée")
_NATURES = ("hors-périmètre", "difficulté", "aléa", "information")

# Why a command is refused, in French (spec §5, §6).
REFUSALS = {
    "!window": "une réponse est en train de partir : annulez-la d’abord (#annuler), ou attendez qu’elle soit partie",
    "!closed": "ce dossier n’est plus ouvert : rouvrez-le d’abord (#rouvrir)",
    "!kept-file": "ce dossier est un doublon : écrivez au dossier gardé, ou dites #réclamation si ce n’en est pas un",
    "!already": "c’est déjà le cas : il n’y a rien à changer",
    "!open": "ce dossier est ouvert : il n’y a rien à rouvrir",
    "!arrived": "un accusé de réception est déjà parvenu au réclamant, ou part de lui-même",
    "!nothing": "il n’y a rien à annuler : aucun texte n’attend de partir",
    "!too-late": "trop tard : plus rien n’attend de partir. Un dossier clos se rouvre par #rouvrir",
}
_ALWAYS = ("note", "pièces", "fiche")
_TEXTS = ("réponse", "précisions", "butoir")
_ENDING = (*_ANSWERS, "répondu", "doublon", *_NATURES, "retrait", "sans-suite")
_QUALITY = ("cause", "action", "fait", "efficace", "inefficace")
_HANDLING = ("prendre", "affecter", "lier", "scinder", "silence", *_QUALITY)


def _open_row(stage: str) -> dict[str, str]:
    first = stage in ("received", "acknowledged", "assessed")
    return {
        **dict.fromkeys((*_ALWAYS, *_HANDLING), SAME),
        **dict.fromkeys(_ANSWERS, "closing"),
        **dict.fromkeys(_NATURES, "out-of-scope"),
        "répondu": "closed",
        "remis": "acknowledged" if stage == "received" else SAME,
        "réponse": "treatment" if first else SAME,
        "précisions": SAME if stage == "waiting" else "waiting",
        "butoir": SAME if stage == "committed" else "committed",
        "évaluer": "assessed" if stage in ("received", "acknowledged") else SAME,
        "doublon": "duplicate",
        "retrait": "withdrawn",
        "sans-suite": "no-answer",
        "réclamation": "!already",
        "rouvrir": "!open",
        "annuler": "!nothing" if first else BEFORE,
    }


def _ended_row(stage: str) -> dict[str, str]:
    """A file that ended: still noted, handed on, assessed; another nature for a side exit; else it is reopened first."""
    row = dict.fromkeys((*_TEXTS, *_ENDING), "!closed") | dict.fromkeys(
        (*_ALWAYS, *_HANDLING, "réponse", "évaluer"), SAME
    )
    row |= {
        "remis": SAME,
        "rouvrir": "received",
        "réclamation": "received" if stage in ("withdrawn", "out-of-scope") else "!closed",
    }
    row["annuler"] = "!too-late" if stage == "closed" else BEFORE
    if stage == "out-of-scope":
        row |= dict.fromkeys(("difficulté", "aléa", "information"), SAME)
    own = {"withdrawn": "retrait", "out-of-scope": "hors-périmètre", "no-answer": "sans-suite"}.get(stage)
    return row | ({own: "!already"} if own else {})


# (stage, command) → the stage after it, « same », or a word of REFUSALS: the whole of what staff can do to a file.
TABLE: dict[tuple[str, str], str] = {(s, c): to for s in OPEN for c, to in _open_row(s).items()}
TABLE |= {
    ("closing", c): "!window" for c in (*_ENDING, *_TEXTS, *_HANDLING, "évaluer", "réclamation", "remis", "rouvrir")
}
TABLE |= {("closing", c): SAME for c in _ALWAYS} | {("closing", "annuler"): BEFORE}
TABLE |= {(s, c): to for s in ("closed", "withdrawn", "out-of-scope", "no-answer") for c, to in _ended_row(s).items()}
TABLE |= {("duplicate", c): "!kept-file" for c in (*_ENDING, *_TEXTS, *_HANDLING, "évaluer", "remis", "rouvrir")}
TABLE |= {("duplicate", c): SAME for c in _ALWAYS} | {("duplicate", "réclamation"): "received"}
TABLE |= {("duplicate", "doublon"): "!already", ("duplicate", "annuler"): BEFORE}

# What happens without a command: mails, deliveries, the clock.
EVENTS: dict[tuple[str, str], str] = {
    ("received", "ack-accepted"): "acknowledged",
    ("closing", "reply-accepted"): "closed",
}
EVENTS |= {("closing", e): "treatment" for e in ("reply-lost", "complainant-wrote", "undone")}
EVENTS |= {("closed", "reply-lost"): "treatment"}
EVENTS |= {(s, "undecided"): "received" for s in ("closed", "withdrawn", "out-of-scope", "no-answer")}
EVENTS |= {("waiting", "complainant-wrote"): "treatment"}
EVENTS |= {(s, "taken-over"): "taken-over" for s in (*OPEN, "closing", *ENDED)}


def after(stage: str, command: str) -> tuple[str, str]:
    """(the stage after the command, "") or ("", why it is refused)."""
    found = TABLE.get((stage, command), "")
    if found in (SAME, BEFORE):
        return stage, ""
    return (
        (found, "") if found in STAGE_NAMES else ("", REFUSALS.get(found, "cette commande ne vaut pas pour ce dossier"))
    )


def may_follow(stage: str, following: str) -> bool:
    """Whether some command or event leads there; an undone command leads back."""
    return following in _by_command(stage) | _by_event(stage) or stage in _by_command(following)


@cache
def _by_command(stage: str) -> frozenset[str]:
    return frozenset({after(s, c)[0] for s, c in TABLE if s == stage} - {""})


@cache
def _by_event(stage: str) -> frozenset[str]:
    return frozenset(following for (s, _), following in EVENTS.items() if s == stage)


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
