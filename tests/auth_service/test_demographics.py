"""Who a patient is, told to our own programs only, and each look is noted."""

from uuid import uuid4

import pytest
from flask import Flask

from tests import make
from tests.api import Api


@pytest.fixture
def maya(auth: Flask) -> make.Person:
    return make.person(
        auth,
        first_name="Maya",
        last_name="Lindqvist",
        sex="female",
        address="1 High Street\nLeeds",
        birth_date="2019-03-05",
    )


def path(person: make.Person) -> str:
    return f"/auth/demographics/{person.id}"


def test_a_program_with_the_key_learns_who_a_patient_is(
    auth: Flask, environment: dict[str, str], maya: make.Person
) -> None:
    assert Api(auth, environment["SERVICE_KEY"]).get(path(maya)) == {
        "id": maya.id,
        "patient_id": maya.id,
        "family_name": "Lindqvist",
        "given_names": "Maya",
        "birth_date": "2019-03-05",
        "sex": "female",
        "address": "1 High Street\nLeeds",
    }
    (event,) = Api(auth, maya.token).get("/audit-events?others=true")["items"]
    assert (event["action"], event["actor_role"], event["record_id"]) == ("person.read", "service", maya.id)


@pytest.mark.parametrize("role", ["patient", "doctor", "admin"])
def test_no_persons_token_opens_it(auth: Flask, maya: make.Person, role: str) -> None:
    Api(auth, make.person(auth, role).token).get(path(maya), expect=403)
    Api(auth, maya.token).get(path(maya), expect=403)
    Api(auth).get(path(maya), expect=401)


def test_only_patients_have_an_address_to_print(auth: Flask, environment: dict[str, str]) -> None:
    program = Api(auth, environment["SERVICE_KEY"])

    for person in (make.person(auth, "doctor"), make.admin(auth)):
        program.get(path(person), expect=404)
    program.get(f"/auth/demographics/{uuid4()}", expect=404)
