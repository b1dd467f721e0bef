"""Rows asked for and written past the ORM: what every mail needs. Fixed statements, built once, with values put in.

Building a statement each time and filling an object from each row costs five to ten times what SQLite needs for the answer.
Whatever the ORM still holds is written first, so that both ways may be mixed within one decision.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import CursorResult, Executable, bindparam, insert, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel


def ask(tx: Session, question: Executable, **values: Any) -> CursorResult[Any]:
    """The answer to a question that stands at the head of a module, `values` in the place of its `bindparam`s."""
    tx.flush()
    return tx.connection().execute(question, values)


def add(tx: Session, table: type[SQLModel], **values: Any) -> Any:
    """A new row, what is not given as the table says; returns its key."""
    tx.flush()
    key = tx.connection().execute(_insert(table), _whole(table, values)).inserted_primary_key
    return key[0] if key else None


def add_all(tx: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Several at once."""
    if rows:
        tx.flush()
        tx.connection().execute(_insert(table), [_whole(table, row) for row in rows])


def change(tx: Session, row: SQLModel, **values: Any) -> None:
    """A row that is in hand, in the register and in hand. Its table has an `id`."""
    tx.flush()
    tx.connection().execute(_update(type(row)), {"this": row.id, **values})  # type: ignore[attr-defined]
    for name, value in values.items():
        set_committed_value(row, name, value)


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
