"""What a change of a doctor's hours does to people who are booked: whose visit would stand outside them."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from appointment_service import availability, opening
from appointment_service.availability import Taken
from appointment_service.models import BOOKED, Appointment, db
from appointment_service.opening import Deviation, Stretch
from chassis import clock
from chassis.errors import Conflict

Plan = tuple[Sequence[Stretch], Sequence[Deviation]]
"""A doctor's weekly hours, and what deviates from them."""


class HasBookings(Conflict):
    """409: people are booked at times that would go. Carries their `count`."""

    code, title = "has-bookings", "People are booked then"
    detail = "People are booked at times that would go. Say what is to become of them, or move them first."


def plans_of(ids: list[UUID], first: date) -> dict[UUID, Plan]:
    """How each of these doctors works from a local day on."""
    weeks, deviations = availability.weeks_of(ids, first), availability.deviations_of(ids, first, None)
    return {one: (weeks.get(one, []), [*deviations.get(one, []), *deviations.get(None, [])]) for one in ids}


def stranded(before: dict[UUID, Plan], after: dict[UUID, Plan], zone: ZoneInfo) -> list[Appointment]:
    """The booked visits to come that fit into the hours before and not into those after, by time."""
    query = select(Appointment).where(
        Appointment.doctor_id.in_(list(after)), Appointment.status == BOOKED, Appointment.starts_at > clock.now()
    )
    to_come = db.session.scalars(query.order_by(Appointment.starts_at, Appointment.id).with_for_update())
    return [
        one for one in to_come if fits(one, before[one.doctor_id], zone) and not fits(one, after[one.doctor_id], zone)
    ]


def fits(visit: Appointment, plan: Plan, zone: ZoneInfo) -> bool:
    """Whether a visit lies within the doctor's hours."""
    day = visit.starts_at.astimezone(zone).date()
    return any(_within(visit, one, plan, zone) for one in (day, day - timedelta(days=1)))


def _within(visit: Appointment, day: date, plan: Plan, zone: ZoneInfo) -> bool:
    found = opening.day_of(day, *plan, zone)
    if Taken(found.closed).meets(visit.starts_at, visit.ends_at):
        return False
    return any(window.opens <= visit.starts_at and visit.ends_at <= window.closes for window in found.windows)


def refuse(people: Iterable[Appointment]) -> None:
    """Raises `HasBookings` when it is anybody."""
    if count := len(list(people)):
        raise HasBookings(count=count)
