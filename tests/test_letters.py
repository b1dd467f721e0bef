"""The letters: what each says, what strangers can never make them say, and the shape of what leaves."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailbot.effects import Letter
from mailbot.letters import House, Injected, Sealed, Unwritable, borrowed, kinds, markup, seal, sendable
from mailbot.letters.dates import in_words, moment_in_words
from mailbot.letters.seal import check

NOW = datetime(2026, 5, 11, 8, 43, tzinfo=UTC)
ENTROPY = bytes(range(32))
HOUSE = House(
    organisation="Institut Exemple Formation",
    service="Service réclamations",
    signature="Le pôle qualité",
    phone="01 99 00 12 34",
    postal_address="12 rue de l’Essai\n75000 Paris",
    mailbox_address="reclamations@ief.example",
    from_name="Institut Exemple Formation – réclamations",
    privacy_contact="dpo@ief.example",
    privacy_url="https://ief.example/donnees",
    retention="cinq ans après la clôture",
    retention_en="five years after closing",
    timezone="Europe/Paris",
    texts_folder=None,
    days=6,
)
ROW = {
    "number": "REC-2026-0031",
    "priority": "P2",
    "type": "financeur",
    "due_on": "2026-05-19",
    "stage": "accusée",
    "assignee": "Bo Martin",
    "name": "Opale Conseil",
    "subject": "Factures refusées",
    "sensitive": False,
}
FACTS: dict[str, dict[str, Any]] = {
    "ack": {
        "number": "REC-2026-0042",
        "received_at": "2026-05-11T08:42:10+00:00",
        "authenticated": True,
        "name": "Carl Dufour",
        "files": ["convocation.pdf", "photo de la salle.jpg"],
        "rejected": [{"name": "archive.zip", "problem": "fichier illisible"}],
        "wish": "Je voudrais une nouvelle date de session. Merci d’avance.",
        "wish_state": "exprimée",
        "due_on": "2026-05-19",
        "days": 6,
        "closures": [{"first": "2026-05-14", "last": "2026-05-15", "label": "pont de l’Ascension"}],
        "late": True,
        "oversize": True,
    },
    "ack-group": {
        "number": "REC-2026-0042",
        "items": [
            {
                "number": "REC-2026-0042",
                "received_at": "2026-05-11T08:42:10+00:00",
                "due_on": "2026-05-19",
                "what": "ack",
            },
            {"number": "REC-2026-0031", "received_at": "2026-05-11T08:44:00+00:00", "due_on": None, "what": "receipt"},
        ],
    },
    "receipt": {
        "number": "REC-2026-0042",
        "received_at": "2026-05-12T06:05:00+00:00",
        "due_on": "2026-05-19",
        "authenticated": True,
        "files": ["devis.pdf"],
    },
    "assignment": {
        "number": "REC-2026-0042",
        "first_name": "Bo",
        "complainant": {
            "name": "Carl Dufour",
            "addr": "carl@boite.example",
            "type": "stagiaire",
            "subtype": "CPF",
            "authenticated": True,
        },
        "subject": "Session annulée",
        "text": "Bonjour,\n\nla session est annulée.\nJe voudrais une autre date.",
        "received_at": "2026-05-11T08:42:10+00:00",
        "due_on": "2026-05-19",
        "provisional": True,
        "files": [
            {"name": "convocation.pdf", "size": 340_000, "attached": True, "reason": ""},
            {"name": "outil.exe", "size": 900, "attached": False, "reason": "type dangereux"},
        ],
        "history": [
            {
                "number": "REC-2025-0007",
                "received_on": "2025-03-03",
                "subject": "Retard",
                "stage": "accusée",
                "link": "même personne",
            }
        ],
        "hints": ["repetition : « 3 fois »"],
        "wish": "Je voudrais une autre date",
        "wish_state": "exprimée",
        "training": "Titre ARH",
        "deadline_text": "avant le 26 mai",
        "phone": "06 39 98 12 34",
        "on_behalf": "« mon fils »",
        "conflict": True,
        "sensitive": False,
        "unverified_reference": "REC-2026-0001",
        "cc": ["temoin@boite.example"],
        "no_ack": "adresse « ne pas répondre »",
        "essai": True,
    },
    "referent": {
        "number": "REC-2026-0042",
        "first_name": "Ann",
        "family": "handicap",
        "assignee": "Bo Martin",
        "due_on": "2026-05-19",
    },
    "followup-notice": {
        "number": "REC-2026-0042",
        "first_name": "Bo",
        "from_addr": "carl@ailleurs.example",
        "registered": False,
        "text": "Toujours rien ?",
        "files": [{"name": "capture.png", "size": 12_300_000, "attached": False, "reason": "trop gros"}],
        "received_at": "2026-05-12T06:05:00+00:00",
        "due_on": "2026-05-19",
    },
    "nothing-left": {"number": "REC-2026-0042", "subject": "note d’appel", "text": "Je l’ai eu au téléphone."},
    "staff-question": {
        "inbound_id": 37,
        "subject": "climatisation",
        "text": "Il fait 30 degrés.",
        "until": "2026-05-12T16:00:00+00:00",
    },
    "forward-question": {
        "inbound_id": 38,
        "forwarder": "bo@ief.example",
        "sender": "opale@opco.example",
        "subject": "TR: facture",
        "text": "Nous contestons.",
        "until": "2026-05-12T16:00:00+00:00",
    },
    "undecided": {"number": "REC-2026-0043", "inbound_id": 38, "subject": "TR: facture", "due_on": "2026-05-19"},
    "direct-answer": {
        "number": "REC-2026-0042",
        "first_name": "Bo",
        "author": "ann@ief.example",
        "to_addr": "carl@boite.example",
        "text": "Nous vous proposons le 3 juin.",
        "at": "2026-05-13T09:00:00+00:00",
    },
    "ack-bounced": {
        "number": "REC-2026-0042",
        "first_name": "Bo",
        "addr": "carl@boite.example",
        "why": "5.1.1 unknown user",
        "phone": "06 39 98 12 34",
        "due_on": "2026-05-19",
    },
    "bounced-letter": {
        "number": "REC-2026-0042",
        "to_addr": "bo@ief.example",
        "subject": "Réclamation à traiter",
        "why": "5.2.2 mailbox full",
    },
    "alarm": {
        "title": "courrier injoignable",
        "text": "IMAP ne répond plus.",
        "what_to_do": "Vérifiez le mot de passe.",
        "number": None,
        "at": "2026-05-11T08:00:00+00:00",
    },
    "recovered": {"title": "courrier", "text": "IMAP répond.", "at": "2026-05-11T09:00:00+00:00"},
    "digest": {
        "date": "2026-05-12",
        "names": True,
        "late": [ROW],
        "today": [{**ROW, "number": "REC-2026-0038", "name": "Agathe Leroy", "sensitive": True}],
        "new": [],
        "to_decide": [
            {
                "inbound_id": 38,
                "what": "message transféré",
                "from": "bo@ief.example",
                "subject": "TR: facture",
                "since": "2026-05-11T08:00:00+00:00",
                "until": "2026-05-12T16:00:00+00:00",
            }
        ],
        "open": [ROW],
        "counts": {
            "received": 37,
            "explained": 36,
            "by_verdict": {"complaint": 9, "auto-reply": 2},
            "vanished": ["UID 12"],
            "before_start": 4,
        },
        "no_ack": ["REC-2026-0040 : adresse « ne pas répondre »"],
        "alarms": ["disque presque plein"],
        "chain_head": "3f9a0c77",
        "next_digest": "2026-05-13T06:00:00+00:00",
        "essai": True,
    },
}
TO_COMPLAINANTS = ("ack", "ack-group", "receipt")
RENDERED = [(kind, "fr") for kind in FACTS] + [(kind, "en") for kind in TO_COMPLAINANTS]
FILES = (
    ("convocation é.pdf", "application/pdf", b"%PDF\r\n\x00\xff" * 9),
    ("mail.eml", "message/rfc822", b"From: x\n\n"),
)
UNPROVEN = {**FACTS["ack"], "authenticated": False}


def letter(kind: str, language: str = "fr", **facts: Any) -> Letter:
    return Letter(
        kind=kind,
        keys=(f"{kind}:1",),
        to="carl@boite.example",
        language=language,
        facts={**FACTS[kind], **facts},
        in_reply_to="<a1@boite.example>",
        references=("<a0@boite.example>", "<a1@boite.example>"),
    )


def sealed(kind: str, language: str = "fr", *, house: House = HOUSE, **facts: Any) -> Sealed:
    return seal(letter(kind, language, **facts), house, now=NOW, entropy=ENTROPY)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(raw: bytes, kind: str) -> str:
    body = read(raw).get_body((kind,))
    assert body is not None
    return body.get_content()


def plain(raw: bytes) -> str:
    """The plain text part on one line, spaces of every width alike."""
    return " ".join(part(raw, "plain").split())


class Words(HTMLParser):
    """The readable words of an HTML part, and its tags and attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(source.partition("<body")[2].partition(">")[2])

    def handle_data(self, data: str) -> None:
        self.words += re.findall(r"[\w@/]+", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


# --- each letter ------------------------------------------------------------------------------------


def test_every_kind_has_a_sample_here() -> None:
    assert set(FACTS) == set(kinds())


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_each_letter_is_written_in_each_of_its_languages(kind: str, language: str) -> None:
    message = read(sealed(kind, language).raw)
    assert message["Content-Language"] == language
    assert f'<html lang="{language}">' in part(sealed(kind, language).raw, "html")
    assert message["X-Mailbot"] == kind
    assert "{" not in part(sealed(kind, language).raw, "plain")


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_the_text_says_all_that_the_html_says(kind: str, language: str) -> None:
    raw = sealed(kind, language).raw
    text = re.findall(r"[\w@/]+", part(raw, "plain"))
    assert [word for word in Words(part(raw, "html")).words if word not in text] == []


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_no_letter_loads_links_or_runs_anything(kind: str, language: str) -> None:
    page = Words(part(sealed(kind, language).raw, "html"))
    assert set(page.tags) <= {"div", "h2", "p", "br", "ul", "li", "table", "tr", "td", "blockquote"}
    assert set(page.attributes) <= {"style", "role"}


@pytest.mark.parametrize("kind", [k for k in FACTS if k not in TO_COMPLAINANTS])
def test_staff_letters_are_french_whatever_the_language_asked(kind: str) -> None:
    assert read(sealed(kind, "en").raw)["Content-Language"] == "fr"


@pytest.mark.parametrize("kind", [k for k in FACTS if FACTS[k].get("number")])
def test_the_subject_of_a_file_starts_with_its_number(kind: str) -> None:
    assert sealed(kind).subject.startswith(f"[{FACTS[kind]['number']}] ")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="lettre inconnue : poem"):
        seal(replace(letter("ack"), kind="poem"), HOUSE, now=NOW, entropy=ENTROPY)


# --- the acknowledgement ----------------------------------------------------------------------------


def test_the_ar_says_number_dates_files_wish_and_how_to_reach_a_human() -> None:
    text = plain(sealed("ack").raw)
    for said in (
        "Bonjour Carl Dufour,",
        "du lundi 11 mai 2026 à 10 h 42",
        "numéro REC-2026-0042",
        "convocation.pdf",
        "photo de la salle.jpg",
        "archive[.]zip : fichier illisible",
        "« Je voudrais une nouvelle date de session »",
        "au plus tard le mardi 19 mai 2026 (6 jours ouvrés)",
        "du jeudi 14 mai 2026 au vendredi 15 mai 2026 (pont de l’Ascension)",
        "reclamations@ief.example",
        "01 99 00 12 34",
        "12 rue de l’Essai, 75000 Paris",
        "dpo@ief.example",
        "cinq ans après la clôture",
        "part automatiquement",
    ):
        assert said in text
    assert "Merci d’avance" not in text  # one sentence quoted, not two


def test_the_english_ar_says_the_same() -> None:
    text = plain(sealed("ack", "en").raw)
    for said in (
        "Dear Carl Dufour,",
        "Monday 11 May 2026, 10:42 (Paris time)",
        "by Tuesday 19 May 2026",
        "6 working days",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("wish", "state", "said"),
    [
        ("", "non exprimée", "Avez-vous une solution en tête ?"),
        ("Un remède", "à confirmer", "« Un remède ». Est-ce bien la solution"),
        ("Un remède", "exprimée", "« Un remède ». Si nous avons mal compris"),
    ],
)
def test_the_ar_quotes_the_wish_or_asks_for_it(wish: str, state: str, said: str) -> None:
    assert said in plain(sealed("ack", wish=wish, wish_state=state).raw)


def test_the_ar_prints_the_day_it_is_rendered_for() -> None:
    raw = seal(replace(letter("ack"), printed_on=date(2026, 5, 12)), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert "Accusé de réception : mardi 12 mai 2026" in plain(raw)


FORBIDDEN = (
    "remboursement",
    "erreur de notre part",
    "sera résolu",
    "dans les plus brefs délais",
    "désolé",
    "excuses",
    "votre réclamation",
    "refund",
    "our mistake",
    "our fault",
    "will be resolved",
    "as soon as possible",
    "sorry",
    "apolog",
    "your complaint",
)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", TO_COMPLAINANTS)
def test_automatic_letters_neither_judge_nor_promise_nor_admit(kind: str, language: str) -> None:
    text = plain(sealed(kind, language).raw).lower()
    assert [phrase for phrase in FORBIDDEN if phrase in text] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_ar_of_an_unproven_sender_repeats_nothing_of_his(language: str) -> None:
    word = "zyxwabracadabra"
    facts = {
        "authenticated": False,
        "name": f"{word} Dufour",
        "files": [f"{word}.pdf", f"{word}.doc", "z.txt"],
        "rejected": [{"name": f"{word}.zip", "problem": f"{word} illisible"}],
        "wish": f"Je veux {word}",
    }
    raw = sealed("ack", language, **facts).raw
    assert word not in part(raw, "plain") + part(raw, "html") + str(read(raw)["Subject"])
    assert ("3 fichiers reçus" if language == "fr" else "3 files received") in plain(raw)
    assert "19 mai 2026" in plain(raw) or "19 May 2026" in plain(raw)


def test_a_text_of_ones_own_cannot_make_the_unproven_ar_talk(tmp_path: Path) -> None:
    own(tmp_path, "fr/ack.txt", "Objet : {{ name }}\n\n{{ name }}{{ wish }}{{ files|join }}{{ rejected[0].name }}.\n")
    raw = sealed("ack", house=replace(HOUSE, texts_folder=tmp_path), authenticated=False).raw
    assert plain(raw).startswith(". Réf.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("voyez exemple.fr", "voyez exemple[.]fr"),
        ("http://exemple.fr/a?b", "exemple[.]fr/a?b"),
        ("HTTPS://www.exemple.fr", "www[.]exemple[.]fr"),
        ("hthttp://tp://exemple.fr", "exemple[.]fr"),
        ("bob@exemple.fr", "bob[@]exemple[.]fr"),
        ("exemple。fr", "exemple[.]fr"),
        ("exemple\u200b.\u200dfr", "exemple[.]fr"),
        ("javascript:alert", "alert"),
        ("12.5 % de 1 490 €", "12.5 % de 1 490 €"),
    ],
)
def test_what_looks_like_an_address_is_defanged(text: str, shown: str) -> None:
    assert borrowed.harmless(text, 60).replace("tp ", "") == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("devis.pdf", "devis.pdf"),
        ("photo.de.vacances.JPG", "photo[.]de[.]vacances.JPG"),
        ("facture.zip", "facture[.]zip"),
        ("site.example", "site[.]example"),
        ("sans extension", "sans extension"),
        ("x" * 90 + ".pdf", "x" * 45 + "….pdf"),
    ],
)
def test_file_names_keep_only_the_dot_of_an_ordinary_ending(name: str, shown: str) -> None:
    assert borrowed.file_name(name, 50) == shown


def test_one_sentence_is_one_sentence() -> None:
    assert (
        borrowed.first_sentence("Je veux que M. Dupont rappelle ! Vite. Merci.") == "Je veux que M. Dupont rappelle !"
    )
    assert borrowed.first_sentence("Une autre date.") == "Une autre date"


def test_names_are_cut_at_sixty_characters() -> None:
    assert f"Bonjour {'n' * 59}…," in plain(sealed("ack", name="n" * 500).raw)


@pytest.mark.parametrize("filling", ["m", "é", "\U0001f600", "mot "])
@pytest.mark.parametrize("facts", [{}, {"authenticated": False}])
def test_the_ar_stays_small_whatever_was_sent(facts: dict[str, Any], filling: str) -> None:
    long = filling * 2000
    greedy = {
        "name": long,
        "files": [long] * 400,
        "rejected": [{"name": long, "problem": long}] * 400,
        "wish": long,
        "closures": [{"first": "2026-05-14", "last": "2026-05-15", "label": long}] * 30,
    }
    raw = sealed("ack", **greedy, **facts).raw
    assert len(part(raw, "plain")) < 4096
    assert len(raw) < (20_000 if filling == "\U0001f600" else 15_000)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_ordinary_ar_is_under_four_and_fifteen_kilobytes(language: str) -> None:
    raw = sealed("ack", language).raw
    assert len(part(raw, "plain").encode()) < 4096
    assert len(raw) < 15_000


def test_a_grouped_ar_names_each_number_and_date() -> None:
    text = plain(sealed("ack-group").raw)
    assert "REC-2026-0042 : reçu le lundi 11 mai 2026 à 10 h 42" in text
    assert "réponse au plus tard le mardi 19 mai 2026" in text
    assert "REC-2026-0031 : reçu le lundi 11 mai 2026 à 10 h 44 ; ajouté à ce dossier" in text


# --- letters to staff -------------------------------------------------------------------------------


def test_the_assignment_begins_with_what_who_and_until_when() -> None:
    lines = [" ".join(line.split()) for line in part(sealed("assignment").raw, "plain").splitlines() if line]
    assert lines[0] == "---- Répondre au-dessus de cette ligne ----"
    assert lines[1] == "Bonjour Bo, la réclamation REC-2026-0042 vous est confiée."
    assert lines[2] == "Réclamant : Carl Dufour (carl@boite.example)"
    assert lines[3].startswith("Réponse attendue au plus tard le mardi 19 mai 2026")


def test_the_assignment_holds_all_that_is_known() -> None:
    text = plain(sealed("assignment").raw)
    for said in (
        "Juge et partie",
        "> la session est annulée. > Je voudrais une autre date.",
        "convocation.pdf (340 ko)",
        "outil.exe (900 octets), non joint : type dangereux",
        "REC-2025-0007, même personne, reçue le 03/03/2025",
        "Caractère exceptionnel ou insatisfaction durable ?",
        "06 39 98 12 34",
        "Aucun accusé de réception n’est parti : adresse « ne pas répondre »",
        "Référence citée non vérifiée : REC-2026-0001",
        "écrivez-lui directement (carl@boite.example), la boîte reclamations@ief.example en copie",
        "Une réponse à ce message-ci ne part pas chez lui",
        "stagiaire (CPF), à confirmer",
        "avant le 26 mai",
        "temoin@boite.example",
    ):
        assert said in text


def test_a_very_long_complaint_is_cut_and_the_cut_is_said() -> None:
    raw = sealed("assignment", text="mot\n" * 10_000).raw
    assert "coupé ici, à 20 000 caractères sur 40000" in plain(raw)
    assert len(part(raw, "plain")) < 70_000


def test_a_sensitive_subject_stays_out_of_the_subject_line() -> None:
    assert "Session annulée" in sealed("assignment").subject
    assert "Session annulée" not in sealed("assignment", sensitive=True).subject


@pytest.mark.parametrize("command", ["complaint", "note", "ignore"])
@pytest.mark.parametrize(("kind", "inbound"), [("staff-question", 37), ("forward-question", 38)])
def test_questions_name_the_commands_that_answer_them(kind: str, inbound: int, command: str) -> None:
    assert f"mailbot decide {inbound} {command}" in plain(sealed(kind).raw)
    assert "mardi 12 mai 2026 à 18 h 00" in plain(sealed(kind).raw)


def test_the_digest_reconciles_the_mailbox_with_the_register() -> None:
    text = plain(sealed("digest").raw)
    assert (
        "En retard : 1 À répondre aujourd’hui : 1 Nouvelles : 0 À décider : 1 37 messages reçus, 36 expliqués" in text
    )
    assert "Écart : 1." in text
    assert "Prochain relevé : mercredi 13 mai 2026 à 8 h 00" in text
    assert "3f9a0c77" in text
    assert "réponses automatiques : 2" in text


def test_the_digest_leaves_also_when_there_is_nothing() -> None:
    counts = {"received": 1, "explained": 1, "by_verdict": {}, "vanished": [], "before_start": 0}
    empty = {s: [] for s in ("late", "today", "new", "to_decide", "open", "no_ack", "alarms")}
    text = plain(sealed("digest", **empty, counts=counts, essai=False).raw)
    assert text.startswith("Rien à faire aujourd’hui.")
    assert "1 message reçu, 1 expliqué" in text
    assert "Écart" not in text


@pytest.mark.parametrize("names", [True, False])
def test_the_digest_names_people_only_where_allowed_and_never_in_sensitive_files(names: bool) -> None:
    text = plain(sealed("digest", names=names).raw)
    assert ("Opale Conseil" in text) is names
    assert ("Factures refusées" in text) is names
    assert ("TR: facture" in text) is names
    assert "Agathe Leroy" not in text


# --- what leaves ------------------------------------------------------------------------------------

NAMES = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "x-mailbot",
    "content-language",
    "mime-version",
    "content-type",
]


def test_the_headers_are_ours_and_only_ours() -> None:
    message = read(sealed("ack").raw)
    assert [name.lower() for name in message] == NAMES
    assert message["From"] == "Institut Exemple Formation – réclamations <reclamations@ief.example>"
    assert message["To"] == "carl@boite.example"
    assert message["Date"] == "Mon, 11 May 2026 10:43:00 +0200"
    assert message["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize("kind", list(FACTS))
def test_only_answers_to_a_mail_are_auto_replied(kind: str) -> None:
    expected = "auto-replied" if kind in TO_COMPLAINANTS else "auto-generated"
    assert read(sealed(kind).raw)["Auto-Submitted"] == expected


def test_identity_comes_from_the_entropy_and_is_printed_in_both_parts() -> None:
    letter_ = sealed("ack")
    assert re.fullmatch(r"<[a-z2-7]{26}@ief\.example>", letter_.message_id)
    assert re.fullmatch(r"mb-[a-z2-7]{26}", letter_.marker)
    assert letter_.marker[3:] not in letter_.message_id
    assert read(letter_.raw)["Message-ID"] == letter_.message_id
    assert part(letter_.raw, "plain").rstrip().endswith(f"Réf. {letter_.marker}")
    assert letter_.marker in part(letter_.raw, "html")


def test_the_same_letter_sealed_twice_is_the_same_bytes() -> None:
    assert sealed("digest").raw == sealed("digest").raw


def test_short_entropy_and_naive_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="hasard"):
        seal(letter("ack"), HOUSE, now=NOW, entropy=b"short")
    with pytest.raises(ValueError, match="fuseau"):
        seal(letter("ack"), HOUSE, now=NOW.replace(tzinfo=None), entropy=ENTROPY)


@pytest.mark.parametrize(("kind", "language"), RENDERED)
def test_raw_bytes_are_seven_bit_crlf_and_short_lined(kind: str, language: str) -> None:
    raw = sealed(kind, language, **({"text": "é" * 5000 + "x" * 5000} if "text" in FACTS[kind] else {})).raw
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_files_travel_byte_identical_and_never_as_mail_in_mail() -> None:
    raw = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=FILES).raw
    attached = list(read(raw).iter_attachments())
    assert [a.get_content_type() for a in attached] == ["application/pdf", "application/octet-stream"]
    assert [a.get_filename() for a in attached] == ["convocation é.pdf", "mail.eml"]
    assert [a.get_payload(decode=True) for a in attached] == [file[2] for file in FILES]
    assert "REC-2026-0042" in part(raw, "plain")


OUTLOOK = "<PAXPR08MB7654ABCDEF0123456789ABCDEF0123456789@PAXPR08MB7654.eurprd08.prod.outlook.com>"


def test_long_message_ids_stay_whole() -> None:
    long = replace(letter("ack"), in_reply_to=OUTLOOK, references=("<a+b=c@mail.example>", OUTLOOK, OUTLOOK))
    message = email.message_from_bytes(seal(long, HOUSE, now=NOW, entropy=ENTROPY).raw)
    assert message["In-Reply-To"] == OUTLOOK
    assert message["References"].split() == ["<a+b=c@mail.example>", OUTLOOK, OUTLOOK]


@pytest.mark.parametrize(
    "bad",
    [
        "a@b",
        "<a b@c>",
        "<a@b>\r\nBcc: v@x.example",
        "<é@b>",
        "<=?utf-8?q?=0ABcc:x?=@b>",
        f"<{'a' * 250}@b>",
        "<a@b><c@d>",
        "",
    ],
)
def test_malformed_message_ids_are_left_out(bad: str) -> None:
    message = read(
        seal(replace(letter("ack"), in_reply_to=bad, references=(bad, "<ok@b>")), HOUSE, now=NOW, entropy=ENTROPY).raw
    )
    assert message["In-Reply-To"] is None
    assert message["References"] == "<ok@b>"


def test_references_keep_the_last_twenty() -> None:
    ids = tuple(f"<{n}@b.example>" for n in range(50))
    raw = seal(replace(letter("ack"), references=ids), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert email.message_from_bytes(raw)["References"].split() == list(ids[-20:])


@pytest.mark.parametrize(
    "addr",
    [
        "Eve <eve@x.example>",
        "a@x.example, b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example\n",
        "<a@x.example>",
        "jérôme@x.example",
        '"a b"@x.example',
        "a@",
        "@x",
        "",
        f"{'a' * 65}@x.example",
        f"a@{'x' * 252}.example",
    ],
)
def test_an_address_that_is_not_one_plain_address_gets_no_letter(addr: str) -> None:
    assert not sendable(addr)
    with pytest.raises(Injected):
        seal(replace(letter("ack"), to=addr), HOUSE, now=NOW, entropy=ENTROPY)


@pytest.mark.parametrize(
    "addr", ["a@x.example", "a..b.@x.example", "o'neil+tag=1@x-y.example", f"{'a' * 64}@{'x' * 180}.e"]
)
def test_plain_addresses_reach_the_to_header_as_they_are(addr: str) -> None:
    raw = seal(replace(letter("ack"), to=addr), HOUSE, now=NOW, entropy=ENTROPY).raw
    assert email.message_from_bytes(raw)["To"] == addr


def test_a_rehearsal_goes_to_the_admin_and_says_so() -> None:
    real = seal(letter("ack"), HOUSE, now=NOW, entropy=ENTROPY)
    essai = seal(letter("ack"), HOUSE, now=NOW, entropy=ENTROPY, redirect_to="dan@ief.example")
    assert essai.to == "dan@ief.example"
    assert read(essai.raw)["To"] == "dan@ief.example"
    assert essai.subject == f"[ESSAI, aurait été envoyé à carl@boite.example] {real.subject}"
    assert plain(essai.raw).startswith("MODE ESSAI : cette lettre aurait été envoyée à carl@boite.example.")
    assert plain(essai.raw).endswith(plain(real.raw))


HEAD = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: s\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Bcc: v@x.example\r\n\r\nx\r\n",
        HEAD + b"To: v@x.example\r\n\r\nx\r\n",
        HEAD.replace(b"To: b@", b"To: v@") + b"\r\nx\r\n",
        HEAD.replace(b"From: a@", b"From: v@") + b"\r\nx\r\n",
        HEAD.replace(b"a@x.example", b"a@x.example, v@x.example") + b"\r\nx\r\n",
        HEAD.replace(b"Subject: s", b"Subject: s\n\nx"),
        HEAD + b"\r\n" + b"x" * 999,
        HEAD + b"\r\n\xe9\r\n",
        HEAD.replace(b"Subject: s\r\n", b"") + b"\r\nx\r\n",
    ],
)
def test_the_seal_breaks_on_anything_that_is_not_ours(raw: bytes) -> None:
    names = ["From", "To", "Subject"]
    check(HEAD + b"\r\nx\r\n", names=names, to="b@x.example", from_="a@x.example")
    with pytest.raises(Injected):
        check(raw, names=names, to="b@x.example", from_="a@x.example")


def test_the_seal_looks_inside_the_parts_too() -> None:
    good = seal(letter("assignment"), HOUSE, now=NOW, entropy=ENTROPY, files=FILES).raw
    names = email.message_from_bytes(good).keys()
    check(good, names=names, to="carl@boite.example", from_="reclamations@ief.example")
    bad = good.replace(b"Content-Disposition: ", b"X-Evil: 1\r\nContent-Disposition: ")
    with pytest.raises(Injected):
        check(bad, names=names, to="carl@boite.example", from_="reclamations@ief.example")


# --- hostile text -----------------------------------------------------------------------------------

L1 = [
    "=?UTF-8?Q?=0ABcc:_v=40x.example?=",
    "=?utf-8?q?=3D=3FUTF-8=3FQ=3F=3D0ABcc=3A=5Fv=40x.example=3F=3D?=",
    "a\r\nBcc: v@x.example",
    "a\nBcc: v@x.example",
    "a\rBcc: v@x.example",
    *(f"a{c}Bcc: v@x.example" for c in "\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00"),
    "=?utf-8?q?=0ABcc:?=\r\n =?utf-8?q?_v=40x.example?=",
    "=\u200b?utf-8?q?=0ABcc:x?=",
    'Eve", victim@x.example, "',
    "Dupont, Jean",
    "\ud800\udcff",
    "\ue000\ue001\ue002",
    "\u202egpj.exe",
    "Z" + "\u0300" * 10_000,
    "-----BEGIN\r\n.\r\nQUIT\r\n",
]
HOSTILE = st.one_of(
    st.sampled_from(L1), st.text(max_size=80), st.tuples(st.sampled_from(L1), st.text(max_size=20)).map("".join)
)


def one_of_each(text: str) -> list[Letter]:
    """Letters of each kind in which every borrowed field is that text."""
    who = {**FACTS["assignment"]["complainant"], "name": text, "addr": text, "subtype": text}
    file = {"name": text, "size": 3, "attached": False, "reason": text}
    past = {**FACTS["assignment"]["history"][0], "subject": text}
    row = {**ROW, "name": text, "subject": text}
    waiting = {**FACTS["digest"]["to_decide"][0], "from": text, "subject": text}
    return [
        letter("ack", name=text, files=[text], rejected=[{"name": text, "problem": text}], wish=text),
        letter("receipt", "en", files=[text]),
        letter(
            "assignment",
            subject=text,
            text=text,
            complainant=who,
            files=[file],
            history=[past],
            wish=text,
            training=text,
            cc=[text],
            hints=[text],
            unverified_reference=text,
        ),
        letter("followup-notice", from_addr=text, text=text, files=[file]),
        letter("forward-question", subject=text, text=text, sender=text, forwarder=text),
        letter("ack-bounced", why=text, phone=text),
        letter("alarm", title=text, text=text, what_to_do=text),
        letter("digest", late=[row], to_decide=[waiting]),
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=HOSTILE)
def test_t58_no_borrowed_text_adds_a_header_or_a_recipient(text: str) -> None:
    for hostile in one_of_each(text):
        odd = replace(hostile, in_reply_to=text, references=(text, "<ok@b.example>"))
        raw = seal(odd, HOUSE, now=NOW, entropy=ENTROPY, files=((text, text, b"x"),)).raw
        for policy in (email.policy.default, email.policy.compat32):
            message = email.message_from_bytes(raw, policy=policy)
            names = [name.lower() for name in message]
            assert sorted(set(names) | {"in-reply-to"}) == sorted(NAMES)
            assert len(names) == len(set(names))
            assert message.get_all("To") == ["carl@boite.example"]
            assert "v@x.example" not in str(message["From"])


@settings(max_examples=150, deadline=None)
@given(subject=HOSTILE)
def test_t58_the_subject_read_back_is_the_one_meant(subject: str) -> None:
    done = sealed("assignment", subject=subject)
    header = email.message_from_bytes(done.raw)["Subject"]
    decoded = str(email.header.make_header(email.header.decode_header(header)))
    assert " ".join(decoded.split()) == done.subject


@settings(max_examples=100, deadline=None)
@given(name=HOSTILE)
def test_t58_the_senders_name_is_only_a_name(name: str) -> None:
    raw = sealed("ack", house=replace(HOUSE, from_name=name)).raw
    assert [a.addr_spec for a in read(raw)["From"].addresses] == ["reclamations@ief.example"]


TEMPLATES_OF_OTHERS = [
    "{{7*7}}",
    "{% for x in y %}",
    "{# x #}",
    "{0.__class__}",
    "%(x)s",
    "${x}",
    "$x",
    "{{ house.phone }}",
]


@pytest.mark.parametrize("text", TEMPLATES_OF_OTHERS)
def test_t60_template_language_in_a_mail_is_plain_text(text: str) -> None:
    assert text in plain(sealed("assignment", text=text).raw)
    assert text in sealed("assignment", subject=text).subject.replace("\u266f", "#")
    assert text in plain(sealed("ack", name=text).raw).replace("[.]", ".")


def test_t60_a_megabyte_in_a_name_changes_nothing() -> None:
    assert len(sealed("ack", name="{{7*7}}" * 150_000, wish="x" * 1_000_000).raw) < 15_000


@pytest.mark.parametrize("field", ["subject", "text", "training", "wish", "no_ack"])
def test_html_in_a_mail_is_shown_not_obeyed(field: str) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y>&lt;"
    raw = sealed("assignment", **{field: evil}).raw
    assert {"script", "img"}.isdisjoint(Words(part(raw, "html")).tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in part(raw, "html")
    assert "<script>" in plain(raw)


@pytest.mark.parametrize("start", ["## ", "- ", "> ", "| ", "===", "### "])
def test_markup_in_a_value_is_inert(start: str) -> None:
    text = f"{start}a|b | c |"
    blocks = markup.parse(f"{markup.inert(text)}\n\n- x {markup.inert(text)}\n\n| {markup.inert(text)} | z |")
    assert [block.kind for block in blocks] == ["paragraph", "item", "row"]
    shown = markup.to_html(blocks, "fr")
    assert shown.count("<td") == 2
    assert "<h2" not in shown
    assert shown.count(text.strip().replace(">", "&gt;")) == 3


def test_the_lines_of_a_quotation_stay_in_it() -> None:
    text = "bonjour\n## titre\n\n===\n- a\n| b | c |\n> d\u2028e"
    blocks = markup.parse(markup.quote(text, 1000))
    assert [block.kind for block in blocks] == ["quote"]
    assert markup.to_text(blocks, "fr") == "> bonjour\n> ## titre\n>\n> ===\n> - a\n> | b | c |\n> > d\n> e\n"


def test_a_marker_of_ours_in_a_mail_is_not_repeated() -> None:
    marker = "mb-" + "a" * 26
    assert marker not in part(sealed("assignment", text=f"Réf. {marker}").raw, "plain")


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("#résolu merci", "\u266frésolu merci"),
        ("＃résolu ﹟note", "\u266frésolu \u266fnote"),
        ("[résolu] ［fiche］", "(résolu) (fiche)"),
        ("Re: [REC-2026-0001-K7QX3M] x", "Re: (REC\u20112026\u20110001) x"),
        ("REC-2026-0042 encore", "REC-2026-0042 encore"),
        ("REC-2026-0042-K7QX3M", "REC-2026-0042"),
        ("x" * 300, "x" * 119 + "…"),
    ],
)
def test_no_subject_carries_a_tag_a_code_or_the_number_of_another_file(subject: str, shown: str) -> None:
    assert sealed("assignment", subject=subject).subject.endswith(f" : {shown}")


# --- texts of one's own -----------------------------------------------------------------------------


def own(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_text_of_ones_own_wins_one_by_one(tmp_path: Path) -> None:
    own(tmp_path, "fr/receipt.txt", "Objet : [{{ number }}] Merci\n\nBien reçu, {{ house.organisation }}.\n")
    house = replace(HOUSE, texts_folder=tmp_path)
    assert sealed("receipt", house=house).subject == "[REC-2026-0042] Merci"
    assert sealed("ack", house=house).subject == sealed("ack").subject


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Objet : x\n\nBonjour\n{{ prenom }}\n", r"receipt\.txt, ligne 4 : 'prenom' is undefined"),
        ("Objet : x\n\n{% if prenom %}a{% endif %}\n", r"receipt\.txt, ligne 3 : 'prenom' is undefined"),
        ("Objet : x\n\n{% if x %}\n", r"receipt\.txt, ligne \d : Unexpected end of template"),
        ("Bonjour\n", r"receipt\.txt, ligne 1 : « Objet : … » attendu"),
        ("Objet : x\n\n{{ number|day }}\n", r"receipt\.txt, ligne 3 : "),
        ('Objet : x\n\n{% include "fr/rien.txt" %}\n', r"receipt\.txt : texte introuvable"),
        ("Objet : x\n\n{{ number.__class__.__mro__ }}\n", r"receipt\.txt, ligne 3 : "),
    ],
)
def test_a_mistake_in_a_text_names_the_file_and_the_line(tmp_path: Path, text: str, message: str) -> None:
    own(tmp_path, "fr/receipt.txt", text)
    with pytest.raises(Unwritable, match=message):
        sealed("receipt", house=replace(HOUSE, texts_folder=tmp_path))


def test_a_missing_fact_names_the_letter_and_the_line() -> None:
    facts = {k: v for k, v in FACTS["ack"].items() if k != "due_on"}
    with pytest.raises(Unwritable, match=r"fr/ack\.txt, ligne \d+ : 'due_on' is undefined"):
        seal(replace(letter("ack"), facts=facts), HOUSE, now=NOW, entropy=ENTROPY)


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 5, 19), "mardi 19 mai 2026", "Tuesday 19 May 2026"),
        (date(2026, 5, 1), "vendredi 1er mai 2026", "Friday 1 May 2026"),
        (date(2027, 2, 28), "dimanche 28 février 2027", "Sunday 28 February 2027"),
    ],
)
def test_days_are_written_in_words(day: date, french: str, english: str) -> None:
    assert in_words(day, "fr") == french
    assert in_words(day, "en") == english


@pytest.mark.parametrize(
    ("timezone", "language", "expected"),
    [
        ("Europe/Paris", "fr", ("lundi 11 mai 2026", "10 h 42")),
        ("Europe/Paris", "en", ("Monday 11 May 2026", "10:42")),
        ("Pacific/Noumea", "fr", ("lundi 11 mai 2026", "19 h 42")),
        ("Pacific/Tahiti", "fr", ("dimanche 10 mai 2026", "22 h 42")),
    ],
)
def test_moments_are_told_on_the_desks_clock(timezone: str, language: str, expected: tuple[str, str]) -> None:
    assert moment_in_words(datetime(2026, 5, 11, 8, 42, tzinfo=UTC), timezone, language) == expected


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau"):
        moment_in_words(datetime(2026, 5, 11, 8, 42), "Europe/Paris", "fr")  # noqa: DTZ001
