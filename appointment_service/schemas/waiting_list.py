"""The waiting list: what somebody waits for, and what is held for them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from appointment_service.models import Appointment
from appointment_service.schemas.times import Day, DoctorOrAny
from appointment_service.waiting_list import Entry, Hope
from chassis.schemas import Id, In, Out

LONGEST = timedelta(days=366)
DayPart = Literal["morning", "afternoon", "evening"]
Weekday = Annotated[int, Field(ge=1, le=7, strict=True)]


class HopeIn(In):
    """What somebody waits for: local days, both included, with a doctor or `any`; null is any weekday, or all day.

    Nothing is offered that begins in less than `notice_min` minutes. Mornings end at 12:00, afternoons at 17:00.
    """

    visit_type_id: Id | None = None
    doctor_id: DoctorOrAny
    from_: Day = Field(alias="from")
    to: Day
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    day_part: DayPart | None = None
    notice_min: Annotated[int, Field(ge=0, le=43_200, strict=True)] = 120

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta() <= self.to - self.from_ <= LONGEST:
            raise PydanticCustomError("range", "The last day comes after the first one, within a year.")
        return self

    @property
    def hope(self) -> Hope:
        """As the rules take it."""
        weekdays = sorted(set(self.weekdays)) if self.weekdays else None
        return Hope(self.visit_type_id, self.doctor_id, self.from_, self.to, weekdays, self.day_part, self.notice_min)


class OfferedIn(In):
    """Which offer is meant, by its `appointment_id`. Where another one stands by now, it is refused as expired."""

    appointment_id: Id | None = None


class OfferedOut(Out):
    """A time that is held, with whom, and until when."""

    appointment_id: UUID
    doctor_id: UUID
    doctor_name: str
    room: str
    start: datetime
    end: datetime
    local_date: date
    local_time: str
    held_until: datetime

    @classmethod
    def of_held(cls, held: Appointment, until: datetime, zone: ZoneInfo) -> Self:
        """As the clinic's clock shows it."""
        local = held.starts_at.astimezone(zone)
        return cls(
            appointment_id=held.id,
            doctor_id=held.doctor_id,
            doctor_name=held.doctor_name,
            room=held.room,
            start=held.starts_at,
            end=held.ends_at,
            local_date=local.date(),
            local_time=f"{local:%H:%M}",
            held_until=until,
        )


class WaitlistEntryOut(Out):
    """An entry of the waiting list: it waits, has got a visit, was left, or its days are over."""

    id: UUID
    patient_id: UUID
    visit_type_id: UUID
    visit_type_name: str
    doctor_id: UUID | None
    doctor_name: str | None
    from_date: date
    to_date: date
    weekdays: list[int] | None
    day_part: DayPart | None
    notice_min: int
    state: Literal["waiting", "booked", "left", "over"]
    created_at: datetime
    offer: OfferedOut | None

    @classmethod
    def of_entry(cls, entry: Entry, zone: ZoneInfo) -> Self:
        """The entry with what is held for it now."""
        told = {name: getattr(entry.row, name) for name in cls.model_fields if hasattr(entry.row, name)}
        told |= {"visit_type_name": entry.visit_type_name, "doctor_name": entry.doctor_name, "offer": None}
        if entry.offer and entry.offer.held_until:
            told["offer"] = OfferedOut.of_held(entry.offer, entry.offer.held_until, zone)
        return cls(**told)


class WaitlistOut(Out):
    """One's own entries that still wait, the oldest first."""

    items: list[WaitlistEntryOut]

    @classmethod
    def of_entries(cls, found: Sequence[Entry], zone: ZoneInfo) -> Self:
        """As the rules give them."""
        return cls(items=[WaitlistEntryOut.of_entry(one, zone) for one in found])
