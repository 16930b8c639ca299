"""The auth service's public keys (RFC 7517): read anew in the background, kept while auth is down."""

import threading
import time
from typing import Any

from jwt import PyJWK, PyJWTError

from chassis.client import ServiceClient
from chassis.errors import Refusal, Unavailable


class KeySet:
    """A JWK set in memory. A key that auth publishes no longer is forgotten with the next reading.

    An unknown `kid` has the set read at most once per 10 s beside that, and never blocks known ones.
    """

    TIMEOUT = 1.0
    FRESH_FOR = 10.0
    RETRY_AFTER = 1.0

    def __init__(self, auth: ServiceClient) -> None:
        self._auth = auth
        self._keys: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._next_fetch = 0.0
        self._reachable = True

    def find(self, kid: str) -> Any | None:
        """The public key of `kid`; None when auth does not know it; `Unavailable` when auth cannot be asked."""
        if kid not in self._keys:
            self._look_for(kid)
        if kid not in self._keys and not self._reachable:
            raise Unavailable(service=self._auth.name)
        return self._keys.get(kid)

    def _look_for(self, kid: str) -> None:
        """Read the set for somebody. Those who come meanwhile share the answer.

        While auth is out they do not wait for one: strangers with made-up keys would take every thread.
        """
        if not self._lock.acquire(blocking=self._reachable):
            return
        try:
            if kid not in self._keys and time.monotonic() >= self._next_fetch:
                self._fetch()
                if self._reachable:
                    self._next_fetch = time.monotonic() + self.FRESH_FOR
        finally:
            self._lock.release()

    def refresh(self) -> None:
        """Read the set anew; the watch does, so that a new key is known before it signs. Raises `Unavailable`.

        What strangers may ask for is left as it is: the very first key may sign at once.
        """
        with self._lock:  # an older answer must not come to lie over a newer one
            self._fetch()
        if not self._reachable:
            raise Unavailable(service=self._auth.name)

    def _fetch(self) -> None:
        """Read the set, or keep the last one."""
        try:
            found = self._auth.request("GET", "/.well-known/jwks.json", timeout=self.TIMEOUT, aside=True)
            self._keys = {jwk["kid"]: PyJWK(jwk, "ES256").key for jwk in found["keys"]}
            self._reachable = True
        except (Refusal, PyJWTError, LookupError, TypeError, ValueError, AttributeError):
            self._reachable = False
            self._next_fetch = time.monotonic() + self.RETRY_AFTER
