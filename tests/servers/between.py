"""A relay on loopback that stands between a client and a real server, and spoils what the server says as a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from servers import HOST

Edit = Callable[[bytes], bytes]


class Between:
    """Use as `with Between(port, edit) as relay:` and connect to `relay.port`.

    `edit` changes what the server sends, `ask` what the client asks, piece by piece; `bytewise` sends the server's bytes
    one by one. `relay.said` is what the client said. `cut()` ends all connections there are, without a goodbye.
    """

    def __init__(
        self, port: int, edit: Edit = bytes, *, ask: Edit = bytes, host: str = HOST, bytewise: bool = False
    ) -> None:
        self._server_port = port
        self._edit, self._ask, self._bytewise = edit, ask, bytewise
        self.said = b""
        self._door = socket.create_server((host, 0))
        self.port: int = self._door.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Between:
        self._begin(self._welcome)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(timeout=10)
        for each in [self._door, *self._open]:
            each.close()

    def cut(self) -> None:
        for each in list(self._open):  # as they are now: whoever hears of it may be here again before the last is cut
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._door.accept()[0]
                server = socket.create_connection((HOST, self._server_port))
                self._open += [client, server]
                self._begin(self._carry, client, server, self._note)
                self._begin(self._carry, server, client, self._edit)

    def _note(self, piece: bytes) -> bytes:
        self.said += piece
        return self._ask(piece)

    def _slowly(self, goal: socket.socket, piece: bytes) -> None:
        goal.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(piece)):
            goal.sendall(piece[place : place + 1])

    def _carry(self, source: socket.socket, goal: socket.socket, edit: Edit) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                send = self._slowly if self._bytewise else socket.socket.sendall
                send(goal, edit(piece))
        with contextlib.suppress(OSError):
            goal.shutdown(socket.SHUT_WR)
