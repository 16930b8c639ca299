"""Signing takes a fresh proof of who signs, where the clinic demands it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from chassis import clock
from chassis.identity import Principal
from prescription_service import freshness
from prescription_service.settings import PrescriptionSettings
from tests import make
from tests.api import Api

FRESHNESS = timedelta(minutes=2)
AGO = FRESHNESS + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _demanded(prescription: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes: less than an access token lives, so that one is stale before its end."""
    monkeypatch.setitem(prescription.extensions, "signing_freshness", FRESHNESS)


@pytest.fixture
def stale(auth: Flask, doctor: make.Person) -> make.Person:
    """The same doctor, as they signed in two minutes and a second ago."""
    with clock.set_to(clock.now() - AGO):
        return make.sign_in(auth, doctor.email)


@pytest.fixture
def late(prescription: Flask, stale: make.Person) -> Api:
    return Api(prescription, stale.token)


def body(visit: str, **more: Any) -> dict[str, Any]:
    return {"appointment_id": visit, "medicines": [make.MEDICINE], **more}


def proved(auth: Flask, doctor: make.Person) -> str:
    answer = Api(auth, doctor.token).post("/auth/me/reauthentication", json={"password": make.PASSWORD})
    token: str = answer["access_token"]
    return token


def test_whoever_has_just_signed_in_signs(api: Api, visit: str) -> None:
    api.post("/prescriptions", json=body(visit), expect=201)


def test_a_stale_proof_signs_nothing_and_says_how_fresh_it_must_be(late: Api, visit: str) -> None:
    refused = late.send("POST", "/prescriptions", json=body(visit))

    assert (refused.status_code, refused.get_json()["code"]) == (401, "reauthentication-required")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_user_authentication", max_age="120"'
    assert late.get("/prescriptions")["items"] == []


def test_a_draft_is_kept_by_the_stale_and_signed_by_the_fresh(late: Api, api: Api, visit: str) -> None:
    draft = late.post("/prescriptions", json=body(visit, status="draft"), expect=201)
    path, sent = f"/drafts/{draft['id']}/sign", {"json": {"overrides": []}, "headers": {"If-Match": '"1"'}}

    assert late.post(path, expect=401, **sent)["code"] == "reauthentication-required"
    assert late.get(f"/drafts/{draft['id']}") == draft
    assert api.post(path, expect=201, **sent)["id"] == draft["id"]


def test_after_proving_the_same_key_signs_and_its_answer_is_given_again(
    auth: Flask, prescription: Flask, late: Api, stale: make.Person, visit: str
) -> None:
    sent: Any = {"json": body(visit), "headers": {"Idempotency-Key": "one"}}
    late.post("/prescriptions", expect=401, **sent)

    signed = Api(prescription, proved(auth, stale)).post("/prescriptions", expect=201, **sent)

    assert late.post("/prescriptions", expect=201, **sent) == signed  # what is signed is told to the stale too
    assert len(late.get("/prescriptions")["items"]) == 1


def test_the_proof_of_another_session_does_not_count(
    auth: Flask, prescription: Flask, stale: make.Person, doctor: make.Person, visit: str
) -> None:
    proved(auth, doctor)
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": stale.refresh_token})["access_token"]

    Api(prescription, renewed).post("/prescriptions", json=body(visit), expect=401)


def test_the_proof_of_this_session_counts_after_a_refresh(
    auth: Flask, prescription: Flask, stale: make.Person, visit: str
) -> None:
    proved(auth, stale)
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": stale.refresh_token})["access_token"]

    Api(prescription, renewed).post("/prescriptions", json=body(visit), expect=201)


def test_nothing_is_demanded_unless_the_clinic_says_so(
    environment: dict[str, str], prescription: Flask, late: Api, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_default = timedelta(minutes=PrescriptionSettings(**environment).signing_freshness_minutes)
    monkeypatch.setitem(prescription.extensions, "signing_freshness", by_default)

    late.post("/prescriptions", json=body(visit), expect=201)


def test_a_token_that_does_not_say_when_is_too_old() -> None:
    before = Principal(id=uuid4(), role="doctor", name="Dr A", session_id=uuid4())

    with pytest.raises(freshness.ReauthenticationRequired):
        freshness.insist(before, timedelta(minutes=5))
