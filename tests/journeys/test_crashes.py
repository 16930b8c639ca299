"""Workers and PostgreSQL are killed while people book: what was acknowledged is there, once, and nothing else is."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time as clock_time
from functools import partial
from itertools import count
from pathlib import Path

import psutil
import pytest
from flask import Flask

from chassis.provision import provision
from development.cluster import Cluster, open_cluster, plain_environment, wait_until_accepting
from tests import make
from tests.figures import Figure
from tests.journeys.load import Client, all_at_once, in_two_places, rows
from tests.servers import Clinic, Program, free_port
from tests.thorough import times

PEOPLE = 8
Told = dict[str, str]
"""The status of each appointment, by id."""
WHAT = "SELECT id::text, status FROM appointment.appointment"


def children(process: int) -> list[int]:
    """The processes that one has started."""
    found = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False)
    return [int(number) for number in found.stdout.split()]


def booking(client: Client, doctor_id: str, numbers: Iterator[int], done: threading.Event) -> Told:
    """Book and give back, one time after the other, until told to stop; what was acknowledged, by id."""
    acknowledged: Told = {}
    while not done.is_set():
        n = next(numbers)
        wish = make.wish(doctor_id, clock_time(9 + n % 3, 20 * (n // 3 % 3)), days=4 + n // 9 % 100)
        status, said = client.insist("/appointments", wish)
        if status != 201:
            assert said["code"] in {"slot-taken", "limit-reached", "patient-busy"}, said
            continue
        acknowledged[said["id"]] = "booked"
        if n % 5:
            status, _ = client.insist(f"/appointments/{said['id']}/cancel", {})
            if status == 200:  # of one that was forgotten, nothing is found
                acknowledged[said["id"]] = "cancelled"
    return acknowledged


def under_load(people: list[Client], doctor_id: str, during: Callable[[], None]) -> Told:
    """What all people were told, while something happened."""
    done, numbers = threading.Event(), count()

    def happen() -> Told:
        try:
            during()
        finally:
            done.set()
        return {}

    told = all_at_once([happen, *[partial(booking, one, doctor_id, numbers, done) for one in people]])
    return {key: status for some in told for key, status in some.items()}


@pytest.mark.fault
def test_killed_workers_lose_nothing_and_do_nothing_twice(
    environment: dict[str, str], clinic: Clinic, auth: Flask, appointment: Flask, tmp_path: Path, figure: Figure
) -> None:
    doctor = make.doctor(auth, appointment)
    settings = {**environment, "WEB_CONCURRENCY": "3", "AUTH_URL": clinic.auth.url}
    program = Program("appointment_service", settings, tmp_path / "appointment.log")
    program.start()
    program.wait()
    people = [Client(program.url, token) for token in make.signed_in_patients(auth, PEOPLE)]

    kills = times(6, 200)

    def kill() -> None:
        for _ in range(kills):
            time.sleep(0.3)  # a load between two crashes is what this is about
            assert program.process
            victims = children(program.process.pid)
            if victims:
                os.kill(victims[0], signal.SIGKILL)

    told = under_load(people, doctor.id, kill)
    program.stop()

    assert told
    assert dict(rows(environment["ADMIN_URL"], WHAT)) == told
    assert sum(one.retried for one in people) > 0, "nobody noticed that anything was killed"
    assert in_two_places(environment["ADMIN_URL"]) == 0
    measured = f"{kills} killed, {len(told)} bookings acknowledged, 0 lost, 0 twice"
    figure("kill -9 of workers under load", must="what was acknowledged is there, once", measured=measured)


class Database:
    """A PostgreSQL of its own that can be killed, and comes back with what it had written."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.cluster: Cluster = open_cluster(directory, lasting=False)
        self.port, self.settings = free_port(), settings

    @property
    def admin_url(self) -> str:
        return self.cluster.url(self.port)

    def start(self) -> None:
        nowhere = subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.cluster.command(self.port, **self.settings),
            cwd=self.cluster.place,
            env=plain_environment(),
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            start_new_session=True,
            **self.cluster.identity(),
        )
        assert wait_until_accepting(self.admin_url, 30, lambda: True)

    def kill(self) -> None:
        """Every process of it at once. What the operating system was given stays, what was in its memory is gone."""
        processes = self.cluster.processes()
        for one in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(processes, timeout=20)
        self.process.wait(20)


@contextmanager
def crashing(
    clinic: Clinic, environment: dict[str, str], place: Path, **settings: str
) -> Iterator[tuple[Database, str]]:
    """An appointment service on a database of its own that can be killed, beside the auth service of all tests."""
    database = Database(place / "postgres", **settings)
    database.start()
    url = f"postgresql://appointment:appointment-pw@127.0.0.1:{database.port}/clinic"
    provision(database.admin_url, [url])
    given = {**environment, "APPOINTMENT_DATABASE_URL": url, "AUTH_URL": clinic.auth.url, "WEB_CONCURRENCY": "2"}
    program = Program("appointment_service", given, place / "appointment.log")
    upgrade = [sys.executable, "-m", "flask", "--app", "appointment_service", "db", "upgrade"]
    subprocess.run(upgrade, env={**os.environ, **given}, check=True, capture_output=True)
    program.start()
    program.wait()
    try:
        yield database, program.url
    finally:
        program.stop()
        database.kill()


def a_doctor(auth: Flask, url: str) -> make.Person:
    """A doctor of that service, at work every day."""
    found = make.person(auth, "doctor")
    own = Client(url, found.token)
    assert own.ask("PUT", "/doctors/me", {"specialty": "Crashes"})[0] == 200
    assert own.ask("PUT", "/doctors/me/hours", {"hours": make.WEEK})[0] == 200
    return found


def after_crashes(
    clinic: Clinic, auth: Flask, environment: dict[str, str], place: Path, crashes: int, **settings: str
) -> tuple[Told, Told]:
    """What people were told while PostgreSQL was killed again and again, and what is written afterwards."""
    with crashing(clinic, environment, place, **settings) as (database, url):
        doctor = a_doctor(auth, url)

        def crash() -> None:
            for _ in range(crashes):
                time.sleep(1.5)  # a load between two crashes is what this is about
                database.kill()
                database.start()
            time.sleep(0.5)

        told = under_load([Client(url, one) for one in make.signed_in_patients(auth, PEOPLE)], doctor.id, crash)
        admin_url = database.admin_url.rsplit("/", 1)[0] + "/clinic"
        assert in_two_places(admin_url) == 0
        return told, dict(rows(admin_url, WHAT))


@pytest.mark.fault
def test_what_was_acknowledged_outlives_a_killed_database(
    environment: dict[str, str], clinic: Clinic, auth: Flask, tmp_path: Path, figure: Figure
) -> None:
    crashes = times(1, 10)
    told, written = after_crashes(clinic, auth, environment, tmp_path, crashes)

    assert told
    assert written == told
    measured = f"{crashes} killed, {len(told)} bookings acknowledged, 0 lost, 0 twice"
    figure("kill -9 of PostgreSQL under load", must="what was acknowledged is there, once", measured=measured)


@pytest.mark.fault
def test_the_checker_finds_what_a_database_forgets_that_answers_before_it_writes(
    environment: dict[str, str], clinic: Clinic, auth: Flask, tmp_path: Path, figure: Figure
) -> None:
    careless = {"synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "0"}
    told, written = after_crashes(clinic, auth, environment, tmp_path, 1, **careless)

    lost = set(told) - set(written)
    assert lost, "nothing was lost"
    control = f"synchronous_commit=off: {len(lost)} of {len(told)} lost by one kill"
    figure("kill -9 of PostgreSQL under load", control=control)
