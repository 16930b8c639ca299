"""Requests that are odd before anybody looks at what they say."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from flask import Flask

from appointment_service import create_app
from appointment_service.settings import AppointmentSettings
from tests import make
from tests.api import Api
from tests.chassis.conftest import Service, outcome
from tests.conftest import in_process


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the programs of this process write to their log while the test runs."""
    logger = logging.getLogger("chassis")
    stream = io.StringIO()
    before = logger.handlers[0].setStream(stream)  # type: ignore[attr-defined]
    yield stream
    logger.handlers[0].setStream(before)  # type: ignore[attr-defined]


def test_a_method_that_is_not_offered_is_refused_with_those_that_are(
    services: list[Service], doctor: make.Person
) -> None:
    for service in services:
        for method in ("DELETE", "TRACE", "TRACK", "CONNECT", "PROPFIND", "BREW"):
            answer = Api(service.app, doctor.token).send(method, service.reads)
            assert outcome(answer) == (405, "method-not-allowed"), (service.name, method)
            assert "GET" in answer.headers["Allow"]


def test_get_and_post_are_not_the_same(auth: Flask, services: list[Service]) -> None:
    for path in ("/auth/login", "/auth/register", "/auth/refresh", "/auth/logout", "/auth/validate-token"):
        answer = Api(auth).send("GET", path)
        assert outcome(answer) == (405, "method-not-allowed")
        assert "POST" in answer.headers["Allow"]
    for service in services:
        for path in ("/health", "/docs", "/openapi.json"):
            assert outcome(Api(service.app).send("POST", path)) == (405, "method-not-allowed")
    assert outcome(Api(auth).send("POST", "/.well-known/jwks.json")) == (405, "method-not-allowed")


@pytest.mark.parametrize(
    "change",
    ["{}/", "{}.", "{}%00", "{};jsessionid=1", "/{}", "{}//", "{}/..%2f", "{}%20", "/static/x", "{}.json", "/%ff"],
)
def test_a_path_spelled_otherwise_is_no_path(services: list[Service], doctor: make.Person, change: str) -> None:
    for service in services:
        answer = Api(service.app, doctor.token).send("GET", change.format(service.reads))
        assert outcome(answer) == (404, "not-found"), (service.name, answer.headers.get("Location"))


@pytest.mark.parametrize(
    "spelling",
    ["{{{}}}", "urn:uuid:{}", "{}0", " {}", "UPPER", "dashless", "%00", "..%2f..%2fadmin", "1", "a" * 3_000],
)
def test_an_id_in_another_spelling_is_no_such_thing(
    auth: Flask, appointment: Flask, prescription: Flask, spelling: str
) -> None:
    patient, doctor = make.person(auth), make.doctor(auth, appointment)
    booked = make.appointment(appointment, patient, doctor)
    written = make.prescription(prescription, doctor, booked["id"])
    for app, path, one in (
        (appointment, "/appointments/", booked["id"]),
        (appointment, "/doctors/", doctor.id),
        (prescription, "/prescriptions/", written["id"]),
    ):
        other = {"UPPER": one.upper(), "dashless": one.replace("-", "")}.get(spelling, spelling.format(one))
        assert Api(app, patient.token).send("GET", path + one).status_code == 200
        if other != one:
            assert outcome(Api(app, patient.token).send("GET", path + other)) == (404, "not-found")


@pytest.mark.parametrize("accept", ["*/*;q=0", "application/json;q=0", "application/xml", "image/gif"])
def test_an_answer_nobody_wants_is_not_given(services: list[Service], doctor: make.Person, accept: str) -> None:
    for service in services:
        answer = service.read(doctor.token, headers={"Accept": accept})
        assert outcome(answer) == (406, "not-acceptable")


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/json", "application/*", "text/html,*/*;q=0.1", ";;;", "x" * 8_000]
)
def test_every_usual_wish_is_met(services: list[Service], doctor: make.Person, accept: str) -> None:
    for service in services:
        assert service.read(doctor.token, headers={"Accept": accept}).status_code in {200, 406}
        if "*" in accept or "json" in accept:
            assert service.read(doctor.token, headers={"Accept": accept}).status_code == 200


NOT_ONE_TO_A_HUNDRED = ["-1", "0", "101", "1e2", "1e9", "abc", "１", "", "1.0", "%00", "+1", "1_0", " 1", "9" * 5_000]


@pytest.mark.parametrize(
    "query", [*(f"limit={n}" for n in NOT_ONE_TO_A_HUNDRED), "limit=1&limit=2", "sort=password_hash", "page=2"]
)
def test_a_query_that_is_not_understood_is_refused(
    appointment: Flask, prescription: Flask, doctor: make.Person, query: str
) -> None:
    for app, path in ((appointment, "/appointments"), (appointment, "/doctors"), (prescription, "/prescriptions")):
        answer = Api(app, doctor.token).send("GET", f"{path}?{query}")
        status, code = outcome(answer)
        assert (status, code) in {(422, "validation-error"), (422, "unknown-field")}, (path, code)


def test_a_request_id_is_taken_over_when_it_is_harmless(services: list[Service]) -> None:
    for service in services:
        answer = service.read(None, headers={"X-Request-Id": "order-2027.03_10"})
        assert answer.headers["X-Request-Id"] == answer.get_json()["request_id"] == "order-2027.03_10"


@pytest.mark.parametrize(
    "given",
    ["x" * 4_000, "short", "", "a b c d e f", "\x1b[31mredredred", "ünïcödéé", '","level":"ERROR', "id\t12345678"],
)
def test_any_other_request_id_is_replaced_and_never_logged(
    services: list[Service], log: io.StringIO, given: str
) -> None:
    for service in services:
        answer = service.read(None, headers={"X-Request-Id": given.encode().decode("latin-1")})
        assert answer.headers["X-Request-Id"] != given
        assert answer.headers["X-Request-Id"].isalnum()

    lines = log.getvalue().splitlines()
    assert len(lines) == len(services)
    for line in lines:
        said = json.loads(line)
        assert said["level"] == "INFO"
        assert said["request_id"].isalnum()


def test_the_log_says_which_route_and_never_what_was_asked(
    services: list[Service], doctor: make.Person, log: io.StringIO
) -> None:
    for service in services:
        service.read(doctor.token, path=f"{service.reads}?cursor=Maya-Lindqvist")
        service.write(doctor.token, json={"Maya": "Lindqvist"})
        service.read(doctor.token, path="/people/Maya-Lindqvist")

    said = log.getvalue()
    asked = [json.loads(line)["route"] for line in said.splitlines()]
    assert len([route for route in asked if route != "/auth/validate-token"]) == 9  # which services ask before a write
    assert "Lindqvist" not in said
    assert doctor.token not in said
    assert '"route": "/appointments"' in said


def test_no_other_host_is_answered_once_hosts_are_named(environment: dict[str, str], auth: Flask) -> None:
    settings = AppointmentSettings(**environment, trusted_hosts="clinic.example, 127.0.0.1")
    app = create_app(settings, in_process("auth", auth))

    found = {
        host: outcome(Api(app).send("GET", "/health", headers={"Host": host}))
        for host in ("clinic.example", "127.0.0.1:8002", "evil.test", "clinic.example.evil.test", "", "a b", "x:y@evil")
    }

    good = found.pop("clinic.example"), found.pop("127.0.0.1:8002")
    assert good == ((200, "-"), (200, "-"))
    assert set(found.values()) == {(400, "bad-request")}


def test_nothing_is_shared_with_other_origins(services: list[Service], doctor: make.Person) -> None:
    headers = {"Origin": "null", "Cookie": f"access_token={doctor.token}; session=x"}

    for service in services:
        without = service.read(None, headers=headers)
        with_token = service.read(doctor.token, headers=headers)
        assert outcome(without) == (401, "token-missing")
        assert not [name for name, _ in with_token.headers if name.startswith("Access-Control")]
        assert "Set-Cookie" not in with_token.headers


def test_answers_about_people_are_not_kept_and_not_guessed_at(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        for answer in (service.read(doctor.token), service.read(None), service.read(doctor.token, path="/nothing")):
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_high_bytes_in_any_header_harm_nobody(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        for name in (
            "Accept",
            "Accept-Language",
            "X-Request-Id",
            "Cookie",
            "Idempotency-Key",
            "If-Match",
            "Host",
            "Range",
        ):
            answer = service.read(doctor.token, headers={name: "\xff\x80é"})
            assert answer.status_code < 500, (service.name, name)
        assert outcome(service.read(None, headers={"Authorization": "Bearer \xff\x80"})) == (401, "token-invalid")
