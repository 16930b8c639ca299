"""The tables of what doctors offer, and when: visit types, weekly hours, exceptions from them, and running late."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    false,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from appointment_service.models import db

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase as Model
else:
    Model = db.Model

BEGINNING = date(1, 1, 1)
"""Since always: hours from before hours had a first day."""

LIMITS = {
    "duration_min": (5, 480),
    "buffer_before_min": (0, 240),
    "buffer_after_min": (0, 240),
    "step_min": (5, 480),
    "min_notice_min": (0, 43_200),
    "horizon_days": (1, 730),
    "patient_move_cutoff_min": (0, 43_200),
    "patient_cancel_cutoff_min": (0, 43_200),
    "late_cancel_min": (0, 43_200),
}
"""The numbers of a visit type, each with its least and its greatest value."""


def _within_limits() -> list[CheckConstraint]:
    return [CheckConstraint(f"{name} BETWEEN {least} AND {most}", name=name) for name, (least, most) in LIMITS.items()]


class VisitType(Model):
    """A kind of visit: how long, how far ahead, until when it may be moved. `name` is for staff, `public_name` for all.

    `sensitive` keeps the name out of mail and calendars. `bookable_by` is `patient` (and staff) or `staff` only.
    """

    __tablename__ = "visit_type"
    __table_args__ = (
        *_within_limits(),
        CheckConstraint("bookable_by IN ('patient', 'staff')", name="bookable_by"),
        UniqueConstraint("name", name="uq_visit_type_name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    public_name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    duration_min: Mapped[int] = mapped_column(SmallInteger, default=20)
    buffer_before_min: Mapped[int] = mapped_column(SmallInteger, default=0)
    buffer_after_min: Mapped[int] = mapped_column(SmallInteger, default=0)
    step_min: Mapped[int] = mapped_column(SmallInteger, default=20)
    min_notice_min: Mapped[int] = mapped_column(default=120)
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=112)
    patient_move_cutoff_min: Mapped[int] = mapped_column(default=240)
    patient_cancel_cutoff_min: Mapped[int] = mapped_column(default=0)
    late_cancel_min: Mapped[int] = mapped_column(default=1440)
    sensitive: Mapped[bool] = mapped_column(default=False)
    bookable_by: Mapped[str] = mapped_column(default="patient")
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class VisitTypeOverride(Model):
    """What one doctor does otherwise for one visit type, field by field; null is as everybody does it."""

    __tablename__ = "visit_type_override"
    __table_args__ = (
        *_within_limits(),
        CheckConstraint("bookable_by IN ('patient', 'staff')", name="bookable_by"),
    )

    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"), primary_key=True)
    visit_type_id: Mapped[UUID] = mapped_column(ForeignKey("visit_type.id"), primary_key=True)
    offered: Mapped[bool] = mapped_column(default=True)
    duration_min: Mapped[int | None] = mapped_column(SmallInteger)
    buffer_before_min: Mapped[int | None] = mapped_column(SmallInteger)
    buffer_after_min: Mapped[int | None] = mapped_column(SmallInteger)
    step_min: Mapped[int | None] = mapped_column(SmallInteger)
    min_notice_min: Mapped[int | None]
    horizon_days: Mapped[int | None] = mapped_column(SmallInteger)
    patient_move_cutoff_min: Mapped[int | None]
    patient_cancel_cutoff_min: Mapped[int | None]
    late_cancel_min: Mapped[int | None]
    bookable_by: Mapped[str | None]


class WeeklyHours(Model):
    """One stretch of a doctor's week, in the clinic's wall time, from `valid_from` to `valid_to` (null: for good).

    A break is the gap between two. One that ends at or before its start ends on the next day. `visit_type_ids` (null:
    all) are the visits it is for; `opens_hours_before` opens it to patients only that short before.
    """

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("opens_hours_before BETWEEN 1 AND 720", name="opens_hours_before"),
        CheckConstraint("valid_to >= valid_from", name="valid_from_before_to"),
        UniqueConstraint("doctor_id", "weekday", "starts", "valid_from", name="uq_weekly_hours_start"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date] = mapped_column(Date, server_default="0001-01-01")
    valid_to: Mapped[date | None]
    visit_type_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid))
    opens_hours_before: Mapped[int | None] = mapped_column(SmallInteger)


class ScheduleException(Model):
    """Days on which a doctor's week is otherwise, or (without doctor) on which the clinic is closed.

    `closed` takes away, the whole day or between two wall times; `replace` stands for the weekly hours; `extra` adds.
    """

    __tablename__ = "schedule_exception"
    __table_args__ = (
        CheckConstraint("kind IN ('closed', 'replace', 'extra')", name="kind"),
        CheckConstraint("doctor_id IS NOT NULL OR kind = 'closed'", name="the_clinic_only_closes"),
        CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="both_times_or_none"),
        CheckConstraint("kind = 'closed' OR starts IS NOT NULL", name="opening_has_times"),
        CheckConstraint("to_date >= from_date", name="from_before_to"),
        Index("ix_schedule_exception_doctor_id", "doctor_id", "to_date"),
        Index(
            "uq_schedule_exception_holiday",
            "from_date",
            unique=True,
            postgresql_where=sql("holiday AND doctor_id IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    doctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("doctor.id"))
    from_date: Mapped[date]
    to_date: Mapped[date]
    kind: Mapped[str]
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    reason: Mapped[str] = mapped_column(default="")
    holiday: Mapped[bool] = mapped_column(server_default=false())
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RunningLate(Model):
    """By how many minutes a doctor runs late on one day."""

    __tablename__ = "running_late"
    __table_args__ = (CheckConstraint("minutes BETWEEN 0 AND 480", name="minutes"),)

    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctor.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    minutes: Mapped[int] = mapped_column(SmallInteger)
    said_at: Mapped[datetime]
