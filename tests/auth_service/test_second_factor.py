"""Proving oneself twice: setting an authenticator up, signing in with its codes, and what is refused."""

import base64
import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg2
import pyotp
import pytest
from flask import Flask

from auth_service import challenges, codes, create_app
from auth_service.models import SecondFactor, db
from auth_service.settings import AuthSettings
from chassis import clock
from tests import make
from tests.api import Api


@dataclass(frozen=True)
class Protected(make.Person):
    """Somebody with a second factor, and what they hold."""

    authenticator: pyotp.TOTP
    recovery: list[str]

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows so many steps from now."""
        return self.authenticator.at(clock.now(), counter_offset=steps)

    def wrong(self) -> str:
        """A code that it does not show around now."""
        around = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in map("{:06}".format, range(9)) if code not in around)


@pytest.fixture
def person(auth: Flask) -> Protected:
    """A patient with a second factor."""
    return protect(auth, make.person(auth))


def protect(auth: Flask, person: make.Person) -> Protected:
    authenticator = propose(auth, person)
    recovery = confirm(auth, person, authenticator.at(clock.now()))["recovery_codes"]
    return Protected(**vars(person), authenticator=authenticator, recovery=recovery)


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


def propose(auth: Flask, person: make.Person) -> pyotp.TOTP:
    """An authenticator that is scanned and not yet confirmed."""
    proposed = Api(auth, person.token).post("/auth/me/second-factor", json={"password": make.PASSWORD}, expect=201)
    found = pyotp.parse_uri(proposed["uri"])
    assert isinstance(found, pyotp.TOTP)
    assert found.secret == proposed["secret"]
    assert found.name == person.email
    return found


def confirm(auth: Flask, person: make.Person, code: str, expect: int = 200) -> Any:
    return Api(auth, person.token).post("/auth/me/second-factor/confirm", json={"code": code}, expect=expect)


def asked(auth: Flask, person: make.Person) -> str:
    """The challenge after a right password."""
    problem = Api(auth).post("/auth/login", json={"email": person.email, "password": make.PASSWORD}, expect=401)
    assert (problem["code"], problem["expires_in"]) == ("second-factor-required", 300)
    challenge: str = problem["challenge"]
    return challenge


def answer(auth: Flask, challenge: str, code: str, expect: int = 200) -> Any:
    return Api(auth).post("/auth/login/second-factor", json={"challenge": challenge, "code": code}, expect=expect)


def status(auth: Flask, challenge: str, code: str) -> int:
    body = {"challenge": challenge, "code": code}
    return Api(auth).send("POST", "/auth/login/second-factor", json=body).status_code


def test_a_code_is_asked_for_once_an_authenticator_is_confirmed(auth: Flask) -> None:
    patient = make.person(auth)
    authenticator = propose(auth, patient)
    make.sign_in(auth, patient.email)  # a proposed one asks for nothing yet
    recovery = confirm(auth, patient, authenticator.at(clock.now()))["recovery_codes"]

    signed_in = answer(auth, asked(auth, patient), authenticator.at(clock.now(), counter_offset=1))

    assert len(set(recovery)) == 10
    assert signed_in["user"]["second_factor"] == "on"
    assert Api(auth, signed_in["access_token"]).get("/auth/me/second-factor") == {
        "state": "on",
        "recovery_codes_left": 10,
    }


def test_how_somebody_signed_in_stands_in_the_token(auth: Flask, person: Protected) -> None:
    alone = make.person(auth)
    signed_in = answer(auth, asked(auth, person), person.code(1))

    assert claims(alone.token)["amr"] == ["pwd"]
    assert claims(signed_in["access_token"])["amr"] == ["pwd", "otp"]
    renewed = Api(auth).post("/auth/refresh", json={"refresh_token": signed_in["refresh_token"]})
    assert claims(renewed["access_token"])["amr"] == ["pwd", "otp"]


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_off_by_one_step(auth: Flask, steps: int) -> None:
    patient, now = make.person(auth), clock.now()
    authenticator = propose(auth, patient)

    with clock.set_to(now):
        confirm(auth, patient, authenticator.at(now, counter_offset=steps))


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_may_not_be_off_by_more(auth: Flask, steps: int) -> None:
    patient, now = make.person(auth), clock.now()
    authenticator = propose(auth, patient)

    with clock.set_to(now):
        problem = confirm(auth, patient, authenticator.at(now, counter_offset=steps), expect=401)

    assert problem["code"] == "second-factor-refused"


def test_a_code_is_taken_once_and_older_ones_never_again(auth: Flask, person: Protected) -> None:
    now = clock.now()
    with clock.set_to(now):
        answer(auth, asked(auth, person), person.code(1))
        for steps in (1, 0, -1):
            problem = answer(auth, asked(auth, person), person.code(steps), expect=401)
            assert problem["code"] == "second-factor-refused"
    with clock.set_to(now + timedelta(minutes=1)):
        answer(auth, asked(auth, person), person.code(0))


def test_a_code_may_be_typed_in_groups(auth: Flask, person: Protected) -> None:
    code = person.code(1)

    answer(auth, asked(auth, person), f" {code[:3]} {code[3:]} ")


def test_a_recovery_code_opens_once(auth: Flask, person: Protected) -> None:
    other = protect(auth, make.person(auth))
    code = person.recovery[0]

    assert answer(auth, asked(auth, other), code, expect=401)["code"] == "second-factor-refused"
    signed_in = answer(auth, asked(auth, person), code.lower().replace("-", " "))
    assert answer(auth, asked(auth, person), code, expect=401)["code"] == "second-factor-refused"

    assert Api(auth, signed_in["access_token"]).get("/auth/me/second-factor")["recovery_codes_left"] == 9


def test_recovery_codes_are_too_many_to_guess(person: Protected) -> None:
    letters = {len(code.replace("-", "")) for code in person.recovery}

    assert min(letters) * math.log2(len(codes.LETTERS)) >= 80
    assert len(set(person.recovery)) == 10


def test_new_recovery_codes_replace_the_old_ones(auth: Flask, person: Protected) -> None:
    path, body = "/auth/me/second-factor/recovery-codes", {"password": make.PASSWORD}
    fresh = Api(auth, person.token).post(path, json=body)["recovery_codes"]

    answer(auth, asked(auth, person), person.recovery[1], expect=401)
    answer(auth, asked(auth, person), fresh[1])

    assert not set(fresh) & set(person.recovery)


def test_a_challenge_stays_after_a_wrong_code_and_goes_with_the_right_one(auth: Flask, person: Protected) -> None:
    challenge = asked(auth, person)

    assert answer(auth, challenge, person.wrong(), expect=401)["code"] == "second-factor-refused"
    answer(auth, challenge, person.code(1))

    assert answer(auth, challenge, person.recovery[0], expect=401)["code"] == "challenge-expired"
    assert Api(auth, person.token).get("/auth/me/second-factor")["recovery_codes_left"] == 10  # not used up


def test_five_wrong_codes_are_enough(auth: Flask, person: Protected) -> None:
    challenge = asked(auth, person)
    for _ in range(5):
        answer(auth, challenge, person.wrong(), expect=401)

    assert answer(auth, challenge, person.code(1), expect=429)["code"] == "rate-limited"
    assert answer(auth, asked(auth, person), person.code(1), expect=429)["code"] == "rate-limited"


def test_a_challenge_lives_for_five_minutes(auth: Flask, person: Protected) -> None:
    challenge = asked(auth, person)
    with clock.set_to(clock.now() + timedelta(minutes=5)):
        problem = answer(auth, challenge, person.code(0), expect=401)

    assert problem["code"] == "challenge-expired"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE auth.person SET password_hash = 'changed' WHERE id = %s", "challenge-expired"),
        ("UPDATE auth.person SET disabled_at = now() WHERE id = %s", "invalid-credentials"),
        ("DELETE FROM auth.second_factor WHERE person_id = %s", "challenge-expired"),
    ],
)
def test_a_challenge_does_not_outlive_what_it_was_given_for(
    auth: Flask, environment: dict[str, str], person: Protected, change: str, code: str
) -> None:
    challenge = asked(auth, person)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(change, (person.id,))

    assert answer(auth, challenge, person.code(1), expect=401)["code"] == code


def test_a_challenge_opens_nothing_else(auth: Flask, person: Protected) -> None:
    challenge = asked(auth, person)

    assert Api(auth, challenge).get("/auth/me", expect=401)["code"] == "token-invalid"
    Api(auth).post("/auth/refresh", json={"refresh_token": challenge}, expect=401)
    assert answer(auth, "made-up", person.code(1), expect=401)["code"] == "challenge-expired"


@pytest.mark.parametrize("code", ["", "12345", "x" * 41, 123456, None, ["123456"], "123456\0", "12\u202e3456"])
def test_what_is_no_code_is_invalid(auth: Flask, code: object) -> None:
    body = {"challenge": "made-up", "code": code}

    assert Api(auth).post("/auth/login/second-factor", json=body, expect=422)["errors"][0]["pointer"] == "/code"


@pytest.mark.parametrize("code", ["１２３４５６", "abcdef", "-" * 10, "1" * 40, "١٢٣٤٥٦"])
def test_what_looks_a_little_like_a_code_is_refused(auth: Flask, person: Protected, code: str) -> None:
    assert answer(auth, asked(auth, person), code, expect=401)["code"] == "second-factor-refused"


class Together:
    """The control: the code is looked at by all before any of them has used it up, as without the lock."""

    def __init__(self, number: int) -> None:
        self.all_looked = threading.Barrier(number, timeout=10)

    def accept(self, person_id: UUID, code: str, secret: str) -> SecondFactor:
        factor = db.session.get_one(SecondFactor, person_id, populate_existing=True)
        step = codes._step(factor, code, secret)
        self.all_looked.wait()
        factor.last_step = step
        return factor


@pytest.mark.parametrize("locked", [True, False])
def test_one_code_at_once_at_several_sign_ins_opens_one(
    auth: Flask, person: Protected, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    challenges, code = [asked(auth, person) for _ in range(4)], person.code(1)
    if not locked:
        monkeypatch.setattr(codes, "accept", Together(4).accept)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda challenge: status(auth, challenge, code), challenges))

    assert sorted(answers) == ([200, 401, 401, 401] if locked else [200] * 4)


@pytest.mark.parametrize("single_use", [True, False])
def test_one_challenge_with_several_codes_at_once_opens_one(
    auth: Flask, person: Protected, monkeypatch: pytest.MonkeyPatch, single_use: bool
) -> None:
    challenge = asked(auth, person)
    if not single_use:
        monkeypatch.setattr(challenges, "use", lambda token: None)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda code: status(auth, challenge, code), person.recovery[:4]))

    assert sorted(answers) == ([200, 401, 401, 401] if single_use else [200] * 4)
    left = Api(auth, person.token).get("/auth/me/second-factor")["recovery_codes_left"]
    assert left == (9 if single_use else 6)  # and no code is lost to a sign-in that failed


def test_confirming_ends_all_other_sessions_and_marks_this_one(auth: Flask) -> None:
    patient = make.person(auth)
    other = make.sign_in(auth, patient.email)

    protect(auth, patient)

    Api(auth, other.token).get("/auth/me", expect=401)
    (here,) = Api(auth, patient.token).get("/auth/me/sessions")["items"]
    assert here["current"]
    assert here["second_factor"]


def test_each_step_is_possible_once(auth: Flask) -> None:
    patient = make.person(auth)
    api, right, wrong = Api(auth, patient.token), {"password": make.PASSWORD}, {"password": "WrongPass123"}
    base = "/auth/me/second-factor"

    assert api.post(base, json=wrong, expect=401)["code"] == "invalid-credentials"
    assert confirm(auth, patient, "123456", expect=409)["code"] == "conflict-state"
    for path in ("/recovery-codes", "/remove"):
        assert api.post(base + path, json=right, expect=409)["code"] == "conflict-state"
    protect(auth, patient)
    assert api.post(base, json=right, expect=409)["code"] == "conflict-state"
    assert confirm(auth, patient, "123456", expect=409)["code"] == "conflict-state"
    for path in ("/recovery-codes", "/remove"):
        assert api.post(base + path, json=wrong, expect=401)["code"] == "invalid-credentials"
    assert api.send("POST", base + "/remove", json=right).status_code == 204

    assert api.get(base) == {"state": "off", "recovery_codes_left": 0}
    make.sign_in(auth, patient.email)


def test_only_the_last_proposal_can_be_confirmed(auth: Flask) -> None:
    patient = make.person(auth)
    first, second = propose(auth, patient), propose(auth, patient)

    confirm(auth, patient, first.at(clock.now()), expect=401)
    confirm(auth, patient, second.at(clock.now()))


def test_a_copy_of_the_database_makes_no_codes(auth: Flask, environment: dict[str, str], person: Protected) -> None:
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM auth.second_factor UNION ALL SELECT hash FROM auth.recovery_code")
        kept = b" ".join(bytes(row[0]) for row in cursor.fetchall())

    assert person.authenticator.secret.encode() not in kept
    assert base64.b32decode(person.authenticator.secret) not in kept
    assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for code in person.recovery)


def test_under_another_key_recovery_codes_go_on(auth: Flask, environment: dict[str, str], person: Protected) -> None:
    with auth.app_context():
        with pytest.raises(codes.SecondFactorRefused):
            codes.accept(UUID(person.id), person.code(1), "another key " * 4)
        codes.accept(UUID(person.id), person.recovery[0], "another key " * 4)


def test_it_is_noted_who_set_one_up_or_gave_it_up(auth: Flask, environment: dict[str, str], person: Protected) -> None:
    answer(auth, asked(auth, person), person.wrong(), expect=401)
    answer(auth, asked(auth, person), person.code(1))
    Api(auth, person.token).send("POST", "/auth/me/second-factor/remove", json={"password": make.PASSWORD})

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT action FROM auth.audit_event WHERE actor_id = %s ORDER BY sequence", (person.id,))
        noted = [action for (action,) in cursor.fetchall()]

    assert noted == [
        "session.begin",
        "second-factor.add",
        "session.refuse",
        "session.begin",
        "second-factor.remove",
    ]


@pytest.fixture
def strict(environment: dict[str, str], auth: Flask) -> Flask:
    """The auth service of a clinic that asks doctors and admins for a second factor."""
    return create_app(AuthSettings(**environment, second_factor_required="doctor, admin"))  # type: ignore[arg-type]


def test_whoever_has_to_set_one_up_can_do_nothing_else(strict: Flask, appointment: Flask) -> None:
    doctor, patient = make.person(strict, "doctor"), make.person(strict)
    admin = make.admin(strict)

    assert (claims(doctor.token)["aud"], len(claims(patient.token)["aud"])) == (["auth"], 3)
    assert Api(strict, doctor.token).get("/auth/me")["second_factor"] == "required"
    assert Api(strict, patient.token).get("/auth/me")["second_factor"] == "off"
    assert Api(strict, admin.token).get("/people", expect=403)["code"] == "second-factor-mandatory"
    assert Api(appointment, doctor.token).get("/appointments", expect=401)["code"] == "token-invalid"
    assert Api(appointment, patient.token).get("/appointments")["items"] == []
    assert Api(strict).send("POST", "/auth/logout", json={"refresh_token": admin.refresh_token}).status_code == 204


def test_once_it_is_set_up_everything_opens_and_it_stays(strict: Flask, appointment: Flask) -> None:
    admin = protect(strict, make.admin(strict))

    Api(strict, admin.token).get("/people")
    renewed = Api(strict).post("/auth/refresh", json={"refresh_token": admin.refresh_token})
    assert renewed["user"]["second_factor"] == "on"
    assert len(claims(renewed["access_token"])["aud"]) == 3
    Api(appointment, renewed["access_token"]).get("/doctors")
    path, body = "/auth/me/second-factor/remove", {"password": make.PASSWORD}
    assert Api(strict, admin.token).post(path, json=body, expect=403)["code"] == "second-factor-mandatory"


@pytest.mark.parametrize("roles", ["doctors", "doctor;admin", "nobody"])
def test_a_role_that_is_none_is_refused_at_start(environment: dict[str, str], roles: str) -> None:
    with pytest.raises(ValueError, match="takes roles"):
        AuthSettings(**environment, second_factor_required=roles)  # type: ignore[arg-type]
