"""Rows asked for and written past the ORM: what every mail needs. Fixed statements, built once, with values put in.

Building a statement each time and filling an object from each row costs five to ten times what SQLite needs for the answer, and
so does SQLAlchemy's execution of one that is built: on SQLite what it compiled goes to the driver itself (4 µs instead of 45).
Whatever the ORM still holds is written first, so that both ways may be mixed within one decision.
"""

from __future__ import annotations

import re
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, literal, update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import Session, SQLModel

from mailbot.store.engine import drive

_SQLITE: Any = SQLiteDialect_pysqlite(dbapi=sqlite3)  # type: ignore[no-untyped-call]
_Way = Callable[[Any], Any] | None  # how a value goes to the driver, or comes from it


@dataclass(frozen=True)
class Answer:
    """Rows that were found, whole, and how many were written."""

    rows: Sequence[Any]
    written: int = 0

    def first(self) -> Any:
        return self.rows[0] if self.rows else None

    def one(self) -> Any:
        """Raises NoResultFound, MultipleResultsFound."""
        if len(self.rows) != 1:
            raise MultipleResultsFound if self.rows else NoResultFound
        return self.rows[0]

    def scalar(self) -> Any:
        return self.rows[0][0] if self.rows else None

    def scalar_one(self) -> Any:
        """Raises NoResultFound, MultipleResultsFound."""
        return self.one()[0]

    def scalars(self) -> list[Any]:
        return [row[0] for row in self.rows]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


def ask(tx: Session, question: Any, **values: Any) -> Answer:
    """The answer to a question that stands at the head of a module, `values` in the place of its `bindparam`s."""
    tx.flush()
    connection = _line(tx)
    ready = _ready(question, tuple(values)) if connection.dialect.name == "sqlite" else None
    if ready is not None:
        done = drive(connection, ready.words, ready.given(values))
        return Answer(ready.read(done.fetchall()) if ready.columns else (), done.rowcount)
    found = connection.execute(question, values)
    return Answer(found.all()) if found.returns_rows else Answer((), found.rowcount)


def add(tx: Session, table: type[SQLModel], **values: Any) -> Any:
    """A new row, what is not given as the table says; returns its key."""
    tx.flush()
    connection, whole = _line(tx), _whole(table, values)
    if connection.dialect.name == "sqlite":
        ready = _ready_insert(table, tuple(whole))
        done = drive(connection, ready.words, ready.given(whole))
        return whole.get(_key(table), done.lastrowid)
    key = connection.execute(_insert(table), whole).inserted_primary_key
    return key[0] if key else None


def add_all(tx: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Several at once, of the same columns."""
    if not rows:
        return
    tx.flush()
    connection, whole = _line(tx), [_whole(table, row) for row in rows]
    if connection.dialect.name == "sqlite":
        ready = _ready_insert(table, tuple(whole[0]))
        drive(connection, ready.words, [ready.given(row) for row in whole], many=True)
    else:
        connection.execute(_insert(table), whole)


def change(tx: Session, table: type[SQLModel], key: int | None, **values: Any) -> None:
    """A row by its `id`, in the register, and in hand where the ORM has it."""
    ask(tx, _update(table), this=key, **values)
    hold(tx, table, key, **values)


def hold(tx: Session, table: type[SQLModel], key: Any, **values: Any) -> None:
    """What was written past the ORM, in hand too where it has that row."""
    held = tx.identity_map.get(identity_key(table, key))
    for name, value in values.items() if held is not None else ():
        set_committed_value(held, name, value)


def _line(tx: Session) -> Connection:
    """The connection of a transaction, which is asked for it a hundred times."""
    line: Connection | None = tx.info.get("line")
    if line is None or line.closed:
        line = tx.info["line"] = tx.connection()
    return line


def each(words: Iterable[str]) -> list[Any]:
    """For an IN whose list never changes: plain words SQLAlchemy would write anew each time."""
    return [literal(word) for word in words]


def _whole(table: type[SQLModel], values: dict[str, Any]) -> dict[str, Any]:
    """With what the table puts where nothing is given; its empty lists are shared, since they go no further than the register."""
    return {**_left_out(table), **values}


@lru_cache
def _left_out(table: type[SQLModel]) -> dict[str, Any]:
    known = {n: f for n, f in table.model_fields.items() if not f.is_required() and n != "id"}
    return {name: field.get_default(call_default_factory=True) for name, field in known.items()}


@lru_cache
def _insert(table: type[SQLModel]) -> Any:
    return insert(table)


@lru_cache
def _update(table: type[SQLModel]) -> Any:
    return update(table).where(table.id == bindparam("this"))  # type: ignore[attr-defined]


@lru_cache
def _key(table: type[SQLModel]) -> str:
    return str(next(iter(table.__table__.primary_key.columns)).name)  # type: ignore[attr-defined]


# -- SQLite's driver ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """A statement as SQLAlchemy writes it for SQLite: its words, its values in their order, and how each value goes in or out."""

    words: str
    names: tuple[tuple[str, _Way], ...]
    fixed: dict[str, Any]
    columns: tuple[_Way, ...]
    row: Any

    def given(self, values: dict[str, Any]) -> list[Any]:
        whole = {**self.fixed, **values}
        return [way(whole[name]) if way else whole[name] for name, way in self.names]

    def read(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        if not any(self.columns):
            return [self.row(*row) for row in rows]
        return [self.row(*(way(v) if way else v for v, way in zip(row, self.columns, strict=True))) for row in rows]


@lru_cache(maxsize=512)
def _ready(question: Any, names: tuple[str, ...]) -> _Ready | None:
    """None for one that is written anew for each list it is given."""
    compiled: SQLCompiler = question.compile(dialect=_SQLITE, column_keys=list(names))
    if any(bind.expanding for bind in compiled.binds.values()):
        return None
    asked = question.selected_columns if question.is_select else ()
    order = compiled.positiontup or ()
    index = question.get_execution_options().get("sqlite_index")
    return _Ready(
        words=_by(index, str(compiled)) if index else str(compiled),
        names=tuple((name, _way_in(compiled.binds[name].type)) for name in order),
        fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        columns=tuple(_way_out(column.type) for column in asked),
        row=namedtuple("Row", [column.key or "" for column in asked], rename=True),
    )


def _by(index: str, words: str) -> str:
    """SQLite, which counts no rows, is told by which index: of two it takes the one with more columns in the question."""
    return re.sub(r"(?<=\bFROM )(\w+)", rf"\1 INDEXED BY {index}", words, count=1)


def _ready_insert(table: type[SQLModel], names: tuple[str, ...]) -> _Ready:
    ready = _ready(_insert(table), names)
    assert ready is not None
    return ready


def _way_in(kind: Any) -> _Way:
    way: _Way = kind.dialect_impl(_SQLITE).bind_processor(_SQLITE)
    return way


def _way_out(kind: Any) -> _Way:
    way: _Way = kind.dialect_impl(_SQLITE).result_processor(_SQLITE, None)
    return way
