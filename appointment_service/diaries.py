"""Reading what is known of doctors: their weeks, what deviates from them, and what is taken.

Statements that are kept ready: to put one together costs more than to run it.
"""

from datetime import date
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Date, Uuid, any_, bindparam, func, or_, select

from appointment_service import opening, visit_types, wall_time
from appointment_service.grid import DAY, NEVER, Asker, Diary, Taken
from appointment_service.models import PENDING, TAKES_TIME, Appointment, db
from appointment_service.opening import Deviation, Span, Stretch
from appointment_service.schedule_tables import ScheduleException, WeeklyHours
from appointment_service.visit_types import Terms
from chassis import clock
from chassis.database import rows, table

LATEST = date.max
VISIT, HOURS, EXCEPTION = table(Appointment).c, table(WeeklyHours).c, table(ScheduleException).c
IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
WEEKS = select(
    HOURS.doctor_id,
    HOURS.weekday,
    HOURS.starts,
    HOURS.ends,
    HOURS.valid_from,
    HOURS.valid_to,
    HOURS.visit_type_ids,
    HOURS.opens_hours_before,
).where(HOURS.doctor_id == IDS, or_(HOURS.valid_to.is_(None), HOURS.valid_to >= bindparam("since", type_=Date)))
DEVIATIONS = select(
    EXCEPTION.doctor_id,
    EXCEPTION.kind,
    EXCEPTION.from_date,
    EXCEPTION.to_date,
    EXCEPTION.starts,
    EXCEPTION.ends,
    EXCEPTION.reason,
    EXCEPTION.holiday,
).where(
    or_(EXCEPTION.doctor_id.is_(None), EXCEPTION.doctor_id == IDS),
    EXCEPTION.to_date >= bindparam("since", type_=Date),
    EXCEPTION.from_date <= bindparam("until", type_=Date),
)
SPANS = select(
    VISIT.doctor_id,
    func.coalesce(VISIT.block_start, VISIT.starts_at),
    func.coalesce(VISIT.block_end, VISIT.ends_at),
    VISIT.status == PENDING,
).where(
    VISIT.doctor_id == IDS,
    TAKES_TIME,
    VISIT.starts_at > bindparam("since"),
    VISIT.starts_at < bindparam("until"),
    or_(VISIT.status != PENDING, VISIT.held_until > bindparam("now")),
    VISIT.id.is_distinct_from(bindparam("ignore", type_=Uuid)),
)
MINUTES = (
    select(VISIT.doctor_id, func.sum(func.extract("epoch", VISIT.ends_at - VISIT.starts_at)))
    .where(VISIT.doctor_id == IDS, TAKES_TIME, VISIT.starts_at >= bindparam("since"))
    .where(VISIT.starts_at < bindparam("until"))
    .group_by(VISIT.doctor_id)
)


def load(
    doctors: list[UUID] | None,
    visit_type_id: UUID,
    first: date,
    last: date | None,
    who: Asker,
    ignore: UUID | None = None,
    terms: list[Terms] | None = None,
) -> list[Diary]:
    """What is known of each doctor who offers this visit, from a local day to another one (None: to the end).

    `terms` are theirs, where somebody knows them already.
    """
    if terms is None:
        terms = visit_types.terms_of(doctors, visit_type_id, staff=who.staff)
    ids = [one.doctor_id for one in terms]
    weeks, deviations = weeks_of(ids, first), deviations_of(ids, first, last)
    taken, held = _spans(ids, first, last, who.zone, ignore)
    clinic = deviations.get(None, [])
    return [
        Diary(
            one,
            weeks.get(one.doctor_id, []),
            [*deviations.get(one.doctor_id, []), *clinic],
            Taken(taken.get(one.doctor_id, [])),
            Taken(held.get(one.doctor_id, [])),
            wall_time.day_bounds(who.last_day(one), who.last_day(one), who.zone)[1],
        )
        for one in terms
    ]


def week_of(doctor_id: UUID, first: date) -> list[Stretch]:
    """A doctor's weekly hours that count on or after a day, in the order of the week."""
    found = weeks_of([doctor_id], first).get(doctor_id, [])
    return sorted(found, key=lambda one: (one.valid_from, one.weekday, one.starts))


def weeks_of(ids: list[UUID], first: date) -> dict[UUID, list[Stretch]]:
    """The weekly hours of these doctors that count on or after a day."""
    found: dict[UUID, list[Stretch]] = {}
    for doctor_id, weekday, starts, ends, since, until, types, before in rows(db, WEEKS, ids=ids, since=first - DAY):
        kinds = None if types is None else frozenset(types)
        found.setdefault(doctor_id, []).append(Stretch(weekday, starts, ends, since, until, kinds, before))
    return found


def deviations_of(ids: list[UUID], first: date, last: date | None) -> dict[UUID | None, list[Deviation]]:
    """The exceptions of these doctors, and the clinic's under None, from one day to another (None: for good)."""
    found: dict[UUID | None, list[Deviation]] = {}
    for doctor_id, *rest in rows(db, DEVIATIONS, ids=ids, since=first - DAY, until=last or LATEST):
        found.setdefault(doctor_id, []).append(Deviation(doctor_id, *rest))
    return found


def deviation(row: ScheduleException) -> Deviation:
    """A schedule exception as a plain value."""
    kind = cast(opening.Kind, row.kind)
    return Deviation(row.doctor_id, kind, row.from_date, row.to_date, row.starts, row.ends, row.reason, row.holiday)


def _spans(
    ids: list[UUID], first: date, last: date | None, zone: ZoneInfo, ignore: UUID | None
) -> tuple[dict[UUID, list[Span]], dict[UUID, list[Span]]]:
    """What appointments take of each doctor's time, buffers included, and what of it is only held for somebody."""
    since, until = wall_time.day_bounds(first - DAY, (last or first) + DAY, zone)
    given: dict[str, Any] = {"since": since - DAY, "until": until + DAY if last else NEVER, "ignore": ignore}
    taken: dict[UUID, list[Span]] = {}
    held: dict[UUID, list[Span]] = {}
    for doctor_id, start, end, pending in rows(db, SPANS, ids=ids, now=clock.now(), **given):
        (held if pending else taken).setdefault(doctor_id, []).append((start, end))
    return taken, held


def booked_minutes(ids: list[UUID], day: date, zone: ZoneInfo) -> dict[UUID, int]:
    """How many minutes of a local day each doctor has given away."""
    since, until = wall_time.day_bounds(day, day, zone)
    found = rows(db, MINUTES, ids=ids, since=since, until=until)
    return {doctor_id: int(seconds) // 60 for doctor_id, seconds in found}
