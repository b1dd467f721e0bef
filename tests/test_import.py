"""`mailbot import`: another register taken in once, line by line, and no letter to anybody because of it (spec §3, issue 7)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import audit as outside
import cast
import openpyxl
import pytest
import pytest_asyncio
import registers
from room import Room, mail, room
from typer.testing import CliRunner, Result

from mailbot import audit, proof
from mailbot.cli import app
from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.importing import lines, mapping, register, sheets
from mailbot.importing.sheets import How
from mailbot.privacy import erasing
from mailbot.reports import figures, gathered, tables
from mailbot.reports.counted import Period
from mailbot.rules import imported
from mailbot.store import erase, journal
from mailbot.store.tables import Letter

in_one_loop = pytest.mark.asyncio(loop_scope="module")
WHO = "commande de dan"
PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 23)
HEADS = [
    "N°", "Reçue le", "Réclamant", "Courriel", "Qualité", "Formation", "Objet", "Description", "Date AR", "Statut",
    "Date de réponse", "Décision", "Clos le", "Responsable",
]  # fmt: skip
ROWS = [
    ["26-1", "18/11/2026", "Zoé Lam", "zoe@courriel.example", "stagiaire", "", "Convocation tardive", "Je l’ai reçue la veille.",
     "19/11/2026", "En cours", "", "", "", "Bo"],
    ["25-1", "12/03/2025", "Carl Petit", cast.CARL, "apprenant", "Bureautique", "Salle fermée", "Personne ne nous a prévenus.",
     "12/03/2025", "Clôturée", "18/03/2025", "Fondée", "19/03/2025", "Bo Martin"],
    ["25-2", "03/11/2025", "Opale", cast.OPALE, "OPCO", "", "Facture", "Deux fois la même ;\nvoir pièce.", "", "Close", "", "",
     "20/11/2025", "Jean Parti"],
    ["26-2", "20/11/2026", "", "", "autre", "", "Bruit dans la salle 3", "", "", "En cours", "", "", "", ""],
]  # fmt: skip
MAPPING = """
[columns]
number = "N°"
received_on = "Reçue le"
name = "Réclamant"
address = "Courriel"
type = "Qualité"
training = "Formation"
subject = "Objet"
text = "Description"
ack_on = "Date AR"
state = "Statut"
answered_on = "Date de réponse"
outcome = "Décision"
closed_on = "Clos le"
assignee = "Responsable"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guard() -> AsyncIterator[Guard]:
    async with Guard(words(cast.config()).to_json()) as reader:
        yield reader


def written(rows: list[list[str]] = ROWS, *, encoding: str = "cp1252", separator: str = ";") -> bytes:
    """As a French spreadsheet exports it."""
    quoted = [separator.join(f'"{c}"' if separator in c or "\n" in c else c for c in row) for row in [HEADS, *rows]]
    return ("\r\n".join(quoted) + "\r\n").encode(encoding)


def workbook(rows: list[list[Any]], *, title: str = "Réclamations") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    held = BytesIO()
    book.save(held)
    return held.getvalue()


def put(folder: Path, raw: bytes, name: str = "registre.csv") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def changed(number: str, **cells: str) -> list[list[str]]:
    """The register with some cells of one line written otherwise."""
    return [[cells.get(h, c) if row[0] == number else c for h, c in zip(HEADS, row, strict=True)] for row in ROWS]


async def planned(desk: Room, raw: bytes | None = None, *, chosen: str = MAPPING) -> register.Plan:
    path = put(desk.config.data_dir, raw or written())
    read = mapping.read(chosen)
    return await register.plan(sheets.table(path, read.how), read, desk.bench, path.name)


async def take(desk: Room, raw: bytes | None = None) -> list[str]:
    return await register.take_in(await planned(desk, raw), desk.bench, WHO)


def dumped(folder: Path) -> list[str]:
    """The whole register, a line a row."""
    return [f"{name} {row}" for name, rows in registers.tables(folder).items() for row in rows]


# -- the file ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [";", ",", "\t"], ids=["semicolon", "comma", "tab"])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [("cp1252", "cp1252"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")],
)
def test_a_csv_is_read_whatever_wrote_it_and_how_is_said(
    tmp_path: Path, encoding: str, said: str, separator: str
) -> None:
    told = sheets.table(put(tmp_path, written(encoding=encoding, separator=separator)), How())
    assert told.heads == tuple(HEADS)
    assert [row.cells["N°"] for row in told.rows] == ["26-1", "25-1", "25-2", "26-2"]
    assert told.rows[2].cells["Description"] == "Deux fois la même ;\nvoir pièce."
    assert [row.number for row in told.rows] == [2, 3, 4, 5], "as a spreadsheet counts them"
    assert told.said == f"{said}, colonnes séparées par : {sheets.SEPARATORS[separator]}"


def test_a_workbook_gives_dates_and_numbers_and_no_formula(tmp_path: Path) -> None:
    day = datetime(2025, 3, 12, 9, 30)  # noqa: DTZ001  (a cell has no zone)
    raw = workbook(
        [["N°", "Le", "Le", "Reste", None], [17, day, day.date(), "=1+1", "sans titre"], [None, None, "", ""]]
    )
    told = sheets.table(put(tmp_path, raw, "registre.xlsx"), How())
    assert told.heads == ("N°", "Le", "Le (2)", "Reste")
    [row] = told.rows
    assert (row.number, row.cells) == (2, {"N°": "17", "Le": day, "Le (2)": datetime(2025, 3, 12)})  # noqa: DTZ001
    assert told.said == "feuille « Réclamations »"


def bomb() -> bytes:
    """A workbook whose one sheet unpacks to more than anybody's register."""
    held = BytesIO()
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed, packed.open(sheet, "w", force_zip64=True) as part:
        for _ in range(160):
            part.write(b" " * 2**20)
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "raw", "how", "said"),
    [
        ("r.csv", b"Date;Objet\r\n\0\0;x\r\n", How(), "octets nuls"),
        ("r.csv", b"\r\n\r\n", How(), "la ligne 1 devait porter les titres"),
        ("r.csv", "Reçue\r\n".encode("cp1252"), How(encoding="utf-8"), "n’est pas en utf-8 (octet 3)"),
        ("r.csv", b"a;b\r\n", How(encoding="klingon"), "klingon"),
        ("r.csv", b"a;b\r\n", How(separator="#"), "file.separator"),
        ("r.csv", b";".join([b"t"] * 201), How(), "plus de 200 colonnes"),
        ("r.csv", b"a;b\r\n" + b"1;2\r\n" * 20_001, How(), "plus de 20000 lignes"),
        ("r.csv", b"x" * (sheets.FILE + 1), How(), "dépasse 20 Mo"),
        ("r.xlsx", b"PK\x03\x04 coupe", How(), "abîmé"),
        ("r.xlsx", bomb(), How(), "dépasse 150 Mo une fois déplié"),
        ("r.xlsx", workbook([["a"]]), How(sheet="Autre"), "pas de feuille « Autre » : Réclamations"),
    ],
    ids=["nul", "empty", "not-utf8", "encoding", "separator", "columns", "rows", "size", "broken", "bomb", "sheet"],
)
def test_a_file_that_is_no_register_is_refused_with_a_reason(
    tmp_path: Path, name: str, raw: bytes, how: How, said: str
) -> None:
    with pytest.raises(sheets.Unfit) as refused:
        sheets.table(put(tmp_path, raw, name), how)
    assert said in str(refused.value)


def test_an_entity_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    """A workbook is XML of strangers."""
    raw, held = workbook([["a", "b"]]), BytesIO()
    laugh = (
        '<!DOCTYPE x [<!ENTITY a "'
        + "ha" * 50
        + '">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    )
    with zipfile.ZipFile(BytesIO(raw)) as good, zipfile.ZipFile(held, "w") as bad:
        for part in good.infolist():
            text = good.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = (laugh + "]>").encode() + text.replace(b"<sheetData>", b"<sheetData>&i;")
            bad.writestr(part.filename, text)
    with pytest.raises(sheets.Unfit, match="ne se lit pas"):
        sheets.table(put(tmp_path, held.getvalue(), "r.xlsx"), How())


# -- the mapping ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[columns", "ce n’est pas du TOML"),
        ("[colonnes]\n", "[colonnes] : ce nom n’est pas connu"),
        (
            '[columns]\nreceived_on = "D"\nsubjet = "O"\n',
            "[columns] subjet : ce nom n’est pas connu. Voulez-vous dire « subject » ?",
        ),
        ('[columns]\nsubject = "O"\n', "[columns] received_on : il manque"),
        ('[columns]\nreceived_on = "D"\n', "ni subject ni text"),
        ('[columns]\nreceived_on = 3\nsubject = "O"\n', "[columns] received_on : cette valeur ne convient pas"),
        (MAPPING + '[file]\ndates = ["DD/MM/YYYY"]\n', "« DD/MM/YYYY » n’est pas un format de date"),
        (MAPPING + "[file]\nheads = 0\n", "[file] heads : cette valeur ne convient pas"),
        (MAPPING + '[file]\nencodage = "utf-8"\n', "Voulez-vous dire « encoding » ?"),
        (
            MAPPING + '[values.outcome]\n"Oui" = "fondee"\n',
            "« fondee » n’est pas une de nos valeurs. Les nôtres : fondée,",
        ),
        (MAPPING + '[values.closed_on]\n"x" = "y"\n', "[values] closed_on : ce nom n’est pas connu"),
        ("columns = 3\n", "[columns] : ce n’est pas une table"),
    ],
)
def test_a_mistake_in_the_mapping_is_told_with_its_key_and_how_to_mend_it(text: str, said: str) -> None:
    with pytest.raises(mapping.Wrong) as wrong:
        mapping.read(text)
    assert said in "\n".join(map(str, wrong.value.found))


def test_a_draft_is_a_mapping_that_knows_the_usual_heads() -> None:
    drafted = mapping.draft([*HEADS, 'Un "mot" \\ rare'], "registre.csv")
    assert mapping.read(drafted).columns == mapping.read(MAPPING).columns
    assert '# Sans usage pour l’instant : "Un \\"mot\\" \\\\ rare"' in drafted


@in_one_loop
async def test_a_column_that_the_register_lacks_is_named(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        made = await planned(desk, chosen=MAPPING.replace('"Objet"', '"Objets"'))
        [wrong] = made.mistakes
        assert (
            str(wrong) == "[columns] subject : le registre n’a pas de colonne « Objets ». Voulez-vous dire « Objet » ?"
        )


# -- the lines -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"Reçue le": ""}, "ligne 3, colonne « Reçue le » : la cellule est vide"),
        ({"Reçue le": "31/02/2025"}, "ligne 3, colonne « Reçue le » : « 31/02/2025 » n’est pas une date"),
        ({"Reçue le": "12/03/2027"}, "« 12/03/2027 » n’est pas une date passée plausible"),
        ({"Reçue le": "12/03/0205"}, "« 12/03/0205 » n’est pas une date passée plausible"),
        (
            {"Date AR": "11/03/2025"},
            "colonne « Date AR » : accusé de réception du 11/03/2025, avant la réception (12/03/2025)",
        ),
        (
            {"Clos le": "hier"},
            "colonne « Clos le » : « hier » n’est pas une date. Corrigez-la, ou donnez son format dans file.dates",
        ),
        (
            {"Décision": "Bof"},
            '« Bof » n’est pas connu. Écrivez sous [values.outcome] : "Bof" = « fondée », « partielle »',
        ),
        ({"Courriel": "carl chez courriel"}, "« carl chez courriel » n’est pas une adresse"),
        ({"Courriel": "a@b.fr\nBcc: x@y.fr"}, "n’est pas une adresse"),
        (
            {"Clos le": "", "Date de réponse": ""},
            "colonne « Clos le » : « close » sans date de fin. Donnez le jour de clôture",
        ),
        ({"Objet": "", "Description": ""}, "ni objet ni texte"),
        ({"Description": "x" * (sheets.CELL + 1)}, "plus de 20000 caractères dans une cellule"),
    ],
)
def test_a_mistake_in_a_line_is_told_with_line_and_column(tmp_path: Path, cells: dict[str, str], said: str) -> None:
    table = sheets.table(put(tmp_path, written(changed("25-1", **cells))), How())
    told = [t for t, _ in register.rows(table, mapping.read(MAPPING), cast.config(), TODAY, "registre.csv")]
    assert [t.row for t in told if t.line is None] == [3]
    [wrong] = [m for t in told for m in t.mistakes]
    assert said in str(wrong)


@in_one_loop
async def test_a_number_that_stands_twice_is_a_mistake_and_with_one_nothing_is_written(
    guard: Guard, tmp_path: Path
) -> None:
    with room(tmp_path, guard) as desk:
        made = await planned(desk, written([*ROWS, ["26-1", *ROWS[3][1:]]]))
        [wrong] = made.mistakes
        assert "ligne 6, numéro : le numéro « 26-1 » est déjà à la ligne 2" in str(wrong)
        assert await register.take_in(made, desk.bench, WHO) == []


@in_one_loop
async def test_the_same_mistake_on_many_lines_is_told_once_with_its_lines(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        rows = [[*row[:9], "Perdue", *row[10:]] for row in ROWS]
        made = await planned(desk, written(rows))
        [wrong] = made.mistakes
        assert wrong.rows == (2, 3, 4, 5)
        assert "lignes 2, 3, 4, 5, colonne « Statut » : « Perdue »" in str(wrong)


@pytest.mark.parametrize(
    ("said", "formats", "moment"),
    [
        ("12/03/2025", "", "2025-03-12T12:00"),
        ("12/03/25", "", "2025-03-12T12:00"),
        ("2025-03-12 09:15:00", "", "2025-03-12T09:15"),
        ("12.03.2025 9h05", "", "2025-03-12T09:05"),
        ("3 février 2025", "", "2025-02-03T12:00"),
        ("03/12/2025", '["MM/JJ/AAAA"]', "2025-03-12T12:00"),
    ],
)
def test_a_day_is_read_in_the_usual_ways_or_as_the_mapping_says(said: str, formats: str, moment: str) -> None:
    read = mapping.read(MAPPING + (f"[file]\ndates = {formats}\n" if formats else ""))
    row = sheets.Row(number=2, cells={"Reçue le": said, "Objet": "Salle"})
    told = lines.told(row, read, cast.config(), TODAY, "r.csv")
    assert told.line
    paris = told.line.received_at.astimezone(PARIS)
    assert f"{paris:%Y-%m-%dT%H:%M}" == moment


def test_words_are_translated_and_an_empty_cell_may_mean_something() -> None:
    more = '[values.outcome]\n"Bof" = "partielle"\n[otherwise]\nclosed_on = "31/12/2025"\n'
    cells = {"Reçue le": "12/03/2025", "Objet": "Salle", "Statut": "soldée", "Décision": "BOF"}
    told = lines.told(
        sheets.Row(number=2, cells=dict(cells)), mapping.read(MAPPING + more), cast.config(), TODAY, "r.csv"
    )
    assert told.line
    assert (told.line.state, told.line.outcome) == ("close", "partielle")
    assert told.line.closed_at == datetime(2025, 12, 31, 11, tzinfo=UTC)


def test_hostile_cells_are_text_and_nothing_else() -> None:
    cells = {"Reçue le": "12/03/2025", "Objet": "=cmd|'/c calc'!A1\u202e\x07", "Réclamant": "Zoé\r\nBcc: x@y.fr"}
    told = lines.told(sheets.Row(number=2, cells=dict(cells)), mapping.read(MAPPING), cast.config(), TODAY, "r.csv")
    assert told.line
    assert told.line.subject == "=cmd|'/c calc'!A1"
    assert "\n" not in told.line.name


# -- taken in ------------------------------------------------------------------------------------------------------------------


@in_one_loop
async def test_a_plan_says_what_each_line_would_become_and_writes_nothing(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        before = dumped(tmp_path)
        made = await planned(desk)
        assert dumped(tmp_path) == before
        assert made.mistakes == ()
        assert [(f.row, f.number, f.line.state, f.due_on) for f in made.files] == [
            (3, "REC-2025-0001", "close", date(2025, 3, 20)),
            (4, "REC-2025-0002", "close", date(2025, 11, 12)),
            (2, "REC-2026-0001", "ouverte", date(2026, 11, 27)),
            (5, "REC-2026-0002", "ouverte", date(2026, 11, 30)),
        ]
        [note] = made.notes
        assert "ligne 4, colonne « Responsable » : « Jean Parti » n’est pas de l’équipe" in str(note)


@in_one_loop
async def test_the_files_are_what_the_plan_said_and_no_letter_is_owed(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        given = await take(desk)
        assert given == ["REC-2025-0001", "REC-2025-0002", "REC-2026-0001", "REC-2026-0002"]
        assert desk.rows(Letter) == []
        assert desk.alarms() == {}
        closed, opened = desk.file("REC-2025-0001"), desk.file("REC-2026-0001")
        assert (closed.old_number, closed.origin) == ("25-1", "registre registre.csv, ligne 3")
        assert (closed.stage, closed.outcome, closed.assignee) == ("closed", "fondée", cast.BO)
        assert (closed.complainant_type, closed.training) == ("stagiaire", "Bureautique")
        assert closed.answered_at == datetime(2025, 3, 18, 11, tzinfo=UTC)
        assert (opened.stage, opened.due_on, opened.provisional) == ("acknowledged", date(2026, 11, 27), False)
        assert desk.file("REC-2026-0002").provisional, "no AR is known: from its reception"
        [step] = desk.story("REC-2025-0001")["steps"]
        assert (step["actor"], step["cause"]) == (WHO, {"kind": "command", "words": "import registre.csv"})
        assert step["text"].startswith("repris du registre registre.csv, ligne 3 (n° 25-1) ; close ; confié à")
        told = desk.register.ask(lambda tx: tables.one(tx, "REC-2025-0001"))
        assert told["old_number"] == "25-1"


@in_one_loop
async def test_the_record_of_an_import_is_whole(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        found = await audit.examine(desk.config, desk.register, guard, desk.clock())
        assert found.faults == []
        assert found.seen["files"] == 4
        assert (await proof.examine(desk.register, guard)).faults == []
        desk.register.close()
        seen = outside.Evidence(
            data_dir=tmp_path,
            url=registers.setting(tmp_path),
            sent=(),
            folders={},
            accepted=(),
            log="",
            house="ief.example",
            numbered=0,
        )
        checks = (
            outside.copies_of_letters,
            outside.nothing_unknown,
            outside.places,
            outside.attachments,
            outside.database,
        )
        assert [wrong for check in checks for wrong in check(seen)] == []


@in_one_loop
async def test_twice_is_once_and_a_line_that_changed_is_told_and_left(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        before = dumped(tmp_path)
        again = await planned(desk, written(list(reversed(ROWS))))
        assert (again.files, len(again.known)) == ((), 4)
        other = await planned(desk, written(changed("26-1", Objet="Autre objet")))
        assert (other.files, other.changed) == ((), ((2, "REC-2026-0001"),))
        assert await register.take_in(again, desk.bench, WHO) == []
        assert dumped(tmp_path) == before


@in_one_loop
async def test_two_equal_lines_are_two_complaints_and_each_is_taken_in_once(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        rows = [["", "18/11/2026", "", "", "", "", "Bruit", *[""] * 7]] * 2
        assert await take(desk, written(rows)) == ["REC-2026-0001", "REC-2026-0002"]
        assert await take(desk, written(rows)) == []


@in_one_loop
async def test_what_another_run_took_in_meanwhile_is_left(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        first, second = await planned(desk), await planned(desk)
        assert len(await register.take_in(first, desk.bench, WHO)) == 4
        assert await register.take_in(second, desk.bench, WHO) == []
        assert len(desk.files()) == 4


@in_one_loop
async def test_its_numbers_stand_in_the_series_of_the_year_without_a_gap(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await desk.take(mail())
        assert (await take(desk))[-2:] == ["REC-2026-0002", "REC-2026-0003"]
        await desk.take(mail("Autre chose", "Bonjour, autre chose.\n", sender="lea@courriel.example"))
        assert [f.number for f in desk.files() if f.year == 2026] == [f"REC-2026-000{n}" for n in (1, 2, 3, 4)]


@in_one_loop
async def test_an_earlier_file_is_history_for_the_next_complaint(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        await desk.take(mail())
        [assignment] = desk.letters("assignment")
        assert "REC-2025-0001" in json.dumps(assignment.facts["history"])


@in_one_loop
async def test_the_clock_chases_staff_for_open_files_and_writes_to_no_complainant(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        for _ in range(8):
            await desk.tick(hours=24)
        chased = {row.facts["number"] for row in desk.letters("chase")}
        assert chased == {"REC-2026-0001", "REC-2026-0002"}, "what was closed elsewhere is left in peace"
        assert {row.to_addr for row in desk.rows(Letter)} <= {cast.BO, cast.ANN, cast.DIR, cast.DAN}


@in_one_loop
async def test_a_human_may_answer_and_the_complainant_may_write(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        await desk.take(
            mail("[REC-2026-0001] #réponse", "Bonjour, nous regardons cela.\n", sender=cast.BO, name="Bo Martin")
        )
        assert [row.to_addr for row in desk.letters("news")] == ["zoe@courriel.example"]
        suite = mail("Re: [REC-2026-0001]", "Bonjour, du nouveau ?\n", sender="zoe@courriel.example", name="Zoé Lam")
        assert (await desk.take(suite)).verdict == "follow-up"


@in_one_loop
async def test_who_was_erased_does_not_come_back_with_the_same_register(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        plan = desk.register.ask(lambda tx: erasing.plan(tx, cast.CARL, desk.config, draw=lambda: "0" * 12))
        act = erase.Act(now=desk.clock(), who=WHO, cause="command:test", salt=lambda: "5a" * 16)
        desk.register.run(lambda tx: erase.write(tx, plan, act))
        assert await take(desk) == []
        left = "\n".join(line for line in dumped(tmp_path) if not line.startswith("erasure "))
        assert [word for word in (cast.CARL, "Carl Petit") if word in left] == []
        assert desk.file("REC-2025-0001").old_number == "25-1", "the number stays"
        assert list(desk.register.ask(lambda tx: list(journal.broken(tx)))) == []


@in_one_loop
async def test_what_the_other_register_does_not_say_is_not_measured(guard: Guard, tmp_path: Path) -> None:
    with room(tmp_path, guard) as desk:
        await take(desk)
        told = desk.register.ask(lambda tx: gathered.register(tx, desk.config))
        year = Period(first=date(2025, 1, 1), last=date(2025, 12, 31))
        said = {f.rank: f.text for f in figures.figures(told, year)}
        assert said[1] == "2"
        assert said[3] == said[4] == "aucun cas ; 2 repris d’un registre : non mesuré", "the day of an AR is no delay"
        assert said[7] == "1 sur 1 ; 1 repris d’un registre : non mesuré"
        assert said[10].startswith("4 jo")
        assert said[13].endswith("2 repris d’un registre : non mesuré")
        assert said[15] == "1 sur 1"


def test_a_date_that_was_announced_binds_else_the_clock_runs_from_their_ar() -> None:
    config, at = cast.config(), datetime(2026, 11, 18, 11, tzinfo=UTC)
    line = imported.Line(origin="x", received_at=at)
    assert imported.due(line, config)[0] == date(2026, 11, 26)
    line = replace(line, ack_at=at + timedelta(days=1))
    assert imported.due(line, config)[0] == date(2026, 11, 27)
    assert imported.due(replace(line, due_on=date(2026, 12, 24)), config)[0] == date(2026, 12, 24)


# -- the command ---------------------------------------------------------------------------------------------------------------

SETTINGS = f"""
[organisation]
name = "Institut Exemple Formation"
domains = ["ief.example"]
[mailbox]
address = "{cast.BOX}"
host = "imap.ief.example"
[smtp]
host = "smtp.ief.example"
[[staff]]
name = "Bo Martin"
addresses = ["{cast.BO}"]
roles = ["staff", "quality", "direction", "admin"]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = f'data_dir = "{tmp_path}"\n' + SETTINGS + registers.toml(tmp_path)
    (tmp_path / "mailbot.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "correspondance.toml").write_text(MAPPING, encoding="utf-8")
    put(tmp_path, written())
    registers.furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAILBOT_MAILBOX_PASSWORD", "secret")
    return tmp_path


def call(*said: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["import", *said], input=typed)


def counted(folder: Path) -> tuple[int, int]:
    """(files, lines of the journal)."""
    [counts] = registers.rows(folder, "SELECT (SELECT count(*) FROM complaint), (SELECT count(*) FROM journal)")
    return counts


def test_the_command_shows_asks_and_takes_in_once(home: Path) -> None:
    mapped = ("registre.csv", "--mapping", "correspondance.toml")
    shown = call(*mapped, typed="n\n")
    assert shown.exit_code == 1, shown.output
    assert "Lu ainsi : cp1252, colonnes séparées par : point-virgule." in shown.stdout
    assert "ligne 3 (n° 25-1) → REC-2025-0001 · 12/03/2025 · Carl Petit : Salle fermée · close, fondée" in shown.stdout
    assert "Rien n’a été écrit." in shown.stdout
    assert counted(home) == (0, 0)
    assert "4 dossier(s) repris : de REC-2025-0001 à REC-2026-0002." in call(*mapped, typed="o\n").stdout
    again = call(*mapped, "--preview", "--json")
    assert (again.exit_code, json.loads(again.stdout)["files"]) == (0, [])
    assert counted(home) == (4, 4)


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (("registre.csv",), 2, "--mapping"),
        (("absent.csv", "--mapping", "correspondance.toml"), 1, "ne se lit pas"),
        (("registre.csv", "--mapping", "registre.csv"), 78, "UTF-8"),
        (("registre.csv", "--draft", "correspondance.toml"), 1, "donnez un nouveau nom"),
    ],
)
def test_what_can_not_be_done_is_said(home: Path, said: tuple[str, ...], code: int, words: str) -> None:
    result = call(*said)
    assert (result.exit_code, words in result.stderr) == (code, True), result.output


def test_a_draft_is_written_from_the_heads(home: Path) -> None:
    assert call("registre.csv", "--draft", "nouveau.toml").exit_code == 0
    assert mapping.read((home / "nouveau.toml").read_text(encoding="utf-8")).columns == mapping.read(MAPPING).columns


def test_killed_in_the_middle_and_typed_again_everything_is_there_once(home: Path) -> None:
    said = [sys.executable, "-m", "mailbot", "import", "registre.csv", "--mapping", "correspondance.toml", "--yes"]
    killed = subprocess.run(said, env={**os.environ, "MAILBOT_FAILPOINT": "K11:3"}, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert counted(home) == (2, 2), "the third line was not written, whole or in part"
    again = call("registre.csv", "--mapping", "correspondance.toml", "--yes", "--json")
    told = json.loads(again.stdout)
    assert told["given"] == ["REC-2026-0001", "REC-2026-0002"]
    assert told["known"] == {"3": "REC-2025-0001", "4": "REC-2025-0002"}
    assert counted(home) == (4, 4)
