"""Time off and hours that change: who is affected is said before, is who is affected then, and is not forgotten."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import update

from appointment_service import hours, time_off
from appointment_service.models import Appointment, db
from appointment_service.schedule_tables import ScheduleException
from chassis import clock
from tests import make
from tests.api import Api

pytestmark = pytest.mark.usefixtures("fresh_list")

DAILY = [{"weekday": n, "starts": "09:00", "ends": "12:00"} for n in range(1, 8)]


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, hours=DAILY)


@pytest.fixture
def office(auth: Flask, appointment: Flask) -> Api:
    return Api(appointment, make.admin(auth).token)


@pytest.fixture
def three(auth: Flask, appointment: Flask, doctor: make.Person) -> list[Any]:
    """Visits at 9:00, 10:00 and 11:40 a week from now."""
    return [make.appointment(appointment, make.person(auth), doctor, at=at) for at in (time(9), time(10), time(11, 40))]


def body(days: int = 7, until: int | None = None, **given: Any) -> dict[str, Any]:
    first, last = make.clinic_day(days), make.clinic_day(days if until is None else until)
    return {"from_date": str(first), "to_date": str(last), **given}


def add(appointment: Flask, doctor: make.Person, expect: int = 201, **given: Any) -> Any:
    return Api(appointment, doctor.token).post(f"/doctors/{doctor.id}/exceptions", json=body(**given), expect=expect)


def preview(appointment: Flask, doctor: make.Person, **given: Any) -> Any:
    return Api(appointment, doctor.token).post(f"/doctors/{doctor.id}/exceptions/preview", json=body(**given))


def take_back(appointment: Flask, who: make.Person, added: Any, expect: int = 200) -> Any:
    return Api(appointment, who.token).call("DELETE", f"/exceptions/{added['exception']['id']}", expect)


def visit(appointment: Flask, doctor: make.Person, one: Any) -> Any:
    return Api(appointment, doctor.token).get(f"/appointments/{one['id']}")


def squeeze_in(appointment: Flask, doctor: make.Person, patient_id: str, at: str) -> Any:
    """Overbook, whatever the hours say."""
    wish = {
        "patient_id": patient_id,
        "appointment_time": f"{make.clinic_day(7)}T{at}:00",
        "overbook": "Dressing change",
    }
    return Api(appointment, doctor.token).post("/doctors/me/appointments", json=wish, expect=201)


@pytest.mark.parametrize(
    ("given", "affected"),
    [
        ({}, [0, 1, 2]),
        ({"until": 9}, [0, 1, 2]),
        ({"days": 8, "until": 9}, []),
        ({"days": 1, "until": 6}, []),
        ({"starts": "10:10", "ends": "11:40"}, [1]),
        ({"starts": "10:20", "ends": "11:40"}, []),
        ({"starts": "09:19", "ends": "10:01"}, [0, 1]),
        ({"starts": "11:59", "ends": "00:00"}, [2]),
        ({"kind": "replace", "starts": "09:00", "ends": "11:00"}, [2]),
        ({"kind": "replace", "starts": "09:10", "ends": "11:50"}, [0, 2]),
        ({"kind": "extra", "starts": "14:00", "ends": "15:00"}, []),
    ],
)
def test_what_is_said_before_is_what_happens(
    appointment: Flask, doctor: make.Person, three: list[Any], given: dict[str, Any], affected: list[int]
) -> None:
    said = preview(appointment, doctor, **given)
    wanted = [three[n]["id"] for n in affected]
    assert [one["id"] for one in said["items"]] == wanted
    assert [visit(appointment, doctor, one) for one in three] == [
        one | {"actions": ["move", "cancel"]} for one in three
    ]

    if affected:
        refused = add(appointment, doctor, 409, **given)
        assert (refused["code"], refused["count"]) == ("has-bookings", len(affected))
        assert Api(appointment, doctor.token).get(f"/doctors/{doctor.id}/exceptions")["items"] == []
    done = add(appointment, doctor, **given, on_conflict="keep")

    assert (done["count"], done["items"]) == (said["count"], said["items"])
    assert [one["id"] for one in three if visit(appointment, doctor, one)["displaced"]] == wanted
    assert preview(appointment, doctor, **given)["count"] == 0  # nobody is counted twice
    assert add(appointment, doctor, **given)["count"] == 0


@pytest.mark.parametrize(
    ("choice", "action", "status", "displaced"),
    [
        ("keep", "displace", "booked", True),
        ("offer", "offer-move", "booked", True),
        ("cancel", "cancel", "cancelled", False),
    ],
)
def test_people_are_kept_asked_to_move_or_cancelled(
    appointment: Flask, doctor: make.Person, three: list[Any], choice: str, action: str, status: str, displaced: bool
) -> None:
    add(appointment, doctor, starts="10:00", ends="11:00", on_conflict=choice)

    found = visit(appointment, doctor, three[1])
    assert (found["status"], found["displaced"], found["version"], found["late"]) == (status, displaced, 2, False)
    assert found["cancellation_code"] == ("clinic" if choice == "cancel" else None)
    events = Api(appointment, doctor.token).get(f"/appointments/{found['id']}/history")["events"]
    assert [one["action"] for one in events] == ["book", action]
    assert visit(appointment, doctor, three[0])["version"] == 1


def test_taking_it_back_puts_people_in_their_place_again(
    appointment: Flask, doctor: make.Person, three: list[Any]
) -> None:
    whole = add(appointment, doctor, on_conflict="keep")
    part = add(appointment, doctor, starts="10:00", ends="11:00")

    take_back(appointment, doctor, whole)
    found = [visit(appointment, doctor, one) for one in three]
    assert [(one["displaced"], one["version"]) for one in found] == [(False, 3), (True, 2), (False, 3)]
    take_back(appointment, doctor, part)
    assert not visit(appointment, doctor, three[1])["displaced"]
    take_back(appointment, doctor, part, expect=404)


def test_of_two_alike_the_other_one_still_counts(
    appointment: Flask, doctor: make.Person, three: list[Any], patient: make.Person
) -> None:
    first, second = add(appointment, doctor, on_conflict="keep"), add(appointment, doctor)

    take_back(appointment, doctor, first)
    assert visit(appointment, doctor, three[0])["displaced"]
    wish = make.wish(doctor.id, time(9, 20))
    Api(appointment, patient.token).post("/appointments", json=wish, expect=422)
    take_back(appointment, doctor, second)
    assert not visit(appointment, doctor, three[0])["displaced"]


def test_hours_that_people_are_booked_in_are_not_taken_back(
    appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    extra = add(appointment, doctor, kind="extra", starts="18:00", ends="19:00")
    booked = make.appointment(appointment, patient, doctor, at=time(18))

    assert take_back(appointment, doctor, extra, expect=409)["count"] == 1
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/cancel")
    take_back(appointment, doctor, extra)


def test_who_was_overbooked_beside_the_hours_is_not_forgotten(
    appointment: Flask, doctor: make.Person, three: list[Any]
) -> None:
    early = squeeze_in(appointment, doctor, three[0]["patient_id"], "07:03")

    assert [one["id"] for one in preview(appointment, doctor)["items"]] == [early["id"], *(one["id"] for one in three)]
    assert preview(appointment, doctor, starts="07:20", ends="08:00")["count"] == 1
    assert preview(appointment, doctor, starts="07:23", ends="08:00")["count"] == 0
    assert preview(appointment, doctor, kind="replace", starts="09:00", ends="12:00")["count"] == 0
    added = add(appointment, doctor, on_conflict="keep")
    assert visit(appointment, doctor, early)["displaced"]
    assert preview(appointment, doctor)["count"] == 0
    take_back(appointment, doctor, added)
    assert not visit(appointment, doctor, early)["displaced"]


def test_a_held_time_goes_back_when_the_doctor_is_away(
    auth: Flask, appointment: Flask, doctor: make.Person, three: list[Any]
) -> None:
    with appointment.app_context():
        held = {"status": "pending", "held_until": clock.now() + timedelta(minutes=20)}
        db.session.execute(update(Appointment).where(Appointment.id == UUID(three[1]["id"])).values(held))
        db.session.commit()

    assert add(appointment, doctor, 409)["count"] == 2
    assert state(appointment, three[1]) == ("pending", None)
    add(appointment, doctor, on_conflict="keep")
    assert state(appointment, three[1]) == ("cancelled", "hold-released")


def state(appointment: Flask, one: Any) -> tuple[str, str | None]:
    with appointment.app_context():
        found = db.session.get_one(Appointment, UUID(one["id"]))
        return found.status, found.cancellation_code


# --- the clinic


def test_the_clinic_closes_for_all_but_those_who_work_all_the_same(
    auth: Flask, appointment: Flask, office: Api, doctor: make.Person, three: list[Any], patient: make.Person
) -> None:
    here_all_the_same = make.doctor(auth, appointment, hours=DAILY)
    other = make.doctor(auth, appointment, hours=DAILY)
    add(appointment, here_all_the_same, kind="extra", starts="10:00", ends="11:00")
    stays = make.appointment(appointment, patient, here_all_the_same, at=time(10, 20))
    goes = make.appointment(appointment, patient, here_all_the_same, at=time(9))
    theirs = make.appointment(appointment, patient, other, at=time(11))

    said = office.post("/clinic/exceptions/preview", json=body())
    refused = office.post("/clinic/exceptions", json=body(), expect=409)
    done = office.post("/clinic/exceptions", json=body(on_conflict="cancel"), expect=201)

    wanted = {goes["id"], theirs["id"], *(one["id"] for one in three)}
    assert {one["id"] for one in said["items"]} == {one["id"] for one in done["items"]} == wanted
    assert refused["count"] == done["count"] == 5
    assert visit(appointment, here_all_the_same, stays)["status"] == "booked"
    assert visit(appointment, other, theirs)["status"] == "cancelled"
    query = f"/slots?doctor_id=any&from={make.clinic_day(7)}&to={make.clinic_day(7)}"
    free = Api(appointment, patient.token).get(query)["days"][0]["slots"]
    assert [(one["local_time"], one["doctor_ids"]) for one in free] == [
        ("10:00", [here_all_the_same.id]),
        ("10:40", [here_all_the_same.id]),
    ]


def test_only_an_admin_closes_and_opens_the_clinic(
    auth: Flask, appointment: Flask, office: Api, doctor: make.Person
) -> None:
    other = make.doctor(auth, appointment)
    closing = office.post("/clinic/exceptions", json=body(), expect=201)
    own = add(appointment, other)

    for mine in (closing, own):
        take_back(appointment, doctor, mine, expect=404)
    Api(appointment, doctor.token).post("/clinic/exceptions", json=body(), expect=403)
    Api(appointment, doctor.token).post(f"/doctors/{other.id}/exceptions", json=body(), expect=404)
    office.call("DELETE", f"/exceptions/{closing['exception']['id']}", 200)
    assert office.get("/clinic/exceptions")["items"] == []


# --- weekly hours


def test_hours_count_from_their_day_on(appointment: Flask, doctor: make.Person, three: list[Any]) -> None:
    api, later = (
        Api(appointment, doctor.token),
        [{"weekday": n, "starts": "10:00", "ends": "12:00"} for n in range(1, 8)],
    )
    week = {"hours": later, "valid_from": str(make.clinic_day(7))}

    said = api.post(f"/doctors/{doctor.id}/hours/preview", json=week)
    refused = api.put("/doctors/me/hours", json=week, expect=409)
    assert (said["affected"], refused["count"], said["appointments_per_week"]) == (1, 1, 7 * 6)
    assert api.get("/doctors/me/hours")["planned"] == []
    week["valid_from"] = str(make.clinic_day(8))
    assert api.post(f"/doctors/{doctor.id}/hours/preview", json=week)["affected"] == 0
    told = api.put("/doctors/me/hours", json=week)

    assert [one["starts"] for one in told["hours"]] == ["09:00"] * 7
    assert told["appointments_per_week"] == 7 * 9
    assert [(one["valid_from"], len(one["hours"])) for one in told["planned"]] == [(week["valid_from"], 7)]
    query = f"/slots?doctor_id={doctor.id}&from={make.clinic_day(7)}&to={make.clinic_day(8)}"
    first = [day["slots"][0]["local_time"] for day in api.get(query)["days"]]
    assert first == ["09:20", "10:00"]


def test_a_new_week_replaces_what_was_planned_behind_it(appointment: Flask, doctor: make.Person) -> None:
    api = Api(appointment, doctor.token)
    for days, starts in ((20, "10:00"), (10, "11:00")):
        hours = [{"weekday": 1, "starts": starts, "ends": "12:00"}]
        told = api.put("/doctors/me/hours", json={"hours": hours, "valid_from": str(make.clinic_day(days))})

    assert [(one["valid_from"], one["hours"][0]["starts"]) for one in told["planned"]] == [
        (str(make.clinic_day(10)), "11:00")
    ]
    assert len(told["hours"]) == 7
    now = api.put("/doctors/me/hours", json={"hours": DAILY})
    assert (len(now["hours"]), now["planned"]) == (7, [])


def test_hours_are_for_kinds_of_visit_that_there_are(appointment: Flask, doctor: make.Person, office: Api) -> None:
    api, kind = Api(appointment, doctor.token), office.get("/visit-types")["items"][0]["id"]

    def week(*kinds: str) -> dict[str, Any]:
        return {"hours": [{"weekday": 1, "starts": "09:00", "ends": "12:00", "visit_type_ids": list(kinds)}]}

    problem = api.put("/doctors/me/hours", json=week(kind, str(uuid4())), expect=422)
    assert [one["pointer"] for one in problem["errors"]] == ["/hours"]
    assert api.put("/doctors/me/hours", json=week(kind))["hours"][0]["visit_type_ids"] == [kind]


def test_that_work_ends_on_a_day_is_told(appointment: Flask, doctor: make.Person) -> None:
    api, day = Api(appointment, doctor.token), str(make.clinic_day(30))

    told = api.put("/doctors/me/hours", json={"hours": [], "valid_from": day})

    assert (len(told["hours"]), told["planned"]) == (7, [{"valid_from": day, "hours": []}])


def test_a_visit_in_time_off_does_not_keep_hours_from_changing(
    appointment: Flask, doctor: make.Person, three: list[Any]
) -> None:
    add(appointment, doctor, on_conflict="keep")

    api = Api(appointment, doctor.token)
    assert api.post(f"/doctors/{doctor.id}/hours/preview", json={"hours": []})["affected"] == 0
    assert api.put("/doctors/me/hours", json={"hours": []})["hours"] == []


# --- time off and a booking at once


def both(appointment: Flask, doctor: make.Person) -> int:
    """How many visits stand in time off without anybody having said so. The checker: it has to find none."""
    api = Api(appointment, doctor.token)
    away = [(one["from_date"], one["to_date"]) for one in api.get(f"/doctors/{doctor.id}/exceptions")["items"]]
    booked = [one for one in api.get("/appointments?status=booked&limit=100")["items"] if not one["displaced"]]
    return sum(any(first <= one["local_date"] <= last for first, last in away) for one in booked)


def test_time_off_and_bookings_at_once_never_both_win(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    rivals, outcomes = [make.person(auth) for _ in range(3)], []

    def away(days: int, together: Barrier) -> int:
        together.wait()
        path = f"/doctors/{doctor.id}/exceptions"
        return Api(appointment, doctor.token).send("POST", path, json=body(days)).status_code

    def book(who: make.Person, at: time, days: int, together: Barrier) -> int:
        together.wait()
        wish = make.wish(doctor.id, at, days=days)
        return Api(appointment, who.token).send("POST", "/appointments", json=wish).status_code

    with ThreadPoolExecutor(4) as pool:
        for days in range(7, 12):
            together = Barrier(4)
            booking = [pool.submit(book, who, time(9 + n), days, together) for n, who in enumerate(rivals)]
            closing = pool.submit(away, days, together)
            outcomes.append((closing.result(), [one.result() for one in booking]))

    assert both(appointment, doctor) == 0
    for closed, booked in outcomes:
        assert (closed, set(booked)) == (201, {422}) or (closed == 409 and 201 in booked), outcomes


def test_whoever_waits_for_the_doctors_turn_sees_what_came_before(
    environment: dict[str, str], auth: Flask, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    """Time off that has its turn and is not written yet: the booking waits for it, and is refused."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as slow, ThreadPoolExecutor(1) as pool:
        write_time_off(slow, doctor, "SELECT 1 FROM appointment.doctor WHERE id = %s FOR NO KEY UPDATE")
        booking = pool.submit(
            lambda: Api(appointment, patient.token).send("POST", "/appointments", json=wished(doctor))
        )
        wait_for_one_who_waits(environment)
        slow.commit()
        answer = booking.result()

    assert (answer.status_code, answer.get_json()["code"]) == (422, "outside-hours")
    assert both(appointment, doctor) == 0


def test_without_its_turn_both_would_win(
    environment: dict[str, str], appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    """The control: the same time off, written past the turn. The checker finds it."""
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as slow:
        write_time_off(slow, doctor, "SELECT %s::uuid")
        Api(appointment, patient.token).post("/appointments", json=wished(doctor), expect=201)
        slow.commit()

    assert both(appointment, doctor) == 1


def wished(doctor: make.Person) -> dict[str, Any]:
    return make.wish(doctor.id)


def write_time_off(slow: Any, doctor: make.Person, turn: str) -> None:
    day = make.clinic_day(7)
    with slow.cursor() as cursor:
        cursor.execute(turn, (doctor.id,))
        cursor.execute(
            "INSERT INTO appointment.schedule_exception (id, doctor_id, from_date, to_date, kind, reason)"
            " VALUES (%s, %s, %s, %s, 'closed', '')",
            (str(uuid4()), doctor.id, day, day),
        )


def wait_for_one_who_waits(environment: dict[str, str]) -> None:
    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as watching:
        watching.autocommit = True
        with watching.cursor() as cursor:
            while True:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                if cursor.fetchone() != (0,):
                    return


def test_nobody_has_more_exceptions_than_free_times_can_be_worked_out_of(
    appointment: Flask, doctor: make.Person, office: Api
) -> None:
    """Each of them is read for every free time, for all patients."""
    day = make.clinic_day(7)
    with appointment.app_context():
        for n in range(time_off.MOST_TO_COME):
            row = ScheduleException(doctor_id=UUID(doctor.id), kind="extra", from_date=day, to_date=day)
            row.starts, row.ends, row.reason, row.holiday = time(18), time(18, 1 + n % 59), "", False
            row.created_by = UUID(doctor.id)
            db.session.add(row)
        db.session.commit()

    assert add(appointment, doctor, days=9, expect=409)["code"] == "limit-reached"

    office.post("/clinic/exceptions", json=body(days=9), expect=201)  # the clinic's are counted apart
    listed = Api(appointment, doctor.token).get(f"/doctors/{doctor.id}/exceptions")["items"]
    Api(appointment, doctor.token).call("DELETE", f"/exceptions/{listed[0]['id']}", 200)
    add(appointment, doctor, days=9)


def test_nobody_plans_more_weeks_than_free_times_can_be_worked_out_of(appointment: Flask, doctor: make.Person) -> None:
    own = Api(appointment, doctor.token)
    for n in range(1, hours.MOST_PLANNED + 1):
        own.put("/doctors/me/hours", json={"hours": DAILY, "valid_from": str(make.clinic_day(n))})
    one_more = {"hours": DAILY, "valid_from": str(make.clinic_day(hours.MOST_PLANNED + 1))}

    problem = own.put("/doctors/me/hours", json=one_more, expect=422)

    assert problem["errors"][0]["pointer"] == "/valid_from"
    own.put("/doctors/me/hours", json={"hours": DAILY, "valid_from": str(make.clinic_day(1))})
    own.put("/doctors/me/hours", json=one_more)
