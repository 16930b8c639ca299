"""Whoever leaves is signed out by the server, with scripts or without, and finds again what was typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask

from chassis import clock
from portal import idle
from tests import make
from tests.portal.visitor import Visitor

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@contextmanager
def later(minutes: float) -> Iterator[None]:
    """The same, so many minutes later."""
    with clock.set_to(clock.now() + timedelta(minutes=minutes)):
        yield


def test_after_half_an_hour_of_nothing_the_sign_in_ends_and_the_page_says_why(
    maya: Visitor, patient: make.Person
) -> None:
    maya.get("/account")
    with later(29):
        assert maya.get("/account").heading != "Sign in"
    with later(60):
        gone = maya.get("/account")

    assert gone.heading == "Sign in"
    assert "nothing happened here for 30 minutes" in gone.text
    back = maya.press(gone, "Sign in", email=patient.email, password=make.PASSWORD)
    assert back.path == "/account"


def test_what_is_for_everybody_stays_open_to_whoever_was_away(maya: Visitor) -> None:
    with later(31):
        front = maya.get("/")

    assert front.heading == "See your doctor when it suits you"
    assert "nothing happened here for 30 minutes" in front.text


def test_the_sign_in_of_whoever_was_away_ends_at_the_auth_service_too(auth: Flask, maya: Visitor) -> None:
    from auth_service import models

    with later(31):
        maya.get("/account")

    with auth.app_context():
        assert models.db.session.scalars(models.db.select(models.Session.ended_at)).all() != [None, None]


def test_a_form_sent_too_late_is_offered_again_after_signing_in(maya: Visitor, patient: make.Person) -> None:
    form = maya.get("/account/change")
    with later(31):
        gone = maya.press(form, "Save", first_name="Māja")

    again = maya.press(gone, "Sign in", email=patient.email, password=make.PASSWORD)
    assert "You were signed out while a form was on its way." in again.text
    assert "Māja Lindqvist" in maya.press(again, "Continue").text


def leave(visitor: Visitor, form_path: str, **typed: str) -> Visitor:
    """What the page's script sends when time is up: the form as it stands, to be kept and not sent."""
    form = visitor.get(form_path)
    fields = form.fields(form.form("Save")[0])
    for name, value in typed.items():
        fields.setlist(name, [value])
    page = visitor.post(f"/leave?form={form_path}", fields)
    assert page.heading == "Sign in"
    return visitor


def test_what_was_typed_and_not_sent_is_on_the_form_again_and_still_not_sent(
    maya: Visitor, patient: make.Person
) -> None:
    leave(maya, "/account/change", first_name="Half ty", password="secret word")

    signed_in = maya.press(maya.get("/sign-in?next=/resume"), "Sign in", email=patient.email, password=make.PASSWORD)
    assert "Nothing was sent yet." in signed_in.text
    assert "secret word" not in signed_in.source
    form = maya.press(signed_in, "Continue")

    assert form.all("input[@id='first_name']")[0].get("value") == "Half ty"
    assert not form.title.startswith("Error")
    assert "Half typed Lindqvist" in maya.press(form, "Save", first_name="Half typed").text


def test_what_was_typed_is_not_shown_to_somebody_else(auth: Flask, maya: Visitor) -> None:
    leave(maya, "/account/change", first_name="Private words")

    maya.sign_in(make.person(auth, first_name="Eve").email)

    assert maya.get("/resume").heading == "Hello, Eve"


def test_a_second_window_keeps_its_form_too_when_the_first_has_left_already(
    maya: Visitor, patient: make.Person
) -> None:
    form = maya.get("/account/change")
    fields = form.fields(form.form("Save")[0])
    fields.setlist("first_name", ["In the second window"])
    maya.press(maya.get("/"), "Sign out")

    maya.post("/leave?form=/account/change", fields)
    maya.sign_in(patient.email)

    assert "In the second window" in maya.get("/resume").source


def test_a_form_sent_from_a_window_that_was_signed_out_is_offered_again(maya: Visitor, patient: make.Person) -> None:
    form = maya.get("/account/change")
    maya.press(maya.get("/"), "Sign out")

    gone = maya.press(form, "Save", first_name="Māja")
    again = maya.press(gone, "Sign in", email=patient.email, password=make.PASSWORD)

    assert "Māja Lindqvist" in maya.press(again, "Continue").text


def test_a_page_stays_signed_in_by_asking(maya: Visitor) -> None:
    for minutes in (20, 40):
        with later(minutes):
            assert maya.client.post("/stay", headers=OWN_PAGE).status_code == 204
    with later(75):
        assert maya.client.post("/stay", headers=OWN_PAGE).status_code == 401
        assert maya.client.post("/stay", headers=OWN_PAGE).status_code == 401
        assert maya.get("/account").heading == "Sign in"


@pytest.mark.parametrize("path", ["/stay", "/leave", "/leave?form=/account/change"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_no_other_site_can_keep_somebody_signed_in_or_send_them_away(maya: Visitor, path: str, site: str) -> None:
    assert maya.client.post(path, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert maya.get("/account").heading != "Sign in"


def test_looking_at_a_picture_is_no_sign_of_life(maya: Visitor) -> None:
    with later(29), maya.client.get("/static/mark.svg") as picture:
        assert "Set-Cookie" not in picture.headers


@pytest.mark.parametrize("forged", ["", "x", "WyJ4Iiw5OTk5OTk5OTk5XQ.bad", "é" * 100])
def test_a_forged_time_is_no_time(maya: Visitor, forged: str) -> None:
    maya.client.set_cookie(idle.COOKIE, forged)

    with later(31):
        assert maya.get("/account").heading == "Sign in"


def test_somebody_elses_time_is_not_ones_own(portal: Flask, auth: Flask, maya: Visitor) -> None:
    other = Visitor(portal).sign_in(make.person(auth).email)
    with later(20):
        other.client.post("/stay", headers=OWN_PAGE)
    with later(31):
        stolen = other.client.get_cookie(idle.COOKIE)
        assert stolen
        maya.client.set_cookie(idle.COOKIE, stolen.value)
        assert maya.get("/account").heading == "Sign in"


def test_pages_say_how_long_there_is(maya: Visitor, visitor: Visitor) -> None:
    (region,) = maya.get("/account").all("div[@data-idle]")

    assert (region.get("data-idle"), region.get("data-warning")) == ("1800.0", "120")
    assert region.get("role") == "status"
    assert not visitor.get("/").all("div[@data-idle]")
