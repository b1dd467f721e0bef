"""Where events go: one line each, to a stream that may fail without anybody noticing."""

from __future__ import annotations

import contextlib
import sys
from typing import TextIO, cast

from mailbot import frugal

with frugal.without("rich"):  # for tracebacks on a terminal, which a desk never writes: 35 ms of its start
    import structlog


def log_to(stream: TextIO = sys.stdout) -> None:
    """One line an event, values escaped: nothing in a mail can forge a log line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _Unfailing(stream))),
    )


class _Unfailing:
    """Where to log: full, closed or its reader gone, the desk works on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()
