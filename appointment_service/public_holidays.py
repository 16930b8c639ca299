"""Public holidays as days on which the clinic is closed: what a country celebrates, and bringing it in once."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from holidays.registry import COUNTRIES
from sqlalchemy import func, select

from appointment_service import time_off
from appointment_service.models import Appointment, db
from appointment_service.opening import Deviation
from appointment_service.schedule_tables import ScheduleException
from appointment_service.time_off import OnConflict
from chassis import clock
from chassis.errors import Invalid
from chassis.identity import Principal

TURN = 0x686F6C696461
"""The advisory lock of whoever brings holidays in, one after the other."""
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SMALL = re.compile(r"\b(And|Of|The|Da)\b")


@dataclass(frozen=True, order=True)
class Country:
    """A country with its ISO 3166 code, and its parts that have holidays of their own, by code."""

    name: str
    code: str
    subdivisions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Holiday:
    """One day, what is celebrated on it, and whether the clinic is closed for it already."""

    date: date
    name: str
    there: bool


@dataclass(frozen=True)
class Choice:
    """Whose holidays are meant; those of a subdivision are the country's and its own."""

    country: str
    subdivision: str | None
    year: int


@cache
def countries() -> list[Country]:
    """The countries whose holidays are known, by name."""
    return sorted(
        Country(_SMALL.sub(lambda one: one[0].lower(), _WORDS.sub(" ", kind)), code, _subdivisions(code))
        for kind, code, *_ in COUNTRIES.values()
    )


def of(choice: Choice, zone: ZoneInfo) -> list[Holiday]:
    """The holidays of a year that are not over, by day. Raises `Invalid` for a country or subdivision nobody knows."""
    _known(choice)
    ours = ScheduleException.doctor_id.is_(None), ScheduleException.holiday
    there = set(db.session.scalars(select(ScheduleException.from_date).where(*ours)))
    today = clock.now().astimezone(zone).date()
    found = sorted(_names(choice).items())
    return [Holiday(day, name, day in there) for day, name in found if day >= today]


def affected(choice: Choice, days: Collection[date] | None, zone: ZoneInfo) -> list[Appointment]:
    """Who is booked on those of the holidays (None: all) that are not there yet. Nothing is written."""
    new = _new(choice, days, zone)
    return time_off.affected(new, zone) if new else []


def bring_in(
    who: Principal, choice: Choice, days: Collection[date] | None, on_conflict: OnConflict | None, zone: ZoneInfo
) -> tuple[Sequence[ScheduleException], Sequence[Appointment]]:
    """Close the clinic on these of the holidays (None: on all); those that are there already stay as they are.

    Comes back with what was added and with the people who were booked then. Raises `Invalid`, and `HasBookings` when
    anybody is booked and nothing is said of them.
    """
    db.session.execute(select(func.pg_advisory_xact_lock(TURN)))
    new = _new(choice, days, zone)
    return time_off.add(who, new, on_conflict, zone) if new else ([], [])


def _new(choice: Choice, days: Collection[date] | None, zone: ZoneInfo) -> list[Deviation]:
    known = of(choice, zone)
    if days is not None and set(days) - {one.date for one in known}:
        raise Invalid.field("/dates", "no_holiday", "Name only days that are holidays then and not over.")
    return [
        Deviation(None, "closed", one.date, one.date, reason=one.name, holiday=True)
        for one in known
        if not one.there and (days is None or one.date in days)
    ]


def _known(choice: Choice) -> None:
    found = next((one for one in countries() if one.code == choice.country), None)
    if found is None:
        raise Invalid.field("/country", "unknown_country", "We know the holidays of no country with this code.")
    if choice.subdivision and choice.subdivision not in {code for code, _ in found.subdivisions}:
        raise Invalid.field("/subdivision", "unknown_subdivision", "This country has no part with this code.")


def _names(choice: Choice) -> dict[date, str]:
    """The public holidays of the year, in English where somebody has put them into it."""
    kind = holidays.country_holidays(choice.country)
    english = next((one for one in (kind.default_language, "en_US") if one and one.startswith("en")), None)
    language = english if english in kind.supported_languages else None
    found = holidays.country_holidays(choice.country, choice.subdivision, years=choice.year, language=language)
    return {day: name[:200] for day, name in found.items() if day.year == choice.year}


def _subdivisions(code: str) -> tuple[tuple[str, str], ...]:
    kind = holidays.country_holidays(code)
    names = kind.get_subdivision_aliases()
    found = [(one, names[one][0] if names.get(one) else one) for one in kind.subdivisions]
    return tuple(sorted(found, key=lambda one: one[1]))
