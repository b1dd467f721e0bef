"""The relay of the tests does at its step what each verb promises, and nothing before it, nor after it was mended."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from servers import HOST
from servers.proxy import BROKEN, LIMIT, NONSENSE, SLOW, Proxy, Step

ANSWER = b"* one\r\n* two " + b"x" * 2000 + b"\r\nok\r\n"
STEPS = {
    "greeting": Step(),
    "ask": Step(r"^ASK\r\n"),
    "half": Step(r"^ASK\r\n", through=7),
    "told": Step(r"^TELL ", early=True),
}
END = {
    "slow_close": b"",
    "reset_peer": b"",
    "down": b"",
    "limit_data": ANSWER[:LIMIT],
    "garble": NONSENSE,
    "timeout": None,
}


class Plain:
    """A server that greets, answers « ASK » and keeps what it is told."""

    def __init__(self) -> None:
        self.heard = b""
        self._door = socket.create_server((HOST, 0))
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line = self._door.accept()[0]
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            line.sendall(b"hello\r\n")
            while piece := line.recv(65536):
                self.heard += piece
                line.sendall(ANSWER if piece == b"ASK\r\n" else b"")


@pytest.fixture
def plain() -> Iterator[Plain]:
    made = Plain()
    yield made
    made.close()


@pytest.fixture
def proxy(plain: Plain) -> Iterator[Proxy]:
    with Proxy(plain.port, STEPS) as made:
        yield made


class Caller:
    """A client. `hear` reads that many bytes, or all until the end; None: nothing more came in a moment."""

    def __init__(self, proxy: Proxy) -> None:
        self.line = socket.create_connection((HOST, proxy.port), timeout=10)

    def hear(self, size: int) -> bytes | None:
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while len(got) < size:
                try:
                    piece = self.line.recv(size - len(got))
                except TimeoutError:
                    return got or None
                if not piece:
                    break
                got += piece
        return got

    def ask(self, size: int = len(ANSWER)) -> bytes | None:
        self.line.sendall(b"ASK\r\n")
        return self.hear(size)


@pytest.fixture
def caller(proxy: Proxy) -> Iterator[Caller]:
    made = Caller(proxy)
    yield made
    made.line.close()


def test_without_a_fault_all_passes_unchanged(caller: Caller) -> None:
    assert caller.hear(7) == b"hello\r\n"
    assert [caller.ask(), caller.ask()] == [ANSWER, ANSWER]


@pytest.mark.parametrize("verb", SLOW)
def test_slow_is_whole_and_the_connection_lives_on(proxy: Proxy, caller: Caller, verb: str) -> None:
    assert caller.hear(7) == b"hello\r\n"
    proxy.spoil("ask", verb)
    assert [caller.ask(), caller.ask()] == [ANSWER, ANSWER]
    assert proxy.struck.is_set()
    proxy.mend()
    assert caller.ask() == ANSWER


@pytest.mark.parametrize("verb", BROKEN)
def test_broken_is_so_from_its_step_on_and_the_next_connection_works_once_mended(
    proxy: Proxy, caller: Caller, verb: str
) -> None:
    proxy.spoil("ask", verb)
    assert caller.hear(7) == b"hello\r\n", "nothing before its step"
    assert not proxy.reached.is_set()
    caller.line.settimeout(0.3 if verb in ("timeout", "garble") else 10)
    assert caller.ask() == END[verb]
    assert proxy.struck.wait(10)
    proxy.mend()
    again = Caller(proxy)
    assert (again.hear(7), again.ask()) == (b"hello\r\n", ANSWER)
    again.line.close()


def test_a_proxy_that_is_down_is_not_there(proxy: Proxy, caller: Caller) -> None:
    proxy.spoil("ask", "down")
    assert caller.hear(7) == b"hello\r\n"
    caller.ask()
    with pytest.raises(ConnectionRefusedError):
        Caller(proxy)


def test_of_the_answer_the_beginning_passes(proxy: Proxy, caller: Caller) -> None:
    proxy.spoil("half", "reset_peer")
    assert caller.hear(7) == b"hello\r\n"
    assert caller.ask() == ANSWER[:7]


def test_the_greeting_is_a_step(proxy: Proxy) -> None:
    proxy.spoil("greeting", "limit_data")
    caller = Caller(proxy)
    assert caller.hear(7) == b"hel"
    caller.line.close()


def test_the_server_hears_nothing_from_an_early_step_on(proxy: Proxy, plain: Plain, caller: Caller) -> None:
    proxy.spoil("told", "slow_close")
    assert caller.hear(7) == b"hello\r\n"
    caller.line.sendall(b"NOW\r\nTELL me\r\n")
    assert caller.hear(1) == b"", "the end"
    assert plain.heard == b"NOW\r\n"


def test_at_a_step_anything_may_happen_to_the_server_once(proxy: Proxy, caller: Caller) -> None:
    happened = []
    proxy.spoil("ask", lambda: happened.append(1))
    assert caller.hear(7) == b"hello\r\n"
    caller.line.sendall(b"ASK\r\n")
    assert proxy.struck.wait(10)
    assert caller.ask() == ANSWER, "the first answer was lost"
    assert happened == [1]
    proxy.spoil("ask", lambda: happened.append(2) is None)
    assert caller.ask() == ANSWER, "and this one not"
    assert happened == [1, 2]


def test_a_cut_ends_what_is_open(proxy: Proxy, caller: Caller) -> None:
    assert caller.hear(7) == b"hello\r\n"
    proxy.cut()
    assert caller.hear(1) == b""
    again = Caller(proxy)
    assert again.hear(7) == b"hello\r\n"
    again.line.close()


def test_a_door_that_is_shut_keeps_everybody_out_until_the_next_word(proxy: Proxy, caller: Caller) -> None:
    assert caller.hear(7) == b"hello\r\n"
    proxy.shut()
    assert caller.hear(1) == b""
    with pytest.raises(ConnectionRefusedError):
        Caller(proxy)
    proxy.mend()
    again = Caller(proxy)
    assert again.hear(7) == b"hello\r\n"
    again.line.close()
