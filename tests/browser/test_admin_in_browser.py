"""The pages of admins in a real browser: long names, errors, no scripts, no mouse; and a doctor who is let in."""

import time
from importlib.resources import files
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests import make, thorough
from tests.browser.reader import Reader, reading
from tests.servers import Clinic

LONG = {"first_name": "Bartholomew-Maximilian", "last_name": "Featherstonehaugh-Cholmondeley"}
PICTURE = Path(str(files("flask_swagger_ui") / "dist" / "favicon-32x32.png"))


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def waiting(auth: Flask) -> make.Person:
    """A doctor whose licence nobody has checked."""
    claim = {"licence_number": "1234567", "licence_register": "Ordem dos Médicos, Secção Regional do Norte"}
    return make.person(
        auth, "doctor", verified=False, email=f"{'long' * 12}@{'host' * 12}.example.com", **LONG, **claim
    )


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_every_page_of_an_admin_is_sound(
    clinic: Clinic, browser: Browser, auth: Flask, admin: make.Person, waiting: make.Person, width: int
) -> None:
    patient = make.person(auth, **LONG)
    with reading(browser, clinic.portal.url, width) as reader:
        reader.sign_in(admin.email)
        for path in (
            *(
                "/",
                "/people",
                "/people?search=nobody",
                "/people/waiting",
                f"/people/{admin.id}",
                f"/people/{waiting.id}",
            ),
            *(f"/people/{patient.id}", f"/people/{patient.id}/disable", f"/people/{patient.id}/role"),
            *("/record-of-access", "/record-of-access?actor=nobody&since=x"),
        ):
            reader.open(path)
        _make_mistakes(reader, waiting)


def _make_mistakes(reader: Reader, waiting: make.Person) -> None:
    """Forms as they look with everything wrong."""
    page = reader.page
    page.goto(f"/people/{waiting.id}/licence/verify")
    for label in ("Licence number", "Register", "Day", "Month", "Year"):
        page.get_by_label(label, exact=True).fill("")
    reader.press("Verify this doctor")
    expect(page.locator(".error-summary")).to_be_focused()
    page.goto(f"/people/{waiting.id}/licence/reject")
    reader.press("Do not accept it")
    expect(page.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    page.goto("/clinic")
    page.get_by_label("Phone").fill("none")
    reader.press("Save")
    page.locator("main").get_by_role("button", name="Upload").click()
    expect(page.locator("#logo-error")).to_contain_text("Choose a picture.")


def test_a_doctor_who_is_let_in_goes_on_without_signing_in_again(
    clinic: Clinic, browser: Browser, admin: make.Person
) -> None:
    with reading(browser, clinic.portal.url) as doctor, reading(browser, clinic.portal.url, 390) as reader:
        page = doctor.page
        page.goto("/sign-up/doctor")
        typed = {"First name": "Vera", "Last name": "Lang", "Licence number": "7654321", "Register": "GMC"}
        for label, words in (typed | {"E-mail": "vera.lang@example.com"}).items():
            page.get_by_label(label, exact=True).fill(words)
        page.get_by_label("Password", exact=True).fill("a long enough one")
        doctor.press("Create account")
        assert doctor.heading() == "Nearly there, Dr Vera Lang"

        reader.sign_in(admin.email)
        reader.follow("Dr Vera Lang")
        reader.press("Verify this doctor")
        expect(reader.page.locator("main")).to_contain_text("Dr Vera Lang is verified")

        doctor.open("/today")
        assert doctor.heading() == "Welcome, Dr Vera Lang"

        reader.follow("Suspend")
        reader.page.get_by_label("Reason").fill("A complaint is being looked at.")
        reader.press("Suspend this doctor")

        deadline = time.monotonic() + 10
        while page.locator("h1").inner_text() != "Your account is on hold":
            assert time.monotonic() < deadline
            page.goto("/")
        expect(page.locator("main")).to_contain_text("A complaint is being looked at.")


@pytest.mark.parametrize("width", [1280, 390])
def test_an_admin_works_without_scripts(
    clinic: Clinic, browser: Browser, auth: Flask, admin: make.Person, waiting: make.Person, width: int
) -> None:
    patient = make.person(auth, first_name="Maya", last_name="Lindqvist")
    with reading(browser, clinic.portal.url, width, scripts=False) as reader:
        page, main = reader.page, reader.page.locator("main")
        reader.sign_in(admin.email)
        main.get_by_label("Name or e-mail").fill(patient.email)
        main.get_by_role("button", name="Search").click()
        main.get_by_role("link", name="Lindqvist, Maya").click()
        main.get_by_role("link", name="Disable the account").click()
        main.get_by_role("button", name="Disable the account").click()
        expect(main).to_contain_text("The account of Maya Lindqvist is disabled.")
        main.get_by_role("link", name="What Maya did").click()
        expect(main).to_contain_text("signed in")
        page.get_by_role("link", name="People").click()
        main.get_by_role("link", name="Doctors waiting").click()
        main.get_by_role("link", name="Check").click()
        main.get_by_role("button", name="Verify this doctor").click()
        expect(main).to_contain_text("is verified")
        page.get_by_role("link", name="Clinic", exact=True).click()
        main.get_by_label("Picture").set_input_files(PICTURE)
        main.get_by_role("button", name="Upload").click()
        expect(main).to_contain_text("The logo is set.")
        assert page.locator(".brand img").get_attribute("src").startswith("/logo?v=")


def test_an_admin_finds_and_disables_by_keyboard_alone(
    clinic: Clinic, browser: Browser, auth: Flask, admin: make.Person
) -> None:
    make.person(auth, first_name="Maya", last_name="Lindqvist")
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(admin.email)
        reader.page.goto("/people")
        _tab_to(reader, "#search")
        reader.page.keyboard.type("lindq")
        reader.page.keyboard.press("Enter")
        for link in ("main a:has-text('Lindqvist, Maya')", "a:text('Disable the account')", "main button"):
            _tab_to(reader, link)
            reader.page.keyboard.press("Enter")
        expect(reader.page.locator("main")).to_contain_text("The account of Maya Lindqvist is disabled.")


def _tab_to(reader: Reader, target: str) -> None:
    goal = reader.page.locator(target).first
    goal.wait_for()
    for _ in range(40):
        reader.page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            assert goal.evaluate("element => getComputedStyle(element).outlineStyle === 'solid'")
            return
    raise AssertionError(f"{target} is out of the keyboard's reach on {reader.page.url}")
