"""Proving oneself again within a session: when it counts, for which session, and what a wrong proof costs."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from auth_service import codes
from chassis import clock
from tests import make
from tests.api import Api
from tests.auth_service.test_second_factor import Protected, protect

LATER = timedelta(minutes=4)
PATH = "/auth/me/reauthentication"


def auth_time(token: str) -> int:
    found: int = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["auth_time"]
    return found


def refreshed(auth: Flask, person: make.Person) -> dict[str, Any]:
    answer: dict[str, Any] = Api(auth).post("/auth/refresh", json={"refresh_token": person.refresh_token})
    return answer


def seconds(later: timedelta = timedelta()) -> int:
    return int((clock.now() + later).timestamp())


@pytest.fixture
def person(auth: Flask) -> make.Person:
    return make.person(auth)


def test_a_refresh_keeps_the_time_of_the_sign_in(auth: Flask, person: make.Person) -> None:
    with clock.set_to(clock.now() + LATER):
        renewed = refreshed(auth, person)

    assert auth_time(renewed["access_token"]) == auth_time(person.token)


def test_a_right_password_gives_a_token_of_now_and_leaves_the_refresh_token(auth: Flask, person: make.Person) -> None:
    with clock.set_to(clock.now() + LATER):
        proved = Api(auth, person.token).post(PATH, json={"password": make.PASSWORD})
        renewed = refreshed(auth, person)
        now = seconds()

    assert (proved["token_type"], proved["expires_in"], proved["user"]["id"]) == ("Bearer", 300, person.id)
    assert "refresh_token" not in proved
    assert auth_time(proved["access_token"]) == auth_time(renewed["access_token"]) == now


def test_whoever_asks_about_a_token_is_told_when_its_person_proved_themselves(auth: Flask, person: make.Person) -> None:
    told = Api(auth).post("/auth/validate-token", json={"token": person.token})

    assert told["auth_time"] == auth_time(person.token)


def test_a_proof_counts_for_its_own_session_only(auth: Flask, person: make.Person) -> None:
    other = make.sign_in(auth, person.email)

    with clock.set_to(clock.now() + LATER):
        Api(auth, person.token).post(PATH, json={"password": make.PASSWORD})
        renewed = refreshed(auth, other)

    assert auth_time(renewed["access_token"]) == auth_time(other.token)


def test_a_wrong_password_proves_nothing_and_counts_like_one_at_the_sign_in(auth: Flask, person: make.Person) -> None:
    for _ in range(5):
        assert (
            Api(auth, person.token).post(PATH, json={"password": "wrong"}, expect=401)["code"] == "invalid-credentials"
        )

    Api(auth, person.token).post(PATH, json={"password": make.PASSWORD}, expect=429)
    Api(auth).post("/auth/login", json={"email": person.email, "password": make.PASSWORD}, expect=429)
    with clock.set_to(clock.now() + LATER):
        assert auth_time(refreshed(auth, person)["access_token"]) == auth_time(person.token)


def test_a_code_proves_once(auth: Flask, person: make.Person) -> None:
    protected: Protected = protect(auth, person)
    with clock.set_to(clock.now() + LATER):
        code = protected.code()
        proved = Api(auth, person.token).post(PATH, json={"code": code})
        again = Api(auth, person.token).post(PATH, json={"code": code}, expect=401)
        assert auth_time(proved["access_token"]) == seconds()

    assert (again["code"], again["detail"]) == ("invalid-credentials", codes.SecondFactorRefused.detail)


def test_wrong_codes_are_counted(auth: Flask, person: make.Person) -> None:
    protected = protect(auth, person)
    for _ in range(5):
        Api(auth, person.token).post(PATH, json={"code": protected.wrong()}, expect=401)

    Api(auth, person.token).post(PATH, json={"code": protected.recovery[0]}, expect=429)


def test_a_code_of_somebody_without_a_second_factor_is_refused(auth: Flask, person: make.Person) -> None:
    Api(auth, person.token).post(PATH, json={"code": "123456"}, expect=401)


@pytest.mark.parametrize("body", [{}, {"password": make.PASSWORD, "code": "123456"}])
def test_one_proof_is_given(auth: Flask, person: make.Person, body: dict[str, str]) -> None:
    problem = Api(auth, person.token).post(PATH, json=body, expect=422)

    assert [error["code"] for error in problem["errors"]] == ["one-proof"]
