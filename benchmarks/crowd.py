"""Many people who ask at the same moment, from one thread: many would wait for each other, and that be measured."""

import selectors
import socket
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from benchmarks.measure import Request


@dataclass(frozen=True)
class Answer:
    """A status and a body, and after how many seconds it was there."""

    status: int
    body: bytes
    seconds: float


@dataclass
class _Person:
    connection: socket.socket
    queue: list[Request] = field(default_factory=list)
    asked_at: float = 0.0
    heard: bytes = b""

    def ask(self) -> None:
        request = self.queue.pop(0)
        body = request.body or b""
        lines = [f"{request.method} {request.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        self.heard, self.asked_at = b"", time.perf_counter()
        self.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def hear(self) -> Answer | None:
        """The answer, when it is there."""
        self.heard += self.connection.recv(65536)
        head, _, body = self.heard.partition(b"\r\n\r\n")
        length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), None)
        if length is None or len(body) < int(length.split(b":")[1]):
            return None
        return Answer(int(head.split(b" ", 2)[1]), body, time.perf_counter() - self.asked_at)


class Crowd:
    """So many connections to a program, which are kept between one thing that is asked and the next."""

    def __init__(self, port: int, number: int) -> None:
        self._people = [_Person(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(number)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for person in self._people:
            person.connection.close()

    def ask(self, queues: list[list[Request]]) -> list[Answer]:
        """Each person asks all of their queue, one after the other; everybody begins at once."""
        found: list[Answer] = []
        with selectors.DefaultSelector() as ready:
            for person, queue in zip(self._people, queues, strict=True):
                person.queue = list(queue)
                person.ask()
                ready.register(person.connection, selectors.EVENT_READ, person)
            while ready.get_map():
                for key, _ in ready.select(20):
                    answer = key.data.hear()
                    if answer:
                        found.append(answer)
                        if key.data.queue:
                            key.data.ask()
                        else:
                            ready.unregister(key.fileobj)
        return found
