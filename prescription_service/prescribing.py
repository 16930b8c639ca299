"""The rules of prescribing: a doctor writes and signs for a visit of theirs; doctor and patient read it ever after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from chassis import clock
from chassis.errors import Conflict, NotFound
from chassis.identity import DoctorNotVerified, Principal
from prescription_service.models import Medicine, Prescription, db
from prescription_service.numbers import new_number


class AppointmentCancelled(Conflict):
    """409: nothing is prescribed for a visit that does not take place."""

    code, title = "appointment-cancelled", "Appointment cancelled"
    detail = "This appointment was cancelled, so nothing can be prescribed for it."


@dataclass(frozen=True)
class Visit:
    """What prescribing needs to know of an appointment."""

    id: UUID
    appointment_time: str
    status: str
    doctor_specialty: str
    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None


@dataclass(frozen=True)
class MedicineWords:
    """A medicine as the doctor wrote it."""

    name: str
    dosage: str
    duration: str
    instructions: str


def write(doctor: Principal, visit: Visit, medicines: Sequence[MedicineWords], notes: str) -> Prescription:
    """Sign a prescription for a visit of this doctor. Raises `AppointmentCancelled` and `DoctorNotVerified`.

    The names, the date of birth and the licence are copied as they are now.
    """
    if visit.status == "cancelled":
        raise AppointmentCancelled
    if not doctor.licence_number or not doctor.licence_register:
        raise DoctorNotVerified
    now = clock.now()
    prescription = Prescription(
        number=new_number(now.date()),
        appointment_id=visit.id,
        appointment_time=visit.appointment_time,
        doctor_id=doctor.id,
        doctor_name=doctor.name,
        doctor_specialty=visit.doctor_specialty,
        doctor_licence_number=doctor.licence_number,
        doctor_licence_register=doctor.licence_register,
        patient_id=visit.patient_id,
        patient_name=visit.patient_name,
        patient_birth_date=visit.patient_birth_date,
        notes=notes,
        issued_at=now,
        medicines=[Medicine(position=n, **vars(words)) for n, words in enumerate(medicines, 1)],
    )
    db.session.add(prescription)
    db.session.commit()
    return prescription


def visible_to(who: Principal) -> ColumnElement[bool]:
    """The prescriptions this person may see: one's own, as prescriber or as patient."""
    return Prescription.doctor_id == who.id if who.role == "doctor" else Prescription.patient_id == who.id


def find(who: Principal, prescription_id: UUID) -> Prescription:
    """One's own prescription, or `NotFound`."""
    found = db.session.scalar(select(Prescription).where(Prescription.id == prescription_id, visible_to(who)))
    if found is None:
        raise NotFound
    return found


def list_own(
    who: Principal, appointment_id: UUID | None, limit: int, after: tuple[datetime, UUID] | None
) -> Sequence[Prescription]:
    """Up to `limit` of one's own prescriptions, newest first, behind the (issued, id) of the last one seen."""
    query = select(Prescription).where(visible_to(who)).limit(limit)
    if appointment_id:
        query = query.where(Prescription.appointment_id == appointment_id)
    if after:
        query = query.where(tuple_(Prescription.issued_at, Prescription.id) < after)
    return db.session.scalars(query.order_by(Prescription.issued_at.desc(), Prescription.id.desc())).all()
