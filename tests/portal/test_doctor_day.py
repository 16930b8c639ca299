"""The doctor's day as it goes: who has come, who waits, who is in, who did not come, and running late."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, time
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor

At = Callable[[time], AbstractContextManager[None]]


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person, fresh_list: None, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """That doctor, signed in, for whom a clock that is put forward is no absence."""
    monkeypatch.setitem(portal.extensions, "idle", 1e9)
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def at() -> At:
    """A time on the day of the visits."""
    return lambda clock_time: clock.set_to(datetime.combine(make.clinic_day(7), clock_time, make.CLINIC_ZONE))


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """A visit at ten."""
    return make.appointment(appointment, patient, doctor)


@pytest.fixture
def midday(at: At) -> Iterator[None]:
    """The clock at five past ten, when the visit has begun."""
    with at(time(10, 5)):
        yield


def states(page: Page) -> list[str]:
    """The words of all badges."""
    return ["".join(e.itertext()).strip() for e in page.all("span") if "status" in (e.get("class") or "").split()]


def test_a_visit_goes_from_arrived_to_done_by_three_presses_on_the_day(
    okafor: Visitor, visit: dict[str, Any], at: At
) -> None:
    with at(time(9, 50)):
        arrived = okafor.press(okafor.get("/today"), "Arrived")
    assert (states(arrived), "Just arrived" in arrived.text, "1 waiting" in arrived.text) == (["Arrived"], True, True)

    with at(time(10, 2)):
        waits = okafor.get("/today")
        assert "Waiting 12 min" in waits.text
        called = okafor.press(waits, "Call in")
        assert states(called) == ["Called in"]
        done = okafor.press(called, "Done")

    assert (states(done), "1 done" in done.text) == (["Done"], True)
    assert not [b for b in done.all("button") if "Done" in "".join(b.itertext())]


def test_pressing_twice_is_pressing_once(okafor: Visitor, visit: dict[str, Any], midday: None) -> None:
    before = okafor.get("/today")
    okafor.press(before, "Arrived")
    again = okafor.press(before, "Arrived")

    assert states(again) == ["Arrived"]
    assert "changed" not in again.text
    history = okafor.get(f"/appointments/{visit['id']}").text.partition("What has happened")[2]
    assert history.count("Arrived") == 1


def test_who_does_not_come_is_said_after_a_while_and_taken_back(okafor: Visitor, visit: dict[str, Any], at: At) -> None:
    with at(time(10, 10)):
        early = okafor.get("/today")
        assert "Did not come" not in early.text
    with at(time(10, 16)):
        missed = okafor.press(okafor.get("/today"), "Did not come")
        assert states(missed) == ["Did not come"]
        assert states(okafor.press(missed, "Undo")) == ["Booked"]


def test_a_refusal_stands_on_top_of_the_day_in_words(
    okafor: Visitor, visit: dict[str, Any], doctor: make.Person, appointment: Flask, at: At
) -> None:
    with at(time(10, 16)):
        stale = okafor.get("/today")
        Api(appointment, doctor.token).post(f"/appointments/{visit['id']}/arrive")
        refused = okafor.press(stale, "Did not come")

    assert "This visit has changed since the page was opened" in refused.text
    assert states(refused) == ["Arrived"]


def test_one_button_is_the_one_to_press_next(
    okafor: Visitor, auth: Flask, appointment: Flask, doctor: make.Person, visit: dict[str, Any], at: At
) -> None:
    make.appointment(appointment, make.person(auth), doctor, at=time(9, 40))
    make.appointment(appointment, make.person(auth), doctor, at=time(10, 20))

    with at(time(10, 5)):
        day = okafor.get("/today")

    (primary,) = [b for b in day.all("button") if "button-primary" in (b.get("class") or "")]
    assert "Maya Lindqvist" in "".join(primary.itertext())
    assert day.text.index("Maya Lindqvist") < day.text.index("Now, 10:05") < day.text.index("10:20")


def test_running_late_is_said_in_twenties_and_taken_back(okafor: Visitor, visit: dict[str, Any], midday: None) -> None:
    day = okafor.get("/today")
    said = okafor.press(day, "+20 minutes")
    assert "You run 20 minutes late." in okafor.press(day, "+20 minutes").text

    more = okafor.press(said, "20 minutes more")
    assert "You run 40 minutes late." in more.text
    assert "Running late?" in okafor.press(more, "Take it back").text


@pytest.mark.parametrize("typed", ["", "-20", "1e3", "twenty", "9999", "\u0662\u0660"])
def test_minutes_that_are_none_take_back_what_was_said(
    okafor: Visitor, visit: dict[str, Any], midday: None, typed: str
) -> None:
    form, _ = okafor.get("/today").form("+20 minutes")
    fields = okafor.get("/today").fields(form)

    assert "Running late?" in okafor.post("/today/late", {**fields, "minutes": typed}).text


def test_a_visit_is_cancelled_with_a_reason_that_its_history_tells(
    okafor: Visitor, visit: dict[str, Any], midday: None
) -> None:
    ask = okafor.get(okafor.get(f"/appointments/{visit['id']}").link("Cancel the visit"))
    nothing = okafor.press(ask, "Cancel the visit", 422)
    assert nothing.link("Choose a reason.") == "#code-0"
    other = okafor.press(ask, "Cancel the visit", 422, code="other")
    assert other.link("Write the reason.") == "#reason"

    done = okafor.press(other, "Cancel the visit", code="other", reason="Fire alarm")

    assert "The visit of Maya Lindqvist is cancelled." in done.text
    assert "Cancelled: another reason Fire alarm" in done.text
    assert okafor.press(ask, "Cancel the visit", code="weather").text.count("Cancelled: ") == 1
    assert okafor.get(f"/visits/{visit['id']}/cancel").path == f"/appointments/{visit['id']}"


def test_somebody_who_left_unseen_is_said_so_once_arrived(okafor: Visitor, visit: dict[str, Any], midday: None) -> None:
    page = okafor.get(f"/appointments/{visit['id']}")
    assert "Left without being seen" not in page.text

    arrived = okafor.press(page, "Arrived")
    assert "Maya Lindqvist has arrived." in arrived.text
    assert "Just arrived" in arrived.text
    left = okafor.press(okafor.get(arrived.link("Left without being seen")), "Yes, they left")

    assert "Cancelled: the patient left without being seen" in left.text


def test_a_visit_is_opened_again_with_a_reason(okafor: Visitor, visit: dict[str, Any], midday: None) -> None:
    done = okafor.press(okafor.get(f"/appointments/{visit['id']}"), "Done")
    assert "Done, without an arrival" in done.text

    ask = okafor.get(done.link("Open again"))
    assert okafor.press(ask, "Open it again", 422, reason="no").link("at least 5 characters") == "#reason"
    opened = okafor.press(ask, "Open it again", reason="Forgot the blood test")

    assert states(opened) == ["Called in"]
    assert "Reopened Forgot the blood test" in opened.text


def test_flags_say_what_is_unusual(
    okafor: Visitor, visit: dict[str, Any], appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    make.exception(appointment, doctor, on_conflict="keep")
    extra = {
        "patient_id": patient.id,
        "appointment_time": f"{make.clinic_day(7)}T12:10:00",
        "overbook": "Asked by ward",
    }
    Api(appointment, doctor.token).post("/doctors/me/appointments", json=extra, expect=201)

    day = okafor.get(f"/today?date={make.clinic_day(7)}")

    assert day.text.index("Stands in time off") < day.text.index("Overbooked")


def test_steps_belong_to_doctors_and_to_their_own_visits(
    okafor: Visitor, maya: Visitor, portal: Flask, auth: Flask, appointment: Flask, visit: dict[str, Any]
) -> None:
    stranger = make.doctor(auth, appointment)
    other = Visitor(portal).sign_in(stranger.email)
    token = other.get("/today")
    fields = {"csrf_token": next(e.get("value") for e in token.all("input") if e.get("name") == "csrf_token")}

    other.post(f"/visits/{visit['id']}/arrive", fields, 404)
    other.get(f"/visits/{visit['id']}/cancel", 404)
    maya.get(f"/visits/{visit['id']}/cancel", 403)
    okafor.get(f"/visits/{visit['id']}/mark-error", 404)


@pytest.mark.parametrize("version", ["", "7\r\nX-Evil: 1", "x" * 300, "\u0661"])
def test_a_version_that_no_page_of_ours_wrote_is_none(
    okafor: Visitor, visit: dict[str, Any], midday: None, version: str
) -> None:
    page = okafor.get("/today")
    form, _ = page.form("Arrived")

    assert states(okafor.post(f"/visits/{visit['id']}/arrive", {**page.fields(form), "version": version})) == [
        "Arrived"
    ]
