"""What FHIR searches are asked by: pages, references, and dates, which given twice are the two sides of a range."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from flask import request
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from chassis.schemas import UUID_PATTERN, Id, Paging, PlainInteger

RANGES = frozenset({"authoredon", "date", "start"})
"""Parameters of the kind *date*: twice is a range."""
_PREFIX, _YEAR = "(eq|ge|gt|le|lt)?", "((?:19|20|21)[0-9]{2})"
_DAY = _PREFIX + _YEAR + "(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
_TIME = "[0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_INSTANT = f"{_PREFIX}({_YEAR}-[0-9]{{2}}-[0-9]{{2}}T{_TIME})"
_DAYS, _INSTANTS = re.compile(_DAY, re.ASCII), re.compile(_INSTANT, re.ASCII)


class Search(Paging):
    """What every search takes. Follow `link` *next* of the answer instead of writing `_cursor`."""

    limit: PlainInteger = Field(default=20, ge=1, le=100, alias="_count")
    cursor: str | None = Field(default=None, max_length=500, alias="_cursor")
    format: Literal["json", "application/json", "application/fhir+json"] = Field(default="json", alias="_format")

    @model_validator(mode="before")
    @classmethod
    def _both_sides(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: request.args.getlist(name) if name in RANGES else value for name, value in given.items()}


@dataclass(frozen=True)
class Dates:
    """What one search parameter of the kind *date* means: from `since` on and before `until`, days or instants."""

    since: date | datetime | None = None
    until: date | datetime | None = None


def instants(several: Iterable[Dates], zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """The instants from which on and before which all of them hold; days are those of this zone. None has no end."""
    sides = [(_instant(one.since, zone), _instant(one.until, zone)) for one in several]
    since = max((since for since, _ in sides if since), default=None)
    return since, min((until for _, until in sides if until), default=None)


def _instant(moment: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time(), zone)


def _several(values: Any) -> Any:
    return tuple(_dates(value) for value in values) if isinstance(values, list) else values


def _dates(value: str) -> Dates:
    """`2026`, `2026-11`, `2026-11-28` or an instant, with `eq`, `ge`, `gt`, `le` or `lt` before it."""
    try:
        prefix, first, behind = _instant_meant(value) or _days_meant(value)
    except (ValueError, OverflowError):
        raise PydanticCustomError("date", "There is no such date.") from None
    since = {"eq": first, "ge": first, "gt": behind}.get(prefix)
    until = {"eq": behind, "lt": first, "le": behind}.get(prefix)
    return Dates(since, until)


def _days_meant(value: str) -> tuple[str, date, date]:
    """The prefix, and the day, month or year as its first day and the one behind its last."""
    found = _DAYS.fullmatch(value)
    if found is None:
        raise PydanticCustomError("date", "Write ge2026-11-28, lt2026-12, 2026 or ge2026-11-28T09:00:00Z.")
    year, month, day = int(found[2]), int(found[3] or 0), int(found[4] or 0)
    first = date(year, month if found[3] else 1, day if found[4] else 1)
    if found[4]:
        return found[1] or "eq", first, first + timedelta(days=1)
    return found[1] or "eq", first, date(year + (month in {0, 12}), month % 12 + 1 if found[3] else 1, 1)


def _instant_meant(value: str) -> tuple[str, datetime, datetime] | None:
    """The prefix, and the second as its beginning and its end; None for what is no instant."""
    found = _INSTANTS.fullmatch(value)
    if found is None:
        return None
    first = datetime.fromisoformat(found[2])
    return found[1] or "eq", first, first + timedelta(seconds=1)


DatesParameter = Annotated[
    tuple[Dates, ...],
    BeforeValidator(_several),
    WithJsonSchema(
        {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": f"^({_DAY}|{_INSTANT})$"}}
        | {"examples": [["ge2026-11-28", "lt2026-12-05"]]}
    ),
]
"""A search parameter of the kind *date*: a day, month, year or instant, with or without a prefix; twice is a range."""


def to(kind: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """A reference to a resource of one kind, `Patient/<id>` or the bare id."""

    def bare(value: Any) -> Any:
        return value.removeprefix(f"{kind}/") if isinstance(value, str) else value

    return BeforeValidator(bare), WithJsonSchema({"type": "string", "pattern": f"^({kind}/)?{UUID_PATTERN}$"})


PatientParameter = Annotated[Id, *to("Patient")]
PractitionerParameter = Annotated[Id, *to("Practitioner")]
