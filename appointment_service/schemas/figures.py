"""Figures of the clinic, as they are asked for and sent."""

from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from appointment_service.figures import Counts, DoctorFigures, Figures
from appointment_service.schemas.times import Day
from chassis.schemas import In, Out

LONGEST = timedelta(days=365)


class FiguresIn(In):
    """Which clinic dates, both included, a year at most."""

    from_: Day = Field(alias="from")
    to: Day

    @model_validator(mode="after")
    def _a_year_at_most(self) -> Self:
        if not timedelta() <= self.to - self.from_ <= LONGEST:
            raise PydanticCustomError("range", "Ask for at most a year, the earlier day first.")
        return self


class CountsOut(Out):
    """Visits by what became of them.

    `booked` are all that were ever booked for these days. `cancelled_late` are those that patients cancelled later than
    the visit type asks. `no_show_rate` is no-shows among those that took place or should have (null: none).
    """

    booked: int
    fulfilled: int
    cancelled: int
    cancelled_late: int
    no_shows: int
    no_show_rate: float | None


class DoctorFiguresOut(Out):
    """The figures of one doctor.

    `third_next_available` is the third time from now on that a patient can book for the standard kind of visit (null:
    there is none), and `third_next_days` how many days away it is: the usual measure of access.
    """

    doctor_id: UUID
    doctor_name: str
    counts: CountsOut
    third_next_available: datetime | None
    third_next_days: int | None

    @classmethod
    def of_doctor(cls, found: DoctorFigures, today: date, zone: ZoneInfo) -> Self:
        """As the clinic's calendar counts days."""
        third = found.third_next
        return cls(
            doctor_id=found.doctor_id,
            doctor_name=found.name,
            counts=CountsOut.of(found.counts),
            third_next_available=third,
            third_next_days=None if third is None else (third.astimezone(zone).date() - today).days,
        )


class WeekFiguresOut(Out):
    """The figures of a week, or of those of its days that were asked for."""

    monday: date
    counts: CountsOut

    @classmethod
    def of_week(cls, monday: date, counts: Counts) -> Self:
        """As the rules count them."""
        return cls(monday=monday, counts=CountsOut.of(counts))


class FiguresOut(Out):
    """The figures of all, of each doctor by name, and of each week."""

    total: CountsOut
    doctors: list[DoctorFiguresOut]
    weeks: list[WeekFiguresOut]

    @classmethod
    def of_figures(cls, found: Figures, today: date, zone: ZoneInfo) -> Self:
        """As the rules count them."""
        return cls(
            total=CountsOut.of(found.total),
            doctors=[DoctorFiguresOut.of_doctor(one, today, zone) for one in found.doctors],
            weeks=[WeekFiguresOut.of_week(monday, counts) for monday, counts in found.weeks.items()],
        )
