"""What first pages show, told in one answer: each call between programs costs as much as all queries of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select

from appointment_service import appointments, outbox, running_late, waiting_list
from appointment_service.models import Appointment, Doctor, db
from appointment_service.outbox_tables import OutboxMessage
from appointment_service.schedule_tables import RunningLate, WeeklyHours
from chassis import clock
from chassis.identity import Principal

MOST_APPOINTMENTS, MOST_TO_PHONE = 6, 50


@dataclass(frozen=True)
class PatientsOverview:
    """A patient's next appointments, what they wait for, and by how much the doctor of today's first one runs late."""

    appointments: Sequence[Appointment]
    waiting: Sequence[waiting_list.Entry]
    running_late: int


@dataclass(frozen=True)
class DoctorsOverview:
    """What stands beside a doctor's day. `to_phone` counts up to one more than fifty."""

    running_late: int
    to_phone: int
    in_directory: bool
    has_hours: bool


def of_patient(who: Principal, zone: ZoneInfo) -> PatientsOverview:
    """One's own."""
    wanted = appointments.Filter(show="upcoming")
    found = appointments.list_visible(who, wanted, MOST_APPOINTMENTS, None, zone)
    today = clock.now().astimezone(zone).date()
    late = 0
    if found and found[0].starts_at.astimezone(zone).date() == today:
        late = running_late.today(zone).get(UUID(str(found[0].doctor_id)), 0)
    return PatientsOverview(found, waiting_list.listed(who), late)


def of_doctor(who: Principal, zone: ZoneInfo) -> DoctorsOverview:
    """One's own, in one statement."""
    today = clock.now().astimezone(zone).date()
    late = select(RunningLate.minutes).where(RunningLate.doctor_id == who.id, RunningLate.day == today)
    calls = outbox.waits_for_a_call(who).with_only_columns(OutboxMessage.id).limit(MOST_TO_PHONE + 1)
    phone = select(func.count()).select_from(calls.subquery())
    count_on = or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to >= today)
    found = db.session.execute(
        select(
            func.coalesce(late.scalar_subquery(), 0),
            phone.scalar_subquery(),
            exists().where(Doctor.id == who.id),
            exists().where(WeeklyHours.doctor_id == who.id, count_on),
        )
    ).one()
    return DoctorsOverview(*found)
