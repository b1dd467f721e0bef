"""Several desks in one process: nothing of one is in another's mail, and no trouble of one delays another (issue: several desks)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cast
import pytest
from room import LOG, Clock, mail
from servers import PASSWORD, free_ports
from servers.mail import MailServer
from sink import Sink
from test_app import DEADLINE, NOON, until
from test_cli import call

from mailbot.app import Daemon
from mailbot.config import Config, Mailbox, Organisation, Person, Smtp, Texts
from mailbot.log import log_to
from mailbot.several import Row, clashes
from mailbot.store import questions

DRAWING, SAILING = "École de Dessin", "Centre de Voile"


@pytest.fixture(autouse=True)
def log() -> None:
    log_to(LOG)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with Sink("AUTH PLAIN") as opened:
        yield opened


class Site:
    """One of several desks: an organisation with its own mailbox, staff, prefix and register."""

    def __init__(self, server: MailServer, folder: Path, sink: Sink, name: str, letter: str) -> None:
        self.server, self.folder = server, folder / letter
        self.box = f"plaintes@{server.domain()}"
        self.staff = f"bo@{letter}.example"
        self.config = self._config(name, letter, sink.port)

    def _config(self, name: str, letter: str, smtp_port: int) -> Config:
        box = {"address": self.box, "host": "127.0.0.1", "port": self.server.imap_port, "security": "none"}
        return cast.config(
            data_dir=self.folder,
            organisation=Organisation(name=name),
            mailbox=Mailbox.model_validate(box | {"password": PASSWORD, "since": NOON}),
            smtp=Smtp.model_validate({"host": "127.0.0.1", "port": smtp_port, "security": "none", "user": "-"}),
            staff=(Person(name=f"Bo {letter}", addresses=(self.staff,), roles=("staff", "quality", "direction", "admin")),),
            assignment={"default": self.staff},
            intake={"prefix": letter.upper()},
            texts=Texts(signature=f"Le service qualité, {name}"),
        )  # fmt: skip

    def put(self, raw: bytes) -> None:
        self.server.put(raw, self.box, received_at=NOON)


@pytest.fixture
def sites(mail_server: MailServer, tmp_path: Path, sink: Sink) -> tuple[Site, Site]:
    return Site(mail_server, tmp_path, sink, DRAWING, "dessin"), Site(mail_server, tmp_path, sink, SAILING, "voile")


def daemon(config: Config) -> Daemon:
    return Daemon(config, Clock(NOON), retry=(0.05,))


@contextlib.asynccontextmanager
async def at_work(row: Row) -> AsyncIterator[Row]:
    life = asyncio.create_task(row.run(daemon))
    try:
        yield row
    finally:
        row.stop()
        async with asyncio.timeout(DEADLINE):
            await life


def numbers(site: Site) -> list[str]:
    from mailbot.store.ledger import Ledger

    register = Ledger(site.config.database_url)
    found = register.ask(lambda tx: [c.number for n in "12" if (c := questions.find_complaint(tx, _first(site, n)))])
    register.close()
    return found


def _first(site: Site, rank: str) -> str:
    return f"{site.config.intake.prefix}-{NOON.year}-000{rank}"


async def test_each_desk_has_its_numbers_its_staff_and_its_words_and_nothing_of_the_other(
    sites: tuple[Site, Site], sink: Sink
) -> None:
    drawing, sailing = sites
    async with at_work(Row([site.config for site in sites])):
        drawing.put(
            mail(subject="Chevalet", text="Le cours de dessin a été annulé, je souhaite être remboursé.", at=NOON)
        )
        sailing.put(mail(subject="Bateau", text="Le bateau fuyait, je souhaite une autre date.", at=NOON))
        await sink.await_taken(4)
    assert numbers(drawing) == [_first(drawing, "1")]
    assert numbers(sailing) == [_first(sailing, "1")]
    own = {drawing.box: drawing, sailing.box: sailing}
    assert {t.sender for t in sink.taken} == set(own)
    for taken in sink.taken:
        site = own[taken.sender]
        other = drawing if site is sailing else sailing
        assert set(taken.to) <= {cast.CARL, site.staff}
        words = taken.raw.decode("utf-8", "replace")
        for foreign in (other.box, other.staff, other.config.intake.prefix + "-"):
            assert foreign not in words


async def test_staff_of_one_desk_is_a_stranger_to_another(sites: tuple[Site, Site], sink: Sink) -> None:
    drawing, sailing = sites
    async with at_work(Row([site.config for site in sites])):
        sailing.put(mail(at=NOON))
        await sink.await_taken(2)
        order = f"{_first(sailing, '1')} #hors-périmètre"
        drawing.put(
            mail(sender=sailing.staff, name="Bo", subject=order, text="Ce dossier n’est pas pour nous.", at=NOON)
        )
        await sink.await_taken(4)
    assert numbers(drawing) == [_first(drawing, "1")], "a complaint of somebody unknown"
    assert {to for taken in sink.taken[2:] for to in taken.to} == {sailing.staff, drawing.staff}


async def test_a_mailbox_that_is_down_delays_no_other_desk(sites: tuple[Site, Site], sink: Sink) -> None:
    broken, well = sites
    down = broken.config.model_copy(
        update={"mailbox": broken.config.mailbox.model_copy(update={"port": free_ports(1)[0]})}
    )
    async with at_work(Row([down, well.config])):
        well.put(mail(at=NOON))
        await sink.await_taken(2)
    assert numbers(well) == [_first(well, "1")]


@pytest.mark.sqlite("the lock beside the file")
async def test_a_register_that_does_not_open_is_tried_again_while_the_others_work(
    sites: tuple[Site, Site], sink: Sink
) -> None:
    held, well = sites
    held.put(mail(at=NOON))
    row = Row([site.config for site in sites], pause=0.05)
    holder = daemon(held.config)
    async with contextlib.AsyncExitStack() as elsewhere:
        await elsewhere.enter_async_context(holder.open())
        async with at_work(row):
            well.put(mail(at=NOON))
            await sink.await_taken(2)
            assert set(row.open) == {well.box}
            await elsewhere.aclose()
            await sink.await_taken(4)
            assert set(row.open) == {well.box, held.box}


async def test_the_watchdog_is_fed_only_while_every_open_desk_is_alive(sites: tuple[Site, Site]) -> None:
    told: list[str] = []
    row = Row([site.config for site in sites], tell=told.append)
    async with at_work(row):
        await until(lambda: len(row.open) == 2 and all(d.alive() for d in row.open.values()))
        first, second = row.open.values()
        await first.tick()
        assert told.count("WATCHDOG=1") >= 1
        second.beats.clear()  # a loop of it no longer gives a sign of life
        second.beat = lambda loop: None  # type: ignore[method-assign]
        told.clear()
        await first.tick()
        assert "WATCHDOG=1" not in told


async def test_each_does_what_waits_and_says_its_own_trouble(sites: tuple[Site, Site], sink: Sink) -> None:
    broken, well = sites
    down = broken.config.model_copy(
        update={"mailbox": broken.config.mailbox.model_copy(update={"port": free_ports(1)[0]})}
    )
    well.put(mail(at=NOON))
    [trouble] = await Row([down, well.config]).once()
    assert trouble.startswith(f"{broken.box} : ")
    assert len(sink.taken) == 3  # the AR, the notice, and the alarm that this AR was late: the mail is months old


# -- what two desks may not share ------------------------------------------------------------------------------------------


def _desk(folder: Path, **changes: Any) -> tuple[Path, Config]:
    box = Mailbox(address=changes.pop("address", f"{folder.name}@ief.example"), host="127.0.0.1")
    return folder / "mailbot.toml", cast.config(data_dir=folder / "data", mailbox=box, **changes)


def test_two_desks_apart_do_not_clash(tmp_path: Path) -> None:
    assert list(clashes([_desk(tmp_path / "a"), _desk(tmp_path / "b")])) == []


@pytest.mark.parametrize(
    ("same", "named"),
    [
        ({"address": "plaintes@ief.example"}, "mailbox.address"),
        ({"health": {"metrics_port": 9100}}, "health.metrics_port"),
        ({"database": {"url": "sqlite:////tmp/un.db"}}, "data_dir ou database.url"),
    ],
)
def test_what_two_desks_may_not_share_is_named(same: dict[str, Any], named: str, tmp_path: Path) -> None:
    desks = [_desk(tmp_path / "a", **same), _desk(tmp_path / "b", **same)]
    [clash] = clashes(desks)
    assert named in clash
    assert all(str(file) in clash for file, _ in desks)


def test_two_configurations_in_one_folder_would_share_their_secrets(tmp_path: Path) -> None:
    one, other = _desk(tmp_path / "a"), _desk(tmp_path / "b")
    [clash] = clashes([one, (one[0].with_name("autre.toml"), other[1])])
    assert "secrets.toml" in clash


# -- the command -----------------------------------------------------------------------------------------------------------

TOML = """
mode = "live"
data_dir = "data"
[organisation]
name = "{name}"
[mailbox]
address = "{name}@ief.example"
host = "127.0.0.1"
port = {port}
security = "none"
password = "secret"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
user = "-"
[[staff]]
name = "Dan Petit"
addresses = ["dan@ief.example"]
roles = ["staff", "quality", "direction", "admin"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    [port] = free_ports(1)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "mailbot.toml"
        file.write_text(TOML.format(name=name, port=port))
        file.chmod(0o600)
    return tmp_path


def test_a_folder_stands_for_the_desks_in_it_and_each_says_its_mode_and_its_trouble(folder: Path) -> None:
    result = call("run", "--once", "--config", folder)
    assert result.exit_code == 75
    assert [line for line in result.stdout.splitlines() if line.endswith("@ief.example :")] == [
        "a@ief.example :", "b@ief.example :",
    ]  # fmt: skip
    assert {line.partition(" : ")[0] for line in result.stderr.splitlines()} >= {"a@ief.example", "b@ief.example"}


@pytest.mark.sqlite("a file that is no register")
def test_a_register_that_does_not_open_is_told_and_keeps_no_other_desk_from_its_work(folder: Path) -> None:
    (folder / "a" / "data").mkdir()
    (folder / "a" / "data" / "mailbot.db").write_text("pas un registre\n" * 99)
    result = call("run", "--once", "--config", folder)
    assert result.exit_code == 75
    assert "Le registre ne s’ouvre pas" in result.stderr
    assert "a@ief.example : ce bureau ne travaille pas, les autres continuent." in result.stderr
    assert (folder / "b" / "data" / "mailbot.db").exists()
    assert any(line.startswith("b@ief.example : ") for line in result.stderr.splitlines())  # it went to its mailbox


def test_the_mistakes_of_all_desks_are_told_at_once(folder: Path) -> None:
    for name in ("a", "b"):
        file = folder / name / "mailbot.toml"
        file.write_text(file.read_text().replace("[smtp]", "[smtp]\nporte = 1"))
    result = call("run", "--once", "--config", folder / "a" / "mailbot.toml", "--config", folder / "b" / "mailbot.toml")
    assert result.exit_code == 78
    assert result.stderr.count("porte") >= 2
    assert all(str(folder / name) in result.stderr for name in ("a", "b"))


def test_a_secret_of_the_environment_would_open_every_desk_and_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILBOT_SMTP_PASSWORD", "hunter2")
    result = call("run", "--once", "--config", folder)
    assert result.exit_code == 78
    assert "MAILBOT_SMTP_PASSWORD vaudrait pour tous les bureaux" in result.stderr
    assert "hunter2" not in result.stderr


def test_a_folder_without_desks_is_said(tmp_path: Path) -> None:
    result = call("run", "--config", tmp_path)
    assert (result.exit_code, "Aucun mailbot.toml" in result.stderr) == (78, True)
