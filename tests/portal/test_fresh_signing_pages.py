"""A doctor who signed in a while ago proves again who they are before a signature; nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from tests import make
from tests.auth_service.test_second_factor import Protected, protect
from tests.portal.test_prescribing_pages import ROW, checked, issued
from tests.portal.visitor import Page, Visitor

FRESHNESS = timedelta(minutes=2)
AGO = FRESHNESS + timedelta(seconds=1)
NOTES = "Rest, and drink enough."


@pytest.fixture(autouse=True)
def _demanded(prescription: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prescription.extensions, "signing_freshness", FRESHNESS)


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, who signed in two minutes and a second ago."""
    with clock.set_to(clock.now() - AGO):
        return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    return make.appointment(appointment, patient, doctor)


def asked(okafor: Visitor, visit: dict[str, Any]) -> Page:
    """The page that a signature leads to."""
    page = okafor.press(checked(okafor, visit, notes=NOTES), "Sign and issue")
    assert page.heading == "Confirm it is you"
    return page


def test_whoever_has_just_signed_in_is_not_asked(portal: Flask, doctor: make.Person, visit: dict[str, Any]) -> None:
    okafor = Visitor(portal).sign_in(doctor.email)

    assert "Signed and issued" in okafor.press(checked(okafor, visit), "Sign and issue").text


def test_the_password_signs_what_was_written(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    page = asked(okafor, visit)
    assert "Maya Lindqvist" in page.text
    assert issued(prescription, doctor) == []

    done = okafor.press(page, "Confirm and sign", password=make.PASSWORD)

    assert "Signed and issued" in done.text
    (signed,) = issued(prescription, doctor)
    assert (signed["medicines"][0]["name"], signed["notes"]) == (ROW["name"], NOTES)
    assert "Signed and issued" in okafor.press(checked(okafor, visit), "Sign and issue").text  # fresh for a while


@pytest.mark.parametrize(("password", "words"), [("wrong", "That is not your password."), ("", "Enter your password")])
def test_a_wrong_password_says_so_and_keeps_everything(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person, password: str, words: str
) -> None:
    again = okafor.press(asked(okafor, visit), "Confirm and sign", 422, password=password)

    assert again.heading == "Confirm it is you"
    assert words in again.text
    assert issued(prescription, doctor) == []
    back = okafor.press(again, "Back to the prescription")
    assert back.heading == "Check and sign"
    assert NOTES in back.text
    assert "Signed and issued" in okafor.press(again, "Confirm and sign", password=make.PASSWORD).text


def test_pressed_twice_it_is_signed_once(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    page = asked(okafor, visit)

    done = [okafor.press(page, "Confirm and sign", password=make.PASSWORD) for _ in range(2)]

    assert len({one.path for one in done}) == len(issued(prescription, doctor)) == 1


def test_a_form_that_comes_back_after_a_new_sign_in_is_signed_without_another_proof(
    portal: Flask, okafor: Visitor, visit: dict[str, Any], doctor: make.Person
) -> None:
    page = asked(okafor, visit)
    form, button = page.form("Confirm and sign")
    fields = page.fields(form)
    fields.poplist("password")
    fields.add("action", button.get("value", ""))

    assert okafor.post(page.path, fields).heading == "Confirm it is you"  # nobody signed in anew
    anew = Visitor(portal).sign_in(doctor.email)
    fields["csrf_token"] = _token(anew, page.path)
    assert "Signed and issued" in anew.post(page.path, fields).text


def _token(visitor: Visitor, path: str) -> str:
    page = visitor.get(path)
    return page.fields(page.form("Check the prescription")[0])["csrf_token"]


def test_a_draft_asks_as_well_and_goes_on(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    draft = okafor.press(checked(okafor, visit), "Save as draft")
    page = okafor.press(okafor.press(draft, "Check the prescription"), "Sign and issue")
    assert page.heading == "Confirm it is you"

    again = okafor.press(page, "Confirm and sign", 422, password="wrong")
    done = [okafor.press(again, "Confirm and sign", password=make.PASSWORD) for _ in range(2)]

    assert done[0].path == done[1].path == f"/prescriptions/{issued(prescription, doctor)[0]['id']}"


@pytest.fixture
def protected(auth: Flask, doctor: make.Person) -> Protected:
    with clock.set_to(clock.now() - 2 * AGO):
        return protect(auth, make.sign_in(auth, doctor.email))


def signed_in(portal: Flask, doctor: Protected) -> Visitor:
    visitor = Visitor(portal)
    with clock.set_to(clock.now() - AGO):
        form = visitor.press(visitor.get("/sign-in"), "Sign in", email=doctor.email, password=make.PASSWORD)
        visitor.press(form, "Sign in", code=doctor.code())
    return visitor


def test_a_code_signs_once_however_often_it_is_pressed(
    portal: Flask, protected: Protected, visit: dict[str, Any], prescription: Flask
) -> None:
    okafor = signed_in(portal, protected)
    page = asked(okafor, visit)
    wrong = okafor.press(page, "Confirm and sign", 422, code=protected.wrong())
    assert "That code does not fit." in wrong.text
    code, before = protected.code(), okafor.client.get_cookie("clinic")
    assert before

    done = []
    for _ in range(2):  # the second click leaves before the first is answered, with the cookie of before
        okafor.client.set_cookie("clinic", before.value)
        done.append(okafor.press(page, "Confirm and sign", code=code))

    assert len({one.path for one in done}) == len(issued(prescription, protected)) == 1


def test_who_has_no_phone_at_hand_uses_the_password(portal: Flask, protected: Protected, visit: dict[str, Any]) -> None:
    okafor = signed_in(portal, protected)

    by_password = okafor.press(asked(okafor, visit), "Use my password instead")
    wrong = okafor.press(by_password, "Confirm and sign", 422, password="wrong")
    done = okafor.press(wrong, "Confirm and sign", password=make.PASSWORD)

    assert "Signed and issued" in done.text
