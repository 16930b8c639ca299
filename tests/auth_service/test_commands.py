"""The command line of the auth service."""

from flask import Flask

from auth_service import create_app
from auth_service.settings import AuthSettings
from tests import make
from tests.api import Api


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
        args=["verify-doctor", "new@example.com", "--number", "1", "--register", "GMC"]
    )

    assert done.exit_code == 0, done.output
    doctor = make.sign_in(auth, "new@example.com")
    assert Api(auth, doctor.token).get("/auth/me")["licence"] == {"state": "verified", "number": "1", "register": "GMC"}


def test_nobody_is_verified_by_a_wrong_address(auth: Flask) -> None:
    done = auth.test_cli_runner().invoke(args=["verify-doctor", "no@example.com", "--number", "1", "--register", "GMC"])

    assert done.exit_code == 1
    assert "no doctor" in done.output


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
