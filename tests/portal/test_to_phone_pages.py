"""The list of whom to phone, because mail did not reach them, ticked off by the doctor or an admin."""

from datetime import datetime, time
from uuid import UUID

import pytest
from flask import Flask

from tests import make
from tests.appointment_service import telling
from tests.portal.visitor import Visitor


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> UUID:
    """A visit of which mail did not bring word to its patient."""
    at = datetime.combine(make.clinic_day(3), time(10), make.CLINIC_ZONE)
    found = telling.visit(appointment, patient, doctor, at)
    telling.unreached(appointment, found)
    return found


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


def test_whom_to_phone_stands_on_the_day_until_it_is_ticked_off(okafor: Visitor, visit: UUID) -> None:
    listed = okafor.get(okafor.get("/today").link("1 person to phone"))
    assert "Maya Lindqvist That the visit is booked" in listed.text
    assert "Their mail server refused the letter" in listed.text

    told = okafor.press(listed, "Told")
    assert "Ticked off: Maya Lindqvist" in told.text
    assert "Nobody to phone" in told.text
    assert "Ticked off" in okafor.press(listed, "Told").text
    assert "to phone" not in okafor.get("/today").text


def test_admins_have_everybodys_and_other_doctors_and_patients_none(
    portal: Flask, auth: Flask, appointment: Flask, maya: Visitor, okafor: Visitor, visit: UUID
) -> None:
    other = Visitor(portal).sign_in(make.doctor(auth, appointment).email)
    admin = Visitor(portal).sign_in(make.admin(auth).email)
    form, _ = okafor.get("/to-phone").form("Told")
    theirs = other.get("/entry")
    token = theirs.fields(theirs.form("Save")[0])

    assert "Nobody to phone" in other.get("/to-phone").text
    other.post(str(form.get("action")), token, 404)
    assert "Dr Amara Okafor" in admin.get(admin.get("/schedule/doctors").link("To phone")).text
    maya.get("/to-phone", 403)
