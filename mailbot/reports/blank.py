"""The blank fiche: one list of questions, printed for a pen and written as a `mailto:` link whose lines the desk reads back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mailbot.config import Config
from mailbot.letters.buttons import mailto


@dataclass(frozen=True, kw_only=True)
class Question:
    """`label` is a key that `reading/` knows; `lines` to write on, on paper; `ticks` instead of lines."""

    label: str
    hint: str = ""
    lines: int = 1
    ticks: tuple[str, ...] = ()
    by_mail: bool = True  # False: the mail itself says it


QUESTIONS = (
    Question(label="Nom et prénom"),
    Question(label="Courriel", hint="où vous répondre", by_mail=False),
    Question(label="Téléphone"),
    Question(label="Adresse", hint="sans courriel, pour vous répondre par lettre", by_mail=False),
    Question(label="Vous êtes", ticks=("stagiaire", "financeur", "entreprise", "autre")),
    Question(label="Organisme", hint="entreprise, OPCO, France Travail…"),
    Question(label="Formation concernée"),
    Question(label="Session", hint="première date"),
    Question(label="Date des faits"),
    Question(label="Pour quand", hint="examen, entretien, paiement"),
    Question(label="Solution souhaitée", lines=3),
    Question(label="Message", hint="ce qui s’est passé", lines=8),
)
SUBJECT = "Fiche de réclamation"
FIRST = "Complétez après les deux-points, joignez vos pièces, puis envoyez."


def form() -> str:
    """The body of the mail: one `clé : valeur` line a question."""
    kinds = next(q.ticks for q in QUESTIONS if q.ticks)
    asked = [f"{q.label} :" for q in QUESTIONS if q.by_mail]
    return "\n".join([FIRST, f"« Vous êtes » attend {', '.join(kinds[:-1])} ou {kinds[-1]}.", "", *asked, ""])


def link(config: Config) -> str:
    """The `mailto:` for the organisation's site; short enough for every mail program."""
    return mailto(config.mailbox.address, SUBJECT, form())


def page(config: Config) -> dict[str, Any]:
    """The values of `pages/blank.typ`."""
    o = config.organisation
    rights = " ou ".join(part for part in (o.privacy_contact, o.privacy_url) if part)
    return {
        "title": "Fiche de réclamation",
        "organisation": o.name,
        "ways": [way for way in (o.service, config.mailbox.address, o.postal_address, o.phone) if way],
        "days": config.calendar.days,
        "questions": [{"label": q.label, "hint": q.hint, "lines": q.lines, "ticks": list(q.ticks)} for q in QUESTIONS],
        "privacy": f"Vos réponses servent à traiter votre réclamation et sont conservées {o.retention}."
        + (f" Pour les consulter ou les corriger : {rights}." if rights else ""),
    }
