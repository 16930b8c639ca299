"""What first pages show in one answer: the same as the lists it stands for, and one's own only."""

from datetime import datetime

import pytest
from flask import Flask

from appointment_service.models import AuditEvent, db
from chassis import clock
from tests import make
from tests.api import Api


def test_a_patients_overview_says_what_the_lists_say(auth: Flask, appointment: Flask) -> None:
    doctor, maya, other = make.doctor(auth, appointment), make.person(auth), make.person(auth)
    for day in (9, 8):
        make.appointment(appointment, maya, doctor, days=day)
    make.waiting(appointment, maya)
    make.appointment(appointment, other, doctor, at=make.time(11))
    make.waiting(appointment, other)
    mine = Api(appointment, maya.token)

    told = mine.get("/patients/me/overview")

    assert told["appointments"] == mine.get("/appointments?show=upcoming&limit=6")["items"]
    assert [one["patient_id"] for one in told["appointments"]] == [maya.id] * 2
    assert told["waiting"] == mine.get("/waitlist")["items"]
    assert [one["patient_id"] for one in told["waiting"]] == [maya.id]
    assert told["running_late_minutes"] == 0


def test_it_stands_in_the_record_as_the_lists_do_and_not_where_there_is_nothing(
    auth: Flask, appointment: Flask
) -> None:
    doctor, maya, nobody = make.doctor(auth, appointment), make.person(auth), make.person(auth)
    make.appointment(appointment, maya, doctor)
    make.waiting(appointment, maya)
    with appointment.app_context():
        before = db.session.scalar(db.select(db.func.max(AuditEvent.sequence)))

    Api(appointment, maya.token).get("/patients/me/overview")
    Api(appointment, nobody.token).get("/patients/me/overview")

    with appointment.app_context():
        rows = db.session.scalars(db.select(AuditEvent).where(AuditEvent.sequence > before)).all()
    noted = [(row.action, str(row.actor_id), str(row.patient_id), row.outcome) for row in rows]
    assert sorted(noted) == [
        ("appointment.list", maya.id, maya.id, "done"),
        ("waitlist.list", maya.id, maya.id, "done"),
    ]


@pytest.mark.usefixtures("fresh_list")
def test_only_today_says_how_late_the_doctor_of_the_first_one_is(auth: Flask, appointment: Flask) -> None:
    doctor, maya = make.doctor(auth, appointment), make.person(auth)
    visit = make.appointment(appointment, maya, doctor)
    mine, own = Api(appointment, maya.token), Api(appointment, doctor.token)
    own.put("/doctors/me/running-late", json={"minutes": 20})
    assert mine.get("/patients/me/overview")["running_late_minutes"] == 0
    assert own.get("/doctors/me/overview")["running_late_minutes"] == 20

    with clock.set_to(datetime.fromisoformat(visit["start"])):
        own.put("/doctors/me/running-late", json={"minutes": 40})
        assert mine.get("/patients/me/overview")["running_late_minutes"] == 40


def test_a_doctors_overview_says_whether_they_can_be_booked(auth: Flask, appointment: Flask) -> None:
    new = make.person(auth, "doctor")
    own = Api(appointment, new.token)
    nothing = {"running_late_minutes": 0, "to_phone": 0, "in_directory": False, "has_hours": False}
    assert own.get("/doctors/me/overview") == nothing

    own.put("/doctors/me", json={"specialty": "Surgery"})
    assert own.get("/doctors/me/overview") == nothing | {"in_directory": True}

    own.put("/doctors/me/hours", json={"hours": make.WEEK})
    assert own.get("/doctors/me/overview") == nothing | {"in_directory": True, "has_hours": True}
