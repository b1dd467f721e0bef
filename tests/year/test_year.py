"""A rehearsed year of forty-four complaints against the table written by hand, equal both ways; two runs are the same bytes."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import cast
import pytest
import pytest_asyncio
from room import configured
from sqlmodel import Session, col, select

import year
from mailbot.config import Config, Person
from mailbot.rehearse import folder as folders
from mailbot.rehearse import play as plays
from mailbot.reports import export, fiche, gathered
from mailbot.reports.counted import Period
from mailbot.reports.figures import figures
from mailbot.reports.said import Speaker
from mailbot.store import measures, meetings, record
from mailbot.store.ledger import Ledger
from mailbot.store.tables import Letter
from year import fiches, kpis

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.sqlite("a rehearsal, whose register is a file of its own"),
]
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
        trainings=({"name": "Anglais"},),
        meeting={"trainees": 400},
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
    if event.act == "decisions":
        return "Re: Réunion qualité", year.TEXTS["decisions"], "In-Reply-To: {{LETTER:meeting-pack}}\n"
    if event.act == "saisie":
        return "#saisie", year.ENTRIES[event.file], ""
    about = f"[{{{{REC:{event.file}}}}}] " if event.file else ""
    argument = re.sub(r"\{(\w+)\}", r"{{REC:\1}}", event.words)
    subject = f"{about}#{event.act} {'' if event.act in ('évaluer', 'action') else argument}".strip()
    return subject, body(event), ""


def body(event: year.Event) -> str:
    """What a colleague writes below the tag."""
    if event.act == "action":
        return year.PLANS[event.words]
    if event.act == "évaluer":
        lines = [f"{year.SCORES[event.words]} {year.IMMEDIATE.get(event.file, 'immédiat:non')}"]
        said = (("Catégorie", year.CATEGORY), ("Caractère", year.CHARACTER))
        return "\n".join([*lines, *(f"{key} : {of[event.file]}" for key, of in said if event.file in of), ""])
    return year.TEXTS.get(event.act, "") + (year.GRANTED if (event.file, event.act) == ("dora", "résolu") else "")


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
THE_YEAR = pytest.mark.parametrize("runs", CUTS[1:], indirect=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=CUTS)
async def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    return await twice(tmp_path_factory.mktemp("year"), request.param)


@pytest.fixture
def whole_year(runs: tuple[Played, Played]) -> Played:
    return runs[0]


async def test_every_letter_written_by_hand_leaves_on_its_day(runs: tuple[Played, Played]) -> None:
    assert sorted((by_hand(runs[0].last) - runs[0].letters()).elements()) == []


async def test_no_other_letter_leaves(runs: tuple[Played, Played]) -> None:
    assert sorted((runs[0].letters() - by_hand(runs[0].last)).elements()) == []


async def test_dates_stages_natures_and_outcomes_are_those_written_by_hand(runs: tuple[Played, Played]) -> None:
    until = {file for file, first in year.rows(year.LETTERS) if file != "-" and f"2026-{first[:5]}" <= runs[0].last}
    assert set(runs[0].files) == until
    assert differences(runs[0]) == {}


async def test_the_register_as_it_is_exported_says_the_same(runs: tuple[Played, Played]) -> None:
    run, config = runs[0], settings(runs[0].out)
    table = asked_of(run, lambda tx: export.table(tx, config))
    rows = [dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows]
    of_number = {row["numero"]: row for row in rows}
    wrong = {}
    for line in year.rows(year.REGISTER):
        name, meant = line[0], expected(line)
        if name not in run.files:
            continue
        row, took = of_number[run.files[name]["number"]], kpis.WORKING_DAYS.get(name)
        came = (
            *(
                row[key]
                for key in ("nature", "fondement", "priorite", "jours_ouvres", "dans_le_delai", "dans_l_engagement")
            ),
            row["echeance"].isoformat(),
            row["close_le"] and f"{row['close_le']:%Y-%m-%d}",
            row["reclamant"] == "confidentiel",
        )
        told = (
            *(meant[key] for key in ("nature", "outcome", "priority")),
            took,
            None if took is None else name not in kpis.LATE,
            kpis.KEPT.get(name),
            meant["due_on"],
            meant["closed"],
            meant["sensitive"],
        )
        if came != told:
            wrong[name] = (came, told)
    assert wrong == {}
    assert len(rows) == len(run.files)


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


# -- figures, packs and fiches ----------------------------------------------------------------------


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def asked_of(run: Played, question: Callable[[Session], Any]) -> Any:
    """An answer of the register that the run left; of a copy, because opening a register changes its file."""
    with TemporaryDirectory() as folder:
        register = Ledger(f"sqlite:///{shutil.copy(run.out / 'mailbot.db', folder)}")
        try:
            return register.ask(question)
        finally:
            register.close()


@THE_YEAR
@pytest.mark.parametrize("name", kpis.PERIODS)
async def test_every_figure_is_what_was_worked_out_by_hand(whole_year: Played, name: str) -> None:
    first, last = kpis.PERIODS[name]
    config = settings(whole_year.out)
    found = figures(asked_of(whole_year, lambda tx: gathered.register(tx, config)), Period(first=first, last=last))
    column = 1 + list(kpis.PERIODS).index(name)
    assert {f.rank: plain(f.text) for f in found} == {rank: row[column] for rank, row in kpis.FIGURES.items()}
    if name == kpis.YEAR:
        assert {f.rank: list(f.rows) for f in found if f.rank in kpis.ROWS} == kpis.ROWS


@THE_YEAR
async def test_the_figures_of_the_whole_rehearsal_lie_in_its_folder(whole_year: Played) -> None:
    told = json.loads((whole_year.out / "chiffres.json").read_text(encoding="utf-8"))
    assert (told["from"], told["to"]) == ("2026-01-05", year.LAST)
    held = {f["rank"]: plain(f["text"]) for f in told["figures"]}
    assert (held[7], held[8], held[28]) == tuple(kpis.FIGURES[rank][1] for rank in (7, 8, 28))


@THE_YEAR
async def test_each_pack_told_on_its_day_what_was_worked_out_by_hand(whole_year: Played) -> None:
    def sent(tx: Session) -> list[dict[str, Any]]:
        return list(tx.exec(select(Letter.facts).where(Letter.kind == "meeting-pack").order_by(col(Letter.id))))

    ranks = ("received", "in_time", "as_promised")
    told = {(f["first"], f["last"]): tuple(plain(f[r]) for r in ranks) for f in asked_of(whole_year, sent)}
    for name, figures_of_it in kpis.TOLD.items():
        first, last = kpis.PERIODS[name]
        assert told[first.isoformat(), last.isoformat()] == figures_of_it
    packs = sorted(path.name for path in (whole_year.out / "reunions").iterdir())
    assert len(told) == 4
    assert packs == sorted(
        f"{n:03}-{first}-{last}.{ending}" for n, (first, last) in enumerate(told, start=1) for ending in ("pdf", "xlsx")
    )


@THE_YEAR
async def test_two_meetings_were_held_and_everybody_had_both_bulletins(whole_year: Played) -> None:
    rows = asked_of(whole_year, lambda tx: [m.model_dump() for m in meetings.held(tx)])
    assert [(f"{m['held_on']:%m-%d}", m["decisions"], m["bulletin_to"]) for m in rows] == [
        (day, year.TEXTS["decisions"].strip(), len(year.STAFF)) for day in ("06-19", "10-02")
    ]
    assert [m["bulletin"] == m["draft"] for m in rows] == [True, True]


@THE_YEAR
async def test_actions_end_as_they_were_judged(whole_year: Played) -> None:
    rows = asked_of(whole_year, lambda tx: [a.model_dump() for a in measures.counted_actions(tx)])
    assert [(a["rank"], a["state"], a["recurrences"], a["replaces"]) for a in rows] == [
        (1, "ineffective", 1, 0),  # paula, about the same training
        (2, "effective", None, 0),  # neither category nor training on karl's file: nothing can be counted
        (3, "effective", 0, 1),
        (4, "open", None, 0),
    ]


async def test_fiches_say_what_the_table_says(runs: tuple[Played, Played]) -> None:
    run = runs[0]
    config = settings(run.out)
    wrong: dict[str, dict[str, tuple[str, str]]] = {}
    for name in fiches.FICHES.keys() & run.files.keys():
        values = asked_of(run, partial(values_of, config=config, number=run.files[name]["number"]))
        told = {label: value for section in values["sections"] for label, value, _ in section["cells"]}
        assert values["sensitive"] is (name in fiches.SENSITIVE)
        for label, meant in fiches.FICHES[name].items():
            came = told.get(label, "(absent)")
            if run.last == year.CUT and label in fiches.LOOKED_AT:
                continue
            if came != meant and not (meant.endswith("…") and came.startswith(meant[:-1])):
                wrong.setdefault(name, {})[label] = (came, meant)
    assert wrong == {}
    drawn = {path.stem for path in (run.out / "fiches").iterdir() if path.read_bytes().startswith(b"%PDF-")}
    assert drawn == {row["number"] for row in run.files.values()}


def values_of(tx: Session, *, config: Config, number: str) -> dict[str, Any]:
    held = record.of(tx, number)
    assert held is not None
    looked_at = record.meeting_after(tx, held.file.closed_at) if held.file.closed_at else None
    say = Speaker(config=config)
    on = (looked_at.held_on, looked_at.bulletin_at) if looked_at else (None, None)
    return fiche.page(
        fiche.Filled(held=held, config=config, made_at=cast.NOON, held_on=say.day(on[0]), told_on=say.day(on[1]))
    )
