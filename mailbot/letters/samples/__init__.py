"""One full sample of the facts of each kind of letter: what a caller must give. Read by the tests and by `mailbot preview`."""

from __future__ import annotations

from typing import Any

from mailbot.letters.samples.complainants import ACK, CLOCKED, HUMAN
from mailbot.letters.samples.people import ANSWER, CODE, FILE, MEDIATOR, NUMBER, ROW, WAITING
from mailbot.letters.samples.quality import MEETING
from mailbot.letters.samples.staff import ADMINS, COMMANDS, NOTICES


def _of_a_file(facts: dict[str, Any]) -> dict[str, Any]:
    """With what the register adds to each letter about a file."""
    return {"file": FILE, **facts} if facts.get("number") else facts


TO_COMPLAINANTS = {kind: _of_a_file(facts) for kind, facts in {**ACK, **CLOCKED, **HUMAN}.items()}
TO_STAFF = {kind: _of_a_file(facts) for kind, facts in {**NOTICES, **COMMANDS, **MEETING, **ADMINS}.items()}
FACTS: dict[str, dict[str, Any]] = {**TO_COMPLAINANTS, **TO_STAFF}

__all__ = [
    "ACK",
    "ADMINS",
    "ANSWER",
    "CLOCKED",
    "CODE",
    "COMMANDS",
    "FACTS",
    "FILE",
    "HUMAN",
    "MEDIATOR",
    "MEETING",
    "NOTICES",
    "NUMBER",
    "ROW",
    "TO_COMPLAINANTS",
    "TO_STAFF",
    "WAITING",
]
