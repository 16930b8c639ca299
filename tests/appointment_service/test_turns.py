"""Turns: in which order the locks are taken, and what is known when one's turn has come."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from appointment_service import turns
from appointment_service.models import Doctor, db
from chassis.database import rows
from tests import make

LOCKS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
WAITS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid::bigint = :low")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> UUID:
    return UUID(make.doctor(auth, appointment).id)


@pytest.mark.parametrize("doctors", [[], [uuid4()]])
def test_a_patient_has_their_turn_where_there_is_no_doctor_to_wait_for(appointment: Flask, doctors: list[UUID]) -> None:
    with appointment.app_context():
        assert turns.wait(uuid4(), doctors) == {}
        assert db.session.scalar(LOCKS) == 1


def test_doctors_come_behind_the_patient_and_as_they_are_by_then(appointment: Flask, doctor: UUID) -> None:
    patient = uuid4()

    def wait() -> Any:
        with appointment.app_context():
            return turns.wait(patient, [doctor])[doctor].name

    with appointment.app_context(), ThreadPoolExecutor(1) as pool:
        number = int.from_bytes(patient.bytes[:8], "big", signed=True)
        rows(db, turns.LOCK, number=number)
        waiting = pool.submit(wait)
        while not db.session.scalar(WAITS, {"low": number & 0xFFFFFFFF}) and not waiting.done():
            pass
        named = db.session.scalar(db.select(Doctor.name).where(Doctor.id == doctor).with_for_update(nowait=True))
        db.session.execute(text("UPDATE doctor SET name = 'Dr New' WHERE id = :id"), {"id": doctor})
        db.session.commit()

        assert (named != "Dr New", waiting.result()) == (True, "Dr New")
