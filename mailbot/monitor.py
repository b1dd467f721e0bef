"""For monitors: the desk's state as Prometheus text and JSON on loopback, and a ping to a heartbeat address after good passes.

Nobody's trouble here may become the desk's: a port that is taken, a reader that stalls, an address that does not answer are
logged once, and the work goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from http.client import HTTPException

import structlog

from mailbot.status import Status, metrics

PATIENCE = 5.0  # seconds for a request, or for a heartbeat's answer
LONGEST = 4096  # bytes of a request's head
TEXT, JSON = "text/plain; version=0.0.4; charset=utf-8", "application/json; charset=utf-8"
log = structlog.get_logger()


@contextlib.asynccontextmanager
async def listening(port: int, look: Callable[[], Awaitable[Status]]) -> AsyncIterator[None]:
    """Answers on 127.0.0.1 while the block lasts: /metrics, and /status with 200, or 503 when something is wrong. 0: nothing."""
    if not port:
        yield
        return
    try:
        server = await asyncio.start_server(lambda r, w: _meet(r, w, look), "127.0.0.1", port, limit=LONGEST)
    except OSError as error:
        log.error("metrics", port=port, why=error.strerror or str(error))
        yield
        return
    try:
        yield
    finally:
        server.close()


async def _meet(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Callable[[], Awaitable[Status]]
) -> None:
    try:
        # RuntimeError: whoever asked is gone, in the words of libuv's loop.
        with contextlib.suppress(
            OSError, ValueError, RuntimeError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError
        ):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _answer(head.split(b" ", 2), look))
                await writer.drain()
    finally:
        writer.close()


async def _answer(asked: list[bytes], look: Callable[[], Awaitable[Status]]) -> bytes:
    if asked[0] not in (b"GET", b"HEAD") or len(asked) < 3:
        return _page(405, "")
    pages: dict[bytes, Callable[[Status], bytes]] = {
        b"/metrics": lambda s: _page(200, metrics(s), TEXT),
        b"/status": lambda s: _page(
            200 if s.well and s.ready else 503, json.dumps(s.as_dict(), ensure_ascii=False), JSON
        ),
    }
    page = pages.get(asked[1])
    if page is None:
        return _page(404, "")
    try:
        whole = page(await look())
    except Exception:
        log.exception("status failed")
        return _page(500, "")
    return whole if asked[0] == b"GET" else whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _page(code: int, text: str, kind: str = TEXT) -> bytes:
    words = {
        200: "OK",
        404: "Not Found",
        405: "Method Not Allowed",
        500: "Internal Server Error",
        503: "Service Unavailable",
    }
    body = text.encode()
    head = f"HTTP/1.1 {code} {words[code]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


class Heartbeat:
    """Pings `url` beside the work, one ping at a time; "" pings nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.failing = False
        self._ping: asyncio.Task[None] | None = None

    def beat(self) -> None:
        """Returns at once, whatever the address does."""
        if self.url and (self._ping is None or self._ping.done()):
            self._ping = asyncio.create_task(self._go())

    async def finish(self) -> None:
        """Waits for the ping under way, PATIENCE at most."""
        if self._ping:
            await self._ping

    async def _go(self) -> None:
        went = await asyncio.to_thread(_get, self.url)
        if went == self.failing:  # it changed; the address itself is as good as a password
            self.failing = not went
            log.info("heartbeat", answered=went)


def _get(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310  (the settings allow http and https only)
            return bool(200 <= answer.status < 300)
    except (OSError, ValueError, HTTPException):
        return False
