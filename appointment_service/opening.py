"""When a doctor's door is open: weekly hours, less what is closed, and what stands in place of them. Plain values only.

Wall times become instants here, once for each edge; what follows counts in UTC.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service import wall_time
from appointment_service.schedule_tables import BEGINNING

Kind = Literal["closed", "replace", "extra"]
Span = tuple[datetime, datetime]
"""Two instants, the second not included."""


@dataclass(frozen=True, order=True)
class Stretch:
    """Work on one weekday (1 is Monday) between two wall times; an end at or before the start is on the next day.

    It counts from `valid_from` to `valid_to`, both included. `visit_types` of None are all of them.
    """

    weekday: int
    starts: time
    ends: time
    valid_from: date = BEGINNING
    valid_to: date | None = None
    visit_types: frozenset[UUID] | None = None
    opens_hours_before: int | None = None

    def counts_on(self, day: date) -> bool:
        """Whether this is work on that local day."""
        return self.weekday == day.isoweekday() and self.is_valid_on(day)

    def is_valid_on(self, day: date) -> bool:
        """Whether it is part of the week that counts on that local day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Deviation:
    """A schedule exception: local days, both included, on which a doctor (or with None the clinic) does otherwise."""

    doctor_id: UUID | None
    kind: Kind
    from_date: date
    to_date: date
    starts: time | None = None
    ends: time | None = None
    reason: str = ""
    holiday: bool = False

    def counts_on(self, day: date) -> bool:
        """Whether it concerns that local day."""
        return self.from_date <= day <= self.to_date

    @property
    def whole_day(self) -> bool:
        """Whether it has no times."""
        return self.starts is None


@dataclass(frozen=True, order=True)
class Window:
    """A time of open door, as instants in UTC. Starts are counted from where it opens."""

    opens: datetime
    closes: datetime
    visit_types: frozenset[UUID] | None = None
    opens_before: timedelta | None = None

    def is_for(self, visit_type_id: UUID) -> bool:
        """Whether this kind of visit takes place in it."""
        return self.visit_types is None or visit_type_id in self.visit_types


@dataclass(frozen=True)
class Day:
    """One local day: its windows, and the spans in which the door is shut on purpose, whatever the week says."""

    windows: list[Window]
    closed: list[Span]


def day_of(day: date, week: Iterable[Stretch], deviations: Sequence[Deviation], zone: ZoneInfo) -> Day:
    """What a local day offers.

    Closed for the whole day means no windows, whatever else is said of the day; the clinic's closing is answered by an
    own `replace` or `extra` as far as these reach. `replace` stands in place of the weekly hours, `extra` beside them.
    Closed for part of a day shuts that part and leaves the grid of starts where it was.
    """
    today = [one for one in deviations if one.counts_on(day)]
    own = [one for one in today if one.doctor_id is not None]
    clinic = [one for one in today if one.doctor_id is None]
    usual = [_window(day, one, zone) for one in week if one.counts_on(day)]
    instead = [_opened(day, one, zone) for one in own if one.kind == "replace"]
    extra = [_opened(day, one, zone) for one in own if one.kind == "extra"]
    shut = [_span(day, one, zone) for one in own if one.kind == "closed"]
    shut += _less([_span(day, one, zone) for one in clinic], [*instead, *extra])
    if any(one.kind == "closed" and one.whole_day for one in own):
        return Day([], sorted(shut))
    if any(one.whole_day for one in clinic):
        usual = []
    return Day(merged([*(instead or usual), *extra]), sorted(shut))


def merged(windows: Iterable[Window]) -> list[Window]:
    """The windows in order; those that touch or overlap and are for the same visits become one."""
    alike: dict[tuple[frozenset[UUID] | None, timedelta | None], list[Window]] = {}
    for window in sorted(windows, key=_when):
        found = alike.setdefault((window.visit_types, window.opens_before), [])
        if found and window.opens <= found[-1].closes:
            found[-1] = replace(found[-1], closes=max(found[-1].closes, window.closes))
        elif window.closes > window.opens:
            found.append(window)
    return sorted((window for found in alike.values() for window in found), key=_when)


def _when(window: Window) -> Span:
    return window.opens, window.closes


def _less(spans: Iterable[Span], windows: Iterable[Window]) -> list[Span]:
    """What is left of the spans outside the windows."""
    left = list(spans)
    for window in windows:
        parts = [((since, min(until, window.opens)), (max(since, window.closes), until)) for since, until in left]
        left = [part for pair in parts for part in pair if part[0] < part[1]]
    return left


def _window(day: date, stretch: Stretch, zone: ZoneInfo) -> Window:
    opens, closes = edges(day, stretch.starts, stretch.ends, zone)
    before = None if stretch.opens_hours_before is None else timedelta(hours=stretch.opens_hours_before)
    return Window(opens, closes, stretch.visit_types, before)


def _opened(day: date, one: Deviation, zone: ZoneInfo) -> Window:
    return Window(*_span(day, one, zone))


def _span(day: date, one: Deviation, zone: ZoneInfo) -> Span:
    return edges(day, one.starts or time(), one.ends or time(), zone)


def edges(day: date, starts: time, ends: time, zone: ZoneInfo) -> Span:
    """The instants of two wall times of a local day; an end at or before the start is on the next day."""
    last = day if ends > starts else day + timedelta(days=1)
    return wall_time.instant(day, starts, zone), wall_time.instant(last, ends, zone, ending=True)
