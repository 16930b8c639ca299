"""The make that called the run. It passes on SIGTERM only; everything else that ends it must be noticed."""

from __future__ import annotations

import os
import re
from pathlib import Path


class Caller:
    """Our parent at the time of asking."""

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.caught = self._caught_signals()

    def wants_an_end(self) -> bool:
        """Whether it is gone, or waits for us to go.

        Make answers SIGINT and SIGHUP by waiting for its children, which a terminal would have told as well; a plain
        `kill` has not. All that shows is that it no longer catches that signal, on systems that show this at all.
        """
        return os.getppid() != self.pid or self._caught_signals() != self.caught

    def _caught_signals(self) -> str | None:
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
        return found.group(1) if found else None
