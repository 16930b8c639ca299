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
    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        limit = plain.gettimeout()
        timed = _TimedSocket(plain.family, plain.type, plain.proto, plain.detach())
        timed.settimeout(limit)
        return timed


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class DeadlineAdapter(HTTPAdapter):
    """Plain HTTP whose read timeout is for the answer as a whole: its head and its body."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool manager of `requests`, with our kind of connection."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool}
