"""A bulkhead: of all threads of a process only so many are with one neighbour, so that a slow one does not get all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import Unavailable


class Bulkhead:
    """The places for calls to one neighbour, in one process."""

    PLACES = 6
    """Of eight threads (`chassis/gunicorn.py`)."""
    WAIT = 0.25
    """Seconds. A neighbour that is well gives places back much sooner, so that a rush alone refuses nobody."""

    def __init__(self, service: str) -> None:
        """`service` is what people call the neighbour."""
        self._service = service
        self._free = threading.BoundedSemaphore(self.PLACES)
        self._lock = threading.Lock()
        self.taken = 0
        """How many places are taken now."""

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have a place for the block. `Unavailable` where none comes free."""
        if not self._free.acquire(timeout=self.WAIT):
            raise Unavailable(service=self._service)
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)
            self._free.release()

    def _count(self, more: int) -> None:
        with self._lock:
            self.taken += more
