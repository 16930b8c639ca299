"""What a doctor sees and keeps of a patient: allergies and medicines beside the visit and beside the prescription."""

from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor and patient."""
    return make.appointment(appointment, patient, doctor)


@pytest.fixture
def mine(prescription: Flask, patient: make.Person) -> Api:
    """The patient's own view of what is known."""
    return Api(prescription, patient.token)


def known(mine: Api, patient: make.Person) -> Any:
    return mine.get(f"/patients/{patient.id}/allergies")


def test_nobody_asked_and_none_known_are_two_answers(okafor: Visitor, visit: dict[str, Any]) -> None:
    page = okafor.get(f"/appointments/{visit['id']}")
    assert "Nobody has asked about allergies yet" in page.text

    asked = okafor.press(page, "Asked: none known")

    assert "No known allergies Dr Amara Okafor" in asked.text
    assert "Nobody has asked" not in asked.text


def test_a_group_is_recorded_as_one_and_shown_with_its_danger(
    okafor: Visitor, visit: dict[str, Any], mine: Api, patient: make.Person
) -> None:
    form = okafor.press(okafor.get(f"/appointments/{visit['id']}"), "Record an allergy")

    kept = okafor.press(form, "Record the allergy", what="Penicillin", reaction="anaphylaxis", note="In 2019")

    assert "Recorded: allergy to Penicillin." in kept.text
    assert "Penicillins Anaphylaxis: collapse, no breath Severe In 2019" in kept.text
    (allergy,) = known(mine, patient)["allergies"]
    assert (allergy["kind"], allergy["key"], allergy["certainty"]) == ("class", "penicillin", "confirmed")


def test_a_medicine_is_chosen_by_its_substance_or_kept_in_words(
    okafor: Visitor, visit: dict[str, Any], mine: Api, patient: make.Person
) -> None:
    form = okafor.get(f"/appointments/{visit['id']}/allergies")
    asked = okafor.press(form, "Record the allergy", what="co-amoxiclav", reaction="rash")
    assert known(mine, patient)["allergies"] == []
    kept = okafor.press(asked, "Record the allergy", as_what="text")
    assert "In words only: compared with nothing." in kept.text

    asked = okafor.press(form, "Record the allergy", what="codein", reaction="rash")
    assert "Compared with every medicine that holds it" in asked.text
    okafor.press(asked, "Record the allergy", as_what="ingredient:codeine")

    kinds = {(one["kind"], one["key"]) for one in known(mine, patient)["allergies"]}
    assert kinds == {("text", ""), ("ingredient", "codeine")}


def test_errors_stand_at_their_boxes_and_another_word_is_asked_about_again(
    okafor: Visitor, visit: dict[str, Any], mine: Api, patient: make.Person
) -> None:
    form = okafor.get(f"/appointments/{visit['id']}/allergies")
    wrong = okafor.press(form, "Record the allergy", 422)
    assert wrong.link("Enter the medicine") == "#what"
    assert wrong.link("Choose what happened") == "#reaction"

    asked = okafor.press(form, "Record the allergy", what="codein", reaction="rash")
    okafor.press(asked, "Record the allergy", what="morphin", as_what="ingredient:codeine")
    assert known(mine, patient)["allergies"] == []


def test_what_a_patient_reported_is_confirmed_or_refuted_with_a_reason(
    okafor: Visitor, visit: dict[str, Any], mine: Api, patient: make.Person, prescription: Flask
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="rash")
    page = okafor.get(f"/appointments/{visit['id']}")
    assert "Reported by the patient, not confirmed." in page.text

    confirmed = okafor.press(page, "Confirm Penicillins")
    assert "Confirmed: allergy to Penicillins." in confirmed.text
    assert "not confirmed" not in confirmed.text

    refute = okafor.press(confirmed, "Refute Penicillins")
    assert okafor.press(refute, "Refute the allergy", 422, reason="").link("Write the reason") == "#reason"
    refuted = okafor.press(refute, "Refute the allergy", reason="Took amoxicillin in 2024, no reaction.")
    assert "Refuted: Penicillins (Took amoxicillin in 2024, no reaction.)" in refuted.text
    assert known(mine, patient)["state"] == "not-asked"


def test_medicines_of_other_doctors_and_of_the_patient_are_in_sight(
    okafor: Visitor,
    visit: dict[str, Any],
    patient: make.Person,
    prescription: Flask,
    auth: Flask,
    appointment: Flask,
) -> None:
    hansen = make.doctor(auth, appointment, first_name="Nils", last_name="Hansen")
    theirs = make.appointment(appointment, patient, hansen, days=8)
    make.prescription(prescription, hansen, theirs["id"])
    make.reported_medicine(prescription, patient)

    page = okafor.get(f"/appointments/{visit['id']}/prescribe")

    assert "Amoxicillin 500 mg capsules 1 capsule 3 times a day Dr Nils Hansen" in page.text
    assert "Ginkgo capsules 1 in the morning Reported by the patient. In words: not compared with others" in page.text


def test_an_allergy_is_recorded_while_writing_and_nothing_typed_is_lost(okafor: Visitor, visit: dict[str, Any]) -> None:
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")

    asked = okafor.press(write, "Record an allergy", medicines__0__name="Half-typed", notes="Rest.")
    back = okafor.press(asked, "Record the allergy", what="penicillin", reaction="rash")

    assert back.heading == "New prescription"
    assert "Half-typed" in back.source
    assert "Rest." in back.source
    assert "Penicillins Rash" in back.text
    assert "Half-typed" in okafor.press(asked, "Back to the prescription").source


def test_asked_and_none_known_beside_the_prescription(okafor: Visitor, visit: dict[str, Any]) -> None:
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")

    asked = okafor.press(write, "Asked: none known", medicines__0__name="Half-typed")

    assert "No known allergies" in asked.text
    assert "Half-typed" in asked.source


def test_none_of_it_is_for_strangers(
    maya: Visitor, portal: Flask, auth: Flask, appointment: Flask, visit: dict[str, Any]
) -> None:
    stranger = Visitor(portal).sign_in(make.doctor(auth, appointment).email)

    for path in ("/allergies", "/allergies/00000000-0000-4000-8000-000000000000/refute"):
        maya.get(f"/appointments/{visit['id']}{path}", 403)
        stranger.get(f"/appointments/{visit['id']}{path}", 404)
