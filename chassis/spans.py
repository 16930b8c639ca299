"""Spans for an OpenTelemetry collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` names one: the logs' traces, with times.

Each answer, each call of a neighbour, each statement and each job of a worker is one. They hold routes, names and
statements without their values, so nothing that anybody wrote. Without an address nothing of this is even imported.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from chassis import logs, trace
from chassis.trace import SAMPLED, Trace

if TYPE_CHECKING:
    from chassis.otlp import Sender

Kind = Literal["SERVER", "CLIENT", "INTERNAL"]
Told = dict[str, str | int]
F = TypeVar("F", bound=Callable[..., Any])

_send: "Callable[[], Sender] | None" = None


def send_to(endpoint: str, program: str) -> None:
    """Send the spans of this program there, `http://collector:4318`, from now on; an empty address is nowhere."""
    global _send
    if endpoint:
        from chassis.otlp import of_this_process

        _send = of_this_process(endpoint, program)
        logs.adopt("opentelemetry")


def on() -> bool:
    """Whether anybody collects spans."""
    return _send is not None


def ended(span: Trace, name: str, kind: Kind, seconds: float, told: Told, *, failed: bool = False) -> None:
    """Tell of a span that ended just now, unless whoever began its trace wants no record of it."""
    if _send and span.flags & SAMPLED:
        _send().tell(span, name, kind, seconds, told, failed)


@contextmanager
def under_way(name: str, kind: Kind, told: Told) -> Iterator[None]:
    """Make the block a span of the trace under way. What it asks others for belongs to that span."""
    above = trace.current.get()
    if not _send or not above:
        yield
        return
    span, began, failed = above.child(), time.perf_counter(), True
    before = trace.current.set(span)
    try:
        yield
        failed = False
    finally:
        trace.current.reset(before)
        ended(span, name, kind, time.perf_counter() - began, told, failed=failed)


@contextmanager
def job(name: str) -> Iterator[None]:
    """Begin a trace for what the block does."""
    span, began, failed = trace.begin(), time.perf_counter(), True
    try:
        yield
        failed = False
    finally:
        ended(span, name, "INTERNAL", time.perf_counter() - began, {}, failed=failed)


def called(call: F) -> F:
    """Make each call of this method of a `ServiceClient` a span."""

    @wraps(call)
    def wrapper(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if not on():
            return call(self, method, *args, **kwargs)
        told: Told = {"http.request.method": method, "peer.service": self.name}
        with under_way(f"{method} {self.name}", "CLIENT", told):
            return call(self, method, *args, **kwargs)

    return cast(F, wrapper)
