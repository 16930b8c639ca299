"""Which trace a piece of work belongs to, and what the next program is told of it: W3C Trace Context, level 1.

A trace is all that one request of a browser, or one job of a worker, sets going in our programs. Each program's part of
it is a *span* with an id of its own.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

VERSION = "00"
SAMPLED = 1
"""The only flag of level 1: whoever asks may have kept a record of the trace, and it is worth one."""
MOST_MEMBERS = 32
LONGEST_STATE = 512
"""What has to be passed on of `tracestate`. What is longer, or malformed, is dropped whole, as the standard allows."""

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_KEY = r"[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}"
_MEMBER = re.compile(rf"({_KEY})=[ -+\--<>-~]{{0,255}}[!-+\--<>-~]", re.ASCII)


@dataclass(frozen=True)
class Trace:
    """One span of a trace. Ids are lower-case hexadecimal, of 16 and of 8 bytes."""

    trace_id: str
    span_id: str
    parent_id: str | None = None
    """The span this one was asked by; None where the trace began here."""
    flags: int = SAMPLED
    state: str = ""
    """What others of the trace want to be told (`tracestate`). Passed on as it came, and read by nobody here."""

    @property
    def headers(self) -> dict[str, str]:
        """What the next program is told."""
        told = {"traceparent": f"{VERSION}-{self.trace_id}-{self.span_id}-{self.flags:02x}"}
        return {**told, "tracestate": self.state} if self.state else told

    def child(self) -> "Trace":
        """A span of the same trace that this one asks for."""
        return Trace(self.trace_id, _span_id(), self.span_id, self.flags, self.state)


current: ContextVar[Trace | None] = ContextVar("trace", default=None)
"""The span under way in this thread."""


def begin(parent: str | None = None, state: str | None = None, *, flags: int = SAMPLED) -> Trace:
    """Begin a span: of the caller's trace where these headers of it are in order, else of a new one with `flags`."""
    found = _continued(parent, state) if parent else None
    trace = found or Trace(secrets.token_hex(16), _span_id(), flags=flags)
    current.set(trace)
    return trace


def _continued(parent: str, state: str | None) -> Trace | None:
    """A span of the trace that these headers tell of. Of later versions the part that this one knows is read."""
    match = _PARENT.fullmatch(parent)
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if version == "ff" or (version == VERSION and more) or not (int(trace_id, 16) and int(parent_id, 16)):
        return None
    return Trace(trace_id, _span_id(), parent_id, int(flags, 16) & SAMPLED, _harmless(state or ""))


def _harmless(state: str) -> str:
    """`tracestate` as it came where it is well-formed, else nothing."""
    if len(state) > LONGEST_STATE:
        return ""
    members = [member for part in state.split(",") if (member := part.strip(" \t"))]
    keys = {match[1] for member in members if (match := _MEMBER.fullmatch(member))}
    return state if 0 < len(keys) == len(members) <= MOST_MEMBERS else ""


def _span_id() -> str:
    return secrets.token_hex(8)
