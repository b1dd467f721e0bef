"""Who wrote it and how sure: spec §6, the half that needs no code."""

from __future__ import annotations

import pytest

from mailbot.identity import author, prove, read_results
from mailbot.message import Address
from tests import cast

CASES = [
    ("dmarc=pass for the From domain", ("mx.ief.example; dmarc=pass header.from=courriel.example",), "pass"),
    ("aligned dkim", ("mx.ief.example; dkim=pass header.d=courriel.example",), "pass"),
    ("dkim of a parent domain", ("mx.ief.example; dkim=pass header.i=@mail.courriel.example",), "pass"),
    ("dmarc fail", ("mx.ief.example; dmarc=fail header.from=courriel.example",), "fail"),
    ("no header", (), "unknown"),
    ("another server's header", ("mx.evil.example; dmarc=pass header.from=courriel.example",), "unknown"),
    (
        "ours forged below another",
        ("relay.example; spf=none", "mx.ief.example; dmarc=pass header.from=courriel.example"),
        "unknown",
    ),
    ("pass for another domain", ("mx.ief.example; dmarc=pass header.from=evil.example",), "unknown"),
    ("only spf", ("mx.ief.example; spf=pass smtp.mailfrom=courriel.example",), "unknown"),
    ("dkim of a stranger", ("mx.ief.example; dkim=pass header.d=evil.example",), "unknown"),
    ("dkim of a look-alike suffix", ("mx.ief.example; dkim=pass header.d=evilcourriel.example",), "unknown"),
    ("dkim of a top-level domain", ("mx.ief.example; dkim=pass header.d=example",), "unknown"),
    ("a pass in a comment", ("mx.ief.example; spf=fail (dmarc=pass header.from=courriel.example)",), "unknown"),
    (
        "a pass in a nested comment",
        ("mx.ief.example (a (b) ; dmarc=pass header.from=courriel.example ) ; spf=none",),
        "unknown",
    ),
    ("no authserv-id at all", ("spf=pass; dmarc=pass header.from=courriel.example",), "unknown"),
    ("upper case", ("MX.IEF.example 1; DMARC=PASS HEADER.FROM=Courriel.Example",), "pass"),
]


@pytest.mark.parametrize(("why", "headers", "status"), CASES, ids=[c[0] for c in CASES])
def test_only_the_topmost_result_of_our_own_provider_proves_a_sender(
    why: str, headers: tuple[str, ...], status: str
) -> None:
    assert prove(cast.message(authentication=headers), cast.PROVIDER).status == status


def test_without_a_configured_authserv_id_nothing_is_ever_a_pass() -> None:
    assert prove(cast.message(authentication=cast.passed("courriel.example")), "").status == "unknown"


def test_an_ambiguous_from_is_never_proven() -> None:
    mail = cast.message(authentication=cast.passed("courriel.example"), strict_from=False)
    assert not author(mail, cast.config()).proof.passed


def test_a_reply_to_that_says_otherwise_takes_the_proof_of_staff_away() -> None:
    bo = Address(name="Bo", addr=cast.BO)
    mail = cast.message(
        from_=bo, authentication=cast.passed("ief.example"), reply_to=(Address(name="", addr=cast.MALLORY),)
    )
    assert not author(mail, cast.config()).proven_staff
    assert author(cast.message(from_=bo, authentication=cast.passed("ief.example")), cast.config()).proven_staff


def test_a_person_may_write_from_several_addresses() -> None:
    mail = cast.message(
        from_=Address(name="Bo", addr="Bo.Perso@courriel.example"), authentication=cast.passed("courriel.example")
    )
    found = author(mail, cast.config())
    assert found.person is not None
    assert found.person.name == "Bo Martin"
    assert found.proven_staff


def test_a_from_that_our_own_group_rewrote_is_undone_but_not_proven() -> None:
    mail = cast.message(
        from_=Address(name="Carl via Réclamations", addr=cast.BOX),
        original_from=Address(name="Carl", addr=cast.CARL),
        authentication=cast.passed("ief.example"),
    )
    found = author(mail, cast.config())
    assert found.addr == cast.CARL
    assert not found.proof.passed


def test_an_inactive_colleague_is_staff_no_more() -> None:
    people = tuple(p.model_copy(update={"active": p.name != "Bo Martin"}) for p in cast.config().staff)
    mail = cast.message(from_=Address(name="Bo", addr=cast.BO), authentication=cast.passed("ief.example"))
    assert author(mail, cast.config(staff=people)).person is None


def test_results_are_read_with_versions_reasons_and_quoted_values() -> None:
    server, results = read_results(
        'mx.ief.example 1; dkim=fail reason="bad" header.d="a.example"; dmarc/1=pass header.from=b.example'
    )
    assert server == "mx.ief.example"
    assert [(m, r) for m, r, _ in results] == [("dkim", "fail"), ("dmarc", "pass")]
    assert results[0][2]["header.d"] == "a.example"
