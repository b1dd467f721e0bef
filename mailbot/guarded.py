"""The child of the guard: reads mail after mail, as its parent asks, and is fenced in by limits on memory and CPU (reliability L3–L6).

It imports the parsers and nothing of the desk. Whatever it says is believed by nobody: see `guard`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import warnings
from collections.abc import Sequence, Sized
from dataclasses import replace
from types import ModuleType
from typing import Any, BinaryIO

from mailbot import frugal
from mailbot import message as messages
from mailbot.message import Message

LIFE_MAILS = 5000  # a child costs as much to start as two hundred mails to read
LIFE_CPU_SECONDS = 30  # after which a child is retired; RLIMIT_CPU leaves it room to finish its mail
RLIMIT_CPU_SECONDS = 60
HELD_BYTES = 8 << 20  # of the mail last read, which its child need not be sent again: both ends hold it meanwhile


def _main(memory_mb: int, parent: int, *cores: int) -> None:
    _fence(memory_mb, parent)
    frugal.stay([0], cores)  # whoever starts us may have left but one of them to itself
    # Nothing that a library prints may get between two frames.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(sys.stdin.buffer, out)
    except MemoryError:  # while a mail came in, or while its answer went out
        sys.exit("mailbot.guarded: out of memory")
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
    out.write(head_frame(answer, blobs))
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


def head_frame(head: dict[str, Any], blobs: Sequence[Sized]) -> bytes:
    """What stands before the blobs on either pipe."""
    body = json.dumps(head | {"blobs": [len(blob) for blob in blobs]}).encode()
    return len(body).to_bytes(4, "big") + body


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:]))
