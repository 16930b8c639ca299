"""Nobody gets past a view that does not say who may. What the views say is walked in `tests/matrix/`."""

import pytest
from flask import Flask

from chassis.service import build
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome


@pytest.fixture(params=["auth", "appointment", "prescription"])
def service(request: pytest.FixtureRequest) -> tuple[str, Flask]:
    return request.param, request.getfixturevalue(request.param)


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
