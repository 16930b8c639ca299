"""Free times: what a doctor's week offers, less what is booked, too soon or too far."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from appointment_service import wall_time
from appointment_service.doctors import find
from appointment_service.models import BOOKED, Appointment, Doctor, db
from appointment_service.schedule_tables import WeeklyHours
from chassis import clock
from chassis.errors import Invalid

NOTICE = timedelta(hours=2)
HORIZON_DAYS = 112
LONGEST_RANGE = 31

Hours = Iterable[tuple[int, time, time]]
"""Weekday (1 is Monday) and the wall times between which the doctor works."""


class RangeRefused(Invalid):
    """422: the days asked for are too many or the wrong way round."""

    code, title = "range", "Too many days"
    detail = f"Ask for at most {LONGEST_RANGE} days, the earlier one first."


@dataclass(frozen=True, order=True)
class Slot:
    """A time that can be booked, as two instants in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class FreeTimes:
    """The free times of each day asked for, and the first one from the first day on."""

    days: dict[date, list[Slot]]
    next_available: datetime | None


def slots_of(day: date, hours: Hours, minutes: int, zone: ZoneInfo) -> list[Slot]:
    """What a local day offers: starts every `minutes` from the beginning of each stretch of work, by elapsed time."""
    step = timedelta(minutes=minutes)
    return [slot for opens, closes in open_on(day, hours, zone) for slot in _grid(opens, closes, step)]


def open_on(day: date, hours: Hours, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The stretches of work that begin on a local day, as instants."""
    return [_edges(day, starts, ends, zone) for weekday, starts, ends in sorted(hours) if weekday == day.isoweekday()]


def _edges(day: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if ends > starts else day + timedelta(days=1)
    return wall_time.instant(day, starts, zone), wall_time.instant(last, ends, zone, ending=True)


def _grid(opens: datetime, closes: datetime, step: timedelta) -> Iterator[Slot]:
    while opens + step <= closes:
        yield Slot(opens, opens + step)
        opens += step


def free_times(doctor_id: UUID, first: date, last: date, zone: ZoneInfo) -> FreeTimes:
    """The free times of a doctor from `first` to `last`, both included: three statements whatever the range.

    Raises `DoctorNotFound` and `RangeRefused`.
    """
    if not 0 <= (last - first).days < LONGEST_RANGE:
        raise RangeRefused
    free = free_from(find(doctor_id), first, zone)
    days: dict[date, list[Slot]] = {first + timedelta(days=n): [] for n in range((last - first).days + 1)}
    next_available = None
    for slot in free:
        next_available = next_available or slot.start
        local = slot.start.astimezone(zone).date()
        if local > last:
            break
        days[local].append(slot)
    return FreeTimes(days, next_available)


def free_from(doctor: Doctor, first: date, zone: ZoneInfo) -> Iterator[Slot]:
    """The free times of a doctor from a local date to the horizon, in order, worked out as they are asked for."""
    if not doctor.bookable:
        return iter(())
    now = clock.now()
    first = max(first, now.astimezone(zone).date())
    hours = hours_of(doctor.id)
    busy = sorted(_busy(doctor.id, wall_time.instant(first, time(), zone)))
    offered = (
        slot
        for day in _until_horizon(first, now, zone)
        for slot in slots_of(day, hours, doctor.visit_minutes, zone)
        if slot.start >= now + NOTICE
    )
    return _without(busy, offered)


def hours_of(doctor_id: UUID) -> list[tuple[int, time, time]]:
    """A doctor's weekly hours, in the order of the week."""
    rows = db.session.execute(
        select(WeeklyHours.weekday, WeeklyHours.starts, WeeklyHours.ends)
        .where(WeeklyHours.doctor_id == doctor_id)
        .order_by(WeeklyHours.weekday, WeeklyHours.starts)
    )
    return [(weekday, starts, ends) for weekday, starts, ends in rows]


def horizon(now: datetime, zone: ZoneInfo) -> date:
    """The last local date that can be booked."""
    return now.astimezone(zone).date() + timedelta(days=HORIZON_DAYS)


def _until_horizon(first: date, now: datetime, zone: ZoneInfo) -> Iterator[date]:
    last = horizon(now, zone)
    while first <= last:
        yield first
        first += timedelta(days=1)


def _busy(doctor_id: UUID, since: datetime) -> list[Slot]:
    rows = db.session.execute(
        select(Appointment.starts_at, Appointment.ends_at).where(
            Appointment.doctor_id == doctor_id, Appointment.status == BOOKED, Appointment.ends_at > since
        )
    )
    return [Slot(starts.astimezone(UTC), ends.astimezone(UTC)) for starts, ends in rows]


def _without(busy: list[Slot], offered: Iterable[Slot]) -> Iterator[Slot]:
    """What is offered and meets nothing busy. Both come in order, so one pass is enough."""
    position = 0
    for slot in offered:
        while position < len(busy) and busy[position].end <= slot.start:
            position += 1
        if position == len(busy) or busy[position].start >= slot.end:
            yield slot


def labels(slots: list[Slot], zone: ZoneInfo) -> list[str]:
    """What to call each slot of one day: the wall time, with the zone's abbreviation where a time comes twice."""
    locals_ = [slot.start.astimezone(zone) for slot in slots]
    seen = Counter(local.strftime("%H:%M") for local in locals_)
    return [local.strftime("%H:%M %Z" if seen[local.strftime("%H:%M")] > 1 else "%H:%M") for local in locals_]
