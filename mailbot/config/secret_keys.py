"""Where the secrets come from: systemd's credentials, the environment, secrets.toml, last the configuration itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mailbot.config.lines import Key
from mailbot.config.mistakes import Finding, from_toml, plain

SECRETS: dict[Key, str] = {
    ("mailbox", "password"): "MAILBOT_MAILBOX_PASSWORD",
    ("smtp", "password"): "MAILBOT_SMTP_PASSWORD",
    ("oauth", "client_secret"): "MAILBOT_OAUTH_CLIENT_SECRET",
    ("alarm", "smtp", "password"): "MAILBOT_ALARM_SMTP_PASSWORD",
    ("alarm", "webhook"): "MAILBOT_ALARM_WEBHOOK",
    ("health", "heartbeat_url"): "MAILBOT_HEALTH_HEARTBEAT_URL",
    ("database", "url"): "MAILBOT_DATABASE_URL",
    ("instance", "id"): "MAILBOT_INSTANCE_ID",
}
FILE = "secrets.toml"
OTHERS_MAY_READ = 0o004
TOO_OPEN = 0o137  # anything beyond -rw-r-----


def gather(data: dict[str, Any], path: Path, environ: Mapping[str, str], credentials: Path | None) -> list[Finding]:
    """Puts each secret into `data`, where the first of the four places has it; returns what was wrong on the way."""
    findings = [*_too_readable(data, path)]
    beside, found = _beside(path.parent / FILE)
    findings += found
    for key, variable in SECRETS.items():
        if key[-1] in ("password", "client_secret") and lookup(data, key[:-1]) is None:
            continue  # no account that it could open
        try:
            value = _credential(credentials, plain(key)) or _variable(environ, variable) or lookup(beside, key)
        except (OSError, UnicodeDecodeError) as error:
            findings.append(Finding(key, f"le fichier du secret ne se lit pas ({_why(error)})", "Corrigez ce fichier"))
            continue
        if isinstance(value, str) and value:
            put(data, key, value)
    return findings


def missing(at: Key) -> Finding:
    """A secret that is nowhere, with the ways to give it."""
    name = plain(at)
    return Finding(
        at,
        "ce secret n’est donné nulle part",
        f"Donnez-le par systemd (LoadCredential={name}:/chemin/du/fichier), "
        f"par l’environnement ({SECRETS[at]}, ou {SECRETS[at]}_FILE et un chemin), "
        f"ou dans {FILE}, à côté de la configuration (table [{plain(at[:-1])}], droits 0600)",
    )


def without(text: str) -> str:
    """A configuration's text without its secrets, for a copy; also without those that a comment remembers. "" when they can't
    be taken out line by line without touching something else."""
    names = "|".join(sorted({re.escape(str(key[-1])) for key in SECRETS}))
    line = re.compile(rf"(?m)^([ \t]*)#?[ \t]*({names})[ \t]*=.*$")
    bare = line.sub(r"\1# \2 : retiré de cette copie", text)
    try:
        before, after = tomllib.loads(text), tomllib.loads(bare)
    except tomllib.TOMLDecodeError:
        return ""
    for key in SECRETS:
        inner = lookup(before, key[:-1])
        if isinstance(inner, dict):
            inner.pop(key[-1], None)
    return bare if before == after else ""


def lookup(data: Any, key: Key) -> Any:
    """The value at `key`, None when something on the way is absent or not a table."""
    for part in key:
        if not isinstance(data, dict):
            return None
        data = data.get(part)
    return data


def put(data: dict[str, Any], key: Key, value: Any) -> None:
    """Sets the value at `key`; gives up where the configuration has something else than a table there."""
    for part in key[:-1]:
        inner = data.setdefault(str(part), {})
        if not isinstance(inner, dict):
            return
        data = inner
    data[str(key[-1])] = value


def _credential(folder: Path | None, name: str) -> str:
    file = folder / name if folder else None
    return _content(file) if file and file.exists() else ""


def _variable(environ: Mapping[str, str], name: str) -> str:
    if environ.get(name):
        return environ[name]
    file = environ.get(f"{name}_FILE", "")
    return _content(Path(file)) if file else ""


def _content(file: Path) -> str:
    """Editors add a line feed at the end; a password has none."""
    return file.read_text(encoding="utf-8").rstrip("\r\n")


def _beside(file: Path) -> tuple[dict[str, Any], list[Finding]]:
    if not file.exists():
        return {}, []
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        finding, line = from_toml(error, text)
        return {}, [Finding((FILE,), f"ligne {line} : {finding.what}", finding.mend)]
    except (OSError, UnicodeDecodeError) as error:
        return {}, [Finding((FILE,), f"ce fichier ne se lit pas ({_why(error)})", "Corrigez-le ou retirez-le")]
    return data, [*_open_to_others(file), *_not_secrets(data)]


def _open_to_others(file: Path) -> Iterator[Finding]:
    mode = file.stat().st_mode & 0o777
    if mode & TOO_OPEN:
        yield Finding(
            (FILE,),
            f"d’autres comptes peuvent lire ou changer ce fichier (droits {mode:04o})",
            f"Faites chmod 600 {FILE}",
        )


def _not_secrets(data: dict[str, Any], at: Key = ()) -> Iterator[Finding]:
    for name, value in data.items():
        key = (*at, name)
        if isinstance(value, dict) and any(s[: len(key)] == key for s in SECRETS if len(s) > len(key)):
            yield from _not_secrets(value, key)
        elif key not in SECRETS or not isinstance(value, str):
            known = ", ".join(plain(s) for s in SECRETS)
            yield Finding(
                (FILE, *key), "ce fichier ne contient que des secrets, entre guillemets", f"Clés possibles : {known}"
            )


def _too_readable(data: dict[str, Any], path: Path) -> Iterator[Finding]:
    if not path.stat().st_mode & OTHERS_MAY_READ:
        return
    for key in SECRETS:
        if _is_secret(key, lookup(data, key)):
            yield Finding(
                key,
                "un secret dans un fichier que tout le monde peut lire",
                f"Faites chmod 640 {path.name}, ou déplacez ce secret dans {FILE}",
            )


def _is_secret(key: Key, value: Any) -> bool:
    if key == ("database", "url"):
        return isinstance(value, str) and re.search(r"//[^/@]{0,200}:[^/@]{1,200}@", value) is not None
    return bool(value)


def _why(error: Exception) -> str:
    return "il n’est pas en UTF-8" if isinstance(error, UnicodeDecodeError) else str(getattr(error, "strerror", error))
