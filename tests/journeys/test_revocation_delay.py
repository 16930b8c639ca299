"""Whatever ends or outdates a sign-in counts in the other services within three seconds, in each of their workers."""

import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from flask import Flask

from tests import make
from tests.servers import Clinic
from tests.thorough import times

EVENTS = times(1, 200)
THOROUGH = times(0, 1)
BOUND = 3.0
WATCHED = 2.5
"""Seconds of refusals after which both workers of both services must have heard: they ask every two."""
AT_ONCE = 12
SOON = 30.0


@dataclass(frozen=True)
class Stage:
    """The running clinic, the auth service's rules in this process, and an admin."""

    clinic: Clinic
    auth: Flask
    admin: make.Person

    def ask(self, who: make.Person, method: str, path: str, json: object = None) -> None:
        answer = requests.request(
            method,
            self.clinic.auth.url + path,
            json=json,
            headers={"Authorization": f"Bearer {who.token}", **make.from_somewhere()},
            timeout=SOON,
        )
        assert answer.ok, (path, answer.status_code, answer.text)

    def as_admin(self, who: make.Person, method: str, action: str, json: object = None) -> None:
        self.ask(self.admin, method, f"/people/{who.id}/{action}", json)

    def refresh(self, token: str) -> requests.Response:
        body = {"refresh_token": token}
        return requests.post(f"{self.clinic.auth.url}/auth/refresh", json=body, timeout=SOON)


def signs_out(stage: Stage, who: make.Person) -> None:
    body = {"refresh_token": who.refresh_token}
    assert requests.post(f"{stage.clinic.auth.url}/auth/logout", json=body, timeout=SOON).ok


def ends_everywhere(stage: Stage, who: make.Person) -> None:
    stage.ask(make.sign_in(stage.auth, who.email), "DELETE", "/auth/me/sessions")


def is_disabled(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "POST", "disable")


def gets_another_role(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "PUT", "role", {"role": "patient"})


def loses_the_licence(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "POST", "licence/suspend", {"reason": "The register says so."})


def changes_the_password_elsewhere(stage: Stage, who: make.Person) -> None:
    elsewhere = make.sign_in(stage.auth, who.email)
    body = {"current_password": make.PASSWORD, "new_password": "quiet harbour 7 lamps"}
    stage.ask(elsewhere, "POST", "/auth/me/password", body)


def is_robbed(stage: Stage, who: make.Person) -> None:
    """Somebody else shows a refresh token whose successor was used."""
    second = stage.refresh(who.refresh_token).json()["refresh_token"]
    assert stage.refresh(second).ok
    assert stage.refresh(who.refresh_token).status_code == 401


EVENT_KINDS: list[Callable[[Stage, make.Person], None]] = [
    signs_out,
    ends_everywhere,
    is_disabled,
    gets_another_role,
    loses_the_licence,
    changes_the_password_elsewhere,
    is_robbed,
]


@pytest.fixture
def stage(clinic: Clinic, auth: Flask) -> Stage:
    return Stage(clinic, auth, make.admin(auth))


def status(url: str, who: make.Person) -> tuple[int, str]:
    """What one of the workers says: each question comes over a connection of its own."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {who.token}"}, timeout=SOON)
    return answer.status_code, "" if answer.ok else answer.json()["code"]


def seconds_until_refused(stage: Stage, who: make.Person, event: Callable[[Stage, make.Person], None]) -> float:
    """From the event's own answer to the last request that any worker let through."""
    urls = [f"{stage.clinic.appointment.url}/appointments", f"{stage.clinic.prescription.url}/prescriptions"]
    assert [status(url, who) for url in urls] == [(200, "")] * 2
    event(stage, who)
    happened = accepted = time.monotonic()
    while time.monotonic() < accepted + WATCHED:
        for url in urls:
            found = status(url, who)
            assert found in {(200, ""), (401, "token-revoked")}
            if found[0] == 200:
                accepted = time.monotonic()
        assert accepted < happened + SOON
        time.sleep(0.05)
    return accepted - happened


def test_it_counts_everywhere_within_seconds(stage: Stage) -> None:
    events = EVENT_KINDS * EVENTS
    people = [make.person(stage.auth, "doctor") for _ in events]
    untouched = make.person(stage.auth, "doctor")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        delays = list(pool.map(lambda who, event: seconds_until_refused(stage, who, event), people, events))

    for kind, event in enumerate(EVENT_KINDS):
        found = sorted(delays[kind :: len(EVENT_KINDS)])
        p50, p99 = found[len(found) // 2], found[math.ceil(len(found) * 0.99) - 1]
        sys.stderr.write(f"{event.__name__}: {len(found)} events, p50 {p50:.2f} s, p99 {p99:.2f} s\n")
        assert not THOROUGH or p99 <= BOUND
    assert status(f"{stage.clinic.appointment.url}/appointments", untouched) == (200, "")
