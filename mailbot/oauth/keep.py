"""The permission to renew tokens, on the disk: readable by us alone, replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


class Vault:
    """One file, mode 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str:
        """What was kept; "" when nothing was."""
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def write(self, text: str) -> None:
        """On the disk before it returns: a provider that hands out a new permission forgets the old one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
