"""What a patient takes now: prescribed here by any doctor, and reported from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import literal, select

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound
from chassis.identity import Principal
from prescription_service import medicine_list
from prescription_service.allergies import mark_decided
from prescription_service.care import may_see
from prescription_service.models import Medicine, Prescription, db
from prescription_service.patient_tables import ReportedMedicine
from prescription_service.structure import STRUCTURE

TAKEN = ("active", "on-hold")


class ReportEnded(Conflict):
    """409: an ended report stays ended; report it again."""

    code, title = "report-ended", "Already ended"
    detail = "This report has ended. Report the medicine again if it is taken after all."


@dataclass(frozen=True)
class Prescribed:
    """One prescribed medicine. `ends_on` is None for long-term treatment; words of a doctor end with their validity."""

    prescription_id: UUID
    number: str
    status: str
    doctor_id: UUID
    doctor_name: str
    issued_at: datetime
    starts_on: date
    ends_on: date | None
    medicine: Medicine


@dataclass(frozen=True)
class Taken:
    """All that a patient takes."""

    patient_id: UUID
    prescribed: Sequence[Prescribed]
    reported: Sequence[ReportedMedicine]


def taken_by(who: Principal, patient_id: UUID, zone: ZoneInfo, today: date) -> Taken:
    """What a patient takes, for whoever may see it. Raises `NotFound`."""
    patient = select(literal(patient_id).label("id")).where(may_see(who, patient_id)).subquery()
    rows = db.session.execute(
        select(patient.c.id, ReportedMedicine)
        .outerjoin(
            ReportedMedicine,
            (ReportedMedicine.patient_id == patient.c.id) & (ReportedMedicine.status == "active"),
        )
        .order_by(ReportedMedicine.recorded_at)
    ).all()
    if not rows:
        raise NotFound
    return Taken(patient_id, prescribed_to(patient_id, zone, today), [row[1] for row in rows if row[1]])


def reported_by(patient_id: UUID) -> Sequence[ReportedMedicine]:
    """The reports, for the rules of this service."""
    wanted = (ReportedMedicine.patient_id == patient_id) & (ReportedMedicine.status == "active")
    return db.session.scalars(select(ReportedMedicine).where(wanted)).all()


def prescribed_to(patient_id: UUID, zone: ZoneInfo, today: date) -> list[Prescribed]:
    """What was prescribed here and has not come to its end, newest first."""
    found = db.session.scalars(
        select(Prescription)
        .where(Prescription.patient_id == patient_id, Prescription.status.in_(TAKEN))
        .order_by(Prescription.issued_at.desc())
    )
    lines = [_line(one, medicine, zone) for one in found for medicine in one.medicines]
    return [line for line in lines if line.ends_on is None or line.ends_on >= today]


def _line(prescription: Prescription, medicine: Medicine, zone: ZoneInfo) -> Prescribed:
    issued_on = prescription.issued_at.astimezone(zone).date()
    starts_on, ends_on = course(medicine, issued_on)
    if medicine.structure is None:
        ends_on = prescription.valid_until
    one = prescription
    return Prescribed(
        one.id, one.number, one.status, one.doctor_id, one.doctor_name, one.issued_at, starts_on, ends_on, medicine
    )


def course(medicine: Medicine, issued_on: date) -> tuple[date, date | None]:
    """The first day and the last, repeats included; None as the last for long-term treatment."""
    if medicine.structure is None:
        return issued_on, None
    structure = STRUCTURE.validate_python(medicine.structure)
    starts_on = structure.start_on or issued_on
    if structure.frequency.kind == "once":
        return starts_on, starts_on
    days = structure.duration.days if structure.duration else None
    return starts_on, starts_on + timedelta(days=days * (1 + structure.repeats) - 1) if days else None


def report(who: Principal, patient_id: UUID, *, formulary_id: str | None, name: str, dosage: str) -> ReportedMedicine:
    """Add a medicine from elsewhere. Raises `NotFound` and `Invalid`."""
    allowed = db.session.scalar(select(literal(1)).where(may_see(who, patient_id)))
    if not allowed:
        raise NotFound
    row = ReportedMedicine(patient_id=patient_id, formulary_id=formulary_id, name=name, dosage=dosage, status="active")
    if formulary_id is not None:
        listed = medicine_list.current().medicines.get(formulary_id)
        if listed is None:
            raise Invalid.field("/formulary_id", "medicine-required", "This medicine is not in the list.")
        row.name = listed.generic_name
    row.certainty = "confirmed" if who.role == "doctor" else "reported"
    row.recorded_by, row.recorded_by_role, row.recorded_by_name = who.id, who.role, who.name
    row.recorded_at = clock.now()
    db.session.add(row)
    db.session.commit()
    return row


def decide(who: Principal, report_id: UUID, decision: str, reason: str) -> ReportedMedicine:
    """Confirm (a doctor), end, or strike out a report. Raises `ReportEnded` and `NotFound`."""
    found = db.session.scalar(
        select(ReportedMedicine)
        .where(ReportedMedicine.id == report_id, may_see(who, ReportedMedicine.patient_id))
        .with_for_update()
    )
    if found is None:
        raise NotFound
    if found.status != "active":
        raise ReportEnded
    if decision == "confirmed":
        found.certainty = "confirmed"
    else:
        found.status = decision
    mark_decided(found, who, reason)
    db.session.commit()
    return found
