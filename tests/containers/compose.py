"""The compose file of this checkout under a project name of its own, on free ports, with secrets of its own."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.microservices.yml"
EXAMPLE = ROOT / ".env.example"
PORTS = {
    "portal": "PORTAL_PORT",
    "auth-service": "AUTH_PORT",
    "appointment-service": "APPOINTMENT_PORT",
    "prescription-service": "PRESCRIPTION_PORT",
    "postgres": "POSTGRES_PORT",
}
SECRETS = re.findall(r"^(\w+)=$", EXAMPLE.read_text(), re.MULTILINE)
SETTINGS = {*re.findall(r"^#?([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)}

T = TypeVar("T")


def missing() -> str | None:
    """Why nothing can be started in containers here, in a few words; None where it can."""
    if not shutil.which("docker"):
        return "no docker command here"
    if _quietly("docker", "info"):
        return "no container engine answers `docker info`"
    return missing_command()


def missing_command() -> str | None:
    """Why the compose file cannot even be read here."""
    if not shutil.which("docker") or _quietly("docker", "compose", "version"):
        return "no `docker compose` here"
    return None


def _quietly(*command: str) -> int:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode


def free_ports(count: int) -> list[int]:
    """Neighbouring ports, free a moment ago."""
    while True:
        sockets = [socket.socket() for _ in range(count)]
        try:
            sockets[0].bind(("127.0.0.1", 0))
            first: int = sockets[0].getsockname()[1]
            for offset, each in enumerate(sockets[1:], 1):
                each.bind(("127.0.0.1", first + offset))
            return list(range(first, first + count))
        except (OSError, OverflowError):
            continue
        finally:
            for each in sockets:
                each.close()


def until(what: Callable[[], T], seconds: float = 60) -> T:
    """The first true answer before the deadline."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.1)
    return answer


def make_env_file(folder: Path) -> Path:
    """A `.env` as a newcomer makes it: by the line at the head of the example."""
    shutil.copy(EXAMPLE, folder)
    (line,) = re.findall(r"^# +(\(umask.*)$", EXAMPLE.read_text(), re.MULTILINE)
    subprocess.run(["sh", "-c", line], cwd=folder, check=True, capture_output=True)
    return folder / ".env"


@dataclass
class Compose:
    """One project of these files. `settings` go over those of its `.env`."""

    env_file: Path
    settings: dict[str, str]
    files: tuple[Path, ...] = (FILE,)
    project: str = field(default_factory=lambda: f"clinic-test-{secrets.token_hex(4)}")

    def __post_init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`docker compose` with these arguments."""
        kept = {n: v for n, v in os.environ.items() if n not in SETTINGS and not n.startswith("COMPOSE_")}
        files = [word for file in self.files for word in ("-f", str(file))]
        done = subprocess.run(
            ["docker", "compose", *files, "--env-file", str(self.env_file), "--ansi", "never", *arguments],
            cwd=ROOT,
            env={**kept, **self.settings, "COMPOSE_PROJECT_NAME": self.project},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{arguments}: {done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done

    def up(self, *arguments: str) -> None:
        """Start in the background, with the log of what went wrong where something did."""
        done = self.run("up", "-d", *arguments, check=False)
        if done.returncode:
            raise AssertionError(
                f"{done.stderr[-4000:]}\n{self.run('logs', '--tail', '30', check=False).stdout[-8000:]}"
            )

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """What the engine knows of each container, ended ones too."""
        ids = self.run("ps", "-aq", *services).stdout.split()
        if not ids:
            return []
        told = subprocess.run(["docker", "inspect", *ids], check=True, capture_output=True, text=True)
        found: list[dict[str, Any]] = json.loads(told.stdout)
        return found

    def names(self) -> set[str]:
        """The services that have a container."""
        return {service_of(container) for container in self.containers()}

    def inside(self, service: str, *command: str, check: bool = True) -> str:
        """What a command inside a running container prints."""
        return self.run("exec", "-T", service, *command, check=check).stdout

    def url(self, service: str) -> str:
        """Where a service is found from outside."""
        return f"http://127.0.0.1:{self.settings[PORTS[service]].split('-')[0]}"

    def healthy(self, service: str) -> bool:
        """Whether it answers `GET /health` with 200."""
        try:
            return self.http.get(f"{self.url(service)}/health", timeout=3).status_code == 200
        except requests.RequestException:
            return False

    def remove(self) -> None:
        """Everything this project made: containers, network, data, images."""
        self.run("down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5", check=False)


def service_of(container: dict[str, Any]) -> str:
    """The service a container belongs to."""
    name: str = container["Config"]["Labels"]["com.docker.compose.service"]
    return name
