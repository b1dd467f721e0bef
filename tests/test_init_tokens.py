"""`mailbot init` at Microsoft 365 and Google: the permission is given on the way, tried with XOAUTH2, and kept apart (issue 4)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import typer
from servers import PASSWORD
from servers.mail import MailServer
from servers.tokens import Endpoint
from test_init import JARGON, MOST
from typer.testing import CliRunner

from mailbot import names, oauth
from mailbot.cli import app as cli
from mailbot.config import Config, load
from mailbot.setup import providers, way_in
from mailbot.store.ledger import Ledger, recall

ROAD_BEFORE = 3  # git clone, cd, make init
CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET = "geheimnis-der-anwendung"
DESKTOP = {"installed": {"client_id": "un-client.apps.example", "client_secret": SECRET}}
LOCAL = {"host": "127.0.0.1", "security": "none"}


@dataclass
class House:
    """A domain whose mail is at a provider, which is this machine; and the person who sets the desk up."""

    folder: Path
    server: MailServer
    endpoint: Endpoint
    box: str
    answers: list[tuple[str, str | Callable[[], str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "desk" / "mailbot.toml"

    def prompt(self, question: str, **_: Any) -> str:
        """What the person types; a question that was not foreseen fails the test."""
        self.asked.append(question)
        wanted, said = self.answers.pop(0)
        assert wanted in question
        return said() if callable(said) else said

    def init(self, *words: str) -> tuple[int, str]:
        self.config.parent.mkdir(exist_ok=True)
        done = CliRunner().invoke(cli, ["init", "-c", str(self.config), *words])
        return done.exit_code, done.output

    def by_hand(self, *more: tuple[str, str | Callable[[], str]]) -> tuple[int, str]:
        self.answers = [
            ("organisme", "Formation Exemple"), ("Adresse", self.box), ("répond", f"Bo Martin bo@{self.box.partition('@')[2]}"),
            ("dirige", ""), ("département", "metropole"), ("fermetures", ""), *more,
        ]  # fmt: skip
        return self.init()

    def by_file(self, **said: str) -> tuple[int, str]:
        said = {"organisation": "Formation Exemple", "address": self.box, "people": "Bo Martin bo@f.example", **said}
        file = self.folder / "reponses.toml"
        file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items()))
        return self.init("--answers", str(file))

    def file(self, content: Any) -> str:
        path = self.folder / "telecharge.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def account(self, key: str) -> str:
        return self.file(
            {"type": "service_account", "client_email": "mailbot@project.example", "private_key": key,
             "token_uri": "https://oauth2.googleapis.com/token", "private_key_id": "1"}
        )  # fmt: skip

    def written(self) -> Config:
        """The configuration that was written, every secret found beside it and none in it."""
        text = self.config.read_text(encoding="utf-8")
        assert SECRET not in text
        assert "private_key" not in text
        assert {path.stat().st_mode & 0o777 for path in self.config.parent.glob("*.*")} == {0o600}
        return load(self.config, environ={})

    def nothing_written(self) -> bool:
        return list(self.config.parent.iterdir()) == []

    def reported(self) -> bool:
        self.server.await_delivery()
        mails = self.server.mails(f"bo@{self.box.partition('@')[2]}")
        return any("état du bureau" in message_from_bytes(m, policy=policy.default)["Subject"] for m in mails)

    def remembers(self, config: Config, what: str) -> str:
        register = Ledger(config.database_url)
        found = register.ask(lambda tx: recall(tx, what))
        register.close()
        return found


MX = {"microsoft": "formation-fr.mail.protection.outlook.com.", "google": "aspmx.l.google.com."}


@pytest.fixture
def house(
    request: pytest.FixtureRequest, token_server: tuple[MailServer, Endpoint], tmp_path: Path, monkeypatch: Any
) -> Iterator[House]:
    server, endpoint = token_server
    domain = server.domain()
    endpoint.fails, endpoint.user = "", f"plaintes@{domain}"
    made = House(tmp_path, server, endpoint, endpoint.user)
    here = {
        "imap": providers.Server(port=server.imap_port, **LOCAL), "smtp": providers.Server(port=server.smtp_port, **LOCAL),
    }  # fmt: skip
    table = [replace(p, found=replace(p.found, **here)) for p in providers.PROVIDERS]
    monkeypatch.setattr(providers, "PROVIDERS", tuple(table))
    exchanger = {(domain, "MX"): (f"10 {MX[getattr(request, 'param', 'microsoft')]}",)}
    monkeypatch.setattr(names, "ask", lambda name, kind: exchanger.get((name, kind), ()))
    session = endpoint.session()
    monkeypatch.setattr(oauth, "_sources", lambda config, _: oauth.Sources(config, oauth.vault(config), session))
    monkeypatch.setattr(typer, "prompt", made.prompt)
    monkeypatch.setattr("mailbot.oauth.google.secrets.token_urlsafe", lambda _: "etat")
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two polls of the device code
    yield made
    assert made.answers == []


google = pytest.mark.parametrize("house", ["google"], indirect=True)
PASTED = ("Collez", "http://127.0.0.1:8087/?state=etat&code=le-code")


# -- a person ----------------------------------------------------------------------------------------------------------


def test_at_microsoft_one_identifier_and_a_code_in_the_browser_open_the_desk(house: House) -> None:
    house.endpoint.pending = 1
    code, output = house.by_hand(("ID d’application", CLIENT))
    assert code == 0, output
    for told in (*way_in.STEPS["microsoft"], "ABCD-EFGH", "https://microsoft.com/devicelogin"):
        assert " ".join(told.split()) in " ".join(output.split())
    assert max(map(len, output.partition("Écrit")[0].splitlines())) <= 100
    assert len(house.asked) + ROAD_BEFORE + 2 <= MOST, "with run and start: as short as with a password"
    assert [q for q in house.asked if JARGON.search(q)] == []
    config = house.written()
    assert config.oauth.model_dump(include={"provider", "flow", "client_id", "tenant"}) == {
        "provider": "microsoft", "flow": "person", "client_id": CLIENT, "tenant": house.box.partition("@")[2],
    }  # fmt: skip
    kept = config.data_dir / "oauth.json"
    assert house.endpoint.permission in kept.read_text(), "the latest, not the one that the trial used up"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert house.remembers(config, "start")
    assert house.reported()


@google
def test_at_google_the_downloaded_file_and_the_last_page_open_the_desk(house: House) -> None:
    code, output = house.by_hand(("Fichier téléchargé", house.file(DESKTOP)), PASTED)
    assert code == 0, output
    assert [q for q in house.asked if JARGON.search(q)] == []
    config = house.written()
    assert (config.oauth.provider, config.oauth.flow) == ("google", "person")
    assert config.oauth.client_secret.get_secret_value() == SECRET
    assert house.reported()


def test_what_is_refused_is_asked_again_and_nothing_is_left_behind(house: House) -> None:
    house.endpoint.fails = "invalid_client"
    code, output = house.by_hand(*[("ID d’application", CLIENT)] * 3)
    assert code == 1
    assert "refuse de donner un jeton (invalid_client)" in output
    assert "rien n’a été écrit" in output
    assert house.nothing_written()


def test_a_box_that_does_not_open_yet_is_tried_again_with_the_same_permission(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "ask", lambda name, kind: ())  # a filter stands in front: the provider is asked for
    box = house.box
    house.endpoint.user = f"autre@{box.partition('@')[2]}"  # the account that signed in may not open this one

    def mended() -> str:
        house.endpoint.user = box
        return ""

    code, output = house.by_hand(("Qui tient", "office"), ("ID d’application", CLIENT), ("Corrigez", mended))
    assert code == 0, output
    assert output.count("ABCD-EFGH") == 1
    assert house.reported()


# -- a file of answers -------------------------------------------------------------------------------------------------


def test_an_application_of_microsoft_sets_up_without_a_browser(house: House) -> None:
    code, output = house.by_file(client_id=CLIENT, client_secret=SECRET)
    assert code == 0, output
    config = house.written()
    assert (config.oauth.flow, config.oauth.client_secret.get_secret_value()) == ("application", SECRET)
    assert SECRET not in output
    assert not (config.data_dir / "oauth.json").exists()


def test_a_service_account_of_google_sets_up_without_a_browser(house: House, google_key: str) -> None:
    servers = {
        "reception": f"127.0.0.1:{house.server.imap_port}", "sending": f"127.0.0.1:{house.server.smtp_port}"
    }  # fmt: skip
    code, output = house.by_file(provider="google", service_account=house.account(google_key), **servers)
    assert code == 0, output
    assert house.written().oauth.service_account == house.config.parent / "google.json"


def test_what_only_a_person_can_do_is_left_to_login(house: House) -> None:
    code, output = house.by_file(client_id=CLIENT)
    assert code == 0, output
    assert "login" in output
    config = house.written()
    assert house.remembers(config, "start") == "", "nobody has logged in yet"
    done = CliRunner().invoke(cli, ["login", "-c", str(house.config)])
    assert done.exit_code == 0, done.output
    assert house.endpoint.permission in (config.data_dir / "oauth.json").read_text()
    tested = CliRunner().invoke(cli, ["staff", "test", "-c", str(house.config)])
    assert tested.exit_code == 0, tested.output


def test_an_application_that_is_refused_writes_nothing(house: House) -> None:
    house.endpoint.fails = "unauthorized_client"
    code, output = house.by_file(client_id=CLIENT, client_secret=SECRET)
    assert (code, house.nothing_written()) == (1, True), output


# -- what Google lets one download -------------------------------------------------------------------------------------

NOT_GOOGLE = {
    "no JSON": "<html>", "a list": "[]", "of a website": json.dumps({"web": DESKTOP["installed"]}),
    "half": json.dumps({"installed": {"client_id": "x"}}), "an account without key": json.dumps({"type": "service_account"}),
}  # fmt: skip


@pytest.mark.parametrize("text", NOT_GOOGLE.values(), ids=NOT_GOOGLE.keys())
def test_another_file_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match="Ce fichier n’est"):
        way_in.google_file(text)


@google
def test_a_file_that_is_missing_or_another_is_asked_for_again_and_a_password_is_still_a_way(house: House) -> None:
    again = ("Fichier téléchargé", str(house.folder / "nulle-part.json")), ("Fichier téléchargé", house.file("[]"))
    code, output = house.by_hand(*again, ("Fichier téléchargé", ""), ("Mot de passe", PASSWORD))
    assert code == 0, output
    assert house.written().oauth.provider == ""
    assert re.search(r"ne se lit pas.*n’est pas celui", output, re.DOTALL)
