"""Finding and ending what an earlier start of this checkout left behind, and never anything else.

A process counts as ours only when its id (or its process group's) was written down by a start of this checkout, and it
works in this directory, and its command line is the one we gave it. PostgreSQL is told by its data directory.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable

import psutil

from development.checkout import PARTS, ROOT, RUNNING
from development.cluster import Cluster

SUPERVISOR = "supervisor"
GUARD = "guard"
PREPARE = "prepare"
COMMANDS = {
    SUPERVISOR: "supervisor.supervisord",
    GUARD: "development.guard",
    PREPARE: "development.prepare",
    **{part.name: part.target for part in PARTS},
}


def write_down(part: str, pid: int) -> None:
    """Remember which process is this part."""
    (RUNNING / f"{part}.pid").write_text(str(pid))


def processes_of(part: str) -> list[psutil.Process]:
    """The part and its children as last written down, without ourselves."""
    try:
        pid = int((RUNNING / f"{part}.pid").read_text())
    except (OSError, ValueError):
        return []
    return [process for process in psutil.process_iter() if _is_ours(process, pid, COMMANDS[part])]


def _is_ours(process: psutil.Process, written_down: int, command: str) -> bool:
    if process.pid == os.getpid():
        return False
    try:
        if process.pid != written_down and os.getpgid(process.pid) != written_down:
            return False
        return command in process.cmdline() and process.cwd() == str(ROOT)
    except (psutil.Error, OSError):
        return False


def end(processes: Iterable[psutil.Process], seconds: float = 5) -> None:
    """Ask, wait, insist."""
    remaining = list(processes)
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for process in remaining:
            try:
                ask(process)
            except psutil.Error:
                continue
        remaining = psutil.wait_procs(remaining, timeout=seconds)[1] if remaining else []


def end_leftovers(cluster: Cluster | None) -> None:
    """The supervisor first, or it would start again what is ended after it; PostgreSQL last, as in a clean stop."""
    end(processes_of(SUPERVISOR), seconds=20)
    others = (GUARD, PREPARE, *(part.name for part in PARTS))
    # Not long: without a supervisor to take what they log, they get stuck on their way out.
    end((process for part in others for process in processes_of(part)), seconds=2)
    if cluster:
        end_server(cluster)


def end_server(cluster: Cluster) -> None:
    """A server that lost its supervisor shuts down; children that lost their server go; a stale lock is taken away."""
    main = _main_process(cluster)
    _signal([process for process in cluster.processes() if process.pid == main], signal.SIGINT)
    for seconds, harder in ((10 if main else 2, signal.SIGQUIT), (3, signal.SIGKILL), (3, signal.SIGKILL)):
        if _gone(cluster, seconds):
            break
        _signal(cluster.processes(), harder)
    # PostgreSQL removes a dead server's lock itself, but not when another program has that process id by now.
    if main is not None and psutil.pid_exists(main) and not cluster.processes():
        cluster.lock_file.unlink(missing_ok=True)


def _main_process(cluster: Cluster) -> int | None:
    try:
        return int(cluster.lock_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _gone(cluster: Cluster, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while cluster.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.Error:
            continue
