"""Neighbours that misbehave, on real sockets: each answers every connection with one short script."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from chassis.client import ServiceClient

_clients: list[ServiceClient] = []
Script = Callable[[socket.socket, bytes], None]


def client_of(name: str, url: str, **given: Any) -> ServiceClient:
    """A client whose kept connections end with the test."""
    _clients.append(ServiceClient(name, url, **given))
    return _clients[-1]


def close_clients() -> None:
    while _clients:
        _clients.pop().session.close()


class Neighbour:
    """Listens on a free port; `requests` keeps the head and body of every request it has read."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := read_request(connection):
                self.requests.append(request)
                self.script(connection, request)

    def close(self) -> None:
        # shutting down wakes the thread that accepts; closing alone would let it take one more connection
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()


@contextlib.contextmanager
def neighbour(script: Script) -> Iterator[Neighbour]:
    """A neighbour for the block."""
    running = Neighbour(script)
    try:
        yield running
    finally:
        running.close()


def read_request(connection: socket.socket) -> bytes:
    """One whole request, or nothing when the other side has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(body: bytes = b"{}", status: str = "200 OK", content_type: str = "application/json", *more: str) -> bytes:
    """A whole HTTP answer; `more` are header lines."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(data: bytes) -> Script:
    """Answer with these bytes, at once."""
    return lambda connection, _: connection.sendall(data)


def hangs_up(connection: socket.socket, _: bytes) -> None:
    """Close before an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def is_silent(_: socket.socket, __: bytes) -> None:
    """A black hole: takes everything and never answers."""


def drips(data: bytes, every: float = 0.05) -> Script:
    """One byte at a time, each long before a time limit for one reading would strike."""

    def script(connection: socket.socket, _: bytes) -> None:
        for n in range(len(data)):
            connection.sendall(data[n : n + 1])
            time.sleep(every)

    return script
