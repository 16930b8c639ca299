"""Changing one's own password, and which passwords are refused."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID, uuid4

import psycopg2
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from auth_service import accounts, credentials, passwords, signing_in
from auth_service.models import Session, db
from auth_service.signing_in import InvalidCredentials
from chassis import clock
from chassis.identity import Principal
from tests import make
from tests.api import Api
from tests.mailbox import Mailbox

NEW = "another Word 42"


def change(auth: Flask, token: str, expect: int = 204, current: str = make.PASSWORD, new: object = NEW) -> object:
    given = {"current_password": current, "new_password": new}
    return Api(auth, token).post("/auth/me/password", json=given, expect=expect)


def test_a_new_password_ends_the_other_sessions(auth: Flask, mailbox: Mailbox) -> None:
    here = make.person(auth)
    elsewhere = make.sign_in(auth, here.email)

    change(auth, here.token)

    assert Api(auth, here.token).get("/auth/me")["id"] == here.id
    Api(auth).post("/auth/refresh", json={"refresh_token": here.refresh_token})
    Api(auth).post("/auth/refresh", json={"refresh_token": elsewhere.refresh_token}, expect=401)
    assert Api(auth).post("/auth/validate-token", json={"token": elsewhere.token})["active"] is False
    Api(auth).post("/auth/login", json={"email": here.email, "password": make.PASSWORD}, expect=401)
    make.sign_in(auth, here.email, NEW)
    assert mailbox.wait(here.email)["Subject"] == "Your password has been changed"


def test_a_wrong_password_changes_nothing_and_counts(auth: Flask) -> None:
    patient = make.person(auth)

    for _ in range(5):
        problem = change(auth, patient.token, 401, current="WrongPass123")
        assert problem["code"] == "invalid-credentials"  # type: ignore[index]
    change(auth, patient.token, 429)

    Api(auth, patient.token).get("/auth/me")
    Api(auth).post("/auth/login", json={"email": patient.email, "password": make.PASSWORD}, expect=429)


def test_open_links_die_with_the_old_password(auth: Flask, mailbox: Mailbox) -> None:
    patient = make.person(auth)
    Api(auth).post("/auth/password-resets", json={"email": patient.email}, expect=202)
    token = mailbox.token(patient.email)

    change(auth, patient.token)

    Api(auth).post("/auth/links/password", json={"token": token, "password": NEW + "!"}, expect=409)


def test_an_unverified_doctor_changes_the_password_too(auth: Flask) -> None:
    change(auth, make.person(auth, "doctor", verified=False).token)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short12", "too-short"),
        ("x" * 129, "too-long"),
        ("nul\0nul\0nul", "characters"),
        ("\ud800" * 8, "characters"),
        (["another Word 42"], "string-type"),
        ({"$ne": None}, "string-type"),
        ("Password123", "password-guessable"),
        ("maya.lindqvist", "password-guessable"),
        ("maya.lindqvist@example.com", "password-guessable"),
        ("Lindqvist1988", "password-guessable"),
        ("MayaLindqvist!", "password-guessable"),
        ("Larkfield 2026", "password-guessable"),
    ],
)
def test_a_new_password_that_would_not_do_is_named(auth: Flask, new: object, code: str) -> None:
    maya = make.person(auth, email="maya.lindqvist@example.com", first_name="Maya", last_name="Lindqvist")

    problem = change(auth, maya.token, 422, new=new)

    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("/new_password", code)]  # type: ignore[index]
    make.sign_in(auth, maya.email)


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "qwertyuiop",
        "ILOVEYOU",
        "aaaaaaaa",
        "abababababab",
        "sunshine1",
        "clinic2026",
        "Patient-1",
        "trustno1",
    ],
)
def test_common_passwords_are_guessable(password: str) -> None:
    assert passwords.guessable(password, ("maya@example.com", "Maya", "Lindqvist"))


@pytest.mark.parametrize(
    "password",
    ["TestPass123", "another Word 42", "Maya's cat is grey", "7301946288", "пароль из слов"],
)
def test_what_takes_a_while_to_guess_is_let_through(password: str) -> None:
    assert not passwords.guessable(password, ("maya@example.com", "Maya", "Lindqvist"))


def test_a_disabled_person_whose_token_still_holds_changes_nothing(auth: Flask, environment: dict[str, str]) -> None:
    patient = make.person(auth)
    with closing(psycopg2.connect(environment["ADMIN_URL"])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id = %s", (patient.id,))

    with auth.app_context():
        who = Principal(UUID(patient.id), "patient", "", uuid4())
        with pytest.raises(InvalidCredentials):
            credentials.change_password(who, make.PASSWORD, NEW, auth.extensions["mail"])


SignIn = Callable[[str, str], object]


def carefully(email: str, secret: str) -> object:
    return signing_in.sign_in(email, make.PASSWORD, secret)


def carelessly(email: str, secret: str) -> object:
    """The control: the password is looked at, and the session begun, with nothing that holds in between."""
    person = accounts.by_email(email)
    assert person
    assert passwords.matches(make.PASSWORD, person.password_hash)
    session = Session(id=uuid4(), person_id=person.id, created_at=clock.now(), expires_at=clock.now() + signing_in.IDLE)
    db.session.add(session)
    db.session.commit()
    return session


@pytest.mark.parametrize(("sign_in", "sessions"), [(carefully, 1), (carelessly, 2)])
def test_nobody_gets_in_with_the_old_password_while_it_changes(
    auth: Flask, environment: dict[str, str], sign_in: SignIn, sessions: int
) -> None:
    """The change has set the new password and not committed; only then the old one is tried."""
    for _ in range(5):
        patient = make.person(auth)
        make.sign_in(auth, patient.email)  # a session that the change has to end
        if _change_while_signing_in(auth, environment["ADMIN_URL"], patient, sign_in):
            break
    else:
        raise AssertionError("the machine was too busy for the order that this is about")

    with auth.app_context():
        living = db.session.query(Session).filter_by(person_id=patient.id, ended_at=None).count()
    assert living == sessions


def _change_while_signing_in(auth: Flask, admin_url: str, patient: make.Person, sign_in: SignIn) -> bool:
    """Hold the change back just before its commit until the sign-in waits for it. False when that took too long."""
    with closing(psycopg2.connect(admin_url)) as outside, ThreadPoolExecutor(2) as pool, outside.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7283643)")  # what the change needs last, for the list of revocations
        changing = pool.submit(_in_app, auth, lambda: _change(auth, patient))
        held_back = _wait_for(cursor, 1)
        entering = pool.submit(_in_app, auth, lambda: sign_in(patient.email, auth.config["AUTH_SECRET_KEY"]))
        both = held_back and _wait_for(cursor, 2)
        cursor.execute("SELECT pg_advisory_unlock(7283643)")
        outcomes = changing.exception(30), entering.exception(30)
    if not both or any(isinstance(outcome, OperationalError) for outcome in outcomes):
        return False
    assert outcomes[0] is None
    assert outcomes[1] is None or isinstance(outcomes[1], InvalidCredentials)
    return True


def _in_app(auth: Flask, work: Callable[[], object]) -> object:
    with auth.app_context():
        return work()


def _change(auth: Flask, patient: make.Person) -> None:
    with auth.app_context():
        session = db.session.query(Session).filter_by(person_id=patient.id).order_by(Session.created_at).first()
        assert session
        who = Principal(session.person_id, "patient", "", session.id)
        credentials.change_password(who, make.PASSWORD, NEW, auth.extensions["mail"])


def _wait_for(cursor: "psycopg2.extensions.cursor", number: int) -> bool:
    """Whether so many statements wait for a lock, before their patience ends."""
    deadline = time.monotonic() + 1.4
    while time.monotonic() < deadline:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        if (cursor.fetchone() or (0,))[0] >= number:
            return True
        time.sleep(0.01)
    return False


def test_of_two_changes_at_once_one_wins(auth: Flask) -> None:
    patient = make.person(auth)

    def one(n: int) -> int:
        given = {"current_password": make.PASSWORD, "new_password": f"another Word {n}"}
        return Api(auth, patient.token).send("POST", "/auth/me/password", json=given).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(one, range(2)))

    assert answers == [204, 401]
