"""Figures: counts of what became of visits, each of them exact, and the third time that is free."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from appointment_service import figures
from appointment_service.models import db
from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.telling import visit

NOW = datetime(2027, 3, 10, 9, tzinfo=UTC)
"""A Wednesday."""
MONDAY = datetime(2027, 3, 1, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def lists(fresh_list: None) -> None:
    """The clock will stand months ahead."""


@pytest.fixture
def admin(auth: Flask, appointment: Flask) -> Api:
    return Api(appointment, make.admin(auth).token)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


def read(admin: Api, first: str = "2027-03-01", last: str = "2027-03-31") -> Any:
    with clock.set_to(NOW):
        return admin.get(f"/figures?from={first}&to={last}")


def ended(**given: Any) -> dict[str, Any]:
    return {"status": "cancelled", "cancelled_at": NOW, **given}


def test_every_visit_is_counted_once_by_what_became_of_it(
    auth: Flask, appointment: Flask, admin: Api, doctor: make.Person
) -> None:
    patient = make.person(auth)
    fates: list[dict[str, Any]] = [
        *([{"status": "fulfilled"}] * 3),
        {"status": "noshow"},
        ended(cancellation_code="patient", late=True),
        ended(cancellation_code="clinic"),
        {},
        # what is no visit: entered in error, held, and held once
        {"status": "entered-in-error"},
        {"status": "pending", "held_until": NOW + timedelta(minutes=30)},
        ended(cancellation_code="hold-expired"),
    ]
    for number, fate in enumerate(fates):
        visit(appointment, patient, doctor, MONDAY + timedelta(hours=number), **fate)

    counts = {"booked": 7, "fulfilled": 3, "cancelled": 2, "cancelled_late": 1, "no_shows": 1, "no_show_rate": 0.25}
    found = read(admin)
    assert found["total"] == counts
    assert [(one["doctor_name"], one["counts"]) for one in found["doctors"]] == [("Dr Amara Okafor", counts)]
    assert found["weeks"][0] == {"monday": "2027-03-01", "counts": counts}


def test_weeks_begin_on_monday_by_the_clinics_clock_and_empty_ones_are_there(
    auth: Flask, appointment: Flask, admin: Api, doctor: make.Person
) -> None:
    patient = make.person(auth)
    # the clocks go forward on 28 March 2027: the Monday after it begins at 23:00 UTC
    for starts_at in (datetime(2027, 3, 28, 22, 59, tzinfo=UTC), datetime(2027, 3, 28, 23, 19, tzinfo=UTC)):
        visit(appointment, patient, doctor, starts_at)

    weeks = {one["monday"]: one["counts"]["booked"] for one in read(admin, "2027-03-17", "2027-03-29")["weeks"]}

    assert weeks == {"2027-03-15": 0, "2027-03-22": 1, "2027-03-29": 1}


def test_days_outside_are_not_counted(auth: Flask, appointment: Flask, admin: Api, doctor: make.Person) -> None:
    patient = make.person(auth)
    for days in (0, 1, 2):
        visit(appointment, patient, doctor, MONDAY + timedelta(days=days))

    assert read(admin, "2027-03-02", "2027-03-02")["total"]["booked"] == 1


def test_without_visits_there_is_no_rate(admin: Api, doctor: make.Person) -> None:
    found = read(admin)

    assert found["total"]["no_show_rate"] is None
    assert found["doctors"][0]["counts"]["booked"] == 0


def test_the_third_time_that_is_free_is_named_for_each_doctor(
    auth: Flask, appointment: Flask, admin: Api, doctor: make.Person
) -> None:
    patient = make.person(auth)
    monday = [{"weekday": 1, "starts": "09:00", "ends": "10:20"}]
    rare = make.doctor(auth, appointment, monday, first_name="Zoe", last_name="Rare")
    never = make.doctor(auth, appointment, [], first_name="Zzz", last_name="Never")
    # of the four times of Monday 15 March the second is taken
    visit(appointment, patient, rare, datetime(2027, 3, 15, 9, 20, tzinfo=UTC))

    by_name = {one["doctor_id"]: one for one in read(admin)["doctors"]}

    # it is nine, and two hours' notice are asked for: 11:00, 11:20 and 11:40 today
    often = by_name[doctor.id]
    assert (often["third_next_available"], often["third_next_days"]) == ("2027-03-10T11:40:00Z", 0)
    assert by_name[rare.id]["third_next_available"] == "2027-03-15T10:00:00Z"
    assert by_name[rare.id]["third_next_days"] == 5
    assert by_name[never.id]["third_next_available"] is None


def test_two_times_are_no_third_one_even_if_they_are_free_now(auth: Flask, appointment: Flask, admin: Api) -> None:
    monday = [{"weekday": 1, "starts": "09:00", "ends": "09:40"}]
    rare = make.doctor(auth, appointment, monday)

    found = next(one for one in read(admin)["doctors"] if one["doctor_id"] == rare.id)

    assert found["third_next_available"] == "2027-03-22T09:00:00Z"


def test_a_year_costs_as_many_statements_as_a_day(auth: Flask, appointment: Flask, doctor: make.Person) -> None:
    for _ in range(3):
        make.doctor(auth, appointment)
    visit(appointment, make.person(auth), doctor, MONDAY)
    seen: list[str] = []

    def cost(first: date, last: date) -> int:
        def listen(*told: Any) -> None:
            seen.append(told[2])

        seen.clear()
        with appointment.app_context():
            event.listen(db.engine, "before_cursor_execute", listen)
            figures.of(first, last, make.CLINIC_ZONE)
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    cost(date(2027, 3, 1), date(2027, 3, 1))  # the first one may make the standard visit type
    assert cost(date(2027, 3, 1), date(2027, 3, 1)) == cost(date(2027, 1, 1), date(2027, 12, 31)) <= 7


@pytest.mark.parametrize(
    "query",
    ["", "from=2027-01-01", "from=2027-02-01&to=2027-01-01", "from=2027-01-01&to=2028-01-02", "from=x&to=y"],
)
def test_days_that_make_no_sense_are_refused(admin: Api, query: str) -> None:
    admin.get(f"/figures?{query}", expect=422)


def test_nothing_in_figures_names_a_patient(auth: Flask, appointment: Flask, admin: Api, doctor: make.Person) -> None:
    patient = make.person(auth)
    visit(appointment, patient, doctor, MONDAY)

    told = str(read(admin))

    assert "Lindqvist" not in told
    assert patient.id not in told
