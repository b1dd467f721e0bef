"""The tables of bytes that lie apart. Those of letters from what happens to each: SQLite writes a row anew, with all that lies in it,
at every change of state, and a letter with files is megabytes. Those of large mails, so that none of them is in memory whole."""

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


class Slab(SQLModel, table=True):
    """`size` bytes of a large mail from `begin` on, which has none in its row."""

    raw_id: int | None = Field(default=None, primary_key=True, foreign_key="raw.id")
    begin: int | None = Field(default=None, primary_key=True)
    size: int
    data: bytes = Field(sa_column=Column(packed.Packed, nullable=False))
