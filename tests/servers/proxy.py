"""A relay on loopback with Toxiproxy's verbs: at a named step of the conversation it slows, swallows, cuts, resets or lies."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Self

from servers import HOST, free_ports

SLOW = ("latency", "bandwidth", "slicer")  # all arrives, and arrives whole
BROKEN = ("slow_close", "timeout", "reset_peer", "limit_data", "down", "garble")  # that connection is of no more use
VERBS = (*SLOW, *BROKEN)
Fault = str | Callable[[], object]  # a verb, or what happens to the server at that very moment

NONSENSE = b"\xff\xfe** panne \x1b[2J **\r\n"
LATENCY = 0.05  # seconds a piece
PIECE, PAUSE = 400, 0.005  # bytes and seconds: eighty kilobytes a second
SLICE = 7  # bytes
LIMIT = 3  # bytes of the answer that still come
LINGER = 0.2  # seconds from the server's end to the client's


@dataclass(frozen=True)
class Step:
    """A moment of a conversation: the client said this ("" = it connected), and `through` bytes of the answer have passed.
    `early`: the server hears nothing of these words, nor of what follows."""

    said: str = ""
    through: int = 0
    early: bool = False

    def passed(self, heard: bytes, since: int) -> int:
        """Where the words are in what the client said; -1 if they end before `since`, or are not there."""
        found = re.compile(self.said.encode(), re.M).finditer(heard, max(0, since - 200))
        return next((place.start() for place in found if place.end() > since), -1)


IMAP: Mapping[str, Step] = {
    "greeting": Step(),
    "LOGIN": Step(r"^\w+ LOGIN "),
    "SELECT": Step(r"^\w+ (SELECT|EXAMINE) "),
    "SEARCH": Step(r"^\w+ UID SEARCH "),
    "FETCH header": Step(r"^\w+ UID FETCH [0-9]+ \(UID BODY\.PEEK\[HEADER\]"),
    "FETCH mid-literal": Step(r"^\w+ UID FETCH [0-9,]+ \(UID BODY\.PEEK\[\]", through=700),
    "MOVE": Step(r"^\w+ UID MOVE "),
    "IDLE": Step(r"^\w+ IDLE\r\n", through=len("+ idling\r\n")),
    "DONE": Step(r"^DONE\r\n"),
}
SMTP: Mapping[str, Step] = {
    "greeting": Step(),
    "EHLO": Step(r"^EHLO "),
    "AUTH": Step(r"^AUTH "),
    "MAIL": Step(r"^MAIL FROM:"),
    "RCPT": Step(r"^RCPT TO:"),
    "DATA": Step(r"^DATA\r\n"),
    "text": Step(r"^Message-ID: ", early=True),
    "dot": Step(r"^\.\r\n"),
    "QUIT": Step(r"^QUIT\r\n"),
}


class Proxy:
    """Use as `with Proxy(port, IMAP) as proxy` and connect to `proxy.port`.

    `spoil(step, fault)`: whoever passes that step is struck, until `mend()`; who was struck by a BROKEN verb stays so. A fault
    of one's own is called once, and what was under way is lost unless it is True; then all goes on as the server can. `struck` is set then,
    `reached` as soon as the client is at the step. `cut()` ends all connections without a goodbye, `shut()`
    also keeps new ones out until the next `spoil` or `mend`, `hush()` leaves all open and passes nothing.
    """

    def __init__(self, server_port: int, steps: Mapping[str, Step]) -> None:
        self.server_port, self.steps = server_port, steps
        [self.port] = free_ports(1)
        self.reached, self.struck = threading.Event(), threading.Event()
        self.connections = 0
        self.strikes = 0  # connections struck since `spoil`
        self.step = Step()
        self.fault: Fault | None = None
        self.open: set[_Talk] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._door: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._there(self.listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._there(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _there(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    # -- what a test wants -------------------------------------------------------------------------------------------

    def spoil(self, step: str | Step, fault: Fault) -> None:
        assert callable(fault) or fault in VERBS
        self._there(self._set(step if isinstance(step, Step) else self.steps[step], fault))

    def mend(self) -> None:
        self._there(self._set(Step(), None))

    def cut(self) -> None:
        self._there(self.close_all())

    def shut(self) -> None:
        self._there(self.refuse())

    def hush(self) -> None:
        """All connections stay open, and nothing passes any more, either way."""
        for talk in tuple(self.open):
            talk.dead = True

    async def _set(self, step: Step, fault: Fault | None) -> None:
        self.step, self.fault = step, fault
        if fault is not None:
            self.reached.clear()
            self.struck.clear()
            self.strikes = 0
        await self.listen()

    # -- connections -------------------------------------------------------------------------------------------------

    async def listen(self) -> None:
        if self._door is None:
            self._door = socket.create_server((HOST, self.port))
            self._door.setblocking(False)
            self._loop.add_reader(self._door, self._welcome, self._door)

    async def refuse(self) -> None:
        """Nobody is heard any more, and nobody new. Not asyncio's own server, which loses a client who comes as it closes."""
        if self._door is not None:
            self._loop.remove_reader(self._door)
            self._door.close()
            self._door = None
        await self.close_all()

    def _welcome(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            task = self._loop.create_task(self._meet(door.accept()[0]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close_all(self) -> None:
        for talk in tuple(self.open):
            talk.close()

    async def _end(self) -> None:
        await self.refuse()
        await asyncio.sleep(0)  # who has just come in is met, so that his line can be ended
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, line: socket.socket) -> None:
        self.connections += 1
        client = await asyncio.open_connection(sock=line)
        with contextlib.closing(client[1]), contextlib.suppress(OSError, asyncio.CancelledError):
            server = await asyncio.open_connection(HOST, self.server_port)
            with contextlib.closing(server[1]):
                if self._door is None:  # shut meanwhile
                    return
                await _Talk(self, client, server).carry()


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Talk:
    """One client and its own line to the server."""

    def __init__(self, proxy: Proxy, client: Line, server: Line) -> None:
        self.proxy, self.client, self.server = proxy, client, server
        self.heard = b""
        self.left: int | None = None  # bytes of the answer that still pass; None: the step is not reached
        self.dead = False  # nothing passes any more
        for _, writer in (client, server):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def carry(self) -> None:
        """Until both ends are silent."""
        self.proxy.open.add(self)
        self._reach(not self.proxy.step.said)
        tasks = [asyncio.create_task(self._ask()), asyncio.create_task(self._answer())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            self.proxy.open.discard(self)
            self.close()

    def close(self) -> None:
        self.dead = True
        for _, writer in (self.client, self.server):
            writer.close()

    def _reach(self, there: bool) -> None:
        if there and self.proxy.fault is not None and self.left is None:
            self.left = self.proxy.step.through
            self.proxy.reached.set()

    # -- the client asks ---------------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        reader, server = self.client[0], self.server[1]
        while piece := await _read(reader):
            since = len(self.heard)
            self.heard += piece
            step = self.proxy.step
            at = step.passed(self.heard, since) if self.proxy.fault is not None and step.said else -1
            self._reach(at >= 0)
            if self.dead:
                continue
            if step.early and self.left is not None:
                cut = max(0, at - since) if at >= 0 else 0
                await _write(server, piece[:cut])
                await self._strike(server, piece[cut:])
            else:
                await _write(server, piece)
        server.close()

    # -- the server answers ------------------------------------------------------------------------------------------

    async def _answer(self) -> None:
        reader, client = self.server[0], self.client[1]
        while piece := await _read(reader):
            if self.dead:
                continue
            if self.left is None or self.proxy.step.early:
                await _write(client, piece)
                continue
            passing, piece = piece[: self.left], piece[self.left :]
            self.left -= len(passing)
            await _write(client, passing)
            if piece:
                await self._strike(client, piece)
        if not self.dead:
            client.close()

    async def _strike(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        """What becomes of bytes that were on their way to `goal`."""
        fault = self.proxy.fault
        if fault is None:
            self.left = None
            await _write(goal, piece)
            return
        if callable(fault):
            self.left, self.proxy.fault = None, None  # once
            whole = await asyncio.to_thread(fault)
            self.proxy.struck.set()
            await _write(goal, piece if whole is True else b"")
            return
        self.proxy.strikes += 1
        self.proxy.struck.set()
        self.dead = fault in BROKEN
        await getattr(self, f"_{fault}")(goal, piece)

    # -- the verbs ---------------------------------------------------------------------------------------------------

    async def _latency(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        await asyncio.sleep(LATENCY)
        await _write(goal, piece)

    async def _bandwidth(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        for start in range(0, len(piece), PIECE):
            await _write(goal, piece[start : start + PIECE])
            await asyncio.sleep(PAUSE)

    async def _slicer(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        for start in range(0, len(piece), SLICE):
            await _write(goal, piece[start : start + SLICE])
            await asyncio.sleep(0)

    async def _slow_close(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        self.server[1].close()
        await asyncio.sleep(LINGER)
        self.close()

    async def _timeout(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        """Both ends stay open and hear nothing: `dead` does it."""

    async def _reset_peer(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        for _, writer in (self.client, self.server):
            with contextlib.suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def _limit_data(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        await _write(goal, piece[:LIMIT])
        self.close()

    async def _down(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        await self.proxy.refuse()

    async def _garble(self, goal: asyncio.StreamWriter, piece: bytes) -> None:
        await _write(goal, NONSENSE)


async def _read(reader: asyncio.StreamReader) -> bytes:
    """What came; b"" at the end, however it ended."""
    with contextlib.suppress(OSError):
        return await reader.read(65536)
    return b""


async def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """What cannot be delivered any more is lost, as on any line."""
    with contextlib.suppress(OSError):
        writer.write(piece)
        await writer.drain()
