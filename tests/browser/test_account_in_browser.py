"""One's own account in a real browser: every page with its errors, and a long journey with scripts and without."""

import time

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests import make
from tests.api import Api
from tests.browser.reader import Reader, reading
from tests.mailbox import Mailbox
from tests.servers import Clinic

LONG = {"first_name": "Bartholomew-Maximilian", "last_name": "Featherstonehaugh-Cholmondeley"}
STEP = 30
"""Seconds that a code of an authenticator is shown."""


@pytest.fixture
def patient(auth: Flask, appointment: Flask) -> make.Person:
    """Somebody with a long name, an appointment, and a doctor who has looked at it."""
    patient = make.person(auth, birth_date="1988-03-14", **LONG)
    doctor = make.doctor(auth, appointment, first_name="Amara", last_name="Okafor")
    booked = make.appointment(appointment, patient, doctor)
    Api(appointment, doctor.token).get(f"/appointments/{booked['id']}")
    return patient


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_of_the_account_is_sound_with_its_errors(
    clinic: Clinic, browser: Browser, patient: make.Person, width: int
) -> None:
    with reading(browser, clinic.portal.url, width) as reader:
        _refused_by_all_forms(reader, [("/forgotten-password", "Send me a link"), ("/reset-password?token=x", "Save")])
        reader.page.get_by_label("New password").fill("four little words more")
        reader.press("Save")
        assert reader.heading() == "This link does not work any more"
        for path in ("/forgotten-password/sent", "/confirm-email?token=x", "/account/closed"):
            reader.open(path)

        reader.sign_in(patient.email)
        reader.open("/account")
        forms = {
            "/account/change": "Save",
            "/account/password": "Save the new password",
            "/account/email": "Send the link",
            "/account/close": "Close my account",
            "/account/second-step": "Continue",
            "/account/second-step/recovery-codes": "Make new codes",
            "/account/second-step/remove": "Turn it off",
        }
        _refused_by_all_forms(reader, list(forms.items()))
        for path in ("/account/sign-ins", "/account/sign-ins/end-all", "/account/history", "/account/data"):
            reader.open(path)
        _second_step(reader, patient.email)


def _refused_by_all_forms(reader: Reader, forms: list[tuple[str, str]]) -> None:
    """Each form as it comes, sent with nothing in it: the errors are shown and have the focus."""
    for path, button in forms:
        reader.page.goto(path)
        for box in reader.page.locator("main input:is([type=text], [type=email], [type=password])").all():
            box.fill("")
        reader.press(button)
        assert reader.page.title().startswith("Error: "), path
        expect(reader.page.locator(".error-summary")).to_be_focused()


def _second_step(reader: Reader, email: str) -> None:
    """Its pages, before and after the first code, and the code at the next sign-in."""
    page = reader.page
    page.goto("/account/second-step")
    page.get_by_label("Your password").first.fill(make.PASSWORD)
    reader.press("Continue")
    reader.press("Turn it on")
    page.get_by_label("Code from the app").fill(_authenticator(page).at(time.time()))
    reader.press("Turn it on")
    expect(page.locator("#codes li")).to_have_count(10)
    reader.open("/account/second-step")
    page.get_by_role("button", name="Sign out").click()
    _give_password(page, email, make.PASSWORD)
    page.get_by_label("Code", exact=True).fill("000000")
    reader.press("Sign in")
    expect(page.locator(".field-error")).to_contain_text("That code does not fit.")
    reader.follow("Use a recovery code")


def _authenticator(page: Page) -> pyotp.TOTP:
    return pyotp.TOTP("".join(page.locator(".secret span").all_inner_texts()))


def _give_password(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Enter your code")


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_first_day_to_a_forgotten_password(
    clinic: Clinic, browser: Browser, mailbox: Mailbox, scripts: bool
) -> None:
    """Sign up, set up the second step, sign out, in with a code, forget the password, and get in again."""
    email = f"zoe-{scripts}@example.com".lower()
    with reading(browser, clinic.portal.url, 390, scripts=scripts) as reader:
        page = reader.page
        _sign_up(page, email)
        totp, recovery = _set_up(page, scripts)
        page.get_by_role("button", name="Sign out").click()
        _give_password(page, email, "a long enough one")
        _type_code(page, totp.at(time.time() + STEP))
        expect(page.locator("h1")).to_have_text("Hello, Zoë")

        page.get_by_role("button", name="Sign out").click()
        _forget(page, email, mailbox)
        _give_password(page, email, "quite another long one")
        page.get_by_role("link", name="Use a recovery code").click()
        page.get_by_label("Code", exact=True).fill(recovery)
        page.locator("main").get_by_role("button", name="Sign in").click()
        expect(page.locator("main")).to_contain_text("That recovery code is used up")
        assert not reader.strangers
        assert not reader.complaints


def _sign_up(page: Page, email: str) -> None:
    page.goto("/sign-up")
    for label, typed in (("First name", "Zoë"), ("Last name", "Đorđević"), ("E-mail", email)):
        page.get_by_label(label).fill(typed)
    for label, typed in (("Day", "14"), ("Month", "march"), ("Year", "1988")):
        page.get_by_label(label, exact=True).fill(typed)
    page.get_by_label("Password", exact=True).fill("a long enough one")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("h1")).to_have_text("Hello, Zoë")


def _set_up(page: Page, scripts: bool) -> tuple[pyotp.TOTP, str]:
    """Set up the second step; the authenticator and one recovery code."""
    page.goto("/account")
    page.get_by_role("link", name="Set up the second step").click()
    page.get_by_label("Your password").first.fill("a long enough one")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".qr")).to_have_js_property("complete", True)
    assert page.locator(".qr").evaluate("img => img.naturalWidth") > 0
    totp = _authenticator(page)
    page.get_by_label("Code from the app").fill(totp.at(time.time()))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("h1")).to_have_text("The second step is on")
    recovery = page.locator("#codes code").first.inner_text()
    if scripts:
        _copy_and_print(page, recovery)
    else:
        assert not page.get_by_text("Print them", exact=True).is_visible()
        assert not page.get_by_text("Copy them", exact=True).is_visible()
    return totp, recovery


def _copy_and_print(page: Page, recovery: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy them").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = str(page.evaluate("navigator.clipboard.readText()")).split("\n")
    assert len(copied) == 10
    assert copied[0] == recovery
    page.emulate_media(media="print")
    assert page.locator("#codes").is_visible()
    assert not page.locator("h1").is_visible()
    assert not page.get_by_role("link", name="I have kept them").is_visible()
    page.emulate_media(media="screen")


def _type_code(page: Page, code: str) -> None:
    """By keyboard: with scripts and without, the field has the focus already."""
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def _forget(page: Page, email: str, mailbox: Mailbox) -> None:
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.locator("h1")).to_have_text("Look into your mail")
    page.goto(f"/reset-password?token={mailbox.token(email)}")
    assert "token" not in page.url
    page.get_by_label("New password").fill("quite another long one")
    page.get_by_role("button", name="Save the new password").click()
    expect(page.locator("main")).to_contain_text("Your new password is saved.")


def test_the_account_is_reached_and_changed_by_keyboard_alone(
    clinic: Clinic, browser: Browser, patient: make.Person
) -> None:
    with reading(browser, clinic.portal.url) as reader:
        page = reader.page
        reader.sign_in(patient.email)
        page.goto("/account")
        for target in ("a:text('Sign-in and security')", "a:has-text('Change my details')", "a:has-text('See where')"):
            _tab_to(page, target)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Where you are signed in")
        _tab_to(page, "a:text('Sign out everywhere')")
        page.keyboard.press("Enter")
        _tab_to(page, "main button")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("You are signed out everywhere.")


def _tab_to(page: Page, target: str) -> None:
    """Press Tab until the target has the focus, and the focus can be seen."""
    goal = page.locator(target)
    goal.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            assert goal.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
            return
    raise AssertionError(f"{target} is out of the keyboard's reach on {page.url}")
