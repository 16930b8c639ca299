"""What is on record of allergies as FHIR R4 *AllergyIntolerance*; nobody asked and none known stay apart there too."""

from typing import Any

from prescription_service.allergies import Known
from prescription_service.patient_tables import Allergy

Resource = dict[str, Any]

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
SNOMED = "http://snomed.info/sct"
NO_KNOWN_ALLERGY = {"system": SNOMED, "code": "716186003", "display": "No known allergy"}


def exported(known: Known) -> list[Resource]:
    """Each entry, struck out ones included; one that says so where none is known; nothing where nobody asked."""
    found = [_entry(one) for one in known.allergies]
    return [_none_known(known), *found] if known.state == "none-known" else found


def _entry(one: Allergy) -> Resource:
    entry: Resource = {"resourceType": "AllergyIntolerance", "id": str(one.id)}
    if one.status != "entered-in-error":  # invariants ait-1 and ait-2
        entry["clinicalStatus"] = _coded(CLINICAL, "active" if one.status == "active" else "inactive")
    entry |= {
        "verificationStatus": _coded(VERIFICATION, _verification(one)),
        "type": "intolerance" if one.reaction == "intolerance" else "allergy",
        "category": ["medication"],
        "code": {"text": one.label},
        "patient": {"reference": f"Patient/{one.patient_id}"},
        "recordedDate": one.recorded_at.isoformat(timespec="seconds"),
        "recorder": {"display": one.recorded_by_name},
    }
    if one.note:
        entry["note"] = [{"text": one.note}]
    if one.reaction not in {"unknown", "other", "intolerance"}:
        entry["reaction"] = [{"manifestation": [{"text": one.reaction.replace("-", " ")}]}]
    return entry


def _verification(one: Allergy) -> str:
    if one.status != "active":
        return one.status
    return "confirmed" if one.certainty == "confirmed" else "unconfirmed"


def _none_known(known: Known) -> Resource:
    asked = {"recordedDate": known.asked_at.isoformat(timespec="seconds")} if known.asked_at else {}
    return {
        "resourceType": "AllergyIntolerance",
        "id": f"none-known.{known.patient_id}"[:64],
        "clinicalStatus": _coded(CLINICAL, "active"),
        "verificationStatus": _coded(VERIFICATION, "confirmed" if known.asked_by_role == "doctor" else "unconfirmed"),
        "code": {"coding": [NO_KNOWN_ALLERGY], "text": "No known allergy"},
        "patient": {"reference": f"Patient/{known.patient_id}"},
        **asked,
        **({"recorder": {"display": known.asked_by_name}} if known.asked_by_name else {}),
    }


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
