"""Manners at a terminal: wrong use in French with what to type, tables that fit, bars on a terminal only, silence when asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cast
import pexpect
import pytest
import typer
from servers import free_ports
from test_cli import CONFIG
from typer.testing import CliRunner, Result

from mailbot.cli import app, shared
from mailbot.corridor.bench import house
from mailbot.letters import gallery
from mailbot.reports import tables

ENGLISH = re.compile(r"\b(?:No such|Missing|Error|Try|Invalid|requires|unexpected|Aborted|should|Did you)\b")


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    imap, smtp = free_ports(2)
    file = tmp_path / "mailbot.toml"
    file.write_text(CONFIG.format(imap=imap, smtp=smtp, mode="essai"), encoding="utf-8")
    file.chmod(0o600)
    return file


# -- wrong use ---------------------------------------------------------------------------------------------------------

WRONG = [
    ("lst", "mailbot : il n’y a pas de commande « lst ». Peut-être : list, start, staff."),
    ("xyzzy", "mailbot : il n’y a pas de commande « xyzzy »."),
    ("staff lst", "mailbot staff : il n’y a pas de commande « lst ». Peut-être : list, test."),
    ("list --jsn", "mailbot list : il n’y a pas d’option --jsn. Peut-être : --json."),
    ("show", "mailbot show : il manque le numéro du dossier."),
    ("decide 3", "mailbot decide : il manque le choix."),
    ("decide trois note", "mailbot decide : l’ID du message est un nombre entier."),
    ("backup a b", "mailbot backup : b est en trop (un texte avec des espaces se met entre guillemets)."),
    ("check --config", "L’option --config demande une valeur, séparée d’une espace."),
    ("list --json=1", "L’option --json n’a pas de valeur."),
]


@pytest.mark.parametrize(("typed", "told"), WRONG, ids=[w[0] for w in WRONG])
def test_wrong_use_is_told_in_french_with_what_to_type_and_ends_with_2(typed: str, told: str) -> None:
    done = call(*typed.split())
    assert (done.exit_code, done.stdout) == (2, "")
    first, *rest = done.stderr.splitlines()
    assert first.replace("root", "mailbot", 1) == told  # typer's test runner calls the program « root »
    assert ENGLISH.findall(done.stderr) == []
    if ":" in told.partition("il ")[0]:
        assert rest[0].startswith("Usage : ")
        assert "--help" in rest[1]


def commands() -> list[str]:
    group: Any = typer.main.get_command(app)
    inner = [f"{name} {n}" for name, c in group.commands.items() for n in getattr(c, "commands", {})]
    return [*(name for name, c in group.commands.items() if not hasattr(c, "commands")), *inner]


@pytest.mark.parametrize("command", commands())
def test_no_command_answers_wrong_use_in_english(command: str) -> None:
    done = call(*command.split(), "--nein")
    assert done.exit_code == 2
    assert "il n’y a pas d’option --nein" in done.stderr
    assert ENGLISH.findall(done.stderr) == []


def test_what_typer_may_say_one_day_is_still_told_in_french() -> None:
    from mailbot.cli import wrong_use

    assert wrong_use.lines("Something new.", None) == ["Cela ne s’écrit pas ainsi (Something new.)."]


def test_whoever_ends_the_questions_is_not_shouted_at(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", "-c", str(tmp_path / "mailbot.toml")], input="Formation\n")
    assert (done.exit_code, done.stderr.split()) == (1, ["Interrompu."])
    assert list(tmp_path.iterdir()) == []


def test_a_yes_is_a_oui(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["peut-être", "OUI", "n"])
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(said))
    assert [shared.agreed("Vraiment ?"), shared.agreed("Vraiment ?")] == [True, False]


# -- tables ------------------------------------------------------------------------------------------------------------

FILE = {
    "number": "REC-2026-0001", "due_on": "2026-12-01", "stage": "acknowledged", "type": "stagiaire",
    "assignee": "bo.martin@formation-exemple.example", "subject": "Formation annulée la veille, " * 4,
}  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_list_fits_the_terminal(width: int) -> None:
    heading, row = tables.lines([FILE], width)
    assert len(heading) <= width
    assert width - 3 <= len(row) <= width, "and uses it"
    assert row.startswith("REC-2026-0001")
    assert "2026-12-01" in row


def test_where_there_is_no_terminal_nothing_is_cut() -> None:
    assert tables.lines([FILE], 10_000)[1].endswith(str(FILE["subject"]).strip())


# -- bars and silence --------------------------------------------------------------------------------------------------


def on_a_terminal(*words: object) -> str:
    program = str(Path(sys.executable).parent / "mailbot")
    shown, code = pexpect.run(
        f"{program} {' '.join(map(str, words))}", encoding="utf-8", timeout=60, withexitstatus=True
    )
    assert code == 0, shown
    return str(shown)


@pytest.mark.sqlite("the copy of the file")
def test_long_work_shows_how_far_it_is_on_a_terminal_only(config: Path, tmp_path: Path) -> None:
    assert call("list", "--config", config).exit_code == 0  # there is a register now
    assert re.search(r"Copie.*100%", on_a_terminal("backup", tmp_path / "seen", "--config", config), re.DOTALL)
    assert call("backup", tmp_path / "unseen", "--config", config).stderr == ""


def test_the_bar_of_the_letters_comes_to_its_end() -> None:
    steps: list[int] = []
    pages = gallery.pages(house(cast.config()), lambda: steps.append(1))
    assert len(steps) == gallery.MANY == len(pages) - 1


@pytest.mark.sqlite("the copy of the file")
def test_what_is_done_quietly_says_nothing(config: Path, tmp_path: Path) -> None:
    said = [call("start", "--none", "--quiet", "--config", config), call("backup", tmp_path, "-q", "--config", config)]
    (tmp_path / "mailbot.db").rename(tmp_path / "away.db")
    [copy] = tmp_path.glob("mailbot-*.db")
    said.append(call("restore", copy, "--quiet", "--config", config))
    assert [(done.exit_code, done.output) for done in said] == [(0, "")] * 3


# -- what help costs -----------------------------------------------------------------------------------------------------

HEAVY = {"asyncio", "ssl", "rich", "pydantic", "sqlalchemy", "sqlmodel", "structlog", "bs4", "jinja2", "imap_tools"}
HELP = """
import sys
from mailbot.cli import main
sys.argv = ["mailbot", "--help"]
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def test_the_list_of_commands_loads_nothing_heavy_and_none_of_our_rooms() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()
    assert "mailbot.cli.desk" in loaded
    assert HEAVY & {module.partition(".")[0] for module in loaded} == set()
    rooms = {module.split(".")[1] for module in loaded if module.startswith("mailbot.")}
    assert rooms == {"cli", "frugal"}  # which says how the others are loaded
    assert "Cette aide." in done.stdout
