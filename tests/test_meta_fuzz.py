"""Whatever is sent, right or wrong by the description, gets an answer that the description allows, and never a 5xx."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests import make
from tests.api import Api, code_of
from tests.matrix.policy import policy
from tests.matrix.world import session_of
from tests.thorough import times

CASES = times(8, 60)
"""For each endpoint. The full number makes more than 2,000 in all."""
SERVICES = ("auth", "appointment", "prescription")
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@dataclass
class Known:
    """People who may call each endpoint, and ids of things of theirs."""

    auth: Flask
    appointment: Flask
    prescription: Flask
    key: str
    ids: dict[str, str] = field(default_factory=dict)

    def token(self, service: str, label: str) -> str:
        """A fresh sign-in of a role that may call this endpoint: some endpoints end what they are called with.

        Where no person may, the key of our own programs.
        """
        method, path = label.split(" ", 1)
        lines = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", name): line for name, line in policy(service).items()}
        line = lines[f"{method} {path}"]
        role = next((role for role in ("doctor", "patient", "admin") if line[role] != "–"), None)
        return self._people()[role].token if role else self.key

    def _people(self) -> dict[str, make.Person]:
        patient, doctor = make.person(self.auth), make.doctor(self.auth, self.appointment)
        visit = make.appointment(self.appointment, patient, doctor)["id"]
        written = make.prescription(self.prescription, doctor, visit)["id"]
        self.ids |= {"doctor_id": doctor.id, "appointment_id": visit, "prescription_id": written}
        self.ids["feed_token"] = Api(self.appointment, patient.token).post("/calendar-feed", expect=201)["token"]
        self.ids |= {"person_id": patient.id, "patient_id": patient.id, "session_id": session_of(doctor)}
        admin = make.admin(self.auth)
        self.ids["visit_type_id"] = make.visit_type(self.appointment, admin)["id"]
        self.ids["exception_id"] = make.exception(self.appointment, doctor, days=60)["exception"]["id"]
        return {"patient": patient, "doctor": doctor, "admin": admin}


@pytest.fixture
def known(auth: Flask, appointment: Flask, prescription: Flask, environment: dict[str, str]) -> Known:
    return Known(auth, appointment, prescription, environment["SERVICE_KEY"])


@pytest.mark.parametrize("name", SERVICES)
def test_no_input_is_an_accident(request: pytest.FixtureRequest, name: str, known: Known) -> None:
    app: Flask = request.getfixturevalue(name)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    seen: list[int] = []

    for found in schema.get_all_operations():
        operation = found.ok()
        headers = {"Authorization": f"Bearer {known.token(name, operation.label)}"}
        send_anything(operation, headers, known.ids, seen)

    assert {200, 422} <= set(seen)
    request.config.stash.setdefault(SENT, []).append(len(seen))


SENT: pytest.StashKey[list[int]] = pytest.StashKey()


def test_that_was_a_great_many(request: pytest.FixtureRequest) -> None:
    sent = request.config.stash.get(SENT, [])
    if len(sent) == len(SERVICES):
        assert sum(sent) >= times(300, 2_000), sum(sent)


def send_anything(operation: Any, headers: dict[str, str], ids: dict[str, str], seen: list[int]) -> None:
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @seed(20270310)
    @settings(
        max_examples=CASES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=st.one_of(right, wrong), real=st.booleans(), soon=st.integers(0, 60), at=st.integers(0, 71))
    def send(case: Any, real: bool, soon: int, at: int) -> None:
        if real:
            make_real(case, ids, make.clinic_day(soon), at)
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS)
        seen.append(answer.status_code)
        if answer.status_code >= 400:
            check_problem(operation, answer)

    send()


def make_real(case: Any, ids: dict[str, str], day: date, at: int) -> None:
    """Name things that are there, so that half of the cases come further than to a 404."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part |= {name: value for name, value in ids.items() if name in part}
            part |= {name: make.PASSWORD for name in ("password", "current_password") if name in part}
            if "appointment_time" in part:
                part["appointment_time"] = f"{day}T{9 + at // 9:02}:{at % 9 * 10 % 60:02}:00"


def check_problem(operation: Any, answer: Any) -> None:
    problem, code = answer.json(), code_of(answer)
    kind = "fhir" if operation.path.startswith("/fhir/") else "problem"
    assert answer.headers["content-type"] == [f"application/{kind}+json"]
    assert kind == "fhir" or problem["status"] == answer.status_code
    told = operation.definition.raw["responses"].get(str(answer.status_code))
    if told and code not in {"unknown-field", "bad-request"}:
        assert kind == "fhir" or f"`{code}`" in told["description"], (operation.label, problem)
