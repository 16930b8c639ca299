"""What is sent to prescribing and is wrong gets its answer, and nothing is written."""

from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import Date, Integer, SmallInteger, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from tests import make
from tests.api import Api, code_of
from tests.prescription_service.structured import AMOXICILLIN, tablets, write

MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    return visit


def body(visit: str, *medicines: Any, **more: Any) -> dict[str, Any]:
    return {"appointment_id": visit, "medicines": list(medicines) or [AMOXICILLIN], **more}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"dose": None}, "/dose"),
        ({"dose": 0}, "/dose"),
        ({"dose": -1}, "/dose"),
        ({"dose": "500"}, "/dose"),
        ({"dose": "0,5"}, "/dose"),
        ({"dose": "1.000"}, "/dose"),
        ({"dose": 1e308}, "/dose"),
        ({"dose": True}, "/dose"),
        ({"dose": 0.0001}, "/dose"),
        ({"dose": 0.3}, "/dose"),
        ({"dose_unit": "mL"}, "/dose_unit"),
        ({"route": "rectal"}, "/route"),
        ({"route": "intravenous"}, "/route"),
        ({"strength": "500mg"}, "/strength"),
        ({"strength": "500.0 mg"}, "/strength"),
        ({"quantity": 0}, "/quantity"),
        ({"quantity": 10_000.001}, "/quantity"),
        ({"quantity": 20.5}, "/quantity"),
        ({"repeats": -1}, "/repeats"),
        ({"repeats": 12}, "/repeats"),
        ({"repeats": 1.5}, "/repeats"),
        ({"repeat_interval_days": 181, "repeats": 1}, "/repeat_interval_days"),
        ({"frequency": "XYZ"}, "/frequency"),
        ({"frequency": {"kind": "per-day", "times": 13}}, "/frequency/times"),
        ({"frequency": {"kind": "per-day", "times": 3, "every": 8}}, "/frequency"),
        ({"duration": {"count": 366, "unit": "days"}}, "/duration/count"),
        ({"duration": {"count": 53, "unit": "weeks"}}, "/duration"),
        ({"duration": {"review_on": make.clinic_day(400).isoformat()}}, "/duration/review_on"),
        ({"timing": ["with food", "after food", "at bedtime"]}, "/timing"),
        ({"as_needed": {"reason": "pain"}}, "/as_needed/max_doses"),
        ({"as_needed": {"reason": "x", "max_doses": 1}}, "/as_needed/reason"),
        ({"substitution_allowed": False}, "/no_substitution_reason"),
        ({"brand": "x" * 61}, "/brand"),
        ({"indication": "x" * 121}, "/indication"),
        ({"instructions": "\u202eabc"}, "/instructions"),
        ({"instructions": "take 1 tablet QD"}, "/instructions"),
        ({"note_to_pharmacist": "x" * 241}, "/note_to_pharmacist"),
        ({"mg_per_kg": 0}, "/mg_per_kg"),
        ({"mg_per_kg": 1000.5}, "/mg_per_kg"),
        ({"price": 1}, "/price"),
    ],
)
def test_a_wrong_part_of_a_medicine_is_named(api: Api, visit: str, change: dict[str, Any], pointer: str) -> None:
    problem = write(api, visit, {**AMOXICILLIN, **change}, expect=422)

    assert f"/medicines/0{pointer}" in [error["pointer"] for error in problem["errors"]]
    assert api.get("/prescriptions")["items"] == api.get("/drafts")["items"] == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "0" * 5000, "1" * 5000])
def test_a_number_that_is_none_is_no_json(api: Api, visit: str, number: str) -> None:
    text = f'{{"appointment_id": "{visit}", "medicines": [{{"formulary_id": "F013", "dose": {number}}}]}}'

    api.post("/prescriptions", data=text, content_type="application/json", expect=400)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"status": "dispensed"}, "/status"),
        ({"status": "active"}, "/status"),
        ({"signed_by": MISSING}, "/signed_by"),
        ({"id": MISSING}, "/id"),
        ({"doctor_id": MISSING}, "/doctor_id"),
        ({"patient_id": MISSING}, "/patient_id"),
        ({"overrides": [{"key": "not hex", "reason": ""}]}, "/overrides/0/key"),
        ({"overrides": {"a": "b"}}, "/overrides"),
        ({"notes": "x" * 2001}, "/notes"),
        ({"notes": ["x"]}, "/notes"),
        ({"valid_until": "2027-02-30"}, "/valid_until"),
        ({"valid_until": "9999-12-31"}, "/valid_until"),
        ({"medicines": {}}, "/medicines"),
        ({"medicines": [AMOXICILLIN] * 11}, "/medicines"),
        ({"appointment_id": MISSING.upper()}, "/appointment_id"),
    ],
)
def test_a_wrong_part_of_a_prescription_is_named(api: Api, visit: str, more: dict[str, Any], pointer: str) -> None:
    if more.get("appointment_id"):
        more = {"appointment_id": "AAAAAAAA-0000-4000-8000-000000000000"}

    problem = api.post("/prescriptions", json={**body(visit), **more}, expect=422)

    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert api.get("/prescriptions")["items"] == []


def test_who_may_not_prescribe_is_told_before_anything_is_read(
    auth: Flask, prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    unverified = make.person(auth, "doctor", verified=False)
    for token, code in ((patient.token, "forbidden"), (unverified.token, "doctor-not-verified")):
        refused = Api(prescription, token).post("/prescriptions", json=body(visit), expect=403)
        assert refused["code"] == code
    assert api.post("/prescriptions", json=body(MISSING), expect=404)["code"] == "appointment-not-found"


def test_a_signed_prescription_is_neither_written_anew_nor_deleted(api: Api, visit: str) -> None:
    signed = write(api, visit, AMOXICILLIN)

    for method in ("PUT", "PATCH", "DELETE"):
        refused = api.send(method, f"/prescriptions/{signed['id']}")
        assert (refused.status_code, code_of(refused)) == (405, "method-not-allowed")
        assert "GET" in refused.headers["Allow"]
    assert api.get(f"/prescriptions/{signed['id']}") == signed


# Raw SQL, as the service's own role.

FIXED = {"status", "replaced_by_id"}
"""What has steps of its own."""


def changed(column: Any) -> str:
    """SQL for another value of the same type."""
    kind = column.type
    if isinstance(kind, Uuid):
        return "gen_random_uuid()"
    if isinstance(kind, Integer | SmallInteger):
        return f"coalesce({column.name}, 0) + 1"
    if isinstance(kind, JSONB):
        return "'{\"changed\": true}'::jsonb"
    if isinstance(kind, Date):
        return f"coalesce({column.name}, current_date) + 1"
    if kind.python_type is str:
        return f"coalesce({column.name}, '') || '!'"
    return f"{column.name} + interval '1 day'"


def test_no_column_of_what_is_signed_can_be_changed_by_hand(environment: dict[str, str], api: Api, visit: str) -> None:
    from prescription_service.models import AlertEvent, Medicine, Prescription, StatusEvent

    problem = write(api, visit, tablets("F001", "500 mg", quantity=50), expect=409)
    overrides = [{"key": alert["key"], "reason": "For the weeks to come."} for alert in problem["alerts"]]
    signed = write(api, visit, tablets("F001", "500 mg", quantity=50), overrides=overrides)
    tables: tuple[Any, ...] = (Prescription, Medicine, AlertEvent, StatusEvent)
    tried = [
        f"UPDATE {table.__tablename__} SET {column.name} = {changed(column)}"
        for table in tables
        for column in table.__table__.columns
        if column.name not in FIXED and not column.identity
    ]

    connection = psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"])
    for statement in tried:
        with connection, connection.cursor() as cursor, pytest.raises(psycopg2.Error) as refused:
            cursor.execute(statement)
        assert refused.value.pgcode in {"23001", "42501"}, (statement, refused.value)
    connection.close()

    assert len(tried) > 45
    assert api.get(f"/prescriptions/{signed['id']}") == signed
