"""Any mail, from anyone: each mail of tests/mail is understood as is written beside it.

`NAME.json` says what a reader of the specification expects: `covers` names the line of the issue, the pain of another
system or the promise that the mail stands for; the other keys are those of `any_mail.differences`."""

from __future__ import annotations

import socket
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import any_mail
import cast
import pytest
import registers
from sqlmodel import Session

from mailbot.config import Config
from mailbot.corridor.bench import house
from mailbot.letters import seal
from mailbot.message import outline
from mailbot.store.ledger import Ledger

HOUSE = house(cast.config())
ODD = ("empty", "form", "header", "hostile", "id", "name")  # whose letters borrow odd words
MARKS = dict.fromkeys(map(ord, (*outline.QUOTE, *outline.SIGNATURE, *outline.COLOUR)))
MACHINE = ("auto-reply", "bounce", "list", "own", "duplicate", "spam-suspect", "before-start")
INVISIBLE = ("Cc", "Cs", "Co", "Zl", "Zp")
DIRECTIONS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return any_mail.organisation(tmp_path_factory.mktemp("any-mail"))


@pytest.fixture(scope="module")
def desk(config: Config) -> Iterator[Session]:
    """A register with five files, inside one transaction that is never committed."""
    registers.furnish(config.data_dir)
    register = Ledger(config.database_url)
    with register.transaction() as tx:
        any_mail.set_up(tx)
        yield tx
        tx.rollback()
    register.close()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """T62: whatever a mail says, reading and judging it opens no connection and asks for no name."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a mail made the desk use the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.parametrize("name", any_mail.NAMES)
def test_each_mail_is_understood_as_is_written_beside_it(name: str, desk: Session, config: Config) -> None:
    told = any_mail.expected(name)
    got = any_mail.understand(desk, any_mail.raw_of(name), told, config)
    assert any_mail.differences(got, told) == {}
    outside = [letter.kind for letter in got.letters() if config.person(letter.to) is None]
    assert outside == [] if got.verdict in MACHINE else len(outside) <= 1
    unmarked = replace(got.message, page=got.message.page.translate(MARKS))  # the cutter's own marks: shown to nobody
    assert [text for text in texts(asdict(unmarked)) if not harmless(text)] == []
    for letter in (
        got.letters() if told["kind"] in ODD else ()
    ):  # whatever was borrowed from the mail, the letter can be sealed: seal() reads it again
        coded = replace(letter, facts={**letter.facts, "code": "", "codes": {}})
        assert seal(coded, HOUSE, now=cast.NOON, entropy=b"x" * 32).to == letter.to


def texts(value: Any) -> Iterator[str]:
    """Every text in a record, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from texts(each)


def harmless(text: str) -> bool:
    """P13, T61: nothing that steers a terminal, hides, turns the direction, or decodes a second time."""
    return not any(
        (unicodedata.category(char) in INVISIBLE and char not in "\n\t") or char in DIRECTIONS for char in text
    ) and ("=?" not in text)


def test_there_are_mails_for_every_line_and_each_says_what_it_covers() -> None:
    folder = any_mail.FOLDER
    assert len(any_mail.NAMES) >= 300
    assert {path.with_suffix("") for path in folder.rglob("*.json")} == {folder / name for name in any_mail.NAMES}
    kinds = {name.partition("/")[0] for name in any_mail.NAMES}
    assert kinds == {
        "auto-reply", "boundary", "bounce", "calendar", "charset", "danger", "duplicate", "empty", "encoding", "examples",
        "form", "forward", "header", "hostile", "id", "inline", "list", "name", "nested", "own", "person", "receipt",
        "signed", "spam", "staff", "thread", "ticket", "winmail",
    }  # fmt: skip
    assert sum(name.startswith("examples/") for name in any_mail.NAMES) == 20
    assert all(any_mail.expected(name)["covers"] for name in any_mail.NAMES)
    assert sum(path.stat().st_size for path in folder.rglob("*.*")) < 5_000_000
