"""A scripted SMTP server: at each phase it says what the test wants, closes, resets, stalls or talks nonsense; it counts what it took."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from typing import Self

PHASES = ("greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "dot")
CLOSE, RESET, STALL, GARBAGE = "close", "reset", "stall", "garbage"
NONSENSE = b"\xff\xfe** panne \x1b[2J **\r\n"
DEADLINE = 10.0  # seconds; only ever reached by a test that fails
_LIMIT = 64 * 2**20
_USUAL = {
    "greeting": "220 sink.example ESMTP",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "DATA": "354 go ahead",
}
_VERBS = {"EHLO": "EHLO", "HELO": "EHLO", "STARTTLS": "STARTTLS", "AUTH": "AUTH", "MAIL": "MAIL", "RCPT": "RCPT"}


@dataclass(frozen=True)
class Taken:
    """A mail as it came in. `raw` is without the dots that the transport adds; `dotted` with them."""

    sender: str
    to: tuple[str, ...]
    raw: bytes
    dotted: bytes
    connection: int


class _End(Exception):
    """The connection is over."""


class Sink:
    """Use as `async with Sink() as sink` and connect to `sink.port` of loopback.

    `on(phase, verb, …)`: what is said at the first, second… passage of a phase; the last verb stays. A verb is a whole
    reply ("450 4.2.0 later"), CLOSE, RESET, STALL, GARBAGE, or "" for the usual answer. `lines`: commands as they came in;
    `taken`: mails that were read to the end and not refused, also those whose dot was never answered.
    """

    def __init__(self, *features: str) -> None:
        self.features = features or ("AUTH PLAIN", "8BITMIME")
        self.taken: list[Taken] = []
        self.lines: list[str] = []
        self.connections = 0
        self.port = 0
        self._script: dict[str, list[str]] = {}
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", self.port, limit=_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def on(self, phase: str, *verbs: str) -> None:
        assert phase in PHASES
        self._script[phase] = list(verbs)

    async def await_taken(self, count: int) -> None:
        """Returns once `count` mails were taken. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(lambda: len(self.taken) >= count)

    async def await_line(self, verb: str, count: int = 1) -> None:
        """Returns once `count` commands that begin with `verb` came in. Raises TimeoutError."""
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(lambda: sum(line.startswith(verb) for line in self.lines) >= count)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with contextlib.suppress(_End, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer, self.connections)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        sender, to = "", []
        await self._answer("greeting", writer)
        while line := (await reader.readuntil(b"\r\n")).decode("utf-8", "replace").strip():
            await self._note(line)
            verb = line.split()[0].upper()
            if verb == "MAIL":
                sender, to = _address(line), []
            if verb == "DATA":
                if await self._answer("DATA", writer) == "354":
                    await self._take(sender, tuple(to), connection, reader, writer)
                continue
            if verb == "QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            if await self._answer(_VERBS.get(verb, ""), writer) == "250" and verb == "RCPT":
                to.append(_address(line))

    async def _take(
        self,
        sender: str,
        to: tuple[str, ...],
        connection: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        dotted = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
        raw = (b"\r\n" + dotted).replace(b"\r\n..", b"\r\n.")[2:]
        verb = self._next("dot")
        if not verb[:1].isdigit() or verb[0] == "2":
            async with self._news:
                self.taken.append(Taken(sender, to, raw, dotted, connection))
                self._news.notify_all()
        await self._say(verb or f"250 2.0.0 Ok: queued as S{len(self.taken):07d}", writer)

    async def _note(self, line: str) -> None:
        async with self._news:
            self.lines.append(line)
            self._news.notify_all()

    def _next(self, phase: str) -> str:
        verbs = self._script.get(phase, [""])
        return verbs.pop(0) if len(verbs) > 1 else verbs[0]

    async def _answer(self, phase: str, writer: asyncio.StreamWriter) -> str:
        """Says what the script wants; the code that was said."""
        usual = _USUAL.get(phase, "250 2.0.0 Ok")
        if phase == "EHLO":
            usual = "\r\n".join(["250-sink.example", *(f"250-{f}" for f in self.features), "250 SIZE 60000000"])
        return await self._say(self._next(phase) or usual, writer)

    async def _say(self, verb: str, writer: asyncio.StreamWriter) -> str:
        if verb == STALL:
            await asyncio.Event().wait()
        if verb == RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        if verb in (CLOSE, RESET):
            raise _End
        writer.write(NONSENSE if verb == GARBAGE else verb.encode("utf-8", "surrogateescape") + b"\r\n")
        await writer.drain()
        return verb[:3]


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
