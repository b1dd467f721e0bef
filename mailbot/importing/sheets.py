"""A table out of a stranger's CSV or XLSX: heads and rows as text and dates, formulas never obeyed. All limits live here."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from mailbot.message import clean

FILE = 20 * 2**20  # bytes of the file
UNPACKED = 150 * 2**20  # bytes that a workbook says it unpacks to
PARTS = 2_000  # files inside a workbook
ROWS = 20_000
COLUMNS = 200
CELL = 20_000  # characters of one cell
LIKELY = 30  # rows looked at to guess what separates the columns
SEPARATORS = {";": "point-virgule", ",": "virgule", "\t": "tabulation", "|": "barre verticale"}
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
WORKBOOKS = (".xlsx", ".xlsm")

Value = str | date | datetime


class Unfit(ValueError):
    """A file that is no table we can read; its words say why and how to mend, in French."""


@dataclass(frozen=True, kw_only=True)
class How:
    """How the file is to be read; "" and 0: found out, and said."""

    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    heads: int = 1  # the row in which the heads stand


@dataclass(frozen=True, kw_only=True)
class Row:
    """`number`: as a spreadsheet counts its rows. `long`: heads of the columns whose cell is too long."""

    number: int
    cells: dict[str, Value]
    long: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    said: str  # how it was read, for whoever has to check it


def table(path: Path, how: How) -> Table:
    """The table in a file. Raises Unfit, OSError."""
    if path.stat().st_size > FILE:
        raise Unfit(f"{path.name} dépasse {FILE // 2**20} Mo : découpez le registre, par année par exemple")
    raw = path.read_bytes()
    if path.suffix.lower() in WORKBOOKS or raw.startswith(b"PK\x03\x04"):
        rows, said = _workbook(raw, how)
    else:
        rows, said = _text(raw, how)
    return _made(rows, how.heads, said)


def _made(rows: Iterable[list[Any]], at: int, said: str) -> Table:
    counted = enumerate(islice(rows, ROWS + at + 1), 1)
    first = next((row for number, row in counted if number == at), None)
    if not first or not any(_value(cell) for cell in first):
        raise Unfit(f"la ligne {at} devait porter les titres des colonnes, et elle est vide : voir file.heads")
    heads = _named(first)
    found = [_row(number, heads, row) for number, row in counted]
    if len(found) > ROWS:
        raise Unfit(f"plus de {ROWS} lignes : découpez le registre, par année par exemple")
    return Table(heads=tuple(h for h in heads if h), rows=tuple(r for r in found if r.cells), said=said)


def _named(cells: list[Any]) -> list[str]:
    """The heads; a second « Date » is « Date (2) », and a column without a head is left out."""
    if len(cells) > COLUMNS and any(_value(c) for c in cells[COLUMNS:]):
        raise Unfit(f"plus de {COLUMNS} colonnes : ce fichier n’est pas un registre lisible")
    names: list[str] = []
    for cell in cells[:COLUMNS]:
        name = clean.line(str(_value(cell)), 100)
        same = sum(n == name or n.startswith(f"{name} (") for n in names) if name else 0
        names.append(f"{name} ({same + 1})" if same else name)
    return names


def _row(number: int, heads: list[str], cells: list[Any]) -> Row:
    held = {head: value for head, cell in zip(heads, cells, strict=False) if head and (value := _value(cell))}
    long = tuple(head for head, value in held.items() if isinstance(value, str) and len(value) > CELL)
    return Row(number=number, cells=held, long=long)


def _value(cell: Any) -> Value:
    """Text or a date; a number as it is written, without a decimal that is none."""
    if isinstance(cell, datetime):
        return cell.replace(microsecond=0, tzinfo=None)
    if isinstance(cell, date):
        return cell
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else clean.body(str(cell), CELL + 1).strip()


# -- CSV -----------------------------------------------------------------------------------------------------------------------


def _text(raw: bytes, how: How) -> tuple[Iterator[list[Any]], str]:
    text, encoding = _decoded(raw, how.encoding)
    separator = how.separator or _separator(text)
    if separator not in SEPARATORS:
        raise Unfit(f"file.separator = « {separator[:5]} » : écrivez {', '.join(repr(s) for s in SEPARATORS)}")
    return _records(text, separator), f"{encoding}, colonnes séparées par : {SEPARATORS[separator]}"


def _decoded(raw: bytes, wanted: str) -> tuple[str, str]:
    """UTF-8 when the bytes are, else the encoding of French Windows; said, since nobody can know."""
    if wanted:
        try:
            return raw.decode(wanted), wanted
        except LookupError:
            raise Unfit(f"file.encoding = « {wanted[:30]} » n’est pas connu : utf-8, cp1252 ou utf-16") from None
        except UnicodeDecodeError as error:
            raise Unfit(f"le fichier n’est pas en {wanted} (octet {error.start + 1}) : voir file.encoding") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(raw, "utf-16")
    if b"\0" in raw:
        raise Unfit("le fichier contient des octets nuls : ce n’est pas un CSV ; enregistrez-le en CSV ou en XLSX")
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "cp1252"


def _separator(text: str) -> str:
    """The one that cuts the first rows into most columns, the same number each."""

    def columns(separator: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in islice(_records(text, separator), LIKELY) if row]
        except Unfit:
            return 0, 0
        return (sum(w == widths[0] for w in widths) * (widths[0] > 1), widths[0]) if widths else (0, 0)

    return max(SEPARATORS, key=columns)


def _records(text: str, separator: str) -> Iterator[list[str]]:
    """Rows as a spreadsheet counts them, whatever line ends stand inside quotes."""
    csv.field_size_limit(FILE)  # a cell that is too long is said with its place, below
    try:
        yield from csv.reader(StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise Unfit(f"le fichier ne se lit pas comme un CSV ({error}) : guillemets ou séparateur ?") from None


# -- XLSX ----------------------------------------------------------------------------------------------------------------------


def _workbook(raw: bytes, how: How) -> tuple[Iterator[list[Any]], str]:
    """A sheet as it was last shown: values, never formulas."""
    import openpyxl

    _small(raw)
    try:
        book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        names = book.sheetnames
        if how.sheet and how.sheet not in names:
            raise Unfit(f"pas de feuille « {how.sheet[:60]} » : {', '.join(clean.line(n, 60) for n in names)}")
        sheet = book[how.sheet or names[0]]
        rows = [
            list(row) for row in islice(sheet.iter_rows(values_only=True, max_col=COLUMNS + 1), ROWS + how.heads + 1)
        ]
    except Unfit:
        raise
    except Exception as error:  # whatever a broken workbook makes the library say
        raise Unfit(f"le classeur ne se lit pas ({type(error).__name__}) : enregistrez-le à nouveau en XLSX") from None
    others = f" (il y en a {len(names)} : file.sheet)" if len(names) > 1 and not how.sheet else ""
    return iter(rows), f"feuille « {clean.line(sheet.title, 60)} »{others}"


def _small(raw: bytes) -> None:
    """What it says it unpacks to; a part gives no byte more than it says."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Unfit("le classeur est abîmé : enregistrez-le à nouveau en XLSX") from None
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise Unfit(f"le classeur dépasse {UNPACKED // 2**20} Mo une fois déplié : il n’est pas ouvert")
