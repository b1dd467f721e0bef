"""A register carried over to another database, row for row, and the voice with it; what it is stands in two marks:

| old register | new register | if we stop here |
|---|---|---|
| – | `arriving`, a mark of its own | the new one is emptied, and filled from the beginning |
| `leaving`, by the same mark | `arriving`, so many rows | goes on after the last batch; a desk that starts on the old one forgets it |
| `left`: silent | `arriving`, whole: silent | compared again, then released |
| `left`: silent | `arrived`: may speak | done |

The old register falls silent before the new one may speak, and the new one speaks only beside one that fell silent for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, column, delete, func, insert, inspect, select, table, text, tuple_
from sqlalchemy.engine import make_url
from sqlmodel import Session, SQLModel

from mailbot import failpoints
from mailbot.store import instance, journal, lead
from mailbot.store.ledger import Ledger, recall, remember
from mailbot.store.packed import Packed
from mailbot.store.tables import Meta

ROWS, OCTETS = 500, 8 * 2**20  # of a batch; a single row may be larger
VERSION = "alembic_version"  # the schema's own table
UNFINISHED = "un déménagement vers cette base n’est pas fini : relancez « mailbot move » avec la configuration de l’ancien registre"
OWN = (instance.MARK, instance.PLACE, instance.LEAVING, instance.LEFT, instance.ARRIVING, instance.ARRIVED)
Step = Callable[[int], object]  # so many rows more


class Refused(RuntimeError):
    """Nothing is carried, or no further; the message, in French, says why."""


class Differs(RuntimeError):
    """The new register is not the old one: it was emptied, and the old one goes on."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the new register is. `register`: the id of the old one; `after`: the last key of `table` that is here."""

    register: str
    token: str
    table: str = ""
    after: list[Any] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    whole: bool = False

    def words(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, kw_only=True)
class Print:
    """What a table holds: how many rows, and a digest that no order and no engine changes."""

    rows: int
    digest: str


def carried() -> list[Table]:
    """Every table of the register, those first to which others refer."""
    return list(SQLModel.metadata.sorted_tables)


def place(url: str) -> str:
    """Where a register lies, for people: without account and password."""
    known = make_url(url)
    if known.get_backend_name() == "sqlite":
        return f"SQLite {known.database}"
    return f"PostgreSQL {known.host or 'local'}{f':{known.port}' if known.port else ''}/{known.database}"


class Move:
    """One move: `begin`, `copy`, `silence`, `compare`, `release`; or `back`. Each may be the first of a later process.

    `token` is drawn anew for each process; a move that goes on keeps the mark of the process that began it.
    """

    def __init__(self, source: Ledger, target: Ledger, token: str) -> None:
        self.source, self.target, self.token = source, target, token
        self.progress = Progress(register="", token=token)
        self.left = self.done = False

    def begin(self, expected: str, draw: Callable[[], str]) -> int:
        """Takes hold of both registers; returns how many rows are here already. Raises Refused."""
        register, leaving = self.source.run(lambda tx: self._look(tx, expected, draw))
        if self.left and not self.target.schema():
            raise Refused(self.source.ask(instance.elsewhere))
        _fit(self.target, self.source.schema())
        self.target.run(lambda tx: self._claim(tx, register, leaving))
        failpoints.hit("V01")
        if not self.left:
            self.source.run(lambda tx: remember(tx, instance.LEAVING, self.token))
        return sum(self.progress.rows.values())

    def _look(self, tx: Session, expected: str, draw: Callable[[], str]) -> tuple[str, str]:
        """The old register's id, and the mark of the move that it knows."""
        if recall(tx, instance.ARRIVING):
            raise Refused("le registre de cette configuration est lui-même un déménagement qui n’est pas fini")
        if left := recall(tx, instance.LEFT):
            self.left, self.token = True, left
            return recall(tx, instance.ID), left
        if instance.strayed(tx):
            raise Refused("ce registre est une copie : lancez d’abord le bureau, puis « mailbot unmute »")
        if not instance.used(tx):
            raise Refused("il n’y a rien dans ce registre : donnez simplement l’autre base dans database.url")
        instance.identify(tx, expected, draw)
        if why := instance.mute(tx, expected):
            raise Refused(f"le bureau est muet ({why}) : « mailbot unmute » d’abord, si c’est bien lui qui doit écrire")
        lead.free_claims(tx)
        return recall(tx, instance.ID), recall(tx, instance.LEAVING)

    def _claim(self, tx: Session, register: str, leaving: str) -> None:
        known = recall(tx, instance.ARRIVING)
        if not known:
            self._arrived_or_empty(tx, register)
            return
        progress = Progress(**json.loads(known))
        if progress.register != register or (self.left and progress.token != leaving):
            raise Refused("la base donnée attend la fin d’un autre déménagement : rien n’y est touché")
        if progress.token == leaving:
            self.progress, self.token = progress, progress.token
        else:  # a desk was at work since
            self._start_over(tx, register)

    def _arrived_or_empty(self, tx: Session, register: str) -> None:
        self.done = self.left and recall(tx, instance.ARRIVED) == self.token
        if self.done:
            return
        if self.left:
            raise Refused(self.source.ask(instance.elsewhere))
        full = [t.name for t in carried() if tx.connection().execute(select(t).limit(1)).first()]
        if full:
            raise Refused(f"la base donnée contient déjà un registre ({full[0]}) : donnez-en une vide")
        self._start_over(tx, register)

    def _start_over(self, tx: Session, register: str) -> None:
        for known in reversed(carried()):
            tx.connection().execute(delete(known))
        tx.expire_all()
        self.progress = Progress(register=register, token=self.token)
        remember(tx, instance.MARK, UNFINISHED)
        remember(tx, instance.ARRIVING, self.progress.words())

    # -- the rows --------------------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many rows there are to carry."""
        with self.source.reading() as tx:
            return sum(
                tx.connection().execute(_wanted(select(func.count()).select_from(t), t)).scalar_one() for t in carried()
            )

    def copy(self, step: Step = lambda _: None) -> None:
        """Every row that is not here yet, a transaction a batch. Raises Refused."""
        if self.progress.whole or self.done:
            return
        names = [t.name for t in carried()]
        begin = names.index(self.progress.table) if self.progress.table else 0
        for known in carried()[begin:]:
            after = self.progress.after if known.name == self.progress.table else []
            for rows in batches(self.source, known, after, self._still_leaving):
                self.target.run(lambda tx, t=known, rows=rows: self._write(tx, t, rows))  # type: ignore[misc]
                failpoints.hit("V03")
                step(len(rows))
        self.target.run(self._finish)
        failpoints.hit("V04")

    def _still_leaving(self, tx: Session) -> None:
        if recall(tx, instance.LEAVING) != self.token:
            raise Refused("un bureau a travaillé entre-temps sur l’ancien registre : arrêtez-le et recommencez")

    def _write(self, tx: Session, known: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        self._still_mine(tx)
        tx.connection().execute(insert(_plain(known)), list(rows))
        seen = {**self.progress.rows, known.name: self.progress.rows.get(known.name, 0) + len(rows)}
        after = [rows[-1][c.name] for c in known.primary_key.columns]
        self._note(tx, replace(self.progress, table=known.name, after=after, rows=seen))
        failpoints.hit("V02")

    def _finish(self, tx: Session) -> None:
        self._still_mine(tx)
        if not self.target.sqlite:
            for known in carried():
                _set_counter(tx, known)
        self._note(tx, replace(self.progress, whole=True))

    def _still_mine(self, tx: Session) -> None:
        """Two processes do not write between one another's lines."""
        if recall(tx, instance.ARRIVING) != self.progress.words():
            raise Refused("un autre « mailbot move » écrit dans cette base : laissez-le finir")

    def _note(self, tx: Session, progress: Progress) -> None:
        remember(tx, instance.ARRIVING, progress.words())
        self.progress = progress

    # -- the voice -------------------------------------------------------------------------------------------------------

    def silence(self, now: datetime) -> None:
        """From here on no desk works on the old register. Raises Refused, lead.Busy."""

        def hush(tx: Session) -> None:
            if recall(tx, instance.LEFT) == self.token:
                return
            self._still_leaving(tx)
            if lead.at_work(tx):
                raise lead.Busy("un bureau s’est mis au travail sur ce registre")
            on = f"{now.astimezone(UTC):%d/%m/%Y à %H:%M} (UTC)"
            words = f"ce registre a déménagé le {on} vers {place(self.target.url)}, à donner dans database.url"
            remember(tx, instance.MARK, words)
            remember(tx, instance.LEFT, self.token)

        self.source.run(hush)
        self.left = True
        failpoints.hit("V05")

    def compare(self, step: Step = lambda _: None) -> dict[str, Print]:
        """What each table holds, the same on both sides. Raises Differs."""
        found = {}
        for known in carried():
            here, there = (printed(each, known, step) for each in (self.source, self.target))
            if here != there:
                self._void()
                self.back()
                raise Differs(f"{known.name} : {here.rows} lignes dans l’ancien registre, {there.rows} dans le nouveau")
            found[known.name] = here
        failpoints.hit("V06")
        return found

    def _void(self) -> None:
        """The new register is nothing but a beginning whose mark the old one does not know."""
        self.token = hashlib.sha256(self.token.encode()).hexdigest()
        self.target.run(lambda tx: self._start_over(tx, self.progress.register))

    def back(self) -> None:
        """The old register speaks again; the new one never did. What was carried stays until somebody works on the old one."""

        def speak(tx: Session) -> None:
            remember(tx, instance.LEFT, "")
            remember(tx, instance.MARK, "")

        self.source.run(speak)
        self.left = False

    def release(self, prints: Mapping[str, Print], now: datetime, *, who: str, salt: str) -> None:
        """The new register may speak; its journal says since when. The old one is held meanwhile. Raises Refused."""
        rows = sum(p.rows for p in prints.values())
        words = f"registre déménagé : {rows} lignes de {len(prints)} tables, de {place(self.source.url)} vers {place(self.target.url)}"
        with self.source.transaction() as old, self.target.transaction() as new:
            stands = self.progress.whole and recall(old, instance.LEFT) == self.token
            if not stands or recall(new, instance.ARRIVING) != self.progress.words():
                raise Refused("l’un des deux registres a changé de main : recommencez")
            journal.write(
                new, at=now, complaint_id=None, number="", event="moved", actor=who, cause="command:move", text=words, salt=salt
            )  # fmt: skip
            instance.take_place(new)
            for key, value in ((instance.MARK, ""), (instance.ARRIVING, ""), (instance.ARRIVED, self.token)):
                remember(new, key, value)
            failpoints.hit("V07")
        failpoints.hit("V08")


def _fit(target: Ledger, schema: str) -> None:
    """The new register has this program's tables and no others. Raises Refused."""
    strange = {*inspect(target.engine).get_table_names()} - {VERSION, *(t.name for t in carried())}
    if strange:
        raise Refused(f"la base donnée contient autre chose ({min(strange)}) : donnez-en une vide")
    if not target.schema():
        target.upgrade()
    if target.schema() != schema:
        raise Refused("la base donnée n’est pas du même schéma que ce registre : donnez-en une vide")


def _wanted(question: Any, known: Table) -> Any:
    """Without what a register knows of itself alone."""
    return question.where(column("key").not_in(OWN)) if known.name == Meta.__tablename__ else question


def _plain(known: Table) -> Any:
    """The table with its bytes as they lie: neither unpacked nor packed again."""
    kinds = {c.name: LargeBinary() if isinstance(c.type, Packed) else c.type for c in known.columns}
    return table(known.name, *(column(name, kind) for name, kind in kinds.items()))


def batches(
    register: Ledger, known: Table, after: Sequence[Any] = (), check: Callable[[Session], None] = lambda _: None
) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table in the order of its key, after `after`: few at a time, so that memory stays bounded."""
    after = list(after)
    while True:
        with register.reading() as tx:
            check(tx)
            rows = _read(tx, known, after)
        if not rows:
            return
        yield rows
        after = [rows[-1][c.name] for c in known.primary_key.columns]


def _read(tx: Session, known: Table, after: Sequence[Any]) -> list[dict[str, Any]]:
    lies = _plain(known)
    key = [lies.c[c.name] for c in known.primary_key.columns]
    heavy = [func.length(c) for c in lies.c if isinstance(c.type, LargeBinary)]
    limit = ROWS
    if heavy:
        weights = [sum(row) for row in tx.connection().execute(_next(select(*heavy), known, key, after, ROWS))]
        limit = _fitting(weights)
    rows = tx.connection().execute(_next(select(lies), known, key, after, limit)).mappings()
    return [dict(row) for row in rows]


def _next(question: Any, known: Table, key: Sequence[Any], after: Sequence[Any], limit: int) -> Any:
    question = _wanted(question, known)
    if after:
        question = question.where(tuple_(*key) > tuple_(*after) if len(key) > 1 else key[0] > after[0])
    return question.order_by(*key).limit(limit)


def _fitting(weights: Sequence[int]) -> int:
    """How many of these rows make one batch: at least one."""
    total = 0
    for n, weight in enumerate(weights):
        total += weight
        if n and total > OCTETS:
            return n
    return max(1, len(weights))


def printed(register: Ledger, known: Table, step: Step = lambda _: None) -> Print:
    """The digest is a sum of digests of rows: the engines sort texts differently."""
    rows = total = 0
    for batch in batches(register, known):
        for row in batch:
            said = json.dumps({name: _said(value) for name, value in row.items()}, sort_keys=True)
            total += int.from_bytes(hashlib.sha256(said.encode()).digest())
        rows += len(batch)
        step(len(batch))
    return Print(rows=rows, digest=f"{total % 2**256:064x}")


def _said(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _set_counter(tx: Session, known: Table) -> None:
    """PostgreSQL hands out the next id after the last that was carried."""
    for each in known.primary_key.columns:
        if _counted(tx, known, each):
            last = tx.connection().execute(select(func.max(each))).scalar()
            ask = text("SELECT setval(pg_get_serial_sequence(:name, :column), :last, :used)")
            tx.connection().execute(
                ask, {"name": f'"{known.name}"', "column": each.name, "last": last or 1, "used": last is not None}
            )


def _counted(tx: Session, known: Table, each: Column[Any]) -> bool:
    ask = text("SELECT pg_get_serial_sequence(:name, :column)")
    return tx.connection().execute(ask, {"name": f'"{known.name}"', "column": each.name}).scalar() is not None
