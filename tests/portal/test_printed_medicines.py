"""What paper says of medicines from the list: no field of them is silent, and none is cut off."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from portal import paper_lines
from portal.api.prescriptions import Coverage, Medicine, Prescription
from portal.sheets import A4, A5, Paper, sheets
from tests import make
from tests.api import Api
from tests.portal.test_printed_prescription import prescription_of
from tests.portal.visitor import Visitor
from tests.prescription_service.structured import tablets

WARFARIN = tablets(
    "F065",
    "1 mg",
    brand="Coumadin",
    substitution_allowed=False,
    no_substitution_reason="stable on this brand",
    indication="atrial fibrillation",
    instructions="At the same time every day.",
    note_to_pharmacist="Yellow book checked.",
    repeats=2,
    repeat_interval_days=21,
)
STRUCTURED = {
    "generic_name": "hydrocortisone",
    "tall_man_name": "hydroCORTISONE",
    "strength": "10 mg",
    "dose_form": "tablet",
    "directions": "Take 1 tablet (10 mg) by mouth once a day for 7 days.",
    "quantity_words": "7 (seven) tablets",
    "repeats_words": "0 (none)",
    "substitution_allowed": True,
}
LONGEST = {
    "directions": "Take half a tablet " * 20,
    "no_substitution_reason": "because " * 15,
    "substitution_allowed": False,
    "indication": "a long story " * 9,
    "note_to_pharmacist": "please read this " * 14,
}


@pytest.fixture
def signed(auth: Flask, appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> Any:
    make.allergy(prescription, patient)
    visit = make.appointment(appointment, patient, doctor)
    make.prescription(prescription, doctor, visit["id"], medicines=[WARFARIN])
    overrides = _answers(prescription, doctor, visit["id"])
    return make.prescription(prescription, doctor, visit["id"], medicines=[WARFARIN], overrides=overrides)


def _answers(prescription: Flask, doctor: make.Person, visit: str) -> list[dict[str, str]]:
    body = {"appointment_id": visit, "medicines": [WARFARIN]}
    found = Api(prescription, doctor.token).post("/prescriptions/check", json=body)
    return [{"key": alert["key"], "reason": "Replaces the paper that was lost."} for alert in found["alerts"]]


@pytest.mark.parametrize(
    "words",
    [
        "warfarin sodium 1 mg tablet (brand: Coumadin)",
        "Take 1 tablet (1 mg) by mouth once a day for 4 weeks. At the same time every day.",
        "1 × 1 a day × 28 days = 28 tablets",
        "Supply: 28 (twenty-eight) tablets",
        "Repeats: 2 (two), at least 21 days apart",
        "Substitution: no – stable on this brand",
        "For: atrial fibrillation",
        "To the pharmacist: Yellow book checked.",
        "ALLERGIES: Penicillins (rash)",
        "THE PRESCRIBER HAS CONSIDERED",
        "both hold warfarin. Reason: Replaces the paper that was lost.",
        "Valid until",
        "Copy 1, printed",
        "by Maya Lindqvist",
        "Content mark",
        "Check at localhost/v by the square or the code. Do not trust another address.",
    ],
)
def test_no_field_is_silent(maya: Visitor, signed: dict[str, Any], words: str) -> None:
    assert words in maya.get(f"/prescriptions/{signed['id']}/print").text


def test_a_copy_counts_itself(maya: Visitor, signed: dict[str, Any]) -> None:
    path = f"/prescriptions/{signed['id']}/print"
    maya.get(path)

    assert "Copy 2, printed" in maya.get(path).text


def test_the_code_on_paper_is_the_one_that_opens(maya: Visitor, signed: dict[str, Any]) -> None:
    paper = maya.get(f"/prescriptions/{signed['id']}/print")
    code = next("".join(found.itertext()) for found in paper.all("p") if found.get("class") == "code")

    assert maya.post("/v", {"code": code}).heading == "Genuine code of Larkfield Clinic"


@pytest.mark.parametrize(("step", "signable"), [("cancel", False), ("hold", True)])
def test_paper_of_a_prescription_that_does_not_hold_says_so(
    maya: Visitor, prescription: Flask, doctor: make.Person, signed: dict[str, Any], step: str, signable: bool
) -> None:
    reason = {"reason_code": "clarif", "reason": "Another one fits better."}
    Api(prescription, doctor.token).post(f"/prescriptions/{signed['id']}/{step}", json=reason)

    text = maya.get(f"/prescriptions/{signed['id']}/print").text

    assert ("CANCELLED" if step == "cancel" else "ON HOLD") in text
    assert ("Signature of" in text) == signable


def test_paper_of_a_replaced_prescription_names_the_newer_one(
    maya: Visitor, portal: Flask, prescription: Flask, doctor: make.Person, signed: dict[str, Any]
) -> None:
    api = Api(prescription, doctor.token)
    draft = api.post(f"/prescriptions/{signed['id']}/replace", expect=201)
    match = {"If-Match": f'"{draft["version"]}"'}
    anew = {"appointment_id": signed["appointment_id"], "medicines": [make.MEDICINE]}
    api.put(f"/drafts/{draft['id']}", json=anew, headers=match)
    match = {"If-Match": f'"{draft["version"] + 1}"'}
    newer = api.post(f"/drafts/{draft['id']}/sign", json={}, headers=match, expect=201)

    paper = maya.get(f"/prescriptions/{signed['id']}/print")
    code = next("".join(found.itertext()) for found in paper.all("p") if found.get("class") == "code")

    assert f"REPLACED BY No. {newer['number']}" in paper.text
    assert "Signature of" not in paper.text
    assert "Ask for that paper." in maya.post("/v", {"code": code}).text
    assert "REPLACED" not in maya.get(f"/prescriptions/{newer['id']}/print").text


def medicine(position: int = 1, **changed: Any) -> Medicine:
    words = make.MEDICINE | {"position": position}
    return Medicine.model_validate(words | {"structured": STRUCTURED | changed})


def of(*medicines: Medicine, **changed: Any) -> Prescription:
    return prescription_of(0).model_copy(update={"medicines": list(medicines), **changed})


def test_a_medicine_from_the_list_is_not_said_to_be_unchecked() -> None:
    assert paper_lines.below(medicine()) is None
    assert paper_lines.below(medicine(controlled=True)) == paper_lines.CONTROLLED


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        (None, "ALLERGIES: NOT RECORDED"),
        (Coverage(allergy_state="not-asked"), "ALLERGIES: NOT RECORDED"),
        (Coverage(allergy_state="none-known"), "NO KNOWN DRUG ALLERGY"),
        (
            Coverage(allergy_state="has", allergies=["latex", "penicillin (rash)"]),
            "ALLERGIES: latex; penicillin (rash)",
        ),
        (Coverage(allergy_state="has"), "ALLERGIES: on record, ask the clinic"),
    ],
)
def test_three_answers_about_allergies_are_kept_apart(coverage: Coverage | None, said: str) -> None:
    assert paper_lines.allergies(coverage) == said


@pytest.mark.parametrize("status", sorted(paper_lines.WATERMARKS))
def test_every_state_but_the_active_one_stands_across_the_page(status: str) -> None:
    found = of(medicine(), status=status)

    assert paper_lines.watermark(found, date(2026, 11, 22)) == paper_lines.WATERMARKS[status]


def test_a_prescription_expires_after_its_last_day() -> None:
    last = date(2026, 12, 1)

    assert paper_lines.watermark(of(valid_until=last), last) is None
    assert paper_lines.watermark(of(valid_until=last), date(2026, 12, 2)) == "EXPIRED"
    assert paper_lines.watermark(of(), date(2036, 1, 1)) is None


@pytest.mark.parametrize("paper", [A5, A4])
def test_the_longest_medicines_are_all_there_and_each_fits_a_page(portal: Flask, paper: Paper) -> None:
    with portal.app_context():
        pages = sheets(of(*(medicine(n, **LONGEST) for n in range(1, 11))), paper)

    assert [item.medicine.position for page in pages for item in page.medicines if item.medicine] == list(range(1, 11))
    assert all(sum(item.height for item in page.items) < paper.height for page in pages)


def test_more_allergies_than_the_head_holds_stand_below(portal: Flask) -> None:
    many = Coverage(allergy_state="has", allergies=[f"substance number {n} (urticaria)" for n in range(40)])
    with portal.app_context():
        pages = sheets(of(medicine(), coverage=many), A5)

    said = " ".join(item.note or "" for page in pages for item in page.notes if item.title == "ALLERGIES")
    assert said.split() == "; ".join(many.allergies).split()
