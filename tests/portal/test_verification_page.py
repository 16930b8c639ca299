"""The public page that checks a paper: no account, no cookie, no word of patient, medicine or doctor."""

from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor
from tests.prescription_service.structured import AMOXICILLIN


@pytest.fixture
def issued(auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> Any:
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    visit = make.appointment(appointment, patient, doctor)
    return make.prescription(prescription, doctor, visit["id"], medicines=[AMOXICILLIN])


@pytest.fixture
def printed(prescription: Flask, patient: make.Person, issued: dict[str, Any]) -> dict[str, str]:
    found = Api(prescription, patient.token).get(f"/prescriptions/{issued['id']}?purpose=print")["verification"]
    return dict(found)


def look_up(visitor: Visitor, code: str, status: int = 200, path: str = "/v", **fields: str) -> Any:
    return visitor.post(path, {"code": code, **fields}, status, environ_overrides=_from(make.from_somewhere()))


def _from(headers: dict[str, str]) -> dict[str, str]:
    return {"HTTP_X_FORWARDED_FOR": headers["X-Forwarded-For"]}


def test_anybody_checks_a_code_and_learns_its_state_only(
    visitor: Visitor, issued: dict[str, Any], printed: dict[str, str]
) -> None:
    page = look_up(visitor, printed["code"].lower())

    assert page.heading == "Genuine code of Larkfield Clinic"
    assert "It may be supplied." in page.text
    assert "01632 960 122" in page.text
    for word in ("Maya", "Lindqvist", "Okafor", "amoxicillin", "General practice", issued["number"], issued["id"]):
        assert word not in page.source


def test_the_token_of_the_qr_code_opens_the_same(visitor: Visitor, printed: dict[str, str]) -> None:
    assert look_up(visitor, printed["token"]).heading == "Genuine code of Larkfield Clinic"


def test_every_code_that_is_not_ours_gets_the_same_page(portal: Flask, issued: dict[str, Any]) -> None:
    codes = ("0000-0000-0000-0", issued["number"], "", "?", "x" * 5000, "<b>\x00")
    pages = [look_up(Visitor(portal), code) for code in codes]

    assert len({page.source for page in pages}) == 1
    assert len({str(sorted(page.response.headers)) for page in pages if page.response.headers.pop("X-Request-Id")}) == 1
    assert "No prescription can be shown for this code." in pages[0].text


def test_no_cookie_is_set_and_nothing_is_told_to_others(visitor: Visitor, printed: dict[str, str]) -> None:
    pages = [visitor.get("/v"), look_up(visitor, "?"), look_up(visitor, printed["code"])]

    for page in pages:
        headers = page.response.headers
        assert "Set-Cookie" not in headers
        assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert printed["code"] not in page.path


@pytest.mark.parametrize(
    ("quantity", "said"), [("21", "It matches"), ("210", "It does not match"), ("21.5", "does not")]
)
def test_one_quantity_is_compared(visitor: Visitor, printed: dict[str, str], quantity: str, said: str) -> None:
    page = look_up(visitor, printed["code"], path="/v/quantity", position="1", quantity=quantity)

    assert said in page.text


@pytest.mark.parametrize("quantity", ["", "1,000", "twenty", "0", "1e3", "٢١", "99999", "1.2345", ".", "1.2.3"])
def test_what_is_no_plain_number_is_asked_again(visitor: Visitor, printed: dict[str, str], quantity: str) -> None:
    page = look_up(visitor, printed["code"], 422, "/v/quantity", position="1", quantity=quantity)

    assert "Enter" in page.text
    assert "match" not in page.text


def test_who_guesses_has_to_wait(visitor: Visitor, printed: dict[str, str]) -> None:
    somewhere = _from(make.from_somewhere())
    for _ in range(10):
        visitor.post("/v", {"code": "?"}, environ_overrides=somewhere)

    page = visitor.post("/v", {"code": printed["code"]}, 429, environ_overrides=somewhere)

    assert "wait" in page.text
    assert int(page.response.headers["Retry-After"]) > 0
