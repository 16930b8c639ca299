"""Whether the worker of this machine works: a file that it touches, and `python appointment_service/heartbeat.py`.

The worker touches the file while its loop runs, its database answers, and no job has been under way for too long. Run
as a script, for a health check every few seconds, this loads nothing of the service.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EVERY = 5.0
"""Seconds."""
FRESH_FOR = 30.0
LONGEST_JOB = 120.0
"""Longer than any job takes whose every wait has an end."""


def place() -> Path:
    """Where the file is: one for each machine and user, in a container its own."""
    return Path(tempfile.gettempdir()) / f"appointment-worker-{os.getuid()}"


class Heartbeat:
    """What one worker says of itself."""

    def __init__(self) -> None:
        self._begun: dict[object, float] = {}

    @contextmanager
    def job(self) -> Iterator[None]:
        """Around each job."""
        key = object()
        self._begun[key] = time.monotonic()
        try:
            yield
        finally:
            del self._begun[key]

    def beat(self) -> None:
        """Touch the file, unless a job hangs."""
        if all(time.monotonic() - begun < LONGEST_JOB for begun in list(self._begun.values())):
            place().touch()


def is_fresh() -> bool:
    """Whether a worker of this machine has touched the file within half a minute."""
    try:
        return time.time() - place().stat().st_mtime < FRESH_FOR
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_fresh() else 1)
