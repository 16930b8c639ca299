"""Public holidays, as they are asked for and brought in."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field

from appointment_service import public_holidays
from appointment_service.models import Appointment
from appointment_service.public_holidays import Country, Holiday
from appointment_service.schedule_tables import ScheduleException
from appointment_service.schemas.exceptions import AffectedOut, ExceptionOut
from appointment_service.schemas.times import Day
from appointment_service.time_off import OnConflict
from chassis.schemas import In, Out, PlainInteger

Code = Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["GB"])]
Part = Annotated[str, Field(min_length=1, max_length=50, examples=["ENG"])]
FIRST, LAST = 2000, 2100


class HolidaysIn(In):
    """Whose holidays: a country (ISO 3166), perhaps a part of it, and a year."""

    country: Code
    subdivision: Part | None = None
    year: PlainInteger = Field(ge=FIRST, le=LAST)

    @property
    def choice(self) -> public_holidays.Choice:
        """As the rules take it."""
        return public_holidays.Choice(self.country, self.subdivision, self.year)


class SomeHolidaysIn(HolidaysIn):
    """Holidays, all or just those on the `dates` named."""

    year: Annotated[int, Field(ge=FIRST, le=LAST, strict=True)]
    dates: Annotated[list[Day], Field(min_length=1, max_length=100)] | None = None


class BringInIn(SomeHolidaysIn):
    """Holidays on which the clinic is to be closed, and what is to become of people who are booked then.

    They come all the same (`keep`), are cancelled (`cancel`), or are asked to choose another time (`offer`).
    """

    on_conflict: OnConflict | None = None


class SubdivisionOut(Out):
    """A part of a country that has holidays of its own."""

    code: str
    name: str


class CountryOut(Out):
    """A country whose holidays are known."""

    code: str
    name: str
    subdivisions: list[SubdivisionOut]


class CountriesOut(Out):
    """Countries, by name."""

    items: list[CountryOut]

    @classmethod
    def of_countries(cls, found: Sequence[Country]) -> Self:
        """As the rules give them."""
        return cls(
            items=[
                CountryOut(
                    code=one.code,
                    name=one.name,
                    subdivisions=[SubdivisionOut(code=code, name=name) for code, name in one.subdivisions],
                )
                for one in found
            ]
        )


class HolidayOut(Out):
    """A public holiday. `there` says that the clinic is closed for it already."""

    date: date
    name: str
    there: bool


class HolidaysOut(Out):
    """The holidays that are not over, by day."""

    items: list[HolidayOut]

    @classmethod
    def of_holidays(cls, found: Sequence[Holiday]) -> Self:
        """As the rules give them."""
        return cls(items=[HolidayOut.of(one) for one in found])


class BroughtInOut(Out):
    """What was added, and the people who were booked then."""

    exceptions: list[ExceptionOut]
    count: int
    items: list[AffectedOut]

    @classmethod
    def of_rows(cls, rows: Sequence[ScheduleException], people: Sequence[Appointment], zone: ZoneInfo) -> Self:
        """As the rules give them."""
        return cls(
            exceptions=[ExceptionOut.of_exception(one) for one in rows],
            count=len(people),
            items=[AffectedOut.of_appointment(one, zone) for one in people],
        )
