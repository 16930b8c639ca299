"""One JSON line for each request and each warning, with a request id and a trace that travel between programs."""

import logging
import re
import secrets
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

from chassis import trace

logger = logging.getLogger("chassis")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
client_address: ContextVar[str] = ContextVar("client_address", default="-")
"""Where the request under way comes from, as far as it can be believed."""
user_agent: ContextVar[str] = ContextVar("user_agent", default="")
"""Which browser or program the request under way says it comes from."""

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class _WithIds(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        span = trace.current.get()
        record.trace_id, record.span_id = (span.trace_id, span.span_id) if span else ("-", "-")
        return True


def configure(program: str, level: str) -> None:
    """Send this program's log to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}{request_id}{trace_id}{span_id}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"program": program},
        )
    )
    handler.addFilter(_WithIds())
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level)


def adopt(library: str) -> None:
    """What this library warns of stands in our log, in our form."""
    adopted = logging.getLogger(library)
    adopted.handlers, adopted.propagate = logger.handlers, False
    adopted.setLevel(logging.WARNING)


def begin_request(given: str | None) -> str:
    """Take over the caller's request id when it is harmless, else make one."""
    value = given if given and _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
    request_id.set(value)
    return value


def outgoing_headers() -> dict[str, str]:
    """The headers that carry this request's id and trace, and where it came from, to the next program."""
    carried = {"X-Request-Id": request_id, "X-Forwarded-For": client_address, "User-Agent": user_agent}
    told = {name: value for name, kept in carried.items() if (value := kept.get()) not in {"", "-"}}
    span = trace.current.get()
    return {**told, **span.headers} if span else told
