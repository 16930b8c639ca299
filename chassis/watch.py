"""What a worker process does beside its requests: small chores, again and again, each in a thread of its own.

Chores keep something in memory fresh, so that no request has to wait for it. One that is slow or hangs holds up no
other: the list of revocations is not to wait for a directory.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, request

from chassis import logs, trace

Chore = Callable[[], object]
"""Takes nothing, runs inside the application's context, and raises when it could not do its work."""


@dataclass
class _Entry:
    chore: Chore
    every: float
    failing: bool = False
    tried: threading.Event = field(default_factory=threading.Event)


class Watch:
    """The chores of one program. Each worker process runs them for itself, from its start to its end."""

    EVERY = 2.0
    BEGIN_WITHIN = 1.0
    RETRY = 0.75
    """Seconds, after a failure: what was out is back soon after its neighbour is."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._entries: list[_Entry] = []
        self._stopping = threading.Event()
        self._process: int | None = None
        self._lock = threading.Lock()

    def add(self, chore: Chore, every: float = EVERY) -> None:
        """Run this chore every so many seconds, from the start on. One that fails is logged and tried again."""
        self._entries.append(_Entry(chore, every))

    def start(self) -> None:
        """Begin in this process, if it has not begun: threads do not come along when a process forks.

        Comes back when each chore was tried once, or after a second: what they keep fresh is there for a first request.
        """
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._stopping = threading.Event()
                for entry in self._entries:
                    threading.Thread(target=self._keep, args=(entry, self._stopping), name="watch", daemon=True).start()
                until = time.monotonic() + self.BEGIN_WITHIN
                for entry in self._entries:
                    entry.tried.wait(max(until - time.monotonic(), 0))
                self._process = os.getpid()

    def stop(self) -> None:
        """End soon. Nobody waits for it: the threads are daemons, and what they keep is only in memory."""
        self._stopping.set()

    def _keep(self, entry: _Entry, stopping: threading.Event) -> None:
        while not stopping.is_set():
            pause = self._do(entry)
            entry.tried.set()
            stopping.wait(pause)

    def _do(self, entry: _Entry) -> float:
        """Run a chore, and say in how many seconds it is due again."""
        began = time.monotonic()
        trace.begin(flags=0)  # every few seconds the same: a collector of spans need not have them
        try:
            with self._app.app_context():
                entry.chore()
        except Exception as error:  # whatever it was, it is tried again
            if not entry.failing:  # once an outage; neighbours that are out are logged by the client each time
                name = getattr(entry.chore, "__qualname__", "chore")
                logs.logger.warning("chore failed", extra={"chore": name, "error": type(error).__qualname__})
            entry.failing = True
            return min(self.RETRY, entry.every)
        entry.failing = False
        return max(began + entry.every - time.monotonic(), 0)


def attach(app: Flask) -> None:
    """Give a program its watch, `app.extensions["watch"]`. gunicorn starts it; another server, its first request."""
    app.extensions["watch"] = found = Watch(app)

    @app.before_request
    def start() -> None:
        if "SERVER_SOFTWARE" in request.environ:  # every server says so, and no test client
            found.start()
