"""A service that is out: the page says which part, the rest works, and nothing typed is lost."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date

import pytest
from flask import Flask

from chassis.breaker import Breaker
from chassis.client import ServiceClient
from tests import make
from tests.portal.test_booking_pages import to_check, to_times
from tests.portal.visitor import Visitor

Out = Callable[[str], AbstractContextManager[None]]


@pytest.fixture
def out(portal: Flask) -> Out:
    """Take a service away: nothing listens where the portal looks for it."""

    @contextmanager
    def away(name: str) -> Iterator[None]:
        client = _client(portal, name)
        with _at(client, "http://127.0.0.1:9"):
            yield

    return away


@contextmanager
def _at(client: ServiceClient, url: str) -> Iterator[None]:
    before = client.base_url
    client.base_url = url
    try:
        yield
    finally:
        client.base_url, client.breaker = before, Breaker(client.name)  # as half a second later


def _client(portal: Flask, name: str) -> ServiceClient:
    client: ServiceClient = getattr(portal.extensions["services"], name).client
    return client


def test_home_shows_what_it_has_and_says_what_is_out(
    maya: Visitor, patient: make.Person, doctor: make.Person, appointment: Flask, out: Out
) -> None:
    make.appointment(appointment, patient, doctor)

    with out("prescriptions"):
        home = maya.get("/")
        assert "Prescriptions are not available right now" in home.text
        assert "Dr Amara Okafor" in home.text
    with out("appointments"):
        home = maya.get("/")
        assert "Appointments are not available right now" in home.text
        assert "No prescriptions yet" in home.text


def test_a_page_that_needs_the_part_says_so_and_offers_the_rest(maya: Visitor, out: Out) -> None:
    with out("appointments"):
        page = maya.get("/appointments", 503)

    assert page.heading == "Appointments are not available right now"
    assert page.link("Your prescriptions") == "/prescriptions"
    assert page.link("Try again") == "/appointments"
    assert page.response.headers["Retry-After"]


def test_a_booking_keeps_its_answers_while_appointments_are_out(
    maya: Visitor, doctor: make.Person, next_week: date, out: Out
) -> None:
    check = to_check(maya, doctor, next_week)

    with out("appointments"):
        refused = maya.press(check, "Book this appointment", 503)
    assert refused.heading == "Check your answers"
    assert "Appointments are not available right now. We could not confirm that it was saved." in refused.text
    assert refused.title.startswith("Error: ")

    booked = maya.press(refused, "Book this appointment")
    assert booked.heading == "Your appointment is booked"


def test_looking_for_another_time_keeps_the_reason_while_appointments_are_out(
    maya: Visitor, doctor: make.Person, next_week: date, out: Out
) -> None:
    check = to_check(maya, doctor, next_week)

    with out("appointments"):
        refused = maya.get(check.link("Change the time"), 503)

    times = maya.get(refused.link("Try again"))
    start = times.all("input[@name='start']")[0].get("value", "")
    assert "Sore throat" in maya.press(times, "Continue", start=start).text


def test_signing_up_keeps_what_was_typed_while_accounts_are_out(visitor: Visitor, out: Out) -> None:
    from tests.portal.test_accounts_pages import NEW

    form = visitor.get("/sign-up")
    with out("auth"):
        refused = visitor.press(form, "Create account", 503, **NEW)

    assert "Accounts are not available right now" in refused.text
    assert refused.all("input[@id='email']")[0].get("value") == "zoe@example.com"
    assert visitor.press(refused, "Create account", password=NEW["password"]).heading == "Hello, Zoë"


def test_signed_in_people_read_on_while_accounts_are_out(maya: Visitor, out: Out) -> None:
    with out("auth"):
        assert maya.get("/appointments").heading == "My appointments"
        assert maya.get("/account", 503).heading == "Accounts are not available right now"


def test_a_token_that_cannot_be_renewed_right_now_loses_nobody(maya: Visitor, out: Out) -> None:
    with maya.client.session_transaction() as session:
        session["until"] = int(time.time()) - 1

    with out("auth"):
        assert maya.get("/appointments", 503).heading == "Accounts are not available right now"
    assert maya.get("/appointments").heading == "My appointments"


def test_a_token_is_renewed_before_it_ends(maya: Visitor) -> None:
    with maya.client.session_transaction() as session:
        session["until"] = int(time.time()) + 10
        before = session["access"]

    maya.get("/appointments")

    with maya.client.session_transaction() as session:
        assert session["access"] != before
        assert session["until"] > time.time() + 200


def test_a_sign_in_that_ends_in_the_middle_of_a_form_gives_the_form_back(
    maya: Visitor, patient: make.Person, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week, notes="Łukasz’s throat")
    with maya.client.session_transaction() as session:
        session["until"], session["refresh"] = 0, "not any more"

    sign_in = maya.press(check, "Book this appointment")
    assert sign_in.heading == "Sign in"
    assert "You were signed out." in sign_in.text

    back = maya.press(sign_in, "Sign in", email=patient.email, password=make.PASSWORD)
    assert back.heading == "Welcome back, Maya"
    booked = maya.press(back, "Continue")
    assert booked.heading == "Your appointment is booked"
    assert maya.get("/resume").heading == "Hello, Maya"


def test_what_one_person_typed_is_not_offered_to_the_next(
    maya: Visitor, auth: Flask, doctor: make.Person, next_week: date
) -> None:
    check = to_check(maya, doctor, next_week)
    with maya.client.session_transaction() as session:
        session["until"], session["refresh"] = 0, "not any more"
    sign_in = maya.press(check, "Book this appointment")

    other = make.person(auth, first_name="Otto")
    back = maya.press(sign_in, "Sign in", email=other.email, password=make.PASSWORD)

    assert back.heading == "Hello, Otto"


def test_a_service_that_says_nothing_costs_no_more_than_two_and_a_half_seconds(maya: Visitor, portal: Flask) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with _at(_client(portal, "appointments"), url), _at(_client(portal, "prescriptions"), url):
            began = time.monotonic()
            home = maya.get("/")
            assert time.monotonic() - began < 2.5

    assert "Appointments are not available right now" in home.text
    assert "Prescriptions are not available right now" in home.text


def test_the_times_of_a_doctor_come_back_with_the_service(
    maya: Visitor, doctor: make.Person, next_week: date, out: Out
) -> None:
    with out("appointments"):
        page = maya.get(f"/book/{doctor.id}?from={next_week}&day={next_week}", 503)

    assert page.link("Try again").startswith(f"/book/{doctor.id}")
    assert to_times(maya, doctor, next_week).heading == "Choose a day and time"
