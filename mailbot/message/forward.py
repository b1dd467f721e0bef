"""The mail that somebody forwarded: attached as a mail, or written into the text under a forwarding mark."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailbot.message import addresses, clean, report
from mailbot.message import text as texts
from mailbot.message.mime import Part
from mailbot.message.records import Address, Forwarded

_PREFIX = re.compile(
    r"(?:(?:re|tr|fwd?|wg|i|rv|rif|enc|doorst|vs|vb|transf)\s{0,3}:\s{0,3}|\[[^\]]{0,40}\]\s{0,3}){0,5}"
)
_FORWARD_WORD = re.compile(r"(?:^|[\s:\]])(?:tr|fwd?|wg|i|rv|enc|doorst|vs|vb|transf)\s{0,3}:")
_MARK = re.compile(
    r"-{3,20} ?(?:forwarded message|message transf[ée]r[ée]|message r[ée]exp[ée]di[ée]|message d'origine"
    r"|original message"
    r"|mail transf[ée]r[ée]|message original|weitergeleitete nachricht|urspr[üu]ngliche nachricht) ?-{3,20}"
    r"|d[ée]but du message (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée]) ?:|begin forwarded message ?:"
    r"|anfang der weitergeleiteten nachricht ?:"
)
_REPLY_MARKS = ("origin", "urspr")  # Outlook writes these above replies too
_HEADER = re.compile(r"[*_ ]{0,3}([a-zà-ÿ'/ -]{1,25}?)[*_ ]{0,3}[ \u00a0]?:[*_]{0,2}(?:\s|$)(.*)", re.IGNORECASE)
_KEYS = {
    **dict.fromkeys(("de", "from", "von", "da", "van", "expéditeur", "expediteur", "émetteur"), "from"),
    **dict.fromkeys(
        ("date", "envoyé", "envoye", "envoyé le", "sent", "gesendet", "le", "date d'envoi", "datum", "data", "fecha"),
        "date",
    ),
    **dict.fromkeys(("objet", "subject", "sujet", "betreff", "asunto", "oggetto", "assunto", "onderwerp"), "subject"),
    **dict.fromkeys(
        ("à", "a", "to", "an", "cc", "copie à", "copie", "destinataire", "pour", "bcc", "kopie", "aan"), "other"
    ),
    **dict.fromkeys(("répondre à", "reply-to", "importance", "priorité", "pièces jointes", "attachments"), "other"),
}
_LITTLE = 200  # characters of own text that count as a mere cover note
_COVER = 1_500  # characters of own text in front of a forwarding mark
_LOOK_AHEAD = 400  # lines searched for a mark
_MAILTO = re.compile(r"\[mailto:([^\]\s]{3,254})\]|<mailto:([^>\s]{3,254})>", re.IGNORECASE)


def has_forward_prefix(subject: str) -> bool:
    """Whether the prefixes of a subject hold one that means forwarded (TR:, Fwd:, FW:, WG:, I:…)."""
    low = subject.lower()
    prefix = _PREFIX.match(low)
    return bool(prefix and _FORWARD_WORD.search(prefix.group()))


def read(root: Part, subject: str, text: str) -> Forwarded | None:
    """The forwarded mail, None when this is none. A bounce is no forward."""
    if root.content_type == "multipart/report":
        return None
    marked = has_forward_prefix(subject)
    attached = next((part for part in root.leaves() if part.is_mail() and part.children), None)
    if attached and (marked or len(text.strip()) < _LITTLE):
        return _attached(attached.children[0])
    return _inline(text, marked=marked)


def _attached(inner: Part) -> Forwarded:
    ids = report.message_ids(inner.fields.text("message-id"))
    return Forwarded(
        sender=addresses.first(inner.fields.first("from")),
        subject=inner.fields.text("subject"),
        date_text=inner.fields.text("date", 100),
        text=texts.body(inner).text,
        how="rfc822",
        message_id=ids[0] if ids else "",
    )


@dataclass(slots=True)
class _Block:
    """The header lines of an inline forward, and the line where its text begins."""

    values: dict[str, str] = field(default_factory=dict)
    body: int = 0


def _inline(text: str, *, marked: bool) -> Forwarded | None:
    rows = text.split("\n")
    spent = 0
    for number, row in enumerate(rows[:_LOOK_AHEAD]):
        if spent > _COVER and not marked:
            return None
        bare = _bare(row)
        if _is_mark(bare, marked=marked):
            block = _header_block(rows, number + 1)
            if "from" in block.values:
                return _forwarded(rows, block)
        elif marked and bare.lower().lstrip("*_ ").startswith(("de", "from", "von", "expéditeur")):
            block = _header_block(rows, number)
            if "from" in block.values and len(block.values) >= 3:
                return _forwarded(rows, block)
        spent += len(row.strip())
    return None


def _bare(row: str) -> str:
    return row[:2_000].replace("\u00a0", " ").lstrip("> ").strip()


def _is_mark(bare: str, *, marked: bool) -> bool:
    found = _MARK.match(bare[:200].lower().replace("’", "'"))
    return bool(found) and (marked or not any(word in found.group() for word in _REPLY_MARKS) if found else False)


def _header_block(rows: list[str], start: int) -> _Block:
    block = _Block(body=start)
    last = ""
    for number in range(start, min(start + 25, len(rows))):
        bare = _bare(rows[number])
        key, value = _key_and_value(bare)
        if key:
            block.values.setdefault(key, value)
            last = key
        elif bare:
            if not last or not _continues(block, last, bare):
                break
            block.values[last] = block.values[last] or bare
        elif _is_complete(block) and not _new_key_follows(rows, number, block):
            break
        block.body = number + 1
    return block


def _is_complete(block: _Block) -> bool:
    return "from" in block.values and len(block.values) >= 3


def _new_key_follows(rows: list[str], number: int, block: _Block) -> bool:
    key = _key_and_value(_bare(rows[number + 1]))[0] if number + 1 < len(rows) else ""
    return bool(key) and key not in block.values


def _continues(block: _Block, last: str, bare: str) -> bool:
    # A value may stand on the line below its key, and a list of recipients on several lines.
    return not block.values[last] or (last == "other" and ("@" in bare or bare.endswith((";", ",", ">"))))


def _key_and_value(bare: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(bare)
    key = _KEYS.get(found.group(1).strip().lower(), "") if found else ""
    return (key, found.group(2).strip(" *_")) if found and key else ("", "")


def _forwarded(rows: list[str], block: _Block) -> Forwarded:
    return Forwarded(
        sender=_sender(block.values.get("from", "")),
        subject=clean.line(block.values.get("subject", "")),
        date_text=clean.line(block.values.get("date", ""), 100),
        text=_unquoted(rows[block.body :]),
        how="inline",
    )


def _sender(value: str) -> Address | None:
    mailto = _MAILTO.search(value)
    if not mailto:
        return addresses.first(value)
    name = addresses.display_name(value[: mailto.start()].split("<")[0])
    addr = addresses.addr_spec(mailto.group(1) or mailto.group(2))
    return Address(name="" if "@" in name else name, addr=addr) if addr else None


def _unquoted(rows: list[str]) -> str:
    quoted = [row for row in rows if row.strip()]
    if quoted and all(row.startswith(">") for row in quoted):
        rows = [row.removeprefix(">").removeprefix(" ") for row in rows]
    return "\n".join(rows).strip("\n")
