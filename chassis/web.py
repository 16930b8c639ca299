"""What every program does around a request: its id, whence it comes, one log line and its figures, trusted hosts, and
what is told of the program itself: its health and its metrics."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from chassis import drain, logs, metrics, spans, time_left, trace, watch
from chassis.errors import Draining, Refusal
from chassis.identity import public
from chassis.proxies import Proxies
from chassis.settings import Settings

LONGEST_AGENT = 300
ABOUT_INSTANCES = frozenset({"/health/live", "/health/ready", "/metrics"})
"""What whoever looks after single instances asks each of them, by its address."""

V = TypeVar("V", bound=Callable[..., Any])


def prepare(app: Flask, program: str, settings: Settings, *, check: Callable[[], None] | None = None) -> None:
    """Request ids, logging, time limits, trusted hosts, the watch, `GET /health` and `GET /metrics` for one program.

    `check` raises a `Refusal` while the program cannot do its work. It asks no neighbour: one that is out must not take
    this program out of rotation too.
    """
    logs.configure(program, settings.log_level)
    spans.send_to(settings.otel_exporter_otlp_endpoint, program)
    app.config["TRUSTED_HOSTS"] = settings.trusted_hosts or None
    if settings.trusted_hosts:
        app.wsgi_app = _by_address(app.wsgi_app, settings.trusted_hosts[0].lstrip("."))  # type: ignore[method-assign]
    app.url_map.merge_slashes = False
    _log_requests(app, Proxies(settings.forwarded_allow_ips))
    watch.attach(app)
    _serve_health(app, program, check or (lambda: None))
    _serve_metrics(app, program)


def _by_address(program: Any, host: str) -> Any:
    """Take a question about the instance as if for `host`. No list knows an instance's address, and no name is in the
    answer."""

    def asked(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in ABOUT_INSTANCES:
            environ["HTTP_HOST"] = host
        answer: Iterable[bytes] = program(environ, start)
        return answer

    return asked


def _serve_health(app: Flask, program: str, check: Callable[[], None]) -> None:
    def told(*checks: Callable[[], None]) -> Response:
        try:
            for one in checks:
                one()
        except Refusal as refusal:  # in the portal too, whose other failures are pages
            return _problem(app, refusal)
        return jsonify(status="ok", service=program)

    @app.get("/health")
    @public
    @routine
    def health() -> Response:
        """Say whether this program can do its work; 503 while it cannot, with the part that is out."""
        return told(check)

    @app.get("/health/live")
    @public
    @routine
    def live() -> Response:
        """Say that this program can answer. It looks at nothing: 200, or no answer."""
        return told()

    @app.get("/health/ready")
    @public
    @routine
    def ready() -> Response:
        """Say whether to send requests here; 503 while it cannot do its work, and when it is about to stop."""
        return told(_stay, check)


def _serve_metrics(app: Flask, program: str) -> None:
    app.extensions["figures"] = figures = [metrics.build(program)]
    pages = Blueprint("metrics", __name__)
    pages.enable_openapi = False  # type: ignore[attr-defined]

    @pages.get("/metrics")
    @public
    @routine
    def measured() -> Response:
        """Tell Prometheus what this program has counted and measured, all its workers together."""
        return Response(metrics.exposition(figures), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    app.register_blueprint(pages)


def _stay() -> None:
    if drain.under_way():
        raise Draining


def _problem(app: Flask, refusal: Refusal) -> Response:
    text = app.json.dumps(refusal.problem(getattr(g, "request_id", "-")))
    return Response(text, refusal.status, refusal.headers, content_type="application/problem+json")


def routine(view: V) -> V:
    """Log requests to this view as details: programs send them every few seconds."""
    view.routine = True  # type: ignore[attr-defined]
    return view


def counted(action: str) -> Callable[[V], V]:
    """Count how often this view did what it is for, and what it refused; `action` as in the record of access."""

    def decorate(view: V) -> V:
        view.counted = action  # type: ignore[attr-defined]
        return view

    return decorate


def count_as(action: str) -> None:
    """Count this request as another action than its view says."""
    g.counted = action


def _log_requests(app: Flask, proxies: Proxies) -> None:
    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        metrics.ACTIVE.inc()
        # a stranger's id would stand in the record of access, and many acts would look like one
        told = request.headers if proxies.believes(request.remote_addr) else Headers()
        g.request_id = logs.begin_request(told.get("X-Request-Id"))
        g.trace = trace.begin(told.get("traceparent"), told.get("tracestate"))
        logs.client_address.set(proxies.client(request.remote_addr, request.headers.get("X-Forwarded-For")))
        logs.user_agent.set(_printable(request.headers.get("User-Agent", "")))
        time_left.begin(told.get(time_left.HEADER))

    # the first before_request function registered runs first, so a refused request has its id too
    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = getattr(g, "request_id", "-")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        view = app.view_functions.get(request.endpoint or "")
        is_routine = getattr(view, "routine", False)
        seconds = time.perf_counter() - g.began
        logs.logger.log(logging.DEBUG if is_routine else logging.INFO, "request", extra=_line(response, seconds))
        _count(view, response, seconds)
        if spans.on() and not is_routine:
            _tell(response, seconds)
        return response

    @app.teardown_request
    def over(_: BaseException | None) -> None:
        if "began" in g:  # a context may be opened without a request being handled
            metrics.ACTIVE.dec()


def _printable(text: str) -> str:
    """The readable beginning of what a browser says it is."""
    text = text if text.isprintable() else "".join(filter(str.isprintable, text))
    return text[:LONGEST_AGENT].strip()


def _count(view: Any, response: Response, seconds: float) -> None:
    route = request.url_rule.rule if request.url_rule else None
    metrics.answered(request.method, route, response.status_code, seconds)
    action = g.get("counted", getattr(view, "counted", None))
    if action and "Idempotent-Replayed" not in response.headers:
        metrics.acted(action, response.status_code, g.get("problem_code"))


def _tell(response: Response, seconds: float) -> None:
    route = request.url_rule.rule if request.url_rule else metrics.UNKNOWN
    told: spans.Told = {"http.request.method": request.method, "http.route": route}
    told |= {"http.response.status_code": response.status_code, "request_id": g.request_id}
    failed = response.status_code >= 500
    spans.ended(g.trace, f"{request.method} {route}", "SERVER", seconds, told, failed=failed)


def _line(response: Response, seconds: float) -> dict[str, Any]:
    """What is logged of a request: the route, never the address bar, which may name a person."""
    route, spent = request.url_rule.rule if request.url_rule else None, round(seconds * 1000, 1)
    asked_by = {"parent_id": g.trace.parent_id} if g.trace.parent_id else {}
    return {"method": request.method, "route": route, "status": response.status_code, "ms": spent, **asked_by}


def code_of(error: HTTPException) -> str:
    """A stable code for an error of the web server itself: `method-not-allowed` for 405 and so on."""
    return (error.name or "error").lower().replace(" ", "-")
