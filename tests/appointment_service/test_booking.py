"""Booking, reading, listing and cancelling."""

from datetime import UTC, datetime, time

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")  # the clock is set to other weeks in many of them
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


def book(appointment: Flask, who: make.Person, expect: int = 201, **body: object):
    return Api(appointment, who.token).post("/appointments", json=body, expect=expect)


def test_a_patient_books_a_wall_time(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    booked = book(appointment, patient, **make.wish(doctor.id, time(10, 20)))

    assert booked["status"] == "booked"
    assert booked["actions"] == ["move", "cancel"]
    assert booked["local_time"] == "10:20"
    assert booked["patient_birth_date"] == "1988-03-14"
    assert booked["doctor_name"].startswith("Dr ")
    assert len(booked["reference"]) == 9
    for person in (patient, doctor):
        mine = booked | {"actions": ["move", "cancel"]}
        assert Api(appointment, person.token).get(f"/appointments/{booked['id']}") == mine
        assert Api(appointment, person.token).get("/appointments")["items"] == [mine]


def test_an_offset_is_understood(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    with clock.set_to(datetime(2026, 12, 1, 9, tzinfo=UTC)):
        booked = book(appointment, patient, doctor_id=doctor.id, appointment_time="2026-12-08T12:20:00+02:00")

    assert booked["start"] == "2026-12-08T10:20:00Z"
    assert booked["appointment_time"] == "2026-12-08T10:20:00+00:00"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("2026-12-08T10:07:00", "not-offered"),
        ("2026-12-08T13:00:00", "outside-hours"),
        ("2026-12-08T23:50:00", "outside-hours"),
        ("2026-12-01T08:40:00", "in-past"),
        ("2026-12-01T10:00:00", "too-soon"),
        ("2027-04-01T10:00:00", "too-far"),
        ("2027-03-28T01:30:00", "not-offered"),
        ("2027-02-30T10:00:00Z", "validation-error"),
        ("2027-01-01T10:00:00.5Z", "validation-error"),
        ("20270101T100000Z", "validation-error"),
        ("2027-W01-1", "validation-error"),
        ("2026-12-08T10:00:00+23:59", "validation-error"),
        ("2026-12-08T10:00:00-00:00", "validation-error"),
        ("2026-12-08T10:00:00+14:01", "validation-error"),
        ("0001-01-01T10:00:00", "validation-error"),
        ("9999-12-31T23:59:00", "validation-error"),
        ("10000-01-01T10:00:00", "validation-error"),
        ("2026-12-08T10:00:60", "validation-error"),
        ("2026-12-08T１０:00:00", "validation-error"),
        ("now", "validation-error"),
        (1796724000, "validation-error"),
        (None, "validation-error"),
    ],
)
def test_a_time_that_cannot_be_booked(
    appointment: Flask, patient: make.Person, doctor: make.Person, given: object, code: str
) -> None:
    with clock.set_to(datetime(2026, 12, 1, 8, 50, tzinfo=UTC)):
        problem = book(appointment, patient, doctor_id=doctor.id, appointment_time=given, expect=422)

    assert problem["code"] == code
    assert Api(appointment, patient.token).get("/appointments")["items"] == []


def test_a_wall_time_the_clocks_skip_is_not_offered(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    at_night = make.doctor(auth, appointment, hours=[{"weekday": 7, "starts": "00:00", "ends": "04:00"}])

    with clock.set_to(datetime(2027, 3, 20, 9, tzinfo=UTC)):
        problem = book(appointment, patient, doctor_id=at_night.id, appointment_time="2027-03-28T01:20:00", expect=422)

    assert problem["code"] == "not-offered"


def test_the_hour_that_comes_twice_is_two_times(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    at_night = make.doctor(auth, appointment, hours=[{"weekday": 7, "starts": "00:00", "ends": "04:00"}])

    with clock.set_to(datetime(2026, 10, 20, 9, tzinfo=UTC)):
        first = book(appointment, patient, doctor_id=at_night.id, appointment_time="2026-10-25T01:20:00")
        second = book(appointment, patient, doctor_id=at_night.id, appointment_time="2026-10-25T01:20:00+00:00")

    assert (first["start"], second["start"]) == ("2026-10-25T00:20:00Z", "2026-10-25T01:20:00Z")
    assert first["local_time"] == second["local_time"] == "01:20"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"doctor_id": None}, "/doctor_id"),
        ({"doctor_id": "{%s}"}, "/doctor_id"),
        ({"doctor_id": "urn:uuid:%s"}, "/doctor_id"),
        ({"doctor_id": "UPPER"}, "/doctor_id"),
        ({"doctor_id": "DASHLESS"}, "/doctor_id"),
        ({"notes": "x" * 2001}, "/notes"),
        ({"notes": "nul\0"}, "/notes"),
        ({"notes": "\ud800"}, "/notes"),
        ({"notes": "\u200b"}, "/notes"),
        ({"status": "completed"}, "/status"),
        ({"patient_id": UNKNOWN}, "/patient_id"),
    ],
)
def test_a_wrong_field_is_named(
    appointment: Flask, patient: make.Person, doctor: make.Person, change: dict[str, object], pointer: str
) -> None:
    spelled = {"UPPER": doctor.id.upper(), "DASHLESS": doctor.id.replace("-", "")}
    wish = make.wish(doctor.id) | change
    if isinstance(wish["doctor_id"], str):
        wish["doctor_id"] = spelled.get(wish["doctor_id"], wish["doctor_id"].replace("%s", doctor.id))

    problem = book(appointment, patient, expect=422, **wish)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


def test_an_unknown_doctor_is_not_found(appointment: Flask, patient: make.Person) -> None:
    assert book(appointment, patient, expect=404, **make.wish(UNKNOWN))["code"] == "doctor-not-found"


def test_only_patients_book(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    for other in (doctor, make.admin(auth)):
        assert book(appointment, other, expect=403, **make.wish(doctor.id))["code"] == "forbidden"


def test_an_unverified_doctor_does_nothing_clinical(auth: Flask, appointment: Flask) -> None:
    unverified = Api(appointment, make.person(auth, "doctor", verified=False).token)

    assert unverified.get("/appointments", expect=403)["code"] == "doctor-not-verified"
    unverified.put("/doctors/me", json={"specialty": "Magic"}, expect=403)
    assert Api(appointment).get("/doctors")["items"] == []


def test_a_taken_time_comes_with_alternatives(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    make.appointment(appointment, make.person(auth), doctor, at=time(10))

    problem = book(appointment, patient, expect=409, **make.wish(doctor.id, time(10)))

    assert problem["code"] == "slot-taken"
    assert [slot["local_time"] for slot in problem["alternatives"]] == ["09:00", "09:20", "09:40", "10:20", "10:40"]
    start = problem["alternatives"][0]["start"]
    book(appointment, patient, doctor_id=doctor.id, appointment_time=start)


def test_alternatives_go_on_to_the_next_days(auth: Flask, appointment: Flask, patient: make.Person) -> None:
    brief = make.doctor(
        auth, appointment, hours=[{"weekday": n, "starts": "10:00", "ends": "10:20"} for n in range(1, 8)]
    )
    make.appointment(appointment, make.person(auth), brief)

    problem = book(appointment, patient, expect=409, **make.wish(brief.id))

    assert [slot["local_date"] for slot in problem["alternatives"]] == [str(make.clinic_day(n)) for n in range(8, 13)]


def test_nobody_is_in_two_places(auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    mine = make.appointment(appointment, patient, doctor)

    problem = book(appointment, patient, expect=409, **make.wish(make.doctor(auth, appointment).id))

    assert problem["code"] == "patient-busy"
    assert problem["appointment_id"] == mine["id"]
    assert problem["reference"] == mine["reference"]


def test_five_appointments_to_come_are_enough(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    for days in range(2, 7):
        make.appointment(appointment, patient, doctor, days=days)

    assert book(appointment, patient, expect=409, **make.wish(doctor.id, days=7))["code"] == "limit-reached"


def test_cancelling_frees_the_time_and_may_be_repeated(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    mine = make.appointment(appointment, patient, doctor)
    api = Api(appointment, patient.token)

    cancelled = api.post(f"/appointments/{mine['id']}/cancel")
    again = api.post(f"/appointments/{mine['id']}/cancel", json={})

    assert cancelled == again
    assert cancelled["status"] == "cancelled"
    make.appointment(appointment, make.person(auth), doctor)


def test_a_doctor_cancels_an_own_appointment(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    mine = make.appointment(appointment, patient, doctor)

    assert Api(appointment, doctor.token).post(f"/appointments/{mine['id']}/cancel")["status"] == "cancelled"


def test_what_has_begun_cannot_be_cancelled(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    mine = make.appointment(appointment, patient, doctor, days=1)

    with clock.set_to(datetime.fromisoformat(mine["start"])):
        problem = Api(appointment, patient.token).post(f"/appointments/{mine['id']}/cancel", expect=409)

    assert (problem["code"], problem["cutoff"]) == ("cutoff-passed", mine["start"].replace("Z", "+00:00"))


def test_a_strangers_appointment_is_as_if_it_were_not_there(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    mine = make.appointment(appointment, patient, doctor)

    for stranger in (make.person(auth), make.doctor(auth, appointment)):
        api = Api(appointment, stranger.token)
        answers = [
            {**api.call(method, path, 404), "request_id": ""}
            for name in (mine["id"], UNKNOWN)
            for method, path in (("GET", f"/appointments/{name}"), ("POST", f"/appointments/{name}/cancel"))
        ]
        assert answers[:2] == answers[2:]
        assert api.get("/appointments")["items"] == []
    assert Api(appointment, patient.token).get(f"/appointments/{mine['id']}")["status"] == "booked"


@pytest.mark.parametrize("name", ["x", "%00", "../admin", "00000000-0000-4000-8000-00000000000G"])
def test_a_malformed_id_is_not_found(appointment: Flask, patient: make.Person, name: str) -> None:
    Api(appointment, patient.token).get(f"/appointments/{name}", expect=404)


def test_records_are_never_deleted(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    mine = make.appointment(appointment, patient, doctor)

    answer = Api(appointment, patient.token).send("DELETE", f"/appointments/{mine['id']}")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_pages_hold_everything_once_in_order(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    for days in (5, 2, 4, 3):
        make.appointment(appointment, patient, doctor, days=days)
    api = Api(appointment, patient.token)

    for sort, expected in (("start", [2, 3, 4, 5]), ("-start", [5, 4, 3, 2])):
        found, cursor = [], ""
        while cursor is not None:
            page = api.get(f"/appointments?limit=3&sort={sort}{cursor and '&cursor=' + cursor}")
            found += [one["local_date"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert found == [str(make.clinic_day(days)) for days in expected]


def test_filters(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    mine = [make.appointment(appointment, patient, doctor, days=days) for days in (2, 3, 4)]
    api = Api(appointment, patient.token)
    api.post(f"/appointments/{mine[0]['id']}/cancel")

    def ids(query: str) -> list[str]:
        return [one["id"] for one in api.get(f"/appointments?{query}")["items"]]

    assert ids("status=cancelled") == [mine[0]["id"]]
    assert ids("status=booked") == [mine[1]["id"], mine[2]["id"]]
    assert ids(f"from={make.clinic_day(3)}&to={make.clinic_day(3)}") == [mine[1]["id"]]
    assert ids(f"from={make.clinic_day(4)}") == [mine[2]["id"]]


@pytest.mark.parametrize(
    "query",
    [
        "status=xyz",
        "sort=password_hash",
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=１",
        "limit=abc",
        "limit=1e9",
        "page=-1",
    ],
)
def test_a_wrong_query_is_refused(appointment: Flask, patient: make.Person, query: str) -> None:
    Api(appointment, patient.token).get(f"/appointments?{query}", expect=422)


def test_a_cursor_serves_one_list_of_one_person(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    for days in (2, 3):
        make.appointment(appointment, patient, doctor, days=days)
    cursor = Api(appointment, patient.token).get("/appointments?limit=1")["next_cursor"]

    for person, query in (
        (doctor, f"cursor={cursor}"),
        (patient, f"cursor={cursor}&sort=-start"),
        (patient, f"cursor={cursor[:-1]}"),
        (patient, "cursor=garbage"),
    ):
        assert Api(appointment, person.token).get(f"/appointments?{query}", expect=400)["code"] == "invalid-cursor"


def test_hours_with_bookings_are_not_taken_away(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    make.appointment(appointment, patient, doctor, at=time(10))
    api = Api(appointment, doctor.token)
    afternoons = [one for one in make.WEEK if one["starts"] == "14:00"]

    problem = api.put("/doctors/me/hours", json={"hours": afternoons}, expect=409)

    assert (problem["code"], problem["count"]) == ("has-bookings", 1)
    assert len(api.get("/doctors/me/hours")["hours"]) == 14


@pytest.mark.parametrize(
    "hours",
    [
        [{"weekday": 1, "starts": "09:00", "ends": "12:00"}, {"weekday": 1, "starts": "11:00", "ends": "13:00"}],
        [{"weekday": 0, "starts": "09:00", "ends": "12:00"}],
        [{"weekday": "1", "starts": "09:00", "ends": "12:00"}],
        [{"weekday": 1, "starts": "9:00", "ends": "12:00"}],
        [{"weekday": 1, "starts": "24:00", "ends": "12:00"}],
        [{"weekday": 1, "starts": "12:00", "ends": "09:00"}],
        [{"weekday": 1, "starts": "12:00", "ends": "12:00"}],
    ],
)
def test_hours_that_make_no_sense_are_refused(appointment: Flask, doctor: make.Person, hours: list[object]) -> None:
    Api(appointment, doctor.token).put("/doctors/me/hours", json={"hours": hours}, expect=422)


def test_the_directory_is_open_and_paged(auth: Flask, appointment: Flask) -> None:
    made = [make.doctor(auth, appointment, last_name=name) for name in ("Beta", "Alpha", "Gamma")]
    first = Api(appointment).get("/doctors?limit=2")

    second = Api(appointment).get(f"/doctors?limit=2&cursor={first['next_cursor']}")

    names = [one["name"] for one in first["items"] + second["items"]]
    assert names == sorted(names)
    assert len(names) == 3
    assert second["next_cursor"] is None
    assert Api(appointment).get(f"/doctors/{made[0].id}")["specialty"] == "General practice"
    assert Api(appointment).get(f"/doctors/{UNKNOWN}", expect=404)["code"] == "doctor-not-found"
