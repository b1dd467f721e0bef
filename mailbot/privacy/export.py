"""Everything held about one person, in a folder that opens offline: what may be handed over, and apart what a human reads first.

Handed over: their mails and files, our letters to them, the facts and dates of their files. To be read first (`a-relire`): what
colleagues and other people wrote, without codes and links. Nobody else's address stands in what mailbot writes itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from mailbot import fence
from mailbot.complaint import STAGE_NAMES
from mailbot.config import Config
from mailbot.guard import Guard, Unreadable
from mailbot.reports.tables import clean
from mailbot.store import person, whole
from mailbot.store.ledger import Ledger
from mailbot.store.person import Piece

ADDRESS = re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63})+")
MASKED = "[adresse masquée]"
UNSAFE = re.compile(r"[^\w.\- ]")
FACTS = (
    "number", "nature", "stage", "received_at", "complainant_name", "complainant_addr", "complainant_type", "phone", "subject",
    "training", "wish", "due_on", "ack_at", "committed_on", "answered_at", "closed_at", "outcome", "category", "character", "marks",
)  # fmt: skip
PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>Données personnelles</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}}table{{border-collapse:collapse}}
td,th{{text-align:left;vertical-align:top;padding:.2em 1em .2em 0;border-bottom:1px solid #ccc}}</style>
<h1>{title}</h1>{body}</html>
"""


@dataclass(kw_only=True)
class Exported:
    """What was written."""

    files: int = 0
    mails: int = 0
    letters: int = 0
    attachments: int = 0
    to_read: int = 0
    troubles: list[str] = field(default_factory=list)


async def write(register: Ledger, guard: Guard, config: Config, address: str, out: Path, now: datetime) -> Exported:
    """Fills the empty folder `out`. Raises OSError, and LookupError when nothing is held."""
    held = register.ask(lambda tx: person.everything(tx, address, staff=[p.name for p in config.staff]))
    if held.found.empty:
        raise LookupError(address)
    told = Exported(files=len(held.found.files))
    for name in ("messages", "lettres", "pieces", "a-relire"):
        (out / name).mkdir(parents=True, mode=0o700)
    rows: list[dict[str, Any]] = []
    for piece in held.mails:
        rows.append(await _mail(register, guard, config, piece, out, told, mine=piece.addr == held.found.address))
    for piece in held.letters:
        if piece.addr == held.found.address:
            rows.append(_letter(register, piece, out, told))
    data = {
        "address": held.found.address,
        "exported_at": now.isoformat(),
        "files": [{name: _plain(getattr(f, name)) for name in FACTS} for f in held.found.files],
        "pieces": rows,
        "journal": [_line(step, held.found.address, config) for step in held.steps],
    }
    _text(out / "a-relire" / "journal.txt", "\n".join(_inside(held.steps, config)) + "\n")
    _text(out / "donnees.json", json.dumps(data, ensure_ascii=False, indent=1))
    _text(out / "index.html", page(data))
    return told


async def _mail(
    register: Ledger, guard: Guard, config: Config, piece: Piece, out: Path, told: Exported, *, mine: bool
) -> dict[str, Any]:
    """Their own mail whole, with its files; somebody else's as a text to be read first."""
    name = f"{piece.at:%Y-%m-%d-%H%M}-{piece.id}"
    row = {
        "kind": "message",
        "at": piece.at.isoformat(),
        "number": piece.number,
        "subject": piece.subject if mine else "",
    }
    if piece.erased:
        return {**row, "file": "", "erased": True}
    raw = register.ask(lambda tx: person.mail_bytes(tx, piece.id))
    if mine:
        _bytes(out / "messages" / f"{name}.eml", raw)
        told.mails += 1
        files = await _try(lambda: _files(register, guard, piece, raw, out, told), told, piece) or []
        return {**row, "file": f"messages/{name}.eml", "attachments": files}
    text = await _try(lambda: _own_words(guard, config, raw), told, piece)
    _text(out / "a-relire" / f"{name}.txt", _masked(text or "(illisible)", ""))
    told.to_read += 1
    return {**row, "file": "", "written_by": "le service ou un tiers"}


async def _try(act: Callable[[], Awaitable[Any]], told: Exported, piece: Piece) -> Any:
    try:
        return await act()
    except Unreadable as error:
        told.troubles.append(f"message {piece.id} : {error}")
        return None


async def _files(
    register: Ledger, guard: Guard, piece: Piece, raw: bytes, out: Path, told: Exported
) -> list[dict[str, Any]]:
    named = register.ask(lambda tx: person.files_of(tx, piece.id))
    cut = await guard.cut_out(raw, [path for path, _, _ in named]) if named else {}
    rows = []
    for n, (path, name, digest) in enumerate(named, start=1):
        if path in cut:
            safe = f"{piece.id}-{n}-{UNSAFE.sub('_', clean(name))[-80:] or 'fichier'}"
            _bytes(out / "pieces" / safe, cut[path])
            told.attachments += 1
            rows.append({"name": name, "file": f"pieces/{safe}", "sha256": digest})
    return rows


async def _own_words(guard: Guard, config: Config, raw: bytes) -> str:
    message, said = await guard.read(raw)
    return fence.fence(message, said, config.mailbox.address).text


def _letter(register: Ledger, piece: Piece, out: Path, told: Exported) -> dict[str, Any]:
    name = f"{piece.at:%Y-%m-%d-%H%M}-{piece.id}.eml"
    row = {"kind": "lettre", "at": piece.at.isoformat(), "number": piece.number, "subject": piece.subject}
    if piece.erased:
        return {**row, "file": "", "erased": True}
    _bytes(out / "lettres" / name, register.ask(lambda tx: whole.remains(tx, piece.id)))
    told.letters += 1
    return {**row, "file": f"lettres/{name}"}


def _line(step: person.Step, address: str, config: Config) -> dict[str, str]:
    """Who acted is « vous », « le service » or mailbot; what a colleague wrote waits in `a-relire`."""
    inside = config.person(step.actor) is not None or step.actor.startswith("commande")
    who = (
        "vous"
        if step.actor == address
        else "le service"
        if inside
        else step.actor
        if "@" not in step.actor
        else "un tiers"
    )
    text = _masked(step.text, address) if who in ("vous", "mailbot") else ""
    return {"at": step.at.isoformat(), "number": step.number, "event": step.event, "who": who, "text": text}


def _inside(steps: tuple[person.Step, ...], config: Config) -> list[str]:
    own = [s for s in steps if config.person(s.actor) is not None]
    return [f"{s.at:%d/%m/%Y %H:%M} {s.number} {s.event} : {_masked(s.text, '')}" for s in own]


def _masked(text: str, address: str) -> str:
    return ADDRESS.sub(lambda m: m[0] if m[0].lower() == address else MASKED, text)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def page(data: dict[str, Any]) -> str:
    """The page one begins with: every file's facts, every mail and letter with its link, the journal."""
    body = [
        f"<p>Tout ce que le bureau des réclamations détient sur {escape(data['address'])}, le {_day(data['exported_at'])}.</p>"
    ]
    for file in data["files"]:
        rows = "".join(f"<tr><th>{LABELS[k]}<td>{_shown(k, v)}" for k, v in file.items() if v not in (None, ""))
        body.append(f"<h2>{escape(file['number'])}</h2><table>{rows}</table>")
    links = "".join(f"<tr><td>{_day(p['at'])}<td>{p['kind']}<td>{_link(p)}<td>{_links(p)}" for p in data["pieces"])
    body.append(f"<h2>Messages et lettres</h2><table><tr><th>date<th>quoi<th>objet<th>pièces{links}</table>")
    told = [s for s in data["journal"] if s["text"]]
    steps = "".join(
        f"<tr><td>{_day(s['at'])}<td>{s['at'][11:16]}<td>{escape(s['who'])}<td>{escape(s['text'])}" for s in told
    )
    body.append(f"<h2>Journal</h2><table>{steps}</table>")
    return PAGE.format(title="Données personnelles", body="\n".join(body))


def _shown(name: str, value: Any) -> str:
    """As somebody reads it: stages by their French names, days first."""
    text = STAGE_NAMES.get(str(value), str(value)) if name == "stage" else str(value)
    return escape(_day(text) if name.endswith(("_at", "_on")) else text)


def _day(moment: str) -> str:
    return "/".join(reversed(moment[:10].split("-")))


def _link(piece: dict[str, Any]) -> str:
    subject = escape(piece["subject"] or piece.get("written_by", "(sans objet)"))
    return f'<a href="{escape(piece["file"])}">{subject}</a>' if piece["file"] else subject


def _links(piece: dict[str, Any]) -> str:
    return ", ".join(f'<a href="{escape(a["file"])}">{escape(a["name"])}</a>' for a in piece.get("attachments", ()))


LABELS = dict(
    zip(
        FACTS,
        (
            "numéro", "nature", "étape", "reçue le", "nom", "adresse", "qualité", "téléphone", "objet",
            "formation", "souhait", "échéance", "accusé le", "engagement", "répondu le", "close le", "suite", "catégorie",
            "caractère", "enquête",
        ),
        strict=True,
    )
)  # fmt: skip


def _bytes(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)


def _text(path: Path, text: str) -> None:
    _bytes(path, text.encode())
