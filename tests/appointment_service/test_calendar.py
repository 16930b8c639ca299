"""Appointments as files to download, read back by a parser."""

from datetime import UTC, datetime, time

import pytest
from flask import Flask
from icalendar import Event

from chassis import clock
from tests import make
from tests.api import Api
from tests.appointment_service.test_calendar_file import read

pytestmark = pytest.mark.usefixtures("fresh_list")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


def file_of(app: Flask, who: make.Person, visit_id: str) -> Event:
    answer = Api(app, who.token).send("GET", f"/appointments/{visit_id}.ics")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "text/calendar; charset=utf-8"
    calendar, (event,) = read(answer.get_data())
    assert calendar["METHOD"] == "PUBLISH"
    return event


def test_an_appointment_is_downloaded_as_a_file_with_a_name_that_says_nothing(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor, at=time(10, 20), notes="my-secret-reason")
    appointment.extensions["clinic"].hear({})  # as its settings say, whatever it was told before

    answer = Api(appointment, patient.token).send("GET", f"/appointments/{booked['id']}.ics")
    _, (event,) = read(answer.get_data())

    assert answer.headers["Content-Disposition"] == 'attachment; filename="appointment.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert event["SUMMARY"] == "Appointment – Larkfield Clinic"
    assert event.start == datetime.fromisoformat(booked["start"])
    assert event["DTSTART"].to_ical().endswith(b"Z")
    assert event["DESCRIPTION"].startswith(f"Reference {booked['reference']}\nhttp")
    assert event["DESCRIPTION"].endswith(f"/appointments/{booked['id']}")
    assert "secret" not in answer.get_data(as_text=True)


def test_a_file_holds_the_time_at_which_it_was_made(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    now = datetime.now(UTC).replace(microsecond=0)

    with clock.set_to(now):
        assert file_of(appointment, patient, booked["id"]).stamp == now


def test_uid_stays_and_sequence_rises_over_a_move_and_a_cancellation(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    api, path = Api(appointment, patient.token), f"/appointments/{booked['id']}"
    new_time = make.wish(doctor.id, time(11))["appointment_time"]

    files = [file_of(appointment, patient, booked["id"])]
    api.post(f"{path}/move", json={"appointment_time": new_time}, headers={"If-Match": '"1"'})
    files.append(file_of(appointment, patient, booked["id"]))
    api.post(f"{path}/cancel")
    files.append(file_of(appointment, patient, booked["id"]))

    assert len({file["UID"] for file in files}) == 1
    assert [file["SEQUENCE"] for file in files] == [0, 1, 2]
    assert [file["STATUS"] for file in files] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert files[1].start > files[0].start


def test_a_file_is_for_the_two_people_it_is_about(
    auth: Flask, appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)
    path = f"/appointments/{booked['id']}.ics"

    assert file_of(appointment, doctor, booked["id"])["UID"] == file_of(appointment, patient, booked["id"])["UID"]
    Api(appointment, make.person(auth).token).get(path, expect=404)
    Api(appointment, make.admin(auth).token).get(path, expect=403)
    Api(appointment).get(path, expect=401)


@pytest.mark.parametrize("suffix", [".ICS", ".ics/", ".icsx", "ics", ".ics.ics"])
def test_only_this_ending_names_a_file(
    appointment: Flask, patient: make.Person, doctor: make.Person, suffix: str
) -> None:
    booked = make.appointment(appointment, patient, doctor)

    Api(appointment, patient.token).get(f"/appointments/{booked['id']}{suffix}", expect=404)


def test_a_calendar_program_that_takes_nothing_else_is_answered(
    appointment: Flask, patient: make.Person, doctor: make.Person
) -> None:
    booked = make.appointment(appointment, patient, doctor)

    answer = Api(appointment, patient.token).send(
        "GET", f"/appointments/{booked['id']}.ics", headers={"Accept": "text/calendar"}
    )

    assert answer.status_code == 200


def test_who_downloaded_a_file_is_on_record(appointment: Flask, patient: make.Person, doctor: make.Person) -> None:
    booked = make.appointment(appointment, patient, doctor)
    file_of(appointment, doctor, booked["id"])

    newest = Api(appointment, patient.token).get("/audit-events")["items"][0]

    assert (newest["action"], newest["record_id"], newest["actor_id"]) == ("appointment.read", booked["id"], doctor.id)
