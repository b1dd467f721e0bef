"""Real mail and database servers for the tests: started on loopback in folders of their own, stopped by process id."""

from __future__ import annotations

import contextlib
import glob
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HOST = "127.0.0.1"
PASSWORD = "secret"  # of every mailbox
START_SECONDS = 15.0
_PLACES = ("/usr/sbin", "/usr/lib/postfix/sbin", "/usr/lib/dovecot", "/usr/lib/postgresql/*/bin")


class Missing(Exception):
    """A program is not on this machine. `package` is the Debian package that brings it."""

    def __init__(self, program: str, package: str) -> None:
        super().__init__(f"{program} is missing: apt-get install {package}")
        self.package = package


def find(program: str) -> Path | None:
    """The newest copy of a program, also where Debian keeps what is not on everybody's PATH."""
    places = [folder for pattern in _PLACES for folder in sorted(glob.glob(pattern), key=_version, reverse=True)]
    found = shutil.which(program, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    return Path(found) if found else None


def _version(folder: str) -> list[int]:
    return [int(part) for part in folder.split("/") if part.isdigit()]


def program(name: str, package: str) -> Path:
    """The path of a program. Raises Missing."""
    found = find(name)
    if found is None:
        raise Missing(name, package)
    return found


def sudo() -> list[str]:
    """What to put before a command that only root may run. Raises Missing when we are not root and sudo would ask."""
    if os.geteuid() == 0:
        return []
    asked = find("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    if not asked or asked.returncode:
        raise Missing("sudo without a password", "sudo")
    return ["sudo", "-n"]


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different, below those that the system lends to outgoing calls:
    a server that is down for a moment must find its port again."""
    doors: list[socket.socket] = []
    while len(doors) < count:
        with contextlib.suppress(OSError):
            doors.append(socket.create_server((HOST, random.randrange(20000, 32000))))
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports


def new_folder(name: str) -> Path:
    """A temporary folder that other system users can walk through: mail and database never run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"mailbot-{name}-"))
    folder.chmod(0o755)
    return folder


def await_ports(ports: list[int], log: Path) -> None:
    """Returns once every port answers. Raises RuntimeError with the end of the log."""
    deadline = time.monotonic() + START_SECONDS
    for port in ports:
        while not _answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError(f"nothing answers on port {port}:\n{last_words(log)}")
            time.sleep(0.02)


def last_words(log: Path) -> str:
    """The end of a log."""
    return log.read_text(errors="replace")[-2000:] if log.exists() else "no log"


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
