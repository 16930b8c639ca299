"""A bound on every wait for PostgreSQL. A server that is frozen or cut off says nothing, not even that it is too slow.

The time limits inside PostgreSQL speak first as long as it can speak; these are for when it cannot.
"""

import select
import time
from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.pool import Pool

CONNECTING = 1.0
IDLE = 0.4
"""Before a connection is given out it is asked whether it lives; that takes no time at all."""
WORKING = 2.2


class PatientConnection(extensions.connection):
    """A connection that waits `patience` seconds for each answer and is closed when none comes; None waits for ever."""

    patience: float | None = CONNECTING


def _wait(connection: extensions.connection) -> None:
    """Stand in for the blocking wait of psycopg2, which has no limit."""
    patience = getattr(connection, "patience", None)
    until = None if patience is None else time.monotonic() + patience
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        left = None if until is None else max(until - time.monotonic(), 0) * 1000
        if not waiting.poll(left):
            raise psycopg2.OperationalError("no answer in time")


extensions.set_wait_callback(_wait)


@event.listens_for(Pool, "checkout")
def _work(connection: Any, *_: Any) -> None:
    connection.patience = WORKING


@event.listens_for(Pool, "checkin")
def _rest(connection: Any, *_: Any) -> None:
    if connection is not None:
        connection.patience = IDLE
