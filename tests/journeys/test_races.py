"""Races over the times of doctors and patients: nobody is in two places, nobody waits in a circle, nothing answers 5xx.

The checker is shown to find what it looks for in a booking that checks first and then inserts.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests import make
from tests.figures import Figure
from tests.journeys.load import Client, all_at_once, in_two_places, p99, rows, value
from tests.servers import Clinic
from tests.thorough import THOROUGH, times

SEED = 20261128
INSERT = (
    "INSERT INTO appointment.appointment (id, reference, doctor_id, doctor_name, doctor_specialty, room, patient_id,"
    " patient_name, starts_at, ends_at, status, notes"
)


@pytest.fixture
def admin_url(environment: dict[str, str]) -> str:
    return environment["ADMIN_URL"]


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment)


def clients(clinic: Clinic, auth: Flask, number: int) -> list[Client]:
    """So many patients, each with a program of their own."""
    return [Client(clinic.appointment.url, token) for token in make.signed_in_patients(auth, number)]


@pytest.mark.fault
def test_many_attempts_on_few_times(
    clinic: Clinic, auth: Flask, doctor: make.Person, admin_url: str, figure: Figure
) -> None:
    """16 people (40 on demand) try the same 25 times again and again; each is somebody's, and nobody's twice."""
    wishes = [make.wish(doctor.id, time(9 + n // 3, 20 * (n % 3)), days=5 + n // 9) for n in range(9)]
    wishes += [make.wish(doctor.id, time(14 + n // 3, 20 * (n % 3)), days=6) for n in range(8)]
    wishes += [make.wish(doctor.id, time(14 + n // 3, 20 * (n % 3)), days=5) for n in range(8)]
    attempts = times(12, 25)

    def try_some(client: Client, seed: int) -> list[tuple[int, str | None]]:
        chance = random.Random(seed)
        asked = [client.patiently("POST", "/appointments", chance.choice(wishes)) for _ in range(attempts)]
        return [(status, said.get("code")) for status, said in asked]

    everybody = clients(clinic, auth, times(16, 40))
    asked = all_at_once(partial(try_some, one, SEED + n) for n, one in enumerate(everybody))
    answers = Counter(answer for some in asked for answer in some)

    expected = {(201, None), (409, "slot-taken"), (409, "patient-busy"), (409, "limit-reached")}
    assert answers.keys() <= expected
    assert_unhurt(everybody)
    assert answers[201, None] == value(admin_url, "SELECT count(*) FROM appointment.appointment") == 25
    assert in_two_places(admin_url) == 0
    figure(
        "many attempts on 25 times",
        must="each is somebody's, nobody's twice, no deadlock",
        measured=f"25 of 25 once in {answers.total()} attempts, {turned_away(everybody)}, {p99(everybody)}",
    )


def turned_away(people: list[Client]) -> str:
    return f"{sum(one.retried for one in people)} answered 503"


def assert_unhurt(people: list[Client]) -> None:
    """Alone on the machine, nobody is turned away for want of a connection or of patience."""
    if THOROUGH:
        assert sum(one.retried for one in people) == 0


@pytest.mark.fault
def test_starts_that_overlap_for_doctors_and_for_patients(
    clinic: Clinic, auth: Flask, appointment: Flask, admin_url: str, figure: Figure
) -> None:
    """12 programs (24 on demand) of 8 patients book and give back visits of half an hour that begin every 5 minutes."""
    kind = make.visit_type(appointment, make.admin(auth), duration_min=30, step_min=5, buffer_after_min=5)["id"]
    doctors = [make.doctor(auth, appointment) for _ in range(4)]
    tokens = make.signed_in_patients(auth, 8)

    programs = [Client(clinic.appointment.url, tokens[n % 8]) for n in range(times(12, 24))]

    def book_and_cancel(client: Client, seed: int) -> set[tuple[int, str | None]]:
        chance, seen = random.Random(seed), set[tuple[int, str | None]]()
        for _ in range(times(15, 80)):
            at = time(9 + chance.randrange(2), 5 * chance.randrange(12))
            wish = make.wish(chance.choice(doctors).id, at, days=5) | {"visit_type_id": kind}
            status, said = client.patiently("POST", "/appointments", wish)
            seen.add((status, said.get("code")))
            if status == 201 and chance.random() < 0.6:
                client.patiently("POST", f"/appointments/{said['id']}/cancel", {})
        return seen

    seen = set().union(*all_at_once(partial(book_and_cancel, one, SEED + n) for n, one in enumerate(programs)))

    assert seen <= {(201, None), (409, "slot-taken"), (409, "patient-busy"), (409, "limit-reached")}
    assert_unhurt(programs)
    assert in_two_places(admin_url) == 0
    figure(
        "free start times on doctor and patient",
        must="nobody in two places, no deadlock",
        measured=f"0 in two places, {turned_away(programs)}, {p99(programs)}",
    )


def test_cancelled_and_booked_at_the_same_time(
    clinic: Clinic, auth: Flask, doctor: make.Person, admin_url: str
) -> None:
    """Whoever books a time that is being given back gets it only once it has been."""
    holder, rival = clients(clinic, auth, 2)
    for n in range(times(30, 2000)):
        wish = make.wish(doctor.id, time(9 + n % 3), days=5)
        _, held = holder.ask("POST", "/appointments", wish)

        (cancelled, _), (booked, said) = all_at_once(
            [
                partial(holder.ask, "POST", f"/appointments/{held['id']}/cancel"),
                partial(rival.ask, "POST", "/appointments", wish),
            ]
        )

        assert cancelled == 200
        assert booked == 201 or (booked, said["code"]) == (409, "slot-taken")
        if booked == 201:
            rival.ask("POST", f"/appointments/{said['id']}/cancel")
    assert in_two_places(admin_url) == 0


def test_two_who_move_to_each_others_times(clinic: Clinic, auth: Flask, appointment: Flask, admin_url: str) -> None:
    """Neither gets through, or one after the other has gone; the two doctors never wait for each other."""
    doctors = [make.doctor(auth, appointment) for _ in range(2)]
    people = clients(clinic, auth, 2)
    spots = [(doctors[0].id, time(10)), (doctors[1].id, time(11)), (doctors[0].id, time(15))]
    held = [one.ask("POST", "/appointments", make.wish(*spots[n], days=5))[1] for n, one in enumerate(people)]
    seen: Counter[tuple[int, str | None]] = Counter()
    chance = random.Random(SEED)

    def move(n: int, spot: tuple[str, time]) -> None:
        wish = make.wish(*spot, days=5)
        del wish["notes"]
        tag = {"If-Match": f'"{held[n]["version"]}"'}
        status, said = people[n].patiently("POST", f"/appointments/{held[n]['id']}/move", wish, tag)
        seen[status, said.get("code")] += 1
        held[n] = said if status == 200 else held[n]

    for n in range(times(30, 2000)):
        wanted = (1, 0) if n % 2 else (chance.randrange(3), chance.randrange(3))
        all_at_once([partial(move, one, spots[spot]) for one, spot in enumerate(wanted)])

    assert seen.keys() <= {(200, None), (409, "slot-taken")}
    assert seen[200, None]
    assert in_two_places(admin_url) == 0


def test_cancelled_and_arrived_at_the_same_time(
    clinic: Clinic, auth: Flask, appointment: Flask, doctor: make.Person, admin_url: str
) -> None:
    """One of the two is what happened, for both who ask, and the history tells of it once."""
    here = Client(clinic.appointment.url, doctor.token)
    visits = visits_of_today(admin_url, doctor, times(30, 2000))

    for visit in visits:
        (arrived, after_arrival), (cancelled, after_cancelling) = all_at_once(
            [
                partial(here.ask, "POST", f"/appointments/{visit}/arrive"),
                partial(Client(here.url, doctor.token).ask, "POST", f"/appointments/{visit}/cancel"),
            ]
        )

        assert cancelled == 200, after_cancelling  # a doctor cancels one who has arrived, too
        assert arrived == 200 or (arrived, after_arrival["code"]) == (409, "invalid-transition")
        steps = rows(
            admin_url,
            "SELECT from_status, to_status FROM appointment.appointment_event WHERE appointment_id = %s"
            " ORDER BY sequence",
            visit,
        )
        expected = [("booked", "arrived"), ("arrived", "cancelled")] if arrived == 200 else [("booked", "cancelled")]
        assert steps == expected


def visits_of_today(url: str, doctor: make.Person, number: int) -> list[str]:
    """Visits that have just begun, so that they can be cancelled by the doctor and people can arrive for them."""
    now = datetime.now(make.CLINIC_ZONE)
    start = now + timedelta(minutes=-5 if now.time() > time(0, 10) else 5)  # on this day in any case
    found = rows(
        url,
        f"{INSERT}, overbook) SELECT gen_random_uuid(), upper(substr(md5(random()::text || n), 1, 8)), %s, '', '', '',"
        " gen_random_uuid(), '', %s, %s, 'booked', '', true FROM generate_series(1, %s) n RETURNING id",
        *(doctor.id, start, start + timedelta(minutes=20), number),
    )
    return [str(one) for (one,) in found]


@contextmanager
def unguarded(url: str) -> Iterator[None]:
    """The table without its two promises."""
    names = ("ex_appointment_doctor", "ex_appointment_patient")
    definition_of = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s"
    definitions = {name: value(url, definition_of, name) for name in names}
    for name in names:
        rows(url, f"ALTER TABLE appointment.appointment DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        rows(url, "TRUNCATE appointment.appointment CASCADE")
        for name, definition in definitions.items():
            rows(url, f"SET search_path = appointment; ALTER TABLE appointment ADD CONSTRAINT {name} {definition}")


def check_then_insert(url: str, doctor_id: str, start: datetime) -> bool:
    """How a booking must not be made."""
    end = start + timedelta(minutes=20)
    taken = value(
        url,
        "SELECT count(*) FROM appointment.appointment WHERE doctor_id = %s AND starts_at < %s AND ends_at > %s",
        *(doctor_id, end, start),
    )
    if not taken:
        rows(
            url,
            f"{INSERT}) VALUES (%s, %s, %s, '', '', '', %s, '', %s, %s, 'booked', '')",
            *(str(uuid4()), uuid4().hex[:8].upper(), doctor_id, str(uuid4()), start, end),
        )
    return not taken


@pytest.mark.fault
def test_the_checker_finds_what_checking_first_books_twice(
    clinic: Clinic, doctor: make.Person, admin_url: str, figure: Figure
) -> None:
    start = datetime.combine(make.clinic_day(5), time(10), tzinfo=UTC)
    book: Callable[[], Any] = partial(check_then_insert, admin_url, doctor.id, start)

    with unguarded(admin_url):
        all_at_once([book] * 16)

        pairs = in_two_places(admin_url)
        assert pairs > 0
    figure("many attempts on 25 times", control=f"check, then insert: {pairs} pairs of 16 rivals in two places")
