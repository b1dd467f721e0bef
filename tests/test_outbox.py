"""One letter, one connection, one plain answer: what every reply means, at every phase (design invariant 5, reliability T21)."""

from __future__ import annotations

import traceback
from base64 import b64encode
from typing import Any

import pytest
from servers.mail import MailServer
from sink import CLOSE, GARBAGE, PHASES, RESET, STALL, Sink

from mailbot.config import Smtp
from mailbot.outbox import AFTER_DOT_SECONDS, COMMAND_SECONDS, Answer, Road, RoadClosed
from mailbot.store.post import Claimed

BOX, CARL = "reclamations@ief.example", "carl@courriel.example"
SECRET = "mot-de-passe-de-la-boite"
RAW = b"From: reclamations@ief.example\r\nTo: carl@courriel.example\r\nSubject: AR\r\n\r\nBonjour.\r\n"
CODES = (421, 450, 451, 452, 454, 500, 535, 550, 552, 554)
TROUBLES = (*(f"{code} 0.0.0 mot du serveur" for code in CODES), GARBAGE, CLOSE, RESET, STALL)


def road(port: int, **changes: Any) -> Road:
    plain = {"host": "127.0.0.1", "port": port, "security": "none", "password": SECRET}
    settings = Smtp.model_validate(plain | changes)
    return Road(settings, user=BOX, sender=BOX, command_seconds=0.25, after_dot_seconds=0.25)


def letter(raw: bytes = RAW, to: str = CARL) -> Claimed:
    return Claimed(
        id=1, name="ack:REC-2026-0001:1", kind="ack", envelope_to=to, raw=raw, message_id="<1@ief.example>", attempt=1
    )  # fmt: skip


async def send(way: Road, what: Claimed | None = None) -> Answer:
    what = what or letter()
    await way.open()
    return await way.announce(what) or await way.hand_over(what)


def meaning(phase: str, verb: str) -> str:
    """The rule, in words of its own: who is told no, and by whose fault."""
    refused = verb[:1] == "5"
    if phase in ("greeting", "EHLO", "STARTTLS", "AUTH"):
        return "closed, ours" if refused else "closed"
    if phase == "MAIL":
        return "refused" if verb[:3] == "552" else "closed, ours" if refused else "later"
    if refused:
        return "refused"
    return "uncertain" if phase == "dot" and verb[:1] != "4" else "later"


async def outcome(way: Road) -> str:
    try:
        return (await send(way)).outcome
    except RoadClosed as closed:
        return "closed, ours" if closed.ours else "closed"


@pytest.mark.parametrize("verb", TROUBLES)
@pytest.mark.parametrize("phase", PHASES)
async def test_every_reply_at_every_phase_has_one_meaning(phase: str, verb: str) -> None:
    starttls = phase == "STARTTLS"
    async with Sink("AUTH PLAIN", *(("STARTTLS",) if starttls else ())) as sink:
        sink.on(phase, verb)
        way = road(sink.port, security="starttls" if starttls else "none")
        if verb != STALL:  # a busy machine is no silent server
            way.command_seconds = way.after_dot_seconds = 10.0
        assert await outcome(way) == meaning(phase, verb)
        assert way.client is None, "a connection is never reused after an error"
        assert len(sink.taken) == (meaning(phase, verb) == "uncertain")


async def test_after_any_trouble_the_next_letter_takes_a_new_connection() -> None:
    async with Sink() as sink:
        sink.on("RCPT", "550 5.1.1 inconnu", "")
        way = road(sink.port)
        assert (await send(way)).outcome == "refused"
        assert (await send(way)).outcome == "sent"
        assert (await send(way)).outcome == "sent"
        await way.quit()
        assert [mail.connection for mail in sink.taken] == [2, 2]


async def test_the_letter_arrives_byte_for_byte_at_one_recipient() -> None:
    raw = RAW + b".\r\n..\r\n.fin\r\nx.\r\n" + b"a" * 900 + b"\r\n.\r\n"
    async with Sink() as sink:
        way = road(sink.port)
        await send(way, letter(raw))
        await way.quit()
        [mail] = sink.taken
        assert (mail.raw, mail.sender, mail.to) == (raw, BOX, (CARL,))
        assert b"\r\n..\r\n...\r\n..fin\r\nx.\r\n" in mail.dotted, "a line that begins with a dot gets a second one"
        assert [line for line in sink.lines if line.startswith("RCPT")] == [f"RCPT TO:<{CARL}>"]


@pytest.mark.parametrize(
    ("answer", "queue_id"),
    [
        ("250 2.0.0 Ok: queued as 4Zx9Yq1TkMz2x", "4Zx9Yq1TkMz2x"),
        ("250 OK id=1rAbCd-0004Kx-2Q", "1rAbCd-0004Kx-2Q"),
        ("250 2.6.0 <x@y.example> [InternalId=12, Hostname=z] Queued mail for delivery", ""),
        ("250 2.0.0 OK  1700000000 - gsmtp", ""),
        ("250", ""),
    ],
)
async def test_the_queue_id_is_read_from_the_answer(answer: str, queue_id: str) -> None:
    async with Sink() as sink:
        sink.on("dot", answer)
        way = road(sink.port)
        read = await send(way)
        await way.quit()
        assert (read.outcome, read.queue_id, read.words) == ("sent", queue_id, " ".join(answer.split()))


async def test_a_refusal_carries_no_queue_id() -> None:
    async with Sink() as sink:
        sink.on("dot", "554 5.7.1 not queued as 4Zx9Yq1TkMz2x")
        assert (await send(road(sink.port))).queue_id == ""


ODD = ("000", "12 ", "199", "300", "600", "999")


@pytest.mark.parametrize("code", ODD)
@pytest.mark.parametrize(
    ("phase", "wanted"), [("MAIL", "later"), ("RCPT", "later"), ("DATA", "later"), ("dot", "uncertain")]
)
async def test_a_code_that_is_no_smtp_answer_never_refuses_a_letter(phase: str, wanted: str, code: str) -> None:
    async with Sink() as sink:
        sink.on(phase, f"{code} ?")
        assert await outcome(road(sink.port)) == wanted


async def test_an_address_that_the_server_cannot_carry_is_refused_with_the_reason() -> None:
    async with Sink("AUTH PLAIN") as sink:
        answer = await send(road(sink.port), letter(to="zoé@courriel.example"))
        assert answer.outcome == "refused"
        assert "ne sait pas joindre" in answer.words
        assert not any(line.startswith("RCPT") for line in sink.lines)


@pytest.mark.parametrize("words", ["250 2.0.0 accept\udce9 en file", "250 2.0.0 \x1b[2Jok\x07", "250 ok \u202egnp.exe"])
async def test_whatever_the_server_says_can_be_stored_and_shown(words: str) -> None:
    async with Sink() as sink:
        sink.on("dot", words)
        way = road(sink.port)
        answer = await send(way)
        await way.quit()
        assert answer.outcome == "sent"
        assert answer.words.encode("utf-8")
        assert answer.words.isprintable()


# -- the account ---------------------------------------------------------------------------------------------------------


async def test_a_wrong_password_closes_the_road_by_our_fault_and_no_letter_is_tried() -> None:
    async with Sink("AUTH PLAIN LOGIN") as sink:
        sink.on("AUTH", "535 5.7.8 bad credentials")
        with pytest.raises(RoadClosed, match="identifiants SMTP refusés") as closed:
            await send(road(sink.port))
        assert closed.value.ours
        assert "smtp.password" in closed.value.advice
        assert not any(line.startswith(("MAIL", "RCPT", "DATA")) for line in sink.lines)


ECHOES = (
    SECRET,
    b64encode(SECRET.encode()).decode(),
    b64encode(f"\0{BOX}\0{SECRET}".encode()).decode(),
)


@pytest.mark.parametrize("echo", ECHOES, ids=["clear", "login", "plain"])
@pytest.mark.parametrize("phase", ["AUTH", "MAIL", "RCPT", "DATA", "dot"])
@pytest.mark.parametrize("code", ["454", "500", "535", "***"])
async def test_the_password_is_in_no_error_text_even_if_the_server_repeats_it(phase: str, code: str, echo: str) -> None:
    async with Sink("AUTH PLAIN LOGIN") as sink:
        sink.on(phase, f"{code} unrecognized: AUTH PLAIN {echo}")
        try:
            told = (await send(road(sink.port))).words
        except RoadClosed as closed:
            told = closed.advice + "".join(traceback.format_exception(closed))
        assert told
        assert not any(secret in told for secret in ECHOES)


async def test_a_server_that_asks_for_no_account_gets_no_password() -> None:
    async with Sink() as sink:
        way = road(sink.port)
        way.user = ""
        assert (await send(way)).outcome == "sent"
        await way.quit()
        assert not any(line.startswith("AUTH") for line in sink.lines)


# -- encryption ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["", "454 4.7.0 TLS not available", "500 what?"])
async def test_where_starttls_is_demanded_and_missing_nothing_leaves_in_clear(verb: str) -> None:
    async with Sink("AUTH PLAIN", *(("STARTTLS",) if verb else ())) as sink:
        sink.on("STARTTLS", verb)
        with pytest.raises(RoadClosed):
            await send(road(sink.port, security="starttls"))
        assert {line.split()[0] for line in sink.lines} <= {"EHLO", "STARTTLS"}


async def test_a_missing_starttls_is_our_setting_to_mend() -> None:
    async with Sink("AUTH PLAIN") as sink:
        with pytest.raises(RoadClosed) as closed:
            await send(road(sink.port, security="starttls"))
        assert closed.value.ours
        assert "smtp.security" in closed.value.advice


async def test_tls_to_a_server_that_speaks_none_closes_the_road() -> None:
    async with Sink() as sink:
        with pytest.raises(RoadClosed):
            await send(road(sink.port, security="tls"))
        assert sink.lines == []


@pytest.mark.parametrize(("security", "port"), [("tls", "smtps_port"), ("starttls", "smtp_port")])
async def test_a_certificate_that_cannot_be_checked_is_refused_before_the_password(
    mail_server: MailServer, security: str, port: str
) -> None:
    way = road(getattr(mail_server, port), security=security, host="localhost")
    way.command_seconds = 10.0
    with pytest.raises(RoadClosed, match="certificat SMTP refusé") as closed:
        await way.open()
    assert closed.value.ours
    assert "smtp.ca_file" in closed.value.advice


@pytest.mark.parametrize(("security", "port"), [("tls", "smtps_port"), ("starttls", "smtp_port")])
async def test_with_the_right_authority_the_letter_leaves_encrypted(
    mail_server: MailServer, security: str, port: str
) -> None:
    to = f"carl@{mail_server.domain()}"
    settings = Smtp.model_validate(
        {
            "host": "localhost",
            "port": getattr(mail_server, port),
            "security": security,
            "password": mail_server.password,
        }
        | {"ca_file": mail_server.ca_file}
    )
    way = Road(settings, user=BOX, sender=BOX, command_seconds=10.0, after_dot_seconds=10.0)
    answer = await send(way, letter(to=to))
    await way.quit()
    mail_server.await_delivery()
    assert (answer.outcome, bool(answer.queue_id)) == ("sent", True)
    [raw] = mail_server.mails(to)
    assert raw.endswith(RAW)
    assert b" with ESMTPSA " in raw


async def test_an_authority_file_that_cannot_be_read_is_our_fault() -> None:
    async with Sink() as sink:
        with pytest.raises(RoadClosed, match="autorité") as closed:
            await send(road(sink.port, security="tls", ca_file="/nirgendwo/autorite.pem"))
        assert closed.value.ours


# -- a server that is not there ------------------------------------------------------------------------------------------


async def test_a_server_that_is_down_closes_the_road_without_fault_of_ours() -> None:
    async with Sink() as sink:
        port = sink.port
    with pytest.raises(RoadClosed, match="injoignable") as closed:
        await road(port).open()
    assert not closed.value.ours


def test_the_limits_are_those_of_the_rfc() -> None:
    assert (COMMAND_SECONDS, AFTER_DOT_SECONDS) == (300.0, 600.0)


async def test_a_goodbye_that_nobody_answers_is_no_error() -> None:
    async with Sink() as sink:
        way = road(sink.port)
        await way.open()
        way.close()
        await way.quit()
        assert way.client is None
