"""The register as a table: the same columns in CSV, XLSX and JSON, told in the documentation, and no cell that a spreadsheet obeys."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from pathlib import Path

import cast
import pytest
import pytest_asyncio
from room import Room, mail, room
from staff.talk import ARGUED, FIRST, SCORES, talk

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.reports import export
from mailbot.reports.counted import Period

at_work = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parent.parent
NAMES = [c.name for c in export.COLUMNS]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def told(desk: Room, **which: object) -> export.Table:
    return desk.register.ask(lambda tx: export.table(tx, desk.config, **which))  # type: ignore[arg-type]


def as_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(data.decode("utf-8-sig")), delimiter=";"))


@at_work
async def test_one_line_a_file_with_what_the_register_says(guard: Guard, tmp_path: Path) -> None:
    async with talk(tmp_path, guard) as people:
        await people.carl("Bonjour,\nla salle était fermée. Je souhaite une autre date.\nCarl\n")
        await people.post()
        await people.staff("évaluer", SCORES)
        await people.staff("résolu", ARGUED)
        await people.post(minutes=11)
        await people.desk.take(mail("Facture", "Bonjour,\nje conteste.\n", sender=cast.OPALE, name="Opale"))
        table = told(people.desk)
        first, second = as_rows(export.write(table, "csv", made_at=cast.NOON))
        assert list(first) == NAMES
        wanted = {
            "numero": FIRST, "nature": "réclamation", "etape": "close", "recue_le": "2026-11-23 12:00", "reclamant": "Carl Petit",
            "adresse": cast.CARL, "solution_souhaitee": "Je souhaite une autre date", "echeance": "2026-12-01",
            "responsable": "Bo Martin", "gravite": "2", "priorite": "P3", "dans_le_delai": "oui", "jours_ouvres": "0",
            "dans_l_engagement": "", "fondement": "fondée", "reouvertures": "0",
        }  # fmt: skip
        assert {name: first[name] for name in wanted} == wanted
        assert (second["numero"], second["repondu_le"], second["dans_le_delai"]) == ("REC-2026-0002", "", "")
        as_json = json.loads(export.write(table, "json", made_at=cast.NOON))
        assert list(as_json["columns"]) == NAMES
        assert as_json["files"][0]["dans_le_delai"] is True
        assert as_json["files"][0]["echeance"] == "2026-12-01"
        workbook = export.write(table, "xlsx", made_at=cast.NOON)
        assert workbook == export.write(table, "xlsx", made_at=cast.NOON)
        assert "Carl Petit" in cells(workbook)
        assert export.COLUMNS[0].means in cells(workbook)


def cells(workbook: bytes) -> str:
    with zipfile.ZipFile(BytesIO(workbook)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("text", ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")'])
def test_no_cell_is_a_formula(text: str) -> None:
    [row] = as_rows(export.as_csv(["a"], [[text]]))
    assert row["a"] == f"'{text}"
    column = (export.Column(name="a", means=text, of=lambda _: text),)
    workbook = cells(export.as_xlsx(export.Table(columns=column, rows=((text,),)), made_at=cast.NOON))
    assert "<f>" not in workbook
    assert "<hyperlinks>" not in workbook


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "oui"), (False, "non"), (None, ""), (0, "0"), (12.5, "12,50"), (date(2026, 5, 1), "2026-05-01"),
        (datetime(2026, 5, 1, 9, 3, tzinfo=UTC), "2026-05-01 09:03"), ("a;b\n\"c\"", "a;b\n\"c\""),
    ],
)  # fmt: skip
def test_each_value_has_one_form(value: object, shown: str) -> None:
    [row] = as_rows(export.as_csv(["a"], [[value]]))
    assert row["a"] == shown


@at_work
async def test_of_a_sensitive_file_neither_name_nor_text_leaves(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(
            mail("Harcèlement", "Bonjour,\nle formateur me harcèle. Je souhaite un autre groupe.\nCarl Petit\n")
        )
        assert desk.file().sensitive
        for form in export.FORMATS:
            data = export.write(told(desk), form, made_at=cast.NOON)
            text = cells(data) if form == "xlsx" else data.decode("utf-8-sig")
            assert "REC-2026-0001" in text
            assert not re.search("Carl|carl@|arcèlement|autre groupe", text)


@at_work
async def test_a_period_holds_what_was_received_in_it_and_exercises_never(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        await desk.mails.practise(desk.config.staff[0], "Ann")
        day = cast.NOON.date()
        assert [row[0] for row in told(desk).rows] == ["REC-2026-0001"]
        assert len(told(desk, period=Period(first=day, last=day)).rows) == 1
        assert told(desk, period=Period(first=date(2026, 1, 1), last=date(2026, 11, 22))).rows == ()
        assert len(told(desk, numbers=["REC-2026-0001"]).rows) == 1


def test_every_column_stands_in_the_documentation_in_its_order_and_with_its_meaning() -> None:
    page = (ROOT / "docs" / "auditeur.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| `([a-z_]+)` \| (.+) \|$", page) == [(c.name, c.means) for c in export.COLUMNS]
    assert len(NAMES) == len(set(NAMES))
