"""A retry with the same `Idempotency-Key` gets the first answer; nothing happens twice, and nobody sees another's."""

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg2
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from chassis import clock, idempotency
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.servers import Clinic

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
REPLAYED = "Idempotent-Replayed"


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


def book(app: Flask, who: make.Person, wish: dict[str, Any], headers: dict[str, str] | None = KEY) -> TestResponse:
    return Api(app, who.token).send("POST", "/appointments", json=wish, headers=headers)


def count(environment: dict[str, str], table: str) -> int:
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int((cursor.fetchone() or (0,))[0])


def test_a_retry_gets_the_first_answer_byte_for_byte(
    appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, environment: dict[str, str]
) -> None:
    first = book(appointment, patient, make.wish(doctor.id))
    visit = first.get_json()["id"]
    written = {"appointment_id": visit, "notes": "é\u2028", "medicines": [make.MEDICINE]}
    api = Api(prescription, doctor.token)
    signed = api.send("POST", "/prescriptions", json=written, headers=KEY)

    for original, again in (
        (first, book(appointment, patient, make.wish(doctor.id))),
        (signed, api.send("POST", "/prescriptions", json=written, headers=KEY)),
    ):
        assert original.status_code == again.status_code == 201
        assert REPLAYED not in original.headers
        assert again.headers[REPLAYED] == "true"
        assert again.get_data() == original.get_data()
        assert again.content_type == original.content_type
    assert count(environment, "appointment.appointment") == 1
    assert count(environment, "prescription.prescription") == 1


def test_without_a_key_nothing_is_replayed(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    assert book(appointment, patient, make.wish(doctor.id), {}).status_code == 201
    assert outcome(book(appointment, patient, make.wish(doctor.id), {})) == (409, "patient-busy")


def test_a_key_stands_for_one_body(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    book(appointment, patient, make.wish(doctor.id))

    other = book(appointment, patient, make.wish(doctor.id, at=time(11)))

    assert outcome(other) == (422, "idempotency-mismatch")
    assert len(Api(appointment, patient.token).get("/appointments")["items"]) == 1


def test_a_refusal_is_not_kept(appointment: Flask, patient: make.Person, doctor: make.Person, auth: Flask) -> None:
    rival = make.person(auth)
    taken = make.appointment(appointment, rival, doctor)
    assert outcome(book(appointment, patient, make.wish(doctor.id))) == (409, "slot-taken")
    assert outcome(book(appointment, patient, {"doctor_id": 1})) == (422, "validation-error")

    Api(appointment, rival.token).post(f"/appointments/{taken['id']}/cancel")
    again = book(appointment, patient, make.wish(doctor.id))

    assert again.status_code == 201
    assert REPLAYED not in again.headers


def test_anothers_same_key_is_another_key(
    appointment: Flask, auth: Flask, patient: make.Person, doctor: make.Person
) -> None:
    mine = book(appointment, patient, make.wish(doctor.id))
    wish = make.wish(doctor.id, at=time(11))
    theirs = book(appointment, make.person(auth), wish)

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert REPLAYED not in theirs.headers
    assert mine.get_json()["id"] != theirs.get_json()["id"]


def test_an_answer_is_kept_for_a_day(
    appointment: Flask, patient: make.Person, doctor: make.Person, environment: dict[str, str]
) -> None:
    book(appointment, patient, make.wish(doctor.id))
    later = datetime.now(UTC) + idempotency.KEPT

    with clock.set_to(later - timedelta(minutes=1)):
        assert REPLAYED in book(appointment, patient, make.wish(doctor.id)).headers
    with clock.set_to(later + timedelta(minutes=1)):
        fresh = book(appointment, patient, make.wish(doctor.id, at=time(11)))

    assert fresh.status_code == 201
    assert REPLAYED not in fresh.headers
    assert count(environment, "appointment.idempotency_key") == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "ünïcödé", "a\0b", "a b", "a\tb", "\x7f", "\xff"])
def test_a_key_is_one_to_255_visible_characters(
    appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, key: str
) -> None:
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    signing = Api(prescription, doctor.token).send("POST", "/prescriptions", json={}, headers=headers)

    assert outcome(book(appointment, patient, make.wish(doctor.id), headers)) == (400, "invalid-idempotency-key")
    assert outcome(signing) == (400, "invalid-idempotency-key")


def test_the_longest_key_is_taken(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    for key in ("x" * 255, "!", "~;'\"--"):
        found = book(appointment, patient, {"doctor_id": doctor.id}, {"Idempotency-Key": key})
        assert outcome(found) == (422, "validation-error")


def test_a_key_opens_nothing_for_the_wrong_person(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    book(appointment, patient, make.wish(doctor.id))

    assert outcome(book(appointment, doctor, make.wish(doctor.id))) == (403, "forbidden")


def test_a_key_in_use_is_a_conflict_for_a_moment(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    """The first request is held at the doctor's row; the second comes meanwhile."""
    from appointment_service.models import db

    with appointment.app_context(), db.engine.connect() as holding, ThreadPoolExecutor(1) as pool:
        holding.exec_driver_sql("SELECT 1 FROM doctor FOR UPDATE")
        first = pool.submit(book, appointment, patient, make.wish(doctor.id))
        with contextlib.closing(
            psycopg2.connect(
                appointment.config["SQLALCHEMY_DATABASE_URI"]
                .set(drivername="postgresql")
                .render_as_string(hide_password=False)
            )
        ) as watching:
            wait_for_lock(watching)
        second = book(appointment, patient, make.wish(doctor.id))
        holding.rollback()

        assert outcome(second) == (409, "request-in-progress")
        assert second.headers["Retry-After"] == "1"
        assert first.result().status_code == 201
    assert REPLAYED in book(appointment, patient, make.wish(doctor.id)).headers


def wait_for_lock(watching: Any) -> None:
    """Until somebody waits for a lock."""
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    watching.autocommit = True
    with watching.cursor() as cursor:
        while datetime.now(UTC) < deadline:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = user AND wait_event_type = 'Lock'")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")


def test_thirty_at_once_with_one_key_are_one_booking(
    clinic: Clinic, auth: Flask, appointment: Flask, environment: dict[str, str]
) -> None:
    """Real processes: retries arrive at several workers at the same moment."""
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    body = json.dumps(make.wish(doctor.id)).encode()
    start = threading.Barrier(15)

    def send() -> tuple[int, str, str]:
        headers = {"Authorization": f"Bearer {patient.token}", "Content-Type": "application/json", **KEY}
        try:
            with urlopen(Request(f"{clinic.appointment.url}/appointments", body, headers), timeout=10) as answer:
                return answer.status, json.load(answer)["id"], answer.headers.get(REPLAYED, "")
        except HTTPError as refused:
            return refused.code, json.load(refused)["code"], ""

    def send_together(_: int) -> tuple[int, str, str]:
        start.wait()
        return send()

    with ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(send_together, range(30)))

    booked = {found for status, found, _ in answers if status == 201}
    assert len(booked) == 1
    assert [replayed for status, _, replayed in answers if status == 201].count("") == 1
    assert {answer[:2] for answer in answers if answer[0] != 201} <= {(409, "request-in-progress")}
    assert count(environment, "appointment.appointment") == 1
    assert send() == (201, *booked, "true")
