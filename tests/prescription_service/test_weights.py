"""Doses by body weight, the days a prescription may bear, and that a controlled medicine stands alone."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, tablets, write
from tests.prescription_service.test_life import draft, seen, sign

TODAY = make.clinic_day(0)
BY_WEIGHT = {**AMOXICILLIN, "mg_per_kg": 25}
"""500 mg as one dose: right for 20 kg."""


def weight(kg: float = 20, days_ago: int = 0) -> dict[str, Any]:
    return {"kg": kg, "measured_on": (TODAY - timedelta(days=days_ago)).isoformat()}


@pytest.fixture
def patient(auth: Flask) -> make.Person:
    """A child of seven."""
    return make.person(auth, birth_date=TODAY.replace(year=TODAY.year - 7, day=1).isoformat())


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    return visit


def test_a_childs_dose_by_weight_needs_the_weight_and_keeps_it(api: Api, visit: str) -> None:
    problem = write(api, visit, BY_WEIGHT, expect=422)
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/weight", "weight-required")]

    signed = write(api, visit, BY_WEIGHT, weight=weight())

    assert signed["patient_weight"] == weight()
    assert "One dose is reckoned from 25 mg/kg." in signed["medicines"][0]["instructions"]
    assert signed["coverage"]["arithmetic"][0]["shown"] == "25 mg/kg × 20 kg = 500 mg, and one dose holds 500 mg"
    assert api.get(f"/prescriptions/{signed['id']}") == signed


def test_a_dose_without_weight_in_it_needs_none(api: Api, visit: str) -> None:
    assert write(api, visit, AMOXICILLIN)["patient_weight"] is None


@pytest.mark.parametrize(("years", "status"), [(11, 422), (12, 201), (40, 201), (None, 422)])
def test_from_twelve_on_a_weight_may_be_left_out(
    auth: Flask, appointment: Flask, prescription: Flask, doctor: make.Person, years: int | None, status: int
) -> None:
    born = {"birth_date": TODAY.replace(year=TODAY.year - years, day=1).isoformat()} if years else {}
    person = make.person(auth, **born)
    Api(prescription, person.token).put(f"/patients/{person.id}/allergies/none-known")
    theirs = make.appointment(appointment, person, doctor)["id"]

    write(Api(prescription, doctor.token), theirs, BY_WEIGHT, expect=status)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (weight(0.29), "/weight/kg"),
        (weight(400.1), "/weight/kg"),
        (weight(20.0001), "/weight/kg"),
        ({"kg": "20", "measured_on": "2026-01-01"}, "/weight/kg"),
        ({"kg": 20}, "/weight/measured_on"),
        (weight(days_ago=91), "/weight/measured_on"),
        (weight(days_ago=-1), "/weight/measured_on"),
        (weight() | {"lb": 44}, "/weight/lb"),
        (20, "/weight"),
    ],
)
def test_a_weight_is_plausible_and_recent(api: Api, visit: str, sent: Any, pointer: str) -> None:
    problem = write(api, visit, BY_WEIGHT, weight=sent, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("kg", "tier"), [(20, None), (18.2, None), (22.2, None), (18, "ask"), (23, "ask"), (10, "stop"), (40, "stop")]
)
def test_a_dose_that_is_not_what_the_weight_comes_to_is_told_of(api: Api, visit: str, kg: float, tier: str) -> None:
    body = {"appointment_id": visit, "medicines": [BY_WEIGHT], "weight": weight(kg)}

    found = [alert for alert in api.post("/prescriptions/check", json=body)["alerts"] if alert["rule"] == "dose:weight"]

    assert [alert["tier"] for alert in found] == ([tier] if tier else [])


def test_another_weight_asks_again(api: Api, visit: str) -> None:
    key = write(api, visit, BY_WEIGHT, weight=weight(10), expect=409)["alerts"][0]["key"]
    overrides = [{"key": key, "reason": "As the specialist advised."}]

    write(api, visit, BY_WEIGHT, weight=weight(9), overrides=overrides, expect=409)
    assert write(api, visit, BY_WEIGHT, weight=weight(10), overrides=overrides)["alerts"][0]["rule"] == "dose:weight"


def test_a_draft_keeps_the_weight_and_a_renewal_asks_for_a_new_one(api: Api, visit: str) -> None:
    kept = write(api, visit, BY_WEIGHT, weight=weight(), status="draft")
    assert kept["weight"] == weight()
    signed = sign(api, kept)

    renewal = api.post(f"/prescriptions/{signed['id']}/renew", expect=201)

    assert renewal["weight"] is None
    assert sign(api, renewal, expect=422)["errors"][0]["pointer"] == "/weight"


def test_the_weight_is_sealed(prescription: Flask, api: Api, visit: str) -> None:
    from prescription_service.models import Prescription, db

    write(api, visit, BY_WEIGHT, weight=weight())
    seal = prescription.extensions["seal"]
    with prescription.app_context():
        row = db.session.scalars(db.select(Prescription)).one()
        assert row.medicines
        assert row.alerts == []
        assert seal.holds(row)
        db.session.expunge(row)
        for changed in (None, {"kg": "30", "measured_on": row.patient_weight["measured_on"]}):
            row.patient_weight = changed
            assert not seal.holds(row)


def test_seals_from_before_there_were_weights_still_hold() -> None:
    from prescription_service.models import Prescription
    from prescription_service.seal import content

    assert "patient_weight" not in content(Prescription())


# Days, and controlled medicines.


def days(number: int) -> str:
    return make.clinic_day(number).isoformat()


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"valid_until": days(0)}, "/valid_until"),
        ({"valid_until": days(181)}, "/valid_until"),
        ({"valid_until": days(10), "start_on": days(11)}, "/valid_until"),
        ({"start_on": days(-1)}, "/medicines/0/start_on"),
        ({"start_on": days(91)}, "/medicines/0/start_on"),
    ],
)
def test_days_that_do_not_go_together_are_refused(api: Api, visit: str, more: dict[str, str], pointer: str) -> None:
    medicine = {**AMOXICILLIN, "start_on": more.pop("start_on", None)}
    kept = write(api, visit, medicine, status="draft", **more)

    for problem in (
        write(api, visit, medicine, expect=422, **more),
        api.post(f"/drafts/{kept['id']}/check", expect=422),
        sign(api, kept, expect=422),
    ):
        assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize("more", [{"valid_until": days(1)}, {"valid_until": days(180)}, {"start_on": days(90)}])
def test_days_at_the_edge_are_taken(api: Api, visit: str, more: dict[str, str]) -> None:
    write(api, visit, {**AMOXICILLIN, "start_on": more.pop("start_on", None)}, **more)


def controlled(prescription: Flask) -> dict[str, Any]:
    from prescription_service import medicine_list

    with prescription.app_context():
        listed = medicine_list.current().medicines.values()
        found = next(one for one in listed if one.controlled and one.dose_form == "tablet" and not one.by_brand)
    return tablets(found.formulary_id, found.strengths[0])


def test_a_controlled_medicine_has_a_prescription_of_its_own(prescription: Flask, api: Api, visit: str) -> None:
    alone = controlled(prescription)

    for others in ([PARACETAMOL], [make.MEDICINE]):
        problem = write(api, visit, *others, alone, expect=422)
        assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/medicines/1", "controlled-separate")]
    assert write(api, visit, alone)["valid_until"] == days(28)
    late = write(api, visit, {**alone, "start_on": days(40)}, expect=422)
    assert [error["pointer"] for error in late["errors"]] == ["/valid_until"]


# A draft that goes on with a prescription stays with its patient.


@pytest.mark.parametrize("link", ["replace", "renew"])
def test_a_draft_that_goes_on_with_a_prescription_stays_with_its_patient(
    auth: Flask, appointment: Flask, api: Api, doctor: make.Person, visit: str, link: str
) -> None:
    other = make.appointment(appointment, make.person(auth), doctor, at=make.time(11))["id"]
    kept = api.post(f"/prescriptions/{write(api, visit, make.MEDICINE)['id']}/{link}", expect=201)
    body = {"appointment_id": other, "medicines": [make.MEDICINE]}

    problem = api.put(f"/drafts/{kept['id']}", json=body, headers=seen(1), expect=422)

    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/appointment_id", "patient-mismatch")]
    assert api.put(f"/drafts/{draft(api, visit)['id']}", json=body, headers=seen(1))["appointment_id"] == other
