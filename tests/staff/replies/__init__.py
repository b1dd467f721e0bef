"""Eighty staff replies and what each must cause: forty commands, forty mails that must not act. Assumptions: records.py."""

from __future__ import annotations

from staff.replies import answering, asking, handling, notes, refused, unproven
from staff.replies.records import CAST, DESK, GIVEN, NUMBER, OTHER, TWIN, Case, Expect, fill

ACTS: tuple[Case, ...] = answering.CASES + handling.CASES + asking.CASES
QUIET: tuple[Case, ...] = notes.CASES + unproven.CASES + refused.CASES
CASES: tuple[Case, ...] = ACTS + QUIET

__all__ = ["ACTS", "CASES", "CAST", "DESK", "GIVEN", "NUMBER", "OTHER", "QUIET", "TWIN", "Case", "Expect", "fill"]
