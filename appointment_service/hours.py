"""The rules of a doctor's weekly hours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, update

from appointment_service import diaries, doctors, grid, impact, opening, visit_types
from appointment_service.doctors import DoctorNotFound
from appointment_service.models import Appointment, db
from appointment_service.opening import Stretch
from appointment_service.schedule_tables import BEGINNING, VisitType, WeeklyHours
from chassis import clock
from chassis.errors import Invalid

DAY = timedelta(days=1)
MOST_PLANNED = 12
"""Weeks that are planned for later days. All of them are read for every free time."""


def hours_of(doctor_id: UUID, zone: ZoneInfo) -> list[Stretch]:
    """A doctor's weekly hours that count today or later, by the day they count from and in the order of the week.

    Raises `DoctorNotFound`.
    """
    doctors.find(doctor_id)
    return diaries.week_of(doctor_id, clock.now().astimezone(zone).date() + DAY)


def set_hours(doctor_id: UUID, week: Sequence[Stretch], valid_from: date | None, zone: ZoneInfo) -> list[Stretch]:
    """Replace a doctor's weekly hours from a local day on (None: altogether), with all that was planned for later.

    Raises `DoctorNotFound`, `Invalid` for overlaps, kinds of visit that do not exist and too many plans, and
    `HasBookings` while people are booked at times that would go.
    """
    refuse_overlaps(week)
    _refuse_unknown_kinds(week)
    if doctor_id not in doctors.lock([doctor_id]):
        raise DoctorNotFound("Describe yourself with PUT /doctors/me first.")
    since = valid_from or BEGINNING
    new = [replace(one, valid_from=since) for one in week]
    before, after = _plans(doctor_id, new, since, zone)
    _refuse_too_many(after[doctor_id][0], clock.now().astimezone(zone).date())
    impact.refuse(impact.stranded(before, after, zone))
    impact.release_held(before, after, zone)
    rows = WeeklyHours.doctor_id == doctor_id
    db.session.execute(delete(WeeklyHours).where(rows, WeeklyHours.valid_from >= since))
    if since > BEGINNING:
        until = or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to >= since)
        db.session.execute(update(WeeklyHours).where(rows, until).values(valid_to=since - DAY))
    db.session.add_all(_row(doctor_id, one) for one in new)
    db.session.commit()
    return hours_of(doctor_id, zone)


def stranded_by(doctor_id: UUID, new: Sequence[Stretch], since: date, zone: ZoneInfo) -> list[Appointment]:
    """The booked visits that fit into the hours as they are and not into the new ones."""
    return impact.stranded(*_plans(doctor_id, new, since, zone), zone)


def _plans(
    doctor_id: UUID, new: Sequence[Stretch], since: date, zone: ZoneInfo
) -> tuple[dict[UUID, impact.Plan], dict[UUID, impact.Plan]]:
    """How a doctor works, and how they would with these hours from a day on."""
    before = impact.plans_of([doctor_id], clock.now().astimezone(zone).date())
    week, deviations = before[doctor_id]
    kept = [_until(one, since) for one in week if one.valid_from < since]
    return before, {doctor_id: ([*kept, *new], deviations)}


def visits_a_week(doctor_id: UUID, week: Sequence[Stretch], zone: ZoneInfo) -> int:
    """How many visits of the standard kind fit into such a week."""
    standard = visit_types.standard()
    monday = date(2001, 1, 1)  # a week without a clock change anywhere that keeps them
    count = 0
    for terms in visit_types.terms_of([doctor_id], standard, staff=True):
        for n in range(7):
            plain = [replace(one, valid_from=BEGINNING, valid_to=None) for one in week]
            day = opening.day_of(monday + n * DAY, plain, [], zone)
            count += len(grid.starts(day.windows, terms))
    return count


def refuse_overlaps(week: Sequence[Stretch]) -> None:
    """Raises `Invalid` where two stretches of a weekday overlap."""
    in_order = sorted((one.weekday, one.starts, one.ends if one.ends > one.starts else time.max) for one in week)
    for (weekday, _, ends), (next_weekday, next_starts, _) in pairwise(in_order):
        if weekday == next_weekday and next_starts < ends:
            words = f"Two stretches overlap on weekday {weekday} at {next_starts:%H:%M}."
            raise Invalid.field("/hours", "overlap", words)


def _refuse_unknown_kinds(week: Sequence[Stretch]) -> None:
    named = {kind for one in week for kind in one.visit_types or ()}
    if named and named - set(db.session.scalars(select(VisitType.id).where(VisitType.id.in_(named)))):
        raise Invalid.field("/hours", "visit_type", "There is no such kind of visit.")


def _refuse_too_many(week: Sequence[Stretch], today: date) -> None:
    if len({one.valid_from for one in week if one.valid_from > today}) > MOST_PLANNED:
        words = f"Plan at most {MOST_PLANNED} changes ahead. Replace those that are planned first."
        raise Invalid.field("/valid_from", "too_many", words)


def _until(one: Stretch, since: date) -> Stretch:
    return replace(one, valid_to=since - DAY if one.valid_to is None else min(one.valid_to, since - DAY))


def _row(doctor_id: UUID, one: Stretch) -> WeeklyHours:
    row = WeeklyHours(doctor_id=doctor_id, weekday=one.weekday, starts=one.starts, ends=one.ends)
    row.valid_from, row.opens_hours_before = one.valid_from, one.opens_hours_before
    row.visit_type_ids = None if one.visit_types is None else sorted(one.visit_types)
    return row
