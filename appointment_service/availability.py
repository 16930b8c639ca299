"""Free times: what doctors' days offer for a kind of visit, less what is taken, too soon or too far.

A constant number of statements whatever the range and however many doctors: `load` reads everything once.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from appointment_service import opening, visit_types, wall_time
from appointment_service.models import BLOCKING, PENDING, Appointment, db
from appointment_service.opening import Deviation, Span, Stretch
from appointment_service.schedule_tables import ScheduleException, WeeklyHours
from appointment_service.visit_types import Terms
from chassis import clock
from chassis.errors import Invalid
from chassis.identity import Principal

LONGEST_RANGE = 31
DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)


class RangeRefused(Invalid):
    """422: the days asked for are too many or the wrong way round."""

    code, title = "range", "Too many days"
    detail = f"Ask for at most {LONGEST_RANGE} days, the earlier one first."


@dataclass(frozen=True, order=True)
class Slot:
    """A start that was looked at, as two instants in UTC, and why it cannot be booked (None: it can)."""

    start: datetime
    end: datetime
    doctor_id: UUID
    reason: str | None = field(default=None, compare=False)


class Taken:
    """Spans of time that are gone, made disjoint, so that two bisections answer."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether any of the half-open span from `start` to `end` is gone."""
        place = bisect_right(self._ends, start)
        return place < len(self._starts) and self._starts[place] < end


@dataclass(frozen=True)
class Diary:
    """What is known of one doctor for a stretch of days: terms, week, deviations (the clinic's too), what is taken.

    `horizon` is the instant from which on patients do not book yet.
    """

    terms: Terms
    week: Sequence[Stretch]
    deviations: Sequence[Deviation]
    taken: Taken
    held: Taken
    horizon: datetime = NEVER


@dataclass(frozen=True)
class Asker:
    """For whom times are looked at. Staff skip notice and horizon, and may take a time that is running.

    `person` is who is told of appointments that stand in the way.
    """

    staff: bool
    now: datetime
    zone: ZoneInfo
    person: Principal | None = None

    @property
    def today(self) -> date:
        """The local day."""
        return self.now.astimezone(self.zone).date()

    def last_day(self, terms: Terms) -> date:
        """The last local day that can be booked on these terms."""
        return self.today + terms.horizon


def asker(zone: ZoneInfo, *, staff: bool, person: Principal | None = None) -> Asker:
    """Somebody who asks now."""
    return Asker(staff, clock.now(), zone, person)


@dataclass(frozen=True)
class FreeTimes:
    """The free times of each day asked for, the first one from the first day on, and why the others are not free."""

    days: dict[date, list[Slot]]
    next_available: datetime | None
    reasons: Counter[str]


def free_times(
    doctors: list[UUID] | None, visit_type_id: UUID, first: date, last: date, who: Asker, ignore: UUID | None = None
) -> FreeTimes:
    """The free times of these doctors (None: of every one) from `first` to `last`, both included, by local day.

    Raises `RangeRefused`. `ignore` is an appointment whose own time counts as free.
    """
    diaries = load(doctors, visit_type_id, first, _checked(first, last), who, ignore)
    days: dict[date, list[Slot]] = {first + DAY * n: [] for n in range((last - first).days + 1)}
    reasons: Counter[str] = Counter()
    for diary in diaries:
        for slot in looked_at(diary, first, last, who):
            if slot.reason is None:
                days[slot.start.astimezone(who.zone).date()].append(slot)
            else:
                reasons[slot.reason] += 1
    for slots in days.values():
        slots.sort()
    found = next((slots[0].start for slots in days.values() if slots), None)
    return FreeTimes(days, found or _next_free(doctors, visit_type_id, last + DAY, who, ignore), reasons)


def every_time(
    doctor_id: UUID, visit_type_id: UUID, first: date, last: date, who: Asker, ignore: UUID | None = None
) -> list[Slot]:
    """Every start of the doctor's days with the reason why it is not free, in order: why not? Raises `RangeRefused`."""
    found = load([doctor_id], visit_type_id, first, _checked(first, last), who, ignore)
    return sorted(slot for diary in found for slot in looked_at(diary, first, last, who, shut=True))


def alternatives(
    diaries: Sequence[Diary], last: date, wanted: datetime, who: Asker, most: int, ignore: UUID | None = None
) -> list[Slot]:
    """Up to `most` free times: the nearest of the same day, then those that follow, each start once, in order.

    `diaries` are of that day to `last`; what comes later is read when it is needed.
    """
    day = wanted.astimezone(who.zone).date()
    near: dict[datetime, Slot] = {}
    later: dict[datetime, Slot] = {}
    for slot in _and_then(diaries, day, last, who, ignore):
        local = slot.start.astimezone(who.zone).date()
        if local > day and len(near) + len(later) >= most:
            break
        (near if local == day else later).setdefault(slot.start, slot)
    nearest = sorted(near.values(), key=lambda slot: abs(slot.start - wanted))[:most]
    return [*sorted(nearest), *list(later.values())[: most - len(nearest)]]


def looked_at(diary: Diary, first: date, last: date, who: Asker, *, shut: bool = False) -> Iterator[Slot]:
    """Every start of these local days, window by window. `shut` adds those of days on which the door stays shut."""
    since, until = wall_time.day_bounds(first, last, who.zone)
    day = first - DAY  # a window may reach into the next day
    while day <= last:
        today = opening.day_of(day, diary.week, diary.deviations, who.zone)
        closed = Taken(today.closed)
        for slot, windows in _grid(today.windows, diary.terms).items():
            if since <= slot.start < until:
                yield _judged(slot, diary, closed, windows, who)
        if shut and not today.windows and day >= first:
            usual = opening.day_of(day, diary.week, [], who.zone)
            reason = _why_shut(day, diary)
            yield from (replace(one, reason=reason) for one in _grid(usual.windows, diary.terms))
        day += DAY


def _grid(windows: Iterable[opening.Window], terms: Terms) -> dict[Slot, list[opening.Window]]:
    """Starts every step from where a window opens, by elapsed time, as long as the visit fits into it.

    Each with the windows that offer it.
    """
    found: dict[Slot, list[opening.Window]] = {}
    for window in windows:
        if window.is_for(terms.visit_type_id):
            start = window.opens
            while (end := start + terms.duration) <= window.closes:
                found.setdefault(Slot(start, end, terms.doctor_id), []).append(window)
                start += terms.step
    return found


def starts(windows: Iterable[opening.Window], terms: Terms) -> list[Slot]:
    """All the starts that windows offer on these terms, whoever is booked."""
    return list(_grid(windows, terms))


def _judged(slot: Slot, diary: Diary, closed: Taken, windows: Sequence[opening.Window], who: Asker) -> Slot:
    reason = _too_early_or_late(slot, diary, who) or _taken(slot, diary, closed)
    if reason is None and not who.staff and not any(_is_open(slot, window, who) for window in windows):
        reason = "opens-later"
    return slot if reason is None else replace(slot, reason=reason)


def _too_early_or_late(slot: Slot, diary: Diary, who: Asker) -> str | None:
    if (slot.end if who.staff else slot.start) <= who.now:
        return "in-past"
    if who.staff:
        return None
    if slot.start < who.now + diary.terms.notice:
        return "too-soon"
    return "too-far" if slot.start >= diary.horizon else None


def _taken(slot: Slot, diary: Diary, closed: Taken) -> str | None:
    if closed.meets(slot.start, slot.end):
        return "time-off"
    begins, ends = slot.start - diary.terms.buffer_before, slot.end + diary.terms.buffer_after
    if diary.held.meets(begins, ends):
        return "held"
    return "busy" if diary.taken.meets(begins, ends) else None


def _is_open(slot: Slot, window: opening.Window, who: Asker) -> bool:
    return window.opens_before is None or slot.start - who.now <= window.opens_before


def _why_shut(day: date, diary: Diary) -> str:
    own = any(one.doctor_id and one.counts_on(day) for one in diary.deviations)
    return "time-off" if own else "clinic-closed"


def _next_free(
    doctors: list[UUID] | None, visit_type_id: UUID, first: date, who: Asker, ignore: UUID | None
) -> datetime | None:
    return next((slot.start for slot in coming(doctors, visit_type_id, first, who, ignore)), None)


def coming(
    doctors: list[UUID] | None,
    visit_type_id: UUID,
    first: date,
    who: Asker,
    ignore: UUID | None = None,
    last: date | None = None,
) -> Iterator[Slot]:
    """Free times from a local day on to `last` or the horizon, in order, worked out as they are asked for."""
    first = max(first, who.today)
    diaries = load(doctors, visit_type_id, first, last, who, ignore)
    horizon = max((who.last_day(diary.terms) for diary in diaries), default=first)
    yield from _free_of(diaries, first, min(horizon, last or horizon), who)


def _free_of(diaries: Sequence[Diary], first: date, last: date, who: Asker) -> Iterator[Slot]:
    while first <= last:
        found = (slot for diary in diaries for slot in looked_at(diary, first, first, who))
        yield from sorted(slot for slot in found if slot.reason is None)
        first += DAY


def _and_then(diaries: Sequence[Diary], first: date, last: date, who: Asker, ignore: UUID | None) -> Iterator[Slot]:
    """The free times of diaries that are at hand, and then those of the days behind them."""
    if not diaries:
        return
    yield from _free_of(diaries, first, last, who)
    ids = [diary.terms.doctor_id for diary in diaries]
    yield from coming(ids, diaries[0].terms.visit_type_id, last + DAY, who, ignore)


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
    rows = db.session.execute(
        select(
            WeeklyHours.doctor_id,
            WeeklyHours.weekday,
            WeeklyHours.starts,
            WeeklyHours.ends,
            WeeklyHours.valid_from,
            WeeklyHours.valid_to,
            WeeklyHours.visit_type_ids,
            WeeklyHours.opens_hours_before,
        ).where(
            WeeklyHours.doctor_id.in_(ids), or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to >= first - DAY)
        )
    )
    found: dict[UUID, list[Stretch]] = {}
    for doctor_id, weekday, starts, ends, since, until, types, before in rows:
        kinds = None if types is None else frozenset(types)
        found.setdefault(doctor_id, []).append(Stretch(weekday, starts, ends, since, until, kinds, before))
    return found


def deviations_of(ids: list[UUID], first: date, last: date | None) -> dict[UUID | None, list[Deviation]]:
    """The exceptions of these doctors, and the clinic's under None, from one day to another (None: for good)."""
    table = ScheduleException
    query = select(table).where(or_(table.doctor_id.is_(None), table.doctor_id.in_(ids)), table.to_date >= first - DAY)
    if last is not None:
        query = query.where(table.from_date <= last)
    found: dict[UUID | None, list[Deviation]] = {}
    for row in db.session.scalars(query):
        found.setdefault(row.doctor_id, []).append(deviation(row))
    return found


def deviation(row: ScheduleException) -> Deviation:
    """A schedule exception as a plain value."""
    kind = cast(opening.Kind, row.kind)
    return Deviation(row.doctor_id, kind, row.from_date, row.to_date, row.starts, row.ends, row.reason, row.holiday)


def _spans(
    ids: list[UUID], first: date, last: date | None, zone: ZoneInfo, ignore: UUID | None
) -> tuple[dict[UUID, list[Span]], dict[UUID, list[Span]]]:
    """What appointments take of each doctor's time, buffers included, and what of it is only held for somebody."""
    begins = func.coalesce(Appointment.block_start, Appointment.starts_at)
    ends = func.coalesce(Appointment.block_end, Appointment.ends_at)
    since, until = wall_time.day_bounds(first - DAY, (last or first) + DAY, zone)
    query = select(Appointment.doctor_id, begins, ends, Appointment.status).where(
        Appointment.doctor_id.in_(ids),
        Appointment.status.in_(BLOCKING),
        Appointment.starts_at > since - DAY,
        or_(Appointment.status != PENDING, Appointment.held_until > clock.now()),
    )
    if last is not None:
        query = query.where(Appointment.starts_at < until + DAY)
    if ignore is not None:
        query = query.where(Appointment.id != ignore)
    taken: dict[UUID, list[Span]] = {}
    held: dict[UUID, list[Span]] = {}
    for doctor_id, start, end, status in db.session.execute(query):
        span = start.astimezone(UTC), end.astimezone(UTC)
        (held if status == PENDING else taken).setdefault(doctor_id, []).append(span)
    return taken, held


def booked_minutes(ids: list[UUID], day: date, zone: ZoneInfo) -> dict[UUID, int]:
    """How many minutes of a local day each doctor has given away."""
    since, until = wall_time.day_bounds(day, day, zone)
    length = func.sum(func.extract("epoch", Appointment.ends_at - Appointment.starts_at))
    rows = db.session.execute(
        select(Appointment.doctor_id, length)
        .where(
            Appointment.doctor_id.in_(ids),
            Appointment.status.in_(BLOCKING),
            Appointment.starts_at >= since,
            Appointment.starts_at < until,
        )
        .group_by(Appointment.doctor_id)
    )
    return {doctor_id: int(seconds) // 60 for doctor_id, seconds in rows}


def _checked(first: date, last: date) -> date:
    if not 0 <= (last - first).days < LONGEST_RANGE:
        raise RangeRefused
    return last


def labels(slots: Sequence[Slot], zone: ZoneInfo) -> list[str]:
    """What to call each slot of one day: the wall time, with the zone's abbreviation where one time comes twice."""
    locals_ = [slot.start.astimezone(zone) for slot in slots]
    walls = [local.isoformat()[11:16] for local in locals_]  # a tenth of what strftime costs
    if len(set(walls)) == len(walls):
        return walls
    offsets: dict[str, set[timedelta | None]] = {}
    for wall, local in zip(walls, locals_, strict=True):
        offsets.setdefault(wall, set()).add(local.utcoffset())
    return [
        f"{wall} {local.tzname()}" if len(offsets[wall]) > 1 else wall
        for wall, local in zip(walls, locals_, strict=True)
    ]
