"""What the appointment service takes in and gives out."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from appointment_service import availability
from appointment_service.models import Appointment
from chassis.schemas import Id, In, Line, Out, Page, Paging, PlainDate, Prose

_TIME = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
WIDEST_OFFSET = timedelta(hours=14)


def _appointment_time(value: Any) -> Any:
    """`YYYY-MM-DDTHH:MM[:SS]`, alone or with `Z` or an offset: the one shape of ISO 8601 that we take."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("time", "Write the time as YYYY-MM-DDTHH:MM:SS, with an offset or without.")
    if not 2000 <= int(found[1]) <= 2200:
        raise PydanticCustomError("out_of_range", "This year is out of range.")
    if found[3] == "-00:00":
        raise PydanticCustomError("time", "-00:00 says that the offset is unknown. Leave it out or write Z.")
    try:
        parsed = datetime.fromisoformat(value)
        offset = parsed.utcoffset()
    except ValueError:
        raise PydanticCustomError("time", "There is no such time.") from None
    if offset is not None and abs(offset) > WIDEST_OFFSET:
        raise PydanticCustomError("time", "An offset lies within 14 hours of UTC.")
    return parsed


def _clock(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PydanticCustomError("clock", "Write the time of day as HH:MM.")
    return time.fromisoformat(value)


def _usable(value: date) -> date:
    if not 2000 <= value.year <= 2200:
        raise PydanticCustomError("out_of_range", "This year is out of range.")
    return value


WishedTime = Annotated[
    datetime,
    BeforeValidator(_appointment_time),
    WithJsonSchema({"type": "string", "examples": ["2027-03-10T10:00:00"]}),
]
ClockTime = Annotated[
    time,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["09:00"]}),
]
Day = Annotated[PlainDate, AfterValidator(_usable)]


class BookingIn(In):
    """A wish for an appointment. A time without offset is the clinic's wall time."""

    doctor_id: Id
    appointment_time: WishedTime
    notes: Annotated[Prose, StringConstraints(max_length=2000)] = ""


class AppointmentsIn(Paging):
    """Which of one's appointments to list. `from` and `to` are clinic dates, both included."""

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    status: Literal["booked", "cancelled"] | None = None
    sort: Literal["start", "-start"] = "start"


class SlotsIn(In):
    """Whose free times, and for which clinic dates (both included, at most 31)."""

    doctor_id: Id
    from_: Day = Field(alias="from")
    to: Day


class DoctorIn(In):
    """What a doctor says about themselves in the directory."""

    specialty: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    room: Annotated[Line, StringConstraints(max_length=100)] = ""
    about: Annotated[Prose, StringConstraints(max_length=1000)] = ""


class StretchIn(In):
    """Work on one weekday (1 is Monday) between two wall times; 00:00 as end is midnight."""

    weekday: Annotated[int, Field(ge=1, le=7, strict=True)]
    starts: ClockTime
    ends: ClockTime

    @field_validator("ends")
    @classmethod
    def _after_its_start(cls, ends: time, info: ValidationInfo) -> time:
        if ends != time() and ends <= info.data.get("starts", time()):
            raise PydanticCustomError("ends_before_start", "Work ends after it starts. Write 00:00 for midnight.")
        return ends

    @property
    def stretch(self) -> tuple[int, time, time]:
        """As the rules take it."""
        return self.weekday, self.starts, self.ends


class HoursIn(In):
    """A whole week of work. It replaces the one before."""

    hours: Annotated[list[StretchIn], Field(max_length=70)]


class StretchOut(Out):
    """Work on one weekday between two wall times."""

    weekday: int
    starts: Annotated[str, WithJsonSchema({"type": "string", "examples": ["09:00"]})]
    ends: str


class HoursOut(Out):
    """A doctor's week of work."""

    hours: list[StretchOut]

    @classmethod
    def of_stretches(cls, stretches: list[tuple[int, time, time]]) -> Self:
        """The week, in order."""
        return cls(
            hours=[
                StretchOut(weekday=weekday, starts=f"{starts:%H:%M}", ends=f"{ends:%H:%M}")
                for weekday, starts, ends in stretches
            ]
        )


class DoctorOut(Out):
    """A doctor, as anybody may see them."""

    id: UUID
    name: str
    specialty: str
    room: str
    about: str
    visit_minutes: int


class DoctorsPage(Page[DoctorOut]):
    """Part of the directory."""


class SlotOut(Out):
    """A free time. `label` is what to call it that day; it names the zone where a wall time comes twice."""

    start: datetime
    end: datetime
    local_date: date
    local_time: str
    label: str
    utc_offset: str

    @classmethod
    def all_of(cls, slots: list[availability.Slot], zone: ZoneInfo) -> list[Self]:
        """The slots of one day."""
        return [
            cls._of_slot(slot, label, zone) for slot, label in zip(slots, availability.labels(slots, zone), strict=True)
        ]

    @classmethod
    def _of_slot(cls, slot: availability.Slot, label: str, zone: ZoneInfo) -> Self:
        local = slot.start.astimezone(zone)
        return cls(
            start=slot.start,
            end=slot.end,
            local_date=local.date(),
            local_time=f"{local:%H:%M}",
            label=label,
            utc_offset=local.isoformat()[-6:],
        )


class DayOut(Out):
    """A clinic date and its free times, which may be none."""

    date: date
    slots: list[SlotOut]


class SlotsOut(Out):
    """Free times by day, and the first one of all from the first day on."""

    doctor_id: UUID
    time_zone: str
    days: list[DayOut]
    next_available: datetime | None

    @classmethod
    def of_free(cls, doctor_id: UUID, free: availability.FreeTimes, zone: ZoneInfo) -> Self:
        """The answer for one doctor."""
        days = [DayOut(date=day, slots=SlotOut.all_of(slots, zone)) for day, slots in free.days.items()]
        return cls(doctor_id=doctor_id, time_zone=zone.key, days=days, next_available=free.next_available)


class AppointmentOut(Out):
    """An appointment, for the two people it is about, and without notes for admins.

    `appointment_time` is wall time with its offset.
    """

    id: UUID
    reference: str
    doctor_id: UUID
    doctor_name: str
    doctor_specialty: str
    room: str
    patient_id: UUID
    patient_name: str
    patient_birth_date: date | None
    appointment_time: str
    start: datetime
    end: datetime
    local_date: date
    local_time: str
    time_zone: str
    duration_minutes: int
    status: Literal["booked", "cancelled"]
    notes: str
    created_at: datetime
    cancelled_at: datetime | None

    @classmethod
    def of_appointment(cls, found: Appointment, zone: ZoneInfo) -> Self:
        """The appointment as the clinic's clock shows it."""
        local = found.starts_at.astimezone(zone)
        copied = {name: value for name, value in vars(found).items() if name in cls.model_fields}
        copied.setdefault("notes", "")  # left in the database for whom they are not
        copied["reference"] = f"{found.reference[:4]}-{found.reference[4:]}"
        return cls(
            **copied,
            appointment_time=local.isoformat(timespec="seconds"),
            start=found.starts_at.astimezone(UTC),
            end=found.ends_at.astimezone(UTC),
            local_date=local.date(),
            local_time=f"{local:%H:%M}",
            time_zone=zone.key,
            duration_minutes=int((found.ends_at - found.starts_at).total_seconds()) // 60,
        )


class AppointmentsPage(Page[AppointmentOut]):
    """Part of one's appointments."""
