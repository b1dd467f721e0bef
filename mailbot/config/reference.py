"""The configuration reference: the words of config.example.toml beside the types and defaults of the code."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mailbot.config.mistakes import all_keys, model_of, plain

EXAMPLE = Path(__file__).parent / "example.toml"  # a link to config.example.toml, so that it travels in the package
_TABLE = re.compile(r"#?\[\[?([a-z_.]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"#?([a-z_]+) = (?:\"[^\"]*\"|\[[^\]]*\]|[^#]*)\s*(?:#\s*(.*))?$")
_KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "oui/non"),
    (int, "nombre"),
    (datetime, "date et heure"),
    (date, "date"),
    (time, "heure"),
    (Path, "chemin"),
    (SecretStr, "secret"),
    (str, "texte"),
)
HEAD = """\
# Tous les réglages

Cette page est écrite par `mailbot config reference` ; elle dit la même chose que `config.example.toml`. Un seul réglage :
`mailbot config explain mailbox.junk`. « obligatoire » : sans cette clé, mailbot ne démarre pas.
"""


@dataclass(frozen=True)
class Entry:
    """One key: where it stands, what it takes, what holds without it, and what it means."""

    key: str
    kind: str
    default: str
    words: str


def example() -> str:
    """config.example.toml as this version ships it."""
    return EXAMPLE.read_text(encoding="utf-8")


def entries() -> list[Entry]:
    """Every key, in the order of the records."""
    said = _words(example())
    return [_entry(plain(key), said) for key in all_keys() if model_of(key) is None]


def explain(key: str) -> Entry | None:
    return next((e for e in entries() if e.key == key.strip()), None)


def _entry(key: str, said: dict[str, str]) -> Entry:
    table, _, name = key.rpartition(".")
    model = model_of(tuple(table.split(".")) if table else ())
    assert model is not None
    field = model.model_fields[name]
    default = "obligatoire" if field.is_required() else _shown(field.get_default())
    words = said.get(key) or said.get(_twin(key), "")
    return Entry(key, _kind(field.annotation), default, words)


def _twin(key: str) -> str:
    """The second sending account has the keys of the first."""
    return key.removeprefix("alarm.")


def _kind(annotation: Any) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " ou ".join(f"`{a}`" for a in args)
    if origin is tuple:
        return f"liste de {_kind(args[0])}"
    if origin is dict:
        return "table de listes"
    if origin in (typing.Union, types.UnionType):
        return _kind(next(a for a in args if a is not type(None)))
    return next(word for kind, word in _KINDS if isinstance(annotation, type) and issubclass(annotation, kind))


def _shown(value: Any) -> str:
    if value is None or value in ("", (), {}) or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return "vide"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return " ".join(f"`{v}`" for v in value)
    return f"`{value}`"


def _words(text: str) -> dict[str, str]:
    """Key, or table, → what the example says of it: the lines above, then the end of its own line."""
    found: dict[str, str] = {}
    table, above = "", ""
    for line in text.split("\n"):
        if line.startswith("# "):
            above += " " + line[2:]
        elif named := _TABLE.match(line):
            table, above = named[1], _keep(found, named[1], above)
        elif pair := _KEY.match(line):
            above = _keep(found, f"{table}.{pair[1]}".lstrip("."), f"{above} {pair[2] or ''}")
        else:
            above = ""
    return found


def _keep(found: dict[str, str], key: str, words: str) -> str:
    if " ".join(words.split()):
        found.setdefault(key, " ".join(words.split()))
    return ""


def page() -> str:
    """The whole reference, in Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    said = _words(example())
    tables: dict[str, list[Entry]] = {}
    for entry in entries():
        tables.setdefault(entry.key.rpartition(".")[0], []).append(entry)
    for table, rows in tables.items():
        yield f"## {f'[{table}]' if table else 'En tête'}\n"
        if table and said.get(table):
            yield f"{said[table]}\n"
        yield "| clé | valeur | sinon | sens |\n|---|---|---|---|"
        yield from (f"| `{e.key.rpartition('.')[2]}` | {e.kind} | {e.default} | {_cell(e.words)} |" for e in rows)
        yield ""


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;")
