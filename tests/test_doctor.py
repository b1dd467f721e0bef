"""`mailbot check`: one line for each part of the desk, whatever is broken, and what to do about it."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
from room import Webhook, configured, mail, room
from servers import PASSWORD, free_ports
from servers.mail import MailServer
from sink import Sink
from sqlalchemy import text

from mailbot import doctor
from mailbot.config import AlarmRoad, Calendar, Closure, Config, Mailbox, Mediator, Smtp
from mailbot.doctor import Finding, post
from mailbot.guard import Guard
from mailbot.store import apply
from mailbot.store.ledger import Ledger, remember

SECRET = "geheim-und-lang"
PARTS = ["configuration", "boîte", "envoi", "journal", "messages", "alarmes", "ouverture", "disque", "échéances"]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink("AUTH PLAIN") as opened:
        yield opened


def healthy(server: MailServer, folder: Path, sink: Sink | None, **changes: Any) -> Config:
    box = {"address": f"plaintes@{server.domain()}", "host": "127.0.0.1", "port": server.imap_port, "security": "none"}
    box |= {"password": PASSWORD, "authserv_id": cast.PROVIDER}
    smtp = {"host": "127.0.0.1", "port": sink.port if sink else 9, "security": "none", "password": SECRET}
    substitutes = {cast.BO: cast.ANN, cast.ANN: cast.BO}
    fixed: dict[str, Any] = {
        "staff": tuple(
            p.model_copy(update={"substitute": substitutes.get(p.addresses[0], "")}) for p in cast.config().staff
        ),
        "mediator": Mediator(name="Médiation Exemple", site="mediation.example"),
        "alarm": AlarmRoad(webhook="http://127.0.0.1:9/alarme"),
        "mailbox": Mailbox.model_validate(box),
        "smtp": Smtp.model_validate(smtp),
    }
    return configured(folder, **(fixed | changes))


def dns(name: str, kind: str) -> tuple[str, ...]:
    """The DNS of an organisation that did everything right."""
    if name.startswith("_dmarc."):
        return ("v=DMARC1; p=reject",)
    if "._domainkey." in name:
        return ("v=DKIM1; k=rsa; p=MIIB",)
    return ("v=spf1 include:fournisseur.example -all",)


async def looked(config: Config, *, send: bool = False) -> list[Finding]:
    return await doctor.examine(config, ask=dns, send=send, patience=20)


def by_part(findings: list[Finding]) -> dict[str, Finding]:
    return {f.what: f for f in findings}


@pytest.mark.sqlite("it still waits for its first copy of the file")
async def test_a_healthy_desk_is_green_but_for_what_is_still_to_come(mail_server: MailServer, tmp_path: Path) -> None:
    road = {"host": "127.0.0.1", "port": mail_server.smtp_port, "security": "none", "user": "-"}
    config = healthy(mail_server, tmp_path, None, smtp=Smtp.model_validate(road))
    found = by_part(await looked(config, send=True))
    assert set(PARTS) <= set(found)
    assert {what: f.text for what, f in found.items() if f.state != "green"}.keys() == {"ouverture", "sauvegarde"}
    assert "mailbot run" in found["ouverture"].mend
    assert "Junk" in found["dossiers"].text
    assert "arrivé" in found["aller-retour"].text
    assert "non comparée" not in found["horloge"].text


async def test_the_desk_knows_the_mail_of_the_check_for_its_own(mail_server: MailServer, tmp_path: Path) -> None:
    road = {"host": "127.0.0.1", "port": mail_server.smtp_port, "security": "none", "user": "-"}
    config = healthy(mail_server, tmp_path, None, smtp=Smtp.model_validate(road))
    assert by_part(await looked(config, send=True))["aller-retour"].state == "green"
    [raw] = mail_server.mails(config.mailbox.address)
    async with Guard() as guard:
        with room(tmp_path, guard) as desk:
            assert (await desk.take(raw)).verdict == "own"
            assert desk.files() == []


async def test_nothing_is_sent_when_nothing_shall_be(mail_server: MailServer, tmp_path: Path, sink: Sink) -> None:
    found = by_part(await looked(healthy(mail_server, tmp_path, sink)))
    assert "--no-send" in found["aller-retour"].mend
    assert not any(line.startswith("DATA") for line in sink.lines)


async def test_a_mail_to_ourselves_that_never_comes_is_red(mail_server: MailServer, tmp_path: Path, sink: Sink) -> None:
    found = by_part(await doctor.examine(healthy(mail_server, tmp_path, sink), ask=dns, patience=0))
    assert found["aller-retour"].state == "red"
    assert "autres dossiers" in found["aller-retour"].mend


async def test_the_name_to_trust_is_learnt_from_what_lies_in_the_mailbox(
    mail_server: MailServer, tmp_path: Path
) -> None:
    road = {"host": "127.0.0.1", "port": mail_server.smtp_port, "security": "none", "user": "-"}
    config = healthy(mail_server, tmp_path, None, smtp=Smtp.model_validate(road))
    for sender in (cast.CARL, cast.OPALE):
        mail_server.put(mail(sender=sender, at=datetime.now(UTC)), config.mailbox.address)
    unset = config.model_copy(update={"mailbox": config.mailbox.model_copy(update={"authserv_id": ""})})
    found = by_part(await looked(unset))
    assert cast.PROVIDER in found["authentification"].mend
    wrong = config.model_copy(update={"mailbox": config.mailbox.model_copy(update={"authserv_id": "mx.autre.example"})})
    assert by_part(await looked(wrong))["authentification"].state == "red"


async def test_the_report_reaches_the_admins_by_mail_else_by_the_second_road(
    mail_server: MailServer, tmp_path: Path, sink: Sink
) -> None:
    config = healthy(mail_server, tmp_path, sink)
    said = await doctor.tell(config, [Finding(what="boîte", state="red", text="fermée", mend="ouvrez-la")])
    assert said.state == "green"
    [taken] = sink.taken
    assert taken.to == (cast.DAN,)
    assert "ouvrez-la" in email.message_from_bytes(taken.raw, policy=email.policy.default).get_content()
    sink.on("MAIL", "550 non")
    with Webhook() as hook:
        lost = config.model_copy(update={"alarm": AlarmRoad(webhook=hook.url)})
        assert (await doctor.tell(lost, [Finding(what="boîte", state="red", text="fermée")])).state == "green"
        assert "boîte : fermée" in hook.told[0]["text"]
    silent = config.model_copy(update={"alarm": AlarmRoad()})
    assert (await doctor.tell(silent, [])).mend == "réparez d’abord l’envoi ou [alarm]"


async def test_with_every_credential_broken_every_line_is_still_there_and_tells_no_password(
    mail_server: MailServer, tmp_path: Path, sink: Sink
) -> None:
    sink.on("AUTH", f"535 5.7.8 wrong: {SECRET}")
    config = healthy(mail_server, tmp_path, sink)
    wrong = config.mailbox.model_copy(update={"password": Mailbox.model_validate(
        {"address": "a@b.example", "host": "h", "password": SECRET}).password})  # fmt: skip
    found = by_part(await looked(config.model_copy(update={"mailbox": wrong})))
    assert set(PARTS) <= set(found)
    assert (found["boîte"].state, found["envoi"].state) == ("red", "red")
    assert "mailbox.password" in found["boîte"].mend
    assert "smtp.password" in found["envoi"].mend
    assert SECRET not in json.dumps([f.as_dict() for f in found.values()], ensure_ascii=False)


@pytest.mark.sqlite("the file holds something else")
async def test_servers_that_are_down_and_a_register_that_is_none_are_said_one_by_one(tmp_path: Path) -> None:
    imap, smtp = free_ports(2)
    (tmp_path / "mailbot.db").write_bytes(b"ceci n'est pas un registre\n" * 500)
    config = configured(
        tmp_path,
        mailbox=Mailbox(address=cast.BOX, host="127.0.0.1", port=imap, security="none"),
        smtp=Smtp(host="127.0.0.1", port=smtp, security="none", user="-"),
    )
    found = by_part(await looked(config))
    assert {what for what, f in found.items() if f.state == "red"} == {"boîte", "envoi", "registre"}
    assert {"configuration", "disque", "échéances", "personnel", "authentification"} <= set(found)
    assert all(f.mend for f in found.values() if f.state == "red")


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_line_that_cannot_be_encrypted_is_red_and_no_password_went_over_it(
    mail_server: MailServer, tmp_path: Path, sink: Sink, security: str
) -> None:
    smtp = {"host": "127.0.0.1", "port": sink.port, "security": security, "password": SECRET}
    found = by_part(await looked(healthy(mail_server, tmp_path, sink, smtp=Smtp.model_validate(smtp))))
    assert found["envoi"].state == "red"
    assert not any(line.startswith("AUTH") for line in sink.lines)


async def test_a_journal_that_was_changed_by_hand_is_red(mail_server: MailServer, tmp_path: Path, sink: Sink) -> None:
    async with Guard() as guard:
        with room(tmp_path, guard) as desk:
            await desk.take(mail())
            desk.register.run(
                lambda tx: tx.connection().execute(text("UPDATE journaltext SET text = 'rien' WHERE journal_id = 1"))
            )
    found = by_part(await looked(healthy(mail_server, tmp_path, sink)))
    assert found["journal"].state == "red"
    assert "ligne 1" in found["journal"].text


async def test_what_waits_what_was_forgotten_and_open_alarms_are_shown(
    mail_server: MailServer, tmp_path: Path, sink: Sink
) -> None:
    async with Guard() as guard:
        with room(tmp_path, guard) as desk:
            await desk.take(mail("Salle 4", "Panne.\n", sender=cast.BO, name="Bo Martin"))
            desk.register.run(lambda tx: apply.raise_alarm(tx, "disk", "il ne reste que 3 Mo", cast.NOON))
            desk.register.run(lambda tx: remember(tx, "start", "2026-11-01T00:00:00+00:00"))
            found = by_part(await looked(healthy(mail_server, tmp_path, sink)))
            assert (found["messages"].state, found["messages"].text) == ("orange", "1 message(s) à décider")
            assert (found["alarmes"].state, found["alarmes"].text) == ("orange", "il ne reste que 3 Mo")
            assert found["ouverture"].state == "green"
            desk.clock.now = datetime.now(UTC) - timedelta(hours=2)
            desk.keep(mail("oublié"))
    found = by_part(await looked(healthy(mail_server, tmp_path, sink)))
    assert (found["messages"].state, "mailbot run" in found["messages"].mend) == ("red", True)


async def test_a_provider_that_stamps_nothing_is_orange_with_the_consequence(
    mail_server: MailServer, tmp_path: Path, sink: Sink
) -> None:
    config = healthy(mail_server, tmp_path, sink)
    silent = config.mailbox.model_copy(update={"authserv_id": ""})
    found = by_part(await looked(config.model_copy(update={"mailbox": silent})))
    assert found["authentification"].state == "orange"
    assert "AR sont réduits" in found["authentification"].text


async def test_a_due_date_more_than_fifteen_days_away_is_orange(
    mail_server: MailServer, tmp_path: Path, sink: Sink
) -> None:
    today = datetime.now(UTC).date()
    closed = Calendar(closures=(Closure(first=today, last=today + timedelta(days=20)),))
    found = by_part(await looked(healthy(mail_server, tmp_path, sink, calendar=closed)))
    assert found["échéances"].state == "orange"


async def test_nobody_in_a_role_is_orange(mail_server: MailServer, tmp_path: Path, sink: Sink) -> None:
    staff = tuple(p for p in cast.config().staff if "direction" not in p.roles)
    found = by_part(await looked(healthy(mail_server, tmp_path, sink, staff=staff)))
    assert (found["personnel"].state, "direction" in found["personnel"].text) == ("orange", True)


def test_colours_come_on_a_terminal_only() -> None:
    line = [Finding(what="boîte", state="red", text="fermée", mend="ouvrez-la")]
    assert doctor.lines(line, colour=False) == ["✗ boîte : fermée → ouvrez-la"]
    assert doctor.lines(line, colour=True) == ["\x1b[31m✗\x1b[0m boîte : fermée → ouvrez-la"]


def test_what_a_mail_wrote_into_an_alarm_steers_no_terminal() -> None:
    line = [Finding(what="alarmes", state="orange", text="afflux : \x1b[2J\x9b2J\u202e de x@y.example")]
    assert all(printed.isprintable() for printed in doctor.lines(line, colour=False))


@pytest.mark.sqlite("the log beside the file")
async def test_a_check_leaves_no_register_open(mail_server: MailServer, tmp_path: Path, sink: Sink) -> None:
    await looked(healthy(mail_server, tmp_path, sink))
    register = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    with register.transaction() as tx:
        tx.connection().execute(text("SELECT 1"))
    register.close()
    assert not (tmp_path / "mailbot.db-wal").exists(), "the last connection folds the log away"


async def test_an_address_that_the_sending_server_refuses_is_told_and_nothing_is_sent(
    mail_server: MailServer, tmp_path: Path
) -> None:
    domain = mail_server.domain()
    road = {"host": "127.0.0.1", "port": mail_server.smtp_port, "security": "none", "user": "-"}
    config = healthy(mail_server, tmp_path, None, smtp=Smtp.model_validate(road))
    told = await post.reach(config, [("Bo", f"bo@{domain}"), ("Ann", f"bad@{domain}")], lambda: datetime.now(UTC))
    assert [(row["name"], row["accepted"]) for row in told] == [("Bo", True), ("Ann", False)]
    assert "550" in told[1]["why"]
    assert mail_server.mails(f"bo@{domain}") == []
