"""A patient waits for a time: joins, is offered one, takes it or lets it go, leaves."""

from datetime import time

import pytest
from flask import Flask

from appointment_service import offering
from tests import make
from tests.portal.visitor import Page, Visitor

DAY = make.clinic_day(7)


@pytest.fixture
def busy(auth: Flask, appointment: Flask) -> make.Person:
    """A doctor with one time a week, which somebody else has."""
    hours = [{"weekday": DAY.isoweekday(), "starts": "09:00", "ends": "09:20"}]
    return make.doctor(auth, appointment, hours=hours, first_name="Amara", last_name="Okafor")


@pytest.fixture
def others(auth: Flask, appointment: Flask, busy: make.Person) -> tuple[make.Person, str]:
    """Who has it, and the appointment."""
    other = make.person(auth)
    return other, make.appointment(appointment, other, busy, at=time(9))["id"]


def to_wait(somebody: Visitor, doctor: make.Person) -> Page:
    """On the waiting list for that day."""
    empty = somebody.get(f"/book/{doctor.id}?from={DAY}")
    joining = somebody.get(empty.link("Join the waiting list"))
    return somebody.press(joining, "Join the waiting list", from_date=str(DAY), to_date=str(DAY), day_part="morning")


def offer(appointment: Flask) -> None:
    """What the worker does every few seconds."""
    with appointment.app_context():
        offering.offer_what_is_free(make.CLINIC_ZONE)


def cancel(appointment: Flask, others: tuple[make.Person, str]) -> None:
    from tests.api import Api

    Api(appointment, others[0].token).post(f"/appointments/{others[1]}/cancel", json={})
    offer(appointment)


def test_a_time_that_comes_free_is_held_shown_and_taken_by_a_button_only(
    maya: Visitor, busy: make.Person, others: tuple[make.Person, str], appointment: Flask
) -> None:
    waits = to_wait(maya, busy)
    assert "You are on the waiting list." in waits.text
    assert "Consultation with Dr Amara Okafor" in waits.text
    assert "in the morning" in waits.text

    cancel(appointment, others)
    assert "A time is held for you until" in maya.get("/").text
    held = maya.get("/waiting-list")
    assert "09:00" in held.text
    assert maya.get("/waiting-list").text == held.text  # looking takes nothing

    booked = maya.press(held, "Take this time")
    assert booked.heading == "Your appointment is booked"
    assert maya.press(held, "Take this time").path == booked.path
    assert "You wait for nothing" in maya.get("/waiting-list").text


def test_a_time_can_be_let_go_and_one_waits_on(
    maya: Visitor, busy: make.Person, others: tuple[make.Person, str], appointment: Flask
) -> None:
    to_wait(maya, busy)
    cancel(appointment, others)
    held = maya.get("/waiting-list")

    declined = maya.press(held, "No, thank you")

    assert "That time goes to somebody else." in declined.text
    assert "Waiting" in declined.text
    assert "No time is held for you at the moment." in maya.press(held, "Take this time").text


def test_a_click_on_an_old_page_takes_nothing_that_was_not_on_it(
    maya: Visitor, busy: make.Person, appointment: Flask
) -> None:
    joining = maya.get(f"/waiting-list/join?doctor={busy.id}")
    maya.press(joining, "Join the waiting list", from_date=str(DAY), to_date=str(make.clinic_day(14)))
    offer(appointment)
    old = maya.get("/waiting-list")
    maya.press(old, "No, thank you")
    offer(appointment)

    told = maya.press(old, "Take this time")

    assert "it has gone on to somebody else" in told.text
    assert "A time is held for you" in told.text
    assert maya.press(told, "Take this time", offered="").path == "/waiting-list"
    assert maya.press(told, "Take this time").heading == "Your appointment is booked"


def test_leaving_asks_first(maya: Visitor, busy: make.Person) -> None:
    asked = maya.get(to_wait(maya, busy).link("Leave"))
    assert asked.heading == "Leave this waiting list?"

    left = maya.press(asked, "Leave the waiting list")

    assert "You are off this waiting list." in left.text
    assert maya.press(asked, "Leave the waiting list").path == left.path
    assert maya.get(asked.path).path == left.path


def test_two_clicks_join_once_and_dates_that_are_wrong_are_explained(maya: Visitor, busy: make.Person) -> None:
    joining = maya.get(f"/waiting-list/join?doctor={busy.id}")
    wrong = maya.press(joining, "Join the waiting list", 422, from_date="soon", to_date=str(make.clinic_day(-1)))
    assert "Enter a real date" in wrong.text
    assert "Choose a day that is still to come." in wrong.text
    maya.press(joining, "Join the waiting list", 422, from_date=str(make.clinic_day(9)), to_date=str(DAY))

    maya.press(joining, "Join the waiting list", weekdays="1", notice="1440")
    again = maya.press(joining, "Join the waiting list", weekdays="1", notice="1440")

    assert again.text.count("Consultation with Dr Amara Okafor") == 1
    assert "Mondays" in again.text


def test_somebody_elses_entry_looks_like_none(maya: Visitor, busy: make.Person, portal: Flask, auth: Flask) -> None:
    eve = Visitor(portal).sign_in(make.person(auth).email)
    path = to_wait(eve, busy).link("Leave")

    assert maya.get(path, 404).heading == "Page not found"
