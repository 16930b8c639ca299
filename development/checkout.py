"""This checkout: where its run keeps things, and which programs it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
LOGS = VAR / "log"
MAIL = VAR / "mail"
RUNNING = VAR / "run"


@dataclass(frozen=True)
class Program:
    """One of the four that people or programs talk to."""

    name: str
    package: str
    default_port: int
    has_database: bool = True
    preparing: tuple[str, ...] = ()

    @property
    def port_setting(self) -> str:
        """Name of the environment variable with its port."""
        return f"{self.name.upper()}_PORT"

    @property
    def target(self) -> str:
        """What gunicorn is told to serve."""
        return f"{self.package}:create_app()"


@dataclass(frozen=True)
class Worker:
    """A part that nobody talks to: it looks for work by itself, with the settings of a program."""

    name: str
    target: str
    """The module that is run."""
    program: Program


AUTH = Program("auth", "auth_service", 8001, preparing=("demo",))
APPOINTMENT = Program("appointment", "appointment_service", 8002, preparing=("demo",))
PRESCRIPTION = Program("prescription", "prescription_service", 8003, preparing=("import-medicines",))
PORTAL = Program("portal", "portal", 8000, has_database=False)
SERVICES = (AUTH, APPOINTMENT, PRESCRIPTION)
PROGRAMS = (*SERVICES, PORTAL)
WORKERS = (Worker("appointment-worker", "appointment_service.worker", APPOINTMENT),)
PARTS = (*PROGRAMS, *WORKERS)


def log_of(part: str) -> Path:
    """Where a part writes what it has to say."""
    return LOGS / f"{part}.log"


def last_lines(log: Path, since: int = 0, count: int = 15) -> str:
    """The end of a log, no further back than the byte given."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(min(since, log.stat().st_size))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line[:400]}" for line in lines[-count:])
