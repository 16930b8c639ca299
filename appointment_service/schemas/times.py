"""Times, days, and whose they are, as they are sent to us."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from chassis.schemas import UUID_PATTERN, PlainDate

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


def _doctor_or_any(value: Any) -> Any:
    if value == "any":
        return None
    if not isinstance(value, str) or not re.fullmatch(UUID_PATTERN, value, re.ASCII):
        raise PydanticCustomError("uuid", "Write the id in its canonical form, lower case with hyphens, or any.")
    return value


DoctorOrAny = Annotated[
    UUID | None,
    BeforeValidator(_doctor_or_any),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "uuid"}, {"const": "any"}]}),
]
"""A doctor's id, or `any`, which is None."""
