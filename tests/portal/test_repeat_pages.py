"""Repeats on the pages: asked for by the patient, answered by the doctor, and what is due."""

from typing import Any

import pytest
from flask import Flask

from portal.api.repeats import Repeats
from tests import make
from tests.api import Api
from tests.portal.visitor import Visitor
from tests.prescription_service.structured import tablets


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def signed(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")
    visit = make.appointment(appointment, patient, doctor)["id"]
    medicine = tablets("F001", "500 mg", quantity=10, duration={"count": 10, "unit": "days"}, repeats=0)
    return make.prescription(prescription, doctor, visit, medicines=[medicine])


def asked(maya: Visitor, signed: dict[str, Any], note: str = "Four left.") -> Any:
    page = maya.get(f"/prescriptions/{signed['id']}")
    return maya.press(maya.get(page.link("Ask for a repeat")), "Send the request", note=note)


def test_a_repeat_is_asked_for_once_and_waits(maya: Visitor, signed: dict[str, Any]) -> None:
    page = maya.get(f"/prescriptions/{signed['id']}/repeat")

    first, second = (maya.press(page, "Send the request", note="Four left.") for _ in range(2))

    assert "Your doctor has your request. Dr Amara Okafor answers here." in first.text
    assert "has not answered yet" in second.text
    assert "Ask for a repeat" not in second.text
    again = maya.press(maya.get(f"/prescriptions/{signed['id']}/repeat"), "Send the request")
    assert "You have asked for this already." in again.text


def test_too_long_a_note_stays_in_its_box(maya: Visitor, signed: dict[str, Any]) -> None:
    page = maya.get(f"/prescriptions/{signed['id']}/repeat")

    wrong = maya.press(page, "Send the request", 422, note="x" * 241)

    assert wrong.link("can have 240 characters") == "#note"
    assert "x" * 241 in wrong.source


def test_a_request_is_approved_by_signing_its_renewal(maya: Visitor, okafor: Visitor, signed: dict[str, Any]) -> None:
    asked(maya, signed)
    waiting = okafor.get("/repeat-requests")
    assert "Maya Lindqvist paracetamol 500 mg tablet “Four left.”" in waiting.text

    draft = okafor.press(waiting, "Review and sign")
    assert draft.heading == "Renew a prescription"
    assert okafor.press(waiting, "Review and sign").path == draft.path
    assert "Renewed." not in maya.get(f"/prescriptions/{signed['id']}").text
    check = okafor.press(draft, "Check the prescription")
    boxes = {b.get("name", ""): "Goes on as before." for b in check.all("input") if "answer_" in b.get("name", "")}
    boxes |= {b.get("name", ""): "yes" for b in check.all("input") if "considered_" in b.get("name", "")}
    newer = okafor.press(check, "Sign and issue", **boxes)

    page = maya.get(f"/prescriptions/{signed['id']}")
    assert page.link("Open the new prescription") == newer.path
    assert "Nothing waits" in okafor.get("/repeat-requests").text
    assert "Renewed" in okafor.get("/repeat-requests?show=all").text


def test_a_request_is_declined_with_a_reason_that_the_patient_reads(
    maya: Visitor, okafor: Visitor, signed: dict[str, Any]
) -> None:
    asked(maya, signed)
    page = okafor.get(okafor.get("/repeat-requests").link("Decline"))
    assert okafor.press(page, "Decline the request", 422, reason="no").link("at least 5 characters") == "#reason"

    declined = okafor.press(page, "Decline the request", reason="Please book a visit first.")

    assert "Declined. Maya Lindqvist reads your reason." in declined.text
    seen = maya.get(f"/prescriptions/{signed['id']}")
    assert "Not renewed. Dr Amara Okafor" in seen.text
    assert "Please book a visit first." in seen.text
    assert "Ask for a repeat" in seen.text
    again = okafor.get(page.path)
    assert (again.path, "This request has been answered already." in again.text) == ("/repeat-requests", True)


def test_a_request_is_answered_however_many_are_newer(
    maya: Visitor, okafor: Visitor, signed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(maya, signed)
    path = okafor.get("/repeat-requests").link("Decline")
    monkeypatch.setattr(Repeats, "listed", None)  # no list is long enough to look for it there

    assert okafor.get(path).heading


def test_what_has_ended_is_not_asked_for(
    maya: Visitor, prescription: Flask, doctor: make.Person, signed: dict[str, Any]
) -> None:
    form = maya.get(f"/prescriptions/{signed['id']}/repeat")
    Api(prescription, doctor.token).post(f"/prescriptions/{signed['id']}/stop", json={"reason_code": "salg"})

    assert "Ask for a repeat" not in maya.get(f"/prescriptions/{signed['id']}").text
    assert "is not in force any more" in maya.press(form, "Send the request").text
    assert maya.get(f"/prescriptions/{signed['id']}/repeat").path == f"/prescriptions/{signed['id']}"


def test_what_runs_out_is_due(
    okafor: Visitor, prescription: Flask, doctor: make.Person, signed: dict[str, Any]
) -> None:
    assert "Nothing is due" in okafor.get("/due").text
    lasting = tablets("F065", "1 mg", duration={"review_on": make.clinic_day(5).isoformat()})
    body = {"appointment_id": signed["appointment_id"], "medicines": [lasting]}
    api = Api(prescription, doctor.token)
    keys = [one["key"] for one in api.post("/prescriptions/check", json=body)["alerts"]]
    overrides = [{"key": key, "reason": "Weighed and found needed."} for key in keys]
    api.post("/prescriptions", json={**body, "overrides": overrides}, expect=201)

    page = okafor.get("/due")

    assert "warfarin sodium 1 mg tablet" in page.text
    assert "To be reviewed by" in page.text
    assert "(in 5 days)" in page.text
    assert page.link("Renew").endswith("/renew")


def test_requests_and_what_is_due_are_the_doctors(
    maya: Visitor, portal: Flask, auth: Flask, appointment: Flask, prescription: Flask, signed: dict[str, Any]
) -> None:
    asked(maya, signed)
    theirs = make.doctor(auth, appointment)
    other = Visitor(portal).sign_in(theirs.email)
    assert "Nothing waits" in other.get("/repeat-requests").text
    for path in ("/repeat-requests", "/due"):
        maya.get(path, 403)
    other.get(f"/prescriptions/{signed['id']}/repeat", 403)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=paracet", True),
        ("q=lindq", True),
        ("q=amoxi", False),
        ("q=%25", False),
        ("status=active", True),
        ("status=stopped", False),
        ("since=2026-01-01&until=2100-01-01", True),
        ("until=2026-01-01", False),
    ],
)
def test_prescriptions_are_found(okafor: Visitor, signed: dict[str, Any], query: str, found: bool) -> None:
    page = okafor.get(f"/prescriptions?{query}")

    assert ("Maya Lindqvist" in page.text) == found
    assert ("Nothing found" in page.text) == (not found)


@pytest.mark.parametrize(
    ("query", "box"), [("since=31.12.2026", "since"), ("status=lost", "status"), (f"q={'x' * 101}", "q")]
)
def test_what_cannot_be_looked_for_is_said_at_its_box(okafor: Visitor, query: str, box: str) -> None:
    page = okafor.get(f"/prescriptions?{query}", 422)

    assert page.all(f"a[@href='#{box}']")


def test_a_weight_goes_with_a_dose_by_weight(
    okafor: Visitor, appointment: Flask, auth: Flask, prescription: Flask, doctor: make.Person
) -> None:
    child = make.person(auth, first_name="Ida", last_name="Berg", birth_date=make.clinic_day(-5 * 365).isoformat())
    Api(prescription, child.token).put(f"/patients/{child.id}/allergies/none-known")
    visit = make.appointment(appointment, child, doctor)["id"]
    medicine = tablets("F001", "500 mg", mg_per_kg=15)
    draft = Api(prescription, doctor.token).post(
        "/prescriptions", json={"appointment_id": visit, "medicines": [medicine], "status": "draft"}, expect=201
    )
    write = okafor.get(f"/drafts/{draft['id']}")
    missing = okafor.press(write, "Check the prescription", 422)
    assert missing.link("needs the weight") == "#weight_kg"
    undated = okafor.press(missing, "Check the prescription", 422, weight_kg="33,4")
    assert undated.link("Enter the day on which") == "#weighed_on-day"

    day = make.clinic_day(-1)
    dated = {"weighed_on__day": f"{day.day}", "weighed_on__month": f"{day.month}", "weighed_on__year": f"{day.year}"}
    check = okafor.press(undated, "Check the prescription", **dated)
    signed = okafor.press(check, "Sign and issue")

    assert "Signed and issued" in signed.text
    paper = okafor.get(f"/prescriptions/{draft['id']}/print")
    assert "Weight 33.4 kg" in paper.text
