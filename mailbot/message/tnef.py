"""The files and the text inside a winmail.dat (MS-OXTNEF), read without trusting any of its lengths or counts.

Own reader: the libraries at hand believe the counts in the file, and a property that announces four thousand
million values keeps them busy for ever."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from mailbot.message import codec, limits

SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTACH_LEVEL = 2
_REND_DATA, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_BODY, _PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_P_BODY, _P_HTML, _P_INTERNET_CODEPAGE = 0x1000, 0x1013, 0x3FDE
_P_DATA, _P_FILENAME, _P_LONG_FILENAME, _P_DISPLAY_NAME, _P_MIME = 0x3701, 0x3704, 0x3707, 0x3001, 0x370E
_STRING, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_SIZES = {2: 4, 11: 4, 3: 4, 4: 4, 10: 4, 5: 8, 6: 8, 7: 8, 20: 8, 64: 8, 72: 16}
_VARIABLE = (_STRING, _UNICODE, _BINARY, _OBJECT)
_MESSAGE_IID = bytes.fromhex("0703020000000000c000000000000046")


@dataclass(slots=True)
class File:
    """One attachment of a winmail.dat; `data` is another TNEF stream when a whole mail was attached."""

    name: str = ""
    content_type: str = "application/octet-stream"
    data: bytes = b""


@dataclass(slots=True)
class Winmail:
    """What a winmail.dat holds."""

    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    charset: str = "cp1252"
    complete: bool = True
    spent: int = 0


def read(data: bytes) -> Winmail | None:
    """The content of a winmail.dat; None when it is none. What is cut short is read as far as it goes."""
    if not data.startswith(SIGNATURE):
        return None
    mail = Winmail()
    at = 6
    while at + 11 <= len(data):
        level, attribute, size = data[at], _u16(data, at + 1), _u32(data, at + 5)
        mail.spent += 1
        if at + 9 + size > len(data) or mail.spent > limits.TNEF_ITEMS:
            mail.complete = False
            break
        _take(mail, level, attribute, data[at + 9 : at + 9 + size])
        at += 11 + size
    return mail


def _u16(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _u32(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _take(mail: Winmail, level: int, attribute: int, value: bytes) -> None:
    if attribute == _REND_DATA:
        mail.files.append(File())
    elif level == _ATTACH_LEVEL and mail.files:
        _take_file(mail, mail.files[-1], attribute, value)
    elif attribute == _CODEPAGE and len(value) >= 4:
        mail.charset = f"cp{_u32(value, 0)}"
    elif attribute == _BODY:
        mail.text = mail.text or _string(value, mail.charset)
    elif attribute == _PROPERTIES:
        _take_body(mail, value)


def _take_file(mail: Winmail, file: File, attribute: int, value: bytes) -> None:
    if attribute == _TITLE:
        file.name = file.name or _string(value, mail.charset)
    elif attribute == _DATA:
        file.data = value
    elif attribute == _ATTACHMENT:
        found = _properties(mail, value)
        names = [_text(mail, *found[key]) for key in (_P_LONG_FILENAME, _P_FILENAME) if key in found]
        names += [file.name] + [_text(mail, *found[key]) for key in (_P_DISPLAY_NAME,) if key in found]
        file.name = next((name for name in names if name), "")
        if _P_MIME in found:
            file.content_type = _text(mail, *found[_P_MIME]).lower() or file.content_type
        if _P_DATA in found and not file.data:
            file.data = found[_P_DATA][1].removeprefix(_MESSAGE_IID)


def _take_body(mail: Winmail, value: bytes) -> None:
    found = _properties(mail, value)
    label = mail.charset
    if _P_INTERNET_CODEPAGE in found:
        number = _u32(found[_P_INTERNET_CODEPAGE][1], 0)
        label = {65001: "utf-8", 28591: "cp1252", 20127: "ascii"}.get(number, f"cp{number}")
    if _P_BODY in found:
        mail.text = _text(mail, *found[_P_BODY])
    if _P_HTML in found:
        mail.html = _string(found[_P_HTML][1], label)


def _text(mail: Winmail, kind: int, value: bytes) -> str:
    return _string(value, "utf-16-le" if kind == _UNICODE else mail.charset)


def _string(value: bytes, label: str) -> str:
    return codec.characters(value[: limits.TEXT], label, cut=True).rstrip("\0")


def _properties(mail: Winmail, data: bytes) -> dict[int, tuple[int, bytes]]:
    """The first value of each MAPI property: id → (type, bytes). Stops where the lengths stop making sense."""
    found: dict[int, tuple[int, bytes]] = {}
    at = 4
    try:
        while at + 4 <= len(data) and mail.spent <= limits.TNEF_ITEMS:
            mail.spent += 1
            kind, key = _u16(data, at), _u16(data, at + 2)
            at = _after_name(data, at + 4, key)
            value, at = _value(mail, data, at, kind)
            found.setdefault(key, (kind & 0xFFF, value))
    except (struct.error, ValueError):
        mail.complete = False
    return found


def _after_name(data: bytes, at: int, key: int) -> int:
    if key < 0x8000:
        return at
    if _u32(data, at + 16) == 0:
        return at + 24
    return at + 24 + _rounded(_u32(data, at + 20))


def _value(mail: Winmail, data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    simple = kind & 0xFFF
    count = 1
    if kind & 0x1000 or simple in _VARIABLE:
        count, at = _u32(data, at), at + 4
    if simple not in _SIZES and simple not in _VARIABLE:
        raise ValueError("unknown property type")
    first = b""
    for number in range(count):
        mail.spent += 1
        if at >= len(data) or mail.spent > limits.TNEF_ITEMS:
            raise ValueError("count beyond the data")
        size = _SIZES.get(simple) or _u32(data, at)
        at = at if simple in _SIZES else at + 4
        if at + size > len(data):
            raise ValueError("length beyond the data")
        first = first if number else data[at : at + size]
        at += _rounded(size)
    return first, at


def _rounded(size: int) -> int:
    return (size + 3) & ~3
