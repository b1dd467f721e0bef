"""The table of who reads which mailbox of a register that several daemons share."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel


class Term(SQLModel, table=True):
    """The latest reader of a mailbox. Each take-over is a new epoch, so that what an earlier reader still writes is refused."""

    account: str = Field(primary_key=True)
    epoch: int
    holder: str  # machine and process, for whoever asks « status »
    since: datetime
