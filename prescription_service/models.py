"""The tables of the prescription service. The content of a signed prescription never changes: a trigger refuses it."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.audit import Audit, AuditEventColumns
from chassis.database import make_database
from chassis.idempotency import IdempotencyKeyColumns

db = make_database()

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

ACTIVE = "active"


def content_mark(digest: str | None) -> str | None:
    """The beginning of a seal, `9F3A-77C1`."""
    return f"{digest[:4]}-{digest[4:8]}".upper() if digest else None


def structured(
    structure: dict[str, Any] | None, listed: dict[str, Any] | None, directions: str | None
) -> dict[str, Any] | None:
    """The parts of a medicine from the list, as one."""
    return None if structure is None or listed is None else {**structure, **listed, "directions": directions}


class Prescription(Model):
    """What a doctor has signed for a patient, with every name as it was at that moment.

    `status` and `replaced_by_id` are all that ever changes; a trigger refuses the rest. `digest` seals the content.
    """

    __tablename__ = "prescription"
    __table_args__ = (
        UniqueConstraint("number", name="uq_prescription_number"),
        CheckConstraint(
            "status IN ('active', 'on-hold', 'completed', 'cancelled', 'stopped', 'entered-in-error')", name="status"
        ),
        Index("ix_prescription_doctor_id_issued_at", "doctor_id", "issued_at", "id"),
        Index("ix_prescription_patient_id_issued_at", "patient_id", "issued_at", "id"),
        Index("ix_prescription_appointment_id", "appointment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[str]
    status: Mapped[str] = mapped_column(default=ACTIVE)
    appointment_id: Mapped[UUID]
    appointment_time: Mapped[str]
    doctor_id: Mapped[UUID]
    doctor_name: Mapped[str]
    doctor_specialty: Mapped[str]
    doctor_licence_number: Mapped[str]
    doctor_licence_register: Mapped[str]
    patient_id: Mapped[UUID]
    patient_name: Mapped[str]
    patient_birth_date: Mapped[date | None]
    notes: Mapped[str]
    issued_at: Mapped[datetime]
    valid_until: Mapped[date | None]
    coverage: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    medicines: Mapped[list["Medicine"]] = relationship(order_by="Medicine.position", lazy="selectin")
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    replaced_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    renews_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    medicine_count: Mapped[int | None] = mapped_column(SmallInteger)
    digest: Mapped[str | None]
    patient_details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    patient_weight: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    history: Mapped[list["StatusEvent"]] = relationship(order_by="StatusEvent.id", lazy="selectin")
    alerts: Mapped[list["AlertEvent"]] = relationship(order_by="AlertEvent.id", lazy="selectin")

    @property
    def content_mark(self) -> str | None:
        """The beginning of the seal, `9F3A-77C1`: two papers with the same mark say the same."""
        return content_mark(self.digest)


class Medicine(Model):
    """One medicine of a prescription: four texts, and what they were rendered from when it came from the list.

    `structure` is what the doctor chose, `listed` what the list said of the medicine at that moment.
    """

    __tablename__ = "medicine"
    __table_args__ = (CheckConstraint("position BETWEEN 1 AND 10", name="position"),)

    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str]
    dosage: Mapped[str]
    duration: Mapped[str]
    instructions: Mapped[str]
    directions: Mapped[str | None]
    structure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    listed: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def structured(self) -> dict[str, Any] | None:
        """The parts of a medicine from the list; None for one in the doctor's own words, which nothing checks."""
        return structured(self.structure, self.listed, self.directions)


class Draft(Model):
    """What a doctor has written and not signed. `wish` is what was asked for, `visit` the appointment as it was."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_doctor_id", "doctor_id", "updated_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version: Mapped[int]
    doctor_id: Mapped[UUID]
    doctor_name: Mapped[str]
    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID]
    visit: Mapped[dict[str, Any]] = mapped_column(JSONB)
    wish: Mapped[dict[str, Any]] = mapped_column(JSONB)
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    renews_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescription.id"))
    updated_at: Mapped[datetime]


class StatusEvent(Model):
    """A step in the life of a prescription. The first one is its signature."""

    __tablename__ = "status_event"
    __table_args__ = (Index("ix_status_event_prescription_id", "prescription_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    actor_id: Mapped[UUID]
    actor_role: Mapped[str]
    actor_name: Mapped[str]
    reason_code: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class AlertEvent(Model):
    """An alert that was there at signing, and what the prescriber decided about it."""

    __tablename__ = "alert_event"
    __table_args__ = (
        CheckConstraint("tier IN ('stop', 'ask', 'info')", name="tier"),
        CheckConstraint("decision IN ('overridden', 'acknowledged', 'shown')", name="decision"),
        Index("ix_alert_event_prescription_id", "prescription_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    position: Mapped[int | None]
    key: Mapped[str]
    rule: Mapped[str]
    tier: Mapped[str]
    message: Mapped[str]
    decision: Mapped[str]
    reason: Mapped[str]
    actor_id: Mapped[UUID]
    facts_version: Mapped[str]
    at: Mapped[datetime]


class IdempotencyKey(IdempotencyKeyColumns, Model):
    """Answers already given to writes with an `Idempotency-Key`."""


class AuditEvent(AuditEventColumns, Model):
    """Who did what with whose record."""


audit = Audit(db, AuditEvent)
