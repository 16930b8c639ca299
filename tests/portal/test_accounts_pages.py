"""Coming in and going out, and a person's own details."""

import pytest
from flask import Flask

from tests import make
from tests.portal.visitor import Visitor, place

NEW = {
    "first_name": "Zoë",
    "last_name": "Đorđević",
    "birth_date__day": "14",
    "birth_date__month": "march",
    "birth_date__year": "1988",
    "email": "zoe@example.com",
    "password": "a long enough one",
}


def test_a_visitor_signs_up_and_is_at_home(visitor: Visitor) -> None:
    home = visitor.press(visitor.get("/sign-up"), "Create account", **NEW)

    assert home.heading == "Hello, Zoë"
    assert "Your account is ready." in home.text
    assert "14 March 1988" in visitor.get("/account").text


def test_all_errors_are_shown_at_once_with_what_was_typed(visitor: Visitor) -> None:
    wrong = {"birth_date__day": "31", "birth_date__month": "2", "birth_date__year": "2027", "email": "zoe"}

    page = visitor.press(visitor.get("/sign-up"), "Create account", 422, **wrong)

    assert page.title.startswith("Error: ")
    assert "Please fix 5 things" in page.text
    assert [a.get("href") for a in page.all("main//a") if a.get("href", "").startswith("#")] == [
        "#first_name",
        "#last_name",
        "#birth_date-day",
        "#email",
        "#password",
    ]
    assert {box.get("name"): box.get("value") for box in page.all("input")}["birth_date-year"] == "2027"


@pytest.mark.parametrize(
    ("day", "month", "year", "message"),
    [
        ("31", "2", "1990", "Enter a real date"),
        ("1", "", "", "Date of birth needs a month and a year."),
        ("1", "1", "90", "Enter the year with four digits"),
        ("1", "1", "1850", "from 1900 on"),
        ("1", "1", "2190", "must be in the past"),
        ("x" * 50, "1", "1990", "Enter a real date"),
        ("１", "1", "1990", "Enter a real date"),
        ("", "", "", "Enter your date of birth."),
    ],
)
def test_a_wrong_date_of_birth_says_what_is_wrong(
    visitor: Visitor, day: str, month: str, year: str, message: str
) -> None:
    born = {"birth_date__day": day, "birth_date__month": month, "birth_date__year": year}

    page = visitor.press(visitor.get("/sign-up"), "Create account", 422, **NEW | born)

    assert message in page.text


def test_an_address_with_an_account_is_sent_to_sign_in(visitor: Visitor, patient: make.Person) -> None:
    page = visitor.press(visitor.get("/sign-up"), "Create account", 409, **NEW | {"email": patient.email})

    assert "There is already an account with this e-mail address." in page.text
    assert "Zoë" in page.source


def test_what_the_auth_service_refuses_stands_at_its_field(visitor: Visitor) -> None:
    page = visitor.press(visitor.get("/sign-up"), "Create account", 422, **NEW | {"password": "password"})

    assert page.all("p[@id='password-error']")
    assert "#password" in [a.get("href") for a in page.all("a")]


def test_a_role_in_the_form_is_ignored(visitor: Visitor) -> None:
    visitor.press(visitor.get("/sign-up"), "Create account", role="admin", **NEW)

    assert visitor.get("/").heading == "Hello, Zoë"


def test_a_new_doctor_is_told_that_the_clinic_checks_the_licence(visitor: Visitor) -> None:
    form = visitor.get(visitor.get("/sign-up").link("Create a doctor's account"))
    assert "The clinic checks your licence" in form.text
    details = {name: NEW[name] for name in ("first_name", "last_name", "email", "password")}
    details |= {"licence_number": "7412093", "licence_register": "GMC"}

    waiting = visitor.press(form, "Create account", **details)

    assert "Nearly there" in waiting.heading
    assert "Before you see patients here, the clinic checks your licence." in waiting.text


def test_a_doctor_who_is_verified_meanwhile_gets_in_by_reloading(visitor: Visitor, auth: Flask) -> None:
    doctor = make.person(auth, "doctor", verified=False)
    assert "Nearly there" in visitor.sign_in(doctor.email).get("/").heading

    make.verify(auth, doctor.email)

    assert place(visitor.get("/").path) == "/entry"


def test_a_wrong_password_and_an_unknown_address_look_the_same(visitor: Visitor, patient: make.Person) -> None:
    form = visitor.get("/sign-in")

    wrong = visitor.press(form, "Sign in", 401, email=patient.email, password="not this one")
    unknown = visitor.press(form, "Sign in", 401, email="nobody@example.com", password="not this one")

    assert wrong.text == unknown.text
    assert "do not match an account" in wrong.text
    assert "not this one" not in wrong.source


@pytest.mark.parametrize(
    ("asked", "arrived"),
    [
        ("/account", "/account"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("/%0d%0aSet-Cookie:x=1", "/%0d%0aSet-Cookie:x=1"),
        ("/\r\nSet-Cookie:x=1", "/"),
        ("evil", "/"),
    ],
)
def test_signing_in_leads_only_to_pages_of_this_portal(
    portal: Flask, patient: make.Person, asked: str, arrived: str
) -> None:
    visitor = Visitor(portal)
    fields = visitor.get("/sign-in").fields(visitor.get("/sign-in").form("Sign in")[0])
    fields.setlist("email", [patient.email])
    fields.setlist("password", [make.PASSWORD])
    fields.setlist("next", [asked])

    answer = visitor.client.post("/sign-in", data=fields, headers={"Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == 303
    assert answer.location == arrived
    assert "x" not in [cookie.key for cookie in visitor.client._cookies.values()]


def test_signing_in_begins_a_new_session(portal: Flask, patient: make.Person) -> None:
    visitor = Visitor(portal)
    form = visitor.get("/sign-in")
    token = form.fields(form.form("Sign in")[0])["csrf_token"]
    visitor.sign_in(patient.email)

    assert visitor.post("/sign-out", {"csrf_token": token}, 400).heading == "This page was open for a long time"


def test_signing_out_ends_the_sign_in_everywhere(maya: Visitor) -> None:
    stolen = maya.client.get_cookie("clinic")
    assert stolen

    gone = maya.press(maya.get("/"), "Sign out")
    assert "You are signed out." in gone.text
    assert maya.get("/appointments").heading == "Sign in"

    with maya.client.session_transaction() as session:
        assert "access" not in session


def test_details_are_changed_and_used_at_once(maya: Visitor, doctor: make.Person) -> None:
    form = maya.get("/account/change")
    assert form.all("input[@id='birth_date-year']")[0].get("value") == "1988"

    saved = maya.press(form, "Save", first_name="Māja", birth_date__day="15")

    assert "Your details are saved." in saved.text
    assert "Māja Lindqvist" in saved.text
    assert "15 March 1988" in saved.text
    assert maya.get("/").heading == "Hello, Māja"


def test_an_empty_name_is_an_error_that_keeps_the_rest(maya: Visitor) -> None:
    page = maya.press(maya.get("/account/change"), "Save", 422, first_name=" ", last_name="Berg")

    assert "Enter your first name." in page.text
    assert page.all("input[@id='last_name']")[0].get("value") == "Berg"


def test_an_administrator_has_a_home_and_no_patients_pages(visitor: Visitor, auth: Flask) -> None:
    visitor.sign_in(make.admin(auth).email)

    assert visitor.get("/").heading == "Hello, Ada"
    assert visitor.get("/appointments", 403).heading == "This page is not for your account"
