"""Who a prescription is for, on paper: SURNAME, given names, sex, address and weight as they were at signing."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from portal import paper_patient
from portal.api.prescriptions import Details, Weight
from portal.sheets import A4, A5, Paper, sheets
from tests import make
from tests.api import Api
from tests.portal.test_printed_medicines import of
from tests.portal.test_printed_prescription import LONG, prescription_of
from tests.portal.visitor import Visitor
from tests.prescription_service.structured import tablets

TODAY = clock.now().date()
BY_WEIGHT = tablets("F001", "500 mg", mg_per_kg=15)
LONGEST = Details(
    family_name="von und zu Łukaszewicz-" * 8,
    given_names="Maximiliane Đorđa " * 11,
    sex="female",
    address="\n".join(["W" * 98] * 3),
)


@pytest.fixture
def ines(auth: Flask) -> make.Person:
    names = {"first_name": "Inês Maria", "last_name": "Groß"}
    told = {"sex": "female", "address": "Flat 2,\n1 High Street\nLeeds LS1 1AA"}
    return make.person(auth, birth_date="1988-03-14", **names, **told)


@pytest.fixture
def issued(appointment: Flask, prescription: Flask, ines: make.Person, doctor: make.Person) -> dict[str, Any]:
    visit = make.appointment(appointment, ines, doctor)["id"]
    Api(prescription, ines.token).put(f"/patients/{ines.id}/allergies/none-known")
    more = {"weight": {"kg": 62.5, "measured_on": TODAY.isoformat()}}
    asked = {"appointment_id": visit, "medicines": [BY_WEIGHT], **more}
    found = Api(prescription, doctor.token).post("/prescriptions/check", json=asked)["alerts"]
    more |= {"overrides": [{"key": alert["key"], "reason": "Weighed and found needed."} for alert in found]}
    return make.prescription(prescription, doctor, visit, medicines=[BY_WEIGHT], **more)


@pytest.fixture
def reader(portal: Flask, ines: make.Person) -> Visitor:
    return Visitor(portal).sign_in(ines.email)


@pytest.mark.parametrize(
    "words",
    [
        "GROẞ, Inês Maria",
        "Address: Flat 2, 1 High Street, Leeds LS1 1AA",
        "Sex female",
        "Dose by weight: 15 mg/kg × 62.5 kg = 937.5 mg, and one dose holds 500 mg",
        "1 × 1 a day × 28 days = 28 tablets",
        "14 March 1988 (38 years)",
    ],
)
def test_paper_says_who_it_is_for(reader: Visitor, issued: dict[str, Any], words: str) -> None:
    assert words in reader.get(f"/prescriptions/{issued['id']}/print").text


def test_paper_says_when_the_patient_was_weighed(reader: Visitor, issued: dict[str, Any]) -> None:
    text = reader.get(f"/prescriptions/{issued['id']}/print").text

    assert f"Weight 62.5 kg ({TODAY.day} {TODAY:%B %Y})" in text


def test_the_sheet_says_it_in_the_language(reader: Visitor, issued: dict[str, Any]) -> None:
    text = reader.get(f"/prescriptions/{issued['id']}/sheet?language=es").text

    for words in ("GROẞ, Inês Maria", "Sexo: femenino", "Peso 62,5 kg el ", "Dirección: Flat 2, 1 High Street"):
        assert words in text
    assert "Calculado según el peso: 15 mg por cada kg" in text


def test_what_nobody_said_is_said_to_be_missing() -> None:
    unknown = of(patient_details=Details(family_name="Berg", given_names="Åsa"))

    assert paper_patient.name(unknown) == "BERG, Åsa"
    assert paper_patient.address(unknown) == "not recorded"
    assert paper_patient.facts(unknown) == ["Sex not recorded"]


def test_paper_signed_before_reads_as_it_did() -> None:
    before = of()

    assert paper_patient.name(before) == "Maya Lindqvist"
    assert paper_patient.address(before) is None
    assert paper_patient.facts(before) == []


@pytest.mark.parametrize(
    ("surname", "shown"), [("Şahin", "ŞAHIN"), ("ბერიძე", "ბერიძე"), ("الحسيني", "الحسيني"), ("", "Åsa")]
)
def test_capitals_lose_no_letter(surname: str, shown: str) -> None:
    named = of(patient_details=Details(family_name=surname, given_names="Åsa" if not surname else ""))

    assert paper_patient.name(named) == shown


@pytest.mark.parametrize("paper", [A5, A4])
def test_the_longest_patient_leaves_room_for_medicines_and_signature(portal: Flask, paper: Paper) -> None:
    weight = Weight(kg=122.5, measured_on=TODAY - timedelta(30))
    long = prescription_of(2, **LONG).model_copy(update={"patient_details": LONGEST, "patient_weight": weight})
    with portal.app_context():
        pages = sheets(long, paper)

    assert sum(len(page.medicines) for page in pages) == 2
    assert all(sum(item.height for item in page.items) < paper.height / 2 for page in pages)
    assert len(pages) <= 3
