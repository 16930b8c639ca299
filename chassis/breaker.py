"""A circuit breaker: after a few failures in a row a neighbour is left alone for a moment, and then tried by one.

It is left alone for as long as it kept the last one waiting: half a second where it hangs, and hardly at all where it
refuses connections, since that costs nobody anything. Those who come meanwhile are told so at once. No lock is held
while somebody calls, so that a call that hangs holds up nobody, and while one probes the others do not.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal, TypeVar

from chassis import logs, metrics
from chassis.errors import Unavailable

T = TypeVar("T")
State = Literal["closed", "open", "half-open"]


class Breaker:
    """Stands before one kind of call to one neighbour, in one process."""

    FAILURES = 3
    SHORTEST, PAUSE = 0.0, 0.5
    """Seconds from a failure to the next probe, at least and at most: what is back is found within a second."""

    def __init__(self, service: str) -> None:
        """`service` is what people call the neighbour."""
        self._service = service
        self._open = metrics.BREAKERS_OPEN.labels(service)
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0
        self._probing = False

    @property
    def state(self) -> State:
        """Closed: everybody calls. Open: nobody does. Half-open: one tries."""
        if self._failures < self.FAILURES:
            return "closed"
        return "half-open" if self._probing else "open"

    def call(self, ask: Callable[[], T], failure: type[Unavailable] = Unavailable) -> T:
        """What `ask` gives. `Unavailable` when it is raised there, and at once while the neighbour is left alone.

        Only a `failure` counts as one.
        """
        probe, began = self._begin(), time.monotonic()
        try:
            answer = ask()
        except failure:
            self._end(probe, failed=True, took=time.monotonic() - began)
            raise
        except BaseException:
            self._end(probe, failed=False)  # the neighbour did answer; what it said is the caller's matter
            raise
        self._end(probe, failed=False)
        return answer

    def _begin(self) -> bool:
        """Whether this call is the probe. Raises where there is to be no call."""
        with self._lock:
            if self._failures < self.FAILURES:
                return False
            if self._probing or time.monotonic() < self._next_probe:
                raise Unavailable(service=self._service)
            self._probing = True
            return True

    def _end(self, probe: bool, *, failed: bool, took: float = 0.0) -> None:
        with self._lock:
            if probe:
                self._probing = False
            before, self._failures = self._failures, self._failures + 1 if failed else 0
            if failed:
                self._next_probe = time.monotonic() + min(max(took, self.SHORTEST), self.PAUSE)
            if (is_open := self._failures >= self.FAILURES) != (before >= self.FAILURES):
                self._open.inc(1 if is_open else -1)
                said = "neighbour left alone" if is_open else "neighbour back"
                logs.logger.warning(said, extra={"service": self._service})
