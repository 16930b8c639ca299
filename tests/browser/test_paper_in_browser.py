"""Medicines from the list on paper, in a real browser: what the PDF says, and the QR code read back from a picture."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests import make, thorough
from tests.api import Api
from tests.browser.reader import Reader, reading
from tests.browser.test_prescribing_in_browser import A5, letters, paper
from tests.prescription_service.structured import AMOXICILLIN, tablets
from tests.servers import Clinic

LONGEST = tablets(
    "F065",
    "1 mg",
    brand="B" * 60,
    substitution_allowed=False,
    no_substitution_reason="because " * 15,
    indication="a long story " * 9,
    instructions="Take it every day. " * 12,
    note_to_pharmacist="please read this " * 14,
)
PIXELS = """async (picture) => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  return [image.width, image.height, Array.from({ length: data.length / 4 }, (_, n) => data[4 * n])];
}"""


@pytest.fixture
def doctor(auth: Flask, appointment: Flask) -> make.Person:
    return make.doctor(auth, appointment, first_name="Amara", last_name="Okafor", licence_number="7412093")


@pytest.fixture
def reader(browser: Browser, clinic: Clinic, doctor: make.Person) -> Iterator[Reader]:
    with reading(browser, clinic.portal.url) as found:
        found.sign_in(doctor.email)
        yield found


@pytest.fixture
def page(reader: Reader) -> Page:
    return reader.page


def sign(prescription: Flask, doctor: make.Person, visit: str, *medicines: Any) -> dict[str, Any]:
    body = {"appointment_id": visit, "medicines": list(medicines)}
    found = Api(prescription, doctor.token).post("/prescriptions/check", json=body)["alerts"]
    overrides = [{"key": alert["key"], "reason": "Weighed and found needed."} for alert in found]
    return make.prescription(prescription, doctor, visit, medicines=list(medicines), overrides=overrides)


@pytest.mark.parametrize("size", ["a5", "a4"])
def test_the_longest_medicines_are_on_paper_to_their_last_word(
    page: Page, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, size: str
) -> None:
    patient = make.person(auth, first_name="Đ" * 40, last_name="Łukaszewicz-" * 5, birth_date="1988-03-14")
    visit = make.appointment(appointment, patient, doctor)["id"]
    issued = sign(prescription, doctor, visit, LONGEST, AMOXICILLIN, *[make.MEDICINE] * 8)

    pages, _ = paper(page, issued["id"], size)

    assert all(f"Page {n} of {len(pages)}" in text for n, text in enumerate(pages, 1))
    printed = "".join(pages).replace(" ", "")
    for words in ("B" * 60, "because" * 15, "alongstory" * 9, "Takeiteveryday." * 12, "pleasereadthis" * 14):
        assert words in printed
    assert printed.count("Notfromthemedicinelist,notchecked.") == 8


def test_the_qr_code_is_read_back_and_opens_the_check(
    reader: Reader,
    page: Page,
    auth: Flask,
    appointment: Flask,
    prescription: Flask,
    doctor: make.Person,
    clinic: Clinic,
) -> None:
    patient = make.person(auth, first_name="مريم", last_name="الحسيني", birth_date="1988-03-14")
    visit = make.appointment(appointment, patient, doctor)["id"]
    issued = sign(prescription, doctor, visit, AMOXICILLIN)
    pages, sizes = paper(page, issued["id"])
    assert (len(pages), sizes) == (1, {A5})
    assert letters("مريمالحسيني") <= letters(pages[0])
    box = page.locator(".qr").bounding_box()
    assert box is not None
    assert round(box["width"] * 25.4 / 96, 1) == round(box["height"] * 25.4 / 96, 1) == 25.0

    (found,) = read_codes(page, page.locator(".sheet").screenshot())

    assert found.startswith(f"{clinic.portal.url}/v#")
    page.goto(found)
    expect(page.get_by_role("heading", name="Genuine code of Larkfield Clinic")).to_be_visible()
    assert urlsplit(page.url).fragment == ""
    reader.look()
    page.goto("/v#nonsense")
    expect(page.get_by_text("No prescription can be shown for this code.")).to_be_visible()
    reader.look()


def read_codes(page: Page, picture: bytes) -> list[str]:
    """What a reader of codes finds in a picture of paper."""
    blank = page.context.new_page()
    width, height, pixels = blank.evaluate(PIXELS, f"data:image/png;base64,{base64.b64encode(picture).decode()}")
    blank.close()
    seen = memoryview(bytes(pixels)).cast("B", (height, width))
    return [code.text for code in zxingcpp.read_barcodes(seen)]


def test_a_code_is_typed_where_there_are_no_scripts(
    browser: Browser, clinic: Clinic, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person
) -> None:
    visit = make.appointment(appointment, make.person(auth), doctor)["id"]
    issued = sign(prescription, doctor, visit, AMOXICILLIN)
    code = Api(prescription, doctor.token).get(f"/prescriptions/{issued['id']}?purpose=print")["verification"]["code"]
    with reading(browser, clinic.portal.url, 390, scripts=False) as plain:
        plain.page.goto("/v")
        plain.page.get_by_label("Code on the paper").fill(code.lower())
        plain.page.get_by_role("button", name="Check it").click()
        plain.page.get_by_label("Number of the medicine").fill("1")
        plain.page.get_by_label("Quantity in figures").fill("21")
        plain.page.get_by_role("button", name="Compare").click()
        expect(plain.page.get_by_text("It matches what was signed.")).to_be_visible()
        assert plain.page.context.cookies() == []


@pytest.mark.parametrize("width", [1280, 390, 320][: thorough.times(2, 3)])
def test_the_pages_of_the_check_are_sound(
    browser: Browser,
    clinic: Clinic,
    auth: Flask,
    appointment: Flask,
    prescription: Flask,
    doctor: make.Person,
    width: int,
) -> None:
    visit = make.appointment(appointment, make.person(auth), doctor)["id"]
    issued = sign(prescription, doctor, visit, AMOXICILLIN)
    code = Api(prescription, doctor.token).get(f"/prescriptions/{issued['id']}?purpose=print")["verification"]["code"]
    with reading(browser, clinic.portal.url, width) as anybody:
        anybody.open("/v")
        anybody.page.get_by_label("Code on the paper").fill(code)
        anybody.press("Check it")
        anybody.press("Compare")
        expect(anybody.page.locator(".error-summary")).to_be_focused()
