"""Which desk this is: a random id in the data, the same among the secrets where `init` wrote it. Where they differ, or where a
register says of itself that it is a copy, the desk is mute: it sends one alarm a day and nothing else (spec §2).

A copy of an SQLite register is marked as it is made; a PostgreSQL one remembers in which cluster and database it was at work, so that
a restored dump is told apart. A full clone of an SQLite file and its secrets can't be, nor a whole cluster's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, select

from mailbot.store import journal
from mailbot.store.ledger import recall, remember
from mailbot.store.tables import Inbound, Journal, Letter

ID = "instance"
LEAVING, LEFT = "move:leaving", "move:left"  # of a register that is carried elsewhere, that was: by which move
ARRIVING, ARRIVED = "move:arriving", "move:arrived"  # of one that is being made of it, that was
PLACE = "place"  # the PostgreSQL cluster and database in which it was last at work
MARK = "muted"  # why the register is a copy, written by `backup` into the copy and by `restore`
ALARM = "mute:"  # the one kind of letter that a mute desk may send: its name begins so


class Elsewhere(RuntimeError):
    """This desk's register is another one; the message, in French, says which."""


def elsewhere(tx: Session) -> str:
    """Why nobody may work on this register: it was carried elsewhere, or is not here whole; "" when somebody may."""
    return recall(tx, MARK) if recall(tx, LEFT) or recall(tx, ARRIVING) else ""


def mute(tx: Session, expected: str) -> str:
    """Why this desk may send nothing, in French; "" when it may. `expected`: the id among the secrets, "" = none."""
    here = recall(tx, ID)
    if why := recall(tx, MARK):
        return why
    if expected and here != expected:
        return "l’identité du registre n’est pas celle des secrets : il a été copié d’un autre bureau"
    return ""


def settle(tx: Session, expected: str, draw: Callable[[], str]) -> None:
    """A register without id gets one: that of the secrets as long as nothing has ever happened in it, else its own.
    One that finds itself in another database than before is a copy. Raises Elsewhere; a move that was begun begins anew."""
    if why := elsewhere(tx):
        raise Elsewhere(why)
    if recall(tx, LEAVING):
        remember(tx, LEAVING, "")
    if strayed(tx):
        remember(tx, MARK, "ce registre est une copie : il travaillait dans une autre base PostgreSQL")
    take_place(tx)
    identify(tx, expected, draw)


def strayed(tx: Session) -> bool:
    """Whether it finds itself in another PostgreSQL database than the one it was at work in."""
    here, known = _place(tx), recall(tx, PLACE)
    return bool(here and known and here != known)


def take_place(tx: Session) -> None:
    if (here := _place(tx)) != recall(tx, PLACE):
        remember(tx, PLACE, here)


def identify(tx: Session, expected: str, draw: Callable[[], str]) -> None:
    """A register that has no id gets one."""
    if recall(tx, ID):
        return
    if not expected:
        remember(tx, ID, draw())
    elif not used(tx):
        remember(tx, ID, expected)


def used(tx: Session) -> bool:
    """Whether anything ever happened in it."""
    return any(tx.exec(question.limit(1)).first() for question in (select(Journal.id), select(Inbound.id)))


def _place(tx: Session) -> str:
    """Which PostgreSQL database this is; a replica that takes over is the same one. "" for SQLite."""
    if tx.get_bind().dialect.name != "postgresql":
        return ""
    ask = tx.connection().execute
    database = ask(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    if not ask(text("SELECT has_function_privilege('pg_control_system()', 'execute')")).scalar_one():
        return str(database)
    cluster = ask(text("SELECT system_identifier FROM pg_control_system()")).scalar_one()
    return f"{cluster}/{database}"


def become_copy(tx: Session, why: str, new_id: str) -> None:
    remember(tx, MARK, why)
    remember(tx, ID, new_id)


def unmute(tx: Session, expected: str, *, at: datetime, who: str, salt: str) -> None:
    """A human says that this desk is the one that writes: mark taken away, match with the secrets written anew, journaled."""
    why = mute(tx, expected)
    remember(tx, MARK, "")
    if recall(tx, LEFT):
        remember(tx, LEFT, "")
        remember(tx, LEAVING, "")
    if expected:
        remember(tx, ID, expected)
    journal.write(
        tx,
        at=at,
        complaint_id=None,
        number="",
        event="unmuted",
        actor=who,
        cause="command:unmute",
        text=f"le bureau n’est plus muet ({why})",
        salt=salt,
    )


def held(tx: Session) -> dict[str, int]:
    """The letters owed that a mute desk keeps back, counted by kind."""
    rows = tx.exec(select(Letter.kind, Letter.name).where(Letter.state == "owed")).all()
    counts: dict[str, int] = {}
    for kind, name in rows:
        if not name.startswith(ALARM):
            counts[kind] = counts.get(kind, 0) + 1
    return counts
