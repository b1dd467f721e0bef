"""`mailbot init`: from the README to the first acknowledged complaint, without a technical word (issue 4, build 1)."""

from __future__ import annotations

import re
import sys
import threading
import tomllib
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pexpect
import pytest
from room import mail
from servers import PASSWORD
from servers.mail import MailServer
from typer.testing import CliRunner

from mailbot.cli import app as cli
from mailbot.config import load
from mailbot.names import Unanswered
from mailbot.setup import discover, providers, writing
from mailbot.setup.way_in import Key
from mailbot.store.ledger import Ledger, recall

MOST = 12  # prompts and typed commands, from the clone on (issue 4)
JARGON = re.compile(
    r"\b(?:IMAP|SMTP|TLS|SSL|STARTTLS|OAuth\w*|jetons?|DNS|MX|SRV|ports?|serveurs?|protocoles?|JSON|TOML|SQLite|chiffrement|hôte)\b",
    re.IGNORECASE,
)
README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ROAD = README.partition("## Installer")[2].split("```")[1].split("\n")[1:-1]
AUTOCONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="{domain}">
 <incomingServer type="pop3"><hostname>pop.{domain}</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
 <incomingServer type="imap"><hostname>{host}</hostname><port>{imap}</port><socketType>{socket}</socketType>
  <username>%EMAILADDRESS%</username></incomingServer>
 <outgoingServer type="smtp"><hostname>{host}</hostname><port>{smtp}</port><socketType>{socket}</socketType>
  <username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""


def autoconfig(host: str = "imap.f.example", imap: int = 993, smtp: int = 465, socket: str = "SSL") -> bytes:
    return AUTOCONFIG.format(domain="f.example", host=host, imap=imap, smtp=smtp, socket=socket).encode()


@pytest.fixture
def told(mail_server: MailServer) -> Iterator[str]:
    """The address of an autoconfig server on loopback that knows the real servers."""
    body = autoconfig("127.0.0.1", mail_server.imap_port, mail_server.smtp_port, "plain")

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/mail/config-v1.1.xml"
    server.shutdown()
    server.server_close()
    thread.join(10)


# -- the transcript ----------------------------------------------------------------------------------------------------


class Terminal:
    """A person at a terminal who types what the README says: it is counted, and what is read is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.typed, self.road = folder, 0, list(ROAD)
        self.conversation, self.prompts = "", list[str]()

    def types(self, command: str) -> None:
        """The next command of the README."""
        assert self.road.pop(0).startswith(command)
        self.typed += 1

    def starts(self, command: str, *more: str) -> pexpect.spawn:
        """Types a command that runs mailbot; `more`: what only this test adds."""
        self.types(command)
        mailbot = str(Path(sys.executable).parent / "mailbot")
        words = [command.split()[1], *more]
        return pexpect.spawn(mailbot, words, cwd=str(self.folder), encoding="utf-8", timeout=60, dimensions=(40, 200))

    def answer(self, child: pexpect.spawn, question: str, said: str) -> None:
        child.expect(rf"[^\r\n]*{question}[^\r\n]*: ")
        self.conversation += child.before + child.after
        self.prompts.append(child.after)
        self.typed += 1
        child.sendline(said)

    def end(self, child: pexpect.spawn) -> int:
        child.expect(pexpect.EOF)
        self.conversation += child.before
        child.close()
        return int(child.exitstatus)


def test_from_the_readme_to_the_first_acknowledged_complaint(
    mail_server: MailServer, told: str, tmp_path: Path
) -> None:
    domain = mail_server.domain()
    box, bo, carl = f"reclamations@{domain}", f"bo@{domain}", f"carl@{mail_server.domain()}"
    person = Terminal(tmp_path)
    person.types("git clone")
    person.types("cd")
    child = person.starts("make init", "--autoconfig", told)
    person.answer(child, "Nom de votre organisme", "Formation Exemple")
    person.answer(child, "Adresse où arrivent", box)
    person.answer(child, "Qui y répond", f"Bo Martin {bo}")
    person.answer(child, "Qui dirige", "")
    person.answer(child, "département", "69")
    person.answer(child, "fermetures", "du 24/12/2026 au 03/01/2027")
    person.answer(child, "Mot de passe", PASSWORD)
    assert person.end(child) == 0, person.conversation
    assert len(person.prompts) == 7
    assert [p for p in person.prompts if JARGON.search(p)] == []
    assert JARGON.findall(person.conversation.partition("Écrit :")[0]) == []
    assert not re.search(rf"\b{PASSWORD}\b", person.conversation), "a password is not shown while it is typed"

    daemon = person.starts(".venv/bin/mailbot run")
    daemon.expect("Mode ESSAI")
    try:
        child = person.starts(".venv/bin/mailbot start")
        assert person.end(child) == 0, person.conversation
        mail_server.deliver(mail(sender=carl, to=box), box, sender=carl)
        while not mail_server.mails(carl):
            daemon.expect(r"event=letter|letter")
    finally:
        daemon.terminate(force=True)
    ack = message_from_bytes(mail_server.mails(carl)[0], policy=policy.default)
    assert "REC-" in ack["Subject"]
    assert "ESSAI" not in ack["Subject"]
    assert (person.road, person.typed <= MOST) == ([], True), person.typed
    mail_server.await_delivery()
    subjects = [message_from_bytes(raw, policy=policy.default)["Subject"] for raw in mail_server.mails(bo)]
    assert any("état du bureau" in subject for subject in subjects), subjects


# -- by a file of answers ----------------------------------------------------------------------------------------------


def run(folder: Path, answers: str, *words: str) -> tuple[int, str]:
    file = folder / "reponses.toml"
    file.write_text(answers, encoding="utf-8")
    done = CliRunner().invoke(cli, ["init", "-c", str(folder / "mailbot.toml"), "--answers", str(file), *words])
    return done.exit_code, done.output


def said(address: str, password: str = PASSWORD) -> str:
    return (
        f'organisation = "Formation « Exemple »"\naddress = "{address}"\npassword = "{password}"\n'
        'people = "Bo Martin <bo@f.example> ; ann.leroy@f.example"\nheads = "Line Directrice line@f.example"\n'
    )


def test_a_file_of_answers_writes_everything_once(mail_server: MailServer, told: str, tmp_path: Path) -> None:
    box = f"reclamations@{mail_server.domain()}"
    code, output = run(tmp_path, said(box), "--autoconfig", told)
    assert code == 0, output
    config = load(tmp_path / "mailbot.toml", environ={})
    assert config.mode == "essai"
    assert [(p.name, p.roles) for p in config.staff] == [
        ("Bo Martin", ("staff",)),
        ("Ann Leroy", ("staff",)),
        ("Line Directrice", ("quality", "direction", "admin")),
    ]
    assert config.mailbox.password.get_secret_value() == PASSWORD
    text = (tmp_path / "mailbot.toml").read_text(encoding="utf-8")
    assert PASSWORD not in re.sub(r"(?m)^.*secrets?\.toml.*$|#.*$", "", text)
    assert len(re.findall(r"(?m)^# |  # ", text)) > 100, "the explanations stay"
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("mailbot.toml", "secrets.toml")] == [0o600, 0o600]
    register = Ledger(config.database_url)
    instance = config.instance.id.get_secret_value()
    assert re.fullmatch(r"[0-9a-f]{32}", instance)
    assert register.ask(lambda tx: recall(tx, "instance")) == instance
    register.close()

    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.toml")}
    code, output = run(tmp_path, said(box), "--autoconfig", told)
    assert code == 1
    assert "existe déjà" in output
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.toml")} == before


def test_a_wrong_password_writes_nothing(mail_server: MailServer, told: str, tmp_path: Path) -> None:
    code, output = run(tmp_path, said(f"reclamations@{mail_server.domain()}", "faux"), "--autoconfig", told)
    assert code == 1
    assert "rien n’a été écrit" in output
    assert "faux" not in output
    assert [path.name for path in tmp_path.iterdir()] == ["reponses.toml"]


WRONG = [
    ('addres = "a@f.example"', "Réponses inconnues : addres"),
    ('organisation = "F"', "« address » manque"),
    ('organisation = "F"\naddress = "a"', "adresse complète"),
    ('organisation = "F"\naddress = "a@f.example"\npeople = "Bo"', "prénom, le nom puis l’adresse"),
    (
        'organisation = "F"\naddress = "a@f.example"\npeople = "Bo b@f.example"\nterritory = "Mars"',
        "territoire inconnu",
    ),
    ('organisation = "F"\naddress = "a@f.example"\npeople = "Bo b@f.example"\nclosures = "Noël"', "du 24/12/2026"),
    ("organisation = ", "ne se lit pas"),
]


@pytest.mark.parametrize(("answers", "told_"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_answer_is_named(answers: str, told_: str, tmp_path: Path) -> None:
    code, output = run(tmp_path, answers)
    assert (code, told_ in output) == (78, True), output


# -- where the servers are ---------------------------------------------------------------------------------------------


def asker(records: dict[tuple[str, str], tuple[str, ...]]) -> discover.Asker:
    return lambda name, kind: records.get((name, kind), ())


MX = [
    ("formation-fr.mail.protection.outlook.com.", "Microsoft 365"),
    ("aspmx.l.google.com.", "Google"),
    ("mx1.mail.ovh.net.", "OVHcloud"),
    ("mta-gw.infomaniak.ch.", "Infomaniak"),
    ("spool.mail.gandi.net.", "Gandi"),
    ("mx00.ionos.fr.", "IONOS"),
    ("mx.notgoogle.com.", None),
]


@pytest.mark.parametrize(("exchanger", "name"), MX, ids=[m[0] for m in MX])
def test_the_mx_names_the_provider(exchanger: str, name: str | None) -> None:
    ask = asker({("f.example", "MX"): ("50 mx.autre.example.", f"10 {exchanger}")})
    found = discover.find("a@f.example", ask, lambda _: b"")
    assert (found.name if found else None) == name


@pytest.mark.parametrize(("domain", "name"), [("gmail.com", "Google"), ("Orange.fr", "Orange"), ("free.fr", "Free")])
def test_some_addresses_name_their_provider(domain: str, name: str) -> None:
    found = discover.find(f"a@{domain}", asker({}), lambda _: b"")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(("address", "user"), [("bo.martin@free.fr", "bo.martin"), ("bo@orange.fr", "")])
def test_who_logs_in_is_the_address_or_what_the_provider_wants_of_it(address: str, user: str) -> None:
    found = discover.find(address, asker({}), lambda _: b"")
    assert found is not None
    assert found.user == user


def test_each_provider_says_where_it_was_read() -> None:
    assert [p.found.name for p in providers.PROVIDERS if len(p.source) < 20] == []


def test_no_provider_is_reached_in_clear() -> None:
    assert {s.security for p in providers.PROVIDERS for s in (p.found.imap, p.found.smtp)} <= {"tls", "starttls"}


def test_the_domain_says_it_itself_over_https_only() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return autoconfig() if "well-known" in url else b"<html>no"

    found = discover.find("a@formation.fr", asker({}), fetch)
    assert found is not None
    assert (found.imap, found.user) == (providers.Server(host="imap.f.example", port=993, security="tls"), "")
    assert [url.partition("?")[0] for url in asked] == [
        "https://autoconfig.formation.fr/mail/config-v1.1.xml",
        "https://formation.fr/.well-known/autoconfig/mail/config-v1.1.xml",
    ]


UNSAFE = {
    "in clear": autoconfig(socket="plain"),
    "entities": b'<!DOCTYPE x [<!ENTITY a "b">]>' + autoconfig(),
    "no number": autoconfig(imap=0),
    "no xml": b"<html><p>",
    "nothing": b"",
}


@pytest.mark.parametrize("body", UNSAFE.values(), ids=UNSAFE.keys())
def test_an_autoconfig_that_leads_nowhere_safe_is_not_followed(body: bytes) -> None:
    assert discover.read(body, "a@f.example") is None


def test_srv_records_are_asked_last() -> None:
    records = {
        ("_imaps._tcp.f.example", "SRV"): ("20 0 993 autre.example.", "10 0 993 imap.f.example."),
        ("_submission._tcp.f.example", "SRV"): ("0 1 587 smtp.f.example.",),
        ("_submissions._tcp.f.example", "SRV"): ("0 0 0 .",),
    }
    found = discover.find("a@f.example", asker(records), lambda _: b"")
    assert found is not None
    assert (found.imap.host, found.smtp.host, found.smtp.security) == ("imap.f.example", "smtp.f.example", "starttls")


def test_servers_that_a_domain_names_are_known_for_their_provider() -> None:
    body = autoconfig("outlook.office365.com")
    found = discover.find("a@formation.fr", asker({}), lambda _: body)
    assert found is not None
    assert (found.name, found.oauth, found.by_password) == ("Microsoft 365", "microsoft", False)


CALLED = [
    ("Office 365", "Microsoft 365"), ("outlook", "Microsoft 365"), ("Gmail", "Google"), (" OVH ", "OVHcloud"), ("ionos", "IONOS"),
    ("Orange", "Orange"), ("Chez Paul", None),
]  # fmt: skip


@pytest.mark.parametrize(("said", "name"), CALLED, ids=[c[0] for c in CALLED])
def test_a_provider_is_known_by_what_people_call_it(said: str, name: str | None) -> None:
    found = providers.by_name(said)
    assert (found.name if found else None) == name


def test_without_dns_nobody_knows() -> None:
    def ask(name: str, kind: str) -> tuple[str, ...]:
        raise Unanswered(name)

    assert discover.find("a@f.example", ask, lambda _: b"") is None


# -- what is written ---------------------------------------------------------------------------------------------------

PEOPLE = [
    ("Bo Martin bo@f.fr", (("Bo Martin", "bo@f.fr"),)),
    ("Bo Martin <bo@f.fr>; Ann Leroy, ann@f.fr", (("Bo Martin", "bo@f.fr"), ("Ann Leroy", "ann@f.fr"))),
    ("ann.leroy@f.fr", (("Ann Leroy", "ann.leroy@f.fr"),)),
    ("", ()),
]


@pytest.mark.parametrize(("line", "found"), PEOPLE, ids=[p[0] for p in PEOPLE])
def test_people_are_read_as_they_are_typed(line: str, found: tuple[tuple[str, str], ...]) -> None:
    assert writing.people(line) == found


PLACES = [("/etc/mailbot/mailbot.toml", "/var/lib/mailbot"), ("/srv/eva/mailbot.toml", "/srv/eva/data")]


@pytest.mark.parametrize(("config", "data"), PLACES, ids=["service", "person"])
def test_the_register_has_its_place(config: str, data: str) -> None:
    assert writing.data_folder(Path(config)) == Path(data)


def test_closures_are_read_as_they_are_typed() -> None:
    assert writing.closures("du 24/12/2026 au 03/01/2027 ; 15-05-2026") == (
        (date(2026, 12, 24), date(2027, 1, 3)), (date(2026, 5, 15), date(2026, 5, 15)),
    )  # fmt: skip
    for wrong in ("31/02/2026", "03/01/2027 24/12/2026", "Noël"):
        with pytest.raises(ValueError):
            writing.closures(wrong)


@pytest.mark.parametrize("name", ['L’École "A"', "back\\slash", "# pas un commentaire", "ligne\nnew = 1", "é" * 300])
def test_no_answer_breaks_the_file(name: str) -> None:
    answers = writing.Answers(
        organisation=name, address="a@f.example", people=((name, "b@f.example"),), heads=(), territory="reunion",
        closures=((date(2026, 8, 1), date(2026, 8, 21)),), domain="f.example",
    )  # fmt: skip
    found = providers.by_domain("orange.fr")
    assert found is not None
    data = tomllib.loads(writing.text(answers, found, Key(password=name), Path("data")))
    assert (data["organisation"]["name"], data["staff"][0]["name"]) == (name, name)
    assert data["smtp"] | {"host": "smtp.orange.fr", "port": 465, "security": "tls"} == data["smtp"]
    assert data["calendar"]["closures"][0]["first"] == date(2026, 8, 1)
    assert tomllib.loads(writing.secrets(Key(password=name), "0" * 32))["mailbox"]["password"] == name
