"""Many want the same time: exactly one gets it, and the others hear soon what else is free."""

import json
import random
import statistics
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from benchmarks.booking import at, wish
from benchmarks.clinic import Clinic, monday
from benchmarks.crowd import Answer, Crowd
from benchmarks.house import House, Somebody
from benchmarks.measure import Request
from benchmarks.table import Row

RACES = 12
WEEKS_AHEAD = 10


def rows(house: House) -> Iterator[Row]:
    """The 99th of a hundred of the answers to those who were too late, in milliseconds on the clock."""
    clinic = Clinic.of(house)
    for number, goal in ((16, 50), (50, 100)):
        yield _told(f"{number} rivals for one time, 99 of 100 others hear within", goal, _races(clinic, number))
    yield _told("1,000 attempts on 25 times by 40, 99 of 100 hear within", 250, _attempts(clinic))


def _races(clinic: Clinic, number: int) -> list[Answer]:
    """All answers of some races for one time each. Raises `AssertionError` unless each has one winner.

    On a machine that is busy with other work a wait may run out (503): nothing was done then, and it is told.
    """
    people = clinic.house.people("patient", number)
    found: list[Answer] = []
    with Crowd(clinic.service.port, number) as crowd:
        for n in range(RACES):
            crowd.ask([[Request("GET", "/appointments", clinic.house.bearer(one))] for one in people])
            start = at(monday() + timedelta(weeks=WEEKS_AHEAD, days=n % 5), number % 24)
            doctor = clinic.doctors[n % 10]
            answers = crowd.ask([[wish(clinic.house, one, doctor, start)] for one in people])
            _one_each(answers, 1)
            found += answers
            clinic.cancel(start, start + timedelta(minutes=20))
    return found


def _attempts(clinic: Clinic) -> list[Answer]:
    """40 people try 25 times each to get one of 25 times."""
    people = clinic.house.people("patient", 40)
    day = monday() + timedelta(weeks=WEEKS_AHEAD + 1)
    times = [at(day + timedelta(days=n // 24), n % 24) for n in range(25)]
    with Crowd(clinic.service.port, 40) as crowd:
        crowd.ask([[Request("GET", "/appointments", clinic.house.bearer(one))] for one in people])
        return crowd.ask([_wishes(clinic, one, n, times) for n, one in enumerate(people)])


def _wishes(clinic: Clinic, person: Somebody, number: int, times: list[datetime]) -> list[Request]:
    """One person's attempts, in an order of their own."""
    mixed = random.Random(number).sample(times, len(times))  # noqa: S311 - repeatable on purpose
    return [wish(clinic.house, person, clinic.doctors[3], start) for start in mixed]


def _one_each(answers: list[Answer], winners: int) -> None:
    codes = Counter("booked" if one.status == 201 else json.loads(one.body)["code"] for one in answers)
    if codes["booked"] != winners or codes.keys() - {"booked", "slot-taken", "unavailable"}:
        raise AssertionError(f"not one winner each: {codes}")


def _told(name: str, goal: float, answers: list[Answer]) -> Row:
    others = sorted(one.seconds * 1000 for one in answers if one.status != 201)
    winners = statistics.median(one.seconds * 1000 for one in answers if one.status == 201)
    out = sum(one.status == 503 for one in answers)
    how = f"median {statistics.median(others):.0f} ms of {len(others)}, {out} of them 503; who got it, {winners:.0f} ms"
    return Row(name, goal, others[int(len(others) * 0.99)], "ms", how)
