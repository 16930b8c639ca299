"""Free times through the door: what takes a time away, for whom, why, and what it costs to work out."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, update

from appointment_service import grid
from appointment_service.grid import Asker, Diary, Taken
from appointment_service.models import Appointment, db
from appointment_service.opening import Stretch
from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.test_opening import OTHER_KIND, UTC_ZONE, terms, work

pytestmark = pytest.mark.usefixtures("fresh_list")

DAY = date(2026, 12, 8)  # a Tuesday; London's clocks show UTC then
LONG_BEFORE = datetime(2026, 12, 1, 8, tzinfo=UTC)
TEN = datetime(2026, 12, 8, 10, tzinfo=UTC)
MORNING = [{"weekday": 2, "starts": "09:00", "ends": "11:00"}]
ALL = ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40"]


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, hours=MORNING)


@pytest.fixture
def office(auth: Flask, appointment: Flask) -> Api:
    return Api(appointment, make.admin(auth).token)


@pytest.fixture(autouse=True)
def _a_week_before(patient: make.Person, doctor: make.Person, office: Api) -> Iterator[None]:
    with clock.set_to(LONG_BEFORE):
        yield


def other_patient(auth: Flask) -> make.Person:
    """Signed in now and not in the week of the test: tokens are read by the real clock."""
    with clock.set_to(datetime.now(UTC)):
        return make.person(auth)


def other_doctor(auth: Flask, appointment: Flask, hours: list[dict[str, Any]] = MORNING) -> make.Person:
    with clock.set_to(datetime.now(UTC)):
        return make.doctor(auth, appointment, hours=hours)


def slots(appointment: Flask, who: make.Person, doctor: make.Person | str, **given: Any) -> Any:
    query = {"doctor_id": doctor if isinstance(doctor, str) else doctor.id, "from": DAY, "to": DAY} | given
    return Api(appointment, who.token).get("/slots?" + "&".join(f"{name}={value}" for name, value in query.items()))


def times(appointment: Flask, who: make.Person, doctor: make.Person | str, **given: Any) -> list[str]:
    found = slots(appointment, who, doctor, **given)
    return [slot["local_time"] for day in found["days"] for slot in day["slots"]]


def kind(office: Api, **given: Any) -> str:
    name = str(uuid4())
    made = {"name": name, "public_name": "Visit", "min_notice_min": 0, **given}
    return str(office.post("/visit-types", json=made, expect=201)["id"])


def book(appointment: Flask, who: make.Person, doctor: make.Person, at: str = "10:00", **given: Any) -> Any:
    body = {"doctor_id": doctor.id, "appointment_time": f"{DAY}T{at}:00", **given}
    return Api(appointment, who.token).post("/appointments", json=body, expect=201)


def set_hours(appointment: Flask, doctor: make.Person, *hours: dict[str, Any]) -> None:
    Api(appointment, doctor.token).put("/doctors/me/hours", json={"hours": list(hours)})


def close(appointment: Flask, doctor: make.Person, **given: Any) -> None:
    body = {"from_date": str(DAY), "to_date": str(DAY), **given}
    Api(appointment, doctor.token).post(f"/doctors/{doctor.id}/exceptions", json=body, expect=201)


# --- grid, fit and buffers


def test_starts_are_counted_from_where_the_window_opens(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    set_hours(appointment, doctor, {"weekday": 2, "starts": "09:05", "ends": "10:15"})
    pace = kind(office, duration_min=30, step_min=20)

    assert times(appointment, patient, doctor, visit_type_id=pace) == ["09:05", "09:25", "09:45"]
    book(appointment, patient, doctor, "09:25", visit_type_id=pace)
    assert times(appointment, patient, doctor, visit_type_id=pace) == []  # nothing moves up behind what is booked


@pytest.mark.parametrize(("ends", "count"), [("09:15", 0), ("09:19", 0), ("09:20", 1), ("09:39", 1), ("09:40", 2)])
def test_a_visit_fits_between_opening_and_closing(
    appointment: Flask, patient: make.Person, doctor: make.Person, ends: str, count: int
) -> None:
    set_hours(appointment, doctor, {"weekday": 2, "starts": "09:00", "ends": ends})

    assert times(appointment, patient, doctor) == ALL[:count]


def test_a_visit_does_not_fit_into_a_gap_that_is_shorter(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    close(appointment, doctor, starts="09:15", ends="09:40")
    close(appointment, doctor, starts="09:55", ends="10:01")

    assert times(appointment, patient, doctor) == ["10:20", "10:40"]


def test_buffers_add_up_and_may_reach_out_of_hours(
    auth: Flask, appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    buffered = kind(office, duration_min=20, step_min=5, buffer_before_min=5, buffer_after_min=10)
    assert times(appointment, patient, doctor, visit_type_id=buffered)[0] == "09:00"
    assert times(appointment, patient, doctor, visit_type_id=buffered)[-1] == "10:40"

    book(appointment, patient, doctor, "09:30", visit_type_id=buffered)

    found = times(appointment, patient, doctor, visit_type_id=buffered)
    # it takes 09:30 to 09:50; 15 minutes lie between neighbours on either side
    assert [one for one in found if one < "09:30"] == []
    assert found[0] == "10:05"
    book(appointment, other_patient(auth), doctor, "10:05", visit_type_id=buffered)


def test_the_buffer_of_one_kind_keeps_another_kind_away(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    after, plain = kind(office, duration_min=20, buffer_after_min=20), kind(office, duration_min=20)
    book(appointment, patient, doctor, "09:20", visit_type_id=after)

    assert times(appointment, patient, doctor, visit_type_id=plain) == ["09:00", "10:00", "10:20", "10:40"]
    assert times(appointment, patient, doctor, visit_type_id=after) == ["10:00", "10:20", "10:40"]


# --- notice, horizon, opening late


@pytest.mark.parametrize(
    ("before", "first"),
    [(timedelta(hours=2), "10:00"), (timedelta(hours=1, minutes=59, seconds=59), "10:20"), (timedelta(), None)],
)
def test_the_notice_counts_to_the_second(
    appointment: Flask, patient: make.Person, doctor: make.Person, before: timedelta, first: str | None
) -> None:
    with clock.set_to(TEN - before):
        found = times(appointment, patient, doctor)

    assert found[:1] == ([first] if first else [])


def test_the_horizon_is_a_local_day(auth: Flask, appointment: Flask, office: Api, patient: make.Person) -> None:
    """Half past eleven in the evening of the last day can be booked, midnight of the next one not. Summer time."""
    late = [{"weekday": n, "starts": a, "ends": b} for n in (4, 5) for a, b in (("23:30", "00:00"), ("00:00", "00:30"))]
    doctor, short = (
        other_doctor(auth, appointment, hours=late),
        kind(office, duration_min=30, step_min=30, horizon_days=7),
    )
    seven_before = datetime(2027, 6, 23, 23, 15, tzinfo=UTC)  # by the wall a quarter past midnight on Thursday the 24th
    with clock.set_to(seven_before):
        days = slots(appointment, patient, doctor, **{"from": "2027-07-01", "to": "2027-07-02"}, visit_type_id=short)
        body = {"doctor_id": doctor.id, "visit_type_id": short}
        api = Api(appointment, patient.token)
        too_far = api.post("/appointments", json=body | {"appointment_time": "2027-07-02T00:00:00"}, expect=422)
        api.post("/appointments", json=body | {"appointment_time": "2027-07-01T23:30:00"}, expect=201)

    assert [[slot["local_time"] for slot in day["slots"]] for day in days["days"]] == [["00:00", "23:30"], []]
    assert (too_far["code"], too_far["latest"]) == ("too-far", "2027-07-01")


def test_a_window_that_opens_late_is_for_people_who_book_late(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    set_hours(
        appointment,
        doctor,
        {"weekday": 2, "starts": "09:00", "ends": "10:00"},
        {"weekday": 2, "starts": "10:00", "ends": "11:00", "opens_hours_before": 24},
    )

    assert times(appointment, patient, doctor) == ALL[:3]
    assert slots(appointment, patient, doctor)["reasons"] == {"opens-later": 3}
    with clock.set_to(TEN - timedelta(hours=24, seconds=1)):
        assert times(appointment, patient, doctor) == ALL[:3]
    with clock.set_to(TEN - timedelta(hours=24)):
        assert times(appointment, patient, doctor) == ALL[:4]
    assert times(appointment, doctor, doctor) == ALL  # staff see it at any time
    body = {"doctor_id": doctor.id, "appointment_time": f"{DAY}T10:00:00"}
    assert Api(appointment, patient.token).post("/appointments", json=body, expect=422)["code"] == "not-offered"


def test_a_window_for_other_visits_does_not_open_one_that_opens_late(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    here, there = kind(office), kind(office)
    set_hours(
        appointment,
        doctor,
        {"weekday": 2, "starts": "09:00", "ends": "11:00", "visit_type_ids": [here], "opens_hours_before": 24},
    )
    close(appointment, doctor, kind="extra", starts="12:00", ends="13:00")

    assert times(appointment, patient, doctor, visit_type_id=here) == ["12:00", "12:20", "12:40"]
    close(appointment, doctor, kind="extra", starts="09:00", ends="10:00")
    assert times(appointment, patient, doctor, visit_type_id=here) == [*ALL[:3], "12:00", "12:20", "12:40"]
    assert times(appointment, patient, doctor, visit_type_id=there) == [*ALL[:3], "12:00", "12:20", "12:40"]


@pytest.mark.parametrize(
    ("beside", "expected"),
    [(work("09:00", "11:00"), ALL), (work("09:00", "11:00", visit_types=frozenset({OTHER_KIND})), [])],
)
def test_a_window_that_opens_late_is_opened_by_no_other_one(beside: Stretch, expected: list[str]) -> None:
    """Not by one of another grid that covers it, nor by one for other visits."""
    late = work("09:10", "11:00", opens_hours_before=4)
    diary = Diary(terms(20, 20), [beside, late], [], Taken([]), Taken([]))
    who = Asker(False, LONG_BEFORE, UTC_ZONE)

    free = [f"{one.start:%H:%M}" for one in grid.looked_at(diary, DAY, DAY, who) if one.reason is None]
    assert free == expected


@pytest.mark.parametrize("kind_of_window", ["here", "there"])
def test_a_window_is_for_its_kinds_of_visit(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person, kind_of_window: str
) -> None:
    kinds = {"here": kind(office), "there": kind(office)}
    set_hours(
        appointment, doctor, {"weekday": 2, "starts": "09:00", "ends": "11:00", "visit_type_ids": [kinds["here"]]}
    )

    found = times(appointment, patient, doctor, visit_type_id=kinds[kind_of_window])
    assert found == (ALL if kind_of_window == "here" else [])


def test_staff_skip_notice_and_horizon_and_never_the_past(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    strict = kind(office, min_notice_min=600, horizon_days=1)
    assert times(appointment, doctor, doctor, visit_type_id=strict) == ALL
    assert times(appointment, patient, doctor, visit_type_id=strict) == []
    with clock.set_to(TEN + timedelta(minutes=10)):
        # the one that is running can be given to somebody who stands there
        assert times(appointment, doctor, doctor, visit_type_id=strict) == ["10:00", "10:20", "10:40"]
    with clock.set_to(TEN + timedelta(minutes=20)):
        assert times(appointment, doctor, doctor, visit_type_id=strict) == ["10:20", "10:40"]


# --- what takes a time away


@pytest.mark.parametrize(
    ("status", "free"),
    [
        ("booked", False),
        ("arrived", False),
        ("checked-in", False),
        ("fulfilled", True),
        ("noshow", True),
        ("cancelled", True),
        ("entered-in-error", True),
    ],
)
def test_what_is_over_or_off_frees_its_time(
    appointment: Flask, patient: make.Person, doctor: make.Person, status: str, free: bool
) -> None:
    visit = book(appointment, patient, doctor)
    values: dict[str, Any] = {"status": status, "cancelled_at": LONG_BEFORE if status == "cancelled" else None}
    with appointment.app_context():
        db.session.execute(update(Appointment).where(Appointment.id == UUID(visit["id"])).values(values))
        db.session.commit()

    assert ("10:00" in times(appointment, patient, doctor)) is free


@pytest.mark.parametrize(("seconds", "free"), [(1, False), (0, True), (-1, True)])
def test_what_is_held_counts_until_it_runs_out(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person, seconds: int, free: bool
) -> None:
    visit, other = book(appointment, patient, doctor), other_patient(auth)
    held = {"status": "pending", "held_until": LONG_BEFORE + timedelta(seconds=seconds)}
    with appointment.app_context():
        db.session.execute(update(Appointment).where(Appointment.id == UUID(visit["id"])).values(held))
        db.session.commit()

    found = slots(appointment, other, doctor)
    assert ("10:00" in times(appointment, other, doctor)) is free
    assert found["reasons"] == ({} if free else {"held": 1})
    body = {"doctor_id": doctor.id, "appointment_time": f"{DAY}T10:00:00"}
    Api(appointment, other.token).post("/appointments", json=body, expect=201 if free else 409)


def test_what_is_overbooked_takes_its_time_too(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    book(appointment, patient, doctor, "09:00")
    body = {"patient_id": patient.id, "appointment_time": f"{DAY}T10:10:00", "overbook": "Dressing change"}
    Api(appointment, doctor.token).post("/doctors/me/appointments", json=body, expect=201)

    assert times(appointment, patient, doctor) == ["09:20", "09:40", "10:40"]


def test_an_ignored_appointments_own_time_is_free_for_its_people(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    visit, stranger = book(appointment, patient, doctor), other_patient(auth)

    for who in (patient, doctor):
        assert times(appointment, who, doctor, ignore=visit["id"]) == ALL
    assert "10:00" not in times(appointment, stranger, doctor)
    path = f"/slots?doctor_id={doctor.id}&from={DAY}&to={DAY}&ignore={visit['id']}"
    Api(appointment, stranger.token).get(path, expect=404)


# --- terms of one doctor, any doctor


OWN = {
    "duration_min": (40, ["09:00", "09:20", "09:40", "10:00", "10:20"]),
    "step_min": (40, ["09:00", "09:40", "10:20"]),
    "min_notice_min": (7 * 1440 + 120, ["10:00", "10:20", "10:40"]),
    "horizon_days": (6, []),
    "bookable_by": ("staff", []),
    "offered": (False, []),
}


@pytest.mark.parametrize("field", OWN)
def test_a_doctor_does_otherwise_field_by_field(
    auth: Flask, appointment: Flask, office: Api, patient: make.Person, doctor: make.Person, field: str
) -> None:
    common, other = kind(office), other_doctor(auth, appointment)
    said, expected = OWN[field]
    own = {"overrides": [{"visit_type_id": common, field: said}]}
    told = office.put(f"/doctors/{doctor.id}/overrides", json=own)["overrides"][0]

    assert {name for name, value in told.items() if value is not None} == {"visit_type_id", "offered", field}
    assert times(appointment, patient, doctor, visit_type_id=common) == expected
    assert times(appointment, patient, other, visit_type_id=common) == ALL
    office.put(f"/doctors/{doctor.id}/overrides", json={"overrides": []})
    assert times(appointment, patient, doctor, visit_type_id=common) == ALL


def test_own_buffers_and_cutoffs_are_copied_onto_what_is_booked(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    common = kind(office, patient_move_cutoff_min=60)
    own = {"visit_type_id": common, "buffer_after_min": 20, "patient_cancel_cutoff_min": 120}
    office.put(f"/doctors/{doctor.id}/overrides", json={"overrides": [own]})
    visit = book(appointment, patient, doctor, "09:00", visit_type_id=common)
    office.put(f"/doctors/{doctor.id}/overrides", json={"overrides": []})

    assert (visit["move_until"], visit["cancel_until"]) == ("2026-12-08T08:00:00Z", "2026-12-08T07:00:00Z")
    assert times(appointment, patient, doctor, visit_type_id=common) == ALL[2:]


def test_any_doctor_is_all_their_times_with_who_is_free(
    auth: Flask, appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    later = other_doctor(auth, appointment, hours=[{"weekday": 2, "starts": "10:20", "ends": "11:20"}])
    without = other_doctor(auth, appointment)
    common = kind(office)
    refused = {"overrides": [{"visit_type_id": common, "offered": False}]}
    office.put(f"/doctors/{without.id}/overrides", json=refused)
    book(appointment, patient, doctor, "10:20", visit_type_id=common)

    found = slots(appointment, patient, "any", visit_type_id=common)["days"][0]["slots"]

    assert {slot["local_time"]: slot["doctor_ids"] for slot in found} == {
        **{at: [doctor.id] for at in ALL[:4]},
        "10:20": [later.id],
        "10:40": sorted([doctor.id, later.id]),
        "11:00": [later.id],
    }


# --- nothing free: when next, and why not


def test_the_next_free_time_is_found_behind_the_days_asked_for(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    close(appointment, doctor)
    found = slots(appointment, patient, doctor, to=DAY + timedelta(days=3))

    assert [day["slots"] for day in found["days"]] == [[]] * 4
    assert found["next_available"] == "2026-12-15T09:00:00Z"


def test_there_may_be_no_next_free_time(
    appointment: Flask, office: Api, patient: make.Person, doctor: make.Person
) -> None:
    close(appointment, doctor)
    brief = kind(office, horizon_days=10)

    assert slots(appointment, patient, doctor, visit_type_id=brief)["next_available"] is None


def test_reasons_are_counted_and_explained_to_staff(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    book(appointment, patient, doctor, "09:20")
    close(appointment, doctor, starts="10:00", ends="10:30")

    told = slots(appointment, doctor, doctor, explain="true")

    assert told["reasons"] == {"busy": 1, "time-off": 2}
    assert [(one["local_time"], one["reason"]) for one in told["refused"]] == [
        ("09:20", "busy"),
        ("10:00", "time-off"),
        ("10:20", "time-off"),
    ]
    path = f"/slots?doctor_id={doctor.id}&from={DAY}&to={DAY}&explain=true"
    Api(appointment, patient.token).get(path, expect=403)


def test_only_the_days_asked_for_are_explained(
    auth: Flask, appointment: Flask, office: Api, doctor: make.Person
) -> None:
    daily = [{"weekday": n, "starts": "09:00", "ends": "09:20"} for n in range(1, 8)]
    set_hours(appointment, doctor, *daily)
    close(appointment, doctor, from_date=str(DAY - timedelta(days=1)), to_date=str(DAY + timedelta(days=1)))
    closing = {"from_date": "2026-12-11", "to_date": "2026-12-11"}
    office.post("/clinic/exceptions", json=closing, expect=201)

    one = slots(appointment, doctor, doctor, explain="true")["refused"]
    four = slots(appointment, doctor, doctor, explain="true", to=DAY + timedelta(days=3))["refused"]

    assert [(each["local_date"], each["reason"]) for each in one] == [("2026-12-08", "time-off")]
    assert [(each["local_date"], each["reason"]) for each in four] == [
        ("2026-12-08", "time-off"),
        ("2026-12-09", "time-off"),
        ("2026-12-11", "clinic-closed"),
    ]


# --- cost


@contextlib.contextmanager
def statements(appointment: Flask) -> Iterator[list[str]]:
    ran: list[str] = []
    with appointment.app_context():
        listener = lambda *given: ran.append(given[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        yield ran
        event.remove(db.engine, "before_cursor_execute", listener)


def test_a_month_of_ten_doctors_costs_as_many_statements_as_a_day_of_one(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    for n in range(9):
        other = other_doctor(auth, appointment, hours=make.WEEK)
        close(appointment, other, from_date=str(DAY + timedelta(days=n)), to_date=str(DAY + timedelta(days=n)))
        if n < 3:
            book(appointment, patient, other, f"{9 + n}:00".zfill(5)) if n else None
    slots(appointment, patient, "any")
    with statements(appointment) as one:
        slots(appointment, patient, doctor)
    with statements(appointment) as many:
        found = slots(appointment, patient, "any", to=DAY + timedelta(days=30))

    assert len(found["days"]) == 31
    assert len({doctor_id for day in found["days"] for slot in day["slots"] for doctor_id in slot["doctor_ids"]}) == 10
    assert len(many) <= len(one)
