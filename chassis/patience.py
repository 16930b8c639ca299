"""A bound on every wait for PostgreSQL. A server that is frozen or cut off says nothing, not even that it is too slow.

The time limits inside PostgreSQL speak first as long as it can speak; these are for when it cannot.
"""

import select
import time
from typing import Any

import psycopg2
from psycopg2 import extensions
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import Pool

CONNECTING = 1.0
IDLE = 0.4
"""Before a connection that has rested is given out it is asked whether it lives; that takes no time at all."""
WORKING = 2.2
FRESH = 1.0
"""Seconds after an answer for which a connection counts as living, unless something has come of it: its end."""


class PatientConnection(extensions.connection):
    """A connection that waits `patience` seconds for each answer and is closed when none comes; None waits for ever."""

    patience: float | None = CONNECTING
    rested: float | None = None
    """Since when nobody uses it, by the monotonic clock; None before anybody has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As the library makes it."""
        self.waiting = select.poll()
        super().__init__(*args, **kwargs)

    def quiet(self) -> bool:
        """Whether nothing has come that nobody asked for. A server that closes a connection says so."""
        self.waiting.register(self.fileno(), select.POLLIN)
        return not self.waiting.poll(0)


def _wait(connection: extensions.connection) -> None:
    """Stand in for the blocking wait of psycopg2, which has no limit."""
    patience = getattr(connection, "patience", None)
    waiting = getattr(connection, "waiting", None) or select.poll()
    until = None if patience is None else time.monotonic() + patience
    while (state := connection.poll()) != extensions.POLL_OK:
        waiting.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
        left = None if until is None else max(until - time.monotonic(), 0) * 1000
        if not waiting.poll(left):
            raise psycopg2.OperationalError("no answer in time")


extensions.set_wait_callback(_wait)


@event.listens_for(Pool, "checkout")
def _work(connection: Any, *_: Any) -> None:
    """Give out only what lives: the pool makes another in place of what does not, and of all that are as old."""
    if connection.rested is not None and not _lives(connection):
        raise InvalidatePoolError
    connection.patience = WORKING


@event.listens_for(Pool, "checkin")
def _rest(connection: Any, *_: Any) -> None:
    if connection is not None:
        connection.patience, connection.rested = IDLE, time.monotonic()


def _lives(connection: PatientConnection) -> bool:
    try:
        if not connection.closed and time.monotonic() - (connection.rested or 0) < FRESH and connection.quiet():
            return True
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.autocommit = False
    except psycopg2.Error:
        return False
    return True
