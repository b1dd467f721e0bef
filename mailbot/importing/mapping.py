"""The mapping: which column of a stranger's register feeds which field of ours; read from TOML, or drafted from the heads."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from mailbot.importing.sheets import How
from mailbot.reading import fold


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of ours. `heads`: what such a column is often called, folded."""

    name: str
    kind: str  # text | date | choice | person
    means: str
    heads: tuple[str, ...]


def _f(name: str, kind: str, means: str, *heads: str) -> Field:
    return Field(name=name, kind=kind, means=means, heads=heads)


FIELDS = (
    _f("received_on", "date", "jour de réception (obligatoire)", "date de reception", "recue le", "recu le", "date reception",
       "date de la reclamation", "date reclamation", "date"),
    _f("number", "text", "votre numéro", "n", "no", "numero", "n de reclamation", "n reclamation", "reference", "ref", "id"),
    _f("name", "text", "nom du réclamant", "nom", "reclamant", "nom du reclamant", "emetteur", "nom et prenom", "client"),
    _f("address", "text", "son adresse électronique", "courriel", "email", "e-mail", "mail", "adresse mail", "adresse e-mail"),
    _f("phone", "text", "son téléphone", "telephone", "tel", "mobile"),
    _f("company", "text", "son entreprise ou organisme", "entreprise", "organisme", "societe", "financeur", "structure"),
    _f("type", "choice", "stagiaire, financeur ou autre", "qualite", "type", "type de reclamant", "partie prenante", "profil"),
    _f("training", "text", "formation concernée", "formation", "intitule", "stage", "action de formation"),
    _f("session", "text", "session concernée", "session", "dates de session", "groupe"),
    _f("subject", "text", "objet, en quelques mots", "objet", "sujet", "motif", "nature de la reclamation"),
    _f("text", "text", "ce qui est reproché", "description", "reclamation", "details", "detail", "faits", "message", "texte"),
    _f("wish", "text", "solution souhaitée", "attente", "attentes", "solution souhaitee", "demande", "souhait"),
    _f("category", "text", "catégorie", "categorie", "domaine", "theme", "nature"),
    _f("character", "choice", "exceptionnel ou durable", "caractere", "recurrence"),
    _f("assignee", "person", "responsable : nom, prénom ou adresse d’un membre de l’équipe", "responsable", "traite par",
       "pilote", "suivi par", "traitee par"),
    _f("ack_on", "date", "jour de l’accusé de réception", "date ar", "ar", "date de l'ar", "accuse de reception", "ar le",
       "date accuse de reception", "date d'accuse de reception"),
    _f("due_on", "date", "échéance annoncée, si elle était imprimée", "echeance", "date limite", "date butoir"),
    _f("state", "choice", "où en est le dossier ; sans cette colonne : clos s’il y a une réponse ou une clôture", "etat", "statut",
       "situation", "avancement"),
    _f("answered_on", "date", "jour de la réponse", "date de reponse", "date reponse", "repondu le", "reponse le"),
    _f("outcome", "choice", "fondée, partielle ou non fondée", "fondement", "decision", "fondee", "issue", "resultat", "suite"),
    _f("closed_on", "date", "jour de la clôture", "date de cloture", "date cloture", "close le", "clos le", "cloture"),
)  # fmt: skip
NAMES = {f.name: f for f in FIELDS}
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {  # ours → other words for it, folded
    "type": {
        "stagiaire": ("apprenant", "apprenante", "participant", "participante", "beneficiaire", "candidat", "candidate", "apprenti"),
        "financeur": ("opco", "france travail", "pole emploi", "region", "caisse des depots"),
        "autre": ("entreprise", "employeur", "client", "formateur", "sous-traitant", "prestataire", "parent", "autres"),
    },
    "character": {"exceptionnel": ("exceptionnelle", "ponctuel", "isole"), "durable": ("recurrent", "recurrente", "repete")},
    "outcome": {
        "fondée": ("justifiee", "recevable", "fondee totalement"),
        "partielle": ("partiellement fondee", "en partie", "partiellement", "fondee en partie"),
        "non fondée": ("infondee", "non justifiee", "irrecevable", "rejetee"),
    },
    "state": {
        "ouverte": ("ouvert", "en cours", "nouvelle", "nouveau", "a traiter", "en attente", "en traitement", "non traitee"),
        "close": ("clos", "cloture", "cloturee", "terminee", "termine", "traitee", "traite", "resolue", "resolu", "soldee", "fermee"),
        "retirée": ("retrait", "abandon", "abandonnee", "annulee"),
        "sans suite": ("classee sans suite", "sans reponse"),
        "hors périmètre": ("hors champ", "hors sujet"),
        "doublon": ("double",),
    },
}  # fmt: skip
DATES = ("JJ/MM/AAAA", "JJ/MM/AA", "JJ.MM.AAAA", "JJ-MM-AAAA", "AAAA-MM-JJ", "AAAA/MM/JJ")
_LETTERS = {"JJ": "%d", "MM": "%m", "AAAA": "%Y", "AA": "%y"}
TABLES = ("file", "columns", "otherwise", "values")
SETTINGS = {"encoding": str, "separator": str, "sheet": str, "heads": int, "dates": list}
MEND = {str: "écrivez un texte entre guillemets", int: "écrivez un nombre, comme 1", list: 'écrivez ["JJ/MM/AAAA"]'}


@dataclass(frozen=True, kw_only=True)
class Mapping:
    columns: dict[str, str]  # our field → their head
    otherwise: dict[str, str] = field(default_factory=dict)  # our field → what an empty cell means
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # our field → their word, folded → ours
    formats: tuple[str, ...] = ()  # of dates, for strptime
    how: How = field(default_factory=How)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """`rows`: the lines of the register that it is about, () for the mapping itself."""

    where: str  # « [columns] received_on », or the head of a column
    what: str
    mend: str
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        lines = f"ligne{'s' if len(self.rows) > 1 else ''} {_some(self.rows)}, " if self.rows else ""
        end = "" if self.mend.endswith("?") else "."
        return f"{lines}{self.where} : {self.what}. {self.mend[:1].upper()}{self.mend[1:]}{end}"


def _some(rows: tuple[int, ...]) -> str:
    return ", ".join(str(n) for n in rows[:12]) + (f" et {len(rows) - 12} autres" if len(rows) > 12 else "")


class Wrong(ValueError):
    """Every mistake of a mapping."""

    def __init__(self, found: Iterable[Mistake]) -> None:
        self.found = list(found)
        super().__init__(*map(str, self.found))


def read(text: str) -> Mapping:
    """Raises Wrong with every mistake."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mend = 'chaque ligne s’écrit : champ = "titre de la colonne"'
        raise Wrong([Mistake(where="fichier", what=f"ce n’est pas du TOML ({error})", mend=mend)]) from None
    found = [_unknown(name, "", TABLES) for name in data if name not in TABLES]
    found += [
        Mistake(where=f"[{name}]", what="ce n’est pas une table", mend=f"écrivez [{name}] sur sa propre ligne")
        for name in TABLES
        if not isinstance(data.get(name, {}), dict)
    ]
    if found:
        raise Wrong(found)
    settings, columns = data.get("file", {}), data.get("columns", {})
    otherwise, values = data.get("otherwise", {}), data.get("values", {})
    found += [*_settings(settings), *_texts("columns", columns), *_texts("otherwise", otherwise), *_values(values)]
    if not columns.get("received_on"):
        mend = "nommez la colonne qui porte le jour de réception"
        found.append(Mistake(where="[columns] received_on", what="il manque", mend=mend))
    if not (columns.get("subject") or columns.get("text")):
        found.append(
            Mistake(where="[columns]", what="ni subject ni text", mend="nommez la colonne de l’objet, ou du texte")
        )
    if found:
        raise Wrong(found)
    return Mapping(
        columns={name: head for name, head in columns.items() if head},
        otherwise={name: said for name, said in otherwise.items() if said},
        values={name: {fold(theirs): ours for theirs, ours in words.items()} for name, words in values.items()},
        formats=tuple(_strptime(said) for said in (settings.get("dates") or DATES)),
        how=How(**{name: settings[name] for name in ("encoding", "separator", "sheet", "heads") if settings.get(name)}),
    )


def _unknown(name: str, table: str, known: Iterable[str]) -> Mistake:
    near = get_close_matches(name, list(known), 1)
    mend = f"voulez-vous dire « {near[0]} » ?" if near else f"connus : {', '.join(known)}"
    return Mistake(
        where=f"[{table}] {name[:60]}" if table else f"[{name[:60]}]", what="ce nom n’est pas connu", mend=mend
    )


def _settings(given: dict[str, Any]) -> list[Mistake]:
    found = [_unknown(name, "file", SETTINGS) for name in given if name not in SETTINGS]
    for name, value in given.items():
        kind = SETTINGS.get(name)
        if kind and (not isinstance(value, kind) or (kind is int and value not in range(1, 100))):
            found.append(Mistake(where=f"[file] {name}", what="cette valeur ne convient pas", mend=MEND[kind]))
    dates = given.get("dates", [])
    for said in dates if isinstance(dates, list) else []:
        if not isinstance(said, str) or not _strptime(said):
            mend = "avec JJ, MM et AAAA ou AA, comme « JJ/MM/AAAA »"
            found.append(
                Mistake(where="[file] dates", what=f"« {str(said)[:30]} » n’est pas un format de date", mend=mend)
            )
    return found


def _strptime(said: str) -> str:
    """« JJ/MM/AAAA » → « %d/%m/%Y »; "" for what is no such format."""
    parts = re.findall(r"[A-Z]+|[^A-Z]+", said)
    if sorted(p for p in parts if p.isalpha()) not in (["AA", "JJ", "MM"], ["AAAA", "JJ", "MM"]) or "%" in said:
        return ""
    return "".join(_LETTERS.get(part, part) for part in parts)


def _texts(table: str, given: dict[str, Any]) -> list[Mistake]:
    found = [_unknown(name, table, NAMES) for name in given if name not in NAMES]
    mend = "écrivez un texte entre guillemets"
    return found + [
        Mistake(where=f"[{table}] {name}", what="cette valeur ne convient pas", mend=mend)
        for name, value in given.items()
        if name in NAMES and not isinstance(value, str)
    ]


def _values(given: dict[str, Any]) -> list[Mistake]:
    found: list[Mistake] = []
    for name, words in given.items():
        where = f"[values.{name[:40]}]"
        if name not in NAMES or NAMES[name].kind == "date":
            found.append(_unknown(name, "values", [f.name for f in FIELDS if f.kind != "date"]))
        elif not isinstance(words, dict) or not all(isinstance(ours, str) for ours in words.values()):
            found.append(
                Mistake(where=where, what="cette valeur ne convient pas", mend='écrivez "leur mot" = "le nôtre"')
            )
        else:
            known = CHOICES.get(name, {})
            found += [
                Mistake(
                    where=where,
                    what=f"« {ours[:60]} » n’est pas une de nos valeurs",
                    mend=f"les nôtres : {', '.join(known)}",
                )
                for ours in dict.fromkeys(words.values())
                if known and ours not in known
            ]
    return found


def missing(mapping: Mapping, heads: Iterable[str]) -> list[Mistake]:
    """Columns that the file does not have."""
    known = list(heads)
    return [
        Mistake(
            where=f"[columns] {name}",
            what=f"le registre n’a pas de colonne « {head[:60]} »",
            mend=f"voulez-vous dire « {near[0]} » ?"
            if (near := get_close_matches(head, known, 1))
            else f"ses titres : {', '.join(known[:40])}",
        )
        for name, head in mapping.columns.items()
        if head not in known
    ]


# -- a draft -------------------------------------------------------------------------------------------------------------------


def draft(heads: Iterable[str], source: str) -> str:
    """A mapping to begin with: every field of ours, fed by the column whose head says so."""
    left = list(heads)
    chosen: dict[str, str] = {}
    for each in FIELDS:
        named = {" ".join(re.sub(r"[°º.:()]", " ", fold(head)).split()): head for head in reversed(left)}
        head = next((named[h] for h in each.heads if h in named), "")
        if head:
            chosen[each.name] = head
            left.remove(head)
    width = max(len(f.name) for f in FIELDS)
    lines = [
        f"# Quelle colonne de « {source} » devient quoi. Vide : rien. À relire avant d’importer.",
        "",
        "[file]",
        'encoding = ""  # "utf-8", "cp1252" ; vide : reconnu, et dit',
        'separator = ""  # ";", "," ou une tabulation ; vide : reconnu, et dit',
        'sheet = ""  # la feuille d’un classeur ; vide : la première',
        "heads = 1  # la ligne des titres",
        'dates = []  # formats des dates, comme ["JJ/MM/AAAA"] ; vide : les formats français et AAAA-MM-JJ',
        "",
        "[columns]",
        *(f"{f.name:<{width}} = {_quoted(chosen.get(f.name, ''))}  # {f.means}" for f in FIELDS),
        "",
        *([f"# Sans usage pour l’instant : {', '.join(_quoted(h) for h in left)}", ""] if left else []),
        "# Ce que veut dire une cellule vide.",
        "[otherwise]",
        '#closed_on = "31/12/2025"',
        "",
        "# Leurs mots → les nôtres. Les mots courants (« clôturée », « partiellement fondée ») sont déjà compris.",
        *(f"#[values.{name}]  # {', '.join(words)}" for name, words in CHOICES.items()),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
