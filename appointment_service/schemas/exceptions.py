"""Days on which a doctor, or the clinic, does otherwise."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from appointment_service.models import Appointment
from appointment_service.opening import Deviation, Kind
from appointment_service.schedule_tables import ScheduleException
from appointment_service.schemas.times import ClockTime, Day
from appointment_service.time_off import OnConflict
from chassis.schemas import In, Line, Out

LONGEST = timedelta(days=366)


class SpanIn(In):
    """Local days, both included, and if only part of each is meant two times, of which an end of 00:00 is midnight."""

    from_date: Day
    to_date: Day
    starts: ClockTime | None = None
    ends: ClockTime | None = None
    reason: Annotated[Line, StringConstraints(max_length=200)] = ""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not timedelta() <= self.to_date - self.from_date <= LONGEST:
            raise PydanticCustomError("range", "The last day comes after the first one, within a year.")
        if (self.starts is None) != (self.ends is None):
            raise PydanticCustomError("times", "Give both times, or none.")
        if self.starts and self.ends is not None and self.ends != time() and self.ends <= self.starts:
            raise PydanticCustomError("ends_before_start", "It ends after it starts. Write 00:00 for midnight.")
        return self

    def deviation(self, doctor_id: UUID | None, kind: Kind = "closed") -> Deviation:
        """As the rules take it."""
        return Deviation(doctor_id, kind, self.from_date, self.to_date, self.starts, self.ends, self.reason)


class ClosingIn(SpanIn):
    """Days on which the clinic is closed, and what is to become of people who are booked then.

    They come all the same (`keep`), are cancelled (`cancel`), or are asked to choose another time (`offer`).
    """

    on_conflict: OnConflict | None = None


class ExceptionIn(ClosingIn):
    """Days on which a doctor does otherwise, and what is to become of people who are booked then.

    `closed` takes time away, `replace` stands in place of the weekly hours and `extra` beside them: these have times.
    """

    kind: Kind = "closed"

    @model_validator(mode="after")
    def _open_from_when(self) -> Self:
        if self.kind != "closed" and self.starts is None:
            raise PydanticCustomError("times", "Say from when to when.")
        return self


class ExceptionOut(Out):
    """A schedule exception, of one doctor or (null) of the clinic."""

    id: UUID
    doctor_id: UUID | None
    kind: Literal["closed", "replace", "extra"]
    from_date: date
    to_date: date
    starts: str | None
    ends: str | None
    reason: str
    holiday: bool

    @classmethod
    def of_exception(cls, found: ScheduleException) -> Self:
        """As the wall shows it."""
        told = {name: getattr(found, name) for name in cls.model_fields}
        told |= {name: f"{told[name]:%H:%M}" for name in ("starts", "ends") if told[name] is not None}
        return cls(**told)


class ExceptionsOut(Out):
    """The exceptions that are not over."""

    items: list[ExceptionOut]

    @classmethod
    def of_exceptions(cls, found: Sequence[ScheduleException]) -> Self:
        """In their order."""
        return cls(items=[ExceptionOut.of_exception(one) for one in found])


class AffectedOut(Out):
    """Somebody who is booked then."""

    id: UUID
    reference: str
    doctor_id: UUID
    doctor_name: str
    patient_id: UUID
    patient_name: str
    start: datetime
    local_date: date
    local_time: str

    @classmethod
    def of_appointment(cls, found: Appointment, zone: ZoneInfo) -> Self:
        """As the clinic's clock shows it."""
        local = found.starts_at.astimezone(zone)
        return cls(
            id=found.id,
            reference=f"{found.reference[:4]}-{found.reference[4:]}",
            doctor_id=found.doctor_id,
            doctor_name=found.doctor_name,
            patient_id=found.patient_id,
            patient_name=found.patient_name,
            start=found.starts_at,
            local_date=local.date(),
            local_time=f"{local:%H:%M}",
        )


class ImpactOut(Out):
    """The people who are booked then, by time."""

    count: int
    items: list[AffectedOut]

    @classmethod
    def of_people(cls, found: Sequence[Appointment], zone: ZoneInfo) -> Self:
        """As the rules give them."""
        return cls(count=len(found), items=[AffectedOut.of_appointment(one, zone) for one in found])


class AddedOut(ImpactOut):
    """What was added, and the people who were booked then."""

    exception: ExceptionOut
