"""The rules of a doctor's weekly hours."""

from datetime import datetime, time
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from appointment_service import availability
from appointment_service.doctors import DoctorNotFound
from appointment_service.models import BOOKED, Appointment, Doctor, db
from appointment_service.schedule_tables import WeeklyHours
from chassis import clock
from chassis.errors import Conflict, Invalid
from chassis.identity import Principal

Stretch = tuple[int, time, time]
"""Weekday (1 is Monday), start and end in wall time; an end of 00:00 is midnight."""


class HasBookings(Conflict):
    """409: people are booked at times the new hours no longer offer. Carries their `count`."""

    code, title = "has-bookings", "People are booked then"
    detail = "People are booked at times outside these hours. Cancel or move those appointments first."


def hours_of(who: Principal) -> list[Stretch]:
    """One's own weekly hours."""
    return availability.hours_of(who.id)


def set_hours(who: Principal, stretches: list[Stretch], zone: ZoneInfo) -> list[Stretch]:
    """Replace one's own weekly hours. Raises `Invalid` for overlaps and `HasBookings`."""
    _refuse_overlaps(stretches)
    doctor = db.session.scalar(select(Doctor).where(Doctor.id == who.id).with_for_update())
    if doctor is None:
        raise DoctorNotFound("Describe yourself with PUT /doctors/me first.")
    stranded = _stranded(doctor, stretches, zone)
    if stranded:
        raise HasBookings(count=stranded)
    db.session.execute(delete(WeeklyHours).where(WeeklyHours.doctor_id == who.id))
    for weekday, starts, ends in stretches:
        db.session.add(WeeklyHours(doctor_id=who.id, weekday=weekday, starts=starts, ends=ends))
    db.session.commit()
    return sorted(stretches)


def _refuse_overlaps(stretches: list[Stretch]) -> None:
    in_order = sorted((weekday, starts, ends if ends != time() else time.max) for weekday, starts, ends in stretches)
    for (weekday, starts, ends), (next_weekday, next_starts, _) in pairwise(in_order):
        if weekday == next_weekday and next_starts < ends:
            raise Invalid.field("/hours", "overlap", f"Two stretches overlap on weekday {weekday} at {starts:%H:%M}.")


def _stranded(doctor: Doctor, stretches: list[Stretch], zone: ZoneInfo) -> int:
    """How many booked appointments to come lie outside the new hours."""
    return sum(not _within(starts, ends, stretches, zone) for starts, ends in _to_come(doctor.id))


def _to_come(doctor_id: UUID) -> list[tuple[datetime, datetime]]:
    query = select(Appointment.starts_at, Appointment.ends_at).where(
        Appointment.doctor_id == doctor_id, Appointment.status == BOOKED, Appointment.starts_at > clock.now()
    )
    return [(starts, ends) for starts, ends in db.session.execute(query)]


def _within(starts: datetime, ends: datetime, stretches: list[Stretch], zone: ZoneInfo) -> bool:
    day = starts.astimezone(zone).date()
    return any(opens <= starts and ends <= closes for opens, closes in availability.open_on(day, stretches, zone))
