"""The register's own words as a French reader says them: steps of the journal, letters, states, people, days and hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailbot.config import Config
from mailbot.rules.causes import CATEGORIES

STEPS = {
    "opened": "dossier ouvert", "assigned": "confié", "acknowledged": "accusé de réception accepté", "ack-late": "accusé tardif",
    "follow-up": "nouveau message du réclamant", "reopened": "rouvert", "survey-answered": "réponse à l’enquête",
    "answered-directly": "réponse directe d’un collègue", "amplified": "le mécontentement grandit", "note": "note",
    "concerned": "collègue concerné", "delivery-report": "avis de remise", "fenced": "texte retenu, à confirmer",
    "reply-held": "réponse retenue", "quarantined": "message illisible", "exported": "données exportées",
    "held-back": "conservation", "hold-lifted": "conservation levée", "command-refused": "commande refusée",
    "command-unproven": "commande à confirmer", "command-expired": "commande non confirmée", "away": "absence",
    "meeting-pack": "dossier de réunion", "meeting-recorded": "réunion qualité enregistrée", "bulletin-sent": "bulletin envoyé",
    "evidence": "dossier de preuve remis", "essai-ended": "essai terminé", "practice": "exercice",
    "letter-refused": "lettre refusée", "letter-uncertain": "remise incertaine", "letter-given_up": "lettre abandonnée",
    "letter-bounced": "lettre revenue",
}  # fmt: skip
ISO = re.compile(  # as the journal writes them: a moment always with its offset
    r"(?<![\w-])\d{4}-\d\d-\d\d(?P<clock>T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d))?(?![\w-])", re.ASCII
)
FAMILIES = {"command-": "commande #", "told-": "lettre partie : ", "clock-": "échéance : ", "decided-": "décidé : "}
CHOICES = {"complaint": "réclamation", "note": "note", "ignore": "rien"}
LETTERS = {
    "ack": "accusé de réception", "ack-group": "accusé de réception (groupé)", "receipt": "reçu", "reopened": "réouverture",
    "progress": "point d’avancement", "late": "retard annoncé", "waiting-reminder": "rappel", "survey": "enquête",
    "question": "demande de précisions", "news": "nouvelles", "commitment": "engagement sur une date",
    "reply": "réponse argumentée", "nature": "réponse", "thanks": "ce qui a changé grâce à vous", "assignment": "attribution",
    "handed-over": "transmission du dossier", "to-print": "accusé à imprimer", "referent": "avis au référent",
    "followup-notice": "avis d’un nouveau message", "nothing-left": "avis : rien n’est parti", "undecided": "décision attendue",
    "direct-answer": "avis de réponse directe", "same-reply": "même réponse proposée", "ack-bounced": "avis : accusé revenu",
    "bounced-letter": "avis : lettre revenue", "chase": "relance", "action": "suivi d’une action", "confirm": "confirmation",
    "refusal": "commande non exécutée", "identity": "confirmation demandée", "fence": "texte à confirmer",
    "withdrawal-proposal": "retrait proposé", "reopen-proposal": "réouverture proposée", "survey-alert": "alerte d’enquête",
    "card": "aide-mémoire", "files": "fichiers du dossier", "fiche": "fiche du dossier", "list": "liste des dossiers",
    "alarm": "alerte", "recovered": "fin d’alerte", "welcome": "bienvenue", "staff-question": "question à un collègue",
    "forward-question": "question sur un transfert",
}  # fmt: skip
STATES = {
    "owed": "à envoyer", "claimed": "en cours d’envoi", "sent": "acceptée", "refused": "refusée", "uncertain": "remise incertaine",
    "given_up": "abandonnée", "cancelled": "annulée avant le départ",
}  # fmt: skip
ACKS = {
    "owed": "à envoyer", "accepted": "accepté par le serveur du réclamant", "uncertain": "remise incertaine, compte comme accepté",
    "refused": "refusé", "bounced": "revenu", "none": "impossible", "handed": "imprimé, remis ou posté",
    "elsewhere": "parti, ou non, hors de mailbot",
}  # fmt: skip
CODED = re.compile(r"((?:[A-Z]{2,10}-\d{4}-\d{4,6}|\bm-\d{1,9}))-[A-HJ-NP-Z2-9]{6}\b", re.ASCII | re.IGNORECASE)
LANGUAGES = {"fr": "français", "en": "anglais"}


def step(event: str) -> str:
    """« command-résolu » → « commande #résolu »."""
    if event in STEPS:
        return STEPS[event]
    family = next((name for name in FAMILIES if event.startswith(name)), "")
    what = event.removeprefix(family)
    told = CHOICES.get(what, what) if family == "decided-" else what
    return FAMILIES[family] + (letter(what) if family in ("told-", "clock-") else told) if family else event


def letter(kind: str) -> str:
    return LETTERS.get(kind, kind)


def category(code: str) -> str:
    """« ORG » → « ORG, organisation, logistique »; words of one's own as they are."""
    return f"{code.upper()}, {CATEGORIES[code.upper()]}" if code.upper() in CATEGORIES else code


def working_days(n: int) -> str:
    return f"{n} jours ouvrés" if n > 1 else f"{n} jour ouvré"


def size(octets: int) -> str:
    if octets < 1_000:
        return f"{octets} octets"
    return f"{octets / 1_000:.0f} ko" if octets < 1_000_000 else f"{octets / 1_000_000:.1f} Mo".replace(".", ",")


def uncoded(value: Any) -> Any:
    """The same without anybody's personal code behind a number: what is printed is handed on (spec §6)."""
    if isinstance(value, str):
        return CODED.sub(r"\1", value)
    if isinstance(value, Mapping):
        return {key: uncoded(inner) for key, inner in value.items()}
    return [uncoded(inner) for inner in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """Says days, hours and people as the organisation does."""

    config: Config

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.config.calendar.timezone))

    def day(self, value: date | datetime | None) -> str:
        if value is None:
            return ""
        return f"{self.local(value) if isinstance(value, datetime) else value:%d/%m/%Y}"

    def moment(self, value: datetime | None) -> str:
        return f"{self.local(value):%d/%m/%Y à %H:%M}" if value else ""

    def dated(self, text: str) -> str:
        """A line of the journal, its days and instants as a reader says them; what is none stays as it is."""
        return ISO.sub(self._said, text)

    def _said(self, found: re.Match[str]) -> str:
        try:
            if found["clock"]:
                return self.moment(datetime.fromisoformat(found[0]))
            return self.day(date.fromisoformat(found[0]))
        except ValueError:
            return found[0]

    def name(self, addr: str) -> str:
        """A colleague by name, anybody else as recorded."""
        person = self.config.person(addr) if "@" in addr else None
        return person.name if person else addr
