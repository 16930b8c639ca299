"""Who may see what is known of a patient: the patient, and doctors who treat them.

A doctor treats a patient to whom they have prescribed, or a visit of whom they have opened: then the appointment
service has shown it to them, which is its own check, and the relation is kept here for as long as it is needed.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, literal, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import QueryableAttribute, aliased

from chassis import clock
from chassis.identity import Principal
from prescription_service.models import Prescription, db
from prescription_service.patient_tables import CareRelation
from prescription_service.prescribing import AppointmentCancelled, Visit

KEPT = timedelta(days=30)
"""How long after a visit, or after it was opened, its doctor looks after letters and results."""


def may_see(who: Principal, patient_id: UUID | QueryableAttribute[UUID]) -> ColumnElement[bool]:
    """A condition for the very statement that reads or writes, so that nothing lies between asking and doing.

    `patient_id` is an id, or the column that holds it.
    """
    patient = literal(patient_id) if isinstance(patient_id, UUID) else patient_id
    if who.role == "patient":
        return patient == who.id
    treats = exists().where(
        CareRelation.doctor_id == who.id, CareRelation.patient_id == patient, CareRelation.valid_until > clock.now()
    )
    theirs = aliased(Prescription)  # for `patient_id` may be a column of the table itself
    wrote = exists().where(theirs.doctor_id == who.id, theirs.patient_id == patient)
    return or_(treats, wrote)


def open_visit(doctor: Principal, visit: Visit) -> CareRelation:
    """From now the doctor of this visit treats its patient. Raises `AppointmentCancelled`."""
    if visit.status == "cancelled":
        raise AppointmentCancelled
    until = max(datetime.fromisoformat(visit.appointment_time), clock.now()) + KEPT
    row = {"doctor_id": doctor.id, "patient_id": visit.patient_id, "appointment_id": visit.id, "valid_until": until}
    wanted = insert(CareRelation).values(row)
    later = wanted.on_conflict_do_update(
        index_elements=["doctor_id", "patient_id"],
        set_={"valid_until": wanted.excluded.valid_until, "appointment_id": wanted.excluded.appointment_id},
        where=CareRelation.valid_until < wanted.excluded.valid_until,
    )
    db.session.execute(later)
    db.session.commit()
    return db.session.get_one(CareRelation, (doctor.id, visit.patient_id))
