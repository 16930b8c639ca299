"""What is done after the answer: mail, and whatever a caller must not be able to notice or have to wait for.

A small queue in each process, and one thread that is started with the first job: never before a fork. At the end of the
process what waits is done first, for a few seconds.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from dataclasses import dataclass

from chassis import logs
from chassis.mail import Hopeless

MOST = 1000
PAUSES = (0.5, 3.0)
"""Seconds before the second and the third try."""
AT_THE_END = 5.0

Job = Callable[[], None]


@dataclass(frozen=True)
class _Entry:
    what: str
    job: Job
    context: Context


class Afterwards:
    """Does jobs one after the other, each inside `scope()` and with the request id of whoever asked."""

    def __init__(self, scope: Callable[[], AbstractContextManager[object]]) -> None:
        self._scope = scope
        self._waiting: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, what: str, job: Job) -> None:
        """Have `job` done soon. `what` names it in the log; when too many wait, it is dropped, and the log says so."""
        with self._changed:
            if len(self._waiting) >= MOST:
                logs.logger.warning("dropped, as too much waits", extra={"job": what})
                return
            self._waiting.append(_Entry(what, job, copy_context()))
            self._start()
            self._changed.notify_all()

    def finish(self, seconds: float) -> bool:
        """Wait until everything is done, at most so long. Says whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="afterwards", daemon=True)
            self._thread.start()
            atexit.register(self._end)

    def _end(self) -> None:
        self._ending.set()  # no more pauses
        self.finish(AT_THE_END)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._waiting))
                entry, self._busy = self._waiting.popleft(), True
            entry.context.run(self._do, entry)

    def _do(self, entry: _Entry) -> None:
        for pause in (*PAUSES, None):
            try:
                with self._scope():
                    return entry.job()
            except Exception as error:
                # the kind only: the words of a mail server repeat addresses
                final = pause is None or isinstance(error, Hopeless)
                told = {"job": entry.what, "error": type(error.__cause__ or error).__name__, "final": final}
                logs.logger.log(logging.ERROR if final else logging.WARNING, "failed after the answer", extra=told)
                if final:
                    return None
            self._ending.wait(pause)
        return None
