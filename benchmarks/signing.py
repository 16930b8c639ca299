"""Signing a prescription of one medicine from the list, with every check of it, against booking an appointment."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from psycopg2.extras import execute_values

from benchmarks import measure
from benchmarks.clinic import Clinic, monday
from benchmarks.house import House, Somebody
from benchmarks.measure import Request, Side
from benchmarks.table import Row
from tests.prescription_service.structured import AMOXICILLIN
from tests.servers import Program

REQUESTS, ROUNDS, BESIDE = 100, 7, 100
ZONE = ZoneInfo("Europe/London")
VISITS = """
    INSERT INTO appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id, patient_name,
                             starts_at, ends_at, status, notes)
    VALUES %s
"""
ASKED = """
    INSERT INTO allergy_state (patient_id, state, asked_by, asked_by_role, asked_by_name, asked_at)
    VALUES %s
"""


def rows(house: House) -> Iterator[Row]:
    """The ratio, and what the neighbours spend on a signature."""
    clinic = Clinic.of(house)
    desk = Desk(house, clinic)
    signing, booking = Side(desk.service, desk.signing()), Side(clinic.service, desk.booking())
    found = measure.compare(signing, booking, house.database, REQUESTS, ROUNDS)
    yield Row("signing one medicine, against booking", 3, found.ratio(), how=found.how)
    for name, neighbour in (("appointment", clinic.service), ("auth", house.program("auth_service"))):
        before = spent(neighbour)
        measure.send(desk.service.port, list(islice(signing.requests, BESIDE)))
        yield Row(f"the same, in the {name} service", None, (spent(neighbour) - before) * 1000 / BESIDE, "ms")


def spent(program: Program) -> float:
    """Seconds of processor time."""
    assert program.process  # noqa: S101 - it runs
    return measure.cpu_seconds(program.process.pid)


class Desk:
    """A doctor with as many visits as are signed, each of another patient who has been asked about allergies."""

    def __init__(self, house: House, clinic: Clinic, weeks: int = 3) -> None:
        self.house, self.clinic, self.weeks = house, clinic, weeks
        self.doctors = clinic.doctors
        self.patients = house.people("patient", REQUESTS * (ROUNDS + 1) + 2 * BESIDE)

    @cached_property
    def service(self) -> Program:
        """The prescription service, with the medicine list and all that is known of the patients."""
        app = self.house.migrated("prescription")
        if app.test_cli_runner().invoke(args=["import-medicines"]).exit_code:
            raise AssertionError("no medicine list")
        now = datetime.now(UTC)
        with self.house.connect("prescription").cursor() as cursor:
            rows = [(one.id, "none-known", one.id, "patient", one.row.name, now) for one in self.patients]
            execute_values(cursor, ASKED, rows)
        return self.house.program("prescription_service")

    def visits(self) -> list[UUID]:
        """One of each patient, today."""
        doctor, now = self.doctors[0], datetime.now(UTC)
        found = [uuid4() for _ in self.patients]
        rows = []
        for n, (id_, one) in enumerate(zip(found, self.patients, strict=True)):
            start = now - timedelta(minutes=20 * n)
            whose = (doctor.id, doctor.row.name, "General practice", "Room 4", one.id, one.row.name)
            when = (start, start + timedelta(minutes=20), "booked", "Sore throat")
            rows.append((id_, id_.hex[:8].upper(), *whose, *when))
        with self.house.connect().cursor() as cursor:
            execute_values(cursor, VISITS, rows)
        return found

    def signing(self) -> Iterator[Request]:
        """A prescription for one visit after the other."""
        doctor = self.doctors[0]
        for visit in self.visits():
            body = {"appointment_id": str(visit), "notes": "Rest well.", "medicines": [AMOXICILLIN]}
            yield post(self.house, doctor, "/prescriptions", body)

    def booking(self) -> Iterator[Request]:
        """A time for one patient after the other."""
        times = iter(self.times())
        for patient in self.patients:
            doctor, start = next(times)
            wish = {"doctor_id": str(doctor.id), "appointment_time": start.isoformat(), "notes": "Sore throat"}
            yield post(self.house, patient, "/appointments", wish)

    def times(self) -> Iterator[tuple[Somebody, datetime]]:
        """Every time of every doctor from the Monday after so many weeks on."""
        first = monday() + timedelta(weeks=self.weeks)
        for day in (first + timedelta(days=n) for n in range(365)):
            if day.weekday() < 5:
                for place in range(24):
                    start = datetime(day.year, day.month, day.day, 9, tzinfo=ZONE) + timedelta(minutes=20 * place)
                    yield from ((doctor, start) for doctor in self.doctors)


def post(house: House, who: Somebody, path: str, body: dict[str, Any]) -> Request:
    """A request that makes something."""
    headers = {**house.bearer(who), "Content-Type": "application/json"}
    return Request("POST", path, headers, json.dumps(body).encode(), 201)
