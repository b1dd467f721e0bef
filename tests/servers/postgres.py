"""PostgreSQL: a throw-away cluster in a folder of its own, run by a user who is not root."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from servers import HOST, await_ports, free_ports, new_folder, program


class Postgres:
    """One cluster without durability (fsync off): for tests only. Anyone on loopback may log in as "mailbot"."""

    def __init__(self) -> None:
        self._user = _not_root()
        self.root = new_folder("postgres")
        if self._user:
            shutil.chown(self.root, self._user)
        self.port = free_ports(1)[0]
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        self._run("initdb", "-D", self._data, "-U", "mailbot", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    @property
    def _data(self) -> Path:
        return self.root / "data"

    def _run(self, name: str, *words: object) -> None:
        command = [str(program(name, "postgresql")), *(str(word) for word in words)]
        done = subprocess.run(command, user=self._user, cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)

    def start(self) -> None:
        """Returns when databases can be made. Raises RuntimeError."""
        options = {"listen_addresses": HOST, "port": self.port, "unix_socket_directories": self.root, "fsync": "off"}
        options |= {"full_page_writes": "off", "max_connections": 200, "shared_buffers": "32MB"}
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        with (self.root / "log").open("ab") as log:
            command = [str(program("postgres", "postgresql")), "-D", str(self._data), *words]
            self._process = subprocess.Popen(command, user=self._user, cwd=self.root, stdout=log, stderr=log)
        await_ports([self.port], self.root / "log")
        self._run("pg_isready", "-q", "-h", HOST, "-p", self.port, "-t", "10", "-U", "mailbot", "-d", "postgres")

    def new_database(self, template: str = "", name: str = "") -> str:
        """The name, by default a new one, of a copy of the database `template`, or of an empty one that sorts as French readers
        do: there « : » and « ; » do not order keys. Whoever still has the template open is cut off."""
        name = name or f"t{next(self._names)}"
        french = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'fr'"
        if template:
            self._say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", template)
        self._say(f"CREATE DATABASE {name} {f'TEMPLATE {template}' if template else french}")
        return name

    def drop_database(self, name: str) -> None:
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def _say(self, statement: str, *values: object) -> None:
        where = f"host={HOST} port={self.port} user=mailbot dbname=postgres"
        with psycopg.connect(where, autocommit=True) as line:
            line.execute(statement, values or None)

    def copy_database(self, name: str, into: str) -> None:
        """A dump of it, restored into an empty database beside it."""
        door = ("-h", HOST, "-p", self.port, "-U", "mailbot")
        self._run("pg_dump", *door, "-f", self.root / "dump.sql", name)
        self._run("psql", *door, "-q", "-v", "ON_ERROR_STOP=1", "-f", self.root / "dump.sql", into)

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://mailbot@{HOST}:{self.port}/{name}"

    def kill(self) -> None:
        """SIGKILL to the server and, through the loss of it, to its children; `start` recovers."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """An immediate end: open connections are cut."""
        self._end(signal.SIGQUIT)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        self._process.wait(timeout=20)
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


def _not_root() -> str | None:
    """The system user who runs the database; None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("no system user to run PostgreSQL")
