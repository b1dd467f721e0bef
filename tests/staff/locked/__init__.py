"""Forty staff replies kept aside until the end: twenty commands, twenty mails that must not act. Records: replies."""

from __future__ import annotations

from staff.locked import acts, quiet
from staff.replies import Case

ACTS: tuple[Case, ...] = acts.CASES
QUIET: tuple[Case, ...] = quiet.CASES
CASES: tuple[Case, ...] = ACTS + QUIET

__all__ = ["ACTS", "CASES", "QUIET"]
