"""Booking a time, against the rival, a statement a question: the same locks, looks, rows and record of access."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from benchmarks import measure
from benchmarks.clinic import Clinic, monday
from benchmarks.house import House, Somebody
from benchmarks.measure import Request, Side
from benchmarks.table import Row

ZONE = ZoneInfo("Europe/London")
OURS, BARES = timedelta(weeks=8), timedelta(weeks=8, days=1)
"""A day for each side: it has 240 times, more than a round takes, and is emptied before each round."""


def rows(house: House) -> Iterator[Row]:
    """The ratio."""
    clinic = Clinic.of(house)
    patients = house.people("patient", measure.REQUESTS)
    found = measure.compare(side(clinic, patients, OURS), side(clinic, patients, BARES, bare=True), house.database)
    yield Row("booking, against bare", 2, found.ratio(), how=found.how)


def side(clinic: Clinic, patients: list[Somebody], ahead: timedelta, *, bare: bool = False) -> Side:
    """Each patient books one of the day's times in turn."""
    day = monday() + ahead
    times = [(doctor, at(day, place)) for place in range(24) for doctor in clinic.doctors]

    def requests() -> Iterator[Request]:
        while True:
            for patient, (doctor, start) in zip(patients, times, strict=False):
                yield wish(clinic.house, patient, doctor, start)

    def empty() -> None:
        clinic.cancel(at(day, 0), at(day + timedelta(days=1), 0))

    return Side(clinic.bare if bare else clinic.service, requests(), empty)


def at(day: date, place: int) -> datetime:
    """The start of one of the 24 times of a day."""
    return datetime.combine(day, time(9), ZONE) + timedelta(minutes=20 * place)


def wish(house: House, who: Somebody, doctor: Somebody, start: datetime) -> Request:
    """The request to book it."""
    body = {"doctor_id": str(doctor.id), "appointment_time": start.isoformat(), "notes": "Sore throat"}
    headers = {**house.bearer(who), "X-Patient": str(who.id), "Content-Type": "application/json"}
    return Request("POST", "/appointments", headers, json.dumps(body).encode(), 201)
