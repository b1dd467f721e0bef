"""Staff notices as the desk sends them, each full of what no complainant may ever read, one findable word per secret."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

from staff.clients import Notice

LINE = "---- Répondre au-dessus de cette ligne ----"
MAILBOX = "reclamations@ief.example"
SENDER = f"Réclamations IEF <{MAILBOX}>"
NUMBER = "REC-2026-0042"
MORNING = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)  # a Monday, 09:12 in Paris
CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789"
BUTTONS = (
    ("Répondre et clore", "#résolu", "Écrivez ici votre réponse argumentée."),
    ("Donner des nouvelles", "#réponse", "Écrivez ici ce que le réclamant doit savoir."),
    ("Poser un butoir", "#butoir", "Date :\nMotif :"),
    ("Ce n’est pas une réclamation", "#information", "Nature : information / difficulté / aléa / hors-périmètre"),
)


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """One unique word per kind of secret. `code` is six characters A-Z2-9, the author's own code for the file."""

    code: str
    link: str  # in the `body=` of every button
    hint: str
    history: str
    note: str
    marker: str  # after « Réf. mb- »
    other_file: str
    complaint: str  # in the complainant's own words, as the notice quotes them
    person: str  # the surname of somebody else

    def word(self, kind: str) -> str:
        """The word of a kind of KINDS ("other-file" is the field `other_file`)."""
        return str(getattr(self, kind.replace("-", "_")))


KINDS: tuple[str, ...] = tuple(one.name.replace("_", "-") for one in fields(Secrets))


def drawn(rng: random.Random, code: str | None = None) -> Secrets:
    """Words that no French text holds: ten lower-case letters (a capital first for `person`). `code` None: drawn too."""
    words = {one.name: _word(rng) for one in fields(Secrets)}
    words["code"] = code or "".join(rng.choice(CODE_LETTERS) for _ in range(6))
    return Secrets(**(words | {"person": words["person"].capitalize()}))


def _word(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgjkpvwz") + rng.choice("aiouy") for _ in range(5))


def link(secrets: Secrets, number: str, tag: str, form: str) -> str:
    """The `mailto:` of a button: subject with reference, code and tag, form as body, everything percent-encoded."""
    subject, body = f"[{number}-{secrets.code}] {tag}", f"{form}\n\n(bouton {secrets.link})\n"
    return f"mailto:{MAILBOX}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, then its lines; `quoted`: somebody's own words."""

    heading: str
    lines: tuple[str, ...]
    quoted: bool = False


def assignment(
    secrets: Secrets, *, message_id: str, number: str = NUMBER, date: datetime = MORNING, to: str = "bo@ief.example"
) -> Notice:
    """« La réclamation vous est confiée »: everything that the desk knows, for its assignee."""
    opening = (
        f"Bonjour Bo, la réclamation {number} vous est confiée.",
        "Réclamant : Carl Petit (carl@courriel.example)",
        "Réponse attendue au plus tard le mardi 1er décembre 2026.",
        f"Signaux repérés, à vérifier : indices : juridique, {secrets.hint}",
    )
    subject = f"[{number}] Réclamation à traiter avant le 01/12/2026 au soir : session annulée à Nîmes"
    return _notice(secrets, subject, opening, _dossier(secrets), number, message_id, date, to)


def chase(
    secrets: Secrets, *, message_id: str, number: str = NUMBER, date: datetime = MORNING, to: str = "bo@ief.example"
) -> Notice:
    """« Répondre ou poser un butoir ? », with what is awaited and who else was told."""
    opening = (
        f"Bonjour Bo, le dossier {number} attend toujours sa réponse, due le mardi 1er décembre 2026.",
        f"Ce rappel est aussi parti à Ann Leroy et à Mme {secrets.person}.",
        f"Signaux repérés, à vérifier : indices : juridique, {secrets.hint}",
    )
    subject = f"[{number}] Répondre ou poser un butoir ? Échéance le 01/12/2026"
    return _notice(secrets, subject, opening, _dossier(secrets), number, message_id, date, to)


def filed(secrets: Secrets, earlier: str, *, message_id: str, number: str = NUMBER, date: datetime = MORNING) -> Notice:
    """« Votre note est rangée, rien n’est parti »: a letter that quotes a mail which itself quotes an older notice."""
    opening = (
        f"Votre note est rangée au dossier {number} ; rien n’est parti chez le réclamant.",
        f"Signaux repérés, à vérifier : indices : juridique, {secrets.hint}",
    )
    older = assignment(secrets, message_id=message_id, number=number, date=date)
    quoted = "\n".join(f"> {line}".rstrip() for line in older.text.split("\n"))
    received = f"{earlier}\n\nLe 23/11/2026 à 09:12, Réclamations IEF a écrit :\n{quoted}".split("\n")
    sections = (Section(heading="Votre message, tel que reçu", lines=tuple(received), quoted=True),)
    subject = f"[{number}] Votre note est rangée, rien n’est parti"
    return _notice(secrets, subject, opening, sections, number, message_id, date, "bo@ief.example")


def _dossier(secrets: Secrets) -> tuple[Section, ...]:
    return (
        Section(
            heading="Son message",
            quoted=True,
            lines=(
                "Bonjour,",
                "La session d’habilitation électrique du 16 novembre a été annulée la veille au soir. J’avais",
                f"déjà payé le train et l’hôtel ({secrets.complaint}). Je souhaite être remboursé de mes frais",
                "et recevoir une nouvelle date avant la fin de l’année.",
                "",
                "Carl Petit",
            ),
        ),
        Section(
            heading="Antécédents",
            lines=(
                f"- REC-2025-0017, même personne, close le 14/03/2025, partiellement fondée : {secrets.history}",
                f"- REC-2026-0031, même formation, ouverte par Mme {secrets.person} : {secrets.other_file}",
                "Caractère exceptionnel ou insatisfaction durable ?",
            ),
        ),
        Section(
            heading="Notes internes",
            lines=(
                f"- 20/11, Ann Leroy : ne pas reconnaître de faute avant l’avis de l’assureur, {secrets.note}.",
                f"- 21/11, Mme {secrets.person} : le formateur avait prévenu dès le 13 novembre.",
            ),
        ),
    )


def _notice(
    secrets: Secrets,
    subject: str,
    opening: tuple[str, ...],
    sections: tuple[Section, ...],
    number: str,
    message_id: str,
    date: datetime,
    to: str,
) -> Notice:
    links = tuple((label, link(secrets, number, tag, form)) for label, tag, form in BUTTONS)
    return Notice(
        message_id=message_id,
        subject=subject,
        text=_text(opening, sections, links, secrets),
        html=_html(subject, opening, sections, links, secrets),
        sender=SENDER,
        to=f"Bo Martin <{to}>",
        date=date,
    )


def _text(
    opening: tuple[str, ...], sections: tuple[Section, ...], links: tuple[tuple[str, str], ...], secrets: Secrets
) -> str:
    pieces = [LINE, "\n".join(opening)]
    for section in sections:
        mark = "> " if section.quoted else ""
        pieces += [section.heading, "\n".join(f"{mark}{line}".rstrip() for line in section.lines)]
    pieces += ["Que voulez-vous faire ?", "\n".join(f"- {label} : {address}" for label, address in links)]
    return "\n\n".join([*pieces, f"Réf. mb-{secrets.marker}"]) + "\n"


def _html(
    subject: str,
    opening: tuple[str, ...],
    sections: tuple[Section, ...],
    links: tuple[tuple[str, str], ...],
    secrets: Secrets,
) -> str:
    rows = "".join(
        f'<td style="padding:8px 14px;background:#1b4f8f"><a href="{escape(address)}" style="color:#fff">{label}</a></td>'
        for label, address in links
    )
    return (
        f'<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n<title>{escape(subject)}</title>\n</head>\n'
        '<body style="margin:0;padding:0">\n<div style="max-width:640px;margin:0 auto;padding:20px 16px">\n'
        f'<div style="border-bottom:1px dashed #8a8f98;text-align:center">{LINE}</div>\n'
        f"<p>{'<br>'.join(map(escape, opening))}</p>\n{''.join(map(_html_section, sections))}"
        f'<h2>Que voulez-vous faire ?</h2>\n<table role="presentation"><tr>{rows}</tr></table>\n'
        f'<p style="font-size:12px">Réf. mb-{secrets.marker}</p>\n</div>\n</body>\n</html>\n'
    )


def _html_section(section: Section) -> str:
    tag = "blockquote" if section.quoted else "p"
    lines = "<br>\n".join(escape(line) for line in section.lines)
    return f"<h2>{section.heading}</h2>\n<{tag}>{lines}</{tag}>\n"


def relined(notice: Notice, line: str, line_html: str | None = None) -> Notice:
    """The same notice whose line was spoiled on its way through a client. `line_html` None: like `line`."""
    return replace(
        notice,
        text=notice.text.replace(LINE, line),
        html=notice.html.replace(LINE, escape(line) if line_html is None else line_html),
    )


def without_line(notice: Notice) -> Notice:
    """The same notice after its reader deleted the line."""
    return replace(notice, text=notice.text.replace(f"{LINE}\n\n", ""), html=notice.html.replace(LINE, ""))
