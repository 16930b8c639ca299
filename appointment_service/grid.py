"""Every start of a doctor's days, and why it cannot be booked, if it cannot. Plain values only.

Made by the hundred for one answer, so that what is the same for all of them is worked out once.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from appointment_service import opening, wall_time
from appointment_service.opening import Deviation, Span, Stretch, Window
from appointment_service.visit_types import Terms
from chassis import clock
from chassis.identity import Principal

DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(order=True, slots=True, unsafe_hash=True)  # not frozen, which takes three times as long to make
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

    def __bool__(self) -> bool:
        return bool(self._starts)

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


def looked_at(
    diary: Diary, first: date, last: date, who: Asker, *, shut: bool = False, only: datetime | None = None
) -> Iterator[Slot]:
    """Every start of these local days, window by window; `only` asks of one start.

    `shut` adds those of days on which the door stays shut.
    """
    since, until = wall_time.day_bounds(first, last, who.zone)
    judge = _Judge(diary, who)
    day = first - DAY  # a window may reach into the next day
    while day <= last:
        today = opening.day_of(day, diary.week, diary.deviations, who.zone)
        closed = Taken(today.closed)
        for windows in _together(today.windows, diary.terms):
            if only is None and judge.all_free(windows, since, until, closed):
                yield from starts(windows, diary.terms)
                continue
            for start, offering in _grid(windows, diary.terms):
                if since <= start < until and (only is None or start == only):
                    yield judge.slot(start, offering, closed)
        if shut and not today.windows and day >= first:
            usual = opening.day_of(day, diary.week, [], who.zone)
            reason = _why_shut(day, diary)
            yield from (replace(one, reason=reason) for one in starts(usual.windows, diary.terms))
        day += DAY


def _together(windows: Iterable[Window], terms: Terms) -> list[list[Window]]:
    """The windows that this visit fits into, in order: each by itself, or those that overlap in one list."""
    found: list[list[Window]] = []
    closes = BEFORE_ALL
    for window in windows:
        if not window.is_for(terms.visit_type_id):
            continue
        if window.opens < closes:
            found[-1].append(window)
        else:
            found.append([window])
        closes = max(closes, window.closes)
    return found


def _grid(windows: Sequence[Window], terms: Terms) -> Iterable[tuple[datetime, Sequence[Window]]]:
    """Starts every step from where a window opens, by elapsed time, as long as the visit fits into it.

    Each with the windows that offer it; in windows that overlap one may come twice.
    """
    if len(windows) == 1:
        return ((start, windows) for start in _starts(windows[0], terms))
    found: dict[datetime, list[Window]] = {}
    for window in windows:
        for start in _starts(window, terms):
            found.setdefault(start, []).append(window)
    return found.items()


def _starts(window: Window, terms: Terms) -> Iterator[datetime]:
    start, last = window.opens, window.closes - terms.duration
    while start <= last:
        yield start
        start += terms.step


def starts(windows: Iterable[Window], terms: Terms) -> list[Slot]:
    """All the starts that windows offer on these terms, whoever is booked."""
    duration, doctor_id = terms.duration, terms.doctor_id
    return [
        Slot(start, start + duration, doctor_id)
        for some in _together(windows, terms)
        for start, _ in _grid(some, terms)
    ]


class _Judge:
    """Why a start of one doctor cannot be booked by who asks. Most can, so that is found out with few comparisons."""

    def __init__(self, diary: Diary, who: Asker) -> None:
        self._diary, self._who, self._terms = diary, who, diary.terms
        self._duration, self._doctor_id = diary.terms.duration, diary.terms.doctor_id
        self._free_from = who.now - self._duration if who.staff else who.now
        self._not_before = who.now if who.staff else who.now + diary.terms.notice
        self._horizon = NEVER if who.staff else diary.horizon
        self._buffered = bool(diary.terms.buffer_before or diary.terms.buffer_after)

    def all_free(self, windows: Sequence[Window], since: datetime, until: datetime, closed: Taken) -> bool:
        """Whether every start of these windows lies in a span of time and can be booked, as nothing touches them."""
        opens, closes = windows[0].opens, max(one.closes for one in windows)
        if not since <= opens <= closes <= until or self._too_early_or_late(opens) or closes > self._horizon:
            return False
        at_will = self._who.staff or all(one.opens_before is None for one in windows)
        return at_will and self._taken(opens, closes, closed) is None

    def slot(self, start: datetime, windows: Sequence[Window], closed: Taken) -> Slot:
        """The slot that begins then, with the reason."""
        end = start + self._duration
        reason = self._too_early_or_late(start) or self._taken(start, end, closed)
        if reason is None and windows[0].opens_before is not None and not self._is_open(start, windows):
            reason = "opens-later"
        return Slot(start, end, self._doctor_id, reason)

    def _too_early_or_late(self, start: datetime) -> str | None:
        if start <= self._free_from:
            return "in-past"
        if start < self._not_before and not self._who.staff:
            return "too-soon"
        return "too-far" if start >= self._horizon else None

    def _taken(self, start: datetime, end: datetime, closed: Taken) -> str | None:
        if closed and closed.meets(start, end):
            return "time-off"
        if self._buffered:
            start, end = start - self._terms.buffer_before, end + self._terms.buffer_after
        if self._diary.held and self._diary.held.meets(start, end):
            return "held"
        return "busy" if self._diary.taken and self._diary.taken.meets(start, end) else None

    def _is_open(self, start: datetime, windows: Sequence[Window]) -> bool:
        ahead = start - self._who.now
        return self._who.staff or any(one.opens_before is None or ahead <= one.opens_before for one in windows)


def _why_shut(day: date, diary: Diary) -> str:
    own = any(one.doctor_id and one.counts_on(day) for one in diary.deviations)
    return "time-off" if own else "clinic-closed"
