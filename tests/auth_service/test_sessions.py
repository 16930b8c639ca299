"""Signing in, refreshing and signing out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest
from flask import Flask

from auth_service.signing_in import ABSOLUTE, GRACE, IDLE
from chassis import clock
from tests import make
from tests.api import Api


def refresh(auth: Flask, token: str, expect: int = 200) -> dict[str, str]:
    answer: dict[str, str] = Api(auth).post("/auth/refresh", json={"refresh_token": token}, expect=expect)
    return answer


@pytest.mark.parametrize("password", ["WrongPass123", "x"])
def test_unknown_wrong_and_disabled_look_the_same(auth: Flask, environment: dict[str, str], password: str) -> None:
    known, disabled = make.person(auth), make.person(auth)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id = %s", (disabled.id,))

    answers = [
        Api(auth).post("/auth/login", json={"email": email, "password": given}, expect=401)
        for email, given in ((known.email, password), ("nobody@example.com", password), (disabled.email, make.PASSWORD))
    ]

    assert len({str({**answer, "request_id": ""}) for answer in answers}) == 1
    assert answers[0]["code"] == "invalid-credentials"


def test_a_refresh_token_is_traded_for_new_tokens(auth: Flask) -> None:
    patient = make.person(auth)

    fresh = refresh(auth, patient.refresh_token)

    assert fresh["refresh_token"] != patient.refresh_token
    assert Api(auth, fresh["access_token"]).get("/auth/me")["id"] == patient.id


def test_a_lost_reply_is_forgiven_with_the_same_successor(auth: Flask) -> None:
    patient = make.person(auth)

    first, again = refresh(auth, patient.refresh_token), refresh(auth, patient.refresh_token)

    assert first["refresh_token"] == again["refresh_token"]


def test_parallel_refreshes_agree(auth: Flask) -> None:
    patient = make.person(auth)

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: refresh(auth, patient.refresh_token), range(10)))

    assert len({answer["refresh_token"] for answer in answers}) == 1
    refresh(auth, answers[0]["refresh_token"])


def test_reuse_after_the_grace_ends_the_session(auth: Flask) -> None:
    patient = make.person(auth)
    fresh = refresh(auth, patient.refresh_token)

    with clock.set_to(clock.now() + GRACE + timedelta(seconds=1)):
        refresh(auth, patient.refresh_token, expect=401)

    refresh(auth, fresh["refresh_token"], expect=401)
    Api(auth, fresh["access_token"]).get("/auth/me", expect=401)


def test_reuse_while_the_successor_is_used_ends_the_session(auth: Flask) -> None:
    patient = make.person(auth)
    second = refresh(auth, patient.refresh_token)
    third = refresh(auth, second["refresh_token"])

    refresh(auth, patient.refresh_token, expect=401)

    refresh(auth, third["refresh_token"], expect=401)


@pytest.mark.parametrize("later", [IDLE, ABSOLUTE])
def test_a_session_left_alone_is_over(auth: Flask, later: timedelta) -> None:
    patient = make.person(auth)

    with clock.set_to(clock.now() + later + timedelta(seconds=1)):
        refresh(auth, patient.refresh_token, expect=401)


@pytest.mark.parametrize("given", [{}, {"refresh_token": ""}, {"refresh_token": 5}, {"refresh_token": "a b"}])
def test_what_is_no_refresh_token_is_invalid(auth: Flask, given: dict[str, object]) -> None:
    Api(auth).post("/auth/refresh", json=given, expect=422)


def test_an_access_token_does_not_refresh(auth: Flask) -> None:
    patient = make.person(auth)

    refresh(auth, patient.token, expect=401)


def test_signing_out_ends_the_session_and_may_be_repeated(auth: Flask) -> None:
    patient = make.person(auth)

    for _ in range(2):
        answer = Api(auth).send("POST", "/auth/logout", json={"refresh_token": patient.refresh_token})
        assert answer.status_code == 204

    refresh(auth, patient.refresh_token, expect=401)
    Api(auth, patient.token).get("/auth/me", expect=401)
    assert Api(auth).post("/auth/validate-token", json={"token": patient.token}) == {"active": False, "valid": False}


def test_introspection_tells_of_a_live_token(auth: Flask) -> None:
    doctor = make.person(auth, "doctor")

    by_body = Api(auth).post("/auth/validate-token", json={"token": doctor.token})
    by_header = Api(auth, doctor.token).post("/auth/validate-token")

    assert by_body == by_header
    assert by_body["active"] is by_body["valid"] is True
    assert (by_body["sub"], by_body["role"]) == (doctor.id, "doctor")
    assert by_body["licence"]["state"] == "verified"


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_introspection_gives_no_reason(auth: Flask, token: str) -> None:
    assert Api(auth).post("/auth/validate-token", json={"token": token}) == {"active": False, "valid": False}


def test_introspection_without_a_token_is_refused(auth: Flask) -> None:
    assert Api(auth).post("/auth/validate-token", expect=400)["code"] == "invalid-request"


def test_verifying_a_doctor_ends_older_tokens_power(auth: Flask) -> None:
    doctor = make.person(auth, "doctor", verified=False)

    make.verify(auth, doctor.email)

    Api(auth, doctor.token).get("/auth/me", expect=401)
    renewed = refresh(auth, doctor.refresh_token)
    assert renewed["user"]["licence"]["state"] == "verified"
