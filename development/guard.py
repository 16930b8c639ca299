"""Stops everything when the runner is gone without having done so: `python -m development.guard RUNNER`.

The supervisor starts it beside the programs. A killed runner cannot stop its children; this does.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import psutil

from development.processes import GUARD, end_leftovers, write_down
from development.settings import own_cluster


def main(runner: int) -> None:
    """Watch the runner and the supervisor; the runner itself looks after a killed supervisor."""
    supervisor = os.getppid()
    write_down(GUARD, os.getpid())
    while _lives(runner):
        if os.getppid() != supervisor:
            return
        time.sleep(0.5)
    if os.getppid() == supervisor:
        os.kill(supervisor, signal.SIGTERM)
    else:
        end_leftovers(own_cluster())


def _lives(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and "development.run" in process.cmdline()
    except psutil.Error:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]))
