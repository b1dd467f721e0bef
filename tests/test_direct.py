"""What is asked of SQLite's driver itself: the same rows, and the same errors, as by SQLAlchemy's own way."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import cast
import pytest
from room import mail, room
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlmodel import col, select

from mailbot.corridor.bench import words
from mailbot.guard import Guard
from mailbot.store import direct, ledger
from mailbot.store.ledger import Ledger, Session
from mailbot.store.tables import Letter, Meta, Raw

pytestmark = pytest.mark.sqlite("the driver that is asked past SQLAlchemy")
NAMED = select(Meta.value).where(col(Meta.key).in_(direct.each(("a", "b"))))


@pytest.fixture
def register(tmp_path: Path) -> Ledger:
    book = Ledger(f"sqlite:///{tmp_path}/mailbot.db")
    book.create()
    return book


@pytest.mark.asyncio
async def test_a_day_of_the_desk_is_answered_as_by_sqlalchemy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, asked = direct.ask, set()

    def both(tx: Session, question: Any, **values: Any) -> direct.Answer:
        found = ask(tx, question, **values)
        if question.is_select:
            asked.add(question)
            assert [tuple(row) for row in found] == [tuple(row) for row in tx.connection().execute(question, values)]
        return found

    monkeypatch.setattr(direct, "ask", both)
    async with Guard(words(cast.config()).to_json()) as guard:
        with room(tmp_path, guard) as desk:
            await desk.take(mail())
            await desk.take(mail(subject="Re: REC-2026-0001"))
            await desk.tick(days=9)
    assert len(asked) > 20


def test_a_new_row_holds_what_it_was_given_whatever_its_kind(register: Ledger) -> None:
    given = {
        "name": "ack:REC-2026-0001:1",
        "kind": "ack",
        "to_addr": "carl@courriel.example",
        "envelope_to": "carl@courriel.example",
        "facts": {"number": "REC-2026-0001", "é": [1, None]},
        "refs": ["<a@b>"],
        "due_on": date(2026, 5, 27),
        "message_id": "<1@ief.example>",
        "marker": "mb-1",
        "created_at": cast.NOON,
        "next_try_at": cast.NOON,
        "undo": {"stage": "received"},
        "cause": "mail:1",
    }
    with register.transaction() as tx:
        key = direct.add(tx, Letter, **given)
    with register.reading() as tx:
        kept = tx.get_one(Letter, key).model_dump()
        like_it = Letter(**given).model_dump()  # type: ignore[arg-type]
    assert kept == like_it | {"id": key}


def test_the_key_of_a_new_row_is_its_own_where_it_has_one(register: Ledger) -> None:
    with register.transaction() as tx:
        assert direct.add(tx, Meta, key="a", value="1") == "a"
        first = direct.add(tx, Raw, sha256="1", size=1, data=b"1")
        assert direct.add(tx, Raw, sha256="2", size=1, data=b"2") == first + 1


def test_several_rows_are_written_at_once(register: Ledger) -> None:
    with register.transaction() as tx:
        direct.add_all(tx, Meta, [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        direct.add_all(tx, Meta, [])
        assert sorted(direct.ask(tx, NAMED).scalars()) == ["1", "2"]


def test_one_row_is_neither_none_nor_two(register: Ledger) -> None:
    with register.transaction() as tx:
        with pytest.raises(NoResultFound):
            direct.ask(tx, NAMED).one()
        direct.add_all(tx, Meta, [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        with pytest.raises(MultipleResultsFound):
            direct.ask(tx, NAMED).one()


def test_how_many_rows_were_written_is_said(register: Ledger) -> None:
    with register.transaction() as tx:
        assert direct.ask(tx, ledger.CORRECT, fact="a", value="1").written == 0
        direct.add(tx, Meta, key="a", value="0")
        assert direct.ask(tx, ledger.CORRECT, fact="a", value="1").written == 1


def test_what_the_orm_still_holds_is_written_first(register: Ledger) -> None:
    with register.transaction() as tx:
        tx.add(Meta(key="a", value="1"))
        assert direct.ask(tx, NAMED).scalars() == ["1"]


def test_a_full_disk_is_a_register_out_of_reach_and_its_words_hold_no_value(register: Ledger) -> None:
    data = b"carl@courriel.example" + os.urandom(99_999)
    with register.transaction() as tx:
        tx.connection().exec_driver_sql("PRAGMA max_page_count=1")  # not less than it has
        with pytest.raises(ledger.Unavailable) as told:
            direct.add(tx, Raw, sha256="1", size=len(data), data=data)
    assert "full" in str(told.value)
    assert "carl@courriel.example" not in str(told.value)


def test_a_rule_of_the_tables_that_is_broken_is_told_as_by_sqlalchemy(register: Ledger) -> None:
    with register.transaction() as tx:
        direct.add(tx, Meta, key="a", value="1")
        with pytest.raises(IntegrityError):
            direct.add(tx, Meta, key="a", value="2")


def test_a_question_with_a_list_of_its_own_goes_the_long_way(register: Ledger) -> None:
    with register.transaction() as tx:
        direct.add(tx, Meta, key="a", value="1")
        assert direct.ask(tx, select(Meta.value).where(col(Meta.key).in_(("a", "z")))).scalars() == ["1"]
