"""One's own profile: what may be said, how it is kept, and what the record of access tells of it."""

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.recorded import told

EMPTY = {"sex": None, "address": "", "phone": "", "language": "en"}
ACCOUNT = {"password": make.PASSWORD, "first_name": "Pat", "last_name": "Ient"}


IMPOSSIBLE: list[tuple[str, object, str]] = [
    ("phone", "12", "phone"),
    ("phone", "0800 FLOWERS", "phone"),
    ("phone", "020 7946 0958 ext. 5", "phone"),
    ("phone", "020 7946 0958;phone-context=x", "phone"),
    ("phone", "０２０ ７９４６ ０９５８", "phone"),
    ("phone", "+999 123 456 789", "phone"),
    ("phone", "1" * 41, "too-long"),
    ("phone", "020\0 7946 0958", "characters"),
    ("phone", None, "string-type"),
    ("phone", 2079460958, "string-type"),
    ("language", "", "too-short"),
    ("language", "english", "language"),
    ("language", "xx", "language"),
    ("language", "en_GB", "language"),
    ("language", "en-", "language"),
    ("language", "e", "too-short"),
    ("language", "x-private", "language"),
    ("language", "en-" + "a" * 40, "too-long"),
    ("language", "ен", "language"),
    ("language", None, "string-type"),
    ("sex", "F", "not-a-choice"),
    ("sex", "", "not-a-choice"),
    ("sex", True, "not-a-choice"),
    ("address", "x" * 301, "too-long"),
    ("address", "1\n2\n3\n4\n5\n6", "too-many-lines"),
    ("address", "\u202ereversed", "characters"),
    ("address", "\u200b\u200b", "characters"),
    ("address", "nul\0", "characters"),
    ("address", "\ud800", "characters"),
    ("address", ["Here"], "string-type"),
    ("first_name", "", "too-short"),
    ("first_name", "x" * 201, "too-long"),
    ("last_name", "\u2067hidden", "characters"),
    ("birth_date", "2023-02-30", "date"),
    ("birth_date", "1850-01-01", "birth-date"),
    ("email", "other@example.com", "unknown-field"),
    ("password", "another Word 42", "unknown-field"),
    ("role", "admin", "unknown-field"),
    ("licence", {}, "unknown-field"),
]


def test_a_new_profile_says_nothing_that_nobody_said(auth: Flask) -> None:
    person = Api(auth).post(
        "/auth/register", json=ACCOUNT | {"email": "new@example.com", "role": "patient"}, expect=201
    )

    assert {name: person[name] for name in EMPTY} == EMPTY


def test_a_whole_profile_is_kept(auth: Flask) -> None:
    maya = make.person(auth)
    given = {
        "first_name": "Máire",
        "last_name": "Ní Dhónaill",
        "birth_date": "1988-03-14",
        "sex": "female",
        "address": "12 Mill Lane\nExampleton\nEX1 2AB",
        "phone": "+442079460958",
        "language": "ga",
    }

    changed = Api(auth, maya.token).patch("/auth/me", json=given)

    assert {name: changed[name] for name in given} == given
    assert Api(auth, maya.token).get("/auth/me") == changed


def test_what_was_said_can_be_taken_back(auth: Flask) -> None:
    maya = make.person(auth)
    Api(auth, maya.token).patch("/auth/me", json={"sex": "other", "address": "Here", "phone": "020 7946 0958"})

    changed = Api(auth, maya.token).patch(
        "/auth/me", json={"sex": None, "address": "", "phone": "", "birth_date": None}
    )

    assert (changed["sex"], changed["address"], changed["phone"], changed["birth_date"]) == (None, "", "", None)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("020 7946 0958", "+442079460958"),
        (" (020) 7946-0958 ", "+442079460958"),
        ("07700 900123", "+447700900123"),
        ("+46 70 123 45 67", "+46701234567"),
        ("0046 70 123 45 67", "+46701234567"),
    ],
)
def test_a_phone_number_is_kept_as_everybody_would_dial_it(auth: Flask, typed: str, kept: str) -> None:
    answer = Api(auth, make.person(auth).token).patch("/auth/me", json={"phone": typed})

    assert answer["phone"] == kept


def test_what_a_profile_cannot_hold_is_named(auth: Flask) -> None:
    maya = make.person(auth)
    before = Api(auth, maya.token).get("/auth/me")

    problems = [Api(auth, maya.token).patch("/auth/me", json={field: to}, expect=422) for field, to, _ in IMPOSSIBLE]

    found = [[(error["pointer"], error["code"]) for error in problem["errors"]] for problem in problems]
    assert found == [[(f"/{field}", code)] for field, _, code in IMPOSSIBLE]
    assert Api(auth, maya.token).get("/auth/me") == before
    assert told(auth, "person.change") == []


@pytest.mark.parametrize(("typed", "kept"), [("EN-gb", "en-GB"), ("pt-br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW")])
def test_a_language_is_kept_in_its_one_spelling(auth: Flask, typed: str, kept: str) -> None:
    assert Api(auth, make.person(auth).token).patch("/auth/me", json={"language": typed})["language"] == kept


def test_lines_of_an_address_end_in_one_way(auth: Flask) -> None:
    given = {"address": "  12 Mill Lane\r\nExampleton\rEX1 2AB\r\n"}

    assert (
        Api(auth, make.person(auth).token).patch("/auth/me", json=given)["address"]
        == "12 Mill Lane\nExampleton\nEX1 2AB"
    )


def test_the_record_of_access_tells_who_registered_and_changed_what_is_theirs(auth: Flask) -> None:
    Api(auth).post("/auth/register", json=ACCOUNT | {"email": "new@example.com", "role": "doctor"}, expect=201)
    maya = make.person(auth)
    Api(auth, maya.token).patch("/auth/me", json={"phone": "020 7946 0958"})

    (registered,), (changed,) = told(auth, "person.register"), told(auth, "person.change")

    assert registered.actor_id == registered.record_id
    assert (registered.actor_role, registered.actor_name, registered.patient_id) == ("doctor", "Dr Pat Ient", None)
    assert str(changed.actor_id) == str(changed.record_id) == str(changed.patient_id) == maya.id
    assert changed.request_id != "-"


def test_a_registration_that_is_refused_leaves_no_trace(auth: Flask) -> None:
    maya = make.person(auth)

    Api(auth).post("/auth/register", json=ACCOUNT | {"email": maya.email, "role": "patient"}, expect=409)

    assert told(auth, "person.register") == []


def test_a_doctor_may_name_a_licence_that_nobody_has_checked(auth: Flask) -> None:
    account = ACCOUNT | {"email": "doc@example.com", "role": "doctor"}
    account |= {"licence_number": "74 120-93a", "licence_register": "GMC"}

    doctor = Api(auth).post("/auth/register", json=account, expect=201)
    Api(auth).post("/auth/register", json=account | {"email": "doc2@example.com"}, expect=201)

    assert doctor["licence"] == {
        "state": "unverified",
        "number": "74120-93A",
        "register": "GMC",
        "checked_on": None,
        "reason": None,
    }


def test_a_licence_that_is_checked_for_somebody_else_is_taken(auth: Flask) -> None:
    checked = make.person(auth, "doctor")
    licence = Api(auth, checked.token).get("/auth/me")["licence"]
    account = ACCOUNT | {"email": "doc@example.com", "role": "doctor"}
    account |= {"licence_number": licence["number"], "licence_register": licence["register"]}

    assert Api(auth).post("/auth/register", json=account, expect=409)["code"] == "licence-taken"
    Api(auth).post("/auth/register", json=account | {"licence_register": "Läkare"}, expect=201)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"licence_number": "74<12>"}, "/licence_number", "licence-number"),
        ({"licence_number": "-"}, "/licence_number", "licence-number"),
        ({"licence_number": "7" * 31}, "/licence_number", "licence-number"),
        ({"licence_number": "7" * 51}, "/licence_number", "too-long"),
        ({"licence_number": ""}, "/licence_number", "too-short"),
        ({"licence_number": 7412093}, "/licence_number", "string-type"),
        ({"licence_number": "74\0"}, "/licence_number", "characters"),
        ({"licence_register": "x" * 101}, "/licence_register", "too-long"),
        ({"role": "patient", "licence_number": "7412093"}, "/licence_number", "doctors-only"),
        ({"role": "patient", "licence_register": "GMC"}, "/licence_register", "doctors-only"),
    ],
)
def test_a_licence_that_cannot_be_one_is_named(auth: Flask, change: dict[str, object], pointer: str, code: str) -> None:
    account = ACCOUNT | {"email": "doc@example.com", "role": "doctor"} | change

    problem = Api(auth).post("/auth/register", json=account, expect=422)

    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
