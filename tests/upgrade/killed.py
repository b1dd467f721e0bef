"""Run as a program: upgrades a copy of a register and kills itself at one statement after the other (from the
number given, in steps of the number given); prints what was left.

One line of JSON for each kill: [statement, schema, files, names of columns of the complaint table]. The last run is not killed.
Forks from a process with one thread, which a test run is not.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import event

from mailbot.store.engine import known_schemas, open_engine, upgrade


def upgraded(path: Path, die_before: int) -> bool:
    """Upgrades in a child that dies by SIGKILL before that statement; whether it lived to the end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    count = 0
    engine = open_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "before_cursor_execute")
    def _count(*_: object) -> None:
        nonlocal count
        count += 1
        if count == die_before:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(engine, "commit")
    def _commit(*_: object) -> None:
        nonlocal count
        count += 1
        if count == die_before:
            os.kill(os.getpid(), signal.SIGKILL)

    upgrade(engine)
    os._exit(0)


def left(path: Path) -> tuple[str, int, list[str]]:
    """What another program finds in the register afterwards."""
    with closing(sqlite3.connect(path)) as register:
        [schema] = register.execute("SELECT version_num FROM alembic_version").fetchone()
        [files] = register.execute("SELECT count(*) FROM complaint").fetchone()
        columns = [row[1] for row in register.execute("PRAGMA table_info(complaint)")]
        assert register.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return schema, files, columns


def main(first: Path, begin: int, stride: int) -> None:
    known_schemas()  # what the children would each load again
    importlib.import_module("alembic.command")
    statement = begin - stride
    lived = False
    while not lived:
        statement += stride
        copy = first.with_name("copy.db")
        for name in ("copy.db", "copy.db-wal", "copy.db-shm"):
            first.with_name(name).unlink(missing_ok=True)
        shutil.copy(first, copy)
        lived = upgraded(copy, statement)
        print(json.dumps([statement, lived, *left(copy)]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
