"""A doctor's day: its visits in their order, where each stands now, and who needs the doctor next."""

import datetime as dt
from dataclasses import dataclass

from chassis import clock
from portal import dates
from portal.api.appointments import Appointment

OFF = ("cancelled", "entered-in-error")


@dataclass(frozen=True)
class Day:
    """A day's visits in their order, those that were cancelled, and where the day stands now."""

    date: dt.date
    visits: list[Appointment]
    cancelled: list[Appointment]

    @classmethod
    def of(cls, day: dt.date, found: list[Appointment]) -> "Day":
        """What is listed of a day; times that are only held are nobody's visit yet."""
        visits = [visit for visit in found if visit.status not in (*OFF, "pending")]
        return cls(day, visits, [visit for visit in found if visit.status in OFF])

    @property
    def is_today(self) -> bool:
        """Whether it is the day that is today at the clinic."""
        return self.date == dates.today()

    @property
    def next_id(self) -> str | None:
        """The visit that comes next, on the day that is today."""
        waiting = [visit.id for visit in self.visits if visit.start > clock.now() and visit.status == "booked"]
        return waiting[0] if waiting and self.is_today else None

    @property
    def focus_id(self) -> str | None:
        """Who needs the doctor next: somebody called in, else somebody who waits, else who is expected."""
        by_status = {status: [v.id for v in self.visits if v.status == status] for status in ("checked-in", "arrived")}
        expected = [v.id for v in self.visits if v.status == "booked" and v.end > clock.now()]
        first = [*by_status["checked-in"], *by_status["arrived"], *expected]
        return first[0] if first and self.is_today else None

    @property
    def now_before_id(self) -> str | None:
        """The first visit that is still to begin, where the line of now is drawn; None when all have begun."""
        return next((visit.id for visit in self.visits if visit.start > clock.now()), None)

    @property
    def counts(self) -> dict[str, int]:
        """How many visits are waiting, and how many are done."""
        arrived = sum(visit.status == "arrived" for visit in self.visits)
        return {"waiting": arrived, "done": sum(visit.status == "fulfilled" for visit in self.visits)}

    def standing(self, visit: Appointment) -> str:
        """Where a visit stands: `now`, `next`, `past` or `booked`."""
        if visit.status in ("fulfilled", "noshow") or (visit.end <= clock.now() and visit.status == "booked"):
            return "past"
        if visit.status in ("arrived", "checked-in") or visit.start <= clock.now():
            return "now"
        return "next" if visit.id == self.next_id else "booked"


def waiting(visit: Appointment) -> int | None:
    """Whole minutes since the patient arrived, for somebody who waits."""
    if visit.status != "arrived" or visit.arrived_at is None:
        return None
    return max(0, _minutes(visit.arrived_at))


def _minutes(since: dt.datetime) -> int:
    return int((clock.now() - since).total_seconds()) // 60
