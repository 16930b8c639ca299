"""Free times: what doctors' days offer for a kind of visit, less what is taken, too soon or too far.

A constant number of statements whatever the range and however many doctors: `diaries.load` reads everything once.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from uuid import UUID

from appointment_service import diaries, grid, wall_time
from appointment_service.grid import DAY, Asker, Diary, Slot
from chassis.errors import Invalid

LONGEST_RANGE = 31
BY_START = attrgetter("start")


class RangeRefused(Invalid):
    """422: the days asked for are too many or the wrong way round."""

    code, title = "range", "Too many days"
    detail = f"Ask for at most {LONGEST_RANGE} days, the earlier one first."


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
    known = diaries.load(doctors, visit_type_id, first, _checked(first, last), who, ignore)
    free: list[Slot] = []
    reasons: Counter[str] = Counter()
    for diary in known:
        for slot in grid.looked_at(diary, first, last, who):
            if slot.reason is None:
                free.append(slot)
            else:
                reasons[slot.reason] += 1
    free.sort(key=BY_START)  # of one doctor they are in order already
    found = free[0].start if free else _next_free(doctors, visit_type_id, last + DAY, who, ignore)
    return FreeTimes(_by_day(free, first, last, who), found, reasons)


def _by_day(free: list[Slot], first: date, last: date, who: Asker) -> dict[date, list[Slot]]:
    """Slots in order, cut where a local day ends."""
    days: dict[date, list[Slot]] = {}
    begin = 0
    while first <= last:
        end = bisect_left(free, wall_time.day_bounds(first, first, who.zone)[1], key=BY_START)
        days[first] = free[begin:end]
        first, begin = first + DAY, end
    return days


def every_time(
    doctor_id: UUID, visit_type_id: UUID, first: date, last: date, who: Asker, ignore: UUID | None = None
) -> list[Slot]:
    """Every start of the doctor's days with the reason why it is not free, in order: why not? Raises `RangeRefused`."""
    found = diaries.load([doctor_id], visit_type_id, first, _checked(first, last), who, ignore)
    return sorted(slot for diary in found for slot in grid.looked_at(diary, first, last, who, shut=True))


def alternatives(
    known: Sequence[Diary], last: date, wanted: datetime, who: Asker, most: int, ignore: UUID | None = None
) -> list[Slot]:
    """Up to `most` free times: the nearest of the same day, then those that follow, each start once, in order.

    `known` are the diaries of that day to `last`; what comes later is read when it is needed.
    """
    day = wanted.astimezone(who.zone).date()
    near: dict[datetime, Slot] = {}
    later: dict[datetime, Slot] = {}
    for slot in _and_then(known, day, last, who, ignore):
        local = slot.start.astimezone(who.zone).date()
        if local > day and len(near) + len(later) >= most:
            break
        (near if local == day else later).setdefault(slot.start, slot)
    nearest = sorted(near.values(), key=lambda slot: abs(slot.start - wanted))[:most]
    return [*sorted(nearest), *list(later.values())[: most - len(nearest)]]


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
    found = diaries.load(doctors, visit_type_id, first, last, who, ignore)
    horizon = max((who.last_day(diary.terms) for diary in found), default=first)
    yield from _free_of(found, first, min(horizon, last or horizon), who)


def _free_of(known: Sequence[Diary], first: date, last: date, who: Asker) -> Iterator[Slot]:
    while first <= last:
        found = (slot for diary in known for slot in grid.looked_at(diary, first, first, who))
        yield from sorted(slot for slot in found if slot.reason is None)
        first += DAY


def _and_then(known: Sequence[Diary], first: date, last: date, who: Asker, ignore: UUID | None) -> Iterator[Slot]:
    """The free times of diaries that are at hand, and then those of the days behind them."""
    if not known:
        return
    yield from _free_of(known, first, last, who)
    ids = [diary.terms.doctor_id for diary in known]
    yield from coming(ids, known[0].terms.visit_type_id, last + DAY, who, ignore)


def _checked(first: date, last: date) -> date:
    if not 0 <= (last - first).days < LONGEST_RANGE:
        raise RangeRefused
    return last
