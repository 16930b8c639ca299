"""Where somebody gets mail is told to our own programs only, and each look is noted."""

from uuid import uuid4

import pytest
from flask import Flask

from auth_service.settings import AuthSettings
from tests import make
from tests.api import Api
from tests.chassis.conftest import outcome

KEY = "the-key-that-our-own-programs-share"


def contact_of(person: make.Person) -> str:
    return f"/auth/contacts/{person.id}"


@pytest.fixture(scope="module")
def keyless(environment: dict[str, str], auth: Flask) -> Flask:
    """The service as it runs where nobody has set `SERVICE_KEY`."""
    from auth_service import create_app

    return create_app(AuthSettings(**{**environment, "SERVICE_KEY": ""}))


@pytest.fixture
def maya(auth: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", language="sv")


def test_a_program_with_the_key_learns_where_somebody_gets_mail_and_no_more(
    auth: Flask, environment: dict[str, str], maya: make.Person
) -> None:
    found = Api(auth, environment["SERVICE_KEY"]).get(contact_of(maya))

    assert found == {"id": maya.id, "role": "patient", "email": maya.email, "language": "sv", "active": True}


def test_each_look_is_noted_where_the_patient_reads_it(
    auth: Flask, environment: dict[str, str], maya: make.Person
) -> None:
    Api(auth, environment["SERVICE_KEY"]).get(contact_of(maya))
    Api(auth, environment["SERVICE_KEY"]).get(f"/auth/contacts/{uuid4()}", expect=404)

    (event,) = Api(auth, maya.token).get("/audit-events?others=true")["items"]
    assert (event["action"], event["outcome"], event["record_id"]) == ("contact.read", "done", maya.id)
    assert (event["actor_id"], event["actor_role"]) == (None, "service")
    refused = Api(auth, make.admin(auth).token).get("/audit-events?outcome=refused")["items"]
    assert [one["action"] for one in refused] == ["contact.read"]


@pytest.mark.parametrize("role", ["patient", "doctor", "admin"])
def test_no_persons_token_opens_it_not_even_for_oneself(auth: Flask, role: str) -> None:
    person = make.person(auth, role)

    assert outcome(Api(auth, person.token).send("GET", contact_of(person))) == (403, "forbidden")


@pytest.mark.parametrize("wrong", [KEY[:-1], KEY + "x", KEY.upper(), " ", "ÿ", ""])
def test_any_other_key_is_no_key(auth: Flask, maya: make.Person, wrong: str) -> None:
    answer = Api(auth).send("GET", contact_of(maya), headers={"Authorization": f"Bearer {wrong}"})

    assert answer.status_code == 401


def test_the_key_opens_nothing_else(auth: Flask, environment: dict[str, str], maya: make.Person) -> None:
    program = Api(auth, environment["SERVICE_KEY"])

    for path in ("/auth/me", "/auth/me/export", "/people", f"/people/{maya.id}", "/audit-events"):
        assert outcome(program.send("GET", path)) == (403, "forbidden"), path
    assert outcome(program.send("POST", "/auth/me/close", json={})) == (403, "forbidden")


@pytest.mark.parametrize("sent", ["", KEY, "x" * 32])
def test_without_a_key_of_its_own_it_refuses_everybody(keyless: Flask, maya: make.Person, sent: str) -> None:
    answer = Api(keyless).send("GET", contact_of(maya), headers={"Authorization": f"Bearer {sent}"})

    assert answer.status_code == 401
    assert Api(keyless).get("/health")["status"] == "ok"


def test_who_is_locked_out_is_not_active_and_a_closed_account_is_not_there(
    auth: Flask, environment: dict[str, str], maya: make.Person
) -> None:
    program, admin = Api(auth, environment["SERVICE_KEY"]), Api(auth, make.admin(auth).token)
    admin.post(f"/people/{maya.id}/disable")

    assert program.get(contact_of(maya))["active"] is False
    admin.post(f"/people/{maya.id}/enable")
    Api(auth, make.sign_in(auth, maya.email).token).post("/auth/me/close", json={"password": make.PASSWORD}, expect=204)
    missing = program.send("GET", f"/auth/contacts/{uuid4()}", headers={"X-Request-Id": "the-same-for-both"})
    closed = program.send("GET", contact_of(maya), headers={"X-Request-Id": "the-same-for-both"})

    assert (closed.status_code, closed.get_data()) == (404, missing.get_data())


def test_a_key_that_is_too_short_is_named_at_start(environment: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"(?i)service_key"):
        AuthSettings(**{**environment, "SERVICE_KEY": "short"})


def test_no_print_of_the_settings_shows_the_key(environment: dict[str, str]) -> None:
    assert environment["SERVICE_KEY"] not in repr(AuthSettings(**environment))
