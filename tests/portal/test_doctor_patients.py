"""The doctor's own list: finding somebody, their visits, the next one booked, moved, or overbooked on purpose."""

from datetime import time
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """A visit at ten."""
    return make.appointment(appointment, patient, doctor)


def test_patients_are_found_by_name_birth_date_and_reference_and_no_name_stands_in_an_address(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person, visit: dict[str, Any]
) -> None:
    other = make.person(auth, first_name="Zoë", last_name="Đorđević-Smith")
    make.appointment(appointment, other, doctor, at=time(11))
    everybody = okafor.get("/patients")
    assert "2 patients." in everybody.text

    for words in ("lind may", "1988-03-14", "14/3/1988", visit["reference"]):
        found = okafor.press(everybody, "Find", words=words)
        assert found.path == "/patients"
        assert ("Maya Lindqvist" in found.text, "Smith" in found.text) == (True, False), words
        assert okafor.get("/patients").text == found.text

    assert "Nobody found" in okafor.press(everybody, "Find", words="Nobody").text
    assert "2 patients." in okafor.press(okafor.get("/patients"), "Show the whole list").text


def test_what_is_looked_for_is_checked(okafor: Visitor) -> None:
    assert "Nobody on your list yet" in okafor.get("/patients").text
    assert okafor.press(okafor.get("/patients"), "Find", 422, words="x" * 101).link("can have 100") == "#words"


def test_a_patient_has_a_page_with_visits_to_come_and_past(
    okafor: Visitor, appointment: Flask, patient: make.Person, visit: dict[str, Any]
) -> None:
    Api(appointment, patient.token).post(f"/appointments/{visit['id']}/cancel", json={})
    again = make.appointment(appointment, patient, make.Person(visit["doctor_id"], "", "", ""), at=time(11))

    page = okafor.get(f"/patients/{patient.id}")

    assert page.heading == "Maya Lindqvist"
    assert page.text.index(again["reference"]) < page.text.index("Visits at yours") < page.text.index("Cancelled")
    assert "Lindqvist" not in page.title


def test_a_patient_of_another_doctor_is_nobody(
    okafor: Visitor, auth: Flask, appointment: Flask, patient: make.Person
) -> None:
    make.appointment(appointment, patient, make.doctor(auth, appointment))
    for path in ("", "/book", "/overbook"):
        okafor.get(f"/patients/{patient.id}{path}", 404)


def test_a_follow_up_is_booked_once_for_whoever_presses_twice(
    okafor: Visitor, patient: make.Person, visit: dict[str, Any]
) -> None:
    page = okafor.get(okafor.get(f"/appointments/{visit['id']}").link("Book a follow-up"))
    week = okafor.get(f"{page.path}?from={make.clinic_day(14)}")
    missing = okafor.press(week, "Book it", 422)
    assert missing.link("Choose a time.") == "#start-0"
    time_chosen = missing.all("input[@type='radio']")[3].get("value") or ""

    booked = okafor.press(missing, "Book it", start=time_chosen, notes="Blood test")
    again = okafor.press(missing, "Book it", start=time_chosen, notes="Blood test")

    assert "Booked: " in booked.text
    assert "Blood test" in booked.text
    assert again.path == booked.path


def test_why_times_are_not_free_is_said_in_words(
    okafor: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask, visit: dict[str, Any]
) -> None:
    make.exception(appointment, doctor, starts="14:00", ends="14:20")

    page = okafor.get(f"/patients/{patient.id}/book?from={make.clinic_day(7)}&day={make.clinic_day(7)}")

    assert "10:00 somebody is booked" in page.text
    assert "14:00 time off" in page.text


def test_a_time_that_is_gone_meanwhile_keeps_what_was_typed(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person, patient: make.Person, visit: dict[str, Any]
) -> None:
    page = okafor.get(f"/patients/{patient.id}/book?from={make.clinic_day(8)}&day={make.clinic_day(8)}")
    chosen = page.all("input[@type='radio']")[0].get("value") or ""
    make.appointment(appointment, make.person(auth), doctor, at=time(9), days=8)

    refused = okafor.press(page, "Book it", 409, start=chosen, notes="Blood test")

    assert "just been taken" in refused.text
    assert "Blood test" in refused.text
    assert refused.path.startswith(f"/patients/{patient.id}/book")


def test_the_doctor_overbooks_any_minute_with_a_reason(
    okafor: Visitor, patient: make.Person, visit: dict[str, Any]
) -> None:
    page = okafor.get(okafor.get(f"/patients/{patient.id}/book").link("Overbook on purpose"))
    wrong = okafor.press(page, "Overbook this time", 422, day="2027-02-30", time="25", reason="no")
    assert [wrong.link(words) for words in ("real date", "time of day", "at least 5")] == ["#day", "#time", "#reason"]

    done = okafor.press(wrong, "Overbook this time", day=str(make.clinic_day(8)), time="12.47", reason="Before surgery")

    assert "12:47" in done.text
    assert "Overbooked" in done.text
    assert "Before surgery" in done.text


def test_a_patient_who_is_elsewhere_then_is_not_overbooked(
    okafor: Visitor, auth: Flask, appointment: Flask, patient: make.Person, visit: dict[str, Any]
) -> None:
    make.appointment(appointment, patient, make.doctor(auth, appointment), at=time(11))
    page = okafor.get(f"/patients/{patient.id}/overbook?day={make.clinic_day(7)}")

    refused = okafor.press(page, "Overbook this time", 409, time="11:10", reason="Before surgery")

    assert "The patient has another appointment at this time." in refused.text


def test_a_visit_is_moved_with_its_old_time_in_sight(okafor: Visitor, visit: dict[str, Any]) -> None:
    page = okafor.get(okafor.get(f"/appointments/{visit['id']}").link("Move to another time"))
    assert "Booked now" in page.text
    assert okafor.press(page, "Move it here", 422).link("Choose a time.") == "#start-0"
    chosen = next(e.get("value") or "" for e in page.all("input[@type='radio']") if "14:00" in e.get("data-words", ""))

    moved = okafor.press(page, "Move it here", start=chosen)

    assert moved.path == f"/appointments/{visit['id']}"
    assert "Moved to" in moved.text
    assert "10:00 to " in moved.text.partition("What has happened")[2]


def test_a_visit_that_the_patient_has_moved_meanwhile_is_looked_at_again(
    okafor: Visitor, appointment: Flask, patient: make.Person, visit: dict[str, Any]
) -> None:
    page = okafor.get(f"/visits/{visit['id']}/move")
    chosen = page.all("input[@type='radio']")[0].get("value") or ""
    later = {"appointment_time": f"{make.clinic_day(7)}T15:00:00"}
    api = Api(appointment, patient.token)
    api.post(f"/appointments/{visit['id']}/move", json=later, headers={"If-Match": '"1"'})

    refused = okafor.press(page, "Move it here", start=chosen)

    assert "This visit has changed since the page was opened" in refused.text
    assert "15:00" in refused.text


def test_a_visit_is_not_moved_beside_another_one(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person, visit: dict[str, Any]
) -> None:
    page = okafor.get(f"/visits/{visit['id']}/move")
    chosen = page.all("input[@type='radio']")[0].get("value") or ""
    make.appointment(appointment, make.person(auth), doctor, at=time(9))

    assert "just been taken" in okafor.press(page, "Move it here", 409, start=chosen).text
    assert okafor.press(page, "Move it here", 422, start="tomorrow").link("Choose a time.") == "#start-0"


@pytest.mark.parametrize("asked", ["from=tomorrow", "from=9999-12-31", "day=0001-01-01", "visit_type_id=none", "from="])
def test_an_address_that_makes_no_sense_shows_the_first_week(
    okafor: Visitor, patient: make.Person, visit: dict[str, Any], asked: str
) -> None:
    assert okafor.get(f"/patients/{patient.id}/book?{asked}").heading == "Book a follow-up"
