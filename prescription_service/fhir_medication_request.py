"""A medicine of a prescription as FHIR R4 *MedicationRequest*, shaped by hand: one resource for each line.

Numbers are as they were sent, codes of units are UCUM's, and the text of each dosage is what was signed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from prescription_service import words
from prescription_service.facts import listed_as
from prescription_service.forms import ROUTES
from prescription_service.models import Medicine, Prescription
from prescription_service.structure import STRUCTURE, AsNeeded, Duration, Frequency, Structure

Resource = dict[str, Any]

ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
REASONS = "http://terminology.hl7.org/CodeSystem/medicationrequest-status-reason"
HL7_REASONS = frozenset(
    {"altchoice", "clarif", "drughigh", "hospadm", "labint", "non-avail", "preg", "salg", "sddi", "sdupther", "sintol"}
    | {"surg", "washout"}
)
UNITS = {"mL": "mL", "mg": "mg", "g": "g", "micrograms": "ug", "units": "[iU]", "drop": "[drp]"}
"""What UCUM has a code for; anything that is counted is an annotation: `{tablet}`."""
PERIODS = {"days": "d", "weeks": "wk", "months": "mo", "hours": "h"}
WHEN = {"morning": "MORN", "noon": "NOON", "evening": "EVE", "night": "NIGHT", "bedtime": "HS"}


def id_of(prescription_id: UUID, position: int) -> str:
    """The id of a line."""
    return f"{prescription_id}.{position}"


def exported(prescription: Prescription, medicine: Medicine, numbers: Mapping[UUID, str], zone: ZoneInfo) -> Resource:
    """One line. `numbers` are those of the prescriptions that this one replaces or renews."""
    one, structure = prescription, _structure(medicine)
    prior = one.replaces_id or one.renews_id
    notes = [{"text": one.notes}] if one.notes else []
    if structure and structure.note_to_pharmacist:
        notes.append({"text": f"To the pharmacist: {structure.note_to_pharmacist}"})
    return _filled(
        {
            "resourceType": "MedicationRequest",
            "id": id_of(one.id, medicine.position),
            "identifier": [{"value": f"{one.number}/{medicine.position}"}],
            "status": one.status,
            "statusReason": _status_reason(one),
            "intent": "order",
            "medicationCodeableConcept": _medication(medicine),
            "subject": {"reference": f"Patient/{one.patient_id}", "display": one.patient_name},
            # R4's `encounter` takes no Appointment
            "supportingInformation": [{"reference": f"Appointment/{one.appointment_id}"}],
            "authoredOn": one.issued_at.astimezone(zone).isoformat(timespec="seconds"),
            "requester": {"reference": f"Practitioner/{one.doctor_id}", "display": one.doctor_name},
            "reasonCode": [{"text": structure.indication}] if structure and structure.indication else None,
            "groupIdentifier": {"value": one.number},
            "courseOfTherapyType": _course_of_therapy(structure) if structure else None,
            "note": notes,
            "dosageInstruction": _dosages(medicine, structure),
            "dispenseRequest": _supply(one, medicine, structure, zone),
            "substitution": _substitution(structure) if structure else None,
            "priorPrescription": {"identifier": {"value": numbers[prior]}} if prior else None,
        }
    )


def _structure(medicine: Medicine) -> Structure | None:
    return STRUCTURE.validate_python(medicine.structure) if medicine.structure else None


def _filled(parts: Resource) -> Resource:
    """Without what is not there: FHIR knows no empty values."""
    return {name: value for name, value in parts.items() if value not in (None, "", [], {})}


def _status_reason(prescription: Prescription) -> Resource | None:
    last = prescription.history[-1] if prescription.history else None
    if last is None or not (last.reason_code or last.reason):
        return None
    coding = [{"system": REASONS, "code": last.reason_code}] if last.reason_code in HL7_REASONS else []
    return _filled({"coding": coding, "text": last.reason or last.reason_code})


def _medication(medicine: Medicine) -> Resource:
    coding = [{"system": ATC, "code": medicine.listed["atc_code"]}] if medicine.listed else []
    return _filled({"coding": coding, "text": medicine.name})


def _course_of_therapy(structure: Structure) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/medicationrequest-course-of-therapy"
    lasting = structure.duration is not None and structure.duration.review_on is not None
    return {"coding": [{"system": system, "code": "continuous" if lasting else "acute"}]}


def _dosages(medicine: Medicine, structure: Structure | None) -> list[Resource]:
    if structure is None or medicine.listed is None:
        said = f"{medicine.dosage}, {medicine.duration}"
        return [_filled({"sequence": 1, "text": said, "patientInstruction": medicine.instructions})]
    amounts = structure.frequency.amounts
    if not amounts:
        return [_dosage(structure, medicine.directions or medicine.dosage, structure.dose, structure.frequency)]
    listed = listed_as(medicine.listed, structure.formulary_id)
    found = []
    for part, amount in amounts.items():  # given together, hence one sequence
        how = Frequency("parts-of-day", **{part: amount})  # type: ignore[arg-type]
        text = words.render(replace(structure, frequency=how), listed).directions
        found.append(_dosage(structure, text, amount, how))
    return found


def _dosage(structure: Structure, text: str, dose: Decimal | None, how: Frequency) -> Resource:
    needed = structure.as_needed
    dose_and_rate = [{"doseQuantity": quantity(dose, structure.dose_unit)}] if dose else []
    return _filled(
        {
            "sequence": 1,
            "text": text,
            "additionalInstruction": [{"text": timing} for timing in structure.timing],
            "patientInstruction": structure.instructions,
            "timing": _timing(structure, how),
            **({"asNeededCodeableConcept": {"text": needed.reason}} if needed else {"asNeededBoolean": False}),
            "site": {"text": structure.site} if structure.site else None,
            "route": {"text": ROUTES.get(structure.route, structure.route) if not structure.site else structure.route},
            "doseAndRate": dose_and_rate,
            "maxDosePerPeriod": _most(needed, structure.dose_unit) if needed else None,
        }
    )


def _timing(structure: Structure, how: Frequency) -> Resource | None:
    repeat = {**_bounds(structure), **_how_often(how)}
    return {"repeat": repeat} if repeat else None


def _how_often(how: Frequency) -> Resource:
    if how.kind == "once":
        return {"count": 1}
    if how.kind == "as-needed":
        return {}
    part = next(iter(how.amounts), None) or how.when
    when = {"when": [WHEN[part]]} if part else {}
    if how.kind in {"per-day", "parts-of-day"}:
        return {"frequency": how.times or 1, "period": 1, "periodUnit": "d", **when}
    days = {"dayOfWeek": [day[:3].lower() for day in how.weekdays]} if how.weekdays else {}
    if how.kind == "per-week":
        return {"frequency": how.times, "period": 1, "periodUnit": "wk", **days}
    return {"frequency": 1, "period": how.every, "periodUnit": PERIODS[how.kind.removeprefix("every-")], **days}


def _bounds(structure: Structure) -> Resource:
    """How long: a period where the first day is named, else a duration."""
    duration, first = structure.duration, structure.start_on
    if first:
        days = duration.days if duration else None
        last = {"end": (first + timedelta(days=days - 1)).isoformat()} if days else {}
        return {"boundsPeriod": {"start": first.isoformat(), **last}}
    return {"boundsDuration": _length(duration)} if duration and duration.count else {}


def _length(duration: Duration) -> Resource:
    return {"value": duration.count, "unit": duration.unit, "system": UCUM, "code": PERIODS[duration.unit or "days"]}


def _most(needed: AsNeeded, unit: str) -> Resource | None:
    """The most in 24 hours: the amount where it is known, else the doses. FHIR takes one of them."""
    most = quantity(needed.max_amount, unit) if needed.max_amount else None
    if most is None and needed.max_doses:
        most = {"value": needed.max_doses, "unit": "dose", "system": UCUM, "code": "{dose}"}
    return {"numerator": most, "denominator": _span(24, "hours")} if most else None


def _span(number: int, unit: str) -> Resource:
    return {"value": number, "unit": unit, "system": UCUM, "code": PERIODS[unit]}


def quantity(value: Decimal, unit: str) -> Resource:
    """An amount with the digits that were sent: 19.000 is 19."""
    plain = int(value) if value == value.to_integral_value() else float(value)
    return {"value": plain, "unit": unit, "system": UCUM, "code": UNITS.get(unit, f"{{{unit}}}")}


def _supply(prescription: Prescription, medicine: Medicine, structure: Structure | None, zone: ZoneInfo) -> Resource:
    first: date = prescription.issued_at.astimezone(zone).date()
    until = prescription.valid_until.isoformat() if prescription.valid_until else None
    period = _filled({"start": first.isoformat(), "end": until})
    if structure is None or medicine.listed is None:
        return {"validityPeriod": period}
    days = structure.duration.days if structure.duration else None
    interval = structure.repeat_interval_days
    supply = {
        "dispenseInterval": _span(interval, "days") if interval else None,
        "validityPeriod": period,
        "quantity": quantity(structure.quantity, medicine.listed["quantity_unit"]),
        "expectedSupplyDuration": _span(days, "days") if days else None,
    }
    return {**_filled(supply), "numberOfRepeatsAllowed": structure.repeats}


def _substitution(structure: Structure) -> Resource:
    reason = {"reason": {"text": structure.no_substitution_reason}} if structure.no_substitution_reason else {}
    return {"allowedBoolean": structure.substitution_allowed, **reason}
