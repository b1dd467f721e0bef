"""The tables of what a desk learns from its complaints: causes, actions, and the files that each action answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Cause(SQLModel, table=True):
    """Why a complaint could happen (#cause): one row an analysis, the latest counts (spec §8)."""

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaint.id", index=True)
    at: datetime = Field(index=True)
    author: str  # first address of the colleague
    family: str = Field(index=True)  # one of rules.causes.FAMILIES: Main-d’œuvre, Méthode, Matériel, Matière, Milieu…
    finding: str = ""  # « constat »
    whys: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # the five whys, in order
    root: str  # « cause racine »
    proof: str = ""


class Action(SQLModel, table=True):
    """A corrective action, « A-7 »: open → done → effective | ineffective (spec §8)."""

    __table_args__ = (UniqueConstraint("series", "rank"),)

    id: int | None = Field(default=None, primary_key=True)
    series: str  # real | essai | practice, as the file it was decided on
    rank: int  # 7 of « A-7 », consecutive in its series
    state: str = Field(default="open", index=True)  # open | done | effective | ineffective
    what: str
    owner: str = Field(index=True)  # first address
    due_on: date = Field(index=True)
    decided_at: datetime
    decided_by: str
    category: str = ""  # of the file: with `training`, what a recurrence is
    training: str = ""
    replaces: int = 0  # rank of the ineffective action that it follows
    done_at: datetime | None = Field(default=None, index=True)
    done_by: str = ""
    evidence: str = ""  # how one sees that it is done
    check_on: date | None = Field(default=None, index=True)  # when its effect is looked at
    checked_at: datetime | None = None
    checked_by: str = ""
    recurrences: int | None = None  # complaints of that category and training from `done_at` to `checked_at`
    judgement: str = ""  # what #efficace or #inefficace said
    told: str = ""  # numbers of the files whose complainants were told what changed, space separated


class ActionFile(SQLModel, table=True):
    """Which complaints an action answers: several each way."""

    action_id: int = Field(primary_key=True, foreign_key="action.id")
    complaint_id: int = Field(primary_key=True, foreign_key="complaint.id", index=True)
