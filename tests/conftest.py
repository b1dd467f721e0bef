"""Fixtures: the real servers. A part that is missing skips the test and says which Debian package brings it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import registers
import structlog
import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from servers import Missing, find
from servers.mail import MailServer
from servers.postgres import Postgres
from servers.tokens import Endpoint, token_endpoint

from mailbot.config import Config
from mailbot.store.ledger import Ledger

# a polite kill ends the run as Ctrl-C does, so that no server is left behind
signal.signal(signal.SIGTERM, signal.default_int_handler)

# Every desk that a test starts would compile the whole program again, and pytest every test file.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Begun first in any order: one that came last would leave every other process idle.
LONGEST = (
    "crash/test_kill_matrix crash/test_random_kills person/test_commands promises/test_backup scenes/test_essai "
    "scenes/test_two_hundred staff/test_leaks staff/test_replies_obeyed staff/test_spoofs staff/test_stages_corridor "
    "staff/test_three_weeks test_app test_cli test_corridor test_demo test_store"
).split()

Server = TypeVar("Server", MailServer, Postgres)


def need(part: str, package: str) -> Path:
    """The path of a program. Without it the test is skipped; where CI=true nothing may be missing, so it fails."""
    found = find(part)
    if found is None:
        _without(Missing(part, package))
    assert found is not None
    return found


def _without(missing: Missing) -> None:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(str(missing))
    pytest.skip(str(missing))


def _running(make: Callable[[], Server]) -> Iterator[Server]:
    try:
        server = make()
    except Missing as missing:
        _without(missing)
        return
    try:
        server.start()
        yield server
    finally:
        server.remove()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle", type=int, help="another order of files, and of the tests within each, for each number"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tests of a file stay together: they share servers. The same number gives the same order to every worker."""
    if registers.POSTGRESQL:
        about_files = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=about_files)
        items[:] = [item for item in items if item not in about_files]
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    names = list(files)
    seed = config.getoption("--shuffle")
    if seed is not None:
        chance = random.Random(seed)
        chance.shuffle(names)
        for name in names:
            chance.shuffle(files[name])
    names.sort(key=lambda name: name.removeprefix("tests/").removesuffix(".py") not in LONGEST)
    items[:] = [item for name in names for item in files[name]]


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that a desk at work has (`frugal.play`). What one command reads it reads on Python's own, which says
    otherwise that a child has died."""
    desk = {"desk": uvloop.new_event_loop}
    return desk | {"command": asyncio.new_event_loop} if item.path.name == "test_guard.py" else desk


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """How a test had the log written is over with it: no test may pass or fail by what ran before it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where every desk that names no database has its own (`registers.py`)."""
    if not registers.POSTGRESQL:
        yield
        return
    registers.DATABASES.server = request.getfixturevalue("postgres")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "database_url", property(registers.of))
        yield
    registers.DATABASES.server = None


@pytest.fixture(autouse=True)
def own_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Those in the folder of a test end with it; the others with the server."""
    yield
    folder = request.node.funcargs.get("tmp_path") if isinstance(request.node, pytest.Function) else None
    if folder and registers.POSTGRESQL:
        registers.DATABASES.drop_within(folder)


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """Dovecot and Postfix for the whole run. A test that stops or stuns them starts or wakes them again."""
    yield from _running(MailServer)


@pytest.fixture(scope="session")
def token_server() -> Iterator[tuple[MailServer, Endpoint]]:
    """Dovecot and Postfix that take tokens, and whoever says which are good."""
    with token_endpoint("") as endpoint:
        for server in _running(lambda: MailServer(endpoint.introspection)):
            yield server, endpoint


@pytest.fixture(scope="session")
def google_key() -> str:
    """The private key of a service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL for the whole run."""
    yield from _running(Postgres)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database of this test's own, with a French (ICU) collation."""
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """An upgraded register on either engine, whatever the run is about."""
    url = f"sqlite:///{tmp_path}/mailbot.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    book = Ledger(url)
    book.upgrade()
    yield book
    book.close()
