"""Proving oneself twice: setting an authenticator up, signing in with its codes, and what is refused."""

from typing import Any

import pyotp
import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api


def propose(auth: Flask, person: make.Person) -> pyotp.TOTP:
    """An authenticator that is scanned and not yet confirmed."""
    proposed = Api(auth, person.token).post("/auth/me/second-factor", json={"password": make.PASSWORD}, expect=201)
    found = pyotp.parse_uri(proposed["uri"])
    assert isinstance(found, pyotp.TOTP)
    assert found.secret == proposed["secret"]
    assert found.name == person.email
    return found


def confirm(auth: Flask, person: make.Person, code: str, expect: int = 200) -> Any:
    return Api(auth, person.token).post("/auth/me/second-factor/confirm", json={"code": code}, expect=expect)


def asked(auth: Flask, person: make.Person) -> str:
    """The challenge after a right password."""
    problem = Api(auth).post("/auth/login", json={"email": person.email, "password": make.PASSWORD}, expect=401)
    assert (problem["code"], problem["expires_in"]) == ("second-factor-required", 300)
    challenge: str = problem["challenge"]
    return challenge


def answer(auth: Flask, challenge: str, code: str, expect: int = 200) -> Any:
    return Api(auth).post("/auth/login/second-factor", json={"challenge": challenge, "code": code}, expect=expect)


def test_a_code_is_asked_for_once_an_authenticator_is_confirmed(auth: Flask) -> None:
    patient = make.person(auth)
    authenticator = propose(auth, patient)
    make.sign_in(auth, patient.email)  # a proposed one asks for nothing yet
    recovery = confirm(auth, patient, authenticator.at(clock.now()))["recovery_codes"]

    signed_in = answer(auth, asked(auth, patient), authenticator.at(clock.now(), counter_offset=1))

    assert len(set(recovery)) == 10
    assert signed_in["user"]["second_factor"] == "on"
    assert Api(auth, signed_in["access_token"]).get("/auth/me/second-factor") == {
        "state": "on",
        "recovery_codes_left": 10,
    }
