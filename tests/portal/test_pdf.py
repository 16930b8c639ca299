"""Paper as a PDF: the same words, every letter of a name, its pages counted, and no way out to another address."""

import io
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal import pdf
from tests import make
from tests.api import Api
from tests.portal.visitor import BROWSER, Visitor
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL

engine = pytest.importorskip("portal.pdf_engine", reason="WeasyPrint, or a library it draws with, is not here")
A5, A4 = (148, 210), (210, 297)
NAMES = [("Zoë Đorđe", "Łukaszewicz-Ğüneş"), ("Ελένη", "Παπαδοπούλου"), ("Алёна", "Щербакова"), ("مريم", "الحسيني")]
NAMES += [("Thị Hằng", "Nguyễn"), ("Ўлжан", "Ќосев"), ("נועה", "כהן")]


def sized(page: Any) -> tuple[int, int]:
    """Millimetres of paper."""
    return round(float(page.mediabox.width) * 25.4 / 72), round(float(page.mediabox.height) * 25.4 / 72)


def letters(text: str) -> Counter[str]:
    """The letters of a text, however a script joins or orders them."""
    return Counter(c for c in unicodedata.normalize("NFKC", text) if c.isalpha())


def read(reader: Visitor, prescription_id: str, size: str = "a5") -> PdfReader:
    answer = reader.client.get(f"/prescriptions/{prescription_id}/pdf?size={size}", headers=BROWSER)
    assert answer.status_code == 200
    assert answer.mimetype == "application/pdf"
    return PdfReader(io.BytesIO(answer.data))


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


def signed(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, *medicines: Any) -> Any:
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    visit = make.appointment(appointment, patient, doctor)["id"]
    return make.prescription(prescription, doctor, visit, medicines=list(medicines) or [AMOXICILLIN], notes="")


def test_all_names_keep_their_letters(
    portal: Flask, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, okafor: Visitor
) -> None:
    everybody = " ".join(" ".join(name) for name in NAMES)
    patient = make.person(auth, first_name=everybody, last_name=everybody, birth_date="1988-03-14")
    issued = signed(appointment, prescription, patient, doctor)

    text = read(okafor, issued["id"]).pages[0].extract_text()

    assert letters(everybody.upper() + everybody) <= letters(text)


@pytest.mark.parametrize(("number", "size", "pages"), [(1, "a5", 1), (3, "a5", 1), (4, "a5", 2), (10, "a4", 2)])
def test_pages_are_as_many_as_they_say(
    appointment: Flask,
    prescription: Flask,
    patient: make.Person,
    doctor: make.Person,
    okafor: Visitor,
    number: int,
    size: str,
    pages: int,
) -> None:
    medicines = [make.MEDICINE | {"name": f"Medicine {n}"} for n in range(number)]
    found = read(okafor, signed(appointment, prescription, patient, doctor, *medicines)["id"], size).pages

    assert len(found) == pages
    assert {sized(page) for page in found} == {A5 if size == "a5" else A4}
    for at, page in enumerate(found, 1):
        assert f"Page {at} of {pages}" in page.extract_text()
    assert "Nothing below." in found[-1].extract_text()


def test_the_longest_patient_is_on_every_page_and_none_runs_over(
    auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, okafor: Visitor
) -> None:
    address = "\n".join(["Appartement-de-longueur-exceptionnelle " * 2] * 3)[:300]
    given, family = "Maximiliane Đorđa " * 11, "von und zu Łukaszewicz-" * 8
    patient = make.person(auth, first_name=given, last_name=family, sex="female", address=address)
    issued = signed(appointment, prescription, patient, doctor)
    for size in ("a5", "a4"):
        found = read(okafor, issued["id"], size).pages

        assert len(found) <= 2
        for at, sheet in enumerate(found, 1):
            text = sheet.extract_text()
            assert f"Page {at} of {len(found)}" in text
            assert letters(family.upper() + given + address.replace("\n", "")) <= letters(text)
            assert "Sex female" in text
        assert "PHARMACY USE" in found[-1].extract_text()


def test_three_medicines_share_a5_with_a_long_birth_date_sex_and_address(
    okafor: Visitor, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person
) -> None:
    told = {"birth_date": "1988-09-30", "sex": "female", "address": "Flat 2,\n1 High Street\nLeeds LS1 1AA"}
    visit = make.appointment(appointment, make.person(auth, **told), doctor)
    three = [make.MEDICINE | {"name": f"Medicine number {n} 500 mg"} for n in (1, 2, 3)]
    issued = make.prescription(prescription, doctor, visit["id"], medicines=three)

    pages = read(okafor, issued["id"]).pages

    assert len(pages) == 1
    for words in ("Leeds LS1 1AA", "Sex female", "Medicine number 3", "PHARMACY USE", "Page 1 of 1"):
        assert words in pages[0].extract_text()


def test_it_says_what_the_page_says(
    appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person, okafor: Visitor, maya: Visitor
) -> None:
    issued = signed(appointment, prescription, patient, doctor, AMOXICILLIN, PARACETAMOL)
    Api(prescription, doctor.token).post(f"/prescriptions/{issued['id']}/hold", json={"reason": "Result awaited."})

    text = " ".join(read(maya, issued["id"]).pages[0].extract_text().split())

    for words in ("amoxicillin 500 mg capsule", "28 (twenty-eight) tablets", "NO KNOWN DRUG ALLERGY", "ON HOLD"):
        assert words in text
    assert "Copy 1, printed" in text
    assert "Copy 2, printed" in okafor.get(f"/prescriptions/{issued['id']}/print").text


def test_the_file_is_called_the_same_whoever_it_is_for(
    auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, okafor: Visitor
) -> None:
    patient = make.person(auth, first_name='Ann"; x=', last_name="O'Neil")
    issued = signed(appointment, prescription, patient, doctor)

    answer = okafor.client.get(f"/prescriptions/{issued['id']}/pdf", headers=BROWSER)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="prescription.pdf"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_offered_where_it_can_be_drawn_and_to_whom_it_belongs(
    portal: Flask,
    auth: Flask,
    appointment: Flask,
    prescription: Flask,
    patient: make.Person,
    doctor: make.Person,
    maya: Visitor,
) -> None:
    issued = signed(appointment, prescription, patient, doctor)
    path = f"/prescriptions/{issued['id']}/pdf"
    assert maya.get(f"/prescriptions/{issued['id']}").link("Keep as PDF") == path
    other = Visitor(portal).sign_in(make.doctor(auth, appointment).email)
    other.get(path, 404)
    maya.get(f"{path}?size=a3", 404)


@pytest.fixture
def without_engine(portal: Flask) -> Iterator[None]:
    """A machine that has no WeasyPrint."""
    kept, portal.jinja_env.globals["pdf_available"] = portal.jinja_env.globals["pdf_available"], False
    original, pdf.engine = pdf.engine, lambda: None  # type: ignore[assignment]
    yield
    portal.jinja_env.globals["pdf_available"], pdf.engine = kept, original


def test_nothing_is_offered_where_it_cannot(
    appointment: Flask,
    prescription: Flask,
    patient: make.Person,
    doctor: make.Person,
    maya: Visitor,
    without_engine: None,
) -> None:
    issued = signed(appointment, prescription, patient, doctor)

    assert "PDF" not in maya.get(f"/prescriptions/{issued['id']}").text
    maya.get(f"/prescriptions/{issued['id']}/pdf", 404)


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.test/static/print.css",
        "https://localhost/static/print.css",
        "http://localhost:81/static/print.css",
        "file:///etc/passwd",
        "http://localhost/static/../portal/app.py",
        "http://localhost/static/%2e%2e/portal/app.py",
        "http://localhost/static//etc/passwd",
        "http://localhost/prescriptions",
        "data:text/html,<p>x",
        "ftp://localhost/static/print.css",
    ],
)
def test_nothing_but_our_own_files_is_opened(portal: Flask, address: str) -> None:
    with portal.test_request_context():
        ours = engine.OurFiles()
        assert ours.fetch("http://localhost/static/print.css").content_type == "text/css"
        with pytest.raises(engine.Refused):
            ours.fetch(address)
