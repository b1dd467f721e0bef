"""One full sample of the facts of each kind of letter: what a caller must give. Read by the tests and by `mailbot preview`."""

from __future__ import annotations

from typing import Any

from mailbot.letters.samples.complainants import ACK, CLOCKED, HUMAN
from mailbot.letters.samples.people import ANSWER, CODE, MEDIATOR, NUMBER, ROW, WAITING
from mailbot.letters.samples.staff import ADMINS, COMMANDS, NOTICES

TO_COMPLAINANTS = {**ACK, **CLOCKED, **HUMAN}
TO_STAFF = {**NOTICES, **COMMANDS, **ADMINS}
FACTS: dict[str, dict[str, Any]] = {**TO_COMPLAINANTS, **TO_STAFF}

__all__ = [
    "ACK",
    "ADMINS",
    "ANSWER",
    "CLOCKED",
    "CODE",
    "COMMANDS",
    "FACTS",
    "HUMAN",
    "MEDIATOR",
    "NOTICES",
    "NUMBER",
    "ROW",
    "TO_COMPLAINANTS",
    "TO_STAFF",
    "WAITING",
]
