"""One project for all container tests: first the auth service alone, then the whole clinic, removed at the end."""

import secrets

import pytest

from tests.containers.compose import PORTS, Compose, free_ports, make_env_file, missing, until
from tests.containers.production import Production, prepared

_running: list[Compose] = []
"""What is there now."""


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Remove everything with the last test of this folder: the others want the machine for themselves."""
    if nextitem is None or "containers" not in nextitem.path.parts:
        pytest_sessionfinish()


def pytest_sessionfinish() -> None:
    """Also when somebody stops the tests."""
    while _running:
        _running.pop().remove()


def some_network() -> str:
    """For two runs at once, and a clinic beside them."""
    return f"10.{200 + secrets.randbelow(56)}.{secrets.randbelow(256)}"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Compose:
    """A project in demo mode with nothing started yet."""
    if reason := missing():
        pytest.skip(f"containers: {reason}")
    ports = {setting: str(port) for setting, port in zip(PORTS.values(), free_ports(len(PORTS)), strict=True)}
    made = Compose(make_env_file(tmp_path_factory.mktemp("compose")), {**ports, "CLINIC_NETWORK": some_network()})
    _running.append(made)
    return made


@pytest.fixture(scope="session")
def brought_by_auth(project: Compose) -> set[str]:
    """The services that `up auth-service` brings."""
    project.up("--build", "auth-service")
    until(lambda: project.healthy("auth-service"))
    return project.names()


@pytest.fixture(scope="session")
def containers(project: Compose, brought_by_auth: set[str]) -> Compose:
    """The whole clinic in containers; `containers.url("portal")` is where a browser finds it."""
    project.up()  # what has no image yet is built
    for service in PORTS.keys() - {"postgres"}:
        until(lambda service=service: project.healthy(service))  # type: ignore[misc]
    return project


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Production:
    """The clinic as it runs in production, with the demo's people. Tests put back what they change."""
    if reason := missing():
        pytest.skip(f"containers: {reason}")
    made = prepared(tmp_path_factory.mktemp("production"), some_network())
    _running.append(made)
    made.up("--build")
    until(lambda: made.get("/").status_code == 200)
    return made
