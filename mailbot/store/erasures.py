"""The table of who was taken out of the register: what an older copy recognises them by, and what is still to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel


class Erasure(SQLModel, table=True):
    """A person who was pseudonymised, or files past their age; unfinished until mailbox and database file were cleaned too."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    pseudonym: str  # what stands where their address stood
    salt: str
    digest: str  # sha256(salt + address): recognises the person in an older copy, tells nobody who it was
    todo: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # emptied when done
    mailbox_at: datetime | None = None
    done_at: datetime | None = None
