"""Runs the reading of a mail in a killable child process: limits on time, memory and CPU (reliability L3–L6).

One child lives for many mails; it is killed when a mail makes it hang, and another takes its place. Frames go both
ways on its pipes: four bytes of length, a JSON head, then the blobs that the head announces. Never pickle: a child
that a mail has broken into can say wrong things, but it cannot make the parent run anything."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import sys
import warnings
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from mailbot import failpoints, frugal
from mailbot import message as messages
from mailbot.message import Lying, Message

if TYPE_CHECKING:
    from mailbot.reading import Reading

START_SECONDS = 60.0  # imports on a cold disk
CLOSE_SECONDS = 2.0
LIFE_MAILS = 5000  # a child costs as much to start as two hundred mails to read
LIFE_CPU_SECONDS = 30  # after which a child is retired; RLIMIT_CPU leaves it room to finish its mail
RLIMIT_CPU_SECONDS = 60
_HEAD_BYTES = 64_000_000
_BLOB_BYTES = 1_000_000_000
_SLICE = 1 << 20
HELD_BYTES = 8 << 20  # of the mail last read, which its child need not be sent again: both ends hold it meanwhile
_DIED = (asyncio.IncompleteReadError, ConnectionError, ValueError, KeyError, TypeError)


class Unreadable(Exception):
    """The mail could not be read: it is a bomb, or it made the child hang, die or run out of memory."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotStarted(RuntimeError):
    """No child can be started on this machine: no mail is to blame."""


# -- the parent ----------------------------------------------------------------------------------------------------


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

    async def read(self, raw: bytes, *, truncated: bool = False) -> tuple[Message, Reading]:
        """The mail and what it says. Raises Unreadable; the next call then works on a new child."""
        head, _ = await self._ask({"do": "read", "truncated": truncated}, raw)
        return _read_back(head)

    async def read_headers(self, raw: bytes) -> tuple[Message, Reading]:
        """The salvage of a mail that `read` could not read: its headers only. Raises Unreadable."""
        head, _ = await self._ask({"do": "read_headers"}, raw)
        return _read_back(head)

    async def cut_out(self, raw: bytes, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of the named attachments; those that are not in the mail are left out. Raises Unreadable."""
        head, blobs = await self._ask({"do": "cut_out", "paths": list(paths)}, raw)
        return dict(zip(head["paths"], blobs, strict=True))

    async def pieces(self, raw: bytes, paths: Sequence[str], inbound_id: int) -> dict[str, bytes | Lying]:
        """`cut_out` for a letter: of a file that lies in this mail as the letter would write it, only where. Raises Unreadable."""
        head, blobs = await self._ask({"do": "pieces", "paths": list(paths)}, raw)
        try:
            lying = {str(p): _lying(inbound_id, raw, *place) for p, place in head["lying"].items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise Unreadable(f"réponse du lecteur incompréhensible ({type(error).__name__})") from None
        return {**dict(zip(head["paths"], blobs, strict=True)), **lying}

    async def _ask(self, head: dict[str, Any], raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
        async with self._lock:
            child = await self._start()
            try:
                held, self._held = self._held, raw if len(raw) <= HELD_BYTES else None
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
        *(sys.executable, "-s", "-P", "-m", "mailbot.guard", str(memory_mb), str(os.getpid())),
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


async def _send(child: asyncio.subprocess.Process, head: dict[str, Any], blob: bytes) -> None:
    assert child.stdin
    try:
        child.stdin.write(_head_frame(head, [blob]))
        for at in range(0, len(blob), _SLICE):
            child.stdin.write(blob[at : at + _SLICE])
            await child.stdin.drain()
    except RuntimeError as error:  # what libuv's loop says of a pipe whose reader has died
        raise ConnectionResetError(str(error)) from error


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


def _head_frame(head: dict[str, Any], blobs: Sequence[bytes]) -> bytes:
    body = json.dumps(head | {"blobs": [len(blob) for blob in blobs]}).encode()
    return len(body).to_bytes(4, "big") + body


def _read_back(head: dict[str, Any]) -> tuple[Message, Reading]:
    from mailbot import reading

    try:
        return messages.from_json(head["message"]), reading.from_json(head["reading"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"réponse du lecteur incompréhensible ({type(error).__name__})") from None


def _lying(inbound_id: int, raw: bytes, begin: int, end: int) -> Lying:
    if not 0 <= int(begin) < int(end) <= len(raw):
        raise ValueError("outside of the mail")
    return Lying(inbound_id=inbound_id, raw=raw, begin=int(begin), end=int(end))


def read_once(raw: bytes, words_json: dict[str, Any] | None = None) -> tuple[Message, Reading]:
    """One mail read in a child of its own, for the command line. Raises Unreadable, NotStarted."""

    async def once() -> tuple[Message, Reading]:
        async with Guard(words_json) as guard:
            return await guard.read(raw)

    return asyncio.run(once())


# -- the child -----------------------------------------------------------------------------------------------------


def _main(memory_mb: int, parent: int, *cores: int) -> None:
    _fence(memory_mb, parent)
    frugal.stay([0], cores)  # whoever starts us may have left but one of them to itself
    # Nothing that a library prints may get between two frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(sys.stdin.buffer, out)
    except MemoryError:  # while a mail came in, or while its answer went out
        sys.exit("mailbot.guard: out of memory")
    except BrokenPipeError:  # the parent was killed: nobody is left to answer, and nothing is to be said
        os._exit(0)  # without flushing what nobody reads


def _fence(memory_mb: int, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    memory = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (RLIMIT_CPU_SECONDS, RLIMIT_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None, use_errno=True).prctl(set_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)  # the parent died before it could be watched


class Mail:
    """The mail in hand; the files of one that is held are decoded once, for the reading and for whoever asks for them then."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._files: dict[str, bytes] | None = None

    def read(self, *, truncated: bool) -> Message:
        files: dict[str, bytes] | None = {} if len(self.raw) <= HELD_BYTES else None
        read = messages.read(self.raw, truncated=truncated, files=files)
        self._files = files
        return read

    def cut_out(self, paths: Sequence[str]) -> dict[str, bytes]:
        """`message.cut_out_all`."""
        if self._files is None:
            return messages.cut_out_all(self.raw, paths)
        return {path: data for path, data in self._files.items() if path in paths}


def _serve(source: BinaryIO, out: BinaryIO) -> None:
    with frugal.loading(), warnings.catch_warnings(), frugal.without("soupsieve"):
        warnings.simplefilter(
            "ignore"
        )  # bs4 says that it is not there, and it is for selectors, which nothing here uses
        from mailbot import reading
        from mailbot.message import reader  # noqa: F401  (loaded before a mail waits for it)

    frugal.settle()
    words: Any = None
    mail = Mail(b"")
    for mails in range(LIFE_MAILS + 1):
        request = _take(source)
        if request is None:
            return
        head, sent = request
        mail = mail if head.get("held") else Mail(sent)
        if head["do"] == "start":
            words = reading.Words.from_json(head["words"]) if head["words"] else reading.EMPTY_WORDS
        answer, blobs = _answer(reading, words, head, mail)
        answer["last"] = answer.get("last", False) or mails >= LIFE_MAILS or _cpu_seconds() > LIFE_CPU_SECONDS
        _give(out, answer, blobs)
        if answer["last"]:
            return


def _take(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    size = source.read(4)
    if len(size) < 4:
        return None
    head = json.loads(source.read(int.from_bytes(size, "big")))
    return head, source.read(head["blobs"][0])


def _give(out: BinaryIO, answer: dict[str, Any], blobs: Sequence[bytes]) -> None:
    out.write(_head_frame(answer, blobs))
    for blob in blobs:
        out.write(blob)
    out.flush()


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _answer(
    reading: ModuleType, words: Any, head: dict[str, Any], mail: Mail
) -> tuple[dict[str, Any], Sequence[bytes]]:
    try:
        if head["do"] == "read":
            return _said(reading, words, mail.read(truncated=head["truncated"])), []
        if head["do"] == "read_headers":
            return _said_at_least(reading, words, messages.read_headers(mail.raw)), []
        if head["do"] == "cut_out":
            found = mail.cut_out(head["paths"])
            return {"paths": list(found)}, list(found.values())
        if head["do"] == "pieces":
            found = mail.cut_out(head["paths"])
            lying = messages.lying(mail.raw, found)
            sent = {path: data for path, data in found.items() if path not in lying}
            return {"paths": list(sent), "lying": lying}, list(sent.values())
    except messages.Unreadable as error:
        return {"unreadable": error.reason}, []
    except MemoryError:
        return {"unreadable": "mémoire insuffisante pour lire ce message", "last": True}, []
    except Exception as error:
        return {"unreadable": f"erreur de lecture ({type(error).__name__})"}, []
    return {}, []


def _said(reading: ModuleType, words: Any, read: Message) -> dict[str, Any]:
    return {"message": messages.to_json(read), "reading": reading.to_json(reading.read(read, words))}


def _said_at_least(reading: ModuleType, words: Any, read: Message) -> dict[str, Any]:
    # What broke the reading may be the subject itself: the sender is worth more than the suggestions.
    try:
        return _said(reading, words, read)
    except Exception:
        empty = reading.read(replace(read, subject=""), reading.EMPTY_WORDS)
        return {"message": messages.to_json(read), "reading": reading.to_json(empty)}


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
