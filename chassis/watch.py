"""What a worker process does beside its requests: small chores, again and again, in one thread of its own.

Chores keep something in memory fresh, so that no request has to wait for it. They are quick, and every wait in them has
an end: while one hangs, the others wait.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, request

from chassis import logs

Chore = Callable[[], object]
"""Takes nothing, runs inside the application's context, and raises when it could not do its work."""


@dataclass
class _Entry:
    chore: Chore
    every: float
    due: float = 0.0
    failing: bool = False


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
        """Begin in this process, if it has not begun: a thread does not come along when a process forks.

        Comes back when each chore was tried once, or after a second: what they keep fresh is there for a first request.
        """
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._stopping, begun = threading.Event(), threading.Event()
                threading.Thread(target=self._run, args=(self._stopping, begun), name="watch", daemon=True).start()
                begun.wait(self.BEGIN_WITHIN)
                self._process = os.getpid()

    def stop(self) -> None:
        """End soon. Nobody waits for it: the thread is a daemon, and what it keeps is only in memory."""
        self._stopping.set()

    def _run(self, stopping: threading.Event, begun: threading.Event) -> None:
        while not stopping.is_set():
            for entry in self._entries:
                if entry.due <= time.monotonic() and not stopping.is_set():
                    self._do(entry)
            begun.set()
            next_due = min((entry.due for entry in self._entries), default=time.monotonic() + self.EVERY)
            stopping.wait(max(next_due - time.monotonic(), 0))

    def _do(self, entry: _Entry) -> None:
        began = time.monotonic()
        try:
            with self._app.app_context():
                entry.chore()
        except Exception as error:  # whatever it was: the other chores go on, and this one is tried again
            if not entry.failing:  # once an outage; neighbours that are out are logged by the client each time
                name = getattr(entry.chore, "__qualname__", "chore")
                logs.logger.warning("chore failed", extra={"chore": name, "error": type(error).__qualname__})
            entry.failing, entry.due = True, time.monotonic() + min(self.RETRY, entry.every)
        else:
            entry.failing, entry.due = False, began + entry.every


def attach(app: Flask) -> None:
    """Give a program its watch, `app.extensions["watch"]`. gunicorn starts it; another server, its first request."""
    app.extensions["watch"] = found = Watch(app)

    @app.before_request
    def start() -> None:
        if "SERVER_SOFTWARE" in request.environ:  # every server says so, and no test client
            found.start()
