"""What doctors say of themselves and their hours, and the free times that follow."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from appointment_service import availability, grid, wall_time
from appointment_service.opening import Stretch
from appointment_service.schemas.times import ClockTime, Day, DoctorOrAny
from chassis.schemas import Id, In, Line, Out, Page, Paging, Prose


class SlotsIn(In):
    """Whose free times (or `any`), for which kind of visit, and for which clinic dates (both included, at most 31).

    Without `visit_type_id` the standard one is meant. The time of the appointment `ignore` counts as free. `explain`
    tells staff why other times of one doctor are not free.
    """

    doctor_id: DoctorOrAny
    from_: Day = Field(alias="from")
    to: Day
    visit_type_id: Id | None = None
    ignore: Id | None = None
    explain: Literal["true", "false"] = "false"

    @property
    def doctors(self) -> list[UUID] | None:
        """The doctor, or None for any."""
        return None if self.doctor_id is None else [self.doctor_id]


class DirectoryIn(Paging):
    """Which doctors of the directory: all, or those who offer this kind of visit to patients."""

    visit_type_id: Id | None = None


class DoctorIn(In):
    """What a doctor says about themselves in the directory."""

    specialty: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    room: Annotated[Line, StringConstraints(max_length=100)] = ""
    about: Annotated[Prose, StringConstraints(max_length=1000)] = ""


class StretchIn(In):
    """Work on one weekday (1 is Monday) between two wall times; 00:00 as end is midnight.

    It is for all kinds of visit, or for those named. `opens_hours_before` keeps it for people who book on short notice.
    """

    weekday: Annotated[int, Field(ge=1, le=7, strict=True)]
    starts: ClockTime
    ends: ClockTime
    visit_type_ids: Annotated[list[Id], Field(min_length=1, max_length=50)] | None = None
    opens_hours_before: Annotated[int, Field(ge=1, le=720, strict=True)] | None = None

    @field_validator("ends")
    @classmethod
    def _after_its_start(cls, ends: time, info: ValidationInfo) -> time:
        if ends != time() and ends <= info.data.get("starts", time()):
            raise PydanticCustomError("ends_before_start", "Work ends after it starts. Write 00:00 for midnight.")
        return ends

    @property
    def stretch(self) -> Stretch:
        """As the rules take it."""
        kinds = None if self.visit_type_ids is None else frozenset(self.visit_type_ids)
        before = self.opens_hours_before
        return Stretch(self.weekday, self.starts, self.ends, visit_types=kinds, opens_hours_before=before)


class HoursIn(In):
    """A whole week of work. It replaces the one before, and all that was planned, from `valid_from` on (null: now)."""

    hours: Annotated[list[StretchIn], Field(max_length=70)]
    valid_from: Day | None = None

    @property
    def week(self) -> list[Stretch]:
        """As the rules take it."""
        return [one.stretch for one in self.hours]


class StretchOut(Out):
    """Work on one weekday between two wall times."""

    weekday: int
    starts: Annotated[str, WithJsonSchema({"type": "string", "examples": ["09:00"]})]
    ends: str
    visit_type_ids: list[UUID] | None
    opens_hours_before: int | None

    @classmethod
    def of_stretch(cls, one: Stretch) -> Self:
        """As the wall shows it."""
        return cls(
            weekday=one.weekday,
            starts=f"{one.starts:%H:%M}",
            ends=f"{one.ends:%H:%M}",
            visit_type_ids=None if one.visit_types is None else sorted(one.visit_types),
            opens_hours_before=one.opens_hours_before,
        )


class PlannedOut(Out):
    """A week of work that counts from a later day on."""

    valid_from: date
    hours: list[StretchOut]


class HoursOut(Out):
    """A doctor's week of work as it is today, how many visits of the standard kind fit into it, and what is planned."""

    hours: list[StretchOut]
    appointments_per_week: int
    planned: list[PlannedOut]

    @classmethod
    def of_week(cls, found: Sequence[Stretch], today: date, count: Callable[[Sequence[Stretch]], int]) -> Self:
        """The week that counts on a day, in order, and those that follow it."""
        now = [one for one in found if one.is_valid_on(today)]
        ends = {one.valid_to + timedelta(days=1) for one in found if one.valid_to}  # a week without work may follow
        later = sorted(day for day in ends | {one.valid_from for one in found} if day > today)
        weeks = {day: [StretchOut.of_stretch(one) for one in found if one.is_valid_on(day)] for day in later}
        planned = [PlannedOut(valid_from=day, hours=week) for day, week in weeks.items()]
        return cls(hours=[StretchOut.of_stretch(one) for one in now], appointments_per_week=count(now), planned=planned)


class HoursPreviewOut(Out):
    """How many visits would fit into a week, and how many booked ones would stand outside it."""

    appointments_per_week: int
    affected: int


class DoctorOut(Out):
    """A doctor, as anybody may see them."""

    id: UUID
    name: str
    specialty: str
    room: str
    about: str


class DoctorsPage(Page[DoctorOut]):
    """Part of the directory."""


class SlotOut(Out):
    """A free time, and who is free then. `label` names the zone where a wall time comes twice that day."""

    start: datetime
    end: datetime
    local_date: date
    local_time: str
    label: str
    utc_offset: str
    doctor_ids: list[UUID]

    @classmethod
    def all_of(cls, slots: Sequence[grid.Slot], zone: ZoneInfo) -> list[Self]:
        """The slots of some days in order, those of several doctors at one time as one."""
        return [cls.model_validate(one) for one in told(slots, zone)]


def told(slots: Iterable[grid.Slot], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The fields of `SlotOut` for slots in order, those of several doctors at one time as one."""
    together = _together(slots)
    shown = wall_time.shown([some[0].start for some in together], zone)
    return [
        {
            "start": some[0].start,
            "end": some[0].end,
            "local_date": day,
            "local_time": wall,
            "label": label,
            "utc_offset": offset,
            "doctor_ids": sorted(slot.doctor_id for slot in some),
        }
        for some, (day, wall, label, offset) in zip(together, shown, strict=True)
    ]


def written(slots: Iterable[grid.Slot], zone: ZoneInfo) -> str:
    """The same as JSON, as `SlotOut` would write it. By the hundred, a check of each costs more than the rest."""
    together = _together(slots)
    shown = wall_time.shown([some[0].start for some in together], zone)
    return ",".join(
        f'{{"start":"{_instant(some[0].start)}","end":"{_instant(some[0].end)}","local_date":"{day}",'
        f'"local_time":"{wall}","label":"{label}","utc_offset":"{offset}","doctor_ids":[{_ids(some)}]}}'
        for some, (day, wall, label, offset) in zip(together, shown, strict=True)
    )


def _together(slots: Iterable[grid.Slot]) -> list[list[grid.Slot]]:
    return [list(some) for _, some in groupby(slots, key=attrgetter("start"))]


@lru_cache(maxsize=5000)  # as in `wall_time`, for starts and ends
def _instant(utc: datetime) -> str:
    return f"{utc.isoformat()[:-6]}Z"


@lru_cache(maxsize=1000)  # to write an id costs more than the rest of a time
def _id(one: UUID) -> str:
    return f'"{one}"'


def _ids(slots: Sequence[grid.Slot]) -> str:
    if len(slots) == 1:
        return _id(slots[0].doctor_id)
    return ",".join(sorted([_id(slot.doctor_id) for slot in slots]))


class RefusedTimeOut(Out):
    """A time that is not free, and why."""

    start: datetime
    local_date: date
    local_time: str
    reason: Literal["in-past", "too-soon", "too-far", "opens-later", "busy", "held", "time-off", "clinic-closed"]

    @classmethod
    def of_slot(cls, slot: grid.Slot, zone: ZoneInfo) -> Self:
        """As the clinic's clock shows it."""
        local = slot.start.astimezone(zone)
        told = {"start": slot.start, "local_date": local.date(), "local_time": f"{local:%H:%M}"}
        return cls.model_validate({**told, "reason": slot.reason})


class DayOut(Out):
    """A clinic date and its free times, which may be none."""

    date: date
    slots: list[SlotOut]


class SlotsOut(Out):
    """Free times by day, and the first one of all from the first day on.

    `reasons` counts why other times are not free. `refused` names them, for staff who asked to be told.
    """

    doctor_id: UUID | None
    visit_type_id: UUID
    time_zone: str
    days: list[DayOut]
    next_available: datetime | None
    reasons: dict[str, int]
    refused: list[RefusedTimeOut]

    @classmethod
    def written(
        cls,
        doctor_id: UUID | None,
        visit_type_id: UUID,
        free: availability.FreeTimes,
        refused: Iterable[grid.Slot],
        zone: ZoneInfo,
    ) -> bytes:
        """The answer for one doctor or for any, as JSON."""
        without = cls(
            doctor_id=doctor_id,
            visit_type_id=visit_type_id,
            time_zone=zone.key,
            days=[],
            next_available=free.next_available,
            reasons=dict(free.reasons),
            refused=[RefusedTimeOut.of_slot(slot, zone) for slot in refused],
        )
        days = [f'{{"date":"{day}","slots":[{written(slots, zone)}]}}' for day, slots in free.days.items()]
        return without.model_dump_json().replace('"days":[]', f'"days":[{",".join(days)}]', 1).encode()
