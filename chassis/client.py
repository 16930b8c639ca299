"""Calls between programs: one wrapper over `requests` with a deadline, no surprises and typed failures."""

import time
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter

from chassis import logs
from chassis.errors import BY_CODE, FieldError, NotFound, Refusal, Unauthenticated, Unavailable

Json = dict[str, Any]
MAX_BODY = 2 * 1024 * 1024
IDEMPOTENT = frozenset({"GET", "PUT", "DELETE"})


class _NoCookies(requests.cookies.RequestsCookieJar):
    """A jar that keeps nothing: one person's cookie must never travel with another person's request."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        return


class ServiceClient:
    """One neighbour over HTTP. Keeps connections; raises the same `Refusal` classes the neighbour answered with."""

    CONNECT_TIMEOUT: ClassVar[float] = 0.5

    def __init__(self, name: str, base_url: str, *, timeout: float = 2.0) -> None:
        """`name` is what people call the neighbour in messages; `timeout` is in seconds, for one whole call."""
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False  # netrc would replace our Authorization header
        self.session.cookies = _NoCookies()
        self.session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=32, max_retries=0))

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        params: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Send one request and give back the parsed JSON (None for an empty answer).

        Idempotent methods are tried once more when the connection breaks before an answer.
        Raises `Refusal` for every answer of 4xx and `Unavailable` when there is no usable answer in time.
        """
        deadline = time.monotonic() + self.timeout
        sent = {"Accept": "application/json, application/problem+json", **logs.outgoing_headers(), **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        tries = 2 if method in IDEMPOTENT or "Idempotency-Key" in sent else 1
        for left in range(tries - 1, -1, -1):
            try:
                return self._send(method, path, deadline, json=json, params=params, headers=sent)
            except requests.ConnectionError as error:
                if not left or time.monotonic() > deadline - self.CONNECT_TIMEOUT:
                    raise self._out(error) from error
            except requests.RequestException as error:
                raise self._out(error) from error
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, deadline: float, **sent: Any) -> Any:
        left = max(deadline - time.monotonic(), 0.05)
        with self.session.request(
            method,
            self.base_url + path,
            timeout=(min(self.CONNECT_TIMEOUT, left), left),
            allow_redirects=False,
            stream=True,
            **sent,
        ) as response:
            body = self._read(response, deadline)
            if response.status_code >= 400:
                raise self._refusal(response, body)
            if response.status_code >= 300:
                raise self._out("an unexpected redirect")
            return self._parse(response, body) if body else None

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """The whole body, as long as it is small and comes before the deadline."""
        body = bytearray()
        for chunk in response.iter_content(65536):
            body += chunk
            if len(body) > MAX_BODY or time.monotonic() > deadline:
                raise self._out("an answer too large or too slow")
        return bytes(body)

    def _parse(self, response: requests.Response, body: bytes) -> Any:
        try:
            response._content = body
            return response.json()
        except ValueError as error:
            raise self._out(error) from error

    def _refusal(self, response: requests.Response, body: bytes) -> Refusal:
        problem = self._parse(response, body) if "json" in response.headers.get("Content-Type", "") else {}
        if response.status_code >= 500 or not isinstance(problem, dict):
            return self._out(f"status {response.status_code}")
        known = {"type", "title", "status", "detail", "code", "errors", "request_id", "instance"}
        errors = [FieldError(**error) for error in problem.get("errors", [])]
        refusal = self._kind(response.status_code, problem.get("code"))(
            problem.get("detail"), errors=errors, **{key: problem[key] for key in problem.keys() - known}
        )
        refusal.code = problem.get("code", refusal.code)
        refusal.title = problem.get("title", refusal.title)
        return refusal

    @staticmethod
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

    def _out(self, why: object) -> Unavailable:
        logs.logger.warning("neighbour unavailable", extra={"service": self.name, "why": str(why)[:200]})
        return Unavailable(service=self.name)
