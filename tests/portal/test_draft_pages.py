"""Drafts on the pages: kept, gone on with, compared when two windows meet, deleted, signed. All without scripts."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from portal import drafted, how_often
from portal.api.drafts import Draft
from portal.prescription_form import PrescriptionForm
from tests import make
from tests.api import Api
from tests.portal.test_structured_pages import AMOXICILLIN, GRID, chosen, typed
from tests.portal.visitor import Page, Visitor
from tests.prescription_service.structured import tablets

FULL = tablets(
    "F065",
    "1 mg",
    brand="Coumadin",
    substitution_allowed=False,
    no_substitution_reason="stable on this brand",
    indication="atrial fibrillation",
    instructions="At the same time\nevery day.",
    note_to_pharmacist="Yellow book checked.",
    repeats=2,
    repeat_interval_days=21,
    timing=["with food"],
    as_needed={"reason": "pain", "max_doses": 4, "max_amount": 2.5, "hours_apart": 6},
)


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


def kept(api: Api, visit: dict[str, Any], *medicines: Any, **more: Any) -> Any:
    body = {"appointment_id": visit["id"], "medicines": list(medicines) or [make.MEDICINE], "status": "draft", **more}
    return api.post("/prescriptions", json=body, expect=201)


def saved(okafor: Visitor, visit: dict[str, Any]) -> Page:
    return okafor.press(chosen(okafor, visit), "Save as draft", **typed(AMOXICILLIN))


def test_a_draft_is_saved_found_again_and_signed(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    page = saved(okafor, visit)
    assert "Saved. You find it among your drafts, under Prescriptions." in page.text
    (draft,) = api.get("/drafts")["items"]

    listed = okafor.get("/drafts")
    assert "Maya Lindqvist amoxicillin 500 mg capsule Saved" in listed.text
    again = okafor.get(listed.link("Maya Lindqvist"))
    assert 'value="3 times a day"' in again.source

    check = okafor.press(again, "Check the prescription", medicines__0__indication="ear infection")
    assert "For: ear infection." in check.text
    assert "Saved as your draft." in check.text
    signed = okafor.press(check, "Sign and issue")

    assert "Signed and issued" in signed.text
    assert signed.path == f"/prescriptions/{draft['id']}"
    assert api.get("/drafts")["items"] == []


def test_two_presses_save_one_draft(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    page = chosen(okafor, visit)

    for _ in range(2):
        okafor.press(page, "Save as draft", **typed(AMOXICILLIN))

    assert len(api.get("/drafts")["items"]) == 1


def test_what_is_wrong_is_said_before_anything_is_saved(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    wrong = okafor.press(chosen(okafor, visit), "Save as draft", 422, **typed({**AMOXICILLIN, "dose": ""}))

    assert wrong.link("Medicine 1: enter the dose") == "#medicines-0-dose"
    assert api.get("/drafts")["items"] == []


def test_two_windows_meet_and_nothing_is_lost(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    first = saved(okafor, visit)
    okafor.press(first, "Save the draft", medicines__0__instructions="Finish it.")

    met = okafor.press(first, "Save the draft", 412, medicines__0__indication="ear infection")

    assert "Nothing was overwritten, and what you typed is still here" in met.text
    assert "What the draft says now" in met.text
    assert 'value="ear infection"' in met.source
    assert api.get("/drafts")["items"][0]["medicines"][0]["instructions"] == "Finish it."
    okafor.press(met, "Save the draft")
    assert api.get("/drafts")["items"][0]["medicines"][0]["indication"] == "ear infection"


def test_the_same_page_sent_again_is_no_meeting(okafor: Visitor, visit: dict[str, Any]) -> None:
    page = saved(okafor, visit)

    for _ in range(2):
        check = okafor.press(page, "Check the prescription", medicines__0__indication="ear infection")
        assert check.heading == "Check and sign"


def test_a_draft_changed_after_it_was_checked_is_not_signed(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    page = saved(okafor, visit)
    check = okafor.press(page, "Check the prescription")
    okafor.press(page, "Save the draft", medicines__0__instructions="Finish it.")

    met = okafor.press(check, "Sign and issue", 412)

    assert "What the draft says now" in met.text
    assert api.get("/prescriptions")["items"] == []


def test_alerts_of_a_draft_are_answered_before_it_is_signed(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="anaphylaxis")
    check = okafor.press(saved(okafor, visit), "Check the prescription")

    silent = okafor.press(check, "Sign and issue", 422)
    assert "Say why you prescribe it all the same" in silent.text
    (box,) = [b.get("name", "") for b in silent.all("input") if b.get("name", "").startswith("answer_")]
    assert "Signed and issued" in okafor.press(silent, "Sign and issue", **{box: "Tolerated it in 2024."}).text


def test_signing_a_draft_twice_issues_once(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    check = okafor.press(saved(okafor, visit), "Check the prescription")

    first, second = (okafor.press(check, "Sign and issue") for _ in range(2))

    assert first.path == second.path
    assert "This draft was signed, and is this prescription now." in second.text
    assert len(api.get("/prescriptions")["items"]) == 1


def test_a_draft_is_deleted_after_asking(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    page = saved(okafor, visit)
    asked = okafor.get(page.link("Delete this draft"))
    assert "It cannot be brought back." in asked.text
    okafor.press(page, "Save the draft", medicines__0__instructions="Finish it.")

    newer = okafor.press(asked, "Delete the draft")
    assert "This draft was changed in another window." in newer.text
    gone = okafor.press(newer, "Delete the draft")

    assert "The draft is deleted. " in gone.text
    assert "No drafts" in gone.text
    assert okafor.press(newer, "Delete the draft").path == "/drafts"
    assert api.get("/drafts")["items"] == []


def test_what_is_typed_outlives_its_draft(okafor: Visitor, visit: dict[str, Any], api: Api) -> None:
    page = saved(okafor, visit)
    (draft,) = api.get("/drafts")["items"]
    api.call("DELETE", f"/drafts/{draft['id']}", 200, headers={"If-Match": f'"{draft["version"]}"'})

    kept_here = okafor.press(page, "Save the draft", 404, medicines__0__indication="ear infection")

    assert "This draft was deleted in another window. What you typed is still here" in kept_here.text
    assert 'value="ear infection"' in kept_here.source
    okafor.press(kept_here, "Save as draft", 200)
    assert len(api.get("/drafts")["items"]) == 1


def test_drafts_are_their_authors(
    okafor: Visitor, maya: Visitor, portal: Flask, auth: Flask, appointment: Flask, visit: dict[str, Any], api: Api
) -> None:
    draft = kept(api, visit)
    other = Visitor(portal).sign_in(make.doctor(auth, appointment).email)
    for path in (f"/drafts/{draft['id']}", f"/drafts/{draft['id']}/delete"):
        other.get(path, 404)
        maya.get(path, 403)
    other.post(f"/drafts/{draft['id']}", {"visit": "../admin"}, 400)


@pytest.mark.parametrize("medicine", [make.MEDICINE, tablets("F001", "500 mg"), FULL], ids=["words", "plain", "full"])
def test_a_draft_comes_back_as_it_was_written(
    okafor: Visitor, visit: dict[str, Any], api: Api, portal: Flask, medicine: dict[str, Any]
) -> None:
    draft = kept(api, visit, medicine, notes="Rest.\nDrink.")
    with portal.test_request_context():
        form = drafted.form_of(Draft.model_validate(draft))
        sent = form.sent[0]

    again = api.put(
        f"/drafts/{draft['id']}",
        json={"appointment_id": visit["id"], "medicines": [sent], "notes": form.notes.data},
        headers={"If-Match": '"1"'},
    )

    assert (again["medicines"], again["notes"]) == (draft["medicines"], draft["notes"])


@pytest.mark.parametrize("often", [*GRID, "every 2 weeks on Friday", "1 in the morning"])
def test_how_often_is_said_so_that_it_is_understood(often: str) -> None:
    sent = how_often.understand(often).sent

    assert how_often.understand(how_often.said(sent)).sent | {"noon": 0, "night": 0} == sent | {"noon": 0, "night": 0}


def test_a_form_without_a_version_names_none(portal: Flask) -> None:
    with portal.test_request_context():
        for version in ("", "x", "-1", "²", "9" * 12):
            assert PrescriptionForm(MultiDict([("version", version)])).seen == 0
