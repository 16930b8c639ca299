"""One JSON line for each request and each warning, with a request id that travels between programs."""

import logging
import re
import secrets
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

logger = logging.getLogger("chassis")
request_id: ContextVar[str] = ContextVar("request_id", default="-")
client_address: ContextVar[str] = ContextVar("client_address", default="-")
"""Where the request under way comes from, as far as it can be believed."""
user_agent: ContextVar[str] = ContextVar("user_agent", default="")
"""Which browser or program the request under way says it comes from."""

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


class _WithRequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def configure(program: str, level: str) -> None:
    """Send this program's log to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}{request_id}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"program": program},
        )
    )
    handler.addFilter(_WithRequestId())
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(level)


def begin_request(given: str | None) -> str:
    """Take over the caller's request id when it is harmless, else make one."""
    value = given if given and _ACCEPTABLE.fullmatch(given) else secrets.token_hex(8)
    request_id.set(value)
    return value


def outgoing_headers() -> dict[str, str]:
    """The headers that carry this request's id, and where it came from, to the next program."""
    carried = {"X-Request-Id": request_id, "X-Forwarded-For": client_address, "User-Agent": user_agent}
    return {name: value for name, kept in carried.items() if (value := kept.get()) not in {"", "-"}}
