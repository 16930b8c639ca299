"""How long whoever waits for this request will wait: told by the caller, passed on with every call, and only shrinking.

The header is Envoy's `X-Envoy-Expected-Rq-Timeout-Ms`, whole milliseconds: what proxies set for HTTP services that are
to know when their answer is wanted no longer. It tells a span and no point in time, so that clocks may differ.
"""

import time
from contextvars import ContextVar

from chassis.errors import Unavailable

HEADER = "X-Envoy-Expected-Rq-Timeout-Ms"
LONGEST = 60.0
"""Seconds. What is longer, or no number, says nothing: then this program's own limits count alone."""
TO_ANSWER = 0.05
"""Seconds kept back for the answer: a neighbour may not use up all that is left."""

_until: ContextVar[float | None] = ContextVar("until", default=None)
queued: ContextVar[float] = ContextVar("queued", default=0.0)
"""Seconds that the request under way has waited for a thread of this process."""


class DeadlinePassed(Unavailable):
    """503: whoever asked has stopped waiting before this was begun. Nothing was done."""

    code, title = "deadline-passed", "Too late"
    detail = "There is no time left for this request. Nothing was changed. Try again in a moment."


def begin(told: str | None) -> None:
    """Take over what the caller says of the request that begins now; None where nobody can be believed.

    Raises `DeadlinePassed` where the caller has gone already: work that nobody waits for is not begun.
    """
    seconds = _seconds(told)
    _until.set(None)
    if seconds is None:
        return
    seconds -= queued.get()
    if seconds <= 0:
        raise DeadlinePassed
    _until.set(time.monotonic() + seconds)


def limit(seconds: float) -> float:
    """So many seconds, or as many of them as a call made now may take. Raises `DeadlinePassed` when that is none."""
    until = _until.get()
    if until is None:
        return seconds
    left = until - TO_ANSWER - time.monotonic()
    if left <= 0:
        raise DeadlinePassed
    return min(seconds, left)


def header(seconds: float) -> dict[str, str]:
    """What a neighbour is told that has so many seconds."""
    return {HEADER: str(max(int(seconds * 1000), 1))}


def _seconds(told: str | None) -> float | None:
    if not told or not (told.isascii() and told.isdigit() and len(told) < 7):
        return None
    seconds = int(told) / 1000
    return seconds if seconds <= LONGEST else None
