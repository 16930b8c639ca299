"""Writing and reading prescriptions."""

import psycopg2
import pytest
from flask import Flask

from prescription_service.numbers import ALPHABET, check_character
from tests import make
from tests.api import Api

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14", first_name="Łucja", last_name="Đorđević")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, licence_number="7412093")


def write(prescription: Flask, who: make.Person, expect: int = 201, **body: object):
    return Api(prescription, who.token).post("/prescriptions", json=body, expect=expect)


def test_a_doctor_prescribes_for_the_patient_of_the_visit(
    prescription: Flask, patient: make.Person, doctor: make.Person, visit: str
) -> None:
    written = make.prescription(prescription, doctor, visit)

    assert written["patient_id"] == patient.id
    assert written["patient_name"] == "Łucja Đorđević"
    assert written["patient_birth_date"] == "1988-03-14"
    assert (written["doctor_licence_number"], written["doctor_licence_register"]) == ("7412093", "GMC")
    assert written["medicines"] == [{"position": 1, **make.MEDICINE, "structured": None}]
    for person in (patient, doctor):
        assert Api(prescription, person.token).get(f"/prescriptions/{written['id']}") == written
        assert Api(prescription, person.token).get("/prescriptions")["items"] == [written]


def test_a_number_carries_a_check_character(prescription: Flask, doctor: make.Person, visit: str) -> None:
    year, body, check = make.prescription(prescription, doctor, visit)["number"].split("-")

    assert check_character(year + body) == check
    for place in range(8):
        for wrong in set(ALPHABET) - {body[place]}:
            assert check_character(year + body[:place] + wrong + body[place + 1 :]) != check


def test_names_stay_as_they_were_at_signing(
    auth: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, visit: str
) -> None:
    written = make.prescription(prescription, doctor, visit)

    Api(auth, patient.token).patch("/auth/me", json={"last_name": "Changed"})

    assert Api(prescription, patient.token).get(f"/prescriptions/{written['id']}")["patient_name"] == "Łucja Đorđević"


@pytest.mark.parametrize("medicines", [[], [make.MEDICINE] * 11, make.MEDICINE, None, "x", [None]])
def test_one_to_ten_medicines(prescription: Flask, doctor: make.Person, visit: str, medicines: object) -> None:
    problem = write(prescription, doctor, expect=422, appointment_id=visit, medicines=medicines)

    assert problem["errors"][0]["pointer"].startswith("/medicines")
    assert len(make.prescription(prescription, doctor, visit, medicines=[make.MEDICINE] * 10)["medicines"]) == 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "12345"}, "name"),
        ({"name": "nul\0"}, "name"),
        ({"name": 5}, "name"),
        ({"dosage": ""}, "dosage"),
        ({"dosage": None}, "dosage"),
        ({"dosage": 500}, "dosage"),
        ({"duration": ""}, "duration"),
        ({"instructions": "x" * 501}, "instructions"),
        ({"dose": 1}, "dose"),
    ],
)
def test_a_wrong_medicine_field_is_named(
    prescription: Flask, doctor: make.Person, visit: str, change: dict[str, object], field: str
) -> None:
    medicines = [make.MEDICINE, make.MEDICINE | change]

    problem = write(prescription, doctor, expect=422, appointment_id=visit, medicines=medicines)

    assert [error["pointer"] for error in problem["errors"]] == [f"/medicines/1/{field}"]
    assert Api(prescription, doctor.token).get("/prescriptions")["items"] == []


@pytest.mark.parametrize("name", ["status", "doctor_id", "patient_id", "id", "number", "signed_by"])
def test_what_the_token_decides_cannot_be_sent(prescription: Flask, doctor: make.Person, visit: str, name: str) -> None:
    body = {"appointment_id": visit, "medicines": [make.MEDICINE], name: UNKNOWN}

    assert write(prescription, doctor, expect=422, **body)["code"] == "unknown-field"


def test_only_the_doctor_of_the_visit_prescribes(
    auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, visit: str
) -> None:
    body = {"appointment_id": visit, "medicines": [make.MEDICINE]}
    stranger = make.doctor(auth, appointment)
    unverified = make.person(auth, "doctor", verified=False)

    assert write(prescription, patient, expect=403, **body)["code"] == "forbidden"
    assert write(prescription, make.admin(auth), expect=403, **body)["code"] == "forbidden"
    assert write(prescription, unverified, expect=403, **body)["code"] == "doctor-not-verified"
    assert write(prescription, stranger, expect=404, **body)["code"] == "appointment-not-found"
    body["appointment_id"] = UNKNOWN
    assert write(prescription, stranger, expect=404, **body)["code"] == "appointment-not-found"


def test_nothing_is_prescribed_for_a_cancelled_visit(
    appointment: Flask, prescription: Flask, doctor: make.Person, visit: str
) -> None:
    Api(appointment, doctor.token).post(f"/appointments/{visit}/cancel")

    problem = write(prescription, doctor, expect=409, appointment_id=visit, medicines=[make.MEDICINE])

    assert problem["code"] == "appointment-cancelled"


def test_a_strangers_prescription_is_as_if_it_were_not_there(
    auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, visit: str
) -> None:
    written = make.prescription(prescription, doctor, visit)

    for stranger in (make.person(auth), make.doctor(auth, appointment)):
        api = Api(prescription, stranger.token)
        answers = [api.get(f"/prescriptions/{name}", expect=404) for name in (written["id"], UNKNOWN)]
        assert {**answers[0], "request_id": ""} == {**answers[1], "request_id": ""}
        assert api.get("/prescriptions")["items"] == []
        assert api.get(f"/prescriptions?appointment_id={visit}")["items"] == []


def test_the_newest_comes_first_in_pages(prescription: Flask, doctor: make.Person, visit: str) -> None:
    made = [make.prescription(prescription, doctor, visit)["id"] for _ in range(3)]
    api = Api(prescription, doctor.token)

    first = api.get("/prescriptions?limit=2")
    second = api.get(f"/prescriptions?limit=2&cursor={first['next_cursor']}")

    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_a_retry_makes_no_second_prescription(prescription: Flask, doctor: make.Person, visit: str) -> None:
    body = {"appointment_id": visit, "medicines": [make.MEDICINE]}
    api, key = Api(prescription, doctor.token), {"Idempotency-Key": "one-click"}

    first = api.post("/prescriptions", json=body, headers=key, expect=201)
    again = api.post("/prescriptions", json=body, headers=key, expect=201)

    assert first == again
    assert len(api.get("/prescriptions")["items"]) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE prescription SET notes = 'changed'",
        "UPDATE medicine SET dosage = 'changed'",
        "DELETE FROM medicine",
        "DELETE FROM prescription",
        "TRUNCATE prescription, medicine",
        "INSERT INTO medicine SELECT id, 2, 'a', 'b', 'c', 'd' FROM prescription",
    ],
)
def test_the_database_refuses_every_change(
    environment: dict[str, str], prescription: Flask, doctor: make.Person, visit: str, statement: str
) -> None:
    written = make.prescription(prescription, doctor, visit)

    with (
        psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"]) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.Error, match=r"never changed|permission denied"),
    ):
        cursor.execute(statement)

    assert Api(prescription, doctor.token).get(f"/prescriptions/{written['id']}") == written


def test_records_are_never_deleted(prescription: Flask, doctor: make.Person, visit: str) -> None:
    written = make.prescription(prescription, doctor, visit)

    for method in ("DELETE", "PUT", "PATCH"):
        assert Api(prescription, doctor.token).send(method, f"/prescriptions/{written['id']}").status_code == 405
