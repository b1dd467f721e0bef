"""Cause analysis: which complaints need one and why, the families of causes, what a filled form says (spec §8, domain §5.3, §5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from mailbot.config import Quality
from mailbot.desk import Alike
from mailbot.reading import fold

FAMILIES: dict[str, tuple[str, ...]] = {  # the five M, and two that an organisation may add
    "Main-d’œuvre": ("main", "personnes", "personnel", "formateur", "equipe"),
    "Méthode": ("methode", "processus", "organisation", "procedure"),
    "Matériel": ("materiel", "salle", "logiciel", "plateforme"),
    "Matière": ("matiere", "programme", "support", "supports", "documents"),
    "Milieu": ("milieu", "contexte", "site", "groupe"),
    "Management": ("management", "pilotage"),
    "Moyens": ("moyens", "budget", "finances"),
}
CATEGORIES = {  # domain §5.3: code → how it is shown; what staff typed otherwise stays as it is
    "CON": "Contenu, programme",
    "FOR": "Formateur",
    "ORG": "Organisation, logistique",
    "ACC": "Accueil, accessibilité",
    "ADM": "Administratif, attestations",
    "FAC": "Facturation, financement",
    "CPF": "CPF",
    "CER": "Certification, examen",
    "DIS": "Plateforme, à distance",
    "SUI": "Suivi, accompagnement",
    "COM": "Information commerciale",
    "REL": "Relations, comportements",
    "SEC": "Sécurité, hygiène",
    "DPO": "Données personnelles",
    "SST": "Sous-traitants",
    "REC": "Traitement des réclamations",
    "AUT": "Autre",
}
ALSO = {  # other words for them
    "CON": ("objectifs",),
    "FOR": ("intervenant",),
    "ACC": ("handicap",),
    "CPF": ("EDOF",),
    "CER": ("évaluation",),
    "DIS": ("FOAD", "classe virtuelle"),
    "COM": ("démarchage",),
    "SEC": ("hygiène",),
    "SST": ("partenaires",),
}
LABELS = ("famille", "constat", *(f"pourquoi {n}" for n in range(1, 6)), "cause racine", "preuve")
LINES = 80
LONGEST = 1_000  # characters of one answer


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A filled form; `missing`: what it does not say, in French."""

    family: str
    finding: str
    whys: tuple[str, ...]
    root: str
    proof: str

    @property
    def missing(self) -> tuple[str, ...]:
        family = () if self.family else (f"la famille de cause ({', '.join(FAMILIES)})",)
        return (*family, *(() if self.root else ("la cause racine",)))


def required(
    *,
    priority: str,
    gravity: int,
    category: str,
    training: str,
    received_on: date,
    alike: Iterable[Alike],
    rule: Quality,
) -> str:
    """Why the causes must be analysed, in French; "" when they need not be (spec §8)."""
    why = [f"priorité {priority}"] if priority in rule.analysis_priorities else []
    if gravity >= rule.analysis_gravity:
        why.append(f"gravité {gravity}")
    since = received_on - timedelta(days=rule.analysis_days)
    others = [a.number for a in alike if category and a.category == category and since < a.received_on]
    if training and len(others) + 1 >= rule.analysis_repeats:
        why.append(
            f"{len(others) + 1} réclamations de même catégorie ({category}) et de même formation en "
            f"{rule.analysis_days} jours, avec {', '.join(others)}"
        )
    return ", ".join(why)


def analysis(argument: str, text: str) -> Analysis:
    """The form, or « #cause méthode » with the root cause as text; without « Cause racine » the last why is the root."""
    found = labelled(text, LABELS)
    whys = tuple(found[name] for name in LABELS if name.startswith("pourquoi") and found.get(name))
    loose = "" if found else " ".join(text.split())[:LONGEST]
    return Analysis(
        family=family(found.get("famille", "") or argument),
        finding=found.get("constat", ""),
        whys=whys,
        root=found.get("cause racine", "") or (whys[-1] if whys else loose),
        proof=found.get("preuve", ""),
    )


def family(said: str) -> str:
    """One of FAMILIES, "" when the words name none."""
    words = fold(said).replace("’", " ").replace("'", " ").replace("-", " ").split()
    for name, known in FAMILIES.items():
        if words and words[0] in (*known, fold(name).split("-")[0]):
            return name
    return ""


def category(said: str) -> str:
    """The code of a category, by its code or its words; other words stay as they were written."""
    wanted = fold(said).strip(" .,;:()")
    first = wanted.replace(",", " ").split()[:1]
    parts = {part.strip() for part in wanted.split(",")}
    for code, label in CATEGORIES.items():
        known = {part.strip() for words in (label, *ALSO.get(code, ())) for part in fold(words).split(",")}
        if first == [code.lower()] or parts <= known:
            return code
    return " ".join(said.split())[:40]


def labelled(text: str, labels: Iterable[str]) -> Mapping[str, str]:
    """The lines « Label : valeur » of a form, filled or not; a value goes on until the next label or a blank line."""
    found: dict[str, list[str]] = {}
    known, running = frozenset(labels), ""
    for line in text.splitlines()[:LINES]:
        key, colon, value = line.lstrip("> \t").partition(":")
        name = " ".join(fold(key).split())
        if colon and name in known:
            running = name
            found.setdefault(name, []).append(value.strip())
        elif running and line.strip():
            found[running].append(line.strip())
        else:
            running = ""
    return {name: " ".join(" ".join(parts).split())[:LONGEST] for name, parts in found.items()}
