"""The daemon: it comes and goes in good order, outlives its servers, says what is wrong by a road that works, and when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
from room import LOG, Clock, Webhook, configured, mail
from servers import PASSWORD, free_ports
from servers.mail import MailServer
from sink import STALL, Sink
from sqlmodel import select

from mailbot import app
from mailbot.app import Daemon
from mailbot.config import AlarmRoad, Mailbox, Smtp
from mailbot.log import log_to
from mailbot.mailbox import Down
from mailbot.outbox import AFTER_DOT_SECONDS, RoadClosed
from mailbot.store.lead import Busy
from mailbot.store.tables import Alarm, Inbound, Letter

NOON = cast.NOON - timedelta(days=70)  # a Monday; Dovecot takes no INTERNALDATE of the future
ROOT = Path(__file__).parent.parent
DEADLINE = 20.0  # seconds; only ever reached by a test that fails
SECRET = "geheim-und-lang"


class Desk:
    """A daemon of the test's own on a mailbox of its own."""

    def __init__(self, server: MailServer, folder: Path, smtp_port: int) -> None:
        self.server, self.folder, self.smtp_port = server, folder, smtp_port
        self.user = f"plaintes@{server.domain()}"
        self.clock = Clock(NOON)

    def daemon(self, *, smtp: dict[str, Any] | None = None, **settings: Any) -> Daemon:
        box = {"address": self.user, "host": "127.0.0.1", "port": self.server.imap_port, "security": "none"}
        box |= {"password": PASSWORD, "since": NOON - timedelta(days=1)} | settings.pop("mailbox", {})
        road = {"host": "127.0.0.1", "port": self.smtp_port, "security": "none", "user": "-"} | (smtp or {})
        config = configured(
            self.folder, mailbox=Mailbox.model_validate(box), smtp=Smtp.model_validate(road), **settings
        )
        return Daemon(config, self.clock, retry=(0.05,))

    def put(self, raw: bytes) -> None:
        self.server.put(raw, self.user, received_at=self.clock())


@pytest.fixture(autouse=True)
def log() -> None:
    log_to(LOG)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink("AUTH PLAIN") as opened:
        yield opened


@pytest.fixture
def desk(mail_server: MailServer, tmp_path: Path, sink: Sink) -> Desk:
    return Desk(mail_server, tmp_path, sink.port)


@contextlib.asynccontextmanager
async def running(daemon: Daemon) -> AsyncIterator[Daemon]:
    """The daemon at work until the end of the block, then stopped in good order."""
    async with daemon.open():
        life = asyncio.create_task(daemon.run())
        try:
            yield daemon
        finally:
            daemon.stop()
            await life


@contextlib.contextmanager
def without_dovecot(desk: Desk) -> Iterator[Callable[[], None]]:
    """Until the function that it gives is called, or else until the end of the block."""
    desk.server.dovecot.stop()
    with contextlib.ExitStack() as stack:
        stack.callback(desk.server.dovecot.start)
        yield stack.close


async def until(true: Callable[[], object]) -> None:
    """Returns as soon as it is true. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)


def rows(daemon: Daemon, table: Any) -> list[Any]:
    return daemon.ledger.ask(lambda tx: list(tx.exec(select(table))))


def alarm(daemon: Daemon, key: str) -> Alarm | None:
    return next((row for row in rows(daemon, Alarm) if row.key == key), None)


# -- at work -------------------------------------------------------------------------------------------------------------


async def test_a_mail_that_arrives_is_answered_by_a_desk_at_work(desk: Desk, sink: Sink) -> None:
    async with running(desk.daemon()):
        desk.put(mail(at=NOON))
        await sink.await_taken(2)
    assert {to for taken in sink.taken for to in taken.to} == {cast.CARL, cast.BO}


async def test_a_log_that_nobody_reads_any_more_stops_no_desk(desk: Desk, sink: Sink) -> None:
    gone = io.StringIO()
    log_to(gone)
    gone.close()  # writing raises from now on, as to a pipe whose reader ended
    async with running(desk.daemon()):
        desk.put(mail(at=NOON))
        await sink.await_taken(2)
    assert {to for taken in sink.taken for to in taken.to} == {cast.CARL, cast.BO}


async def test_once_takes_in_decides_sends_and_ends(desk: Desk, sink: Sink) -> None:
    desk.put(mail(at=NOON))
    desk.put(mail(at=NOON, sender=cast.OPALE, name="Opale"))
    daemon = desk.daemon()
    async with daemon.open():
        await daemon.once()
        assert {row.verdict for row in rows(daemon, Inbound)} == {"complaint"}
        assert {row.state for row in rows(daemon, Letter)} == {"sent"}
    assert sorted(to for taken in sink.taken for to in taken.to) == sorted([cast.CARL, cast.OPALE, cast.BO, cast.BO])


async def test_once_a_second_time_does_nothing_more(desk: Desk, sink: Sink) -> None:
    desk.put(mail(at=NOON))
    for _ in range(2):
        daemon = desk.daemon()
        async with daemon.open():
            await daemon.once()
    assert len(sink.taken) == 2


async def test_once_looks_at_due_rows(desk: Desk, sink: Sink) -> None:
    desk.clock.advance(hours=-6)
    daemon = desk.daemon()
    async with daemon.open():
        desk.clock.advance(hours=6)
        await daemon.once()
    assert [taken.to for taken in sink.taken] == [(cast.DAN,)], "the digest"


async def test_once_without_the_mailbox_still_sends_what_is_owed_and_says_that_it_is_down(
    desk: Desk, sink: Sink
) -> None:
    desk.put(mail(at=NOON))
    deaf = desk.daemon(smtp={"port": free_ports(1)[0]})
    async with deaf.open():
        with pytest.raises(RoadClosed):
            await deaf.once()
    daemon = desk.daemon(mailbox={"port": free_ports(1)[0]})
    async with daemon.open():
        with pytest.raises(Down):
            await daemon.once()
    assert len(sink.taken) == 2


@pytest.mark.sqlite("the lock beside the file; several daemons share a database (test_lead.py)")
async def test_a_register_has_one_daemon(desk: Desk) -> None:
    async with desk.daemon().open():
        second = desk.daemon()
        with pytest.raises(Busy, match="déjà"):
            async with second.open():
                pass
        second.ledger.close()
    async with desk.daemon().open():
        pass  # the first is gone


async def test_a_stop_waits_for_the_letter_in_hand_and_starts_no_other(desk: Desk, sink: Sink) -> None:
    sink.on("dot", STALL)
    daemon = desk.daemon()
    daemon.road.after_dot_seconds = 0.3
    async with running(daemon):
        desk.put(mail(at=NOON))
        await sink.await_taken(1)
    assert len(sink.taken) == 1
    again = desk.daemon()
    async with again.open():
        assert sorted(row.state for row in rows(again, Letter)) == ["owed", "owed"]
        assert [row.answer[:5] for row in rows(again, Letter) if row.repeats] == ["pas d"], "settled before the end"


# -- servers that are down -----------------------------------------------------------------------------------------------


async def test_a_mailbox_that_is_down_is_retried_alarmed_by_mail_after_ten_minutes_and_recovered(
    desk: Desk, sink: Sink
) -> None:
    daemon = desk.daemon()
    with without_dovecot(desk) as back:
        async with running(daemon):
            await until(lambda: "imap" in daemon.health.down_since)
            await daemon.tick()
            assert alarm(daemon, "imap") is None, "ten minutes of patience"
            desk.clock.advance(minutes=11)
            await daemon.tick()
            await sink.await_taken(1)
            told = alarm(daemon, "imap")
            assert told
            assert "ne peut pas être relevée" in told.text
            await daemon.tick()
            back()
            await until(lambda: "imap" in daemon.health.up)
            await daemon.tick()
            desk.put(mail(at=NOON))
            await sink.await_taken(4)
            assert len([row for row in rows(daemon, Letter) if row.kind == "alarm"]) == 1, "told once"
            assert len([row for row in rows(daemon, Letter) if row.kind == "recovered"]) == 1
    assert [taken.to for taken in sink.taken[:2]] == [(cast.DAN,), (cast.DAN,)]


async def test_a_wrong_mailbox_password_is_alarmed_at_once_and_never_shown(desk: Desk, sink: Sink) -> None:
    LOG.seek(0), LOG.truncate()
    daemon = desk.daemon(mailbox={"password": SECRET})
    async with running(daemon):
        await until(lambda: "imap" in daemon.health.down_since)
        await daemon.tick()
        await sink.await_taken(1)
        told = alarm(daemon, "imap")
        assert told
        assert told.raised_at == NOON
    assert "mot de passe" in told.text
    everything = LOG.getvalue() + told.text + sink.taken[0].raw.decode()
    assert "down" in LOG.getvalue()
    assert SECRET not in everything


async def test_when_nothing_can_be_sent_the_second_road_tells_and_the_first_says_when_it_is_over(
    mail_server: MailServer, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    desk = Desk(mail_server, tmp_path, port)
    with Webhook() as hook:
        daemon = desk.daemon(alarm=AlarmRoad(webhook=hook.url))
        async with running(daemon):
            desk.put(mail(at=NOON))
            await until(lambda: "smtp" in daemon.health.down_since)
            await daemon.tick()
            assert hook.told == []
            desk.clock.advance(minutes=11)
            await daemon.tick()
            await daemon.tick()
            [told] = hook.told
            assert "aucun courrier ne peut partir" in told["text"]
            row = alarm(daemon, "smtp")
            assert row
            assert row.told_by == "second road"
            sink = Sink()
            sink.port = port
            async with sink:
                desk.clock.advance(minutes=6)
                daemon.owed.set()
                await sink.await_taken(2)
                await until(lambda: "smtp" in daemon.health.up)
                await daemon.tick()
                await sink.await_taken(3)
        assert len(hook.told) == 1
    assert {taken.to for taken in sink.taken} == {(cast.CARL,), (cast.BO,), (cast.DAN,)}


async def test_a_server_that_puts_off_every_letter_is_down_until_it_takes_one(desk: Desk, sink: Sink) -> None:
    sink.on("RCPT", "451 4.7.1 later")
    with Webhook() as hook:
        daemon = desk.daemon(alarm=AlarmRoad(webhook=hook.url))
        async with running(daemon):
            desk.put(mail(at=NOON))
            await until(lambda: {row.answer[:3] for row in rows(daemon, Letter)} == {"451"})
            assert "smtp" not in daemon.health.up
            desk.clock.advance(minutes=31)
            await daemon.tick()
            assert "smtp" in daemon.health.down_since
            assert len(hook.told) == 1
            sink.on("RCPT", "")
            desk.clock.advance(hours=1)
            daemon.owed.set()
            await until(lambda: "smtp" in daemon.health.up)
            await daemon.tick()
            await sink.await_taken(3)
    assert "smtp" not in daemon.health.down_since
    assert {taken.to for taken in sink.taken} == {(cast.CARL,), (cast.BO,), (cast.DAN,)}


async def test_a_refused_smtp_account_is_told_at_once_refuses_no_letter_and_is_not_hammered(
    desk: Desk, sink: Sink
) -> None:
    LOG.seek(0), LOG.truncate()
    sink.on("AUTH", f"535 5.7.8 no: {SECRET}")
    with Webhook() as hook:
        daemon = desk.daemon(smtp={"user": "", "password": SECRET}, alarm=AlarmRoad(webhook=hook.url))
        async with running(daemon):
            desk.put(mail(at=NOON))
            await until(lambda: "smtp" in daemon.health.down_since)
            await daemon.tick()
            for _ in range(3):
                desk.clock.advance(seconds=15)
                daemon.owed.set()
                await until(lambda: not daemon.owed.is_set())
            assert sink.connections == 1
            assert {(row.state, row.attempts) for row in rows(daemon, Letter)} == {("owed", 0)}
            row = alarm(daemon, "smtp")
            assert row
            desk.clock.advance(minutes=2)
            sink.on("AUTH", "")
            daemon.owed.set()
            await sink.await_taken(2)
    [told] = hook.told
    assert "identifiants SMTP refusés" in told["text"]
    assert SECRET not in LOG.getvalue() + told["text"] + row.text


async def test_with_mail_working_alarms_go_by_mail_even_if_there_is_a_second_road(desk: Desk, sink: Sink) -> None:
    with Webhook() as hook:
        daemon = desk.daemon(alarm=AlarmRoad(webhook=hook.url), mailbox={"password": SECRET})
        async with running(daemon):
            await until(lambda: "imap" in daemon.health.down_since)
            await daemon.tick()
            await sink.await_taken(1)
        assert hook.told == []


async def test_a_second_road_that_fails_is_tried_again_at_the_next_tick(
    mail_server: MailServer, tmp_path: Path
) -> None:
    desk = Desk(mail_server, tmp_path, free_ports(1)[0])
    with Webhook(b"HTTP/1.0 503 busy\r\n\r\n") as hook:
        daemon = desk.daemon(alarm=AlarmRoad(webhook=hook.url))
        async with running(daemon):
            desk.put(mail(at=NOON))
            await until(lambda: "smtp" in daemon.health.down_since)
            desk.clock.advance(minutes=11)
            await daemon.tick()
            hook.answer = b"HTTP/1.0 200 OK\r\n\r\n"
            await daemon.tick()
            await daemon.tick()
        assert len(hook.told) == 2


# -- health --------------------------------------------------------------------------------------------------------------


async def test_a_mail_unexplained_for_an_hour_is_alarmed_and_the_alarm_ends_with_it(desk: Desk) -> None:
    desk.put(mail(at=NOON))
    daemon = desk.daemon()
    async with daemon.open():
        assert daemon.lead.take()
        await daemon._in_imap(daemon._connect)
        await daemon._in_imap(daemon.watch.pass_once)
        desk.clock.advance(minutes=59)
        await daemon.tick()
        assert alarm(daemon, "unexplained") is None
        desk.clock.advance(minutes=2)
        await daemon.tick()
        assert alarm(daemon, "unexplained") is not None
        await daemon.mails.decide_waiting()
        await daemon.tick()
        ended = alarm(daemon, "unexplained")
        assert ended
        assert ended.recovered_at == desk.clock()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.settimeout(DEADLINE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield ear


async def test_systemd_is_told_ready_alive_and_stopping(desk: Desk, systemd: socket.socket) -> None:
    daemon = desk.daemon()
    async with running(daemon):
        await until(lambda: len(daemon.beats) == 3)
        await daemon.tick()
    assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


async def test_the_watchdog_is_not_fed_while_one_loop_is_silent(desk: Desk, systemd: socket.socket) -> None:
    daemon = desk.daemon()
    async with daemon.open():
        for loop in ("watch", "decide", "post"):
            daemon.beat(loop)
        assert daemon.alive()
        daemon.beats["post"] -= app.STALE
        await daemon.tick()
        systemd.settimeout(0)
        with pytest.raises(BlockingIOError):
            systemd.recv(100)


def test_whoever_waits_in_good_order_is_never_taken_for_dead() -> None:
    assert app.LONGEST_WAIT < app.STALE / 2
    assert app.STALE > AFTER_DOT_SECONDS + 300


async def test_an_abstract_notify_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        name = f"mailbot-test-{os.getpid()}"
        ear.bind(f"\0{name}")
        ear.settimeout(DEADLINE)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        app.notify("READY=1")
        assert ear.recv(100) == b"READY=1"


# -- the process ---------------------------------------------------------------------------------------------------------

CONFIG = """\
mode = "live"
data_dir = "data"
[organisation]
name = "Institut Exemple Formation"
[mailbox]
address = "{user}"
host = "127.0.0.1"
port = {imap}
security = "none"
password = "{password}"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
user = "-"
[[staff]]
name = "Dan Petit"
addresses = ["dan@ief.example"]
roles = ["staff", "quality", "direction", "admin"]
"""


def test_the_process_says_ready_refuses_a_second_one_with_75_and_ends_with_0_on_sigterm(
    mail_server: MailServer, tmp_path: Path, systemd: socket.socket
) -> None:
    file = tmp_path / "mailbot.toml"
    user = f"plaintes@{mail_server.domain()}"
    file.write_text(CONFIG.format(user=user, imap=mail_server.imap_port, smtp=free_ports(1)[0], password=PASSWORD))
    file.chmod(0o600)
    command = [sys.executable, "-m", "mailbot", "run", "--config", str(file)]
    daemon = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert systemd.recv(100) == b"READY=1"
        environment = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
        second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        daemon.send_signal(signal.SIGTERM)
        said, _ = daemon.communicate(timeout=DEADLINE)
    finally:
        daemon.kill()
        daemon.wait()
    assert (second.returncode, daemon.returncode) == (75, 0)
    assert "un autre mailbot tient déjà ce registre" in second.stderr
    assert said.startswith("Mode réel")
    assert PASSWORD not in said
    assert "Traceback" not in said + second.stderr
