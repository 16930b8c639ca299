"""gunicorn's worker with threads, which hangs up on nobody at its end, and knows how long a request waited for it."""

import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from chassis import drain, time_left


class Worker(ThreadWorker):  # type: ignore[misc]
    """At the end of the program it takes along who has connected and was not accepted yet.

    gunicorn accepts nobody then but listens until the last request is answered, and hangs up on all who came meanwhile.
    With us a new connection is refused at once, and can go elsewhere. A worker that is only replaced (HUP) leaves
    the queue to its successor.
    """

    def enqueue_req(self, conn: Any) -> None:
        """A connection has something to say, and waits for a thread."""
        conn.waits_since = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """In a thread: answer one request, which knows how long it has waited."""
        time_left.queued.set(time.monotonic() - conn.waits_since)
        return super().handle(conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop accepting."""
        if self._accepting and not enabled and not self.alive and drain.at_its_end():
            for listener in self.sockets:
                self._accept_all(listener)
                with suppress(OSError):  # another worker was first
                    listener.shutdown(socket.SHUT_RDWR)
        super().set_accept_enabled(enabled)

    def _accept_all(self, listener: socket.socket) -> None:
        """Accept until nobody waits."""
        before = -1
        while before != self.nr_conns:
            before = self.nr_conns
            with suppress(OSError):
                self.accept(listener)
