"""Rows as a rehearsal leaves them beside its letters: for a script (JSON) and for a spreadsheet (CSV)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would obey a cell that begins so


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """`name`.json and `name`.csv."""
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(rows[0] if rows else ())
        writer.writerows(_cells(row.values()) for row in rows)


def _cells(values: Iterable[Any]) -> list[str]:
    return [_cell(json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v) for v in values]


def _cell(value: Any) -> str:
    text = "" if value is None else "oui" if value is True else "non" if value is False else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
