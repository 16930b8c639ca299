"""How a program leaves without a request lost: it says that it is going, answers on for a while, and only then stops.

On TERM gunicorn's master only notes, in memory that its workers share, that the program drains. They go on accepting
and answering; `/health/ready` is 503 and every answer closes its connection, so that balancers and kept connections go
elsewhere. After `DRAIN_SECONDS` the workers take along who still waits to be accepted, and end (`chassis/gthread.py`).
A second TERM shortens the wait.
"""

import mmap
import os
import signal
from typing import Any

_SERVING, _DRAINING, _ENDING = b"\0", b"\1", b"\2"
_state = mmap.mmap(-1, 1)
"""One byte that a master and all its workers see, also those that are started later."""


def under_way() -> bool:
    """Whether this program is about to stop."""
    return _state[:1] != _SERVING


def at_its_end() -> bool:
    """Whether all of this program stops now, and nobody listens on its sockets any longer."""
    return _state[:1] == _ENDING


def on_term(master: Any, seconds: float) -> None:
    """Have this master drain for so many seconds before it stops. Called when it is ready."""

    def begin(number: int, _: Any) -> None:
        if os.getpid() != master.pid:
            return  # a worker that has just been forked, and has no handlers of its own yet
        if seconds and _state[:1] == _SERVING:
            _state[:1] = _DRAINING
            signal.setitimer(signal.ITIMER_REAL, seconds)
        else:
            end(number, None)

    def end(_: int, __: Any) -> None:
        # a successor that was started by USR2 listens on the same sockets: they stay open
        _state[:1] = _DRAINING if master.reexec_pid or master.systemd else _ENDING
        master.SIG_QUEUE.put_nowait(signal.SIGTERM)

    signal.signal(signal.SIGTERM, begin)
    signal.signal(signal.SIGALRM, end)


def close_connection(_: Any, request: Any) -> None:
    """While the program drains, answer with `Connection: close`. gunicorn calls this before each request."""
    if under_way():
        request.force_close()
