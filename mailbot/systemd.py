"""What systemd is told, when it asked: READY, WATCHDOG, STOPPING."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(words: str) -> None:
    """sd_notify(3): tells systemd, when it asked."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect("\0" + path[1:] if path.startswith("@") else path)
        out.send(words.encode())
