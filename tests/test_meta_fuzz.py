"""Whatever is sent, right or wrong by the description, gets an answer that the description allows, and never a 5xx."""

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

CASES = 16
"""For each endpoint. Raise it for a longer look."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture
def known(auth: Flask, appointment: Flask, prescription: Flask) -> dict[str, Any]:
    """People who may call each endpoint, and ids of things that are there."""
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor)
    written = make.prescription(prescription, doctor, booked["id"])
    ids = {"doctor_id": doctor.id, "appointment_id": booked["id"], "prescription_id": written["id"]}
    return {"patient": patient.token, "doctor": doctor.token, "ids": ids}


@pytest.mark.parametrize("name", ["auth", "appointment", "prescription"])
def test_no_input_is_an_accident(request: pytest.FixtureRequest, name: str, known: dict[str, Any]) -> None:
    app: Flask = request.getfixturevalue(name)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    seen: set[int] = set()

    for found in schema.get_all_operations():
        operation = found.ok()
        token = known["patient" if operation.label in {"POST /appointments"} else "doctor"]
        send_anything(operation, {"Authorization": f"Bearer {token}"}, known["ids"], seen)

    assert {200, 422} <= seen


def send_anything(operation: Any, headers: dict[str, str], ids: dict[str, str], seen: set[int]) -> None:
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
        seen.add(answer.status_code)
        if answer.status_code >= 400:
            check_problem(operation, answer)

    send()


def make_real(case: Any, ids: dict[str, str], day: date, at: int) -> None:
    """Name things that are there, so that half of the cases come further than to a 404."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part |= {name: value for name, value in ids.items() if name in part}
            if "appointment_time" in part:
                part["appointment_time"] = f"{day}T{9 + at // 9:02}:{at % 9 * 10 % 60:02}:00"


def check_problem(operation: Any, answer: Any) -> None:
    problem = answer.json()
    assert answer.headers["content-type"] == ["application/problem+json"]
    assert problem["status"] == answer.status_code
    told = operation.definition.raw["responses"].get(str(answer.status_code))
    if told and problem["code"] not in {"unknown-field", "bad-request"}:
        assert f"`{problem['code']}`" in told["description"], (operation.label, problem)
