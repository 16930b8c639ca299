"""The doctor's pages in a real browser: sound on any screen, by keyboard, without scripts, clicked twice, on paper."""

import io
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests import make, thorough
from tests.api import Api
from tests.appointment_service import telling
from tests.browser.reader import Reader, reading
from tests.servers import Clinic

A4 = (210, 297)
COME_BACK = "document.dispatchEvent(new Event('visibilitychange'))"
LONG = "Bartholomew-Maximilian Featherstonehaugh-Cholmondeley"


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, first_name="Maya", last_name="Lindqvist", birth_date="1988-03-14")


@pytest.fixture
def visit(appointment: Flask, auth: Flask, patient: make.Person, doctor: make.Person) -> UUID:
    """A visit that has just begun, and more on another day."""
    now = datetime.now(make.CLINIC_ZONE).replace(second=0, microsecond=0)
    begun = now - timedelta(minutes=5)
    other = datetime.combine(make.clinic_day(3), time(9), make.CLINIC_ZONE)
    telling.visit(appointment, make.person(auth), doctor, other, patient_name=LONG, overbook=True, displaced=True)
    starts_at = begun if begun.date() == now.date() else now
    return telling.visit(appointment, patient, doctor, starts_at, patient_birth_date=date(1988, 3, 14))


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_every_page_of_a_doctors_day_is_sound(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person, visit: UUID, width: int
) -> None:
    day = make.clinic_day(3)
    with reading(browser, clinic.portal.url, width) as reader:
        reader.sign_in(doctor.email)
        for path in ("/today", f"/today?date={day}", f"/appointments/{visit}", f"/week?of={day}", "/patients"):
            reader.open(path)
        for path in (f"/patients/{patient.id}", f"/patients/{patient.id}/overbook", "/hours", "/entry", "/to-phone"):
            reader.open(path)
        _wrong(reader, f"/visits/{visit}/cancel", "Cancel the visit")
        _wrong(reader, f"/patients/{patient.id}/book?from={day}&day={day}", "Book it")
        reader.page.goto("/hours/change")
        reader.page.locator("#d1-0-starts").fill("25")
        reader.press("Save my hours")
        reader.page.goto("/time-off/new")
        reader.page.get_by_label("First day").fill(str(day))
        reader.press("Continue")
        assert reader.heading() == "1 person is booked then"


def _wrong(reader: Reader, path: str, button: str) -> None:
    reader.page.goto(path)
    reader.press(button)
    assert reader.page.title().startswith("Error: ")
    expect(reader.page.locator(".error-summary")).to_be_focused()


def test_a_visit_is_taken_from_arrived_to_done_by_keyboard_without_scripts(
    clinic: Clinic, browser: Browser, doctor: make.Person, visit: UUID
) -> None:
    with reading(browser, clinic.portal.url, scripts=False) as reader:
        reader.sign_in(doctor.email)
        page = reader.page
        page.goto("/today")
        row = page.locator(f"[id='visit-{visit}']")
        for button, state in (("Arrived", "Arrived"), ("Call in", "Called in"), ("Done", "Done")):
            row.get_by_role("button", name=button).focus()
            page.keyboard.press("Enter")
            expect(row.locator(".status")).to_have_text(state)
        row.get_by_text("More").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Write a prescription")).to_be_focused()


def test_a_double_click_takes_one_step(clinic: Clinic, browser: Browser, doctor: make.Person, visit: UUID) -> None:
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(doctor.email)
        reader.page.goto("/today")
        reader.page.get_by_role("button", name="Arrived").dblclick()
        expect(reader.page.locator(".visit .status")).to_have_text("Arrived")
        expect(reader.page.get_by_role("button", name="Call in")).to_be_visible()


def test_the_day_is_read_anew_when_one_comes_back_to_it_and_an_open_menu_stays(
    clinic: Clinic, browser: Browser, appointment: Flask, doctor: make.Person, visit: UUID
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page = reader.page
        page.clock.install()
        reader.sign_in(doctor.email)
        page.goto("/today")
        Api(appointment, doctor.token).post(f"/appointments/{visit}/arrive")
        page.clock.fast_forward(30_000)
        page.get_by_text("More").click()
        page.evaluate(COME_BACK)
        expect(page.get_by_role("link", name="Write a prescription")).to_be_visible()
        expect(page.locator(".visit .status")).to_have_text("Booked")

        page.get_by_text("More").click()
        page.get_by_text("More").blur()
        page.evaluate(COME_BACK)
        expect(page.locator(".visit .status")).to_have_text("Arrived")


def test_enter_saves_the_hours_and_the_count_follows_what_is_typed(
    clinic: Clinic, browser: Browser, doctor: make.Person
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(doctor.email)
        page = reader.page
        page.goto("/hours/change")
        expect(page.locator("#count")).to_contain_text("126")
        page.locator("#d1-0-ends").fill("11")
        expect(page.locator("#count")).to_contain_text("123")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Your hours are saved. 123 appointments")


def test_the_week_is_a_table_on_a_desk_and_a_list_on_a_phone(
    clinic: Clinic, browser: Browser, doctor: make.Person, visit: UUID
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(doctor.email)
        reader.page.goto("/week")
        expect(reader.page.get_by_role("table")).to_be_visible()
        reader.page.set_viewport_size({"width": 390, "height": 800})
        expect(reader.page.get_by_role("table")).to_be_hidden()
        expect(reader.page.get_by_role("link", name="Maya Lindqvist").last).to_be_visible()


def test_the_day_list_prints_on_a4_with_its_head_on_every_page_and_without_buttons(
    clinic: Clinic, browser: Browser, appointment: Flask, doctor: make.Person, patient: make.Person
) -> None:
    first = datetime.combine(make.clinic_day(5), time(7), make.CLINIC_ZONE)
    for number in range(36):
        telling.visit(appointment, patient, doctor, first + timedelta(minutes=20 * number), notes="Long story. " * 9)
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(doctor.email)
        reader.page.goto(f"/today?date={make.clinic_day(5)}")
        sheets = _paper(reader.page)

    assert len(sheets) > 1
    for number, (size, words) in enumerate(sheets, 1):
        assert size == A4
        assert "Dr Amara Okafor" in words
        assert "36 appointments · printed" in words
        assert f"{number} / {len(sheets)}" in words
        assert "Arrived" not in words
        assert "More" not in words
    assert sum(words.count("Maya Lindqvist") for _, words in sheets) == 36


def _paper(page: Page) -> list[tuple[tuple[int, int], str]]:
    """Size in millimetres and words of each sheet."""
    document = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    millimetres = [tuple(round(float(side) * 25.4 / 72) for side in sheet.mediabox[2:]) for sheet in document.pages]
    words = [" ".join(sheet.extract_text().split()) for sheet in document.pages]
    return list(zip(millimetres, words, strict=True))  # type: ignore[arg-type]
