"""Figures of the clinic: what became of the visits of a stretch of days, and how long people wait for one.

Counts only; nobody's name or reason is read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import array

from appointment_service import diaries, grid, visit_types, wall_time
from appointment_service.grid import Asker, Diary
from appointment_service.models import CANCELLED, FULFILLED, IN_ERROR, NO_SHOW, PENDING, UNSEEN, Appointment, Doctor, db

WEEK = timedelta(weeks=1)
THIRD = 3


@dataclass(frozen=True)
class Counts:
    """Visits by what became of them. `booked` are all that were ever booked for these days, whatever followed."""

    booked: int = 0
    fulfilled: int = 0
    cancelled: int = 0
    cancelled_late: int = 0
    no_shows: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def no_show_rate(self) -> float | None:
        """No-shows among the visits that took place or should have; None where there were none."""
        expected = self.no_shows + self.fulfilled
        return round(self.no_shows / expected, 4) if expected else None


@dataclass(frozen=True)
class DoctorFigures:
    """The counts of one doctor, and the start of the third time that is free from now on (None: there is none)."""

    doctor_id: UUID
    name: str
    counts: Counts
    third_next: datetime | None


@dataclass(frozen=True)
class Figures:
    """The counts of all, of each doctor by name, and of each week by its Monday."""

    total: Counts
    doctors: list[DoctorFigures]
    weeks: dict[date, Counts]


def of(first: date, last: date, zone: ZoneInfo) -> Figures:
    """The figures of local days, both included. The number of statements is the same whatever the range."""
    kind = visit_types.standard()
    found = _counted(first, last, zone)
    waits = _waits(kind, grid.asker(zone, staff=False))
    doctors = db.session.execute(
        select(Doctor.id, Doctor.name).where(or_(Doctor.bookable, Doctor.id.in_({one for one, _ in found})))
    )
    return Figures(
        total=_sum(found.values()),
        doctors=[
            DoctorFigures(one, name, _sum(n for (who, _), n in found.items() if who == one), waits.get(one))
            for one, name in sorted(doctors, key=lambda row: (row[1], row[0]))
        ],
        weeks={monday: _sum(n for (_, week), n in found.items() if week == monday) for monday in _mondays(first, last)},
    )


def third_next(diary: Diary, who: Asker) -> datetime | None:
    """The start of the third free time from now on: the field's measure of access, which one late cancellation or a
    gap that suits nobody does not distort.
    """
    return next(islice(_free(diary, who), THIRD - 1, None), None)


def _free(diary: Diary, who: Asker) -> Iterator[datetime]:
    for ahead in range((who.last_day(diary.terms) - who.today).days + 1):
        day = who.today + timedelta(days=ahead)
        slots = grid.looked_at(diary, day, day, who)
        yield from sorted({slot.start for slot in slots if slot.reason is None})


def _waits(kind: UUID, who: Asker) -> dict[UUID, datetime | None]:
    known = diaries.load(None, kind, who.today, None, who)
    return {diary.terms.doctor_id: third_next(diary, who) for diary in known}


def _counted(first: date, last: date, zone: ZoneInfo) -> dict[tuple[UUID, date], Counts]:
    """The counts by doctor and week (its Monday). Weeks begin where the clinic's clock says so."""
    mondays = _mondays(first, last)
    begins = array([wall_time.day_bounds(one, one, zone)[0] for one in mondays])
    week = func.width_bucket(Appointment.starts_at, begins)
    since, until = wall_time.day_bounds(first, last, zone)
    rows = db.session.execute(
        select(
            Appointment.doctor_id,
            week,
            func.count(),
            _count(Appointment.status == FULFILLED),
            _count(Appointment.status == CANCELLED),
            _count(and_(Appointment.status == CANCELLED, Appointment.late)),
            _count(Appointment.status == NO_SHOW),
        )
        .where(Appointment.starts_at >= since, Appointment.starts_at < until, *_ever_booked())
        .group_by(Appointment.doctor_id, week)
    )
    return {(doctor_id, mondays[number - 1]): Counts(*counts) for doctor_id, number, *counts in rows}


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(which)


def _ever_booked() -> tuple[ColumnElement[bool], ...]:
    """Not what was only held for somebody, and not what never was."""
    code = Appointment.cancellation_code
    return Appointment.status.not_in((PENDING, IN_ERROR)), or_(code.is_(None), code.not_in(UNSEEN))


def _mondays(first: date, last: date) -> list[date]:
    monday = first - timedelta(days=first.weekday())
    return [monday + WEEK * n for n in range((last - monday).days // 7 + 1)]


def _sum(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())
