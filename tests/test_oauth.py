"""Tokens instead of a password: given, renewed ahead, kept, refused; XOAUTH2 with a real Dovecot and a real Postfix."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
from room import Clock, Webhook, configured, mail
from servers.mail import MailServer
from servers.tokens import Endpoint, token_endpoint
from sink import Sink
from sqlmodel import select

from mailbot import oauth
from mailbot.app import Daemon
from mailbot.config import AlarmRoad, Config, Mailbox, OAuth, Smtp
from mailbot.mailbox import Down
from mailbot.mailbox import Mailbox as Box
from mailbot.oauth.keep import Vault
from mailbot.outbox import Road, RoadClosed
from mailbot.store.post import Claimed
from mailbot.store.tables import Alarm, Letter

NOON = cast.NOON - timedelta(days=70)  # Dovecot takes no INTERNALDATE of the future
DEADLINE = 60.0  # seconds; only ever reached by a test that fails
SECRET = "geheimnis-der-anwendung"
WAYS = [("microsoft", "person"), ("microsoft", "application"), ("google", "person"), ("google", "application")]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with token_endpoint(cast.BOX) as running:
        yield running


@dataclass
class Desk:
    """One account and its ways to tokens."""

    folder: Path
    endpoint: Endpoint
    key: str
    provider: str = "microsoft"
    flow: str = "application"

    def config(self, **settings: Any) -> Config:
        account = self.folder / "google.json"
        account.write_text(
            json.dumps(
                {"type": "service_account", "client_email": "mailbot@project.example", "private_key": self.key,
                 "token_uri": "https://oauth2.googleapis.com/token", "private_key_id": "1"}
            )
        )  # fmt: skip
        said = OAuth.model_validate(
            {"provider": self.provider, "flow": self.flow, "tenant": "t", "client_id": "mailbot-client",
             "client_secret": SECRET, "service_account": account}
        )  # fmt: skip
        return configured(self.folder, oauth=said, **settings)

    def tokens(self, clock: Clock) -> oauth.Tokens:
        found = oauth.of(self.config(), clock, self.endpoint.session())
        assert found is not None
        return found

    def sign_in(self) -> list[str]:
        """What the person reads, who then does what it says."""
        said: list[str] = []

        def ask(_: str) -> str:
            state = next(line for line in said if "state=" in line).partition("state=")[2].partition("&")[0]
            return f"http://127.0.0.1:8087/?state={state}&code=le-code"

        oauth.sign_in(self.config(), said.append, ask, self.endpoint.session())
        return said


@pytest.fixture
def desk(tmp_path: Path, endpoint: Endpoint, google_key: str) -> Desk:
    return Desk(tmp_path, endpoint, google_key)


def ready(desk: Desk, provider: str, flow: str) -> Desk:
    """Signed in where a person must."""
    desk.provider, desk.flow = provider, flow
    if flow == "person":
        desk.sign_in()
    return desk


# -- a token ---------------------------------------------------------------------------------------------------------


def test_without_a_provider_the_account_is_opened_by_password(tmp_path: Path) -> None:
    assert oauth.of(configured(tmp_path), Clock(NOON)) is None


@pytest.mark.parametrize(("provider", "flow"), WAYS)
def test_each_provider_gives_a_token_in_both_flows(desk: Desk, provider: str, flow: str) -> None:
    assert ready(desk, provider, flow).tokens(Clock(NOON)).access() in desk.endpoint.alive


def test_a_service_account_acts_for_the_mailbox(desk: Desk) -> None:
    ready(desk, "google", "application").tokens(Clock(NOON)).access()
    [asked] = desk.endpoint.asked
    claims = asked["assertion"].split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert (told["sub"], told["scope"]) == (cast.BOX, "https://mail.google.com/")


@pytest.mark.parametrize(("left", "renewed"), [(timedelta(minutes=5, seconds=1), False), (timedelta(minutes=5), True)])
def test_a_token_is_renewed_five_minutes_ahead(desk: Desk, left: timedelta, renewed: bool) -> None:
    clock = Clock(NOON)
    tokens = desk.tokens(clock)
    first = tokens.access()
    clock.now = NOON + timedelta(seconds=desk.endpoint.lives) - left
    assert (tokens.access() != first) is renewed


def test_a_token_that_the_server_refused_is_not_shown_again(desk: Desk) -> None:
    tokens = desk.tokens(Clock(NOON))
    first = tokens.access()
    assert tokens.access(refused=first) != first


@pytest.mark.parametrize(("left", "served"), [(timedelta(minutes=2), True), (timedelta(seconds=30), False)])
def test_while_the_provider_is_down_the_token_in_hand_serves_to_its_last_moment(
    desk: Desk, left: timedelta, served: bool
) -> None:
    clock = Clock(NOON)
    tokens = desk.tokens(clock)
    first = tokens.access()
    desk.endpoint.fails = "500"
    clock.now = NOON + timedelta(seconds=desk.endpoint.lives) - left
    if served:
        assert tokens.access() == first
        return
    with pytest.raises(oauth.NoToken) as caught:
        tokens.access()
    assert not caught.value.permanent


@pytest.mark.parametrize(("provider", "flow"), WAYS)
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client"])
def test_a_refusal_says_what_to_do_and_no_word_of_the_provider(
    desk: Desk, provider: str, flow: str, error: str
) -> None:
    ready(desk, provider, flow)
    desk.endpoint.fails = error
    with pytest.raises(oauth.NoToken) as caught:
        desk.tokens(Clock(NOON)).access()
    assert caught.value.permanent
    wanted = "mailbot login" if flow == "person" and error == "invalid_grant" else "[oauth]"
    assert wanted in caught.value.advice
    assert error in str(caught.value)
    said = f"{caught.value} {caught.value.advice}"
    assert not [word for word in ("secret words", SECRET, "access-", "permission-") if word in said]


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_before_anybody_signed_in_the_way_is_told(desk: Desk, provider: str) -> None:
    desk.provider, desk.flow = provider, "person"
    with pytest.raises(oauth.NoToken, match="pas encore la permission") as caught:
        desk.tokens(Clock(NOON)).access()
    assert "mailbot login" in caught.value.advice


# -- signing in ------------------------------------------------------------------------------------------------------


def test_microsoft_shows_a_code_and_waits_until_it_was_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between two polls of the device code
    desk.endpoint.pending = 2
    said = ready(desk, "microsoft", "person").sign_in()
    assert "ABCD-EFGH" in said[0]
    assert "https://microsoft.com/devicelogin" in said[0]
    assert [f["grant_type"].rpartition(":")[2] for f in desk.endpoint.asked].count("device_code") >= 3


def test_an_address_of_another_page_is_no_permission(desk: Desk) -> None:
    desk.provider, desk.flow = "google", "person"
    with pytest.raises(oauth.NoToken, match="dernière page"):
        oauth.sign_in(desk.config(), lambda _: None, lambda _: "http://127.0.0.1:8087/?code=x&state=forged")
    assert not (desk.folder / oauth.FILE).exists()


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_a_rotated_permission_is_on_the_disk_before_its_token_is_used(desk: Desk, provider: str) -> None:
    ready(desk, provider, "person")
    before = desk.endpoint.permission
    for _ in range(3):  # each time a program that starts anew: only the disk remembers
        desk.tokens(Clock(NOON)).access()
    assert desk.endpoint.permission != before
    kept = desk.folder / oauth.FILE
    assert desk.endpoint.permission in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_permission_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(tmp_path / "kept.json")
    vault.write("old")

    def cut(_: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(OSError, match="power cut"):
        vault.write("new")
    assert vault.read() == "old"
    monkeypatch.undo()
    vault.write("newer")
    assert (vault.read(), [p.name for p in tmp_path.iterdir()]) == ("newer", ["kept.json"])


# -- with real servers -----------------------------------------------------------------------------------------------


def opened(token_server: tuple[MailServer, Endpoint], folder: Path, key: str) -> tuple[Desk, dict[str, Any]]:
    """A desk whose account these servers hold, and its settings."""
    server, endpoint = token_server
    endpoint.fails, endpoint.user = "", f"plaintes@{server.domain()}"
    box = {"address": endpoint.user, "host": "127.0.0.1", "port": server.imap_port, "security": "none"}
    road = {"host": "127.0.0.1", "port": server.smtp_port, "security": "none"}
    box["since"] = (NOON - timedelta(days=1)).isoformat()
    settings = {"mailbox": Mailbox.model_validate(box), "smtp": Smtp.model_validate(road)}
    return Desk(folder, endpoint, key), settings


async def test_the_mailbox_and_the_road_open_with_a_token_and_with_another_after_it_was_withdrawn(
    token_server: tuple[MailServer, Endpoint], tmp_path: Path, google_key: str
) -> None:
    desk, settings = opened(token_server, tmp_path, google_key)
    config = desk.config(**settings)
    tokens = oauth.of(config, Clock(NOON), desk.endpoint.session())
    assert tokens
    box = Box(config.mailbox, token=tokens.access)
    road = Road(config.smtp, user=config.smtp_user, sender=config.mailbox.address, token=tokens.access)
    raw = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: essai\r\n\r\nBonjour.\r\n"
    for _ in range(2):
        await asyncio.to_thread(box.connect)
        assert "MOVE" in box.capabilities()
        await road.open()
        letter = Claimed(
            id=1, name="x", kind="x", envelope_to=config.mailbox.address, raw=raw, message_id="<1@x>", attempt=1
        )
        assert (await road.announce(letter) or await road.hand_over(letter)).outcome == "sent"
        await road.quit()
        box.close()
        desk.endpoint.withdraw()


async def test_an_account_that_takes_no_token_is_down_for_good_and_no_token_is_told(
    token_server: tuple[MailServer, Endpoint], tmp_path: Path, google_key: str
) -> None:
    desk, settings = opened(token_server, tmp_path, google_key)
    config = desk.config(**settings)
    box = Box(config.mailbox, token=lambda refused: "access-of-nobody" + refused[:1])
    with pytest.raises(Down, match="refuse le jeton") as down:
        await asyncio.to_thread(box.connect)
    road = Road(config.smtp, user=config.smtp_user, sender=config.mailbox.address, token=lambda _: "access-of-nobody")
    with pytest.raises(RoadClosed) as closed:
        await road.open()
    assert down.value.permanent
    assert closed.value.ours
    assert "access-of-nobody" not in f"{down.value} {closed.value}"


@contextlib.asynccontextmanager
async def at_work(daemon: Daemon) -> Any:
    async with daemon.open():
        life = asyncio.create_task(daemon.run())
        try:
            yield daemon
        finally:
            daemon.stop()
            await life


async def until(true: Any) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_token_that_ends_while_the_desk_waits_for_mail_is_renewed_and_mail_goes_on(
    token_server: tuple[MailServer, Endpoint], tmp_path: Path, google_key: str
) -> None:
    server, endpoint = token_server
    desk, settings = opened(token_server, tmp_path, google_key)
    clock = Clock(NOON)
    daemon = Daemon(desk.config(**settings), clock, retry=(0.05,), http=endpoint.session())
    user = settings["mailbox"].address

    def sent() -> int:
        return daemon.ledger.ask(lambda tx: len(list(tx.exec(select(Letter).where(Letter.state == "sent")))))

    async with at_work(daemon):
        server.put(mail(at=clock()), user, received_at=clock())
        await until(lambda: sent() == 2)
        endpoint.withdraw()  # what was good is over; the provider ends the connection, as Exchange does
        clock.advance(hours=2)
        server.dovecot.kick(user)
        server.put(mail(sender=cast.OPALE, name="Opale", at=clock()), user, received_at=clock())
        await until(lambda: sent() == 4)
        acks = daemon.ledger.ask(lambda tx: [x.to_addr for x in tx.exec(select(Letter).where(Letter.kind == "ack"))])
    assert acks == [cast.CARL, cast.OPALE]
    assert len(endpoint.alive) == 1, "one new token served both the mailbox and the road"


async def test_a_permission_that_was_withdrawn_is_alarmed_by_the_second_road(
    token_server: tuple[MailServer, Endpoint], tmp_path: Path, google_key: str
) -> None:
    _, endpoint = token_server
    desk, settings = opened(token_server, tmp_path, google_key)
    ready(desk, "google", "person")
    endpoint.fails = "invalid_grant"
    with Webhook() as hook:
        road = AlarmRoad(webhook=hook.url)
        daemon = Daemon(desk.config(alarm=road, **settings), Clock(NOON), retry=(0.05,), http=endpoint.session())
        async with at_work(daemon):
            await until(lambda: "imap" in daemon.health.down_since)
            await daemon.tick()  # the alarm is a letter: it cannot leave, and so the road is known to be closed
            await until(lambda: "smtp" in daemon.health.down_since)
            await daemon.tick()
            await until(lambda: hook.told)
            keys = daemon.ledger.ask(lambda tx: {a.key for a in tx.exec(select(Alarm))})
    assert {"imap", "smtp"} <= keys
    assert any("mailbot login" in told["text"] for told in hook.told)


async def test_a_sending_account_of_its_own_keeps_its_password(tmp_path: Path, desk: Desk) -> None:
    async with Sink("AUTH PLAIN") as sink:
        smtp = Smtp(host="127.0.0.1", port=sink.port, security="none", user="relais", password="mot")
        config = desk.config(smtp=smtp)
        assert not config.smtp_by_token
        assert not config.model_copy(update={"smtp": smtp.model_copy(update={"user": "-"})}).smtp_by_token
    assert desk.config(smtp=Smtp(host="127.0.0.1")).smtp_by_token
