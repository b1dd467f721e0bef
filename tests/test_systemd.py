"""The systemd unit: systemd itself finds nothing to say about it, and it shuts what this program does not need."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import need

from mailbot.config.mistakes import plain
from mailbot.config.secret_keys import SECRETS

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "systemd" / "mailbot.service"
WORST = 1.5  # exposure, from 0 (nothing is reachable) to 10
Analyze = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def analyze() -> Analyze:
    program = need("systemd-analyze", "systemd")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False)

    return run


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").split("\n"):
        if re.match(r"[A-Z][A-Za-z]+=", line):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_systemd_finds_nothing_to_say(analyze: Analyze, tmp_path: Path) -> None:
    """A copy that starts this very checkout, as the comment at its head would install it."""
    program = tmp_path / "mailbot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / "mailbot.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={program}", UNIT.read_text(encoding="utf-8")))
    said = analyze("verify", "--man=no", str(copy))
    ours = [line for line in (said.stdout + said.stderr).split("\n") if "mailbot" in line]
    assert (ours, said.returncode) == ([], 0)


def test_a_slip_in_the_unit_would_be_heard(analyze: Analyze, tmp_path: Path) -> None:
    copy = tmp_path / "mailbot.service"
    copy.write_text(UNIT.read_text(encoding="utf-8").replace("ProtectClock=true", "ProtectClok=true"))
    said = analyze("verify", "--man=no", str(copy))
    assert "ProtectClok" in said.stdout + said.stderr


def test_little_of_the_machine_is_within_reach(analyze: Analyze) -> None:
    said = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    level = re.search(r"Overall exposure level for mailbot\.service: ([0-9.]+)", said.stdout)
    assert level, said.stdout + said.stderr
    assert float(level[1]) <= WORST


def test_the_child_may_still_limit_itself(analyze: Analyze) -> None:
    """What @resources takes away must leave prlimit64 (setrlimit of the C library) and prctl."""
    assert settings()["SystemCallFilter"] == ["@system-service", "~@privileged @resources", "sched_setaffinity"]
    taken = analyze("syscall-filter", "@resources", "@privileged").stdout.split()
    assert not {"prlimit64", "prctl", "clone", "clone3", "execve", "fork", "kill"} & set(taken)
    given = analyze("syscall-filter", "@system-service", "@default", "@process").stdout.split()
    assert {"prlimit64", "prctl", "clone", "execve", "kill"} <= set(given)


def test_it_says_when_it_is_ready_and_is_not_started_again_over_a_wrong_configuration() -> None:
    said = settings()
    assert said["Type"] == ["notify"]
    assert said["NotifyAccess"] == ["main"]
    assert said["Restart"] == ["on-failure"]
    assert said["RestartPreventExitStatus"] == ["78"]
    assert int(said["WatchdogSec"][0]) >= 120


def test_it_writes_only_where_the_register_is_by_default() -> None:
    said = settings()
    assert said["ProtectSystem"] == ["strict"]
    assert said["StateDirectory"] == ["mailbot"]
    assert "ReadWritePaths" not in said


def test_every_secret_can_be_entrusted_to_systemd() -> None:
    named = re.findall(r"(?m)^#?LoadCredential=([a-z._]+):", UNIT.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(plain(key) for key in SECRETS)


def test_a_secret_in_no_file_keeps_no_desk_from_starting() -> None:
    """LoadCredential= of a file that is absent is fatal: a desk with tokens, or set up by init, has none of them."""
    assert "LoadCredential" not in settings()


# -- make install ------------------------------------------------------------------------------------------------------


def service(step: str, root: Path) -> str:
    environ = {**os.environ, "DESTDIR": str(root), "PYTHON": sys.executable}
    done = subprocess.run(
        [ROOT / "tools" / "service.sh", step], env=environ, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_account_and_its_folders_are_made_and_outlive_the_program(analyze: Analyze, tmp_path: Path) -> None:
    for part in ("systemd-sysusers", "systemd-tmpfiles"):
        need(part, "systemd")
    service("files", tmp_path)
    assert re.search(
        r"(?m)^mailbot:x:\d+:\d+:.*:/var/lib/mailbot:/usr/sbin/nologin$", (tmp_path / "etc/passwd").read_text()
    )
    kept = tmp_path / "etc/mailbot", tmp_path / "var/lib/mailbot"
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in kept] == [0o750, 0o700]
    unit = tmp_path / "etc/systemd/system/mailbot.service"
    assert unit.read_bytes() == UNIT.read_bytes()
    for folder in kept:
        (folder / "file").write_text("kept")
    service("files", tmp_path)  # an update
    assert "/var/lib/mailbot" in service("uninstall", tmp_path)
    assert [(folder / "file").read_text() for folder in kept] == ["kept", "kept"]
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*mailbot*")}
    assert left == {"etc/mailbot", "var/lib/mailbot"}


@pytest.mark.long
def test_the_program_is_installed_where_the_unit_starts_it(tmp_path: Path) -> None:
    """With the packages of the lock, from the index that this machine uses."""
    service("program", tmp_path)
    [start] = settings()["ExecStart"]
    program = tmp_path / start.split()[0].lstrip("/")
    said = subprocess.run([program, "--help"], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert "bureau des réclamations" in said.stdout
    locked = set(re.findall(r"(?m)^([a-z0-9-]+==[^ ;]+)", (ROOT / "requirements.txt").read_text()))
    frozen = subprocess.run(
        [program.parent / "python", "-m", "pip", "freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    taken = {line.lower().replace("_", "-") for line in frozen if "==" in line}
    assert {"sqlmodel==0.0.50"} <= taken <= {name.lower() for name in locked}
