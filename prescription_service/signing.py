"""Signing: checked on fresh data, then issued once, with everything copied as it is at that moment."""

from datetime import date
from zoneinfo import ZoneInfo

from chassis import clock
from chassis.identity import DoctorNotVerified, Principal
from prescription_service import limits, safety
from prescription_service.checking import Found
from prescription_service.models import Prescription, db
from prescription_service.numbers import new_number
from prescription_service.prescribing import AppointmentCancelled, Visit, Wish, draw_up


def sign(doctor: Principal, visit: Visit, wish: Wish, zone: ZoneInfo, today: date) -> Prescription:
    """Issue a prescription for a visit of this doctor, on this day of the clinic's calendar.

    The names, the date of birth and the licence are copied as they are now. Raises `AppointmentCancelled`,
    `DoctorNotVerified`, `Invalid`, `AlertsUnresolved`, and `MedicineListMissing` where there is something to check.
    """
    if visit.status == "cancelled":
        raise AppointmentCancelled
    if not doctor.licence_number or not doctor.licence_register:
        raise DoctorNotVerified
    medicines = draw_up(wish.medicines, today)
    safety.one_at_a_time(visit.patient_id)
    found = safety.examine(visit.patient_id, medicines, zone, today)
    alerts = safety.resolve(found, wish.overrides, doctor.id)
    controlled = any(medicine.listed and medicine.listed["controlled"] for medicine in medicines)
    prescription = Prescription(
        number=new_number(today),
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
        notes=wish.notes,
        issued_at=clock.now(),
        valid_until=limits.valid_until(wish.valid_until, controlled, today),
        coverage=safety.coverage(found),
        medicines=medicines,
        alerts=alerts,
    )
    db.session.add(prescription)
    db.session.commit()
    return prescription


def look(visit: Visit, wish: Wish, zone: ZoneInfo, today: date) -> tuple[Prescription, Found]:
    """What signing would find, with the words it would print. Nothing is kept."""
    medicines = draw_up(wish.medicines, today)
    found = safety.examine(visit.patient_id, medicines, zone, today)
    return Prescription(patient_id=visit.patient_id, medicines=medicines), found
