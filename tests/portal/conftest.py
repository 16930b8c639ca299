"""A visitor in front of the portal, with the services of this process behind it. Every page it fetches is checked."""

from datetime import date

import pytest
from flask import Flask

from tests import make
from tests.portal.visitor import Visitor


@pytest.fixture
def visitor(portal: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(portal)


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    """A doctor who works every day."""
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor", licence_number="7412093")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    """A patient with an account."""
    return make.person(auth, first_name="Maya", last_name="Lindqvist", birth_date="1988-03-14")


@pytest.fixture
def maya(portal: Flask, patient: make.Person) -> Visitor:
    """That patient, signed in."""
    return Visitor(portal).sign_in(patient.email)


@pytest.fixture
def next_week() -> date:
    """A day that can be booked."""
    return make.clinic_day(7)
