"""The tables of the appointment service, and the promises the database keeps: nobody is in two places at once."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, func, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.audit import Audit, AuditEventColumns
from chassis.database import make_database
from chassis.idempotency import IdempotencyKeyColumns

db = make_database()

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

BOOKED = "booked"
CANCELLED = "cancelled"


class Doctor(Model):
    """A doctor people can book. The id is the person's id; the name is the one in the doctor's own token."""

    __tablename__ = "doctor"
    __table_args__ = (
        CheckConstraint("visit_minutes BETWEEN 5 AND 480", name="visit_minutes"),
        Index("ix_doctor_name_id", "name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    specialty: Mapped[str]
    room: Mapped[str]
    about: Mapped[str]
    visit_minutes: Mapped[int] = mapped_column(SmallInteger, default=20)
    bookable: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WeeklyHours(Model):
    """One stretch of a doctor's week, in the clinic's wall time. A break is the gap between two."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("ends > starts OR ends = '00:00'", name="starts_before_it_ends"),
        UniqueConstraint("doctor_id", "weekday", "starts", name="uq_weekly_hours_start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[time]
    ends: Mapped[time]


def _nobody_twice(column: str, name: str) -> ExcludeConstraint:
    """No two booked appointments of one person overlap. `personrange` lets core GiST compare ids: no extension."""
    return ExcludeConstraint(
        (literal_column(f"personrange({column}, {column}, '[]')"), "&&"),
        (literal_column("tstzrange(starts_at, ends_at)"), "&&"),
        name=name,
        where=literal_column("status = 'booked'"),
    )


class Appointment(Model):
    """A patient meets a doctor. Names, room and length are copied here, so that later edits never change history."""

    __tablename__ = "appointment"
    __table_args__ = (
        _nobody_twice("doctor_id", "ex_appointment_doctor"),
        _nobody_twice("patient_id", "ex_appointment_patient"),
        UniqueConstraint("reference", name="uq_appointment_reference"),
        CheckConstraint("status IN ('booked', 'cancelled')", name="status"),
        CheckConstraint("ends_at > starts_at", name="starts_before_it_ends"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_time"),
        Index("ix_appointment_doctor_id_starts_at", "doctor_id", "starts_at", "id"),
        Index("ix_appointment_patient_id_starts_at", "patient_id", "starts_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    reference: Mapped[str]
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    doctor_name: Mapped[str]
    doctor_specialty: Mapped[str]
    room: Mapped[str]
    patient_id: Mapped[UUID]
    patient_name: Mapped[str]
    patient_birth_date: Mapped[date | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default=BOOKED)
    notes: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[UUID | None]


class ClinicZone(Model):
    """The zone of the clinic's clocks, as an admin last said it to the auth service; null is left to the setting.

    Kept here, so that a process that starts while the auth service is out reads the same clocks. One row at most.
    """

    __tablename__ = "clinic_zone"
    __table_args__ = (CheckConstraint("id = 1", name="one_zone"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    name: Mapped[str | None]


class IdempotencyKey(IdempotencyKeyColumns, Model):
    """Answers already given to writes with an `Idempotency-Key`."""


class AuditEvent(AuditEventColumns, Model):
    """Who did what with whose record."""


audit = Audit(db, AuditEvent)
