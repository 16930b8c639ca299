"""Signing: checked on fresh data, then issued once, with everything copied as it is at that moment, and sealed."""

from datetime import date
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from chassis import clock
from chassis.identity import DoctorNotVerified, Principal
from chassis.versions import CheckVersion
from prescription_service import drafts, life, limits, safety, weights
from prescription_service.checking import Found
from prescription_service.doctor_tables import RepeatRequest
from prescription_service.models import Draft, Prescription, db
from prescription_service.numbers import new_number
from prescription_service.prescribing import AppointmentCancelled, Visit, Wish, draw_up
from prescription_service.seal import Seal
from prescription_service.weights import WEIGHT


def sign(
    doctor: Principal, visit: Visit, wish: Wish, zone: ZoneInfo, today: date, seal: Seal, draft: Draft | None = None
) -> Prescription:
    """Issue a prescription for a visit of this doctor, on this day of the clinic's calendar.

    The names, the date of birth and the licence are copied as they are now. What it replaces is cancelled with it.
    Raises `AppointmentCancelled`, `DoctorNotVerified`, `Invalid`, `AlertsUnresolved`, `FinalStatus` of what it
    replaces, and `MedicineListMissing` where there is something to check.
    """
    if visit.status == "cancelled":
        raise AppointmentCancelled
    if not doctor.licence_number or not doctor.licence_register:
        raise DoctorNotVerified
    safety.one_at_a_time(visit.patient_id)
    prescription, found = _written(visit, wish, zone, today, draft)
    prescription.alerts = safety.resolve(found, wish.overrides, doctor.id)
    prescription.doctor_id, prescription.doctor_name = doctor.id, doctor.name
    prescription.doctor_licence_number = doctor.licence_number
    prescription.doctor_licence_register = doctor.licence_register
    prescription.id = draft.id if draft else uuid4()
    prescription.number, prescription.issued_at = new_number(today), clock.now()
    prescription.digest = seal.digest(prescription)
    life.move(prescription, "active", doctor)
    _put_in_force(prescription, doctor)
    if draft:
        _end(draft)
    db.session.commit()
    return prescription


def _end(draft: Draft) -> None:
    """It is a prescription now, and the request that it answers is approved."""
    asked = (RepeatRequest.renewal_id == draft.id) & (RepeatRequest.status == "open")
    db.session.execute(update(RepeatRequest).where(asked).values(status="approved", decided_at=clock.now()))
    db.session.delete(draft)


def look(
    visit: Visit, wish: Wish, zone: ZoneInfo, today: date, draft: Draft | None = None
) -> tuple[Prescription, Found]:
    """What signing would find, with the words it would print. Nothing is kept."""
    return _written(visit, wish, zone, today, draft)


def sign_draft(
    doctor: Principal,
    draft_id: UUID,
    seen: CheckVersion,
    visit: Visit,
    overrides: dict[str, str],
    zone: ZoneInfo,
    today: date,
    seal: Seal,
) -> Prescription:
    """Sign a draft in the version that was seen. Of two at once one wins, and the other finds it signed."""
    draft = drafts.held(doctor, draft_id, seen)
    return sign(doctor, visit, drafts.wish_in(draft, overrides), zone, today, seal, draft)


def _written(visit: Visit, wish: Wish, zone: ZoneInfo, today: date, draft: Draft | None) -> tuple[Prescription, Found]:
    prescription = _blank(visit, wish, draft)
    wrong = weights.problems(wish.medicines, wish.weight, visit.patient_birth_date, today)
    prescription.medicines = draw_up(wish.medicines, today, wrong)
    prescription.valid_until = limits.valid_until(wish.valid_until, prescription.medicines, today)
    prescription.medicine_count = len(prescription.medicines)
    before = [one for one in (prescription.replaces_id, prescription.renews_id) if one]
    found = safety.examine(visit.patient_id, prescription.medicines, zone, today, before, wish.weight)
    prescription.coverage = safety.coverage(found)
    return prescription, found


def _blank(visit: Visit, wish: Wish, draft: Draft | None) -> Prescription:
    return Prescription(
        appointment_id=visit.id,
        appointment_time=visit.appointment_time,
        doctor_specialty=visit.doctor_specialty,
        patient_id=visit.patient_id,
        patient_name=visit.patient_name,
        patient_birth_date=visit.patient_birth_date,
        patient_weight=WEIGHT.dump_python(wish.weight, mode="json") if wish.weight else None,
        patient_details=dict(visit.patient_details) if visit.patient_details else None,
        notes=wish.notes,
        replaces_id=draft.replaces_id if draft else None,
        renews_id=draft.renews_id if draft else None,
    )


def _put_in_force(prescription: Prescription, doctor: Principal) -> None:
    """Save it, and end what it replaces in the same transaction."""
    db.session.add(prescription)
    if prescription.replaces_id is None:
        return
    old = life.locked(doctor, prescription.replaces_id)
    if old.status in life.FINAL:
        raise life.FinalStatus
    db.session.flush()
    old.replaced_by_id = prescription.id
    life.move(old, "cancelled", doctor, "replaced")


def replacement(doctor: Principal, prescription_id: UUID) -> Draft:
    """A draft that takes the place of a prescription of one's own once it is signed. Raises `FinalStatus`."""
    old = _own(doctor, prescription_id)
    if old.status in life.FINAL:
        raise life.FinalStatus
    return drafts.keep(doctor, _visit_again(old), drafts.wish_again(old), replaces=old.id)


def renewal(doctor: Principal, prescription_id: UUID) -> Draft:
    """A draft of the same once more; answers to alerts are not copied, and all checks are made again."""
    old = _own(doctor, prescription_id)
    if old.status in {"entered-in-error"}:
        raise life.FinalStatus
    return drafts.keep(doctor, _visit_again(old), drafts.wish_again(old), renews=old.id)


def _own(doctor: Principal, prescription_id: UUID) -> Prescription:
    found = life.locked(doctor, prescription_id)
    if found.doctor_id != doctor.id:
        raise life.NotThePrescriber
    return found


def _visit_again(old: Prescription) -> Visit:
    return Visit(
        id=old.appointment_id,
        appointment_time=old.appointment_time,
        status="booked",
        doctor_specialty=old.doctor_specialty,
        patient_id=old.patient_id,
        patient_name=old.patient_name,
        patient_birth_date=old.patient_birth_date,
    )


def broken_seals(seal: Seal) -> list[str]:
    """The numbers of all prescriptions that are not as they were signed."""
    every = db.session.scalars(select(Prescription).order_by(Prescription.issued_at).execution_options(yield_per=200))
    return [one.number for one in every if not seal.holds(one)]
