"""The tables of the letters' bytes, apart from what happens to each letter: SQLite writes a row anew, with all that lies in it, at
every change of state, and a letter with files is megabytes."""

from __future__ import annotations

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from mailbot.store import packed


class Octets(SQLModel, table=True):
    """A letter as it leaves or left, sealed, without its stretches; empty once erased."""

    letter_id: int | None = Field(default=None, primary_key=True, foreign_key="letter.id")
    raw: bytes = Field(sa_column=Column(packed.Packed, nullable=False))


class Stretch(SQLModel, table=True):
    """Bytes of a letter that lie in a mail: `size` of them from `begin` on in the mail, at `at` among the letter's other bytes."""

    letter_id: int | None = Field(default=None, primary_key=True, foreign_key="letter.id")
    rank: int | None = Field(default=None, primary_key=True)
    at: int
    raw_id: int = Field(foreign_key="raw.id", index=True)
    begin: int
    size: int
