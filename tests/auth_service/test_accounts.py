"""Registering and reading one's own account."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests import make
from tests.api import Api

ACCOUNT = {
    "email": "patient@example.com",
    "password": "TestPass123",
    "role": "patient",
    "first_name": "Pat",
    "last_name": "Ient",
}
UNCHECKED = {"state": "unverified", "number": None, "register": None, "checked_on": None, "reason": None}


def test_a_patient_registers_and_signs_in(auth: Flask) -> None:
    person = Api(auth).post("/auth/register", json=ACCOUNT, expect=201)

    answer = Api(auth).post("/auth/login", json={"email": "Patient@Example.com ", "password": "TestPass123"})

    assert person["role"] == "patient"
    assert "password" not in str(person)
    assert answer["user"] == person
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 300
    assert Api(auth, answer["access_token"]).get("/auth/me") == person


def test_a_doctor_starts_unverified(auth: Flask) -> None:
    doctor = Api(auth).post("/auth/register", json=ACCOUNT | {"role": "doctor"}, expect=201)

    assert doctor["name"] == "Dr Pat Ient"
    assert doctor["licence"] == UNCHECKED


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"email": None}, "/email", "required"),
        ({"email": "no-at"}, "/email", "email"),
        ({"email": "two@@example.com"}, "/email", "email"),
        ({"email": "a" * 65 + "@example.com"}, "/email", "email"),
        ({"email": "nul\0@example.com"}, "/email", "characters"),
        ({"password": "short12"}, "/password", "too-short"),
        ({"password": "x" * 129}, "/password", "too-long"),
        ({"password": "patient@example.com"}, "/password", "password-guessable"),
        ({"password": "password123"}, "/password", "password-guessable"),
        ({"password": "nul\0nul\0nul"}, "/password", "characters"),
        ({"password": "\ud800\ud800\ud800\ud800\ud800\ud800\ud800\ud800"}, "/password", "characters"),
        ({"password": ["TestPass123"]}, "/password", "string-type"),
        ({"password": {"$ne": None}}, "/password", "string-type"),
        ({"role": "admin"}, "/role", "not-a-choice"),
        ({"first_name": ""}, "/first_name", "too-short"),
        ({"first_name": "x" * 201}, "/first_name", "too-long"),
        ({"last_name": "\u202eevil"}, "/last_name", "characters"),
        ({"last_name": "\u200b\u200b"}, "/last_name", "characters"),
        ({"birth_date": "2023-02-30"}, "/birth_date", "date"),
        ({"birth_date": "01/02/2000"}, "/birth_date", "date"),
        ({"birth_date": "1850-01-01"}, "/birth_date", "birth-date"),
        ({"birth_date": (make.clinic_day(2)).isoformat()}, "/birth_date", "birth-date"),
        ({"birth_date": 19880314}, "/birth_date", "date"),
        ({"is_admin": True}, "/is_admin", "unknown-field"),
    ],
)
def test_a_wrong_field_is_named(auth: Flask, change: dict[str, object], pointer: str, code: str) -> None:
    account = {name: value for name, value in (ACCOUNT | change).items() if value is not None}

    problem = Api(auth).post("/auth/register", json=account, expect=422)

    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]


def test_all_wrong_fields_are_named_at_once(auth: Flask) -> None:
    problem = Api(auth).post("/auth/register", json={"email": "x", "password": "y"}, expect=422)

    assert problem["code"] == "validation-error"
    assert {e["pointer"] for e in problem["errors"]} == {"/email", "/password", "/role", "/first_name", "/last_name"}


def test_one_address_registers_once_even_in_parallel(auth: Flask, environment: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: Api(auth).send("POST", "/auth/register", json=ACCOUNT).status_code, range(8)))

    # both the limit of two hashes at once and the constraint may answer, but one alone wins
    assert answers.count(201) == 1
    assert set(answers) <= {201, 409, 503}


def test_a_taken_address_is_a_conflict(auth: Flask) -> None:
    Api(auth).post("/auth/register", json=ACCOUNT, expect=201)

    problem = Api(auth).post("/auth/register", json=ACCOUNT | {"email": "PATIENT@example.com"}, expect=409)

    assert problem["code"] == "email-taken"


def test_one_address_has_one_spelling_and_a_tag_makes_another(auth: Flask) -> None:
    kept = [
        Api(auth).post("/auth/register", json=ACCOUNT | {"email": email}, expect=201)["email"]
        for email in ("  PATIENT@Example.COM ", "patient+tag@example.com", "pat.ient@example.com")
    ]

    assert kept == ["patient@example.com", "patient+tag@example.com", "pat.ient@example.com"]
    Api(auth).post("/auth/register", json=ACCOUNT | {"email": "patient@example.com."}, expect=422)


def test_a_lookalike_address_is_another_account(auth: Flask) -> None:
    Api(auth).post("/auth/register", json=ACCOUNT, expect=201)

    other = Api(auth).post("/auth/register", json=ACCOUNT | {"email": "pаtient@example.com"}, expect=201)

    assert other["email"] != ACCOUNT["email"]


def test_one_changes_ones_own_profile(auth: Flask) -> None:
    patient = make.person(auth)

    changed = Api(auth, patient.token).patch("/auth/me", json={"last_name": "Łukasz-Đorđe", "birth_date": "1988-03-14"})

    assert changed["last_name"] == "Łukasz-Đorđe"
    assert Api(auth, patient.token).get("/auth/me") == changed


def test_a_profile_change_cannot_touch_the_role(auth: Flask) -> None:
    patient = make.person(auth)

    problem = Api(auth, patient.token).patch("/auth/me", json={"role": "admin"}, expect=422)

    assert problem["code"] == "unknown-field"


def test_a_name_cannot_be_taken_away(auth: Flask) -> None:
    patient = make.person(auth)

    Api(auth, patient.token).patch("/auth/me", json={"first_name": None}, expect=422)
