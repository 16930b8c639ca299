"""What an OpenTelemetry collector is sent: one trace of a page through all programs, the same as in their logs."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import make, servers
from tests.containers.compose import until
from tests.journeys.wire import VisitorOnTheWire
from tests.servers import ROOT, Clinic, Program

HISTORY = "/account/history"
LOADED = "import sys, portal; portal.create_app(); print(any(name.startswith('opentelemetry') for name in sys.modules))"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, and keeps what it is sent by program."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.spans: list[tuple[str, Span]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, trace_id: str) -> list[tuple[str, Span]]:
        return [(program, span) for program, span in list(self.spans) if span.trace_id.hex() == trace_id]


class Receiving(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for part in sent.resource_spans:
            (program,) = [one.value.string_value for one in part.resource.attributes if one.key == "service.name"]
            self.server.spans += [(program, span) for scope in part.scope_spans for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture(scope="module")
def told(
    environment: dict[str, str], migrated: None, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """The four programs, with a collector."""
    there = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    running = servers.start_clinic({**environment, **there}, tmp_path_factory.mktemp("told"))
    yield running
    with ThreadPoolExecutor() as pool:
        list(pool.map(Program.stop, (running.auth, running.appointment, running.prescription, running.portal)))


def attribute(span: Span, name: str) -> str:
    return next((one.value.string_value for one in span.attributes if one.key == name), "")


def test_one_page_is_one_trace_at_the_collector_as_in_the_logs(told: Clinic, collector: Collector, auth: Flask) -> None:
    person = make.person(auth)
    maya = VisitorOnTheWire(told.portal.url)
    maya.sign_in(person.email)
    maya.get(HISTORY)
    lines = [json.loads(line) for line in told.portal.log.read_text().splitlines() if line.startswith("{")]
    page = next(line for line in reversed(lines) if line.get("route") == HISTORY)

    until(
        lambda: {"portal", "auth", "appointment", "prescription"} == {who for who, _ in collector.of(page["trace_id"])}
    )
    until(lambda: any(span.span_id.hex() == page["span_id"] for _, span in collector.of(page["trace_id"])))
    found = collector.of(page["trace_id"])
    by_id = {span.span_id.hex(): (program, span) for program, span in found}

    program, root = by_id[page["span_id"]]
    assert (program, root.name, root.parent_span_id) == ("portal", f"GET {HISTORY}", b"")
    for service in ("auth", "appointment", "prescription"):
        (served,) = [span for who, span in found if who == service and span.kind == Span.SPAN_KIND_SERVER]
        asker, call = by_id[served.parent_span_id.hex()]
        assert (asker, call.kind, attribute(call, "peer.service")) == ("portal", Span.SPAN_KIND_CLIENT, service)
        assert call.parent_span_id == root.span_id
        assert root.start_time_unix_nano <= call.start_time_unix_nano <= served.end_time_unix_nano
        asked = [attribute(span, "db.query.text") for who, span in found if span.parent_span_id == served.span_id]
        assert any("audit_event" in statement for statement in asked)


def test_no_span_holds_what_somebody_wrote_or_whose_it_is(told: Clinic, collector: Collector, auth: Flask) -> None:
    person = make.person(auth)
    VisitorOnTheWire(told.portal.url).sign_in(person.email)

    def begun() -> bool:
        return any("INSERT INTO" in attribute(span, "db.query.text") for _, span in list(collector.spans))

    until(begun)
    sent = " ".join(str(span) for _, span in collector.spans)
    assert person.email not in sent
    assert person.id not in sent


def test_what_programs_ask_one_another_every_few_seconds_is_not_sent(told: Clinic, collector: Collector) -> None:
    assert collector.spans
    assert not [span for _, span in collector.spans if "revocations" in span.name or "health" in span.name]


@pytest.mark.parametrize(("endpoint", "loaded"), [("", "False"), ("http://127.0.0.1:9", "True")])
def test_without_a_collector_nothing_of_it_is_loaded(endpoint: str, loaded: str, tmp_path: Path) -> None:
    settings = {"PORTAL_SECRET_KEY": "portal".ljust(32, "-"), "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, env=settings, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == loaded
