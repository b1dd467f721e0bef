"""The files of a digest in the order of their urgency, and closed up when they are many: nothing late is ever left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

ROWS = ("late", "today", "new", "risk", "open")  # sections of the digest, each a list of files
# Files of a section that get a line each; more stand together, by priority or by date.
FEW = {"late": 15, "today": 15, "new": 10, "risk": 10, "open": 20}
UNRANKED, UNDATED = "P9", "9999"

Row = Mapping[str, Any]


def arranged(sections: Mapping[str, Iterable[Row]]) -> dict[str, Any]:
    """Each section sorted; `open` without what stands above it; `grouped` for the sections that are too long."""
    ranked = {name: sorted(sections[name], key=_urgency) for name in ROWS}
    above = {row["number"] for name in ("late", "today", "new", "risk") for row in ranked[name]}
    everything = len(ranked["open"])
    ranked["open"] = [row for row in ranked["open"] if row["number"] not in above]
    grouped = {name: _groups(rows, name) for name, rows in ranked.items() if len(rows) > FEW[name]}
    return {**ranked, "grouped": grouped, "open_count": everything}


def _urgency(row: Row) -> tuple[str, str, str]:
    return (row.get("priority") or UNRANKED, row.get("due_on") or UNDATED, row["number"])


def _groups(rows: list[Row], section: str) -> list[dict[str, Any]]:
    """What is late or at risk by priority; the rest by the day it falls due. Every number is there."""
    by = "due_on" if section == "open" else "priority"
    ordered = sorted(rows, key=lambda row: row.get(by) or "\uffff")  # stable: urgency stays the order inside
    groups = groupby(ordered, key=lambda row: row.get(by) or "")
    return [{"by": value, "rows": list(inside)} for value, inside in groups]
