"""The table of quality meetings: the pack as it was sent, what was decided, the bulletin."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel


class Meeting(SQLModel, table=True):
    """A quality meeting: its pack as it was sent, what was decided, the bulletin that went to everybody (spec §8)."""

    id: int | None = Field(default=None, primary_key=True)
    first: date  # the period that the pack tells of, both ends included
    last: date
    made_at: datetime = Field(index=True)
    pdf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sheet: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # XLSX
    draft: str = ""  # of the bulletin, drawn from the figures
    held_on: date | None = None  # None until the decisions are recorded
    decisions: str = ""
    recorded_at: datetime | None = None
    recorded_by: str = ""
    bulletin: str = ""  # as it was sent
    bulletin_at: datetime | None = None
    bulletin_by: str = ""
    bulletin_to: int = 0  # how many people got it
