"""The documentation names only what exists: commands, options, tags, settings, files; and the README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from mailbot.cli import app
from mailbot.config.mistakes import all_keys, plain
from mailbot.tags import TAGS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
KEYS = {plain(key) for key in all_keys()}
TABLES = {key.partition(".")[0] for key in KEYS}
SCREENS = 3 * 50  # lines


def commands() -> dict[str, set[str]]:
    """`staff welcome` → its options, of the real command line."""
    found: dict[str, set[str]] = {}
    group = typer.main.get_command(app)
    todo = [(name, command) for name, command in group.commands.items()]  # type: ignore[attr-defined]
    while todo:
        name, command = todo.pop()
        inner = getattr(command, "commands", {})
        todo += [(f"{name} {n}", c) for n, c in inner.items()]
        found[name] = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
    return found


COMMANDS = commands()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_names_only_commands_and_options_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    wrong = []
    for said in re.findall(r"(?:`|bin/|sudo -u \S+ )mailbot ((?:[a-z]+ ?)(?:[^`\n·#;,()&]*))", text):
        words = said.replace("\\|", " ").split()
        name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in COMMANDS), None)
        if name is None:
            wrong.append(said)
        else:
            wrong += [f"{name} {w}" for w in words if w.startswith("--") and w not in COMMANDS[name]]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_names_only_tags_settings_and_files_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tags = {t.name for t in TAGS}
    wrong = [tag for tag in re.findall(r"`#([a-zéèêàçâ-]+)", text) if tag not in tags]
    for key in re.findall(r"`([a-z_]+\.[a-z_]+(?:\.[a-z_]+)?)(?: = [^`]*)?`", text):
        host = key.endswith((".fr", ".com", ".net"))  # of a provider
        if not host and key.partition(".")[0] in TABLES and key not in KEYS and not (ROOT / key).exists():
            wrong.append(key)
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in link and not (page.parent / link).exists():
            wrong.append(link)
    assert wrong == []


def test_each_page_is_led_to_from_the_first_one() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in (ROOT / "docs").glob("*.md") if f"({p.name})" not in index and p.name != "README.md"] == []


def test_the_readme_stays_under_three_screens() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= SCREENS
