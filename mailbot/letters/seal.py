"""Words + addresses → the bytes that will leave, re-read before they are kept (design invariant 4, reliability P9)."""

from __future__ import annotations

import re
from base64 import b32encode
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError, MultipartInvariantViolationDefect
from email.header import Header
from email.parser import BytesParser
from email.policy import compat32
from email.utils import format_datetime, getaddresses
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote as percent
from zoneinfo import ZoneInfo

from mailbot.effects import ANSWERS, HUMAN, TO_COMPLAINANTS, Letter
from mailbot.letters import borrowed, wire
from mailbot.letters.dress import Dressed, dress
from mailbot.letters.house import House, Logo
from mailbot.letters.wire import Injected
from mailbot.message.codec import COLUMNS
from mailbot.message.records import Lying

ADDRESS = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){0,252}", re.ASCII | re.IGNORECASE
)
MESSAGE_ID = re.compile(r"<[!-;=?-~]+@[!-;=?-~]+>", re.ASCII)
CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.ASCII)
NUMBER_FIRST = re.compile(r"\[[A-Z0-9-]{1,40}\] (?=\S)", re.ASCII)
BOUNDARY = re.compile(rb'; boundary="(=_[0-9a-f]{24})"')
SAME = b"=_mailbot"
FILE = re.compile(rb"\r\nContent-Transfer-Encoding: base64\r\n(?:[^\r\n]+\r\n)*\r\n")
LINE = COLUMNS + len(wire.NL)
MAX_ID = 250
MAX_REFERENCES = 20
MAX_LINE = 998  # RFC 5322 §2.1.1
PARSER = BytesParser(policy=compat32)
File = tuple[str, str, bytes | Lying]
PART_HEADERS = {"content-type", "content-transfer-encoding", "content-disposition", "content-id"}


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A finished letter. `raw`: CRLF, 7-bit, lines of at most 998 bytes; `lying`: what of it lies in mails too, with where it begins
    here; `to`: its only recipient."""

    raw: bytes
    lying: tuple[tuple[int, Lying], ...]
    message_id: str
    marker: str
    to: str
    subject: str


def sendable(addr: str) -> bool:
    """Whether a letter can go there: one plain ASCII addr-spec of at most 254 characters (RFC 5321 §4.5.3.1)."""
    return len(addr) <= 254 and ADDRESS.fullmatch(addr) is not None


def seal(
    letter: Letter,
    house: House,
    *,
    now: datetime,
    entropy: bytes,
    files: tuple[File, ...] = (),
    redirect_to: str = "",
) -> Sealed:
    """The finished letter; the same arguments give the same bytes.

    `now` is aware; `entropy` is at least 32 random bytes; `files` are (name, content type, bytes, or where they lie). With `redirect_to`
    (mode essai) the letter goes there and says to whom it would have gone. Raises Injected when an address is unusable
    or the re-read letter is not the one meant, Unwritable when a text is wrong, ValueError for an unknown kind.
    """
    if len(entropy) < 32 or now.tzinfo is None:
        raise ValueError("il faut 32 octets de hasard et un moment avec fuseau horaire")
    to = redirect_to or letter.to
    for addr in (to, letter.to, house.mailbox_address):
        if not sendable(addr):
            raise Injected(f"adresse inutilisable : {addr!r}")
    message_id = f"<{_random_word(entropy[:16])}@{house.mailbox_address.rpartition('@')[2].lower()}>"
    marker = f"mb-{_random_word(entropy[16:32])}"
    words = dress(letter, house, now=now, marker=marker, redirect_to=redirect_to)
    logo = house.logo if letter.kind in TO_COMPLAINANTS else None
    try:
        headers = _headers(letter, house, words, to=to, now=now, message_id=message_id)
        whole = _assembled(headers, words, files, logo, entropy)
        raw = whole.written()
    except MessageError as error:  # HeaderParseError: an encoded word that holds a header
        raise Injected(f"en-tête que la bibliothèque refuse d’écrire : {error}") from None
    check(raw, names=[*headers, "MIME-Version", "Content-Type"], to=to, from_=house.mailbox_address)
    lying = whole.lying() if files else ()
    return Sealed(raw=raw, lying=lying, message_id=message_id, marker=marker, to=to, subject=words.subject)


def _random_word(octets: bytes) -> str:
    return b32encode(octets).decode("ascii").rstrip("=").lower()


def _headers(
    letter: Letter, house: House, words: Dressed, *, to: str, now: datetime, message_id: str
) -> dict[str, str]:
    """Our headers, in their order on the wire, each folded and in ASCII. No borrowed display name ever."""
    headers = {
        "From": _mailbox(house),
        "To": to,
        "Subject": _encoded(words.subject, "Subject"),
        "Date": format_datetime(now.astimezone(ZoneInfo(house.timezone))),
        "Message-ID": message_id,
    }
    replied, references = _ids((letter.in_reply_to,)), _ids(letter.references)
    if replied:
        headers["In-Reply-To"] = replied[0]
    if references:
        headers["References"] = "\r\n ".join(references)
    headers["Auto-Submitted"] = _automatic(letter.kind)
    headers["X-Auto-Response-Suppress"] = "All"
    headers["X-Mailbot"] = letter.kind
    headers["Content-Language"] = words.language
    return headers


def _automatic(kind: str) -> str:
    """RFC 3834 §5: auto-replied only for what answers one mail by itself; a colleague's own words are no machine's,
    and the funders' desks that drop machine mail must not drop them."""
    return "auto-replied" if kind in ANSWERS else "no" if kind in HUMAN else "auto-generated"


def _mailbox(house: House) -> str:
    return _named(house.from_name, house.mailbox_address)


@lru_cache(maxsize=32)
def _named(from_name: str, address: str) -> str:
    """The same in every letter of a desk."""
    name = borrowed.cut(borrowed.one_line(from_name), 80).replace("=?", "= ?")
    if not name:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    shown = f'"{escaped}"' if name.isascii() else _encoded(name, "From")
    return f"{shown} <{address}>"


def _encoded(text: str, name: str) -> str:
    """Unstructured text as ASCII, in encoded words when needed (RFC 2047)."""
    if text.isascii():
        return text
    plain, rest = _as_it_stands(text)
    place = "x" * len(plain)
    return _behind(place, rest, name).replace(place, plain, 1)


@lru_cache(maxsize=64)
def _behind(place: str, rest: str, name: str) -> str:
    """The same behind each number of a file that is as long: the subjects of most acknowledgements differ in nothing else."""
    header = Header(place, "us-ascii", header_name=name, maxlinelen=75)
    header.append(rest, wire.UTF8)
    return header.encode(linesep="\r\n")


def _as_it_stands(text: str) -> tuple[str, str]:
    """The number of a file, in brackets and first, stays readable on the wire, for filters and for whoever looks there."""
    found = NUMBER_FIRST.match(text)
    return (found[0].rstrip(), text[found.end() :]) if found else ("", text)


def _ids(ids: tuple[str, ...]) -> list[str]:
    """The strictly well-formed message ids; anything else is left out (reliability L1). Of a long thread the first, which
    mail programs take for its root, and the last ones."""
    good = [i for i in dict.fromkeys(ids) if len(i) <= MAX_ID and "=?" not in i and MESSAGE_ID.fullmatch(i)]
    return good if len(good) <= MAX_REFERENCES else [good[0], *good[1 - MAX_REFERENCES :]]


def _assembled(
    headers: dict[str, str],
    words: Dressed,
    files: tuple[File, ...],
    logo: Logo | None,
    entropy: bytes,
) -> wire.Part:
    # "=_" never occurs in quoted-printable nor base64, so no body can hold a boundary (RFC 2045 §6.7).
    boundary = "=_" + sha256(entropy).hexdigest()[:24]
    page = wire.words(words.html, "html")
    if logo:
        page = wire.gathered("related", f"{boundary}_r", [page, _logo(logo)])
    both = [wire.words(words.text, "plain"), page]
    if files:
        inner = wire.gathered("alternative", f"{boundary}_a", both)
        whole = wire.gathered("mixed", boundary, [inner, *(_file(*file) for file in files)])
    else:
        whole = wire.gathered("alternative", boundary, both)
    return wire.Part({**headers, "MIME-Version": "1.0", **whole.headers}, whole.body)


def _logo(logo: Logo) -> wire.Part:
    more = {"Content-Disposition": "inline", "Content-ID": f"<{logo.cid}>"}
    return wire.octets(f"image/{logo.subtype}", logo.octets, more)


def _file(name: str, content_type: str, octets: bytes | Lying) -> wire.Part:
    """One file, byte-identical; its name only as text, written as RFC 2231 says when not ASCII."""
    kind = content_type.lower()
    if not CONTENT_TYPE.fullmatch(kind) or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    shown = borrowed.cut(re.sub(r'["\\/:*?<>|%;]', "_", borrowed.one_line(name)), 75).strip(". ") or "fichier"
    named = f'filename="{shown}"' if shown.isascii() else f"filename*=utf-8''{percent(shown, safe='')}"
    return wire.octets(kind, octets, {"Content-Disposition": f"attachment; {named}"})


def check(raw: bytes, *, names: list[str], to: str, from_: str) -> None:
    """Re-reads a letter and raises Injected unless it is exactly ours: header names, one From, one To, lines, bytes."""
    rest = without_files(raw)
    ends = rest.count(b"\r\n")
    if not raw.isascii() or (rest.count(b"\r"), rest.count(b"\n")) != (ends, ends) or not _short_lined(rest):
        raise Injected("octets, fins de ligne ou longueurs inacceptables")
    top, between, body = _common(skeleton(rest)).partition(b"\r\n\r\n")
    message = PARSER.parsebytes(top + between, headersonly=True)
    headers = [(name.lower(), value) for name, value in message.raw_items()]
    if Counter(name for name, _ in headers) != Counter(name.lower() for name in names):
        raise Injected(f"en-têtes inattendus : {sorted(message.keys())}")
    # Debian 12's Python says of the head of a multipart, read without its parts, that it has none.
    odd = [defect for defect in message.defects if not isinstance(defect, MultipartInvariantViolationDefect)]
    if odd or message.get_payload():
        raise Injected("des lignes d’en-tête n’en sont pas")
    if [value for name, value in headers if name == "to"] != [to]:
        raise Injected("le destinataire relu n’est pas celui qui était voulu")
    if [address for name, value in headers if name == "from" for address in _addresses(value)] != [from_]:
        raise Injected("l’expéditeur relu n’est pas la boîte")
    _check_parts(next((str(value) for name, value in headers if name == "content-type"), "text/plain"), body)


@lru_cache(maxsize=32)
def _addresses(value: str) -> tuple[str, ...]:
    """Of a From, which is the same in every letter of a desk."""
    return tuple(address for _, address in getaddresses([" ".join(value.split())]))


def without_files(raw: bytes) -> bytes:
    """A letter without the full lines of its files: what stands in base64, in lines that are all as long and hold no hyphen, is
    neither header nor boundary, and of megabytes nothing else is to be looked at."""
    kept, at = [], 0
    while found := FILE.search(raw, at):
        start = found.end()
        kept.append(raw[at:start])
        at = start + LINE * _full_lines(raw, start)
    return b"".join([*kept, raw[at:]]) if kept else raw


def _full_lines(raw: bytes, start: int) -> int:
    """How many lines of base64 begin there; 0 where they are not all as long, or hold other line ends."""
    hyphen = raw.find(b"-", start)
    count = ((hyphen if hyphen >= 0 else len(raw)) - start) // LINE
    end = start + count * LINE
    regular = all(
        raw[start + at : end : LINE] == octet * count and raw.count(octet, start, end) == count
        for at, octet in ((COLUMNS, b"\r"), (COLUMNS + 1, b"\n"))
    )
    return count if regular else 0


def _short_lined(raw: bytes) -> bool:
    """From the start of a line to the last line end that one of its longest could have: what lies between is shorter."""
    start = 0
    while len(raw) - start > MAX_LINE:
        end = raw.rfind(b"\r\n", start, start + MAX_LINE + 2)
        if end < 0:
            return False
        start = end + 2
    return True


def skeleton(raw: bytes) -> bytes:
    """A letter, its line ends all CRLF, without its words and files: of what follows a line that begins with « -- », which
    alone could be a boundary, only what stands before the next empty line. To any parser it has the same parts with
    the same headers, and no megabyte is read line by line. Only what a part of type message/ holds is lost: check takes none."""
    pieces = raw.split(b"\r\n--")
    return b"\r\n--".join(before + ended for before, ended, _ in (piece.partition(b"\r\n\r\n") for piece in pieces))


def _common(bones: bytes) -> bytes:
    """With one boundary in all letters: the parser makes a pattern of each that it meets, which costs more than it reads."""
    found = BOUNDARY.search(bones)
    return bones.replace(found[1], SAME) if found and SAME not in bones else bones


@lru_cache(maxsize=64)
def _check_parts(kind: str, body: bytes) -> None:
    """What follows from the Content-Type of a letter and the bones of its body, which are the same in most letters of a kind: once
    they were found good, they are."""
    message = PARSER.parsebytes(b"Content-Type: " + kind.encode("ascii") + b"\r\n\r\n" + body)
    for rank, part in enumerate(message.walk()):
        names = {name.lower() for name, _ in part.raw_items()}
        if part.get_content_maintype() == "message" or (rank and not names <= PART_HEADERS):
            raise Injected(f"partie inattendue : {sorted(part.items())}")
