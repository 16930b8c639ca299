"""Closing one's account, and taking one's data along."""

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg2
from flask import Flask

from tests import make
from tests.api import Api
from tests.mailbox import Mailbox
from tests.recorded import told


def close(auth: Flask, token: str, expect: int = 204, password: str = make.PASSWORD) -> object:
    return Api(auth, token).post("/auth/me/close", json={"password": password}, expect=expect)


def test_a_closed_account_lets_nobody_in_and_is_kept(
    auth: Flask, mailbox: Mailbox, environment: dict[str, str]
) -> None:
    maya = make.person(auth)
    elsewhere = make.sign_in(auth, maya.email)
    Api(auth).post("/auth/password-resets", json={"email": maya.email}, expect=202)
    link = mailbox.token(maya.email)

    close(auth, maya.token)

    for token in (maya.token, elsewhere.token):
        assert Api(auth).post("/auth/validate-token", json={"token": token})["active"] is False
    for one in (maya, elsewhere):
        Api(auth).post("/auth/refresh", json={"refresh_token": one.refresh_token}, expect=401)
    Api(auth).post("/auth/login", json={"email": maya.email, "password": make.PASSWORD}, expect=401)
    Api(auth).post("/auth/links/password", json={"token": link, "password": "another Word 42"}, expect=409)
    assert mailbox.wait(maya.email, 2)["Subject"] == "Your account has been closed"
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT disabled_at = closed_at, first_name <> '' FROM auth.person WHERE id = %s", (maya.id,))
        assert cursor.fetchone() == (True, True)
    (event,) = told(auth, "person.close")
    assert str(event.actor_id) == str(event.record_id) == str(event.patient_id) == maya.id


def test_the_address_of_a_closed_account_stays_taken(auth: Flask) -> None:
    maya = make.person(auth)
    close(auth, maya.token)
    account = {"email": maya.email, "password": make.PASSWORD, "role": "patient", "first_name": "M", "last_name": "L"}

    assert Api(auth).post("/auth/register", json=account, expect=409)["code"] == "email-taken"


def test_an_admin_does_not_open_a_closed_account_again(auth: Flask) -> None:
    maya, boss = make.person(auth), make.admin(auth)
    close(auth, maya.token)

    Api(auth, boss.token).post(f"/people/{maya.id}/enable", expect=409)


def test_closing_asks_for_the_password(auth: Flask) -> None:
    maya = make.person(auth)

    assert close(auth, maya.token, 401, "WrongPass123")["code"] == "invalid-credentials"  # type: ignore[index]

    Api(auth, maya.token).get("/auth/me")


def test_a_doctor_who_closes_the_account_is_listed_no_more(auth: Flask) -> None:
    doctor = make.person(auth, "doctor")
    assert [one["id"] for one in Api(auth).get("/auth/verified-doctors")["doctors"]] == [doctor.id]

    close(auth, doctor.token)

    assert Api(auth).get("/auth/verified-doctors")["doctors"] == []


def test_the_last_admin_stays(auth: Flask) -> None:
    boss = make.admin(auth)

    assert close(auth, boss.token, 409)["code"] == "last-admin"  # type: ignore[index]

    make.admin(auth)
    close(auth, boss.token)


def test_two_admins_who_leave_at_once_do_not_both_leave(auth: Flask) -> None:
    admins = [make.admin(auth), make.admin(auth)]

    def leave(admin: make.Person) -> int:
        given = {"password": make.PASSWORD}
        return Api(auth, admin.token).send("POST", "/auth/me/close", json=given).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(leave, admins))

    assert answers == [204, 409]


def test_everything_that_is_kept_can_be_taken_along(auth: Flask, mailbox: Mailbox) -> None:
    maya, boss = make.person(auth, birth_date="1988-03-14"), make.admin(auth)
    Api(auth, boss.token).get(f"/people/{maya.id}")
    given = {"email": "elsewhere@example.com", "password": make.PASSWORD}
    Api(auth, maya.token).post("/auth/me/email", json=given, expect=202)
    mailbox.wait("elsewhere@example.com")

    taken = Api(auth, maya.token).get("/auth/me/export")

    assert taken["account"] == Api(auth, maya.token).get("/auth/me")
    assert [one["ended_at"] for one in taken["sessions"]] == [None]
    assert [(one["purpose"], one["email"]) for one in taken["links"]] == [("email", "elsewhere@example.com")]
    assert {"session.begin", "person.read"} <= {one["action"] for one in taken["events"]}
    by_others = [one for one in taken["events"] if one["actor_id"] != maya.id]
    assert [(one["actor_name"], one["address"]) for one in by_others] == [("Ada Admin", None)]


def test_what_one_did_with_others_is_theirs(auth: Flask) -> None:
    maya, boss = make.person(auth), make.admin(auth)
    Api(auth, boss.token).get(f"/people/{maya.id}")
    Api(auth, boss.token).get("/people")

    events = Api(auth, boss.token).get("/auth/me/export")["events"]

    assert {one["action"] for one in events} == {"session.begin"}


def test_what_is_taken_along_holds_no_secret_and_nobody_else(
    auth: Flask, mailbox: Mailbox, environment: dict[str, str]
) -> None:
    maya, other = make.person(auth), make.person(auth)
    for one in (maya, other):
        Api(auth).post("/auth/password-resets", json={"email": one.email}, expect=202)
        mailbox.wait(one.email)

    text = json.dumps(Api(auth, maya.token).get("/auth/me/export"))

    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT password_hash FROM auth.person UNION SELECT encode(hash, 'hex') FROM auth.mailed_link")
        secrets = [row[0] for row in cursor.fetchall()]
    assert not any(secret in text for secret in [*secrets, mailbox.token(maya.email), maya.refresh_token, other.id])
    assert other.email not in text
