"""What a change of a doctor's hours does to people who are booked: whose visit would stand outside them."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from appointment_service import diaries, holds, opening
from appointment_service.grid import Taken
from appointment_service.models import BOOKED, PENDING, Appointment, db
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
    weeks, deviations = diaries.weeks_of(ids, first), diaries.deviations_of(ids, first, None)
    return {one: (weeks.get(one, []), [*deviations.get(one, []), *deviations.get(None, [])]) for one in ids}


def stranded(
    before: dict[UUID, Plan], after: dict[UUID, Plan], zone: ZoneInfo, status: str = BOOKED
) -> list[Appointment]:
    """The booked visits to come that lose their place by the change of these plans, by time."""
    query = select(Appointment).where(
        Appointment.doctor_id.in_(list(after)), Appointment.status == status, Appointment.starts_at > clock.now()
    )
    to_come = db.session.scalars(query.order_by(Appointment.starts_at, Appointment.id).with_for_update())
    return [one for one in to_come if _lost(one, before[one.doctor_id], after[one.doctor_id], zone)]


def release_held(before: dict[UUID, Plan], after: dict[UUID, Plan], zone: ZoneInfo) -> None:
    """Give back what is held for somebody from the waiting list at times that go. Wants the doctors' turn."""
    for held in stranded(before, after, zone, PENDING):
        holds.release(held, None)


def stands(visit: Appointment, plan: Plan, zone: ZoneInfo) -> bool:
    """Whether a visit has its place: within hours, or booked beside them on purpose and not in a closed time."""
    return not _shut(visit, plan, zone) if visit.overbook else fits(visit, plan, zone)


def _lost(visit: Appointment, before: Plan, after: Plan, zone: ZoneInfo) -> bool:
    if fits(visit, before, zone):
        return not fits(visit, after, zone)
    # beside the hours already: only a time that closes now makes a difference
    return _shut(visit, after, zone) and not _shut(visit, before, zone)


def _shut(visit: Appointment, plan: Plan, zone: ZoneInfo) -> bool:
    day = visit.starts_at.astimezone(zone).date()
    days = [opening.day_of(one, *plan, zone) for one in (day, day - timedelta(days=1))]
    return any(Taken(one.closed).meets(visit.starts_at, visit.ends_at) for one in days)


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
