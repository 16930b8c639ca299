"""FHIR R4: what is exported is valid by another's reading, and what is taken is a draft that changes nothing."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.allergyintolerance import AllergyIntolerance
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import Flask

from tests import make
from tests.api import Api, code_of
from tests.prescription_service.structured import AMOXICILLIN, PARACETAMOL, WARFARIN, tablets, write
from tests.prescription_service.test_life import sign

STATUSES = {"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped"}
"""Of R4's required list, those that a signed prescription can have."""
UNITS_OF_TIME = {"s", "min", "h", "d", "wk", "mo", "a"}
NEEDED = {"reason": "pain", "max_doses": 4, "hours_apart": 6}
SHAPES: list[dict[str, Any]] = [
    AMOXICILLIN,
    {**AMOXICILLIN, "frequency": {"kind": "every-hours", "every": 8}, "timing": ["with food"], "indication": "cough"},
    tablets("F001", "500 mg", frequency={"kind": "per-day", "times": 4}, as_needed=NEEDED, quantity=100),
    tablets("F001", "500 mg", frequency={"kind": "as-needed"}, as_needed={"reason": "pain", "max_amount": 8}),
    tablets("F001", "500 mg", frequency="1-0-1-0", dose=None, quantity=56),
    tablets("F001", "500 mg", frequency={"kind": "once"}, duration=None, quantity=1),
    tablets("F001", "500 mg", frequency={"kind": "per-day", "times": 1, "when": "bedtime"}, dose=0.5, quantity=14),
    tablets("F001", "500 mg", frequency={"kind": "every-days", "every": 2}, quantity=14, repeats=2),
    tablets("F001", "500 mg", frequency={"kind": "per-week", "times": 2, "weekdays": ["Monday", "Friday"]}, quantity=8),
    tablets("F001", "500 mg", start_on=make.clinic_day(3).isoformat(), note_to_pharmacist="Blister, please."),
    tablets("F001", "500 mg", duration={"review_on": make.clinic_day(90).isoformat()}, repeats=3),
    tablets("F001", "500 mg", substitution_allowed=False, no_substitution_reason="Allergic to a dye.", brand="Panadol"),
    make.MEDICINE,
]


@pytest.fixture
def visit(visit: str, asked: Api) -> str:
    return visit


@pytest.fixture
def mine(prescription: Flask, patient: make.Person) -> Api:
    return Api(prescription, patient.token)


def one(api: Api, prescription: Any, position: int = 1) -> Any:
    return api.get(f"/fhir/MedicationRequest/{prescription['id']}.{position}")


def valid(resource: Any) -> Any:
    """As another's model of R4 reads it, and by the required code lists, which that model does not look at."""
    MedicationRequest.model_validate(resource)
    assert resource["status"] in STATUSES
    assert resource["intent"] == "order"
    assert list(empty(resource)) == []
    for dosage in resource["dosageInstruction"]:
        assert dosage["text"]
        assert not {"asNeededBoolean", "asNeededCodeableConcept"} <= dosage.keys()
        repeat = dosage.get("timing", {}).get("repeat", {})
        assert repeat.get("periodUnit", "d") in UNITS_OF_TIME
        assert repeat.get("boundsDuration", {"code": "d"})["code"] in UNITS_OF_TIME
        assert set(repeat.get("when", [])) <= {"MORN", "NOON", "EVE", "NIGHT", "HS"}
    return resource


def field_code(answer: Any) -> str:
    return str(answer.get_json()["issue"][0]["details"]["coding"][-1]["code"])


def empty(node: Any, path: str = "") -> Iterator[str]:
    if node in (None, "", [], {}):
        yield path
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inside:
        yield from empty(value, f"{path}/{name}")


@pytest.mark.parametrize("medicine", SHAPES)
def test_every_shape_is_valid_and_says_its_text(api: Api, visit: str, medicine: dict[str, Any]) -> None:
    body = {"appointment_id": visit, "medicines": [medicine]}
    overrides = [
        {"key": alert["key"], "reason": "As it is."} for alert in api.post("/prescriptions/check", json=body)["alerts"]
    ]
    signed = write(api, visit, medicine, notes="Rest well.", overrides=overrides)

    resource = valid(one(api, signed))

    texts = " ".join(dosage["text"] for dosage in resource["dosageInstruction"])
    structured = signed["medicines"][0]["structured"]
    if structured and len(resource["dosageInstruction"]) == 1:
        assert texts == structured["directions"]
    assert resource["identifier"] == [{"value": f"{signed['number']}/1"}]
    assert resource["groupIdentifier"] == {"value": signed["number"]}
    assert resource["note"][0] == {"text": "Rest well."}


def test_a_line_is_exported_as_it_was_signed(api: Api, visit: str, patient: make.Person, doctor: make.Person) -> None:
    signed = write(api, visit, {**AMOXICILLIN, "indication": "cough", "repeats": 2, "repeat_interval_days": 7})

    resource = valid(one(api, signed))

    assert resource["status"] == "active"
    assert resource["medicationCodeableConcept"] == {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "J01CA04"}],
        "text": "amoxicillin 500 mg capsule",
    }
    assert resource["subject"]["reference"] == f"Patient/{patient.id}"
    assert resource["requester"]["reference"] == f"Practitioner/{doctor.id}"
    assert resource["supportingInformation"] == [{"reference": f"Appointment/{visit}"}]
    assert resource["reasonCode"] == [{"text": "cough"}]
    assert "priorPrescription" not in resource
    (dosage,) = resource["dosageInstruction"]
    assert dosage["timing"]["repeat"] == {
        "boundsDuration": {"value": 7, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"},
        "frequency": 3,
        "period": 1,
        "periodUnit": "d",
    }
    assert dosage["doseAndRate"][0]["doseQuantity"] == {
        "value": 1,
        "unit": "capsule",
        "system": "http://unitsofmeasure.org",
        "code": "{capsule}",
    }
    assert dosage["asNeededBoolean"] is False
    supply = resource["dispenseRequest"]
    assert (supply["quantity"]["value"], supply["numberOfRepeatsAllowed"], supply["dispenseInterval"]["value"]) == (
        21,
        2,
        7,
    )
    assert supply["validityPeriod"]["end"] == signed["valid_until"]
    assert resource["substitution"] == {"allowedBoolean": True}


def test_parts_of_a_day_are_dosages_given_together(api: Api, visit: str) -> None:
    resource = valid(
        one(api, write(api, visit, tablets("F001", "500 mg", frequency="2-0-1-0", dose=None, quantity=84)))
    )

    told = [
        (one["sequence"], one["timing"]["repeat"]["when"], one["doseAndRate"][0]["doseQuantity"]["value"], one["text"])
        for one in resource["dosageInstruction"]
    ]
    assert told == [
        (1, ["MORN"], 2, "Take 2 tablets (1,000 mg) in the morning by mouth every day for 4 weeks."),
        (1, ["EVE"], 1, "Take 1 tablet (500 mg) in the evening by mouth every day for 4 weeks."),
    ]


def test_as_needed_says_why_and_how_much_at_most(api: Api, visit: str) -> None:
    medicine = tablets("F001", "500 mg", frequency={"kind": "as-needed"}, as_needed=NEEDED)

    (dosage,) = valid(one(api, write(api, visit, medicine)))["dosageInstruction"]

    assert dosage["asNeededCodeableConcept"] == {"text": "pain"}
    assert dosage["maxDosePerPeriod"]["numerator"]["value"] == 4
    assert dosage["maxDosePerPeriod"]["denominator"]["code"] == "h"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (Decimal("19.000"), "mL", '{"value": 19, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"}'),
        (Decimal("0.10"), "g", '{"value": 0.1, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}'),
        (Decimal("9999.999"), "mg", '"value": 9999.999,'),
        (
            Decimal("1E+3"),
            "units",
            '{"value": 1000, "unit": "units", "system": "http://unitsofmeasure.org", "code": "[iU]"}',
        ),
        (Decimal("2"), "micrograms", '"code": "ug"'),
        (Decimal("2"), "auto-injector", '"code": "{auto-injector}"'),
    ],
)
def test_digits_and_units_are_as_meant(value: Decimal, unit: str, text: str) -> None:
    import json

    from prescription_service.fhir_medication_request import quantity

    assert text in json.dumps(quantity(value, unit))


def test_every_unit_of_a_form_has_a_code() -> None:
    from prescription_service.fhir_medication_request import quantity
    from prescription_service.forms import FORMS

    units = {unit for form in FORMS.values() for unit in (*form.dose_units, *form.supply_units)}
    codes = {unit: quantity(Decimal(1), unit)["code"] for unit in units}

    assert len(set(codes.values())) == len(units)
    assert {code for code in codes.values() if not code.startswith("{")} == {"mL", "mg", "g", "[iU]", "[drp]"}


def test_what_became_of_it_is_told(api: Api, visit: str) -> None:
    old = write(api, visit, AMOXICILLIN)
    new = sign(api, api.post(f"/prescriptions/{old['id']}/replace", expect=201))
    stopped = write(api, visit, PARACETAMOL)
    api.post(f"/prescriptions/{stopped['id']}/stop", json={"reason_code": "sintol", "reason": "Felt sick."})

    assert valid(one(api, old))["statusReason"] == {"text": "replaced"}
    assert valid(one(api, new))["priorPrescription"] == {"identifier": {"value": old["number"]}}
    told = valid(one(api, stopped))
    assert (told["status"], told["statusReason"]["text"]) == ("stopped", "Felt sick.")
    assert told["statusReason"]["coding"][0]["code"] == "sintol"


def test_lines_are_found_by_patient_status_and_day_in_pages(
    auth: Flask, appointment: Flask, api: Api, doctor: make.Person, visit: str, patient: make.Person
) -> None:
    first = write(api, visit, AMOXICILLIN, PARACETAMOL)
    second = write(api, visit, WARFARIN, overrides=[])
    other = make.appointment(appointment, make.person(auth), doctor, at=make.time(11))["id"]
    write(api, other, make.MEDICINE)
    api.post(f"/prescriptions/{second['id']}/cancel", json={"reason_code": "altchoice"})

    def found(query: str) -> list[str]:
        bundle = api.get(f"/fhir/MedicationRequest?{query}")
        Bundle.model_validate(bundle)
        ids = [entry["resource"]["identifier"][0]["value"] for entry in bundle.get("entry", [])]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        return ids + (found(following[0].split("?")[1]) if following else [])

    lines = [f"{second['number']}/1", f"{first['number']}/1", f"{first['number']}/2"]
    today = make.clinic_day(0)
    for query in (f"patient={patient.id}", f"patient=Patient/{patient.id}&_count=1", f"patient={patient.id}&_count=2"):
        assert found(query) == lines
    assert found(f"patient={patient.id}&status=cancelled") == lines[:1]
    for right in (f"{today}", f"ge{today}", f"le{today}", f"{today:%Y-%m}", f"{today:%Y}", "gt2020", "lt2199-12-31"):
        assert found(f"patient={patient.id}&authoredon={right}") == lines, right
    for wrong in (f"gt{today}", f"lt{today}", f"gt{today:%Y}", "2020-12", "eq2020-12-31"):
        assert found(f"patient={patient.id}&authoredon={wrong}") == [], wrong
    assert len(found("")) == 4


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("authoredon=2026-02-30", 422, "date"),
        ("authoredon=ne2026", 422, "date"),
        ("authoredon=2026-1-1", 422, "date"),
        ("status=expired", 422, "not-a-choice"),
        ("patient=1", 422, "uuid"),
        ("_count=101", 422, "less-than-equal"),
        ("_count=0", 422, "greater-than-equal"),
        ("_format=xml", 422, "not-a-choice"),
        ("_sort=status", 422, "unknown-field"),
        ("_cursor=x", 400, "invalid-cursor"),
        ("status=active&status=stopped", 422, "twice"),
    ],
)
def test_a_wrong_search_is_an_operation_outcome(api: Api, query: str, status: int, code: str) -> None:
    answer = api.send("GET", f"/fhir/MedicationRequest?{query}")

    OperationOutcome.model_validate(answer.get_json())
    assert (answer.status_code, field_code(answer)) == (status, code)


def test_others_lines_and_missing_ones_look_the_same(
    auth: Flask, appointment: Flask, prescription: Flask, api: Api, mine: Api, visit: str
) -> None:
    signed = write(api, visit, AMOXICILLIN)
    assert one(mine, signed) == one(api, signed)
    for stranger in (make.person(auth), make.doctor(auth, appointment)):
        theirs = Api(prescription, stranger.token)
        theirs.get(f"/fhir/MedicationRequest/{signed['id']}.1", expect=404)
        assert "entry" not in theirs.get("/fhir/MedicationRequest")
    for place in ("0", "2", "01", "１", "x", "-1"):
        api.get(f"/fhir/MedicationRequest/{signed['id']}.{place}", expect=404)
    api.get(f"/fhir/MedicationRequest/{signed['id']}", expect=404)


def test_reading_is_on_record(api: Api, mine: Api, visit: str, patient: make.Person) -> None:
    signed = write(api, visit, AMOXICILLIN)
    one(api, signed)
    api.get("/fhir/MedicationRequest")
    api.get(f"/fhir/AllergyIntolerance?patient={patient.id}")

    events = mine.get("/audit-events?others=true")["items"]

    assert [event["action"] for event in events][:3] == ["allergy.list", "prescription.list", "prescription.read"]
    assert events[2]["record_id"] == signed["id"]


def test_allergies_are_exported(prescription: Flask, api: Api, mine: Api, visit: str, patient: make.Person) -> None:
    api.put(f"/visits/{visit}")
    path = f"/fhir/AllergyIntolerance?patient=Patient/{patient.id}"
    (none,) = entries(mine.get(path))
    assert none["code"]["coding"][0]["code"] == "716186003"

    made = [make.allergy(prescription, patient, key=key, note="As a child.") for key in ("penicillin", "nsaid")]
    api.post(f"/allergies/{made[0]['id']}/refute", json={"reason": "Tolerated it."})
    make.allergy(prescription, patient, kind="text", key="cherries", reaction="unknown")

    first, second, third = entries(api.get(path))
    assert (first["clinicalStatus"]["coding"][0]["code"], first["verificationStatus"]["coding"][0]["code"]) == (
        "inactive",
        "refuted",
    )
    assert second["reaction"] == [{"manifestation": [{"text": "rash"}]}]
    assert second["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    assert (third["code"], third.get("reaction")) == ({"text": "cherries"}, None)
    pages = api.get(f"{path}&_count=2")
    following = pages["link"][1]["url"].split("localhost")[1]
    assert entries(pages) + entries(api.get(following)) == [first, second, third]


def entries(bundle: Any) -> list[Any]:
    Bundle.model_validate(bundle)
    found = [entry["resource"] for entry in bundle.get("entry", [])]
    for one in found:
        AllergyIntolerance.model_validate(one)
        entered_in_error = one["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
        assert ("clinicalStatus" in one) != entered_in_error
    return found


def test_that_nobody_asked_is_not_silence(auth: Flask, prescription: Flask) -> None:
    person = make.person(auth)

    bundle = Api(prescription, person.token).get(f"/fhir/AllergyIntolerance?patient={person.id}")

    Bundle.model_validate(bundle)
    (only,) = bundle["entry"]
    assert (only["search"]["mode"], only["resource"]["resourceType"]) == ("outcome", "OperationOutcome")
    assert "Nobody has asked" in only["resource"]["issue"][0]["details"]["text"]


def test_a_request_from_elsewhere_is_kept_as_a_draft_and_nothing_else(
    api: Api, mine: Api, visit: str, patient: make.Person
) -> None:
    sent = make.medication_request(visit, patient.id)
    sent |= {
        "id": "elsewhere",
        "status": "completed",
        "reasonCode": [{"text": "cough"}],
        "dispenseRequest": {"quantity": {"value": 21, "unit": "capsules"}, "numberOfRepeatsAllowed": 1},
        "substitution": {"allowedBoolean": False},
        "note": [{"text": "From the hospital."}],
    }
    MedicationRequest.model_validate(sent)

    told = api.post("/fhir/MedicationRequest", json=sent, expect=201)

    OperationOutcome.model_validate(told)
    (kept,) = api.get("/drafts")["items"]
    assert kept["id"] in told["issue"][0]["diagnostics"]
    assert kept["medicines"] == [
        {
            "name": "Amoxicillin 500 mg capsules",
            "dosage": "1 capsule 3 times a day",
            "duration": "7 days",
            "instructions": "For: cough. Supply: 21 capsules. Repeats: 1. No substitution. From the hospital.",
        }
    ]
    assert mine.get("/prescriptions")["items"] == []
    assert sign(api, kept)["coverage"]["not_checked"][0]["name"] == "Amoxicillin 500 mg capsules"


def test_dosages_are_read_in_their_order(api: Api, visit: str, patient: make.Person) -> None:
    sent = make.medication_request(visit, patient.id)
    second = {"sequence": 2, "text": "then 1 capsule a day"}
    sent["dosageInstruction"] = [second, {**sent["dosageInstruction"][0], "sequence": 1}]

    api.post("/fhir/MedicationRequest", json=sent, expect=201)

    (kept,) = api.get("/drafts")["items"]
    assert kept["medicines"][0]["dosage"] == "1 capsule 3 times a day; then 1 capsule a day"


def test_a_retry_is_answered_again_as_fhir(api: Api, visit: str, patient: make.Person) -> None:
    sent, key = make.medication_request(visit, patient.id), {"Idempotency-Key": "once"}

    answers = [api.send("POST", "/fhir/MedicationRequest", json=sent, headers=key) for _ in range(2)]

    assert answers[0].get_data() == answers[1].get_data()
    assert [answer.content_type for answer in answers] == ["application/fhir+json"] * 2
    assert len(api.get("/drafts")["items"]) == 1


DOSAGE = {"text": "1 a day", "timing": {"repeat": {"boundsDuration": {"value": 7, "unit": "days"}}}}


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"modifierExtension": [{"url": "urn:x"}]}, ".modifierExtension", "unknown-field"),
        (
            {"dosageInstruction": [{**DOSAGE, "modifierExtension": []}]},
            ".dosageInstruction[0].modifierExtension",
            "unknown-field",
        ),
        ({"implicitRules": "urn:x"}, ".implicitRules", "unknown-field"),
        ({"medicationReference": {"reference": "Medication/1"}}, ".medicationReference", "unknown-field"),
        ({"doNotPerform": True}, ".doNotPerform", "not-a-choice"),
        ({"status": "entered-in-error"}, ".status", "not-a-choice"),
        ({"status": "banana"}, ".status", "not-a-choice"),
        ({"intent": "xx"}, ".intent", "not-a-choice"),
        ({"intent": None}, ".intent", "not-a-choice"),
        ({"dosageInstruction": [DOSAGE, DOSAGE]}, ".dosageInstruction", "sequence"),
        ({"dosageInstruction": []}, ".dosageInstruction", "too-short"),
        (
            {"dosageInstruction": [{"text": "1 a day"}]},
            ".dosageInstruction[0].timing.repeat.boundsDuration",
            "required",
        ),
        ({"dosageInstruction": [{"timing": {}}]}, ".dosageInstruction[0].text", "required"),
        ({"subject": {"reference": "Patient/1"}}, ".subject.reference", "string-pattern-mismatch"),
        ({"subject": {"reference": f"Patient/{make.uuid4()}"}}, ".subject.reference", "patient-mismatch"),
        ({"supportingInformation": []}, ".supportingInformation", "too-short"),
        ({"note": [{"text": "x" * 501}]}, ".note[0].text", "too-long"),
        ({"note": [{"text": "x" * 400}, {"text": "y" * 400}]}, ".note", "too-long"),
        ({"medicationCodeableConcept": {"text": ""}}, ".medicationCodeableConcept.text", "too-short"),
        ({"performer": {"display": "somebody"}}, ".performer", "unknown-field"),
    ],
)
def test_what_could_be_misunderstood_is_refused_by_name(
    api: Api, visit: str, patient: make.Person, change: dict[str, Any], place: str, code: str
) -> None:
    answer = api.send("POST", "/fhir/MedicationRequest", json={**make.medication_request(visit, patient.id), **change})

    outcome = answer.get_json()
    OperationOutcome.model_validate(outcome)
    assert code_of(answer) in {"validation-error", "unknown-field"}
    assert (answer.status_code, field_code(answer)) == (422, code)
    assert outcome["issue"][0]["expression"] == [f"MedicationRequest{place}"]
    assert api.get("/drafts")["items"] == []


def test_what_is_offered_is_said(prescription: Flask) -> None:
    told = Api(prescription).get("/fhir/metadata")

    CapabilityStatement.model_validate(told)
    assert told["fhirVersion"] == "4.0.1"
    assert [one["type"] for one in told["rest"][0]["resource"]] == ["MedicationRequest", "AllergyIntolerance"]
