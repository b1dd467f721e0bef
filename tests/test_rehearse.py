"""`mailbot rehearse`: dated mails through the real desk without a network; the same mails give the same bytes."""

from __future__ import annotations

import csv
import json
import socket
import sqlite3
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from room import configured
from typer.testing import CliRunner, Result

from mailbot.cli import app
from mailbot.message import pdf as glance
from mailbot.rehearse import folder as folders
from mailbot.rehearse import play as plays

PARIS = ZoneInfo("Europe/Paris")
BOX, AWA, BO = "reclamations@ief.example", "awa@courriel.example", "bo@ief.example"
ARGUED = (
    "Bonjour,\n\nNous avons relu la convocation et le planning, puis entendu le formateur et la personne de l’accueil. Ce que vous "
    "décrivez s’est bien passé ainsi, et une consigne écrite est désormais remise à chaque intervenant la veille.\n"
)
SETTINGS = f"""
data_dir = "nulle-part"
[organisation]
name = "Institut Exemple Formation"
domains = ["ief.example"]
[mailbox]
address = "{BOX}"
host = "imap.ief.example"
[smtp]
host = "smtp.ief.example"
[assignment]
default = "{BO}"
[[staff]]
name = "Bo Martin"
addresses = ["{BO}"]
[[staff]]
name = "Ann Leroy"
addresses = ["ann@ief.example"]
roles = ["quality", "direction"]
[[staff]]
name = "Dan Petit"
addresses = ["dan@ief.example"]
roles = ["admin"]
"""


def put(folder: Path, name: str, subject: str, text: str, *, sender: str = AWA, more: str = "") -> None:
    """A mail as somebody writes it in a text editor: no Message-ID, accents as they are, line ends of the editor."""
    path = folder / f"{name}.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"From: <{sender}>\nTo: {BOX}\nSubject: {subject}\n{more}\n{text}", encoding="utf-8")


def story(folder: Path) -> Path:
    """Awa complains, answers the AR, is answered, is not content; Bo taps nothing and types references left blank."""
    put(folder, "2026-03-23 0905 awa", "Salle fermée", "Bonjour,\nla salle était fermée.\nAwa\n")
    put(folder, "2026-03-23 0940 evaluation", "[{{REC:awa}}] #évaluer", "G2 C2 R2 immédiat:non\n", sender=BO)
    more = "In-Reply-To: {{LETTER:ack}}\n"
    put(folder, "2026-03-23 1130 suite", "Re: Salle fermée", "Bonjour,\nc’était la salle 12.\nAwa\n", more=more)
    put(folder, "2026-03-24 1600 reponse", "[{{REC:Salle fermée}}] #résolu", ARGUED, sender=BO)
    more = "In-Reply-To: {{LETTER:reply|awa}}\n"
    put(
        folder,
        "2026-03-26 0900 encore",
        "Re: Salle fermée",
        "Bonjour,\nvous ne dites rien du livret.\nAwa\n",
        more=more,
    )
    return folder


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["rehearse", *map(str, words)])


pytestmark = pytest.mark.sqlite("a rehearsal writes its register into a file of its own")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mailbot.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "secrets.toml").write_text('[mailbox]\npassword = "x"\n', encoding="utf-8")
    (tmp_path / "secrets.toml").chmod(0o600)
    return path


def rehearsed(config: Path, folder: Path, out: Path, until: str = "2026-04-02") -> dict[str, Any]:
    result = call(folder, "--until", until, "--out", out, "--config", config, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


@pytest.fixture
def played(config: Path, tmp_path: Path) -> Path:
    rehearsed(config, story(tmp_path / "courriels"), tmp_path / "out")
    return tmp_path / "out"


def letters(out: Path) -> list[tuple[str, str, str]]:
    """(local time, kind, to) of every letter, read from the files themselves."""
    found = []
    for path in sorted((out / "lettres").glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        when = datetime.strptime(path.name[:19], "%Y-%m-%dT%H-%M-%S").replace(tzinfo=PARIS)
        assert mail["To"] in path.name
        assert mail["Date"].datetime <= when
        found.append((f"{when:%m-%d %H:%M}", str(mail["X-Mailbot"]), str(mail["To"]).partition("@")[0]))
    return sorted(found)


def test_the_fiche_of_the_file_and_the_figures_lie_beside_the_letters(played: Path) -> None:
    [fiche] = (played / "fiches").iterdir()
    assert fiche.name == "REC-2026-0001.pdf"
    assert "la salle était fermée" in " ".join(glance.texts(fiche.read_bytes()))
    with zipfile.ZipFile(played / "registre.xlsx") as book:
        assert b"Salle ferm" in book.read("xl/sharedStrings.xml")
    told = json.loads((played / "chiffres.json").read_text(encoding="utf-8"))
    assert (told["from"], told["to"], told["figures"][0]["text"]) == ("2026-03-23", "2026-04-02", "1")
    # the 1st of April begins a quarter: the pack of the first one has been made
    assert sorted(p.name for p in (played / "reunions").iterdir()) == [
        f"001-2026-01-01-2026-03-31.{ending}" for ending in ("pdf", "xlsx")
    ]


def test_every_letter_that_would_leave_is_there_at_its_instant(played: Path) -> None:
    assert [row for row in letters(played) if row[1] != "digest"] == [
        ("03-23 09:05", "ack", "awa"),
        ("03-23 09:05", "assignment", "bo"),
        ("03-23 09:40", "confirm", "bo"),
        ("03-23 11:30", "followup-notice", "bo"),
        ("03-23 11:30", "receipt", "awa"),
        ("03-24 16:00", "confirm", "bo"),
        ("03-24 16:10", "reply", "awa"),
        ("03-26 09:00", "receipt", "awa"),
        ("03-26 09:00", "reopen-proposal", "ann"),
        ("03-26 09:00", "reopen-proposal", "bo"),
        ("03-27 18:00", "handed-over", "bo"),
        ("03-27 18:00", "reopened", "awa"),
        ("03-30 10:00", "chase", "bo"),
        ("03-31 10:00", "chase", "ann"),
        ("04-01 08:00", "meeting-pack", "ann"),  # the quarter has ended
        ("04-01 10:00", "chase", "ann"),
        ("04-01 10:00", "progress", "awa"),
        ("04-02 10:00", "chase", "bo"),
    ]  # fmt: skip
    days = [when for when, kind, _ in letters(played) if kind == "digest"]
    assert days == [f"03-{day} 08:00" for day in (23, 24, 25, 26, 27, 30, 31)] + ["04-01 08:00", "04-02 08:00"]


def test_register_journal_and_messages_are_told_for_a_script_and_for_a_spreadsheet(played: Path) -> None:
    [file] = json.loads((played / "registre.json").read_text(encoding="utf-8"))
    assert (file["number"], file["cycle"], file["assignee"], file["complainant_addr"]) == ("REC-2026-0001", 2, BO, AWA)
    assert file["due_on"] == "2026-04-07"  # second AR on Friday 27 March; Good Friday is worked, Easter Monday is not
    with (played / "registre.csv").open(encoding="utf-8-sig", newline="") as opened:
        [row] = csv.DictReader(opened, delimiter=";")
    assert (row["number"], row["due_on"], row["subject"]) == ("REC-2026-0001", "2026-04-07", "Salle fermée")
    events = [line["event"] for line in json.loads((played / "journal.json").read_text(encoding="utf-8"))]
    assert events[:3] == ["opened", "assigned", "acknowledged"]
    verdicts = [m["verdict"] for m in json.loads((played / "messages.json").read_text(encoding="utf-8"))]
    assert verdicts == ["complaint", "staff-command", "follow-up", "staff-command", "follow-up"]


def test_the_same_mails_give_the_same_bytes(config: Path, tmp_path: Path, played: Path) -> None:
    rehearsed(config, tmp_path / "courriels", tmp_path / "again")
    first, again = (
        {p.relative_to(o): p.read_bytes() for p in o.rglob("*") if p.is_file()} for o in (played, tmp_path / "again")
    )
    assert list(first)
    assert first == again


def test_its_register_has_every_table_of_a_real_one(tmp_path: Path) -> None:
    """In a fresh process: which tables are known must not depend on what else was imported."""
    program = (
        "import sys; from mailbot.store.ledger import Ledger\n"
        "made, grown = (Ledger(f'sqlite:///{sys.argv[1]}/{n}.db') for n in 'ab')\n"
        "made.create(); grown.upgrade(); assert made.schema() == grown.schema() != ''"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    seen = []
    for name in "ab":
        with sqlite3.connect(tmp_path / f"{name}.db") as register:
            tables = [n for (n,) in register.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            columns = {(t, c[1], c[2], c[3]) for t in tables for c in register.execute(f"PRAGMA table_info('{t}')")}
        register.close()
        seen.append(columns)
    assert len(seen[0]) > 100
    assert seen[0] == seen[1]


def test_one_letter_more_in_a_mail_draws_other_codes(config: Path, tmp_path: Path, played: Path) -> None:
    put(tmp_path / "courriels", "2026-03-23 0905 awa", "Salle fermée", "Bonjour,\nla salle était fermée !\nAwa\n")
    rehearsed(config, tmp_path / "courriels", tmp_path / "again")
    ids = [
        message_from_bytes(next((o / "lettres").glob("*_ack.eml")).read_bytes())["Message-ID"]
        for o in (played, tmp_path / "again")
    ]
    assert len(set(ids)) == 2


def test_no_connection_is_asked_for(monkeypatch: pytest.MonkeyPatch, config: Path, tmp_path: Path) -> None:
    asked: list[object] = []

    def refuse(_self: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError("no network in a rehearsal")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: refuse(socket.socket(), a))
    told = rehearsed(config, story(tmp_path / "courriels"), tmp_path / "out", "2026-03-24")
    assert (asked, told["letters"]["reply"], told["left_out"]) == ([], 1, 1)


@pytest.mark.parametrize(
    ("name", "header", "expected"),
    [
        ("2026-03-23 0905 awa", "", "2026-03-23 09:05"),
        ("2026-03-23T09:05_awa", "", "2026-03-23 09:05"),
        ("2026-03-23 09h05", "", "2026-03-23 09:05"),
        ("2026-03-23 awa", "", "2026-03-23 12:00"),
        ("2026-03-23 0905 awa", "Date: Tue, 24 Mar 2026 10:00:00 +0100\n", "2026-03-23 09:05"),
        ("awa", "Date: Tue, 24 Mar 2026 10:00:00 +0000\n", "2026-03-24 11:00"),
    ],
)  # fmt: skip
def test_a_mail_is_dated_by_its_name_else_by_its_header(tmp_path: Path, name: str, header: str, expected: str) -> None:
    put(tmp_path, name, "Salle", "Bonjour\n", more=header)
    [mail] = folders.mails(tmp_path, PARIS, "mx.example")
    assert f"{mail.at.astimezone(PARIS):%Y-%m-%d %H:%M}" == expected


def test_what_can_not_be_dated_is_named_and_nothing_is_played(config: Path, tmp_path: Path) -> None:
    put(tmp_path / "in", "sans date", "Salle", "Bonjour\n")
    put(tmp_path / "in", "2026-02-30 impossible", "Salle", "Bonjour\n")
    result = call(tmp_path / "in", "--until", "2026-04-10", "--out", tmp_path / "out", "--config", config)
    assert result.exit_code == 1
    assert "sans date.eml" in result.stderr
    assert "2026-02-30 impossible.eml" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("blank", "said"),
    [
        ("[{{REC:zoe}}] #note", "aucun dossier de ce nom"),
        ("{{LETTER:survey}}", "n’a reçu aucune lettre de ce genre"),
    ],
)
def test_a_blank_that_nothing_fills_stops_the_rehearsal_and_is_named(
    config: Path, tmp_path: Path, blank: str, said: str
) -> None:
    put(tmp_path / "in", "2026-03-23 0905 awa", "Salle fermée", "Bonjour,\nla salle était fermée.\n")
    put(tmp_path / "in", "2026-03-24 0905 bo", blank, "Vu.\n", sender=BO)
    result = call(tmp_path / "in", "--until", "2026-04-10", "--out", tmp_path / "out", "--config", config)
    assert result.exit_code == 1
    assert "2026-03-24 0905 bo.eml" in result.stderr
    assert said in result.stderr


def test_a_folder_that_holds_something_is_left_alone(config: Path, tmp_path: Path) -> None:
    story(tmp_path / "in")
    before = sorted(tmp_path.rglob("*"))
    result = call(tmp_path / "in", "--until", "2026-04-10", "--out", tmp_path / "in", "--config", config)
    assert (result.exit_code, sorted(tmp_path.rglob("*"))) == (1, before)
    assert "n’est pas vide" in result.stderr


def test_a_mail_is_believed_unless_it_says_what_a_provider_said(tmp_path: Path) -> None:
    put(tmp_path, "2026-03-23 a", "Salle", "Bonjour\n")
    put(tmp_path, "2026-03-24 b", "Salle", "Bonjour\n", more="Authentication-Results: mx.example; dmarc=fail\n")
    put(tmp_path, "indésirables/2026-03-25 c", "Salle", "Bonjour\n")
    believed, judged, junk = folders.mails(tmp_path, PARIS, "mx.example")
    assert believed.raw.startswith(b"Authentication-Results: mx.example; dmarc=pass header.from=courriel.example\r\n")
    assert judged.raw.count(b"Authentication-Results") == 1
    assert (believed.junk, judged.junk, junk.junk) == (False, False, True)


async def test_a_desk_in_essai_is_rehearsed_as_it_will_be_live(tmp_path: Path) -> None:
    put(tmp_path / "in", "2026-03-23 0905 awa", "Salle fermée", "Bonjour,\nla salle était fermée.\n")
    config = configured(tmp_path, mode="essai")
    mails = folders.mails(tmp_path / "in", PARIS, config.mailbox.authserv_id)
    (tmp_path / "out").mkdir()
    days: list[int] = []
    told = await plays.play(config, mails, date(2026, 3, 24), tmp_path / "out", days.append)
    assert (told.files, sum(days)) == (1, 2)
    assert ("03-23 09:05", "ack", "awa") in letters(tmp_path / "out")
    assert min(days) >= 0
    assert plays.rehearsed(config, tmp_path).mailbox.since is None
    assert mails[0].at.astimezone(UTC).hour == 8
