"""Keys change while people work: no request fails for it. A key that signs before it is published fails many."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import jwt
import psycopg2
import pytest
import requests
from flask import Flask

from auth_service import signing_keys
from auth_service.models import SigningKey, db
from auth_service.signing_keys import AHEAD
from chassis.keys import KeySet
from tests import make, thorough
from tests.chassis.forge import Forger, forger
from tests.figures import Figure
from tests.journeys.load import at_it
from tests.servers import ROOT, Clinic

PEOPLE = thorough.times(3, 8)
REQUESTS = thorough.times(200, 20_000)
WAITS = thorough.times(0, 1)
BREATH = 0.0 if WAITS else 0.1
"""Seconds between a person's requests, so that the quick run leaves the machine to the other tests."""
SOON = 60.0 + 600 * WAITS


class Load:
    """People whose programs renew their tokens all the time and read at every service with each new one."""

    def __init__(self, clinic: Clinic, people: list[make.Person], stranger: str) -> None:
        self.clinic = clinic
        self.answers: Counter[tuple[str, int]] = Counter()
        self.kids: Counter[str] = Counter()
        self.failed: list[tuple[str, int, str]] = []
        self._stranger = stranger
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(person,)) for person in people]
        self._threads.append(threading.Thread(target=self._knock))

    @contextmanager
    def going_on(self) -> Iterator["Load"]:
        with at_it(self._threads, self._over, SOON):
            yield self

    def _work(self, person: make.Person) -> None:
        session, refresh_token = requests.Session(), person.refresh_token
        while not self._over.wait(BREATH):
            body = {"refresh_token": refresh_token}
            renewed = session.post(f"{self.clinic.auth.url}/auth/refresh", json=body, timeout=SOON)
            self._count("refresh", renewed)
            if not renewed.ok:
                return
            refresh_token, token = renewed.json()["refresh_token"], renewed.json()["access_token"]
            for name, url in reads(self.clinic).items():
                self._count(name, session.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=SOON))
            self.kids[kid_of(token)] += 1

    def _knock(self) -> None:
        """Somebody tries a made-up key now and then, which uses up what unknown keys may ask for."""
        while not self._over.wait(0.05):
            for url in list(reads(self.clinic).values())[1:]:
                with suppress(requests.RequestException):
                    answer = requests.get(url, headers={"Authorization": f"Bearer {self._stranger}"}, timeout=SOON)
                    if answer.status_code != 401:
                        self.failed.append(("a stranger", answer.status_code, answer.text))

    def _count(self, what: str, answer: requests.Response) -> None:
        self.answers[what, answer.status_code] += 1
        if not answer.ok:
            self.failed.append((what, answer.status_code, answer.text))


def reads(clinic: Clinic) -> dict[str, str]:
    return {
        "auth": f"{clinic.auth.url}/auth/me",
        "appointment": f"{clinic.appointment.url}/appointments",
        "prescription": f"{clinic.prescription.url}/prescriptions",
    }


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def until(so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not so():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def load(clinic: Clinic, auth: Flask) -> Load:
    people = [make.person(auth) for _ in range(PEOPLE)]
    forge: Forger = forger(auth, people[0].token)
    return Load(clinic, people, forge.token(forge.header | {"kid": "made-up-by-somebody"}))


def rotate(environment: Mapping[str, str]) -> str:
    """The command, as somebody types it. Gives what it says."""
    command = [sys.executable, "-m", "flask", "--app", "auth_service", "rotate-keys"]
    done = subprocess.run(command, cwd=ROOT, env={**environment}, capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
    return done.stdout


def let_a_minute_pass(environment: Mapping[str, str]) -> None:
    """The services have read the new key; the rest of the minute is only waiting, which the full run does."""
    time.sleep(AHEAD.total_seconds() if WAITS else KeySet.FRESH_FOR + KeySet.TIMEOUT)
    if not WAITS:
        with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
            change = "created_at = created_at - %s, retired_at = retired_at - %s"
            cursor.execute(f"UPDATE auth.signing_key SET {change}", (AHEAD, AHEAD))


@pytest.mark.fault
def test_no_request_fails_while_keys_change(
    load: Load, clinic: Clinic, auth: Flask, environment: dict[str, str], figure: Figure
) -> None:
    patient = make.person(auth)
    with load.going_on():
        until(lambda: load.kids[kid_of(patient.token)] > PEOPLE, "people work with the old key")
        said = rotate(environment)
        let_a_minute_pass(environment)
        until(lambda: any(kid in said for kid in load.kids), "the new key signs")
        until(lambda: load.answers.total() >= REQUESTS and len(load.kids) == 2, "enough was asked")

    assert load.failed == []
    assert {status for _, status in load.answers} == {200}
    for url in reads(clinic).values():
        assert requests.get(url, headers={"Authorization": f"Bearer {patient.token}"}, timeout=SOON).ok, "an old token"
    figure("key rotation", must="no request fails", measured=f"0 of {load.answers.total()} failed")


@pytest.mark.fault
def test_a_key_that_signs_before_it_is_published_fails_people(load: Load, auth: Flask, figure: Figure) -> None:
    """The control: the same people, and a key that was put in use at once."""
    with load.going_on():
        until(lambda: load.answers.total() > 10 * PEOPLE, "people work")
        with auth.app_context():
            kid = signing_keys._add_key(auth.config["AUTH_SECRET_KEY"]).kid
            db.session.get_one(SigningKey, kid).created_at -= AHEAD
            db.session.commit()
        try:
            until(lambda: load.failed, "somebody is refused")
        finally:
            with auth.app_context():
                db.session.delete(db.session.get_one(SigningKey, kid))
                db.session.commit()

    assert (401, "token-invalid") in {(status, code_of(text)) for _, status, text in load.failed}
    control = f"a key that signs before it is published: {len(load.failed)} of {load.answers.total()} failed"
    figure("key rotation", control=control)


def code_of(problem: str) -> str:
    return problem.split('"code": "')[-1].split('"')[0]
