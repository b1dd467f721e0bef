"""Upgrade of 1,000 files from the first schema: killed at each statement it is the old register or the new one, never half."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner

from mailbot.cli import app
from mailbot.store import engine as engines
from mailbot.store import journal, questions
from mailbot.store.engine import NewerSchema
from mailbot.store.ledger import Ledger
from mailbot.store.packed import unpacked
from mailbot.store.tables import Letter, Octets

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FILES = 1000
FIRST = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001  (as the first version wrote them: UTC, without a zone)
LINK = "REC-2026-1000"
NOON = datetime(2026, 5, 11, 10, tzinfo=UTC)


def fill(path: Path) -> None:
    """The register of the first version with 1,000 files, each with its journal line."""
    with closing(sqlite3.connect(path)) as register:
        register.executescript((HERE / "first_schema.sql").read_text(encoding="utf-8"))
        columns = [(row[1], row[2]) for row in register.execute("PRAGMA table_info(complaint)")]
        register.executemany(
            f"INSERT INTO complaint ({', '.join(name for name, _ in columns)}) VALUES ({', '.join('?' * len(columns))})",
            [[_value(name, kind, n) for name, kind in columns] for n in range(1, FILES + 1)],
        )
        register.execute("INSERT INTO counter (series, year, n) VALUES ('real', 2026, ?)", (FILES,))
        register.execute("INSERT INTO meta (key, value) VALUES ('start', '2026-01-01T00:00:00+00:00')")
        register.commit()


def _value(name: str, kind: str, n: int) -> object:
    moment = (FIRST + timedelta(hours=n)).isoformat(sep=" ") + ".000000"
    known: dict[str, object] = {
        "id": n, "number": f"REC-2026-{n:04d}", "series": "real", "year": 2026, "rank": n, "nature": "réclamation",
        "stage": "acknowledged", "cycle": 1, "received_at": moment, "opened_at": moment, "language": "fr",
        "complainant_addr": f"personne{n}@courriel.example", "complainant_name": f"Élise n° {n}",
        "subject": "Convocation", "due_on": "2026-12-01", "alerts": "[]", "copied": "[]", "ack_state": "accepted", "ack_at": moment,
        "linked_to": LINK if n == 1 else "",
    }  # fmt: skip
    if name in known:
        return known[name]
    return {"DATE": None, "DATETIME": None}.get(kind, 0 if kind in ("INTEGER", "BOOLEAN") else "")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("first") / "mailbot.db"
    fill(path)
    return path


def copy(first: Path, folder: Path) -> Path:
    path = folder / "mailbot.db"
    path.write_bytes(first.read_bytes())
    return path


def configure(folder: Path) -> Path:
    from test_cli import configure as written

    return written(folder)


# -- forward ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "stride"), [(1, 17), pytest.param(1, 1, marks=pytest.mark.long)], ids=["every 17th", "every one"]
)
def test_killed_at_a_statement_the_register_is_the_old_one_or_the_new_one(first: Path, begin: int, stride: int) -> None:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, HERE / "killed.py", first, str(begin), str(stride)]
    ran = subprocess.run(words, capture_output=True, text=True, env=environ, cwd=HERE, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    old, new = told[0][2:], told[-1][2:]
    assert (old[:2], new[:2]) == (["0001", FILES], [engines.known_schemas()[-1], FILES])
    assert "look_at" in new[2]
    assert "look_at" not in old[2]
    assert len(told) > 50 / stride, "the upgrade has that many statements"
    assert [lived for _, lived, *_ in told] == [False] * (len(told) - 1) + [True]
    assert [step for step, lived, *left in told if left not in (old, new)] == []


def test_every_file_is_there_with_what_it_held_and_can_be_asked(first: Path, tmp_path: Path) -> None:
    register = Ledger(f"sqlite:///{copy(first, tmp_path)}")
    register.upgrade()
    files = register.ask(questions.files)
    assert len(files) == FILES
    assert {(f.number, f.complainant_name, f.due_on and f.due_on.isoformat()) for f in files} == {
        (f"REC-2026-{n:04d}", f"Élise n° {n}", "2026-12-01") for n in range(1, FILES + 1)
    }
    assert register.ask(lambda tx: questions.find_complaint(tx, "REC-2026-0001")).linked_to == LINK  # type: ignore[union-attr]
    assert register.ask(lambda tx: list(journal.broken(tx))) == []
    register.close()


def test_an_upgraded_register_has_the_tables_of_a_new_one(first: Path, tmp_path: Path) -> None:
    made = []
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        path = copy(first, tmp_path / name) if name == "old" else tmp_path / name / "mailbot.db"
        register = Ledger(f"sqlite:///{path}")
        register.upgrade()
        register.close()
        made.append((_columns(path), _indexes(path), _references(path)))
    assert made[0] == made[1]
    assert all(made[0])


def test_a_new_register_is_marked_with_the_newest_migration(tmp_path: Path) -> None:
    register = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    register.upgrade()
    assert register.schema() == engines.NEWEST == engines.known_schemas()[-1]
    register.close()


def _columns(path: Path) -> dict[str, set[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as register:
        tables = [name for (name,) in register.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {t: {row[1:4] for row in register.execute(f'PRAGMA table_info("{t}")')} for t in tables}


def _indexes(path: Path) -> set[tuple[object, ...]]:
    """Of each table: which columns, whether unique, of which rows; the names of those that SQLite makes itself are its own."""
    with closing(sqlite3.connect(path)) as register:
        tables = [name for (name,) in register.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = [(t, *row[1:]) for t in tables for row in register.execute(f'PRAGMA index_list("{t}")')]
        return {
            (table, "" if name.startswith("sqlite_") else name, unique, origin, partial, _parts(register, name))
            for table, name, unique, origin, partial in found
        }


def _parts(register: sqlite3.Connection, index: str) -> tuple[object, ...]:
    where = register.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()[0] or ""
    rows = register.execute(f'PRAGMA index_xinfo("{index}")')
    return (*((row[2], row[3]) for row in rows if row[5]), where.partition(" WHERE ")[2])


def _references(path: Path) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as register:
        tables = [name for (name,) in register.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {(t, *row[2:5]) for t in tables for row in register.execute(f'PRAGMA foreign_key_list("{t}")')}


# -- and back --------------------------------------------------------------------------------------


def test_back_to_the_first_schema_and_forward_again_no_file_is_lost(first: Path, tmp_path: Path) -> None:
    path = copy(first, tmp_path)
    before = _columns(path)
    register = Ledger(f"sqlite:///{path}")
    register.upgrade()
    register.downgrade("0001")
    assert register.schema() == "0001"
    register.close()
    assert _columns(path) == before
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT count(*), max(number) FROM complaint").fetchone() == (FILES, LINK)
    register = Ledger(f"sqlite:///{path}")
    register.upgrade()
    assert len(register.ask(questions.files)) == FILES
    register.close()


@pytest.mark.parametrize("raw", [b"", b"From: a\r\n\r\nBonjour\r\n" * 200_000])
def test_a_letter_keeps_its_bytes_on_the_way_to_the_schema_before_they_lay_apart_and_back(
    register: Ledger, raw: bytes
) -> None:
    with register.transaction() as tx:
        given = {
            "name": "ack:1",
            "kind": "ack",
            "to_addr": "a@b.example",
            "envelope_to": "a@b.example",
            "facts": {"n": 1},
        }
        given |= {"message_id": "<1@x>", "marker": "m", "created_at": NOON, "next_try_at": NOON}
        tx.add(Letter(**given, octets=Octets(raw=raw)))
    register.downgrade("0013")
    with register.engine.connect() as line:
        assert unpacked(bytes(line.execute(text("SELECT raw FROM letter")).scalar_one())) == raw
    register.upgrade()
    kept = register.ask(lambda tx: tx.exec(select(Letter)).one())
    assert (kept.raw, kept.facts, kept.name) == (raw, {"n": 1}, "ack:1")


@pytest.mark.parametrize("revision", ["9999", "head", ""])
def test_back_to_a_schema_that_is_not_behind_is_refused_and_nothing_changes(
    first: Path, tmp_path: Path, revision: str
) -> None:
    register = Ledger(f"sqlite:///{copy(first, tmp_path)}")
    with pytest.raises(LookupError):
        register.downgrade(revision or engines.known_schemas()[-1])
    assert register.schema() == "0001"
    register.close()


@pytest.mark.sqlite("a file of the first version")
def test_a_newer_register_is_refused_and_says_which_version_it_wants(first: Path, tmp_path: Path) -> None:
    path = copy(first, tmp_path)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '8888'")
        plain.commit()
    register = Ledger(f"sqlite:///{path}")
    with pytest.raises(NewerSchema, match=r"version plus récente de mailbot \(schéma 8888"):
        register.upgrade()
    register.close()
    result = CliRunner().invoke(app, ["list", "--config", str(configure(tmp_path))])
    assert result.exit_code == 75
    assert "schéma 8888" in result.stderr


@pytest.mark.sqlite("a file of the first version")
def test_the_command_shows_the_schema_and_takes_the_register_back(first: Path, tmp_path: Path) -> None:
    copy(first, tmp_path)
    file = configure(tmp_path)
    newest = engines.known_schemas()[-1]
    shown = json.loads(CliRunner().invoke(app, ["schema", "--json", "--config", str(file)]).stdout)
    assert shown == {"register": "0001", "program": newest, "known": list(engines.known_schemas())}
    assert CliRunner().invoke(app, ["list", "--config", str(file)]).exit_code == 0
    assert CliRunner().invoke(app, ["schema", "--to", "0001", "--yes", "--config", str(file)]).exit_code == 0
    assert json.loads(CliRunner().invoke(app, ["schema", "--json", "--config", str(file)]).stdout)["register"] == "0001"
    refused = CliRunner().invoke(app, ["schema", "--to", "7777", "--yes", "--config", str(file)])
    assert (refused.exit_code, "0001" in refused.stderr) == (1, True)
