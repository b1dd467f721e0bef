"""`mailbot import` of old mails: kept as they are, judged once, as history or as files, and nobody hears of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import cast
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from test_import import SETTINGS
from typer.testing import CliRunner, Result

from mailbot import audit
from mailbot.cli import app
from mailbot.corridor.bench import words
from mailbot.guard import Guard, Unreadable
from mailbot.importing import mails
from mailbot.reports import sources
from mailbot.store import ledger, questions
from mailbot.store.tables import Due, Inbound, Letter, Raw

in_one_loop = pytest.mark.asyncio(loop_scope="module")
PARIS = ZoneInfo("Europe/Paris")
LONG_AGO = datetime(2024, 3, 12, 9, 30, tzinfo=UTC)
HOSTILE = sorted((Path(__file__).parent / "mail").rglob("*.eml"))[::40]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def old(subject: str = "Salle fermée", *, days: int = 0, relay: bool = True, **how: object) -> bytes:
    """A mail of 2024, as a mail program saved it."""
    at = LONG_AGO + timedelta(days=days)
    raw = mail(subject, at=at, **how)  # type: ignore[arg-type]
    return f"Received: from mx by ici; {at:%a, %d %b %Y %H:%M:%S} +0000\n".encode() + raw if relay else raw


def archive(folder: Path, *parts: bytes, name: str = "archive.mbox") -> Path:
    """A mailbox file."""
    path = folder / name
    path.write_bytes(b"".join(b"From carl@courriel.example Tue Mar 12 09:30:00 2024\n" + p + b"\n" for p in parts))
    return path


async def take(desk: Room, path: Path, *, as_complaints: bool = False) -> list[mails.Taken]:
    made = await mails.plan(sources.found(path), desk.bench)
    return await mails.take_in(made.mails, desk.mails, path.name, as_complaints=as_complaints)


def message_id(raw: bytes) -> str:
    return raw.partition(b"Message-ID: ")[2].partition(b"\n")[0].decode().strip()


@pytest.mark.parametrize(
    ("name", "head", "moment"),
    [
        ("2024-03-12 0905 awa.eml", "Date: Tue, 12 Mar 2024 10:00:00 +0100", "2024-03-12T08:05"),
        ("a.eml", "Received: a by b;\n Tue, 12 Mar 2024 10:00:00 +0100\nDate: Mon, 11 Mar 2024 08:00:00 +0100", "2024-03-12T09:00"),
        ("a.eml", "Received: a by b; hier\nDate: Mon, 11 Mar 2024 08:00:00 +0100", "2024-03-11T07:00"),
        ("a.eml", "Received: a by b; Tue, 12 Mar 2199 10:00:00 +0100\nDate: Mon, 11 Mar 2024 08:00:00", "2024-03-11T07:00"),
        ("a.eml", "Date: Fri, 31 Dec 9999 23:59:59 -2359", ""),
        ("a.eml", "Subject: Date: Mon, 11 Mar 2024 08:00:00 +0100", ""),
    ],
)  # fmt: skip
def test_a_mail_came_when_the_first_believable_of_its_dates_says(name: str, head: str, moment: str) -> None:
    found = mails.arrived(f"{head}\n\nDate: Mon, 1 Jan 2024 08:00:00 +0100\n".encode(), name, PARIS, cast.NOON)
    assert (f"{found:%Y-%m-%dT%H:%M}" if found else "") == moment


@in_one_loop
async def test_a_mailbox_file_becomes_history_byte_for_byte_once(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        parts = [old(), old("Absence", days=1, headers=(("Auto-Submitted", "auto-replied"),))]
        path = archive(tmp_path, *parts)
        assert [t.verdict for t in await take(desk, path)] == ["before-start"] * 2
        assert {row.data.rstrip(b"\n") for row in desk.rows(Raw)} == {p.rstrip(b"\n") for p in parts}
        first, second = desk.rows(Inbound)
        assert (first.received_at, first.from_addr, first.state) == (LONG_AGO, cast.CARL, "decided")
        assert "repris de archive.mbox#2 ; serait « auto-reply »" in second.reason
        assert (desk.rows(Letter), desk.rows(Due), desk.files(), desk.alarms()) == ([], [], [], {})
        assert await take(desk, path) == []
        assert len(desk.rows(Inbound)) == 2
        assert (await audit.examine(desk.config, desk.register, guard, desk.clock())).faults == []


@in_one_loop
async def test_complaints_among_them_become_files_of_their_year_and_their_threads_join(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail("Aujourd’hui", sender="lea@courriel.example"))
        written = len(desk.rows(Letter))
        first = old(files=(("programme.pdf", "application/pdf", b"%PDF-1.4 x"),))
        thread = (("In-Reply-To", message_id(first)),)
        path = archive(
            tmp_path,
            old("Re: Salle fermée", days=2, headers=thread),
            first,
            old("Absence", days=1, sender="x@y.example", headers=(("Auto-Submitted", "auto-replied"),)),
            old("[REC-2026-0001] #infondée", days=3, sender=cast.BO, name="Bo Martin"),
        )
        taken = await take(desk, path, as_complaints=True)
        assert [(t.verdict, t.number) for t in taken] == [
            ("complaint", "REC-2024-0001"),
            ("before-start", ""),
            ("follow-up", "REC-2024-0001"),
            ("before-start", ""),
        ]
        file = desk.file("REC-2024-0001")
        assert (file.stage, file.ack_state, file.received_at) == ("received", "elsewhere", LONG_AGO)
        assert file.origin == "archive.mbox#2"
        assert desk.file("REC-2026-0001").stage == "received", "no command of an old mail is obeyed"
        assert len(desk.rows(Letter)) == written
        assert desk.rows(Due, Due.complaint_id == file.id) == []
        for _ in range(6):
            await desk.tick(hours=24)
        assert cast.CARL not in {row.to_addr for row in desk.rows(Letter)}
        assert "REC-2024-0001" in {row.facts["number"] for row in desk.letters("chase")}
        found = await audit.examine(desk.config, desk.register, guard, cast.NOON)
        assert [f for f in found.faults if f.point in ("A1", "A2", "A4", "A5", "A6", "A7")] == []


@in_one_loop
async def test_a_flood_of_old_mails_is_none(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        path = archive(tmp_path, *(old(f"Plainte {n}", text=f"Bonjour, {n}.\n") for n in range(22)))
        taken = await take(desk, path, as_complaints=True)
        assert [t.number for t in taken] == [f"REC-2024-{n:04d}" for n in range(1, 23)]


@in_one_loop
async def test_hostile_mails_go_through_the_guard_and_what_it_can_not_read_is_shown(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "courriels"
    folder.mkdir()
    for n, each in enumerate(HOSTILE):
        (folder / f"{n}.eml").write_bytes(each.read_bytes())
    (folder / "vide.eml").write_bytes(b"\n")
    (folder / "mortel.eml").write_bytes(b"Subject: mortel\n\nx\n")
    (folder / "pire.eml").write_bytes(b"Subject: pire\n\nx\n")
    read, heads = guard.read, guard.read_headers

    async def fragile(raw: bytes, **how: bool) -> object:
        if b"mortel" in raw or b"pire" in raw:
            raise Unreadable("trop de mémoire")
        return await read(raw, **how)

    async def brittle(raw: bytes) -> object:
        if b"pire" in raw:
            raise Unreadable("trop de temps")
        return await heads(raw)

    monkeypatch.setattr(guard, "read", fragile)
    monkeypatch.setattr(guard, "read_headers", brittle)
    with room(tmp_path, guard) as desk:
        made = await mails.plan(sources.found(folder), desk.bench)
        assert made.faults == (("vide.eml", "vide"),)
        taken = await mails.take_in(made.mails, desk.mails, "courriels", as_complaints=True)
        assert len(taken) == len(made.mails) == len(desk.rows(Inbound))
        quarantined = {t.name: t.reason for t in taken if t.verdict == "quarantined"}
        assert "illisible : trop de mémoire" in quarantined["mortel.eml"]
        assert "illisible : trop de mémoire" in quarantined["pire.eml"]
        assert (desk.rows(Letter), desk.rows(Inbound, Inbound.waiting)) == ([], [])


@in_one_loop
async def test_history_is_not_read_again_by_start_unless_the_mailbox_holds_it_too(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        here, away = old(), old("Autre", days=1, text="Autre chose.\n")
        await take(desk, archive(tmp_path, here, name="une.mbox"))
        (tmp_path / "deux.eml").write_bytes(away)
        await take(desk, tmp_path / "deux.eml")

        def again() -> list[int | None]:
            since = LONG_AGO - timedelta(days=1)
            return [m.id for m in desk.register.ask(lambda tx: questions.before_start(tx, since))]

        assert again() == []
        desk.keep(away, at=LONG_AGO + timedelta(days=1))
        assert again() == [2]


@in_one_loop
async def test_a_mail_that_comes_again_after_it_was_history_is_a_complaint_like_any(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        raw = mail(at=cast.NOON)
        (tmp_path / "un.eml").write_bytes(raw)
        assert [t.verdict for t in await take(desk, tmp_path / "un.eml")] == ["before-start"]
        assert (await desk.take(b"X-Relay: b\n" + raw)).verdict == "complaint"


@in_one_loop
async def test_what_the_mailbox_brought_is_a_duplicate_in_the_archive(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        raw = mail()
        await desk.take(raw)
        same, other = archive(tmp_path, b"X-Kept: x\n" + raw), tmp_path / "memes.eml"
        other.write_bytes(raw)
        assert [t.verdict for t in await take(desk, same, as_complaints=True)] == ["duplicate"]
        assert (await mails.plan(sources.found(other), desk.bench)).known == 1


@in_one_loop
async def test_an_import_fixes_no_start_of_the_desk(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        desk.register.run(lambda tx: ledger.remember(tx, "start", ""))
        await take(desk, archive(tmp_path, old()))
        assert desk.register.ask(lambda tx: ledger.recall(tx, "start")) == ""


# -- the command ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = f'data_dir = "{tmp_path}"\n' + SETTINGS + registers.toml(tmp_path)
    (tmp_path / "mailbot.toml").write_text(settings, encoding="utf-8")
    archive(tmp_path, old(), old("Bruit", days=1, text="Trop de bruit.\n"), old("Prix", days=2, text="Trop cher.\n"))
    registers.furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILBOT_MAILBOX_PASSWORD", "secret")
    return tmp_path


def call(*said: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["import", *said], input=typed)


def counted(folder: Path) -> tuple[int, int]:
    """(files, mails)."""
    [counts] = registers.rows(folder, "SELECT (SELECT count(*) FROM complaint), (SELECT count(*) FROM inbound)")
    return counts


def test_the_command_shows_asks_and_takes_in_once(home: Path) -> None:
    shown = call("archive.mbox", "--as-complaints", "--preview")
    assert (shown.exit_code, counted(home)) == (0, (0, 0)), shown.output
    assert "Messages : 3 à reprendre, 0 déjà connus, 0 illisibles." in shown.stdout
    assert shown.stdout.rstrip().endswith("3 « complaint »\nRien n’a été écrit.")
    assert "3 « before-start »" in call("archive.mbox", typed="o\n").stdout
    again = json.loads(call("archive.mbox", "--yes", "--json").stdout)
    assert (again["known"], again["mails"], counted(home)) == (3, [], (0, 3))


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        (("archive.mbox", "--mapping", "x.toml"), 2, "valent pour un registre"),
        (("registre.csv", "--as-complaints"), 2, "vaut pour des messages"),
        (("absent.mbox",), 1, "ne se lit pas"),
        (("vide",), 1, "Aucun message"),
    ],
)
def test_what_can_not_be_done_is_said(home: Path, said: tuple[str, ...], code: int, told: str) -> None:
    (home / "vide").mkdir()
    result = call(*said)
    assert (result.exit_code, told in result.stderr) == (code, True), result.output


@pytest.mark.long
def test_killed_in_the_middle_and_typed_again_everything_is_there_once(home: Path) -> None:
    said = [sys.executable, "-m", "mailbot", "import", "archive.mbox", "--as-complaints", "--yes"]
    killed = subprocess.run(said, env={**os.environ, "MAILBOT_FAILPOINT": "K11:3"}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert counted(home) == (1, 1), "each mail passes the place twice: the second was not written, whole or in part"
    again = json.loads(call("archive.mbox", "--as-complaints", "--yes", "--json").stdout)
    assert [m["number"] for m in again["mails"]] == ["REC-2024-0002", "REC-2024-0003"]
    assert counted(home) == (3, 3)
    counts = "SELECT (SELECT count(*) FROM letter), (SELECT count(*) FROM place)"
    assert registers.rows(home, counts) == [(0, 3)]
