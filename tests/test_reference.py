"""The configuration reference, config.example.toml, the help and the page in docs say the same (a key told in one is told in all)."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailbot.cli import app
from mailbot.config import reference
from mailbot.config.mistakes import all_keys, model_of, plain

ROOT = Path(__file__).parent.parent
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
KEYS = [plain(key) for key in all_keys() if model_of(key) is None]


def call(*words: str) -> str:
    result = CliRunner().invoke(app, ["config", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_page_in_docs_is_what_the_command_writes() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == call("reference"), "mailbot config reference > docs/configuration.md"


def test_the_example_that_travels_in_the_package_is_the_one_beside_the_readme() -> None:
    assert call("example") == EXAMPLE
    tomllib.loads(EXAMPLE)


@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_explained_by_the_help_in_the_words_of_the_example(key: str) -> None:
    told = json.loads(call("explain", key, "--json"))
    assert told["words"], "a comment above the key, or at the end of its line, in config.example.toml"
    flat = " ".join(EXAMPLE.replace("\n# ", " ").split())
    assert told["words"].split(".")[0] in flat
    assert f"| `{key.rpartition('.')[2]}` |" in call("reference")


@pytest.mark.parametrize("key", [k for k in KEYS if "alarm.smtp" not in k])
def test_the_default_that_is_told_is_the_one_that_the_example_writes(key: str) -> None:
    table, _, name = key.rpartition(".")
    data = tomllib.loads(EXAMPLE)
    for part in table.split(".") if table else ():
        data = data.get(part, {}) if isinstance(data, dict) else {}
    entry = reference.explain(key)
    assert entry is not None
    if not isinstance(data, dict) or name not in data or "à remplir" in entry.words or key == "mode":
        return  # a model to copy, or a value to fill in
    value = data[name]
    empty = value in ("", [], {})
    told = "vide" if empty else f"`{str(value).lower()}`" if isinstance(value, bool) else None
    told = told or (" ".join(f"`{v}`" for v in value) if isinstance(value, list) else f"`{value}`")
    assert entry.default == told


def test_an_unknown_key_is_told_with_those_that_resemble_it() -> None:
    result = CliRunner().invoke(app, ["config", "explain", "mailbox.jnk"])
    assert (result.exit_code, "mailbox.junk" in result.stderr) == (1, True)
