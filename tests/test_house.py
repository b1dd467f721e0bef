"""The rules of the house, kept by reading the sources: imports go downward, the desk has no windows, nothing is out of place."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mailbot"
LONGEST = 400  # lines

DESK = frozenset(
    "message reading identity verdict tags workdays complaint cadence colours traces fence rules effects letters desk".split()
)
HANDS = frozenset("store guard guarded mailbox outbox oauth names jobs alarms app cli demo".split())
ABOVE = frozenset({"app", "several", "jobs", "cli", "__main__"})  # they know everything
ONE_ROOM = {
    "bs4": "message",
    "inscriptis": "message",
    "lxml": "message",
    "nh3": "message",
    "pybase64": "message",
    "uvloop": "frugal",
    "zstandard": "store",
    "jinja2": "letters",
    "css_inline": "letters",
    "holidays": "workdays",
    "sqlmodel": "store",
    "sqlalchemy": "store",
    "alembic": "store",
    "imap_tools": "mailbox",
    "aiosmtplib": "outbox",
    "dns": "names",
    "msal": "oauth",
    "google": "oauth",
    "requests": "oauth",
    "apscheduler": "jobs",
    "pydantic": "config",
    "typer": "cli",
    "typst": "reports",
    "xlsxwriter": "reports",
    "openpyxl": "importing",
    "pymap": "demo",
    "aiosmtpd": "demo",
}
HAND_TOOLS = frozenset({"sqlalchemy", "sqlmodel", "imap_tools", "aiosmtplib", "apscheduler", "structlog", "dns"})
LOGS = "structlog"  # any hand writes to the log

MODULES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8"), filename=str(path)) for path in MODULES}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room(path: Path) -> str:
    """`mailbot/letters/seal.py` and `mailbot/letters.py` are both the room `letters`; the package itself is ""."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every imported name in full (`mailbot.config.load`, `os.path`) with its line; also inside functions."""
    package = ["mailbot", *path.relative_to(PACKAGE).with_suffix("").parts[:-1]]
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{stem}.{alias.name}", node.lineno) for alias in node.names)


def rooms_entered(path: Path) -> Iterator[tuple[str, int]]:
    for name, line in imports(path):
        parts = name.split(".")
        if parts[0] == "mailbot" and len(parts) > 1 and parts[1] != room(path) and _is_room(parts[1]):
            yield parts[1], line


def _is_room(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def strangers(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level names of other people's libraries."""
    for name, line in imports(path):
        first = name.split(".")[0]
        if first != "mailbot" and first not in sys.stdlib_module_names:
            yield first, line


def desk_modules() -> list[Path]:
    return [path for path in MODULES if room(path) in DESK]


# -- arrows ----------------------------------------------------------------------------------------


def test_there_is_a_house_to_look_at() -> None:
    assert {"config", "effects", "message"} <= {room(path) for path in MODULES}


def test_the_desk_imports_no_hand() -> None:
    wrong = [
        f"{shown(path)}:{line} → {name}" for path in desk_modules() for name, line in rooms_entered(path) if name not in DESK
        and name != "config"
    ]  # fmt: skip
    assert wrong == []


def test_the_desk_takes_settings_as_records_and_never_reads_the_file() -> None:
    wrong = [
        f"{shown(path)}:{line} → {name}"
        for path in desk_modules()
        for name, line in imports(path)
        if name in ("mailbot.config", "mailbot.config.Mistakes", "mailbot.config.Mistake")
        or (name.startswith("mailbot.config.") and not name.split(".")[2][0].isupper())
    ]  # fmt: skip
    assert wrong == []


def test_the_settings_know_only_the_calendar_and_the_colours() -> None:
    wrong = [
        f"{shown(path)}:{line} → {name}"
        for path in MODULES
        if room(path) == "config"
        for name, line in rooms_entered(path)
        if name not in ("workdays", "colours")
    ]
    assert wrong == []


def test_only_the_top_of_the_house_imports_the_top() -> None:
    people = {"demo", "rehearse", "doctor"}
    wrong = [
        f"{shown(path)}:{line} → {name}"
        for path in MODULES
        if room(path) not in ABOVE | people
        for name, line in rooms_entered(path)
        if name in ABOVE | people
    ]
    assert wrong == []


def test_no_room_leads_back_to_itself() -> None:
    arrows: dict[str, set[str]] = {}
    for path in MODULES:
        if room(path) not in ABOVE:
            arrows.setdefault(room(path), set()).update(name for name, _ in rooms_entered(path) if name not in ABOVE)
    assert [name for name in arrows if name in _reached(arrows, name)] == []


def _reached(arrows: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = list(arrows.get(start, ()))
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += arrows.get(name, ())
    return seen


def test_the_desk_does_not_know_the_tools_of_the_hands() -> None:
    wrong = [
        f"{shown(path)}:{line} → {name}" for path in desk_modules() for name, line in strangers(path) if name in HAND_TOOLS
    ]  # fmt: skip
    assert wrong == []


def test_each_library_is_known_in_one_room() -> None:
    homes: dict[str, dict[str, str]] = {}
    for path in MODULES:
        for name, line in strangers(path):
            homes.setdefault(name, {})[room(path)] = f"{shown(path)}:{line}"
    wrong = [
        f"{name} in {where}, its room is {ONE_ROOM[name]}"
        for name, rooms in homes.items()
        if name in ONE_ROOM
        for where_room, where in rooms.items()
        if where_room != ONE_ROOM[name]
    ]
    wrong += [
        f"{name} in {sorted(rooms.values())}"
        for name, rooms in homes.items()
        if name not in {*ONE_ROOM, LOGS} and len(rooms) > 1
    ]
    assert wrong == []


# -- no windows ------------------------------------------------------------------------------------

CLOCKS = re.compile(r"(?:^|\.)(?:datetime\.(?:now|today|utcnow)|date\.today|time\.(?:time|time_ns|monotonic|sleep))$")
DICE = re.compile(r"(?:^|\.)(?:secrets|random)\.\w+$|(?:^|\.)os\.urandom$|(?:^|\.)uuid\.uuid[14]$|^uuid[14]$|^urandom$")


def dotted(node: ast.AST) -> str:
    """`datetime.datetime.now` of an attribute chain; "" for anything else."""
    if isinstance(node, ast.Attribute):
        stem = dotted(node.value)
        return f"{stem}.{node.attr}" if stem else ""
    return node.id if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize(("what", "kind"), [(CLOCKS, "the clock"), (DICE, "chance")], ids=["clock", "chance"])
def test_the_desk_reads_neither_the_clock_nor_chance(what: re.Pattern[str], kind: str) -> None:
    wrong = [
        f"{shown(path)}:{node.lineno} {dotted(node)}: {kind}"
        for path in desk_modules()
        for node in ast.walk(TREES[path])
        if isinstance(node, (ast.Attribute, ast.Name)) and what.search(dotted(node))
    ]
    wrong += [
        f"{shown(path)}:{line} imports {name}"
        for path in desk_modules()
        for name, line in imports(path)
        if what.search(name) or name in ("secrets", "random")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "datetime.datetime.now(UTC)",
        "datetime.now()",
        "date.today()",
        "time.time()",
        "os.urandom(4)",
        "secrets.token_hex()",
    ],
)
def test_a_window_would_be_seen(line: str) -> None:
    nodes = [dotted(n) for n in ast.walk(ast.parse(line)) if isinstance(n, (ast.Attribute, ast.Name))]
    assert any(CLOCKS.search(n) or DICE.search(n) for n in nodes)


# -- requirements ----------------------------------------------------------------------------------

PROVEN = re.compile(r"(?m)^\| R([0-9]+)\.([0-9]+) \| `([\w/]+\.py)::(test_\w+)`[^|]*\| [^|]+ \|$")


def required(text: str) -> list[tuple[int, int]]:
    """Every number of « R1.1–R1.10, R2.1–R2.15 … »."""
    runs = re.findall(r"R([0-9]+)\.1–R\1\.([0-9]+)", text)
    return [(int(part), n) for part, last in runs for n in range(1, int(last) + 1)]


def test_every_requirement_has_a_test_of_its_name_and_the_rule_that_it_keeps() -> None:
    text = (ROOT / "tests" / "REQUIREMENTS.md").read_text(encoding="utf-8")
    rows = PROVEN.findall(text)
    assert len(rows) == text.count("\n| R"), "a line that is none: | R1.1 | `file.py::test_r1_1_…` | rule |"
    assert sorted({(int(part), int(n)) for part, n, *_ in rows}) == required(text)
    assert len(required(text)) == 35
    gone = [
        f"{file}::{name}"
        for part, n, file, name in rows
        if not name.startswith(f"test_r{part}_{n}_") or name not in defined_in(ROOT / "tests" / file)
    ]
    assert gone == []


@cache
def defined_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module(body=[], type_ignores=[])
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))


# -- pages and files -------------------------------------------------------------------------------


def test_every_module_says_first_why_it_exists() -> None:
    mute = [shown(path) for path, tree in TREES.items() if not (ast.get_docstring(tree) or "").split("\n")[0].strip()]
    assert mute == []


def test_no_module_is_longer_than_a_page() -> None:
    long = {shown(path): n for path in MODULES if (n := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST}
    assert long == {}


def kept_files() -> list[Path]:
    """What git tracks or would track: what a clone brings to another machine."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_nothing_names_a_package_registry() -> None:
    registries = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "index" + "-url", "find" + "-links")
    assert _holding("|".join(re.escape(name) for name in registries)) == []


def test_nothing_names_a_folder_of_one_machine() -> None:
    """A path below a home or a work folder means something on one machine only."""
    assert _holding("|".join(rf"(?<![\w.~-])/{name}/\w" for name in ("work", "farm", "root", "home", "Users"))) == []


def _holding(pattern: str) -> list[str]:
    searched = re.compile(pattern.encode())
    return [shown(path) for path in kept_files() if searched.search(path.read_bytes())]


def test_the_lock_is_one_file_with_hashes_and_no_address() -> None:
    names = {path.name for path in kept_files()}
    assert "uv" + ".lock" not in names
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"(?m)^[a-z0-9][^\\\n]*\\$", lock)
    assert len(packages) > 20
    assert "://" not in lock
    assert len(re.findall(r"(?m)^[a-z0-9]", lock)) == len(packages), "a package without hashes"


def test_the_lock_holds_everything_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", lock))
    assert {re.split(r"[\[<>=~ ;]", name)[0].lower() for name in asked} <= locked
