"""Rows as a rehearsal leaves them beside its letters: for a script (JSON) and for a spreadsheet (CSV)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mailbot.reports import export


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """`name`.json and `name`.csv."""
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    (folder / f"{name}.csv").write_bytes(
        export.as_csv(list(rows[0]) if rows else [], [_cells(r.values()) for r in rows])
    )


def _cells(values: Iterable[Any]) -> list[Any]:
    return [json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in values]
