"""Many people want one time: exactly one gets it. That the checker can say otherwise is shown in `test_races`."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import time

import psycopg2
import pytest
import requests
from flask import Flask

from tests import make
from tests.figures import Figure
from tests.servers import Clinic

RIVALS = 60


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


def race(clinic: Clinic, tokens: list[str], wish: dict[str, str]) -> list[requests.Response]:
    def ask(token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(f"{clinic.appointment.url}/appointments", json=wish, headers=headers, timeout=20)

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(ask, tokens))


def booked_twice(environment: dict[str, str]) -> int:
    """How many pairs of booked appointments give one doctor or one patient two places at once."""
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM appointment.appointment a JOIN appointment.appointment b ON a.id < b.id"
            " AND (a.doctor_id = b.doctor_id OR a.patient_id = b.patient_id)"
            " AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)"
            " WHERE a.status = 'booked' AND b.status = 'booked'"
        )
        (pairs,) = cursor.fetchone() or (0,)
    return int(pairs)


@pytest.mark.fault
def test_one_of_sixty_gets_the_time(
    environment: dict[str, str], clinic: Clinic, auth: Flask, doctor: make.Person, figure: Figure
) -> None:
    answers = race(clinic, make.signed_in_patients(auth, RIVALS), make.wish(doctor.id))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: RIVALS - 1}, {
        a.text for a in answers if a.status_code > 409
    }
    losers = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in losers} == {"slot-taken"}
    assert all(len(problem["alternatives"]) == 5 for problem in losers)
    assert booked_twice(environment) == 0
    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    measured = f"1 of {RIVALS}, the last answer after {slowest:.2f} s"
    figure(f"{RIVALS} people want one time", must="one winner", measured=measured)


def test_one_patient_books_one_place_at_a_time(
    environment: dict[str, str], clinic: Clinic, auth: Flask, appointment: Flask
) -> None:
    doctors = [make.doctor(auth, appointment) for _ in range(4)]
    (token,) = make.signed_in_patients(auth, 1)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: race(clinic, [token], make.wish(doctors[n % 4].id))[0], range(12)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    assert booked_twice(environment) == 0


def test_the_limit_counts_right_in_parallel(clinic: Clinic, auth: Flask, doctor: make.Person) -> None:
    (token,) = make.signed_in_patients(auth, 1)
    wishes = [make.wish(doctor.id, time(9 + n % 3), days=2 + n // 3) for n in range(12)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda wish: race(clinic, [token], wish)[0], wishes))

    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 7}
