"""Seven days of free times, as the page shows them: a strip of days, and one day's times by part of day."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.api.appointments import FreeTimes, Slot, SlotDay

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LONGEST = timedelta(days=730)
"""How far ahead any kind of visit may be booked."""


@dataclass(frozen=True)
class Week:
    """The days on show, the one that is open, and where earlier and later lead."""

    days: list[SlotDay]
    open: SlotDay | None
    earlier: date | None
    later: date | None

    @property
    def first(self) -> date:
        """The first day on show."""
        return self.days[0].date

    @property
    def last(self) -> date:
        """The last day on show."""
        return self.days[-1].date

    @property
    def twice(self) -> bool:
        """Whether the clock shows some of the open day's times twice."""
        return any(slot.label != slot.local_time for slot in self.open.slots) if self.open else False

    @property
    def groups(self) -> list[tuple[str, list[Slot]]]:
        """The open day's times under Morning, Afternoon and Evening; empty groups are left out."""
        slots = self.open.slots if self.open else []
        named = [("Morning", "00:00", "12:00"), ("Afternoon", "12:00", "17:00"), ("Evening", "17:00", "24:00")]
        groups = [(name, [s for s in slots if begins <= s.local_time < ends]) for name, begins, ends in named]
        return [(name, members) for name, members in groups if members]


def first_day(asked: str | None, today: date, end: date) -> date:
    """The first day to show: the one asked for, between today and the last bookable one; today when it is no date."""
    try:
        day = date.fromisoformat(asked or "")
    except ValueError:
        return today
    return min(max(day, today), end)


def week_of(free: FreeTimes, asked_day: str | None, today: date, end: date) -> Week:
    """Lay out free times. The day asked for is open when it has times, else the first day that has some."""
    with_times = [day for day in free.days if day.slots]
    asked = [day for day in with_times if day.date.isoformat() == asked_day]
    first, last = free.days[0].date, free.days[-1].date
    return Week(
        days=free.days,
        open=next(iter(asked or with_times), None),
        earlier=max(first - WEEK, today) if first > today else None,
        later=first + WEEK if last < end else None,
    )
