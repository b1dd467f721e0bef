"""Answers become config.example.toml with its values filled in, and the secrets beside it; nothing is overwritten."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailbot.setup.providers import Found
from mailbot.setup.way_in import Key

EXAMPLE = Path(__file__).parent.parent / "config/example.toml"
ACCOUNT = "google.json"  # the key of a service account, beside the configuration
EVERYTHING = ("staff", "quality", "direction", "admin")
_PERSON = re.compile(r"^\s*([^<>@;,]{0,80}?)[\s<,(:]*([^\s<>(),;]{1,64}@[^\s<>(),;@]{1,190}?)[>)\s.]*$")
_DAY = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")


@dataclass(frozen=True, kw_only=True)
class Answers:
    organisation: str
    address: str
    people: tuple[tuple[str, str], ...]  # (name, address) of who answers complaints
    heads: tuple[tuple[str, str], ...]  # of who has quality, direction and machine; empty: the first of `people`
    territory: str
    closures: tuple[tuple[date, date], ...]
    domain: str  # the organisation's own; "" at a public provider


def people(said: str) -> tuple[tuple[str, str], ...]:
    """« Bo Martin bo@f.fr ; Ann <ann@f.fr> ». Raises ValueError, in French."""
    found = []
    for part in filter(str.strip, re.split(r"[;\n]", said)):
        match = _PERSON.match(part)
        if not match:
            raise ValueError(
                f"« {part.strip()} » : écrivez le prénom, le nom puis l’adresse, comme Bo Martin bo@formation.fr"
            )
        name = match[1].strip() or match[2].partition("@")[0].replace(".", " ").title()
        found.append((name, match[2]))
    return tuple(found)


def closures(said: str) -> tuple[tuple[date, date], ...]:
    """« du 24/12/2026 au 03/01/2027 ; … ». Raises ValueError, in French."""
    found = []
    for part in filter(str.strip, re.split(r"[;\n]", said)):
        try:
            days = [date(int(y), int(m), int(d)) for d, m, y in _DAY.findall(part)]
        except ValueError:
            days = []
        if len(days) not in (1, 2) or days[-1] < days[0]:
            raise ValueError(f"« {part.strip()} » : écrivez du 24/12/2026 au 03/01/2027")
        found.append((days[0], days[-1]))
    return tuple(found)


def text(answers: Answers, found: Found, key: Key, data_dir: Path) -> str:
    """The whole configuration, comments included."""
    whole = EXAMPLE.read_text(encoding="utf-8")
    values: list[tuple[str, str, object]] = [
        ("", "data_dir", str(data_dir)),
        ("organisation", "name", answers.organisation),
        ("organisation", "domains", [answers.domain] if answers.domain else []),
        ("mailbox", "address", answers.address),
        ("mailbox", "user", found.user),
        ("smtp", "user", found.user),
        ("oauth", "provider", key.provider),
        ("oauth", "flow", key.flow),
        ("oauth", "client_id", key.client_id),
        ("oauth", "tenant", key.tenant),
        ("calendar", "territory", answers.territory),
    ]
    for table, server in (("mailbox", found.imap), ("smtp", found.smtp)):
        values += [(table, "host", server.host), (table, "port", server.port), (table, "security", server.security)]
    for table, name, value in values:
        whole = _set(whole, table, name, value)
    if key.account:
        whole = whole.replace("\n#service_account = ", "\nservice_account = ")
        whole = _set(whole, "oauth", "service_account", ACCOUNT)
    whole = _instead(whole, "staff", _staff(answers))
    return _instead(whole, "calendar.closures", _closed(answers.closures)) if answers.closures else whole


def _set(whole: str, table: str, key: str, value: object) -> str:
    """Puts a value where the example has one, and leaves what is written behind it."""
    start = whole.index(f"\n[{table}]\n") if table else 0
    line = re.compile(rf"(?m)^{key} = (?:\"[^\"\n]*\"|\[[^\]\n]*\]|[^\s#]+)(  # à remplir : )?")
    match = line.search(whole, start)
    assert match is not None
    # JSON writes texts, lists and numbers as TOML does
    new = f"{key} = {json.dumps(value, ensure_ascii=False)}{'  # ' if match[1] else ''}"
    return whole[: match.start()] + new + whole[match.end() :]


def _instead(whole: str, array: str, tables: str) -> str:
    """Replaces the first table of an array, commented out or not."""
    match = re.search(rf"(?m)^#?\[\[{re.escape(array)}\]\]\n(?:#?[a-z_]+ = [^\n]*\n)+", whole)
    assert match is not None
    return whole[: match.start()] + tables + whole[match.end() :]


def _staff(answers: Answers) -> str:
    known: dict[str, tuple[str, str, list[str]]] = {a.lower(): (n, a, ["staff"]) for n, a in answers.people}
    heads: Sequence[tuple[str, str]] = answers.heads or answers.people[:1]
    for name, address in heads:
        held = known.setdefault(address.lower(), (name, address, []))[2]
        held += EVERYTHING[1:]
    tables = []
    for name, address, held in known.values():
        tables.append(
            f"[[staff]]\nname = {json.dumps(name, ensure_ascii=False)}\naddresses = {json.dumps([address])}\n"
            f"roles = {json.dumps(held)}\n"
        )
    return "\n".join(tables)


def _closed(spans: Sequence[tuple[date, date]]) -> str:
    return "\n".join(f"[[calendar.closures]]\nfirst = {first}\nlast = {last}\n" for first, last in spans)


def secrets(key: Key, instance: str) -> str:
    head = "# Secrets de mailbot : à ne donner à personne, à ne pas copier avec le registre (droits 0600).\n"
    held = (("mailbox", "password", key.password), ("oauth", "client_secret", key.client_secret))
    opens = "".join(f"[{table}]\n{name} = {json.dumps(v, ensure_ascii=False)}\n\n" for table, name, v in held if v)
    own = "# Identité de cette installation : une copie du registre sans elle se reconnaît comme copie.\n"
    return f'{head}{opens}{own}[instance]\nid = "{instance}"\n'


def put(file: Path, content: str) -> None:
    """For our eyes only; raises FileExistsError rather than replace anything."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())


def data_folder(config: Path) -> Path:
    """Beside the configuration; for one in /etc/mailbot, /var/lib/mailbot, which the service may write."""
    return Path("/var/lib") / config.parent.name if config.parent.parent == Path("/etc") else config.parent / "data"
