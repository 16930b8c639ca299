"""The clinic's day over all doctors, and the schedule of each, as admins change them. Never why somebody comes."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.appointment_service.telling import NOTES, visit
from tests.portal.visitor import Page, Visitor, place


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def api(appointment: Flask, admin: make.Person) -> Api:
    """The appointment service, as the admin calls it."""
    return Api(appointment, admin.token)


@pytest.fixture
def ada(portal: Flask, admin: make.Person) -> Visitor:
    """An admin, signed in."""
    return Visitor(portal).sign_in(admin.email)


@pytest.fixture
def silva(auth: Flask, appointment: Flask) -> make.Person:
    """Another doctor."""
    return make.doctor(auth, appointment, first_name="Tomás", last_name="Silva")


def names(page: Page) -> list[str]:
    return ["".join(title.itertext()) for title in page.all("h2") if title.get("id", "").startswith("doctor-")]


# ---------- the day ----------


def test_the_day_shows_who_comes_to_whom_and_when_and_never_why(
    ada: Visitor, appointment: Flask, patient: make.Person, doctor: make.Person, silva: make.Person, next_week: date
) -> None:
    make.appointment(appointment, patient, doctor, at=time(10), notes=NOTES)
    visit(appointment, patient, silva, datetime.combine(next_week, time(14), UTC), doctor_name="Dr Tomás Silva")

    page = ada.get(f"/schedule?date={next_week}")

    assert names(page) == ["Dr Amara Okafor", "Dr Tomás Silva"]
    assert "2 visits with 2 doctors" in page.text
    assert "Maya Lindqvist" in page.text
    assert "Consultation" in page.text
    assert NOTES not in page.source
    assert "@example.com" not in page.text
    one = ada.press(page, "Show", doctor=silva.id)
    assert names(one) == ["Dr Tomás Silva"]


def test_what_is_cancelled_stands_apart(
    ada: Visitor, appointment: Flask, patient: make.Person, doctor: make.Person, next_week: date
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, patient.token).post(f"/appointments/{booked['id']}/cancel")

    page = ada.get(f"/schedule?date={next_week}")

    assert "No visits with 1 doctor" in page.text
    assert "Cancelled" in page.text


def test_a_day_without_visits_and_a_day_that_is_none(ada: Visitor) -> None:
    assert "No visits today" in ada.get("/schedule").text
    assert "Enter a real date" in ada.get("/schedule?date=2027-02-30", 422).text
    assert "Choose one of the list." in ada.get("/schedule?doctor=somebody", 422).text


def test_an_admin_cancels_a_visit_after_asking(
    ada: Visitor, api: Api, appointment: Flask, patient: make.Person, doctor: make.Person, next_week: date
) -> None:
    booked = make.appointment(appointment, patient, doctor, notes=NOTES)
    shown = ada.get(ada.get(f"/schedule?date={next_week}").link("Maya Lindqvist"))
    assert NOTES not in shown.source
    asked = ada.get(shown.link("Cancel it"))
    assert "Choose a reason." in ada.press(asked, "Cancel the visit", 422).text

    done = ada.press(asked, "Cancel the visit", code="clinic")

    assert "The visit of Maya Lindqvist is cancelled." in done.text
    assert api.get(f"/appointments/{booked['id']}")["cancellation_code"] == "clinic"
    assert "Cancel it" not in done.text


def test_an_admin_moves_a_visit_to_another_doctor(
    ada: Visitor,
    api: Api,
    appointment: Flask,
    patient: make.Person,
    doctor: make.Person,
    silva: make.Person,
    next_week: date,
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    times = ada.get(ada.get(f"/schedule/visits/{booked['id']}").link("Move it"))
    theirs = ada.press(times, "Show times", doctor=silva.id)
    day = ada.get(f"{theirs.path}&day={next_week}")
    assert "Choose a time." in ada.press(day, "Move it here", 422).text

    moved = ada.press(day, "Move it here", start=f"{next_week}T16:00:00Z")

    assert "with Dr Tomás Silva" in moved.text
    now = api.get(f"/appointments/{booked['id']}")
    assert (now["doctor_id"], now["local_time"], now["reference"]) == (silva.id, "16:00", booked["reference"])


def test_a_time_that_is_gone_or_a_visit_that_has_changed_is_said(
    ada: Visitor,
    api: Api,
    auth: Flask,
    appointment: Flask,
    patient: make.Person,
    doctor: make.Person,
    next_week: date,
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    times = ada.get(f"/schedule/visits/{booked['id']}/move?day={next_week}")
    make.appointment(appointment, make.person(auth), doctor, at=time(11))
    gone = ada.press(times, "Move it here", 409, start=f"{next_week}T11:00:00Z")
    assert "just been taken" in gone.text

    make_late = {"appointment_time": f"{next_week}T15:00:00"}
    api.post(f"/appointments/{booked['id']}/move", json=make_late, headers={"If-Match": '"1"'})
    assert "has changed since" in ada.press(times, "Move it here", start=f"{next_week}T16:00:00Z").text


def test_a_visit_that_is_not_there_is_not_found(ada: Visitor) -> None:
    for path in ("", "/cancel", "/move"):
        ada.get(f"/schedule/visits/00000000-0000-4000-8000-000000000000{path}", 404)


# ---------- the schedule of one doctor ----------


def hours_of(api: Api, doctor: make.Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"/doctors/{doctor.id}/hours")["hours"]
    return found


def test_an_admin_changes_the_hours_of_a_doctor(ada: Visitor, api: Api, doctor: make.Person) -> None:
    page = ada.get(ada.get("/schedule/doctors").link("Dr Amara Okafor"))
    assert page.heading == "Dr Amara Okafor"
    form = ada.get(page.link("Change the hours"))

    saved = ada.press(form, "Save the hours", **{"d1-0-starts": "8:30"})

    assert "The hours of Dr Amara Okafor are" in saved.text
    assert place(saved.path) == f"/schedule/doctors/{doctor.id}"
    assert "08:30" in {one["starts"] for one in hours_of(api, doctor)}


def test_an_admin_enters_time_off_for_a_doctor_and_sees_who_is_booked(
    ada: Visitor, api: Api, appointment: Flask, patient: make.Person, doctor: make.Person, next_week: date
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    form = ada.get(ada.get(f"/schedule/doctors/{doctor.id}").link("Add time off"))

    asked = ada.press(form, "Continue", from_date=str(next_week), kind="closed")
    assert asked.heading == "1 person is booked then"
    assert place(asked.link("Maya Lindqvist")) == f"/schedule/visits/{booked['id']}"
    done = ada.press(asked, "Enter it", on_conflict="keep")

    assert "1 person is seen all the same" in done.text
    assert "Stands in time off" in done.text
    back = ada.press(ada.get(done.link("Take it back")), "Take it back")
    assert place(back.path) == f"/schedule/doctors/{doctor.id}"
    assert api.get(f"/doctors/{doctor.id}/exceptions")["items"] == []


def test_the_pages_of_a_doctor_and_of_admins_stay_apart(
    portal: Flask, ada: Visitor, doctor: make.Person, silva: make.Person
) -> None:
    okafor = Visitor(portal).sign_in(doctor.email)

    for one in (doctor, silva):
        okafor.get(f"/schedule/doctors/{one.id}", 403)
        okafor.get(f"/schedule/doctors/{one.id}/change", 403)
        okafor.get(f"/schedule/doctors/{one.id}/time-off/new", 403)
    for path in ("/hours", "/hours/change", "/time-off/new"):
        ada.get(path, 403)
    ada.get("/schedule/doctors/00000000-0000-4000-8000-000000000000", 404)
    okafor.get("/schedule", 403)
