"""Hands spans over to OpenTelemetry's SDK, which sends them in batches from a thread of its own. Imported only where
spans are collected.
"""

import os
import threading
import time
from collections.abc import Callable

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context

from chassis.metrics import VERSION
from chassis.trace import Trace


class _OurIds(IdGenerator):
    """The ids that a span has already in our logs."""

    def __init__(self) -> None:
        self._of = threading.local()

    def give(self, span: Trace) -> None:
        """The next span that is made in this thread is this one."""
        self._of.span = span

    def generate_trace_id(self) -> int:
        return int(self._of.span.trace_id, 16)

    def generate_span_id(self) -> int:
        return int(self._of.span.span_id, 16)


class Sender:
    """Sends the spans of one process of one program. What waits at its end is sent first."""

    def __init__(self, endpoint: str, program: str) -> None:
        plain = requests.Session()
        plain.trust_env = False
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", session=plain)
        # what is wanted no record of does not come this far, so the environment has no say in it
        resource = Resource.create({"service.name": program, "service.version": VERSION})
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=(ids := _OurIds()))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._ids, self._tracer = ids, provider.get_tracer("chassis")

    def tell(self, span: Trace, name: str, kind: str, seconds: float, told: dict[str, str | int], failed: bool) -> None:
        """Hand over a span that has ended just now after so many seconds."""
        self._ids.give(span)
        end = time.time_ns()
        made = self._tracer.start_span(
            name, _under(span), SpanKind[kind], attributes=told, start_time=end - int(seconds * 1e9)
        )
        if failed:
            made.set_status(Status(StatusCode.ERROR))
        made.end(end)


def _under(span: Trace) -> Context:
    """The place in its trace."""
    if span.parent_id is None:
        return Context()
    parent = SpanContext(int(span.trace_id, 16), int(span.parent_id, 16), True, TraceFlags(span.flags))
    return set_span_in_context(NonRecordingSpan(parent), Context())


def of_this_process(endpoint: str, program: str) -> Callable[[], Sender]:
    """Gives the sender, made when it is first asked for: its thread would not come along through a fork."""
    lock, made = threading.Lock(), dict[int, Sender]()

    def sender() -> Sender:
        pid = os.getpid()
        if pid not in made:
            with lock:
                if pid not in made:
                    made[pid] = Sender(endpoint, program)
        return made[pid]

    return sender
