"""A patient's appointments: home, lists, one of them, cancelling."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import Element

from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor


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


def test_a_version_that_no_page_of_ours_wrote_is_not_sent_on(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    asked = maya.get(f"/appointments/{booked['id']}/cancel")

    for forged in ("\N{ARABIC-INDIC DIGIT THREE}", "9" * 5000):
        assert maya.press(asked, "Cancel appointment", version=forged).heading == "Your appointment is cancelled"


def test_cancelling_asks_first_and_then_frees_the_time(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    asked = maya.get(maya.get("/").link("Cancel"))
    assert asked.heading == "Cancel this appointment?"
    assert maya.get(f"/appointments/{booked['id']}").link("Cancel this appointment")

    cancelled = maya.press(asked, "Cancel appointment")

    assert cancelled.heading == "Your appointment is cancelled"
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


def to_move(somebody: Visitor, booked: dict[str, Any], at: int = 1) -> Page:
    """Another time chosen, nothing moved yet: old and new side by side."""
    times = somebody.get(somebody.get(f"/appointments/{booked['id']}").link("Change time"))
    start = times.all("input[@name='start']")[at].get("value", "")
    return somebody.press(times, "Continue", start=start)


def test_moving_shows_old_and_new_side_by_side_and_then_moves(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    times = maya.get(f"/appointments/{booked['id']}/move")
    assert "Currently: " in times.text
    assert "10:00" in [label(times, box) for box in times.all("input[@name='start']")]  # one's own time counts as free

    check = to_move(maya, booked)
    assert check.heading == "Move this appointment?"
    assert "10:00" in check.text
    assert "09:20" in check.text
    moved = maya.press(check, "Move the appointment")

    assert moved.heading == "Your appointment is moved"
    assert booked["reference"] in moved.text
    one = maya.get(f"/appointments/{booked['id']}")
    assert "Booked at a new time" in one.text
    assert "You moved it from" in one.text
    assert maya.press(check, "Move the appointment").path == moved.path  # the second of two clicks


def label(page: Page, box: Element) -> str:
    return "".join("".join(one.itertext()) for one in page.all("label") if one.get("for") == box.get("id")).strip()


def test_an_appointment_that_changed_meanwhile_is_shown_anew_and_asked_about_again(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    check, ask = to_move(maya, booked), maya.get(f"/appointments/{booked['id']}/cancel")
    when = make.wish(doctor.id, at=time(16))["appointment_time"]
    path, seen = f"/appointments/{booked['id']}/move", {"If-Match": '"1"'}
    Api(appointment, doctor.token).post(path, json={"appointment_time": when}, headers=seen)

    again = maya.press(check, "Move the appointment", 412)
    assert "has changed since you opened the page" in "".join(again.root.itertext())
    assert "16:00" in again.text
    asked = maya.press(ask, "Cancel appointment", 412)
    assert "16:00" in asked.text

    assert maya.press(again, "Move the appointment").heading == "Your appointment is moved"


def test_a_new_time_that_was_just_taken_gives_others_and_keeps_the_old_one(
    maya: Visitor, patient: make.Person, doctor: make.Person, auth: Flask, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    check = to_move(maya, booked)
    make.appointment(appointment, make.person(auth), doctor, at=time(9, 20))

    taken = maya.press(check, "Move the appointment", 409)

    assert taken.heading == "That time has just been taken"
    assert "Your appointment stays on" in taken.text
    other = taken.all("input[@name='start']")[0].get("value", "")
    assert maya.press(maya.press(taken, "Continue", start=other), "Move the appointment").heading == (
        "Your appointment is moved"
    )


def test_another_doctor_can_be_moved_to(
    maya: Visitor, patient: make.Person, doctor: make.Person, auth: Flask, appointment: Flask
) -> None:
    make.doctor(auth, appointment, first_name="Ingrid", last_name="Hansen")
    booked = make.appointment(appointment, patient, doctor)

    times = maya.get(maya.get(f"/appointments/{booked['id']}/move").link("Dr Ingrid Hansen"))
    check = maya.press(times, "Continue", start=times.all("input[@name='start']")[0].get("value", ""))

    assert "Dr Ingrid Hansen" in maya.press(check, "Move the appointment").text


def test_no_time_or_nonsense_leads_back_to_the_times_and_moves_nothing(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    move = f"/appointments/{booked['id']}/move"

    refused = maya.press(maya.get(move), "Continue", 422, start="{{config}}")
    assert "Choose a time." in refused.text
    maya.get(f"{move}/check?start=2027-03-10T10:00:00Z&version=x&doctor=../x")
    token = refused.fields(refused.form("Sign out")[0])
    assert maya.post(move, token).heading == "Choose a new day and time"
    assert maya.get("/appointments").text.count("Booked at a new time") == 0


def soon(appointment: Flask, patient: make.Person, doctor: make.Person, minutes: int) -> dict[str, Any]:
    """A visit that begins in so many minutes, booked by the doctor."""
    when = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=minutes)
    make.appointment(appointment, patient, doctor, days=20)  # so that the patient is on the doctor's list
    wish = {"patient_id": patient.id, "appointment_time": when.isoformat(), "overbook": "Has to be seen."}
    found: dict[str, Any] = Api(appointment, doctor.token).post("/doctors/me/appointments", json=wish, expect=201)
    return found


def test_after_the_cut_off_the_phone_number_stands_in_place_of_a_dead_button(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    visit = soon(appointment, patient, doctor, minutes=90)

    page = maya.get(f"/appointments/{visit['id']}")

    assert "Change time" not in page.text
    assert "It is too late to change it online: call us on 01632 960 122" in page.text
    assert maya.get(f"/appointments/{visit['id']}/move").path == page.path
    ask = maya.get(page.link("Cancel this appointment"))
    assert "This is at short notice" in ask.text
    cancelled = maya.press(ask, "Cancel appointment", reason="The car broke down")
    assert "even at short notice" in cancelled.text
    told = maya.get(f"/appointments/{visit['id']}")
    assert "You cancelled it: “The car broke down”" in told.text
    assert "At short notice" in told.text


def test_who_is_there_says_so_and_reads_that_the_doctor_runs_late(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    late_at_night = clock.now().astimezone(make.CLINIC_ZONE).hour == 23
    visit = soon(appointment, patient, doctor, minutes=-10 if late_at_night else 30)  # of today in any case
    Api(appointment, doctor.token).put("/doctors/me/running-late", json={"minutes": 20})
    page = maya.get(f"/appointments/{visit['id']}")

    arrived = maya.press(page, "I have arrived")

    assert "knows that you are here" in arrived.text
    assert "You have arrived" in arrived.text
    assert "You said that you are here" in arrived.text
    assert maya.press(page, "I have arrived").path == arrived.path
    assert "runs about 20 minutes late today" in page.text
    assert "runs about 20 minutes late today" in maya.get("/").text


def test_a_doctor_who_is_away_then_is_told_clearly_with_a_way_to_another_time(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    make.exception(appointment, doctor, kind="closed", on_conflict="offer")

    for page in (maya.get("/"), maya.get(f"/appointments/{booked['id']}")):
        assert "needs a new time" in page.text
        assert page.link("Change time") == f"/appointments/{booked['id']}/move"
    assert "Needs a new time" in maya.get("/appointments").text
    assert "asked you to choose another time" in maya.get(f"/appointments/{booked['id']}").text


def test_every_state_is_told_in_words(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask
) -> None:
    seen, missed, called_off = (past(appointment, patient, doctor, days) for days in (1, 2, 3))
    api = Api(appointment, doctor.token)
    api.post(f"/appointments/{seen['id']}/complete")
    api.post(f"/appointments/{missed['id']}/no-show")
    ahead = make.appointment(appointment, patient, doctor)
    api.post(f"/appointments/{ahead['id']}/cancel", json={"code": "clinic"})

    gone = maya.get("/appointments?show=past").text
    assert ("Seen" in gone, "Did not come" in gone, "Past" in gone, called_off["id"] != "") == (True,) * 4
    assert "Cancelled by the clinic" in maya.get("/appointments?show=cancelled").text
    assert "Dr Amara Okafor cancelled it" in maya.get(f"/appointments/{ahead['id']}").text


def test_the_calendar_file_comes_through_and_only_to_its_owner(
    maya: Visitor, patient: make.Person, doctor: make.Person, auth: Flask, appointment: Flask
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    theirs = make.appointment(appointment, make.person(auth), doctor, at=time(11))

    answer = maya.client.get(maya.get(f"/appointments/{booked['id']}").link("Add to calendar"))

    assert answer.content_type.startswith("text/calendar")
    assert answer.text.startswith("BEGIN:VCALENDAR")
    assert "Sore throat" not in answer.text
    assert maya.get(f"/appointments/{theirs['id']}.ics", 404).heading == "Page not found"


def test_a_change_of_the_clocks_before_the_appointment_is_told(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask, fresh_list: None
) -> None:
    with clock.set_to(datetime(2026, 10, 20, 12, tzinfo=UTC)):
        wish = {"doctor_id": doctor.id, "appointment_time": "2026-10-30T10:00:00"}
        booked = Api(appointment, patient.token).post("/appointments", json=wish, expect=201)
        page = maya.get(f"/appointments/{booked['id']}")

    assert "The clocks change before this appointment" in page.text
    assert "They go back on Sunday 25 October" in page.text
