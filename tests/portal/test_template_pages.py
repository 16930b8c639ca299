"""A doctor's templates on the pages: kept while writing, used to fill the form, renamed, deleted."""

from typing import Any

import pytest
from flask import Flask

from portal.api.templates import TemplateMedicine
from tests import make
from tests.api import Api
from tests.portal.test_draft_pages import FULL
from tests.portal.test_structured_pages import AMOXICILLIN, chosen, typed
from tests.portal.visitor import Page, Visitor
from tests.prescription_service.structured import AMOXICILLIN as SENT


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def api(prescription: Flask, doctor: make.Person) -> Api:
    return Api(prescription, doctor.token)


@pytest.fixture
def visit(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor with a patient who has no known allergies."""
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    return make.appointment(appointment, patient, doctor)


def kept(api: Api, name: str = "Ear infection", *medicines: Any, **more: Any) -> Any:
    body = {"name": name, "medicines": list(medicines) or [SENT], **more}
    return api.post("/templates", json=body, expect=201)


def naming(okafor: Visitor, visit: dict[str, Any]) -> Page:
    return okafor.press(chosen(okafor, visit), "Keep as template", **typed(AMOXICILLIN), notes="Drink a lot.")


def test_a_template_is_kept_in_the_middle_of_writing(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    named = naming(okafor, visit)
    assert named.heading == "Keep as template"

    back = okafor.press(named, "Keep it", name="Ear infection")

    assert "Kept as Ear infection. Go on with this prescription." in back.text
    assert 'value="TDS"' in back.source
    (template,) = api.get("/templates")["items"]
    assert (template["name"], template["notes"]) == ("Ear infection", "Drink a lot.")
    assert template["medicines"][0]["structure"]["formulary_id"] == "F013"


def test_a_name_is_asked_for_and_has_to_be_another_one(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    kept(api)
    named = naming(okafor, visit)

    assert okafor.press(named, "Keep it", 422, name="").link("Enter a name") == "#name"
    taken = okafor.press(named, "Keep it", 422, name="ear INFECTION")

    assert taken.link("You already have a template with this name.") == "#name"
    assert okafor.press(taken, "Back to the prescription").heading == "New prescription"


def test_two_presses_keep_one_template(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    named = naming(okafor, visit)

    for _ in range(2):
        assert "Kept as Ears" in okafor.press(named, "Keep it", name="Ears").text

    assert len(api.get("/templates")["items"]) == 1


def test_words_alone_make_no_template(okafor: Visitor, visit: dict[str, Any]) -> None:
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")
    words = okafor.press(write, "Write it in your own words", medicines__0__name="Zzyzx")

    typed_words = typed({"dosage": "1 a day", "duration": "7 days"})
    refused = okafor.press(words, "Keep as template", 422, **typed_words)

    assert "A template holds medicines from the list" in refused.text
    assert 'value="Zzyzx"' in refused.source


def test_a_template_fills_the_form_and_what_was_written_stays(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    template = kept(api, "Warfarin", FULL, notes="Blood test in a week.")
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")

    filled = okafor.press(write, "Fill in", template=template["id"])
    assert "Filled from Warfarin. Look at every medicine" in filled.text
    assert "Blood test in a week." in filled.source
    assert "Medicine 2" not in filled.text.partition("Add another")[0]

    twice = okafor.press(filled, "Fill in", template=template["id"])
    assert "Medicine 2" in twice.text
    check = okafor.press(filled, "Check the prescription")
    assert "warfarin sodium 1 mg tablet (brand: Coumadin)" in check.text
    assert okafor.press(write, "Fill in", template="").heading == "New prescription"


def test_a_template_is_renamed_and_deleted(okafor: Visitor, api: Api) -> None:
    template = kept(api, "Warfarin", FULL, notes="Rest.")
    kept(api, "Other")
    page = okafor.get(okafor.get("/templates").link("Warfarin"))
    assert "1 tablet, once a day, for 4 weeks" in page.text

    assert okafor.press(page, "Save", 422, name="other").link("You already have a template") == "#name"
    assert "Saved." in okafor.press(page, "Save", name="Clots").text
    (clots,) = [one for one in api.get("/templates")["items"] if one["id"] == template["id"]]
    assert (clots["name"], clots["medicines"]) == ("Clots", template["medicines"])

    asked = okafor.get(f"/templates/{template['id']}/delete")
    assert "The template is deleted." in okafor.press(asked, "Delete the template").text
    assert okafor.press(asked, "Delete the template").path == "/templates"
    assert [one["name"] for one in api.get("/templates")["items"]] == ["Other"]


def test_templates_are_their_doctors(
    portal: Flask, auth: Flask, appointment: Flask, maya: Visitor, visit: dict[str, Any], api: Api
) -> None:
    template = kept(api)
    theirs = make.doctor(auth, appointment)
    other = Visitor(portal).sign_in(theirs.email)
    for path in (f"/templates/{template['id']}", f"/templates/{template['id']}/delete"):
        other.get(path, 404)
        maya.get(path, 403)
    assert "No templates yet" in other.get("/templates").text


def test_the_name_in_the_list_stands_before_the_strength(api: Api) -> None:
    medicine = TemplateMedicine.model_validate(kept(api, "Warfarin", FULL)["medicines"][0])

    assert medicine.parts.generic_name == "warfarin sodium"
