"""Wrong use told in French, with what to type instead: typer says it in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

# What typer says, and the same for our readers; a group of the first may be used in the second.
SAYINGS: tuple[tuple[str, str], ...] = (
    (r"No such command '(.*?)'\.", "il n’y a pas de commande « {0} »."),
    (r"Missing command\.", "il manque la commande."),
    (r"No such option: (\S+)", "il n’y a pas d’option {0}."),
    (r"Missing argument '(.*?)'", "il manque {0}."),
    (r"Missing option '(.*?)'", "il manque l’option {0}."),
    (r"Option '(.*?)' requires an argument", "l’option {0} demande une valeur, séparée d’une espace."),
    (r"Option '(.*?)' does not take a value", "l’option {0} n’a pas de valeur."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", "{0} est en trop (un texte avec des espaces se met entre guillemets)."),
    (r"Invalid value for '(.*?)': Input should be a valid (?:integer|number)", "{0} est un nombre entier."),
    (r"Invalid value for '(.*?)'", "la valeur de {0} ne convient pas."),
)  # fmt: skip
NAMES = {
    "number": "le numéro du dossier",
    "inbound_id": "l’ID du message",
    "choice": "le choix",
    "file": "le fichier",
    "folder": "le dossier",
    "key": "la clé",
    "what": "le mot",
    "who": "le nom",
}


def lines(message: str, ctx: Any) -> list[str]:
    """`ctx`: where it was typed, None when that is not known."""
    told = _in_french(message)
    near = _near(message, ctx)
    if near:
        told += f" Peut-être : {', '.join(near)}."
    if ctx is None:
        return [f"{told[:1].upper()}{told[1:]}"]
    usage = re.sub(r"^Usage: ", "Usage : ", " ".join(ctx.get_usage().split()))
    return [f"{ctx.command_path} : {told}", usage, f"« {ctx.command_path} --help » montre tout, avec des exemples."]


def _in_french(message: str) -> str:
    for saying, french in SAYINGS:
        if found := re.match(saying, message, re.DOTALL):
            return french.format(*(NAMES.get(word, word) for word in found.groups()))
    return f"cela ne s’écrit pas ainsi ({message})."


def _near(message: str, ctx: Any) -> Sequence[str]:
    """Commands or options that exist and resemble what was typed."""
    if ctx is None or not (typed := re.match(r"No such (command|option)(?::)? '?([^'\s]+?)'?(?:\.|\s|$)", message)):
        return ()
    known: dict[str, Callable[[], list[str]]] = {
        "command": lambda: list(getattr(ctx.command, "commands", {})),
        "option": lambda: [opt for p in ctx.command.params for opt in p.opts if opt.startswith("--")],
    }
    return get_close_matches(typed[2], known[typed[1]](), n=3, cutoff=0.5)
