"""The buttons: which stand where, what they send, and that they survive the way back (spec §6, RFC 6068)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_letters_each import HOUSE, Words, part, plain, sealed
from test_letters_samples import ANSWER, CODE, FACTS, NUMBER, TO_STAFF, WAITING

from mailbot import tags
from mailbot.letters import borrowed, mailto
from mailbot.letters.buttons import ASKED, TAPS, Button, of, reference
from mailbot.letters.samples import MEETING
from mailbot.reading.cut import cut
from mailbot.reading.form import read_fields

BOX = "reclamations@ief.example"
REF = f"[{NUMBER}-{CODE}]"
CLOSE = ["Répondre et clore", "Répondre et clore (fondée en partie)", "Répondre et clore (non fondée)"]


def opened(link: str) -> tuple[str, str, str]:
    """To, subject and body of the mail that a link opens."""
    url = urlsplit(link)
    assert url.scheme == "mailto"
    fields = parse_qs(url.query, keep_blank_values=True, strict_parsing=True)
    return url.path, fields["subject"][0], fields.get("body", [""])[0]


def pressed(kind: str, **facts: Any) -> list[tuple[str, str, str]]:
    """(label, subject, body) of the buttons of a letter, read from its HTML."""
    raw = sealed(kind, **facts).raw
    labels = [button.label for button in of(kind, {**FACTS[kind], **facts}, "fr", HOUSE)]
    mails = [opened(link) for link in Words(part(raw, "html")).links]
    assert all(to == BOX for to, _, _ in mails)
    return [(label, *mail[1:]) for label, mail in zip(labels, mails, strict=True)]


# --- the link ---------------------------------------------------------------------------------------


def test_a_link_is_percent_encoded_utf8_with_crlf_in_the_body() -> None:
    assert mailto(BOX, "[REC-1] #résolu", "Voilà\n& fin") == (
        "mailto:reclamations@ief.example?subject=%5BREC-1%5D%20%23r%C3%A9solu&body=Voil%C3%A0%0D%0A%26%20fin"
    )
    assert mailto("a+b@ief.example", "x", "") == "mailto:a%2Bb@ief.example?subject=x"


HOSTILE = st.one_of(
    st.text(max_size=120),
    st.sampled_from(
        ["a&body=x&cc=v@x.example", "?subject=", "a\r\nBcc: v@x.example", "=?utf-8?q?=0ABcc:?=", '"><b>', "%0D%0ABcc:"]
    ),
)


@settings(max_examples=200, deadline=None)
@given(subject=HOSTILE, body=HOSTILE)
def test_a_link_opens_the_mail_that_was_meant_and_nothing_more(subject: str, body: str) -> None:
    link = mailto(BOX, f"{REF} {subject}", body)
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True)
    assert set(fields) <= {"subject", "body"}
    to, read_subject, read_body = opened(link)
    assert to == BOX
    assert read_subject == borrowed.one_line(f"{REF} {subject}").replace("=?", "= ?")
    assert read_body.replace("\r\n", "\n") == borrowed.clean(body).rstrip()


@settings(max_examples=60, deadline=None)
@given(
    subject=st.text(max_size=900),
    body=st.text(st.sampled_from(["a", "é", "\n", "\U0001f600", " ", "\u0300", "&"]), max_size=3000),
)
def test_a_link_is_never_longer_than_1900_characters_and_the_body_is_cut_first(subject: str, body: str) -> None:
    link = mailto(BOX, subject, body)
    assert len(link) <= 1_900
    _, whole, text = opened(link) if "subject=&" not in link and not link.endswith("subject=") else ("", "", "")
    wanted = borrowed.clean(body).rstrip()
    shown = text.replace("\r\n", "\n")
    assert shown in (wanted, "") or (shown.endswith("…") and wanted.startswith(shown[:-1]))
    if shown not in (wanted, "") and whole:
        assert whole == borrowed.one_line(subject).replace("=?", "= ?")


# --- in a letter ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TO_STAFF)
def test_every_button_sends_one_tag_that_the_grammar_reads_for_that_very_file(kind: str) -> None:
    for label, subject, _ in pressed(kind) if kind != "digest" else []:
        command = tags.read(subject)
        assert command.tag is not None, label
        assert command.unknown == ()
        if kind in MEETING or command.tag.name == "saisie":  # about no file yet
            assert command.references == ()
            continue
        (meant,) = command.references
        assert (meant.number, meant.inbound_id) == (
            (FACTS[kind]["number"], 0) if FACTS[kind].get("number") else ("", FACTS[kind]["inbound_id"])
        )
        assert meant.code == CODE


@pytest.mark.parametrize("kind", TO_STAFF)
def test_whoever_reads_plain_text_can_type_the_same(kind: str) -> None:
    text = part(sealed(kind).raw, "plain").replace("\u00a0", " ")
    for label, subject, _ in pressed(kind) if kind != "digest" else []:
        assert f"{label} :\n  Objet à écrire : {subject}\n" in text
    assert ("Sans bouton, écrivez à reclamations@ief.example" in text) is ("Objet à écrire" in text)


def test_a_button_is_a_large_coloured_cell_that_outlook_draws_too() -> None:
    page = part(sealed("confirm").raw, "html")
    assert "background-color:#1f4e8c" in page
    assert "mso-padding-alt:10px" in page
    assert "display:block" in page
    assert "padding:10px 16px" in page  # with its line of 24 px and its border, 48 px high
    assert "<img" not in page


@pytest.mark.parametrize("name", [n for n, tap in TAPS.items() if tap.hint])
def test_our_hints_stand_below_our_line_so_that_they_never_leave(name: str) -> None:
    (button,) = [b for b in of("assignment", FACTS["assignment"], "fr", HOUSE) + of(
        "chase", {**FACTS["chase"], "asks": "answer-today"}, "fr", HOUSE
    ) if b.label == TAPS[name].label][:1]  # fmt: skip
    back = cut("Bonjour,\nvoici ma réponse." + opened(mailto(BOX, button.subject, button.body))[2])
    assert back.new == "Bonjour,\nvoici ma réponse."
    assert back.sure


def test_no_form_holds_a_tag_or_a_line_that_a_mail_program_would_wrap() -> None:
    for tap in TAPS.values():
        assert "#" not in tap.hint + tap.form
        assert max(map(len, (tap.hint + "\n" + tap.form).split("\n"))) <= 76


def test_the_form_of_an_assessment_is_read_back_by_its_keys() -> None:
    filled = TAPS["assess"].form.replace(" :", " : 3")
    assert cut(filled).sure
    keys = [key for key, value in read_fields(cut(filled).new) if value == "3"]
    assert keys == ["gravite", "complexite", "repercussions", "action immediate", "caractere", "categorie"]


# --- which stand where ------------------------------------------------------------------------------


def test_the_first_button_of_a_new_file_says_that_it_is_no_complaint() -> None:
    label, subject, body = pressed("assignment")[0]
    assert (label, subject) == ("Ce n’est pas une réclamation", f"{REF} #information")
    for other in ("difficulté", "aléa", "hors-périmètre", "sans-suite", "doublon"):
        assert other in body


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (
            "followup-notice",
            [*CLOSE, "Demander des précisions", "Donner des nouvelles", "Poser une date", "Note interne"],
        ),
        ("nothing-left", ["Envoyer ce texte au réclamant", *CLOSE, "Note interne"]),
        ("direct-answer", ["Clore avec ceci", "Note interne"]),
        ("same-reply", ["Envoyer la même réponse", "Note interne"]),
        ("ack-bounced", ["Déjà répondu autrement", "Accusé remis ou posté", "Note interne"]),
        ("confirm", ["Annuler"]),
        ("identity", ["Oui, c’est moi"]),
        ("fence", ["Envoyer ce texte"]),
        ("staff-question", ["C’est ma réclamation", "C’est la saisie d’une réclamation", "C’est une simple note"]),
        ("forward-question", ["C’est une réclamation", "Écarter"]),
        ("withdrawal-proposal", ["Enregistrer le retrait", "Poursuivre le traitement"]),
        ("reopen-proposal", ["Rouvrir", "Laisser clos", "Recevoir la fiche"]),
        ("survey-alert", ["Rouvrir", "Note interne"]),
        ("card", ["Saisir une réclamation reçue autrement"]),
        ("list", []),
        ("alarm", []),
    ],
)
def test_each_letter_offers_what_it_asks_for(kind: str, labels: list[str]) -> None:
    assert [label for label, _, _ in pressed(kind)] == labels


@pytest.mark.parametrize("asks", ASKED)
def test_a_chase_offers_what_it_asks_for(asks: str) -> None:
    labels = [label for label, _, _ in pressed("chase", asks=asks)]
    assert labels == [TAPS[name].label for name in ASKED[asks]]
    assert labels


def test_an_undo_is_offered_while_the_window_is_open_only() -> None:
    assert pressed("confirm") == [("Annuler", f"{REF} #annuler", "")]
    assert pressed("confirm", undo_until=None) == []


def test_a_file_that_did_not_travel_can_be_asked_for() -> None:
    assert pressed("assignment")[-1][:2] == ("Recevoir les fichiers", f"{REF} #pièces")
    assert "Recevoir les fichiers" not in [label for label, _, _ in pressed("assignment", files=[])]


def test_the_fenced_text_travels_in_its_button_when_it_fits() -> None:
    ((_, subject, body),) = pressed("fence")
    assert subject == f"{REF} #butoir 29/05/2026"
    assert body.replace("\r\n", "\n") == ANSWER
    assert "trop long" not in plain(sealed("fence").raw)


def test_a_fenced_text_too_long_for_its_button_is_never_sent_in_part() -> None:
    ((_, _, body),) = pressed("fence", text="é" * 400)
    assert body == ""
    assert "Le texte est trop long pour le bouton" in plain(sealed("fence", text="é" * 400).raw)


def test_a_refused_text_comes_back_in_the_buttons() -> None:
    first, *others = pressed("refusal")
    assert first == ("Répondre et clore", f"{REF} #résolu", "C’est bon.")
    assert all(body == "C’est bon." for _, _, body in others)
    assert len({label for label, _, _ in [first, *others]}) == len([first, *others])
    unknown = pressed("refusal", nearest="silence", outline=False)
    assert unknown[0][:2] == ("Refaire avec #silence", f"{REF} #silence")
    assert [label for label, _, _ in unknown[1:]] == [
        "Demander des précisions",
        "Donner des nouvelles",
        "Poser une date",
        "Note interne",
    ]


def test_closing_with_an_answer_already_sent_says_when_it_was() -> None:
    (_, subject, body), _ = pressed("direct-answer")
    assert subject == f"{REF} #répondu 14/05/2026"  # half past midnight in Paris
    assert body.startswith("Réponse envoyée par ann@ief.example le 14/05/2026")
    assert "Nous vous proposons le 3 juin." in body


def test_an_unproven_command_is_confirmed_by_its_number() -> None:
    assert pressed("identity")[0][1] == f"{REF} #confirmer 17"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"number": NUMBER, "code": CODE}, REF),
        ({"number": NUMBER, "code": ""}, f"[{NUMBER}]"),  # proven by the provider, or asked
        ({"number": NUMBER, "code": CODE, "inbound_id": 3}, REF),
        ({"inbound_id": 37, "code": CODE}, f"[m-37-{CODE}]"),
        ({"inbound_id": 37, "code": ""}, ""),  # without a code it names nothing that could be proven
        ({"number": None, "code": CODE}, ""),
    ],
)
def test_a_reference_holds_the_code_that_was_given(facts: dict[str, Any], expected: str) -> None:
    assert reference(facts) == expected


def test_the_digest_offers_two_buttons_for_each_mail_that_waits() -> None:
    links = [opened(link) for link in Words(part(sealed("digest").raw, "html")).links]
    assert [subject for _, subject, _ in links] == ["[m-38-W4ZT9H] #réclamation", "[m-38-W4ZT9H] #note"]
    assert "Écarter (n° 38)" in plain(sealed("digest").raw).replace("\u00a0", " ")


def test_a_digest_with_a_hundred_mails_that_wait_stays_readable() -> None:
    rows = [{**WAITING, "inbound_id": n} for n in range(1, 101)]
    raw = sealed("digest", to_decide=rows, codes={str(n): CODE for n in range(1, 101)}).raw
    assert len(Words(part(raw, "html")).links) == 40
    assert len(raw) < 102_000  # beyond, Gmail cuts
    assert "N° 100 :" in plain(raw)


def test_a_caller_may_give_the_buttons_of_a_letter_to_staff() -> None:
    mine = {"label": "Libérer", "subject": f"[m-9-{CODE}] #réclamation", "body": ""}
    links = Words(part(sealed("alarm", buttons=[mine]).raw, "html")).links
    assert [opened(link)[1] for link in links] == [mine["subject"]]


@settings(max_examples=60, deadline=None)
@given(text=HOSTILE)
def test_hostile_words_in_a_button_stay_words(text: str) -> None:
    button = Button(label=text, subject=f"{REF} #note", body=text)
    given_by_hand = {"label": button.label, "subject": button.subject, "body": button.body}
    page = Words(part(sealed("alarm", buttons=[given_by_hand]).raw, "html"))
    ((to, subject, body),) = [opened(link) for link in page.links]
    assert (to, subject) == (BOX, button.subject)
    assert body.replace("\r\n", "\n") == borrowed.clean(text).rstrip()
    assert "b" not in page.tags
