"""What a program counts and measures for Prometheus.

Under gunicorn each worker writes its figures to files of its own, in a folder that `chassis/gunicorn.py` makes, and any
of them adds all up when it is asked. Other processes keep them in memory. Names are those of OpenTelemetry's
conventions where these have one. Labels are routes, codes and names of programs, never an id and nothing that people
wrote: each combination of them is a row that stays.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from typing import Any, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from chassis import logs
from chassis.errors import BY_CODE, Refusal, Unavailable

VERSION = "0.1.0"
"""Of all programs; they are released together. The same as in `pyproject.toml`."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNKNOWN = "unknown"
"""The route of everything that has none."""
EVERY = 5.0
"""Seconds for which what was asked of the database is told again."""

_OURS = CollectorRegistry()

REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "Requests answered: how many, and how long each took.",
    ["method", "route", "status"],
    buckets=SECONDS,
    registry=_OURS,
)
ACTIVE = Gauge("http_server_active_requests", "Requests under way.", multiprocess_mode="livesum", registry=_OURS)
CALLS = Histogram(
    "http_client_request_duration_seconds",
    "Calls of neighbours: answered, refused (4xx) or unavailable, and how long each took.",
    ["neighbour", "outcome"],
    buckets=SECONDS,
    registry=_OURS,
)
BREAKERS_OPEN = Gauge(
    "clinic_breaker_open",
    "Circuit breakers that stand open: who leaves a neighbour alone because it does not answer.",
    ["neighbour"],
    multiprocess_mode="livesum",
    registry=_OURS,
)
CONNECTIONS = Gauge(
    "db_client_connection_count", "Database connections in use.", multiprocess_mode="livesum", registry=_OURS
)
MOST_CONNECTIONS = Gauge(
    "db_client_connection_max", "Database connections that may be in use.", multiprocess_mode="livesum", registry=_OURS
)
WAITS = Counter("db_client_connection_waits", "Times that all connections were in use.", registry=_OURS)
TIMEOUTS = Counter("db_client_connection_timeouts", "Times that none came free in time.", registry=_OURS)
REVOCATIONS_READ = Gauge(
    "clinic_revocations_read_timestamp_seconds",
    "When the list of revocations was last read whole, by the worker where that is longest ago.",
    ["neighbour"],
    multiprocess_mode="livemin",
    registry=_OURS,
)
ACTIONS = Counter(
    "clinic_actions",
    "What people did, or were refused: done, or the code of the refusal.",
    ["action", "outcome"],
    registry=_OURS,
)

F = TypeVar("F", bound=Callable[..., Any])


def answered(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count one answer."""
    _request(method if method in METHODS else "other", route or UNKNOWN, status // 100).observe(seconds)


def acted(action: str, status: int, code: str | None) -> None:
    """Count what somebody did: `code` is that of the refusal, None when it was done."""
    outcome = "done" if status < 400 else code if code in BY_CODE else f"{status // 100}xx"
    _action(action, str(outcome)).inc()


def measured(call: F) -> F:
    """Count and time the calls of this method of a `ServiceClient`."""

    @wraps(call)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        began, outcome = time.perf_counter(), "unavailable"
        try:
            answer = call(self, *args, **kwargs)
            outcome = "answered"
            return answer
        except Unavailable:
            raise
        except Refusal:
            outcome = "refused"
            raise
        finally:
            _call(self.name, outcome).observe(time.perf_counter() - began)

    return cast(F, wrapper)


class Computed(Collector):
    """Figures that are not counted but asked for, when somebody reads them, and at most every few seconds."""

    def __init__(
        self, ask: Callable[[], Iterable[Metric]], scope: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        """`ask` is asked inside `scope()`, and may fail: nothing is told then, and the log says so."""
        self._ask, self._scope = ask, scope
        self._known: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """What is known."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + EVERY  # first, so that others do not ask the same meanwhile
            try:
                with self._scope():
                    self._known = list(self._ask())
            except Exception as error:  # whatever it was, the other figures are told
                self._known = []
                logs.logger.warning("figures not found", extra={"error": type(error).__qualname__})
        return self._known


def build(program: str) -> Computed:
    """Which program this is, in which version."""
    found = GaugeMetricFamily("clinic_build_info", "Version of the program; always 1.", labels=["program", "version"])
    found.add_metric([program, VERSION], 1)
    return Computed(lambda: [found])


def exposition(more: Iterable[Collector]) -> bytes:
    """All figures of this program in Prometheus' text format."""
    registry = CollectorRegistry()
    if values.ValueClass._multiprocess:  # decided when the library was loaded
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_OURS)
    for collector in more:
        registry.register(collector)
    return generate_latest(registry)


@cache
def _request(method: str, route: str, hundreds: int) -> Histogram:
    return REQUESTS.labels(method, route, f"{hundreds}xx")


@cache
def _action(action: str, outcome: str) -> Counter:
    return ACTIONS.labels(action, outcome)


@cache
def _call(neighbour: str, outcome: str) -> Histogram:
    return CALLS.labels(neighbour, outcome)
