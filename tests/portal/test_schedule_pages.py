"""What admins do with the clinic's schedule: kinds of visit, what one doctor does otherwise, closing days, holidays."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.appointment_service.telling import visit
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


def kinds(api: Api) -> dict[str, Any]:
    return {one["public_name"]: one for one in api.get("/visit-types/all")["items"]}


# ---------- visit types ----------


def test_a_visit_type_is_added_with_numbers_in_units_that_people_use(ada: Visitor, api: Api) -> None:
    form = ada.get(ada.get("/schedule/visit-types").link("Add a visit type"))

    added = ada.press(
        form,
        "Add it",
        public_name="Long appointment",
        duration_min="40",
        min_notice_min="3",
        min_notice_min__unit="hours",
        late_cancel_min="2",
        late_cancel_min__unit="days",
        bookable_by="staff",
        sensitive="yes",
    )

    made = kinds(api)["Long appointment"]
    assert "Long appointment is added." in added.text
    assert (made["name"], made["duration_min"], made["min_notice_min"]) == ("Long appointment", 40, 180)
    assert (made["late_cancel_min"], made["bookable_by"], made["sensitive"]) == (2880, "staff", True)
    assert "40 minutes" in added.text
    assert "Staff only" in added.text


def test_what_is_wrong_with_a_visit_type_is_said_at_once_and_nothing_is_lost(ada: Visitor, api: Api) -> None:
    form = ada.get("/schedule/visit-types/new")

    wrong = {"public_name": "", "duration_min": "4", "horizon_days": "x", "min_notice_min": "31"}
    page = ada.press(form, "Add it", 422, **wrong, min_notice_min__unit="days", description="Kept")

    assert "Please fix 4 things" in page.text
    assert "Length: enter between 5 minutes and 8 hours." in page.text
    assert "Notice: enter between 0 minutes and 30 days." in page.text
    assert "Bookable ahead: enter a whole number." in page.text
    again = page.fields(page.form("Add it")[0])
    assert (again["duration_min"], again["min_notice_min-unit"], again["description"]) == ("4", "days", "Kept")
    assert list(kinds(api)) == ["Consultation"]


def test_a_name_that_is_in_use_is_refused_in_words(ada: Visitor, api: Api) -> None:
    kinds(api)

    page = ada.press(ada.get("/schedule/visit-types/new"), "Add it", 409, public_name="Consultation")

    assert "Another visit type has this name." in page.text


def test_a_visit_type_is_changed_and_whoever_was_slower_sees_both_values(ada: Visitor, api: Api) -> None:
    kind = kinds(api)["Consultation"]
    mine = ada.get(f"/schedule/visit-types/{kind['id']}")
    theirs = ada.get(f"/schedule/visit-types/{kind['id']}")
    assert mine.fields(mine.form("Save")[0])["min_notice_min-unit"] == "hours"
    assert "is changed" in ada.press(theirs, "Save", duration_min="15").text

    late = ada.press(mine, "Save", 412, duration_min="30")
    assert "Somebody has changed this since you opened it." in late.text
    assert "Now saved: 15 minutes" in late.text
    assert kinds(api)["Consultation"]["duration_min"] == 15

    ada.press(late, "Save")
    assert kinds(api)["Consultation"]["duration_min"] == 30


def test_a_visit_type_is_taken_out_of_use_and_brought_back(ada: Visitor, api: Api) -> None:
    make.visit_type(api.client.application, make.Person("", "", str(api.token), ""), public_name="Travel advice")

    asked = ada.get(ada.get("/schedule/visit-types").link("Take out of use: Travel advice"))
    assert "Visits that are booked take place as they are." in asked.text
    gone = ada.press(asked, "Take it out of use")
    assert "Travel advice is out of use." in gone.text
    assert not kinds(api)["Travel advice"]["active"]

    back = ada.press(ada.get(gone.link("Use again: Travel advice")), "Use it again")
    assert "Travel advice is in use again." in back.text
    assert kinds(api)["Travel advice"]["active"]


def test_one_doctor_does_otherwise_box_by_box_and_goes_back(ada: Visitor, api: Api, doctor: make.Person) -> None:
    kind = kinds(api)["Consultation"]
    page = ada.get(f"/schedule/doctors/{doctor.id}/visit-types")
    assert "As everybody: 20 minutes" in page.text
    form = ada.get(page.link("Consultation"))
    assert "Empty: as everybody, 2 hours." in form.text
    asked = form.fields(form.form("Save")[0])
    assert (asked["bookable_by"], asked["min_notice_min"], asked["min_notice_min-unit"]) == ("", "", "hours")

    saved = ada.press(form, "Save", duration_min="30", min_notice_min="0")
    own = api.get(f"/doctors/{doctor.id}/overrides")["overrides"]
    assert "Length: 30 minutes · Notice: none" in saved.text
    assert (own[0]["duration_min"], own[0]["min_notice_min"], own[0]["step_min"]) == (30, 0, None)

    back = ada.get(f"/schedule/doctors/{doctor.id}/visit-types/{kind['id']}")
    assert "As everybody" in ada.press(back, "Save", duration_min="", min_notice_min="").text
    assert api.get(f"/doctors/{doctor.id}/overrides")["overrides"] == []


def test_a_doctor_may_not_offer_a_kind_at_all(ada: Visitor, api: Api, doctor: make.Person) -> None:
    kind = kinds(api)["Consultation"]
    form = ada.get(f"/schedule/doctors/{doctor.id}/visit-types/{kind['id']}")

    assert "Not offered" in ada.press(form, "Save", offered="no").text
    assert api.get(f"/doctors/{doctor.id}/visit-types")["items"] == []


# ---------- closing days and holidays ----------


def closing(ada: Visitor, status: int = 200, **typed: str) -> Page:
    day = str(make.clinic_day(7))
    form = ada.get(ada.get("/schedule/closing-days").link("Close the clinic"))
    return ada.press(form, "Continue", status, **{"from_date": day, "to_date": day, "reason": "Training", **typed})


def test_the_clinic_is_closed_at_once_where_nobody_is_booked(ada: Visitor, api: Api) -> None:
    closed = closing(ada)

    assert "Nobody was booked then." in closed.text
    assert "Training" in closed.text
    assert api.get("/clinic/exceptions")["items"][0]["from_date"] == str(make.clinic_day(7))


def test_who_is_booked_is_shown_and_what_becomes_of_them_is_asked(
    ada: Visitor, api: Api, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, at=time(10))

    asked = closing(ada)
    assert asked.heading == "1 person is booked then"
    assert "Maya Lindqvist with Dr Amara Okafor" in asked.text
    assert "Sore throat" not in asked.text
    again = ada.press(asked, "Close the clinic", 422)
    assert "Choose what is to become of them." in again.text
    assert api.get("/clinic/exceptions")["items"] == []

    done = ada.press(again, "Close the clinic", on_conflict="cancel")
    assert "1 person is told by letter that the visit is cancelled." in done.text
    assert api.get(f"/appointments/{booked['id']}")["status"] == "cancelled"


def test_wrong_days_are_said_at_their_boxes(ada: Visitor) -> None:
    page = closing(ada, 422, from_date="2020-01-01", to_date="2019-01-01", starts="9", ends="8")

    assert "Enter today or a later day." in page.text
    assert "Enter the first day or a later one" in page.text
    assert "It ends after it starts." in page.text


def test_the_clinic_opens_again_after_asking(ada: Visitor, api: Api) -> None:
    asked = ada.get(closing(ada).link("Open again"))

    assert len(api.get("/clinic/exceptions")["items"]) == 1
    assert "The clinic is open again then." in ada.press(asked, "Open again").text
    assert api.get("/clinic/exceptions")["items"] == []


def next_year() -> str:
    return str(make.clinic_day(0).year + 1)


def test_public_holidays_are_looked_at_and_brought_in_once(ada: Visitor, api: Api) -> None:
    start = ada.get(ada.get("/schedule/closing-days").link("Bring in public holidays"))
    country = ada.press(start, "Show", country="GB", year=next_year())
    listed = ada.press(country, "Show", subdivision="SCT")
    assert "Saint Andrew's Day" in listed.text

    done = ada.press(listed, "Close the clinic on these days")
    days = api.get("/clinic/exceptions")["items"]
    assert f"{len(days)} holidays are entered. Nobody was booked then." in done.text
    assert "Saint Andrew's Day" in {one["reason"] for one in days}

    again = ada.press(ada.press(start, "Show", country="GB", year=next_year()), "Show", subdivision="SCT")
    assert "All of them are entered." in again.text


def test_only_ticked_holidays_are_brought_in_and_none_is_asked_about(ada: Visitor, api: Api) -> None:
    listed = ada.get(f"/schedule/holidays?country=DE&year={next_year()}")

    assert "Tick at least one holiday." in ada.press(listed, "Close the clinic on these days", 422, dates="x").text
    christmas = f"{next_year()}-12-25"
    assert "1 holiday is entered." in ada.press(listed, "Close the clinic on these days", dates=christmas).text
    assert [one["from_date"] for one in api.get("/clinic/exceptions")["items"]] == [christmas]


def test_people_who_are_booked_on_a_holiday_are_asked_about(
    ada: Visitor, api: Api, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    christmas = f"{next_year()}-12-25"
    booked = visit(appointment, patient, doctor, datetime(int(next_year()), 12, 25, 10, tzinfo=UTC))
    listed = ada.get(f"/schedule/holidays?country=DE&year={next_year()}")

    asked = ada.press(listed, "Close the clinic on these days", dates=christmas)
    assert asked.heading == "1 person is booked then"
    assert "Choose what is to become" not in asked.text
    again = ada.press(asked, "Close the clinic", 422)
    assert "Choose what is to become of them." in again.text
    done = ada.press(again, "Close the clinic", on_conflict="keep")

    assert "1 holiday is entered. 1 person is coming all the same." in done.text
    assert api.get(f"/appointments/{booked}")["displaced"]


@pytest.mark.parametrize("query", ["country=XX&year=2999", "country=&year=x", "country=GB&subdivision=BY&year=1"])
def test_a_country_or_year_that_is_none_is_no_crash(ada: Visitor, query: str) -> None:
    assert "Choose one of the list." in ada.get(f"/schedule/holidays?{query}", 422).text


# ---------- who may ----------


@pytest.mark.parametrize(
    "path", ["/schedule/doctors", "/schedule/visit-types", "/schedule/closing-days", "/schedule/holidays", "/figures"]
)
def test_only_admins_get_in(portal: Flask, maya: Visitor, doctor: make.Person, path: str) -> None:
    assert maya.get(path, 403)
    assert Visitor(portal).sign_in(doctor.email).get(path, 403)
    assert place(Visitor(portal).get(path).path) == "/sign-in"


def test_the_doctors_are_listed(ada: Visitor, doctor: make.Person) -> None:
    page = ada.get(ada.get("/schedule/doctors").link("Dr Amara Okafor"))

    assert page.heading == "Dr Amara Okafor"
