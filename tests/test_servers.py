"""The servers of the tests are real, keep their promises, and come back after a crash."""

from __future__ import annotations

import imaplib
import os
import smtplib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy
from servers import Missing, program
from servers.mail import MailServer
from servers.postgres import Postgres

RAW = b"From: Carl <carl@stage.example>\r\nSubject: Salle froide\r\n\r\nIl faisait 12 degr\xc3\xa9s.\r\n.\r\n"


def test_any_address_is_a_mailbox_and_bytes_come_back_as_they_were(mail_server: MailServer) -> None:
    carl = f"carl@{mail_server.domain()}"
    mail_server.put(RAW, carl, received_at=datetime(2026, 3, 2, 8, 30, tzinfo=UTC))
    assert mail_server.mails(carl) == [RAW]


def test_smtp_delivers_to_each_recipient_his_own_mailbox(mail_server: MailServer) -> None:
    people = [f"{name}@{mail_server.domain()}" for name in ("ann", "bo")]
    mail_server.send(RAW, people, sender="carl@stage.example")
    mail_server.await_delivery()
    received = [mail_server.mails(person) for person in people]
    assert [len(mails) for mails in received] == [1, 1]
    assert all(mails[0].endswith(RAW) for mails in received)


def test_lmtp_delivery_is_there_when_it_returns(mail_server: MailServer) -> None:
    ann = f"ann@{mail_server.domain()}"
    mail_server.deliver(RAW, ann, sender="carl@stage.example")
    assert b"Return-Path: <carl@stage.example>" in mail_server.mails(ann)[0]


def test_an_extension_reaches_the_plain_address(mail_server: MailServer) -> None:
    domain = mail_server.domain()
    mail_server.deliver(RAW, f"plaintes+r7@{domain}")
    assert len(mail_server.mails(f"plaintes@{domain}")) == 1


@pytest.mark.parametrize(("local", "code"), [("bad", 550), ("grey", 450)])
def test_bad_is_refused_for_good_and_grey_for_now(mail_server: MailServer, local: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        mail_server.send(RAW, f"{local}@{mail_server.domain()}", sender="ann@ecole.example")
    assert [answer[0] for answer in refused.value.recipients.values()] == [code]


def test_gone_is_accepted_and_bounces_to_its_sender(mail_server: MailServer) -> None:
    ann = f"ann@{mail_server.domain()}"
    mail_server.send(RAW, f"gone@{mail_server.domain()}", sender=ann)
    mail_server.await_delivery()
    assert [b"multipart/report" in raw for raw in mail_server.mails(ann)] == [True]


def test_postfix_checks_passwords_with_dovecot_over_tls(mail_server: MailServer) -> None:
    with smtplib.SMTP("localhost", mail_server.smtp_port) as line:
        line.starttls(context=mail_server.tls())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            line.login("ann@ecole.example", "faux")
        assert line.login("ann@ecole.example", "secret")[0] == 235


def test_folders_have_their_special_use(mail_server: MailServer) -> None:
    with mail_server.imap(f"ann@{mail_server.domain()}") as client:
        listed = b"\n".join(client.list()[1])
    assert b"\\Junk" in listed
    assert b"Trait&AOk-s" in listed


def test_mail_waits_in_the_queue_while_the_mailboxes_are_down(mail_server: MailServer) -> None:
    ann = f"ann@{mail_server.domain()}"
    mail_server.dovecot.kill()
    try:
        mail_server.send(RAW, ann)
        assert not mail_server.queue_empty()
    finally:
        mail_server.dovecot.start()
    mail_server.await_delivery()
    assert len(mail_server.mails(ann)) == 1


def test_a_killed_postfix_comes_back(mail_server: MailServer) -> None:
    ann = f"ann@{mail_server.domain()}"
    mail_server.postfix.kill()
    with pytest.raises(ConnectionRefusedError):
        mail_server.send(RAW, ann)
    mail_server.postfix.start()
    mail_server.send(RAW, ann)
    mail_server.await_delivery()
    assert len(mail_server.mails(ann)) == 1


def test_mail_and_database_never_belong_to_root(mail_server: MailServer, postgres: Postgres) -> None:
    ann = f"ann@{mail_server.domain()}"
    mail_server.deliver(RAW, ann)
    home = mail_server.dovecot.root / "mail" / ann
    assert {path.stat().st_uid for path in [home, postgres.root / "data"]}.isdisjoint({0})


def test_every_database_is_new(postgres_url: str, postgres: Postgres) -> None:
    other = postgres.new_database()
    assert not postgres_url.endswith(f"/{other}")
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE essai (texte text)"))
    with engine.connect() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == ["essai"]
    engine.dispose()


def test_a_missing_program_names_its_package() -> None:
    with pytest.raises(Missing, match="apt-get install facteur"):
        program("facteur-inconnu", "facteur")


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 failed")])
def test_a_missing_part_skips_and_in_ci_it_fails(tmp_path: Path, ci: str, outcome: str) -> None:
    here = Path(__file__).parent
    (tmp_path / "test_part.py").write_text(
        "from conftest import need\n\ndef test_part():\n    need('facteur-inconnu', 'facteur')\n"
    )
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(here)}
    run = [sys.executable, "-m", "pytest", "-rsf", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(run, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome in done.stdout
    assert "apt-get install facteur" in done.stdout


def test_imaplib_speaks_to_it_over_tls_with_its_own_authority(mail_server: MailServer) -> None:
    client = imaplib.IMAP4_SSL("localhost", mail_server.imaps_port, ssl_context=mail_server.tls())
    with client:
        assert client.login("ann@ecole.example", "secret")[0] == "OK"
