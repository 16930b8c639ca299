"""What the client classes share: answers as models, and one time budget for all the calls of a page."""

import time
from typing import Any, Generic, TypeVar

from flask import g, has_request_context
from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.client import ServiceClient
from chassis.errors import Forbidden, Refusal, RequestInProgress, TokenRevoked, Unauthenticated, Unavailable
from portal import session

PAGE_BUDGET = 2.2
"""Seconds that the calls of one page may take together. A person waits for a page, not for a service."""
CALL_BUDGET = 1.5
"""Seconds for one call, so that a page with two parts still gets the second one when the first is silent."""

PAUSES = (0.1, 0.2, 0.4, 0.6)
"""Seconds between asking again after a request that is still being worked on."""

OUTDATED = frozenset({TokenRevoked.code, Unauthenticated.code, "doctor-not-verified"})
"""Refusals that a new token may cure. A service refuses a token before it does anything, so asking again is safe."""

Json = dict[str, Any]
T = TypeVar("T", bound=BaseModel)


def take_time(seconds: float) -> None:
    """Let the calls of this page take longer together: somebody is waiting for a download, not for a page."""
    g.page_budget = seconds


class Answer(BaseModel):
    """Something a service answered. Fields we do not know are left out: services may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Listing(Answer, Generic[T]):
    """One page of a list, and the cursor of the next."""

    items: list[T]
    next_cursor: str | None = None


class Neighbour(ServiceClient):
    """A service client that never makes a page later than its budget."""

    @property
    def timeout(self) -> float:
        """Seconds left for one call of this page."""
        if not has_request_context():
            return CALL_BUDGET
        started: float = g.setdefault("calls_started", time.monotonic())
        budget: float = g.get("page_budget", PAGE_BUDGET)
        return max(0.1, min(CALL_BUDGET, started + budget - time.monotonic()))

    @timeout.setter
    def timeout(self, value: float) -> None:
        """The base class sets one fixed time; ours depends on the page."""


class Api:
    """Base of the client classes."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client

    def read(self, kind: type[T], method: str, path: str, **sent: Any) -> T:
        """Send a request and read the answer as `kind`. An answer we cannot read counts as a service that is out."""
        answer = self._ask(method, path, **sent)
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            raise Unavailable(service=self.client.name) from error

    def tell(self, method: str, path: str, **sent: Any) -> None:
        """Send a request whose answer says nothing."""
        self._ask(method, path, **sent)

    def whole(self, method: str, path: str, **sent: Any) -> Json:
        """Send a request and give back all of the answer, what we do not know of too."""
        answer = self._ask(method, path, **sent)
        if not isinstance(answer, dict):
            raise Unavailable(service=self.client.name)
        return answer

    def _ask(self, method: str, path: str, **sent: Any) -> Any:
        """Send it. A token that holds no longer is renewed once: the sign-in may go on with another role or licence."""
        try:
            return self._wait_for(method, path, **sent)
        except Refusal as refusal:
            if sent.get("token") is None or refusal.code not in OUTDATED:
                raise
        before = session.me().role
        if session.renew().role != before:  # this page is no longer theirs, whatever the service would answer
            raise Forbidden
        return self._wait_for(method, path, **sent | {"token": session.token()})

    def _wait_for(self, method: str, path: str, **sent: Any) -> Any:
        """Send it. The second of two clicks waits for the answer of the first."""
        for pause in PAUSES:
            try:
                return self.client.request(method, path, **sent)
            except RequestInProgress:
                time.sleep(pause)
        return self.client.request(method, path, **sent)
