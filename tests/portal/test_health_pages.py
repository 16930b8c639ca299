"""A patient's own medicines and allergies: seen, reported, taken off."""

import time
from typing import Any

import pytest
from flask import Flask

from portal import allergies
from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor and patient."""
    return make.appointment(appointment, patient, doctor)


def test_medicines_of_doctors_and_of_elsewhere_stand_on_one_page(
    maya: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    assert "Nothing on record" in maya.get("/my-medicines").text
    make.prescription(prescription, doctor, visit["id"])

    page = maya.press(maya.get("/my-medicines"), "Add it", name="Ginkgo", dosage="1 in the morning")

    assert "Amoxicillin 500 mg capsules 1 capsule 3 times a day Dr Amara Okafor" in page.text
    assert "Ginkgo 1 in the morning You told us" in page.text
    assert "Allergies: nobody has asked yet." in page.text
    assert maya.press(page, "Add it", 422).link("Enter the name") == "#name"
    assert "Ginkgo 1 in the morning" not in maya.press(page, "I take this no longer").text


def test_an_allergy_is_reported_and_waits_for_a_doctor(maya: Visitor, portal: Flask, visit: dict[str, Any]) -> None:
    page = maya.get("/my-allergies")
    assert "Nobody has asked you yet" in page.text
    assert maya.press(page, "Report it", 422).link("Choose what happened") == "#reaction"

    for what in ("Penicillin", "codeine", "yellow dye"):
        page = maya.press(page, "Report it", what=what, reaction="rash")

    assert "Penicillins Rash You told us." in page.text
    assert "codeine Rash" in page.text
    assert "yellow dye Rash" in page.text
    assert "I know of no allergies" not in page.text


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("NSAIDs", ("class", "nsaid")),
        ("aspirin", ("class", "salicylate")),
        ("Azole antifungals", ("class", "azole_antifungal")),
        ("Paracetamol", ("ingredient", "paracetamol")),
    ],
)
def test_what_people_call_a_group_is_the_group(
    maya: Visitor, patient: make.Person, prescription: Flask, typed: str, recorded: tuple[str, str]
) -> None:
    maya.press(maya.get("/my-allergies"), "Report it", what=typed, reaction="rash")

    (allergy,) = Api(prescription, patient.token).get(f"/patients/{patient.id}/allergies")["allergies"]
    assert (allergy["kind"], allergy["key"]) == recorded


def test_the_groups_to_choose_from_are_the_services_and_are_read_now_and_then(
    maya: Visitor, portal: Flask, patient: make.Person, prescription: Flask
) -> None:
    def offered() -> list[str | None]:
        return [one.get("value") for one in maya.get("/my-allergies").all("datalist/option")]

    told = [one["label"] for one in Api(prescription, patient.token).get("/allergy-classes")["items"]]
    portal.extensions["allergy_classes"] = time.monotonic(), {"old": "Old group"}
    assert offered() == ["Old group"]
    portal.extensions["allergy_classes"] = time.monotonic() - allergies.KEPT_FOR - 1, {"old": "Old group"}
    assert offered() == told == offered()


def test_no_allergies_known_is_said_by_the_patient_too(maya: Visitor) -> None:
    assert "No known allergies" in maya.press(maya.get("/my-allergies"), "I know of no allergies").text


def test_they_are_the_patients_pages(portal: Flask, doctor: make.Person, visitor: Visitor) -> None:
    for path in ("/my-medicines", "/my-allergies"):
        Visitor(portal).sign_in(doctor.email).get(path, 403)
        assert visitor.get(path).heading == "Sign in"
