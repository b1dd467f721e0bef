"""Two daemons on one PostgreSQL register: whoever reads the mailbox is killed, stopped, or cut off, and the other takes over."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from audit import Evidence, audit, carries, rows
from scenes import first, stage
from scenes.post import Mail, Post
from servers.mail import MailServer
from servers.postgres import Postgres
from servers.proxy import Proxy, Step

from crash.desk import PATIENCE, Desk
from crash.sink import Sink

TAKE_OVER = 30.0  # seconds: the promise
LINE = {"connected": Step()}  # of the proxy between a daemon and the database
# Ten runs of each; « refused » and « unheard » are the two ways to be cut off: the line breaks, or nothing passes any more.
LOTS = [(how, n) for how, ns in {"killed": 10, "stopped": 10, "refused": 5, "unheard": 5}.items() for n in range(ns)]


class Pair:
    """Two daemons for one mailbox; `one` reaches the database through `line`."""

    def __init__(self, server: MailServer, postgres: Postgres, name: str, line: Proxy, folder: Path, salt: str) -> None:
        self.server, self.post, self.sink, self.line = server, Post(salt=salt), Sink(), line
        self.url = postgres.url(name)
        self.sink.start()
        self.one = self._desk(folder / "one", self.url.replace(str(postgres.port), str(line.port)))
        self.two = self._desk(folder / "two", self.url)
        self.sent: list[Mail] = []
        self.in_doubt = 0  # letters that a dead daemon was handing over

    def _desk(self, folder: Path, url: str) -> Desk:
        return Desk(
            folder,
            house=self.post.house,
            address=self.post.desk,
            imap_port=self.server.imap_port,
            smtp_port=self.sink.port,
            since=self.post.now - timedelta(hours=2),
            url=url,
        )

    def deliver(self, mails: list[Mail]) -> None:
        stage.deliver(self.server, self.post.desk, mails)
        self.sent += mails

    def asked(self, query: str, *values: object) -> int:
        """One number of the register; 0 while it has no tables."""
        try:
            [row] = rows(self.url, query, *values)
        except sqlalchemy.exc.ProgrammingError:
            return 0
        return int(next(iter(row.values())))

    def reads(self, desk: Desk) -> bool:
        return bool(self.asked("SELECT count(*) FROM term WHERE holder LIKE ?", f"%:{desk.pid}"))

    def kept(self, mail: Mail) -> bool:
        return any(carries(row["data"], mail.trace) for row in rows(self.url, "SELECT data FROM raw"))

    def end_leases(self) -> None:
        """As if the twenty minutes were over that a letter stays with a daemon that died while handing it over."""
        engine = sqlalchemy.create_engine(self.url)
        with engine.begin() as db:
            ended = "UPDATE letter SET lease_until = now() - interval '1 minute' WHERE state = 'claimed'"
            self.in_doubt = db.execute(sqlalchemy.text(ended)).rowcount
        engine.dispose()

    def evidence(self) -> Evidence:
        return Evidence(
            data_dir=self.two.data_dir,
            url=self.url,
            sent=self.sent,
            folders=stage.look(self.server, self.post.desk)[0],
            accepted=self.sink.accepted,
            log=self.one.log + self.two.log,
            house=self.post.house,
            extra_copies=self.in_doubt,
        )


@contextmanager
def pair(server: MailServer, postgres: Postgres, folder: Path, salt: str) -> Iterator[Pair]:
    name = postgres.new_database()
    with Proxy(postgres.port, LINE) as line:
        made = Pair(server, postgres, name, line, folder, salt)
        try:
            with made.one, made.two:
                yield made
        finally:
            made.sink.stop()
    postgres.drop_database(name)


def until(true: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Seconds until it was true. Raises AssertionError."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def strike(p: Pair, how: str) -> None:
    if how == "killed":
        assert p.one.kill() == -signal.SIGKILL
    elif how == "stopped":
        p.one.signal(signal.SIGSTOP)
    elif how == "refused":
        p.line.spoil("connected", "down")
        p.line.cut()
    else:
        p.line.spoil("connected", "timeout")
        p.line.hush()


def heal(p: Pair, how: str) -> None:
    """The late one goes on from where it was."""
    if how == "stopped":
        p.one.signal(signal.SIGCONT)
    elif how != "killed":
        p.line.mend()
        p.line.cut()  # as the server does that ended the session meanwhile


@pytest.mark.long
@pytest.mark.parametrize(("how", "n"), LOTS)
def test_another_takes_over(
    mail_server: MailServer,
    postgres: Postgres,
    tmp_path: Path,
    how: str,
    n: int,
    record_property: Callable[[str, object], None],
) -> None:
    """At a moment that differs from run to run; no mail is lost, no letter leaves twice, and the late one does nothing wrong."""
    with pair(mail_server, postgres, tmp_path, f"over{how[0]}{n}") as p:
        p.one.start()
        until(lambda: p.reads(p.one), "the first reads")
        p.two.start()
        until(lambda: p.asked("SELECT count(*) FROM pg_locks WHERE classid = 7273") == 2, "both are there")
        assert p.reads(p.one)
        before = first.complaints(p.post, 4)
        p.deliver(before)
        until(lambda: p.asked("SELECT count(*) FROM raw") >= n % 5, "the moment")
        until(lambda: len(p.sink.accepted) >= n // 5 * 3, "the moment")
        strike(p, how)
        after = first.complaints(p.post, 2, start=6)
        p.deliver(after)
        seconds = until(lambda: p.reads(p.two) and all(map(p.kept, after)), "the other took over", TAKE_OVER)
        heal(p, how)
        p.deliver(first.newsletters(p.post, range(1)))
        until(lambda: all(map(p.kept, p.sent)), "all is taken in")
        if how == "killed":
            until(lambda: not p.asked("SELECT count(*) FROM letter WHERE state = 'owed'"), "what can be sent is sent")
            p.end_leases()
        p.two.await_idle(m.trace for m in p.sent)
        assert p.two.stop() == 0
        if how != "killed":
            assert p.one.stop() == 0
        record_property("over", f"{how} {n}: {seconds:.1f} s, {p.in_doubt} in doubt")
        assert audit(p.evidence()) == []
