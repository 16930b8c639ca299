"""What a doctor works with beside the prescriptions themselves: own templates, and what patients ask for."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prescription_service.models import Prescription, db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model


class Template(Model):
    """A doctor's own named set of medicines. `medicines` holds each with its `structure` and its `name` as it was."""

    __tablename__ = "template"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    doctor_id: Mapped[UUID]
    name: Mapped[str]
    notes: Mapped[str]
    medicines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    written_on: Mapped[date]


Index("uq_template_doctor_id_name", Template.doctor_id, func.lower(Template.name), unique=True)


class RepeatRequest(Model):
    """A patient asks for a prescription once more. `renewal_id` is the draft begun for it, signed or not."""

    __tablename__ = "repeat_request"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'approved', 'declined')", name="status"),
        CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided"),
        Index("uq_repeat_request_open", "prescription_id", unique=True, postgresql_where=text("status = 'open'")),
        Index("ix_repeat_request_doctor_id", "doctor_id", "requested_at", "id"),
        Index("ix_repeat_request_patient_id", "patient_id", "requested_at", "id"),
        Index("ix_repeat_request_renewal_id", "renewal_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    note: Mapped[str]
    status: Mapped[str]
    requested_at: Mapped[datetime]
    renewal_id: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str]
    prescription: Mapped[Prescription] = relationship(lazy="joined", innerjoin=True)
