"""The register as a table for other programs: CSV, XLSX or JSON, its columns named and explained in one list.

The names and their order are a promise to whoever reads them by script: new ones are added at the end. No cell is ever a formula.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any

from mailbot import complaint, workdays
from mailbot.config import Config
from mailbot.reports import gathered, said
from mailbot.reports.asked import as_promised, in_time
from mailbot.reports.counted import Filed, Period
from mailbot.reports.said import Speaker
from mailbot.store import measures
from mailbot.store.ledger import Session
from mailbot.store.tables import Complaint

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would obey a cell that begins so
FORMATS = ("csv", "xlsx", "json")
LONGEST = 32_000  # characters: what a cell of a spreadsheet holds
HIDDEN = "confidentiel"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One file, as its row and as the figures count it."""

    row: Complaint
    filed: Filed
    say: Speaker
    config: Config

    def open_to_all(self, value: str) -> str:
        """Of a sensitive file neither name nor text is exported (spec §3)."""
        return HIDDEN if self.row.sensitive and value else value

    def days(self) -> int | None:
        start, end = self.filed.ack_on or self.filed.received_on, self.filed.answered_on
        return workdays.count(start, end, self.config.workdays) if end else None

    def moment(self, value: datetime | None) -> datetime | None:
        return self.say.local(value).replace(tzinfo=None) if value else None


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    means: str  # in French, for the documentation
    of: Callable[[Line], Any]


def _c(name: str, means: str, of: Callable[[Line], Any]) -> Column:
    return Column(name=name, means=means, of=of)


COLUMNS = (
    _c("numero", "numéro du dossier, jamais réutilisé", lambda x: x.row.number),
    _c("nature", "réclamation, difficulté, aléa, information, hors périmètre, doublon ou retrait", lambda x: x.row.nature),
    _c("etape", "où en est le dossier", lambda x: complaint.STAGE_NAMES.get(x.row.stage, x.row.stage)),
    _c("recue_le", "jour et heure de réception", lambda x: x.moment(x.row.received_at)),
    _c("reclamant", "nom du réclamant", lambda x: x.open_to_all(x.row.complainant_name)),
    _c("adresse", "son adresse électronique", lambda x: x.open_to_all(x.row.complainant_addr)),
    _c("qualite", "stagiaire, financeur ou autre", lambda x: x.row.complainant_type),
    _c("precision", "sous-type : OPCO, CPF, entreprise…", lambda x: x.row.subtype),
    _c("objet", "objet du premier message", lambda x: x.open_to_all(x.row.subject)),
    _c("formation", "formation concernée", lambda x: x.open_to_all(x.row.training)),
    _c("session", "session concernée", lambda x: x.open_to_all(x.row.session)),
    _c("solution_souhaitee", "la phrase du réclamant", lambda x: x.open_to_all(x.row.wish)),
    _c("souhait", "exprimée, non exprimée ou à confirmer", lambda x: x.row.wish_state),
    _c("accuse_le", "jour et heure où l’accusé a été accepté", lambda x: x.moment(x.row.ack_at)),
    _c("accuse", "ce qu’est devenu l’accusé de réception", lambda x: said.ACKS.get(x.row.ack_state, x.row.ack_state)),
    _c("echeance", "date imprimée sur l’accusé ; provisoire sans accusé", lambda x: x.row.due_on),
    _c("engagement", "date promise au réclamant, la dernière", lambda x: x.row.committed_on),
    _c("responsable", "qui traite le dossier", lambda x: x.say.name(x.row.assignee)),
    _c("evaluee_le", "jour et heure de l’évaluation", lambda x: x.moment(x.row.assessed_at)),
    _c("gravite", "de 1 à 4", lambda x: x.row.gravity or None),
    _c("complexite", "de 1 à 4", lambda x: x.row.complexity or None),
    _c("repercussions", "de 1 à 4", lambda x: x.row.repercussions or None),
    _c("priorite", "de P1 à P4", lambda x: x.row.priority),
    _c("caractere", "exceptionnel ou durable", lambda x: x.row.character),
    _c("categorie", "code de la catégorie, et ce qu’il veut dire", lambda x: said.category(x.row.category)),
    _c("action_immediate", "oui ou non : toujours une décision", lambda x: x.row.immediate),
    _c("repondu_le", "jour et heure de la réponse argumentée", lambda x: x.moment(x.row.answered_at)),
    _c("jours_ouvres", "de l’accusé (sinon de la réception) à la réponse", lambda x: x.days()),
    _c("dans_le_delai", "réponse au plus tard à l’échéance", lambda x: in_time(x.filed) if x.filed.answered_on else None),
    _c("dans_l_engagement", "réponse au plus tard à la date promise", lambda x: _promised(x)),
    _c("fondement", "fondée, partielle ou non fondée", lambda x: x.row.outcome),
    _c("solution_accordee", "totale, partielle, autre ou aucune", lambda x: x.row.remedy),
    _c("geste_euros", "montant accordé", lambda x: x.row.remedy_cents / 100 if x.row.remedy_cents else None),
    _c("close_le", "jour et heure de la clôture", lambda x: x.moment(x.row.closed_at)),
    _c("reouvertures", "combien de fois le dossier a été rouvert", lambda x: x.row.cycle - 1),
    _c("notes", "enquête : prise en compte, action, suite, de 1 à 5", lambda x: x.row.marks),
    _c("analyse_requise", "pourquoi une analyse des causes est requise", lambda x: x.row.analysis_why),
    _c("cause", "famille de cause de la dernière analyse", lambda x: ", ".join(x.filed.causes)),
    _c("lie_a", "autre dossier auquel celui-ci est lié", lambda x: x.row.linked_to),
    _c("conservation", "litige pour lequel rien n’est effacé", lambda x: x.row.hold),
    _c("pseudonymisee_le", "jour et heure où la personne a été retirée", lambda x: x.moment(x.row.erased_at)),
    _c("ancien_numero", "numéro dans le registre d’où le dossier a été repris", lambda x: x.row.old_number),
    _c("repris_de", "ce registre et la ligne, ou le courriel", lambda x: x.row.origin),
)  # fmt: skip


def _promised(line: Line) -> bool | None:
    return as_promised(line.filed) if line.filed.promises and line.filed.answered_on else None


@dataclass(frozen=True, kw_only=True)
class Table:
    """The register's rows; the values still as dates, numbers, yes and no."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


def table(tx: Session, config: Config, *, period: Period | None = None, numbers: Sequence[str] | None = None) -> Table:
    """Every file of the real series in the order of reception, or those received in a period, or those of these numbers."""
    say = Speaker(config=config)
    filed = {f.number: f for f in gathered.register(tx, config).files}
    wanted = [
        Line(row=row, filed=filed[row.number], say=say, config=config)
        for row in measures.counted_files(tx)
        if (period is None or period.holds(filed[row.number].received_on))
        and (numbers is None or row.number in numbers)
    ]
    return Table(columns=COLUMNS, rows=tuple(tuple(c.of(line) for c in COLUMNS) for line in wanted))


def write(told: Table, form: str, *, made_at: datetime) -> bytes:
    """In one of FORMATS; same table, same bytes."""
    if form == "json":
        return as_json(told)
    return as_xlsx(told, made_at=made_at) if form == "xlsx" else as_csv([c.name for c in told.columns], told.rows)


def as_json(told: Table) -> bytes:
    names = [c.name for c in told.columns]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in told.rows]
    columns = {c.name: c.means for c in told.columns}
    return (json.dumps({"columns": columns, "files": rows}, ensure_ascii=False, indent=1) + "\n").encode()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def as_csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """For a French spreadsheet: semicolons, a mark that says UTF-8; no cell is a formula."""
    held = StringIO(newline="")
    writer = csv.writer(held, delimiter=";", lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + held.getvalue().encode()


def cell(value: Any) -> str:
    """What a spreadsheet shows and never obeys."""
    if isinstance(value, bool) or value is None:
        return {True: "oui", False: "non", None: ""}[value]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.2f}".replace(".", ",")
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_xlsx(told: Table, *, made_at: datetime) -> bytes:
    import xlsxwriter

    from mailbot.reports import sheet

    held = BytesIO()
    book = xlsxwriter.Workbook(held, {**sheet.QUIET, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"title": "Registre des réclamations", "created": made_at.astimezone(UTC)})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    rows = [[_for_cell(value) for value in row] for row in told.rows]
    sheet.fill(
        book,
        head,
        "Registre",
        [c.name for c in told.columns],
        rows,
        hours=book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    )
    sheet.fill(book, head, "Colonnes", ("colonne", "sens"), [(c.name, c.means) for c in told.columns])
    book.close()
    return held.getvalue()


def _for_cell(value: Any) -> Any:
    return cell(value) if isinstance(value, bool) else value[:LONGEST] if isinstance(value, str) else value
