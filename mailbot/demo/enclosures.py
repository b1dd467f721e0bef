"""The files that the characters of the demo send: a real PDF and a real picture, drawn here from nothing."""

from __future__ import annotations

import struct
import zlib


def pdf(*lines: str) -> bytes:
    """A one-page A4 PDF (ISO 32000-1 §7.5) showing the lines; what Latin-1 lacks becomes « ? »."""
    shown = "".join(f"({_quoted(line)}) Tj T* " for line in lines).encode("latin-1", "replace")
    text = b"BT /F1 14 Tf 24 TL 72 760 Td " + shown + b"ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    return _with_table(objects)


def _quoted(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _with_table(objects: tuple[bytes, ...]) -> bytes:
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + head + tail


def closed_door(width: int = 240, height: int = 320) -> bytes:
    """A PNG (RFC 2083) of a closed door: Carl's photograph."""
    rows = b"".join(b"\0" + b"".join(_pixel(x, y, width, height) for x in range(width)) for y in range(height))
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", size) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _pixel(x: int, y: int, width: int, height: int) -> bytes:
    """Wall, door with a lighter panel, handle; a little grain, as a photograph has."""
    grain = (x * 7919 + y * 104729) % 11
    if y > height * 0.9:
        return bytes((90 + grain, 84 + grain, 80))
    if not (width * 0.25 < x < width * 0.75 and y > height * 0.15):
        return bytes((214 + grain, 208 + grain, 196 + grain))
    if (x - width * 0.68) ** 2 + (y - height * 0.55) ** 2 < (width * 0.03) ** 2:
        return bytes((220, 190 + grain, 90))
    panel = width * 0.33 < x < width * 0.6 and height * 0.25 < y < height * 0.45
    return bytes((150 + grain, 100 + grain, 60)) if panel else bytes((118 + grain, 74 + grain, 42))
