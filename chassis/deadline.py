"""A time limit for a whole answer: `requests` limits each reading only, so a neighbour that drips would never end."""

import socket
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class _TimedSocket(socket.socket):
    """A socket whose time limit covers everything that is read after it was set, not each reading anew."""

    _until: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        super().settimeout(seconds)

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self._until is not None:
            super().settimeout(max(self._until - time.monotonic(), 0.001))
        return super().recv_into(*args, **kwargs)


class _Connection(HTTPConnection):
    idle_since: float | None = None

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        limit = plain.gettimeout()
        timed = _TimedSocket(plain.family, plain.type, plain.proto, plain.detach())
        timed.settimeout(limit)
        return timed


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
    KEPT_FOR = 1.5
    """Seconds without a request. A program that stops or reloads keeps its idle connections for two seconds: so it
    never closes one under a request that has just been sent."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        found = super()._get_conn(timeout)
        since = getattr(found, "idle_since", None)
        if since is not None and time.monotonic() - since > self.KEPT_FOR:
            found.close()  # it connects anew when it is used
        return found

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class DeadlineAdapter(HTTPAdapter):
    """Plain HTTP whose read timeout is for the answer as a whole: its head and its body."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager of `requests`, with our kind of connection."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool}
