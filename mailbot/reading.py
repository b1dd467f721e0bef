"""What a Message says: new text / quoted text, wished solution, type, alert words, telephone, language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
    alerts: tuple[tuple[str, str], ...]  # (family, word found): danger, harcelement, handicap, sante, mineur, fraude, donnees, juridique, repetition, montant
    sensitive: bool  # harassment, discrimination, health, minors, disability (spec §3)
    urgent: bool  # P1 hint: danger, harassment, discrimination, violence
    deadline: date | None  # the complainant's own deadline when it is a full date
    deadline_text: str
    phone: str  # a telephone number of the new text, "" when none
    on_behalf: str  # why it looks written on behalf of someone (« mon fils », « mon client »), "" when not
    staff_named: tuple[str, ...]  # addresses of staff members whose name appears in subject or new text
    thanks_only: bool  # bare thanks and nothing more
