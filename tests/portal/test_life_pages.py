"""The life of a prescription on the pages: each step asks first, says what it does, takes its reason, and is told."""

from typing import Any

import pytest
from flask import Flask

from portal import states
from portal.api.prescriptions import StatusEvent
from portal.steps import REASONS, STEPS
from prescription_service import life
from prescription_service.schemas.drafts import ReasonCode
from tests import make
from tests.portal.test_printed_prescription import prescription_of
from tests.portal.visitor import Page, Visitor

WHY = "Blood result awaited."


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def signed(appointment: Flask, prescription: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    return make.prescription(prescription, doctor, make.appointment(appointment, patient, doctor)["id"])


def taken(okafor: Visitor, signed: dict[str, Any], step: str, **given: str) -> Page:
    asked = okafor.get(f"/prescriptions/{signed['id']}/{step}")
    return okafor.press(asked, STEPS[step].label, **given)


def offered(page: Page) -> set[str]:
    """Which steps a page leads to."""
    links = [a.get("href", "").rpartition("/")[2] for a in page.all("a")]
    return set(links) & set(STEPS)


def test_a_hold_is_asked_done_told_and_ended(okafor: Visitor, maya: Visitor, signed: dict[str, Any]) -> None:
    path = f"/prescriptions/{signed['id']}"
    assert offered(okafor.get(path)) == {"renew", "replace", "hold", "cancel", "stop", "enter-in-error"}

    held = taken(okafor, signed, "hold", reason=WHY)

    assert "On hold. Nothing is supplied until you let it go on." in held.text
    assert f"Dr Amara Okafor put it on hold. “{WHY}”" in held.text
    assert offered(held) == {"renew", "replace", "resume", "cancel", "stop", "enter-in-error"}
    patients = maya.get(path)
    assert "a pharmacy supplies nothing on it until it goes on" in patients.text
    assert WHY in patients.text
    assert offered(patients) == set()
    assert "On hold" in maya.get("/prescriptions").text
    assert "It goes on." in taken(okafor, signed, "resume", reason="Result is normal.").text
    assert "paused" not in maya.get(path).text


@pytest.mark.parametrize(
    ("step", "given", "mark"),
    [
        ("cancel", {"reason_code": "salg", "reason": "Rash."}, "Cancelled"),
        ("stop", {"reason_code": "sintol"}, "Stopped"),
        ("enter-in-error", {"reason": "Meant for another visit."}, "Issued in error"),
    ],
)
def test_an_end_is_told_to_doctor_and_patient(
    okafor: Visitor, maya: Visitor, signed: dict[str, Any], step: str, given: dict[str, str], mark: str
) -> None:
    ended = taken(okafor, signed, step, **given)

    assert mark in ended.text
    assert offered(ended) == ({"renew", "enter-in-error"} if step != "enter-in-error" else set())
    patients = maya.get(f"/prescriptions/{signed['id']}")
    assert mark in patients.text
    assert REASONS.get(given.get("reason_code", ""), given.get("reason", "")) in patients.text


@pytest.mark.parametrize(
    ("step", "given", "link", "box"),
    [
        ("hold", {"reason": "no"}, "at least 5 characters", "reason"),
        ("enter-in-error", {"reason": "wrong"}, "at least 10 characters", "reason"),
        ("cancel", {}, "Choose a reason.", "reason_code"),
        ("stop", {"reason_code": "sorcery"}, "Choose one of the list.", "reason_code"),
        ("stop", {"reason_code": "salg", "reason": "x" * 201}, "can have 200 characters", "reason"),
    ],
)
def test_a_reason_is_asked_for_and_what_was_typed_stays(
    okafor: Visitor, signed: dict[str, Any], step: str, given: dict[str, str], link: str, box: str
) -> None:
    asked = okafor.get(f"/prescriptions/{signed['id']}/{step}")

    wrong = okafor.press(asked, STEPS[step].label, 422, **given)

    assert wrong.link(link) == f"#{box}"
    assert given.get("reason", "") in wrong.source


def test_pressed_twice_is_done_once(okafor: Visitor, signed: dict[str, Any]) -> None:
    asked = okafor.get(f"/prescriptions/{signed['id']}/hold")

    first, second = (okafor.press(asked, "Put on hold", reason=WHY) for _ in range(2))

    assert first.text == second.text
    assert second.text.count(WHY) == 2  # in the notice and in the history


def test_a_step_that_no_longer_fits_says_so(okafor: Visitor, signed: dict[str, Any]) -> None:
    asked = okafor.get(f"/prescriptions/{signed['id']}/hold")
    taken(okafor, signed, "cancel", reason_code="salg")

    assert "has come to its end" in okafor.press(asked, "Put on hold", reason=WHY).text
    assert okafor.get(f"/prescriptions/{signed['id']}/hold").path == f"/prescriptions/{signed['id']}"


def test_a_replacement_is_a_chain_that_both_sides_see(okafor: Visitor, maya: Visitor, signed: dict[str, Any]) -> None:
    asked = okafor.get(f"/prescriptions/{signed['id']}/replace")
    draft, same = (okafor.press(asked, "Begin the draft") for _ in range(2))
    assert draft.path == same.path
    assert f"Takes the place of {signed['number']}" in draft.text

    check = okafor.press(draft, "Check the prescription", medicines__0__duration="10 days")
    boxes = {b.get("name", ""): "yes" for b in check.all("input") if b.get("name", "").startswith("considered_")}
    newer = okafor.press(check, "Sign and issue", **boxes)

    assert f"Replaces{signed['number']}" in newer.text
    old = maya.get(f"/prescriptions/{signed['id']}")
    assert "A newer prescription has taken its place." in old.text
    assert maya.get(old.link("Open the newer one")).path == newer.path
    assert "replaced it by a newer one" in okafor.get(f"/prescriptions/{signed['id']}").text


def test_a_renewal_keeps_the_old_one_and_names_it(okafor: Visitor, signed: dict[str, Any]) -> None:
    draft = okafor.press(okafor.get(f"/prescriptions/{signed['id']}/renew"), "Begin the draft")
    assert f"The same once more as {signed['number']}" in draft.text
    check = okafor.press(draft, "Check the prescription")
    boxes = {b.get("name", ""): "yes" for b in check.all("input") if b.get("name", "").startswith("considered_")}

    newer = okafor.press(check, "Sign and issue", **boxes)

    assert f"Renews{signed['number']}" in newer.text
    assert "Issued" in okafor.get(f"/prescriptions/{signed['id']}").text


def test_steps_are_their_prescribers(
    maya: Visitor, portal: Flask, auth: Flask, appointment: Flask, signed: dict[str, Any]
) -> None:
    other = Visitor(portal).sign_in(make.doctor(auth, appointment).email)
    for name in STEPS:
        maya.get(f"/prescriptions/{signed['id']}/{name}", 403)
        other.get(f"/prescriptions/{signed['id']}/{name}", 404)
    maya.get(f"/prescriptions/{signed['id']}/sorcery", 404)


def test_a_patient_sees_who_looked_at_this_one(
    okafor: Visitor, maya: Visitor, appointment: Flask, prescription: Flask, signed: dict[str, Any], doctor: make.Person
) -> None:
    other = make.prescription(prescription, doctor, signed["appointment_id"])
    okafor.get(f"/prescriptions/{other['id']}/print")

    okafor.get(f"/prescriptions/{signed['id']}")

    page = maya.get(f"/prescriptions/{signed['id']}")
    assert "Dr Amara Okafor read your prescription" in page.text
    assert "printed" not in page.text.partition("Who has looked at it")[2]


def test_the_pages_offer_what_the_service_allows() -> None:
    for name, step in life.STEPS.items():
        assert STEPS[name].source == step.source
        assert (STEPS[name].shortest, STEPS[name].reason == "code") == (step.shortest, step.coded)
    assert set(REASONS) == set(ReasonCode.__args__) - {"prescriber-unavailable"}  # type: ignore[attr-defined]


def test_every_state_has_its_words() -> None:
    for status in ("active", "on-hold", "completed", "cancelled", "stopped", "entered-in-error"):
        word = states.state(prescription_of(1).model_copy(update={"status": status})).word
        assert word != status
        event = StatusEvent(from_status="active", to_status=status, actor_name="Dr A", at=prescription_of(1).issued_at)
        assert "set it to" not in states.happened(event)
