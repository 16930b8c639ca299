"""Templates: a doctor's own named sets of medicines, which help with typing and sign nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, tablets, write

LONG_TERM = tablets("F065", "1 mg", duration={"review_on": make.clinic_day(90).isoformat()})


def body(name: str = "Sore throat", *medicines: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "medicines": medicines or (AMOXICILLIN,), **more}


def keep(api: Api, *given: Any, expect: int = 201, **more: Any) -> Any:
    return api.post("/templates", json=body(*given, **more), expect=expect)


def test_a_template_is_kept_changed_and_thrown_away(api: Api) -> None:
    kept = keep(api, "Sore throat", AMOXICILLIN, PARACETAMOL, notes="Drink a lot.")
    path = f"/templates/{kept['id']}"

    assert [one["name"] for one in kept["medicines"]] == ["amoxicillin 500 mg capsule", "paracetamol 500 mg tablet"]
    assert [one["problems"] for one in kept["medicines"]] == [[], []]
    assert kept["medicines"][0]["structure"]["quantity"] == 21
    assert api.get(path) == kept
    changed = api.put(path, json=body("Throat", PARACETAMOL))
    assert (changed["name"], changed["notes"], len(changed["medicines"])) == ("Throat", "", 1)
    assert api.get("/templates")["items"] == [changed]
    assert api.send("DELETE", path).status_code == 204
    assert api.get("/templates")["items"] == []
    api.get(path, expect=404)
    api.call("DELETE", path, 404)


def test_a_template_fills_a_draft_and_a_prescription(api: Api, visit: str, asked: Api) -> None:
    (medicine,) = keep(api)["medicines"]

    kept = write(api, visit, medicine["structure"], status="draft")
    signed = write(api, visit, medicine["structure"])

    assert medicine["structure"].items() <= kept["medicines"][0].items()
    assert signed["medicines"][0]["name"] == medicine["name"]


def test_templates_are_ones_own(auth: Flask, prescription: Flask, api: Api, patient: make.Person) -> None:
    path = f"/templates/{keep(api)['id']}"
    other = Api(prescription, make.person(auth, "doctor").token)

    assert other.get("/templates")["items"] == []
    other.get(path, expect=404)
    other.put(path, json=body(), expect=404)
    other.call("DELETE", path, 404)
    keep(other)  # the same name is no conflict with another doctor's
    Api(prescription, patient.token).get("/templates", expect=403)
    assert len(api.get("/templates")["items"]) == 1


def test_names_differ_by_more_than_capitals(api: Api) -> None:
    keep(api, "Sore throat")
    other = keep(api, "Asthma")

    assert keep(api, "SORE THROAT", expect=409)["code"] == "template-name-taken"
    taken = api.put(f"/templates/{other['id']}", json=body("sore throat"), expect=409)
    assert taken["code"] == "template-name-taken"
    assert [one["name"] for one in api.get("/templates")["items"]] == ["Asthma", "Sore throat"]


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({"name": "", "medicines": [AMOXICILLIN]}, "/name"),
        ({"name": "x" * 81, "medicines": [AMOXICILLIN]}, "/name"),
        ({"name": "A", "medicines": []}, "/medicines"),
        ({"name": "A", "medicines": [AMOXICILLIN] * 11}, "/medicines"),
        ({"name": "A", "medicines": [make.MEDICINE]}, "/medicines/0/formulary_id"),
        ({"name": "A", "medicines": [AMOXICILLIN], "status": "active"}, "/status"),
        ({"name": "A", "medicines": [{**AMOXICILLIN, "dose_unit": "mL"}]}, "/medicines/0/dose_unit"),
        ({"name": "A", "medicines": [{**AMOXICILLIN, "formulary_id": "F999"}]}, "/medicines/0/formulary_id"),
        ({"name": "A", "medicines": [{**AMOXICILLIN, "instructions": "Take QD."}]}, "/medicines/0/instructions"),
    ],
)
def test_what_could_not_be_prescribed_is_not_kept(api: Api, sent: dict[str, Any], pointer: str) -> None:
    problem = api.post("/templates", json=sent, expect=422)

    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert api.get("/templates")["items"] == []


def test_a_medicine_that_left_the_list_is_told_of(prescription: Flask, api: Api) -> None:
    from prescription_service import medicine_list
    from prescription_service.medicine_tables import FormularyRow
    from prescription_service.models import db

    kept = keep(api, "Both", AMOXICILLIN, PARACETAMOL)
    with prescription.app_context():
        db.session.delete(db.session.get_one(FormularyRow, AMOXICILLIN["formulary_id"]))
        db.session.commit()
        medicine_list.forget()
    try:
        gone, there = api.get(f"/templates/{kept['id']}")["medicines"]
    finally:
        with prescription.app_context():
            medicine_list.import_files(medicine_list.shipped(), again=True)
            medicine_list.forget()

    assert gone["name"] == "amoxicillin 500 mg capsule"
    assert [(one["pointer"], one["code"]) for one in gone["problems"]] == [("/formulary_id", "medicine-required")]
    assert there["problems"] == []


def test_days_in_a_template_move_with_the_calendar(prescription: Flask, api: Api) -> None:
    from prescription_service.doctor_tables import Template
    from prescription_service.models import db

    kept = keep(api, "Anticoagulation", LONG_TERM)
    with prescription.app_context():
        row = db.session.scalars(db.select(Template)).one()
        row.written_on = row.written_on - timedelta(days=400)
        db.session.commit()

    (medicine,) = api.get(f"/templates/{kept['id']}")["medicines"]

    assert medicine["structure"]["duration"]["review_on"] == make.clinic_day(490).isoformat()
    assert [one["pointer"] for one in medicine["problems"]] == ["/duration/review_on"]


def test_a_doctor_has_so_many_templates_and_no_more(
    prescription: Flask, api: Api, doctor: make.Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prescription_service import templates

    monkeypatch.setattr(templates, "MOST", 3)

    def once(n: int) -> int:
        return Api(prescription, doctor.token).send("POST", "/templates", json=body(f"Set {n}")).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(6))) == [201] * 3 + [409] * 3
    assert keep(api, "One more", expect=409)["code"] == "too-many-templates"
    assert len(api.get("/templates")["items"]) == 3
