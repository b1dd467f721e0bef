"""Named places where a test may kill this process, to prove that nothing is lost there (reliability T01)."""

from __future__ import annotations

import os
import signal

_NAME, _, _COUNT = os.environ.get("MAILBOT_FAILPOINT", "").partition(":")
_left = int(_COUNT or 1)


def hit(name: str) -> None:
    """Passes the place `name`. With MAILBOT_FAILPOINT="K02:3" the third passage of K02 is a SIGKILL; unset, nothing."""
    if _NAME and name == _NAME:
        _count_down()


def _count_down() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
