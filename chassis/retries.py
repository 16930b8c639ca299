"""How much may be tried again: a share of what is asked, so that retries do not double a neighbour's load."""

import secrets
import threading


class Retries:
    """The retries towards one neighbour, in one process. Each request earns a part of one."""

    EARNED = 0.08
    FIRST, MOST = 1.0, 3.0
    """How many there are at the start, and at most: of 150 requests and more, never above ten in a hundred."""
    PAUSE = (10, 100)
    """Milliseconds, drawn at random: those who failed together do not come back together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = self.FIRST
        self.requests = 0
        self.retries = 0
        """Counted from the start of the process."""

    def earn(self) -> None:
        """A request is made."""
        with self._lock:
            self.requests += 1
            self._left = min(self._left + self.EARNED, self.MOST)

    def take(self) -> bool:
        """Whether one more may be tried again."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            self.retries += 1
            return True

    def pause(self) -> float:
        """Seconds to wait before it."""
        shortest, longest = self.PAUSE
        return (shortest + secrets.randbelow(longest - shortest)) / 1000
