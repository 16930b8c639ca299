"""A *MedicationRequest* from elsewhere, in the doctor's own words: a draft that somebody reads, completes and signs."""

from chassis.errors import FieldError, Invalid
from prescription_service.prescribing import MedicineWords, Visit, Wish
from prescription_service.schemas.fhir import MedicationRequestIn, Quantity

LONGEST_DOSAGE, LONGEST_INSTRUCTIONS = 200, 500


def read(resource: MedicationRequestIn, visit: Visit) -> Wish:
    """What is to be kept as a draft. Raises `Invalid` with all that does not fit."""
    dosage = "; ".join(one.text for one in resource.dosageInstruction)
    duration, instructions = _duration(resource), " ".join(_instructions(resource))
    errors = []
    if visit.patient_id != resource.subject.id:
        errors.append(FieldError("/subject/reference", "patient-mismatch", "This is not the appointment's patient."))
    if len(dosage) > LONGEST_DOSAGE:
        errors.append(FieldError("/dosageInstruction", "too-long", f"Say it in {LONGEST_DOSAGE} characters."))
    if len(instructions) > LONGEST_INSTRUCTIONS:
        errors.append(FieldError("/note", "too-long", f"Say it in {LONGEST_INSTRUCTIONS} characters."))
    if duration is None:
        where = "/dosageInstruction/0/timing/repeat/boundsDuration"
        errors.append(FieldError(where, "required", "Say for how long."))
    if errors or duration is None:
        raise Invalid(errors=errors)
    return Wish([MedicineWords(resource.medicationCodeableConcept.text, dosage, duration.said, instructions)])


def _duration(resource: MedicationRequestIn) -> Quantity | None:
    bounds = resource.dosageInstruction[0].timing.repeat.boundsDuration
    return bounds or resource.dispenseRequest.expectedSupplyDuration


def _instructions(resource: MedicationRequestIn) -> list[str]:
    said = [one.patientInstruction for one in resource.dosageInstruction if one.patientInstruction]
    said += [f"For: {one.text}." for one in resource.reasonCode]
    supply = resource.dispenseRequest
    said += [f"Supply: {supply.quantity.said}."] if supply.quantity else []
    said += [f"Repeats: {supply.numberOfRepeatsAllowed}."] if supply.numberOfRepeatsAllowed is not None else []
    said += ["No substitution."] if resource.substitution.allowedBoolean is False else []
    return [*said, *(one.text for one in resource.note)]
