"""The auth service is gone: people read on, nothing is written on an old word, nobody gets in, and all comes back."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
import requests
from flask import Flask

from auth_service import signing_in
from chassis.revocations import Revocations
from tests import make, thorough
from tests.chassis.forge import forger
from tests.figures import Figure
from tests.servers import Clinic, Program

THOROUGH = thorough.times(0, 1)
ROUNDS = thorough.times(1, 10)
REFUSED_WITHIN, BACK_WITHIN = 10.0, 2.0
SOON = 30.0
STAYS_OUT = 2.0
OUT = (503, "unavailable", "auth")
REVOKED = (401, "token-revoked", "")


@contextmanager
def killed(program: Program) -> Iterator[None]:
    """Nobody listens."""
    assert program.process is not None
    os.killpg(program.process.pid, signal.SIGKILL)
    program.stop()
    yield
    program.start()


@contextmanager
def frozen(program: Program) -> Iterator[None]:
    """Connections are taken, and nothing is ever answered."""
    assert program.process is not None
    os.killpg(program.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(program.process.pid, signal.SIGCONT)


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


@pytest.mark.fault
@pytest.mark.parametrize("out", [killed, frozen][: thorough.times(1, 2)])
def test_nothing_fails_open_and_all_is_back(
    clinic: Clinic, auth: Flask, out: Callable[[Program], AbstractContextManager[None]], figure: Figure
) -> None:
    for _ in range(ROUNDS):
        doctor, leaver = make.person(auth, "doctor"), make.person(auth, "doctor")
        caller, gone = Caller(clinic, doctor.token), Caller(clinic, leaver.token)
        stranger = Caller(clinic, forger(auth, doctor.token).token({"alg": "ES256", "typ": "at+jwt", "kid": "k" * 16}))
        assert (caller.reads(), caller.changes(), gone.changes()) == (READ, LET_THROUGH, LET_THROUGH)

        with out(clinic.auth):
            refused_after = until_refused(caller)
            with auth.app_context():  # the database goes on: what is written there cannot be known here
                signing_in.sign_out(leaver.refresh_token)
            stays_out(caller, gone, stranger)
        back_after = until_back(clinic, caller)
        until_revoked(gone)

        figure(
            f"auth {out.__name__}",
            must="reading goes on, changes refuse once the list is 10 s old, nobody gets in, back in 2 s",
            measured=f"changes refused after {refused_after:.1f} s, back after {back_after:.2f} s",
        )
        assert not THOROUGH or (refused_after <= REFUSED_WITHIN + 0.5 and back_after <= BACK_WITHIN)


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


def stays_out(caller: Caller, gone: Caller, stranger: Caller) -> None:
    until = time.monotonic() + STAYS_OUT
    while time.monotonic() < until:
        assert caller.reads() == gone.reads() == READ
        assert caller.changes() == gone.changes() == [OUT, OUT]
        assert stranger.reads() == [OUT, OUT]


def until_back(clinic: Clinic, caller: Caller) -> float:
    """Seconds from the first sign of life to the last refusal, in any worker."""
    clinic.auth.wait()
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
