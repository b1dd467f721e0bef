"""A small SMTP server of our own: it counts what it accepts, and can stop half-way through DATA or keep its answer to the dot."""

from __future__ import annotations

import asyncio
import contextlib
import threading

from audit import Accepted

HALF = "half"  # stops reading in the middle of DATA
DOT = "dot"  # takes the whole mail and never answers
TAKEN = 600  # bytes read of a mail that is cut in half
_LIMIT = 64 * 2**20


class Sink:
    """Listens on a free port of loopback from `start` to `stop`, in a thread of its own."""

    def __init__(self) -> None:
        self.accepted: list[Accepted] = []
        self.held = threading.Event()  # set once the connection to be held is held
        self._at, self._countdown = "", 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def hold(self, at: str, passage: int) -> None:
        """The `passage`-th DATA from now on is held half-way or after its dot; once."""
        self.held.clear()
        self._at, self._countdown = at, passage

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 sink.example ESMTP\r\n")
        while line := (await reader.readuntil(b"\r\n")).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            if verb == "DATA":
                await self._take(recipient, reader, writer)
            else:
                writer.write(_reply(verb))
            await writer.drain()
            if verb == "QUIT":
                return

    async def _take(self, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._countdown -= 1
        held = self._at if self._countdown == 0 else ""
        writer.write(b"354 go ahead\r\n")
        await writer.drain()
        if held == HALF:
            await reader.readexactly(TAKEN)
            await self._hold()
        data = await reader.readuntil(b"\r\n.\r\n")
        raw = data[:-3].replace(b"\r\n..", b"\r\n.")
        self.accepted.append(Accepted(to=recipient, raw=raw[1:] if raw.startswith(b"..") else raw))
        if held == DOT:
            await self._hold()
        writer.write(f"250 2.0.0 Ok: queued as S{len(self.accepted):07d}\r\n".encode())

    async def _hold(self) -> None:
        """For ever: whoever waits for an answer is about to be killed."""
        self.held.set()
        await asyncio.Event().wait()


def _reply(verb: str) -> bytes:
    known = {
        "EHLO": b"250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN\r\n250 SIZE 60000000\r\n",
        "AUTH": b"235 2.7.0 Authentication successful\r\n",
        "QUIT": b"221 2.0.0 bye\r\n",
    }
    return known.get(verb, b"250 2.0.0 Ok\r\n")
