"""What a Message says: new text / quoted text, wished solution, type, alert words, telephone, language."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from mailbot.message import Message
from mailbot.reading import form, signals, who
from mailbot.reading.cut import MOST_CHARACTERS, MOST_LINES, Cut, agreed, cut, cut_page
from mailbot.reading.plain import fold, wording
from mailbot.reading.tables import EMPTY_WORDS, SENSITIVE, URGENT, Words
from mailbot.reading.wish import find_wish

THANKS_BEGIN = 1_000  # characters

__all__ = ["EMPTY_WORDS", "Reading", "Words", "fold", "from_json", "read", "to_json"]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Suggestions drawn from a mail by visible rules; a human confirms them (spec §3)."""

    new_text: str  # what the author wrote now: quotes, signature marks and « Envoyé de mon iPhone » cut; never empty if the text is not
    quoted_text: str
    cut_sure: bool  # False when the cut is a guess
    marker: str  # our own marker found in the body ("" when none), see letters
    references: tuple[str, ...]  # complaint numbers named in subject, then in new text, e.g. "REC-2026-0042"
    tags: tuple[str, ...]  # "#word" tokens of the subject, as written
    language: str  # "fr" | "en"
    wish: str  # verbatim sentence (at most 300 characters) or ""
    wish_state: str  # "exprimée" | "non exprimée" | "à confirmer"
    complainant_type: str  # "stagiaire" | "financeur" | "autre"
    subtype: str  # e.g. "OPCO", "CPF", "sous-traitant", ""
    training: str  # name of a training of the configuration, or words of the mail, "" when none
    fields: tuple[tuple[str, str], ...]  # `clé : valeur` lines of a form, keys lower-cased without accents
    alerts: tuple[
        tuple[str, str], ...
    ]  # (family, word found): danger, harcelement, handicap, sante, mineur, fraude, donnees, juridique, repetition, montant
    sensitive: bool  # harassment, discrimination, health, minors, disability (spec §3)
    urgent: bool  # P1 hint: danger, harassment, discrimination, violence
    deadline: date | None  # the complainant's own deadline when it is a full date
    deadline_text: str
    phone: str  # a telephone number of the new text, "" when none
    on_behalf: str  # why it looks written on behalf of someone (« mon fils », « mon client »), "" when not
    staff_named: tuple[str, ...]  # addresses of staff members whose name appears in subject or new text
    thanks_only: bool  # bare thanks and nothing more
    bare: bool = False  # nothing of the author's own: all of `new_text` is quoted mail or what the mail program adds
    card: str = ""  # the end of `new_text` that is a signature card
    wider_text: str = ""  # what stands above the last of several headings of quoted mail, when words stand between them
    session: str = ""  # the session concerned: its first day as an ISO date, or what the form's field says
    page_text: str = ""  # `new_text` as the HTML part has it, with the targets of its mailto: links


def read(message: Message, words: Words) -> Reading:
    """Everything that visible rules can draw from a mail (spec §3). Never raises on any text; the time is linear.

    A mail that the organisation's own people forward is read for what the original author says; `new_text` stays the
    forwarder's note.
    """
    page = cut_page(message.page)
    parts = agreed(cut(message.text), page)
    text, author = _speaker(message, parts, words)
    subject, body, unsigned = wording(message.subject), wording(text), who.unsigned(text)
    said = subject.and_then(body)
    written = form.read_fields(text)
    wish, wish_state = find_wish(text, message.subject, written)
    kind, subtype = who.complainant_type(said, written, author, words)
    alerts = signals.find_alerts(f"{message.subject}\n{text}", said, words.alerts)
    families = {family for family, _ in alerts}
    deadline, deadline_text = signals.find_deadline(said, written, message.date.date() if message.date else None)
    return Reading(
        new_text=parts.new,
        quoted_text=parts.quoted,
        cut_sure=parts.sure,
        marker=form.find_marker(message.text),
        references=form.find_references(message.subject, _analysed(parts.new), words.prefix),
        tags=form.find_tags(message.subject),
        language=signals.language(body, subject),
        wish=wish,
        wish_state=wish_state,
        complainant_type=kind,
        subtype=subtype,
        training=signals.find_training(text, message.subject, said, written, words),
        fields=written,
        alerts=alerts,
        sensitive=bool(families & SENSITIVE),
        urgent=bool(families & URGENT),
        deadline=deadline,
        deadline_text=deadline_text[:120],
        phone=who.find_phone(text, words.own_phones),
        on_behalf=who.find_on_behalf(said),
        staff_named=who.find_staff(
            said if unsigned == text else subject.and_then(wording(unsigned)), words.staff, author
        ),
        thanks_only=_only_thanks(message, parts),
        bare=parts.bare,
        card=parts.card,
        wider_text=parts.wider,
        session=signals.find_session(said, written, message.date.date() if message.date else None),
        page_text=page.new,
    )


def to_json(reading: Reading) -> dict[str, Any]:
    """A Reading as values that JSON can write, the deadline an ISO date."""
    plain = {field.name: getattr(reading, field.name) for field in fields(Reading)}
    return plain | {"deadline": reading.deadline.isoformat() if reading.deadline else None}


def from_json(data: dict[str, Any]) -> Reading:
    """The inverse of `to_json`, also after JSON made lists of the tuples."""
    known = {field.name: _frozen(data[field.name]) for field in fields(Reading)}
    return Reading(**known | {"deadline": date.fromisoformat(data["deadline"]) if data["deadline"] else None})


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _speaker(message: Message, parts: Cut, words: Words) -> tuple[str, tuple[str, str]]:
    """The text that complains, and (display name, address) of whoever wrote it."""
    author = message.from_
    if message.reply_to and author and _is_ours(author.addr, words):
        author = message.reply_to[0]  # a form of our own site answers for its visitor
    forwarded = message.forwarded
    text = parts.new
    if forwarded and forwarded.text.strip() and message.from_ and _is_ours(message.from_.addr, words):
        text, author = cut(forwarded.text).new, forwarded.sender
    return _analysed(text), (author.name, author.addr) if author else ("", "")


def _analysed(text: str) -> str:
    return "\n".join(text[:MOST_CHARACTERS].split("\n", MOST_LINES)[:MOST_LINES])


def _is_ours(addr: str, words: Words) -> bool:
    ours = {*map(str.lower, words.own_addresses), *(staff.lower() for _, staff in words.staff)}
    return addr.lower() in ours or addr.lower().rpartition("@")[2] in {domain.lower() for domain in words.own_domains}


def _only_thanks(message: Message, parts: Cut) -> bool:
    """Thanks with a file attached are more than thanks; so is a text that begins with more words than thanks may have."""
    name = message.from_.name if message.from_ else ""
    if any(part.evidence for part in message.attachments):
        return False
    if len(parts.new) > THANKS_BEGIN and len(wording(parts.new[:THANKS_BEGIN]).words) > signals.LONGEST_THANKS + 1:
        return False
    return signals.thanks_only(wording(parts.new), name)
