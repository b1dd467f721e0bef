"""Forty mails written from the rules alone, by somebody who never saw the program: twenty act, twenty must not."""

from __future__ import annotations

from staff.fresh import acting, still

__all__ = ["ACTS", "CASES", "QUIET"]

ACTS = acting.CASES
QUIET = still.CASES
CASES = ACTS + QUIET
