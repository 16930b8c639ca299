"""A service is out, in every way a service can be: the portal says which part it is, keeps what was typed, and the rest
works. What was sent in the middle of it is done once, and nobody gets in who could not be asked about."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask

from chassis.breaker import Breaker
from tests import make
from tests.api import Api
from tests.faults import stage as ways
from tests.faults.stage import BESIDE_OTHERS, Stage, seconds_until
from tests.figures import Figure
from tests.journeys.wire import VisitorOnTheWire
from tests.portal.test_booking_pages import to_check
from tests.portal.test_prescribing_pages import ROW, checked
from tests.portal.visitor import Page
from tests.thorough import THOROUGH

Out = Callable[[Stage, str], AbstractContextManager[None]]
ALL: list[Out] = [
    *(ways.down, ways.killed, ways.frozen, ways.black_holed),
    *(ways.slow, ways.dripping, ways.hanging_up, ways.half_asked, ways.cut),
]
SOME: dict[str, list[Out]] = {
    "auth": [ways.slow],
    "appointment": [ways.black_holed, ways.cut],
    "prescription": [ways.down],
}
MUST = "the page says which part is out within 2.5 s, nothing typed is lost, the rest works, nothing is done twice"
BOUND = 2.5
BACK = 10.0
NOTES = "Łukasz’s throat, since Sunday"


class Clock:
    """Opens pages and remembers how long the slowest took."""

    slowest = 0.0

    def time(self, open_page: Callable[[], Page]) -> Page:
        began = time.monotonic()
        found = open_page()
        self.slowest = max(self.slowest, time.monotonic() - began)
        return found


def out_in(name: str) -> Any:
    return pytest.mark.parametrize("out", ALL if THOROUGH else SOME[name], ids=lambda way: way.__name__)


def note(figure: Figure, name: str, out: Out, clock: Clock, back: float) -> None:
    measured = f"slowest page {clock.slowest:.2f} s, back after {back:.2f} s, done once"
    figure(f"{name} {out.__name__.replace('_', ' ')}", must=MUST, measured=measured)
    assert clock.slowest <= BOUND + BESIDE_OTHERS


@pytest.mark.fault
@out_in("appointment")
def test_appointments_are_out(
    stage: Stage, appointment: Flask, maya: VisitorOnTheWire, patient: make.Person, doctor: make.Person,
    out: Out, figure: Figure,
) -> None:  # fmt: skip
    check, clock = to_check(maya, doctor, make.clinic_day(7), notes=NOTES), Clock()

    with out(stage, "appointment"):
        home = clock.time(lambda: maya.get("/"))
        assert "Appointments are not available right now" in home.text
        assert "No prescriptions yet" in home.text
        assert clock.time(lambda: maya.get("/appointments")).heading == "Appointments are not available right now"
        assert clock.time(lambda: maya.get("/prescriptions")).status == 200
        refused = clock.time(lambda: maya.press(check, "Book this appointment"))
        assert refused.status == 503
        assert "Appointments are not available right now" in refused.text
    back = seconds_until(lambda: maya.get("/appointments").status == 200, BACK)

    time.sleep(Breaker.PAUSE)  # the portal's other worker may still leave it alone
    booked = maya.press(refused, again(refused))
    assert booked.heading == "Your appointment is booked", booked.text
    (only,) = Api(appointment, patient.token).get("/appointments")["items"]
    assert only["notes"] == NOTES
    note(figure, "appointment", out, clock, back)


def again(page: Page) -> str:
    """The button that sends what was typed once more."""
    return "Book this appointment" if page.heading == "Check your answers" else "Try again"


@pytest.mark.fault
@out_in("prescription")
def test_prescriptions_are_out(
    stage: Stage, appointment: Flask, prescription: Flask, maya: VisitorOnTheWire, okafor: VisitorOnTheWire,
    patient: make.Person, doctor: make.Person, out: Out, figure: Figure,
) -> None:  # fmt: skip
    visit, clock = make.appointment(appointment, patient, doctor), Clock()
    check = checked(okafor, visit, medicines__0__instructions=NOTES)
    assert check.heading == "Check and sign"

    with out(stage, "prescription"):
        home = clock.time(lambda: maya.get("/"))
        assert "Prescriptions are not available right now" in home.text
        assert "Dr Amara Okafor" in home.text
        assert clock.time(lambda: maya.get("/prescriptions")).heading == "Prescriptions are not available right now"
        assert clock.time(lambda: maya.get("/appointments")).heading == "My appointments"
        assert clock.time(lambda: okafor.get("/today")).status == 200
        refused = clock.time(lambda: okafor.press(check, "Sign and issue"))
        assert refused.status == 503
        for words in (*ROW.values(), NOTES):
            assert words in refused.source
    back = seconds_until(lambda: maya.get("/prescriptions").status == 200, BACK)

    time.sleep(Breaker.PAUSE)  # the portal's other worker may still leave it alone
    signed = okafor.press(refused, "Sign and issue")
    assert "Signed and issued" in signed.text, signed.text
    (only,) = Api(prescription, doctor.token).get("/prescriptions")["items"]
    assert only["medicines"][0]["instructions"] == NOTES
    note(figure, "prescription", out, clock, back)


@pytest.mark.fault
@out_in("auth")
def test_accounts_are_out(
    stage: Stage, maya: VisitorOnTheWire, doctor: make.Person, out: Out, figure: Figure
) -> None:  # fmt: skip
    stranger, clock = VisitorOnTheWire(stage.clinic.portal.url), Clock()
    form = stranger.get("/sign-in")

    with out(stage, "auth"):
        assert clock.time(lambda: maya.get("/appointments")).heading == "My appointments"
        refused = clock.time(lambda: stranger.press(form, "Sign in", email=doctor.email, password=make.PASSWORD))
        assert refused.status == 503
        assert "Accounts are not available right now" in refused.text
        assert doctor.email in refused.source
        assert clock.time(lambda: stranger.get("/today")).heading == "Sign in"
    back = seconds_until(lambda: stranger.press(refused, "Sign in", password=make.PASSWORD).path == "/today", BACK)

    measured = f"slowest page {clock.slowest:.2f} s, back after {back:.2f} s, nobody got in"
    must = "signed-in people read on; signing in says what is out within 2.5 s; nobody gets in"
    figure(f"accounts {out.__name__.replace('_', ' ')}, at the portal", must=must, measured=measured)
    assert clock.slowest <= BOUND + BESIDE_OTHERS
