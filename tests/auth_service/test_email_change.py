"""Changing one's e-mail address: confirmed by a link to the new one, and told to the old one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.mailbox import Mailbox
from tests.recorded import told

NEW = "new.address@example.com"


def ask(auth: Flask, token: str, email: str, expect: int = 202, password: str = make.PASSWORD) -> object:
    return Api(auth, token).post("/auth/me/email", json={"email": email, "password": password}, expect=expect)


def confirm(auth: Flask, token: str, expect: int = 200) -> dict[str, object]:
    answer: dict[str, object] = Api(auth).post("/auth/links/email", json={"token": token}, expect=expect)
    return answer


def test_a_new_address_counts_once_it_is_confirmed(auth: Flask, mailbox: Mailbox) -> None:
    maya = make.person(auth)
    ask(auth, maya.token, " New.Address@Example.com ")
    token = mailbox.token(NEW)
    make.sign_in(auth, maya.email)  # until then the old one does

    assert confirm(auth, token) == {"email": NEW}

    assert Api(auth, maya.token).get("/auth/me")["email"] == NEW  # the session goes on
    make.sign_in(auth, NEW)
    Api(auth).post("/auth/login", json={"email": maya.email, "password": make.PASSWORD}, expect=401)
    notice = mailbox.wait(maya.email)
    assert notice["Subject"] == "Your e-mail address has been changed"
    assert NEW not in notice.get_content()
    (event,) = told(auth, "email.change")
    assert str(event.actor_id) == str(event.record_id) == maya.id


def test_an_address_that_is_taken_looks_no_different(auth: Flask, mailbox: Mailbox) -> None:
    maya, other = make.person(auth), make.person(auth)

    free, taken = [
        Api(auth, maya.token).send("POST", "/auth/me/email", json={"email": email, "password": make.PASSWORD})
        for email in ("free.address@example.com", other.email)
    ]

    assert (free.status_code, free.data) == (taken.status_code, taken.data)
    told_owner = mailbox.wait(other.email)
    assert told_owner["Subject"] == "Your e-mail address is in use already"
    assert "token=" not in told_owner.get_content()
    assert "token=" in mailbox.wait("free.address@example.com").get_content()


def test_an_address_that_is_taken_meanwhile_is_refused_at_the_end(auth: Flask, mailbox: Mailbox) -> None:
    maya = make.person(auth)
    ask(auth, maya.token, "soon.taken@example.com")
    token = mailbox.token("soon.taken@example.com")
    make.person(auth, email="soon.taken@example.com")

    assert confirm(auth, token, 409)["code"] == "email-taken"

    assert Api(auth, maya.token).get("/auth/me")["email"] == maya.email
    assert told(auth, "email.change") == []


def test_two_people_who_want_one_address_do_not_both_get_it(auth: Flask, mailbox: Mailbox) -> None:
    one, two = make.person(auth), make.person(auth)
    ask(auth, one.token, "wanted@example.com")
    first = mailbox.token("wanted@example.com")
    ask(auth, two.token, "wanted@example.com")
    second = mailbox.token("wanted@example.com", 2)

    def try_it(token: str) -> int:
        return Api(auth).send("POST", "/auth/links/email", json={"token": token}).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(try_it, (first, second)))

    assert answers == [200, 409]


def test_a_wrong_password_changes_no_address(auth: Flask) -> None:
    maya = make.person(auth)

    problem = ask(auth, maya.token, NEW, 401, "WrongPass123")

    assert problem["code"] == "invalid-credentials"  # type: ignore[index]


NO_ADDRESSES = ["", "no-at", "two@@example.com", "nul\0@example.com", "a\nb@example.com", "\ud800@example.com", None, 5]


def test_what_is_no_address_is_named(auth: Flask) -> None:
    api = Api(auth, make.person(auth).token)

    problems = [
        problem
        for email in NO_ADDRESSES
        for problem in (
            api.post("/auth/me/email", json={"email": email, "password": "x"}, expect=422),
            api.post("/auth/password-resets", json={"email": email}, expect=422),
        )
    ]

    assert {error["pointer"] for problem in problems for error in problem["errors"]} == {"/email"}


def test_ones_own_address_is_no_change(auth: Flask) -> None:
    maya = make.person(auth)

    problem = ask(auth, maya.token, maya.email, 422)

    assert problem["errors"][0]["code"] == "unchanged"  # type: ignore[index]


def test_the_last_address_asked_for_counts(auth: Flask, mailbox: Mailbox) -> None:
    maya = make.person(auth)
    ask(auth, maya.token, "first.choice@example.com")
    ask(auth, maya.token, "second.choice@example.com")

    confirm(auth, mailbox.token("first.choice@example.com"), 409)
    confirm(auth, mailbox.token("second.choice@example.com"))


def test_a_change_of_password_ends_a_change_of_address(auth: Flask, mailbox: Mailbox) -> None:
    """Whoever had the old password may have asked for it."""
    maya = make.person(auth)
    ask(auth, maya.token, "intruder@example.com")
    token = mailbox.token("intruder@example.com")
    given = {"current_password": make.PASSWORD, "new_password": "another Word 42"}
    Api(auth, maya.token).post("/auth/me/password", json=given, expect=204)

    assert confirm(auth, token, 409)["code"] == "link-expired"


def test_a_link_to_a_new_address_is_over_after_a_day(auth: Flask, mailbox: Mailbox) -> None:
    maya = make.person(auth)
    ask(auth, maya.token, "too.late@example.com")

    with clock.set_to(clock.now() + timedelta(hours=24)):
        confirm(auth, mailbox.token("too.late@example.com"), 409)
