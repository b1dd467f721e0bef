"""The wheel holds everything that runs without the checkout; leaving takes the program away and leaves the data."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILD = "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what git would clone, so that nothing lying about gets in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith("tests/") or not (ROOT / name).is_file():
            continue
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    built = subprocess.run([sys.executable, "-c", BUILD, out], cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-2000:]
    [path] = out.glob("*.whl")
    return path


def test_every_data_file_is_in_the_wheel_and_no_test_is(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [p for folder in ("letters/templates", "store/migrations") for p in (ROOT / "mailbot" / folder).rglob("*")]
    wanted = {p.relative_to(ROOT).as_posix() for p in data if p.is_file() and "__pycache__" not in p.parts}
    assert wanted - names == set()
    assert "mailbot/config/example.toml" in names
    assert {n.rpartition("/share/mailbot/")[2] for n in names if "/share/mailbot/" in n} == {
        "mailbot.service", "mailbot.sysusers", "mailbot.tmpfiles", "config.example.toml",
    }  # fmt: skip
    assert not any(n.startswith("tests/") for n in names)


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> Path:
    """One of its own, as pipx makes it; only the libraries are lent by this one, for nothing is fetched here."""
    place = tmp_path / "program"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    pip(place, "install", "--no-index", "--no-deps", str(wheel))
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return place


def pip(place: Path, *words: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", place, "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True)


def test_installed_it_runs_and_taken_away_it_leaves_the_data(environment: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    for blank, filled in (
        ('name = ""  # à remplir : le nom qui', 'name = "IEF"  # '), ('address = ""  # à remplir', 'address = "r@ief.example"  # '),
        ('host = ""  # à remplir', 'host = "127.0.0.1"  # '), ('name = ""  # à remplir : prénom', 'name = "Eva"  # '),
        ("addresses = []  # à remplir", 'addresses = ["eva@ief.example"]  # '), ("/var/lib/mailbot", str(data)),
        ('#password = "…"  # de', 'password = "x"  # '), ('#password = "…"  # absent', 'password = "x"  # '),
    ):  # fmt: skip
        example = example.replace(blank, filled)
    file = tmp_path / "mailbot.toml"
    file.write_text(example, encoding="utf-8")
    file.chmod(0o600)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [environment / "bin" / "mailbot", *words, "--config", str(file)]
        environ = {"PATH": os.environ["PATH"]}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, check=False)

    welcomed = run("staff", "welcome", "--json")  # the register migrated, a letter written from its template
    assert "EXERCICE-" in welcomed.stdout, welcomed.stderr[-2000:]
    assert (data / "mailbot.db").exists()
    assert {path.name for path in (environment / "share" / "mailbot").iterdir()} >= {
        "mailbot.service",
        "mailbot.tmpfiles",
    }
    pip(environment, "uninstall", "--yes", "mailbot")
    assert not (environment / "bin" / "mailbot").exists()
    assert (data / "mailbot.db").exists()
    assert file.exists()
