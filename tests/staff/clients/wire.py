"""Words, addresses and files → the bytes that a mail client puts on the wire, with its own charsets, folds and encodings."""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass, field
from hashlib import sha256

Q_PLAIN = re.compile(r"[A-Za-z0-9!*+/\-]", re.ASCII)
LOGO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c"
    "49444154789c6390f7ac0500017000e6cbfef2590000000049454e44ae426082"
)


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How one client writes what people do not see."""

    charsets: tuple[str, ...] = ("utf-8",)  # the first that can hold the text is used
    word: str = "Q"  # RFC 2047 encoding of headers: Q or B
    whole: bool = True  # False: only the words with accents are encoded
    body: str = "quoted-printable"  # or base64, 8bit
    file_names: str = "rfc2231"  # or rfc2047 (in quotes, as Gmail and Outlook do)
    nested: bool = False  # files inside the HTML branch of multipart/alternative (Apple Mail)
    fold_ids: bool = False  # a line break before a long Message-ID
    boundary: str = "----=_Part_{0}"


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One MIME entity: its headers, then its bytes."""

    headers: tuple[tuple[str, str], ...]
    content: bytes = b""

    def octets(self) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return head.encode("ascii") + b"\r\n" + self.content


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The parts of one mail before they are put together."""

    plain: Entity
    html: Entity | None = None
    logo: Entity | None = None
    files: tuple[Entity, ...] = field(default=())


def charset_for(text: str, wire: Wire) -> str:
    """The first of the client's charsets that can hold the text."""
    for charset in wire.charsets:
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            continue
        return charset
    return "utf-8"


def header(name: str, text: str, wire: Wire) -> str:
    """An unstructured header value, encoded (RFC 2047) and folded as this client does."""
    if text.isascii():
        return _folded(text, len(name) + 2)
    if wire.whole:
        return _encoded(text, wire, len(name) + 2)
    words = text.split(" ")
    accented = [i for i, word in enumerate(words) if not word.isascii()]
    before, after = words[: accented[0]], words[accented[-1] + 1 :]
    middle = " ".join(words[accented[0] : accented[-1] + 1])
    lead = "".join(f"{word} " for word in before)
    tail = f"\r\n {' '.join(after)}" if after else ""
    return lead + _encoded(middle, wire, (len(name) + 2 + len(lead)) % 50) + tail


def _folded(text: str, used: int) -> str:
    lines, line, room = [], "", 76 - used
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line, room = word, 75
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _encoded(text: str, wire: Wire, used: int) -> str:
    """Encoded words of at most 75 characters, cut between characters wherever that falls, as clients do."""
    charset, chunk = charset_for(text, wire), ""
    chunks: list[str] = []
    for char in text:
        if len(_word(chunk + char, charset, wire.word)) > 75 - (used if not chunks else 0):
            chunks.append(chunk)
            chunk = ""
        chunk += char
    return "\r\n ".join(_word(part, charset, wire.word) for part in [*chunks, chunk] if part)


def _word(text: str, charset: str, how: str) -> str:
    octets = text.encode(charset)
    if how == "B":
        return f"=?{charset}?B?{b64encode(octets).decode()}?="
    letters = (chr(o) if Q_PLAIN.match(chr(o)) else "_" if o == 32 else f"={o:02X}" for o in octets)
    return f"=?{charset}?Q?{''.join(letters)}?="


def mailbox(name: str, addr: str, wire: Wire) -> str:
    """`Name <addr>`; the name quoted when it must be, encoded when it has accents."""
    if not name:
        return addr
    if not name.isascii():
        return f"{_encoded(name, wire, 12)} <{addr}>"
    return f'"{name}" <{addr}>' if re.search(r"[^\w '-]", name, re.ASCII) else f"{name} <{addr}>"


def identifier(name: str, message_id: str, wire: Wire) -> str:
    """A Message-ID as a header value; some clients break the line before a long one."""
    return f"\r\n {message_id}" if wire.fold_ids and len(name) + 2 + len(message_id) > 76 else message_id


def words(kind: str, text: str, wire: Wire, *, flowed: bool = False) -> Entity:
    """A text part: `kind` is plain or html, `text` has LF line ends."""
    charset, how = charset_for(text, wire), wire.body
    octets = text.encode(charset)
    if how == "8bit" and max(map(len, octets.split(b"\n"))) > 900:
        how = "quoted-printable"
    if how == "8bit" and octets.isascii():
        how = "7bit"
    parameters = f'; charset="{charset}"' + ("; format=flowed" if flowed else "")
    headers = (("Content-Type", f"text/{kind}{parameters}"), ("Content-Transfer-Encoding", how))
    return Entity(headers=headers, content=_transferred(octets, how))


def _transferred(octets: bytes, how: str) -> bytes:
    if how == "base64":
        return _base64(octets.replace(b"\n", b"\r\n"))
    if how == "quoted-printable":
        octets = b2a_qp(octets, istext=True)
    return octets.replace(b"\n", b"\r\n")


def _base64(octets: bytes) -> bytes:
    text = b64encode(octets)
    return b"".join(text[i : i + 76] + b"\r\n" for i in range(0, len(text), 76))


def attachment(name: str, content_type: str, octets: bytes, wire: Wire) -> Entity:
    """A file that the author added, named in the client's manner."""
    if name.isascii():
        called, filename = f'; name="{name}"', f'; filename="{name}"'
    elif wire.file_names == "rfc2047":
        word = _encoded(name, wire, 12)
        called, filename = f';\r\n name="{word}"', f';\r\n filename="{word}"'
    else:
        coded = "".join(chr(o) if Q_PLAIN.match(chr(o)) or o == 46 else f"%{o:02X}" for o in name.encode())
        called, filename = f";\r\n name*=utf-8''{coded}", f";\r\n filename*=utf-8''{coded}"
    headers = (
        ("Content-Type", f"{content_type}{called}"),
        ("Content-Disposition", f"attachment{filename}"),
        ("Content-Transfer-Encoding", "base64"),
    )
    return Entity(headers=headers, content=_base64(octets))


def logo(cid: str) -> Entity:
    """The organisation's logo that a signature shows: never evidence, never an answer's file."""
    headers = (
        ("Content-Type", 'image/png; name="image001.png"'),
        ("Content-Description", "image001.png"),
        ("Content-Disposition", 'inline; filename="image001.png"; size=69'),
        ("Content-ID", f"<{cid}>"),
        ("Content-Transfer-Encoding", "base64"),
    )
    return Entity(headers=headers, content=_base64(LOGO))


def together(shape: Shape, wire: Wire, seed: str) -> Entity:
    """The parts nested as the client nests them; `seed` makes the boundaries repeatable."""
    if shape.html is None:
        return _multipart("mixed", (shape.plain, *shape.files), wire, seed) if shape.files else shape.plain
    rich = shape.html
    if shape.logo:
        rich = _multipart("related", (rich, shape.logo), wire, f"{seed} related")
    if wire.nested and shape.files:
        end = words("html", "<html><body><br></body></html>", wire)
        rich = _multipart("mixed", (rich, *shape.files, end), wire, f"{seed} nested")
        return _multipart("alternative", (shape.plain, rich), wire, f"{seed} alternative")
    both = _multipart("alternative", (shape.plain, rich), wire, f"{seed} alternative")
    return _multipart("mixed", (both, *shape.files), wire, f"{seed} mixed") if shape.files else both


def _multipart(kind: str, parts: tuple[Entity, ...], wire: Wire, seed: str) -> Entity:
    line = wire.boundary.format(sha256(seed.encode()).hexdigest()[:24].upper())
    between = f"\r\n--{line}\r\n".encode()
    content = between[2:] + between.join(part.octets() for part in parts) + f"\r\n--{line}--\r\n".encode()
    return Entity(headers=(("Content-Type", f'multipart/{kind};\r\n boundary="{line}"'),), content=content)
