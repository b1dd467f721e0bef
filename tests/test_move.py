"""`mailbot move`: every row once, in another database; killed anywhere and called again; never two registers that speak."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cast
import pytest
from room import mail, room
from servers.postgres import Postgres
from sqlalchemy import JSON, Boolean, Date, Integer, LargeBinary, Table, insert, text
from sqlmodel import SQLModel, select
from test_cli import call, configure, furnish

from mailbot import audit, failpoints
from mailbot.config import Config, Database
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import instance, journal, lead, moving, tables
from mailbot.store.ledger import Ledger, recall, remember
from mailbot.store.moving import Differs, Move, Refused
from mailbot.store.packed import Packed
from mailbot.store.tables import Complaint, Journal

ROOT = Path(__file__).parent.parent
SALT = "s" * 32
PASSWORD = "tr0mbone"


# -- registers -----------------------------------------------------------------------------------------------------------


def value(table: Table, name: str, kind: Any, n: int) -> Any:
    moment = datetime(2026, 3, n, 9, 30, 0, 123456, tzinfo=UTC)
    for known, made in (
        (JSON, {"é": [n, None, "« x »"]}), (LargeBinary, bytes([n, 0, 255]) * 40), (Packed, b"Subject: x\r\n\r\n" * n),
        (Boolean, n % 2 == 0), (Integer, n), (Date, date(2026, 3, n)), (tables.Complaint.__table__.c.received_at.type.__class__, moment),  # type: ignore[attr-defined]
    ):  # fmt: skip
        if isinstance(kind, known):
            return made
    return f"{table.name}.{name} : é{n} ; {'aZ_é-'[n % 5]}"


def fill(register: Ledger, rows: int = 5) -> None:
    """Every table with some rows, whatever columns it has or will have."""
    with register.transaction() as tx:
        for table in SQLModel.metadata.sorted_tables:
            made = [{c.name: value(table, c.name, c.type, n) for c in table.columns} for n in range(1, rows + 1)]
            tx.connection().execute(insert(table), made)
        remember(tx, instance.ID, "i" * 32)


def opened(url: str) -> Ledger:
    register = Ledger(url)
    register.upgrade()
    return register


def everything(register: Ledger) -> dict[str, list[str]]:
    """Each table's rows, read otherwise than `move` does; without what a register knows of itself alone."""
    with register.reading() as tx:
        found = {}
        for table in SQLModel.metadata.sorted_tables:
            rows = [
                row for row in tx.connection().execute(select(table)).mappings() if row.get("key") not in moving.OWN
            ]
            found[table.name] = sorted(repr(dict(row)) for row in rows)
        return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register without a row and one with rows everywhere: bringing a schema up to date takes longer than all that follows."""
    folder = tmp_path_factory.mktemp("kept")
    for name in ("empty", "full"):
        with closing(opened(f"sqlite:///{folder}/{name}.db")) as register:
            if name == "full":
                fill(register)
    return folder


def copied(file: Path, to: Path) -> Ledger:
    to.parent.mkdir()
    to.write_bytes(file.read_bytes())
    return Ledger(f"sqlite:///{to}")


@pytest.fixture
def old(kept: Path, tmp_path: Path) -> Iterator[Ledger]:
    with closing(copied(kept / "full.db", tmp_path / "old" / "mailbot.db")) as register:
        yield register


@pytest.fixture
def new(kept: Path, tmp_path: Path) -> Iterator[Ledger]:
    """Tables without a row, as « mailbot check » with the new address leaves them."""
    with closing(copied(kept / "empty.db", tmp_path / "new" / "mailbot.db")) as register:
        yield register


def speaks(register: Ledger) -> bool:
    """Whether a desk that is started on this register may send a letter to somebody."""

    def asked(tx: Any) -> bool:
        return bool(recall(tx, instance.ID)) and not instance.mute(tx, "") and not instance.elsewhere(tx)

    return bool(register.schema()) and register.ask(asked)


def move(source: Ledger, target: Ledger) -> Move:
    """As the command does it, without `verify`: rows made up have no chain."""
    with lead.alone(source, lambda: cast.NOON):
        work = Move(source, target, os.urandom(16).hex())
        work.begin("", lambda: "drawn")
        if not work.done:
            work.copy()
            work.silence(cast.NOON)
            work.release(work.compare(), cast.NOON, who="dan", salt=SALT)
    return work


def moved(source: Ledger, target: Ledger, before: dict[str, list[str]]) -> list[str]:
    """What is not as a move leaves it; [] when nothing is amiss."""
    after = everything(target)
    lines, told = ([row for row in after[t] if row not in before[t]] for t in ("journal", "journaltext"))
    after["journal"] = [row for row in after["journal"] if row not in lines]
    after["journaltext"] = [row for row in after["journaltext"] if row not in told]
    wanted = {
        "one line of the journal says it": len(lines) == len(told) == 1 and "'moved'" in lines[0],
        "every row is there, once": after == before,
        "what was left stays as it was": everything(source) == before,
        "the new one speaks, the old one does not": (speaks(source), speaks(target)) == (False, True),
    }
    return [rule for rule, holds in wanted.items() if not holds]


# -- every row, whatever the engine --------------------------------------------------------------------------------------


def next_ids(register: Ledger, n: int) -> dict[str, int]:
    """What a new row is called in each table that counts its rows."""
    found = {}
    for table in SQLModel.metadata.sorted_tables:
        if [c.name for c in table.primary_key.columns if not c.foreign_keys] == ["id"] and table.name not in (
            "inbound",
            "pending",
        ):
            row = {c.name: value(table, c.name, c.type, n) for c in table.columns if c.name != "id"}
            row |= {c.name: 1 for c in table.columns if c.foreign_keys}
            made = register.run(lambda tx, t=table, row=row: tx.connection().execute(insert(t).values(row)))  # type: ignore[misc]
            found[table.name] = made.inserted_primary_key[0]
    return found


def test_every_table_is_carried_to_postgresql_and_back_and_ids_go_on(
    old: Ledger, new: Ledger, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "ROWS", 2)
    before = everything(old)
    assert {name for name, rows in before.items() if len(rows) < 5} == set(), "a table that this test leaves out"
    with closing(Ledger(postgres_url)) as middle:
        move(old, middle)
        assert moved(old, middle, before) == []
        ids = next_ids(middle, 9)
        assert ids == {name: 7 if name == "journal" else 6 for name in ids}
        assert len(ids) > 10
        before = everything(middle)
        move(middle, new)
        assert moved(middle, new, before) == []
        assert set(next_ids(new, 10).values()) == {7, 9}


@pytest.mark.long
def test_from_one_postgresql_to_another(old: Ledger, postgres: Postgres, postgres_url: str) -> None:
    name = postgres.new_database()
    with closing(Ledger(postgres_url)) as first, closing(Ledger(postgres.url(name))) as second:
        move(old, first)
        before = everything(first)
        move(first, second)
        assert moved(first, second, before) == []
    postgres.drop_database(name)


@pytest.mark.parametrize(
    ("weights", "fit"),
    [
        ([], 1),
        ([10], 1),
        ([moving.OCTETS * 20], 1),
        ([moving.OCTETS // 2] * 3, 2),
        ([1, moving.OCTETS], 1),
        ([1] * 9, 9),
    ],
)
def test_a_batch_holds_what_memory_bears_and_at_least_one_row(weights: list[int], fit: int) -> None:
    assert moving._fitting(weights) == fit


# -- killed, and called again --------------------------------------------------------------------------------------------

POINTS = ("V01", "V02", "V02:2", "V02:9", "V03", "V03:2", "V03:31", "V04", "V05", "V06", "V07", "V08")


class Killed(BaseException):
    """As SIGKILL: nothing of this process is written any more."""


def killer(point: str, look: Callable[[], None]) -> Callable[[str], None]:
    name, _, nth = point.partition(":")
    seen: list[str] = []

    def hit(here: str) -> None:
        if here not in ("V02", "V07"):  # within a transaction: nobody else sees anything yet
            look()
        seen.append(here)
        if seen.count(name) == int(nth or 1):
            raise Killed

    return hit


def never_two(*registers: Ledger) -> Callable[[], None]:
    def look() -> None:
        assert sum(map(speaks, registers)) <= 1

    return look


def kill_at(point: str, source: Ledger, target: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "hit", killer(point, never_two(source, target)))
        with pytest.raises(Killed):
            move(source, target)
    never_two(source, target)()


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_called_again_it_ends_in_the_same_register(
    point: str, old: Ledger, new: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "ROWS", 2)
    before = everything(old)
    kill_at(point, old, new, monkeypatch)
    again = move(old, new)
    assert moved(old, new, before) == []
    assert again.done is (point == "V08")
    assert move(old, new).done, "a third call finds nothing to do"
    assert moved(old, new, before) == []


def test_killed_at_one_point_after_the_other_on_postgresql_nothing_is_doubled(
    old: Ledger, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "ROWS", 4)
    before = everything(old)
    with closing(Ledger(postgres_url)) as target:
        for point in ("V01", "V02:3", "V03:9", "V04", "V05", "V07"):
            kill_at(point, old, target, monkeypatch)
        move(old, target)
        assert moved(old, target, before) == []


def test_a_desk_that_worked_meanwhile_makes_it_begin_anew(
    old: Ledger, new: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at("V03:9", old, new, monkeypatch)
    with old.transaction() as tx:
        instance.settle(tx, "", lambda: "drawn")  # as a daemon does when it starts
        tx.get_one(Complaint, 1).subject = "autre chose"
    before = everything(old)
    move(old, new)
    assert moved(old, new, before) == []


def test_a_desk_that_starts_during_the_copy_keeps_the_voice(
    old: Ledger, new: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(here: str) -> None:
        if here == "V04":
            old.run(lambda tx: instance.settle(tx, "", lambda: "drawn"))

    monkeypatch.setattr(failpoints, "hit", start)
    with pytest.raises(Refused, match="entre-temps"):
        move(old, new)
    assert (speaks(old), speaks(new)) == (True, False)


def test_no_desk_starts_on_half_a_register_nor_on_one_that_left(
    old: Ledger, new: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(register: Ledger) -> None:
        register.run(lambda tx: instance.settle(tx, "", lambda: "drawn"))

    kill_at("V05", old, new, monkeypatch)  # the old one is silent, the new one not yet released: nobody speaks
    for register, why in ((old, "a déménagé"), (new, "pas fini")):
        with pytest.raises(instance.Elsewhere, match=why):
            start(register)
        assert register.ask(lambda tx: instance.mute(tx, "")), "nor does a daemon that is still alive somewhere send"
    move(old, new)
    start(new)
    with pytest.raises(instance.Elsewhere):
        start(old)


def test_what_differs_is_emptied_and_the_old_register_speaks_again(
    old: Ledger, new: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tamper(here: str) -> None:
        never_two(old, new)()
        if here == "V05":
            new.run(lambda tx: setattr(tx.get_one(Complaint, 3), "subject", "autre chose"))

    before = everything(old)
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "hit", tamper)
        with pytest.raises(Differs, match="complaint"):
            move(old, new)
    assert (speaks(old), speaks(new)) == (True, False)
    assert everything(new)["complaint"] == []
    move(old, new)
    assert moved(old, new, before) == []


def test_a_second_process_does_not_write_between_the_lines_of_the_first(old: Ledger, new: Ledger) -> None:
    first, second = Move(old, new, "a" * 32), Move(old, new, "b" * 32)
    first.begin("", lambda: "drawn")
    second.begin("", lambda: "drawn")
    second.copy()
    with pytest.raises(Refused, match="un autre"):
        first.copy()


# -- refused -------------------------------------------------------------------------------------------------------------


def another_register(new: Ledger) -> None:
    new.run(lambda tx: remember(tx, instance.ID, "another"))


def another_move(new: Ledger) -> None:
    marks = moving.Progress(register="another", token="t").words()
    new.run(lambda tx: [remember(tx, instance.ARRIVING, marks), remember(tx, instance.MARK, "x")])


def another_program(new: Ledger) -> None:
    new.run(lambda tx: tx.connection().execute(text("CREATE TABLE factures (n integer)")))


def another_schema(new: Ledger) -> None:
    new.downgrade("0009")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (another_register, "déjà un registre"),
        (another_move, "autre déménagement"),
        (another_program, "factures"),
        (another_schema, "schéma"),
    ],
)
def test_a_database_that_holds_anything_else_is_refused_and_left_alone(
    make: Callable[[Ledger], None], why: str, old: Ledger, new: Ledger
) -> None:
    make(new)
    kept = everything(new) if make not in (another_program, another_schema) else {}
    with pytest.raises(Refused, match=why):
        move(old, new)
    assert speaks(old)
    assert not kept or everything(new) == kept


def test_a_register_that_left_goes_nowhere_else(old: Ledger, new: Ledger, tmp_path: Path) -> None:
    move(old, new)
    with closing(Ledger(f"sqlite:///{tmp_path}/third.db")) as third, pytest.raises(Refused, match="a déménagé"):
        move(old, third)


def test_a_mute_desk_an_empty_one_and_half_of_a_register_are_not_carried(
    old: Ledger, new: Ledger, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at("V03:3", old, new, monkeypatch)
    with closing(copied(kept / "empty.db", tmp_path / "empty" / "mailbot.db")) as empty:
        with pytest.raises(Refused, match="rien dans ce registre"):
            move(empty, new)
        with pytest.raises(Refused, match="pas fini"):
            move(new, empty)
        old.run(lambda tx: instance.become_copy(tx, "ce registre est une copie", "c" * 32))
        with pytest.raises(Refused, match="muet"):
            move(old, empty)


# -- the command ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("to-move")
    asyncio.run(furnish(folder))
    return folder / "mailbot.db"


@pytest.fixture
def config(furnished: Path, tmp_path: Path) -> Path:
    (tmp_path / "mailbot.db").write_bytes(furnished.read_bytes())
    return configure(tmp_path)


def audited(settings: Config) -> list[audit.Fault]:
    async def examine() -> Any:
        async with Guard(words(settings).to_json()) as guard:
            with closing(Ledger(settings.database_url)) as register:
                return await audit.examine(settings, register, guard, cast.NOON)

    return list(asyncio.run(examine()).faults)


@pytest.mark.sqlite("the move of a file")
def test_the_command_carries_a_desk_to_postgresql_where_it_goes_on_with_the_next_number(
    config: Path, postgres_url: str, tmp_path: Path
) -> None:
    url = postgres_url.replace("mailbot@", f"mailbot:{PASSWORD}@")
    with closing(Ledger(f"sqlite:///{tmp_path}/mailbot.db")) as register:
        numbers = register.ask(lambda tx: [c.number for c in tx.exec(select(Complaint))])
        head = register.ask(journal.last_head)
        before = everything(register)
    done = call("move", "--to", "-", "--config", config, typed=f"{url}\n")
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert "secrets.toml" in done.stdout
    assert head[:16] in done.stdout
    text_ = config.read_text(encoding="utf-8").replace("[mailbox]", f'[database]\nurl = "{postgres_url}"\n[mailbox]')
    moved = tmp_path / "moved" / "mailbot.toml"
    moved.parent.mkdir()
    moved.write_text(text_, encoding="utf-8")
    moved.chmod(0o600)
    assert audited(cast.config(database=Database(url=postgres_url), data_dir=tmp_path)) == []
    assert call("verify", "--config", moved).exit_code == 0
    with closing(Ledger(postgres_url)) as register:
        line = register.ask(lambda tx: tx.exec(select(Journal).where(Journal.event == "moved")).one())
        said = register.ask(lambda tx: tx.get_one(tables.JournalText, line.id).text)
        assert "lignes de" in said
        assert PASSWORD not in json.dumps(everything(register))
        assert line.actor.startswith("commande de")
        assert register.ask(lambda tx: [c.number for c in tx.exec(select(Complaint))]) == numbers

    async def go_on() -> Complaint:
        async with Guard(words(cast.config()).to_json()) as guard:
            with room(tmp_path / "moved", guard, database=Database(url=postgres_url)) as desk:
                desk.register.run(lambda tx: instance.settle(tx, "", lambda: "drawn"))
                assert desk.register.ask(lambda tx: instance.mute(tx, "")) == ""
                taken = await desk.take(
                    mail("Salle froide", "Il fait froid, je réclame.\n", sender=cast.OPALE, name="Opale")
                )
                [row] = desk.rows(Complaint, Complaint.id == taken.complaint_id)
                return row

    last = max(int(n.rpartition("-")[2]) for n in numbers)
    assert asyncio.run(go_on()).number == f"REC-2026-{last + 1:04d}"
    for words_ in ("run --once", "list", "decide 1 note"):
        old = call(*words_.split(), "--config", config)
        assert (old.exit_code, "a déménagé" in old.output) == (78, True), old.output
    with closing(Ledger(f"sqlite:///{tmp_path}/mailbot.db")) as register:
        assert everything(register) == {**before, "meta": everything(register)["meta"]}
    again = call("move", "--to", url, "--config", config, "--json")
    assert json.loads(again.stdout)["already"] is True
    assert (again.exit_code, PASSWORD in again.output) == (0, False)
    assert call("unmute", "--yes", "--config", config).exit_code == 0, "a human may give it its voice again"
    assert call("list", "--config", config).exit_code == 0


@pytest.mark.sqlite("the move of a file")
def test_the_command_tells_a_script_what_it_did(config: Path, tmp_path: Path) -> None:
    told = json.loads(call("move", "--to", f"sqlite:///{tmp_path}/b/mailbot.db", "--config", config, "--json").stdout)
    assert (told["setting"], told["value"]) == ("database.url", f"sqlite:///{tmp_path}/b/mailbot.db")
    assert set(told["tables"]) == {t.name for t in SQLModel.metadata.sorted_tables}
    assert told["rows"] == sum(t["rows"] for t in told["tables"].values())
    assert (told["faults"], told["resumed_at"]) == ([], 0)


@pytest.mark.sqlite("the move of a file")
def test_a_desk_at_work_is_75_on_either_engine(config: Path, tmp_path: Path, postgres_url: str) -> None:
    with closing(opened(postgres_url)) as shared, closing(Ledger(f"sqlite:///{tmp_path}/mailbot.db")) as alone:
        for register in (alone, shared):
            at_work = lead.Lead(register, cast.BOX, lambda: cast.NOON)
            at_work.open()
            with pytest.raises(lead.Busy), lead.alone(register, lambda: cast.NOON):
                pytest.fail("alone beside another")
            if register is alone:
                done = call("move", "--to", f"sqlite:///{tmp_path}/b/mailbot.db", "--config", config)
                assert (done.exit_code, "Arrêtez le bureau" in done.output) == (75, True)
            at_work.close()


@pytest.mark.sqlite("the move of a file")
@pytest.mark.long
def test_a_fault_that_was_there_before_keeps_the_old_desk_at_work_unless_asked_anyway(
    config: Path, tmp_path: Path
) -> None:
    target = f"sqlite:///{tmp_path}/b/mailbot.db"
    with closing(Ledger(f"sqlite:///{tmp_path}/mailbot.db")) as register:
        register.run(lambda tx: setattr(tx.get_one(Journal, 2), "event", "autre"))
        done = call("move", "--to", target, "--config", config)
        assert (done.exit_code, "--anyway" in done.output) == (1, True)
        assert register.ask(instance.elsewhere) == ""
        assert register.ask(lambda tx: instance.mute(tx, "")) == ""
        moved = call("move", "--to", target, "--config", config, "--anyway")
        assert (moved.exit_code, "Défaut déjà" in moved.output) == (0, True)


@pytest.mark.sqlite("the move of a file")
@pytest.mark.parametrize("to", ["mysql://a/b", "mailbot.db", "postgresql://", f"postgresql://a:{PASSWORD}@[::1/x", ""])
def test_an_address_that_is_none_is_wrong_use(to: str, config: Path) -> None:
    done = call("move", "--to", to, "--config", config)
    assert (done.exit_code, PASSWORD in done.output) == (2, False), done.output


@pytest.mark.sqlite("the move of a file")
def test_a_server_that_is_not_there_is_75_without_its_address(config: Path) -> None:
    done = call("move", "--to", f"postgresql://ann:{PASSWORD}@127.0.0.1:9/x?connect_timeout=2", "--config", config)
    assert (done.exit_code, PASSWORD in done.output, "reprend" in done.output) == (75, False, True), done.output


# -- killed for good -----------------------------------------------------------------------------------------------------


def run(config: Path, url: str, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mailbot", "move", "--to", url, "--json", "--config", str(config)]
    environment = {**os.environ, "MAILBOT_FAILPOINT": failpoint}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.sqlite("the move of a file")
@pytest.mark.long
@pytest.mark.parametrize("point", ["V01", "V02", "V03:2", "V02:5", "V03:8", "V04", "V05", "V06", "V07", "V08"])
def test_a_process_killed_there_is_followed_by_one_that_ends_it(
    config: Path, postgres_url: str, point: str, tmp_path: Path
) -> None:
    with closing(Ledger(f"sqlite:///{tmp_path}/mailbot.db")) as source, closing(Ledger(postgres_url)) as target:
        source.run(lambda tx: instance.settle(tx, "", lambda: "i" * 32))
        before = everything(source)
        assert run(config, postgres_url, point).returncode == -9
        never_two(source, target)()
        done = run(config, postgres_url)
        assert done.returncode == 0, done.stderr
        assert moved(source, target, before) == []
    assert audited(cast.config(database=Database(url=postgres_url), data_dir=tmp_path)) == []
