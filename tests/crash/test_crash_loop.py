"""T05 with real processes: a daemon that dies each time within moments of reading does not blame the mail it had in hand."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from audit import audit
from scenes import first
from servers.mail import MailServer

from crash.scene import Rig, rig

pytestmark = pytest.mark.long
DEATHS = 20
SHORT_LIFE = 1.0  # seconds that a life lasts once it has looked at its mailbox


def dies_young(r: Rig) -> int:
    """By itself before a reading, else by the test; the moment of that kill is the input of this test."""
    before = _looked(r)
    r.desk.start("K07:1")
    while r.desk.running() and _looked(r) == before:
        time.sleep(0.05)
    time.sleep(SHORT_LIFE)
    return r.desk.kill()


def _looked(r: Rig) -> list[dict[str, Any]]:
    """The last sign that the mailbox was looked at."""
    if not r.desk.furnished():
        return []
    return r.desk.rows("SELECT value FROM meta WHERE key = 'fetched_at'")


def test_t05_twenty_deaths_leave_a_healthy_mail_its_last_attempt(mail_server: MailServer, tmp_path: Path) -> None:
    with rig(mail_server, tmp_path, "loop") as r:
        r.deliver(first.complaints(r.post, 1))
        assert {dies_young(r) for _ in range(DEATHS)} == {-signal.SIGKILL}
        assert [row["attempts"] for row in r.desk.rows("SELECT attempts FROM inbound WHERE state = 'kept'")] == [2]
        assert r.to_idle() == 0
        assert audit(r.evidence()) == []
