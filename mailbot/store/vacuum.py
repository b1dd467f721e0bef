"""What an erased row leaves behind in the database's own files, and its cleaning: free pages, the write-ahead log."""

from __future__ import annotations

from sqlalchemy import text

from mailbot.store.ledger import Ledger


def clean(register: Ledger) -> None:
    """Rewrites the database file without what was deleted. Raises Unavailable while somebody else holds it."""
    with register.engine.connect() as connection:
        if register.sqlite:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("VACUUM")  # type: ignore[attr-defined]  # not within a transaction
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # type: ignore[attr-defined]
            if busy:
                raise Held
            return
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM FULL"))


class Held(RuntimeError):
    """Another process reads the register: its log can't be emptied yet."""
