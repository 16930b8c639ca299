"""Signing with the checks: alerts are answered, kept, and nothing is signed unchecked."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg2
import pytest
from flask import Flask

from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, WARFARIN, tablets, write

REASON = "Tolerated it in 2024, family told."
METHOTREXATE = tablets("F092", "2.5 mg")
IBUPROFEN = tablets("F003", "200 mg")


def answers(problem: Any, reason: str = REASON) -> list[dict[str, str]]:
    return [{"key": alert["key"], "reason": reason} for alert in problem["alerts"] if alert["tier"] != "info"]


def test_an_allergy_stops_until_the_doctor_says_why(
    prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    make.allergy(prescription, patient, key="penicillin", reaction="anaphylaxis")
    problem = write(api, visit, AMOXICILLIN, expect=409)
    assert problem["code"] == "alerts-unresolved"
    (alert,) = problem["alerts"]
    assert (alert["tier"], alert["positions"], alert["answered"]) == ("stop", [1], False)
    assert "Penicillins (anaphylaxis, reported)" in alert["message"]
    assert api.get("/prescriptions")["items"] == []

    written = write(api, visit, AMOXICILLIN, overrides=answers(problem))

    assert written["alerts"] == [
        {
            "position": 1,
            "rule": "allergy:penicillin",
            "tier": "stop",
            "message": alert["message"],
            "decision": "overridden",
            "reason": REASON,
        }
    ]
    assert written["coverage"]["allergy_state"] == "has"
    assert api.get(f"/prescriptions/{written['id']}") == written


def test_a_reason_is_one(prescription: Flask, api: Api, visit: str, patient: make.Person) -> None:
    make.allergy(prescription, patient, key="penicillin")
    problem = write(api, visit, AMOXICILLIN, expect=409)

    short = write(api, visit, AMOXICILLIN, overrides=answers(problem, "ok"), expect=422)

    assert [(e["pointer"], e["code"]) for e in short["errors"]] == [("/overrides/0/reason", "reason-required")]


def test_an_override_does_not_outlive_a_change(prescription: Flask, api: Api, visit: str, patient: make.Person) -> None:
    make.allergy(prescription, patient, key="penicillin")
    overrides = answers(write(api, visit, AMOXICILLIN, expect=409))

    write(api, visit, {**AMOXICILLIN, "dose": 2, "quantity": 42}, overrides=overrides, expect=409)


def test_nobody_asked_needs_an_answer_and_no_reason(api: Api, visit: str) -> None:
    problem = write(api, visit, PARACETAMOL, expect=409)
    assert [alert["rule"] for alert in problem["alerts"]] == ["allergy:not-asked"]

    written = write(api, visit, PARACETAMOL, overrides=answers(problem, ""))

    assert [alert["decision"] for alert in written["alerts"]] == ["acknowledged"]


def test_words_alone_are_signed_as_before_and_said_to_be_unchecked(api: Api, visit: str) -> None:
    written = write(api, visit, make.MEDICINE)

    assert written["alerts"] == []
    assert written["coverage"]["checked"] == []
    assert written["coverage"]["not_checked"] == [
        {"name": make.MEDICINE["name"], "why": "It is not from the medicine list."}
    ]


def test_daily_methotrexate_cannot_be_overridden(asked: Api, api: Api, visit: str) -> None:
    problem = write(api, visit, METHOTREXATE, expect=409)

    assert [alert["overridable"] for alert in problem["alerts"]] == [False]
    write(api, visit, METHOTREXATE, overrides=answers(problem), expect=409)
    weekly = {"kind": "per-week", "times": 1, "weekdays": ["Monday"]}
    assert write(api, visit, {**METHOTREXATE, "frequency": weekly, "quantity": 4})["alerts"] == []


def test_what_other_doctors_prescribed_and_patients_report_counts(
    auth: Flask, appointment: Flask, prescription: Flask, asked: Api, api: Api, visit: str, patient: make.Person
) -> None:
    other = make.doctor(auth, appointment)
    elsewhere = make.appointment(appointment, patient, other, at=make.time(11))["id"]
    theirs = write(Api(prescription, other.token), elsewhere, WARFARIN)
    make.reported_medicine(prescription, patient, formulary_id="F003")
    make.reported_medicine(prescription, patient, name="Ginkgo")

    problem = write(api, visit, tablets("F022", "250 mg"), tablets("F031", "400 mg"), expect=409)

    assert [alert["rule"] for alert in problem["alerts"]] == ["interaction:X018"]
    assert theirs["number"] in problem["alerts"][0]["message"]
    assert len(problem["coverage"]["compared_with"]) == 2
    assert problem["coverage"]["not_checked"] == [
        {"name": "Ginkgo", "why": "It was reported, and is not in the medicine list."}
    ]
    assert next(a["rule"] for a in write(api, visit, IBUPROFEN, expect=409)["alerts"]) == "duplicate:ingredient"


def test_asking_signs_nothing_and_says_the_same(asked: Api, api: Api, visit: str) -> None:
    body = {"appointment_id": visit, "medicines": [WARFARIN, IBUPROFEN, make.MEDICINE]}

    looked = api.post("/prescriptions/check", json=body)

    assert [alert["rule"] for alert in looked["alerts"]] == ["interaction:X023"]
    assert looked["coverage"]["arithmetic"][0] == {"position": 1, "shown": "1 × 1 a day × 28 days = 28 tablets"}
    assert next(medicine["name"] for medicine in looked["medicines"]) == "warfarin sodium 1 mg tablet"
    assert api.get("/prescriptions")["items"] == []
    signing = api.post("/prescriptions", json=body, expect=409)
    assert [alert["key"] for alert in signing["alerts"]] == [alert["key"] for alert in looked["alerts"]]


def test_nothing_from_the_list_is_signed_when_the_rules_are_gone(
    prescription: Flask, asked: Api, api: Api, visit: str
) -> None:
    from prescription_service import medicine_list
    from prescription_service.medicine_tables import InteractionRow
    from prescription_service.models import db

    with prescription.app_context():
        db.session.execute(db.delete(InteractionRow))
        db.session.commit()
        medicine_list.forget()
    try:
        assert write(api, visit, PARACETAMOL, expect=503)["code"] == "medicine-list-missing"
        body = {"appointment_id": visit, "medicines": [PARACETAMOL]}
        assert api.post("/prescriptions/check", json=body, expect=503)["code"] == "medicine-list-missing"
        assert api.get("/prescriptions")["items"] == []
    finally:
        with prescription.app_context():
            medicine_list.import_files(medicine_list.shipped(), again=True)


def test_of_two_signatures_at_once_the_second_sees_the_first(
    prescription: Flask, asked: Api, doctor: make.Person, visit: str
) -> None:
    body = {"appointment_id": visit, "medicines": [PARACETAMOL]}

    def sign(_: int) -> int:
        return Api(prescription, doctor.token).send("POST", "/prescriptions", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign, range(4))) == [201, 409, 409, 409]


def test_without_waiting_for_each_other_both_would_be_signed(
    prescription: Flask, asked: Api, doctor: make.Person, visit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the lock that lets the second see the first."""
    from prescription_service import safety

    all_checked, resolve = Barrier(3, timeout=20), safety.resolve

    def together(*given: Any) -> Any:
        all_checked.wait()
        return resolve(*given)

    monkeypatch.setattr(safety, "one_at_a_time", lambda _: None)
    monkeypatch.setattr(safety, "resolve", together)
    body = {"appointment_id": visit, "medicines": [PARACETAMOL]}

    def sign(_: int) -> int:
        return Api(prescription, doctor.token).send("POST", "/prescriptions", json=body).status_code

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(sign, range(3))) == [201] * 3


@pytest.mark.parametrize("statement", ["UPDATE alert_event SET reason = 'x'", "DELETE FROM alert_event"])
def test_what_was_decided_stays(environment: dict[str, str], api: Api, visit: str, statement: str) -> None:
    write(api, visit, PARACETAMOL, overrides=answers(write(api, visit, PARACETAMOL, expect=409)))

    with (
        psycopg2.connect(environment["PRESCRIPTION_DATABASE_URL"]) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.Error, match=r"append-only|permission denied"),
    ):
        cursor.execute(statement)


def test_each_reading_to_print_is_a_copy_with_a_number(
    prescription: Flask, patient: make.Person, doctor: make.Person, visit: str
) -> None:
    issued = make.prescription(prescription, doctor, visit)
    path = f"/prescriptions/{issued['id']}"

    numbers = [Api(prescription, who.token).get(f"{path}?purpose=print")["copy_number"] for who in (doctor, patient)]

    assert numbers == [1, 2]
    assert Api(prescription, doctor.token).get(path)["copy_number"] is None
