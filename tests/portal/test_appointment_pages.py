"""A patient's appointments: home, lists, one of them, cancelling."""

from datetime import time, timedelta
from typing import Any

from flask import Flask

from chassis import clock
from tests import make
from tests.portal.visitor import Visitor


def test_home_is_kind_to_somebody_new(maya: Visitor) -> None:
    home = maya.get("/")

    assert "No appointment booked" in home.text
    assert "No prescriptions yet" in home.text
    assert home.link("Book an appointment") == "/book"


def test_home_shows_the_next_appointment_and_the_latest_prescription(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask, prescription: Flask
) -> None:
    later = make.appointment(appointment, patient, doctor, days=9)
    make.appointment(appointment, patient, doctor, days=8, at=time(15, 20))
    make.prescription(prescription, doctor, later["id"])

    home = maya.get("/")

    assert "15:20" in "".join(home.all("p[@class='next-when']")[0].itertext())
    assert "in 8 days" in home.text
    assert maya.get(home.link("Amoxicillin 500 mg capsules")).status == 200


def test_an_appointment_shows_everything_about_it(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)

    page = maya.get(f"/appointments/{booked['id']}")

    for words in ("Dr Amara Okafor", "Room 4", "London time", "Sore throat", booked["reference"], "Booked"):
        assert words in page.text
    assert "Sore" not in page.title


def test_cancelling_asks_first_and_then_frees_the_time(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    asked = maya.get(maya.get("/").link("Cancel"))
    assert asked.heading == "Cancel this appointment?"
    assert maya.get(f"/appointments/{booked['id']}").link("Cancel this appointment")

    cancelled = maya.press(asked, "Cancel appointment")

    assert "Cancelled" in cancelled.text
    assert cancelled.link("Book another time with Dr Amara Okafor")
    assert "Dr Amara Okafor" in maya.get("/appointments?show=cancelled").text
    assert "No appointment booked" in maya.get("/appointments").text
    assert maya.press(asked, "Cancel appointment").path == cancelled.path


def past(appointment: Flask, patient: make.Person, doctor: make.Person, days: int) -> dict[str, Any]:
    """An appointment some days ago, booked three days before."""
    with clock.set_to(clock.now() - timedelta(days=days + 3)):
        return make.appointment(appointment, patient, doctor, days=-days)


def test_an_appointment_that_has_begun_is_not_cancelled(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    begun = past(appointment, patient, doctor, days=1)
    page = maya.get(f"/appointments/{begun['id']}")
    assert "Cancel this appointment" not in page.text
    assert maya.get(f"/appointments/{begun['id']}/cancel").path == page.path
    token = page.fields(page.form("Sign out")[0])

    refused = maya.post(f"/appointments/{begun['id']}/cancel", token)

    assert refused.path == page.path
    assert refused.all("div[@class='notice notice-error']")


def test_each_visit_is_in_one_of_the_lists(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    past(appointment, patient, doctor, days=2)
    make.appointment(appointment, patient, doctor, days=7)

    assert maya.get("/appointments").text.count("Dr Amara Okafor") == 1
    assert maya.get("/appointments?show=past").text.count("Dr Amara Okafor") == 1


def test_long_lists_are_paged_both_ways(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    for days in range(12, 0, -1):
        past(appointment, patient, doctor, days)

    first = maya.get("/appointments?show=past")
    second = maya.get(first.link("More past appointments"))

    assert (first.text.count("Dr Amara Okafor"), second.text.count("Dr Amara Okafor")) == (10, 2)
    assert maya.get(second.link("Back to the first page")).text == first.text


def test_somebody_elses_appointment_looks_like_none(
    maya: Visitor, auth: Flask, doctor: make.Person, appointment: Flask
) -> None:
    theirs = make.appointment(appointment, make.person(auth), doctor)["id"]

    for path in (f"/appointments/{theirs}", f"/appointments/{theirs}/cancel", f"/appointments/{theirs}/booked"):
        assert maya.get(path, 404).heading == "Page not found"
    assert maya.get("/appointments/3f0b1c7e-0000-4000-8000-000000000000", 404).heading == "Page not found"


def test_nonsense_in_the_address_is_a_page_not_found_or_refused(maya: Visitor) -> None:
    assert maya.get("/appointments?show=everything", 404).heading == "Page not found"
    assert maya.get("/appointments?cursor=zzz", 400).heading == "We could not read that"
    assert maya.get("/appointments/../admin", 404).heading == "Page not found"
