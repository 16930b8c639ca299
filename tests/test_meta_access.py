"""Every endpoint of every service refuses without a token, unless it is on the list here."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from chassis.service import build
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome

OPEN_EVERYWHERE = {
    "GET /health",
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/start.js",
    "GET /docs/swagger-ui.css",
    "GET /docs/swagger-ui-bundle.js",
    "GET /docs/favicon-32x32.png",
}
OPEN = {
    "auth": {
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/login/second-factor",
        "POST /auth/refresh",
        "POST /auth/logout",
        "POST /auth/validate-token",
        "GET /auth/revocations",
        "POST /auth/password-resets",
        "POST /auth/links/password",
        "POST /auth/links/email",
        "GET /.well-known/jwks.json",
        "GET /auth/verified-doctors",
        "GET /clinic",
        "GET /clinic/logo",
    },
    "appointment": {"GET /doctors", "GET /doctors/<id:doctor_id>"},
    "prescription": set(),
}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(params=OPEN)
def service(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    return request.param, request.getfixturevalue(request.param)


def endpoints(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Method, rule and a path that the rule matches, for every endpoint."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule, re.sub(r"<[^>]+>", UNKNOWN, rule.rule)


def test_every_endpoint_refuses_without_a_token_unless_it_is_listed(service: tuple[str, Flask]) -> None:
    name, app = service
    asked = {f"{method} {rule}": outcome(Api(app).send(method, path)) for method, rule, path in endpoints(app)}

    refused = {endpoint for endpoint, found in asked.items() if found == (401, "token-missing")}

    assert asked.keys() - refused == OPEN_EVERYWHERE | OPEN[name]
    assert len(refused) > 1


def test_reading_a_head_or_asking_for_methods_opens_nothing(service: tuple[str, Flask]) -> None:
    name, app = service
    for method, rule, path in endpoints(app):
        if f"{method} {rule}" not in OPEN_EVERYWHERE | OPEN[name]:
            assert Api(app).send("OPTIONS", path).status_code == 401
            assert Api(app).send("HEAD", path).status_code in {401, 405}


def test_every_view_says_who_may_call_it(service: tuple[str, Flask]) -> None:
    _, app = service
    silent = {endpoint for endpoint, view in app.view_functions.items() if not hasattr(view, "access")}

    assert silent == set()


def test_a_view_that_forgets_to_say_so_is_closed_to_everybody(environment: dict[str, str], auth: Flask) -> None:
    from auth_service import signing_keys
    from auth_service.models import db
    from auth_service.settings import AuthSettings

    app = build("auth", "auth_service", AuthSettings(**environment), db, [], signing_keys.public_key)

    @app.get("/forgotten")
    def forgotten() -> str:
        return "open to all"

    assert not hasattr(app.view_functions["forgotten"], "access")
    assert outcome(Api(app).send("GET", "/forgotten")) == (401, "token-missing")
    for role in ("patient", "doctor"):
        assert outcome(Api(app, make.person(auth, role).token).send("GET", "/forgotten")) == (404, "not-found")
    assert outcome(Api(app, make.admin(auth).token).send("GET", "/forgotten")) == (404, "not-found")


def test_everybody_is_refused_what_is_not_theirs_by_role(service: tuple[str, Flask], auth: Flask) -> None:
    _, app = service
    people = {"patient": make.person(auth), "doctor": make.person(auth, "doctor"), "admin": make.admin(auth)}
    for method, rule, path in endpoints(app):
        access = next(
            app.view_functions[r.endpoint].access  # type: ignore[attr-defined]
            for r in app.url_map.iter_rules()
            if r.rule == rule and method in (r.methods or set())
        )
        for role, person in people.items() if access != "public" else ():
            status, code = outcome(Api(app, person.token).send(method, path))
            assert (code == "forbidden") == (role not in access[0]), (method, rule, role, status)
