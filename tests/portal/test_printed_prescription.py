"""The paper: every field on it, page numbers that are true, and nothing split or lost however long."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from portal.api.prescriptions import Medicine, Prescription
from portal.sheets import A4, A5, Paper, Sheet, in_words, sheets
from portal.text_width import lines
from tests import make
from tests.portal.visitor import Visitor

AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
LONG = {
    "name": "na me " * 33,
    "dosage": "do sage " * 25,
    "duration": "for long " * 11,
    "instructions": "more words " * 45,
}


def prescription_of(number: int, notes: str = "", **words: str) -> Prescription:
    medicines = [
        Medicine.model_validate(make.MEDICINE | {"name": f"Medicine {n}", "position": n} | words)
        for n in range(1, number + 1)
    ]
    return Prescription(
        id="1",
        number="26-7K4M9QXD-V",
        status="active",
        appointment_id="1",
        appointment_time=AT,
        doctor_name="Dr Amara Okafor",
        doctor_specialty="General practice",
        doctor_licence_number="7412093",
        doctor_licence_register="GMC",
        patient_name="Maya Lindqvist",
        notes=notes,
        medicines=medicines,
        issued_at=AT,
    )


def cut(portal: Flask, prescription: Prescription, paper: Paper = A5) -> list[Sheet]:
    with portal.app_context():
        return sheets(prescription, paper)


def shape(pages: list[Sheet]) -> list[int]:
    return [len(page.medicines) for page in pages]


@pytest.mark.parametrize(("number", "expected"), [(1, [1]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (10, [3, 3, 3, 1])])
def test_an_a5_page_takes_three_medicines(portal: Flask, number: int, expected: list[int]) -> None:
    pages = cut(portal, prescription_of(number))

    assert shape(pages) == expected
    assert [page.number for page in pages] == list(range(1, len(expected) + 1))
    assert [page.last for page in pages] == [False] * (len(expected) - 1) + [True]


@pytest.mark.parametrize(("number", "expected"), [(1, [1]), (6, [6]), (7, [6, 1]), (10, [6, 4])])
def test_an_a4_page_takes_six(portal: Flask, number: int, expected: list[int]) -> None:
    assert shape(cut(portal, prescription_of(number), A4)) == expected


def test_long_medicines_take_fewer_to_a_page_and_none_is_lost_or_split(portal: Flask) -> None:
    pages = cut(portal, prescription_of(10, **LONG))

    positions = [item.medicine.position for page in pages for item in page.medicines if item.medicine]
    assert positions == list(range(1, 11))
    assert max(shape(pages)) == 1


def test_one_medicine_as_long_as_it_may_be_fits_beside_the_signature(portal: Flask) -> None:
    assert shape(cut(portal, prescription_of(1, **LONG))) == [1]


def test_long_notes_go_on_over_pages_word_by_word(portal: Flask) -> None:
    notes = "\n".join(f"line {n} " + "of the notes " * 12 for n in range(12))

    pages = cut(portal, prescription_of(2, notes=notes))

    printed = " ".join(item.note for page in pages for item in page.notes if item.note)
    assert printed.split() == notes.split()
    assert len(pages) > 1


def test_a_prescription_of_impossible_words_still_ends(portal: Flask) -> None:
    wide = {"name": "W" * 200, "dosage": "W" * 200, "duration": "W" * 100, "instructions": "W" * 500}
    pages = cut(portal, prescription_of(2, **wide))

    assert sum(shape(pages)) == 2
    assert pages[-1].last


def test_figures_and_words() -> None:
    assert in_words(1) == "1 (one) medicine"
    assert in_words(10) == "10 (ten) medicines"


def test_lines_are_counted_with_words_kept_whole() -> None:
    assert lines("", 10) == 1
    assert lines("word " * 4, 100) == 1
    assert lines("W" * 25, 10) == 3
    assert lines("aaaa aaaa", 3) == 2


@pytest.fixture
def issued(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    visit = make.appointment(appointment, patient, doctor)
    return make.prescription(prescription, doctor, visit["id"])


def test_every_field_is_on_the_paper(maya: Visitor, issued: dict[str, Any]) -> None:
    paper = maya.get(f"/prescriptions/{issued['id']}/print")

    signed = datetime.fromisoformat(issued["issued_at"])
    for words in (
        "Larkfield Clinic",
        "12 Mill Lane, Exampleton EX1 2AB",
        "01632 960 122 · hello@larkfield.example",
        "Dr Amara Okafor",
        "General practice",
        "Licence 7412093, GMC",
        "PRESCRIPTION",
        f"No. {issued['number']}",
        f"Issued {signed.day} ",
        "Page 1 of 1",
        "Maya Lindqvist",
        "14 March 1988 (38 years)",
        "ALLERGIES: NOT RECORDED",
        *make.MEDICINE.values(),
        "Not from the medicine list, not checked.",
        "Rest well.",
        "END: 1 (one) medicine on this prescription. Nothing below.",
        "Signature of Dr Amara Okafor",
        "Signed electronically",
        "PHARMACY USE",
    ):
        assert words in paper.text, words
    assert "<style" not in paper.source


def test_the_paper_has_two_sizes_and_no_other(maya: Visitor, issued: dict[str, Any]) -> None:
    path = f"/prescriptions/{issued['id']}/print"

    assert "print-a4.css" not in maya.get(path).source
    assert "print-a4.css" in maya.get(maya.get(path).link("A4")).source
    assert maya.get(f"{path}?size=A5").heading == "PRESCRIPTION"
    maya.get(f"{path}?size=letter", 404)
    maya.get(f"{path}?size=%00", 404)


def test_an_unknown_birth_date_is_said_and_not_guessed(
    portal: Flask, auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person
) -> None:
    visit = make.appointment(appointment, make.person(auth), doctor)
    found = make.prescription(prescription, doctor, visit["id"], notes="")

    paper = Visitor(portal).sign_in(doctor.email).get(f"/prescriptions/{found['id']}/print")

    assert "BORNNot recorded" in paper.text
    assert "NOTES" not in paper.text
