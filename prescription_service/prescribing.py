"""The rules of prescribing: a doctor writes and signs for a visit of theirs; doctor and patient read it ever after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from chassis.errors import Conflict, FieldError, Invalid, NotFound
from chassis.identity import Principal
from prescription_service import limits, medicine_list, words
from prescription_service.facts import Facts
from prescription_service.models import Medicine, Prescription, audit, db
from prescription_service.structure import STRUCTURE, Structure
from prescription_service.weights import Weight

COPIED = {"generic_name", "tall_man_name", "atc_code", "dose_form", "duplicate_classes", "ingredients"}
COPIED |= {"allergy_classes", "quantity_unit", "high_alert", "controlled", "confidence"}


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
    patient_details: Mapping[str, Any] | None = None
    """Names apart, sex and address, where they are known; asked for when it is signed."""


@dataclass(frozen=True)
class MedicineWords:
    """A medicine as the doctor wrote it."""

    name: str
    dosage: str
    duration: str
    instructions: str


@dataclass(frozen=True)
class Wish:
    """What a doctor wants to prescribe."""

    medicines: Sequence[MedicineWords | Structure]
    notes: str = ""
    valid_until: date | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    """The reasons for going on in spite of an alert, by its key."""
    weight: Weight | None = None


def draw_up(
    medicines: Sequence[MedicineWords | Structure], today: date, besides: Iterable[FieldError] = ()
) -> list[Medicine]:
    """The lines of a prescription. Texts of a structured medicine are rendered, its facts copied from the list.

    Raises `Invalid` with everything that is wrong about them, and what the caller found `besides`.
    """
    facts = medicine_list.current() if any(isinstance(medicine, Structure) for medicine in medicines) else None
    if errors := [*(limits.problems(medicines, facts, today) if facts else ()), *besides]:
        raise Invalid(errors=errors)
    return [_line(n, medicine, facts) for n, medicine in enumerate(medicines, 1)]


def _line(position: int, medicine: MedicineWords | Structure, facts: Facts | None) -> Medicine:
    if isinstance(medicine, MedicineWords) or facts is None:
        return Medicine(position=position, **vars(medicine))
    listed = facts.medicines[medicine.formulary_id]
    copied = {name: value for name, value in vars(listed).items() if name in COPIED}
    medicine = replace(medicine, repeat_interval_days=medicine.days_between_repeats)
    return Medicine(
        position=position,
        structure=STRUCTURE.dump_python(medicine, mode="json"),
        listed={**copied, "facts_version": facts.version},
        **vars(words.render(medicine, listed)),
    )


def visible_to(who: Principal) -> ColumnElement[bool]:
    """The prescriptions this person may see: one's own, as prescriber or as patient."""
    return Prescription.doctor_id == who.id if who.role == "doctor" else Prescription.patient_id == who.id


def find(who: Principal, prescription_id: UUID) -> Prescription:
    """One's own prescription, or `NotFound`."""
    found = db.session.scalar(select(Prescription).where(Prescription.id == prescription_id, visible_to(who)))
    if found is None:
        raise NotFound
    return found


def copy_number(prescription: Prescription) -> int:
    """Which copy the next one on paper is: each reading to print counts, as nobody sees whether a printer ran."""
    table = audit.table
    printed = select(func.count()).where(
        table.patient_id == prescription.patient_id,
        table.record_id == prescription.id,
        table.action == "prescription.print",
        table.outcome == "done",
    )
    return (db.session.scalar(printed) or 0) + 1


@dataclass(frozen=True)
class Wanted:
    """Which prescriptions to list: issued from `since` on and before `until`; `text` is part of a name or number."""

    appointment_id: UUID | None = None
    patient_id: UUID | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """As the database takes them."""
        table = Prescription
        equal = ("appointment_id", "patient_id", "status")
        found = [getattr(table, name) == value for name in equal if (value := getattr(self, name))]
        found += [table.issued_at >= self.since] if self.since else []
        found += [table.issued_at < self.until] if self.until else []
        if self.text:
            named = table.medicines.any(Medicine.name.icontains(self.text, autoescape=True))
            columns = (table.patient_name, table.number)
            found.append(or_(named, *(column.icontains(self.text, autoescape=True) for column in columns)))
        return found
