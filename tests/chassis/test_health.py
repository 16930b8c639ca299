"""What balancers and supervisors ask each program: does it answer, and may it be sent requests."""

from collections.abc import Iterator

import pytest
from flask import Flask

from chassis import drain
from tests.api import Api
from tests.chassis.conftest import outcome

PROGRAMS = ("auth", "appointment", "prescription", "portal")


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Flask:
    found: Flask = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def draining() -> Iterator[None]:
    drain._state[:1] = drain._DRAINING
    yield
    drain._state[:1] = drain._SERVING


def test_a_program_that_works_is_alive_and_ready(program: Flask) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        assert Api(program).get(path)["status"] == "ok"


@pytest.mark.usefixtures("draining")
def test_a_program_that_is_about_to_stop_is_alive_and_works_but_wants_nothing_new(program: Flask) -> None:
    assert Api(program).get("/health/live")["status"] == "ok"
    assert Api(program).get("/health")["status"] == "ok"

    ready = Api(program).send("GET", "/health/ready")

    assert outcome(ready) == (503, "draining")
    assert ready.headers["Retry-After"]
    assert ready.headers["Cache-Control"] == "no-store"
