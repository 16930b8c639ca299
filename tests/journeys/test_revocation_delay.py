"""Whatever ends or outdates a sign-in counts in the other services within three seconds, in each of their workers."""

import math
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import pytest
import requests
from flask import Flask

from auth_service import models, signing_in
from tests import make, thorough
from tests.servers import Clinic

EVENTS = thorough.times(1, 200)
THOROUGH = thorough.times(0, 1)
BOUND = 3.0
WATCHED = 2.5
"""Seconds of refusals after which both workers of both services must have heard: they ask every two."""
AT_ONCE = 7
SOON = 30.0


@dataclass(frozen=True)
class Stage:
    """The running clinic, and the auth service's rules in this process."""

    clinic: Clinic
    auth: Flask

    def ask(self, who: make.Person, method: str, path: str, json: object = None) -> None:
        headers = {"Authorization": f"Bearer {who.token}", **make.from_somewhere()}
        deadline = time.monotonic() + SOON
        while True:  # so few hashes at once: told to come again, one does
            answer = requests.request(method, self.clinic.auth.url + path, json=json, headers=headers, timeout=SOON)
            if answer.status_code != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert answer.ok, (path, answer.status_code, answer.text)

    def as_admin(self, who: make.Person, method: str, action: str, json: object = None) -> None:
        self.ask(make.admin(self.auth), method, f"/people/{who.id}/{action}", json)

    def refresh(self, token: str) -> requests.Response:
        body = {"refresh_token": token}
        return requests.post(f"{self.clinic.auth.url}/auth/refresh", json=body, timeout=SOON)


def elsewhere(stage: Stage, who: make.Person) -> make.Person:
    """The same person with a second session."""
    with stage.auth.app_context():
        person = models.db.session.get_one(models.Person, UUID(who.id))
        signed_in = signing_in.begin_session(person, stage.auth.config["AUTH_SECRET_KEY"])
        return make.Person(who.id, who.email, signed_in.access_token, signed_in.refresh_token)


def signs_out(stage: Stage, who: make.Person) -> None:
    body = {"refresh_token": who.refresh_token}
    assert requests.post(f"{stage.clinic.auth.url}/auth/logout", json=body, timeout=SOON).ok


def ends_everywhere(stage: Stage, who: make.Person) -> None:
    stage.ask(elsewhere(stage, who), "DELETE", "/auth/me/sessions")


def is_disabled(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "POST", "disable")


def gets_another_role(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "PUT", "role", {"role": "patient"})


def loses_the_licence(stage: Stage, who: make.Person) -> None:
    stage.as_admin(who, "POST", "licence/suspend", {"reason": "The register says so."})


def changes_the_password_elsewhere(stage: Stage, who: make.Person) -> None:
    body = {"current_password": make.PASSWORD, "new_password": "quiet harbour 7 lamps"}
    stage.ask(elsewhere(stage, who), "POST", "/auth/me/password", body)


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
OF_DOCTORS = {gets_another_role, loses_the_licence}


@pytest.fixture
def stage(clinic: Clinic, auth: Flask) -> Stage:
    make.person(auth)  # its password is hashed once for all
    return Stage(clinic, auth)


def status(url: str, who: make.Person) -> tuple[int, str]:
    """What one of the workers says: each question comes over a connection of its own."""
    answer = requests.get(url, headers={"Authorization": f"Bearer {who.token}"}, timeout=SOON)
    return answer.status_code, "" if answer.ok else answer.json()["code"]


def seconds_until_refused(stage: Stage, event: Callable[[Stage, make.Person], None]) -> float:
    """From the event's own answer to the last request sent that any worker let through."""
    who = make.person(stage.auth, "doctor" if event in OF_DOCTORS else "patient")
    other = make.person(stage.auth)
    urls = [f"{stage.clinic.appointment.url}/appointments", f"{stage.clinic.prescription.url}/prescriptions"]
    assert [status(url, who) for url in urls] == [(200, "")] * 2
    event(stage, who)
    happened = accepted = time.monotonic()
    while time.monotonic() < accepted + WATCHED:
        for url in urls:
            sent, found = time.monotonic(), status(url, who)
            assert found in {(200, ""), (401, "token-revoked")}
            if found[0] == 200:
                accepted = sent
        assert accepted < happened + SOON
        time.sleep(0.1)
    assert [status(url, other) for url in urls] == [(200, "")] * 2, "somebody who did nothing of the kind"
    return accepted - happened


def test_it_counts_everywhere_within_seconds(stage: Stage) -> None:
    events = EVENT_KINDS * EVENTS
    with ThreadPoolExecutor(AT_ONCE) as pool:
        delays = list(pool.map(lambda event: seconds_until_refused(stage, event), events))

    slowest = 0.0
    for kind, event in enumerate(EVENT_KINDS):
        found = sorted(delays[kind :: len(EVENT_KINDS)])
        p50, p99 = found[len(found) // 2], found[math.ceil(len(found) * 0.99) - 1]
        sys.stderr.write(f"{event.__name__}: {len(found)} events, p50 {p50:.2f} s, p99 {p99:.2f} s\n")
        slowest = max(slowest, p99)
    assert not THOROUGH or slowest <= BOUND
