"""A PostgreSQL server for a while, for tests or a backup: up when asked for, and gone with its process.

For tests it is fast instead of durable.
"""

from __future__ import annotations

import ctypes
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from development.account import StartError
from development.cluster import Cluster, open_cluster, plain_environment, wait_until_accepting
from development.installation import Installation

FAST_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SECONDS_TO_START = 30
SECONDS_TO_STOP = 10


@dataclass(frozen=True)
class Server:
    """A running server. `stop` leaves no process, and nothing of what was `borrowed`: a place that nobody asked for."""

    cluster: Cluster
    admin_url: str
    process: subprocess.Popen[bytes] | None
    borrowed: Path | None = None

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.cluster.place / "server.log"

    def stop(self) -> None:
        """Disconnect everybody and end."""
        if self.process is None:
            return  # somebody else's: it was up already
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(how)
            try:
                self.process.wait(SECONDS_TO_STOP)
                break
            except subprocess.TimeoutExpired:
                continue
        if self.borrowed:
            shutil.rmtree(self.borrowed, ignore_errors=True)


def ensure_server(directory: Path, port: int, *, installation: Installation | None = None) -> Server:
    """A server for tests, of this directory: the one that is up already, else a new one on the port given."""
    cluster = open_cluster(directory, lasting=False, installation=installation)
    server = serve(cluster, port, FAST_NOT_DURABLE)
    return replace(server, borrowed=None if cluster.place == directory.absolute() else cluster.place)


def serve(cluster: Cluster, port: int, settings: Mapping[str, str]) -> Server:
    """The server of this cluster: the one that is up already, whatever its port, else a new one on the port given."""
    if running := _port_in_use(cluster):
        return Server(cluster, cluster.url(running), None)
    log = cluster.place / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            cluster.command(port, **settings),
            cwd=cluster.place,
            env=plain_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent,
            **cluster.identity(),
        )
    server = Server(cluster, cluster.url(port), process)
    if not wait_until_accepting(server.admin_url, SECONDS_TO_START, lambda: process.poll() is None):
        said = log.read_text()[-2000:]
        server.stop()
        raise StartError(f"PostgreSQL did not start on port {port}:\n{said}")
    return server


def _port_in_use(cluster: Cluster) -> int | None:
    """The lock file may be a dead server's; a process in the data directory is what counts."""
    lines = cluster.lock_file.read_text().splitlines() if cluster.lock_file.exists() else []
    if len(lines) < 4:
        return None
    return int(lines[3]) if int(lines[0]) in {process.pid for process in cluster.processes()} else None


def end_with_parent() -> None:
    """Linux tells the new process to shut down at once when the tests are killed without a chance to say so.

    It goes by the thread that started it: call it in the main one only.
    """
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGINT)
