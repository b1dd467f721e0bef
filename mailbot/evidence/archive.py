"""The zip itself: safe names, one instant for all its entries, the SHA-256 of each in a manifest, whole on the disk or not there."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MANIFEST = "manifeste.sha256"
LONGEST = 60  # characters of a file's name
# Kinds that a browser or an office program opens without running anything by itself; all else becomes a text.
KEPT = frozenset(
    "pdf jpg jpeg png gif webp heic bmp tif tiff txt csv doc docx xls xlsx ppt pptx odt ods odp rtf eml ics mp3 mp4 mov wav "
    "m4a ogg zip json".split()
)


class Archive:
    """Use as `with Archive(path, at) as zip`. An error on the way leaves nothing behind."""

    def __init__(self, path: Path, at: datetime) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.part")
        self._at = at.timetuple()[:6]
        self._sums: dict[str, str] = {}

    def __enter__(self) -> Self:
        handle = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(handle, "w+b")
        self._zip = ZipFile(self._file, "w", ZIP_DEFLATED)
        return self

    def add(self, name: str, data: bytes | str) -> str:
        """Writes one file; its name."""
        octets = data.encode() if isinstance(data, str) else data
        entry = ZipInfo(name, date_time=self._at)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
        self._zip.writestr(entry, octets)
        self._sums[name] = hashlib.sha256(octets).hexdigest()
        return name

    def seal(self) -> str:
        """Writes the manifest, as `sha256sum --check` reads it; its own SHA-256."""
        self.add(MANIFEST, "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items())))
        return self._sums[MANIFEST]

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)


def safe_name(name: str, *, danger: bool = False) -> str:
    """Of a stranger's file name what every system takes for a plain name: « été.pdf » → « ete.pdf », « a.html » → « a.html.txt »."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = "".join(c if c.isalnum() or c in ".-" else "_" for c in plain).strip("._-") or "fichier"
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = kept, ""
    whole = f"{stem[:LONGEST]}{dot}{ending[:10]}"
    return whole if ending.lower() in KEPT and not danger else f"{whole}.txt"
