"""The clinic's schedule and figures in a real browser: every page, with errors, on a phone, by keyboard, no scripts."""

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests import make, thorough
from tests.api import Api
from tests.appointment_service.telling import visit
from tests.browser.reader import Reader, reading
from tests.servers import Clinic

LONG = {"first_name": "Bartholomew-Maximilian", "last_name": "Featherstonehaugh-Cholmondeley"}


@pytest.fixture
def admin(auth: Flask) -> make.Person:
    return make.admin(auth)


@pytest.fixture
def busy(auth: Flask, appointment: Flask, admin: make.Person) -> make.Person:
    """A doctor with a long name, whose visits have all kinds of ends; and two more doctors."""
    patient, doctor = make.person(auth, **LONG), make.doctor(auth, appointment, **LONG)
    for name in ("Okafor", "Silva"):
        make.doctor(auth, appointment, first_name="Amara", last_name=name)
    fates = ("fulfilled", "fulfilled", "fulfilled", "noshow", "booked")
    for number, status in enumerate(fates):
        at = datetime.combine(make.clinic_day(-1 - 7 * number), time(10), UTC) + timedelta(minutes=20 * number)
        visit(appointment, patient, doctor, at, status=status)
    for number, at in enumerate((time(10), time(14))):
        visit(appointment, patient, doctor, datetime.combine(make.clinic_day(7 + number), at, UTC))
    api = Api(appointment, admin.token)
    api.post("/clinic/holidays", json={"country": "GB", "year": make.clinic_day(0).year + 1}, expect=201)
    make.visit_type(appointment, admin, public_name="Sexual health", sensitive=True, bookable_by="staff", position=3)
    return doctor


def paths(api: Api, doctor: make.Person) -> dict[str, tuple[str, ...]]:
    """The pages by part of the schedule."""
    kind, next_week = api.get("/visit-types/all")["items"][0]["id"], make.clinic_day(7)
    booked = api.get(f"/appointments?from={next_week}&to={next_week}")["items"][0]["id"]
    one, visit_path = f"/schedule/doctors/{doctor.id}", f"/schedule/visits/{booked}"
    year = make.clinic_day(0).year + 1
    return {
        "day": (
            "/schedule?date=x",
            f"/schedule?date={next_week}",
            visit_path,
            f"{visit_path}/cancel",
            f"{visit_path}/move",
        ),
        "doctors": ("/schedule/doctors", one, f"{one}/change", f"{one}/visit-types", f"{one}/visit-types/{kind}"),
        "visit types": (
            "/schedule/visit-types",
            f"/schedule/visit-types/{kind}",
            f"/schedule/visit-types/{kind}/retire",
        ),
        "days off": ("/schedule/closing-days", f"/schedule/holidays?country=DE&year={year}", f"{one}/time-off/new"),
        "figures": ("/figures", "/figures?since=x&until=y"),
    }


@pytest.mark.parametrize("part", ["day", "doctors", "visit types", "days off", "figures"])
def test_every_page_of_the_schedule_is_sound(
    clinic: Clinic, browser: Browser, appointment: Flask, admin: make.Person, busy: make.Person, part: str
) -> None:
    found = paths(Api(appointment, admin.token), busy)[part]
    for width in (390, 320, 1280)[: thorough.times(2, 3)]:
        with reading(browser, clinic.portal.url, width) as reader:
            reader.sign_in(admin.email)
            for path in found:
                reader.open(path)


def test_wide_pages_and_mistakes_are_sound(
    clinic: Clinic, browser: Browser, appointment: Flask, admin: make.Person, busy: make.Person
) -> None:
    found = paths(Api(appointment, admin.token), busy)
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(admin.email)
        for path in (found["day"][1], found["doctors"][1], found["visit types"][1], found["figures"][0]):
            reader.open(path)
        _make_mistakes(reader)


def _make_mistakes(reader: Reader) -> None:
    """Forms as they look with everything wrong, and the page that asks about people."""
    page = reader.page
    page.goto("/schedule/visit-types/new")
    page.get_by_label("Length: number").fill("4")
    reader.press("Add it")
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("Length: number")).to_have_attribute("aria-invalid", "true")
    page.goto("/schedule/closing-days/new")
    reader.press("Continue")
    page.get_by_label("First day").fill(str(make.clinic_day(7)))
    page.get_by_label("Last day").fill(str(make.clinic_day(8)))
    reader.press("Continue")
    assert reader.heading() == "2 people are booked then"
    reader.press("Close the clinic")
    reader.page.get_by_label("Cancel their visits").check()
    reader.press("Close the clinic")
    expect(page.locator("main")).to_contain_text("2 people are told by letter")


def test_holidays_are_brought_in_without_scripts(clinic: Clinic, browser: Browser, admin: make.Person) -> None:
    with reading(browser, clinic.portal.url, 390, scripts=False) as reader:
        main = reader.page.locator("main")
        reader.sign_in(admin.email)
        reader.page.get_by_role("link", name="Schedule").click()
        main.get_by_role("link", name="Closing days").click()
        main.get_by_role("link", name="Bring in public holidays").click()
        main.get_by_label("Country").select_option("Germany")
        main.get_by_label("Year").select_option(str(make.clinic_day(0).year + 1))
        main.get_by_role("button", name="Show").click()
        main.get_by_label("Part of the country").select_option("Bayern")
        main.get_by_role("button", name="Show").click()
        main.get_by_label("Epiphany").uncheck()
        main.get_by_role("button", name="Close the clinic on these days").click()
        expect(main).to_contain_text("11 holidays are entered.")
        expect(main).not_to_contain_text("Epiphany")


def test_a_visit_type_is_changed_by_keyboard_alone(
    clinic: Clinic, browser: Browser, appointment: Flask, admin: make.Person
) -> None:
    kind = Api(appointment, admin.token).get("/visit-types/all")["items"][0]["id"]
    with reading(browser, clinic.portal.url) as reader:
        reader.sign_in(admin.email)
        reader.page.goto(f"/schedule/visit-types/{kind}")
        _tab_to(reader, "#duration_min")
        reader.page.keyboard.type("25")
        _tab_to(reader, "main button")
        reader.page.keyboard.press("Enter")
        expect(reader.page.locator("main")).to_contain_text("Consultation is changed.")
    assert Api(appointment, admin.token).get(f"/visit-types/{kind}")["duration_min"] == 25


def _tab_to(reader: Reader, target: str) -> None:
    goal = reader.page.locator(target).first
    for _ in range(40):
        reader.page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            assert goal.evaluate("element => getComputedStyle(element).outlineStyle === 'solid'")
            return
    raise AssertionError(f"{target} is out of the keyboard's reach on {reader.page.url}")
