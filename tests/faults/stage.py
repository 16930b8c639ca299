"""The running clinic with a wire before all that can go away: the three services and their ways to PostgreSQL."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.faults.proxy import Proxy
from tests.servers import Clinic, Program, free_port, start_clinic
from tests.thorough import THOROUGH

SERVICES = ("auth", "appointment", "prescription")
SLOW = 5.0
"""Seconds by which an answer comes late: longer than anybody waits for one."""
BESIDE_OTHERS = 0.0 if THOROUGH else 5.0
"""Seconds allowed on top of every bound in a quick run, which has other tests beside it."""


@dataclass(frozen=True)
class Stage:
    """Whoever calls a service goes through its wire, and each service goes through one of its own to PostgreSQL."""

    clinic: Clinic
    wires: dict[str, Proxy]
    databases: dict[str, Proxy]

    def program(self, name: str) -> Program:
        found: Program = getattr(self.clinic, name)
        return found

    def restore(self) -> None:
        """Everything is whole again, and nothing was ever asked."""
        for wire in (*self.wires.values(), *self.databases.values()):
            wire.restore()
            wire.requests.clear()

    def end(self) -> None:
        for name in (*SERVICES, "portal"):
            self.program(name).kill()  # nobody's idle connection is waited for
        for wire in (*self.wires.values(), *self.databases.values()):
            wire.close()


def start(environment: dict[str, str], logs: Path) -> Stage:
    ports = {name: free_port() for name in SERVICES}
    urls = {name: make_url(environment[f"{name.upper()}_DATABASE_URL"]) for name in SERVICES}
    wires = {name: Proxy(port) for name, port in ports.items()}
    databases = {name: Proxy(url.port or 0) for name, url in urls.items()}
    given = {"DRAIN_SECONDS": "1"} | {f"{name.upper()}_URL": wire.url for name, wire in wires.items()}
    given |= {
        f"{name.upper()}_DATABASE_URL": url.set(port=databases[name].port).render_as_string(hide_password=False)
        for name, url in urls.items()
    }
    return Stage(start_clinic(environment | given, logs, ports), wires, databases)


@contextmanager
def killed(stage: Stage, name: str) -> Iterator[None]:
    """The processes are gone, and come back."""
    program = stage.program(name)
    program.kill()
    try:
        yield
    finally:
        program.start()
        program.wait()


@contextmanager
def frozen(stage: Stage, name: str) -> Iterator[None]:
    """The processes stand still: connections are taken, and nothing is ever answered."""
    process = stage.program(name).process
    assert process is not None
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


@contextmanager
def on_the_wire(stage: Stage, name: str, begin: Callable[[Proxy], None]) -> Iterator[None]:
    begin(stage.wires[name])
    try:
        yield
    finally:
        stage.wires[name].restore()


@contextmanager
def down(stage: Stage, name: str) -> Iterator[None]:
    """Nobody listens."""
    with on_the_wire(stage, name, Proxy.refuse):
        yield


@contextmanager
def black_holed(stage: Stage, name: str) -> Iterator[None]:
    """What is sent there is lost, and nothing says so."""
    with on_the_wire(stage, name, Proxy.hole):
        yield


@contextmanager
def slow(stage: Stage, name: str) -> Iterator[None]:
    """Every answer comes, too late."""
    with on_the_wire(stage, name, lambda wire: wire.delay(SLOW)):
        yield


@contextmanager
def hanging_up(stage: Stage, name: str) -> Iterator[None]:
    """Every connection breaks when something is asked on it."""
    with on_the_wire(stage, name, lambda wire: wire.cut(up=0)):
        yield


@contextmanager
def half_asked(stage: Stage, name: str) -> Iterator[None]:
    """Every request breaks off in its middle."""
    with on_the_wire(stage, name, lambda wire: wire.cut(up=200)):
        yield


@contextmanager
def cut(stage: Stage, name: str) -> Iterator[None]:
    """Every answer breaks off in its middle."""
    with on_the_wire(stage, name, lambda wire: wire.cut(down=100)):
        yield


@contextmanager
def dripping(stage: Stage, name: str) -> Iterator[None]:
    """Every answer comes, a few bytes at a time."""
    with on_the_wire(stage, name, lambda wire: wire.throttle(100)):
        yield


def seconds_until(so: Callable[[], bool], within: float) -> float:
    """How long it takes until something is so."""
    began = time.monotonic()
    while not so():
        assert time.monotonic() < began + within, f"not within {within} seconds"
        time.sleep(0.02)
    return time.monotonic() - began
