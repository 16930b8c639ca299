"""A doctor writes, checks and signs; nothing typed is ever lost, and nothing is issued twice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from chassis.breaker import Breaker
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor

ROW = {"name": "Amoxicillin 500 mg capsules", "dosage": "1 capsule 3 times a day", "duration": "7 days"}


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor and patient."""
    return make.appointment(appointment, patient, doctor)


def typed(row: int = 0, **words: str) -> dict[str, str]:
    return {f"medicines__{row}__{name}": value for name, value in {**ROW, **words}.items()}


def values(page: Page) -> list[str]:
    """What stands in the boxes of the rows."""
    form, _ = page.form("Check the prescription")
    fields = page.fields(form)
    boxes = fields.items(multi=True)
    return [v for k, v in boxes if k.startswith("medicines-") and not k.endswith(("-key", "-kind", "-formulary_id"))]


def written(okafor: Visitor, visit: dict[str, Any]) -> Page:
    """The form with its one row in the doctor's own words."""
    return okafor.press(okafor.get(f"/appointments/{visit['id']}/prescribe"), "Write it in your own words")


def checked(okafor: Visitor, visit: dict[str, Any], **words: str) -> Page:
    return okafor.press(written(okafor, visit), "Check the prescription", **{**typed(), **words})


def issued(prescription: Flask, doctor: make.Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = Api(prescription, doctor.token).get("/prescriptions")["items"]
    return items


@contextmanager
def out(portal: Flask, name: str) -> Iterator[None]:
    """Nothing listens where the portal looks for this service."""
    client = getattr(portal.extensions["services"], name).client
    before, client.base_url = client.base_url, "http://127.0.0.1:9"
    yield
    client.base_url = before


def test_a_doctor_writes_checks_signs_and_the_patient_reads_it(
    okafor: Visitor, maya: Visitor, visit: dict[str, Any]
) -> None:
    form = written(okafor, visit)
    assert "Nobody has asked about allergies yet" in form.text
    assert "14 March 1988 (38 years)" in form.text

    check = okafor.press(
        form, "Check the prescription", **typed(instructions="With food.\r\nNo alcohol."), notes="Rest."
    )
    assert check.heading == "Check and sign"
    for words in (*ROW.values(), "With food. No alcohol.", "Rest.", "Maya Lindqvist", "Licence 7412093, GMC"):
        assert words in check.text

    done = okafor.press(check, "Sign and issue")
    assert done.heading == "Prescription for Maya Lindqvist"
    assert "Signed and issued" in done.text
    assert done.link("Print").endswith("/print")

    read = maya.get(done.path)
    assert read.heading == "Your prescription"
    for words in (*ROW.values(), "With food.", "Rest.", "Dr Amara Okafor"):
        assert words in read.text
    assert "Write" not in read.text.replace("Written by", "")
    assert "Lindqvist" not in done.title + read.title


def test_rows_are_added_and_removed_by_plain_buttons(okafor: Visitor, visit: dict[str, Any]) -> None:
    one = written(okafor, visit)
    assert "hidden" in one.form("Remove")[1].attrib

    two = okafor.press(one, "Add another medicine", **typed(name="First"), notes="Kept")
    assert values(two) == ["First", ROW["dosage"], ROW["duration"], "", ""]
    focused = [box.get("name") for box in two.all("input") if "autofocus" in box.attrib]
    assert focused == ["medicines-1-name"]

    removed = okafor.press(two, "Remove medicine 1", **typed(1, name="Second"))
    assert values(removed) == ["Second", ROW["dosage"], ROW["duration"], ""]
    assert "Kept" in removed.source


def test_a_stale_tab_cannot_remove_the_wrong_medicine(okafor: Visitor, visit: dict[str, Any]) -> None:
    two = okafor.press(written(okafor, visit), "Add another medicine", **typed(name="First"))
    form, button = two.form("Remove medicine 1")
    fields = two.fields(form)
    fields.setlist("medicines-1-name", ["Second"])
    fields.add("action", "remove:somewhere3lse")

    kept = okafor.post(two.path, fields)

    assert [v for v in values(kept) if v in {"First", "Second"}] == ["First", "Second"]
    assert button.get("value") != "remove:somewhere3lse"


def test_ten_medicines_and_no_more(okafor: Visitor, visit: dict[str, Any]) -> None:
    page = written(okafor, visit)
    for _ in range(9):
        page = okafor.press(page, "Add another medicine")
    assert "hidden" in page.form("Add another medicine")[1].attrib
    assert len(values(page)) == 4 + 9

    same = okafor.press(page, "Add another medicine")
    assert len(values(same)) == 4 + 9

    form, _ = same.form("Check the prescription")
    fields = same.fields(form)
    for number in range(11):
        for name, value in ROW.items():
            fields.setlist(f"medicines-{number}-{name}", [value])
    refused = okafor.post(page.path, fields, 422)
    assert "at most 10 medicines" in refused.text


def test_every_error_is_named_with_its_row_and_nothing_is_lost(okafor: Visitor, visit: dict[str, Any]) -> None:
    two = okafor.press(written(okafor, visit), "Add another medicine", **typed(name="12"))

    wrong = okafor.press(
        two,
        "Check the prescription",
        422,
        **typed(1, name="", dosage=" ", duration="x" * 101, instructions="bad\u202ething"),
    )

    assert wrong.title.startswith("Error: ")
    assert wrong.link("Medicine 1: enter the name of the medicine in letters") == "#medicines-0-name"
    assert wrong.link("Medicine 2: enter the name of the medicine") == "#medicines-1-name"
    assert wrong.link("Medicine 2: enter how much") == "#medicines-1-dosage"
    assert wrong.link("Medicine 2: the duration can have 100") == "#medicines-1-duration"
    assert wrong.link("Medicine 2: use letters") == "#medicines-1-instructions"
    assert "x" * 101 in values(wrong)


@pytest.mark.parametrize("words", ["{{ config }} {% raw %}", "<script>alert(1)</script>", "HYDROmorphone 0.5 mg & 1/2"])
def test_what_is_typed_is_kept_letter_by_letter(okafor: Visitor, visit: dict[str, Any], words: str) -> None:
    check = checked(okafor, visit, medicines__0__name=words)
    assert words in check.text

    assert words in okafor.press(check, "Sign and issue").text


def test_change_goes_back_with_everything_typed(okafor: Visitor, visit: dict[str, Any]) -> None:
    check = checked(okafor, visit, notes="Come back in a week")

    back = okafor.press(check, "Change")

    assert values(back) == [*ROW.values(), ""]
    assert "Come back in a week" in back.source


def test_signing_twice_issues_once(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    check = checked(okafor, visit)

    first, second = okafor.press(check, "Sign and issue"), okafor.press(check, "Sign and issue")

    assert first.path == second.path
    assert len(issued(prescription, doctor)) == 1


def test_other_words_from_a_form_that_was_signed_need_a_second_look(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    check = checked(okafor, visit)
    okafor.press(check, "Sign and issue")

    again = okafor.press(check, "Sign and issue", 409, **typed(name="Another medicine"))
    assert "already issued from this form" in again.text
    assert "Another medicine" in again.text
    assert len(issued(prescription, doctor)) == 1

    okafor.press(again, "Sign and issue")
    assert len(issued(prescription, doctor)) == 2


def test_a_visit_cancelled_meanwhile_is_explained_and_the_words_stay(
    okafor: Visitor,
    visit: dict[str, Any],
    appointment: Flask,
    prescription: Flask,
    patient: make.Person,
    doctor: make.Person,
) -> None:
    check = checked(okafor, visit)
    Api(appointment, patient.token).post(f"/appointments/{visit['id']}/cancel", json={})

    refused = okafor.press(check, "Sign and issue", 409)

    assert "This appointment was cancelled" in refused.text
    assert ROW["name"] in refused.text
    assert "Sign and issue" not in refused.text
    assert issued(prescription, doctor) == []


def test_prescriptions_out_at_signing_keeps_everything_and_signing_again_works(
    portal: Flask, okafor: Visitor, visit: dict[str, Any]
) -> None:
    check = checked(okafor, visit, notes="Rest")

    with out(portal, "prescriptions"):
        refused = okafor.press(check, "Sign and issue", 503)
    assert "could not confirm" in refused.text
    assert ROW["name"] in refused.text

    time.sleep(Breaker.PAUSE)  # who was out is left alone for so long at most
    assert "Signed and issued" in okafor.press(refused, "Sign and issue").text


def test_appointments_out_offers_to_send_what_was_typed_again(
    portal: Flask, okafor: Visitor, visit: dict[str, Any]
) -> None:
    form = written(okafor, visit)

    with out(portal, "appointments"):
        refused = okafor.press(form, "Check the prescription", 503, **typed())
    assert "Appointments are not available" in refused.text

    assert okafor.press(refused, "Try again").heading == "Check and sign"


def test_the_visit_says_when_prescriptions_cannot_be_shown(
    portal: Flask, okafor: Visitor, visit: dict[str, Any]
) -> None:
    with out(portal, "prescriptions"):
        page = okafor.get(f"/appointments/{visit['id']}")

    assert "Prescriptions are not available right now" in page.text
    assert "Nothing prescribed" not in page.text


def test_fields_of_others_are_not_passed_on(okafor: Visitor, visit: dict[str, Any]) -> None:
    form = written(okafor, visit)
    element, _ = form.form("Check the prescription")
    fields = form.fields(element)
    for name, value in {**ROW, "patient_id": "x"}.items():
        fields.setlist(f"medicines-0-{name}", [value])
    fields.add("patient_id", "00000000-0000-4000-8000-000000000000")
    fields.add("action", "sign")

    assert okafor.post(form.path, fields).heading == "Prescription for Maya Lindqvist"


@pytest.mark.parametrize("number", ["²", "9" * 5000, "٣", "-1", "", "x"])
def test_strange_row_numbers_are_no_rows(okafor: Visitor, visit: dict[str, Any], number: str) -> None:
    form = written(okafor, visit)
    fields = form.fields(form.form("Check the prescription")[0])
    fields.add(f"medicines-{number}-name", "Strange")
    fields.add("action", "add")

    assert len(values(okafor.post(form.path, fields))) == 4 + 1


def test_a_form_without_rows_comes_back_with_one(okafor: Visitor, visit: dict[str, Any]) -> None:
    form = written(okafor, visit)
    token = form.fields(form.form("Check the prescription")[0])["csrf_token"]

    page = okafor.post(form.path, {"csrf_token": token}, 422)

    assert page.link("Medicine 1: enter the name of the medicine") == "#medicines-0-name"
    okafor.post(form.path, {"action": "sign"}, 400)


def test_an_unverified_doctor_writes_nothing(portal: Flask, auth: Flask, visit: dict[str, Any]) -> None:
    novak = Visitor(portal).sign_in(make.person(auth, "doctor", verified=False).email)

    for path in ("/today", f"/appointments/{visit['id']}/prescribe"):
        assert novak.client.get(path).status_code in {403, 404}, path


def test_writing_belongs_to_the_doctor_of_the_visit(
    maya: Visitor, visitor: Visitor, portal: Flask, auth: Flask, appointment: Flask, visit: dict[str, Any]
) -> None:
    path = f"/appointments/{visit['id']}/prescribe"
    stranger = Visitor(portal).sign_in(make.doctor(auth, appointment).email)

    maya.get(path, 403)
    stranger.get(path, 404)
    assert visitor.get(path).heading == "Sign in"
    assert "prescribe" not in maya.get(f"/appointments/{visit['id']}").source


def test_lists_are_paged_and_each_sees_their_own(
    okafor: Visitor,
    maya: Visitor,
    prescription: Flask,
    doctor: make.Person,
    visit: dict[str, Any],
    portal: Flask,
    auth: Flask,
) -> None:
    assert "No prescriptions yet" in maya.get("/prescriptions").text
    numbers = [make.prescription(prescription, doctor, visit["id"])["number"] for _ in range(11)]

    first = okafor.get("/prescriptions")
    second = okafor.get(first.link("Older prescriptions"))

    assert first.text.count("Maya Lindqvist") == 10
    assert numbers[0] in second.text
    assert numbers[10] in okafor.get(second.link("Back to the newest")).text
    assert maya.get("/prescriptions").text.count("Dr Amara Okafor") == 10
    assert "No prescriptions yet" in Visitor(portal).sign_in(make.person(auth).email).get("/prescriptions").text


def test_a_strangers_prescription_is_the_same_page_as_none(
    maya: Visitor, portal: Flask, auth: Flask, prescription: Flask, doctor: make.Person, visit: dict[str, Any]
) -> None:
    found = make.prescription(prescription, doctor, visit["id"])
    stranger = Visitor(portal).sign_in(make.person(auth).email)

    none = maya.get("/prescriptions/00000000-0000-4000-8000-000000000000", 404)
    for path in (f"/prescriptions/{found['id']}", f"/prescriptions/{found['id']}/print"):
        assert stranger.get(path, 404).text == none.text
        assert maya.get(path).response.headers["Cache-Control"] == "no-store"
