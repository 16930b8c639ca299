"""The directory follows what the clinic knows of its doctors, and the clocks follow the clinic's zone."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from flask import Flask

from appointment_service import create_app, doctors
from appointment_service.clocks import ClinicClocks
from appointment_service.models import Doctor, db
from appointment_service.settings import AppointmentSettings
from chassis.errors import Unavailable
from tests import make
from tests.api import Api
from tests.servers import Clinic, free_port

WITHIN = 15
"""Seconds. Three are promised; a machine that does much else may take longer."""
LICENCE = {"number": "7412093", "register": "GMC", "checked_on": "2026-11-02"}


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def admin(auth: Flask) -> Api:
    return Api(auth, make.admin(auth).token)


def follow(appointment: Flask) -> None:
    with appointment.app_context():
        appointment.extensions["in_step"].follow()


def names(appointment: Flask) -> list[str]:
    return [doctor["name"] for doctor in Api(appointment).get("/doctors")["items"]]


def suspend(admin: Api, doctor: make.Person) -> None:
    admin.post(f"/people/{doctor.id}/licence/suspend", json={"reason": "Register says so."})


def test_a_suspended_doctor_is_neither_listed_nor_bookable(
    auth: Flask, appointment: Flask, admin: Api, doctor: make.Person
) -> None:
    patient = make.person(auth)
    booked = make.appointment(appointment, patient, doctor)
    suspend(admin, doctor)

    follow(appointment)

    assert names(appointment) == []
    Api(appointment).get(f"/doctors/{doctor.id}", expect=404)
    api = Api(appointment, patient.token)
    assert api.post("/appointments", json=make.wish(doctor.id, days=8), expect=409)["code"] == "doctor-not-bookable"
    free = api.get(f"/slots?doctor_id={doctor.id}&from={make.clinic_day(1)}&to={make.clinic_day(7)}")
    assert {len(day["slots"]) for day in free["days"]} == {0}
    assert api.get(f"/appointments/{booked['id']}")["doctor_name"] == "Dr Amara Okafor"


def test_a_verified_doctor_is_back(appointment: Flask, admin: Api, doctor: make.Person) -> None:
    suspend(admin, doctor)
    follow(appointment)
    admin.post(f"/people/{doctor.id}/licence/verify", json=LICENCE)

    follow(appointment)

    assert names(appointment) == ["Dr Amara Okafor"]


def test_a_disabled_doctor_goes_as_well(appointment: Flask, admin: Api, doctor: make.Person) -> None:
    admin.post(f"/people/{doctor.id}/disable")

    follow(appointment)

    assert names(appointment) == []


def test_a_new_name_is_taken_over_and_older_appointments_keep_theirs(
    auth: Flask, appointment: Flask, doctor: make.Person
) -> None:
    patient = make.person(auth)
    booked = make.appointment(appointment, patient, doctor)
    Api(auth, doctor.token).patch("/auth/me", json={"last_name": "Okafor-Lind"})

    follow(appointment)

    assert names(appointment) == ["Dr Amara Okafor-Lind"]
    assert Api(appointment, patient.token).get(f"/appointments/{booked['id']}")["doctor_name"] == "Dr Amara Okafor"


def test_the_demos_doctors_stay_and_one_waits(auth: Flask, appointment: Flask, admin: Api) -> None:
    for app in (auth, appointment):
        assert app.test_cli_runner().invoke(args=["demo"]).exit_code == 0

    follow(appointment)

    assert names(appointment) == ["Dr Amara Okafor", "Dr Ingrid Hansen", "Dr Tomás Silva"]
    assert [one["name"] for one in admin.get("/people?state=waiting")["items"]] == ["Dr Jana Novák"]


def test_an_entry_newer_than_the_list_is_left_alone(appointment: Flask, doctor: make.Person) -> None:
    with appointment.app_context():
        doctors.keep_in_step({}, datetime.now(UTC) - timedelta(minutes=1))
        newer = db.session.scalars(db.select(Doctor.bookable)).all()
        doctors.keep_in_step({}, datetime.now(UTC) + timedelta(minutes=1))
        older = db.session.scalars(db.select(Doctor.bookable)).all()

    assert (newer, older) == ([True], [False])


def test_while_auth_is_out_nothing_changes(
    environment: dict[str, str], appointment: Flask, doctor: make.Person
) -> None:
    nowhere = create_app(AppointmentSettings(**environment, AUTH_URL=f"http://127.0.0.1:{free_port()}"))

    with pytest.raises(Unavailable):
        follow(nowhere)

    assert names(appointment) == ["Dr Amara Okafor"]


def test_the_clocks_are_read_in_the_clinics_zone_and_booked_instants_stay(
    environment: dict[str, str], auth: Flask, appointment: Flask, admin: Api, doctor: make.Person
) -> None:
    patient = make.person(auth)
    booked = make.appointment(appointment, patient, doctor)
    app = create_app(AppointmentSettings(**environment), appointment.extensions["in_step"].auth)
    admin.patch("/clinic", json={"time_zone": "Pacific/Auckland"})

    follow(app)

    shown = Api(app, patient.token).get(f"/appointments/{booked['id']}")
    assert shown["start"] == booked["start"]
    assert shown["time_zone"] == "Pacific/Auckland"
    there = datetime.fromisoformat(booked["start"]).astimezone(ZoneInfo("Pacific/Auckland"))
    assert shown["appointment_time"] == there.isoformat()


def test_a_process_that_starts_without_auth_reads_the_zone_last_heard(appointment: Flask) -> None:
    setting = ZoneInfo("Europe/London")
    with appointment.app_context():
        ClinicClocks(setting).hear("Asia/Kathmandu")
        kept = ClinicClocks(setting).zone()
        ClinicClocks(setting).hear(None)
        given_back = ClinicClocks(setting).zone()

    assert (kept.key, given_back.key) == ("Asia/Kathmandu", "Europe/London")


def eventually(look: Callable[[], Any], wanted: object) -> None:
    deadline = time.monotonic() + WITHIN
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


def test_running_services_follow_by_themselves(clinic: Clinic, auth: Flask, appointment: Flask, admin: Api) -> None:
    doctor, patient = make.doctor(auth, appointment), make.person(auth)
    url, headers = clinic.appointment.url, {"Authorization": f"Bearer {patient.token}"}

    def listed() -> int:
        return requests.get(f"{url}/doctors/{doctor.id}", timeout=5).status_code

    def booking() -> requests.Response:
        return requests.post(f"{url}/appointments", json=make.wish(doctor.id), headers=headers, timeout=5)

    assert listed() == 200
    suspend(admin, doctor)
    eventually(listed, 404)
    assert booking().json()["code"] == "doctor-not-bookable"
    admin.post(f"/people/{doctor.id}/licence/verify", json=LICENCE)
    eventually(listed, 200)
    assert booking().status_code == 201
