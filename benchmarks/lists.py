"""Reading: the list of one's appointments against the rival, and a doctor's free times against that list."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from itertools import repeat
from typing import Any

from benchmarks import measure
from benchmarks.clinic import Clinic, monday
from benchmarks.house import House, Somebody
from benchmarks.measure import Request, Side
from benchmarks.table import Row

LIST = "/appointments"


def rows(house: House) -> Iterator[Row]:
    """The two ratios."""
    clinic = Clinic.of(house)
    patient = house.people("patient", 1)[0]
    clinic.fill(patient, 20)
    listed, rival = (Side(program, asked(house, patient, LIST)) for program in (clinic.service, clinic.bare))
    same_answer(listed, rival)
    found = measure.compare(listed, rival, house.database)
    yield Row("list of one's 20 appointments, against bare", 1.3, found.ratio(), how=found.how)
    first = monday()
    days = f"from={first}&to={first + timedelta(days=27)}"
    free = Side(clinic.service, asked(house, patient, f"/slots?doctor_id={clinic.doctors[0].id}&{days}"))
    found = measure.compare(free, listed, house.database)
    yield Row("free times of a doctor for 28 days, against the list", 2, found.ratio(), how=found.how)


def asked(house: House, who: Somebody, path: str) -> Iterator[Request]:
    """The same question for ever."""
    while True:
        yield from repeat(Request("GET", path, {**house.bearer(who), "X-Patient": str(who.id)}), measure.REQUESTS)


def same_answer(ours: Side, rival: Side) -> None:
    """Raises `AssertionError` where the two say different things: then they are not compared."""
    said: list[Any] = []
    for side in (ours, rival):
        connection = HTTPConnection("127.0.0.1", side.program.port, timeout=20)
        said.append(json.loads(measure.ask(connection, next(side.requests)).replace(b"+00:00", b"Z")))
        connection.close()
    if said[0] != said[1]:
        raise AssertionError(f"not the same answer:\n{said[0]}\n{said[1]}")
