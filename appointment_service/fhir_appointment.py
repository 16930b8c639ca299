"""An appointment as FHIR R4 *Appointment*. Its states are FHIR's own; why somebody comes is left out for admins."""

from datetime import UTC, datetime
from typing import Any

from appointment_service.models import PENDING, Appointment
from chassis.identity import Principal

Resource = dict[str, Any]

REFERENCE = "urn:appointment-reference"
VISIT_TYPE = "urn:visit-type"
CANCELLATION = "urn:cancellation-code"
HL7_CANCELLATION = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
HL7_CODES = {"patient": "pat", "clinic": "prov", "weather": "oth-weath", "died": "pat-dec"}
"""Ours that are HL7's too, under another name. What is none of them is `other`."""


def exported(found: Appointment, who: Principal) -> Resource:
    """The appointment as this person may read it."""
    entry: Resource = {
        "resourceType": "Appointment",
        "id": str(found.id),
        "meta": {"versionId": str(found.version)},
        "identifier": [{"system": REFERENCE, "value": f"{found.reference[:4]}-{found.reference[4:]}"}],
        "status": found.status,
    }
    if found.cancellation_code:
        entry["cancelationReason"] = _reason(found.cancellation_code)
    if found.visit_type_name:
        entry["serviceType"] = [kind_of_visit(found.visit_type_id, found.visit_type_name)]
    if found.doctor_specialty:
        entry["specialty"] = [{"text": found.doctor_specialty}]
    entry |= {
        "start": instant(found.starts_at),
        "end": instant(found.ends_at),
        "minutesDuration": int((found.ends_at - found.starts_at).total_seconds()) // 60,
        "created": instant(found.created_at),
    }
    if who.role != "admin" and found.notes:  # admins' rows come without them
        entry["comment"] = found.notes
    return entry | {"participant": _participants(found)}


def kind_of_visit(visit_type_id: object, name: str) -> Resource:
    """A kind of visit as a concept; the code is what searches take as `service-type`."""
    coding = {"coding": [{"system": VISIT_TYPE, "code": str(visit_type_id)}]} if visit_type_id else {}
    return coding | {"text": name}


def instant(moment: datetime) -> str:
    """To the second, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _reason(code: str) -> Resource:
    hl7 = {"system": HL7_CANCELLATION, "code": HL7_CODES.get(code, "other")}
    return {"coding": [hl7, {"system": CANCELLATION, "code": code}]}


def _participants(found: Appointment) -> list[Resource]:
    """The patient first. The doctor has not said yes to a time that is only held."""
    patient = _participant(f"Patient/{found.patient_id}", found.patient_name, "accepted")
    answer = "needs-action" if found.status == PENDING else "accepted"
    return [patient, _participant(f"Practitioner/{found.doctor_id}", found.doctor_name, answer)]


def _participant(reference: str, name: str, answer: str) -> Resource:
    actor = {"reference": reference} | ({"display": name} if name else {})
    return {"actor": actor, "required": "required", "status": answer}
