"""The tables of the appointment service, and the promises the database keeps: nobody is in two places at once.

What doctors offer, and when, is in `schedule_tables`.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    false,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.audit import Audit, AuditEventColumns
from chassis.database import make_database, table
from chassis.idempotency import IdempotencyKeyColumns

db = make_database()

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

PENDING = "pending"
BOOKED = "booked"
ARRIVED = "arrived"
CHECKED_IN = "checked-in"
FULFILLED = "fulfilled"
NO_SHOW = "noshow"
CANCELLED = "cancelled"
IN_ERROR = "entered-in-error"
STATUSES = (PENDING, BOOKED, ARRIVED, CHECKED_IN, FULFILLED, NO_SHOW, CANCELLED, IN_ERROR)
"""FHIR's codes of an *Appointment*. `pending` is a time that is held for somebody from the waiting list."""
BLOCKING = (PENDING, BOOKED, ARRIVED, CHECKED_IN)
"""States in which an appointment takes its time away from everybody else."""
UNSEEN = ("hold-released", "hold-expired")
"""Why a time that was held went back: nothing that people need to read of."""


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
    visit_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="20")  # read by the release before only
    bookable: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _nobody_twice(column: str, begins: str, ends: str, name: str, but: str = "") -> ExcludeConstraint:
    """No two appointments take time of one person at once. `personrange` lets core GiST compare ids: no extension."""
    return ExcludeConstraint(
        (literal_column(f"personrange({column}, {column}, '[]')"), "&&"),
        (literal_column(f"tstzrange({begins}, {ends})"), "&&"),
        name=name,
        where=literal_column(f"status IN ({_listed(BLOCKING)}){but}"),
    )


class Appointment(Model):
    """A patient meets a doctor. Names, room, length and terms are copied here, so that later edits never change it.

    `block_start` and `block_end` are the visit with its buffers, all the doctor's time it takes (null: no buffers).
    `held_until` is the end of a `pending` one. `displaced` marks one that stands in time off and was kept on purpose.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        _nobody_twice(
            "doctor_id",
            "coalesce(block_start, starts_at)",
            "coalesce(block_end, ends_at)",
            "ex_appointment_doctor",
            " AND NOT overbook",
        ),
        _nobody_twice("patient_id", "starts_at", "ends_at", "ex_appointment_patient"),
        UniqueConstraint("reference", name="uq_appointment_reference"),
        CheckConstraint(f"status IN ({_listed(STATUSES)})", name="status"),
        CheckConstraint("ends_at > starts_at", name="starts_before_it_ends"),
        CheckConstraint("block_start <= starts_at AND block_end >= ends_at", name="block_holds_the_visit"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_has_time"),
        CheckConstraint("(status = 'pending') <= (held_until IS NOT NULL)", name="pending_ends"),
        Index("ix_appointment_doctor_id_starts_at", "doctor_id", "starts_at", "id"),
        Index("ix_appointment_patient_id_starts_at", "patient_id", "starts_at", "id"),
        Index("ix_appointment_starts_at", "starts_at", "id"),
        Index("ix_appointment_held_until", "held_until", postgresql_where=text("status = 'pending'")),
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
    visit_type_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit_type.id"))
    visit_type_name: Mapped[str] = mapped_column(server_default="")
    sensitive: Mapped[bool] = mapped_column(server_default=false())
    block_start: Mapped[datetime | None]
    block_end: Mapped[datetime | None]
    move_cutoff_min: Mapped[int] = mapped_column(server_default="240")
    cancel_cutoff_min: Mapped[int] = mapped_column(server_default="0")
    late_cancel_min: Mapped[int] = mapped_column(server_default="1440")
    overbook: Mapped[bool] = mapped_column(server_default=false())
    displaced: Mapped[bool] = mapped_column(server_default=false())
    held_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    ical_sequence: Mapped[int] = mapped_column(server_default="0")
    arrived_at: Mapped[datetime | None]
    cancellation_code: Mapped[str | None]
    cancellation_note: Mapped[str] = mapped_column(server_default="")
    late: Mapped[bool] = mapped_column(server_default=false())


TAKES_TIME = or_(*[table(Appointment).c.status == one for one in BLOCKING])
"""Written out, and not as a list of values, which would be put into the statement each time."""


class AppointmentEvent(Model):
    """One step in the life of an appointment: who did what, and what it was before and after. Append-only."""

    __tablename__ = "appointment_event"
    __table_args__ = (Index("ix_appointment_event_appointment_id", "appointment_id", "sequence"),)

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_role: Mapped[str]
    actor_name: Mapped[str]
    action: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    from_start: Mapped[datetime | None]
    to_start: Mapped[datetime]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


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
