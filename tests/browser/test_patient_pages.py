"""The pages of a visitor and a patient in a real browser: accessible, on any screen, by keyboard, without scripts."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests import make, thorough
from tests.browser.reader import Reader, reading
from tests.servers import Clinic

LONG = {"first_name": "Bartholomew-Maximilian", "last_name": "Featherstonehaugh-Cholmondeley"}


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14", **LONG)


@pytest.fixture
def kinds(auth: Flask, appointment: Flask) -> None:
    """Two kinds of visit and a second doctor, so that patients are asked."""
    admin = make.admin(auth)
    make.doctor(auth, appointment, first_name="Ingrid", last_name="Hansen")
    for name, minutes, words in (
        ("See a doctor", 20, "Something new, or something that does not get better."),
        ("Long-term condition review", 40, "Diabetes, asthma, blood pressure and the like."),
    ):
        make.visit_type(appointment, admin, public_name=name, duration_min=minutes, description=words)


def choose(page: Page, name: str) -> None:
    """Choose one answer of a question, and go on."""
    page.get_by_role("radio", name=name).check()
    page.get_by_role("button", name="Continue").click()


def choose_time(page: Page, number: int) -> None:
    """Choose one of the times on the page."""
    page.locator("input[type=radio][name=start]").nth(number).check(force=True)


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_every_page_of_a_visitor_is_sound(clinic: Clinic, browser: Browser, doctor: make.Person, width: int) -> None:
    with reading(browser, clinic.portal.url, width) as visitor:
        for path in ("/", "/doctors", "/sign-in", "/sign-up", "/sign-up/doctor", "/nowhere"):
            visitor.open(path)
        for path, button in (("/sign-in", "Sign in"), ("/sign-up", "Create account"), ("/sign-up/doctor", "Create")):
            visitor.page.goto(path)
            visitor.press(button)
            assert visitor.page.title().startswith("Error: ")
            expect(visitor.page.locator(".error-summary")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_every_page_of_a_patient_is_sound(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person, kinds: None, width: int
) -> None:
    with reading(browser, clinic.portal.url, width) as reader:
        reader.sign_in(patient.email)
        for path in ("/", "/appointments", "/appointments?show=past", "/appointments?show=cancelled", "/account"):
            reader.open(path)
        reader.open("/account/calendar")
        _change_details(reader)
        _book(reader, doctor)
        _move(reader)
        _cancel(reader)
        _wait(reader, doctor)


def _change_details(reader: Reader) -> None:
    reader.open("/account/change")
    reader.page.get_by_label("First name").fill("")
    reader.page.get_by_label("Month").fill("13")
    reader.press("Save")
    assert reader.page.title().startswith("Error: ")


def _book(reader: Reader, doctor: make.Person) -> None:
    reader.open("/book")
    reader.press("Continue")
    expect(reader.page.locator(".field-error")).to_have_text(re.compile("Choose what you need."))
    reader.page.get_by_role("radio", name="See a doctor").check()
    reader.press("Continue")
    reader.page.get_by_role("radio", name="Dr Amara Okafor").check()
    reader.press("Continue")
    reader.follow("Later")
    reader.press("Continue")
    expect(reader.page.locator(".field-error")).to_have_text(re.compile("Choose a time."))
    choose_time(reader.page, 2)
    reader.press("Continue")
    reader.page.get_by_label("Anything we should know?").fill("x" * 2001)
    reader.press("Continue")
    assert reader.page.title().startswith("Error: ")
    reader.page.get_by_label("Anything we should know?").fill("Sore throat")
    reader.press("Continue")
    reader.follow("Change the time")
    reader.follow("Later")
    reader.follow("Earlier")
    reader.page.get_by_label("Go to a date").fill(make.clinic_day(10).isoformat())
    reader.press("Show")
    choose_time(reader.page, 1)
    reader.press("Continue")
    reader.press("Book this appointment")
    assert reader.heading() == "Your appointment is booked"


def _move(reader: Reader) -> None:
    reader.open("/")
    reader.follow("Change time")
    reader.press("Continue")  # the time that is booked is not chosen again by itself
    assert reader.page.title().startswith("Error: ")
    choose_time(reader.page, 3)
    reader.press("Continue")
    reader.press("Move the appointment")
    assert reader.heading() == "Your appointment is moved"
    reader.open("/appointments")


def _wait(reader: Reader, doctor: make.Person) -> None:
    reader.open("/waiting-list")
    reader.open("/book")
    reader.page.get_by_role("radio", name="See a doctor").check()
    reader.press("Continue")
    reader.press("Continue")
    reader.follow("Join the waiting list")
    reader.page.get_by_label("To", exact=True).fill("2020-01-01")
    reader.press("Join the waiting list")
    assert reader.page.title().startswith("Error: ")
    reader.page.get_by_label("To", exact=True).fill(make.clinic_day(20).isoformat())
    reader.page.get_by_label("Friday").check()
    reader.press("Join the waiting list")
    reader.follow("Leave")
    reader.press("Leave the waiting list")


def _cancel(reader: Reader) -> None:
    reader.open("/")
    reader.follow("View details")
    reader.follow("Cancel this appointment")
    reader.press("Cancel appointment")
    expect(reader.page.locator("main")).to_contain_text("Book another time")
    reader.open("/appointments?show=cancelled")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_time_that_is_gone_and_a_part_that_is_out_are_sound_pages(
    clinic: Clinic,
    browser: Browser,
    doctor: make.Person,
    patient: make.Person,
    auth: Flask,
    appointment: Flask,
    width: int,
) -> None:
    with reading(browser, clinic.portal.url, width) as reader:
        reader.sign_in(patient.email)
        reader.page.goto(f"/book/{doctor.id}?from={make.clinic_day()}&day={make.clinic_day()}")
        choose_time(reader.page, 0)
        reader.press("Continue")
        reader.press("Continue")
        make.appointment(appointment, make.person(auth), doctor, at=make.time(9))
        reader.press("Book this appointment")
        assert reader.heading() == "That time has just been taken"

        reader.open("/book/3f0b1c7e-0000-4000-8000-000000000000")
        assert reader.heading() == "Page not found"


def test_a_doctor_who_waits_for_the_clinic_and_an_administrator_have_sound_homes(
    clinic: Clinic, browser: Browser, auth: Flask
) -> None:
    for person in (make.person(auth, "doctor", verified=False), make.admin(auth)):
        with reading(browser, clinic.portal.url, 390) as reader:
            reader.sign_in(person.email)
            reader.open("/")


def test_a_patient_books_by_keyboard_alone(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person, kinds: None
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page, key = reader.page, reader.page.keyboard
        page.goto("/sign-in")
        key.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        key.press("Enter")
        _tab_to(page, "input[name=email]")
        key.type(patient.email)
        key.press("Tab")
        key.type(make.PASSWORD)
        key.press("Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        _tab_to(page, "a:text('Book an appointment')", press=True)
        _tab_to(page, "input[name=visit_type] >> nth=0")
        key.press("Space")
        key.press("Enter")
        _tab_to(page, "input[name=doctor] >> nth=0")
        key.press("ArrowDown")
        key.press("Enter")
        _tab_to(page, "a.day >> nth=1", press=True)
        _tab_to(page, "input[name=start] >> nth=0")
        key.press("Space")
        key.press("ArrowRight")
        expect(page.locator("input[name=start]").nth(1)).to_be_checked()
        expect(page.locator("[data-chosen-time]")).to_contain_text(",")
        key.press("Enter")
        _tab_to(page, "textarea")
        key.type("Sore throat")
        _tab_to(page, "button:text('Continue')", press=True)
        _tab_to(page, "button:text('Book this appointment')", press=True)
        expect(page.locator("h1")).to_have_text("Your appointment is booked")


def _tab_to(page: Page, target: str, *, press: bool = False) -> None:
    """Press Tab until the target has the focus, and the focus can be seen."""
    goal = page.locator(target)
    goal.wait_for(state="attached")
    for _ in range(60):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            break
    else:
        raise AssertionError(f"{target} is out of the keyboard's reach on {page.url}")
    shown = "e => [e, e.nextElementSibling].some(x => x && getComputedStyle(x).outlineStyle === 'solid')"
    assert goal.evaluate(shown), f"the focus on {target} cannot be seen"
    if press:
        page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [1280, 390])
def test_a_patient_books_and_cancels_without_scripts(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person, kinds: None, width: int
) -> None:
    with reading(browser, clinic.portal.url, width, scripts=False) as reader:
        page = reader.page
        page.goto("/doctors")
        page.get_by_role("link", name="Dr Amara Okafor").click()
        page.get_by_label("E-mail").fill(patient.email)
        page.get_by_label("Password").fill(make.PASSWORD)
        page.locator("main").get_by_role("button", name="Sign in").click()
        choose(page, "See a doctor")
        page.get_by_role("link", name="Later").click()
        choose_time(page, 0)
        for button in ("Continue", "Continue"):
            page.get_by_role("button", name=button).click()
        for link in ("Change the time", "Later"):
            page.get_by_role("link", name=link).click()
        choose_time(page, 0)
        for button in ("Continue", "Book this appointment"):
            page.get_by_role("button", name=button).click()
        expect(page.locator("h1")).to_have_text("Your appointment is booked")
        assert not page.get_by_text("Print this page").is_visible()
        page.get_by_role("link", name="Cancel it here").click()
        page.get_by_role("button", name="Cancel appointment").click()
        expect(page.locator("h1")).to_have_text("Your appointment is cancelled")


def test_a_double_click_and_a_second_try_after_going_back_book_once(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page = reader.page
        reader.sign_in(patient.email)
        page.goto(f"/book/{doctor.id}?from={make.clinic_day()}")
        choose_time(page, 0)
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Book this appointment").dblclick()
        expect(page.locator("h1")).to_have_text("Your appointment is booked")
        confirmation = page.url
        page.go_back()
        expect(page.locator("h1")).to_have_text("Check your answers")
        page.get_by_role("button", name="Book this appointment").click()
        expect(page).to_have_url(confirmation)
        page.goto("/appointments")
        expect(page.locator(".list-visits > li")).to_have_count(1)


def test_the_chosen_time_and_day_are_marked_in_forced_colours(
    clinic: Clinic, browser: Browser, doctor: make.Person, patient: make.Person
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page = reader.page
        page.emulate_media(forced_colors="active")
        reader.sign_in(patient.email)
        page.goto(f"/book/{doctor.id}?from={make.clinic_day()}")
        choose_time(page, 1)
        tick = page.locator("input[name=start]:checked + label .icon")
        expect(tick).to_be_visible()
        expect(page.locator("input[name=start] + label .icon").first).to_be_hidden()
        outline = page.locator(".day[aria-current]").evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline == "solid"
        reader.look()


def test_a_password_can_be_shown_and_hidden(clinic: Clinic, browser: Browser) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page = reader.page
        page.goto("/sign-up")
        box = page.locator("#password")
        page.get_by_role("button", name="Show password").click()
        expect(box).to_have_attribute("type", "text")
        page.get_by_role("button", name="Hide password").click()
        expect(box).to_have_attribute("type", "password")
