"""What a monitor is told: `mailbot status`, Prometheus text and JSON on loopback, a heartbeat that harms nobody."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cast
import pytest
import registers
from room import Webhook, mail
from servers import free_ports
from sink import Sink
from test_app import Desk, desk, log, running, sink, until  # noqa: F401  (fixtures)
from test_cli import configure
from typer.testing import CliRunner

from mailbot import monitor, status
from mailbot.cli import app
from mailbot.config import Backup, OAuth
from mailbot.config.records import Health
from mailbot.monitor import Heartbeat, listening
from mailbot.status import Status
from mailbot.store import apply, pulse
from mailbot.store.ledger import Ledger, remember
from mailbot.store.pulse import Pulse

NOW = cast.NOON
AGO = timedelta(minutes=2)
GOOD = Pulse(
    ticked_at=NOW, fetched_at=NOW - AGO, accepted_at=NOW - AGO, backup_at=None, token_ends_at=None,
    unexplained_since=None, owed=0, owed_since=None, late_since=None, open_files=3, alarms=(),
)  # fmt: skip


def judged(mute: str = "", settings: dict[str, Any] | None = None, **change: Any) -> Status:
    return status.judge(replace(GOOD, **change), cast.config(**(settings or {})), NOW, mode="live", mute=mute)


TWO_HOURS = NOW - timedelta(hours=2)
TABLE = [  # what is so, and the red lines of it
    ({}, set()),
    ({"ticked_at": None, "fetched_at": None}, {"service", "boîte"}),
    ({"ticked_at": NOW - timedelta(minutes=6)}, {"service"}),
    ({"fetched_at": NOW - timedelta(minutes=31)}, {"boîte"}),
    ({"fetched_at": NOW - timedelta(minutes=29)}, set()),
    ({"unexplained_since": TWO_HOURS}, {"messages"}),
    ({"unexplained_since": NOW - AGO}, set()),
    ({"owed": 4, "owed_since": TWO_HOURS}, {"envoi", "lettres"}),
    ({"owed": 4, "owed_since": NOW - AGO}, set()),
    ({"owed": 4, "owed_since": TWO_HOURS, "mute": "ce registre est une copie"}, {"parole"}),
    ({"late_since": TWO_HOURS}, {"horloge"}),
    ({"at_work": 2, "reader": "a:1", "reader_since": TWO_HOURS}, set()),
    ({"at_work": 2}, {"partage"}),  # nobody reads the mailbox
    ({"backup_at": NOW - timedelta(days=3)}, set()),  # no copy is asked for
    ({"backup_at": NOW - timedelta(days=3), "settings": {"backup": Backup(folder=Path("/x"))}}, {"sauvegarde"}),
    ({"backup_at": TWO_HOURS, "settings": {"backup": Backup(folder=Path("/x"))}}, set()),
    ({"token_ends_at": NOW, "settings": {"oauth": OAuth(provider="google")}}, {"jeton"}),
    ({"token_ends_at": NOW + AGO, "settings": {"oauth": OAuth(provider="google")}}, set()),
    ({"alarms": (("flood:x", "afflux"),)}, set()),  # told already, and orange here
]  # fmt: skip


@pytest.mark.parametrize(("so", "red"), TABLE)
def test_what_is_red_and_when(so: dict[str, Any], red: set[str]) -> None:
    found = judged(**so)
    assert {s.what for s in found.signs if s.state == "red"} == red
    assert found.well is (not red)


def test_where_several_daemons_share_a_register_it_is_said_who_reads_and_how_many_are_at_work() -> None:
    said = status.lines(judged(at_work=2, reader="\x1b[31mune:1", reader_since=TWO_HOURS))
    [line] = [each for each in said if "partage" in each]
    assert "une:1 lit la boîte depuis 2 h ; 2 au travail sur ce registre" in line
    assert "\x1b" not in line
    assert not any("partage" in each for each in status.lines(judged()))


def test_alive_is_a_tick_and_ready_is_a_mailbox_read_too() -> None:
    assert (judged().alive, judged().ready) == (True, True)
    deaf = judged(fetched_at=None)
    assert (deaf.alive, deaf.ready) == (True, False)
    dead = judged(ticked_at=TWO_HOURS)
    assert (dead.alive, dead.ready) == (False, False)


def test_a_mailbox_that_is_polled_seldom_is_given_three_polls() -> None:
    assert status.unfetched_after(60) == timedelta(minutes=30)
    assert status.unfetched_after(1740) == timedelta(minutes=87)


def test_the_metrics_are_prometheus_text_without_anybody_in_it() -> None:
    text = status.metrics(judged(alarms=(("imap", f"lettre à {cast.CARL}"),), owed=2))
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"mailbot_[a-z_]+ -?[0-9.]+(e\+[0-9]+)?", line)
            name, value = line.split()
            values[name] = float(value)
    assert (values["mailbot_letters_owed"], values["mailbot_alarms_open"], values["mailbot_alive"]) == (2, 1, 1)
    assert values["mailbot_last_fetch_timestamp_seconds"] == (NOW - AGO).timestamp()
    assert "mailbot_last_backup_timestamp_seconds" not in values, "never is no instant"
    assert cast.CARL not in text


# -- the port -------------------------------------------------------------------------------------------------------------


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return (int(answer.split()[1]) if answer else 0), answer.partition(b"\r\n\r\n")[2]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    [free] = free_ports(1)

    async def look() -> Status:
        return judged()

    async with listening(free, look):
        yield free


async def test_each_page_answers_what_it_says(port: int) -> None:
    assert (await ask(port, get("/metrics")))[1].startswith(b"# HELP mailbot_alive")
    code, body = await ask(port, get("/status"))
    assert (code, json.loads(body)["ready"]) == (200, True)
    assert await ask(port, get("/metrics").replace(b"GET", b"HEAD")) == (200, b"")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (get("/"), 404),
        (get("/../etc/passwd"), 404),
        (b"POST /metrics HTTP/1.1\r\n\r\n", 405),
        (b"\r\n\r\n", 405),
        (b"\xff\x00\r\n\r\n", 405),
        (b"GET /" + b"a" * 100_000 + b"\r\n\r\n", 0),
    ],
)
async def test_nonsense_is_refused_and_the_next_reader_is_answered(port: int, request_: bytes, code: int) -> None:
    try:
        assert (await ask(port, request_))[0] == code
    except ConnectionError:
        assert code == 0
    assert (await ask(port, get("/metrics")))[0] == 200


async def test_a_reader_that_says_nothing_holds_nobody_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "PATIENCE", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await ask(port, get("/metrics")))[0] == 200
    assert await reader.read() == b"", "hung up on"
    writer.close()


async def test_something_wrong_is_503_and_a_fault_of_ours_is_500() -> None:
    [free] = free_ports(1)
    answers: list[Any] = [judged(fetched_at=None), ZeroDivisionError()]

    async def look() -> Status:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with listening(free, look):
        assert [(await ask(free, get("/status")))[0] for _ in "12"] == [503, 500]


async def test_a_port_that_is_taken_stops_no_desk(port: int) -> None:
    async def look() -> Status:
        raise AssertionError

    async with listening(port, look):
        assert (await ask(port, get("/status")))[0] == 200, "the first one answers"


# -- the real daemon ------------------------------------------------------------------------------------------------------


async def test_a_desk_at_work_notes_its_passes_answers_and_pings(desk: Desk, sink: Sink) -> None:  # noqa: F811
    [free] = free_ports(1)
    with Webhook() as hook:
        async with running(desk.daemon(health=Health(metrics_port=free, heartbeat_url=hook.url))) as daemon:
            desk.put(mail(at=desk.clock()))
            await sink.await_taken(2)
            await until(lambda: hook.asked)
            await daemon.tick()
            code, body = await ask(free, get("/status"))
            told = json.loads(body)
            assert (code, told["alive"], told["ready"], told["well"], told["open_files"]) == (200, True, True, True, 1)
            assert told["fetched_at"] == desk.clock().isoformat()
            assert told["accepted_at"] == desk.clock().isoformat()
            assert b"mailbot_last_accepted_timestamp_seconds" in (await ask(free, get("/metrics")))[1]
        assert hook.asked[0].startswith("GET ")


async def test_no_ping_and_no_sign_of_a_fetch_while_the_mailbox_is_down(desk: Desk) -> None:  # noqa: F811
    [nobody] = free_ports(1)
    with Webhook() as hook:
        daemon = desk.daemon(mailbox={"port": nobody}, health=Health(heartbeat_url=hook.url))
        async with running(daemon):
            await until(lambda: "imap" in daemon.health.down_since)
            await daemon.tick()
            seen = await daemon.status()
        assert (seen.alive, seen.ready, hook.asked) == (True, False, [])


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.0 500 No\r\n\r\n", b"nonsense\r\n", b"", b"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:9/\r\n\r\n"],
)
async def test_a_heartbeat_that_fails_harms_nothing(answer: bytes) -> None:
    with Webhook(answer) as hook:
        heart = Heartbeat(hook.url)
        for _ in range(2):
            heart.beat()
            heart.beat()  # one at a time
            await heart.finish()
        assert heart.failing
        assert len(hook.asked) == 2


async def test_no_address_no_ping() -> None:
    heart = Heartbeat("")
    heart.beat()
    await heart.finish()
    assert not heart.failing


# -- the command ------------------------------------------------------------------------------------------------------------


def call(folder: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["status", *words, "--config", str(folder / "mailbot.toml")])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_a_script_by_its_exit_code(tmp_path: Path) -> None:
    configure(tmp_path)
    code, said, why = call(tmp_path)
    assert (code, said, "vide" in why) == (1, "", True)
    book = Ledger(registers.url(tmp_path))
    book.upgrade()
    assert call(tmp_path)[1].startswith("✗ service : dernier signe de vie jamais")
    now = datetime.now(UTC)
    for what in (pulse.TICKED, pulse.FETCHED):
        book.run(lambda tx, what=what: pulse.note(tx, what, now))
    assert call(tmp_path)[0] == 0
    assert call(tmp_path, "--quiet") == (0, "", "")
    book.run(lambda tx: apply.raise_alarm(tx, "flood:x", "afflux", now))
    assert call(tmp_path, "--quiet")[:2] == (0, "! alarmes : afflux\n")
    book.run(lambda tx: remember(tx, "muted", "ce registre est une copie"))
    code, said, _ = call(tmp_path, "--json")
    told = json.loads(said)
    assert (code, told["alive"], told["well"], told["mute"]) == (1, True, False, "ce registre est une copie")
    assert told["alarms"] == [{"key": "flood:x", "text": "afflux"}]
    book.close()


@pytest.mark.sqlite("the file holds something else")
def test_a_register_that_does_not_open_is_75(tmp_path: Path) -> None:
    configure(tmp_path)
    (tmp_path / "mailbot.db").write_bytes(b"no database" * 1000)
    assert call(tmp_path)[0] == 75
