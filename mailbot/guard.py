"""Runs the reading of a mail in a killable child process: limits on time, memory and CPU (reliability L3–L6).

One child lives for many mails; it is killed when a mail makes it hang, and another takes its place. Frames go both
ways on its pipes: four bytes of length, a JSON head, then the blobs that the head announces. Never pickle: a child
that a mail has broken into can say wrong things, but it cannot make the parent run anything."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from mailbot import failpoints, frugal
from mailbot import message as messages
from mailbot.guarded import HELD_BYTES, head_frame
from mailbot.message import Lying, Message

if TYPE_CHECKING:
    from mailbot.reading import Reading

START_SECONDS = 60.0  # imports on a cold disk
CLOSE_SECONDS = 2.0
_HEAD_BYTES = 64_000_000
_BLOB_BYTES = 1_000_000_000
_SLICE = 1 << 20
_DIED = (asyncio.IncompleteReadError, ConnectionError, ValueError, KeyError, TypeError)


class Large(Protocol):
    """A mail that is not in memory."""

    def __len__(self) -> int: ...

    def pieces(self) -> AsyncIterator[bytes]:
        """All of it, one after the other."""
        ...

    async def cut(self, begin: int, end: int) -> bytes: ...


class Unreadable(Exception):
    """The mail could not be read: it is a bomb, or it made the child hang, die or run out of memory."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotStarted(RuntimeError):
    """No child can be started on this machine: no mail is to blame."""


class Guard:
    """The reader at arm's length. Calls wait for one another; each works on a living child, or starts one."""

    def __init__(
        self, words_json: dict[str, Any] | None = None, wall_seconds: float = 10.0, memory_mb: int = 1024
    ) -> None:
        self.words = words_json
        self.wall_seconds = wall_seconds
        self.memory_mb = memory_mb
        self._child: asyncio.subprocess.Process | None = None
        self._held: bytes | None = None  # the mail that the child still has
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Starts the first child. Raises NotStarted."""
        async with self._lock:
            await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._lock:
            await self._close()

    @contextlib.asynccontextmanager
    async def beforehand(self) -> AsyncIterator[None]:
        """Its first child loads while something else is done; whoever enters or asks the guard then waits for it."""
        loading = asyncio.create_task(self.__aenter__())
        try:
            await asyncio.sleep(0)
            yield
        finally:
            # Not cancelled: a child half begun could not be closed. One that does not start is told to who needs it.
            await asyncio.gather(loading, return_exceptions=True)
            await self.__aexit__()

    @property
    def pid(self) -> int | None:
        """The process id of the living child."""
        return self._child.pid if self._child else None

    async def read(self, raw: bytes | Large, *, truncated: bool = False) -> tuple[Message, Reading]:
        """The mail and what it says. Raises Unreadable; the next call then works on a new child."""
        head, _ = await self._ask({"do": "read", "truncated": truncated}, raw)
        return _read_back(head)

    async def read_headers(self, raw: bytes) -> tuple[Message, Reading]:
        """The salvage of a mail that `read` could not read: its headers only. Raises Unreadable."""
        head, _ = await self._ask({"do": "read_headers"}, raw)
        return _read_back(head)

    async def cut_out(self, raw: bytes | Large, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of the named attachments; those that are not in the mail are left out. Raises Unreadable."""
        head, blobs = await self._ask({"do": "cut_out", "paths": list(paths)}, raw)
        return dict(zip(head["paths"], blobs, strict=True))

    async def pieces(self, raw: bytes | Large, paths: Sequence[str], inbound_id: int) -> dict[str, bytes | Lying]:
        """`cut_out` for a letter: of a file that lies in this mail as the letter would write it, only where. Raises Unreadable."""
        head, blobs = await self._ask({"do": "pieces", "paths": list(paths)}, raw)
        try:
            places = {path: head["lying"][path] for path in paths if path in head["lying"]}
            lying = {path: await _lying(inbound_id, raw, *place) for path, place in places.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"réponse du lecteur incompréhensible ({type(error).__name__})") from None
        return {**dict(zip(head["paths"], blobs, strict=True)), **lying}

    async def _ask(self, head: dict[str, Any], raw: bytes | Large) -> tuple[dict[str, Any], list[bytes]]:
        async with self._lock:
            child = await self._start()
            try:
                held, self._held = self._held, raw if isinstance(raw, bytes) and len(raw) <= HELD_BYTES else None
                async with asyncio.timeout(self.wall_seconds):
                    await _send(child, head | {"held": raw is held}, b"" if raw is held else raw)
                    failpoints.hit("K08")
                    answer, blobs = await _receive(child)
            except TimeoutError:
                await self._kill()
                raise Unreadable(f"lecture arrêtée après {self.wall_seconds:g} secondes") from None
            except _DIED:
                raise Unreadable(f"le lecteur s'est arrêté ({await self._kill()})") from None
            except BaseException:
                await self._kill()  # cancelled in the middle: what the child still says belongs to nobody
                raise
            if answer.get("last"):
                await self._close()
        if "unreadable" in answer:
            raise Unreadable(str(answer["unreadable"])[:300])
        return answer, blobs

    async def _start(self) -> asyncio.subprocess.Process:
        if self._child and self._child.returncode is None:
            return self._child
        await self._kill()
        self._child = child = await _spawn(self.memory_mb)
        try:
            async with asyncio.timeout(START_SECONDS):
                await _send(child, {"do": "start", "words": self.words}, b"")
                await _receive(child)
        except (TimeoutError, *_DIED):
            raise NotStarted(f"le lecteur de messages ne démarre pas ({await self._kill()})") from None
        except BaseException:
            await self._kill()
            raise
        return child

    async def _close(self) -> None:
        """Lets the child end by itself: it does at the end of its input."""
        child = self._child
        if child and child.stdin:
            child.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await child.wait()
        await self._kill()

    async def _kill(self) -> str:
        """Ends the child, whatever state it is in; how it ended, for the reason."""
        child, self._child, self._held = self._child, None, None
        if child is None:
            return ""
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()  # closes the pipes; what was left in them is dropped
        return f"code {child.returncode}"


async def _spawn(memory_mb: int) -> asyncio.subprocess.Process:
    # The child gets no environment but what finds the code: no secret can leak through it.
    root = str(Path(__file__).resolve().parent.parent)
    environment = {"PYTHONPATH": root, "PATH": os.defpath, "LANG": "C.UTF-8"}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-s", "-P", "-m", "mailbot.guarded", str(memory_mb), str(os.getpid())),
        *map(str, frugal.CORES),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,
        limit=_SLICE,
    )
    _widen(child.stdout)
    return child


def _widen(source: Any) -> None:
    """A mail in sixteen times fewer turns of the loop. A system, or a Python, that lets nobody do so leaves the pipe as it is."""
    with contextlib.suppress(AttributeError, OSError):
        pipe = source._transport.get_extra_info("pipe")
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _SLICE)


async def _send(child: asyncio.subprocess.Process, head: dict[str, Any], blob: bytes | Large) -> None:
    assert child.stdin
    try:
        child.stdin.write(head_frame(head, [blob]))
        async for piece in _slices(blob):
            child.stdin.write(piece)
            await child.stdin.drain()
    except RuntimeError as error:  # what libuv's loop says of a pipe whose reader has died
        raise ConnectionResetError(str(error)) from error


async def _slices(blob: bytes | Large) -> AsyncIterator[bytes]:
    if isinstance(blob, bytes):
        for at in range(0, len(blob), _SLICE):
            yield blob[at : at + _SLICE]
    else:
        async for piece in blob.pieces():
            yield piece


async def _receive(child: asyncio.subprocess.Process) -> tuple[dict[str, Any], list[bytes]]:
    assert child.stdout
    size = int.from_bytes(await child.stdout.readexactly(4), "big")
    if size > _HEAD_BYTES:
        raise ValueError("frame too long")
    head = json.loads(await child.stdout.readexactly(size))
    sizes = [int(each) for each in head["blobs"]]
    if min(sizes, default=0) < 0 or sum(sizes) > _BLOB_BYTES:
        raise ValueError("blobs too long")
    return head, [await child.stdout.readexactly(each) for each in sizes]


def _read_back(head: dict[str, Any]) -> tuple[Message, Reading]:
    from mailbot import reading

    try:
        return messages.from_json(head["message"]), reading.from_json(head["reading"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"réponse du lecteur incompréhensible ({type(error).__name__})") from None


async def _lying(inbound_id: int, raw: bytes | Large, begin: int, end: int) -> Lying:
    begin, end = int(begin), int(end)
    if not 0 <= begin < end <= len(raw):
        raise ValueError("outside of the mail")
    written = memoryview(raw)[begin:end] if isinstance(raw, bytes) else await raw.cut(begin, end)
    return Lying(inbound_id=inbound_id, begin=begin, written=written)


def read_once(raw: bytes, words_json: dict[str, Any] | None = None) -> tuple[Message, Reading]:
    """One mail read in a child of its own, for the command line. Raises Unreadable, NotStarted."""

    async def once() -> tuple[Message, Reading]:
        async with Guard(words_json) as guard:
            return await guard.read(raw)

    return asyncio.run(once())
