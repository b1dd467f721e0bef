"""config.example.toml in code: a frozen Config, or one list of every mistake (key, line, how to mend)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from mailbot.config import secret_keys
from mailbot.config.checks import contradictions
from mailbot.config.lines import Key, find, line_of
from mailbot.config.mistakes import (
    Finding,
    Mistake,
    Mistakes,
    fields_of,
    from_pydantic,
    from_toml,
    model_of,
    nearest,
    plain,
    shown,
)
from mailbot.config.records import (
    AlarmRoad,
    Answers,
    Assignment,
    AssignmentRule,
    Backup,
    Calendar,
    Closure,
    Config,
    Database,
    Digest,
    Flood,
    Instance,
    Intake,
    Mailbox,
    Mediator,
    OAuth,
    Organisation,
    Person,
    Quality,
    Referents,
    Section,
    Smtp,
    Texts,
    Training,
)

__all__ = [
    "AlarmRoad",
    "Answers",
    "Assignment",
    "AssignmentRule",
    "Backup",
    "Calendar",
    "Closure",
    "Config",
    "Database",
    "Digest",
    "Flood",
    "Instance",
    "Intake",
    "Mailbox",
    "Mediator",
    "Mistake",
    "Mistakes",
    "OAuth",
    "Organisation",
    "Person",
    "Quality",
    "Referents",
    "Section",
    "Smtp",
    "Texts",
    "Training",
    "load",
]

_PATHS: tuple[Key, ...] = (
    ("data_dir",),
    ("mailbox", "ca_file"),
    ("smtp", "ca_file"),
    ("alarm", "smtp", "ca_file"),
    ("oauth", "service_account"),
    ("texts", "folder"),
    ("texts", "logo"),
    ("backup", "folder"),
)
# What stands in for a key that is missing or wrong while the others are judged; never handed out.
_BLANKS: dict[str, Any] = {
    "organisation": {"name": ""},
    "mailbox": {"address": "", "host": ""},
    "smtp": {"host": ""},
    "staff": [],
    "addresses": [],
    "first": "2000-01-01",
    "last": "2000-01-01",
}  # any other: ""


def load(path: Path, *, environ: Mapping[str, str], credentials: Path | None = None) -> Config:
    """The settings of a TOML file, with the secrets found elsewhere and paths made absolute from its folder.

    `credentials`: systemd's folder, by default $CREDENTIALS_DIRECTORY of `environ`. Nothing is written or contacted.
    Raises Mistakes with everything that is wrong at once; only a file that is not TOML hides the rest.
    """
    path = path.absolute()
    text, data = _read(path)
    if credentials is None and environ.get("CREDENTIALS_DIRECTORY"):
        credentials = Path(environ["CREDENTIALS_DIRECTORY"])
    findings = secret_keys.gather(data, path, environ, credentials)
    _anchor(data, path.parent)
    config, wrong = _build(data)
    findings += wrong
    if config is not None:
        findings += contradictions(config, {name for f in findings for name in _rests_on(f.at, data)})
    if findings or config is None:
        places = find(text)
        raise Mistakes(path, [_mistake(f, line_of(f.at, places)) for f in dict.fromkeys(findings)])
    config = _one_password(config)
    config._file = path
    return config


def _mistake(finding: Finding, line: int | None) -> Mistake:
    return Mistake(key=shown(finding.at), line=line, what=finding.what, mend=finding.mend)


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows editors put a mark in front
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        finding, line = from_toml(error, text)
        raise Mistakes(path, [_mistake(finding, line)]) from None
    except UnicodeDecodeError:
        found = Finding((), "ce fichier n’est pas en UTF-8", "Enregistrez-le en UTF-8")
    except FileNotFoundError:
        found = Finding((), "ce fichier n’existe pas", "Créez-le : « mailbot init », ou copiez config.example.toml")
    except OSError as error:
        found = Finding((), f"ce fichier ne se lit pas ({error.strerror})", "Vérifiez le chemin et les droits")
    raise Mistakes(path, [_mistake(found, None)])


def _anchor(data: dict[str, Any], folder: Path) -> None:
    """Paths are told from the file that holds them; an empty one is no path."""
    for key in _PATHS:
        value = secret_keys.lookup(data, key)
        if value == "":
            secret_keys.lookup(data, key[:-1]).pop(key[-1])
        elif isinstance(value, str):
            secret_keys.put(data, key, str(folder / value))


def _build(data: dict[str, Any]) -> tuple[Config | None, list[Finding]]:
    """The record, and what was refused; what is wrong is blanked so that the rest can still be judged."""
    try:
        return _validate(data), []
    except ValidationError as error:
        findings = from_pydantic(error)
    for finding in findings:
        _blank(data, finding.at)
    try:
        return _validate(data), findings
    except ValidationError:
        return None, findings


def _validate(data: dict[str, Any]) -> Config:
    """By JSON: the strict mode of pydantic that takes TOML's lists, paths and dates, and no number between quotes."""
    return Config.model_validate_json(json.dumps(data, default=_iso), strict=True)


def _iso(value: date | datetime | time) -> str:
    return value.isoformat()


def _blank(data: dict[str, Any], at: Key) -> None:
    last = max(n for n, part in enumerate(at) if isinstance(part, str))
    key, inner = str(at[last]), cast(Any, data)
    try:
        for part in at[:last]:
            inner = inner[part]
    except LookupError:
        return  # what held it was blanked already
    inner.pop(key, None)
    model = model_of(at[:last])
    field = model.model_fields.get(key) if model else None
    if field and field.is_required():
        inner[key] = deepcopy(_BLANKS.get(key, ""))


def _rests_on(at: Key, data: dict[str, Any]) -> Iterable[str]:
    """The keys that a mistake leaves unknown: its own, and the absent one that an unknown key probably stood for."""
    yield plain(at)
    near = nearest(at) if at and str(at[-1]) not in fields_of(at[:-1]) else None
    if near and secret_keys.lookup(data, near) is None:
        yield plain(near)


def _one_password(config: Config) -> Config:
    """`smtp.password` is by default the mailbox's, for the same account."""
    if config.smtp.password.get_secret_value() or config.smtp_user.lower() != config.imap_user.lower():
        return config
    return config.model_copy(update={"smtp": config.smtp.model_copy(update={"password": config.mailbox.password})})
