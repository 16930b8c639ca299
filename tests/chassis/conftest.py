"""The same question put to all three services: each has one protected view to read and one that takes JSON."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from auth_service import access_tokens, models
from chassis import clock
from tests import make
from tests.api import Api, code_of
from tests.chassis import network
from tests.servers import Program

Start = Callable[..., Program]


@dataclass(frozen=True)
class Service:
    """A service in this process, with a view that a verified doctor may read and one that takes a doctor's JSON."""

    name: str
    app: Flask
    reads: str
    writes: tuple[str, str]
    valid: dict[str, Any]

    def read(self, token: str | None, **given: Any) -> TestResponse:
        return Api(self.app, token).send("GET", given.pop("path", self.reads), **given)

    def write(self, token: str | None, **given: Any) -> TestResponse:
        method, path = self.writes
        return Api(self.app, token).send(method, path, **given)


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    network.close_clients()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a portal of a test's own: it has no database, and a form whose end it waits for."""
    running: list[Program] = []

    def run(*options: str, drain: float = 0, workers: int = 2) -> Program:
        given = {"PORTAL_SECRET_KEY": "portal".ljust(32, "-"), "ENVIRONMENT": "demo", "AUTH_URL": "http://127.0.0.1:9"}
        given |= {"DRAIN_SECONDS": str(drain), "WEB_CONCURRENCY": str(workers)}
        program = Program("portal", given, tmp_path / f"portal{len(running)}.log", options=options)
        running.append(program)
        program.start()
        program.wait()
        return program

    yield run
    for program in running:
        program.stop()


@pytest.fixture
def services(auth: Flask, appointment: Flask, prescription: Flask) -> list[Service]:
    return [
        Service("auth", auth, "/auth/me", ("PATCH", "/auth/me"), {"first_name": "Ann"}),
        Service("appointment", appointment, "/appointments", ("PUT", "/doctors/me"), {"specialty": "Surgery"}),
        Service(
            "prescription",
            prescription,
            "/prescriptions",
            ("POST", "/prescriptions"),
            {"appointment_id": "00000000-0000-4000-8000-000000000000", "medicines": [make.MEDICINE]},
        ),
    ]


@pytest.fixture
def doctor(auth: Flask) -> make.Person:
    """A verified doctor, who may read and write in all three services. Signed in without the cost of a password."""
    who = models.Person(
        email="doctor@example.com", password_hash="-", role="doctor", first_name="Dora", last_name="Doe"
    )
    who.licence_state, who.licence_number, who.licence_register = "verified", "7412093", "GMC"
    now = clock.now()
    with auth.app_context():
        models.db.session.add(who)
        models.db.session.flush()
        session = models.Session(person_id=who.id, created_at=now, expires_at=now + timedelta(hours=1))
        models.db.session.add(session)
        models.db.session.flush()
        token = access_tokens.sign(who, session, auth.config["AUTH_SECRET_KEY"])
        models.db.session.commit()
        return make.Person(str(who.id), who.email, token, "")


def outcome(answer: TestResponse) -> tuple[int, str]:
    """Status and code of an answer; a refusal is a problem document or an *OperationOutcome*, whatever refused."""
    if answer.status_code < 400:
        answer.close()
        return answer.status_code, "-"
    if answer.request.path.startswith("/fhir/"):
        assert answer.content_type == "application/fhir+json", answer.get_data(as_text=True)
        return answer.status_code, code_of(answer) or "-"
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)
    problem = answer.get_json()
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert {"type", "title", "detail"} <= problem.keys()
    return answer.status_code, problem["code"]
