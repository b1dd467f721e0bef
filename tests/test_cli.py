"""What a person types and what comes back: exit codes, French sentences, JSON for scripts, and nothing that steers a terminal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cast
import pytest
import registers
import structlog
from room import mail, room
from servers import free_ports
from sink import Sink
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner, Result

from mailbot.cli import app
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Complaint, Inbound

SECRET = "geheim-und-lang"
CONFIG = """\
mode = "{mode}"
data_dir = "."
[organisation]
name = "Institut Exemple Formation"
domains = ["ief.example"]
[mailbox]
address = "reclamations@ief.example"
host = "127.0.0.1"
port = {imap}
security = "none"
password = "geheim-und-lang"
authserv_id = "mx.ief.example"
[smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"
password = "geheim-und-lang"
[[staff]]
name = "Bo Martin"
addresses = ["bo@ief.example"]
[[staff]]
name = "Ann Leroy"
addresses = ["ann@ief.example"]
roles = ["quality"]
[[staff]]
name = "Dan Petit"
addresses = ["dan@ief.example"]
roles = ["admin"]
[[staff]]
name = "Line Direction"
addresses = ["dir@ief.example"]
roles = ["direction"]
[assignment]
default = "bo@ief.example"
"""
EVIL = "=?utf-8?q?=1B]0;pwned=07=C2=9B2J=E2=80=AEgnp?="
HOSTILE = mail(name="Mallory", sender=cast.MALLORY).replace(
    b"Subject: ", b"Subject: \x1b[2J\x9b31m " + EVIL.encode(), 1
)
HOSTILE = HOSTILE.replace(b"From: Mallory", b'From: "\x1b[31mMallory' + EVIL.encode() + b'"', 1)
HOSTILE = HOSTILE.replace(b"\r\n\r\n", b"\r\n\r\n\x1b[2J\x1b]52;c;cm0=\x07 \x08\x08 Bonjour\r\n", 1)


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    """Commands send the log to their own output, which ends with them."""
    yield
    structlog.reset_defaults()


def configure(folder: Path, *, mode: str = "live") -> Path:
    imap, smtp = free_ports(2)
    file = folder / "mailbot.toml"
    file.write_text(CONFIG.format(imap=imap, smtp=smtp, mode=mode), encoding="utf-8")
    file.chmod(0o600)
    return file


async def furnish(folder: Path) -> None:
    """Carl's acknowledged complaint with his reply and a file, one of hostile bytes, a colleague's question."""
    pdf = (("programme.pdf", "application/pdf", b"%PDF-1.4 " + b"x" * 2000),)
    async with Guard(words(cast.config()).to_json()) as guard, Sink() as sink:
        sink.on("dot", "250 2.0.0 Ok \x1b[5m\udc9b: queued as 4ABCDEF", "")
        with room(folder, guard, port=sink.port) as desk:
            await desk.take(mail(files=pdf))
            await desk.send()
            thread = (("In-Reply-To", desk.letter("ack").message_id),)
            await desk.take(mail("Re: Formation annulée", "Merci, et la suite ?\n", headers=thread))
            await desk.take(HOSTILE)
            await desk.take(mail("Salle 4", "Panne.\n", sender=cast.BO, name="Bo Martin"))


async def rehearse(folder: Path) -> None:
    async with Guard(words(cast.config()).to_json()) as guard:
        with room(folder, guard, mode="essai") as desk:
            await desk.take(mail())
            await desk.take(mail(sender=cast.OPALE, name="Opale"))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(folder))
    structlog.reset_defaults()
    return folder


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsed")
    asyncio.run(rehearse(folder))
    structlog.reset_defaults()
    return folder


def copy(register: Path, folder: Path, **how: Any) -> Path:
    registers.copy(register, folder)
    return configure(folder, **how)


@pytest.fixture
def config(furnished: Path, tmp_path: Path) -> Path:
    return copy(furnished, tmp_path)


def call(*arguments: object, typed: str | None = None) -> Result:
    """The command; whatever it printed can do no harm."""
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    # With `color` escapes pass as they do on a terminal; without, typer would take them out before we look.
    result = runner.invoke(app, [str(a) for a in arguments], input=typed, color=True)
    assert harmless(result.output), result.output
    assert SECRET not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def harmless(output: str) -> bool:
    return all(c in "\n\u00a0\u202f" or c.isprintable() for c in output)


def rows(folder: Path, table: Any) -> list[Any]:
    register = Ledger(registers.url(folder))
    try:
        return register.ask(lambda tx: list(tx.exec(select(table))))
    finally:
        register.close()


# -- the configuration ---------------------------------------------------------------------------------------------------

COMMANDS = [
    "run",
    "run --once",
    "list",
    "show REC-2026-0001",
    "why REC-2026-0001",
    "check",
    "start --none",
    "decide 1 note",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_configuration_is_told_whole_with_78_and_nothing_is_started(tmp_path: Path, command: str) -> None:
    file = configure(tmp_path)
    file.write_text(file.read_text().replace('"live"', '"leben"').replace("[smtp]", "[smpt]"))
    result = call(*command.split(), "--config", file)
    assert result.exit_code == 78
    assert "mode" in result.stderr
    assert "smpt" in result.stderr
    assert "ligne 1" in result.stderr
    assert [f.name for f in tmp_path.iterdir()] == ["mailbot.toml"]


@pytest.mark.parametrize("command", ["run", "check", "list"])
def test_a_configuration_that_is_not_there_is_78(tmp_path: Path, command: str) -> None:
    result = call(command, "--config", tmp_path / "nirgendwo.toml")
    assert (result.exit_code, result.stdout) == (78, "")
    assert "n’existe pas" in result.stderr


def test_without_config_the_usual_places_are_looked_at(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAILBOT_CONFIG", raising=False)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    if not Path("/etc/mailbot/mailbot.toml").exists():
        nothing = call("list")
        assert (nothing.exit_code, "--config" in nothing.stderr) == (78, True)
    monkeypatch.setenv("MAILBOT_CONFIG", str(config))
    assert call("list").exit_code == 0
    monkeypatch.delenv("MAILBOT_CONFIG")
    monkeypatch.chdir(config.parent)
    assert "REC-2026-0001" in call("list").stdout


def test_wrong_use_is_2(config: Path) -> None:
    assert call("liste").exit_code == 2
    assert call("show").exit_code == 2
    assert call("decide", "eins", "note", "--config", config).exit_code == 2


# -- run -----------------------------------------------------------------------------------------------------------------


def test_run_once_without_servers_says_which_and_ends_with_75(config: Path) -> None:
    result = call("run", "--once", "--config", config)
    assert result.exit_code == 75
    assert result.stdout.startswith("Mode réel")
    assert "refuse la connexion" in result.stderr or "injoignable" in result.stderr
    assert "Traceback" not in result.output


def test_in_essai_run_says_so_first(rehearsed: Path, tmp_path: Path) -> None:
    result = call("run", "--once", "--config", copy(rehearsed, tmp_path, mode="essai"))
    assert result.stdout.startswith("Mode ESSAI : rien ne part")


def test_the_recorded_start_wins_over_the_essai_key(rehearsed: Path, tmp_path: Path) -> None:
    file = copy(rehearsed, tmp_path, mode="essai")
    assert call("start", "--none", "--config", file).exit_code == 0
    assert call("run", "--once", "--config", file).stdout.startswith("Mode réel")


@pytest.mark.parametrize("command", ["run --once", "list", "why REC-2026-0001", "decide 1 note", "start --none"])
@pytest.mark.sqlite("the file holds something else")
def test_a_register_that_does_not_open_is_75_in_one_sentence(tmp_path: Path, command: str) -> None:
    file = configure(tmp_path)
    (tmp_path / "mailbot.db").write_bytes(b"ceci n'est pas un registre\n" * 500)
    result = call(*command.split(), "--config", file)
    assert (result.exit_code, result.stdout) == (75, "")
    assert "Le registre ne s’ouvre pas" in result.stderr


def test_a_register_of_a_newer_mailbot_is_left_alone(config: Path) -> None:
    register = Ledger(registers.url(config.parent))
    register.run(lambda tx: tx.connection().execute(text("UPDATE alembic_version SET version_num = 'zukunft'")))
    register.close()
    for command in ("run", "list", "check"):
        result = call(command, "--config", config)
        assert result.exit_code == (75 if command != "check" else 1)
        assert "version plus récente" in result.stderr


# -- looking -------------------------------------------------------------------------------------------------------------


def test_list_shows_every_file_on_one_line(config: Path) -> None:
    heading, *lines = call("list", "--config", config).stdout.splitlines()
    assert heading.split()[:3] == ["dossier", "échéance", "étape"]
    assert [line.split()[0] for line in lines] == ["REC-2026-0002", "REC-2026-0001"]
    assert "2026-12-01" in lines[1]
    assert "AR envoyé" in lines[1]


def test_list_json_has_the_same_shape_for_scripts(config: Path) -> None:
    files = json.loads(call("list", "--json", "--config", config).stdout)
    assert {
        "number",
        "due_on",
        "provisional",
        "stage",
        "type",
        "assignee",
        "received_at",
        "ack_state",
        "ack_at",
        "subject",
    } <= set(files[0])
    assert [(f["number"], f["stage"], f["ack_state"], f["provisional"]) for f in files] == [
        ("REC-2026-0002", "received", "owed", True),
        ("REC-2026-0001", "acknowledged", "accepted", False),
    ]


def test_list_waiting_shows_what_to_decide_and_until_when(config: Path) -> None:
    [waiting] = json.loads(call("list", "--waiting", "--json", "--config", config).stdout)
    assert (waiting["verdict"], waiting["from"], waiting["until"]) == ("held", cast.BO, "2026-11-24T17:00:00+00:00")
    assert str(waiting["inbound_id"]) in call("list", "--waiting", "--config", config).stdout


def test_an_empty_desk_says_that_there_is_nothing(tmp_path: Path) -> None:
    file = configure(tmp_path)
    assert call("list", "--config", file).stdout.strip() == "(rien)"
    assert json.loads(call("list", "--json", "--config", file).stdout) == []


def test_show_tells_the_file_with_its_mails_files_and_letters(config: Path) -> None:
    told = json.loads(call("show", "rec-2026-0001", "--json", "--config", config).stdout)
    assert (told["complainant_addr"], told["due_on"], told["wish_state"]) == (cast.CARL, "2026-12-01", "exprimée")
    assert [m["verdict"] for m in told["mails"]] == ["complaint", "follow-up"]
    assert [a["name"] for a in told["attachments"]] == ["programme.pdf"]
    assert {letter["kind"]: letter["state"] for letter in told["letters"]} == {
        "ack": "sent", "assignment": "sent", "receipt": "owed", "followup-notice": "owed"
    }  # fmt: skip
    assert told["letters"][0]["queue_id"] == "4ABCDEF"
    said = call("show", "REC-2026-0001", "--config", config).stdout
    assert "programme.pdf" in said
    assert "jours ouvrés" in said


def test_why_tells_every_step_and_letter_with_its_cause(config: Path) -> None:
    told = json.loads(call("why", "REC-2026-0001", "--json", "--config", config).stdout)
    assert set(told) == {"number", "steps", "letters"}
    assert [s["event"] for s in told["steps"]] == ["opened", "assigned", "acknowledged", "follow-up", "amplified"]
    assert all(set(s) == {"at", "event", "actor", "text", "cause"} for s in told["steps"])
    opened, _, acknowledged, _, _ = (s["cause"] for s in told["steps"])
    assert set(opened) == {"kind", "inbound_id", "message_id", "sha256", "from", "subject"}
    assert (opened["kind"], opened["from"]) == ("mail", cast.CARL)
    assert (acknowledged["kind"], acknowledged["letter"]) == ("delivery", "ack:REC-2026-0001:1")
    assert acknowledged["caused_by"] == opened
    named = {"name", "kind", "to", "state", "message_id", "sent_at", "answer", "queue_id", "cause"}
    assert all(set(letter) == named for letter in told["letters"])


@pytest.mark.parametrize("command", ["why", "show"])
@pytest.mark.parametrize("number", ["REC-2026-9999", "42", "\x1b[2J", "REC-2026-0001' OR 1=1 --"])
def test_an_unknown_number_is_1_with_a_way_on(config: Path, command: str, number: str) -> None:
    result = call(command, "--config", config, "--", number)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Aucun dossier" in result.stderr
    assert "mailbot list" in result.stderr


HOSTILE_VIEWS = [
    "list", "list --json", "list --waiting", "show REC-2026-0002", "show REC-2026-0002 --json", "why REC-2026-0002",
    "why REC-2026-0002 --json", "show REC-2026-0001 --json", "why REC-2026-0001",
]  # fmt: skip


@pytest.mark.parametrize("command", HOSTILE_VIEWS)
def test_what_mallory_or_a_server_wrote_reaches_no_terminal_raw(config: Path, command: str) -> None:
    result = call(*command.split(), "--config", config)  # call() looks at every character
    assert result.exit_code == 0
    if command != "list --waiting":
        assert "pwned" in result.stdout or "4ABCDEF" in result.stdout


# -- inspect -------------------------------------------------------------------------------------------------------------

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\xff",
    "zeros": b"\0" * 5000,
    "no header": b"\r\n\r\nBonjour",
    "binary": bytes(range(256)) * 200,
    "endless line": b"Subject: " + b"x" * 200_000,
    "bomb": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 2_000,
    "nested comments": b"From: " + b"(" * 2_000 + b"\r\n\r\n",
    "hostile": HOSTILE,
    "charset": b'Content-Type: text/plain; charset="idna"\r\n\r\n\xe9\xe9',
}
KEYS = {
    "verdict",
    "reason",
    "from",
    "subject",
    "message_id",
    "date",
    "text",
    "new_text",
    "language",
    "attachments",
    "references",
    "tags",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_inspect_reads_whatever_bytes_without_configuration(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "courrier.eml"
    file.write_bytes(raw)
    result = call("inspect", "--json", file)
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)) >= KEYS


def test_inspect_for_a_reader_begins_with_the_verdict(tmp_path: Path) -> None:
    file = tmp_path / "courrier.eml"
    file.write_bytes(HOSTILE)
    lines = call("inspect", file).stdout.splitlines()
    assert lines[0].startswith("Verdict : complaint — ")
    assert "texte nouveau :" in lines
    assert any("Bonjour" in line for line in lines)


def test_inspect_reads_from_standard_input(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["inspect", "--json", "-"], input=mail("Par le tuyau"))
    assert json.loads(result.stdout)["subject"] == "Par le tuyau"


def test_inspect_of_a_file_that_is_not_there_is_1(tmp_path: Path) -> None:
    result = call("inspect", tmp_path / "rien.eml")
    assert (result.exit_code, "ne se lit pas" in result.stderr) == (1, True)


# -- deciding ------------------------------------------------------------------------------------------------------------


def waiting_id(config: Path) -> int:
    return next(i.id for i in rows(config.parent, Inbound) if i.waiting)


def test_decide_opens_the_file_and_says_what_happens_next(config: Path) -> None:
    result = call("decide", waiting_id(config), "complaint", "--by", "ann", "--config", config)
    assert (result.exit_code, "Les lettres partent" in result.stdout) == (0, True)
    assert "REC-2026-0003" in {c.number for c in rows(config.parent, Complaint)}
    told = json.loads(call("why", "REC-2026-0003", "--json", "--config", config).stdout)
    assert told["steps"][0]["cause"]["kind"] == "command"
    assert "ann" in told["steps"][0]["text"]


@pytest.mark.parametrize(("choice", "why"), [("peut-être", "choix inconnu"), ("\x1b[2J", "choix inconnu")])
def test_an_unknown_choice_does_nothing_and_is_1(config: Path, choice: str, why: str) -> None:
    result = call("decide", waiting_id(config), choice, "--config", config)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"Rien n’a été fait : {why}" in result.stderr


def test_what_is_decided_stays_decided(config: Path) -> None:
    result = call("decide", "1", "complaint", "--config", config)
    assert (result.exit_code, "REC-2026-0001" in result.stderr) == (1, True)


def test_a_mail_that_is_not_there_is_1(config: Path) -> None:
    result = call("decide", "4711", "complaint", "--config", config)
    assert (result.exit_code, "mailbot list --waiting" in result.stderr) == (1, True)


# -- start ---------------------------------------------------------------------------------------------------------------


def test_start_takes_what_it_is_told_and_says_what_became_of_each(rehearsed: Path, tmp_path: Path) -> None:
    file = copy(rehearsed, tmp_path, mode="essai")
    result = call("start", "--take", "ESSAI-2026-0002", "--json", "--config", file)
    assert json.loads(result.stdout) == {
        "mode": "live",
        "taken": {"ESSAI-2026-0002": "REC-2026-0001"},
        "left": ["ESSAI-2026-0001"],
        "skipped": [],
        "read_again": 0,
    }


def test_start_asks_about_each_file_and_the_questions_do_not_spoil_the_json(rehearsed: Path, tmp_path: Path) -> None:
    file = copy(rehearsed, tmp_path, mode="essai")
    result = call("start", "--json", "--config", file, typed="peut-être\nnon\nOui\n")
    assert result.stderr.count("Reprendre ESSAI-2026-0001") == 2
    assert "Reprendre" not in result.stdout
    told = result.stdout[result.stdout.index("{") :]  # before it the runner repeats what was typed, as a terminal would
    assert json.loads(told)["taken"] == {"ESSAI-2026-0002": "REC-2026-0001"}


def test_whoever_does_not_answer_changes_nothing(rehearsed: Path, tmp_path: Path) -> None:
    file = copy(rehearsed, tmp_path, mode="essai")
    assert call("start", "--config", file, typed="").exit_code == 1
    assert {c.series for c in rows(tmp_path, Complaint)} == {"essai"}
    assert call("run", "--once", "--config", file).stdout.startswith("Mode ESSAI")


@pytest.mark.parametrize(
    "wrong",
    ["--take ESSAI-2026-0009", "--all --none", "--since hier", "--since 2099-01-01", "--take ESSAI-2026-0001 --all"],
)
def test_a_contradiction_in_start_is_2_and_opens_nothing(rehearsed: Path, tmp_path: Path, wrong: str) -> None:
    file = copy(rehearsed, tmp_path, mode="essai")
    result = call("start", *wrong.split(), "--config", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip()
    assert call("run", "--once", "--config", file).stdout.startswith("Mode ESSAI")


# -- check ---------------------------------------------------------------------------------------------------------------


def test_check_prints_every_line_with_every_server_down_and_ends_with_1(config: Path) -> None:
    result = call("check", "--config", config)
    assert result.exit_code == 1
    first, *lines = result.stdout.splitlines()
    assert first.startswith("Mode réel")
    parts = [line.split(" : ")[0].split(" ", 1)[1] for line in lines]
    for part in ("configuration", "boîte", "envoi", "journal", "messages", "ouverture", "disque", "échéances"):
        assert part in parts
    assert sum(line.startswith("✗") for line in lines) >= 2


def test_check_json_is_a_list_of_findings(config: Path) -> None:
    result = call("check", "--json", "--config", config)
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert all(set(f) == {"what", "state", "text", "mend"} for f in found)
    assert {f["state"] for f in found} <= {"green", "orange", "red"}


@pytest.mark.sqlite("the file holds something else")
def test_check_of_a_broken_register_still_prints_every_line(tmp_path: Path) -> None:
    file = configure(tmp_path)
    (tmp_path / "mailbot.db").write_bytes(b"ceci n'est pas un registre\n" * 500)
    result = call("check", "--config", file)
    assert result.exit_code == 1
    assert "registre : le registre ne s’ouvre pas" in result.stdout
    assert "échéances" in result.stdout


# -- the program ---------------------------------------------------------------------------------------------------------


def test_help_is_in_french_and_names_every_command() -> None:
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}).invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("run", "list", "show", "why", "inspect", "decide", "start", "check", "demo"):
        assert f" {command} " in result.stdout
    assert "bureau des réclamations" in result.stdout


def test_check_json_tells_a_wrong_configuration_as_red_lines(tmp_path: Path) -> None:
    result = call("check", "--json", "--config", tmp_path / "nirgendwo.toml")
    assert result.exit_code == 78
    [line] = json.loads(result.stdout)
    assert (line["what"], line["state"]) == ("configuration", "red")
    assert line["mend"]


def test_quiet_check_says_only_what_asks_for_something(config: Path) -> None:
    first, *lines = call("check", "--quiet", "--config", config).stdout.splitlines()
    assert first.startswith("Mode réel")
    assert lines
    assert all(line[0] in "✗!" for line in lines)


# -- preview -------------------------------------------------------------------------------------------------------------


def test_preview_writes_pages_and_ends_with_1_when_a_text_has_a_fault(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "lettres"
    result = call("preview", out, "--config", config)
    assert result.exit_code == 0
    assert (out / "index.html").exists()
    texts = tmp_path / "textes"
    (texts / "fr").mkdir(parents=True)
    (texts / "fr" / "receipt.txt").write_text("Objet : x\n\n{{ prenom }}\n", encoding="utf-8")
    result = call("preview", out, "--texts", texts, "--config", config)
    assert result.exit_code == 1
    assert "fr/receipt.txt, ligne 3 : « prenom » est inconnu" in result.stderr
    told = json.loads(call("preview", out, "--texts", texts, "--json", "--config", config).stdout)
    assert [fault["line"] for fault in told["faults"] if "prenom" in fault["what"]] == [3]


# -- help ----------------------------------------------------------------------------------------------------------------

HELPED = [
    *("check", "preview", "staff list", "staff welcome", "staff test", "schema", "login"),
    *("config explain", "config reference", "config example"),
    *("run", "list", "show", "why", "inspect", "decide", "start", "demo", "move"),
]


@pytest.mark.parametrize("command", HELPED)
def test_each_help_is_in_french_and_ends_with_an_example(command: str) -> None:
    said = call(*command.split(), "--help").stdout
    assert f"mailbot {command}" in said.partition("Exemple")[2]
    assert "Cette aide." in said
    assert not any(word in said for word in ("Show this message", "[required]", "Commands", "[default"))


def test_the_general_help_lists_every_command_and_every_exit_code() -> None:
    said = call("--help").stdout
    assert {command.split()[0] for command in HELPED} <= set(said.split())
    assert [code for code in ("0 fait", "1 non fait", "2 mauvais", "75 à retenter", "78") if code not in said] == []


# -- staff ---------------------------------------------------------------------------------------------------------------


def test_staff_are_welcomed_once_each_with_an_exercise_and_listed(rehearsed: Path, tmp_path: Path) -> None:
    file = copy(rehearsed, tmp_path)
    told = json.loads(call("staff", "welcome", "--json", "--config", file).stdout)
    assert [row["number"].split("-")[::2] for row in told] == [
        ["EXERCICE", f"{n:04d}"] for n in range(1, len(told) + 1)
    ]
    again = json.loads(call("staff", "welcome", told[0]["name"], "--json", "--config", file).stdout)
    assert again == [{**told[0], "new": False}]
    listed = call("staff", "list", "--config", file).stdout
    assert all(row["number"] in listed for row in told)
    assert told[0]["number"] not in call("list", "--config", file).stdout


def test_somebody_unknown_is_wrong_use_and_the_known_are_named(config: Path) -> None:
    result = call("staff", "welcome", "zorro", "--config", config)
    assert result.exit_code == 2
    assert "Connus :" in result.stderr


def test_staff_test_without_a_sending_server_says_so(config: Path) -> None:
    result = call("staff", "test", "--config", config)
    assert result.exit_code == 1
    assert "injoignable" in result.stderr


# -- the record handed on ------------------------------------------------------------------------------------------------


def test_a_fiche_is_written_for_its_owner_alone(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "fiche.pdf"
    done = call("fiche", "rec-2026-0001", "--config", config, "--out", out)
    assert (done.exit_code, out.read_bytes()[:5], out.stat().st_mode & 0o777) == (0, b"%PDF-", 0o600)
    blank = call("fiche", "--blank", "--config", config, "--out", out)
    assert (blank.exit_code, out.read_bytes()[:5]) == (0, b"%PDF-")
    link = call("fiche", "--mailto", "--config", config)
    assert (link.exit_code, link.stdout.startswith("mailto:reclamations@ief.example?subject=Fiche%20de")) == (0, True)
    assert len(link.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["fiche"], 2, "--blank"),
        (["fiche", "REC-2026-0001", "--blank"], 2, "--blank"),
        (["fiche", "REC-2026-0099"], 1, "mailbot list"),
        (["fiche", "REC-2026-0001", "--out", "/nulle/part.pdf"], 1, "ne s’écrit pas"),
        (["export", "--format", "pdf"], 2, "csv, xlsx, json"),
        (["export", "--format", "xlsx"], 2, "--out"),
        (["export", "--from", "2026-12-01", "--to", "2026-11-01"], 2, "--from vient après --to"),
        (["evidence"], 2, "une période"),
        (["evidence", "REC-2026-0001", "--from", "2026-01-01"], 2, "une période"),
        (["evidence", "REC-2026-0099"], 1, "mailbot list"),
        (["evidence", "REC-2026-0001", "--out", "/nulle/part.zip"], 1, "ne s’écrit pas"),
    ],
)
def test_what_can_not_be_handed_on_is_said(config: Path, arguments: list[str], code: int, said: str) -> None:
    result = call(*arguments, "--config", config)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr


def test_evidence_and_export_tell_what_they_wrote(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "preuve.zip"
    done = call("evidence", "REC-2026-0001", "--config", config, "--out", out, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["files"], told["faults"], len(told["manifest"])) == (0, 1, [], 64)
    assert out.stat().st_mode & 0o777 == 0o600
    table = call("export", "--format", "json", "--config", config)
    assert "REC-2026-0001" in [row["numero"] for row in json.loads(table.stdout)["files"]]
    sheet = call("export", "--format", "xlsx", "--config", config, "--out", tmp_path / "r.xlsx")
    assert (sheet.exit_code, (tmp_path / "r.xlsx").read_bytes()[:2]) == (0, b"PK")
