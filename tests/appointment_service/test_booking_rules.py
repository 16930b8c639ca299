"""Booking with any doctor, by doctors for their own patients, beside the hours on purpose, and what is copied then."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import update

from appointment_service.models import Doctor, db
from chassis import clock
from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")

UNKNOWN = "00000000-0000-4000-8000-000000000000"
START = datetime(2026, 12, 8, 10, tzinfo=UTC)  # a Tuesday; London's clocks show UTC then
DAY = 1440


@contextlib.contextmanager
def at(minutes: int) -> Iterator[None]:
    """So many minutes behind ten o'clock on that Tuesday."""
    with clock.set_to(START + timedelta(minutes=minutes)):
        yield


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14")


@pytest.fixture
def rival(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def two(auth: Flask, appointment: Flask) -> list[make.Person]:
    """Two doctors, in the order of their ids."""
    return sorted((make.doctor(auth, appointment) for _ in range(2)), key=lambda one: one.id)


def book(
    appointment: Flask, who: make.Person, doctor: str, when: str = "08T10:00", expect: int = 201, **given: Any
) -> Any:
    body = {"doctor_id": doctor, "appointment_time": f"2026-12-{when}:00", **given}
    return Api(appointment, who.token).post("/appointments", json=body, expect=expect)


def book_for(
    appointment: Flask, who: make.Person, patient: str, when: str = "08T11:00", expect: int = 201, **given: Any
) -> Any:
    body = {"patient_id": patient, "appointment_time": f"2026-12-{when}:00", **given}
    return Api(appointment, who.token).post("/doctors/me/appointments", json=body, expect=expect)


# --- any doctor


def test_any_doctor_is_who_has_given_away_least_of_that_day(
    appointment: Flask, patient: make.Person, rival: make.Person, two: list[make.Person]
) -> None:
    first, second = two
    with at(-7 * DAY):
        assert book(appointment, patient, "any")["doctor_id"] == first.id  # both have nothing: the first by id
        assert book(appointment, rival, "any", "08T11:00")["doctor_id"] == second.id
        # another day does not count
        book(appointment, rival, first.id, "09T11:00")
        book(appointment, rival, first.id, "09T11:20")
        assert book(appointment, patient, "any", "08T15:00")["doctor_id"] == first.id
        # twenty minutes against forty, wherever they lie
        assert book(appointment, rival, "any", "08T15:20")["doctor_id"] == second.id


def test_minutes_count_and_not_visits(
    auth: Flask, appointment: Flask, patient: make.Person, rival: make.Person, two: list[make.Person]
) -> None:
    long = make.visit_type(appointment, make.admin(auth), duration_min=60, step_min=20)["id"]
    first, second = two
    with at(-7 * DAY):
        book(appointment, patient, first.id, "08T09:00", visit_type_id=long)
        book(appointment, rival, second.id, "08T09:00")
        book(appointment, rival, second.id, "08T09:20")

        assert book(appointment, patient, "any", "08T11:00")["doctor_id"] == second.id


def test_what_was_cancelled_counts_no_more(
    appointment: Flask, patient: make.Person, rival: make.Person, two: list[make.Person]
) -> None:
    with at(-7 * DAY):
        gone = book(appointment, patient, two[0].id, "08T09:00")
        Api(appointment, patient.token).post(f"/appointments/{gone['id']}/cancel")

        assert book(appointment, rival, "any")["doctor_id"] == two[0].id


def test_any_doctor_is_one_who_is_free_and_takes_bookings(
    appointment: Flask, patient: make.Person, rival: make.Person, two: list[make.Person]
) -> None:
    with at(-7 * DAY):
        book(appointment, rival, two[1].id)
        with appointment.app_context():
            db.session.execute(update(Doctor).where(Doctor.id == UUID(two[0].id)).values(bookable=False))
            db.session.commit()
        taken = book(appointment, patient, "any", expect=409)
        outside = book(appointment, patient, "any", "08T13:00", expect=422)

    assert taken["code"] == "slot-taken"
    assert {one for slot in taken["alternatives"] for one in slot["doctor_ids"]} == {two[1].id}
    assert (outside["code"], outside["next_available"]) == ("outside-hours", "2026-12-08T14:00:00+00:00")


def test_as_many_at_once_get_any_doctor_as_there_are_doctors(
    auth: Flask, appointment: Flask, two: list[make.Person]
) -> None:
    patients, together = [make.person(auth) for _ in range(4)], Barrier(4)

    def ask(who: make.Person) -> Any:
        together.wait()
        return Api(appointment, who.token).send("POST", "/appointments", json=make.wish("any")).get_json()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, patients))

    assert sorted(one["doctor_id"] for one in answers if "doctor_id" in one) == [one.id for one in two]
    assert [one["code"] for one in answers if "code" in one] == ["slot-taken"] * 2
    assert all(len(one["alternatives"]) == 5 for one in answers if "code" in one)


def test_nobody_offers_that(auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    staff_only = make.visit_type(appointment, make.admin(auth), bookable_by="staff")["id"]
    with at(-7 * DAY):
        for whom in ("any", doctor.id):
            for kind in (staff_only, UNKNOWN):
                problem = book(appointment, patient, whom, expect=422, visit_type_id=kind)
                assert problem["code"] == "visit-type-unavailable"
        book(appointment, patient, doctor.id)
        assert book_for(appointment, doctor, patient.id, visit_type_id=staff_only)["visit_type_id"] == staff_only


# --- doctors book for their own patients


def test_a_doctor_books_for_patients_of_their_own_list_only(
    auth: Flask, appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person
) -> None:
    other = make.doctor(auth, appointment)
    with at(-7 * DAY):
        book(appointment, patient, doctor.id)
        gone = book(appointment, rival, doctor.id, "08T10:20")
        Api(appointment, rival.token).post(f"/appointments/{gone['id']}/cancel")

        made = book_for(appointment, doctor, patient.id)
        answers = [
            book_for(appointment, who, whom, expect=404) | {"request_id": ""}
            for who, whom in ((other, patient.id), (doctor, rival.id), (doctor, UNKNOWN), (doctor, doctor.id))
        ]

    assert (made["patient_id"], made["patient_birth_date"]) == (patient.id, "1988-03-14")
    assert answers == [answers[0]] * 4
    assert answers[0]["code"] == "patient-not-found"


def test_notice_horizon_and_number_are_for_patients(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    with at(-7 * DAY):
        for when in ("08T09:00", "08T09:20", "08T09:40", "09T09:00", "09T09:20"):
            book(appointment, patient, doctor.id, when)
        assert book(appointment, patient, doctor.id, "10T09:00", expect=409)["code"] == "limit-reached"
        book_for(appointment, doctor, patient.id, "10T09:00")
        body = {"patient_id": patient.id, "appointment_time": "2027-12-08T10:00:00"}
        Api(appointment, doctor.token).post("/doctors/me/appointments", json=body, expect=201)
    with at(5):  # it has begun: somebody stands at the door
        book_for(appointment, doctor, patient.id, "08T10:00")
        assert book_for(appointment, doctor, patient.id, "08T09:20", expect=422)["code"] == "in-past"


@pytest.mark.parametrize(
    ("when", "code"), [("08T10:07", "not-offered"), ("08T13:00", "outside-hours"), ("08T17:00", "outside-hours")]
)
def test_doctors_keep_to_the_grid_unless_they_overbook(
    appointment: Flask, patient: make.Person, doctor: make.Person, when: str, code: str
) -> None:
    with at(-7 * DAY):
        book(appointment, patient, doctor.id, "09T10:00")

        assert book_for(appointment, doctor, patient.id, when, expect=422)["code"] == code
        made = book_for(appointment, doctor, patient.id, when, overbook="Needs to be seen")
    assert made["overbook"]
    assert made["local_time"] == when[3:]


# --- overbooking


def test_an_overbooked_time_stands_beside_what_is_booked(
    appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person
) -> None:
    with at(-7 * DAY):
        book(appointment, patient, doctor.id)
        book(appointment, rival, doctor.id, "09T10:00")
        assert book_for(appointment, doctor, rival.id, "08T10:00", expect=409)["code"] == "slot-taken"
        made = book_for(appointment, doctor, rival.id, "08T10:00", overbook="Needs to be seen")
        event = Api(appointment, doctor.token).get(f"/appointments/{made['id']}/history")["events"][0]
        body = {"from_date": "2026-12-10", "to_date": "2026-12-10"}
        Api(appointment, doctor.token).post(f"/doctors/{doctor.id}/exceptions", json=body, expect=201)
        in_time_off = book_for(appointment, doctor, rival.id, "10T10:00", overbook="Comes all the same")

    assert (made["overbook"], event["reason"]) == (True, "Needs to be seen")
    assert in_time_off["status"] == "booked"


def test_nobody_is_in_two_places_even_overbooked(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    other = make.doctor(auth, appointment)
    with at(-7 * DAY):
        mine = book(appointment, patient, doctor.id)
        elsewhere = book(appointment, patient, other.id, "08T11:00")
        own, others = (
            book_for(appointment, doctor, patient.id, when, expect=409, overbook="Needs to be seen")
            for when in ("08T10:10", "08T11:19")
        )

    assert own["code"] == others["code"] == "patient-busy"
    assert own["detail"] == others["detail"] == "The patient has another appointment at this time."
    assert own["reference"] == mine["reference"]
    # where else the patient is going is not for this doctor
    assert elsewhere["reference"] not in str(others)
    assert not {"reference", "appointment_id"} & others.keys()


@pytest.mark.parametrize("reason", ["", "    ", "four", "x" * 201, "\u200b" * 9, 5, True, ["Needs to be seen"]])
def test_overbooking_has_a_reason(
    appointment: Flask, patient: make.Person, doctor: make.Person, reason: object
) -> None:
    with at(-7 * DAY):
        book(appointment, patient, doctor.id)
        problem = book_for(appointment, doctor, patient.id, "08T10:00", expect=422, overbook=reason)

    assert [one["pointer"] for one in problem["errors"]] == ["/overbook"]


def test_what_is_over_is_not_overbooked(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    with at(-7 * DAY):
        book(appointment, patient, doctor.id)
    with at(40):
        problem = book_for(appointment, doctor, patient.id, "08T10:20", expect=422, overbook="Needs to be seen")

    assert problem["code"] == "in-past"


def test_patients_and_admins_do_not_overbook(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    with at(-7 * DAY):
        problem = book(appointment, patient, doctor.id, expect=422, overbook="I am in a hurry")
    assert [one["pointer"] for one in problem["errors"]] == ["/overbook"]
    for who in (patient, make.admin(auth)):
        book_for(appointment, who, patient.id, expect=403, overbook="I am in a hurry")


# --- what is copied


def test_later_edits_change_nothing_that_is_booked(
    auth: Flask, appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person
) -> None:
    office = Api(appointment, make.admin(auth).token)
    made = {"name": "Review", "public_name": "Review", "duration_min": 20, "buffer_after_min": 10, "step_min": 10}
    kind = office.post("/visit-types", json=made, expect=201)
    with at(-7 * DAY):
        before = book(appointment, patient, doctor.id, visit_type_id=kind["id"])
        edited = {
            **made,
            "public_name": "Long review",
            "duration_min": 60,
            "buffer_after_min": 0,
            "patient_move_cutoff_min": 30_000,
            "patient_cancel_cutoff_min": 30_000,
            "active": False,
        }
        office.put(f"/visit-types/{kind['id']}", json=edited, headers={"If-Match": '"1"'})
        Api(appointment, doctor.token).put("/doctors/me", json={"specialty": "Surgery", "room": "Room 9"})

        after = Api(appointment, patient.token).get(f"/appointments/{before['id']}")
        query = f"/slots?doctor_id={doctor.id}&from=2026-12-08&to=2026-12-08"
        free = [slot["local_time"] for slot in Api(appointment, rival.token).get(query)["days"][0]["slots"]]

    assert after == before
    assert "10:20" not in free  # the buffer it was booked with still counts
    assert "10:40" in free


def test_a_taken_time_is_told_with_times_of_that_kind(
    auth: Flask, appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person
) -> None:
    long = make.visit_type(appointment, make.admin(auth), duration_min=60, step_min=60)["id"]
    with at(-7 * DAY):
        book(appointment, rival, doctor.id, visit_type_id=long)
        problem = book(appointment, patient, doctor.id, expect=409, visit_type_id=long)

    assert [(one["local_date"], one["local_time"]) for one in problem["alternatives"]] == [
        ("2026-12-08", "09:00"),
        ("2026-12-08", "11:00"),
        ("2026-12-08", "14:00"),
        ("2026-12-08", "15:00"),
        ("2026-12-08", "16:00"),
    ]
    minutes = {
        (datetime.fromisoformat(one["end"]) - datetime.fromisoformat(one["start"])).seconds // 60
        for one in problem["alternatives"]
    }
    assert minutes == {60}


def test_patient_busy_comes_before_taken(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    with at(-7 * DAY):
        mine = book(appointment, patient, doctor.id)
        problem = book(appointment, patient, doctor.id, expect=409)

    assert (problem["code"], problem["appointment_id"]) == ("patient-busy", mine["id"])


def test_neighbours_do_not_clash(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, rival: make.Person
) -> None:
    other = make.doctor(auth, appointment)
    with at(-7 * DAY):
        book(appointment, patient, doctor.id)
        book(appointment, patient, other.id, "08T10:20")
        for when in ("08T09:40", "08T10:20"):
            book(appointment, rival, doctor.id, when)
