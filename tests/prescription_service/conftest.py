"""A patient, a doctor and a visit of the two, and the doctor at the prescription service."""

import pytest
from flask import Flask

from tests import make
from tests.api import Api


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> str:
    found: str = make.appointment(appointment, patient, doctor)["id"]
    return found


@pytest.fixture
def api(prescription: Flask, doctor: make.Person) -> Api:
    """The doctor who has the visit, and has not opened it yet."""
    return Api(prescription, doctor.token)


@pytest.fixture
def asked(prescription: Flask, patient: make.Person) -> Api:
    """The patient, asked about allergies: none are known."""
    mine = Api(prescription, patient.token)
    mine.put(f"/patients/{patient.id}/allergies/none-known")
    return mine
