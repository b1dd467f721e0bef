"""The same pack as a spreadsheet (XLSX): figures, files without names, actions, formulas. No cell is ever a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from mailbot.reports import pack
from mailbot.reports.asked import as_promised, in_time
from mailbot.reports.pack import Pack

Row = Sequence[Any]
QUIET = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
YES = {True: "oui", False: "non", None: ""}


def make(told: Pack) -> bytes:
    """The workbook; same pack, same bytes."""
    held = BytesIO()
    book = xlsxwriter.Workbook(held, {**QUIET, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"title": "Réclamations", "created": datetime.combine(told.made_on, datetime.min.time(), UTC)})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    fill(book, head, "Chiffres", FIGURES, _figures(told))
    fill(book, head, "Séries", ("N°", "Mesure", "Quoi", "Nombre"), _series(told))
    fill(book, head, "Dossiers", FILES, _files(told))
    fill(book, head, "Actions", ACTIONS, _actions(told))
    book.close()
    return held.getvalue()


def fill(book: Any, head: Any, name: str, titles: Row, rows: Iterable[Row], *, hours: Any = None) -> None:
    """One sheet: its titles kept in sight, each column as wide as what it holds. `hours`: how an instant is shown."""
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, titles, head)
    widths = [len(str(t)) for t in titles]
    for at, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            _cell(sheet, at, column, value, hours)
            widths[column] = max(widths[column], min(60, len(str(value))))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width + 2)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, 0, len(titles) - 1)


def _cell(sheet: Any, at: int, column: int, value: Any, hours: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(at, column, value, hours if isinstance(value, datetime) else None)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        sheet.write_number(at, column, value)
    elif value not in (None, ""):
        sheet.write_string(at, column, str(value))


FIGURES = ("N°", "Mesure", "Cette période", "Partie", "Tout", "Cible", "Tenue", "Un an avant", "Formule")


def _figures(told: Pack) -> Iterable[Row]:
    for f, old in zip(told.found, told.last_year, strict=True):
        part, whole = (f.share.part, f.share.whole) if f.share else ("", "")
        yield f.rank, f.name, f.text, part, whole, f.target, YES[f.met], old.text, f.formula


def _series(told: Pack) -> Iterable[Row]:
    for f in told.found:
        for name, n in f.rows:
            yield f.rank, f.name, name, n


FILES = (
    "Dossier", "Nature", "Étape", "Réclamant", "Reçu le", "Accusé le", "Échéance", "Répondu le", "Clos le", "Dans le délai",
    "Dans l’engagement", "Catégorie", "Formation", "Priorité", "Issue", "Caractère", "Cause", "Analyse requise", "Réouvertures",
)  # fmt: skip


def _files(told: Pack) -> Iterable[Row]:
    """Those received or closed in the period."""
    for f in told.register.files:
        if told.period.holds(f.received_on) or told.period.holds(f.closed_on):
            answered = f.answered_on is not None
            yield (
                f.number, f.nature, f.stage_name, f.kind, f.received_on, f.ack_on, f.due_on, f.answered_on, f.closed_on,
                YES[in_time(f) if answered else None], YES[as_promised(f) if answered else None], f.category,
                "" if f.sensitive else f.training, f.priority, f.outcome, f.character, ", ".join(f.causes), f.analysis_why,
                f.reopened,
            )  # fmt: skip


ACTIONS = ("N°", "Action", "Qui", "Décidée le", "Pour le", "Faite le", "Vérifiée le", "État", "Catégorie", "Formation")


def _actions(told: Pack) -> Iterable[Row]:
    for a in told.register.actions:
        state = pack.STATES[a.state]
        yield a.name, a.what, a.owner, a.decided_on, a.due_on, a.done_on, a.checked_on, state, a.category, a.training
