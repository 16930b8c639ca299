"""A page that nobody looks at any more: it warns, leaves, and keeps what was typed. All windows share one clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests import make, thorough
from tests.browser.reader import Reader, reading
from tests.servers import Clinic, Program

SECONDS = 4
IN_TIME = 15_000


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14")


@contextmanager
def two_windows(
    browser: Browser, portal: Program, person: make.Person, width: int = 1280
) -> Iterator[tuple[Reader, Page]]:
    """Two windows of one browser, both signed in."""
    with reading(browser, portal.url, width) as reader:
        reader.sign_in(person.email)
        other = reader.page.context.new_page()
        other.goto("/account")
        yield reader, other


def let_only(seconds: float, window: Page) -> None:
    """Move the clock that all windows share, from this one: the others are left with so many seconds."""
    window.evaluate(f"localStorage.setItem('clinic-idle-end', Date.now() + {seconds * 1000})")


def stay(window: Page) -> Locator:
    return window.get_by_role("button", name="Stay signed in")


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_a_page_warns_and_one_button_keeps_every_window_signed_in(
    clinic: Clinic, browser: Browser, patient: make.Person, width: int
) -> None:
    with two_windows(browser, clinic.portal, patient, width) as (reader, other):
        let_only(100, other)
        expect(stay(reader.page)).to_be_visible()
        expect(reader.page.locator("[data-idle]")).to_contain_text("You will be signed out in 2 minutes.")
        reader.look()
        other.dispatch_event("body", "visibilitychange", {"bubbles": True})
        expect(stay(other)).to_be_visible()

        stay(reader.page).click()

        for window in (reader.page, other):
            expect(stay(window)).to_have_count(0)
        assert reader.page.evaluate("localStorage.getItem('clinic-idle-end') - Date.now()") > 1_700_000


def test_the_warning_is_announced_reached_by_keyboard_and_gives_the_focus_back(
    clinic: Clinic, browser: Browser, patient: make.Person
) -> None:
    with two_windows(browser, clinic.portal, patient) as (reader, other):
        reader.page.bring_to_front()
        reader.page.goto("/account/change")
        let_only(100, other)
        expect(stay(reader.page)).to_be_visible()
        assert reader.page.locator("[data-idle]").get_attribute("role") == "status"
        reader.page.get_by_role("link", name="Skip to content").focus()
        for _ in range(20):
            reader.page.keyboard.press("Tab")
            if stay(reader.page).evaluate("e => e === document.activeElement"):
                break
        reader.page.keyboard.press("Enter")
        expect(stay(reader.page)).to_have_count(0)
        assert reader.page.evaluate("document.activeElement !== document.body")


def test_whoever_types_is_heard(clinic: Clinic, browser: Browser, patient: make.Person) -> None:
    with two_windows(browser, clinic.portal, patient) as (reader, other):
        reader.page.goto("/account/change")
        let_only(1000, other)
        with reader.page.expect_response("**/stay") as heard:
            reader.page.get_by_label("First name").press("x")
        assert heard.value.status == 204


def test_signing_out_in_one_window_empties_the_others(clinic: Clinic, browser: Browser, patient: make.Person) -> None:
    with two_windows(browser, clinic.portal, patient) as (reader, other):
        reader.page.get_by_role("button", name="Sign out").click()
        expect(other).to_have_url(re.compile("/sign-in"))
        expect(other.locator("main")).to_contain_text("You were signed out.")


@pytest.fixture(scope="module")
def impatient(clinic: Clinic, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A portal that signs people out after seconds."""
    environment = {**clinic.portal.environment, "IDLE_MINUTES": str(SECONDS / 60), "WEB_CONCURRENCY": "1"}
    portal = Program("portal", environment, Path(tmp_path_factory.mktemp("idle") / "portal.log"))
    portal.start()
    portal.wait()
    yield portal
    portal.stop()


def test_at_the_end_every_window_leaves_and_what_was_typed_comes_back(
    impatient: Program, browser: Browser, patient: make.Person
) -> None:
    with two_windows(browser, impatient, patient) as (reader, other):
        page = reader.page
        page.goto("/account/change")
        page.get_by_label("First name").fill("Half ty")
        for window in (page, other):
            expect(window).to_have_url(re.compile("/sign-in"), timeout=IN_TIME)
        expect(page.locator("main")).to_contain_text("because nothing happened here for a minute")
        page.go_back()
        expect(page.locator("h1")).to_have_text("Sign in")

        page.goto("/sign-in?next=/resume")
        page.get_by_label("E-mail").fill(patient.email)
        page.get_by_label("Password", exact=True).fill(make.PASSWORD)
        page.locator("main").get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_label("First name")).to_have_value("Half ty")


def test_without_scripts_the_next_page_says_it(impatient: Program, browser: Browser, patient: make.Person) -> None:
    with reading(browser, impatient.url, scripts=False) as reader:
        reader.sign_in(patient.email)
        reader.page.wait_for_timeout((SECONDS + 1) * 1000)  # nothing happens: that is what is waited for
        reader.page.goto("/account")
        expect(reader.page.locator("h1")).to_have_text("Sign in")
        expect(reader.page.locator("main")).to_contain_text("because nothing happened here for a minute")
