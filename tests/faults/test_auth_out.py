"""The auth service is gone: people read on, nothing is written on an old word, nobody gets in, and all comes back."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests
from flask import Flask

from auth_service import signing_in
from chassis.revocations import Revocations
from tests import make, thorough
from tests.chassis.forge import forger
from tests.faults import stage as ways
from tests.faults.stage import BESIDE_OTHERS, Stage
from tests.figures import Figure
from tests.servers import Clinic

ROUNDS = thorough.times(1, 3)
REFUSED_WITHIN, REFUSING_TAKES, BACK_WITHIN = 10.0, 0.5, 2.0
SOON = 30.0
STAYS_OUT = 2.0
OUT = (503, "unavailable", "auth")
REVOKED = (401, "token-revoked", "")


@dataclass(frozen=True)
class Caller:
    """Somebody's program, which asks again and again."""

    clinic: Clinic
    token: str

    def send(self, method: str, url: str, json: object = None) -> tuple[int, str, str]:
        """Status, code and the service that is said to be out."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, url, json=json, headers=headers, timeout=SOON)
        problem = {} if answer.ok else answer.json()
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) > 0
        return answer.status_code, problem.get("code", ""), problem.get("service", "")

    def reads(self) -> list[tuple[int, str, str]]:
        urls = [f"{self.clinic.appointment.url}/appointments", f"{self.clinic.prescription.url}/prescriptions"]
        return [self.send("GET", url) for url in urls]

    def writes(self) -> tuple[int, str, str]:
        return self.send("PUT", f"{self.clinic.appointment.url}/doctors/me", {"specialty": "Surgery"})

    def signs(self) -> tuple[int, str, str]:
        """A prescription for no appointment: 404 says that signing would have gone on."""
        wish = {"appointment_id": str(uuid4()), "medicines": [make.MEDICINE]}
        return self.send("POST", f"{self.clinic.prescription.url}/prescriptions", wish)

    def changes(self) -> list[tuple[int, str, str]]:
        return [self.writes(), self.signs()]


LET_THROUGH = [(200, "", ""), (404, "appointment-not-found", "")]
READ = [(200, "", "")] * 2


OUT_IN = [ways.killed, ways.black_holed, ways.slow, ways.hanging_up, ways.frozen][: thorough.times(1, 5)]


@pytest.mark.fault
@pytest.mark.parametrize("out", OUT_IN)
def test_nothing_fails_open_and_all_is_back(
    stage: Stage, auth: Flask, out: Callable[[Stage, str], AbstractContextManager[None]], figure: Figure
) -> None:
    clinic = stage.clinic
    for _ in range(ROUNDS):
        doctor, leaver = make.person(auth, "doctor"), make.person(auth, "doctor")
        caller, gone = Caller(clinic, doctor.token), Caller(clinic, leaver.token)
        stranger = Caller(clinic, forger(auth, doctor.token).token({"alg": "ES256", "typ": "at+jwt", "kid": "k" * 16}))
        assert (caller.reads(), caller.changes(), gone.changes()) == (READ, LET_THROUGH, LET_THROUGH)

        with out(stage, "auth"):
            refused_after = until_refused(caller)
            with auth.app_context():  # the database goes on: what is written there cannot be known here
                signing_in.sign_out(leaver.refresh_token)
            refusing = stays_out(caller, gone, stranger)
        back_after = until_back(caller)
        until_revoked(gone)

        figure(
            f"auth {out.__name__.replace('_', ' ')}",
            must="signed-in people read on; changes are refused once the list is 10 s old; nobody gets in; back in 2 s",
            measured=f"refused from {refused_after:.1f} s on, within {refusing:.2f} s; back after {back_after:.2f} s",
        )
        assert refused_after <= REFUSED_WITHIN + 0.5 + BESIDE_OTHERS
        assert refusing <= REFUSING_TAKES + BESIDE_OTHERS
        assert back_after <= BACK_WITHIN + BESIDE_OTHERS


def until_refused(caller: Caller) -> float:
    """Seconds until no change is let through any more. Reading goes on meanwhile."""
    began = changed = time.monotonic()
    while time.monotonic() < changed + 1:
        assert caller.reads() == READ
        for change, through in zip(caller.changes(), LET_THROUGH, strict=True):
            assert change in {through, OUT}
            if change == through:
                changed = time.monotonic()
        assert changed < began + SOON
    assert changed > began + Revocations.FRESH_FOR - 2 * Revocations.EVERY, "the control: it was the age of the list"
    return changed - began


def stays_out(caller: Caller, gone: Caller, stranger: Caller) -> float:
    """How many seconds the slowest refusal takes, while all of them are refusals."""
    slowest, until = 0.0, time.monotonic() + STAYS_OUT
    while time.monotonic() < until:
        assert caller.reads() == gone.reads() == READ
        for change in (caller.writes, caller.signs, gone.writes, gone.signs):
            began = time.monotonic()
            assert change() == OUT
            slowest = max(slowest, time.monotonic() - began)
        assert stranger.reads() == [OUT, OUT]
    return slowest


def until_back(caller: Caller) -> float:
    """Seconds from the first sign of life to the last refusal, in any worker."""
    began = refused = time.monotonic()
    while time.monotonic() < refused + 1:
        assert caller.reads() == READ
        for change, through in zip(caller.changes(), LET_THROUGH, strict=True):
            assert change in {through, OUT}
            if change == OUT:
                refused = time.monotonic()
        assert refused < began + SOON
    return refused - began


def until_revoked(gone: Caller) -> None:
    deadline = time.monotonic() + SOON
    while gone.reads() != [REVOKED, REVOKED]:
        assert time.monotonic() < deadline
    assert gone.changes() == [REVOKED, REVOKED]
