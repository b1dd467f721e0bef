"""The commands of a person's rights, as somebody types them: what is refused and why, and what a kill in the middle leaves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cast
import pytest
import pytest_asyncio
from room import Clock, Room, configured, mail, room
from servers.mail import MailServer
from sqlalchemy import JSON, String
from sqlmodel import SQLModel, select
from typer.testing import CliRunner, Result

from mailbot import failpoints
from mailbot.cli import app
from mailbot.config import Database
from mailbot.guard import Guard
from mailbot.privacy import erasing
from mailbot.store import erase, hold, journal, post, tables, vacuum
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Complaint, Inbound, Journal, JournalText, Letter
from person.scene import coats, scene, written, wrote_and_was_answered
from person.searching import ADDRESS, NAME, PHONE, files_that_hold, found_in

EVERY_TABLE: tuple[Any, ...] = tuple(
    t for t in vars(tables).values() if isinstance(t, type) and issubclass(t, SQLModel) and hasattr(t, "__table__")
)
at_work = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard() as opened:
        yield opened


def config_of(folder: Path, **tables: str) -> Path:
    """A desk whose mailbox can't be reached."""
    path = folder / "mailbot.toml"
    path.write_text(
        f"""data_dir = "{folder}"
[organisation]
name = "Institut Exemple Formation"
domains = ["ief.example"]
[mailbox]
address = "{cast.BOX}"
host = "127.0.0.1"
port = 9
security = "none"
password = "x"
[smtp]
host = "127.0.0.1"
port = 9
security = "none"
user = "-"
[[staff]]
name = "Ann Leroy"
addresses = ["{cast.ANN}"]
roles = ["staff", "quality", "direction", "admin"]
"""
        + "".join(f"[{name}]\n{body}\n" for name, body in tables.items())
    )
    path.chmod(0o600)
    return path


def typed(path: Path, *words: str, keys: str = "") -> Result:
    return CliRunner().invoke(app, [*words, "--config", str(path)], input=keys)


async def elsewhere(path: Path, *words: str) -> Result:
    """A command that has a loop of its own."""
    return await asyncio.to_thread(typed, path, *words)


def closed(desk: Room, number: str = "REC-2026-0001", **changes: Any) -> None:
    def write(tx: Any) -> None:
        row = next(f for f in tx.exec(select(Complaint)) if f.number == number)
        row.stage, row.outcome, row.closed_at = "closed", "fondée", desk.clock()
        for name, value in changes.items():
            setattr(row, name, value)

    desk.register.run(write)


@at_work
async def test_what_is_refused_says_why_and_changes_nothing(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        path = config_of(tmp_path)

        def refused(*words: str) -> str:
            before = desk.register.ask(journal.last_head)
            done = typed(path, "person", "pseudonymise", cast.CARL, "--yes", *words)
            assert done.exit_code == 1
            assert desk.register.ask(journal.last_head) == before
            assert desk.file().complainant_addr == cast.CARL
            return done.stderr

        assert "n’est pas clos" in refused("--anyway")
        closed(desk)
        assert "se garde jusqu’au 23/11/2031" in refused()
        assert typed(path, "hold", "rec-2026-0001", "--reason", "médiation en cours").exit_code == 0
        assert "médiation en cours" in refused("--anyway")
        assert "hold : médiation en cours" in typed(path, "show", "REC-2026-0001").stdout
        assert typed(path, "hold", "REC-2026-0001").exit_code == 2
        assert typed(path, "hold", "REC-2026-0099", "--lift").exit_code == 1
        assert typed(path, "hold", "REC-2026-0001", "--lift").exit_code == 0
        assert [line.event for line in desk.rows(Journal)][-2:] == ["held-back", "hold-lifted"]

        preview = typed(path, "person", "pseudonymise", cast.CARL, "--preview", "--anyway", "--json")
        assert json.loads(preview.stdout)["files"] == ["REC-2026-0001"]
        assert desk.file().complainant_addr == cast.CARL
        assert typed(path, "person", "pseudonymise", cast.CARL, "--anyway").exit_code == 2, "no terminal, no word typed"
        assert desk.file().complainant_addr == cast.CARL
        assert "de l’équipe" in typed(path, "person", "pseudonymise", cast.ANN, "--yes").stderr
        assert "ne détient rien" in typed(path, "person", "pseudonymise", cast.OPALE, "--yes").stderr


@at_work
async def test_a_mailbox_that_is_down_leaves_the_rest_to_do_and_says_so(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        closed(desk)
        done = typed(config_of(tmp_path), "person", "pseudonymise", cast.CARL, "--yes", "--anyway")
        assert (done.exit_code, "Boîte : pas encore" in done.stdout) == (75, True), done.output
        [left] = desk.register.ask(erase.unfinished)
        assert left.todo["address"] == cast.CARL, "what the mailbox has still to be searched for"
        assert desk.file().complainant_name == "Réclamant REC-2026-0001"


@at_work
async def test_an_act_is_journalled_without_a_word_of_whom(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        closed(desk)
        typed(config_of(tmp_path), "person", "pseudonymise", cast.CARL, "--yes", "--anyway")
        [line] = desk.rows(Journal, Journal.event == "pseudonymised")
        [text] = desk.rows(JournalText, JournalText.journal_id == line.id)
        assert (line.number, line.cause) == ("REC-2026-0001", "command:person pseudonymise")
        assert line.actor.startswith("commande de")
        assert "Carl" not in text.text
        assert "@" not in text.text
        assert desk.register.ask(lambda tx: list(journal.broken(tx))) == []


# -- killed in the middle --------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What no code of ours catches."""


def killed_at(name: str, path: Path, *, really: bool) -> bool:
    """The command with its end at that failpoint ("" = none); True when it came to that end. `really`: as a process, by SIGKILL."""
    words = ["person", "pseudonymise", ADDRESS, "--yes", "--anyway", "-c", str(path)]
    if really:
        command, place = [sys.executable, "-m", "mailbot", *words], {**os.environ, "MAILBOT_FAILPOINT": name}
        done = subprocess.run(command, env=place, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode != 0

    def hit(passed: str) -> None:
        if passed == name:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "hit", hit)
        try:
            result = CliRunner().invoke(app, words)
        except Killed:
            return True
    assert result.exit_code == 0, result.output
    return False


@at_work
@pytest.mark.parametrize("really", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_killed_anywhere_the_same_command_finishes_it(
    mail_server: MailServer, tmp_path: Path, guard: Guard, really: bool
) -> None:
    with scene(mail_server, tmp_path, guard) as at:
        await wrote_and_was_answered(at)
        path, figures = written(at), at.figures()

        def killed(name: str) -> bool:
            return killed_at(name, path, really=really)

        def unfinished() -> int:
            return len(at.desk.register.ask(erase.unfinished))

        assert killed("K20")
        assert [f.complainant_addr for f in at.desk.files()] == [ADDRESS] * 2, "all or nothing"
        assert killed("K22")
        assert {f.complainant_name for f in at.desk.files()} == {"Réclamant REC-2026-0001", "Réclamant REC-2026-0002"}
        assert unfinished() == 1
        assert killed("K21")
        assert (unfinished(), len(mail_server.mails(at.user))) == (1, 1), "one of two is gone, and it is known"
        assert killed("K23")
        assert (unfinished(), mail_server.mails(at.user)) == (1, [])
        assert not killed("")
        assert unfinished() == 0
        assert files_that_hold([tmp_path, at.maildir]) == {}
        assert at.figures() == figures


# -- an older copy ---------------------------------------------------------------------------------------------------------


@at_work
@pytest.mark.sqlite("the copy of the file")
async def test_an_older_copy_put_back_forgets_again(tmp_path: Path, guard: Guard) -> None:
    old, new, copies = tmp_path / "old", tmp_path / "new", tmp_path / "copies"
    for folder in (old, new):
        folder.mkdir()
    with room(old, guard) as desk:
        await desk.take(
            mail(sender=ADDRESS, name="Eloise Brule", text=f"Bonjour, je souhaite être remboursée. {PHONE}\n")
        )
        path = config_of(old, backup=f'folder = "{copies}"')
        made = json.loads(typed(path, "backup", "--json").stdout)["file"]
        closed(desk)
        done = typed(path, "person", "pseudonymise", ADDRESS, "--yes", "--anyway")
        assert Path(made).name in done.stdout, "it says which copy still holds her"
    assert ADDRESS.encode() in Path(made).read_bytes()
    restored = typed(config_of(new), "restore", made)
    assert (restored.exit_code, "de nouveau" in restored.stdout) == (0, True), restored.output
    assert "eloise" not in (copies / "mailbot-effacements.json").read_text().lower()
    with closing(Ledger(f"sqlite:///{new / 'mailbot.db'}")) as register:
        [file] = register.ask(lambda tx: list(tx.exec(select(Complaint))))
        assert (file.complainant_name, file.erased_at is not None) == ("Réclamant REC-2026-0001", True)
        [todo] = [r.todo for r in register.ask(erase.unfinished)]
        assert todo["address"] == ADDRESS, "its mailbox is searched once more"


# -- by age ----------------------------------------------------------------------------------------------------------------


@at_work
async def test_retention_takes_what_is_past_its_age_and_leaves_the_younger_and_the_held(
    tmp_path: Path, guard: Guard
) -> None:
    with room(tmp_path, guard) as desk:
        for n, sender in enumerate((cast.CARL, cast.CARL, cast.OPALE, ADDRESS)):
            await desk.take(
                mail(f"Sujet {n}", f"Bonjour, je souhaite être remboursé {n}.\n", sender=sender, name=f"Nom {n} Long")
            )
        long_ago = desk.clock().replace(year=2020)
        for n, moment in enumerate((long_ago, desk.clock(), long_ago, long_ago), start=1):
            closed(desk, f"REC-2026-000{n}", closed_at=moment)
        desk.register.run(lambda tx: hold.put(tx, "REC-2026-0003", "litige", at=desk.clock(), who="dan", salt="s" * 32))
        path = config_of(tmp_path)
        shown = json.loads(typed(path, "retention", "--preview", "--json").stdout)
        assert shown == {"files": ["REC-2026-0001", "REC-2026-0004"], "mails": 0, "held": ["REC-2026-0003 : litige"]}
        assert all(f.erased_at is None for f in desk.files()), "a preview does nothing"
        assert typed(path, "retention", "--apply", "--yes").exit_code == 75  # its mailbox can't be reached
        files = desk.files()
        assert [f.erased_at is not None for f in files] == [True, False, False, True]
        assert files[0].complainant_addr.endswith("efface.invalid")
        assert (files[1].complainant_addr, files[1].subject) == (cast.CARL, "Sujet 1"), "he has a younger file"
        assert ADDRESS not in "".join(str(r.model_dump()) for t in (Complaint, Inbound, Letter) for r in desk.rows(t))
        assert json.loads(typed(path, "retention", "--preview", "--json").stdout)["files"] == []
        assert typed(path, "retention").exit_code == 2


def sent(tx: Any) -> None:
    for letter in tx.exec(select(Letter).where(Letter.kind == "ack")):
        letter.state = "sent"


# -- export ----------------------------------------------------------------------------------------------------------------


@at_work
async def test_the_export_holds_what_is_theirs_and_keeps_others_apart(tmp_path: Path, guard: Guard) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with room(data, guard) as desk:
        raw = mail(files=(("preuve.pdf", "application/pdf", b"%PDF-1.4 preuve"),), headers=(("Cc", cast.MALLORY),))
        await desk.take(raw)
        await desk.take(mail("Autre", "Bonjour, je souhaite un échange.\n", sender=cast.OPALE, name="Opale"))
        desk.register.run(sent)
        note = mail("[REC-2026-0001] #note", f"Vu avec {cast.OPALE}, il exagère.\n", sender=cast.BO, name="Bo Martin")
        await desk.take(note)
        path, out = config_of(data), tmp_path / "out"
        path.write_text(path.read_text() + f'[[staff]]\nname = "Bo Martin"\naddresses = ["{cast.BO}"]\n')
        done = await elsewhere(path, "person", "export", cast.CARL.upper(), "--out", str(out), "--json")
        told = json.loads(done.stdout)
        assert (told["files"], told["mails"], told["letters"], told["attachments"], told["to_read"]) == (1, 1, 1, 1, 1)
        assert [p.read_bytes() for p in (out / "messages").iterdir()] == [raw]
        assert [p.read_bytes() for p in (out / "pieces").iterdir()] == [b"%PDF-1.4 preuve"]
        data_file = json.loads((out / "donnees.json").read_text())
        assert data_file["files"][0]["number"] == "REC-2026-0001"
        page = (out / "index.html").read_text()
        assert "Formation annulée" in page
        assert "<td>accusée" in page or "<td>reçue" in page, "in French"
        handed = page + (out / "donnees.json").read_text()
        assert all(other not in handed for other in (cast.OPALE, cast.BO, cast.MALLORY, "exagère"))
        inside = "".join(p.read_text() for p in (out / "a-relire").iterdir())
        assert "exagère" in inside
        assert cast.OPALE not in inside, "nobody else's address"
        assert all(desk.file().number in p or "REC-2026-0002" not in p for p in (handed, inside))
        assert desk.rows(Journal)[-1].event == "exported"
        assert (await elsewhere(path, "person", "export", cast.CARL, "--out", str(out))).exit_code == 2, (
            "never over what is there"
        )
        assert (await elsewhere(path, "person", "export", cast.CARL, "--out", str(tmp_path / "a.zip"))).exit_code == 0
        assert (tmp_path / "a.zip").stat().st_size > 1000
        assert (await elsewhere(path, "person", "export", "x@y.example", "--out", str(tmp_path / "no"))).exit_code == 1


# -- others ----------------------------------------------------------------------------------------------------------------


@at_work
@pytest.mark.parametrize("too", [False, True])
async def test_mails_of_others_that_name_the_person_are_their_evidence_unless_asked(
    tmp_path: Path, guard: Guard, too: bool
) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(name="Carlito Petitjean"))
        await desk.take(
            mail("Stagiaire absent", "Carlito Petitjean était absent.\n", sender=cast.OPALE, name="Opale Gestion")
        )
        closed(desk)
        words = ["--others"] if too else []
        done = typed(config_of(tmp_path), "person", "pseudonymise", cast.CARL, "--yes", "--anyway", *words)
        assert "REC-2026-0002" in done.stderr
        kept = [
            desk.register.ask(lambda tx, i=m.id: erase_bytes(tx, i))
            for m in sorted(desk.rows(Inbound), key=lambda m: m.id or 0)
        ]
        assert [bool(k) for k in kept] == [False, not too]
        other = desk.file("REC-2026-0002")
        assert (other.complainant_addr, other.subject, other.erased_at) == (cast.OPALE, "Stagiaire absent", None)


def erase_bytes(tx: Any, inbound_id: int) -> bytes:
    from mailbot.store import person

    return person.mail_bytes(tx, inbound_id)


@at_work
@pytest.mark.parametrize(("begun", "state"), [(False, "cancelled"), (True, "uncertain")])
async def test_a_letter_that_waits_never_leaves_empty(tmp_path: Path, guard: Guard, begun: bool, state: str) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        closed(desk)
        moment = desk.clock() if begun else None
        desk.register.run(lambda tx: [setattr(x, "data_begun_at", moment) for x in tx.exec(select(Letter))])
        typed(config_of(tmp_path), "person", "pseudonymise", cast.CARL, "--yes", "--anyway")
        assert (desk.letter("ack").state, desk.letter("ack").raw) == (state, b"")
        assert desk.register.run(lambda tx: post.claim(tx, desk.clock.advance(days=1))) == []


@at_work
async def test_a_namesake_is_left_alone(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail(name="Jean Martin"))
        await desk.take(mail("Ma convention", "Bonjour, je l’attends.\n", sender=cast.OPALE, name="Jean Martin"))
        closed(desk)
        done = typed(config_of(tmp_path), "person", "pseudonymise", cast.CARL, "--yes", "--anyway")
        assert "quelqu’un d’autre" in done.stderr
        assert [f.complainant_name for f in desk.files()] == ["Réclamant REC-2026-0001", "Jean Martin"]


@at_work
async def test_a_company_others_complained_from_stays_and_one_of_their_own_goes(tmp_path: Path, guard: Guard) -> None:
    with room(tmp_path, guard) as desk:
        for n, sender in enumerate(("ana@acme.example", "luc@acme.example", "eve@seule.example"), start=1):
            await desk.take(mail(f"Sujet {n}", f"Bonjour, je souhaite {n}.\n", sender=sender, name=f"Nom{n} Long"))
            closed(desk, f"REC-2026-000{n}")
        path = config_of(tmp_path)
        for sender in ("ana@acme.example", "eve@seule.example"):
            typed(path, "person", "pseudonymise", sender, "--yes", "--anyway")
        domains = [f.complainant_domain for f in desk.files()]
        assert domains[:2] == ["acme.example"] * 2, "repeats are counted by company"
        assert domains[2].endswith(".efface.invalid")


# -- PostgreSQL ------------------------------------------------------------------------------------------------------------


@at_work
async def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path, guard: Guard) -> None:
    config = configured(tmp_path, database=Database(url=postgres_url))
    with closing(Ledger(config.database_url)) as register:
        register.upgrade()
        desk = Room(config, register, guard, Clock())
        await desk.take(coats()[0])
        await desk.take(mail("Autre", f"Bonjour, j’ai vu {NAME}.\n", sender=cast.OPALE, name="Opale"))
        closed(desk)
        draw = iter(("0123456789ab",)).__next__
        plan = register.ask(lambda tx: erasing.plan(tx, ADDRESS, config, draw=draw))
        told = erasing.pseudonymise(
            register, replace(plan, others_too=True), config, desk.clock(), who="dan", cause="command:test"
        )
        assert told.files == ["REC-2026-0001"]
        register.run(lambda tx: erase.mailbox_done(tx, [1], desk.clock()))
        vacuum.clean(register)
        held = "".join(str(r.model_dump()) for t in EVERY_TABLE for r in desk.rows(t))
        assert found_in(held.encode()) == []
        assert register.ask(lambda tx: list(journal.broken(tx))) == []
        assert (await desk.take(coats()[0])).raw_id == 1, "known by its hash"
        desk.bench.close()


# -- columns ---------------------------------------------------------------------------------------------------------------

FIGURES_AND_CHOICES = """
    number series nature stage complainant_addr complainant_domain complainant_name complainant_type subtype language training
    wish_state alerts amplified assignee calendar ack_state no_ack linked_to staff_named priority character category immediate
    assessed_by outcome reply_key marks session analysis_why remedy hold
""".split()


def test_each_text_of_a_file_is_known_to_go_or_to_stay() -> None:
    texts = {c.name for c in SQLModel.metadata.tables["complaint"].columns if isinstance(c.type, String | JSON)}
    undecided = texts - set(FIGURES_AND_CHOICES) - set(erase.WIPED_FILE)
    assert undecided == set(), (
        "a new column: into store/erase.WIPED_FILE if it may hold somebody's words, else into this list"
    )
