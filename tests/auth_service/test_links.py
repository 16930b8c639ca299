"""Links that are mailed: once, for a time, only the newest, and nothing that tells who has an account."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import select

from auth_service import letters, links
from auth_service.afterwards import Afterwards
from auth_service.models import MailedLink, db
from chassis import clock
from tests import make
from tests.api import Api
from tests.mailbox import Mailbox
from tests.thorough import times

NEW = "another Word 42"


def ask(auth: Flask, email: str) -> object:
    return Api(auth).post("/auth/password-resets", json={"email": email}, expect=202)


def reset(auth: Flask, token: str, expect: int = 204, password: str = NEW) -> dict[str, object]:
    answer: dict[str, object] = Api(auth).post(
        "/auth/links/password", json={"token": token, "password": password}, expect=expect
    )
    return answer


def link(auth: Flask, email: str, purpose: links.Purpose = "password") -> str:
    """The token of a new link, without the mail."""
    from auth_service import accounts

    with auth.app_context():
        person = accounts.by_email(email, lock=True)
        assert person is not None
        token = links.make(person, purpose, email)
        db.session.commit()
        return token


def work_done(auth: Flask) -> None:
    waiting: Afterwards = auth.extensions["afterwards"]
    assert waiting.finish(10)


def test_a_forgotten_password_is_replaced_by_a_mailed_link(auth: Flask, mailbox: Mailbox) -> None:
    patient = make.person(auth)
    ask(auth, patient.email)

    reset(auth, mailbox.token(patient.email))

    make.sign_in(auth, patient.email, NEW)
    Api(auth).post("/auth/login", json={"email": patient.email, "password": make.PASSWORD}, expect=401)
    Api(auth).post("/auth/refresh", json={"refresh_token": patient.refresh_token}, expect=401)
    assert Api(auth).post("/auth/validate-token", json={"token": patient.token})["active"] is False
    assert mailbox.wait(patient.email, 2)["Subject"] == "Your password has been changed"


def test_a_link_leads_to_the_page_that_asks_for_the_password(auth: Flask, mailbox: Mailbox) -> None:
    patient = make.person(auth)
    ask(auth, patient.email)

    letter = mailbox.wait(patient.email)

    assert f"http://127.0.0.1:8000/reset-password?token={mailbox.token(patient.email)}\n" in letter.get_content()
    assert letter["Auto-Submitted"] == "auto-generated"
    with auth.app_context():
        kept = db.session.scalars(select(MailedLink.hash)).all()
    assert all(mailbox.token(patient.email).encode() not in one for one in kept)


def test_a_link_works_once(auth: Flask) -> None:
    patient = make.person(auth)
    token = link(auth, patient.email)
    reset(auth, token)

    assert reset(auth, token, 409)["code"] == "link-expired"


def test_a_link_is_over_after_half_an_hour(auth: Flask) -> None:
    token = link(auth, make.person(auth).email)

    with clock.set_to(clock.now() + timedelta(minutes=30)):
        assert reset(auth, token, 409)["code"] == "link-expired"

    with clock.set_to(clock.now() + timedelta(minutes=29)):
        reset(auth, token)


def test_a_newer_link_replaces_the_older_one(auth: Flask) -> None:
    patient = make.person(auth)
    older, newer = link(auth, patient.email), link(auth, patient.email)

    assert reset(auth, older, 409)["code"] == "link-expired"
    reset(auth, newer)


def test_a_link_does_not_serve_another_purpose(auth: Flask) -> None:
    patient = make.person(auth)

    reset(auth, link(auth, patient.email, "email"), 409)
    Api(auth).post("/auth/links/email", json={"token": link(auth, patient.email)}, expect=409)


def test_what_is_no_link_looks_like_one_that_is_over(auth: Flask) -> None:
    token = link(auth, make.person(auth).email)
    reset(auth, token)

    used, unknown = reset(auth, token, 409), reset(auth, "A" * 43, 409)

    assert {**used, "request_id": ""} == {**unknown, "request_id": ""}


@pytest.mark.parametrize("token", ["", " ", "a b", "ключ", "nul\0", "x" * 8193, None, 5, ["x"], {"$ne": None}])
def test_what_cannot_be_a_link_is_invalid(auth: Flask, token: object) -> None:
    problem = Api(auth).post("/auth/links/password", json={"token": token, "password": NEW}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/token"]


@pytest.mark.parametrize("password", ["short12", "password123", "nul\0nul\0nul", "Lindqvist1988", "\ud800" * 8])
def test_a_link_survives_a_password_that_is_refused(auth: Flask, password: str) -> None:
    patient = make.person(auth, last_name="Lindqvist")
    token = link(auth, patient.email)

    problem = reset(auth, token, 422, password)

    assert [error["pointer"] for error in problem["errors"]] == ["/password"]  # type: ignore[attr-defined]
    reset(auth, token)


def test_asking_looks_the_same_for_everybody(auth: Flask, mailbox: Mailbox, environment: dict[str, str]) -> None:
    known, disabled, closed = make.person(auth), make.person(auth), make.person(auth)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id IN (%s, %s)", (disabled.id, closed.id))
        cursor.execute("UPDATE auth.person SET closed_at = now() WHERE id = %s", (closed.id,))
    nobody = "nobody-at-all@example.com"

    answers = [
        Api(auth).send("POST", "/auth/password-resets", json={"email": email})
        for email in (known.email, disabled.email, closed.email, nobody)
    ]

    assert {(answer.status_code, answer.data) for answer in answers} == {(202, answers[0].data)}
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1
    mailbox.wait(known.email)
    work_done(auth)
    assert [len(mailbox.letters(one)) for one in (disabled.email, closed.email, nobody)] == [0, 0, 0]


def test_the_answer_does_not_wait_for_what_follows_it(auth: Flask) -> None:
    """Nobody can measure whether there is an account: the answer is there before anybody looks."""
    blocked, go_on = threading.Event(), threading.Event()
    waiting: Afterwards = auth.extensions["afterwards"]

    def block() -> None:
        blocked.set()
        go_on.wait(20)

    waiting.put("a slow mail server", block)
    try:
        assert blocked.wait(10)
        patient = make.person(auth)
        ask(auth, patient.email)
        with auth.app_context():
            assert db.session.scalars(select(MailedLink)).all() == []
    finally:
        go_on.set()
    work_done(auth)
    with auth.app_context():
        assert len(db.session.scalars(select(MailedLink)).all()) == 1


def test_a_disabled_person_cannot_use_a_link(auth: Flask, environment: dict[str, str]) -> None:
    patient = make.person(auth)
    token = link(auth, patient.email)
    with psycopg2.connect(environment["ADMIN_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE auth.person SET disabled_at = now() WHERE id = %s", (patient.id,))

    assert reset(auth, token, 409)["code"] == "link-expired"


def use_carefully(token: str) -> None:
    links.use(token, "password")
    db.session.commit()


def winners(auth: Flask, token: str, use: Callable[[str], None]) -> int:
    """How many of four that use a link at the same moment succeed."""
    ready = threading.Barrier(4)

    def try_it(_: int) -> bool:
        with auth.app_context():
            db.session.connection()
            ready.wait(20)
            try:
                use(token)
            except links.LinkExpired:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(try_it, range(4)))


def test_of_those_who_use_a_link_at_once_one_wins(auth: Flask) -> None:
    for _ in range(times(5, 300)):
        token = link(auth, make.person(auth).email)
        assert winners(auth, token, use_carefully) == 1


def test_looking_without_a_lock_would_let_several_win(auth: Flask) -> None:
    """The control: the same rule, with nothing that holds between looking and using."""
    token = link(auth, make.person(auth).email)
    looked = threading.Barrier(4)

    def use_carelessly(given: str) -> None:
        _, found = links.look(given, "password")
        looked.wait(20)
        found.used_at = clock.now()
        db.session.commit()

    assert winners(auth, token, use_carelessly) > 1


def test_letters_name_nobody_and_repeat_nothing() -> None:
    written = [
        letters.new_password("https://clinic.example", "T"),
        letters.confirm_email("https://clinic.example", "T"),
        letters.email_in_use("https://clinic.example"),
        letters.email_changed("https://clinic.example"),
        letters.password_changed("https://clinic.example"),
        letters.account_closed("https://clinic.example"),
    ]

    for letter in written:
        assert letter.subject.isascii()
        assert letter.text.isascii()
        assert "\n" not in letter.subject
        assert max(map(len, letter.text.splitlines())) < 120
        assert "https://clinic.example" in letter.text
