"""The record survives its disk: a copy taken at work is whole, a restored desk is mute, and what was tampered with is found."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
import registers
from audit import audit
from crash.desk import PATIENCE, Desk
from crash.scene import rig
from pydantic import SecretStr
from room import Room, Webhook, mail, room
from scenes import first
from servers import free_ports
from servers.mail import MailServer
from servers.postgres import Postgres
from sink import Sink

from mailbot import backups, proof
from mailbot.backups import Backups
from mailbot.config import AlarmRoad, Backup, Database, Instance, secret_keys
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.health import Health
from mailbot.store import backup, instance, journal, ledger, post
from mailbot.store.packed import packed
from mailbot.store.tables import Journal, Raw

at_work = pytest.mark.asyncio(loop_scope="module")
PDF = (("programme.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 2000),)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def change(register: Path, *statements: str) -> None:
    with closing(sqlite3.connect(register)) as db, db:
        for statement in statements:
            db.execute(statement)


def copied(desk: Room, folder: Path) -> backup.Copy:
    assert desk.register.path
    return backup.write(desk.register.path, folder, desk.clock())


def restored(copy: Path, target: Path, *, anyway: bool = False) -> backup.Copy:
    return backup.restore(copy, target, cast.NOON, new_id="n" * 32, who="dan", salt="s" * 32, anyway=anyway)


def muteness(desk: Room) -> str:
    return desk.register.ask(lambda tx: instance.mute(tx, desk.config.instance_id))


# -- the copy ------------------------------------------------------------------------------------------------------------


def _kept(desk: Desk) -> int:
    return len(desk.rows("SELECT id FROM inbound")) if desk.furnished() else 0


def _await(desk: Desk, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert desk.running(), desk.log[-3000:]
        assert time.monotonic() < deadline, desk.log[-3000:]
        time.sleep(0.05)


@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
def test_a_copy_taken_under_load_restores_to_a_desk_that_is_mute_and_then_finishes_its_work(
    mail_server: MailServer, tmp_path: Path
) -> None:
    with rig(mail_server, tmp_path, "load") as r:
        real, [nowhere] = f"port = {r.sink.port}", free_ports(1)
        text = r.desk.config.read_text()
        r.desk.config.write_text(text.replace(real, f"port = {nowhere}"))  # the old desk sends nothing: its disk dies
        r.deliver(first.complaints(r.post, 6))
        r.desk.start()
        _await(r.desk, lambda: _kept(r.desk) > 0)
        made = json.loads(r.desk.command("backup", str(tmp_path / "copies"), "--json").stdout)
        assert made["rows"]["raw"] > 0
        r.desk.kill()
        r.desk.data_dir.rename(tmp_path / "lost")
        r.desk.config.write_text(text)

        done = r.desk.command("restore", made["file"])
        assert (done.returncode, "muet" in done.stdout) == (0, True), done.stderr
        r.deliver(first.complaints(r.post, 1, start=20))
        r.desk.start()
        _await(r.desk, lambda: _kept(r.desk) == 7 and not r.desk.rows("SELECT id FROM inbound WHERE state = 'kept'"))
        _await(r.desk, lambda: bool(r.sink.accepted))
        assert r.desk.stop() == 0
        assert {a.to for a in r.sink.accepted} == {f"dan@{r.post.house}"}
        assert len(r.sink.accepted) == 1
        assert len(r.desk.numbers()) == 7, "mail is taken in and decided all the same"
        assert r.desk.log.count("Bureau MUET") == 1
        assert "MUET" in r.desk.command("list").stdout

        assert r.desk.command("unmute").returncode == 0
        assert r.to_idle() == 0
        assert audit(r.evidence()) == []
        assert r.desk.command("verify").returncode == 0


@at_work
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
async def test_a_copy_is_one_closed_file_with_every_row_and_knows_that_it_is_one(guard: Guard, tmp_path: Path) -> None:
    with room(new(tmp_path / "a"), guard) as desk:
        await desk.take(mail(files=PDF))
        made = copied(desk, tmp_path / "copies")
        assert [p.name for p in (tmp_path / "copies").iterdir()] == ["mailbot-20261123T110000Z.db"]
        assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
        assert made.rows["raw"] == len(desk.rows(Raw)) == 1
        assert made.head == desk.register.ask(journal.last_head)
        assert made.faults == ()
        shutil.copy(made.file, new(tmp_path / "b") / "mailbot.db")
        with room(tmp_path / "b", guard) as other:
            assert "copie" in muteness(other), "also when it was put in place by hand"
        assert muteness(desk) == ""


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (b"", "n’existe pas"),
        (b"bonjour" * 1000, "not a database"),
    ],
)
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
def test_what_is_no_register_is_not_restored(damage: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "copy.db"
    if damage:
        file.write_bytes(damage)
    with pytest.raises(backup.Failed, match=said):
        restored(file, tmp_path / "data" / "mailbot.db")
    assert list((tmp_path / "data").iterdir()) == []


@at_work
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
async def test_a_register_that_is_there_is_never_overwritten(guard: Guard, tmp_path: Path) -> None:
    with room(new(tmp_path / "a"), guard) as desk:
        made = copied(desk, tmp_path / "copies")
        assert desk.register.path
        before = desk.register.path.read_bytes()
        with pytest.raises(backup.Failed, match="rien n’est écrasé"):
            restored(made.file, desk.register.path)
        assert desk.register.path.read_bytes() == before


@at_work
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
async def test_a_damaged_register_makes_no_copy(guard: Guard, tmp_path: Path) -> None:
    with room(new(tmp_path / "a"), guard) as desk:
        await desk.take(mail())
        assert desk.register.path
        change(desk.register.path, "DELETE FROM raw")
        with pytest.raises(backup.Failed, match="abîmé"):
            copied(desk, tmp_path / "copies")
        assert list((tmp_path / "copies").iterdir()) == []


@at_work
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
async def test_a_copy_whose_journal_does_not_verify_is_restored_only_on_demand(guard: Guard, tmp_path: Path) -> None:
    with room(new(tmp_path / "a"), guard) as desk:
        await desk.take(mail())
        assert desk.register.path
        change(desk.register.path, "UPDATE journal SET actor = 'personne' WHERE id = 1")
        made = copied(desk, tmp_path / "copies")
        assert made.faults
        with pytest.raises(backup.Failed, match="ne se vérifie pas"):
            restored(made.file, tmp_path / "b" / "mailbot.db")
        assert restored(made.file, tmp_path / "b" / "mailbot.db", anyway=True).faults


@pytest.mark.parametrize(("keep", "left"), [(1, ["20261122", "20261123"]), (30, ["20261120", "20261122", "20261123"])])
def test_old_copies_go_and_strangers_stay(keep: int, left: list[str], tmp_path: Path) -> None:
    for day in ("20261120", "20261122", "20261123"):
        for kind in ("db", "toml"):
            (tmp_path / f"mailbot-{day}T120000Z.{kind}").touch()
    (tmp_path / "mailbot-vieux.db").touch()
    backup.rotate(tmp_path, keep, datetime(2026, 11, 23, 11, tzinfo=UTC))
    assert sorted(p.name[8:16] for p in tmp_path.glob("*Z.db")) == left
    assert sorted(p.name[8:16] for p in tmp_path.glob("*Z.toml")) == left
    assert (tmp_path / "mailbot-vieux.db").exists()


def test_the_last_copy_stays_however_old(tmp_path: Path) -> None:
    (tmp_path / "mailbot-20250101T120000Z.db").touch()
    assert backup.rotate(tmp_path, 1, cast.NOON) == []


@pytest.mark.parametrize(
    "text",
    [
        '[mailbox]\nhost = "a"\npassword = "geheim"\n',
        '[mailbox]\nhost = "a"\n  #password = "geheim"  # avant\n',
        '[alarm]\nwebhook = "https://x/geheim"\n[alarm.smtp]\npassword = "geheim"\n',
        '[database]\nurl = "postgresql://a:geheim@b/c"\n',
        'mailbox = {host = "a", password = "geheim"}\n',
        '[mailbox]\npassword = """\ngeheim"""\n',
    ],
)
def test_no_secret_gets_into_the_copied_configuration(text: str) -> None:
    bare = secret_keys.without(text)
    assert "geheim" not in bare
    assert tomllib.loads(bare).get("mailbox", {}).get("host", "a") == "a"


# -- at its hour ---------------------------------------------------------------------------------------------------------


@at_work
@pytest.mark.sqlite("the copy of the file; a database has pg_dump")
async def test_the_daemon_makes_one_a_day_and_alarms_when_it_can_not(guard: Guard, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    with room(new(tmp_path / "a"), guard, backup=Backup(folder=folder, keep=2)) as desk:
        keeper, well = Backups(desk.bench), Health(desk.bench)

        async def pass_by(**span: float) -> list[str]:
            desk.clock.advance(**span)
            await keeper.tick()
            await keeper.finish()
            await well.look()
            return sorted(p.name[8:16] for p in folder.glob("mailbot-*.db"))

        assert await pass_by() == ["20261123"], "the first at once"
        assert await pass_by(hours=12) == ["20261123"]
        assert await pass_by(hours=4) == ["20261123", "20261124"]
        assert "backup" not in desk.alarms()
        shutil.rmtree(folder)
        folder.write_text("not a folder")
        assert await pass_by(days=1) == []
        assert "la sauvegarde du registre a échoué" in desk.alarms()["backup"]
        folder.unlink()
        assert await pass_by(minutes=30) == [], "not tried at every tick"
        assert len(await pass_by(minutes=31)) == 1
        await well.tell()
        assert desk.register.ask(lambda tx: backups.trouble(tx, desk.config, desk.clock())) == ""
        shutil.rmtree(folder)
        assert "n’est plus là" in desk.register.ask(lambda tx: backups.trouble(tx, desk.config, desk.clock()))
        late = desk.clock() + timedelta(hours=37)
        assert "date du" in desk.register.ask(lambda tx: backups.trouble(tx, desk.config, late))


# -- mute ----------------------------------------------------------------------------------------------------------------


@at_work
async def test_a_mute_desk_says_one_thing_a_day_by_one_road(guard: Guard, tmp_path: Path) -> None:
    async with Sink() as sink:
        with Webhook() as hook:
            road = AlarmRoad(webhook=hook.url)
            with room(tmp_path, guard, port=sink.port, alarm=road, instance=Instance(id=SecretStr("b" * 32))) as desk:
                desk.register.run(lambda tx: ledger.remember(tx, instance.ID, "a" * 32))
                await desk.take(mail())
                well = Health(desk.bench)
                for _ in range(48):
                    desk.clock.advance(hours=1)
                    await desk.dues.tick()
                    await well.look()
                    await well.tell()
                    await desk.send()
                days = [message_from_bytes(t.raw, policy=policy.default)["Subject"] for t in sink.taken]
                assert {to for t in sink.taken for to in t.to} == {cast.DAN}
                assert len(days) == 3, "one on each of the three dates that went by"
                assert all("muet" in day for day in days)
                assert hook.told == []
                assert "smtp" not in well.down_since
                assert desk.files()[0].number == "REC-2026-0001"

                desk.register.run(lambda tx: instance.unmute(tx, "b" * 32, at=desk.clock(), who="dan", salt="s" * 32))
                assert muteness(desk) == ""
                await desk.send()
                assert cast.CARL in {to for t in sink.taken for to in t.to}
                [line] = desk.rows(Journal, Journal.event == "unmuted")
                assert (line.actor, line.cause) == ("dan", "command:unmute")


@pytest.mark.parametrize(
    ("here", "secret", "used", "after", "mute"),
    [
        ("", "", False, "drawn", False),
        ("", "s", False, "s", False),
        ("", "s", True, "", True),
        ("a", "", True, "a", False),
        ("a", "a", True, "a", False),
        ("a", "s", True, "a", True),
    ],
)
@at_work
async def test_who_a_register_takes_itself_for(
    guard: Guard, tmp_path: Path, here: str, secret: str, used: bool, after: str, mute: bool
) -> None:
    with room(tmp_path, guard, instance=Instance(id=SecretStr(secret))) as desk:
        if here:
            desk.register.run(lambda tx: ledger.remember(tx, instance.ID, here))
        if used:
            await desk.take(mail())
        desk.register.run(lambda tx: instance.settle(tx, secret, lambda: "drawn"))
        assert desk.register.ask(lambda tx: ledger.recall(tx, instance.ID)) == after
        assert bool(muteness(desk)) == mute


async def waits_for_unmute(desk: Room, why: str) -> None:
    """Whatever daemon opens it: nothing but its alarm is taken to be sent, until a human says that this one writes."""
    desk.register.run(lambda tx: instance.settle(tx, desk.config.instance_id, lambda: "drawn"))
    assert why in muteness(desk)
    await desk.take(mail("après la copie"))
    claimed = desk.register.run(lambda tx: post.claim(tx, desk.clock(), mute=bool(muteness(desk))))
    assert claimed == []
    desk.register.run(lambda tx: instance.unmute(tx, "s" * 32, at=desk.clock(), who="dan", salt="s" * 32))
    desk.register.run(lambda tx: instance.settle(tx, desk.config.instance_id, lambda: "drawn"))
    assert muteness(desk) == ""
    assert desk.register.run(lambda tx: post.claim(tx, desk.clock(), mute=bool(muteness(desk))))


@at_work
async def test_a_postgresql_register_restored_from_a_dump_is_mute_though_the_secrets_are_its_own(
    guard: Guard, tmp_path: Path, postgres: Postgres
) -> None:
    ours, theirs = postgres.new_database(), postgres.new_database()
    settings: dict[str, Any] = {"instance": Instance(id=SecretStr("s" * 32))}
    try:
        with closing(ledger.Ledger(postgres.url(ours))) as register:
            register.upgrade()
        with room(tmp_path, guard, database=Database(url=postgres.url(ours)), **settings) as desk:
            for _ in range(2):  # started twice where it is: it speaks
                desk.register.run(lambda tx: instance.settle(tx, "s" * 32, lambda: "drawn"))
            await desk.take(mail())
            assert muteness(desk) == ""
        postgres.copy_database(ours, theirs)
        with room(tmp_path, guard, database=Database(url=postgres.url(theirs)), **settings) as desk:
            await waits_for_unmute(desk, "copi")
    finally:
        postgres.drop_database(theirs)
        postgres.drop_database(ours)


# -- tampering -----------------------------------------------------------------------------------------------------------

DROP_LAST = (
    "DELETE FROM journaltext WHERE journal_id = (SELECT max(id) FROM journal)",
    "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)",
)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ((), ""),
        (("DELETE FROM journaltext WHERE journal_id = 1",), ""),  # erased by right: the chain still holds
        (("UPDATE journal SET actor = 'personne' WHERE id = 1",), "la chaîne est rompue"),
        (("UPDATE journaltext SET text = 'rien' WHERE journal_id = 1",), "ne correspond pas à son empreinte"),
        ((f"UPDATE raw SET data = X'{packed(b'Subject: autre').hex()}'",), "ses octets"),
        (("UPDATE raw SET data = CAST(substr(data, 1, length(data) - 9) AS BLOB)",), "ses octets"),
        (("UPDATE attachment SET sha256 = replace(sha256, substr(sha256, 1, 1), 'x')",), "programme.pdf"),
        (DROP_LAST, "n’y est pas"),
        ((*DROP_LAST, "DELETE FROM letter_of_digest"), "n’y est pas"),
    ],
    ids=["whole", "erased", "line", "text", "mail", "broken", "attachment", "dropped", "dropped with the digest"],
)
@at_work
async def test_tampering_is_found_with_the_head_of_the_last_digest(
    guard: Guard, tmp_path: Path, statements: tuple[str, ...], said: str
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(files=PDF))
        desk.register.run(desk.dues.first_digest)
        await desk.tick(days=1)
        letter = desk.letters("digest")[-1]
        body = message_from_bytes(letter.raw, policy=policy.default).get_body(("plain",))
        assert body is not None
        said_head = re.search(r"Tête du journal\s*:\s*(\w+)", body.get_content())
        assert said_head
        witness = proof.as_head(said_head[1])
        real = [
            s.replace("letter_of_digest", "letter WHERE kind = 'digest' AND id NOT IN (SELECT 0)") for s in statements
        ]
        last = "SELECT head FROM journal ORDER BY id DESC LIMIT 1"
        while registers.rows(tmp_path, last) not in (
            [],
            [(witness,)],
        ):  # what came after the digest is not dropped here
            for s in DROP_LAST:
                registers.change(tmp_path, s)
        if any("letter_of_digest" in s for s in statements):
            for table in ("letterkey", "octets"):
                of_it = f"DELETE FROM {table} WHERE letter_id IN (SELECT id FROM letter WHERE kind = 'digest')"
                registers.change(tmp_path, of_it)
        for s in real:
            registers.change(tmp_path, s)
        steps: list[int] = []
        found = await proof.examine(desk.register, guard, head=witness, step=lambda: steps.append(1))
        assert (found.mails, found.attachments, len(steps)) == (1, 1, 1)
        assert (said in " ".join(found.faults)) if said else found.faults == []


@pytest.mark.parametrize("head", ["abcdef1", "abcdefgh", "0" * 65, "", "abcdef12; DROP"])
def test_a_head_too_short_to_witness_anything_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="au moins huit"):
        proof.as_head(head)
