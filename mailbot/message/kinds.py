"""What a file is by its first bytes, and whether its type is dangerous. Nothing is opened, nothing is unpacked."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mailbot.message import limits

PROGRAM, SCRIPT, SHORTCUT, DISC = "programme", "script", "raccourci", "image de disque"
PAGE, MACROS, LOCKED = "page active", "macros", "archive chiffrée"
# What a double click would run, by the extension that Windows, macOS or a phone goes by.
_BY_EXTENSION = {
    PROGRAM: "exe com scr pif msi msp jar cpl dll xll apk pkg application appref-ms appx msix ocx sys deb rpm",
    SCRIPT: "bat cmd vbs vbe js jse mjs wsf wsh wsc hta ps1 psm1 reg chm one sh py pl rb jnlp scpt command inf",
    SHORTCUT: "lnk url webloc desktop scf library-ms search-ms",
    DISC: "iso img vhd vhdx dmg",
    PAGE: "html htm shtml xhtml mht mhtml svg svgz",
    MACROS: "docm dotm xlsm xltm xlam xlsb pptm potm ppsm ppam sldm",
}
_RISK = {extension: risk for risk, names in _BY_EXTENSION.items() for extension in names.split()}
_IN_ARCHIVE = (PROGRAM, SCRIPT, SHORTCUT, DISC, MACROS)  # a page inside an archive is but a page

# kind → how its bytes begin.
_BEGINNINGS: tuple[tuple[str, bytes], ...] = (
    ("elf", b"\x7fELF"),
    ("mach-o", b"\xfe\xed\xfa\xce"),
    ("mach-o", b"\xfe\xed\xfa\xcf"),
    ("mach-o", b"\xce\xfa\xed\xfe"),
    ("mach-o", b"\xcf\xfa\xed\xfe"),
    ("java", b"\xca\xfe\xba\xbe"),
    ("lnk", b"\x4c\0\0\0\x01\x14\x02\0"),
    ("one", b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d"),
    ("chm", b"ITSF"),
    ("vhd", b"conectix"),
    ("vhd", b"vhdxfile"),
    ("url", b"[InternetShortcut]"),
    ("script", b"#!"),
    ("pdf", b"%PDF-"),
    ("image", b"\x89PNG\r\n\x1a\n"),
    ("image", b"\xff\xd8\xff"),
    ("image", b"GIF87a"),
    ("image", b"GIF89a"),
    ("image", b"II*\0"),
    ("image", b"MM\0*"),
    ("zip", b"PK\x03\x04"),
    ("zip", b"PK\x05\x06"),
    ("ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("rtf", b"{\\rtf"),
    ("rar", b"Rar!\x1a\x07"),
    ("7z", b"7z\xbc\xaf\x27\x1c"),
    ("gzip", b"\x1f\x8b"),
    ("audio", b"ID3"),
    ("audio", b"OggS"),
)
_RISKY_KINDS = {
    "exe": PROGRAM, "elf": PROGRAM, "mach-o": PROGRAM, "java": PROGRAM, "lnk": SHORTCUT, "url": SHORTCUT, "one": SCRIPT,
    "chm": SCRIPT, "script": SCRIPT, "vhd": DISC, "iso": DISC, "page": PAGE,
}  # fmt: skip
# kind → its name for people, and the extensions that tell the truth about it.
_HONEST = {
    "pdf": ("PDF", "pdf ai"),
    "image": ("image", "png jpg jpeg jpe jfif gif tif tiff webp heic heif avif bmp"),
    "zip": (
        "archive ou document",
        "zip docx dotx xlsx xltx pptx ppsx potx odt ods odp odg ott epub pages numbers key kmz vsdx",
    ),
    "ole": ("document Office ancien ou protégé", "doc dot xls xlt ppt pps pot msg pub vsd mpp wps docx xlsx pptx"),
    "rtf": ("texte RTF", "rtf doc"),
    "rar": ("archive RAR", "rar"),
    "7z": ("archive 7z", "7z"),
    "gzip": ("archive gzip", "gz tgz"),
}
_MERE_LIES = frozenset(f"type réel : {_HONEST[kind][0]}" for kind in ("pdf", "image", "rtf"))
_CLAIMS = frozenset(name for _, names in _HONEST.values() for name in names.split()) | {"txt", "csv", "mp3", "mp4"}
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<svg", b"<!doctype svg")
_MACRO_PLACES = ("basic/", "scripts/", "xl/macrosheets/")  # LibreOffice's macros and scripts, Excel 4's
_ISO_MARK = 32_769
_VBA, _ENCRYPTED = "_VBA_PROJECT".encode("utf-16-le"), "EncryptedPackage".encode("utf-16-le")


def sniff(beginning: bytes) -> str:
    """The kind of a file by its bytes; "" when they say nothing."""
    if beginning.startswith(b"MZ") and b"\0" in beginning[:64]:
        return "exe"
    for kind, mark in _BEGINNINGS:
        if beginning.startswith(mark):
            return kind
    if beginning[4:8] == b"ftyp":
        return "image" if beginning[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video"
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image"
    if beginning[_ISO_MARK : _ISO_MARK + 5] == b"CD001":
        return "iso"
    if _is_page(beginning[:1_000]):
        return "page"
    return "pdf" if b"%PDF-" in beginning[:1_024] else ""


def _is_page(text: bytes) -> bool:
    text = text.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(_PAGES) or (text.startswith(b"<?xml") and (b"<svg" in text or b"<html" in text))


def danger(name: str, beginning: bytes) -> str:
    """Why this file is dangerous, or lies about its type, in French; "" when neither. `beginning`: its first bytes."""
    extension = _extension(name)
    kind = sniff(beginning)
    seen, named = _RISKY_KINDS.get(kind, ""), _RISK.get(extension, "")
    if seen or named:
        return named or seen if kind == "page" else seen or named
    inside = _in_archive(beginning) if kind == "zip" else _in_ole(beginning) if kind == "ole" else ""
    return inside or _lie(extension, kind)


def holds_back(why: str) -> bool:
    """Whether a file with that `danger` stays in the register: a PDF that is called a picture is told of, and travels."""
    return bool(why) and why not in _MERE_LIES


def _extension(name: str) -> str:
    # Windows drops dots and spaces at the end of a name.
    return name.rstrip(" .").rpartition(".")[2].strip().lower()


def _in_ole(beginning: bytes) -> str:
    return MACROS if _VBA in beginning else "document chiffré" if _ENCRYPTED in beginning else ""


def _in_archive(beginning: bytes) -> str:
    for encrypted, name in _entries(beginning):
        if encrypted:
            return LOCKED
        if name.lower().startswith(_MACRO_PLACES) or name.lower().endswith("vbaproject.bin"):
            return MACROS
        risk = _RISK.get(_extension(name), "")
        if risk in _IN_ARCHIVE:
            return risk
    return ""


def _entries(data: bytes) -> Iterator[tuple[bool, str]]:
    """(locked by a password, name) of the local headers of a zip that stand in `data`: names are read, no content."""
    at = data.find(b"PK\x03\x04")
    for _ in range(limits.ARCHIVE_NAMES):
        if at < 0 or at + 30 > len(data):
            return
        flags, length = struct.unpack_from("<H", data, at + 6)[0], struct.unpack_from("<H", data, at + 26)[0]
        yield bool(flags & 1), data[at + 30 : at + 30 + min(length, 1_000)].decode("utf-8", "replace")
        at = data.find(b"PK\x03\x04", at + 4)


def _lie(extension: str, kind: str) -> str:
    shown, honest = _HONEST.get(kind, ("", ""))
    if not shown or extension not in _CLAIMS or extension in honest.split():
        return ""
    return f"type réel : {shown}"
