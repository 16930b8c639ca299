"""What is known of a patient: allergies, medicines, and the doctors who treat them."""

from uuid import UUID

from apiflask import APIBlueprint

from chassis.docs import refuses
from chassis.errors import NotFound
from chassis.identity import allow, bearer_token, principal
from prescription_service import allergies, care, current_medicines
from prescription_service.appointments import AppointmentNotFound, fetch_visit
from prescription_service.medicine_list import MedicineListMissing
from prescription_service.models import audit
from prescription_service.prescribing import AppointmentCancelled
from prescription_service.schemas.patients import (
    AllergiesOut,
    AllergyIn,
    AllergyOut,
    CareRelationOut,
    ReasonIn,
    ReportedIn,
    ReportedOut,
    TakenOut,
)
from prescription_service.views import appointments, today, zone

bp = APIBlueprint("patients", __name__, tag="Patients")


def _patient(answer: AllergiesOut | TakenOut | CareRelationOut) -> list[tuple[None, UUID]]:
    return [(None, answer.patient_id)]


@bp.put("/visits/<id:appointment_id>")
@allow("doctor")
@refuses(AppointmentNotFound, AppointmentCancelled)
@bp.output(CareRelationOut)
@audit.of("care-relation.begin", subjects=_patient)
def open_visit(appointment_id: UUID) -> CareRelationOut:
    """Open a visit of one's own: from now on one sees what is known of its patient, until 30 days after it."""
    visit = fetch_visit(appointments(), bearer_token(), appointment_id)
    return CareRelationOut.of(care.open_visit(principal(), visit))


@bp.get("/patients/<id:patient_id>/allergies")
@allow("patient", "doctor")
@refuses(NotFound)
@bp.output(AllergiesOut)
@audit.of("allergy.list", subjects=_patient)
def list_allergies(patient_id: UUID) -> AllergiesOut:
    """Read a patient's allergies: one's own, or as a doctor who treats them."""
    return AllergiesOut.of(allergies.known(principal(), patient_id))


@bp.post("/patients/<id:patient_id>/allergies")
@allow("patient", "doctor")
@refuses(NotFound, MedicineListMissing)
@bp.input(AllergyIn, arg_name="given")
@bp.output(AllergyOut, status_code=201)
@audit.of("allergy.write")
def record_allergy(patient_id: UUID, given: AllergyIn) -> AllergyOut:
    """Record an allergy. A patient's word is reported until a doctor confirms it, and counts at once."""
    return AllergyOut.of(allergies.record(principal(), patient_id, **given.model_dump()))


@bp.put("/patients/<id:patient_id>/allergies/none-known")
@allow("patient", "doctor")
@refuses(NotFound, allergies.AllergiesKnown)
@bp.output(AllergiesOut)
@audit.of("allergy.write", subjects=_patient)
def state_none_known(patient_id: UUID) -> AllergiesOut:
    """Record that somebody asked and no allergy is known."""
    return AllergiesOut.of(allergies.state_none_known(principal(), patient_id))


@bp.post("/allergies/<id:allergy_id>/confirm")
@allow("doctor")
@refuses(NotFound, allergies.AllergyDecided)
@bp.output(AllergyOut)
@audit.of("allergy.write")
def confirm_allergy(allergy_id: UUID) -> AllergyOut:
    """Confirm what a patient reported."""
    return AllergyOut.of(allergies.decide(principal(), allergy_id, "confirmed", ""))


@bp.post("/allergies/<id:allergy_id>/refute")
@allow("doctor")
@refuses(NotFound, allergies.AllergyDecided)
@bp.input(ReasonIn, arg_name="given")
@bp.output(AllergyOut)
@audit.of("allergy.write")
def refute_allergy(allergy_id: UUID, given: ReasonIn) -> AllergyOut:
    """Refute an allergy, with the reason. It stays on record and is shown when it would have mattered."""
    return AllergyOut.of(allergies.decide(principal(), allergy_id, "refuted", given.reason))


@bp.post("/allergies/<id:allergy_id>/enter-in-error")
@allow("doctor")
@refuses(NotFound, allergies.AllergyDecided)
@bp.input(ReasonIn, arg_name="given")
@bp.output(AllergyOut)
@audit.of("allergy.write")
def strike_allergy(allergy_id: UUID, given: ReasonIn) -> AllergyOut:
    """Strike out an entry that never was true, with the reason."""
    return AllergyOut.of(allergies.decide(principal(), allergy_id, "entered-in-error", given.reason))


@bp.get("/patients/<id:patient_id>/medicines")
@allow("patient", "doctor")
@refuses(NotFound)
@bp.output(TakenOut)
@audit.of("current-medicine.list", subjects=_patient)
def list_medicines(patient_id: UUID) -> TakenOut:
    """Read what a patient takes now: prescribed here by any doctor, and reported from elsewhere."""
    return TakenOut.of_taken(current_medicines.taken_by(principal(), patient_id, zone(), today()))


@bp.post("/patients/<id:patient_id>/medicines")
@allow("patient", "doctor")
@refuses(NotFound, MedicineListMissing)
@bp.input(ReportedIn, arg_name="given")
@bp.output(ReportedOut, status_code=201)
@audit.of("current-medicine.write")
def report_medicine(patient_id: UUID, given: ReportedIn) -> ReportedOut:
    """Report a medicine that comes from elsewhere. From the list it is checked, in free text it is not."""
    return ReportedOut.of(current_medicines.report(principal(), patient_id, **given.model_dump()))


@bp.post("/reported-medicines/<id:report_id>/confirm")
@allow("doctor")
@refuses(NotFound, current_medicines.ReportEnded)
@bp.output(ReportedOut)
@audit.of("current-medicine.write")
def confirm_medicine(report_id: UUID) -> ReportedOut:
    """Confirm what a patient reported."""
    return ReportedOut.of(current_medicines.decide(principal(), report_id, "confirmed", ""))


@bp.post("/reported-medicines/<id:report_id>/end")
@allow("patient", "doctor")
@refuses(NotFound, current_medicines.ReportEnded)
@bp.output(ReportedOut)
@audit.of("current-medicine.write")
def end_medicine(report_id: UUID) -> ReportedOut:
    """Say that a reported medicine is taken no longer."""
    return ReportedOut.of(current_medicines.decide(principal(), report_id, "ended", ""))


@bp.post("/reported-medicines/<id:report_id>/enter-in-error")
@allow("doctor")
@refuses(NotFound, current_medicines.ReportEnded)
@bp.input(ReasonIn, arg_name="given")
@bp.output(ReportedOut)
@audit.of("current-medicine.write")
def strike_medicine(report_id: UUID, given: ReasonIn) -> ReportedOut:
    """Strike out a report that never was true, with the reason."""
    decide = current_medicines.decide
    return ReportedOut.of(decide(principal(), report_id, "entered-in-error", given.reason))
