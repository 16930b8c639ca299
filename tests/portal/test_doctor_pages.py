"""The doctor's day, and an appointment as its doctor sees it."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from chassis import clock
from portal.api.appointments import Appointment
from portal.views.doctor import Day
from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


def test_a_day_lists_its_visits_in_the_order_of_their_times(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    other = make.person(auth, first_name="Zoë", last_name="Đorđević", birth_date="2026-01-02")
    make.appointment(appointment, other, doctor, at=time(14, 20), notes="Rash")
    make.appointment(appointment, patient, doctor, at=time(9, 40))

    day = okafor.get(f"/today?date={make.clinic_day(7)}")

    assert day.text.index("09:40") < day.text.index("Maya Lindqvist") < day.text.index("14:20")
    assert "Born 14 March 1988 (38 years)" in day.text
    assert "months)" in day.text
    assert "Rash" in day.text
    assert "2 appointments" in day.text
    assert "Lindqvist" not in day.title


def test_cancelled_visits_stand_apart(
    okafor: Visitor, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/cancel", json={})

    day = okafor.get(f"/today?date={make.clinic_day(7)}")

    assert "No appointments on this day" in day.text
    assert day.text.index("No appointments on this day") < day.text.index("Maya Lindqvist")
    assert "Cancelled" in day.text


def test_the_next_visit_and_the_one_going_on_are_marked(
    portal: Flask, auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    starts = (time(9), time(9, 20), time(9, 40), time(10))
    booked = [make.appointment(appointment, make.person(auth), doctor, at=at) for at in starts]
    day = Day(make.clinic_day(7), [Appointment.model_validate(one) for one in booked], [])

    with portal.app_context(), clock.set_to(datetime.combine(day.date, time(9, 25), ZoneInfo("Europe/London"))):
        assert [day.standing(visit) for visit in day.visits] == ["past", "now", "next", "booked"]
    with portal.app_context():
        assert day.next_id is None


def test_days_before_and_after_are_links_and_any_day_can_be_asked_for(okafor: Visitor) -> None:
    day = okafor.get(f"/today?date={make.clinic_day(7)}")
    assert okafor.get(day.link("Day before")).path == f"/today?date={make.clinic_day(6)}"
    assert okafor.get(day.link("Day after")).path == f"/today?date={make.clinic_day(8)}"

    asked = okafor.press(day, "Show this day", date=str(make.clinic_day(30)))

    assert asked.path.startswith(f"/today?date={make.clinic_day(30)}")
    assert okafor.get(asked.link("Today")).heading == "Today"


@pytest.mark.parametrize(
    "typed", ["31/02/2027", "2027-02-31", "2027-2-3", "", "x" * 50, "0001-01-01", "9999-12-31", "2027-03-10\x00"]
)
def test_a_day_that_is_none_is_an_error_at_its_field(okafor: Visitor, typed: str) -> None:
    day = okafor.get("/today", 422, query_string={"date": typed})

    assert day.link("Enter a real date") == "#date"
    assert day.heading == "Today"


def test_an_appointment_shows_who_when_why_and_what_was_prescribed(
    okafor: Visitor, appointment: Flask, prescription: Flask, doctor: make.Person, patient: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, notes="Sore throat\nsince Sunday")
    empty = okafor.get(f"/appointments/{booked['id']}")
    assert "Nothing prescribed" in empty.text

    issued = make.prescription(prescription, doctor, booked["id"])

    page = okafor.get(f"/appointments/{booked['id']}")
    assert page.heading == "Maya Lindqvist"
    for words in ("14 March 1988 (38 years)", "10:00", "since Sunday", booked["reference"], issued["number"]):
        assert words in page.text
    assert page.link("Write a prescription") == f"/appointments/{booked['id']}/prescribe"
    assert page.link("Amoxicillin") == f"/prescriptions/{issued['id']}"
    assert "Lindqvist" not in page.title


def test_a_cancelled_appointment_offers_no_prescription(
    okafor: Visitor, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/cancel", json={})

    page = okafor.get(f"/appointments/{booked['id']}")
    assert "Write a prescription" not in page.text
    assert "was cancelled" in okafor.get(f"/appointments/{booked['id']}/prescribe").text


def test_a_strangers_appointment_is_the_same_page_as_none(
    okafor: Visitor, auth: Flask, appointment: Flask, patient: make.Person
) -> None:
    booked = make.appointment(appointment, patient, make.doctor(auth, appointment))

    strangers = okafor.get(f"/appointments/{booked['id']}", 404)
    none = okafor.get("/appointments/00000000-0000-4000-8000-000000000000", 404)

    assert strangers.text == none.text
    assert okafor.get(f"/appointments/{booked['id']}/prescribe", 404).text == none.text
    assert okafor.get("/appointments/..", 404).text


def test_the_day_belongs_to_doctors(maya: Visitor, okafor: Visitor, visitor: Visitor) -> None:
    maya.get("/today", 403)
    assert visitor.get("/today").heading == "Sign in"
    assert okafor.get("/").heading == "Today"
    assert okafor.get("/today").response.headers["Cache-Control"] == "no-store"


def test_a_day_with_more_visits_than_a_page_of_the_service_shows_all(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    hours = [{"weekday": n, "starts": "00:00", "ends": "23:40"} for n in range(1, 8)]
    Api(appointment, doctor.token).put("/doctors/me/hours", json={"hours": hours})
    patients = [make.person(auth) for _ in range(3)]
    first = datetime.combine(make.clinic_day(7), time(0))
    for number, patient in enumerate(patients * 3):
        make.appointment(appointment, patient, doctor, at=(first + timedelta(minutes=20 * number)).time())

    assert "9 appointments" in okafor.get(f"/today?date={make.clinic_day(7)}").text
