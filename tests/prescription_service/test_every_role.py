"""Every step of a prescription's life from every state, tried by everybody: one table, over the API."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from flask import Flask

from tests import make
from tests.api import Api, code_of
from tests.prescription_service.structured import write
from tests.prescription_service.test_life import LEADS, STATES, STEPS

WHY = {"reason_code": "salg", "reason": "Rash after the second day."}
STAND_IN = {"reason_code": "prescriber-unavailable", "reason": "Dr Okafor is on leave."}
FINAL = {"completed", "cancelled", "stopped", "entered-in-error"}
BEGINS = ("replace", "renew")
Answer = tuple[int, str | None]


def expected(who: str, state: str, step: str) -> Answer:
    """Status and code, and for what is allowed the state that follows."""
    if who == "nobody":
        return 401, "token-missing"
    if who in {"patient", "admin", "unverified"}:
        return 403, "doctor-not-verified" if who == "unverified" else "forbidden"
    if who == "stranger":
        return 404, "not-found"
    by_another = who == "stand-in" and step in {"cancel", "stop"}
    if who != "prescriber" and not by_another:
        return 403, "not-prescriber"
    if step in BEGINS:
        ended = state == "entered-in-error" or (step == "replace" and state in FINAL)
        return (409, "final-status") if ended else (201, state)
    if target := LEADS.get((state, step)):
        return 200, target
    return 409, "final-status" if state in FINAL else "conflict-state"


@pytest.fixture
def people(
    auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, visit: str
) -> dict[str, str | None]:
    """A token for everybody who might try; the colleague and the one who stands in have opened a visit."""
    colleague, stranger = make.doctor(auth, appointment), make.doctor(auth, appointment)
    theirs = make.appointment(appointment, patient, colleague, at=make.time(11))["id"]
    Api(prescription, colleague.token).put(f"/visits/{theirs}")
    return {
        "prescriber": doctor.token,
        "colleague": colleague.token,
        "stand-in": colleague.token,
        "stranger": stranger.token,
        "unverified": make.person(auth, "doctor", verified=False).token,
        "patient": patient.token,
        "admin": make.admin(auth).token,
        "nobody": None,
    }


@pytest.fixture
def reset(environment: dict[str, str]) -> Iterator[Any]:
    """Puts a prescription back into a state, past the trigger, as only the owner of the server can."""
    connection = psycopg2.connect(environment["ADMIN_URL"])
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET session_replication_role = replica")

    def put_back(prescription_id: str, state: str) -> None:
        cursor.execute("UPDATE prescription.prescription SET status = %s WHERE id = %s", (state, prescription_id))

    yield put_back
    connection.close()


@pytest.mark.parametrize("step", [*STEPS, *BEGINS])
def test_every_step_from_every_state_by_everybody(
    prescription: Flask, api: Api, visit: str, people: dict[str, str | None], reset: Any, step: str
) -> None:
    signed = write(api, visit, make.MEDICINE)
    found, table = {}, {}
    for who, token in people.items():
        for state in STATES:
            reset(signed["id"], state)
            body = {} if step in BEGINS else {"json": STAND_IN if who == "stand-in" else WHY}
            answer = Api(prescription, token).send("POST", f"/prescriptions/{signed['id']}/{step}", **body)
            after = api.get(f"/prescriptions/{signed['id']}")["status"]
            told = after if answer.status_code < 300 else code_of(answer)
            found[who, state] = (answer.status_code, told, after)
            status, word = expected(who, state, step)
            table[who, state] = (status, word, word if status == 200 else state)

    assert found == table


def test_the_table_has_steps_that_are_taken_and_steps_that_are_refused() -> None:
    answers = [
        expected(who, state, step)[0] for who in ("prescriber", "stand-in") for state in STATES for step in STEPS
    ]

    assert (answers.count(200), answers.count(409), answers.count(403)) == (15, 27, 18)
