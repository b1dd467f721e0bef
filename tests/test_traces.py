"""A person is found however their words were written or encoded, and nobody else is."""

from __future__ import annotations

import base64
import quopri
from email.header import Header
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.traces import Traces

NAME, ADDRESS, PHONE = "Éloïse Brûlé", "eloise@courriel-prive.example", "06 39 98 47 11"
HERS = Traces(addresses=(ADDRESS,), names=(NAME,), phones=(PHONE,), instead="x@efface.invalid", name="Réclamant REC-1")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("écrire à Eloise@Courriel-Prive.example.", "écrire à x@efface.invalid."),
        ("<eloise@courriel-prive.example>", "<x@efface.invalid>"),
        ("item:eloise@courriel-prive.example:receipt:3", "item:x@efface.invalid:receipt:3"),
        ("ÉLOÏSE  BRÛLÉ a appelé", "Réclamant REC-1 a appelé"),
        ("Brûlé, Éloïse", "Réclamant REC-1"),
        ("tél. +33 (0)6.39.98.47.11 ou 0639984711", "tél.  ou "),
        ("marie-eloise@courriel-prive.example", "marie-eloise@courriel-prive.example"),
        ("eloise@courriel-prive.example.org", "eloise@courriel-prive.example.org"),
        ("Éloïse a brûlé le pain", "Éloïse a brûlé le pain"),
        ("Éloïse Brûlérie", "Éloïse Brûlérie"),
        ("facture 106399847112", "facture 106399847112"),
    ],
)
def test_what_names_the_person_is_replaced_and_nothing_else(text: str, left: str) -> None:
    assert HERS.scrub(text) == left
    assert HERS.scrub({"a": [text, 3], text: None}) == {"a": [left, 3], left: None}


@given(
    st.binary(max_size=40),
    st.binary(max_size=40),
    st.sampled_from((NAME, ADDRESS)),
    st.sampled_from(("utf-8", "latin-1")),
)
def test_a_word_is_found_in_every_coat(before: bytes, after: bytes, word: str, charset: str) -> None:
    octets = word.encode(charset)
    whole = before + b" <" + octets + b"> " + after
    wrapped = base64.encodebytes(whole).replace(b"\n", b"\r\n")
    for coat in (
        whole,
        base64.b64encode(whole),
        wrapped,
        quopri.encodestring(whole),
        before + b"=" + quote(word, safe="").encode() + b"&" + after,
        Header(word, charset).encode().encode(),
    ):
        assert HERS.within(coat)


@pytest.mark.parametrize(
    "text",
    ["marie-eloise@courriel-prive.example", "eloise@courriel-prive.example.org", "Éloïse Brûlérie", "Zéloïse Brûlé"],
)
def test_whose_address_or_name_only_holds_hers_is_somebody_else(text: str) -> None:
    octets = f"De : {text}, merci".encode()
    for coat in (octets, base64.b64encode(octets), quopri.encodestring(octets), quote(text, safe="").encode()):
        assert not HERS.within(coat)


@given(st.binary(max_size=300))
def test_other_bytes_are_left_alone(data: bytes) -> None:
    assert not HERS.within(data)


@pytest.mark.parametrize("name", ["Ann", "", "Bo", "Éloïse"])
def test_a_word_alone_is_no_name(name: str) -> None:
    assert Traces(addresses=(), names=(name,), instead="x", name="y").scrub(f"{name} est là") == f"{name} est là"
