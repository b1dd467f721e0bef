"""A rehearsed year of forty-four complaints against the table written by hand, equal both ways; two runs are the same bytes."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cast
import pytest
import pytest_asyncio
from room import configured

import year
from mailbot.config import Config, Person
from mailbot.rehearse import folder as folders
from mailbot.rehearse import play as plays

pytestmark = pytest.mark.asyncio(loop_scope="module")
PARIS = ZoneInfo("Europe/Paris")
ROLES: dict[str, tuple[str, ...]] = {"ann": ("quality",), "dir": ("direction",), "dan": ("admin",)}
Row = tuple[str, str, str, str]


def address(who: str) -> str:
    if who in year.STAFF:
        return f"{who}@ief.example"
    return {"vera": "noreply@courriel.example", "mona2": "mona@courriel.example"}.get(who, f"{who}@courriel.example")


def settings(folder: Path) -> Config:
    return configured(
        folder,
        staff=tuple(
            Person(name=name, addresses=(address(key),), roles=ROLES.get(key, ("staff",)))  # type: ignore[arg-type]
            for key, name in year.STAFF.items()
        ),
        assignment={"default": address("bo"), "rules": ({"to": address("zoe"), "words": ("facture",)},)},
        calendar={"closures": tuple({"first": a, "last": b, "label": label} for a, b, label in year.CLOSURES)},
        intake={"public_domains": ("courriel.example",)},
    )


# -- the mails --------------------------------------------------------------------------------------


def written(event: year.Event) -> tuple[str, str, str]:
    """(subject, text, further headers) of what somebody writes."""
    if event.act == "mail":
        return (*year.MAILS.get(event.file, year.BODY), "")
    if event.act == "more":
        return "Re: Salle fermée", year.MORE, "In-Reply-To: {{LETTER}}\n"
    if event.act == "marks":
        care, action, next_ = event.words.split()
        text = f"Prise en compte : {care}\nAction : {action}\nSuite de la relation : {next_}\n"
        return "Re: avis", text, "In-Reply-To: {{LETTER:survey}}\n"
    if event.act == "saisie":
        return "#saisie", year.ENTRIES[event.file], ""
    about = f"[{{{{REC:{event.file}}}}}] " if event.file else ""
    argument = re.sub(r"\{(\w+)\}", r"{{REC:\1}}", event.words)
    subject = f"{about}#{event.act} {'' if event.act == 'évaluer' else argument}".strip()
    return subject, year.SCORES.get(event.words, year.TEXTS.get(event.act, "")), ""


def write(folder: Path) -> Path:
    """Every mail of the year as somebody would lay it in a folder."""
    folder.mkdir()
    for n, event in enumerate(year.events()):
        subject, text, more = written(event)
        day, _, hour = event.at.partition(" ")
        at = hour.replace(":", "") if ":" in hour else f"{hour}00"
        key = event.file if event.act in ("mail", "saisie") else f"{event.file or 'bureau'}-{n:03}"
        who = event.file if event.who == "@" else event.who
        name = year.STAFF.get(who, who.rstrip("2").capitalize())
        head = f"From: {name} <{address(who)}>\nTo: {cast.BOX}\nSubject: {subject}\n{more}"
        (folder / f"2026-{day} {at} {key}.eml").write_text(f"{head}\n{text}", encoding="utf-8")
    return folder


# -- what came of them ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A run: the folder, and its register read without the program."""

    out: Path
    last: str

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """Register rows by the names of the table, in which the files stand in the order of their numbers."""
        rows = json.loads((self.out / "registre.json").read_text(encoding="utf-8"))
        names = [file for file, *_ in sorted(year.rows(year.LETTERS), key=lambda row: row[1][:5]) if file != "-"]
        return dict(zip(names, rows, strict=False))

    def letters(self) -> Counter[Row]:
        """(day, kind, to, file) of every letter but the digests."""
        names = {row["number"]: name for name, row in self.files.items()}
        with sqlite3.connect(self.out / "mailbot.db") as register:
            found = register.execute(
                "SELECT letter.settled_at, letter.kind, letter.to_addr, complaint.number FROM letter "
                "LEFT JOIN complaint ON complaint.id = letter.complaint_id WHERE letter.state = 'sent'"
            ).fetchall()
        register.close()
        rows = []
        for at, kind, to, number in found:
            day = datetime.fromisoformat(f"{at}+00:00").astimezone(PARIS)
            who = to.partition("@")[0]
            rows.append((f"{day:%m-%d}", kind, who if who in year.STAFF else "@", names.get(number, "-")))
        return Counter(row for row in rows if row[1] != "digest")

    def digests(self) -> int:
        return len(list((self.out / "lettres").glob("*_digest.eml")))


async def played(folder: Path, mails: Path, last: str) -> Played:
    folder.mkdir()
    config = settings(folder)
    await plays.play(config, folders.mails(mails, PARIS, cast.PROVIDER), date.fromisoformat(last), folder)
    return Played(folder, last)


async def twice(folder: Path, last: str) -> tuple[Played, Played]:
    mails = write(folder / "courriels")
    return await played(folder / "one", mails, last), await played(folder / "two", mails, last)


def by_hand(last: str) -> Counter[Row]:
    return Counter(row for row in year.letters() if f"2026-{row[0]}" <= last)


def expected(row: list[str]) -> dict[str, Any]:
    """The register's columns of a line of the table."""
    _, due, stage, nature, outcome, priority, closed, rest = row
    told: dict[str, Any] = {
        "due_on": due if len(due) > 5 else f"2026-{due}",
        "stage": stage,
        "nature": nature,
        "outcome": outcome,
        "priority": priority,
        "closed": f"2026-{closed}" if closed else None,
        "cycle": 1, "committed_on": None, "commitment_missed": False, "provisional": False, "ack_state": "accepted",
        "assignee": "bo", "sensitive": False, "urgent": False, "silenced": False, "marks": "", "language": "fr",
    }  # fmt: skip
    for word in rest.split():
        key, equals, value = word.partition("=")
        told[key] = value.replace("_", " ") if equals else True
    told["cycle"] = int(told["cycle"])
    told["committed_on"] = f"2026-{told['committed_on']}" if told["committed_on"] else None
    return told


def differences(run: Played) -> dict[str, dict[str, tuple[Any, Any]]]:
    """file → column → (what came, what was written by hand), where they differ."""
    wrong: dict[str, dict[str, tuple[Any, Any]]] = {}
    numbers = {name: row["number"] for name, row in run.files.items()}
    for line in year.rows(year.REGISTER):
        if line[0] not in run.files:
            continue
        row, told = run.files[line[0]], expected(line)
        closed = row["closed_at"]
        came = {
            **row,
            "closed": f"{datetime.fromisoformat(closed).astimezone(PARIS):%Y-%m-%d}" if closed else None,
            "assignee": row["assignee"].partition("@")[0],
        }
        for key, value in told.items():
            meant = value.format(**numbers) if isinstance(value, str) else value
            if came[key] != meant:
                wrong.setdefault(line[0], {})[key] = (came[key], meant)
    return wrong


def same(one: Played, two: Played) -> list[str]:
    """The files that differ between two runs."""
    names = {p.relative_to(run.out) for run in (one, two) for p in run.out.rglob("*") if p.is_file()}
    return sorted(
        str(name)
        for name in names
        if not all((run.out / name).exists() for run in (one, two))
        or (one.out / name).read_bytes() != (two.out / name).read_bytes()
    )


CUTS = [pytest.param(year.CUT, id="january"), pytest.param(year.LAST, id="year", marks=pytest.mark.long)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CUTS)
async def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    return await twice(tmp_path_factory.mktemp("year"), request.param)


async def test_every_letter_written_by_hand_leaves_on_its_day(runs: tuple[Played, Played]) -> None:
    assert sorted((by_hand(runs[0].last) - runs[0].letters()).elements()) == []


async def test_no_other_letter_leaves(runs: tuple[Played, Played]) -> None:
    assert sorted((runs[0].letters() - by_hand(runs[0].last)).elements()) == []


async def test_dates_stages_natures_and_outcomes_are_those_written_by_hand(runs: tuple[Played, Played]) -> None:
    until = {file for file, first in year.rows(year.LETTERS) if file != "-" and f"2026-{first[:5]}" <= runs[0].last}
    assert set(runs[0].files) == until
    assert differences(runs[0]) == {}


async def test_numbers_follow_without_a_gap(runs: tuple[Played, Played]) -> None:
    numbers = [row["number"] for row in runs[0].files.values()]
    assert numbers == [f"REC-2026-{n:04}" for n in range(1, len(numbers) + 1)]


async def test_one_digest_a_working_day(runs: tuple[Played, Played]) -> None:
    # From Monday 5 January: 20 working days in January. In the year 261 week-days less 1 and 2 January, 8 holidays on week-days
    # besides, 10 days of August and 5 of December (25 December is counted as a holiday).
    assert runs[0].digests() == {year.CUT: 20, year.LAST: 261 - 2 - 8 - 10 - 5}[runs[0].last]


async def test_two_runs_are_the_same_bytes(runs: tuple[Played, Played]) -> None:
    assert same(*runs) == []
    assert len(list((runs[0].out / "lettres").iterdir())) == runs[0].letters().total() + runs[0].digests()


async def test_the_table_holds_every_type_and_fate() -> None:
    stages = {row[2] for row in year.rows(year.REGISTER)}
    assert stages == {"closed", "out-of-scope", "withdrawn", "duplicate", "no-answer", "acknowledged"}
    assert len(year.rows(year.REGISTER)) == 44
    assert {row[0] for row in year.rows(year.REGISTER)} == {row[0] for row in year.rows(year.LETTERS)} - {"-"}
