"""Turns: who changes a patient's or a doctor's time does so one after the other, always in the same order of locks."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select, true

from appointment_service import doctors, holds
from appointment_service.models import Doctor, db
from chassis.database import rows

LOCK = select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)).label("turn"))
PATIENT = LOCK.cte("patient").prefix_with("MATERIALIZED")
BOTH = doctors.LOCK.join(PATIENT, true())
"""PostgreSQL locks rows last, as they leave a statement: by then the patient's turn has come, and they are in order."""


def take(patient_id: UUID, doctor_ids: Iterable[UUID]) -> dict[UUID, Doctor]:
    """Wait for one's turn: the patient first, then the doctors in the order of their ids. Dead holds go back.

    Comes back with the doctors as they are now. The turn ends with the transaction.
    """
    found = wait(patient_id, doctor_ids)
    holds.expire(found, patient_id)  # the patient's own dead holds too, with whomever: nobody else may be there to
    return found


def wait(patient_id: UUID, doctor_ids: Iterable[UUID]) -> dict[UUID, Doctor]:
    """The same for who looks for dead holds with other things."""
    number = int.from_bytes(patient_id.bytes[:8], "big", signed=True)
    found = {doctor.id: doctor for doctor in rows(db, BOTH, number=number, ids=list(doctor_ids))}
    if not found:  # where there is no doctor to lock, the patient's turn has not been asked for
        rows(db, LOCK, number=number)
    return found
