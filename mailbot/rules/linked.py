"""A reply that left, offered to whoever handles the linked files: each is answered alone, the same text is at hand (spec §3)."""

from __future__ import annotations

from typing import Any

from mailbot.config import Config
from mailbot.desk import Case
from mailbot.effects import Letter
from mailbot.letters import sendable

TAGS = {"fondée": "résolu", "partielle": "partielle", "non fondée": "infondée"}


def offered(case: Case, facts: dict[str, Any], linked: tuple[Case, ...], config: Config, *, name: str) -> list[Letter]:
    """One letter for each linked open file. `facts` and `name` are those of the reply that left."""
    return [
        _offer(case, facts, other, config, name=name)
        for other in linked
        if _may_see(case, other) and config.person(other.assignee) and sendable(other.complainant_addr)
    ]


def _may_see(case: Case, other: Case) -> bool:
    """A sensitive file's reply is shown to its own assignee only; nobody named in a file is shown what it was told."""
    return other.assignee not in case.staff_named and (not case.sensitive or other.assignee == case.assignee)


def _offer(case: Case, facts: dict[str, Any], other: Case, config: Config, *, name: str) -> Letter:
    person = config.person(other.assignee)
    due_on = other.committed_on or other.due_on
    return Letter(
        kind="same-reply",
        keys=(f"same-reply:{other.number}:{name}",),
        to=other.assignee,
        language="fr",
        number=other.number,
        facts={
            "number": other.number,
            "first_name": person.first_name if person else "",
            "from_number": case.number,
            "text": facts.get("text", ""),
            "files": list(facts.get("files", ())),
            "outcome": facts.get("outcome", ""),
            "tag": TAGS.get(facts.get("outcome", ""), "résolu"),
            "english": other.language == "en" and case.language != "en",
            "due_on": due_on.isoformat() if due_on else None,
        },
    )
