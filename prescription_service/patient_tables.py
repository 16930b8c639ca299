"""What is known of a patient besides prescriptions: allergies, medicines from elsewhere, and who treats them."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from prescription_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model


class CareRelation(Model):
    """A doctor has opened a visit of this patient, and may see what is known of them until `valid_until`."""

    __tablename__ = "care_relation"

    doctor_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment_id: Mapped[UUID]
    valid_until: Mapped[datetime]


class AllergyState(Model):
    """Whether somebody asked about allergies. No row: nobody did. The row also locks a patient's allergies."""

    __tablename__ = "allergy_state"
    __table_args__ = (CheckConstraint("state IN ('none-known', 'has', 'not-asked')", name="state"),)

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    asked_by: Mapped[UUID]
    asked_by_role: Mapped[str]
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]


class Said:
    """Who said something of a patient, and what a doctor decided about it. Columns of two tables."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    patient_id: Mapped[UUID]
    certainty: Mapped[str]
    status: Mapped[str]
    recorded_by: Mapped[UUID]
    recorded_by_role: Mapped[str]
    recorded_by_name: Mapped[str]
    recorded_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class Allergy(Said, Model):
    """An allergy or intolerance (FHIR *AllergyIntolerance*). `key` is a class or an ingredient; free text has none."""

    __tablename__ = "allergy"
    __table_args__ = (
        CheckConstraint("kind IN ('class', 'ingredient', 'text')", name="kind"),
        CheckConstraint("certainty IN ('reported', 'confirmed')", name="certainty"),
        CheckConstraint("status IN ('active', 'refuted', 'entered-in-error')", name="status"),
        Index("ix_allergy_patient_id", "patient_id", "recorded_at"),
    )

    kind: Mapped[str]
    key: Mapped[str]
    label: Mapped[str]
    reaction: Mapped[str]
    note: Mapped[str]


class ReportedMedicine(Said, Model):
    """A medicine that the patient takes and that was not prescribed here (FHIR *MedicationStatement*)."""

    __tablename__ = "reported_medicine"
    __table_args__ = (
        CheckConstraint("certainty IN ('reported', 'confirmed')", name="certainty"),
        CheckConstraint("status IN ('active', 'ended', 'entered-in-error')", name="status"),
        Index("ix_reported_medicine_patient_id", "patient_id", "recorded_at"),
    )

    formulary_id: Mapped[str | None]
    name: Mapped[str]
    dosage: Mapped[str]
