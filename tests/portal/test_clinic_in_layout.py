"""Who the clinic is, on every page: as admins have set it, and as the portal's own settings say otherwise."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from chassis.errors import Unavailable
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645"
    "400000000049454e44ae426082"
)
JPEG, WEBP = b"\xff\xd8\xff\xe0" + b"\0" * 100, b"RIFF\0\0\0\0WEBP" + b"\0" * 100
WORDS = {
    "name": "Bergdorf <Praxis>",
    "address": "Dorfstraße 1, 12345 Bergdorf",
    "phone": "+49 30 901820",
    "email": "praxis@example.com",
    "time_zone": "Europe/Berlin",
    "emergency_number": "112 or 911",
    "emergency_text": "For chest pain\ncall at once.",
}


@pytest.fixture
def ada(portal: Flask, auth: Flask) -> Visitor:
    """An admin, signed in."""
    return Visitor(portal).sign_in(make.admin(auth).email)


@pytest.fixture(autouse=True)
def _forget(portal: Flask) -> Iterator[None]:
    """No thread hears of the clinic in this process: what a test has set would stay."""
    yield
    known = portal.extensions["clinic"]
    known.now = known.own


def hear(portal: Flask) -> None:
    """What the watch of each worker does every few seconds."""
    with portal.app_context():
        portal.extensions["clinic"].hear()


def upload(visitor: Visitor, data: bytes, status: int = 200, name: str = "logo.png") -> Page:
    page = visitor.get("/clinic")
    fields = page.fields(page.form("Upload")[0])
    fields.pop("logo", None)
    boundary, body = encode_multipart({**fields.to_dict(), "logo": FileStorage(BytesIO(data), name)})
    return visitor.post("/clinic/logo", body, status, content_type=f"multipart/form-data; boundary={boundary}")


def mark(page: Page) -> str:
    return str(page.all("a[@class='brand']/img")[0].get("src"))


def test_what_an_admin_sets_is_on_every_page_of_every_worker(portal: Flask, ada: Visitor, maya: Visitor) -> None:
    saved = ada.press(ada.get("/clinic"), "Save", **WORDS)
    assert "The clinic's settings are saved." in saved.text
    known = portal.extensions["clinic"]
    known.now = known.own  # another worker, that has heard nothing yet
    assert "Larkfield Clinic" in maya.get("/").source

    hear(portal)

    page = maya.get("/account")
    assert page.title.endswith("– Bergdorf <Praxis>")
    footer = " ".join("".join(page.all("footer")[0].itertext()).split())
    for words in ("Bergdorf <Praxis> · Dorfstraße 1, 12345 Bergdorf", "112 or 911", "For chest pain call at once."):
        assert words in footer
    links = [a.get("href") for a in page.all("footer//a")]
    assert links == ["tel:+4930901820", "tel:112911"]
    assert known.now.zone.key == "Europe/Berlin"


def test_what_is_as_the_portal_has_it_is_not_set_and_an_empty_box_goes_back_to_it(auth: Flask, ada: Visitor) -> None:
    ada.press(ada.get("/clinic"), "Save")
    assert set(Api(auth).get("/clinic").values()) == {None}

    ada.press(ada.get("/clinic"), "Save", name="Bergdorf")
    assert Api(auth).get("/clinic")["name"] == "Bergdorf"
    page = ada.press(ada.get("/clinic"), "Save", name="")

    assert Api(auth).get("/clinic")["name"] is None
    assert page.all("input[@id='name']")[0].get("value") == "Larkfield Clinic"


def test_while_the_auth_service_is_out_what_was_heard_last_counts(
    portal: Flask, ada: Visitor, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.press(ada.get("/clinic"), "Save", name="Bergdorf")
    client = portal.extensions["services"].clinic.client
    monkeypatch.setattr(client, "base_url", "http://127.0.0.1:9")

    with pytest.raises(Unavailable):
        hear(portal)

    assert "Bergdorf" in visitor.get("/").title


def test_all_that_is_wrong_is_said_at_once_and_what_was_typed_stays(ada: Visitor) -> None:
    wrong = {
        "name": "x" * 101,
        "phone": "none",
        "email": "praxis",
        "time_zone": "Mars/Base",
        "emergency_text": "x" * 501,
    }

    page = ada.press(ada.get("/clinic"), "Save", 422, **wrong)

    assert "Please fix 5 things" in page.text
    assert page.all("input[@id='phone']")[0].get("value") == "none"


def test_what_the_auth_service_refuses_stands_at_its_box(ada: Visitor) -> None:
    page = ada.press(ada.get("/clinic"), "Save", 422, email="a@b..com")

    assert page.all("p[@id='email-error']")


@pytest.mark.parametrize(("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")])
def test_a_logo_is_shown_on_every_page_kept_by_browsers_and_safe(
    ada: Visitor, maya: Visitor, data: bytes, kind: str
) -> None:
    assert "The logo is set." in upload(ada, data).text

    address = mark(maya.get("/account"))
    assert address.startswith("/logo?v=")
    picture = maya.client.get(address)
    assert picture.data == data
    assert picture.content_type == kind
    assert picture.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in picture.headers
    assert maya.client.get("/logo?v=older").headers["Cache-Control"] == "no-cache"
    assert "img-src 'self'" in picture.headers["Content-Security-Policy"]


def test_a_worker_that_has_not_heard_of_a_logo_asks_for_it(portal: Flask, ada: Visitor, maya: Visitor) -> None:
    upload(ada, PNG)
    address = mark(ada.get("/"))
    known = portal.extensions["clinic"]
    known.now, known._asked_at = known.own, 0.0

    assert maya.client.get(address).data == PNG


def test_a_logo_is_removed_by_asking_first(ada: Visitor) -> None:
    upload(ada, PNG)
    asked = ada.get(ada.get("/clinic").link("Remove the logo"))
    assert mark(asked).startswith("/logo")

    gone = ada.press(asked, "Remove the logo")

    assert "The logo is removed." in gone.text
    assert mark(gone).startswith("/static/mark.svg")
    with ada.client.get("/logo") as answer:
        assert answer.location.startswith("/static/mark.svg")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "", "Choose a picture."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg", "This file is something else."),
        (b"GIF89a" + b"\0" * 20, "logo.png", "This file is something else."),
        (PNG + b"\0" * 40 * 1024, "logo.png", "The picture can have 40 kB. This one has 41 kB."),
        (PNG + b"\0" * 2 * 1024 * 1024, "logo.png", "This one has 2,049 kB."),
    ],
)
def test_a_file_that_is_no_small_picture_is_refused_at_its_box(
    ada: Visitor, data: bytes, name: str, words: str
) -> None:
    page = upload(ada, data, 422, name)

    assert words in page.text
    assert page.all("p[@id='logo-error']")


def test_a_file_that_is_far_too_large_is_a_page(ada: Visitor) -> None:
    assert upload(ada, PNG + b"\0" * 9 * 1024 * 1024, 413)


def test_the_printed_prescription_names_the_clinic_as_it_was_set(
    auth: Flask,
    appointment: Flask,
    prescription: Flask,
    ada: Visitor,
    maya: Visitor,
    patient: make.Person,
    doctor: make.Person,
) -> None:
    written = make.prescription(prescription, doctor, make.appointment(appointment, patient, doctor)["id"])
    ada.press(ada.get("/clinic"), "Save", **WORDS)

    paper = maya.get(f"/prescriptions/{written['id']}/print")

    for words in ("Bergdorf <Praxis>", "Dorfstraße 1, 12345 Bergdorf", "+49 30 901820", "praxis@example.com"):
        assert words in paper.text
