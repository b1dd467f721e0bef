"""The mails of staff.clients are what those clients send: they parse, they quote, they thread, they carry files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from staff.clients import STYLES, Notice, footer, fresh, prefixed, reply

NOTICE = Notice(
    message_id=f"<{'a' * 60}.{'b' * 20}@ief.example>",
    subject="[REC-2026-0042] Réclamation à traiter avant le 30/11/2026 au soir : formation annulée à Nîmes, été 2026",
    text="Répondre au-dessus de cette ligne\n\nBonjour Bo,\nla réclamation REC-2026-0042 vous est confiée.\n\nÀ bientôt",
    html="<html><head><style>p{}</style></head><body class='x'><p>Répondre au-dessus de cette ligne</p>"
    '<p id="hello">Bonjour Bo,<br>la réclamation REC-2026-0042 vous est confiée.</p><p>À bientôt</p></body></html>',
    sender="Réclamations IEF <reclamations@ief.example>",
    to="Bo Martin <bo@ief.example>",
    date=datetime(2026, 11, 20, 8, 12, tzinfo=UTC),
)
BODY = (
    "Bonjour,\n\nVotre session a été reportée au 15 décembre : le formateur était souffrant, "
    "et personne ne vous a prévenue. C’est notre erreur.\n\nCordialement, Bo"
)
PDF = ("Attestation d'été – Nîmes.pdf", "application/pdf", b"%PDF-1.4\r\n\x00\xff\n")
WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RICH = [s for s in STYLES if not re.fullmatch(r"thunderbird-(plain|flowed|below)|orange-old", s)]


def answered(style: str, **changes: object) -> bytes:
    said = {"author": "bo@ief.example", "author_name": "Bo Martin", "body": BODY, "message_id": "<r1@ief.example>"}
    return reply(style, NOTICE, **(said | {"date": WHEN} | changes))  # type: ignore[arg-type]


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)  # type: ignore[return-value]


def part(mail: EmailMessage, kind: str) -> str:
    return "\n".join(p.get_content() for p in mail.walk() if p.get_content_type() == f"text/{kind}")


def words(text: str) -> str:
    """Only the words: without tags, marks of quotation and line breaks."""
    return " ".join(
        re.sub(r"<[^>]*>|^[> ]+|[\ufeff\u00a0]", " ", text, flags=re.MULTILINE).replace("&nbsp;", " ").split()
    )


@pytest.mark.parametrize("style", STYLES)
def test_an_answer_is_well_formed_and_ends_its_lines_with_crlf(style: str) -> None:
    raw = answered(style, attachments=(PDF,))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = parsed(raw)
    assert [d for p in mail.walk() for d in p.defects] == []
    assert [d for value in mail.values() for d in value.defects] == []
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()


@pytest.mark.parametrize("style", STYLES)
def test_the_subject_is_the_clients_prefix_before_the_notices(style: str) -> None:
    raw = answered(style)
    assert parsed(raw)["Subject"] == prefixed(style, NOTICE.subject)
    assert b"\r\n =?" in raw.partition(b"\r\n\r\n")[0].partition(b"Subject:")[2]
    assert parsed(answered(style, subject="Réglé #résolu"))["Subject"] == "Réglé #résolu"


def test_a_prefix_is_replaced_and_never_doubled() -> None:
    assert prefixed("outlook-classic", "Re: bonjour") == "RE\u00a0: bonjour"
    assert prefixed("gmail-web", "bonjour") == "Re: bonjour"


@pytest.mark.parametrize("style", STYLES)
def test_an_answer_names_the_letter_that_it_answers(style: str) -> None:
    mail = parsed(answered(style))
    assert mail["In-Reply-To"].strip() == mail["References"].strip() == NOTICE.message_id
    assert mail["Message-ID"] == "<r1@ief.example>"
    assert mail["To"].addresses[0].addr_spec == "reclamations@ief.example"
    assert mail["Date"].datetime == WHEN


@pytest.mark.parametrize("style", STYLES)
def test_both_parts_hold_the_answer_and_the_quoted_letter(style: str) -> None:
    mail = parsed(answered(style))
    kinds = ["plain", "html"] if style in RICH else ["plain"]
    for kind in kinds:
        text = words(part(mail, kind))
        assert words(BODY) in text
        assert words(NOTICE.text) in text
        assert words(footer(style, "Bo Martin")) in text
    assert (part(mail, "html") == "") == (style not in RICH)


@pytest.mark.parametrize("style", STYLES)
def test_the_answer_stands_above_the_quotation(style: str) -> None:
    text = words(part(parsed(answered(style)), "plain"))
    above = text.index("Votre session") < text.index("Répondre au-dessus")
    assert above == (style != "thunderbird-below")


@pytest.mark.parametrize("style", STYLES)
def test_without_quotation_nothing_of_the_letter_is_in_the_mail(style: str) -> None:
    mail = parsed(answered(style, quote=False))
    assert "Répondre au-dessus" not in part(mail, "plain") + part(mail, "html")


@pytest.mark.parametrize("style", STYLES)
def test_files_arrive_with_their_bytes_and_names(style: str) -> None:
    mail = parsed(answered(style, attachments=(PDF, ("plan.txt", "text/csv", b"a;b"))))
    files = [p for p in mail.walk() if p.get_content_disposition() == "attachment"]
    assert [p.get_payload(decode=True) for p in files] == [PDF[2], b"a;b"]
    assert [p.get_filename() for p in files] == [PDF[0], "plan.txt"]


@pytest.mark.parametrize("style", STYLES)
def test_a_new_mail_has_no_thread_and_keeps_its_subject(style: str) -> None:
    raw = fresh(
        style,
        author="bo@ief.example",
        author_name="Bô Martin",
        to="reclamations@ief.example",
        cc=("Ann Leroy <ann@ief.example>",),
        subject="[REC-2026-0042-K7QX3M] #résolu",
        body=BODY,
        headers=(("Authentication-Results", "mx.ief.example; dmarc=pass header.from=ief.example"),),
        message_id="<f1@ief.example>",
        date=WHEN,
    )
    mail = parsed(raw)
    assert raw.startswith(b"Authentication-Results: mx.ief.example; dmarc=pass")
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    assert mail["Subject"] == "[REC-2026-0042-K7QX3M] #résolu"
    assert mail["From"].addresses[0].display_name == "Bô Martin"
    assert [a.addr_spec for a in mail["Cc"].addresses] == ["ann@ief.example"]
    assert words(BODY) in words(part(mail, "plain"))


def test_a_header_given_replaces_the_clients_own() -> None:
    mail = parsed(answered("gmail-web", headers=(("From", "bo@ief.example, ann@ief.example"),)))
    assert mail.get_all("From") == ["bo@ief.example, ann@ief.example"]


def test_flowed_text_says_so_and_breaks_its_lines_softly() -> None:
    mail = parsed(answered("thunderbird-flowed"))
    assert mail.get_param("format") == "flowed"
    assert any(line.endswith(" ") and line != "-- " for line in part(mail, "plain").splitlines())


def test_outlook_classic_shows_a_logo_that_is_not_a_file() -> None:
    mail = parsed(answered("outlook-classic"))
    (image,) = [p for p in mail.walk() if p.get_content_maintype() == "image"]
    assert image.get_content_disposition() == "inline"
    assert image["Content-ID"].strip("<>") in part(mail, "html")


@pytest.mark.parametrize("style", RICH)
def test_hidden_text_stands_in_the_html_part_alone(style: str) -> None:
    mail = parsed(answered(style, hidden="#résolu"))
    assert "display:none" in part(mail, "html")
    assert part(mail, "html").count("#résolu") == 1
    assert "#résolu" not in part(mail, "plain")
    assert "#résolu" not in part(parsed(answered(style)), "html")
