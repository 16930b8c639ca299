"""Which access tokens hold no longer: the auth service's list, kept in memory and read anew every other second.

As long as the list is fresh no request asks anybody. When it is not, reading goes on with the tokens people have, and
before anything is written the auth service itself is asked. Nobody gets in because it is out, and nobody is sent away.
"""

import time
from typing import Any
from uuid import UUID

from flask import Flask, request

from chassis import metrics, tokens
from chassis.breaker import Breaker
from chassis.client import ServiceClient
from chassis.errors import Refusal, TokenRevoked, Unavailable
from chassis.identity import Principal, bearer_token
from chassis.keys import KeySet

READS = frozenset({"GET", "HEAD", "OPTIONS"})
ALL = 2**63
"""In place of a version: every token of the session is older."""


class Revocations:
    """Sessions that have ended, and those whose tokens signed before a change hold no longer."""

    EVERY = 2.0
    FRESH_FOR = 10.0
    POLL_TIMEOUT = 1.0
    ASK_TIMEOUT = 0.3
    KEPT = tokens.LIFE + 6 * tokens.LEEWAY
    """Seconds. A token that was signed before its session ended is dead by then, whatever the clocks say."""

    def __init__(self, auth: ServiceClient) -> None:
        self._auth = auth
        self._breaker = Breaker(auth.name)
        # by session: the oldest version that holds, and until when to know it
        self._oldest: dict[UUID, tuple[int, float]] = {}
        self._last = 0
        self._listed_at: float | None = None
        self._made_at = time.time()

    @property
    def fresh(self) -> bool:
        """Whether the list was read within the last ten seconds."""
        return self._listed_at is not None and time.monotonic() - self._listed_at <= self.FRESH_FOR

    def poll(self) -> None:
        """Read what has come to the list. One caller at a time: the watch. Raises `Unavailable`."""
        began = time.monotonic()
        read_at = metrics.REVOCATIONS_READ.labels(self._auth.name)
        if self._listed_at is None:
            read_at.set(self._made_at)  # never, which is as old as this program
        try:
            while self._read_on(began):
                pass
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._last = 0
            raise Unavailable(service=self._auth.name) from error
        except Refusal:
            self._last = 0  # begin again: what comes back may be an older copy of the data, with numbers given out anew
            raise
        self._listed_at = began
        read_at.set_to_current_time()
        self._forget(began)

    def check(self, person: Principal) -> None:
        """Refuse a person whose token was revoked; ask the auth service where the list is too old to write by it."""
        oldest, _ = self._oldest.get(person.session_id, (0, 0.0))
        if person.version < oldest:
            raise TokenRevoked
        if request.method not in READS and not self.fresh:
            self._ask(bearer_token())

    def keep_fresh(self, app: Flask, keys: KeySet) -> None:
        """Have the watch of this program read the list, and the keys of the tokens as well."""
        app.extensions["revocations"], app.extensions["keys"] = self, keys
        app.extensions["watch"].add(self.poll, every=self.EVERY)
        app.extensions["watch"].add(keys.refresh, every=keys.FRESH_FOR)

    def _read_on(self, now: float) -> bool:
        """Read one page of the list; whether there may be more."""
        before = self._last
        page = self._auth.request(
            "GET", "/auth/revocations", params={"after": self._last}, timeout=self.POLL_TIMEOUT, aside=True
        )
        found = [(UUID(one["session_id"]), _version(one["version"])) for one in page["revocations"]]
        for session_id, version in found:
            known, _ = self._oldest.get(session_id, (0, 0.0))
            self._oldest[session_id] = (max(known, version), now + self.KEPT)
        self._last = int(page["last"])
        return self._last > before

    def _forget(self, now: float) -> None:
        """Drop what no living token can belong to."""
        for session_id in [session_id for session_id, (_, until) in self._oldest.items() if until < now]:
            del self._oldest[session_id]

    def _ask(self, token: str) -> None:
        answer = self._breaker.call(lambda: self._introspect(token))
        if answer is False:
            raise TokenRevoked

    def _introspect(self, token: str) -> bool:
        """Whether the token holds right now. Any other answer than yes or no is none."""
        try:
            answer: Any = self._auth.request(
                "POST", "/auth/validate-token", json={"token": token}, timeout=self.ASK_TIMEOUT, aside=True
            )
        except Unavailable:
            raise
        except Refusal as refusal:
            raise Unavailable(service=self._auth.name) from refusal
        active = answer.get("active") if isinstance(answer, dict) else None
        if not isinstance(active, bool):
            raise Unavailable(service=self._auth.name)
        return active


def _version(listed: int | None) -> int:
    """The oldest version that holds: none does when the whole session has ended."""
    if listed is None:
        return ALL
    if type(listed) is not int:
        raise TypeError("a version is a number")
    return listed
