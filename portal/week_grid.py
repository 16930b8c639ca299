"""Seven days by hours: what a doctor's week holds in each, as a table and as a list show it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.api.appointments import Appointment
from portal.api.visits import StaffTimes

OFF = {"time-off": "Time off", "clinic-closed": "Clinic closed"}


@dataclass
class Cell:
    """One hour of one day: the visits that begin in it, how many times are free, and what closes the rest."""

    visits: list[Appointment] = field(default_factory=list)
    free: int = 0
    off: str = ""

    @property
    def kept(self) -> bool:
        """Whether somebody is seen in time off, which the visit itself says."""
        return any(visit.displaced for visit in self.visits)

    @property
    def kind(self) -> str:
        """How it looks: `busy`, `free`, `off`, or `none` where there is no work."""
        if self.visits:
            return "busy"
        return "free" if self.free else "off" if self.off else "none"


@dataclass(frozen=True)
class WeekDay:
    """One day of the week: its visits, its free times, and what closes it."""

    date: date
    cells: dict[int, Cell]

    @property
    def visits(self) -> list[Appointment]:
        """Everybody who comes, by time."""
        return [visit for hour in sorted(self.cells) for visit in self.cells[hour].visits]

    @property
    def free(self) -> int:
        """How many times are free."""
        return sum(cell.free for cell in self.cells.values())

    @property
    def off(self) -> str:
        """What closes at least a part of the day."""
        return next((cell.off for cell in self.cells.values() if cell.off), "")

    def cell(self, hour: int) -> Cell:
        """One hour."""
        return self.cells.get(hour, Cell())


@dataclass(frozen=True)
class WeekGrid:
    """A week, Monday first."""

    days: list[WeekDay]

    @classmethod
    def of(cls, monday: date, visits: Sequence[Appointment], times: StaffTimes) -> "WeekGrid":
        """Put visits, free times and time off into their hours."""
        grid = cls([WeekDay(monday + timedelta(days=n), {}) for n in range(7)])
        for visit in visits:
            if visit.takes_place or visit.status == "noshow":
                grid._at(visit.local_date, visit.local_time).visits.append(visit)
        for day in times.days:
            for slot in day.slots:
                grid._at(day.date, slot.local_time).free += 1
        for one in times.refused:
            if one.reason in OFF:
                grid._at(one.local_date, one.local_time).off = OFF[one.reason]
        return grid

    @property
    def hours(self) -> list[int]:
        """The hours to show: from the first to the last in which there is anything."""
        used = [hour for day in self.days for hour in day.cells]
        return list(range(min(used), max(used) + 1)) if used else []

    def _at(self, day: date, clock_time: str) -> Cell:
        return self.days[(day - self.days[0].date).days].cells.setdefault(int(clock_time[:2]), Cell())
