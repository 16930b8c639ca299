"""Prescribing structured medicines: what is taken, what is refused and where, and what comes back."""

from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, tablets, write

MORPHINE = {**AMOXICILLIN, "formulary_id": "F012", "strength": "10 mg/5 mL", "dose_unit": "mL", "dose": 2.5}
MORPHINE |= {"frequency": "Q4H", "duration": {"count": 4, "unit": "days"}, "quantity": 60}
DROPS = {**AMOXICILLIN, "formulary_id": "F105", "strength": "0.5%", "route": "ocular", "dose_unit": "drop"}
LITHIUM = tablets("F086", "400 mg", brand="Priadel")


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    return make.person(auth, birth_date="1988-03-14")


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    """No allergies are known, so that no alert asks for them."""
    return visit


def test_the_four_texts_are_rendered_from_the_structure(api: Api, visit: str) -> None:
    (one,) = write(api, visit, AMOXICILLIN)["medicines"]

    assert one["name"] == "amoxicillin 500 mg capsule"
    assert one["dosage"] == "Take 1 capsule (500 mg) by mouth 3 times a day"
    assert one["duration"] == "For 7 days"
    assert one["instructions"] == "Supply: 21 (twenty-one) capsules. Repeats: 0 (none). Substitution: allowed."
    assert one["structured"]["directions"] == "Take 1 capsule (500 mg) by mouth 3 times a day for 7 days."
    assert one["structured"]["quantity_words"] == "21 (twenty-one) capsules"
    assert one["structured"]["repeats_words"] == "0 (none)"
    assert one["structured"]["atc_code"] == "J01CA04"
    assert {name: one["structured"][name] for name in ("dose", "quantity", "repeats")} == {
        "dose": 1,
        "quantity": 21,
        "repeats": 0,
    }


def test_words_and_structure_stand_beside_each_other(
    api: Api, prescription: Flask, patient: make.Person, visit: str
) -> None:
    written = write(api, visit, make.MEDICINE, AMOXICILLIN)

    first, second = Api(prescription, patient.token).get(f"/prescriptions/{written['id']}")["medicines"]

    assert first == {"position": 1, **make.MEDICINE, "structured": None}
    assert second["structured"]["formulary_id"] == "F013"
    assert Api(prescription, patient.token).get("/prescriptions")["items"] == [written]


def test_a_shortcut_is_understood_and_never_kept(api: Api, visit: str) -> None:
    (one,) = write(api, visit, {**AMOXICILLIN, "frequency": "TDS"})["medicines"]

    assert one["structured"]["frequency"]["kind"] == "per-day"
    assert "TDS" not in str(one)


@pytest.mark.parametrize("right", [MORPHINE, DROPS | {"site": "both eyes"}, LITHIUM])
def test_medicines_with_rules_of_their_own(api: Api, visit: str, right: dict[str, Any]) -> None:
    assert write(api, visit, right)["medicines"][0]["structured"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"formulary_id": "F999"}, "formulary_id", "medicine-required"),
    ({"strength": "5 mg"}, "strength", "strength-format"),
    ({"strength": "500.0 mg"}, "strength", "strength-format"),
    ({"route": "ocular"}, "route", "route-not-for-form"),
    ({"route": "by the ear"}, "route", "route-not-for-form"),
    ({"dose": "1"}, "dose", "number"),
    ({"dose": "0,5"}, "dose", "number"),
    ({"dose": True}, "dose", "number"),
    ({"dose": 0}, "dose", "dose-range"),
    ({"dose": -1}, "dose", "dose-range"),
    ({"dose": 1e308}, "dose", "dose-range"),
    ({"dose": 0.0004}, "dose", "dose-range"),
    ({"dose": 0.5}, "dose", "dose-range"),
    ({"dose": None}, "dose", "dose-range"),
    ({"dose_unit": "mL"}, "dose_unit", "unit-not-for-form"),
    ({"frequency": "sometimes"}, "frequency", "frequency-invalid"),
    ({"frequency": {"kind": "per-day"}}, "frequency", "frequency-invalid"),
    ({"frequency": {"kind": "per-day", "times": 13}}, "frequency/times", "frequency-invalid"),
    ({"frequency": {"kind": "per-day", "times": 1, "every": 2}}, "frequency", "frequency-invalid"),
    ({"frequency": {"kind": "every-hours", "every": 73}}, "frequency/every", "frequency-invalid"),
    ({"frequency": {"kind": "every-weeks", "every": 13}}, "frequency", "frequency-invalid"),
    ({"frequency": {"kind": "per-week", "times": 2}}, "frequency/weekdays", "frequency-invalid"),
    ({"frequency": {"kind": "per-day", "times": 2, "when": "bedtime"}}, "frequency/when", "frequency-invalid"),
    ({"frequency": {"kind": "parts-of-day"}, "dose": None}, "frequency", "frequency-invalid"),
    ({"frequency": {"kind": "parts-of-day", "noon": 1}}, "dose", "dose-range"),
    ({"frequency": {"kind": "parts-of-day", "noon": 11}, "dose": None}, "frequency/noon", "frequency-invalid"),
    ({"frequency": {"kind": "as-needed"}}, "as_needed", "prn-reason"),
    ({"as_needed": {"reason": "pain"}}, "as_needed/max_doses", "prn-max"),
    ({"as_needed": {"reason": "ow", "max_doses": 4}}, "as_needed/reason", "too-short"),
    ({"as_needed": {"reason": "pain", "max_doses": 2}}, "as_needed/max_doses", "prn-max"),
    ({"as_needed": {"reason": "pain", "max_doses": 4, "hours_apart": 8}}, "as_needed/hours_apart", "prn-max"),
    ({"timing": ["with food", "after food", "at bedtime"]}, "timing", "too-long"),
    ({"duration": None}, "duration", "duration-required"),
    ({"duration": {}}, "duration", "duration-required"),
    ({"duration": {"count": 7}}, "duration", "duration-required"),
    ({"duration": {"count": 13, "unit": "months"}}, "duration", "duration-required"),
    ({"duration": {"review_on": "2020-01-01"}}, "duration/review_on", "duration-required"),
    ({"start_on": "2020-01-01"}, "start_on", "start-date"),
    ({"quantity": 20.5}, "quantity", "quantity-whole"),
    ({"quantity": 0}, "quantity", "quantity-range"),
    ({"quantity": 10001}, "quantity", "quantity-range"),
    ({"repeats": 12}, "repeats", "repeats-limit"),
    ({"repeats": 1.0}, "repeats", "repeats-limit"),
    ({"repeat_interval_days": 7}, "repeat_interval_days", "repeats-limit"),
    ({"substitution_allowed": False}, "no_substitution_reason", "reason-required"),
    ({"substitution_allowed": "no"}, "substitution_allowed", "bool-type"),
    ({"site": "left eye"}, "site", "site-not-for-route"),
    ({"brand": "X"}, "brand", "text-length"),
    ({"indication": "x" * 121}, "indication", "too-long"),
    ({"indication": "give OD"}, "indication", "error-prone-abbreviation"),
    ({"instructions": "take .5"}, "instructions", "error-prone-abbreviation"),
    ({"note_to_pharmacist": "\u202eevil"}, "note_to_pharmacist", "characters"),
    ({"name": "amoxicillin"}, "name", "unknown-field"),
]


@pytest.mark.parametrize(("change", "field", "code"), WRONG)
def test_a_broken_limit_is_named_where_it_is(
    api: Api, visit: str, change: dict[str, Any], field: str, code: str
) -> None:
    problem = write(api, visit, PARACETAMOL, {**AMOXICILLIN, **change}, expect=422)

    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"/medicines/1/{field}", code)]
    assert api.get("/prescriptions")["items"] == []


@pytest.mark.parametrize("name", ["strength", "route", "dose_unit", "frequency", "quantity", "repeats"])
def test_nothing_that_matters_has_a_default(api: Api, visit: str, name: str) -> None:
    less = {field: value for field, value in AMOXICILLIN.items() if field != name}

    (error,) = write(api, visit, less, expect=422)["errors"]

    assert (error["pointer"], error["code"]) == (f"/medicines/0/{name}", "required")


def test_all_that_is_wrong_is_said_at_once(api: Api, visit: str) -> None:
    bad = {**AMOXICILLIN, "strength": "5 mg", "route": "topical", "dose": 0.5, "quantity": 0.5, "duration": None}

    problem = write(api, visit, bad, {**bad, "formulary_id": "F999"}, expect=422)

    assert len(problem["errors"]) == 6


def test_a_whole_tablet_only_where_it_must_not_be_divided(api: Api, visit: str) -> None:
    halves = {"dose": 0.5, "quantity": 14}

    assert "half a tablet" in write(api, visit, {**PARACETAMOL, **halves})["medicines"][0]["dosage"]
    assert write(api, visit, {**PARACETAMOL, **halves, "dose": 0.3}, expect=422)["errors"][0]["code"] == "dose-range"
    assert write(api, visit, {**LITHIUM, **halves}, expect=422)["errors"][0]["code"] == "dose-range"


def test_which_eye_and_which_brand_have_to_be_said(api: Api, visit: str) -> None:
    assert write(api, visit, DROPS, expect=422)["errors"][0]["code"] == "site-required"
    assert write(api, visit, {**LITHIUM, "brand": ""}, expect=422)["errors"][0]["code"] == "brand-required"


def test_a_controlled_medicine_stands_alone_and_lasts_shorter(api: Api, visit: str) -> None:
    problem = write(api, visit, MORPHINE, make.MEDICINE, expect=422)

    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("/medicines/0", "controlled-separate")]
    assert write(api, visit, {**MORPHINE, "repeats": 6}, expect=422)["errors"][0]["code"] == "repeats-limit"
    assert write(api, visit, MORPHINE)["valid_until"] == str(make.clinic_day(28))
    assert write(api, visit, AMOXICILLIN)["valid_until"] == str(make.clinic_day(90))


def test_how_long_it_is_valid_has_bounds(api: Api, visit: str) -> None:
    for days in (-1, 0, 181):
        problem = write(api, visit, make.MEDICINE, valid_until=str(make.clinic_day(days)), expect=422)
        assert problem["errors"][0]["code"] == "validity-range"
    assert write(api, visit, make.MEDICINE, valid_until=str(make.clinic_day(180)))


def test_the_words_stay_as_they_were_when_the_list_changes(prescription: Flask, api: Api, visit: str) -> None:
    from prescription_service.medicine_tables import FactsVersion, FormularyRow
    from prescription_service.models import db

    written = write(api, visit, AMOXICILLIN)
    with prescription.app_context():
        for table in (FactsVersion, FormularyRow):
            db.session.execute(db.delete(table))
        db.session.commit()
    try:
        assert api.get(f"/prescriptions/{written['id']}") == written
        assert write(api, visit, AMOXICILLIN, expect=503)["code"] == "medicine-list-missing"
        assert write(api, visit, make.MEDICINE)["medicines"][0]["structured"] is None
    finally:
        prescription.test_cli_runner().invoke(args=["import-medicines"])
