"""Passwords are hashed with other parameters from now on: people sign in as before, and their hashes are renewed."""

from typing import Any
from uuid import UUID

import argon2
import pytest
from flask import Flask

from auth_service import passwords
from auth_service.models import Person, db
from tests import make
from tests.api import Api
from tests.figures import Figure

EARLIER = argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    """Somebody who has set a password before the parameters changed."""
    found = make.person(auth)
    with auth.app_context():
        db.session.get_one(Person, UUID(found.id)).password_hash = EARLIER.hash(make.PASSWORD)
        db.session.commit()
    return found


def kept(auth: Flask, who: make.Person) -> str:
    """The hash as it stands."""
    with auth.app_context():
        return db.session.get_one(Person, UUID(who.id)).password_hash


def test_the_first_sign_in_renews_the_hash_and_the_next_leaves_it(auth: Flask, patient: make.Person) -> None:
    before = kept(auth, patient)

    make.sign_in(auth, patient.email)
    renewed = kept(auth, patient)
    make.sign_in(auth, patient.email)

    now = argon2.extract_parameters(renewed)
    assert (now.time_cost, now.memory_cost, now.parallelism) == (2, 19 * 1024, 1)
    assert passwords.same(before, renewed)
    assert kept(auth, patient) == renewed


def test_a_wrong_password_renews_nothing(auth: Flask, patient: make.Person) -> None:
    before = kept(auth, patient)

    body = {"email": patient.email, "password": "not the password"}
    assert Api(auth).post("/auth/login", json=body, expect=401)["code"] == "invalid-credentials"

    assert kept(auth, patient) == before


@pytest.mark.fault
def test_who_signs_in_while_somebody_else_renews_the_hash_gets_in(
    auth: Flask, patient: make.Person, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    """A hash of the same password with a salt of its own, in the same moment, is a new password, and ends it."""
    matches = passwords.matches

    def meanwhile(password: str, encoded: str) -> Any:
        found = matches(password, encoded)
        with auth.app_context():
            db.session.get_one(Person, UUID(patient.id)).password_hash = hashed
            db.session.commit()
        return found

    hashed = passwords.renewed(make.PASSWORD, kept(auth, patient)) or ""
    monkeypatch.setattr(passwords, "matches", meanwhile)
    body = {"email": patient.email, "password": make.PASSWORD}

    Api(auth).post("/auth/login", json=body)
    hashed = passwords.hash_password(make.PASSWORD)
    assert Api(auth).post("/auth/login", json=body, expect=401)["code"] == "invalid-credentials"
    figure("password parameters changed", control="renewed with another salt meanwhile: the sign-in is refused")


def test_nobody_waits_for_a_place_to_renew_a_hash(auth: Flask, patient: make.Person) -> None:
    encoded = kept(auth, patient)
    with passwords._Place(), passwords._Place():
        assert passwords.renewed(make.PASSWORD, encoded) is None
    assert passwords.renewed(make.PASSWORD, encoded)
