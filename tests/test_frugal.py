"""What a process at work settles once: what was loaded is looked through for garbage no more, and threads take turns sooner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mailbot import frugal

SAY = (
    "import gc, sys; from mailbot import frugal; frugal.settle();"
    "print(gc.get_freeze_count() > 0, gc.get_threshold()[0], sys.getswitchinterval())"
)


def test_a_process_settles_it_and_goes_on() -> None:
    command = [sys.executable, "-c", SAY]
    done = subprocess.run(
        command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", str(frugal.YOUNG), str(frugal.SHARES)]
    assert done.stderr == ""
