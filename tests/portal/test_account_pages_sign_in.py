"""How people sign in: the second step, the password, the address, mailed links, and where they are signed in."""

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask

from chassis import clock
from portal.devices import device
from portal.pages import too_many
from tests import make
from tests.mailbox import Mailbox
from tests.portal.visitor import Page, Visitor, place

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "four little words more"


def codes_of(page: Page) -> list[str]:
    return [code.text or "" for code in page.all("ol[@id='codes']//code")]


def set_up(visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Set up the second step through the pages; the authenticator and the recovery codes."""
    scan = visitor.press(visitor.get("/account/second-step"), "Continue", password=make.PASSWORD)
    assert scan.heading == "Connect your authenticator app"
    totp = pyotp.TOTP("".join(part.text or "" for part in scan.all("p[@class='secret']//span")))
    with clock.set_to(clock.now()):  # the code before this one, so that this one can still be used
        done = visitor.press(scan, "Turn it on", code=totp.at(clock.now() - timedelta(seconds=30)))
    assert done.heading == "The second step is on"
    return totp, codes_of(done)


def ask_code(visitor: Visitor, email: str, password: str = make.PASSWORD) -> Page:
    """Sign in as far as the question for the code."""
    page = visitor.press(visitor.get("/sign-in?next=/account"), "Sign in", email=email, password=password)
    assert page.heading == "Enter your code"
    return page


def test_a_second_step_is_set_up_used_renewed_and_removed(portal: Flask, maya: Visitor, patient: make.Person) -> None:
    totp, codes = set_up(maya)
    assert len(codes) == 10
    assert "On" in maya.get("/account").text

    elsewhere = Visitor(portal)
    asked = ask_code(elsewhere, patient.email)
    assert asked.all("input[@autocomplete='one-time-code'][@inputmode='numeric']")
    wrong = elsewhere.press(asked, "Sign in", 422, code="000000")
    assert "That code does not fit." in wrong.text
    with clock.set_to(clock.now()):
        now = totp.at(clock.now())
        inside = elsewhere.press(wrong, "Sign in", code=f"{now[:3]} {now[3:]}")
    assert place(inside.path) == "/account"
    assert "with the second step" in elsewhere.get("/account/sign-ins").text

    other = Visitor(portal)
    form = other.get(ask_code(other, patient.email).link("Use a recovery code"))
    assert "That recovery code does not fit." in other.press(form, "Sign in", 422, code="AAAA-AAAA-AAAA-AAAAA").text
    assert "used up" in other.press(form, "Sign in", code=codes[0].lower().replace("-", " ")).text
    assert "9 left" in other.get("/account/second-step").text

    renewed = other.press(other.get("/account/second-step/recovery-codes"), "Make new codes", password=make.PASSWORD)
    assert len(codes_of(renewed)) == 10
    assert not set(codes) & set(codes_of(renewed))

    off = other.press(other.get("/account/second-step/remove"), "Turn it off", password=make.PASSWORD)
    assert "The second step is off." in off.text


def test_the_picture_and_the_text_carry_the_same_secret_and_a_wrong_code_keeps_them(maya: Visitor) -> None:
    scan = maya.press(maya.get("/account/second-step"), "Continue", password=make.PASSWORD)
    picture = scan.all("img[@class='qr']")[0].get("src", "")
    assert picture.startswith("data:image/svg+xml")

    again = maya.press(scan, "Turn it on", 422, code="123")
    assert "That code does not fit." in again.text
    assert again.all("img[@class='qr']")[0].get("src") == picture
    assert maya.get("/account/second-step/set-up").all("img[@class='qr']")[0].get("src") == picture


def test_an_authenticator_without_its_making_leads_back_to_the_beginning(maya: Visitor) -> None:
    assert maya.get("/account/second-step/set-up").heading == "Second step of signing in"

    scan = maya.press(maya.get("/account/second-step"), "Continue", password=make.PASSWORD)
    secret = "".join(part.text or "" for part in scan.all("p[@class='secret']//span"))
    maya.press(scan, "Turn it on", code=pyotp.TOTP(secret).at(clock.now()))

    again = maya.press(scan, "Turn it on", code="123456")
    assert again.heading == "Second step of signing in"
    assert "on already" in again.text


def test_the_code_is_asked_for_only_after_a_password_and_not_for_ever(maya: Visitor, patient: make.Person) -> None:
    set_up(maya)
    maya.press(maya.get("/"), "Sign out")
    assert maya.get("/sign-in/code").heading == "Sign in"

    asked = ask_code(maya, patient.email)
    with maya.client.session_transaction() as session:
        assert make.PASSWORD not in str(dict(session))
        assert "access" not in session
    with clock.set_to(clock.now() + timedelta(minutes=6)):
        late = maya.press(asked, "Sign in", code="123456")
    assert late.heading == "Sign in"
    assert "start again with your password" in late.text


def test_the_second_step_begins_a_new_session_and_leads_only_to_pages_of_this_portal(
    portal: Flask, maya: Visitor, patient: make.Person
) -> None:
    _, codes = set_up(maya)
    visitor = Visitor(portal)
    form = visitor.get("/sign-in?next=//evil.test")
    asked = visitor.press(form, "Sign in", email=patient.email, password=make.PASSWORD)
    token = asked.fields(asked.form("Sign in")[0])["csrf_token"]

    inside = visitor.press(asked, "Sign in", code=codes[0])

    assert place(inside.path) == "/"
    assert visitor.post("/sign-out", {"csrf_token": token}, 400)


def test_a_challenge_that_the_service_forgot_starts_again(portal: Flask, maya: Visitor, patient: make.Person) -> None:
    set_up(maya)
    visitor = Visitor(portal)
    asked = ask_code(visitor, patient.email)
    with visitor.client.session_transaction() as session:
        session["challenge"]["token"] = "another"
        session.modified = True

    again = visitor.press(asked, "Sign in", code="123456")

    assert again.heading == "Sign in"
    assert again.all("input[@name='next'][@value='/account']")


@pytest.mark.parametrize("role", ["doctor", "admin"])
def test_who_must_have_a_second_step_sets_it_up_before_anything_else(
    visitor: Visitor, auth: Flask, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = auth.extensions["settings"].model_copy(update={"second_factor_required": "doctor,admin"})
    monkeypatch.setitem(auth.extensions, "settings", settings)
    visitor.sign_in(make.person(auth, role).email)

    for path in ("/", "/account", "/account/sign-ins", "/account/data/download"):
        page = visitor.get(path)
        assert place(page.path) == "/account/second-step"
        assert "Needed before you go on" in page.text
    assert visitor.get("/doctors").heading != page.heading

    set_up(visitor)
    assert place(visitor.get("/account").path) == "/account"
    refused = visitor.press(visitor.get("/account/second-step/remove"), "Turn it off", 403, password=make.PASSWORD)
    assert "An administrator can remove the old one" in refused.text


def test_too_many_tries_are_told_kindly_and_with_a_time(visitor: Visitor, patient: make.Person) -> None:
    form = visitor.get("/sign-in")
    for _ in range(5):
        visitor.press(form, "Sign in", 401, email=patient.email, password="not this one")

    page = visitor.press(form, "Sign in", 429, email=patient.email, password=make.PASSWORD)

    assert "wait 5 minutes, then try again" in page.text
    assert 0 < int(page.response.headers["Retry-After"]) <= 300
    assert place(page.link("Forgotten your password?")) == "/forgotten-password"
    assert patient.email in page.source


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "a minute"), (60, "a minute"), (61, "2 minutes"), (900, "15 minutes"), (7199, "2 hours"), (10800, "3 hours")],
)
def test_a_wait_is_told_in_round_words(seconds: int, words: str) -> None:
    assert f"wait {words}, then" in too_many(seconds)


def test_a_forgotten_password_is_chosen_again_by_a_mailed_link(
    portal: Flask, maya: Visitor, patient: make.Person, mailbox: Mailbox
) -> None:
    form = maya.get(maya.get("/account/password").link("Have a link sent to you"))
    sent = maya.press(form, "Send me a link", email=patient.email)
    nobody = Visitor(portal)
    unknown = nobody.press(nobody.get("/forgotten-password"), "Send me a link", email="nobody@example.com")
    assert sent.text == unknown.text
    assert sent.heading == "Look into your mail"

    reader = Visitor(portal)
    link = f"/reset-password?token={mailbox.token(patient.email)}"
    page = reader.get(link)
    assert page.path == "/reset-password"
    assert "password" in reader.press(page, "Save the new password", 422, new_password="password").text
    done = reader.press(page, "Save the new password", new_password=NEW)
    assert "signed out everywhere" in done.text
    again = reader.get(link)
    assert reader.press(again, "Save the new password", 409, new_password=NEW).heading.startswith("This link")
    assert reader.sign_in(patient.email, NEW).get("/").heading == "Hello, Maya"


@pytest.mark.parametrize("path", ["/reset-password", "/confirm-email"])
@pytest.mark.parametrize("token", ["", "?token=", "?token=abc", "?token=" + "x" * 4000, "?token=%00%0d%0a", "?token=é"])
def test_a_link_that_is_none_says_so_and_offers_another(visitor: Visitor, path: str, token: str) -> None:
    answer = visitor.client.get(path + token, headers={"Sec-Fetch-Site": "none"}, follow_redirects=True)
    page = Page(answer, path)
    if page.status == 200:
        page = visitor.press(page, "Save" if "reset" in path else "Confirm", 409, new_password=NEW)

    assert page.heading == "This link does not work any more"
    assert page.link("Send me a new link" if "reset" in path else "See my account")


def test_an_address_that_is_none_is_an_error_at_the_field(visitor: Visitor) -> None:
    for typed in ("", "maya", "a@@b.c", "x" * 300 + "@example.com"):
        page = visitor.press(visitor.get("/forgotten-password"), "Send me a link", 422, email=typed)
        assert page.all("p[@id='email-error']")


def test_a_new_address_counts_once_its_link_was_opened_and_its_button_pressed(
    maya: Visitor, patient: make.Person, mailbox: Mailbox
) -> None:
    told = maya.press(maya.get("/account/email"), "Send the link", email="new@example.com", password=make.PASSWORD)
    assert "We have sent a link to new@example.com." in told.text
    assert patient.email in told.text

    link = maya.get(f"/confirm-email?token={mailbox.token('new@example.com')}")
    assert patient.email in maya.get("/account").text
    done = maya.press(link, "Confirm this address")
    assert "new@example.com is confirmed." in done.text
    assert place(done.path) == "/account"
    assert patient.email not in done.text


def test_a_wrong_password_stands_at_its_field_and_keeps_the_rest(maya: Visitor) -> None:
    typed = {"email": "new@example.com", "password": "not this one"}

    page = maya.press(maya.get("/account/email"), "Send the link", 422, **typed)

    assert "That is not your password." in page.text
    assert page.all("input[@id='email']")[0].get("value") == "new@example.com"
    assert "not this one" not in page.source


def test_a_new_password_counts_at_once_and_signs_out_elsewhere(
    portal: Flask, maya: Visitor, patient: make.Person
) -> None:
    elsewhere = Visitor(portal).sign_in(patient.email)
    form = maya.get("/account/password")
    short = maya.press(form, "Save the new password", 422, password=make.PASSWORD, new_password="short")
    assert "at least 8 characters" in short.text
    common = maya.press(form, "Save the new password", 422, password=make.PASSWORD, new_password="password1")
    assert common.all("p[@id='new_password-error']")

    saved = maya.press(form, "Save the new password", password=make.PASSWORD, new_password=NEW)

    assert "Your new password is saved." in saved.text
    assert elsewhere.get("/account").heading == "Sign in"
    assert Visitor(portal).sign_in(patient.email, NEW)


def test_where_one_is_signed_in_is_told_in_words_and_can_be_ended(
    portal: Flask, maya: Visitor, patient: make.Person
) -> None:
    other = Visitor(portal)
    form = other.get("/sign-in")
    typed = {**other.get("/sign-in").fields(form.form("Sign in")[0])} | {"email": patient.email}
    other.post("/sign-in", typed | {"password": make.PASSWORD}, headers={"User-Agent": FIREFOX})

    page = maya.get("/account/sign-ins")
    assert "Firefox on Linux" in page.text
    assert "from 127.0.0.1" in page.text
    assert page.text.count("This one") == 1
    there = next(li for li in page.all("li") if "Firefox" in "".join(li.itertext()))
    form_there = there.find(".//form")
    assert form_there is not None
    ended = maya.post(form_there.get("action", ""), page.fields(form_there))
    assert "That device is signed out." in ended.text
    assert "signed out already" in maya.post(form_there.get("action", ""), page.fields(form_there)).text
    assert other.get("/account").heading == "Sign in"


def test_signing_out_everywhere_is_asked_and_ends_this_one_too(
    portal: Flask, maya: Visitor, patient: make.Person
) -> None:
    elsewhere = Visitor(portal).sign_in(patient.email)

    out = maya.press(maya.get(maya.get("/account/sign-ins").link("Sign out everywhere")), "Sign out everywhere")

    assert "You are signed out everywhere." in out.text
    assert maya.get("/account").heading == "Sign in"
    assert elsewhere.get("/account").heading == "Sign in"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on an iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko)"
            " SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15", "Safari on a Mac"),
        ("curl/8.5.0", "A device we do not know"),
        ("python-requests (Linux)", "A program on Linux"),
        ("Mozilla/5.0 Firefox/1", "Firefox"),
        ("<script>alert(1)</script>", "A device we do not know"),
        ("", "A device we do not know"),
    ],
)
def test_a_device_is_named_as_far_as_it_tells(user_agent: str, words: str) -> None:
    assert device(user_agent) == words


def test_a_doctor_signs_up_with_the_licence_they_claim(visitor: Visitor) -> None:
    form = visitor.get("/sign-up/doctor")
    typed = {"first_name": "Ines", "last_name": "Duarte", "email": "ines@example.com", "password": NEW}
    missing = visitor.press(form, "Create account", 422, **typed)
    assert {"#licence_number", "#licence_register"} <= {a.get("href") for a in missing.all("a")}
    odd = visitor.press(form, "Create account", 422, **typed, licence_number="né!", licence_register="GMC")
    assert odd.all("p[@id='licence_number-error']")

    visitor.press(form, "Create account", **typed, licence_number="6103982", licence_register="GMC")

    assert re.search(r"Licence ?Waiting for the clinic ?GMC 6103982", visitor.get("/account").text)


def test_a_licence_of_somebody_else_is_refused_at_its_field(visitor: Visitor, auth: Flask) -> None:
    make.person(auth, "doctor", licence_number="6103982", licence_register="GMC")
    typed = {"first_name": "Ines", "last_name": "Duarte", "email": "ines@example.com", "password": NEW}

    page = visitor.press(
        visitor.get("/sign-up/doctor"), "Create account", 409, **typed, licence_number="6103982", licence_register="GMC"
    )

    assert "Another account has this licence." in page.text
    assert page.all("p[@id='licence_number-error']")
