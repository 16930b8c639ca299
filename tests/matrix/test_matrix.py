"""Every endpoint x role x kind of id answers as the table in `docs/access.md` says. The controls show what it finds."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response, jsonify

from chassis.errors import NotFound
from chassis.identity import allow, public
from chassis.service import build
from tests.api import Api
from tests.matrix.policy import NOBODY, REFUSED, endpoints, policy, without_line
from tests.matrix.walk import BODIES, Endpoint, deviations
from tests.matrix.world import MISSING, World

SERVICES = ("auth", "appointment", "prescription")
LINES = [(service, name) for service in SERVICES for name in policy(service)]


@pytest.fixture
def world(auth: Flask, appointment: Flask, prescription: Flask) -> World:
    return World(auth, appointment, prescription)


@pytest.mark.parametrize("service", SERVICES)
def test_every_endpoint_has_a_line_and_every_line_an_endpoint(request: pytest.FixtureRequest, service: str) -> None:
    app: Flask = request.getfixturevalue(service)

    assert without_line(app, service) == [], "add these lines to docs/access.md and tick who may"
    assert sorted(policy(service).keys() - endpoints(app)) == [], "these lines of docs/access.md have no endpoint"


@pytest.mark.parametrize(("service", "name"), LINES, ids=[f"{service}: {name}" for service, name in LINES])
def test_an_endpoint_answers_as_its_line_says(
    request: pytest.FixtureRequest, world: World, service: str, name: str
) -> None:
    app: Flask = request.getfixturevalue(service)
    if name == "GET /clinic/logo":
        give_a_logo(app, world)

    assert deviations(Endpoint(app, name, policy(service)[name]), world) == []


def give_a_logo(auth: Flask, world: World) -> None:
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    Api(auth, world.token("admin")).put("/clinic/logo", json={"media_type": "image/png", "data": dot})


@pytest.mark.parametrize("service", SERVICES)
def test_reading_a_head_or_asking_for_methods_opens_nothing(request: pytest.FixtureRequest, service: str) -> None:
    app: Flask = request.getfixturevalue(service)
    closed = {Endpoint(app, name, line).path for name, line in policy(service).items() if line[NOBODY] == REFUSED}
    public_too = {Endpoint(app, name, line).path for name, line in policy(service).items() if line[NOBODY] != REFUSED}
    for path in closed - public_too:
        assert Api(app).send("OPTIONS", path.replace("{}", MISSING)).status_code == 401
        assert Api(app).send("HEAD", path.replace("{}", MISSING)).status_code in {401, 405}


def test_bodies_are_only_for_endpoints_that_are_there() -> None:
    assert BODIES.keys() <= {name for _, name in LINES}


# The controls: the same walk over a service in which one view has a mistake.

READ = "GET /prescriptions/<id:prescription_id>"


def found_with(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, mistake: Callable[[Any], Any]) -> str:
    """What the walk says when the view of one prescription is this one instead."""
    view = app.view_functions["prescriptions.one"]
    monkeypatch.setitem(app.view_functions, "prescriptions.one", mistake(view))
    return "\n".join(deviations(Endpoint(app, READ, policy("prescription")[READ]), world))


def opened(view: Any, access: Callable[[Any], Any]) -> Any:
    return access(wraps(view)(lambda **given: view(**given)))


def test_a_view_open_to_everybody_would_be_found(
    prescription: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = found_with(prescription, world, monkeypatch, lambda view: opened(view, public))

    assert f"{READ} as nobody with another's id: " in found


@pytest.mark.parametrize(
    ("access", "who"),
    [
        (allow("patient", "doctor", "admin"), "admin"),
        (allow("patient", "doctor", unverified=True), "suspended"),
        (allow("patient", "doctor", unverified=True), "unverified"),
        (allow("patient"), "doctor"),
        (allow("doctor"), "patient"),
    ],
)
def test_a_role_too_many_or_too_few_would_be_found(
    prescription: Flask, world: World, monkeypatch: pytest.MonkeyPatch, access: Callable[[Any], Any], who: str
) -> None:
    found = found_with(prescription, world, monkeypatch, lambda view: opened(view, access))

    assert f"{READ} as {who} with " in found


def test_a_view_that_forgets_whose_record_it_is_would_be_found(
    prescription: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prescription_service.models import Prescription, db

    @allow("patient", "doctor")
    def anybodys(prescription_id: UUID) -> Response:
        return jsonify(notes=db.get_or_404(Prescription, prescription_id).notes)

    found = found_with(prescription, world, monkeypatch, lambda _: anybodys)

    for who in ("patient", "doctor"):
        assert f"{READ} as {who} with another's id" in found
    assert "as admin" not in found


def test_a_stranger_who_learns_that_there_is_something_would_be_found(
    prescription: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prescription_service.models import Prescription, db

    def telling(view: Any) -> Any:
        def told(prescription_id: UUID) -> Any:
            if db.session.get(Prescription, prescription_id) is None:
                raise NotFound("There is nothing here.")
            return view(prescription_id=prescription_id)

        return allow("patient", "doctor")(told)

    found = found_with(prescription, world, monkeypatch, telling)

    assert f"{READ} as patient with another's id, not as with none" in found


def test_an_endpoint_without_a_line_would_be_found(environment: dict[str, str]) -> None:
    from auth_service import signing_keys
    from auth_service.models import db
    from auth_service.settings import AuthSettings

    app = build("auth", "auth_service", AuthSettings(**environment), db, [], signing_keys.public_key)

    @app.get("/forgotten/<id:person_id>")
    @public
    def forgotten(person_id: UUID) -> str:
        return str(person_id)

    assert without_line(app, "auth") == ["| `GET /forgotten/<id:person_id>` | – | – | – | – | – | – |"]
