"""What is known of a patient: who may see and say it, and that nothing is taken for something else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from chassis import clock
from prescription_service.prescribing import Visit
from tests import make
from tests.api import Api
from tests.prescription_service.structured import AMOXICILLIN, tablets

UNKNOWN = "00000000-0000-4000-8000-000000000000"
REASON = {"reason": "Tolerated amoxicillin in 2024."}


@pytest.fixture
def mine(prescription: Flask, patient: make.Person) -> Api:
    return Api(prescription, patient.token)


@pytest.fixture
def treating(api: Api, visit: str) -> Api:
    api.put(f"/visits/{visit}")
    return api


def allergies(api: Api, patient: make.Person, expect: int = 200) -> Any:
    return api.get(f"/patients/{patient.id}/allergies", expect=expect)


def test_nobody_asked_is_not_none_known(mine: Api, treating: Api, patient: make.Person) -> None:
    assert (allergies(mine, patient)["state"], allergies(mine, patient)["asked_at"]) == ("not-asked", None)

    treating.put(f"/patients/{patient.id}/allergies/none-known")

    known = allergies(mine, patient)
    assert (known["state"], known["asked_by_role"]) == ("none-known", "doctor")
    assert known["asked_at"]


def test_a_patient_reports_and_a_doctor_confirms(mine: Api, treating: Api, patient: make.Person) -> None:
    reported = mine.post(f"/patients/{patient.id}/allergies", json={"kind": "class", "key": "penicillin"}, expect=201)
    assert (reported["label"], reported["certainty"]) == ("Penicillins", "reported")

    confirmed = treating.post(f"/allergies/{reported['id']}/confirm")

    assert (confirmed["certainty"], confirmed["recorded_by_role"]) == ("confirmed", "patient")
    assert allergies(treating, patient)["allergies"] == [confirmed]


def test_what_a_doctor_records_is_confirmed(treating: Api, patient: make.Person) -> None:
    body = {"kind": "ingredient", "key": "ibuprofen", "reaction": "bronchospasm"}
    assert treating.post(f"/patients/{patient.id}/allergies", json=body, expect=201)["certainty"] == "confirmed"


def test_none_known_cannot_be_said_over_an_allergy(mine: Api, treating: Api, patient: make.Person) -> None:
    made = mine.post(f"/patients/{patient.id}/allergies", json={"kind": "text", "key": "Bee stings"}, expect=201)

    problem = treating.put(f"/patients/{patient.id}/allergies/none-known", expect=409)
    assert problem["code"] == "allergies-known"
    treating.post(f"/allergies/{made['id']}/refute", json=REASON)

    assert allergies(mine, patient)["state"] == "not-asked"  # refuting one says nothing about others
    assert treating.put(f"/patients/{patient.id}/allergies/none-known")["state"] == "none-known"
    assert [one["status"] for one in allergies(mine, patient)["allergies"]] == ["refuted"]


def test_an_allergy_and_none_known_at_once_never_contradict(
    prescription: Flask, mine: Api, treating: Api, patient: make.Person
) -> None:
    def add(_: int) -> int:
        body = {"kind": "class", "key": "nsaid"}
        path = f"/patients/{patient.id}/allergies"
        return Api(prescription, patient.token).send("POST", path, json=body).status_code

    def none(_: int) -> int:
        path = f"/patients/{patient.id}/allergies/none-known"
        return Api(prescription, treating.token).send("PUT", path).status_code

    with ThreadPoolExecutor(4) as pool:
        added, said = list(pool.map(add, range(4))), list(pool.map(none, range(4)))

    assert added == [201] * 4
    assert set(said) <= {200, 409}
    assert allergies(mine, patient)["state"] == "has"


@pytest.mark.parametrize("decision", ["refute", "enter-in-error"])
def test_a_decision_has_a_reason_and_is_final(mine: Api, treating: Api, patient: make.Person, decision: str) -> None:
    made = mine.post(f"/patients/{patient.id}/allergies", json={"kind": "class", "key": "nsaid"}, expect=201)
    path = f"/allergies/{made['id']}"

    treating.post(f"{path}/{decision}", json={}, expect=422)
    treating.post(f"{path}/{decision}", json={"reason": "no"}, expect=422)
    assert treating.post(f"{path}/{decision}", json=REASON)["decision_reason"] == REASON["reason"]

    for again in ("confirm", "refute", "enter-in-error"):
        sent = {} if again == "confirm" else {"json": REASON}
        assert treating.post(f"{path}/{again}", expect=409, **sent)["code"] == "allergy-decided"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "class", "key": "penicilin"}, "key"),
        ({"kind": "class", "key": "none"}, "key"),
        ({"kind": "class", "key": "excipient"}, "key"),
        ({"kind": "ingredient", "key": "water"}, "key"),
        ({"kind": "text", "key": ""}, "key"),
        ({"kind": "text", "key": "x" * 121}, "key"),
        ({"kind": "text", "key": "MSO4"}, "key"),
        ({"kind": "drug", "key": "penicillin"}, "kind"),
        ({"kind": "class", "key": "penicillin", "reaction": "sneezing"}, "reaction"),
        ({"kind": "class", "key": "penicillin", "certainty": "confirmed"}, "certainty"),
    ],
)
def test_a_wrong_field_is_named(mine: Api, patient: make.Person, body: dict[str, str], field: str) -> None:
    problem = mine.post(f"/patients/{patient.id}/allergies", json=body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]
    assert allergies(mine, patient)["state"] == "not-asked"


def test_a_doctor_sees_nothing_before_they_treat_the_patient(
    auth: Flask, appointment: Flask, prescription: Flask, api: Api, visit: str, patient: make.Person
) -> None:
    stranger = Api(prescription, make.doctor(auth, appointment).token)
    for path in ("allergies", "medicines"):
        api.get(f"/patients/{patient.id}/{path}", expect=404)
    assert stranger.put(f"/visits/{visit}", expect=404)["code"] == "appointment-not-found"

    opened = api.put(f"/visits/{visit}")

    assert (opened["patient_id"], opened["appointment_id"]) == (patient.id, visit)
    for path in ("allergies", "medicines"):
        api.get(f"/patients/{patient.id}/{path}")
        stranger.get(f"/patients/{patient.id}/{path}", expect=404)
        Api(prescription, make.person(auth).token).get(f"/patients/{patient.id}/{path}", expect=404)


def test_who_has_prescribed_treats(prescription: Flask, api: Api, doctor: make.Person, visit: str) -> None:
    patient_id = make.prescription(prescription, doctor, visit)["patient_id"]

    assert api.get(f"/patients/{patient_id}/allergies")["state"] == "not-asked"


def test_a_cancelled_visit_opens_nothing(appointment: Flask, api: Api, doctor: make.Person, visit: str) -> None:
    Api(appointment, doctor.token).post(f"/appointments/{visit}/cancel")

    assert api.put(f"/visits/{visit}", expect=409)["code"] == "appointment-cancelled"


def test_the_relation_ends_and_opening_again_never_shortens_it(
    prescription: Flask, treating: Api, visit: str, patient: make.Person, doctor: make.Person
) -> None:
    from uuid import UUID

    from chassis.errors import NotFound
    from chassis.identity import Principal
    from prescription_service import allergies as rules
    from prescription_service import care

    who = Principal(UUID(doctor.id), "doctor", "A", UUID(int=1))
    until = treating.put(f"/visits/{visit}")["valid_until"]
    with prescription.app_context():
        found = rules.known(who, UUID(patient.id))
        assert found.state == "not-asked"
        earlier = Visit(
            UUID(visit), (clock.now() - timedelta(days=60)).isoformat(), "booked", "", found.patient_id, "", None
        )
        assert care.open_visit(who, earlier).valid_until.isoformat()[:16] == until[:16]
        with clock.set_to(clock.now() + timedelta(days=60)), pytest.raises(NotFound):
            rules.known(who, found.patient_id)


def test_strangers_change_nothing(
    auth: Flask, appointment: Flask, prescription: Flask, mine: Api, patient: make.Person
) -> None:
    made = mine.post(f"/patients/{patient.id}/allergies", json={"kind": "class", "key": "nsaid"}, expect=201)
    doctor, other = make.doctor(auth, appointment), make.person(auth)

    for token in (doctor.token, other.token):
        api = Api(prescription, token)
        api.post(f"/patients/{patient.id}/allergies", json={"kind": "class", "key": "nsaid"}, expect=404)
        api.put(f"/patients/{patient.id}/allergies/none-known", expect=404)
        api.post(f"/patients/{patient.id}/medicines", json={"name": "Ginkgo"}, expect=404)
    Api(prescription, doctor.token).post(f"/allergies/{made['id']}/refute", json=REASON, expect=404)
    mine.post(f"/allergies/{made['id']}/refute", json=REASON, expect=403)
    assert len(allergies(mine, patient)["allergies"]) == 1


def test_what_a_patient_takes_is_what_was_prescribed_here_and_what_they_report(
    prescription: Flask, mine: Api, treating: Api, visit: str, patient: make.Person
) -> None:
    long = tablets("F052", "50 micrograms", duration={"review_on": str(make.clinic_day(200))})
    once = tablets("F103", "1.5 mg", frequency="STAT", duration=None, quantity=1)
    mine.put(f"/patients/{patient.id}/allergies/none-known")
    body = {"appointment_id": visit, "medicines": [AMOXICILLIN, long, make.MEDICINE, once]}
    treating.post("/prescriptions", json=body, expect=201)
    mine.post(f"/patients/{patient.id}/medicines", json={"formulary_id": "F001", "dosage": "sometimes"}, expect=201)
    mine.post(f"/patients/{patient.id}/medicines", json={"name": "Ginkgo"}, expect=201)

    for api in (mine, treating):
        taken = api.get(f"/patients/{patient.id}/medicines")
        assert [(one["name"][:4], one["ends_on"], one["checked"]) for one in taken["prescribed"]] == [
            ("amox", str(make.clinic_day(6)), True),
            ("levo", None, True),
            ("Amox", str(make.clinic_day(90)), False),
            ("levo", str(make.clinic_day(0)), True),
        ]
        assert [one["name"] for one in taken["reported"]] == ["paracetamol", "Ginkgo"]


def test_a_report_is_confirmed_and_ends(mine: Api, treating: Api, patient: make.Person) -> None:
    made = mine.post(f"/patients/{patient.id}/medicines", json={"name": "Ginkgo"}, expect=201)
    path = f"/reported-medicines/{made['id']}"

    assert treating.post(f"{path}/confirm")["certainty"] == "confirmed"
    assert mine.post(f"{path}/end")["status"] == "ended"
    assert treating.post(f"{path}/end", expect=409)["code"] == "report-ended"
    assert mine.get(f"/patients/{patient.id}/medicines")["reported"] == []


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "12"}, {"formulary_id": "F999"}, {"formulary_id": "F001", "name": "Ginkgo"}, {"name": "x" * 121}],
)
def test_a_report_names_one_medicine(mine: Api, patient: make.Person, body: dict[str, str]) -> None:
    mine.post(f"/patients/{patient.id}/medicines", json=body, expect=422)
