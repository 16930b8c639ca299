"""One running clinic for all tests that break it, and what they share of people."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import make
from tests.faults import stage as stages
from tests.faults.stage import Stage
from tests.journeys.wire import VisitorOnTheWire


@pytest.fixture(scope="session")
def running(environment: dict[str, str], migrated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = stages.start(environment, tmp_path_factory.mktemp("faults"))
    yield stage
    stage.end()


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    """The clinic, whole at the beginning and at the end of each test."""
    running.restore()
    yield running
    running.restore()


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    """A doctor who works every day."""
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    """A patient with an account."""
    return make.person(auth, first_name="Maya", last_name="Lindqvist", birth_date="1988-03-14")


@pytest.fixture
def maya(stage: Stage, patient: make.Person) -> VisitorOnTheWire:
    """That patient, signed in at the portal."""
    return signed_in(stage, patient)


@pytest.fixture
def okafor(stage: Stage, doctor: make.Person) -> VisitorOnTheWire:
    """That doctor, signed in at the portal."""
    return signed_in(stage, doctor)


def signed_in(stage: Stage, who: make.Person) -> VisitorOnTheWire:
    visitor = VisitorOnTheWire(stage.clinic.portal.url)
    visitor.sign_in(who.email)
    return visitor
