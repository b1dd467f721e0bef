"""System calls that kill or fail (T02, T45): strace has the n-th write to the disk or to a line end the process, or say no."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit import audit
from conftest import need
from servers.mail import MailServer

from crash.conftest import Tell, line
from crash.scene import four_mails, rig

pytestmark = pytest.mark.long
KILLS = [(call, n) for call in ("fdatasync", "pwrite64") for n in (2, 5, 20)]
KILLS += [("sendto", 2), ("sendto", 5), ("sendto", 10)]  # to the mailbox
KILLS += [("write", 20), ("write", 60), ("write", 40)]  # to the reader, the sending server and the log
REFUSALS = [
    ("fdatasync", "EIO", "5"),
    ("fdatasync", "EIO", "9+"),
    ("pwrite64", "ENOSPC", "20"),
    ("pwrite64", "ENOSPC", "35+"),
    ("pwrite64", "EIO", "30"),
    ("pwrite64", "EROFS", "40+"),
]


def play(server: MailServer, folder: Path, name: str, inject: str, tell: Tell) -> list[str]:
    """The scene under strace, then started again without it and left to finish; what the audit finds."""
    traced = folder / "traced"
    under = (str(need("strace", "strace")), "-f", "-qq", "-o", str(traced), "--seccomp-bpf", "-e", f"inject={inject}")
    with rig(server, folder, name) as r:
        r.deliver(four_mails(r.post))
        r.desk.start("", "--once", under=under)
        status = r.desk.wait()
        hit = status < 0 or "(INJECTED)" in traced.read_text(errors="replace")
        assert r.to_idle() == 0
        evidence = r.evidence(extra_copies=1)
        found = audit(evidence)
        if status != 0:  # a fault that was injected may be told: everything else of the audit counts
            found = [line for line in found if not line.startswith("A8")]
        call, _, what = inject.partition(":")
        tell(line(call, what, "system call", hit, evidence.accepted, found))
        assert hit, "the call was never made: nothing was tried"
        return found


@pytest.mark.parametrize(("call", "n"), KILLS)
def test_t02_killed_in_a_system_call_the_audit_is_clean(
    mail_server: MailServer, tmp_path: Path, tell: Tell, call: str, n: int
) -> None:
    assert play(mail_server, tmp_path, f"{call}{n}", f"{call}:signal=SIGKILL:when={n}", tell) == []


@pytest.mark.parametrize(("call", "error", "when"), REFUSALS)
def test_t45_a_system_call_that_fails_loses_nothing(
    mail_server: MailServer, tmp_path: Path, tell: Tell, call: str, error: str, when: str
) -> None:
    name = f"{call}{error.lower()}{when.strip('+')}"
    assert play(mail_server, tmp_path, name, f"{call}:error={error}:when={when}", tell) == []
