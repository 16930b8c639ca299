"""The tables of the waiting list: who waits for what, and which times they have been offered."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from appointment_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

WAITING = "waiting"
BOOKED = "booked"
LEFT = "left"
OVER = "over"


class WaitlistEntry(Model):
    """Somebody waits for a visit between two local days, both included. Doctor, weekdays, part of day of null: any."""

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'booked', 'left', 'over')", name="state"),
        CheckConstraint("day_part IN ('morning', 'afternoon', 'evening')", name="day_part"),
        CheckConstraint("to_date >= from_date", name="from_before_to"),
        CheckConstraint("notice_min BETWEEN 0 AND 43200", name="notice_min"),
        Index("ix_waitlist_entry_waiting", "created_at", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_waitlist_entry_patient_id", "patient_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    patient_id: Mapped[UUID]
    patient_name: Mapped[str]
    patient_birth_date: Mapped[date | None]
    visit_type_id: Mapped[UUID] = mapped_column(ForeignKey("visit_type.id"))
    doctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("doctor.id"))
    from_date: Mapped[date]
    to_date: Mapped[date]
    weekdays: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    day_part: Mapped[str | None]
    notice_min: Mapped[int]
    state: Mapped[str] = mapped_column(default=WAITING)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WaitlistOffer(Model):
    """A time that is or was held for somebody who waits. The appointment is `pending` while the offer stands."""

    __tablename__ = "waitlist_offer"
    __table_args__ = (
        CheckConstraint("outcome IN ('accepted', 'declined', 'expired')", name="outcome"),
        Index("uq_waitlist_offer_one_at_a_time", "entry_id", unique=True, postgresql_where=text("outcome IS NULL")),
        Index("ix_waitlist_offer_entry_id", "entry_id"),
    )

    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waitlist_entry.id"))
    offered_at: Mapped[datetime]
    outcome: Mapped[str | None]
