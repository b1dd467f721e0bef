"""The facts of a letter as its template gets them: without what this reader may not see, and with nothing missing that may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mailbot.letters.arranged import ROWS, arranged
from mailbot.letters.house import House

# What every letter about a file may say of it: when it came in, when that was acknowledged, its own subject (for staff).
NOTHING_OF_THE_FILE: dict[str, Any] = {"received_at": None, "acknowledged_at": None, "topic": ""}
# What a caller may leave out, by kind of letter; any other missing fact is a mistake that the template names.
WRITTEN = {"name": "", "files": ()}
CLOCKED = {"name": "", "authenticated": True}
LEFT_OUT: dict[str, dict[str, Any]] = {
    "question": WRITTEN,
    "news": WRITTEN,
    "commitment": WRITTEN,
    "reply": WRITTEN,
    "nature": {**WRITTEN, "due_on": None},
    "progress": CLOCKED,
    "late": CLOCKED,
    "waiting-reminder": CLOCKED,
    "reopened": {**CLOCKED, "written_at": None},
    "survey": {**CLOCKED, "closed_at": None},
    "thanks": WRITTEN,
    "assignment": {"lasting": ()},
    "followup-notice": {"grows": ()},
    "confirm": {"replace_action": "", "offers": ()},
    "chase": {"priority": "", "stage": "", "subject": "", "missing": (), "lacks": (), "analysis_why": ""},
    "reopen-proposal": {"until": None},
    "withdrawal-proposal": {"until": None},
    "digest": {**dict.fromkeys((*ROWS, "changed", "to_decide", "actions", "louder"), ()), "codes": {}},
}


def told(kind: str, facts: Mapping[str, Any], house: House) -> dict[str, Any]:
    """What the template of this letter may say, whatever it asks for (spec §1, §3, §4)."""
    kept = {"code": "", **LEFT_OUT.get(kind, {}), **facts}
    kept["file"] = {**NOTHING_OF_THE_FILE, **kept.get("file", {})}
    if kept.get("authenticated") is False:
        kept |= _unproven(kept)
    if kept.get("shown") is False:
        kept |= _unshown(kept)
    if kept.get("shown") is False or kept.get("sensitive"):
        kept["file"] = {**kept["file"], "topic": ""}
    if kind == "digest":
        kept |= _digest(kept)
    if kind == "list":
        kept["rows"] = [row if not row.get("sensitive") or row.get("shown") else _nameless(row) for row in kept["rows"]]
    if kind == "reply":
        kept["mediator"] = _mediator(kept, house)
    return kept


def _unproven(facts: Mapping[str, Any]) -> dict[str, Any]:
    nothing = {"name": "", "problem": ""}
    return {
        "name": "",
        "wish": "",
        "files": [""] * len(facts.get("files", ())),
        "rejected": [nothing for _ in facts.get("rejected", ())],
    }


def _unshown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A sensitive file told to somebody who is not its assignee: neither name nor text (spec §3)."""
    return {"text": "", "subject": "", "name": "", "complainant": ""}


def _digest(facts: Mapping[str, Any]) -> dict[str, Any]:
    names = facts["names"]
    rows = {s: [dict(r) if names and not r.get("sensitive", True) else _nameless(r) for r in facts[s]] for s in ROWS}
    waiting = [dict(row) if names else {**row, "from": "", "subject": ""} for row in facts["to_decide"]]
    return {**arranged(rows), "to_decide": waiting}


def _nameless(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "name": "", "subject": ""}


def _mediator(facts: Mapping[str, Any], house: House) -> dict[str, str] | None:
    ours = {"name": house.mediator_name, "address": house.mediator_address, "site": house.mediator_site}
    named = facts.get("mediator", ours)
    return named if named and named["name"] else None
