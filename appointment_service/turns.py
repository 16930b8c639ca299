"""Turns: who changes a patient's or a doctor's time does so one after the other, always in the same order of locks."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select, update

from appointment_service import appointments, doctors
from appointment_service.models import CANCELLED, PENDING, Appointment, Doctor, db
from chassis import clock


def take(patient_id: UUID, doctor_ids: Iterable[UUID]) -> dict[UUID, Doctor]:
    """Wait for one's turn: the patient first, then the doctors in the order of their ids. Dead holds go back.

    Comes back with the doctors as they are now. The turn ends with the transaction.
    """
    number = int.from_bytes(patient_id.bytes[:8], "big", signed=True)
    db.session.execute(select(func.pg_advisory_xact_lock(number)))
    found = doctors.lock(doctor_ids)
    expire_holds(found)
    return found


def expire_holds(doctor_ids: Iterable[UUID]) -> None:
    """Give back the times of these doctors that were held for somebody too long ago. Wants their turn."""
    dead = Appointment.status == PENDING, Appointment.held_until <= clock.now()
    ended = {"status": CANCELLED, "cancelled_at": clock.now(), "cancellation_code": "hold-expired"}
    statement = update(Appointment).where(Appointment.doctor_id.in_(list(doctor_ids)), *dead).values(ended)
    for one in db.session.scalars(statement.returning(Appointment)):
        appointments.note(one, None, "expire", (PENDING, one.starts_at))
