"""The database goes away under a service: 503 within its bound, nothing said of why, and back by itself."""

import contextlib
import time
from collections.abc import Callable, Iterator

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from appointment_service import create_app as create_appointment
from appointment_service.models import db
from appointment_service.settings import AppointmentSettings
from auth_service import create_app as create_auth
from auth_service.settings import AuthSettings
from prescription_service import create_app as create_prescription
from prescription_service.settings import PrescriptionSettings
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome
from tests.conftest import in_process
from tests.faults.proxy import Proxy, proxy

BOUND = 2.5
SECONDS_TO_RECOVER = 10


@pytest.fixture
def wire(environment: dict[str, str]) -> Iterator[Proxy]:
    """A wire to the database that can be cut."""
    with proxy(make_url(environment["ADMIN_URL"]).port or 0) as running:
        yield running


@pytest.fixture
def behind(environment: dict[str, str], wire: Proxy, auth: Flask, prescription: Flask) -> Iterator[dict[str, Flask]]:
    """The services at the end of that wire: one asks the database of the person too, the others for their own sake."""

    def moved(name: str) -> dict[str, str]:
        url = make_url(environment[name]).set(port=wire.port)
        return environment | {name: url.render_as_string(hide_password=False)}

    services = {
        "auth": create_auth(AuthSettings(**moved("AUTH_DATABASE_URL"))),
        "appointment": create_appointment(
            AppointmentSettings(**moved("APPOINTMENT_DATABASE_URL")), in_process("auth", auth)
        ),
        "prescription": create_prescription(
            PrescriptionSettings(**moved("PRESCRIPTION_DATABASE_URL")), in_process("auth", auth)
        ),
    }
    yield services
    for app in services.values():
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


ASKED = {"auth": "/auth/me", "appointment": "/appointments", "prescription": "/prescriptions"}


def ask(behind: dict[str, Flask], name: str, token: str) -> tuple[int, str]:
    began = time.monotonic()
    answer = Api(behind[name], token).send("GET", ASKED[name])
    assert time.monotonic() - began < BOUND, name
    if answer.status_code == 503:
        assert answer.headers["Retry-After"] == "5"
        assert answer.get_json()["service"] == "database"
        assert "127.0.0.1" not in answer.get_data(as_text=True)
    return outcome(answer)


def recovers(behind: dict[str, Flask], name: str, token: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_RECOVER
    while ask(behind, name, token) != (200, "-"):
        assert time.monotonic() < deadline, f"{name} did not recover"


@pytest.mark.parametrize("gone", [Proxy.refuse, Proxy.hole], ids=["stopped", "black hole"])
@pytest.mark.parametrize("name", ASKED)
def test_a_service_whose_database_is_gone_says_so_in_time_and_comes_back(
    behind: dict[str, Flask], wire: Proxy, doctor: make.Person, name: str, gone: Callable[[Proxy], None]
) -> None:
    assert ask(behind, name, doctor.token) == (200, "-")
    assert Api(behind[name]).get("/health") == {"status": "ok", "service": name}

    gone(wire)

    # first on a connection that was kept, then on one that cannot be made
    assert [ask(behind, name, doctor.token) for _ in range(2)] == [(503, "unavailable")] * 2
    for path in ("/health", "/health/ready"):
        health = Api(behind[name]).send("GET", path)
        assert outcome(health) == (503, "unavailable")
        assert health.headers["Retry-After"]
        assert health.get_json()["service"] == "database"
    assert Api(behind[name]).get("/health/live") == {"status": "ok", "service": name}, "a restart would not help"

    wire.restore()

    recovers(behind, name, doctor.token)


def test_a_database_that_falls_silent_in_the_middle_of_a_request_is_not_waited_for(
    behind: dict[str, Flask], wire: Proxy
) -> None:
    app = behind["appointment"]

    @app.get("/cut-here")
    def cut_here() -> str:
        db.session.execute(text("SELECT 1"))
        wire.hole()
        db.session.execute(text("SELECT 2"))
        return "never"

    app.view_functions["cut_here"].access = "public"  # type: ignore[attr-defined]
    began = time.monotonic()
    answer = Api(app).send("GET", "/cut-here")

    assert outcome(answer) == (503, "unavailable")
    assert time.monotonic() - began < BOUND


def test_a_connection_that_dies_behind_the_answer_costs_nobody_the_answer(
    behind: dict[str, Flask], wire: Proxy
) -> None:
    app = behind["appointment"]

    @app.get("/read-and-cut")
    def read_and_cut() -> str:
        found = db.session.scalar(text("SELECT 'what was asked'"))
        wire.refuse()
        return str(found)

    app.view_functions["read_and_cut"].access = "public"  # type: ignore[attr-defined]
    for _ in range(7):  # more often than there are connections
        assert Api(app).send("GET", "/read-and-cut").get_data(as_text=True) == "what was asked"
        wire.restore()


@pytest.mark.parametrize("name", ASKED)
def test_connections_that_the_database_closed_are_replaced_unnoticed(
    behind: dict[str, Flask], environment: dict[str, str], doctor: make.Person, name: str
) -> None:
    assert ask(behind, name, doctor.token) == (200, "-")

    with contextlib.closing(psycopg2.connect(environment["ADMIN_URL"])) as admin, admin.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = %s", (name,)
        )
        assert (cursor.fetchone() or (0,))[0] > 0

    assert ask(behind, name, doctor.token) == (200, "-")


def test_a_service_with_no_connection_left_says_so_in_time(behind: dict[str, Flask], doctor: make.Person) -> None:
    app = behind["appointment"]
    with app.app_context(), contextlib.ExitStack() as held:
        pool = db.engine.pool
        for _ in range(pool.size()):  # type: ignore[attr-defined]
            held.enter_context(db.engine.connect())
        assert ask(behind, "appointment", doctor.token) == (503, "unavailable")

    assert ask(behind, "appointment", doctor.token) == (200, "-")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT pg_sleep(60)", (503, "unavailable")),
        ("SELECT 1/0", (500, "internal-error")),
        ("SELECT no_such_column", (500, "internal-error")),
    ],
)
def test_only_a_database_that_is_busy_or_out_is_unavailable(
    behind: dict[str, Flask], statement: str, expected: tuple[int, str]
) -> None:
    app = behind["appointment"]

    @app.get("/ask")
    def ask_it() -> str:
        db.session.execute(text(statement))
        return "done"

    app.view_functions["ask_it"].access = "public"  # type: ignore[attr-defined]
    began = time.monotonic()
    answer = Api(app).send("GET", "/ask")

    assert outcome(answer) == expected
    assert "no_such_column" not in answer.get_data(as_text=True)
    assert time.monotonic() - began < BOUND
