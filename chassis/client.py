"""Calls between programs: one wrapper over `requests` with a deadline, no surprises and typed failures.

In front of each neighbour stand a bulkhead and a circuit breaker. What may be tried twice is, if that is seldom.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import requests
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from chassis import logs, metrics, spans, strict_json, time_left
from chassis.breaker import Breaker
from chassis.bulkhead import Bulkhead
from chassis.deadline import DeadlineAdapter
from chassis.errors import BY_CODE, FieldError, Malformed, NotFound, Refusal, Unauthenticated, Unavailable
from chassis.retries import Retries

Json = dict[str, Any]
MAX_BODY = 2 * 1024 * 1024
MEMBERS = frozenset({"type", "title", "status", "detail", "code", "errors", "request_id", "instance"})
"""Of every problem document (RFC 9457, and ours); what else one carries is its `extras`."""
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})
EMPTY = frozenset({204, 304})
LENGTH_IN = ("Content-Length", "Transfer-Encoding")
NO_ANSWER = frozenset({502, 504})
"""What a proxy says for a neighbour that does not answer. A 503 is an answer: it has something to say."""


class Silent(Unavailable):
    """The neighbour gave no usable answer, as far as anybody waited. This is what opens the circuit breaker."""


@dataclass(frozen=True)
class File:
    """An answer that is no JSON: its status (200, or 304 without data), bytes and headers."""

    status: int
    data: bytes
    headers: Mapping[str, str]


class _NoCookies(requests.cookies.RequestsCookieJar):
    """A jar that keeps nothing: one person's cookie must never travel with another person's request."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        return


class ServiceClient:
    """One neighbour over HTTP. Keeps connections; raises the same `Refusal` classes the neighbour answered with."""

    CONNECT_TIMEOUT: ClassVar[float] = 0.5
    FAIR: ClassVar[float] = 0.25
    """Seconds. Who was given less and did not answer is not taken for silent."""

    def __init__(self, name: str, base_url: str, *, timeout: float = 2.0) -> None:
        """`name` is what people call the neighbour in messages; `timeout` is in seconds, for one whole call."""
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False  # netrc would replace our Authorization header
        self.session.cookies = _NoCookies()
        self.session.mount("http://", DeadlineAdapter(pool_connections=1, pool_maxsize=32, max_retries=0))
        self.bulkhead, self.breaker, self.retries = Bulkhead(name), Breaker(name), Retries()

    @metrics.measured
    @spans.called
    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        params: Json | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
        as_file: bool = False,
        aside: bool = False,
    ) -> Any:
        """Send one request and give back the parsed JSON (None for an empty answer).

        `timeout` in seconds counts for this call in place of the client's, and neither goes beyond what is left of the
        request under way. With `as_file` the answer may be anything, also that nothing has changed (304), and comes
        back as a `File`. Idempotent methods are tried once more when the connection breaks before an answer, within
        what retries there are. A call `aside` is no person's, or has a breaker of its own: it needs no place and is
        made though the neighbour is left alone.
        Raises `Refusal` for every answer of 4xx and `Unavailable` when there is no usable answer in time.
        """
        given = time_left.limit(timeout or self.timeout)
        deadline = time.monotonic() + given
        sent = {"Accept": "application/json, application/problem+json", **logs.outgoing_headers(), **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"

        def ask() -> Any:
            try:
                return self._try(method, path, deadline, as_file, json=json, params=params, headers=sent)
            except Silent as silent:
                if given < self.FAIR:
                    raise _with_patience(Unavailable(service=self.name), silent.headers["Retry-After"]) from silent
                raise

        if aside:
            return ask()
        with self.bulkhead.place():
            return self.breaker.call(ask, Silent)

    def _try(self, method: str, path: str, deadline: float, as_file: bool, **sent: Any) -> Any:
        """Send it, and once more where that is harmless and can help."""
        self.retries.earn()
        try:
            return self._send(method, path, deadline, as_file, **sent)
        except requests.ConnectionError as error:
            harmless = method in IDEMPOTENT or "Idempotency-Key" in sent["headers"]
            pause = self.retries.pause()
            in_time = time.monotonic() + pause < deadline - self.CONNECT_TIMEOUT
            if not (harmless and in_time and self.breaker.state == "closed" and self.retries.take()):
                raise self._out(error) from error
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise self._out(error) from error
        time.sleep(pause)
        try:
            return self._send(method, path, deadline, as_file, **sent)
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise self._out(error) from error

    def _send(self, method: str, path: str, deadline: float, as_file: bool, **sent: Any) -> Any:
        left = max(deadline - time.monotonic(), 0.05)
        sent["headers"] = sent["headers"] | time_left.header(left)
        with self.session.request(
            method,
            self.base_url + path,
            timeout=Timeout(connect=min(self.CONNECT_TIMEOUT, left), total=left),  # type: ignore[arg-type]
            allow_redirects=False,
            stream=True,
            **sent,
        ) as response:
            body = self._read(response)
            if response.status_code >= 500:
                raise self._failed(response)
            if response.status_code >= 400:
                refusal = _refusal(response.status_code, self._problem(response, body))
                raise _with_patience(refusal, response.headers.get("Retry-After", ""))
            if as_file and response.status_code in {200, 304}:
                return File(response.status_code, body, response.headers)
            if response.status_code >= 300:
                raise self._out("an unexpected redirect")
            return self._parse(body) if body else None

    def _failed(self, response: requests.Response) -> Refusal:
        silent = self._out(f"status {response.status_code}")
        if response.status_code in NO_ANSWER:
            return silent
        return _with_patience(Unavailable(service=self.name), response.headers.get("Retry-After", ""))

    def _read(self, response: requests.Response) -> bytes:
        """The whole body, as long as it is small.

        How long it is has to be told: a head that broke off would else read as an answer without a body, and its 401
        or 404 as a sign-in or a record that is gone.
        """
        if response.status_code not in EMPTY and not any(name in response.headers for name in LENGTH_IN):
            raise self._out("an answer broken off")
        body = bytearray()
        for chunk in response.iter_content(65536):
            body += chunk
            if len(body) > MAX_BODY:
                raise self._out("an answer too large")
        return bytes(body)

    def _parse(self, body: bytes) -> Any:
        try:
            return strict_json.parse(body)
        except Malformed as error:
            raise self._out(error) from error

    def _problem(self, response: requests.Response, body: bytes) -> Json:
        """The problem document of a refusal; nothing when there is none."""
        problem = self._parse(body) if "json" in response.headers.get("Content-Type", "") else None
        return problem if isinstance(problem, dict) else {}

    def _out(self, why: object) -> Silent:
        # the kind of an exception only: its message repeats addresses and headers
        said = type(why).__name__ if isinstance(why, Exception) else str(why)
        logs.logger.warning("neighbour unavailable", extra={"service": self.name, "why": said})
        return Silent(service=self.name)


def _refusal(status: int, problem: Json) -> Refusal:
    """The refusal that a problem document tells of, as far as it makes sense."""
    told = {name: value for name in ("code", "title", "detail") if isinstance(value := problem.get(name), str)}
    refusal = _kind(status, told.get("code"))(told.get("detail"), errors=_field_errors(problem.get("errors")))
    refusal.code, refusal.title = told.get("code", refusal.code), told.get("title", refusal.title)
    refusal.extras = {name: problem[name] for name in problem.keys() - MEMBERS}
    return refusal


def _with_patience(refusal: Refusal, seconds: str) -> Refusal:
    """The same refusal, with how long the neighbour asks to wait."""
    if seconds.isascii() and seconds.isdigit() and len(seconds) < 7:
        refusal.headers = {**refusal.headers, "Retry-After": seconds}
    return refusal


def _field_errors(errors: Any) -> list[FieldError]:
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return [FieldError(*(str(error.get(name, "")) for name in ("pointer", "code", "message"))) for error in found]


def _kind(status: int, code: str | None) -> type[Refusal]:
    """The class of that code where this process knows it, else the general class of that status."""
    kind = BY_CODE.get(code or "")
    if kind is not None and kind.status == status:
        return kind
    general = {401: Unauthenticated, 404: NotFound}
    for candidate in BY_CODE.values():
        if candidate.status == status and Refusal in candidate.__bases__:
            return general.get(status, candidate)
    return Refusal
