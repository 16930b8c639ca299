"""Reading what is known of doctors: their weeks, what deviates from them, and what is taken.

Statements that are kept ready: to put one together costs more than to run it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate, pairwise
from typing import Any
from typing import cast as typed
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    CompoundSelect,
    Date,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)

from appointment_service import opening, visit_types, wall_time
from appointment_service.grid import DAY, NEVER, Asker, Diary, Taken
from appointment_service.models import PENDING, TAKES_TIME, Appointment, db
from appointment_service.opening import Deviation, Span, Stretch
from appointment_service.schedule_tables import ScheduleException, WeeklyHours
from appointment_service.visit_types import Terms
from chassis import clock
from chassis.database import rows, table

LATEST = date.max
Spans = dict[UUID, list[Span]]
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
    VISIT.starts_at > bindparam("busy_since"),
    VISIT.starts_at < bindparam("busy_until"),
    or_(VISIT.status != PENDING, VISIT.held_until > bindparam("now")),
    VISIT.id.is_distinct_from(bindparam("ignore", type_=Uuid)),
)


def _at_once(*parts: Select[Any]) -> tuple[CompoundSelect[Any], list[slice]]:
    """These statements as one, which says first of each row whose it is, and where in it each finds its columns."""
    columns = [list(part.selected_columns) for part in parts]
    wide = [
        part.with_only_columns(
            literal_column(str(place)),
            *[one if some is own else cast(null(), one.type) for some in columns for one in some],
        )
        for place, (part, own) in enumerate(zip(parts, columns, strict=True))
    ]
    ends = list(accumulate((len(some) for some in columns), initial=1))
    return union_all(*wide), [slice(*edges) for edges in pairwise(ends)]


DIARIES, PLACES = _at_once(WEEKS, DEVIATIONS, SPANS)
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
    weeks, deviations, taken, held = _read(ids, first, last, who.zone, ignore)
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
    return _weeks(rows(db, WEEKS, ids=ids, since=first - DAY))


def deviations_of(ids: list[UUID], first: date, last: date | None) -> dict[UUID | None, list[Deviation]]:
    """The exceptions of these doctors, and the clinic's under None, from one day to another (None: for good)."""
    return _deviations(rows(db, DEVIATIONS, ids=ids, since=first - DAY, until=last or LATEST))


def _weeks(found: Iterable[Sequence[Any]]) -> dict[UUID, list[Stretch]]:
    weeks: dict[UUID, list[Stretch]] = {}
    for doctor_id, weekday, starts, ends, since, until, types, before in found:
        kinds = None if types is None else frozenset(types)
        weeks.setdefault(doctor_id, []).append(Stretch(weekday, starts, ends, since, until, kinds, before))
    return weeks


def _deviations(found: Iterable[Sequence[Any]]) -> dict[UUID | None, list[Deviation]]:
    deviations: dict[UUID | None, list[Deviation]] = {}
    for doctor_id, *rest in found:
        deviations.setdefault(doctor_id, []).append(Deviation(doctor_id, *rest))
    return deviations


def deviation(row: ScheduleException) -> Deviation:
    """A schedule exception as a plain value."""
    kind = typed(opening.Kind, row.kind)
    return Deviation(row.doctor_id, kind, row.from_date, row.to_date, row.starts, row.ends, row.reason, row.holiday)


def _read(
    ids: list[UUID], first: date, last: date | None, zone: ZoneInfo, ignore: UUID | None
) -> tuple[dict[UUID, list[Stretch]], dict[UUID | None, list[Deviation]], Spans, Spans]:
    """Weeks and deviations, what appointments take of each doctor's time, buffers included, and what is only held."""
    since, until = wall_time.day_bounds(first - DAY, (last or first) + DAY, zone)
    days = {"since": first - DAY, "until": last or LATEST}
    busy = {"busy_since": since - DAY, "busy_until": until + DAY if last else NEVER, "now": clock.now()}
    parts: tuple[list[Sequence[Any]], ...] = ([], [], [])
    for row in rows(db, DIARIES, ids=ids, ignore=ignore, **days, **busy):
        parts[row[0]].append(row[PLACES[row[0]]])
    taken: Spans = {}
    held: Spans = {}
    for doctor_id, start, end, pending in parts[2]:
        (held if pending else taken).setdefault(doctor_id, []).append((start, end))
    return _weeks(parts[0]), _deviations(parts[1]), taken, held


def booked_minutes(ids: list[UUID], day: date, zone: ZoneInfo) -> dict[UUID, int]:
    """How many minutes of a local day each doctor has given away."""
    since, until = wall_time.day_bounds(day, day, zone)
    found = rows(db, MINUTES, ids=ids, since=since, until=until)
    return {doctor_id: int(seconds) // 60 for doctor_id, seconds in found}
