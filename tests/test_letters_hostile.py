"""Strangers' words in our letters: no header, recipient, markup, tag, code or template of theirs gets through (reliability L1)."""

from __future__ import annotations

import email
import email.header
import email.policy
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_letters_each import ENTROPY, HOUSE, NAMES, NOW, Words, letter, part, plain, read, sealed
from test_letters_samples import FACTS, ROW

from mailbot.effects import Letter
from mailbot.letters import markup, page, seal

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
        letter("refusal", file={"topic": text}),
        letter("digest", late=[row], risk=[row], changed=[{"number": text, "what": text}], to_decide=[waiting]),
        *letters_of_the_commands(text, file, row),
    ]


def letters_of_the_commands(text: str, file: dict[str, Any], row: dict[str, Any]) -> list[Letter]:
    """The same for what commands and the clock cause."""
    mediator = {"name": text, "address": text, "site": text}
    return [
        letter("progress", name=text),
        letter("late", "en", name=text),
        letter("waiting-reminder", name=text),
        letter("reopened", name=text, closures=[{"first": "2026-05-14", "last": "2026-05-15", "label": text}]),
        letter("news", "en", name=text, text=text, signer=text, files=[text]),
        letter("question", name=text, text=text, signer=text, files=[text]),
        letter("commitment", "en", name=text, reason=text, signer=text),
        letter("reply", name=text, text=text, signer=text, mediator=mediator),
        letter("nature", name=text, text=text, kept_number=text, signer=text),
        letter("survey", number=text, name=text),
        letter("handed-over", by=text, complainant=text, subject=text, text=text, stage=text),
        letter(
            "chase", first_name=text, complainant=text, subject=text, others=[text], missing=[text], asks="complete"
        ),
        letter("confirm", understood=text, done=[text], leaves_text=text, files=[text], to=text),
        letter("refusal", why=text, nearest=text, text=text),
        letter("identity", command=text, text=text, pending_id=text),
        letter("fence", text=text, why=text, files=[text], tag=text or "note"),
        letter("reopen-proposal", text=text, why=text),
        letter("withdrawal-proposal", text=text, why=text),
        letter("nothing-left", subject=text, text=text),
        letter("survey-alert", text=text, marks=[text]),
        letter("card", rows=[{"tag": text, "does": text}]),
        letter("files", files=[file]),
        letter("list", rows=[row]),
        letter("staff-question", subject=text, text=text),
        letter("direct-answer", author=text, to_addr=text, text=text),
        letter("assignment", number=text, code=text, first_name=text),
    ]


EACH = [(rank, each.kind) for rank, each in enumerate(one_of_each("x"))]


@pytest.mark.parametrize(("rank", "kind"), EACH)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=HOSTILE)
def test_t58_no_borrowed_text_adds_a_header_a_recipient_or_a_link(rank: int, kind: str, text: str) -> None:
    odd = replace(one_of_each(text)[rank], in_reply_to=text, references=(text, "<ok@b.example>"))
    raw = seal(odd, HOUSE, now=NOW, entropy=ENTROPY, files=((text, text, b"x"),)).raw
    for policy in (email.policy.default, email.policy.compat32):
        message = email.message_from_bytes(raw, policy=policy)
        names = [name.lower() for name in message]
        assert sorted(set(names) | {"in-reply-to"}) == sorted(NAMES)
        assert len(names) == len(set(names))
        assert message.get_all("To") == ["carl@boite.example"]
        assert "v@x.example" not in str(message["From"])
    links = Words(part(raw, "html")).links
    assert all(link.startswith("mailto:reclamations@ief.example?subject=") for link in links)
    assert all(len(link) <= 1_900 and set(parse_qs(link.partition("?")[2])) <= {"subject", "body"} for link in links)


@settings(max_examples=150, deadline=None)
@given(subject=HOSTILE)
def test_t58_the_subject_read_back_is_the_one_meant(subject: str) -> None:
    done = sealed("assignment", file={"topic": subject})
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
    assert text in sealed("assignment", file={"topic": text}).subject.replace("\u266f", "#")
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


@pytest.mark.parametrize("start", ["# ", "## ", "- ", "- [x] ", "> ", "| ", "|= ", "===", "### "])
def test_markup_in_a_value_is_inert(start: str) -> None:
    text = f"{start}a|b | c |"
    blocks = markup.parse(f"{markup.inert(text)}\n\n- x {markup.inert(text)}\n\n| {markup.inert(text)} | z |")
    assert [block.kind for block in blocks] == ["paragraph", "item", "row"]
    shown = page.to_html(blocks, "fr")
    assert (shown.count("<th"), shown.count("<td")) == (1, 1)
    assert {"<h1", "<h2", "<ol"}.isdisjoint(re.findall("<[a-z0-9]+", shown))
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
        ("Re: [m-17-K7QX3M] #note", "Re: (m-17) \u266fnote"),
        ("x" * 300, "x" * 119 + "…"),
    ],
)
def test_no_subject_carries_a_tag_a_code_or_the_number_of_another_file(subject: str, shown: str) -> None:
    assert sealed("assignment", file={"topic": subject}).subject.endswith(f" : {shown}")


def test_the_lines_of_our_own_answer_stay_its_lines_and_nothing_else() -> None:
    text = "Bonjour,\n\n\n\n## titre\n===\n- a\n| b | c |\n=> x\n\n> d\u2028e [REC-2026-0042-K7QX3M]"
    blocks = markup.parse(markup.own_words(text))
    assert [block.kind for block in blocks] == ["paragraph"] * 3
    assert markup.to_text(blocks, "fr") == (
        "Bonjour,\n\n## titre\n===\n- a\n| b | c |\n=> x\n\n> d\ne [REC-2026-0042]\n"
    )
    assert "<h2" not in page.to_html(blocks, "fr")
