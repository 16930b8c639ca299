"""Moving: the same record at another time. What cannot be had leaves the old time as it was."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")

START = datetime(2026, 12, 8, 10, tzinfo=UTC)  # a Tuesday
DAY = 1440


@contextlib.contextmanager
def at(minutes: int) -> Iterator[None]:
    """So many minutes behind the start."""
    with clock.set_to(START + timedelta(minutes=minutes)):
        yield


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def rival(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def booked(appointment: Flask, patient: make.Person, doctor: make.Person) -> Any:
    return book(appointment, patient, doctor)


def book(appointment: Flask, who: make.Person, doctor: make.Person, when: str = "2026-12-08T10:00:00") -> Any:
    with at(-7 * DAY):
        body = {"doctor_id": doctor.id, "appointment_time": when}
        return Api(appointment, who.token).post("/appointments", json=body, expect=201)


def move(
    appointment: Flask, who: make.Person, visit: Any, when: str = "2026-12-08T11:00:00", expect: int = 200, **given: Any
) -> Any:
    headers = {"If-Match": given.pop("version", None) or f'"{visit["version"]}"'}
    body = {"appointment_time": when, **given}
    path = f"/appointments/{visit['id']}/move"
    return Api(appointment, who.token).post(path, json=body, headers=headers, expect=expect)


def standing(appointment: Flask, who: make.Person, visit: Any) -> Any:
    return Api(appointment, who.token).get(f"/appointments/{visit['id']}")


def sequence_of(appointment: Flask, who: make.Person, visit: Any) -> str:
    """What a calendar reads of it."""
    file = Api(appointment, who.token).send("GET", f"/appointments/{visit['id']}.ics").get_data(as_text=True)
    lines = dict(line.split(":", 1) for line in file.splitlines() if ":" in line)
    return f"{lines['UID']} {lines['SEQUENCE']}"


def test_a_move_keeps_id_and_reference_and_counts_up(
    appointment: Flask, patient: make.Person, booked: Any, rival: make.Person, doctor: make.Person
) -> None:
    first = sequence_of(appointment, patient, booked)
    with at(-DAY):
        moved = move(appointment, patient, booked)
        book(appointment, rival, doctor)  # the old time is free
    second = sequence_of(appointment, patient, booked)

    same = ("id", "reference", "patient_id", "doctor_id", "visit_type_id", "duration_minutes", "status", "notes")
    assert [moved[name] for name in same] == [booked[name] for name in same]
    assert (moved["start"], moved["end"]) == ("2026-12-08T11:00:00Z", "2026-12-08T11:20:00Z")
    assert moved["version"] == booked["version"] + 1
    uid, number = first.rsplit(" ", 1)
    assert second == f"{uid} {int(number) + 1}"
    event = Api(appointment, patient.token).get(f"/appointments/{booked['id']}/history")["events"][-1]
    assert (event["action"], event["from_start"], event["to_start"]) == ("move", booked["start"], moved["start"])


def test_moving_to_where_it_is_changes_nothing(appointment: Flask, patient: make.Person, booked: Any) -> None:
    with at(-DAY):
        assert move(appointment, patient, booked, "2026-12-08T10:00:00") == standing(appointment, patient, booked)
    assert len(Api(appointment, patient.token).get(f"/appointments/{booked['id']}/history")["events"]) == 1


def test_a_time_that_overlaps_the_old_one_can_be_had(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    office = make.admin(auth)
    long = make.visit_type(appointment, office, duration_min=60, step_min=20)["id"]
    doctor = make.doctor(auth, appointment)
    with at(-7 * DAY):
        body = {"doctor_id": doctor.id, "appointment_time": "2026-12-08T10:00:00", "visit_type_id": long}
        visit = Api(appointment, patient.token).post("/appointments", json=body, expect=201)
    with at(-DAY):
        later = move(appointment, patient, visit, "2026-12-08T10:20:00")
        earlier = move(appointment, patient, later, "2026-12-08T09:40:00")

    assert [one["local_time"] for one in (later, earlier)] == ["10:20", "09:40"]


def test_a_taken_time_leaves_the_old_one_booked(
    appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person, booked: Any
) -> None:
    book(appointment, rival, doctor, "2026-12-08T11:00:00")
    with at(-DAY):
        before = standing(appointment, patient, booked)
        problem = move(appointment, patient, booked, expect=409)
        assert standing(appointment, patient, booked) == before

    assert problem["code"] == "slot-taken"
    # its own time counts as free, the rival's does not
    assert [one["local_time"] for one in problem["alternatives"]] == ["10:00", "10:20", "10:40", "11:20", "11:40"]
    assert len(Api(appointment, patient.token).get(f"/appointments/{booked['id']}/history")["events"]) == 1


def test_nobody_is_moved_to_where_they_are_busy(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, booked: Any
) -> None:
    elsewhere = book(appointment, patient, make.doctor(auth, appointment), "2026-12-08T11:00:00")
    with at(-DAY):
        problem = move(appointment, patient, booked, expect=409)

    assert (problem["code"], problem["reference"]) == ("patient-busy", elsewhere["reference"])


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("2026-12-08T10:07:00", "not-offered"),
        ("2026-12-08T13:00:00", "outside-hours"),
        ("2026-12-01T09:00:00", "in-past"),
        ("2027-12-08T10:00:00", "too-far"),
        ("2026-12-07T11:00:00", "too-soon"),
    ],
)
def test_the_refusals_of_booking_leave_the_old_time_booked(
    appointment: Flask, patient: make.Person, booked: Any, when: str, code: str
) -> None:
    with at(-DAY):
        problem = move(appointment, patient, booked, when, expect=422)

    assert problem["code"] == code
    if code == "outside-hours":
        assert problem["next_available"] == "2026-12-08T14:00:00+00:00"
    assert standing(appointment, patient, booked)["start"] == booked["start"]


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "precondition-required"),
        ("*", 422, "validation-error"),
        ('"2"', 412, "version-conflict"),
        ('"0"', 412, "version-conflict"),
        ("1", 422, "validation-error"),
        ('W/"1"', 422, "validation-error"),
        ('"1", "2"', 422, "validation-error"),
        ('"99999999999999999999"', 422, "validation-error"),
        ('"１"', 422, "validation-error"),
        ("", 422, "validation-error"),
    ],
)
def test_a_move_names_the_version_it_is_made_on(
    appointment: Flask, patient: make.Person, booked: Any, header: str | None, status: int, code: str
) -> None:
    path, body = f"/appointments/{booked['id']}/move", {"appointment_time": "2026-12-08T11:00:00"}
    headers = {} if header is None else {"If-Match": header}
    with at(-DAY):
        answer = Api(appointment, patient.token).call("POST", path, status, json=body, headers=headers)

    assert answer["code"] == code
    assert standing(appointment, patient, booked)["start"] == booked["start"]


def test_of_two_moves_on_one_version_the_second_is_refused(
    appointment: Flask, patient: make.Person, doctor: make.Person, booked: Any
) -> None:
    with at(-DAY):
        read = Api(appointment, doctor.token).send("GET", f"/appointments/{booked['id']}")
        move(appointment, patient, booked)
        problem = move(appointment, doctor, booked, "2026-12-08T11:20:00", 412, version=read.headers["ETag"])

    assert problem["code"] == "version-conflict"
    assert standing(appointment, patient, booked)["local_time"] == "11:00"


def test_a_patient_changes_to_another_doctor(
    auth: Flask, appointment: Flask, patient: make.Person, booked: Any
) -> None:
    other = make.doctor(auth, appointment)
    with at(-DAY):
        moved = move(appointment, patient, booked, "2026-12-08T10:00:00", doctor_id=other.id)

    assert (moved["doctor_id"], moved["reference"], moved["start"]) == (other.id, booked["reference"], booked["start"])
    old = {"id": booked["doctor_id"]}
    assert old["id"] != other.id
    assert Api(appointment, other.token).get("/appointments")["items"][0]["id"] == booked["id"]


def test_a_doctor_moves_within_their_own_list_only(
    auth: Flask, appointment: Flask, doctor: make.Person, booked: Any
) -> None:
    other = make.doctor(auth, appointment)
    with at(-DAY):
        problem = move(appointment, doctor, booked, doctor_id=other.id, expect=404)
        assert move(appointment, doctor, booked, doctor_id=doctor.id)["local_time"] == "11:00"

    assert problem["code"] == "doctor-not-found"
    assert Api(appointment, other.token).get("/appointments")["items"] == []


def test_an_unknown_doctor_and_one_who_takes_no_bookings(
    auth: Flask, appointment: Flask, patient: make.Person, booked: Any
) -> None:
    from uuid import UUID

    from appointment_service.models import Doctor, db

    away = make.doctor(auth, appointment)
    with appointment.app_context():
        db.session.get_one(Doctor, UUID(away.id)).bookable = False
        db.session.commit()
    with at(-DAY):
        unknown = move(appointment, patient, booked, doctor_id="00000000-0000-4000-8000-000000000000", expect=404)
        assert move(appointment, patient, booked, doctor_id=away.id, expect=409)["code"] == "doctor-not-bookable"

    assert unknown["code"] == "doctor-not-found"


def test_patients_move_until_their_cutoff_and_staff_until_the_end(
    appointment: Flask, auth: Flask, patient: make.Person, doctor: make.Person, booked: Any
) -> None:
    office = make.admin(auth)
    with at(-4 * 60):
        problem = move(appointment, patient, booked, "2026-12-09T11:00:00", expect=409)
        moved = move(appointment, doctor, booked, "2026-12-08T09:00:00")  # no notice for staff
    with clock.set_to(datetime(2026, 12, 8, 9, 19, 59, tzinfo=UTC)):
        moved = move(appointment, office, moved, "2026-12-08T10:00:00")
    with at(20):
        late = move(appointment, doctor, moved, "2026-12-09T11:00:00", expect=409)
        over = standing(appointment, doctor, booked)

    assert (problem["code"], problem["cutoff"]) == ("cutoff-passed", "2026-12-08T06:00:00+00:00")
    assert late["code"] == "too-late"
    assert "move" not in over["actions"]


def test_a_patient_may_move_a_second_before_the_cutoff(appointment: Flask, patient: make.Person, booked: Any) -> None:
    with clock.set_to(START - timedelta(hours=4, seconds=1)):
        assert move(appointment, patient, booked, "2026-12-09T11:00:00")["local_date"] == "2026-12-09"


def test_staff_move_to_no_time_that_is_over(appointment: Flask, doctor: make.Person, booked: Any) -> None:
    with at(10):
        assert move(appointment, doctor, booked, "2026-12-08T09:00:00", expect=422)["code"] == "in-past"
        assert move(appointment, doctor, booked, "2026-12-08T10:20:00")["local_time"] == "10:20"


@pytest.mark.parametrize("step", ["cancel", "complete", "arrive", "no-show"])
def test_only_what_is_booked_moves(appointment: Flask, doctor: make.Person, booked: Any, step: str) -> None:
    with at(16):
        stepped = Api(appointment, doctor.token).post(f"/appointments/{booked['id']}/{step}")
        problem = move(appointment, doctor, stepped, expect=409)

    assert problem["code"] == "invalid-transition"
    assert problem["appointment_status"] == stepped["status"]
    assert problem["allowed"] == stepped["actions"]


def test_a_visit_moves_on_the_terms_that_hold_now(
    auth: Flask, appointment: Flask, patient: make.Person, rival: make.Person, doctor: make.Person
) -> None:
    office = make.admin(auth)
    kind = make.visit_type(appointment, office, duration_min=20, step_min=20)
    with at(-7 * DAY):
        body = {"doctor_id": doctor.id, "appointment_time": "2026-12-08T10:00:00", "visit_type_id": kind["id"]}
        visit = Api(appointment, patient.token).post("/appointments", json=body, expect=201)
    changed = {name: kind[name] for name in kind if name not in {"id", "version"}} | {"duration_min": 40}
    Api(appointment, office.token).put(f"/visit-types/{kind['id']}", json=changed, headers={"If-Match": '"1"'})
    with at(-DAY):
        assert standing(appointment, patient, visit)["duration_minutes"] == 20
        assert move(appointment, patient, visit)["duration_minutes"] == 40


def test_an_overbooked_or_displaced_one_that_moves_to_a_free_time_is_as_any_other(
    appointment: Flask, doctor: make.Person, patient: make.Person, booked: Any
) -> None:
    api = Api(appointment, doctor.token)
    with at(-DAY):
        day = {"from_date": "2026-12-08", "to_date": "2026-12-08", "on_conflict": "keep"}
        api.post(f"/doctors/{doctor.id}/exceptions", json=day, expect=201)
        squeezed = api.post(
            "/doctors/me/appointments",
            json={"patient_id": patient.id, "appointment_time": "2026-12-09T07:03:00", "overbook": "Dressing change"},
            expect=201,
        )
        kept = standing(appointment, doctor, booked)
        moved = move(appointment, patient, kept, "2026-12-09T09:00:00")
        again = move(appointment, doctor, squeezed, "2026-12-09T09:20:00")

    assert kept["displaced"]
    assert squeezed["overbook"]
    assert [(one["displaced"], one["overbook"]) for one in (moved, again)] == [(False, False)] * 2


def test_somebody_elses_appointment_does_not_move(
    auth: Flask, appointment: Flask, rival: make.Person, booked: Any
) -> None:
    stranger = make.doctor(auth, appointment)
    with at(-DAY):
        for who in (rival, stranger):
            assert move(appointment, who, booked, expect=404)["code"] == "not-found"
