"""Drafts, templates, steps and repeats in a real browser: every page sound, and by keyboard."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from tests import make, thorough
from tests.api import Api
from tests.browser.reader import Reader, reading
from tests.prescription_service.structured import AMOXICILLIN, tablets
from tests.servers import Clinic


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", last_name="Lindqvist", birth_date="1988-03-14")


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor", licence_number="7412093")


@pytest.fixture
def visit(clinic: Clinic, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> str:
    """An appointment with a patient who has no known allergies."""
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    return str(make.appointment(appointment, patient, doctor)["id"])


@pytest.fixture(params=[1280, 390, 320][: thorough.times(2, 3)])
def okafor(request: pytest.FixtureRequest, browser: Browser, clinic: Clinic, doctor: make.Person) -> Iterator[Reader]:
    """The doctor, signed in, on a desk and on a phone."""
    with reading(browser, clinic.portal.url, request.param) as reader:
        reader.sign_in(doctor.email)
        yield reader


@pytest.fixture
def signed(prescription: Flask, doctor: make.Person, visit: str) -> Any:
    return make.prescription(prescription, doctor, visit, medicines=[AMOXICILLIN])


def test_the_doctors_pages_are_sound(
    okafor: Reader, prescription: Flask, patient: make.Person, doctor: make.Person, visit: str, signed: Any
) -> None:
    api, body = Api(prescription, doctor.token), {"appointment_id": visit, "medicines": [tablets("F001", "500 mg")]}
    api.post("/templates", json={"name": "Ear infection", "medicines": [AMOXICILLIN]}, expect=201)
    draft = api.post("/prescriptions", json={**body, "status": "draft"}, expect=201)
    Api(prescription, patient.token).post(f"/prescriptions/{signed['id']}/repeat-requests", json={}, expect=201)

    okafor.open("/drafts")
    okafor.follow("Maya Lindqvist")
    api.put(f"/drafts/{draft['id']}", json={**body, "notes": "Rest."}, headers={"If-Match": '"1"'})
    okafor.page.get_by_label("Notes for the patient").fill("Drink.")
    okafor.press("Save the draft")
    expect(okafor.page.get_by_role("heading", name="What the draft says now")).to_be_visible()
    expect(okafor.page.get_by_label("Notes for the patient")).to_have_value("Drink.")
    okafor.press("Check the prescription")
    for path in (
        f"/drafts/{draft['id']}/delete",
        "/templates",
        "/due",
        "/prescriptions?q=lind",
        "/prescriptions?since=x",
    ):
        okafor.open(path)
    okafor.open("/repeat-requests")
    okafor.follow("Decline")
    okafor.press("Decline the request")
    expect(okafor.page.locator(".error-summary")).to_be_focused()
    okafor.open(f"/prescriptions/{signed['id']}")
    okafor.follow("Stop the treatment")
    okafor.press("Stop the treatment")
    expect(okafor.page.locator(".error-summary")).to_be_focused()


def test_a_hold_by_keyboard_alone(browser: Browser, clinic: Clinic, doctor: make.Person, signed: Any) -> None:
    with reading(browser, clinic.portal.url) as okafor:
        okafor.sign_in(doctor.email)
        okafor.page.goto(f"/prescriptions/{signed['id']}/hold")
        okafor.page.get_by_label("Reason").focus()
        okafor.page.keyboard.type("Blood result awaited.")
        okafor.page.keyboard.press("Enter")
        expect(okafor.page.get_by_text("On hold. Nothing is supplied until you let it go on.")).to_be_visible()
        okafor.look()


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_the_patients_pages_are_sound_and_the_sheet_prints(
    browser: Browser, clinic: Clinic, patient: make.Person, signed: Any, width: int
) -> None:
    with reading(browser, clinic.portal.url, width) as maya:
        maya.sign_in(patient.email)
        maya.open(f"/prescriptions/{signed['id']}")
        maya.follow("Ask for a repeat")
        maya.press("Send the request")
        expect(maya.page.get_by_text("has not answered yet")).to_be_visible()
        maya.follow("How to take them")
        maya.page.get_by_role("link", name="Español").click()
        maya.look()

        (page,) = PdfReader(io.BytesIO(maya.page.pdf(prefer_css_page_size=True))).pages
        text = " ".join(page.extract_text().split())
        assert "1 cápsula 1 cápsula 1 cápsula" in text
        assert "Back to the prescription" not in text
