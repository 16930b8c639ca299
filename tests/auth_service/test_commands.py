"""The command line of the auth service."""

import pytest
from flask import Flask

from auth_service import create_app
from auth_service.settings import AuthSettings
from tests import make
from tests.api import Api

LICENCE = ["--number", "741 2093", "--register", "GMC"]


def test_the_first_admin_is_made_on_the_command_line(auth: Flask) -> None:
    made = auth.test_cli_runner().invoke(
        args=["create-admin", "root@example.com", "Ada", "Admin", "--password", make.PASSWORD]
    )

    assert made.exit_code == 0, made.output
    admin = make.sign_in(auth, "root@example.com")
    assert Api(auth, admin.token).get("/auth/me")["role"] == "admin"


def test_a_doctor_is_verified_on_the_command_line(auth: Flask) -> None:
    make.person(auth, "doctor", verified=False, email="new@example.com")

    done = auth.test_cli_runner().invoke(
        args=["verify-doctor", "new@example.com", *LICENCE, "--checked-on", "2026-11-02"]
    )

    assert done.exit_code == 0, done.output
    doctor = make.sign_in(auth, "new@example.com")
    licence = Api(auth, doctor.token).get("/auth/me")["licence"]
    assert (licence["state"], licence["number"], licence["register"]) == ("verified", "7412093", "GMC")
    assert licence["checked_on"] == "2026-11-02"


@pytest.mark.parametrize(
    ("email", "given", "said"),
    [
        ("no@example.com", LICENCE, "no doctor"),
        ("patient@example.com", LICENCE, "not a doctor"),
        ("checked@example.com", LICENCE, "already verified"),
        ("new@example.com", [*LICENCE, "--checked-on", "2026-11-31"], "checked_on: There is no such date"),
        ("new@example.com", ["--number", "?", "--register", "GMC"], "number: Write the number"),
    ],
)
def test_the_command_line_keeps_to_the_same_rules(auth: Flask, email: str, given: list[str], said: str) -> None:
    make.person(auth, email="patient@example.com")
    make.person(auth, "doctor", email="checked@example.com")
    make.person(auth, "doctor", verified=False, email="new@example.com")

    done = auth.test_cli_runner().invoke(args=["verify-doctor", email, *given])

    assert done.exit_code == 1
    assert said in done.output


def test_demo_people_sign_in_and_may_be_made_again(auth: Flask) -> None:
    for _ in range(2):
        assert auth.test_cli_runner().invoke(args=["demo"]).exit_code == 0

    assert Api(auth, make.sign_in(auth, "maya@example.com").token).get("/auth/me")["name"] == "Maya Lindqvist"


def test_production_refuses_demo_people(environment: dict[str, str], auth: Flask) -> None:
    app = create_app(AuthSettings(**{**environment, "ENVIRONMENT": "production", "environment": "production"}))

    refused = app.test_cli_runner().invoke(args=["demo"])

    assert refused.exit_code == 1
    assert "never made in production" in refused.output
    Api(auth).post("/auth/login", json={"email": "maya@example.com", "password": make.PASSWORD}, expect=401)
