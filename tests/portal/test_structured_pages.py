"""A medicine from the list: found, chosen in parts, understood, checked, answered for, signed. All without scripts."""

from decimal import Decimal
from itertools import product
from typing import Any

import html5lib
import pytest
from flask import Flask

from portal import course, how_often
from prescription_service.quantities import reckon
from prescription_service.structure import STRUCTURE
from tests import make
from tests.api import Api
from tests.portal.visitor import Page, Visitor

AMOXICILLIN = {
    "strength": "500 mg",
    "dose": "1",
    "how_often": "TDS",
    "count": "7",
    "unit": "days",
    "quantity": "21",
    "repeats": "0",
}


@pytest.fixture
def okafor(portal: Flask, doctor: make.Person) -> Visitor:
    """That doctor, signed in."""
    return Visitor(portal).sign_in(doctor.email)


@pytest.fixture
def visit(appointment: Flask, patient: make.Person, doctor: make.Person) -> dict[str, Any]:
    """An appointment of that doctor and patient."""
    return make.appointment(appointment, patient, doctor)


@pytest.fixture
def asked(prescription: Flask, patient: make.Person) -> None:
    """The patient has no known allergies."""
    Api(prescription, patient.token).put(f"/patients/{patient.id}/allergies/none-known")


def typed(words: dict[str, str], row: int = 0) -> dict[str, Any]:
    return {f"medicines__{row}__{name}": value for name, value in words.items()}


def chosen(okafor: Visitor, visit: dict[str, Any], name: str = "amoxicillin", which: str = "F013") -> Page:
    """The form with this medicine chosen in its first row."""
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")
    found = okafor.press(write, "Find medicine", medicines__0__name=name)
    return okafor.press(found, "Use this medicine", medicines__0__formulary_id=which)


def checked(okafor: Visitor, visit: dict[str, Any], status: int = 200, **words: str) -> Page:
    return okafor.press(chosen(okafor, visit), "Check the prescription", status, **typed({**AMOXICILLIN, **words}))


def test_a_medicine_is_found_chosen_and_signed(
    okafor: Visitor, visit: dict[str, Any], asked: None, prescription: Flask, doctor: make.Person
) -> None:
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")
    found = okafor.press(write, "Find medicine", medicines__0__name="amox")
    assert "amoxicillin capsule 250 mg · 500 mg" in found.text
    row = okafor.press(found, "Use this medicine", medicines__0__formulary_id="F013")
    assert "amoxicillin capsule" in row.text

    check = okafor.press(row, "Check the prescription", **typed({**AMOXICILLIN, "indication": "ear infection"}))

    assert "Take 1 capsule (500 mg) by mouth 3 times a day" in check.text
    assert "1 × 3 a day × 7 days = 21 capsules" in check.text
    assert "For: ear infection. Supply: 21 (twenty-one) capsules." in check.text
    assert "compared with the allergies on record (none known). The list has 66" in check.text
    assert "not all there are" in check.text
    assert "Not from the medicine list" not in check.text
    assert "Signed and issued" in okafor.press(check, "Sign and issue").text
    (issued,) = Api(prescription, doctor.token).get("/prescriptions")["items"]
    assert issued["medicines"][0]["structured"]["formulary_id"] == "F013"
    assert issued["medicines"][0]["structured"]["dose"] == 1


def test_nothing_is_chosen_that_nobody_chose(okafor: Visitor, visit: dict[str, Any]) -> None:
    empty = okafor.press(chosen(okafor, visit), "Check the prescription", 422)

    for words, box in (
        ("choose the strength", "strength"),
        ("enter the dose", "dose"),
        ("enter how often", "how_often"),
        ("enter for how long", "count"),
        ("enter how much to supply", "quantity"),
        ("enter how many repeats", "repeats"),
    ):
        assert empty.link(f"Medicine 1: {words}") == f"#medicines-0-{box}"


def test_what_is_not_in_the_list_is_said_and_written_in_words(okafor: Visitor, visit: dict[str, Any]) -> None:
    write = okafor.get(f"/appointments/{visit['id']}/prescribe")
    found = okafor.press(write, "Find medicine", medicines__0__name="Zzyzx")
    assert "Nothing in the list is called like that." in found.text
    refused = okafor.press(write, "Check the prescription", 422, medicines__0__name="Zzyzx")
    assert refused.link("choose the medicine from the list") == "#medicines-0-name"

    words = okafor.press(found, "Write it in your own words")

    assert "Not from the medicine list, not checked." in words.text
    assert 'value="Zzyzx"' in words.source
    assert "Which one?" in okafor.press(words, "Find it in the list", medicines__0__name="amox").text


def test_a_comma_is_understood_and_shown_and_two_meanings_are_refused(
    okafor: Visitor, visit: dict[str, Any], asked: None
) -> None:
    paracetamol = chosen(okafor, visit, "paracetamol", "F002")
    words = {**AMOXICILLIN, "strength": "120 mg/5 mL", "dose": "2,5", "quantity": "52,5", "how_often": "1-0-1"}
    both = okafor.press(paracetamol, "Check the prescription", 422, **typed(words))
    assert "Leave the dose empty" in both.text

    check = okafor.press(both, "Check the prescription", **typed({"how_often": "three times a day"}))
    assert "Take 2.5 mL (60 mg) by mouth 3 times a day" in check.text

    twice = okafor.press(paracetamol, "Check the prescription", 422, **typed({**words, "dose": "1.000"}))
    assert "“1.000” can mean two numbers" in twice.text


def test_refusals_of_the_service_stand_at_their_boxes(okafor: Visitor, visit: dict[str, Any]) -> None:
    half = checked(okafor, visit, 422, dose="0.5", quantity="2.5")
    assert half.link("Medicine 1: this cannot be divided") == "#medicines-0-dose"
    assert half.link("Medicine 1: only whole units") == "#medicines-0-quantity"
    needed = checked(okafor, visit, 422, as_needed="yes")
    assert needed.link("Medicine 1: say what it is needed for") == "#medicines-0-needed_for"
    most = checked(okafor, visit, 422, as_needed="yes", needed_for="pain")
    assert most.link("Medicine 1: say the most in 24 hours") == "#medicines-0-max_doses"
    wrong = checked(okafor, visit, 422, no_substitution="yes", interval="20")
    assert wrong.link("Medicine 1: say why the product") == "#medicines-0-no_substitution_reason"
    assert wrong.link("Medicine 1: there are no repeats") == "#medicines-0-interval"
    assert "<details" in wrong.source
    assert "open>" in wrong.source[wrong.source.index("<details") :][:40]


def test_an_allergy_stops_until_the_doctor_says_why(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, patient: make.Person, doctor: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="anaphylaxis")
    check = checked(okafor, visit)
    assert "Stop amoxicillin 500 mg capsule: allergy on record to Penicillins" in check.text

    silent = okafor.press(check, "Sign and issue", 422)
    assert "Say why you prescribe it all the same" in silent.text
    assert silent.title.startswith("Error: ")
    (box,) = [b.get("name", "") for b in silent.all("input") if b.get("name", "").startswith("answer_")]
    assert okafor.press(silent, "Sign and issue", 422, **{box: "ok"}).link("Say why you prescribe") == f"#{box}"
    assert Api(prescription, doctor.token).get("/prescriptions")["items"] == []

    reason = "Tolerated it in 2024, family told."
    assert "Signed and issued" in okafor.press(silent, "Sign and issue", **{box: reason}).text
    (issued,) = Api(prescription, doctor.token).get("/prescriptions")["items"]
    assert [(a["decision"], a["reason"]) for a in issued["alerts"]] == [("overridden", reason)]


def test_a_question_nobody_asked_is_answered_or_asked_on_the_spot(okafor: Visitor, visit: dict[str, Any]) -> None:
    check = checked(okafor, visit)
    assert "Think Nobody has asked this patient about allergies yet." in check.text
    assert "Tick that you have thought of this." in okafor.press(check, "Sign and issue", 422).text

    asked = okafor.press(check, "Asked: none known")

    assert asked.heading == "Check and sign"
    assert "Think" not in asked.text
    assert "Signed and issued" in okafor.press(asked, "Sign and issue").text


def test_an_answer_is_kept_while_something_is_changed_and_asked_again_when_it_no_longer_fits(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="rash")
    check = checked(okafor, visit)
    (box,) = [b.get("name", "") for b in check.all("input") if b.get("name", "").startswith("answer_")]
    reason = "Tolerated it in 2024, family told."

    change = okafor.press(check, "Change", **{box: reason})
    same = okafor.press(change, "Check the prescription")
    assert reason in same.source
    other = okafor.press(change, "Check the prescription", medicines__0__dose="2", medicines__0__quantity="42")
    assert reason not in other.source


def test_daily_methotrexate_cannot_be_signed(okafor: Visitor, visit: dict[str, Any], asked: None) -> None:
    row = chosen(okafor, visit, "methotrexate", "F092")

    check = okafor.press(
        row, "Check the prescription", **typed({**AMOXICILLIN, "how_often": "once a day", "quantity": "7"})
    )

    assert "This cannot be signed. Change the prescription." in check.text
    assert "Sign and issue" not in check.text


def test_signing_twice_issues_once_with_answers_too(
    okafor: Visitor, visit: dict[str, Any], prescription: Flask, doctor: make.Person
) -> None:
    check = checked(okafor, visit)
    (box,) = [b.get("name", "") for b in check.all("input") if b.get("name", "").startswith("considered_")]

    first, second = (okafor.press(check, "Sign and issue", **{box: "yes"}) for _ in range(2))

    assert first.path == second.path
    assert len(Api(prescription, doctor.token).get("/prescriptions")["items"]) == 1


def test_a_medicine_that_has_left_the_list_is_chosen_again(okafor: Visitor, visit: dict[str, Any]) -> None:
    row = chosen(okafor, visit)

    gone = okafor.press(row, "Check the prescription", 422, **typed({**AMOXICILLIN, "formulary_id": "F999"}))

    assert gone.link("choose the medicine from the list") == "#medicines-0-name"


def test_rows_and_lists_for_scripts_are_the_doctors_only(okafor: Visitor, maya: Visitor) -> None:
    found = okafor.client.get("/prescribing/medicines?q=amox").get_json()["items"]
    assert found[0]["id"] == "F013"
    assert okafor.client.get("/prescribing/medicines?q=a").get_json() == {"items": []}

    answer = okafor.client.get(
        "/prescribing/row?number=3&place=2&key=abcdef123&formulary_id=F013&name=amoxicillin", headers={"X": "y"}
    )
    made = html5lib.parse(answer.get_data(as_text=True), namespaceHTMLElements=False)
    assert answer.status_code == 200
    names = {box.get("name") for box in made.iter("input")}
    assert {"medicines-3-key", "medicines-3-dose", "medicines-3-formulary_id"} <= names

    numbers = "formulary_id=F013&name=amoxicillin&dose=1&dose_unit=capsule&how_often=TDS&count=7&unit=days"
    understood = okafor.client.get(f"/prescribing/understood?{numbers}").get_json()
    assert understood == {
        "how_often": "3 times a day",
        "sum": "1 × 3 a day × 7 days = 21 capsules",
        "expected": "21",
    }
    for path in ("medicines?q=amox", "row", "understood"):
        assert maya.client.get(f"/prescribing/{path}").status_code == 403


GRID = [*how_often.SUGGESTED, "2 times a week on Monday and Friday", "every 2 weeks", "every month", "0,5-0-1"]


@pytest.mark.parametrize(("often", "days"), list(product(GRID, [1, 5, 30, 365])))
def test_the_sum_on_the_page_is_the_sum_of_the_service(often: str, days: int) -> None:
    how = how_often.understand(often)
    dose = None if how.daily else Decimal("1.5")
    needed = {"reason": "pain", "max_doses": 4} if how.only_when_needed else None
    structure = STRUCTURE.validate_python(
        {
            "formulary_id": "F001",
            "strength": "500 mg",
            "route": "oral",
            "dose_unit": "tablet",
            "dose": dose,
            "frequency": how.sent,
            "duration": {"count": days, "unit": "days"},
            "quantity": 1,
            "repeats": 0,
            "as_needed": needed,
        }
    )

    theirs, ours = reckon(structure, "tablet"), course.reckon(dose, how, days, ("tablet", "tablet"))

    assert (ours.expected if ours else None) == theirs.expected
    if ours:
        assert ours.shown == theirs.shown
