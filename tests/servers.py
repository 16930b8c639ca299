"""The four programs as real processes on free ports, for tests that need sockets, parallel workers or a browser."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from development.postgres import end_with_parent

ROOT = Path(__file__).parent.parent
SECONDS_TO_START = 30


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Program:
    """One gunicorn. `stop` and `start` play the dead neighbour that comes back."""

    package: str
    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    config: str = "python:chassis.gunicorn"
    options: tuple[str, ...] = ()
    """For gunicorn, over what `chassis/gunicorn.py` says."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", self.config),
                    *("--bind", f"127.0.0.1:{self.port}", *self.options, f"{self.package}:create_app()"),
                ],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent if threading.current_thread() is threading.main_thread() else None,
            )

    def wait(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline:
            try:
                with urlopen(f"{self.url}/health", timeout=2) as answer:
                    answer.read()
                    return
            except HTTPError:
                pass
            except (URLError, OSError):
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.package} did not start:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """Master and workers at once, without a word."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, how)
                self.process.wait(12)
                break
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process = None


@dataclass(frozen=True)
class Clinic:
    """The four programs, running."""

    auth: Program
    appointment: Program
    prescription: Program
    portal: Program


SERVICES = ("auth", "appointment", "prescription")


def start_clinic(environment: Mapping[str, str], logs: Path, ports: Mapping[str, int] | None = None) -> Clinic:
    """The services listen on `ports`, by name; who calls them does it there unless the environment says otherwise."""
    ports = ports or {name: free_port() for name in SERVICES}
    urls = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    shared = {**urls, **environment}
    programs = [
        Program(f"{name}_service", {**shared, "WEB_CONCURRENCY": "2"}, logs / f"{name}.log", ports[name])
        for name in SERVICES
    ]
    programs.append(Program("portal", {**shared, "WEB_CONCURRENCY": "2"}, logs / "portal.log"))
    auth, *others = programs
    auth.start()
    auth.wait()  # so that the others have its list of revocations before their first request
    for program in others:
        program.start()
    for program in others:
        program.wait()
    return Clinic(*programs)
