"""Licences: the clinic checks them, and what it has checked decides who may work."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from flask import Flask

from auth_service import people
from auth_service.models import Person
from chassis import clock
from tests import make
from tests.api import Api

LICENCE = {"number": "741 2093", "register": "GMC", "checked_on": "2026-11-02"}
REASON = {"reason": "Not in the register.\nWrite to us."}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def admin(auth: Flask) -> Api:
    return Api(auth, make.admin(auth).token)


@pytest.fixture
def waiting(auth: Flask) -> make.Person:
    return make.person(auth, "doctor", verified=False)


def renewed(auth: Flask, person: make.Person) -> Api:
    """The person with the token that follows."""
    answer = Api(auth).post("/auth/refresh", json={"refresh_token": person.refresh_token})
    return Api(auth, answer["access_token"])


def verified(auth: Flask) -> list[str]:
    return [doctor["id"] for doctor in Api(auth).get("/auth/verified-doctors")["doctors"]]


def decide(admin: Api, doctor: make.Person, what: str, expect: int = 200, **given: Any) -> Any:
    body = (LICENCE if what == "verify" else REASON) | given
    return admin.post(f"/people/{doctor.id}/licence/{what}", json=body, expect=expect)


def test_a_licence_is_recorded_as_it_was_checked(auth: Flask, admin: Api, waiting: make.Person) -> None:
    shown = decide(admin, waiting, "verify")

    assert shown["licence"] == {
        "state": "verified",
        "number": "7412093",
        "register": "GMC",
        "checked_on": "2026-11-02",
        "reason": None,
    }
    Api(auth, waiting.token).get("/auth/me", expect=401)  # it says unverified
    assert renewed(auth, waiting).get("/auth/me")["licence"] == shown["licence"]
    assert verified(auth) == [waiting.id]


def test_a_rejected_doctor_reads_why_and_may_be_verified_later(auth: Flask, admin: Api, waiting: make.Person) -> None:
    decide(admin, waiting, "reject")

    told = renewed(auth, waiting).get("/auth/me")["licence"]
    assert (told["state"], told["reason"]) == ("rejected", "Not in the register.\nWrite to us.")
    assert admin.get("/people?state=waiting")["items"] == []
    assert decide(admin, waiting, "verify")["licence"]["reason"] is None


def test_a_suspended_doctor_may_not_work_until_reinstated(auth: Flask, appointment: Flask, admin: Api) -> None:
    doctor = make.doctor(auth, appointment)
    decide(admin, doctor, "suspend")

    assert verified(auth) == []
    token = renewed(auth, doctor).token
    refused = Api(appointment, token).get("/appointments", expect=403)
    assert refused["code"] == "doctor-not-verified"

    number = decide(admin, doctor, "verify")["licence"]["number"]
    assert (number, verified(auth)) == ("7412093", [doctor.id])


def test_a_suspended_doctor_signs_nothing(auth: Flask, appointment: Flask, prescription: Flask, admin: Api) -> None:
    doctor = make.doctor(auth, appointment)
    booked = make.appointment(appointment, make.person(auth), doctor)
    wish = {"appointment_id": booked["id"], "medicines": [make.MEDICINE]}
    decide(admin, doctor, "suspend")
    prescription.extensions["revocations"].poll()

    stale = Api(prescription, doctor.token).post("/prescriptions", json=wish, expect=401)
    fresh = Api(prescription, renewed(auth, doctor).token).post("/prescriptions", json=wish, expect=403)

    assert (stale["code"], fresh["code"]) == ("token-revoked", "doctor-not-verified")


@pytest.mark.parametrize(
    ("before", "what", "code"),
    [
        (["verify"], "verify", "already-verified"),
        (["verify"], "reject", "conflict-state"),
        (["reject"], "reject", "conflict-state"),
        (["reject"], "suspend", "conflict-state"),
        ([], "suspend", "conflict-state"),
        (["verify", "suspend"], "suspend", "conflict-state"),
        (["verify", "suspend"], "reject", "conflict-state"),
    ],
)
def test_each_state_allows_only_what_follows_from_it(
    admin: Api, waiting: make.Person, before: list[str], what: str, code: str
) -> None:
    for step in before:
        decide(admin, waiting, step)

    assert decide(admin, waiting, what, expect=409)["code"] == code


@pytest.mark.parametrize("what", ["verify", "reject", "suspend"])
def test_only_doctors_have_a_licence(auth: Flask, admin: Api, what: str) -> None:
    patient = make.person(auth)

    assert decide(admin, patient, what, expect=409)["code"] == "not-a-doctor"
    body = LICENCE if what == "verify" else REASON
    assert admin.post(f"/people/{UNKNOWN}/licence/{what}", json=body, expect=404)["code"] == "not-found"


@pytest.mark.parametrize(
    ("what", "change", "pointer"),
    [
        ("verify", {"number": ""}, "/number"),
        ("verify", {"number": "x" * 51}, "/number"),
        ("verify", {"number": "74\0"}, "/number"),
        ("verify", {"number": 7412093}, "/number"),
        ("verify", {"register": " "}, "/register"),
        ("verify", {"checked_on": "2026-02-30"}, "/checked_on"),
        ("verify", {"checked_on": "02/11/2026"}, "/checked_on"),
        ("verify", {"checked_on": "1926-11-02"}, "/checked_on"),
        ("verify", {"checked_on": (clock.now() + timedelta(days=2)).date().isoformat()}, "/checked_on"),
        ("verify", {"state": "verified"}, "/state"),
        ("reject", {"reason": ""}, "/reason"),
        ("reject", {"reason": "\u200b"}, "/reason"),
        ("suspend", {"reason": "x" * 501}, "/reason"),
    ],
)
def test_a_wrong_field_is_named(
    admin: Api, waiting: make.Person, what: str, change: dict[str, object], pointer: str
) -> None:
    problem = decide(admin, waiting, what, expect=422, **change)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_a_checked_licence_belongs_to_one_person(auth: Flask, admin: Api, waiting: make.Person) -> None:
    first = make.person(auth, "doctor", verified=False, licence_number="7412093", licence_register="GMC")
    decide(admin, waiting, "verify")

    assert decide(admin, first, "verify", expect=409)["code"] == "licence-taken"
    decide(admin, waiting, "suspend")
    assert decide(admin, first, "verify", expect=409, register="gmc")["code"] == "licence-taken"
    assert admin.get(f"/people/{first.id}")["licence"]["state"] == "unverified"
    decide(admin, first, "verify", register="RCSI")


def test_a_disabled_doctor_is_not_among_those_who_may_work(auth: Flask, admin: Api, waiting: make.Person) -> None:
    decide(admin, waiting, "verify")
    admin.post(f"/people/{waiting.id}/disable")

    assert verified(auth) == []


@pytest.fixture
def both_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two transactions that have each locked their doctor go on together."""
    meeting, lock = threading.Barrier(2), people.lock

    def lock_and_meet(*given: Any, **more: Any) -> Person:
        locked = lock(*given, **more)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(5)
        return locked

    monkeypatch.setattr(people, "lock", lock_and_meet)


@contextmanager
def without_index(environment: dict[str, str]) -> Iterator[None]:
    """The same table without the promise that a checked licence is of one person."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'uq_person_licence'")
        (definition,) = cursor.fetchone() or ("",)
        cursor.execute("DROP INDEX auth.uq_person_licence")
        try:
            yield
        finally:
            cursor.execute("UPDATE auth.person SET licence_number = id::text WHERE licence_number IS NOT NULL")
            cursor.execute(definition)


def verify_both(auth: Flask, admin: Api) -> Counter[int]:
    doctors = [make.person(auth, "doctor", verified=False) for _ in range(2)]

    def verify(doctor: make.Person) -> int:
        return Api(auth, admin.token).send("POST", f"/people/{doctor.id}/licence/verify", json=LICENCE).status_code

    with ThreadPoolExecutor(2) as pool:
        return Counter(pool.map(verify, doctors))


@pytest.mark.usefixtures("both_at_once")
def test_of_two_at_once_one_gets_the_licence(auth: Flask, admin: Api) -> None:
    assert verify_both(auth, admin) == {200: 1, 409: 1}


@pytest.mark.usefixtures("both_at_once")
def test_without_the_index_both_would(environment: dict[str, str], auth: Flask, admin: Api) -> None:
    with without_index(environment):
        assert verify_both(auth, admin) == {200: 2}
