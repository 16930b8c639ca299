"""A copy of this checkout, really run on free ports."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import psutil
import requests

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("PORTAL_PORT", "AUTH_PORT", "APPOINTMENT_PORT", "PRESCRIPTION_PORT", "POSTGRES_PORT")
PARTS = (
    *("auth_service", "appointment_service", "prescription_service", "portal"),
    *("chassis", "development", "templates", "static", "deploy"),
)
OURS = ("_DATABASE_URL", "_SECRET_KEY", "SERVICE_KEY", "DATABASE_ADMIN_URL", "TRUSTED_HOSTS")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


T = TypeVar("T")


def until(what: Callable[[], T], seconds: float = 30) -> T:
    """The first true answer before the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {what}"
        time.sleep(0.1)
    return answer


class Checkout:
    """A copy, its ports, and the run in it."""

    def __init__(self, place: Path):
        self.place = place.resolve()
        for part in PARTS:
            shutil.copytree(ROOT / part, self.place / part, ignore=shutil.ignore_patterns("__pycache__"))
        self.ports = dict(zip(SETTINGS, free_ports(len(SETTINGS)), strict=True))
        self.output = self.place / "output.txt"
        self.run: subprocess.Popen[bytes] | None = None

    def command(self, module: str, *arguments: str) -> dict[str, object]:
        kept = {name: value for name, value in os.environ.items() if not name.endswith(OURS)}
        environment = kept | {name: str(port) for name, port in self.ports.items()}
        return {"args": [sys.executable, "-m", module, *arguments], "cwd": self.place, "env": environment}

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.run = subprocess.Popen(**self.command("development.run"), stdout=output, stderr=output)  # type: ignore[call-overload]
        until(lambda: self.run.poll() is not None or "is open" in self.said(), 90)
        assert self.run.poll() is None, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.run.send_signal(how)
        return self.run.wait(40)

    def remove(self) -> None:
        if self.run and self.run.poll() is None:
            self.stop()
        subprocess.run(**self.command("development.reset"), check=True, capture_output=True)  # type: ignore[call-overload]

    def url(self, program: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'{program.upper()}_PORT']}{path}"

    def healthy(self) -> bool:
        try:
            programs = ("auth", "appointment", "prescription", "portal")
            return all(requests.get(self.url(name, "/health"), timeout=5).ok for name in programs)
        except requests.ConnectionError:
            return False

    def sign_in(self, email: str = "maya@example.com", password: str = "TestPass123") -> requests.Response:
        return requests.post(self.url("auth", "/auth/login"), json={"email": email, "password": password}, timeout=10)

    def pid(self, part: str) -> int | None:
        """Process id as last written down, by us or by PostgreSQL; None while there is none."""
        file = self.data() / "postmaster.pid" if part == "postgres" else self.place / "var" / "run" / f"{part}.pid"
        try:
            return int(file.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def kill(self, part: str) -> int:
        """Kill it without warning; answers whom."""
        pid = self.pid(part)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    def processes(self) -> list[psutil.Process]:
        """Everything that works in the copy or serves its data, except ourselves."""
        places = {str(self.place), str(self.data())}
        return [p for p in psutil.process_iter() if p.pid != os.getpid() and _works_in(p, places)]

    @cache  # noqa: B019 - one or two checkouts in a test run
    def data(self) -> Path:
        """PostgreSQL's data directory, which may lie elsewhere when we are root."""
        command = "from development.settings import own_cluster; print(own_cluster().data)"
        told = subprocess.run(
            [sys.executable, "-c", command], cwd=self.place, capture_output=True, text=True, check=True
        )
        return Path(told.stdout.strip())


def _works_in(process: psutil.Process, places: set[str]) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd() in places
    except psutil.Error:
        return False
