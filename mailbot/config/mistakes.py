"""A mistake in the settings, in the words of the person who has to mend it: key, line, what is wrong, how to mend."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from mailbot.config.lines import Key
from mailbot.config.records import Config


class Finding(NamedTuple):
    """A mistake before its line is looked up; `at` counts the tables of an array from 0."""

    at: Key
    what: str
    mend: str


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing to mend. `key` is written `staff[2].name` (counted from 1); `line` is None when no line bears it."""

    key: str
    line: int | None
    what: str
    mend: str

    def __str__(self) -> str:
        where = f"ligne {self.line}, " if self.line else ""
        end = "" if self.mend.endswith("?") else "."
        return f"{where}{self.key} : {self.what}. {self.mend}{end}"


class Mistakes(Exception):
    """Every mistake found in the settings, in the order of the file. Never quotes a secret."""

    def __init__(self, path: Path, found: Iterable[Mistake]) -> None:
        self.path = path
        self.found = sorted(found, key=lambda m: (m.line is None, m.line or 0))
        super().__init__(path, self.found)

    def __str__(self) -> str:
        count = len(self.found)
        head = f"{self.path} : {count} erreur{'s' if count > 1 else ''} à corriger."
        return "\n".join([head, *(f"- {m}" for m in self.found)])


def shown(at: Key) -> str:
    """`("staff", 1, "name")` → `staff[2].name`."""
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in at).lstrip(".") or "fichier"


def plain(at: Key) -> str:
    """The key without its numbers: `staff.name`."""
    return ".".join(p for p in at if isinstance(p, str))


# -- TOML ------------------------------------------------------------------------------------------

_SYNTAX = (
    ("Cannot overwrite a value", "cette clé est écrite deux fois", "Gardez une seule des deux lignes"),
    ("Cannot declare", "cette table est ouverte deux fois", "Réunissez les deux, ou écrivez [[…]] pour une liste"),
    ("Cannot mutate immutable", "cette table est écrite de deux façons", "Gardez une seule des deux façons"),
    ("Expected '='", "il manque un signe « = »", "Écrivez clé = valeur, ou # en tête d’un commentaire"),
    ("Unclosed array", "une liste n’est pas fermée", "Ajoutez le crochet fermant ]"),
    ("Unterminated string", "un texte n’est pas fermé", "Ajoutez le guillemet fermant"),
    (
        "Illegal character",
        "un caractère interdit (souvent un guillemet oublié)",
        'Entourez les textes de guillemets "…"',
    ),
    (
        "Invalid statement",
        "cette ligne n’est ni une clé ni une table",
        "Écrivez clé = valeur, [table] ou # commentaire",
    ),
    (
        "Invalid value",
        "la valeur ne se lit pas",
        'Entourez les textes de guillemets droits "…" ; oui s’écrit true, non false',
    ),
    (
        "Unescaped '\\'",
        "une barre oblique inverse dans un texte",
        "Écrivez-la deux fois \\\\, ou entourez le texte de '…'",
    ),
)
_SHORT_TIME = re.compile(r"=\s{0,20}\d{1,2}[:h]\d{0,2}\s*(?:#|$)")


def from_toml(error: tomllib.TOMLDecodeError, text: str) -> tuple[Finding, int | None]:
    """The syntax error and its line; the rest of the file can't be judged before it is mended."""
    message = str(error)
    place = re.search(r"at line (\d+)", message)
    line = int(place[1]) if place else len(text.split("\n"))
    if _SHORT_TIME.search(text.split("\n")[line - 1]):
        return Finding((), "une heure s’écrit avec ses secondes", "Écrivez par exemple 08:00:00"), line
    for start, what, mend in _SYNTAX:
        if message.startswith(start):
            return Finding((), what, mend), line
    return Finding((), "cette ligne n’est pas du TOML", "Comparez-la avec config.example.toml"), line


# -- keys and types --------------------------------------------------------------------------------

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("string", "un texte est attendu", '{key} = "…", entre guillemets'),
    ("int", "un nombre entier est attendu", "{key} = 10, sans guillemets ni virgule"),
    ("bool", "oui ou non est attendu", "{key} = true ou {key} = false"),
    ("datetime", "une date avec heure et fuseau est attendue", "{key} = 2026-09-01T08:00:00+02:00, sans guillemets"),
    ("date", "une date est attendue", "{key} = 2026-12-24, sans guillemets"),
    ("time", "une heure est attendue", "{key} = 08:00:00, sans guillemets"),
    ("tuple", "une liste est attendue", '{key} = ["…", "…"]'),
    ("model", "une table est attendue", "[{key}] sur une ligne à part, ses clés dessous"),
    ("dict", "une table est attendue", "[{key}] sur une ligne à part, ses clés dessous"),
)


def from_pydantic(error: ValidationError) -> list[Finding]:
    """What pydantic refused, said in French."""
    return [_finding(e) for e in error.errors(include_url=False, include_input=False)]


def _finding(error: Any) -> Finding:
    at: Key = error["loc"]
    sayer = _SAYERS.get(error["type"])
    if sayer:
        return Finding(at, *sayer(at, error.get("ctx", {})))
    key = next((p for p in reversed(at) if isinstance(p, str)), "")
    if error["type"].startswith("tuple") and is_array(at):
        return Finding(at, "une liste de tables est attendue", f"Écrivez [[{plain(at)}]], avec deux crochets")
    for kind, what, how in _KINDS:
        if error["type"].startswith(kind):
            return Finding(at, what, "Écrivez " + how.format(key=key))
    return Finding(at, "valeur refusée", "Voyez cette clé dans config.example.toml")


def _missing(at: Key, _: dict[str, Any]) -> tuple[str, str]:
    if is_array(at):
        return "il en faut au moins une", f"Ajoutez une table [[{plain(at)}]]"
    if model_of(at):
        return "cette table manque", f"Ajoutez la table [{plain(at)}] et ses clés"
    return "cette clé manque", f"Ajoutez {at[-1]} = … dans {_table_name(at[:-1])}"


def _unknown(at: Key, _: dict[str, Any]) -> tuple[str, str]:
    near = nearest(at)
    if near is None:
        return "clé inconnue", f"Supprimez-la ; clés possibles ici : {', '.join(fields_of(at[:-1]))}"
    if near[:-1] == at[:-1]:
        return "clé inconnue", f"Vouliez-vous écrire « {near[-1]} » ?"
    return "clé inconnue à cet endroit", f"Déplacez-la dans {_table_name(near[:-1])}"


_SAYERS: dict[str, Callable[[Key, dict[str, Any]], tuple[str, str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": lambda _, ctx: ("valeur inconnue", f"Choisissez parmi {ctx['expected'].replace(' or ', ' ou ')}"),
    "greater_than_equal": lambda _, ctx: ("valeur trop petite", f"Écrivez au moins {ctx['ge']}"),
    "less_than_equal": lambda _, ctx: ("valeur trop grande", f"Écrivez au plus {ctx['le']}"),
    "string_pattern_mismatch": lambda *_: ("valeur refusée", "Écrivez de 2 à 8 lettres majuscules sans accent"),
}


def _table_name(at: Key) -> str:
    if not at:
        return "le haut du fichier, avant la première table"
    return f"[[{plain(at)}]]" if isinstance(at[-1], int) or is_array(at) else f"[{plain(at)}]"


def nearest(at: Key) -> Key | None:
    """The known key that an unknown one probably stands for: a near spelling in its table, else its name elsewhere."""
    close = get_close_matches(str(at[-1]), list(fields_of(at[:-1])), n=1, cutoff=0.6)
    if close:
        return (*at[:-1], close[0])
    return next((key for key in all_keys() if key[-1] == at[-1]), None)


# -- the shape of the settings ---------------------------------------------------------------------


def all_keys(model: type[BaseModel] = Config, at: Key = ()) -> list[Key]:
    """Every key and table that a configuration may hold, without numbers."""
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        keys.append((*at, name))
        inner = _inner(field.annotation)
        if inner:
            keys += all_keys(inner, (*at, name))
    return keys


def fields_of(at: Key) -> dict[str, Any]:
    """Field name → annotation of the table at `at`; empty when that is not a table of fixed keys."""
    model = model_of(at)
    return {name: field.annotation for name, field in model.model_fields.items()} if model else {}


def model_of(at: Key) -> type[BaseModel] | None:
    """The record of the table at `at`, also of one table of an array."""
    model: type[BaseModel] | None = Config
    for part in at:
        if isinstance(part, str) and model:
            field = model.model_fields.get(part)
            model = _inner(field.annotation) if field else None
    return model


def is_array(at: Key) -> bool:
    """Whether `at` is a whole array of tables, like `staff`."""
    annotation = fields_of(at[:-1]).get(str(at[-1])) if at else None
    return typing.get_origin(annotation) is tuple and _inner(annotation) is not None


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    if typing.get_origin(annotation) in (tuple, typing.Union, types.UnionType):
        return next((m for a in typing.get_args(annotation) if (m := _inner(a))), None)
    return None
